//! Infobip: SMS in batches, and USSD through its gateway.
//!
//! ```text
//! POST /carriers/ib/mo/T      {"results":[{"messageId":"817790313235066447","from":"385916242493","to":"385921004026",
//!     "text":"…","cleanText":"…","keyword":"…","receivedAt":"2023-11-14T22:13:20.000+0000","smsCount":1}],"messageCount":1}
//! POST /carriers/ib/dlr/T     {"results":[{"messageId":"…","callbackData":"xiangxun-42","status":{"groupId":3,"id":5,
//!     "name":"DELIVERED_TO_HANDSET"},"error":{"id":0,"name":"NO_ERROR"}}]}
//! POST /carriers/ib/ussd/T/session/a1/start       {"msisdn":"385916242493","shortCode":"*123#","text":"…"}
//!   answered   {"shouldClose":false,"ussdMenu":"1卖 2买","responseExitCode":200,"responseMessage":""}
//! POST https://xxxxx.api.infobip.com/sms/3/messages      Authorization: App …
//!   {"messages":[{"sender":"385921004026","destinations":[{"to":"385916242493"}],"content":{"text":"…"},"webhooks":{…}}]}
//! ```
//!
//! Infobip signs nothing: a token stands in the addresses, and MOs may show a user and password besides. What cannot be
//! read in a batch does not take the rest with it, for Infobip would send it all again for two days.
//!
//! Sources: Infobip's documentation of inbound SMS, delivery reports, SMS API v3, response codes and account balance, and its own
//! client's models; for USSD praekelt's vumi, which works against "USSD Gateway to third-party application".

mod session;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::auth::Token;
use super::doorkey::DoorKey;
use super::ussd::{Ussd, UssdRequest, UssdScreen};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, path, print, push,
    status, world,
};
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Dlr, DlrState, Mo, Mt, MtRef, Sender};

pub const KIND: Kind = Kind { name: "infobip", build, default_rate: 20 };

const SEND_PATH: &str = "/sms/3/messages";

/// Minutes that Infobip keeps an MT at most.
const VALIDITY_MAX: i64 = 48 * 60;

/// Groups of a status, by number and by the name that older formats have alone.
const GROUPS: &[(&str, &str, DlrState)] = &[
    ("0", "ACCEPTED", DlrState::Accepted),
    ("1", "PENDING", DlrState::Accepted),
    ("2", "UNDELIVERABLE", DlrState::Failed),
    ("3", "DELIVERED", DlrState::Delivered),
    ("4", "EXPIRED", DlrState::Expired),
    ("5", "REJECTED", DlrState::Failed),
];

/// Handed to the operator, which is not yet the phone: the one status of the group DELIVERED that is not final.
const DELIVERED_TO_OPERATOR: &str = "2";

/// `status.id` where a sending was refused (group 5, and 2 of the operator's), and the remedy.
const CODES: &[(&str, Remedy)] = &[
    ("4", SendError::Permanent),                                          // REJECTED_OPERATOR
    ("6", SendError::Unfit),                                              // REJECTED_NETWORK
    ("8", SendError::Unfit),                                              // REJECTED_PREFIX_MISSING
    ("9", SendError::Permanent),                                          // NOT_DELIVERED
    ("10", SendError::OptedOut),                                          // REJECTED_DND
    ("11", SendError::Config),   // REJECTED_SOURCE: this sender is not registered
    ("12", SendError::Quota),    // REJECTED_NOT_ENOUGH_CREDITS
    ("13", SendError::Config),   // REJECTED_SENDER: barred on the account
    ("14", SendError::OptedOut), // REJECTED_DESTINATION: barred by the operator or the account
    ("16", SendError::Unfit),    // REJECTED_NOT_REACHABLE
    ("17", SendError::Quota),    // REJECTED_PREPAID_PACKAGE_EXPIRED
    ("18", SendError::Config),   // REJECTED_DESTINATION_NOT_REGISTERED: a trial account
    ("19", SendError::Config),   // REJECTED_ROUTE_NOT_AVAILABLE: no route on the account
    ("20", |cause| SendError::PhoneLimit { after_ms: 3_600_000, cause }), // REJECTED_FLOODING_FILTER: so many an hour
    ("21", SendError::Retry),    // REJECTED_SYSTEM_ERROR
    ("23", SendError::Permanent), // REJECTED_DUPLICATE_MESSAGE_ID
    ("24", SendError::Permanent), // REJECTED_INVALID_UDH
    ("25", SendError::Permanent), // REJECTED_MESSAGE_TOO_LONG
    ("51", SendError::Permanent), // MISSING_TO
    ("52", SendError::Dead),     // REJECTED_DESTINATION: no number
];

/// One account.
#[derive(Debug)]
struct Infobip {
    name: String,
    key: DoorKey,
    /// The `Authorization` that MOs must show besides, where one was agreed.
    basic: Option<Token>,
    send_url: String,
    headers: HeaderMap,
    dlr_url: Option<Secret>,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let key = DoorKey::read(&mut s);
    let base_url = s.url("base_url", "of the account, https://xxxxx.api.infobip.com");
    let api_key = s.secret("api_key", "of the account, with the scope sms:message:send");
    let user = s.string("webhook_username");
    let password = s.optional_secret("webhook_password");
    let reports = s.truth("reports").unwrap_or(true);
    let basic = match (&user, &password) {
        (Some(user), Some(password)) => match super::basic(user, password) {
            Some(value) => Some(Token::new(&Secret::new(value.to_str().unwrap_or_default()))),
            None => {
                s.fault("webhook_username", "must not hold a colon");
                None
            }
        },
        (None, None) => None,
        _ => {
            s.fault("webhook_username", "and webhook_password go together");
            None
        }
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    match super::sensitive(api_key.expose())
        .and_then(|k| HeaderValue::from_str(&format!("App {}", k.to_str().ok()?)).ok())
    {
        Some(mut value) => {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        None => s.fault("api_key", "may hold only letters, digits and signs of ASCII, without blanks"),
    }
    s.finish()?;
    let dlr_url = key.address(&config.public_url, &config.name, Door::Dlr, Secrets::Whole);
    Ok(Box::new(Infobip {
        name: config.name.clone(),
        key,
        basic,
        send_url: format!("{}{SEND_PATH}", base_url.trim_end_matches('/')),
        headers,
        dlr_url: reports.then(|| Secret::new(dlr_url)),
    }))
}

/// The entries of a batch. Bytes that are no UTF-8 are U+FFFD: a text with a hole in it is better than none of the batch.
fn results(body: &[u8]) -> Result<Vec<Value>, Refusal> {
    let body = String::from_utf8_lossy(body);
    let mut said: Value = serde_json::from_str(&body).map_err(|e| Refusal::Malformed(e.to_string()))?;
    match said["results"].take() {
        Value::Array(list) => Ok(list),
        _ => Err(Refusal::Malformed("results is missing".into())),
    }
}

impl Infobip {
    fn mo(&self, entry: &Value) -> Result<Mo, Refusal> {
        let text = path::text_at(entry, "text").or_else(|| {
            // An MMS is a list, of which the texts are read.
            let parts = entry["message"].as_array()?;
            let texts = parts.iter().filter(|p| p["contentType"].as_str().is_some_and(|t| t.starts_with("text/")));
            Some(texts.filter_map(|p| p["value"].as_str()).collect::<Vec<_>>().join(" "))
        });
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: path::text_at(entry, "messageId").and_then(|id| print::mo_id(&id)),
            from: Sender::read_whole(&push::needed(entry, "from")?),
            to: push::needed(entry, "to")?,
            text: text.ok_or_else(|| Refusal::Malformed("text is missing".into()))?,
            sent_at: path::text_at(entry, "receivedAt").and_then(|at| world::utc(&at)),
            part: None,
        })
    }

    fn dlr(&self, entry: &Value) -> Result<Dlr, Refusal> {
        let ours = path::text_at(entry, "callbackData").and_then(|c| world::ours(&c));
        let mt = match ours {
            Some(mt) => mt,
            None => MtRef::Carrier(push::needed(entry, "messageId")?),
        };
        let said = &entry["status"];
        let group = group(said).ok_or_else(|| Refusal::Malformed("status is missing".into()))?;
        let id = path::text_at(said, "id");
        let state = match GROUPS.iter().find(|(number, name, _)| *number == group || *name == group) {
            Some(("3", ..)) if id.as_deref() == Some(DELIVERED_TO_OPERATOR) => DlrState::Accepted,
            Some((.., DlrState::Failed)) if id.is_some_and(|id| unwanted(&id)) => DlrState::OptedOut,
            Some((.., state)) => *state,
            None => DlrState::Unknown,
        };
        let word = path::text_at(said, "name").unwrap_or(group);
        let fault = path::text_at(&entry["error"], "name").filter(|name| name != "NO_ERROR");
        let detail = fault.map_or(word.clone(), |fault| format!("{word} {fault}"));
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail: status::excerpt(&detail), part: None })
    }
}

/// Whether a status says that the phone wants nothing from us.
fn unwanted(id: &str) -> bool {
    let known = CODES.iter().find(|(code, _)| *code == id);
    known.is_some_and(|(_, error)| matches!(error(String::new()), SendError::OptedOut(_)))
}

/// Number or name of a status' group.
fn group(status: &Value) -> Option<String> {
    path::text_at(status, "groupId").or_else(|| path::text_at(status, "groupName"))
}

impl Carrier for Infobip {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        if *call.method != Method::POST {
            return Err(Refusal::Method("POST".into()));
        }
        self.key.check(call)?;
        let shown = call.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        if door == Door::Mo && self.basic.as_ref().is_some_and(|basic| !basic.is(shown)) {
            return Err(Refusal::NotAuthentic("webhook_username or webhook_password"));
        }
        let list = results(call.body)?;
        push::heard(&self.name, door, &list, |e| self.mo(e), |e| self.dlr(e))
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::OK, content_type: "application/json", body: "{}".into() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let minutes = (world::seconds_left(mt, 60, VALIDITY_MAX * 60) / 60).max(1);
        let mut webhooks = json!({ "callbackData": world::own_id(mt) });
        if let Some(url) = &self.dlr_url {
            webhooks["contentType"] = json!("application/json");
            webhooks["delivery"] = json!({ "url": url.expose(), "intermediateReport": true });
        }
        let message = json!({
            "sender": mt.from.trim_start_matches('+'),
            "destinations": [{ "to": mt.to.as_u64().to_string() }],
            "content": { "text": mt.text },
            "options": { "validityPeriod": { "amount": minutes, "timeUnit": "MINUTES" } },
            "webhooks": webhooks,
        });
        let body = json!({ "messages": [message] }).to_string().into_bytes();
        Ok(Outgoing { method: Method::POST, url: self.send_url.clone(), headers: self.headers.clone(), body })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        if !status.is_success() {
            return Err(status::remedy(status, headers, body));
        }
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let said = path::at(&answer, "messages.0.status");
        let Some((said, group)) = said.and_then(|s| Some((s, group(s)?))) else {
            return Err(SendError::Config(format!("{}: not Infobip's answer", status::cause(status, body))));
        };
        if !matches!(group.as_str(), "2" | "4" | "5" | "UNDELIVERABLE" | "EXPIRED" | "REJECTED") {
            let id = path::text_at(&answer, "messages.0.messageId").filter(|id| !id.is_empty());
            return Ok(Taken { carrier_ref: id, ..Taken::default() });
        }
        let id = path::text_at(said, "id").unwrap_or_default();
        let word = path::text_at(said, "name").unwrap_or(group);
        let known = CODES.iter().find(|(known, _)| *known == id);
        let cause = status::excerpt(&format!("{id} {word}"));
        Err(known.map_or(SendError::Permanent as Remedy, |(_, error)| *error)(cause))
    }

    /// The account's balance.
    fn probe(&self) -> Option<Outgoing> {
        let url = format!("{}/account/1/balance", self.send_url.strip_suffix(SEND_PATH)?);
        let mut headers = self.headers.clone();
        headers.remove(header::CONTENT_TYPE);
        Some(Outgoing { method: Method::GET, url, headers, body: Vec::new() })
    }

    /// `{"balance":47.79134,"currency":"EUR"}`. A key that may only send is no fault, though it may not see this.
    fn probed(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<String, SendError> {
        if status == StatusCode::FORBIDDEN {
            return Ok("Infobip does not show the balance to this key, which may send nevertheless; text it".into());
        }
        if !status.is_success() {
            return Err(status::remedy(status, headers, body));
        }
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(balance) = path::text_at(&answer, "balance") else {
            return Err(SendError::Config(format!("{}: not Infobip's answer", status::cause(status, body))));
        };
        let has =
            [Some(balance), path::text_at(&answer, "currency")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(format!("Infobip knows the account, which has {}", status::excerpt(&has)))
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let mo = self.key.address(public_url, &self.name, Door::Mo, secrets);
        let mut lines = vec![
            "In Infobip's portal, under Numbers, the number, SMS, a keyword (or none): Forward to HTTP:".to_string(),
            format!("  URL: {mo}"),
            "  Method POST, format MO_JSON_2.".to_string(),
        ];
        if self.basic.is_some() {
            lines.push("  Authentication: basic, with webhook_username and webhook_password.".into());
        }
        match self.dlr_url {
            Some(_) => lines.push("Delivery reports come by themselves: each message names their address.".into()),
            None => lines.push("Delivery reports are switched off by reports = false.".into()),
        }
        lines.extend(super::open_line(public_url));
        lines
    }

    fn ussd(&self) -> Option<&dyn Ussd> {
        Some(self)
    }
}

impl Ussd for Infobip {
    fn hear_ussd(&self, call: &Arrived<'_>) -> Result<UssdRequest, Refusal> {
        self.key.check(call)?;
        session::read(&self.name, call)
    }

    fn ussd_ack(&self, _: &UssdRequest, screen: Option<&UssdScreen>) -> Ack {
        session::answer(screen)
    }

    fn ussd_setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let address = self.key.address_of("ussd", public_url, &self.name, secrets);
        vec![
            "Give Infobip's support, for the USSD code, this address of the third-party application:".into(),
            format!("  {address}"),
        ]
    }
}
