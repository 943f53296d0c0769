//! `connect` and `disconnect`: consent for vendors that have a page for it; for those with a token,
//! where to get it and where it goes.

use std::path::Path;
use std::sync::Arc;

use hris_core::{MemoryTokens, Organisation, Preflight, TokenStore};
use hris_reconcile::store::{SqliteStore, StateStore as _};
use hris_reconcile::{Attestation, Connection, ErrorKind};
use serde_json::json;

use crate::args::Connect;
use crate::config::Settings;
use crate::consent::{Way, state_of};
use crate::console::plain;
use crate::failure::{Failure, Result, exit};
use crate::vendors::Consent;
use crate::{Shell, config, engine};

/// Vendors with a consent page are connected here; those with a token by putting it in its place.
pub(crate) async fn connect(path: &Path, args: &Connect, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    if let Some(oauth) = settings.vendor.consent() {
        return ask_for_consent(&settings, oauth, args, shell).await;
    }
    let mut steps = settings.vendor.how_to_connect(&settings);
    steps.push("Then run `hris check`.".to_owned());
    let title = settings.vendor.title();
    let message = format!(
        "{title} is connected with a token, so there is nothing for `hris connect` to do. How to get one:"
    );
    Err(Failure { steps, ..Failure::config(message) })
}

async fn ask_for_consent(settings: &Settings, oauth: Consent, args: &Connect, shell: &Shell) -> Result<u8> {
    let console = shell.console;
    // A state that cannot be written is found out before anybody is sent anywhere.
    let store = engine::state(settings).await?;
    let way = Way::new(oauth.redirect_uri(settings)?, args.paste).await?;
    let consent = oauth.begin(settings, way.redirect())?;
    let state = state_of(consent.address())
        .ok_or_else(|| Failure::config("the consent has no state, so its answer cannot be recognised"))?;
    let tell = |line: &str| {
        if console.is_json() {
            console.tell(line);
            return Ok(());
        }
        console.say(line)
    };
    tell(&format!(
        "Open this address while signed in as a person who may see everybody in {}:",
        settings.vendor.title()
    ))?;
    tell("")?;
    tell(consent.address().as_str())?;
    tell("")?;
    tell(match &way {
        Way::Caught(..) => {
            "This command waits for the answer; the address is good for 10 minutes. If the page shows an error \
             and stays there, press Ctrl-C and do what it says. A vendor that refuses addresses of this machine \
             takes the `redirect_uri` that is registered with it, and `hris connect --paste` takes its answer."
        }
        Way::Pasted(_) => {
            "Then paste the whole address that the browser ends at here, whatever its page shows, and press Enter:"
        }
    })?;
    let answer = way.answer(&state, args.paste, shell).await?;
    let tokens = consent.finish(answer).await?;

    // The organisations of the new tokens are looked at before they replace others.
    let fresh = MemoryTokens::default();
    fresh.replace(0, &tokens).await?;
    let seen = oauth.organisations(settings, Arc::new(fresh.clone())).await;
    let wanted = oauth.organisation(settings);
    let (organisations, chosen) = match seen {
        Ok(organisations) => {
            let chosen = choose(&organisations, wanted.as_deref())?;
            (organisations, chosen)
        }
        Err(failure) if failure.reconnect => return Err(failure),
        // The tokens are good all the same: the organisation may be named by its id.
        Err(failure) => {
            console.tell(format!(
                "warning: the organisations of this consent could not be read: {}",
                plain(&failure.message)
            ));
            (Vec::new(), None)
        }
    };
    let again = keep(settings, &store, &fresh, chosen.as_ref(), shell).await?;

    console.say(format!(
        "{} is {} {}.",
        settings.connection,
        if again { "connected again with" } else { "connected with" },
        settings.vendor.title()
    ))?;
    if organisations.len() > 1 || chosen.is_none() {
        for one in &organisations {
            let mark = if chosen.as_ref() == Some(one) { "→" } else { " " };
            console.say(format!("{mark} {}  {}", one.id, plain(&one.name)))?;
        }
    } else if let Some(one) = &chosen {
        console.say(format!("The consent covers {} ({}).", plain(&one.name), one.id))?;
    }
    if chosen.is_none() && organisations.len() > 1 {
        console.say("Choose one of them: put its id into `organisation` of [source].")?;
    }
    console.remark("Next: `hris check`.")?;
    let organisations: Vec<_> = organisations
        .iter()
        .map(|one| {
            let chosen = chosen.as_ref() == Some(one);
            json!({ "id": one.id, "name": one.name, "chosen": chosen })
        })
        .collect();
    console.document(&json!({
        "command": "connect", "connection": settings.connection, "outcome": "completed",
        "vendor": settings.vendor.name(), "organisations": organisations, "reconnected": again,
    }))?;
    Ok(exit::DONE)
}

/// The organisation that is meant: the one of this id or exact name, or the only one.
fn choose(seen: &[Organisation], wanted: Option<&str>) -> Result<Option<Organisation>> {
    let named = |one: &Organisation| format!("{} ({})", plain(&one.name), one.id);
    let names = || seen.iter().map(named).collect::<Vec<_>>().join(", ");
    let Some(wanted) = wanted else {
        return Ok(if let [only] = seen { Some(only.clone()) } else { None });
    };
    let by_id = seen.iter().find(|one| one.id == wanted);
    let mut by_name = seen.iter().filter(|one| one.name == wanted);
    match (by_id, by_name.next(), by_name.next()) {
        (Some(found), ..) | (None, Some(found), None) => Ok(Some(found.clone())),
        (None, Some(_), Some(_)) => Err(Failure::config(format!(
            "several organisations are called {wanted:?}; put the id of one into `organisation` of [source]: {}",
            names()
        ))),
        (None, None, _) => Err(Failure::auth(format!(
            "this consent does not cover the organisation {wanted:?} of the configuration; it covers {}. \
             Nothing was stored",
            if seen.is_empty() { "none".to_owned() } else { names() }
        ))),
    }
}

/// Stores the newest tokens in place of any others, and brings the connection to
/// life. Says whether it was known before. Another organisation than before is refused, and nothing
/// is stored.
async fn keep(
    settings: &Settings,
    store: &Arc<SqliteStore>,
    fresh: &MemoryTokens,
    organisation: Option<&Organisation>,
    shell: &Shell,
) -> Result<bool> {
    let name = settings.connection.as_str();
    let known = store.connection(name).await?;
    let again = known.is_some();
    let mut connection = known.unwrap_or_else(|| Connection::new(name, name, settings.vendor.name()));
    let mut preflight = Preflight::new();
    preflight.organisation = organisation.cloned();
    let by = Attestation::new("hris connect", shell.clock.now());
    connection.authorise(&preflight, by).map_err(|error| match error.kind() {
        ErrorKind::Config => Failure::auth(format!("{error} (another `connection` in the configuration)")),
        _ => error.into(),
    })?;
    let kept = store.tokens(name);
    let tokens = fresh.load().await?.map(|stored| stored.tokens).unwrap_or_default();
    // A run that renews meanwhile may be first; a new consent counts more than what it renewed.
    while !kept.replace(kept.load().await?.map_or(0, |stored| stored.version), &tokens).await? {}
    store.save_connection(&connection).await?;
    Ok(again)
}

/// Takes the credential away; links and history stay.
pub(crate) async fn disconnect(path: &Path, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let name = settings.vendor.name();
    let console = shell.console;
    let forgotten = match settings.vendor.consent() {
        Some(_) => {
            let forgotten = forget(&settings).await?;
            console.say(if forgotten {
                format!("The tokens of {} are forgotten.", settings.connection)
            } else {
                format!("No tokens of {} were stored.", settings.connection)
            })?;
            console.say(settings.vendor.how_to_revoke())?;
            forgotten
        }
        None => {
            console.say(format!(
                "{} keeps no secret of {}: it is where {} says, and only there. Take it out of its variable or file.",
                settings.connection,
                settings.vendor.title(),
                settings.file.display()
            ))?;
            console.say(settings.vendor.how_to_revoke())?;
            false
        }
    };
    if !engine::history(&settings, 1).await?.is_empty() {
        console
            .say("Links and history stay; a new credential of the same organisation goes on with them.")?;
    }
    console.document(&json!({
        "command": "disconnect", "connection": settings.connection, "outcome": "completed",
        "vendor": name, "secrets_forgotten": u8::from(forgotten), "revoked": false,
    }))?;
    Ok(exit::DONE)
}

/// Forgets the tokens. The connection waits for new ones from then on.
async fn forget(settings: &Settings) -> Result<bool> {
    // It takes no key to forget.
    let store = Arc::new(SqliteStore::open(&settings.state).await?);
    let forgotten = store.tokens(&settings.connection).forget().await?;
    if let Some(mut connection) = store.connection(&settings.connection).await?
        && connection.lose_credential().is_ok()
    {
        store.save_connection(&connection).await?;
    }
    Ok(forgotten)
}
