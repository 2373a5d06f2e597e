//! The Messages API: one JSON object a call, long MOs joined, errors as problem documents (RFC 7807).
//!
//! ```text
//! POST /carriers/vg/mo      Authorization: Bearer eyJ…
//!   {"channel":"sms","message_uuid":"aaaa…","to":"447700900000","from":"447400123456",
//!    "timestamp":"2023-11-14T22:13:20Z","text":"…","sms":{"num_messages":"2","keyword":"HELLO"}}
//! POST https://api.nexmo.com/v1/messages      Authorization: Basic …
//!   {"channel":"sms","message_type":"text","to":"447400123456","from":"447700900000","text":"…","client_ref":"xiangxun-42"}
//! ```
//!
//! The token by itself does not bind the body: its claim `payload_hash` does, and is asked for.

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::in_time;
use crate::carrier::auth::{self, Algorithm};
use crate::carrier::{Arrived, Refusal, Remedy, SendError, Taken, hex, jwt, path, print, status, world};
use crate::config::Secret;
use crate::message::{Dlr, DlrState, Mo, Mt, MtRef, Sender};

pub const SEND_URL: &str = "https://api.nexmo.com/v1/messages";

/// `status` of a report.
const STATUSES: &[(&str, DlrState)] = &[
    ("submitted", DlrState::Accepted),
    ("delivered", DlrState::Delivered),
    ("read", DlrState::Delivered),
    ("rejected", DlrState::Failed),
    ("undeliverable", DlrState::Failed),
];

/// The code behind the `#` of a problem's `type`, and the remedy.
const CODES: &[(&str, Remedy)] = &[
    ("1000", |cause| SendError::Throttled { after_ms: 0, cause }),
    ("throttled", |cause| SendError::Throttled { after_ms: 0, cause }),
    ("1010", SendError::Config),    // parameters missing
    ("1020", SendError::Permanent), // parameters invalid: the number, as a rule
    ("1030", SendError::Retry),     // internal
    ("1040", SendError::Unfit),     // no such prefix
    ("1050", SendError::Permanent), // number barred
    ("1060", SendError::Config),    // account barred
    ("1070", SendError::Quota),     // no credit
    ("low-balance", SendError::Quota),
    ("1080", SendError::Config),    // account not enabled
    ("1090", SendError::Permanent), // too long
    ("1100", SendError::Retry),     // not handed on
    ("1120", SendError::Config),    // this sender may not write there
    ("unauthorized", SendError::Config),
];

/// Whether the call's token is right and speaks of this very body.
pub fn prove(secret: &Secret, call: &Arrived<'_>) -> Result<(), Refusal> {
    let claims = jwt::claims(secret, call.headers)?;
    let said = claims["payload_hash"].as_str().ok_or(Refusal::NotAuthentic("no payload_hash"))?;
    let digest = hex::lower(&Algorithm::Sha256.sign(b"", &[call.body]));
    if !auth::same(digest.as_bytes(), said.to_ascii_lowercase().as_bytes()) {
        return Err(Refusal::NotAuthentic("payload_hash"));
    }
    in_time(claims["iat"].as_i64(), call).map_err(Refusal::NotAuthentic)
}

fn object(body: &[u8]) -> Result<Value, Refusal> {
    let said: Value = serde_json::from_slice(body).map_err(|e| Refusal::Malformed(e.to_string()))?;
    if said.is_object() { Ok(said) } else { Err(Refusal::Malformed("not an object".into())) }
}

fn wanted(said: &Value, name: &str) -> Result<String, Refusal> {
    path::text_at(said, name).ok_or_else(|| Refusal::Malformed(format!("{name} is missing")))
}

pub fn mo(carrier: &str, body: &[u8]) -> Result<Mo, Refusal> {
    let said = object(body)?;
    let from = wanted(&said, "from")?;
    let channel = path::text_at(&said, "channel").unwrap_or_else(|| "sms".into());
    // A picture by itself has no text.
    let is_text = path::text_at(&said, "message_type").is_none_or(|t| t == "text");
    let text = if is_text { wanted(&said, "text")? } else { path::text_at(&said, "text").unwrap_or_default() };
    Ok(Mo {
        carrier: carrier.to_string(),
        mo_id: path::text_at(&said, "message_uuid").and_then(|id| print::mo_id(&id)),
        // What came by WhatsApp is not to be answered by SMS.
        from: if channel == "sms" { Sender::read_whole(&from) } else { Sender::Service(format!("{channel}:{from}")) },
        to: wanted(&said, "to")?,
        text,
        sent_at: path::text_at(&said, "timestamp").and_then(|at| world::utc(&at)),
        part: None,
    })
}

pub fn dlr(carrier: &str, body: &[u8]) -> Result<Dlr, Refusal> {
    let said = object(body)?;
    let ours = path::text_at(&said, "client_ref").and_then(|r| world::ours(&r));
    let mt = match ours {
        Some(mt) => mt,
        None => MtRef::Carrier(wanted(&said, "message_uuid")?),
    };
    let word = wanted(&said, "status")?;
    let state = STATUSES.iter().find(|(name, _)| *name == word).map_or(DlrState::Unknown, |(_, state)| *state);
    let error = &said["error"];
    let code = code(error).or_else(|| path::text_at(error, "title"));
    let detail = match (code, path::text_at(error, "detail")) {
        (Some(code), Some(words)) => format!("{word} {code} {words}"),
        (Some(code), None) => format!("{word} {code}"),
        _ => word,
    };
    Ok(Dlr { carrier: carrier.to_string(), mt, state, detail: status::excerpt(&detail), part: None })
}

/// `https://developer.vonage.com/api-errors/messages#1050`: what stands behind the `#`.
fn code(problem: &Value) -> Option<String> {
    let kind = problem["type"].as_str()?;
    kind.rsplit_once('#').map(|(_, code)| code.to_string())
}

pub fn body(mt: &Mt, dlr_url: Option<&str>) -> String {
    let mut body = json!({
        "channel": "sms",
        "message_type": "text",
        "to": mt.to.as_u64().to_string(),
        "from": mt.from.trim_start_matches('+'),
        "text": mt.text,
        "client_ref": world::own_id(mt),
    });
    if let Some(url) = dlr_url {
        body["webhook_url"] = json!(url);
        body["webhook_version"] = json!("v1");
    }
    body.to_string()
}

pub fn outcome(answer: &Value, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
    if status.is_success() {
        let id = path::text_at(answer, "message_uuid").filter(|id| !id.is_empty());
        return match id {
            Some(id) => Ok(Taken { carrier_ref: Some(id), ..Taken::default() }),
            None => Err(SendError::Config(format!("{}: not Vonage's answer", status::cause(status, body)))),
        };
    }
    let code = code(answer).unwrap_or_default();
    let known = CODES.iter().find(|(known, _)| *known == code);
    Err(match known.map(|(_, error)| error(status::cause(status, body))) {
        Some(SendError::Throttled { cause, .. }) => {
            SendError::Throttled { after_ms: status::retry_after_ms(headers), cause }
        }
        Some(error) => error,
        None => status::remedy(status, headers, body),
    })
}
