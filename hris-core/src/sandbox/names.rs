//! Invented names, jobs and places.

use std::collections::HashMap;

use super::Rng;

/// Somebody invented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Name {
    /// Given name.
    pub given: &'static str,
    /// Family name.
    pub family: &'static str,
    /// Both in the spelling of an e-mail address, `given.family`, with the number of namesakes
    /// before: the `n`-th Noor Petrov has `n`.
    spelling: (&'static str, &'static str),
    namesake: usize,
}

impl Name {
    /// The part of an e-mail address before the `@`; nobody else of the same [`Names`] has it.
    #[must_use]
    pub fn mailbox(&self) -> String {
        let (given, family) = self.spelling;
        match self.namesake {
            1 => format!("{given}.{family}"),
            more => format!("{given}.{family}{more}"),
        }
    }
}

/// Gives everybody a name.
#[derive(Debug, Clone, Default)]
pub struct Names(HashMap<(&'static str, &'static str), usize>);

impl Names {
    /// The next person's.
    pub fn next(&mut self, rng: &mut Rng) -> Name {
        let (given, first) = rng.pick(&GIVEN).copied().unwrap_or(("Wren", "wren"));
        let (family, last) = rng.pick(&FAMILY).copied().unwrap_or(("Thorne", "thorne"));
        let count = self.0.entry((first, last)).or_insert(0);
        *count += 1;
        Name { given, family, spelling: (first, last), namesake: *count }
    }
}

/// Given names, each with the spelling its e-mail address uses.
pub const GIVEN: [(&str, &str); 48] = [
    ("Imogen", "imogen"),
    ("Søren", "soren"),
    ("Aïcha", "aicha"),
    ("Teodor", "teodor"),
    ("Zoë", "zoe"),
    ("Łukasz", "lukasz"),
    ("Noor", "noor"),
    ("Ngozi", "ngozi"),
    ("José", "jose"),
    ("Mei", "mei"),
    ("Oisín", "oisin"),
    ("Šárka", "sarka"),
    ("Priya", "priya"),
    ("Björn", "bjorn"),
    ("Yuki", "yuki"),
    ("Hamza", "hamza"),
    ("Åse", "ase"),
    ("Kwame", "kwame"),
    ("Ilse", "ilse"),
    ("Δάφνη", "dafni"),
    ("Rosalind", "rosalind"),
    ("Mateus", "mateus"),
    ("Ivana", "ivana"),
    ("Tomás", "tomas"),
    ("Leilani", "leilani"),
    ("Ravi", "ravi"),
    ("Élodie", "elodie"),
    ("Bogdan", "bogdan"),
    ("Сергій", "serhii"),
    ("Wren", "wren"),
    ("Ayşe", "ayse"),
    ("Marek", "marek"),
    ("Chiara", "chiara"),
    ("Dmytro", "dmytro"),
    ("Fatou", "fatou"),
    ("Joaquín", "joaquin"),
    ("Hanne", "hanne"),
    ("Minh", "minh"),
    ("Ottilie", "ottilie"),
    ("Rhys", "rhys"),
    ("Sanna", "sanna"),
    ("Tariq", "tariq"),
    ("Ulla", "ulla"),
    ("Víctor", "victor"),
    ("Wanjiru", "wanjiru"),
    ("Xiomara", "xiomara"),
    ("陽子", "yoko"),
    ("Zbigniew", "zbigniew"),
];

/// Family names, each with the spelling its e-mail address uses.
pub const FAMILY: [(&str, &str); 52] = [
    ("Achterberg", "achterberg"),
    ("Vasilescu", "vasilescu"),
    ("Okonkwo-Hale", "okonkwo-hale"),
    ("Ødegård", "odegard"),
    ("Nguyễn", "nguyen"),
    ("O'Shaughnessy", "oshaughnessy"),
    ("Müller", "muller"),
    ("Papadaki", "papadaki"),
    ("Strand", "strand"),
    ("Żuraw", "zuraw"),
    ("Featherstone", "featherstone"),
    ("Çelik", "celik"),
    ("Da Silva", "dasilva"),
    ("Kobayashi", "kobayashi"),
    ("Mbeki", "mbeki"),
    ("Lindqvist", "lindqvist"),
    ("García Ruiz", "garciaruiz"),
    ("Haddad", "haddad"),
    ("Novák", "novak"),
    ("Iyer", "iyer"),
    ("Van der Meer", "vandermeer"),
    ("Brânză", "branza"),
    ("Fitzgerald", "fitzgerald"),
    ("Kovačević", "kovacevic"),
    ("Tanaka", "tanaka"),
    ("Eriksen", "eriksen"),
    ("Dubois", "dubois"),
    ("Adeyemi", "adeyemi"),
    ("Sørlie", "sorlie"),
    ("Petrov", "petrov"),
    ("Whitlock", "whitlock"),
    ("Ramírez", "ramirez"),
    ("Chowdhury", "chowdhury"),
    ("Jansson", "jansson"),
    ("Bianchi", "bianchi"),
    ("Mensah", "mensah"),
    ("Weiß", "weiss"),
    ("Kahananui", "kahananui"),
    ("Thorne", "thorne"),
    ("Laurent", "laurent"),
    ("Hernández", "hernandez"),
    ("Quigley", "quigley"),
    ("Ito", "ito"),
    ("Bakker", "bakker"),
    ("Shevchenko", "shevchenko"),
    ("Ashworth", "ashworth"),
    ("Ndiaye", "ndiaye"),
    ("Rossi", "rossi"),
    ("Salazar", "salazar"),
    ("Underhill", "underhill"),
    ("Yılmaz", "yilmaz"),
    ("Zimmermann", "zimmermann"),
];

/// Departments with the titles they know, junior first.
pub const DEPARTMENTS: [(&str, [&str; 3]); 8] = [
    ("Operations", ["Operations Assistant", "Operations Specialist", "Operations Lead"]),
    ("Engineering", ["Millwright", "Senior Millwright", "Engineering Lead"]),
    ("Sales", ["Sales Associate", "Account Manager", "Regional Sales Lead"]),
    ("Finance", ["Accounts Assistant", "Accountant", "Finance Lead"]),
    ("People", ["People Assistant", "People Partner", "People Lead"]),
    ("Customer Care", ["Care Agent", "Senior Care Agent", "Care Lead"]),
    ("Logistics", ["Dispatcher", "Route Planner", "Depot Lead"]),
    ("Marketing", ["Content Writer", "Brand Manager", "Marketing Lead"]),
];

/// Teams across departments.
pub const TEAMS: [&str; 7] = [
    "First aiders",
    "Fire wardens",
    "Green group",
    "Night shift",
    "Benelux",
    "Nordics",
    "Onboarding buddies",
];

/// Offices: name, city, country, alpha-2 code, time zone.
pub const OFFICES: [(&str, &str, &str, &str, &str); 5] = [
    ("Mill House", "Leeds", "United Kingdom", "GB", "Europe/London"),
    ("Grachtenpand", "Utrecht", "Netherlands", "NL", "Europe/Amsterdam"),
    ("Kajen", "Malmö", "Sweden", "SE", "Europe/Stockholm"),
    ("Młyn", "Gdańsk", "Poland", "PL", "Europe/Warsaw"),
    ("Riverside", "Boston", "United States", "US", "America/New_York"),
];

/// Places of remote workers: city, region code, country code, time zone.
pub const REMOTE: [(&str, &str, &str, &str); 4] = [
    ("Cluj-Napoca", "CJ", "RO", "Europe/Bucharest"),
    ("Porto", "13", "PT", "Europe/Lisbon"),
    ("Valparaíso", "VS", "CL", "America/Santiago"),
    ("Cork", "CO", "IE", "Europe/Dublin"),
];
