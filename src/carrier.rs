//! Carriers: one file a kind, each translating between its carrier's HTTP and our [`Mo`], [`Dlr`] and [`Mt`].
//!
//! A carrier opens no socket, reads no clock and keeps no state: `http` hands it what arrived and sends its answer,
//! `outbox` sends the request it builds and hands it the response. So every kind is tested with recorded requests.

use std::net::IpAddr;

use http::{HeaderMap, Method, StatusCode};

use crate::clock::Timestamp;
use crate::message::{Dlr, Mo, Mt};

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
}

/// Why a webhook call was turned away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Token, signature or address are not the carrier's: 403, nothing is kept.
    #[error("not authentic: {0}")]
    NotAuthentic(&'static str),
    /// The method is not one this door takes: 405.
    #[error("method not allowed")]
    Method,
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
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// What the carrier's response to [`Outgoing`] means where it took the MT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// The carrier's own id of the MT, in the form its reports use.
    pub carrier_ref: Option<String>,
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
    /// This text to this number will never work.
    #[error("refused for good: {0}")]
    Permanent(String),
    /// The phone has opted out at the carrier: nothing more to it until it writes again.
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
    /// What the response to it means.
    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError>;
    /// Whether an MT sent twice with the same id is delivered once.
    fn idempotent(&self) -> bool;
    /// What the operator must enter on the carrier's own page, one line each, with `public_url` filled in; and warnings.
    fn setup(&self, public_url: &str) -> Vec<String>;
}
