//! What a program needs to know about 24SevenOffice before it has a connector.

use hris_core::connector::{Credential, Defaults, TokenKit, Wiring};
use hris_core::{Capabilities, Directory, Result, Secret};

use crate::config::{self, Builder, Config};
use crate::source;

/// 24SevenOffice, for a catalogue of vendors.
#[derive(Debug)]
pub(crate) struct SevenOfficeKit;

impl TokenKit for SevenOfficeKit {
    type Config = Config;

    const DEFAULTS: &'static Defaults = &config::DEFAULTS;
    const CREDENTIAL: &'static [Credential; 1] =
        &[Credential::new("token", "access token", "TWENTYFOURSEVENOFFICE_TOKEN")];
    const HOW_TO_CONNECT: &'static [&'static str] = &[
        "In 24SevenOffice Payroll (now Finago Payday), open Settings, then Misc (Innstillinger, Diverse innstillinger: \
         API, e-post, integrasjoner), administer integrations and create an access token. It belongs to \
         one company.",
        "It can read national numbers, bank accounts and pay of everybody and can change them; this connector drops \
         them while reading. Create it only if you have the authority to.",
    ];
    const HOW_TO_REVOKE: &'static str = config::HOW_TO_REVOKE;

    fn capabilities(config: &Config) -> Capabilities {
        source::capabilities(config)
    }

    fn check(config: &Config, _: &Wiring) -> Result<()> {
        config.check()
    }

    fn build(config: Config, wiring: Wiring, token: Option<Secret>) -> Result<Box<dyn Directory>> {
        Ok(Box::new(Builder { config, wiring, token }.build()?))
    }

    #[cfg(feature = "sandbox")]
    fn fake(&self) -> Option<&dyn hris_core::sandbox::FakeKit> {
        Some(&crate::sandbox::STARTER)
    }
}
