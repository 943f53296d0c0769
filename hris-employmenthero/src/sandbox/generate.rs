//! Invents the organisation: people, teams and places.

use hris_core::sandbox::names::{OFFICES, TEAMS};
use hris_core::sandbox::{Names, Rng};
use serde_json::json;

use super::person::Person;
use super::world::World;

const JOBS: [&str; 6] =
    ["Barista", "Shift Supervisor", "Kitchen Hand", "Baker", "Roaster", "Warehouse Assistant"];

/// Fills the first organisation with `employees` people, at least one: who owns it.
pub(super) fn fill(world: &mut World, employees: usize, plain: bool) {
    let mut rng = Rng::new(world.rng.number());
    let mut names = Names::default();
    let places: Vec<&str> = OFFICES.iter().map(|(label, ..)| *label).collect();
    for place in &places {
        let id = world.rng.uuid();
        if let Some(one) = world.organisations.first_mut() {
            one.locations.push((id, (*place).to_owned(), "NZ".to_owned()));
        }
    }
    let shoe = world.add_custom_field("Uniform size");
    let mut managers: Vec<String> = Vec::new();
    for number in 0..employees.max(1) {
        let name = names.next(&mut rng);
        let day = 1 + rng.below(28);
        let mut person = Person::new(name.given, name.family)
            .email(format!("{}@kererucafe.example", name.mailbox()))
            .set("code", format!("K-{:04}", number + 1))
            .starts(format!("{}-{:02}-{day:02}", 2018 + rng.below(8), 1 + rng.below(12)))
            .set("employment_type", if rng.chance(60) { "Full-time" } else { "Casual" })
            .set("company_mobile", format!("+64 21 555 {number:04}"))
            .set("work_country", "NZ")
            .set("time_zone", "Pacific/Auckland")
            .set("employing_entity", "Kererū Café Ltd");
        let place = if plain { places.first() } else { rng.pick(&places) };
        person = person.location(place.copied().unwrap_or("Cuba Street"));
        person = match number {
            0 => person.role("owner").job("Owner"),
            _ if number % 12 == 1 => person.role("manager").job("Store Manager"),
            _ => person.job(rng.pick(&JOBS).copied().unwrap_or("Barista")),
        };
        if !plain && let Some(team) = rng.pick(&TEAMS) {
            person = person.team(*team);
        }
        let above = if number % 12 == 1 { managers.first() } else { managers.last() };
        if let Some(above) = above {
            person = person.reports_to(above);
        }
        person = match number % 33 {
            11 if !plain => person.status("terminated").ends("2026-05-29"),
            22 if !plain => person.status("pending").starts(world.today.plus_days(21).to_string()),
            _ => person,
        };
        if !plain && rng.chance(70) {
            person = person.set(
                "residential_address",
                json!({ "address_type": "residential", "line_1": format!("{} Aro Street", 1 + number % 90),
                    "suburb": "Aro Valley", "city": "Wellington", "postcode": "6021", "country": "NZ" }),
            );
        }
        let id = world.hire(person);
        if !plain {
            let size = rng.pick(&["S", "M", "L"]).copied().unwrap_or("M");
            if let Some(row) = world.organisations.first_mut().and_then(|one| one.people.last_mut()) {
                row.custom.insert(shoe.clone(), json!(size));
            }
        }
        if number == 0 || number % 12 == 1 {
            managers.push(id);
        }
    }
}
