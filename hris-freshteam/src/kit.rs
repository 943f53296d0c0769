//! What a program needs to know about Freshteam before it has a connector.

use hris_core::connector::{Config as _, Credential, Defaults, Kit, Secrets, Setting, Table, Wiring};
use hris_core::{Capabilities, Directory, Error, LeaverSignals, ReadRequest, Requirements, Result};

use crate::config::{self, Builder, Config, DEFAULTS, Subdomain};
use crate::requirements::{HOW_TO_REVOKE, requirements};

const CREDENTIALS: [Credential; 1] = [Credential::new("token", "API key", "FRESHTEAM_TOKEN")];

/// Freshteam, for a catalogue of vendors.
#[derive(Debug)]
pub(crate) struct FreshteamKit;

impl Kit for FreshteamKit {
    fn defaults(&self) -> &'static Defaults {
        &DEFAULTS
    }

    fn own_settings(&self) -> Vec<Setting> {
        Config::settings()
    }

    fn credentials(&self) -> &'static [Credential] {
        &CREDENTIALS
    }

    fn how_to_connect(&self, _: &Table) -> Vec<String> {
        let lines = [
            "In Freshteam, look at the browser's address: the part before .freshteam.com is the subdomain. Set it as \
             `subdomain`.",
            "Then open the profile picture (top right) and choose API Key; solve the captcha and copy the key.",
            "The key can do what its user can: best use a dedicated user with the role HR Partner or Admin \
             that is not a real person's record.",
        ];
        lines.map(str::to_owned).to_vec()
    }

    fn how_to_revoke(&self) -> &'static str {
        HOW_TO_REVOKE
    }

    fn capabilities(&self, _: &Table) -> Capabilities {
        config::capabilities()
    }

    fn requirements(&self, request: &ReadRequest, leavers: LeaverSignals) -> Requirements {
        requirements(request, leavers)
    }

    fn check_own(&self, own: Table, wiring: &Wiring) -> Result<()> {
        let config = Config::read(own)?;
        config.check()?;
        // Without a subdomain nothing is known of the address yet.
        let name = config.subdomain.as_deref().unwrap_or("any");
        let subdomain: Subdomain = name.parse().map_err(|error| Error::setting("subdomain", error))?;
        config::base_url(wiring, &subdomain).map(drop)
    }

    fn check_complete(&self, settings: &Table) -> Result<()> {
        if settings.contains_key("subdomain") || settings.contains_key("base_url") {
            return Ok(());
        }
        let words = "is missing: it is the part before .freshteam.com in the browser's address when you are logged in";
        Err(Error::setting("subdomain", words))
    }

    fn build(&self, own: Table, wiring: Wiring, mut secrets: Secrets) -> Result<Box<dyn Directory>> {
        let builder = Builder { config: Config::read(own)?, wiring, key: secrets.take("token") };
        Ok(Box::new(builder.build()?))
    }

    #[cfg(feature = "sandbox")]
    fn fake(&self) -> Option<&dyn hris_core::sandbox::FakeKit> {
        Some(&crate::sandbox::STARTER)
    }
}
