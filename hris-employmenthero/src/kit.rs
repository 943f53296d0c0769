//! What a program needs to know about Employment Hero before it has a connector.

use std::sync::Arc;

use async_trait::async_trait;
use hris_core::connector::{
    Config as _, ConsentKit, Credential, Defaults, Kit, Secrets, Setting, Table, Wiring, address_of,
    is_loopback,
};
use hris_core::oauth::OAuthBuilder;
use hris_core::{
    Capabilities, Directory, Error, LeaverSignals, MemoryTokens, Organisation, ReadRequest, Requirements,
    Result, TokenStore,
};

use crate::config::{self, Access, Builder, Config, DEFAULTS};
use crate::oauth::{self, Application};
use crate::requirements::{HOW_TO_REVOKE, requirements, scopes};

const CREDENTIALS: [Credential; 3] = [
    Credential::new("client_id", "client id", "EMPLOYMENTHERO_CLIENT_ID"),
    Credential::new("client_secret", "client secret", "EMPLOYMENTHERO_CLIENT_SECRET"),
    Credential::new("refresh_token", "refresh token", "EMPLOYMENTHERO_REFRESH_TOKEN").optional(),
];

/// Employment Hero, for a catalogue of vendors.
#[derive(Debug)]
pub(crate) struct EmploymentHeroKit;

impl Kit for EmploymentHeroKit {
    fn defaults(&self) -> &'static Defaults {
        &DEFAULTS
    }

    fn own_settings(&self) -> Vec<Setting> {
        let mut settings = Config::settings();
        settings.extend(Application::settings());
        settings
    }

    fn credentials(&self) -> &'static [Credential] {
        &CREDENTIALS
    }

    fn how_to_connect(&self, settings: &Table) -> Vec<String> {
        let set = Application::take(&mut settings.clone()).unwrap_or_default().redirect_uri;
        let redirect = set.unwrap_or_else(|| "the address that you set as `redirect_uri`".to_owned());
        vec![
            "In Employment Hero's Developer Portal (Platinum subscription or above), create an application. \
             Its scopes \
             cannot be changed afterwards."
                .to_owned(),
            format!(
                "Register {redirect} as its redirect address: it has to begin with https://, and need not lead anywhere."
            ),
            "Give consent as an owner or full administrator, best one without an employee record.".to_owned(),
        ]
    }

    fn how_to_revoke(&self) -> &'static str {
        HOW_TO_REVOKE
    }

    fn capabilities(&self, _: &Table) -> Capabilities {
        config::capabilities()
    }

    fn requirements(&self, request: &ReadRequest, _: LeaverSignals) -> Requirements {
        requirements(request)
    }

    fn check_own(&self, mut own: Table, wiring: &Wiring) -> Result<()> {
        config::check_address(wiring.base_url(&DEFAULTS))?;
        let application = Application::take(&mut own)?;
        for (name, address) in [
            ("auth_url", &application.auth_url),
            ("token_url", &application.token_url),
            ("redirect_uri", &application.redirect_uri),
        ] {
            if let Some(address) = address {
                address_of(name, address)?;
            }
        }
        Config::read(own)?.check()
    }

    fn build(&self, mut own: Table, wiring: Wiring, mut secrets: Secrets) -> Result<Box<dyn Directory>> {
        let application = self.registered(&mut own, &wiring, &mut secrets, None)?.build()?;
        let access = Access::Tokens(application, Arc::new(MemoryTokens::default()));
        let seed = secrets.take("refresh_token");
        let builder = Builder { config: Config::read(own)?, wiring, access: Some(access), seed };
        Ok(Box::new(builder.build()?))
    }

    fn consent(&self) -> Option<&dyn ConsentKit> {
        Some(self)
    }

    #[cfg(feature = "sandbox")]
    fn fake(&self) -> Option<&dyn hris_core::sandbox::FakeKit> {
        Some(&crate::sandbox::STARTER)
    }
}

impl EmploymentHeroKit {
    /// The registered application. Its settings are removed from `own`.
    fn registered(
        &self,
        own: &mut Table,
        wiring: &Wiring,
        secrets: &mut Secrets,
        request: Option<&ReadRequest>,
    ) -> Result<OAuthBuilder> {
        let set = Application::take(own)?;
        let missing = |name: &str| Error::setting(name, "missing");
        let id = secrets.take("client_id").ok_or_else(|| missing("client_id"))?;
        let secret = secrets.take("client_secret").ok_or_else(|| missing("client_secret"))?;
        let mut application = oauth::application(id.expose(), secret).token_request(set.token_request);
        application =
            application.scopes(match (set.send_scope.unwrap_or(set.scopes.is_some()), set.scopes) {
                (false, _) => Vec::new(),
                (true, Some(own)) => own,
                (true, None) => request.map_or_else(Vec::new, |request| scopes(request, set.scope_notation)),
            });
        if let Some(redirect) = set.redirect_uri {
            application = application.redirect_uri(redirect);
        }
        // A fake on this machine is its own authorisation server.
        let fake = wiring.reach.base_url.as_deref().filter(|_| wiring.loopback);
        let beneath = |path: &str| fake.map(|base| format!("{base}{path}"));
        let mut here = wiring.loopback;
        if let Some(address) = set.auth_url.or_else(|| beneath("/oauth2/authorize")) {
            here |= is_loopback(&address_of("auth_url", &address)?);
            application = application.auth_url(address);
        }
        if let Some(address) = set.token_url.or_else(|| beneath("/oauth2/token")) {
            here |= is_loopback(&address_of("token_url", &address)?);
            application = application.token_url(address);
        }
        Ok(if here { application.allow_http_loopback() } else { application })
    }

    fn with_tokens(
        &self,
        settings: &Table,
        mut secrets: Secrets,
        store: Arc<dyn TokenStore>,
    ) -> Result<Builder> {
        let (mut own, wiring) = self.split(settings)?;
        let application = self.registered(&mut own, &wiring, &mut secrets, None)?.build()?;
        let access = Some(Access::Tokens(application, store));
        Ok(Builder { config: Config::read(own)?, wiring, access, seed: secrets.take("refresh_token") })
    }
}

#[async_trait]
impl ConsentKit for EmploymentHeroKit {
    fn application(
        &self,
        settings: &Table,
        secrets: &mut Secrets,
        request: Option<&ReadRequest>,
    ) -> Result<OAuthBuilder> {
        let (mut own, wiring) = self.split(settings)?;
        self.registered(&mut own, &wiring, secrets, request)
    }

    fn redirect_uri(&self, settings: &Table) -> Result<Option<String>> {
        let (mut own, wiring) = self.split(settings)?;
        match Application::take(&mut own)?.redirect_uri {
            Some(address) => Ok(Some(address)),
            None if wiring.loopback => Ok(None),
            None => Err(Error::setting(
                "redirect_uri",
                "redirect_uri is missing, and Employment Hero refuses redirect addresses on this machine: set the https \
                 address that is registered with your application; it need not lead anywhere, because its address is \
                 pasted in",
            )),
        }
    }

    fn connect(
        &self,
        settings: &Table,
        secrets: Secrets,
        store: Arc<dyn TokenStore>,
    ) -> Result<Box<dyn Directory>> {
        Ok(Box::new(self.with_tokens(settings, secrets, store)?.build()?))
    }

    async fn organisations(
        &self,
        settings: &Table,
        secrets: Secrets,
        store: Arc<dyn TokenStore>,
    ) -> Result<Vec<Organisation>> {
        let mut builder = self.with_tokens(settings, secrets, store)?;
        builder.seed = None;
        builder.build()?.organisations().await
    }

    fn organisation(&self, settings: &Table) -> Option<String> {
        Some(settings.get("organisation")?.as_str()?.to_owned())
    }
}
