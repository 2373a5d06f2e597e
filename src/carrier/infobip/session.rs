//! Infobip's USSD gateway: what a call is about stands in its address, below ours.
//!
//! | call | body | answer |
//! |---|---|---|
//! | `POST …/session/{id}/start` | `{"msisdn","imsi","shortCode","text","ussdGwId", …}` | a menu |
//! | `POST …/session/{id}/response` | the same, `text` being the answer to the last screen | a menu |
//! | `PUT …/session/{id}/end` | `{"reason","exitCode"}` | `{"responseExitCode":200,"responseMessage":""}` |
//!
//! Its fourth method, `GET …/session/{id}/status`, asks what the gateway itself should know, and is refused.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::carrier::ussd::{UssdInput, UssdKind, UssdRequest, UssdScreen, dialled_behind};
use crate::carrier::{Ack, Arrived, Refusal, form, path, print};
use crate::message::Sender;

/// The call, once it is known to be Infobip's.
pub fn read(carrier: &str, call: &Arrived<'_>) -> Result<UssdRequest, Refusal> {
    let route = call.target.split('?').next().unwrap_or_default();
    let below: Vec<&str> = route.split('/').skip_while(|piece| *piece != "session").collect();
    let [_, id, word] = below[..] else {
        return Err(Refusal::Malformed("the address has no session/ID/METHOD".into()));
    };
    let (kind, method) = match word {
        "start" => (UssdKind::Begin, Method::POST),
        "response" => (UssdKind::Continue, Method::POST),
        "end" => (UssdKind::Abort, Method::PUT),
        _ => return Err(Refusal::Method("POST, PUT".into())),
    };
    if *call.method != method {
        return Err(Refusal::Method(method.to_string()));
    }
    let said: Value = match call.body.trim_ascii() {
        b"" if kind == UssdKind::Abort => json!({}),
        body => serde_json::from_str(&String::from_utf8_lossy(body)).map_err(|e| Refusal::Malformed(e.to_string()))?,
    };
    let over = kind == UssdKind::Abort;
    let from = match path::text_at(&said, "msisdn") {
        Some(from) => Sender::read_whole(&from),
        // The end of a session names nobody; its id says whose it was.
        None if over => Sender::Service(String::new()),
        None => return Err(Refusal::Malformed("msisdn is missing".into())),
    };
    let code = path::text_at(&said, "shortCode").unwrap_or_default();
    let text = path::text_at(&said, "text").unwrap_or_default();
    let session = String::from_utf8_lossy(&form::decode(id.as_bytes())).into_owned();
    let reason = path::text_at(&said, "reason").unwrap_or_default().to_ascii_lowercase();
    Ok(UssdRequest {
        carrier: carrier.to_string(),
        session: print::mo_id(&session).ok_or_else(|| Refusal::Malformed("the session has no id".into()))?,
        from,
        kind: if over && reason.contains("timeout") { UssdKind::Timeout } else { kind },
        input: UssdInput::Step(match kind {
            // Some gateways give the whole of what was dialled, some what stood behind the code.
            UssdKind::Begin if text.contains('#') => dialled_behind(&code, &text).to_string(),
            _ => text,
        }),
        service_code: code,
        order: None,
    })
}

/// A menu, or the acknowledgement of an end.
pub fn answer(screen: Option<&UssdScreen>) -> Ack {
    let body = match screen {
        Some(s) => json!({
            "shouldClose": s.ends,
            "ussdMenu": s.text,
            "responseExitCode": 200,
            "responseMessage": "",
        }),
        None => json!({ "responseExitCode": 200, "responseMessage": "" }),
    };
    Ack { status: StatusCode::OK, content_type: "application/json", body: body.to_string() }
}
