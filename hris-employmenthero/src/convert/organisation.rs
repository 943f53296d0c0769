//! Which organisation is read: the one that is named, or the only one; never a guess.

use hris_core::{Error, ErrorKind, Field, Result};

use crate::wire::Organisation;

/// The largest number of organisations that an error names.
const SHOWN: usize = 10;

/// The organisation that is read.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) id: String,
    /// Empty where the credential does not show it.
    pub(crate) name: String,
    /// The ids of all organisations that the credential sees. `None` where it may not list them.
    seen: Option<Vec<String>>,
}

impl Chosen {
    /// An organisation known only by its id, where organisations may not be listed.
    pub(crate) fn unlisted(id: &str) -> Self {
        Self { id: id.to_owned(), name: String::new(), seen: None }
    }

    /// The mark of this credential: the organisations that it sees, because Employment Hero does not show
    /// who consented.
    pub(crate) fn visible(&self) -> Option<String> {
        self.seen.as_ref().map(|ids| ids.join(" "))
    }
}

/// Chooses by id, else by exact name, else the only one.
///
/// # Errors
/// [`ErrorKind::Config`] when several could be meant, naming them; [`ErrorKind::Permission`] when no
/// organisation is visible, or not the named one.
pub(crate) fn choose(organisations: &[Organisation], wanted: Option<&str>) -> Result<Chosen> {
    let listed: Vec<(&str, &str)> = organisations
        .iter()
        .filter_map(|one| Some((one.notes.id.as_deref()?, one.name.as_deref().value().unwrap_or_default())))
        .collect();
    let found: Vec<(&str, &str)> = match wanted {
        None => listed.clone(),
        Some(wanted) => match listed.iter().find(|(id, _)| *id == wanted) {
            Some(one) => vec![*one],
            None => listed.iter().copied().filter(|(_, name)| *name == wanted).collect(),
        },
    };
    let refuse = |kind, words: String| Err(Error::new(kind, format!("choose the organisation: {words}")));
    match (found.as_slice(), wanted) {
        ([(id, name)], _) => {
            let mut seen: Vec<String> = listed.iter().map(|(id, _)| (*id).to_owned()).collect();
            seen.sort();
            Ok(Chosen { id: (*id).to_owned(), name: (*name).to_owned(), seen: Some(seen) })
        }
        ([], None) => refuse(
            ErrorKind::Permission,
            "the consent covers none; reconnect as a person who belongs to one".to_owned(),
        ),
        ([], Some(_)) => refuse(
            ErrorKind::Permission,
            format!("none with this id or exact name is visible; visible are: {}", names(&listed)),
        ),
        (several, None) => refuse(
            ErrorKind::Config,
            format!("the consent covers several; set `organisation` to one of: {}", names(several)),
        ),
        (several, Some(_)) => refuse(
            ErrorKind::Config,
            format!("several have this name; set `organisation` to the id of one of: {}", names(several)),
        ),
    }
}

fn names(organisations: &[(&str, &str)]) -> String {
    let mut names: Vec<String> = organisations
        .iter()
        .take(SHOWN)
        .map(|(id, name)| if name.is_empty() { (*id).to_owned() } else { format!("{id} ({name})") })
        .collect();
    if organisations.len() > SHOWN {
        names.push(format!("and {} more", organisations.len() - SHOWN));
    }
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A number of people; `None` if it is not a number.
pub(crate) fn count(text: &Field<String>) -> Option<u64> {
    text.as_deref().value()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn organisation(id: &str, name: &str) -> Organisation {
        let mut one = Organisation { name: Field::Value(name.to_owned()), ..Organisation::default() };
        one.notes.id = Some(id.to_owned());
        one
    }

    #[test]
    fn one_is_chosen_and_never_guessed() {
        let two = [organisation("2", "Blue"), organisation("1", "Red")];
        let twins = [organisation("1", "Red"), organisation("2", "Red"), organisation("Red", "Blue")];
        for (all, wanted, expected) in [
            (&two[..1], None, Ok("2")),
            (&two[..], None, Err(ErrorKind::Config)),
            (&two[..], Some("1"), Ok("1")),
            (&two[..], Some("Blue"), Ok("2")),
            (&two[..], Some("blue"), Err(ErrorKind::Permission)),
            (&two[..], Some("Blue "), Err(ErrorKind::Permission)),
            (&twins[..2], Some("Red"), Err(ErrorKind::Config)),
            (&twins[..], Some("Red"), Ok("Red")),
            (&[], None, Err(ErrorKind::Permission)),
            (&[], Some("1"), Err(ErrorKind::Permission)),
        ] {
            let chosen = choose(all, wanted);
            let found = chosen.as_ref().map(|chosen| chosen.id.as_str()).map_err(Error::kind);
            assert_eq!(found, expected, "{wanted:?} of {}", all.len());
        }
        let told = choose(&twins[..2], Some("Red")).unwrap_err().to_string();
        assert!(told.contains("1 (Red), 2 (Red)"), "{told}");
        assert_eq!(choose(&two, Some("1")).unwrap().visible().as_deref(), Some("1 2"));
    }
}
