//! What is written, and which addresses are free for it.

use super::*;

impl<'w> Naive<'w> {
    pub(super) fn is_shared(&self, person: &Employee) -> bool {
        let address = key_of(person, MatchKey::Email);
        let same = |other: &&&Employee| {
            other.id() != person.id()
                && self.stand(other) != Stand::Left
                && key_of(other, MatchKey::Email) == address
        };
        address.is_some() && self.people.iter().any(|other| same(&other))
    }

    /// Writes what differs; says whether the address is among it.
    pub(super) fn update(
        &mut self,
        person: &'w Employee,
        user: &User,
        link: Option<&Link>,
        moves: bool,
    ) -> bool {
        // While somebody else may be behind the account, what tells people apart stays.
        let asked = moves && self.may_be_anothers(person, user);
        // Whose owner was decided gets the address at once.
        let moves = moves || self.judged(person.id().as_str(), user) == Some(true);
        let mut fields: Vec<&str> = Vec::new();
        let mut address = None;
        for field in &TargetField::STANDARD {
            let current = user.value(field);
            let value = self.wanted(person, field);
            let learned = link.and_then(|link| link.learned.get(field)).filter(|_| value.is_visible());
            let wish = value.as_ref().value().map(String::as_str);
            if learned.is_some_and(|one| {
                one.is_own_form(field, wish, current) || one.is_worn_out(field, wish, current)
            }) {
                continue;
            }
            let changes = match (value, current) {
                (Field::Value(_), None) => true,
                (Field::Value(wanted), Some(current)) => plain(&wanted) != plain(current),
                (Field::Cleared, Some(_)) => {
                    !matches!(field, TargetField::Email | TargetField::ExternalId)
                        && self.world.target.clears(field)
                }
                _ => false,
            };
            let free = match field {
                TargetField::Email => moves && !self.is_shared(person),
                TargetField::ExternalId => !self
                    .world
                    .users
                    .iter()
                    .any(|other| other.id != user.id && other.value(field) == Some(person.id().as_str())),
                _ => true,
            };
            let tells = matches!(
                field,
                TargetField::EmployeeNumber
                    | TargetField::Email
                    | TargetField::GivenName
                    | TargetField::FamilyName
                    | TargetField::StartDate
            );
            if changes && free && !(asked && tells) {
                fields.push(field.name());
                if *field == TargetField::Email {
                    address = key_of(person, MatchKey::Email);
                }
            }
        }
        fields.sort_unstable();
        if !fields.is_empty() {
            let write = format!("update {} {} {}", person.id(), user.id, fields.join(","));
            self.writes.insert(write, address.clone());
        }
        address.is_some()
    }

    pub(super) fn wanted(&self, person: &'w Employee, field: &TargetField) -> Field<String> {
        if *field != TargetField::ManagerExternalId {
            return wanted(person, field);
        }
        let above = |person: &'w Employee| {
            let id = person.manager().value()?;
            self.people.iter().find(|other| other.id().as_str() == id && !self.twice(other)).copied()
        };
        match person.manager() {
            Field::Value(_) => {
                let mut seen = vec![person];
                let mut at = person;
                while let Some(next) = above(at) {
                    if next == person {
                        return Field::NotProvided;
                    }
                    if seen.contains(&next) {
                        break;
                    }
                    seen.push(next);
                    at = next;
                }
                above(person).map_or(Field::NotProvided, |above| Field::Value(above.id().to_string()))
            }
            other => other.map(str::to_owned),
        }
    }

    /// Takes out whoever wants an address that its holder does not give up, until nobody does.
    pub(super) fn addresses(&mut self) {
        let clears = self.world.target.clears(&TargetField::Email);
        loop {
            let takers: Vec<(String, String)> = self
                .writes
                .iter()
                .filter_map(|(write, address)| Some((write.clone(), address.clone()?)))
                .collect();
            let taker_of =
                |user: &User| takers.iter().find(|(write, _)| write.contains(&format!(" {} ", user.id)));
            let gives = |user: &User| {
                let closing = self
                    .writes
                    .keys()
                    .any(|key| key.starts_with("deactivate") && key.contains(&format!(" {} ", user.id)));
                let opening = self
                    .writes
                    .keys()
                    .any(|key| key.starts_with("reactivate") && key.contains(&format!(" {} ", user.id)));
                let ours = self.holder(user).is_some_and(|link| {
                    link.deactivated_by_us && self.bond(link) == Bond::Holds(self.user(link).unwrap())
                });
                let held = self.said.iter().any(|(_, said, situation)| {
                    said.as_deref() == Some(user.id.as_str())
                        && matches!(
                            situation,
                            Situation::AccountReplaced
                                | Situation::Contested
                                | Situation::HeldElsewhere
                                | Situation::Recycled
                                | Situation::Superseded
                        )
                }) || self.asked.contains(user.id.as_str())
                    || self.is_protected(user);
                clears && !held && (closing || (!user.is_live() && ours && !opening))
            };
            let holder = |write: &str, address: &str| {
                let holds = |user: &&User| {
                    user.value(&TargetField::Email).is_some_and(|email| plain(email) == address)
                };
                self.world.users.iter().find(holds).filter(|user| !write.contains(&format!(" {} ", user.id)))
            };
            let in_circle = |start: &str, address: &str| {
                let mut at = (start.to_owned(), address.to_owned());
                for _ in 0..20 {
                    match holder(&at.0, &at.1).and_then(taker_of) {
                        Some(next) if next.0 == start => return true,
                        Some(next) => at = next.clone(),
                        None => return false,
                    }
                }
                false
            };
            let stuck: Vec<String> = takers
                .iter()
                .filter(|(write, address)| match holder(write, address) {
                    None => false,
                    Some(user) if taker_of(user).is_some() => !clears && in_circle(write, address),
                    Some(user) => !gives(user),
                })
                .map(|(write, _)| write.clone())
                .collect();
            if stuck.is_empty() {
                return;
            }
            for write in stuck {
                self.drop_address(&write);
            }
        }
    }

    pub(super) fn drop_address(&mut self, write: &str) {
        self.writes.remove(write);
        let id = write.split(' ').nth(1).unwrap().to_owned();
        if write.starts_with("create") {
            self.writes.remove(&format!("invite {id}  "));
            self.said.retain(|(person, _, _)| person.as_deref() != Some(id.as_str()));
            self.said.insert((Some(id), None, Situation::Contested));
            return;
        }
        let (head, fields) = write.rsplit_once(' ').unwrap();
        let user = write.split(' ').nth(2).unwrap();
        if self.moved.contains(&format!("reinvite {id} {user} ")) {
            self.writes.remove(&format!("reinvite {id} {user} "));
        }
        let fields: Vec<&str> = fields.split(',').filter(|field| *field != "email").collect();
        if !fields.is_empty() {
            self.writes.insert(format!("{head} {}", fields.join(",")), None);
        }
    }
}
