//! Settings that are named once: what a file may hold, what a template says, and what changes a digest.

use hris_core::connector::{Config as _, Defaults, Members, RateLimit, Role, Table, Wiring};
use hris_core::{ErrorKind, SourceSettings};

use super::*;

hris_core::setting! {
    "leave_as";
    /// What people on leave count as.
    #[derive(Default)]
    LeaveAs {
        /// Employed.
        #[default]
        Active = "active",
        /// On leave.
        OnLeave = "on_leave",
    }
}

hris_core::config! {
    /// The settings of Acme.
    pub config Config {
        /// Whether the archive is listed. People in it
        /// count as gone.
        listing archive: bool = true;
        /// The team that is read.
        listing team: Option<String>;
        /// What people on leave count as. The default is an account.
        listing leave_as: LeaveAs;
        /// The names of our fields at Acme.
        writing names: Members = Members::from([("job title".to_owned(), "role".to_owned())]);
        /// The share of Acme's pace that may be used.
        neither share: f64 = 0.5;
    }
    /// Builds an Acme.
    pub builder Builder {}
}

const DEFAULTS: Defaults = Defaults {
    vendor: "acme",
    title: "Acme",
    base_url: "https://api.acme.example",
    path: "",
    page_size: Some(50),
    asks_page_size: true,
    concurrency: 4,
    rate_limit: Some(RateLimit::per_second(5)),
    credential: ("token", "make another"),
    explain: |error, _| error,
};

fn digests(config: &Config, base_url: &str) -> SourceSettings {
    config.digests(DEFAULTS.vendor, base_url, DEFAULTS.base_url)
}

fn table(value: Value) -> Table {
    value.as_object().unwrap().clone()
}

#[test]
fn a_setting_changes_the_digest_of_its_role_and_a_default_changes_none() {
    let plain = digests(&Config::default(), DEFAULTS.base_url);
    assert_eq!(plain, SourceSettings::of("acme").build(), "defaults leave no trace");
    for (case, value, listing, writing) in [
        ("archive", json!({"archive": false}), true, false),
        ("team", json!({"team": "Ops"}), true, false),
        ("leave_as", json!({"leave_as": "on_leave"}), true, false),
        ("names", json!({"names": {"job title": "post"}}), false, true),
        ("share", json!({"share": 0.1}), false, false),
        ("defaults, written out", json!({"archive": true, "leave_as": "active", "team": null}), false, false),
    ] {
        let changed = digests(&Config::read(table(value)).unwrap(), DEFAULTS.base_url);
        assert_eq!(changed.listing != plain.listing, listing, "{case}");
        assert_eq!(changed.writing != plain.writing, writing, "{case}");
    }
    for (address, listing) in [
        ("https://api.acme.example/v2", false),
        ("https://API.acme.example:443", false),
        ("https://eu.acme.example", true),
    ] {
        let changed = digests(&Config::default(), address);
        assert_eq!(changed.listing != plain.listing, listing, "{address}");
        assert_eq!(changed.writing, plain.writing, "{address}");
    }
}

#[test]
fn an_error_knows_its_key() {
    for (value, key, words) in [
        (json!({"archive": "no"}), "archive", "expected a boolean"),
        (json!({"team": "Ops", "leave_as": "away"}), "leave_as", "use active or on_leave"),
        (json!({"names": {"job title": 3}}), "names", "expected a string"),
        (json!({"archiv": true}), "archiv", "unknown field `archiv`"),
    ] {
        let error = Config::read(table(value)).unwrap_err();
        assert_eq!((error.kind(), error.setting_name()), (ErrorKind::Config, Some(key)));
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!(Config::read(Table::new()).unwrap(), Config::default());
}

#[test]
fn a_template_names_each_setting_with_its_default_and_can_be_read_again() {
    let lines: Vec<String> = Config::settings().iter().map(hris_core::connector::Setting::template).collect();
    assert_eq!(
        lines,
        [
            "archive = true                        # whether the archive is listed",
            "# team = \"…\"                          # the team that is read",
            "leave_as = \"active\"                   # what people on leave count as: active | on_leave",
            "names = { \"job title\" = \"role\" }      # the names of our fields at Acme",
            "share = 0.5                           # the share of Acme's pace that may be used",
        ]
    );
    let reach: Vec<String> =
        DEFAULTS.settings().iter().map(hris_core::connector::Setting::template).collect();
    assert!(reach[0].starts_with("# base_url = \"…\" "), "{}", reach[0]);
    assert!(reach[1].starts_with("page_size = 50 "), "{}", reach[1]);
    assert!(reach[3].starts_with("rate_limit = { per_second = 5 } "), "{}", reach[3]);
    let long = hris_core::connector::Setting::new(
        "rate_limit_of_the_second_kind",
        "Long.",
        Role::Neither,
        &"12345678".to_owned(),
    );
    assert_eq!(long.template(), "rate_limit_of_the_second_kind = \"12345678\" # long");
}

#[test]
fn a_schema_says_what_a_setting_takes() {
    let settings = Config::settings();
    let shown: Vec<(&str, Role, &Value)> =
        settings.iter().map(|setting| (setting.name, setting.role, &setting.schema)).collect();
    assert_eq!(
        shown,
        [
            ("archive", Role::Listing, &json!({"type": "boolean"})),
            ("team", Role::Listing, &json!({"type": "string"})),
            ("leave_as", Role::Listing, &json!({"enum": ["active", "on_leave"]})),
            ("names", Role::Writing, &json!({"type": "object", "additionalProperties": {"type": "string"}})),
            ("share", Role::Neither, &json!({"type": "number"})),
        ]
    );
    assert_eq!(settings[0].help, "Whether the archive is listed. People in it count as gone.");
    let reach = DEFAULTS.settings();
    assert_eq!(reach[1].schema, json!({"type": "integer", "minimum": 1, "maximum": 50}));
}

#[test]
fn a_builder_refuses_what_the_vendor_cannot_do() {
    let client = |builder: Builder| builder.wiring.client(&DEFAULTS, builder.wiring.base_url(&DEFAULTS));
    for (builder, key) in [
        (Builder::default().page_size(0), "page_size"),
        (Builder::default().page_size(51), "page_size"),
        (Builder::default().concurrency(0), "concurrency"),
        (Builder::default().rate_limit(RateLimit::per_second(0)), "rate_limit"),
    ] {
        let error = client(builder).map(|_| ()).unwrap_err();
        assert_eq!((error.kind(), error.setting_name()), (ErrorKind::Config, Some(key)));
    }
    let wiring = Wiring::default();
    assert_eq!((wiring.page_size(&DEFAULTS), wiring.concurrency(&DEFAULTS)), (50, 4));
    assert!(client(Builder::default().page_size(50).team("Ops").leave_as(LeaveAs::OnLeave)).is_ok());
}

#[test]
fn debug_shows_no_text_that_was_pasted() {
    let builder = Builder::default().team("canary-token").base_url("https://canary-token@acme.example");
    let shown = format!("{builder:?}");
    assert!(!shown.contains("canary"), "{shown}");
}
