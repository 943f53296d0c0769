//! The JSON Schema and the command accept and refuse the same files, but for what no schema can tell.

use std::path::Path;

use super::super::{Settings, parse, schema};

/// Who refuses a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Both,
    CommandAlone,
    Nobody,
}
use Refused::{Both, CommandAlone, Nobody};

const MAPPED: &str = "[mapping]\nexternal_id = \"id\"\nemail = \"email\"\n";

fn cases() -> Vec<(Refused, String)> {
    let source = |vendor: &str, more: &str| format!("[source]\nvendor = \"{vendor}\"\n{more}\n");
    let humaans = |more: &str| source("humaans", more);
    let name = |letters: usize| format!("connection = \"{}\"\n{}", "å".repeat(letters), humaans(""));
    let mapped = |more: &str| humaans(&format!("{MAPPED}{more}"));
    let cron = |pattern: &str| humaans(&format!("[schedule]\ncron = \"{pattern}\""));
    let every = |time: &str| humaans(&format!("[schedule]\nevery = \"{time}\""));
    let zone = |zone: &str| humaans(&format!("[policy]\ntime_zone = \"{zone}\""));
    let address = |url: &str| humaans(&format!("base_url = \"{url}\""));
    let two_way = "[policy]\ndirection = \"two_way\"";
    let fine = [
        humaans(""),
        name(100),
        humaans("token_env = \"HUMAANS\"\npage_size = 250"),
        humaans("token_file = \"a file\""),
        address("https://app.humaans.io/api"),
        address("HTTPS://app.humaans.io"),
        address("http://127.0.0.1:4010"),
        address("http://localhost"),
        address("http://[::1]:4010/api"),
        mapped(""),
        mapped("\"custom.size\" = \"custom.Shirt size\"\ncustom.two = { from = [\"custom.#17\", \"team\"] }"),
        mapped("phone = { from = [\"work_phone\", \"personal_phone\"], empty = [\"-\"] }"),
        cron("0 6 * * *"),
        cron(" */15  8-18,22 1,L * MON-FRI "),
        cron("5 4 * JAN-mar 7"),
        cron("0 9 ? * 1#2"),
        cron("@daily"),
        every("30m"),
        every(" 2 w"),
        zone("Europe/Oslo"),
        zone("utc"),
        zone("America/Argentina/Ushuaia"),
        zone("Etc/GMT+3"),
        humaans("[report]\nemail_to = \"hr@acme.example\"\nsmtp_url_env = \"SMTP_URL\""),
        humaans(
            "[policy]\nconflict = { default = \"ask\", email = \"source_wins\", \"custom.x\" = \"ask\" }",
        ),
        source("24sevenoffice", two_way),
        source("freshteam", "subdomain = \"acme\"\nrate_share = 0.5"),
        source("employmenthero", "client_id_env = \"ID\"\nclient_secret_file = \"secret\""),
        humaans("[target]\nkind = \"directory\"\nvendor = \"24sevenoffice\""),
    ];
    let wrong = [
        String::new(),
        name(101),
        format!("connection = \"  \"\n{}", humaans("")),
        humaans("token_env = \"A\"\ntoken_file = \"b\""),
        humaans("token_env = \"A=B\""),
        humaans("token_env = \" \""),
        source("employmenthero", "client_id_env = \"A\"\nclient_id_file = \"b\""),
        source("employmenthero", "auth_url = \"http://login.example/authorize\""),
        humaans(
            "[target]\nkind = \"directory\"\nvendor = \"24sevenoffice\"\ntoken_env = \"A\"\ntoken_file = \"b\"",
        ),
        humaans(
            "[target]\nkind = \"directory\"\nvendor = \"24sevenoffice\"\n[policy]\ndirection = \"two_way\"",
        ),
        humaans("[target]\nkind = \"directory\"\nvendor = \"freshteam\""),
        address("http://app.humaans.io/api"),
        address("http://127.0.0.1.evil.example"),
        address("app.humaans.io"),
        address("ftp://app.humaans.io"),
        source("freshteam", "subdomain = \"\""),
        source("freshteam", "subdomain = \" \"\nbase_url = \"http://127.0.0.1:1\""),
        humaans("[mapping]\nexternal_id = \"id\""),
        humaans("[mapping]\nemail = \"email\""),
        mapped("given_nam = \"given_name\""),
        mapped("given_name = \"given_nam\""),
        mapped("given_name = \"custom.\""),
        mapped("given_name = { from = [] }"),
        mapped("given_name = { from = [\"given_name\", \"nick\"] }"),
        mapped("custom.size = 3"),
        cron("61 * * * *"),
        cron("* 24 * * *"),
        cron("0 6 * *"),
        cron("0 0 6 * * *"),
        cron("0 6 32 * *"),
        cron("0 6 * 13 *"),
        cron("0 6 * * 8"),
        cron("every day"),
        cron(""),
        humaans("[schedule]\ncron = \"0 6 * * *\"\nevery = \"24h\""),
        every("soon"),
        every("0h"),
        every("1.5h"),
        every("24"),
        zone("+02:00"),
        zone(""),
        zone("Europe Oslo"),
        humaans("[report]\nemail_to = \"hr@acme.example\""),
        humaans("[report]\nsmtp_url_env = \"SMTP_URL\""),
        humaans("[policy]\nconflict = { emial = \"ask\" }"),
        humaans(two_way),
        source("freshteam", &format!("subdomain = \"acme\"\n{two_way}")),
        source("employmenthero", two_way),
        humaans("page_size = 251"),
        source("freshteam", "people_status = \"all\""),
        source("humans", ""),
    ];
    // Names of zones, words and days are in lists that are not the schema's.
    let told = [
        zone("Europe/Olso"),
        cron("0 6 * foo *"),
        cron("0 0 30 2 *"),
        every("9999999999w"),
        address("https://user@app.humaans.io"),
        source("24sevenoffice", "enddate_reason = \"sluttet\""),
    ];
    let all = [(Nobody, &fine[..]), (Both, &wrong[..]), (CommandAlone, &told[..])];
    all.iter().flat_map(|(who, files)| files.iter().map(|file| (*who, file.clone()))).collect()
}

#[test]
fn schema_and_command_refuse_the_same_files() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    for (expected, text) in cases() {
        let table: toml::Table = text.parse().expect("TOML");
        let instance = serde_json::to_value(table).expect("JSON");
        let settings = parse(Path::new("hris.toml"), &text);
        let fit = |settings: Settings| settings.mapping_for(&settings.vendor.capabilities()).map(|_| ());
        let command = settings.and_then(fit).map_err(|failure| failure.message);
        let found = match (validator.is_valid(&instance), &command) {
            (true, Ok(())) => Nobody,
            (true, Err(_)) => CommandAlone,
            (false, Err(_)) => Both,
            (false, Ok(())) => panic!("the schema alone refuses: {text}"),
        };
        assert_eq!(found, expected, "{text}{command:?}");
    }
}

#[test]
fn the_schema_is_one_that_every_validator_reads() {
    fn formats(value: &serde_json::Value) -> Vec<&str> {
        match value {
            serde_json::Value::Object(members) => {
                let own = members.get("format").and_then(serde_json::Value::as_str);
                own.into_iter().chain(members.values().flat_map(formats)).collect()
            }
            serde_json::Value::Array(items) => items.iter().flat_map(formats).collect(),
            _ => Vec::new(),
        }
    }
    let schema = schema();
    assert_eq!(formats(&schema), Vec::<&str>::new());
    assert!(jsonschema::meta::is_valid(&schema));
}
