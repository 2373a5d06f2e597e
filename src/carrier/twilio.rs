//! Twilio: signed form posts in, its Messages resource out.
//!
//! ```text
//! POST /carriers/tw/mo            X-Twilio-Signature: XPwOATwy9BMsb8/y+tnVzj7rEaA=
//!   MessageSid=SM1f…&AccountSid=AC…&From=%2B8613800000000&To=%2B12025550100&Body=%E5%8D%96…&NumMedia=0&FromCity=
//! POST /carriers/tw/dlr?mt=42     MessageSid=SM2a…&MessageStatus=undelivered&ErrorCode=30003&To=…
//! POST https://api.twilio.com/2010-04-01/Accounts/AC…/Messages.json      Authorization: Basic …
//!   To=%2B8613800000000&From=%2B12025550100&Body=…&StatusCallback=…%2Fdlr%3Fmt%3D42&ValidityPeriod=3600
//! ```
//!
//! **Signed is the address as Twilio was given it**, so it is rebuilt from `public_url` and never from `Host`, followed
//! by every parameter, also those we do not know. A signature has no time in it: a repeat is known by its `MessageSid`.
//!
//! Sources: Twilio's "Validating requests", "Messages resource", "Outbound message status", error dictionary.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::auth::{self, Algorithm};
use super::form::{self, Form};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, path, print,
    status, world,
};
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Consent, Dlr, DlrState, Mo, Mt, MtRef, Sender};

/// A long code of North America bears one segment a second; Twilio queues what is faster.
pub const KIND: Kind = Kind { name: "twilio", build, default_rate: 1 };

/// Seconds that Twilio keeps an MT in its queue at most.
const VALIDITY_MAX: i64 = 36_000;

/// `MessageStatus`, and what it means.
const STATUSES: &[(&str, DlrState)] = &[
    ("accepted", DlrState::Accepted),
    ("scheduled", DlrState::Accepted),
    ("queued", DlrState::Accepted),
    ("sending", DlrState::Accepted),
    ("sent", DlrState::Accepted),
    ("partially_delivered", DlrState::Accepted),
    ("delivered", DlrState::Delivered),
    ("read", DlrState::Delivered),
    ("undelivered", DlrState::Failed),
    ("failed", DlrState::Failed),
    ("canceled", DlrState::Failed),
];

/// Too fast, or a queue there is full. How long to wait the status' `Retry-After` says, if anything does.
const SLOWER: Remedy = |cause| SendError::Throttled { after_ms: 0, cause };

/// `code` of a refusal, and the remedy. Codes that are not here go by the HTTP status.
const CODES: &[(u64, Remedy)] = &[
    (14_107, SLOWER),
    (20_003, SendError::Config),    // authentication
    (20_005, SendError::Config),    // account not active
    (20_006, SendError::Config),    // access denied
    (20_404, SendError::Config),    // no such account
    (20_429, SLOWER),               // too many requests
    (21_211, SendError::Dead),      // To is no number
    (21_212, SendError::Config),    // From is no number
    (21_266, SendError::Permanent), // To and From are the same
    (21_408, SendError::Unfit),     // country not enabled for the account
    (21_602, SendError::Permanent), // no text
    (21_603, SendError::Config),    // no From
    (21_604, SendError::Permanent), // no To
    (21_606, SendError::Config),    // From is not ours, or cannot send
    (21_608, SendError::Config),    // a trial account texts verified numbers only
    (21_610, SendError::OptedOut),  // answered STOP
    (21_611, SLOWER),               // this sender's queue is full
    (21_612, SendError::Unfit),     // no way from this From to this To
    (21_614, SendError::Dead),      // not a mobile
    (21_617, SendError::Permanent), // longer than 1600
    (21_635, SendError::Dead),      // a landline
    (21_659, SendError::Config),    // From is not a number of Twilio's
    (21_660, SendError::Config),    // From belongs to another account
    (21_661, SendError::Config),    // From cannot send texts
    (21_703, SendError::Config),    // the messaging service has no senders
    (21_705, SendError::Config),    // no such messaging service
    (30_001, SLOWER),               // queue overflow
    (30_002, SendError::Config),    // account suspended
    (63_018, SLOWER),               // rate limit of the channel
    (63_038, SendError::Quota),     // daily limit of messages
];

/// One account or sub-account.
#[derive(Debug)]
struct Twilio {
    name: String,
    public_url: String,
    /// Key of the webhooks' signatures.
    auth_token: Secret,
    send_url: String,
    /// Content type and basic authorization.
    headers: HeaderMap,
    messaging_service_sid: Option<String>,
    reports: bool,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let account_sid = s.required("account_sid", "AC…, on the console's first page");
    let auth_token = s.secret("auth_token", "the primary one of the same account; webhooks are signed with it");
    let api_key_sid = s.string("api_key_sid");
    let api_key_secret = s.optional_secret("api_key_secret");
    if api_key_sid.is_some() != api_key_secret.is_some() {
        s.fault("api_key_sid", "and api_key_secret go together");
    }
    let messaging_service_sid = s.string("messaging_service_sid");
    let send_url = s.optional_url("send_url").unwrap_or_else(|| {
        format!("https://api.twilio.com/2010-04-01/Accounts/{}/Messages.json", form::encode(account_sid.as_bytes()))
    });
    let reports = s.truth("reports").unwrap_or(true);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"));
    let (user, password) = match (&api_key_sid, &api_key_secret) {
        (Some(sid), Some(secret)) => (sid, secret),
        _ => (&account_sid, &auth_token),
    };
    match super::basic(user, password) {
        Some(value) => drop(headers.insert(header::AUTHORIZATION, value)),
        None => s.fault("account_sid", "must not hold a colon"),
    }
    s.finish()?;
    Ok(Box::new(Twilio {
        name: config.name.clone(),
        public_url: config.public_url.clone(),
        auth_token,
        send_url,
        headers,
        messaging_service_sid,
        reports,
    }))
}

/// The signature of a call to `url`: name and value of each parameter behind it, in the order of names and, of one
/// name, of values; a pair that stands there twice counts once.
fn signature(auth_token: &Secret, url: &str, form: &Form) -> String {
    let mut pairs: Vec<(&[u8], &[u8])> = form.pairs().collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut parts = vec![url.as_bytes()];
    parts.extend(pairs.into_iter().flat_map(|(name, value)| [name, value]));
    BASE64.encode(Algorithm::HmacSha1.sign(auth_token.expose().as_bytes(), &parts))
}

/// The address, with the port named that its scheme implies, and without any: Twilio has signed each of these.
fn spellings(url: &str) -> [String; 3] {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(at);
    let port = authority.rfind(':').filter(|i| authority[i + 1..].bytes().all(|b| b.is_ascii_digit()));
    let host = port.map_or(authority, |i| &authority[..i]);
    let usual = if scheme == "http" { 80 } else { 443 };
    let named = if port.is_some() { url.to_string() } else { format!("{scheme}://{host}:{usual}{tail}") };
    [url.to_string(), named, format!("{scheme}://{host}{tail}")]
}

impl Twilio {
    fn prove(&self, call: &Arrived<'_>, body: &Form) -> Result<(), Refusal> {
        let shown = call.headers.get("x-twilio-signature").map(HeaderValue::as_bytes);
        let shown = shown.ok_or(Refusal::NotAuthentic("no X-Twilio-Signature"))?;
        let url = format!("{}{}", self.public_url, call.target);
        // All three are always compared, so that the time says nothing of which one it was.
        let right = spellings(&url)
            .iter()
            .fold(false, |right, url| right | auth::same(signature(&self.auth_token, url, body).as_bytes(), shown));
        if right { Ok(()) } else { Err(Refusal::NotAuthentic("signature")) }
    }

    fn mo(&self, form: &Form) -> Result<Mo, Refusal> {
        let wanted = |name| form.text(name).ok_or_else(|| Refusal::Malformed(format!("{name} is missing")));
        let media = form.text("NumMedia").is_some_and(|n| n != "0");
        let text = match form.get("Body") {
            Some(body) => String::from_utf8_lossy(body).into_owned(),
            // A picture by itself.
            None if media => String::new(),
            None => return Err(Refusal::Malformed("Body is missing".into())),
        };
        let sid = ["MessageSid", "SmsSid", "SmsMessageSid"].iter().find_map(|name| form.text(name));
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: sid.and_then(|id| print::mo_id(&id)),
            // WhatsApp's `whatsapp:+86…` is no number to text to, and so is a service.
            from: Sender::read(&wanted("From")?),
            to: wanted("To")?,
            text,
            sent_at: None,
            part: None,
        })
    }

    fn dlr(&self, query: &Form, form: &Form) -> Result<Dlr, Refusal> {
        let said = |name| form.text(name).or_else(|| query.text(name)).filter(|s| !s.is_empty());
        // In the address that we gave with the MT, and signed like all of it.
        let ours = query.text("mt").and_then(|s| s.parse().ok()).map(MtRef::Ours);
        let theirs = || said("MessageSid").or_else(|| said("SmsSid")).map(MtRef::Carrier);
        let mt = ours.or_else(theirs).ok_or_else(|| Refusal::Malformed("MessageSid is missing".into()))?;
        let word = said("MessageStatus").or_else(|| said("SmsStatus"));
        let word = word.ok_or_else(|| Refusal::Malformed("MessageStatus is missing".into()))?;
        let state = STATUSES.iter().find(|(name, _)| *name == word).map_or(DlrState::Unknown, |(_, state)| *state);
        let code = said("ErrorCode");
        let unwanted = code.as_ref().and_then(|code| CODES.iter().find(|(known, _)| code == &known.to_string()));
        let unwanted = unwanted.is_some_and(|(_, error)| matches!(error(String::new()), SendError::OptedOut(_)));
        let state = if unwanted && state == DlrState::Failed { DlrState::OptedOut } else { state };
        let detail = code.map_or(word.clone(), |code| format!("{word} {code}"));
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail: status::excerpt(&detail), part: None })
    }
}

/// What Twilio has made of the text: with Advanced Opt-Out it knows the words for stopping and joining in many languages, has
/// answered them itself, and lets nothing more through to who stopped.
fn consent(mo: &Mo, form: &Form) -> Option<Consent> {
    let said = form.text("OptOutType")?;
    let given = match said.as_str() {
        "STOP" => false,
        "START" => true,
        // HELP says nothing of it
        _ => return None,
    };
    let Sender::Phone(phone) = mo.from else { return None };
    Some(Consent { carrier: mo.carrier.clone(), phone, given, why: format!("OptOutType {said}") })
}

impl Carrier for Twilio {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        let query = Form::parse(call.query.as_bytes());
        // Of a GET the parameters stand in the address and are signed with it.
        let body = match *call.method {
            Method::POST => Form::parse(call.body),
            Method::GET => Form::default(),
            _ => return Err(Refusal::Method("GET, POST".into())),
        };
        self.prove(call, &body)?;
        let form = if *call.method == Method::POST { &body } else { &query };
        Ok(match door {
            Door::Mo => {
                let mo = self.mo(form)?;
                let consents = consent(&mo, form).into_iter().collect();
                Heard { mos: vec![mo], consents, ..Heard::default() }
            }
            Door::Dlr => Heard { dlrs: vec![self.dlr(&query, form)?], ..Heard::default() },
        })
    }

    fn ack(&self, _: Door) -> Ack {
        // A plain text would be sent to the villager, JSON is an error; this says nothing.
        let body = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;
        Ack { status: StatusCode::OK, content_type: "text/xml", body: body.into() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let mut body = format!("To={}", form::encode(mt.to.e164().as_bytes()));
        match &self.messaging_service_sid {
            Some(sid) => form::push(&mut body, '&', "MessagingServiceSid", sid.as_bytes()),
            None => form::push(&mut body, '&', "From", mt.from.as_bytes()),
        }
        form::push(&mut body, '&', "Body", mt.text.as_bytes());
        if self.reports {
            let dlr_url = format!("{}/carriers/{}/dlr?mt={}", self.public_url, self.name, mt.id);
            form::push(&mut body, '&', "StatusCallback", dlr_url.as_bytes());
        }
        let secs = world::seconds_left(mt, 1, VALIDITY_MAX);
        form::push(&mut body, '&', "ValidityPeriod", secs.to_string().as_bytes());
        let (url, headers) = (self.send_url.clone(), self.headers.clone());
        Ok(Outgoing { method: Method::POST, url, headers, body: body.into_bytes() })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        if status.is_success() {
            let sid = path::text_at(&answer, "sid").filter(|sid| !sid.is_empty());
            return match sid {
                Some(sid) => Ok(Taken { carrier_ref: Some(sid), ..Taken::default() }),
                None => Err(SendError::Config(format!("{}: not Twilio's answer", status::cause(status, body)))),
            };
        }
        let code = answer["code"].as_u64();
        let known = CODES.iter().find(|(known, _)| Some(*known) == code);
        Err(match known.map(|(_, error)| error(status::cause(status, body))) {
            Some(SendError::Throttled { cause, .. }) => {
                SendError::Throttled { after_ms: status::retry_after_ms(headers), cause }
            }
            Some(error) => error,
            None => status::remedy(status, headers, body),
        })
    }

    /// The newest message of the account, which is only read.
    fn probe(&self) -> Option<Outgoing> {
        let mut url = self.send_url.clone();
        form::push(&mut url, form::separator(&self.send_url), "PageSize", b"1");
        Some(Outgoing { method: Method::GET, url, headers: self.headers.clone(), body: Vec::new() })
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, _: Secrets) -> Vec<String> {
        let base = format!("{public_url}/carriers/{}", self.name);
        let mut lines: Vec<String> = format!(
            "In Twilio's console, under the number's Messaging configuration (or the Messaging Service's Integration):
  A message comes in: Webhook, HTTP POST, {base}/mo#rc=5&rp=all
  Primary handler fails: HTTP POST, {base}/mo
The part behind # makes Twilio call again when this daemon does not answer; it is not part of what is signed.
Delivery reports come to {base}/dlr by themselves.
Leave Advanced Opt-Out off: with it Twilio answers the opt-out words as well, and the villager gets two answers.
Calls are signed over these addresses: public_url must be what Twilio calls, also behind a proxy."
        )
        .lines()
        .map(str::to_string)
        .collect();
        lines.extend(super::open_line(public_url));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_twilios_own_example() {
        let token = Secret::new("12345");
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let form = Form::parse(
            b"Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE",
        );
        assert_eq!(signature(&token, url, &form), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        // Those of its libraries, which name the port.
        let with_port = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
        assert_eq!(signature(&token, with_port, &form), "kvajT1Ptam85bY51eRf/AJRuM3w=");
        assert_eq!(spellings(url), [url, with_port, url]);
        assert_eq!(spellings(with_port), [with_port, with_port, url]);
    }

    #[test]
    fn an_address_is_spelt_with_its_port_and_without() {
        let of = |url: &str| spellings(url).map(|s| s.replace("/carriers/a/mo", ""));
        assert_eq!(of("http://h/carriers/a/mo"), ["http://h", "http://h:80", "http://h"]);
        assert_eq!(of("https://h:8443/carriers/a/mo"), ["https://h:8443", "https://h:8443", "https://h"]);
        assert_eq!(of("https://[::1]/carriers/a/mo"), ["https://[::1]", "https://[::1]:443", "https://[::1]"]);
    }
}
