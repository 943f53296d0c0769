//! Why an employment ended: the codes that 24SevenOffice passes on to the tax authority.

use crate::config::PhoneRegion;

const NORWAY: [&str; 6] = [
    "arbeidsforholdetSkulleAldriVaertRapportert",
    "arbeidsgiverHarSagtOppArbeidstaker",
    "arbeidstakerHarSagtOppSelv",
    "byttetLoenssystemEllerRegnskapsfoerer",
    "endringIOrganisasjonsstrukturEllerByttetJobbInternt",
    "kontraktEngasjementEllerVikariatErUtloept",
];

const SWEDEN: [&str; 8] = [
    "Ingen",
    "UppsagdArbetsbrist",
    "TidsbegransadAnstallning",
    "EgenBegaran",
    "SlutProvanstallningAnstalldBeslut",
    "SlutProvanstallningArbetsgivareBeslut",
    "Konkurs",
    "AnnanOrsak",
];

/// Whether any country has this code.
pub(crate) fn is_known(code: &str) -> bool {
    NORWAY.contains(&code) || SWEDEN.contains(&code)
}

/// Whether this country has this code. If the country is unknown, every code is accepted.
pub(crate) fn fits(code: &str, country: Option<PhoneRegion>) -> bool {
    match country {
        Some(PhoneRegion::Norway) => NORWAY.contains(&code),
        Some(PhoneRegion::Sweden) => SWEDEN.contains(&code),
        None => is_known(code),
    }
}

/// The codes of a country, for an error.
pub(crate) fn of(country: Option<PhoneRegion>) -> String {
    match country {
        Some(PhoneRegion::Norway) => NORWAY.join(", "),
        Some(PhoneRegion::Sweden) => SWEDEN.join(", "),
        None => all(),
    }
}

/// All codes, for an error.
pub(crate) fn all() -> String {
    format!("in Norway {}; in Sweden {}", NORWAY.join(", "), SWEDEN.join(", "))
}
