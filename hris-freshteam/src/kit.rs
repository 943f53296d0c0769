//! What a program needs to know about Freshteam before it has a connector.

use hris_core::connector::{Credential, Defaults, Table, TokenKit, Wiring};
use hris_core::{Capabilities, Directory, Error, LeaverSignals, ReadRequest, Requirements, Result, Secret};

use crate::config::{self, Builder, Config};
use crate::requirements;

/// Freshteam, for a catalogue of vendors.
#[derive(Debug)]
pub(crate) struct FreshteamKit;

impl TokenKit for FreshteamKit {
    type Config = Config;

    const DEFAULTS: &'static Defaults = &config::DEFAULTS;
    const CREDENTIAL: &'static [Credential; 1] = &[Credential::new("token", "API key", "FRESHTEAM_TOKEN")];
    const HOW_TO_CONNECT: &'static [&'static str] = &[
        "In Freshteam, look at the browser's address: the part before .freshteam.com is the subdomain. Set it as \
         `subdomain`.",
        "Then open the profile picture (top right) and choose API Key; solve the captcha and copy the key.",
        "The key can do what its user can: best use a dedicated user with the role HR Partner or Admin \
         that is not a real person's record.",
    ];
    const HOW_TO_REVOKE: &'static str = requirements::HOW_TO_REVOKE;

    fn capabilities(_: &Config) -> Capabilities {
        config::capabilities()
    }

    fn requirements(request: &ReadRequest, leavers: LeaverSignals) -> Requirements {
        requirements::requirements(request, leavers)
    }

    fn check(config: &Config, wiring: &Wiring) -> Result<()> {
        // Without a subdomain nothing is known of the address yet.
        let subdomain = config.subdomain("any")?;
        config.check()?;
        config::base_url(wiring, &subdomain).map(drop)
    }

    fn check_complete(settings: &Table) -> Result<()> {
        if settings.contains_key("subdomain") || settings.contains_key("base_url") {
            return Ok(());
        }
        let words = "is missing: it is the part before .freshteam.com in the browser's address when you are logged in";
        Err(Error::setting("subdomain", words))
    }

    fn build(config: Config, wiring: Wiring, key: Option<Secret>) -> Result<Box<dyn Directory>> {
        Ok(Box::new(Builder { config, wiring, key }.build()?))
    }

    #[cfg(feature = "sandbox")]
    fn fake(&self) -> Option<&dyn hris_core::sandbox::FakeKit> {
        Some(&crate::sandbox::STARTER)
    }
}
