//! What a program needs to know about 24SevenOffice before it has a connector.

use hris_core::connector::{Config as _, Credential, Defaults, Kit, Secrets, Setting, Table, Wiring};
use hris_core::{Capabilities, Directory, Result};

use crate::config::{Builder, Config, DEFAULTS, HOW_TO_REVOKE};
use crate::source;

const CREDENTIALS: [Credential; 1] =
    [Credential::new("token", "access token", "TWENTYFOURSEVENOFFICE_TOKEN")];

/// 24SevenOffice, for a catalogue of vendors.
#[derive(Debug)]
pub(crate) struct SevenOfficeKit;

impl Kit for SevenOfficeKit {
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
            "In 24SevenOffice Payroll (now Finago Payday), open Settings, then Misc (Innstillinger, Diverse innstillinger: \
             API, e-post, integrasjoner), administer integrations and create an access token. It belongs to \
             one company.",
            "It can read national numbers, bank accounts and pay of everybody and can change them; this connector drops \
             them while reading. Create it only if you have the authority to.",
        ];
        lines.map(str::to_owned).to_vec()
    }

    fn how_to_revoke(&self) -> &'static str {
        HOW_TO_REVOKE
    }

    fn capabilities(&self, settings: &Table) -> Capabilities {
        let own = self.split(settings).and_then(|(own, _)| Config::read(own));
        source::capabilities(&own.unwrap_or_default())
    }

    fn check_own(&self, own: Table, _: &Wiring) -> Result<()> {
        Config::read(own)?.check()
    }

    fn build(&self, own: Table, wiring: Wiring, mut secrets: Secrets) -> Result<Box<dyn Directory>> {
        let builder = Builder { config: Config::read(own)?, wiring, token: secrets.take("token") };
        Ok(Box::new(builder.build()?))
    }

    #[cfg(feature = "sandbox")]
    fn fake(&self) -> Option<&dyn hris_core::sandbox::FakeKit> {
        Some(&crate::sandbox::STARTER)
    }
}
