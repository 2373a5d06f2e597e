//! Africa's Talking: SMS and USSD in a dozen countries of Africa.
//!
//! ```text
//! POST /carriers/at/mo/T     id=9a8c…&from=%2B254711082300&to=22345&text=…&date=2023-11-14+22%3A13%3A20&linkId=…
//! POST /carriers/at/dlr/T    id=ATXid_1…&status=Failed&failureReason=UserIsInactive&phoneNumber=%2B254711082300
//! POST /carriers/at/dlr/T    senderId=XIANGXUN&phoneNumber=%2B254711082300       (opted out of what this sender writes)
//! POST /carriers/at/ussd/T   sessionId=ATUid_1…&serviceCode=*384*1234%23&phoneNumber=%2B254711082300&text=1*200
//!   answered   CON 1卖 2买     or   END 已发布   in plain text
//! POST https://api.africastalking.com/version1/messaging      apikey: …   accept: application/json
//!   username=…&to=%2B254711082300&message=…&from=22345&enqueue=1
//!   answered 201 whatever becomes of it: {"SMSMessageData":{"Message":"…","Recipients":[{"statusCode":101,"messageId":"ATXid_1…"}]}}
//! ```
//!
//! Nothing is signed, so a token stands in the addresses. What a premium service would need (`linkId` sent back) is not
//! kept: to villagers the answers are free.
//!
//! Sources: Africa's Talking's documentation of SMS sending, SMS notifications, application data and USSD; the clients of others for forms
//! that it does not show.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::doorkey::DoorKey;
use super::form::{self, Form};
use super::ussd::{Ussd, UssdInput, UssdKind, UssdRequest, UssdScreen};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, path, print,
    status, world,
};
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Consent, Dlr, DlrState, Mo, Mt, MtRef, Sender};

pub const KIND: Kind = Kind { name: "africastalking", build, default_rate: 10 };

/// `status` of a report.
const STATUSES: &[(&str, DlrState)] = &[
    ("Sent", DlrState::Accepted),
    ("Submitted", DlrState::Accepted),
    ("Buffered", DlrState::Accepted),
    ("Success", DlrState::Delivered),
    ("Failed", DlrState::Failed),
    ("Rejected", DlrState::Failed),
    ("AbsentSubscriber", DlrState::Failed),
    ("Expired", DlrState::Expired),
];

/// `failureReason` of a report where the phone wants nothing from us.
const UNWANTED: &[&str] = &["UserInBlackList", "DoNotDisturbRejection"];

/// `statusCode` of a recipient, and the remedy; 100 to 102 are none.
const CODES: &[(&str, Remedy)] = &[
    ("401", SendError::Quota),     // RiskHold
    ("402", SendError::Config),    // InvalidSenderId
    ("403", SendError::Dead),      // InvalidPhoneNumber
    ("404", SendError::Unfit),     // UnsupportedNumberType
    ("405", SendError::Quota),     // InsufficientBalance
    ("406", SendError::OptedOut),  // UserInBlacklist
    ("407", SendError::Unfit),     // CouldNotRoute
    ("409", SendError::OptedOut),  // DoNotDisturbRejection
    ("500", SendError::Retry),     // InternalServerError
    ("501", SendError::Retry),     // GatewayError
    ("502", SendError::Permanent), // RejectedByGateway
];

/// What stands in `Message` where no recipient is named, and the remedy.
const WORDS: &[(&str, Remedy)] = &[
    ("InvalidSenderId", SendError::Config),
    ("InsufficientBalance", SendError::Quota),
    ("InvalidLinkId", SendError::Permanent),
    ("InternalServerError", SendError::Retry),
];

/// One application of an account.
#[derive(Debug)]
struct AfricasTalking {
    name: String,
    key: DoorKey,
    send_url: String,
    /// Content type, what to accept, the key.
    headers: HeaderMap,
    username: String,
    /// `Some`: what stands in place of the number written to, empty for none at all.
    sender_id: Option<String>,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let key = DoorKey::read(&mut s);
    let username = s.required("username", "of the application; sandbox in the sandbox");
    let api_key = s.secret("api_key", "of the application, under Settings, API Key");
    let sender_id = s.text("sender_id");
    let host = if username == "sandbox" { "api.sandbox" } else { "api" };
    let send_url = s.optional_url("send_url");
    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, form);
    // Without it the answer is XML.
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    match super::sensitive(api_key.expose()) {
        Some(value) => drop(headers.insert("apikey", value)),
        None => s.fault("api_key", "may hold only letters, digits and signs of ASCII, without blanks"),
    }
    s.finish()?;
    Ok(Box::new(AfricasTalking {
        name: config.name.clone(),
        key,
        send_url: send_url.unwrap_or_else(|| format!("https://{host}.africastalking.com/version1/messaging")),
        headers,
        username,
        sender_id,
    }))
}

fn wanted(form: &Form, name: &str) -> Result<String, Refusal> {
    form.text(name).filter(|s| !s.is_empty()).ok_or_else(|| Refusal::Malformed(format!("{name} is missing")))
}

impl AfricasTalking {
    fn posted(&self, call: &Arrived<'_>) -> Result<Form, Refusal> {
        if *call.method != Method::POST {
            return Err(Refusal::Method("POST".into()));
        }
        self.key.check(call)?;
        Ok(Form::parse(call.body))
    }

    fn mo(&self, form: &Form) -> Result<Mo, Refusal> {
        let text = form.get("text").ok_or_else(|| Refusal::Malformed("text is missing".into()))?;
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: form.text("id").and_then(|id| print::mo_id(&id)),
            from: Sender::read(&wanted(form, "from")?),
            to: wanted(form, "to")?,
            text: String::from_utf8_lossy(text).into_owned(),
            sent_at: form.text("date").and_then(|at| world::utc(&at)),
            part: None,
        })
    }

    fn dlr(&self, form: &Form) -> Result<Dlr, Refusal> {
        let mt = MtRef::Carrier(wanted(form, "id")?);
        let word = wanted(form, "status")?;
        let state = STATUSES.iter().find(|(name, _)| *name == word).map_or(DlrState::Unknown, |(_, state)| *state);
        let why = form.text("failureReason").filter(|why| !why.is_empty());
        let unwanted = state == DlrState::Failed && why.as_ref().is_some_and(|why| UNWANTED.contains(&why.as_str()));
        let state = if unwanted { DlrState::OptedOut } else { state };
        let detail = why.map_or(word.clone(), |why| format!("{word} {why}"));
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail: status::excerpt(&detail), part: None })
    }
}

/// A notice that somebody has opted out, which names a phone and the sender it wants nothing from; `None` where the call is a
/// report.
fn opt_out(carrier: &str, form: &Form) -> Result<Option<Consent>, Refusal> {
    let sender = form.text("senderId").filter(|_| form.get("id").is_none() && form.get("status").is_none());
    let Some(sender) = sender else { return Ok(None) };
    let Sender::Phone(phone) = Sender::read(&wanted(form, "phoneNumber")?) else {
        return Err(Refusal::Malformed("phoneNumber is no telephone number".into()));
    };
    let why = status::excerpt(&format!("opted out of {sender}"));
    Ok(Some(Consent { carrier: carrier.to_string(), phone, given: false, why }))
}

impl Carrier for AfricasTalking {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        let form = self.posted(call)?;
        Ok(match door {
            Door::Mo => Heard { mos: vec![self.mo(&form)?], ..Heard::default() },
            Door::Dlr => match opt_out(&self.name, &form)? {
                Some(consent) => Heard { consents: vec![consent], ..Heard::default() },
                None => Heard { dlrs: vec![self.dlr(&form)?], ..Heard::default() },
            },
        })
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::OK, content_type: "text/plain", body: "OK".into() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let mut body = format!("username={}", form::encode(self.username.as_bytes()));
        form::push(&mut body, '&', "to", mt.to.e164().as_bytes());
        form::push(&mut body, '&', "message", mt.text.as_bytes());
        let from = self.sender_id.as_ref().unwrap_or(&mt.from);
        if !from.is_empty() {
            form::push(&mut body, '&', "from", from.as_bytes());
        }
        // Taken at once and sent in their own time: the answer does not wait for the network.
        body.push_str("&enqueue=1");
        let (url, headers) = (self.send_url.clone(), self.headers.clone());
        Ok(Outgoing { method: Method::POST, url, headers, body: body.into_bytes() })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        if !status.is_success() {
            return Err(status::remedy(status, headers, body));
        }
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let data = &answer["SMSMessageData"];
        let Some(message) = path::text_at(data, "Message") else {
            return Err(SendError::Config(format!("{}: not Africa's Talking's answer", status::cause(status, body))));
        };
        let Some(code) = path::text_at(data, "Recipients.0.statusCode") else {
            let known = WORDS.iter().find(|(word, _)| message.contains(word));
            return Err(known.map_or(SendError::Permanent as Remedy, |(_, e)| *e)(status::excerpt(&message)));
        };
        if matches!(code.as_str(), "100" | "101" | "102") {
            let id = path::text_at(data, "Recipients.0.messageId").filter(|id| !id.is_empty() && id != "None");
            return Ok(Taken { carrier_ref: id, ..Taken::default() });
        }
        let word = path::text_at(data, "Recipients.0.status").unwrap_or_default();
        let known = CODES.iter().find(|(known, _)| *known == code);
        let cause = status::excerpt(&format!("{code} {word}"));
        Err(known.map_or(SendError::Permanent as Remedy, |(_, error)| *error)(cause))
    }

    /// Data of the application, which stand beside the sending.
    fn probe(&self) -> Option<Outgoing> {
        let mut url = format!("{}user", self.send_url.strip_suffix("messaging")?);
        form::push(&mut url, '?', "username", self.username.as_bytes());
        Some(Outgoing { method: Method::GET, url, headers: self.headers.clone(), body: Vec::new() })
    }

    /// `{"UserData":{"balance":"KES 1785.50"}}`; the sandbox names no balance.
    fn probed(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<String, SendError> {
        if !status.is_success() {
            return Err(status::remedy(status, headers, body));
        }
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        if !answer["UserData"].is_object() {
            return Err(SendError::Config(format!("{}: not Africa's Talking's answer", status::cause(status, body))));
        }
        let has = path::text_at(&answer, "UserData.balance").filter(|has| !has.is_empty() && has != "None");
        let has = has.map_or(String::new(), |has| format!(", which has {}", status::excerpt(&has)));
        Ok(format!("Africa's Talking knows the application{has}"))
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let mo = self.key.address(public_url, &self.name, Door::Mo, secrets);
        let dlr = self.key.address(public_url, &self.name, Door::Dlr, secrets);
        let mut lines = vec![
            "In the dashboard of the application, under SMS, SMS Callback URLs:".to_string(),
            format!("  Incoming messages: {mo}"),
            format!("  Delivery reports: {dlr}"),
            format!("  Bulk SMS opt out: {dlr}"),
        ];
        lines.extend(super::open_line(public_url));
        lines
    }

    fn ussd(&self) -> Option<&dyn Ussd> {
        Some(self)
    }
}

impl Ussd for AfricasTalking {
    /// Calls of a session and notices of its end have the same address.
    fn hear_ussd(&self, call: &Arrived<'_>) -> Result<UssdRequest, Refusal> {
        let form = self.posted(call)?;
        let session = wanted(&form, "sessionId")?;
        let over = form.text("status").is_some_and(|s| !s.is_empty());
        // As it is, blanks and all: the next call begins with the same.
        let typed = match form.get(if over { "input" } else { "text" }) {
            Some(typed) => String::from_utf8_lossy(typed).into_owned(),
            None if over => String::new(),
            None => return Err(Refusal::Malformed("text is missing".into())),
        };
        Ok(UssdRequest {
            carrier: self.name.clone(),
            session: print::mo_id(&session).unwrap_or(session),
            from: Sender::read(&wanted(&form, "phoneNumber")?),
            service_code: form.text("serviceCode").unwrap_or_default(),
            // What was dialled behind the code stands in the first call's text, so that it looks like an answer.
            kind: match (over, typed.as_str()) {
                (true, _) => UssdKind::Abort,
                (false, "") => UssdKind::Begin,
                (false, _) => UssdKind::Continue,
            },
            input: UssdInput::Path(typed),
            order: None,
        })
    }

    fn ussd_ack(&self, _: &UssdRequest, screen: Option<&UssdScreen>) -> Ack {
        let body = screen.map_or(String::new(), |s| format!("{} {}", if s.ends { "END" } else { "CON" }, s.text));
        Ack { status: StatusCode::OK, content_type: "text/plain", body }
    }

    fn ussd_setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let address = self.key.address_of("ussd", public_url, &self.name, secrets);
        vec![
            "In the dashboard of the application, under USSD, Service Codes, of the code:".into(),
            format!("  Callback URL and Events URL: {address}"),
        ]
    }
}
