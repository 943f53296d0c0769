//! What a program needs to know about Humaans before it has a connector.

use hris_core::connector::{Config as _, Credential, Defaults, Kit, Secrets, Setting, Table, Wiring};
use hris_core::{Capabilities, Directory, LeaverSignals, ReadRequest, Requirements, Result};

use crate::config::{self, Builder, Config, DEFAULTS};
use crate::requirements::{HOW_TO_REVOKE, requirements};

const CREDENTIALS: [Credential; 1] = [Credential::new("token", "access token", "HUMAANS_TOKEN")];

/// Humaans, for a catalogue of vendors.
#[derive(Debug)]
pub(crate) struct HumaansKit;

impl Kit for HumaansKit {
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
            "In Humaans, open the menu at your name (top left) and choose API access tokens. If it is not there, your \
             role lacks \"API Access\": ask an owner or administrator.",
            "Generate new token, label it, choose its scopes, create and copy it; it is shown once.",
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
