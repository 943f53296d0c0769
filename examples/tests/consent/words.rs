//! What is said of connecting, vendor by vendor.

use super::common::{ended, hris};
use super::{REDIRECT, World};

/// A folder with this as `[source]`, and a command run in it.
fn said(source: &str, args: &[&str]) -> super::Ended {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hris.toml"), format!("[source]\n{source}\n"))
        .expect("a configuration");
    let mut command = hris(folder.path(), args);
    ended(command.env("EH_ID", "id").env("EH_SECRET", "secret").output().expect("the command"))
}

#[test]
fn each_vendor_with_a_token_has_its_own_words() {
    let vendors = [
        ("vendor = \"humaans\"", "HUMAANS_TOKEN", "choose API access tokens"),
        ("vendor = \"freshteam\"\nsubdomain = \"acme\"", "FRESHTEAM_TOKEN", "profile picture (top right)"),
        ("vendor = \"24sevenoffice\"", "TWENTYFOURSEVENOFFICE_TOKEN", "administer integrations"),
    ];
    for (source, variable, words) in vendors {
        let gone = said(source, &["disconnect"]);
        assert_eq!(gone.code, 0, "{}", gone.err);
        let others = vendors.iter().filter(|(other, ..)| *other != source);
        assert!(gone.out.contains(words), "{source}: {}", gone.out);
        for (_, _, theirs) in others {
            assert!(!gone.out.contains(theirs), "{source}: {}", gone.out);
        }
        // It says what to do instead, also to those who asked for silence or for JSON.
        let refused = said(source, &["connect", "--quiet"]);
        assert_eq!(refused.code, 1, "{source}");
        assert!(refused.err.contains("is connected with a token"), "{}", refused.err);
        assert!(refused.err.contains(words) && refused.err.contains("hris check"), "{}", refused.err);
        assert!(refused.err.contains(variable), "{variable}: {}", refused.err);
        assert!(!refused.err.contains("\\u{a}") && refused.err.lines().count() > 3, "{}", refused.err);
        let refused = said(source, &["connect", "--json"]).json();
        let steps = refused["error"]["steps"].as_array().expect("steps");
        let told = |step: &serde_json::Value| step.as_str().is_some_and(|step| step.contains(words));
        assert!(steps.iter().any(told), "{refused:#}");
    }
}

#[test]
fn where_the_vendor_refuses_addresses_of_this_machine_nobody_waits_for_one() {
    let source = "vendor = \"employmenthero\"\nclient_id_env = \"EH_ID\"\nclient_secret_env = \"EH_SECRET\"";
    for args in [&["connect"][..], &["connect", "--paste"]] {
        let refused = said(source, args);
        assert_eq!(refused.code, 1, "{}", refused.err);
        assert!(refused.err.contains("redirect_uri is missing"), "{}", refused.err);
    }
}

#[test]
fn the_consent_names_scopes_only_if_the_configuration_does() {
    let world = World::of(10);
    for (more, asked) in [
        ("", None),
        ("scopes = [\"employees:list\"]\nsend_scope = false", None),
        ("scopes = [\"employees:list\", \"employees:show\"]", Some("employees:list employees:show")),
        (
            "send_scope = true\nscope_notation = \"urn\"",
            Some("urn:mainapp:organisations:read urn:mainapp:employees:read"),
        ),
    ] {
        world.configure("hris.toml", "acme", &format!("redirect_uri = \"{REDIRECT}\"\n{more}"));
        let (mut child, address) = world.connecting(&["connect"]);
        child.kill().expect("a child");
        child.wait().expect("the end");
        let scope =
            address.query_pairs().find(|(name, _)| name == "scope").map(|(_, value)| value.into_owned());
        assert_eq!(scope.as_deref(), asked, "{more}");
    }
}
