//! What is said about a configuration that cannot be right.

mod agreement;

use super::*;

fn message(text: &str) -> String {
    match parse(Path::new("hris.toml"), text) {
        Ok(settings) => settings
            .mapping_for(&settings.vendor.capabilities())
            .map_or_else(|failure| failure.message, |_| "fine".to_owned()),
        Err(failure) => failure.message,
    }
}

const SOURCE: &str = "[source]\nvendor = \"humaans\"\n";

#[test]
fn one_message_names_line_path_shape_and_nearest_key() {
    let table: &[(&str, &str)] = &[
        ("", "fine"),
        (
            "page_sise = 100\n",
            "hris.toml:3: source.page_sise is not a key; the nearest is `page_size`, which takes a whole number from 1 to 250",
        ),
        ("page_size = 500\n", "hris.toml:3: source.page_size must be a whole number from 1 to 250"),
        (
            "page_size = \"100\"\n",
            "hris.toml:3: source.page_size must be a whole number from 1 to 250, not text",
        ),
        (
            "[polcy]\ninvite = true\n",
            "hris.toml:3: polcy is not a key; the nearest is `policy`, which takes a table of conflict, direction, future_starters, invite, leavers, max_invites, missing, missing_value, past_end_date, rehire, reinvite_after_days, time_zone, unlinked_users",
        ),
        (
            "[policy]\nleavers = \"abscence\"\n",
            "hris.toml:4: policy.leavers must be one of \"absence\", \"never\", \"status\", \"vendor\", not \"abscence\"; the nearest is \"absence\"",
        ),
        (
            "[policy]\nprotected = []\n",
            "hris.toml:4: policy.protected is not a key here; it belongs into [safeguards]",
        ),
        (
            "[policy]\ntime_zone = \"Europe/Olso\"\n",
            "hris.toml:4: policy.time_zone: no time zone is called \"Europe/Olso\"; use an IANA name such as Europe/Oslo or UTC",
        ),
        (
            "[safeguards]\nmin_remaining_percent = 101\n",
            "hris.toml:4: safeguards.min_remaining_percent must be a whole number from 0 to 100",
        ),
        (
            "[schedule]\nevery = \"soon\"\n",
            "hris.toml:4: schedule.every: not a time such as \"30m\", \"24h\" or \"7d\"",
        ),
        (
            "connection = \"acme\"\n",
            "hris.toml:3: source.connection is not a key here; it belongs to the top of the file, before any [table]",
        ),
        (
            "[assignments]\nmode = \"add\"\n",
            "hris.toml:4: assignments.mode must be one of \"additive\", \"exact\", not \"add\"; the nearest is \"additive\"",
        ),
        (
            "subdomain = \"acme\"\n",
            "hris.toml:3: source.subdomain is a key of the vendor freshteam; humaans does not have it",
        ),
        (
            "[target]\nkind = \"postgres\"\n",
            "hris.toml:4: target.kind: this build has no target \"postgres\" yet; it has \"sqlite\" and \"directory\"",
        ),
        (
            "[target]\nkind = \"sqlit\"\n",
            "hris.toml:4: target.kind must be one of \"directory\", \"sqlite\", not \"sqlit\"; the nearest is \"sqlite\"",
        ),
        (
            "[mapping]\nexternal_id = \"id\"\nemail = \"emial\"\n",
            "hris.toml:5: mapping.email: there is no source field `emial`; the nearest it has is `email`",
        ),
        (
            "[mapping]\nexternal_id = \"id\"\n",
            "hris.toml:3: mapping.email: missing; nobody can be provisioned without it",
        ),
        (
            "[mapping]\nexternal_id = \"id\"\nemail = \"email\"\ngiven_nam = \"given_name\"\n",
            "hris.toml:6: mapping.given_nam: there is no target field `given_nam`; the nearest is `given_name`, or use custom.NAME",
        ),
        (
            "[mapping]\nemail = { form = \"email\" }\n",
            "hris.toml:4: mapping.email.form is not a key; the nearest is `from`, which takes text in quotes or a list of texts",
        ),
        (
            "[mapping]\nemail = 3\n",
            "hris.toml:4: mapping.email must be text in quotes or a table of default, empty, from, map, transform, not a number",
        ),
        (
            "[report]\nemail_to = \"hr@acme.example\"\n",
            "hris.toml:4: report.email_to: smtp_url_env is missing: name the environment variable that holds the mail server",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(message(&format!("{SOURCE}{text}")), *expected, "{text}");
    }
}

#[test]
fn a_misspelt_source_is_named() {
    let missing =
        format!("source.vendor is missing: write [source] with vendor = one of {}", crate::vendors::names());
    assert_eq!(
        message("[sorce]\nvendor = \"humaans\"\n"),
        format!("hris.toml:1: sorce is not a key; the nearest is `source`; {missing}")
    );
    assert_eq!(message(""), format!("hris.toml:1: {missing}"));
}

#[test]
fn fields_of_the_products_own_may_be_dotted_or_quoted() {
    let rules = "[mapping]\nexternal_id = \"id\"\nemail = \"email\"\n";
    for own in [
        "custom.size = \"custom.Shirt\"",
        "\"custom.size\" = \"custom.Shirt\"",
        "custom.size = { from = [\"custom.Shirt\"], default = \"M\" }",
    ] {
        let settings = parse(Path::new("hris.toml"), &format!("{SOURCE}{rules}{own}\n")).expect(own);
        let mapping = settings.mapping_for(&settings.vendor.capabilities()).expect(own);
        assert!(mapping.rules().any(|(target, _)| target == "custom.size"), "{own}");
    }
    let wrong = message(&format!("{SOURCE}{rules}custom.size = 3\n"));
    assert!(wrong.starts_with("hris.toml:6: mapping.custom.size must be text"), "{wrong}");
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let message = message(&format!("{SOURCE}token = \"s3cr3t\"\n"));
    assert!(
        message.starts_with("hris.toml:3: source.token is not a key: secrets do not belong"),
        "{message}"
    );
    assert!(!message.contains("s3cr3t"));
}

#[test]
fn syntax_errors_name_the_line() {
    let message = message("connection = \"a\"\nconnection = \"b\"\n");
    assert!(message.starts_with("hris.toml:2: "), "{message}");
}

#[test]
fn a_vendor_that_is_misspelt_is_told_the_nearest() {
    let built = crate::vendors::names();
    let typo = message("[source]\nvendor = \"humans\"\n");
    assert_eq!(
        typo,
        format!(
            "hris.toml:2: source.vendor: there is no vendor \"humans\"; the nearest is \"humaans\"; this build has {built}"
        )
    );
}

#[test]
fn a_payrolls_keys_are_judged_before_anything_is_sent() {
    for (line, word) in [
        ("enddate_reason = \"arbeidstakerHarSagtOppSelv\"", "fine"),
        ("employment_defaults = { working_times = \"ikkeSkift\" }", "fine"),
        ("phone_region = \"SE\"", "fine"),
        ("enddate_reason = \"sluttet\"", "source.enddate_reason"),
        ("create_defaults = { hidden = \"1\" }", "source.create_defaults"),
        ("employment_defaults = { startdate = \"2026-01-01\" }", "source.employment_defaults"),
        ("phone_region = \"DK\"", "source.phone_region must be one of"),
        ("update_body = \"all\"", "source.update_body must be one of"),
        ("new_employee_number = 7", "source.new_employee_number must be one of"),
        ("enddate_resaon = \"Ingen\"", "the nearest is `enddate_reason`"),
        ("people_status = \"all\"", "24sevenoffice does not have it"),
    ] {
        let said = message(&format!("[source]\nvendor = \"24sevenoffice\"\n{line}\n"));
        assert!(said.contains(word), "{line}: {said}");
    }
}
