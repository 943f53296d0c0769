//! What a program needs to know about Humaans before it has a connector.

use hris_core::connector::{Credential, Defaults, TokenKit, Wiring};
use hris_core::{Capabilities, Directory, LeaverSignals, ReadRequest, Requirements, Result, Secret};

use crate::config::{self, Builder, Config};
use crate::requirements;

/// Humaans, for a catalogue of vendors.
#[derive(Debug)]
pub(crate) struct HumaansKit;

impl TokenKit for HumaansKit {
    type Config = Config;

    const DEFAULTS: &'static Defaults = &config::DEFAULTS;
    const CREDENTIAL: &'static [Credential; 1] = &[Credential::new("token", "access token", "HUMAANS_TOKEN")];
    const HOW_TO_CONNECT: &'static [&'static str] = &[
        "In Humaans, open the menu at your name (top left) and choose API access tokens. If it is not there, your \
         role lacks \"API Access\": ask an owner or administrator.",
        "Generate new token, label it, choose its scopes, create and copy it; it is shown once.",
    ];
    const HOW_TO_REVOKE: &'static str = requirements::HOW_TO_REVOKE;

    fn capabilities(_: &Config) -> Capabilities {
        config::capabilities()
    }

    fn requirements(request: &ReadRequest, leavers: LeaverSignals) -> Requirements {
        requirements::requirements(request, leavers)
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
