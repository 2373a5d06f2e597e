//! Vonage, once Nexmo: its SMS API, and the Messages API of newer accounts.
//!
//! ```text
//! GET  /carriers/vg/mo?msisdn=447400123456&to=447700900000&messageId=0A0000000123ABCD1&text=…&type=unicode
//!        &message-timestamp=2023-11-14+22%3A13%3A20&concat=true&concat-ref=97&concat-total=2&concat-part=1
//!        &timestamp=1700000000&nonce=…&sig=6af838ef…         the same keys by POST, as a form or as JSON
//! POST https://rest.nexmo.com/sms/json      api_key=…&api_secret=…&from=…&to=…&text=…&type=unicode
//!        &client-ref=xiangxun-42&callback=…   answered 200 whatever becomes of it:
//!        {"message-count":"1","messages":[{"to":"447400123456","message-id":"0C00…","status":"0"}]}
//! ```
//!
//! **Long MOs come in parts**, each a call with an id of its own. **A report turns the numbers round**: `msisdn` is whom
//! we wrote to, and each part of a long MT has a report. Signing is off until Vonage's support switches it on; without it a
//! token in the address is the proof.
//!
//! Sources: Vonage's guides "Inbound SMS", "Delivery receipts", "Troubleshooting SMS", "Signing messages", "Get your
//! current account balance", and the tests of its libraries for the signature.

mod messages;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::auth::{self, Algorithm};
use super::doorkey::DoorKey;
use super::form::{self, Form};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, hex, path, print,
    status, world,
};
use crate::clock::{HOUR, MINUTE};
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::alphabet::Alphabet;
use crate::message::{Dlr, DlrPart, DlrState, Mo, Mt, MtRef, Part, Sender};

/// An account's limit where nothing else was agreed.
pub const KIND: Kind = Kind { name: "vonage", build, default_rate: 30 };

const SEND_URL: &str = "https://rest.nexmo.com/sms/json";

/// How old a signed call may be. Vonage calls again for a day with what it signed first, and within this time an id is
/// remembered, so that a call which somebody else repeats changes nothing.
const WINDOW_PAST: i64 = 25 * HOUR;
/// How far its clock may be ahead of ours.
const WINDOW_AHEAD: i64 = 5 * MINUTE;

/// `status` of a report.
const STATUSES: &[(&str, DlrState)] = &[
    ("accepted", DlrState::Accepted),
    ("buffered", DlrState::Accepted),
    ("delivered", DlrState::Delivered),
    ("expired", DlrState::Expired),
    ("failed", DlrState::Failed),
    ("rejected", DlrState::Failed),
    ("deleted", DlrState::Failed),
    ("unknown", DlrState::Unknown),
];

/// `err-code` of a report where the phone wants nothing from us.
const UNWANTED: &str = "9";

/// `status` of a part in the answer to a sending, and the remedy; 0 is none.
const CODES: &[(&str, Remedy)] = &[
    ("1", |cause| SendError::Throttled { after_ms: wait_ms(&cause), cause }),
    ("2", SendError::Config),     // parameters missing
    ("3", SendError::Config),     // parameters invalid
    ("4", SendError::Config),     // credentials
    ("5", SendError::Retry),      // internal
    ("6", SendError::Unfit),      // cannot be processed: no such prefix
    ("7", SendError::Permanent),  // number barred
    ("8", SendError::Config),     // account barred
    ("9", SendError::Quota),      // no credit
    ("10", SendError::Retry),     // too many connections
    ("11", SendError::Config),    // account not enabled for HTTP
    ("12", SendError::Permanent), // too long
    ("14", SendError::Config),    // signature
    ("15", SendError::Config),    // this sender may not write there
    ("22", SendError::Permanent), // network code
    ("23", SendError::Config),    // callback
    ("29", SendError::Config),    // a trial account texts its own list only
    ("32", SendError::Config),    // signed and with a secret both
    ("33", SendError::Dead),      // number given up
];

/// `Throughput Rate Exceeded - please wait [ 250 ] and retry`, in milliseconds; 0 where it does not say.
fn wait_ms(said: &str) -> u64 {
    let inside = said.split_once("wait [").and_then(|(_, rest)| rest.split_once(']'));
    inside.and_then(|(ms, _)| ms.trim().parse().ok()).unwrap_or(0)
}

/// How an account signs what it calls us with: its setting in the dashboard.
#[derive(Debug, Clone, Copy)]
struct Scheme {
    algorithm: Algorithm,
    /// The secret is not a key, but stands behind what is digested.
    appended: bool,
}

impl Scheme {
    const NAMES: &'static [&'static str] = &["md5hash", "md5", "sha1", "sha256", "sha512"];

    fn named(name: &str) -> Scheme {
        let algorithm = match name {
            "md5" => Algorithm::HmacMd5,
            "sha1" => Algorithm::HmacSha1,
            "sha256" => Algorithm::HmacSha256,
            "sha512" => Algorithm::HmacSha512,
            _ => Algorithm::Md5,
        };
        Scheme { algorithm, appended: algorithm == Algorithm::Md5 }
    }

    /// The signature of all fields but `sig`: in order of names, with the signs that separate them taken out of values.
    fn sign(self, secret: &Secret, form: &Form) -> Vec<u8> {
        let mut pairs: Vec<(&[u8], &[u8])> = form.pairs().filter(|(name, _)| *name != b"sig").collect();
        pairs.sort_unstable();
        let mut signed = Vec::new();
        for (name, value) in pairs {
            signed.push(b'&');
            signed.extend_from_slice(name);
            signed.push(b'=');
            signed.extend(value.iter().map(|b| if matches!(b, b'&' | b'=') { b'_' } else { *b }));
        }
        let secret = secret.expose().as_bytes();
        if self.appended {
            self.algorithm.sign(b"", &[&signed, secret])
        } else {
            self.algorithm.sign(secret, &[&signed])
        }
    }
}

/// What makes a call Vonage's.
#[derive(Debug)]
enum Proof {
    Signature {
        secret: Secret,
        method: Scheme,
    },
    /// Of the Messages API: a JSON Web Token that holds the body's digest.
    Token {
        secret: Secret,
    },
    Key(DoorKey),
}

/// One account.
#[derive(Debug)]
struct Vonage {
    name: String,
    proof: Proof,
    /// The Messages API, not the SMS API.
    messages: bool,
    send_url: String,
    headers: HeaderMap,
    /// `api_key=…&api_secret=…`, for the SMS API.
    account: Secret,
    /// Basic authorization, for the account's balance.
    basic: HeaderMap,
    /// Where reports go; it may hold the token.
    dlr_url: Option<Secret>,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let api_key = s.required("api_key", "on the dashboard's first page");
    let api_secret = s.secret("api_secret", "on the dashboard's first page");
    let messages = s.one_of("api", &["sms", "messages"]) == Some("messages");
    let usual = if messages { messages::SEND_URL } else { SEND_URL };
    let send_url = s.optional_url("send_url").unwrap_or_else(|| usual.into());
    let reports = s.truth("reports").unwrap_or(true);
    let method = s.one_of("signature_method", Scheme::NAMES);
    let two = s.optional_secret("token").is_some();
    let proof = match s.optional_secret("signature_secret") {
        Some(_) if two => {
            s.fault("token", "and signature_secret are two proofs; one is enough");
            None
        }
        Some(secret) if messages => Some(Proof::Token { secret }),
        Some(secret) => Some(Proof::Signature { secret, method: Scheme::named(method.unwrap_or("md5hash")) }),
        None => Some(Proof::Key(DoorKey::read(&mut s))),
    };
    if method.is_some() && !matches!(proof, Some(Proof::Signature { .. })) {
        s.fault("signature_method", "goes with signature_secret and api = \"sms\"");
    }
    let (mut headers, mut basic) = (HeaderMap::new(), HeaderMap::new());
    basic.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    match super::basic(&api_key, &api_secret) {
        Some(value) => drop(basic.insert(header::AUTHORIZATION, value)),
        None => s.fault("api_key", "must not hold a colon"),
    }
    if messages {
        headers.clone_from(&basic);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    } else {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, form);
    }
    s.finish()?;
    // A fault was noted wherever there is no proof; this is never reached without one.
    let Some(proof) = proof else { return Err(vec![SettingError::new("token", "is missing")]) };
    let mut account = format!("api_key={}", form::encode(api_key.as_bytes()));
    form::push(&mut account, '&', "api_secret", api_secret.expose().as_bytes());
    let mut vonage = Vonage {
        name: config.name.clone(),
        proof,
        messages,
        send_url,
        headers,
        account: Secret::new(account),
        basic,
        dlr_url: None,
    };
    vonage.dlr_url = reports.then(|| Secret::new(vonage.address(&config.public_url, Door::Dlr, Secrets::Whole)));
    Ok(Box::new(vonage))
}

/// The fields of a call to the SMS API's webhooks, however the account sends them.
fn fields(call: &Arrived<'_>) -> Result<Form, Refusal> {
    if *call.method == Method::GET {
        return Ok(Form::parse(call.query.as_bytes()));
    }
    if *call.method != Method::POST {
        return Err(Refusal::Method("GET, POST".into()));
    }
    if call.body.trim_ascii_start().first() != Some(&b'{') {
        return Ok(Form::parse(call.body));
    }
    let said: serde_json::Map<String, Value> =
        serde_json::from_slice(call.body).map_err(|e| Refusal::Malformed(e.to_string()))?;
    Ok(Form::of(said.into_iter().filter_map(|(name, value)| Some((name, path::text(&value)?)))))
}

impl Vonage {
    fn address(&self, public_url: &str, door: Door, secrets: Secrets) -> String {
        let word = if door == Door::Mo { "mo" } else { "dlr" };
        match &self.proof {
            Proof::Key(key) => key.address(public_url, &self.name, door, secrets),
            _ => format!("{public_url}/carriers/{}/{word}", self.name),
        }
    }

    fn prove(&self, call: &Arrived<'_>, form: &Form) -> Result<(), Refusal> {
        match &self.proof {
            Proof::Key(key) => key.check(call),
            Proof::Token { secret } => messages::prove(secret, call),
            Proof::Signature { secret, method } => {
                let shown = form.get("sig").ok_or(Refusal::NotAuthentic("no sig"))?;
                let shown = hex::decode(shown).ok_or(Refusal::NotAuthentic("signature"))?;
                if !auth::same(&method.sign(secret, form), &shown) {
                    return Err(Refusal::NotAuthentic("signature"));
                }
                let seconds = form.text("timestamp").and_then(|s| s.parse().ok());
                in_time(seconds, call).map_err(Refusal::NotAuthentic)
            }
        }
    }

    fn mo(&self, form: &Form) -> Result<Mo, Refusal> {
        let wanted = |name| form.text(name).ok_or_else(|| Refusal::Malformed(format!("{name} is missing")));
        let from = wanted("msisdn")?;
        let to = wanted("to")?;
        let text = match form.get("text") {
            Some(text) => String::from_utf8_lossy(text).into_owned(),
            // Binary: what is text in it is read, the rest stands as U+FFFD.
            None => match form.get("data") {
                Some(data) => String::from_utf8_lossy(&hex::decode(data).unwrap_or_default()).into_owned(),
                None => return Err(Refusal::Malformed("text is missing".into())),
            },
        };
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: form.text("messageId").and_then(|id| print::mo_id(&id)),
            from: Sender::read_whole(&from),
            to,
            text,
            sent_at: form.text("message-timestamp").and_then(|at| world::utc(&at)),
            part: part(form),
        })
    }

    fn dlr(&self, form: &Form) -> Result<Dlr, Refusal> {
        let id = form.text("messageId").filter(|id| !id.is_empty());
        let ours = form.text("client-ref").and_then(|r| world::ours(&r));
        let part = id.clone().map(|key| DlrPart { key, of: None });
        let mt = ours.or_else(|| id.map(MtRef::Carrier));
        let mt = mt.ok_or_else(|| Refusal::Malformed("messageId is missing".into()))?;
        let word = form.text("status").filter(|s| !s.is_empty());
        let word = word.ok_or_else(|| Refusal::Malformed("status is missing".into()))?;
        let state = STATUSES.iter().find(|(name, _)| *name == word).map_or(DlrState::Unknown, |(_, state)| *state);
        let code = form.text("err-code").filter(|c| !c.is_empty() && c != "0");
        let unwanted = state == DlrState::Failed && code.as_deref() == Some(UNWANTED);
        let state = if unwanted { DlrState::OptedOut } else { state };
        let detail = code.map_or(word.clone(), |code| format!("{word} {code}"));
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail: status::excerpt(&detail), part })
    }

    fn sms(&self, mt: &Mt) -> Outgoing {
        let mut body = self.account.expose().to_string();
        form::push(&mut body, '&', "from", mt.from.trim_start_matches('+').as_bytes());
        form::push(&mut body, '&', "to", mt.to.as_u64().to_string().as_bytes());
        form::push(&mut body, '&', "text", mt.text.as_bytes());
        body.push_str(match Alphabet::of(&mt.text) {
            Alphabet::Gsm7 => "&type=text",
            Alphabet::Ucs2 => "&type=unicode",
        });
        form::push(&mut body, '&', "client-ref", world::own_id(mt).as_bytes());
        if let Some(dlr_url) = &self.dlr_url {
            form::push(&mut body, '&', "status-report-req", b"1");
            form::push(&mut body, '&', "callback", dlr_url.expose().as_bytes());
        }
        // Milliseconds; from 20 seconds to a week.
        let ttl = 1_000 * world::seconds_left(mt, 20, 604_800);
        form::push(&mut body, '&', "ttl", ttl.to_string().as_bytes());
        let (url, headers) = (self.send_url.clone(), self.headers.clone());
        Outgoing { method: Method::POST, url, headers, body: body.into_bytes() }
    }
}

/// Which part of a long MO the call holds. Fellows are known by a text, which is a number as a rule.
fn part(form: &Form) -> Option<Part> {
    let number = |name| form.text(name).and_then(|n| n.parse().ok());
    let fellows = form.text("concat-ref").filter(|r| !r.is_empty());
    match (fellows, number("concat-part"), number("concat-total")) {
        (Some(r), Some(n), Some(total)) => {
            Part::of(r.parse().unwrap_or_else(|_| crc32fast::hash(r.as_bytes())), n, total)
        }
        _ => form.get("udh").and_then(hex::decode).and_then(|udh| Part::from_udh(&udh)),
    }
}

/// Whether what was signed at `seconds` may still be believed.
fn in_time(seconds: Option<i64>, call: &Arrived<'_>) -> Result<(), &'static str> {
    let age = call.now.0.saturating_sub(seconds.ok_or("no time is signed")?.saturating_mul(1_000));
    if (-WINDOW_AHEAD..=WINDOW_PAST).contains(&age) { Ok(()) } else { Err("timestamp too far from now") }
}

impl Carrier for Vonage {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        if self.messages {
            if *call.method != Method::POST {
                return Err(Refusal::Method("POST".into()));
            }
            self.prove(call, &Form::default())?;
            return match door {
                Door::Mo => Ok(Heard { mos: vec![messages::mo(&self.name, call.body)?], ..Heard::default() }),
                Door::Dlr => Ok(Heard { dlrs: vec![messages::dlr(&self.name, call.body)?], ..Heard::default() }),
            };
        }
        let form = fields(call)?;
        if form.pairs().all(|(name, _)| name == b"token") {
            // The dashboard looks whether anybody is there before it takes an address.
            return Ok(Heard::default());
        }
        self.prove(call, &form)?;
        Ok(match door {
            Door::Mo => Heard { mos: vec![self.mo(&form)?], ..Heard::default() },
            Door::Dlr => Heard { dlrs: vec![self.dlr(&form)?], ..Heard::default() },
        })
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::OK, content_type: "text/plain", body: String::new() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        if !self.messages {
            return Ok(self.sms(mt));
        }
        let body = messages::body(mt, self.dlr_url.as_ref().map(Secret::expose));
        let (url, headers) = (self.send_url.clone(), self.headers.clone());
        Ok(Outgoing { method: Method::POST, url, headers, body: body.into_bytes() })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        if self.messages {
            return messages::outcome(&answer, status, headers, body);
        }
        if !status.is_success() {
            return Err(status::remedy(status, headers, body));
        }
        let parts = answer["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of = |part: &Value| path::text_at(part, "status").unwrap_or_default();
        // Sent again, parts that were taken would arrive twice; what became of the others their reports say.
        let mut taken = parts.iter().filter(|p| of(p) == "0").map(|p| path::text_at(p, "message-id"));
        if let Some(carrier_ref) = taken.next() {
            return Ok(Taken { carrier_ref, part_refs: taken.flatten().collect() });
        }
        let Some(refused) = parts.first() else {
            return Err(SendError::Config(format!("{}: not Vonage's answer", status::cause(status, body))));
        };
        let code = of(refused);
        let said = path::text_at(refused, "error-text").unwrap_or_default();
        let cause = status::excerpt(&format!("status {code} {said}"));
        let known = CODES.iter().find(|(known, _)| *known == code);
        Err(known.map_or(SendError::Permanent as Remedy, |(_, error)| *error)(cause))
    }

    /// The account's balance, of Vonage's Account API. Its host is that of the SMS API, whichever of the two sends.
    fn probe(&self) -> Option<Outgoing> {
        let usual = self.messages && self.send_url == messages::SEND_URL;
        let send_url = if usual { SEND_URL } else { &self.send_url };
        let url = format!("{}account/get-balance", send_url.strip_suffix("sms/json")?);
        Some(Outgoing { method: Method::GET, url, headers: self.basic.clone(), body: Vec::new() })
    }

    /// `{"value":10.28,"autoReload":false}`, in euros.
    fn probed(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<String, SendError> {
        if !status.is_success() {
            return Err(status::remedy(status, headers, body));
        }
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        match path::text_at(&answer, "value") {
            Some(value) => Ok(format!("Vonage knows the account, which has {} EUR", status::excerpt(&value))),
            None => Err(SendError::Config(format!("{}: not Vonage's answer", status::cause(status, body)))),
        }
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let (mo, dlr) = (self.address(public_url, Door::Mo, secrets), self.address(public_url, Door::Dlr, secrets));
        let mut lines = if self.messages {
            vec![
                "In Vonage's dashboard, API settings: Default SMS Setting: Messages API; then, there or in the application:"
                    .to_string(),
                format!("  Inbound URL: {mo}"),
                format!("  Status URL: {dlr}"),
            ]
        } else {
            vec![
                "In Vonage's dashboard, API settings: Default SMS Setting: SMS API; Webhook format: POST-JSON, POST or GET:"
                    .to_string(),
                format!("  Inbound SMS webhooks: {mo} (also for each number that has an address of its own)"),
                format!("  Delivery receipts: {dlr}"),
            ]
        };
        match &self.proof {
            Proof::Signature { .. } => lines.push(
                "Ask Vonage's support to switch signing of webhooks on, with the method that stands here as signature_method."
                    .into(),
            ),
            Proof::Token { .. } => lines.push("Webhooks are signed with the signature secret of API settings.".into()),
            Proof::Key(_) if self.messages => lines.push(
                "note: the Messages API signs every call; signature_secret would be a stronger proof than the token".into(),
            ),
            Proof::Key(_) => {}
        }
        lines.extend(super::open_line(public_url));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_vonages_libraries() {
        let form = Form::parse(b"a=1&b=2&timestamp=1461605396&sig=x");
        let got = hex::lower(&Scheme::named("md5hash").sign(&Secret::new("secret"), &form));
        assert_eq!(got, "6af838ef94998832dbfc29020b564830");
    }

    #[test]
    fn each_method_signs_what_it_should() {
        let form = Form::parse(
            b"type=text&to=447700900000&text=a%3D1+%26+b&timestamp=1700000000&msisdn=447700900001&messageId=0A01",
        );
        for (method, signature) in [
            ("md5hash", "c14002c8f6cc7a0afd96459d35e21e68"),
            ("md5", "3f9d6d7550cc6801aa01ad0653bdaf44"),
            ("sha1", "90466cb52919e80b0a6a4901f0f811aa68cb32d5"),
            ("sha256", "627508bcc8938e05cfddc9b7e56123572d5ea2c7838e01d5c7c8a5fb81a88719"),
            (
                "sha512",
                "d09ccf5581772c87e98101078e4e1095e688342ea6a84680ef38cc884ff070a2e283ae84831d8f18661c625a4764e48791e6505ba336d5ce62c21a9fd4f4d4b5",
            ),
        ] {
            let got = Scheme::named(method).sign(&Secret::new("testsecret"), &form);
            assert_eq!(hex::lower(&got), signature, "{method}");
        }
    }

    #[test]
    fn how_long_to_wait_stands_in_the_words() {
        assert_eq!(wait_ms("Throughput Rate Exceeded - please wait [ 250 ] and retry"), 250);
        assert_eq!(wait_ms("Throttled"), 0);
    }
}
