//! The network, through reqwest. No other file names reqwest.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::body::Body;
use super::{Limits, Method, Outgoing, Response, SendError, Transport, tls};
use crate::tls::{TlsFault, causes};
use crate::{Error, ErrorKind, Result};

/// Sends over the network with TLS.
///
/// It follows no redirect, sends no referer, uses only the given proxy, repeats nothing, and has no option
/// to skip the verification of certificates.
#[derive(Debug)]
pub struct NetworkTransport {
    client: reqwest::Client,
    /// Whether connections go to the vendor itself.
    direct: bool,
}

impl NetworkTransport {
    /// A transport whose connections are made within `limits`, through `proxy` if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the proxy's address cannot be used or there is no usable TLS.
    pub fn new(limits: &Limits, proxy: Option<&Url>) -> Result<Self> {
        let refuse = |what: &str| Error::new(ErrorKind::Config, format!("network: {what}"));
        // reqwest would look for a cryptography provider of the whole process, and panic without one.
        let tls = crate::tls::client().map_err(|error| refuse("no usable TLS").with_source(error))?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(limits.connect);
        if let Some(proxy) = proxy {
            // The cause is left out, because it may quote the address with its password.
            builder = builder
                .proxy(reqwest::Proxy::all(proxy.as_str()).map_err(|_| refuse("not a proxy address"))?);
        }
        let client =
            builder.build().map_err(|error| refuse("no usable TLS").with_source(error.without_url()))?;
        Ok(Self { client, direct: proxy.is_none() })
    }
}

#[async_trait]
impl Transport for NetworkTransport {
    async fn send(&self, request: Outgoing, limits: &Limits) -> Result<Response, SendError> {
        let url = request.url().clone();
        let host = url.host_str().unwrap_or_default();
        let mut built = self.client.request(method(request.method()), url.clone());
        built = built.headers(header_map(&request)?);
        if let Some(body) = request.body() {
            built = built.body(body.to_vec());
        }
        let sent = within(limits.idle, "no answer", built.send()).await?;
        let mut answer = match sent {
            Ok(answer) => answer,
            Err(error) if self.direct && error.is_connect() && error.is_timeout() && is_open(&url).await => {
                let words = format!(
                    "no trusted connection to {host}: it is silent when TLS begins; perhaps the port is for http"
                );
                return Err(SendError::not_sent(ErrorKind::Protocol, words).with_source(error.without_url()));
            }
            Err(error) => return Err(fault(error, &url)),
        };
        let Some(mut body) = Body::of(
            answer.headers().get_all(CONTENT_ENCODING).iter().map(HeaderValue::as_bytes),
            limits.body,
        ) else {
            return Err(SendError::maybe_sent(ErrorKind::Protocol, "the answer has an unknown encoding"));
        };
        let mut response = Response::new(answer.status().as_u16());
        for (name, value) in answer.headers() {
            // They describe what came over the wire.
            if body.is_compressed() && [CONTENT_ENCODING, CONTENT_LENGTH].contains(name) {
                continue;
            }
            // A value that is not text is ignored.
            if let Ok(value) = value.to_str() {
                response = response.with_header(name.as_str(), value);
            }
        }
        while let Some(chunk) = within(limits.idle, "nothing received", answer.chunk())
            .await?
            .map_err(|error| fault(error, &url))?
        {
            body.push(&chunk).map_err(|error| error.told(host, limits.body))?;
        }
        Ok(response.with_body(body.end().map_err(|error| error.told(host, limits.body))?))
    }
}

async fn within<F: Future>(idle: Duration, what: &str, future: F) -> Result<F::Output, SendError> {
    let late = |_| SendError::late(format!("{what} in {} s", idle.as_secs_f32()));
    timeout(idle, future).await.map_err(late)
}

/// Whether a plain connection succeeds at once where TLS got no answer. Nothing is sent over it.
async fn is_open(url: &Url) -> bool {
    const AT_ONCE: Duration = Duration::from_secs(2);
    let Some(port) = url.port_or_known_default().filter(|_| url.scheme() == "https") else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    matches!(timeout(AT_ONCE, TcpStream::connect((host, port))).await, Ok(Ok(_)))
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Delete => reqwest::Method::DELETE,
        Method::Get => reqwest::Method::GET,
        Method::Patch => reqwest::Method::PATCH,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
    }
}

fn header_map(request: &Outgoing) -> Result<HeaderMap, SendError> {
    let mut map = HeaderMap::new();
    for (name, value) in request.headers().iter() {
        let refuse = || SendError::not_sent(ErrorKind::Config, "a header field cannot be sent");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| refuse())?;
        // Keeps it out of reqwest's own Debug.
        value.set_sensitive(true);
        map.append(name, value);
    }
    map.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    Ok(map)
}

/// Classifies whether anything was sent, and whether another attempt could help.
fn fault(error: reqwest::Error, url: &Url) -> SendError {
    let error = error.without_url();
    let host = url.host_str().unwrap_or_default();
    let untrusted = TlsFault::of(&error).map(tls::reason);
    // While a connection is made, only TLS can end in the middle.
    let hung_up = url.scheme() == "https" && error.is_connect() && ended_early(&error);
    let untrusted =
        untrusted.or(hung_up.then_some("it hung up when TLS began; perhaps the port is for http"));
    let (connecting, slow) = (error.is_connect(), error.is_timeout());
    let told = if let Some(reason) = untrusted {
        SendError::not_sent(ErrorKind::Protocol, format!("no trusted connection to {host}: {reason}"))
    } else if connecting {
        let late = if slow { " in time" } else { "" };
        SendError::not_sent(ErrorKind::Unavailable, format!("no connection to {host}{late}"))
    } else {
        SendError::maybe_sent(ErrorKind::Unavailable, format!("{host} broke off"))
    };
    told.with_source(error)
}

fn ended_early(error: &reqwest::Error) -> bool {
    let mut faults = causes(error).filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    faults.any(|fault| fault.kind() == std::io::ErrorKind::UnexpectedEof)
}
