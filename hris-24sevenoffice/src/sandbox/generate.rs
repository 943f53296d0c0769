//! Invents the employees.

use hris_core::sandbox::{CANARY, Names};
use serde_json::json;

use super::{Person, World};

/// Fills an empty company. About one in twenty has left and as many are yet to start; most have a
/// national number, the others an international id.
pub(super) fn fill(world: &mut World, employees: usize) {
    let mut names = Names::default();
    for at in 0..employees {
        let name = names.next(&mut world.rng);
        let mailbox = name.mailbox();
        let day = |days: i32| world.today.plus_days(days).to_string();
        let start = match at % 20 {
            13 => day(30),
            _ => day(-100 - i32::try_from(at % 40).unwrap_or(0) * 37),
        };
        let site = if at % 3 == 0 { "999000222" } else { "999000111" };
        let department = if at % 3 == 0 { "20" } else { "10" };
        let mut person = Person::new(name.given, name.family)
            .email(format!("{mailbox}@fjordkaffe.example"))
            .member("telefon", phone(at))
            .member("postaddress", format!("Skansegata {}", at + 1))
            .member("zipcode", format!("{:04}", 150 + at % 50))
            .member("city", "Oslo")
            .member("countryCode", "NO")
            .member("employee_date", start.as_str())
            .member(
                "accounting",
                json!([{ "percentage": "100.00", "dimensions": [
                { "dimid": "1", "value": department }, { "dimid": "2", "value": "7" }] }]),
            )
            .member("employee_field_2", if at % 2 == 0 { "M" } else { "" })
            .employment(&[("startdate", &start), ("enterprise_number", site)])
            .number((41 + at).to_string());
        person = if at % 5 == 1 {
            let number = format!("ZS{at:07}");
            person
                .member("internationalID", json!({ "countryCode": "PL", "ID": number, "type": "passnummer" }))
        } else {
            person.member("personnr", format!("{CANARY}-personnr-{at}"))
        };
        if at % 20 == 7 {
            person = person.ends(day(-20));
        }
        world.hire(person);
    }
}

/// Phone numbers as people type them.
fn phone(at: usize) -> String {
    let digits = format!("405{:05}", at % 100_000);
    match at % 3 {
        0 => format!("+47{digits}"),
        1 => digits,
        _ => format!(
            "{} {} {}",
            digits.get(..3).unwrap_or(""),
            digits.get(3..5).unwrap_or(""),
            digits.get(5..).unwrap_or("")
        ),
    }
}
