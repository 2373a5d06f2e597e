//! Hubtel: USSD in Ghana, and texts out through its SMS API, so that what is too long for a screen can follow as a text.
//!
//! ```text
//! POST /carriers/hb/ussd/T      {"Type":"Initiation","Mobile":"233244000000","SessionId":"a1b2","ServiceCode":"711*23",
//!     "Message":"*711*23*1*200#","Operator":"mtn","Platform":"USSD","Sequence":1,"ClientState":""}
//!   answered   {"SessionId":"a1b2","Type":"Response","Message":"1卖 2买","Label":"1卖 2买","DataType":"input","FieldType":"text"}
//! POST https://sms.hubtel.com/v1/messages/send      Authorization: Basic …
//!   {"From":"XIANGXUN","To":"233244000000","Content":"…"}
//!   answered   {"rate":0.03,"messageId":"9c5f3edc…","status":0,"networkId":"62001","statusDescription":"…"}
//! ```
//!
//! Nothing is signed, so a token stands in the address. Hubtel brings no texts from phones and pushes no reports: what it
//! took counts as sent.
//!
//! Sources: Hubtel's documentation of programmable services (and the models of its .NET library) and of its SMS API with
//! the table of response codes.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::doorkey::DoorKey;
use super::ussd::{Ussd, UssdInput, UssdKind, UssdRequest, UssdScreen, dialled_behind};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, path, print, status,
};
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Mt, Sender};

pub const KIND: Kind = Kind { name: "hubtel", build, default_rate: 5 };

/// `Type` of a call, in small letters.
const TYPES: &[(&str, UssdKind)] = &[
    ("initiation", UssdKind::Begin),
    ("response", UssdKind::Continue),
    ("release", UssdKind::Abort),
    ("timeout", UssdKind::Timeout),
];

/// `status` of an answer to a sending that is no success, and the remedy; 0 is none. What is not here goes by the HTTP
/// status.
const CODES: &[(&str, Remedy)] = &[
    ("1", SendError::Dead),        // no number
    ("2", SendError::Config),      // this sender may not be used
    ("3", SendError::Permanent),   // too long
    ("4", SendError::Unfit),       // not routable
    ("5", SendError::Permanent),   // delivery time
    ("6", SendError::Permanent),   // content rejected
    ("7", SendError::Config),      // parameters not allowed
    ("8", SendError::Config),      // parameters not valid
    ("12", SendError::Quota),      // no money
    ("100", SendError::Permanent), // malformed
];

/// What sends texts.
#[derive(Debug)]
struct Sms {
    url: String,
    headers: HeaderMap,
    sender_id: String,
}

/// One service code, and where texts leave by Hubtel too, one SMS account.
#[derive(Debug)]
struct Hubtel {
    name: String,
    key: DoorKey,
    sms: Option<Sms>,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let key = DoorKey::read(&mut s);
    let client_id = s.string("client_id");
    let client_secret = s.optional_secret("client_secret");
    let sender_id = s.string("sender_id");
    let url = s.optional_url("send_url").unwrap_or_else(|| "https://sms.hubtel.com/v1/messages/send".into());
    let mut sms = None;
    match (client_id, client_secret, sender_id) {
        (Some(id), Some(secret), Some(sender_id)) => {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            match super::basic(&id, &secret) {
                Some(value) => drop(headers.insert(header::AUTHORIZATION, value)),
                None => s.fault("client_id", "must not hold a colon"),
            }
            sms = Some(Sms { url, headers, sender_id });
        }
        (None, None, None) => {}
        _ => s.fault("client_id", "and client_secret and sender_id go together"),
    }
    s.finish()?;
    Ok(Box::new(Hubtel { name: config.name.clone(), key, sms }))
}

/// A field in either spelling: `SessionId` or `sessionId`.
fn field(said: &Value, name: &str) -> Option<String> {
    let small = name[..1].to_ascii_lowercase() + &name[1..];
    path::text_at(said, name).or_else(|| path::text_at(said, &small))
}

impl Carrier for Hubtel {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    /// There is nothing that Hubtel would say here.
    fn hear(&self, _: Door, _: &Arrived<'_>) -> Result<Heard, Refusal> {
        Err(Refusal::Method(String::new()))
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::OK, content_type: "application/json", body: "{}".into() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let Some(sms) = &self.sms else {
            return Err(SendError::Unfit("no client_id, so this account carries USSD only".into()));
        };
        let body = json!({ "From": sms.sender_id, "To": mt.to.as_u64().to_string(), "Content": mt.text });
        let (url, headers) = (sms.url.clone(), sms.headers.clone());
        Ok(Outgoing { method: Method::POST, url, headers, body: body.to_string().into_bytes() })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let said = field(&answer, "Status");
        if let Some((_, error)) = CODES.iter().find(|(known, _)| Some(*known) == said.as_deref()) {
            return Err(error(status::cause(status, body)));
        }
        if status == StatusCode::FORBIDDEN {
            // "The recipient has not given his approval to receive messages."
            return Err(SendError::OptedOut(status::cause(status, body)));
        }
        if !status.is_success() {
            return Err(status::remedy(status, headers, body));
        }
        match (said.as_deref(), field(&answer, "MessageId")) {
            (Some("0"), id) => Ok(Taken { carrier_ref: id.filter(|id| !id.is_empty()), ..Taken::default() }),
            (Some(_), _) => Err(SendError::Permanent(status::cause(status, body))),
            (None, _) => Err(SendError::Config(format!("{}: not Hubtel's answer", status::cause(status, body)))),
        }
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, _: Secrets) -> Vec<String> {
        let mut lines =
            vec!["Hubtel brings no texts from phones and pushes no reports: nothing is to be entered for SMS.".into()];
        if self.sms.is_none() {
            lines.push(
                "note: no client_id, so texts to phones go by another carrier of the station, or not at all".into(),
            );
        }
        lines.extend(super::open_line(public_url));
        lines
    }

    fn ussd(&self) -> Option<&dyn Ussd> {
        Some(self)
    }
}

impl Ussd for Hubtel {
    fn hear_ussd(&self, call: &Arrived<'_>) -> Result<UssdRequest, Refusal> {
        if *call.method != Method::POST {
            return Err(Refusal::Method("POST".into()));
        }
        self.key.check(call)?;
        let body = String::from_utf8_lossy(call.body);
        let said: Value = serde_json::from_str(&body).map_err(|e| Refusal::Malformed(e.to_string()))?;
        let wanted = |name| {
            let found = field(&said, name).filter(|s| !s.trim().is_empty());
            found.ok_or_else(|| Refusal::Malformed(format!("{name} is missing")))
        };
        let word = wanted("Type")?;
        let known = TYPES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
        // Shopping by USSD, which is not ours to answer.
        let kind = known.ok_or_else(|| Refusal::Malformed(format!("Type {} is not served", status::excerpt(&word))))?.1;
        let session = wanted("SessionId")?;
        let code = field(&said, "ServiceCode").unwrap_or_default();
        let typed = field(&said, "Message").unwrap_or_default();
        Ok(UssdRequest {
            carrier: self.name.clone(),
            session: print::mo_id(&session).unwrap_or(session),
            from: Sender::read_whole(&wanted("Mobile")?),
            kind,
            input: UssdInput::Step(match kind {
                UssdKind::Begin => dialled_behind(&code, &typed).to_string(),
                _ => typed,
            }),
            service_code: code,
            order: field(&said, "Sequence").and_then(|n| n.parse().ok()),
        })
    }

    fn ussd_ack(&self, request: &UssdRequest, screen: Option<&UssdScreen>) -> Ack {
        let over = UssdScreen { text: String::new(), ends: true };
        let screen = screen.unwrap_or(&over);
        let body = json!({
            "SessionId": request.session,
            "Type": if screen.ends { "Release" } else { "Response" },
            "Message": screen.text,
            // The rest is for Hubtel's own app, which shows the same as a form.
            "Label": screen.text.lines().next().unwrap_or_default(),
            "DataType": if screen.ends { "display" } else { "input" },
            "FieldType": "text",
        });
        Ack { status: StatusCode::OK, content_type: "application/json", body: body.to_string() }
    }

    fn ussd_setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let address = self.key.address_of("ussd", public_url, &self.name, secrets);
        vec![
            "In Hubtel's portal, under Programmable Services, of the service code:".into(),
            format!("  Service interaction URL: {address}"),
        ]
    }
}
