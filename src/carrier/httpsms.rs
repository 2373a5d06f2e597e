//! httpSMS, an Android phone as gateway (NdoleStudio/httpsms), through its cloud or a server of one's own.
//!
//! ```text
//! POST /carriers/sim/mo      X-Event-Type: message.phone.received      Authorization: Bearer <JWT>
//!   {"specversion":"1.0","id":"e1","type":"message.phone.received","data":{"message_id":"m1","owner":"+8613900000000",
//!    "contact":"+8613800000000","content":"卖 板蓝根 200斤","timestamp":"2023-11-14T22:13:20Z","sim":"SIM1",…},…}
//! POST https://api.httpsms.com/v1/messages/send      x-api-key: …
//!   {"from":"+8613900000000","to":"+8613800000000","content":"…","request_id":"xiangxun-42"}
//! ```
//!
//! Sources: its `swagger.yaml`, `webhook_service.go` and events. The token proves the caller for ten minutes and names the
//! address, but not the body: without TLS anybody on the way could put it before a text of his own, so such an account
//! does not start. A call that fails is made once more at once, and then never again. With `encryption_key` texts are
//! encrypted between phone and daemon, so that the service reads none of them.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::charset::Charset;
use super::push::{OwnId, field, needed, text};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Secrets, SendError, Taken, cfb, jwt, path, print,
    status,
};
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Dlr, DlrState, Mo, Msisdn, Mt, Sender};

pub const KIND: Kind = Kind { name: "httpsms", build, default_rate: 1 };

/// What a SIM bears in an hour before its operator takes it for a spammer's.
const PER_HOUR: u32 = 100;

/// Who issues the tokens, wherever the server stands.
const ISSUER: &str = "api.httpsms.com";

/// Events that report on an MT. All others but MOs are signs of life.
const REPORTS: &[(&str, DlrState)] = &[
    ("message.phone.sent", DlrState::Accepted),
    ("message.phone.delivered", DlrState::Delivered),
    ("message.send.failed", DlrState::Failed),
    ("message.send.expired", DlrState::Expired),
];

/// One phone of one account.
#[derive(Debug)]
struct HttpSms {
    name: String,
    signing_key: Secret,
    /// Our addresses, one of which a token must be for.
    audience: [String; 2],
    phone: Msisdn,
    send_url: String,
    /// Content type and API key.
    headers: HeaderMap,
    own: OwnId,
    /// The passphrase in the app, where it encrypts.
    encryption_key: Option<Secret>,
    per_hour: Option<u32>,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let signing_key = s.secret("signing_key", "any long random word, the same as at the webhook");
    if super::open_line(&config.public_url).is_some() {
        s.fault("signing_key", "proves no text without TLS; give server.public_url an https:// address");
    }
    let api_key = s.secret("api_key", "under Settings on httpsms.com");
    let phone = s.required("phone", "the phone's own number, as +8613900000000");
    let phone = Msisdn::parse(&phone).unwrap_or_else(|| {
        if !phone.is_empty() {
            s.fault("phone", "must be a telephone number, as +8613900000000");
        }
        Msisdn::from_u64(0)
    });
    let send_url = s.optional_url("send_url").unwrap_or_else(|| "https://api.httpsms.com/v1/messages/send".into());
    let own = OwnId::read(&mut s);
    let encryption_key = s.optional_secret("encryption_key");
    let per_hour = s.integer("per_hour", 0..=100_000).map_or(PER_HOUR, |n| u32::try_from(n).unwrap_or(PER_HOUR));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match super::sensitive(api_key.expose()) {
        Some(value) => drop(headers.insert("x-api-key", value)),
        None => s.fault("api_key", "may hold only letters, digits and signs of ASCII, without blanks"),
    }
    s.finish()?;
    let audience = ["mo", "dlr"].map(|door| format!("{}/carriers/{}/{door}", config.public_url, config.name));
    let per_hour = Some(per_hour).filter(|n| *n > 0);
    Ok(Box::new(HttpSms {
        name: config.name.clone(),
        signing_key,
        audience,
        phone,
        send_url,
        headers,
        own,
        encryption_key,
        per_hour,
    }))
}

impl HttpSms {
    fn prove(&self, call: &Arrived<'_>) -> Result<(), Refusal> {
        let claims = jwt::claims(&self.signing_key, call.headers)?;
        if claims["iss"] != ISSUER {
            return Err(Refusal::NotAuthentic("issuer"));
        }
        // One address, or a list of them, by the age of the server.
        let named: Vec<&Value> = claims["aud"].as_array().map_or_else(|| vec![&claims["aud"]], |l| l.iter().collect());
        if !named.iter().any(|aud| self.audience.iter().any(|ours| *aud == ours)) {
            return Err(Refusal::NotAuthentic("the token is for another address"));
        }
        let (from, to) = (claims["nbf"].as_i64(), claims["exp"].as_i64());
        let now = call.now.0.div_euclid(1_000);
        match (from, to) {
            (Some(from), Some(to)) if from <= now && now <= to => Ok(()),
            _ => Err(Refusal::NotAuthentic("the token is not for this time")),
        }
    }

    fn mo(&self, event: &Value) -> Result<Mo, Refusal> {
        let data = &event["data"];
        let id = field(data, "message_id").or_else(|| field(event, "id"));
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: id.and_then(|id| print::mo_id(&id)),
            from: Sender::read(&needed(data, "contact")?),
            to: field(data, "owner").unwrap_or_else(|| self.phone.e164()),
            text: self.text(data)?,
            sent_at: field(data, "timestamp").and_then(|s| Timestamp::parse_rfc3339(&s).ok()),
            part: None,
        })
    }

    fn text(&self, data: &Value) -> Result<String, Refusal> {
        let content = text(data, "content")?;
        if data["encrypted"] != true {
            return Ok(content);
        }
        // Refused, for then the service tells its user, and keeps the text.
        let key = self.encryption_key.as_ref();
        let key = key.ok_or_else(|| Refusal::Malformed("it is encrypted, and there is no encryption_key".into()))?;
        let bytes = cfb::decrypt(key, &content).ok_or_else(|| Refusal::Malformed("it is not encrypted so".into()))?;
        Ok(Charset::Utf8.read(&bytes))
    }

    fn dlr(&self, state: DlrState, data: &Value) -> Result<Dlr, Refusal> {
        // Named differently in the one that says that it expired.
        let theirs = field(data, "id").or_else(|| field(data, "message_id"));
        let mt = self.own.find(field(data, "request_id").as_deref(), theirs);
        let mt = mt.ok_or_else(|| Refusal::Malformed("data.id is missing".into()))?;
        let goes_on = state == DlrState::Expired && data["is_final"] == false;
        let state = if goes_on { DlrState::Accepted } else { state };
        let detail = field(data, "error_message").map_or(String::new(), |words| status::excerpt(&words));
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail, part: None })
    }
}

impl Carrier for HttpSms {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    /// All events may be registered with either address.
    fn hear(&self, _: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        if call.method != Method::POST {
            return Err(Refusal::Method("POST".into()));
        }
        self.prove(call)?;
        let event: Value = serde_json::from_slice(call.body).map_err(|e| Refusal::Malformed(e.to_string()))?;
        let kind = needed(&event, "type")?;
        let mut heard = Heard::default();
        if kind == "message.phone.received" {
            heard.mos.push(self.mo(&event)?);
        } else if let Some((_, state)) = REPORTS.iter().find(|(name, _)| *name == kind) {
            heard.dlrs.push(self.dlr(*state, &event["data"])?);
        }
        Ok(heard)
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::OK, content_type: "application/json", body: "{}".into() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let mut body = json!({
            "from": self.phone.e164(),
            "to": mt.to.e164(),
            "content": mt.text,
            "request_id": self.own.of(mt),
        });
        if let Some(key) = &self.encryption_key {
            body["content"] = json!(cfb::encrypt(key, mt.id, mt.text.as_bytes()));
            body["encrypted"] = json!(true);
        }
        let (url, headers) = (self.send_url.clone(), self.headers.clone());
        Ok(Outgoing { method: Method::POST, url, headers, body: body.to_string().into_bytes() })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        if !status.is_success() {
            return Err(status::remedy(status, headers, body));
        }
        let id = serde_json::from_slice::<Value>(body).ok().and_then(|v| path::text_at(&v, "data.id"));
        match id.filter(|id| !id.is_empty()) {
            Some(id) => Ok(Taken { carrier_ref: Some(id), ..Taken::default() }),
            None => Err(SendError::Unclear(format!("{}: not httpSMS's answer", status::cause(status, body)))),
        }
    }

    /// Whose key it is.
    fn probe(&self) -> Option<Outgoing> {
        let url = format!("{}users/me", self.send_url.strip_suffix("messages/send")?);
        Some(Outgoing { method: Method::GET, url, headers: self.headers.clone(), body: Vec::new() })
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn per_hour(&self) -> Option<u32> {
        self.per_hour
    }

    fn setup(&self, public_url: &str, _: Secrets) -> Vec<String> {
        let url = |door| format!("{public_url}/carriers/{}/{door}", self.name);
        let mut lines = vec![
            format!(
                "On httpsms.com under Settings, Webhooks, add two with the signing key that stands here as signing_key, both for {}:",
                self.phone
            ),
            format!("  {} with message.phone.received", url("mo")),
            format!(
                "  {} with message.phone.sent, message.phone.delivered, message.send.failed, message.send.expired",
                url("dlr")
            ),
            "The addresses must be entered exactly so: the tokens name them.".to_string(),
            match self.encryption_key {
                Some(_) => "In the app under Settings enter encryption_key as the encryption key, and let it encrypt what is received.",
                None => "In the app leave encryption off; or enter a key there and here as encryption_key, so that httpSMS itself reads no text.",
            }
            .to_string(),
            "On the phone switch RCS (chat) off, else chat messages do not arrive.".to_string(),
            "Raise the phone's messages per minute, 10 by default, under Settings, Phones.".to_string(),
            "warning: a text is lost when this daemon does not answer twice within 5 s; keep restarts short"
                .to_string(),
        ];
        lines.extend(super::open_line(public_url));
        lines
    }
}
