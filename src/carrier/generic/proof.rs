//! How a `generic` carrier shows that it is itself: a secret token, or a signature over what it sends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderName;

use super::record::Record;
use super::template::Template;
use crate::carrier::auth::{self, Algorithm, Token};
use crate::carrier::form::{self, Form};
use crate::carrier::{Arrived, Refusal, hex};
use crate::config::Secret;
use crate::config::carrier::Settings;

/// Placeholders of what is signed.
const SIGNED: &[&str] = &["body", "target", "query", "secret", "field.", "header."];

/// Where in a call something stands.
#[derive(Debug, Clone)]
enum Spot {
    Query(String),
    Header(HeaderName),
    /// A field of the message itself: form parameter or JSON path.
    Field(String),
    /// The last piece of the path: `/carriers/NAME/mo/THIS`.
    Path,
}

impl Spot {
    const WORDS: &'static [&'static str] = &["query", "header", "field", "path"];

    fn read(s: &mut Settings<'_>, place: &'static str, name: &'static str, default: &str) -> Option<Spot> {
        let word = s.one_of(place, Spot::WORDS).unwrap_or("query");
        let named = s.string(name).unwrap_or_else(|| default.to_string());
        match word {
            "query" => Some(Spot::Query(named)),
            "field" => Some(Spot::Field(named)),
            "path" => Some(Spot::Path),
            _ => match named.parse() {
                Ok(header) => Some(Spot::Header(header)),
                Err(_) => {
                    s.fault(name, "is not the name of a header");
                    None
                }
            },
        }
    }

    fn find(&self, call: &Arrived<'_>, record: &Record) -> Option<Vec<u8>> {
        match self {
            Spot::Query(name) => Form::parse(call.query.as_bytes()).get(name).map(<[u8]>::to_vec),
            Spot::Header(name) => call.headers.get(name).map(|v| v.as_bytes().to_vec()),
            Spot::Field(name) => record.bytes(name),
            Spot::Path => {
                let path = call.target.split('?').next().unwrap_or_default();
                path.split('/').nth(4).map(|piece| form::decode(piece.as_bytes()))
            }
        }
    }
}

/// Either proof.
#[derive(Debug)]
pub enum Proof {
    Token { token: Token, text: Secret, spot: TokenSpot },
    Signature(Box<Signature>),
}

/// Where the token stands.
#[derive(Debug)]
pub struct TokenSpot(Spot);

impl TokenSpot {
    /// Whether the token is part of the address.
    pub fn in_address(&self) -> bool {
        matches!(self.0, Spot::Query(_) | Spot::Path)
    }

    /// `base` with the token (encoded, or what stands in for it) where it belongs, for the operator to paste; a token in a
    /// header or field cannot be shown so.
    pub fn show(&self, base: &str, token: &str) -> String {
        match &self.0 {
            Spot::Query(name) => format!("{base}{}{}={token}", form::separator(base), form::encode(name.as_bytes())),
            Spot::Path => format!("{base}/{token}"),
            Spot::Header(name) => format!("{base} with the header {name}: (the token)"),
            Spot::Field(name) => format!("{base} with the field {name} = (the token)"),
        }
    }
}

#[derive(Debug)]
pub struct Signature {
    secret: Secret,
    spot: Spot,
    algorithm: Algorithm,
    over: Template,
    base64: bool,
    /// The call's time in epoch seconds or milliseconds, and how far it may be from ours.
    timestamp: Option<(Template, i64)>,
}

impl Proof {
    /// From `token …` or `[carrier.signature]`; exactly one of them.
    pub fn read(s: &mut Settings<'_>) -> Option<Proof> {
        if s.has("signature") {
            if s.has("token") {
                s.fault("token", "and signature are two proofs; keep one");
                s.string("token");
            }
            return s.table("signature", Signature::read).map(|sig| Proof::Signature(Box::new(sig)));
        }
        let text = s.secret("token", "the secret that the carrier shows; or write [carrier.signature]");
        let spot = Spot::read(s, "token_in", "token_name", "token")?;
        Some(Proof::Token { token: Token::new(&text), text, spot: TokenSpot(spot) })
    }

    /// `record` is the call's content, read without belief.
    pub fn check(&self, call: &Arrived<'_>, record: &Record) -> Result<(), Refusal> {
        match self {
            Proof::Token { token, spot, .. } => {
                let shown = spot.0.find(call, record);
                if token.is(shown.as_deref()) { Ok(()) } else { Err(Refusal::NotAuthentic("token")) }
            }
            Proof::Signature(signature) => signature.check(call, record),
        }
    }
}

impl Signature {
    fn read(s: &mut Settings<'_>) -> Option<Signature> {
        let secret = s.secret("secret", "the key that the carrier signs with");
        let spot = Spot::read(s, "in", "name", "X-Signature");
        let word = s.one_of("algorithm", Algorithm::NAMES).unwrap_or("hmac-sha256");
        let algorithm = Algorithm::named(word)?;
        let over = s.string("over").unwrap_or_else(|| "{body}".into());
        let over = template(s, "over", &over);
        if !algorithm.keyed() && !over.holds("secret") {
            s.fault("over", format!("must hold {{secret}}: {word} alone proves nothing"));
        }
        let base64 = s.one_of("encoding", &["hex", "base64"]) == Some("base64");
        let window = s.integer("window_seconds", 1..=86_400).unwrap_or(300);
        let timestamp = s.string("timestamp").map(|t| (template(s, "timestamp", &t), window * 1_000));
        if let Some((time, _)) = &timestamp {
            // What is not signed proves nothing of the time.
            let covered =
                ["header.", "field."].iter().all(|kind| !time.holds(kind) || over.holds(kind) || over.holds("body"));
            if !covered {
                s.fault("over", "must hold what timestamp is read from");
            }
        }
        Some(Signature { secret, spot: spot?, algorithm, over, base64, timestamp })
    }

    fn check(&self, call: &Arrived<'_>, record: &Record) -> Result<(), Refusal> {
        let shown = self.spot.find(call, record).ok_or(Refusal::NotAuthentic("no signature"))?;
        let shown = shown.trim_ascii();
        let shown = if self.base64 { BASE64.decode(shown).ok() } else { hex::decode(shown) };
        let shown = shown.ok_or(Refusal::NotAuthentic("signature cannot be read"))?;
        let signed = self.over.bytes(|slot, out| self.fill(slot, call, record, out));
        if !auth::same(&self.algorithm.sign(self.secret.expose().as_bytes(), &[&signed]), &shown) {
            return Err(Refusal::NotAuthentic("signature"));
        }
        let Some((template, window)) = &self.timestamp else { return Ok(()) };
        let text = template.bytes(|slot, out| self.fill(slot, call, record, out));
        let number: Option<i64> = std::str::from_utf8(&text).ok().and_then(|s| s.trim().parse().ok());
        let number = number.ok_or(Refusal::NotAuthentic("timestamp is no number"))?;
        // Epoch seconds have ten digits until the year 2286, milliseconds thirteen.
        let millis = if number.unsigned_abs() < 100_000_000_000 { number * 1_000 } else { number };
        let away = call.now.0.saturating_sub(millis).saturating_abs();
        if away > *window { Err(Refusal::NotAuthentic("timestamp too far from now")) } else { Ok(()) }
    }

    fn fill(&self, slot: &str, call: &Arrived<'_>, record: &Record, out: &mut Vec<u8>) {
        match slot {
            "body" => out.extend_from_slice(call.body),
            "target" => out.extend_from_slice(call.target.as_bytes()),
            "query" => out.extend_from_slice(call.query.as_bytes()),
            "secret" => out.extend_from_slice(self.secret.expose().as_bytes()),
            other => {
                if let Some(name) = other.strip_prefix("header.") {
                    out.extend_from_slice(call.headers.get(name).map_or(b"", |v| v.as_bytes()));
                } else if let Some(name) = other.strip_prefix("field.") {
                    out.extend_from_slice(&record.bytes(name).unwrap_or_default());
                }
            }
        }
    }
}

fn template(s: &mut Settings<'_>, key: &'static str, text: &str) -> Template {
    Template::parse(text, SIGNED).unwrap_or_else(|what| {
        s.fault(key, what);
        Template::default()
    })
}
