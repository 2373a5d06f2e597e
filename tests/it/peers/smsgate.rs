//! A scripted SMSGate: takes messages over its API as the app does, and signs the webhooks that it sends.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use xiangxun::carrier::auth::Algorithm;
use xiangxun::carrier::hex;

use super::http::{Peer, Reply, Seen};

pub const USER: &str = "sms";
pub const PASSWORD: &str = "geheim";
pub const SIGNING_KEY: &str = "testkey1";

/// Starts the API: `POST /messages`, one answer for each id, 409 for one that it has.
pub async fn start() -> Peer {
    let known: Arc<Mutex<HashSet<String>>> = Arc::default();
    Peer::start(move |seen, _| {
        let expected = format!("Basic {}", BASE64.encode(format!("{USER}:{PASSWORD}")));
        if seen.headers.get("authorization").is_none_or(|v| v != expected.as_str()) {
            return json_reply(401, &json!({ "message": "unauthorized" }));
        }
        if seen.method != "POST" || seen.path() != "/messages" {
            return json_reply(404, &json!({ "message": "not found" }));
        }
        let said = seen.json();
        let (Some(id), Some(text)) = (said["id"].as_str(), said["textMessage"]["text"].as_str()) else {
            return json_reply(400, &json!({ "message": "id and textMessage wanted" }));
        };
        if id.len() > 36 || text.is_empty() || said["phoneNumbers"].as_array().is_none_or(|n| n.len() != 1) {
            return json_reply(400, &json!({ "message": "invalid" }));
        }
        if !known.lock().unwrap().insert(id.to_string()) {
            return json_reply(409, &json!({ "message": "already exists" }));
        }
        let recipient = json!({ "phoneNumber": said["phoneNumbers"][0], "state": "Pending" });
        let body = json!({ "id": id, "deviceId": "d1", "state": "Pending", "recipients": [recipient], "states": {} });
        json_reply(202, &body)
    })
    .await
}

fn json_reply(status: u16, body: &Value) -> Reply {
    Reply::Say(status, "content-type: application/json\r\n", body.to_string())
}

/// Settings of an account that sends to this server.
pub fn settings(api: &Peer) -> String {
    format!(
        "signing_key = \"{SIGNING_KEY}\"\nsend_url = \"{}\"\nusername = \"{USER}\"\npassword = \"{PASSWORD}\"\nper_hour = 0\n",
        api.url("/messages")
    )
}

/// An event's body as the app writes it: `=` and some others escaped, as Gson does.
pub fn event(event: &str, id: &str, payload: &Value) -> String {
    let body = json!({ "deviceId": "d1", "event": event, "id": id, "payload": payload, "webhookId": "w1" }).to_string();
    [("=", "\\u003d"), ("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e"), ("'", "\\u0027")]
        .iter()
        .fold(body, |body, (sign, escape)| body.replace(sign, escape))
}

/// The two headers that prove `body` was sent at `seconds`.
pub fn signature(body: &str, seconds: i64) -> [(&'static str, String); 2] {
    let stamp = seconds.to_string();
    let mac = Algorithm::HmacSha256.sign(SIGNING_KEY.as_bytes(), &[body.as_bytes(), stamp.as_bytes()]);
    [("x-timestamp", stamp), ("x-signature", hex::lower(&mac))]
}

/// The payload of an MO.
pub fn received(message_id: &str, from: &str, text: &str, at: &str) -> Value {
    json!({ "messageId": message_id, "message": text, "sender": from, "phoneNumber": from, "recipient": "+8613900000000",
        "simNumber": 1, "receivedAt": at })
}

/// The event that reports on a message the API took.
pub fn delivered(taken: &Seen, at: &str) -> Value {
    json!({ "messageId": taken.json()["id"], "sender": null, "recipient": taken.json()["phoneNumbers"][0], "simNumber": 1,
        "deliveredAt": at })
}
