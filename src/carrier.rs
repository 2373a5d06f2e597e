//! Carriers: one file a kind, each translating between its carrier's HTTP and our [`Mo`], [`Dlr`] and [`Mt`].
//!
//! A carrier opens no socket, reads no clock and keeps no state: `http` hands it what arrived and sends its answer,
//! `outbox` sends the request it builds and hands it the response. So every kind is tested with recorded requests.

pub mod auth;
pub mod cfb;
pub mod charset;
pub mod doorkey;
pub mod form;
pub mod hex;
pub mod jwt;
pub mod path;
pub mod print;
pub mod push;
pub mod refs;
pub mod status;
pub mod template;
pub mod ussd;
pub mod world;

pub mod africastalking;
pub mod aliyun;
pub mod generic;
pub mod httpsms;
pub mod hubtel;
pub mod infobip;
pub mod jasmin;
pub mod kannel;
pub mod phone;
pub mod smsgate;
pub mod tencent;
pub mod twilio;
pub mod vonage;
pub mod yunmas;
pub mod yunpian;

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::clock::Timestamp;
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Consent, Dlr, Mo, Mt};

pub use print::fingerprint;

/// Makes an account from its settings, or tells every fault in them.
pub type Build = fn(&CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>>;

/// Makes the error that a table names, from the carrier's words.
type Remedy = fn(String) -> SendError;

/// A kind of carrier: what `kind` in the config may name.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub build: Build,
    /// MTs a second where the config gives no `rate`.
    pub default_rate: u32,
}

/// Every kind there is.
pub fn all() -> &'static [Kind] {
    // One a line, so that a new kind is one line.
    #[rustfmt::skip]
    const ALL: &[Kind] = &[
        kannel::KIND,
        smsgate::KIND,
        aliyun::KIND,
        tencent::KIND,
        yunpian::KIND,
        yunmas::KIND,
        httpsms::KIND,
        jasmin::KIND,
        twilio::KIND,
        vonage::KIND,
        africastalking::KIND,
        infobip::KIND,
        hubtel::KIND,
        generic::KIND,
        phone::KIND,
    ];
    ALL
}

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    all().iter().find(|k| k.name == name)
}

/// A webhook call as it arrived, before anything has been believed.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    pub method: &'a Method,
    /// Path and query as on the wire.
    pub target: &'a str,
    /// The raw query, without the `?`; empty where there is none.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub remote: IpAddr,
    pub now: Timestamp,
}

/// Which address of a carrier was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// `/carriers/{name}/mo`
    Mo,
    /// `/carriers/{name}/dlr`
    Dlr,
}

/// What a webhook call said. One call may hold several of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    pub mos: Vec<Mo>,
    pub dlrs: Vec<Dlr>,
    pub consents: Vec<Consent>,
}

/// Why a webhook call was turned away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Token, signature or address are not the carrier's: 403, nothing is kept.
    #[error("not authentic: {0}")]
    NotAuthentic(&'static str),
    /// The method is none of those that this door takes, which are named as in `Allow`: 405.
    #[error("method not allowed")]
    Method(String),
    /// Authentic, but cannot be read as this carrier's format: 400 and what is missing.
    #[error("malformed: {0}")]
    Malformed(String),
}

/// Our answer to a webhook call: exactly what this carrier takes for success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: String,
}

/// The request that hands an MT to the carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What the carrier's response to [`Outgoing`] means where it took the MT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// The carrier's own id of the MT, in the form its reports use.
    pub carrier_ref: Option<String>,
    /// Its further ids, where it gives one for each part of a long text and reports on each.
    pub part_refs: Vec<String>,
}

/// Why an MT was not taken, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Temporary: again after a while.
    #[error("try again: {0}")]
    Retry(String),
    /// Too fast: again after this many milliseconds (0: not said), and slow the route down.
    #[error("throttled: {cause}")]
    Throttled { after_ms: u64, cause: String },
    /// This phone has had as many as the carrier lets it have for now: again after this many milliseconds (0: not said).
    /// The route is as good as before.
    #[error("too many to this phone: {cause}")]
    PhoneLimit { after_ms: u64, cause: String },
    /// This text to this number will never work.
    #[error("refused for good: {0}")]
    Permanent(String),
    /// This route cannot carry this text or reach this number; another might.
    #[error("not on this route: {0}")]
    Unfit(String),
    /// There is no such number any more: nothing more to it until it writes again.
    #[error("the number is dead: {0}")]
    Dead(String),
    /// The phone has opted out at the carrier: nothing more to it until it joins again.
    #[error("opted out at the carrier: {0}")]
    OptedOut(String),
    /// Out of money or over the account's daily limit: the route pauses, the operator is told.
    #[error("account limit: {0}")]
    Quota(String),
    /// Credentials, signature, template or address list are wrong: the route pauses, the operator is told.
    #[error("account or config fault: {0}")]
    Config(String),
    /// The request was written but no answer came: it may have been sent.
    #[error("no answer, it may have been sent: {0}")]
    Unclear(String),
}

/// One account at one carrier, both ways.
pub trait Carrier: Send + Sync + std::fmt::Debug {
    /// `kind` in the config.
    fn kind(&self) -> &'static str;
    /// `name` in the config.
    fn name(&self) -> &str;
    /// Proves the call authentic, then reads it. `now` serves replay windows only.
    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal>;
    /// The answer once everything heard is on disk.
    fn ack(&self, door: Door) -> Ack;
    /// The request that sends `mt`.
    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError>;
    /// Signs the request as it leaves, for carriers whose signature holds the time.
    fn sign(&self, _request: &mut Outgoing, _mt: &Mt, _now: Timestamp) -> Result<(), SendError> {
        Ok(())
    }
    /// What the response to it means.
    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError>;
    /// Whether an MT sent twice with the same id is delivered once.
    fn idempotent(&self) -> bool;
    /// MTs an hour that the line bears, where that is less than any whole number a second would say.
    fn per_hour(&self) -> Option<u32> {
        None
    }
    /// Its USSD side, where it has one.
    fn ussd(&self) -> Option<&dyn ussd::Ussd> {
        None
    }
    /// For how long the carrier repeats a text that it was not told we have, in milliseconds; only where it gives neither an
    /// id nor a time does this tell its repeats from a person's.
    fn repeats_for(&self) -> Option<i64> {
        None
    }
    /// All forms in which an id of an MT may come back in a report, the one given first.
    fn ref_forms(&self, carrier_ref: &str) -> Vec<String> {
        vec![carrier_ref.to_string()]
    }
    /// A call that does nothing and shows whether the credentials are right, where the carrier has one.
    fn probe(&self) -> Option<Outgoing> {
        None
    }
    /// What the answer to it says, in a few words.
    fn probed(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<String, SendError> {
        if status.is_success() {
            Ok("the credentials are right".into())
        } else {
            Err(status::remedy(status, headers, body))
        }
    }
    /// What the operator must enter on the carrier's own page, one line each, with `public_url` filled in; and warnings.
    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String>;
}

/// Whether secrets stand in what the operator is shown. A terminal is looked at by others and copied into tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// A few words stand in their place.
    Masked,
    Whole,
}

impl Secrets {
    /// The token as it stands in an address, or the words in its place.
    fn token(self, token: &Secret) -> String {
        match self {
            Secrets::Masked => "<the carrier's token>".to_string(),
            Secrets::Whole => form::encode(token.expose().as_bytes()),
        }
    }
}

/// A warning where webhooks, with their secrets and villagers' texts, would cross a network in the clear.
fn open_line(public_url: &str) -> Option<String> {
    let uri: http::Uri = public_url.parse().ok()?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    (uri.scheme_str() == Some("http") && !here).then(|| {
        format!(
            "warning: {public_url} is not https, so texts and secrets can be read on the way; put TLS in front of it"
        )
    })
}

/// A header value that is kept out of logs; `None` where it holds more than the letters, digits and signs of ASCII.
fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(value).ok().filter(|_| value.chars().all(|c| c.is_ascii_graphic()))?;
    header.set_sensitive(true);
    Some(header)
}

/// `Basic …` of a user, whose name cannot hold a colon.
fn basic(username: &str, password: &Secret) -> Option<HeaderValue> {
    let both = BASE64.encode(format!("{username}:{}", password.expose()));
    let mut header = HeaderValue::from_str(&format!("Basic {both}")).ok().filter(|_| !username.contains(':'))?;
    header.set_sensitive(true);
    Some(header)
}
