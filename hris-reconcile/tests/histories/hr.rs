//! What HR and the vendor do.

use hris_core::{Employee, EmployeeId, Field, Fingerprint, StandardField, Status};

use crate::accounts::Accounts;
use crate::kinds::Kind;
use crate::people::person;
use crate::world::{World, fingerprint};

const HIDEABLE: [StandardField; 8] = [
    StandardField::Email,
    StandardField::EmployeeNumber,
    StandardField::WorkPhone,
    StandardField::JobTitle,
    StandardField::FamilyName,
    StandardField::GivenName,
    StandardField::StartDate,
    StandardField::Teams,
];

fn text(person: &Employee, field: StandardField) -> Field<String> {
    person.text(field).map(str::to_owned)
}

/// Carries facts of a record over to another one.
fn carry(from: &Employee, to: &mut Employee, fields: &[StandardField]) {
    for field in fields {
        to.put(*field, text(from, *field));
    }
}

const WHO: [StandardField; 4] = [
    StandardField::Email,
    StandardField::EmployeeNumber,
    StandardField::GivenName,
    StandardField::FamilyName,
];

impl<A: Accounts> World<A> {
    /// One of the people of the first company, who left or not.
    fn choose(&self, which: u8, left: bool) -> Option<(usize, Employee)> {
        let people = self.companies[0].registry.all();
        let fit: Vec<usize> = (0..people.len())
            .filter(|place| (people[*place].status() == Status::Terminated) == left)
            .collect();
        let place = *fit.get(usize::from(which) % fit.len().max(1))?;
        Some((place, people[place].clone()))
    }

    fn change(&self, place: usize, change: impl FnOnce(&mut Employee)) {
        self.companies[0].registry.edit(|people| change(&mut people[place]));
    }

    /// Does what HR does; not where there is nobody to do it to.
    pub(crate) fn hr(&mut self, kind: Kind, which: u8, how: u8) -> Option<String> {
        Some(match kind {
            Kind::Join | Kind::JoinRecycledNumber | Kind::JoinLeaversMail | Kind::JoinLater => {
                return self.joins(kind, which, how);
            }
            Kind::Leave | Kind::LeaveToday | Kind::LeavePast | Kind::LeaveFuture => {
                let (place, person) = self.choose(which, false)?;
                let last = match kind {
                    Kind::LeaveToday => Some(self.today()),
                    Kind::LeavePast => Some(self.today().plus_days(-1 - i32::from(how % 20))),
                    Kind::LeaveFuture => Some(self.today().plus_days(1 + i32::from(how % 20))),
                    _ => None,
                };
                self.change(place, |person| {
                    person.put_status(Status::Terminated, "terminated");
                    person.put_date(StandardField::LastWorkingDay, last.into());
                });
                let last = last.map_or("no last day".to_owned(), |day| format!("last day {day}"));
                format!("{} leaves, {last}", person.id())
            }
            Kind::Return => {
                let (place, person) = self.choose(which, true)?;
                self.change(place, |person| {
                    person.put_status(Status::Active, "active");
                    person.put_date(StandardField::LastWorkingDay, Field::Cleared);
                });
                format!("{} comes back", person.id())
            }
            Kind::ReturnNewId | Kind::SecondRecord => {
                let (place, old) = self.choose(which, kind == Kind::ReturnNewId)?;
                let mut new = self.fresh(0);
                carry(&old, &mut new, &WHO);
                if how & 1 == 1 {
                    // Another number, as a second contract has.
                    let number = format!("{}", 500 + self.next_person);
                    new.put(StandardField::EmployeeNumber, Field::Value(number));
                }
                let vanishes = kind == Kind::ReturnNewId && how & 2 == 2;
                let last = self.today().plus_days(i32::from(how >> 2) % 6 - 2);
                if kind == Kind::SecondRecord && how & 2 == 2 {
                    self.change(place, |person| {
                        person.put_status(Status::Terminated, "terminated");
                        person.put_date(StandardField::LastWorkingDay, Field::Value(last));
                    });
                }
                let line = format!("{} has another record {}", old.id(), new.id());
                self.companies[0].registry.edit(|people| {
                    if vanishes {
                        people.remove(place);
                    }
                    people.push(new);
                });
                let number = if how & 1 == 1 { ", with another number" } else { "" };
                let end = match (kind, how & 2) {
                    (Kind::SecondRecord, 2) => format!(", the first ends on {last}"),
                    (Kind::ReturnNewId, 2) => ", the first is listed no more".to_owned(),
                    _ => String::new(),
                };
                format!("{line}{number}{end}")
            }
            Kind::Marry => {
                let (place, old) = self.choose(which, false)?;
                self.next_person += 1;
                let like = person(self.next_person, "any");
                let fields = [StandardField::FamilyName, StandardField::Email];
                self.change(place, |person| carry(&like, person, &fields));
                format!("{} has the family name and e-mail of number {}", old.id(), self.next_person)
            }
            Kind::Title => {
                let (place, person) = self.choose(which, false)?;
                let title = ["Miller", "Dyer", "Baker"][usize::from(how % 3)];
                self.change(place, |person| {
                    person.put(StandardField::JobTitle, Field::Value(title.to_owned()))
                });
                format!("{} is {title}", person.id())
            }
            Kind::RecycleId => {
                let (place, old) = self.choose(which, how & 1 == 1)?;
                self.next_person += 1;
                let mut like = person(self.next_person, old.id().as_str());
                if how & 2 == 2 {
                    like.put(StandardField::EmployeeNumber, Field::Cleared);
                }
                self.change(place, |person| *person = like);
                format!("the id {} is somebody else's now, person number {}", old.id(), self.next_person)
            }
            Kind::Vanish => {
                let (place, person) = self.choose(which, false)?;
                self.companies[0].registry.edit(|people| drop(people.remove(place)));
                format!("{} is listed no more", person.id())
            }
            Kind::Rekey => {
                let people = self.companies[0].registry.all();
                let renumber = how % 3 == 2;
                let mut new = Vec::new();
                for (n, old) in people.iter().enumerate() {
                    let mut person = renamed(old, &format!("r{}-{}", how % 7, old.id()));
                    if renumber {
                        person.put(StandardField::EmployeeNumber, Field::Value(format!("9{n:03}")));
                    }
                    new.push(person);
                }
                self.companies[0].registry.edit(|people| *people = new);
                format!(
                    "everybody has a new id, r{}-…{}",
                    how % 7,
                    if renumber { ", and a new number" } else { "" }
                )
            }
            Kind::Hide | Kind::Empty => {
                let field = HIDEABLE[usize::from(which) % HIDEABLE.len()];
                let shown = usize::from(how % 3);
                let mut veil = self.companies[0].registry.veil();
                let list = if kind == Kind::Hide { &mut veil.hidden } else { &mut veil.emptied };
                list.push((field, shown));
                let word = if kind == Kind::Hide { "hidden" } else { "empty" };
                format!("{field} is {word} for all but {shown}")
            }
            Kind::StatusUnknown => {
                let (place, person) = self.choose(which, how & 1 == 1)?;
                self.change(place, |person| person.put_status(Status::Unknown, "actif"));
                format!("{} has a status that nobody knows", person.id())
            }
            Kind::Unreadable => {
                let (_, person) = self.choose(which, how & 3 == 3)?;
                let mut veil = self.companies[0].registry.veil();
                if veil.unreadable.remove(person.id()) {
                    format!("{} can be read again", person.id())
                } else {
                    veil.unreadable.insert(person.id().clone());
                    format!("{} cannot be read", person.id())
                }
            }
            Kind::Shown => {
                let mut veil = self.companies[0].registry.veil();
                veil.hidden.clear();
                veil.emptied.clear();
                veil.unreadable.clear();
                "everything is shown again".to_owned()
            }
            Kind::OtherJoin => self.other_joins(which, how),
            Kind::OtherLeave => {
                let people = self.companies[1].registry.all();
                let place = usize::from(which).checked_rem(people.len())?;
                self.companies[1].registry.edit(|people| {
                    if how & 1 == 1 && people.len() > 1 {
                        people.remove(place);
                    } else {
                        people[place].put_status(Status::Terminated, "terminated");
                    }
                });
                format!("{} leaves the other company", people[place].id())
            }
            Kind::Silent | Kind::Credential | Kind::Organisation | Kind::Back => self.vendor(kind, which),
            _ => return None,
        })
    }

    fn joins(&mut self, kind: Kind, which: u8, how: u8) -> Option<String> {
        let left = match kind {
            Kind::JoinRecycledNumber | Kind::JoinLeaversMail => Some(self.choose(which, true)?.1),
            _ => None,
        };
        let mut new = self.fresh(0);
        let line = match (kind, &left) {
            (Kind::JoinRecycledNumber, Some(old)) => {
                carry(old, &mut new, &[StandardField::EmployeeNumber]);
                format!("{} joins with the number of {}", new.id(), old.id())
            }
            (_, Some(old)) => {
                carry(old, &mut new, &[StandardField::Email]);
                format!("{} joins with the e-mail of {}", new.id(), old.id())
            }
            (Kind::JoinLater, _) => {
                let start = self.today().plus_days(1 + i32::from(how % 30));
                new.put_date(StandardField::StartDate, Field::Value(start));
                format!("{} is hired for {start}", new.id())
            }
            _ => format!("{} joins", new.id()),
        };
        self.companies[0].registry.edit(|people| people.push(new));
        Some(line)
    }

    /// Somebody of ours, as the other company knows them, or somebody new.
    fn other_joins(&mut self, which: u8, how: u8) -> String {
        let ours = self.choose(which, how & 4 == 4).map(|(_, person)| person);
        let mut new = self.fresh(1);
        let line = match ours.filter(|_| how & 1 == 1) {
            Some(person) => {
                let all = [StandardField::Email, StandardField::GivenName, StandardField::FamilyName];
                carry(&person, &mut new, &all);
                format!("the other company employs {} as {}", person.id(), new.id())
            }
            None => format!("the other company employs {}, person number {}", new.id(), self.next_person),
        };
        self.companies[1].registry.edit(|people| people.push(new));
        line
    }

    fn vendor(&mut self, kind: Kind, which: u8) -> String {
        let strangers: Vec<Employee> = match kind {
            Kind::Organisation => {
                let ids: Vec<String> =
                    self.companies[0].registry.all().iter().map(|person| person.id().to_string()).collect();
                let of = |n: usize| ids.get(n).cloned().unwrap_or_else(|| format!("f-{n}"));
                (0..usize::from(which % 4) + 4)
                    .map(|n| {
                        self.next_person += 1;
                        person(self.next_person, &of(n))
                    })
                    .collect()
            }
            _ => Vec::new(),
        };
        let ids: Vec<EmployeeId> =
            self.companies[0].registry.all().iter().map(|person| person.id().clone()).collect();
        let mut veil = self.companies[0].registry.veil();
        match kind {
            Kind::Silent => {
                veil.fingerprint = Fingerprint::default();
                "the vendor does not say who answers".to_owned()
            }
            Kind::Credential => {
                veil.fingerprint = fingerprint("acme", "second");
                veil.unlisted = ids.into_iter().skip(usize::from(which) % 5).take(2).collect();
                format!("another credential, that does not see {:?}", veil.unlisted)
            }
            Kind::Organisation => {
                veil.fingerprint = fingerprint("strangers", "only");
                let line =
                    format!("another organisation of {} people under some of our ids", strangers.len());
                veil.foreign = Some(strangers);
                line
            }
            _ => {
                veil.fingerprint = fingerprint("acme", "first");
                veil.foreign = None;
                veil.unlisted.clear();
                "the vendor is as before".to_owned()
            }
        }
    }
}

/// The same record under another id.
fn renamed(old: &Employee, id: &str) -> Employee {
    let mut new = Employee::new(id).with_status(old.status(), old.raw_status().value().unwrap_or_default());
    for field in StandardField::ALL {
        new.put(*field, text(old, *field));
        new.put_date(*field, old.date(*field));
    }
    new.with_teams(old.teams().map(<[String]>::to_vec))
}
