//! Hands a request to a carrier and brings the answer back: connections, time limits, size limits.

use std::error::Error;
use std::time::Duration;

use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, RootCertStore};

use crate::carrier::{Outgoing, SendError};

/// Bytes of an answer that are read; no carrier's says anything further on.
const ANSWER_BYTES: usize = 64 * 1024;
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that rests longer may have been closed at the other end, and a sending into it would be unclear.
const IDLE: Duration = Duration::from_secs(15);

/// The connections of one route.
#[derive(Debug, Clone)]
pub struct Wire {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

/// A carrier's answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Wire {
    /// At most `connections` are kept open. `timeout` is for request and answer together.
    pub fn new(tls: rustls::ClientConfig, connections: usize, timeout: Duration) -> Wire {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT));
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(connections)
            .build(https.wrap_connector(http));
        Wire { client, timeout }
    }

    /// Sends one request. Only what surely was not taken is an error other than `Unclear`.
    pub async fn exchange(&self, out: Outgoing) -> Result<Answer, SendError> {
        let mut request = Request::new(Full::new(Bytes::from(out.body)));
        *request.method_mut() = out.method;
        *request.uri_mut() = out.url.parse().map_err(|e| SendError::Config(format!("address of the carrier: {e}")))?;
        *request.headers_mut() = out.headers;
        match tokio::time::timeout(self.timeout, self.answer(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(SendError::Unclear(format!("nothing within {} s", self.timeout.as_secs()))),
        }
    }

    /// Sends one request whose answer goes on and on; only its beginning is waited for.
    pub async fn open(&self, out: Outgoing) -> Result<(StatusCode, Incoming), SendError> {
        let mut request = Request::new(Full::new(Bytes::from(out.body)));
        *request.method_mut() = out.method;
        *request.uri_mut() = out.url.parse().map_err(|e| SendError::Config(format!("address: {e}")))?;
        *request.headers_mut() = out.headers;
        match tokio::time::timeout(self.timeout, self.client.request(request)).await {
            Ok(response) => response.map(|r| (r.status(), r.into_body())).map_err(|e| lost(&e)),
            Err(_) => Err(SendError::Unclear(format!("nothing within {} s", self.timeout.as_secs()))),
        }
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Answer, SendError> {
        let response = self.client.request(request).await.map_err(|e| lost(&e))?;
        let (head, mut stream) = response.into_parts();
        let mut body = Vec::new();
        while let Some(frame) = stream.frame().await {
            let frame = frame.map_err(|e| SendError::Unclear(format!("answer {} broke off: {e}", head.status)))?;
            if let Some(data) = frame.data_ref() {
                let room = ANSWER_BYTES - body.len();
                body.extend_from_slice(&data[..data.len().min(room)]);
            }
            if body.len() == ANSWER_BYTES {
                break;
            }
        }
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

/// Whether a request that came to nothing can have reached the carrier.
fn lost(error: &ClientError) -> SendError {
    let mut cause = error.to_string();
    let mut untouched = error.is_connect();
    let mut source = error.source();
    while let Some(e) = source {
        cause = e.to_string();
        if let Some(fault) = distrusted(e) {
            return SendError::Config(format!("the carrier's certificate is not believed: {cause}{}", mend(fault)));
        }
        // Cancelled by the client itself: the connection closed before the first byte was written.
        untouched |= e.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled);
        source = e.source();
    }
    if untouched { SendError::Retry(format!("cannot connect: {cause}")) } else { SendError::Unclear(cause) }
}

/// What is wrong with the carrier's certificate, where that is what the error says.
fn distrusted<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CertificateError> {
    if let Some(wrapped) = error.downcast_ref::<std::io::Error>() {
        return distrusted(wrapped.get_ref()?);
    }
    match error.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidCertificate(fault)) => Some(fault),
        _ => None,
    }
}

/// What the operator can do about it.
fn mend(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::UnknownIssuer => {
            "; if the carrier has an authority of its own, name the file of its certificate with ca_file"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "; it is for another host than the address names"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => "; is this machine's clock right?",
        _ => "",
    }
}

/// The authorities that this machine believes, so that a station updates them with everything else.
pub fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let (known, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if known == 0 {
        tracing::warn!("this machine has no root certificates, so no https carrier can be reached but by its ca_file");
    }
    roots
}

/// TLS that believes these authorities, and those that were given for this carrier.
pub fn tls(roots: &RootCertStore, authorities: &[CertificateDer<'static>]) -> rustls::ClientConfig {
    let mut roots = roots.clone();
    // They were looked at when the config was read: none is left out.
    roots.add_parsable_certificates(authorities.iter().cloned());
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.expect("ring has suites for the default versions of TLS");
    builder.with_root_certificates(roots).with_no_client_auth()
}
