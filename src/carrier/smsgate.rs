//! SMSGate, an Android phone as gateway (capcom6/android-sms-gateway): on the same network, or through its cloud.
//!
//! ```text
//! POST /carriers/sim/mo      X-Timestamp: 1700000000   X-Signature: 58faf667…
//!   {"deviceId":"d1","event":"sms:received","id":"e1","webhookId":"w1","payload":{"messageId":"9f1c",
//!    "message":"卖 板蓝根 200斤","sender":"+8613800000000","recipient":"+8613900000000","simNumber":1,
//!    "receivedAt":"2026-11-21T09:00:00.000+08:00"}}
//! POST http://192.168.1.20:8080/messages?skipPhoneValidation=true      Authorization: Basic …
//!   {"id":"xiangxun-42","textMessage":{"text":"…"},"phoneNumbers":["+8613800000000"],"withDeliveryReport":true, …}
//! ```
//!
//! **One message, one id.** A repeated webhook keeps its event's `id`, but "export inbox" in the app tells old messages
//! again under new ones. Both keep device, message id and time of receipt, so these three together are the MO's id; the
//! message id alone is a hash of 32 bits and not unique. Only where one of the three is missing does the event's id stand in.
//!
//! **Sent once.** The id of an MT is its key at the gateway: a second sending is answered 409, which means taken.
//! `delivered` comes for each part of a long MT; the first one counts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{self, Algorithm};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, form, hex, print,
    status,
};
use crate::clock::{MINUTE, Timestamp};
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Dlr, DlrPart, DlrState, Mo, Mt, MtClass, MtRef, Sender};

pub const KIND: Kind = Kind { name: "smsgate", build, default_rate: 1 };

/// How far the timestamp of a call may be from our clock.
const WINDOW_MILLIS: i64 = 5 * MINUTE;

/// What a SIM bears in an hour before its operator takes it for a spammer's.
const PER_HOUR: u32 = 100;

/// Events that report on an MT. All others but MOs are signs of life.
const REPORTS: &[(&str, DlrState)] = &[
    ("sms:sent", DlrState::Accepted),
    ("sms:delivered", DlrState::Delivered),
    ("sms:failed", DlrState::Failed),
    ("sms:cancelled", DlrState::Failed),
];

/// Android's reasons in an answer, and the remedy.
const REASONS: &[(&str, Remedy)] = &[
    ("RESULT_ERROR_LIMIT_EXCEEDED", |cause| SendError::Throttled { after_ms: 0, cause }),
    ("RESULT_ERROR_NO_SERVICE", SendError::Retry),
    ("RESULT_ERROR_RADIO_OFF", SendError::Retry),
    ("RESULT_ERROR_GENERIC_FAILURE", SendError::Retry),
    ("RESULT_NO_DEFAULT_SMS_APP", SendError::Config),
];

/// One phone, or one account of the cloud.
#[derive(Debug)]
struct SmsGate {
    name: String,
    signing_key: Secret,
    send_url: String,
    /// Content type and basic authorization.
    headers: HeaderMap,
    id_prefix: String,
    sim_number: Option<i64>,
    device_id: Option<String>,
    per_hour: Option<u32>,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let signing_key = s.secret("signing_key", "in the app under Settings, Webhooks");
    let send_url = s.url("send_url", "http://PHONE:8080/messages or https://api.sms-gate.app/3rdparty/v1/messages");
    let username = s.required("username", "as the app shows it");
    let password = s.secret("password", "as the app shows it");
    let sim_number = s.integer("sim_number", 1..=3);
    let device_id = s.string("device_id");
    let id_prefix = s.string("id_prefix").unwrap_or_else(|| "xiangxun-".into());
    // 36 characters are taken; a number of ours has up to 20.
    if id_prefix.len() > 16 || !id_prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        s.fault("id_prefix", "must be at most 16 letters, digits, - and _");
    }
    let per_hour = s.integer("per_hour", 0..=100_000).map_or(PER_HOUR, |n| u32::try_from(n).unwrap_or(PER_HOUR));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match super::basic(&username, &password) {
        Some(value) => drop(headers.insert(header::AUTHORIZATION, value)),
        None => s.fault("username", "must not hold a colon"),
    }
    s.finish()?;

    let mut send_url = send_url;
    if !send_url.contains("skipPhoneValidation") {
        // The gateway's own list of valid numbers is older than the newest number ranges; ours are checked already.
        let sign = form::separator(&send_url);
        form::push(&mut send_url, sign, "skipPhoneValidation", b"true");
    }
    Ok(Box::new(SmsGate {
        name: config.name.clone(),
        signing_key,
        send_url,
        headers,
        id_prefix,
        sim_number,
        device_id,
        per_hour: Some(per_hour).filter(|n| *n > 0),
    }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    id: String,
    event: String,
    #[serde(default)]
    device_id: String,
    #[serde(default)]
    payload: Payload,
}

/// The fields of every event that we read; which of them are there depends on the event.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Payload {
    message_id: Option<String>,
    transaction_id: Option<String>,
    message: Option<String>,
    /// Of `sms:data-received`, in base64.
    data: Option<String>,
    /// Of `mms:downloaded`: long texts of some phones arrive so.
    body: Option<String>,
    sender: Option<String>,
    /// What older apps send in place of `sender`.
    phone_number: Option<String>,
    recipient: Option<String>,
    sim_number: Option<u8>,
    received_at: Option<String>,
    reason: Option<String>,
}

impl SmsGate {
    fn prove(&self, call: &Arrived<'_>) -> Result<(), Refusal> {
        let header = |name| call.headers.get(name).map(|v| v.as_bytes());
        let stamp = header("x-timestamp").ok_or(Refusal::NotAuthentic("no X-Timestamp"))?;
        let shown = header("x-signature").ok_or(Refusal::NotAuthentic("no X-Signature"))?;
        let key = self.signing_key.expose().as_bytes();
        let expected = hex::lower(&Algorithm::HmacSha256.sign(key, &[call.body, stamp]));
        if !auth::same(expected.as_bytes(), shown) {
            return Err(Refusal::NotAuthentic("signature"));
        }
        let seconds: Option<i64> = std::str::from_utf8(stamp).ok().and_then(|s| s.parse().ok());
        let seconds = seconds.ok_or(Refusal::NotAuthentic("timestamp is no number"))?;
        let away = call.now.0.saturating_sub(seconds.saturating_mul(1_000)).saturating_abs();
        if away > WINDOW_MILLIS { Err(Refusal::NotAuthentic("timestamp too far from now")) } else { Ok(()) }
    }

    fn mo(&self, event: Event) -> Result<Mo, Refusal> {
        let Event { id, event: kind, device_id, payload: p } = event;
        let from = p.sender.or(p.phone_number);
        let from = from.ok_or_else(|| Refusal::Malformed("payload.sender is missing".into()))?;
        let text = match kind.as_str() {
            "sms:received" => p.message.ok_or_else(|| Refusal::Malformed("payload.message is missing".into()))?,
            "mms:downloaded" => p.body.unwrap_or_default(),
            // Binary: what is text in it is read, the rest stands as U+FFFD.
            _ => {
                let bytes = p.data.and_then(|d| BASE64.decode(d.trim()).ok());
                String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
            }
        };
        let content = p.message_id.or(p.transaction_id);
        let mo_id = match (device_id.as_str(), &content, &p.received_at) {
            (device, Some(content), Some(at)) if !device.is_empty() => {
                print::mo_id(&format!("{device}/{content}/{at}"))
            }
            _ => print::mo_id(&id),
        };
        let sim = p.sim_number.map_or(String::new(), |n| format!("sim{n}"));
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id,
            from: Sender::read(&from),
            to: p.recipient.filter(|r| !r.trim().is_empty()).unwrap_or(sim),
            text,
            sent_at: p.received_at.and_then(|s| Timestamp::parse_rfc3339(&s).ok()),
            part: None,
        })
    }

    /// Of a long text each part is reported as delivered, in an event of its own.
    fn dlr(&self, state: DlrState, event: Event) -> Result<Dlr, Refusal> {
        let Event { id: key, payload: p, .. } = event;
        let part = (state == DlrState::Delivered && !key.is_empty()).then_some(DlrPart { key, of: None });
        let id = p.message_id.ok_or_else(|| Refusal::Malformed("payload.messageId is missing".into()))?;
        let ours = id.strip_prefix(&self.id_prefix).and_then(|n| n.parse().ok());
        let detail = p.reason.map_or(String::new(), |r| status::excerpt(&r));
        Ok(Dlr { carrier: self.name.clone(), mt: ours.map_or(MtRef::Carrier(id), MtRef::Ours), state, detail, part })
    }
}

impl Carrier for SmsGate {
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
        let event: Event = serde_json::from_slice(call.body).map_err(|e| Refusal::Malformed(e.to_string()))?;
        let mut heard = Heard::default();
        match event.event.as_str() {
            "sms:received" | "sms:data-received" | "mms:downloaded" => heard.mos.push(self.mo(event)?),
            kind => {
                if let Some((_, state)) = REPORTS.iter().find(|(name, _)| *name == kind) {
                    heard.dlrs.push(self.dlr(*state, event)?);
                }
            }
        }
        Ok(heard)
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::OK, content_type: "application/json", body: "{}".into() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let mut body = json!({
            "id": format!("{}{}", self.id_prefix, mt.id),
            "textMessage": { "text": mt.text },
            "phoneNumbers": [mt.to.e164()],
            "withDeliveryReport": true,
            "validUntil": mt.until.rfc3339(),
            // From 100 on a message would also jump the phone's own limits.
            "priority": match mt.class { MtClass::Answer => 10, MtClass::Push => 0, MtClass::Broadcast => -10 },
        });
        if let Some(sim) = self.sim_number {
            body["simNumber"] = json!(sim);
        }
        if let Some(device) = &self.device_id {
            body["deviceId"] = json!(device);
        }
        let headers = self.headers.clone();
        Ok(Outgoing { method: Method::POST, url: self.send_url.clone(), headers, body: body.to_string().into_bytes() })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        if status == StatusCode::CONFLICT {
            return Ok(Taken::default());
        }
        if !status.is_success() {
            return Err(match status.as_u16() {
                // Its queue is full: again when it has moved, and slower.
                503 => SendError::Throttled {
                    after_ms: status::retry_after_ms(headers),
                    cause: status::cause(status, body),
                },
                _ => status::remedy(status, headers, body),
            });
        }
        let answer: Value = serde_json::from_slice(body)
            .map_err(|_| SendError::Config(format!("{}: not SMSGate's answer", status::cause(status, body))))?;
        let recipient = &answer["recipients"][0];
        if matches!(recipient["state"].as_str(), Some("Failed" | "Cancelled")) {
            let reason = status::excerpt(recipient["error"].as_str().unwrap_or("failed"));
            let known = REASONS.iter().find(|(name, _)| reason.contains(name));
            return Err(known.map_or(SendError::Permanent as Remedy, |(_, error)| *error)(reason));
        }
        let id = answer["id"].as_str().filter(|id| !id.is_empty());
        Ok(Taken { carrier_ref: id.map(str::to_string), ..Taken::default() })
    }

    /// The list of what was sent.
    fn probe(&self) -> Option<Outgoing> {
        let url = self.send_url.split('?').next().unwrap_or_default().to_string();
        Some(Outgoing { method: Method::GET, url, headers: self.headers.clone(), body: Vec::new() })
    }

    fn probed(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<String, SendError> {
        match status.as_u16() {
            // older apps cannot list, but ask for the password first
            200..=299 | 404 | 405 => Ok("the gateway takes user and password".into()),
            _ => Err(status::remedy(status, headers, body)),
        }
    }

    fn idempotent(&self) -> bool {
        true
    }

    fn per_hour(&self) -> Option<u32> {
        self.per_hour
    }

    fn setup(&self, public_url: &str, _: Secrets) -> Vec<String> {
        let name = &self.name;
        let api = self.send_url.split_once('?').map_or(self.send_url.as_str(), |(url, _)| url);
        let api = api.trim_end_matches("/messages").trim_end_matches("/message");
        let mut lines = vec![format!("Register these webhooks with SMSGate, one call each, as the user of send_url:")];
        for (event, door) in [
            ("sms:received", "mo"),
            ("sms:sent", "dlr"),
            ("sms:delivered", "dlr"),
            ("sms:failed", "dlr"),
            ("sms:cancelled", "dlr"),
        ] {
            let url = format!("{public_url}/carriers/{name}/{door}");
            let body = json!({ "id": format!("{name}-{}", event.replace(':', "-")), "url": url, "event": event });
            lines.push(format!(
                "  curl -u USER:PASSWORD -H 'content-type: application/json' -d '{body}' {api}/webhooks"
            ));
        }
        lines
            .push("In the app under Settings, Webhooks, enter the signing key that stands here as signing_key.".into());
        lines.push("On the phone switch RCS (chat) off, else chat messages do not arrive.".into());
        if !public_url.starts_with("https://") && !public_url.starts_with("http://127.0.0.1") {
            lines.push(format!("warning: SMSGate calls only https addresses (or http://127.0.0.1), not {public_url}"));
        }
        lines
    }
}
