//! Worlds as text.

use super::*;

/// The world as a person would write it down, for failing properties.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for person in &self.people {
            write!(
                f,
                "\n{} {:?}{}",
                person.id(),
                person.status(),
                if person.is_sample() { " sample" } else { "" }
            )?;
            for field in StandardField::ALL.iter().filter(|field| **field != StandardField::RawStatus) {
                match person.text(*field) {
                    Field::Value(value) => write!(f, " {field}={value}")?,
                    Field::Cleared => write!(f, " {field}=")?,
                    Field::NotPermitted => write!(f, " {field}!")?,
                    Field::NotProvided => {}
                }
                if let Field::Value(day) = person.date(*field) {
                    write!(f, " {field}={day}")?;
                }
            }
            write!(f, " teams={:?}", person.teams().value())?;
        }
        for user in &self.users {
            write!(f, "\n{} {:?} {:?} {:?}", user.id, user.status, user.role, user.assignments)?;
            for field in TargetField::STANDARD {
                if let Some(value) = user.value(&field) {
                    write!(f, " {field}={value}")?;
                }
            }
        }
        for link in &self.links {
            write!(
                f,
                "\n{}>{} by_us={} {:?} id={:?} invites={}{}{}",
                link.employee,
                link.user,
                link.deactivated_by_us,
                link.granted,
                link.external_id,
                link.invites,
                if link.awaits_invite { " awaits" } else { "" },
                if link.learned.is_empty() { "" } else { " learned" },
            )?;
        }
        write!(
            f,
            "\n{:?}\n{:?}\nset aside {:?}, {} unidentified, {} no absence, absent {:?}\n{:?}\n{:?} {:?}",
            self.others,
            self.judgements,
            self.set_aside,
            self.unidentified,
            self.no_absence,
            self.absent,
            self.policy,
            self.target,
            self.fingerprint
        )
    }
}
