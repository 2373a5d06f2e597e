//! The demo phone: the carrier that is only ourselves.
//!
//! ```text
//! POST /carriers/phone/mo    X-Phone-Token: T    {"id":"m1","from":"13800000000","to":"12345","text":"卖 板蓝根 200斤"}
//! POST /carriers/phone/dlr   X-Phone-Token: T    {"mt":"42","state":"delivered"}
//! POST /carriers/phone/ussd  X-Phone-Token: T    {"session":"s1","from":"13800000000","code":"*123#","kind":"begin","input":"","order":1}
//!      answered {"text":"1卖 2买 …","ends":false,"seconds":180}; kind: begin, continue, abort, timeout
//! POST http://127.0.0.1:8080/phone/handset       {"id":"42","to":"+8613800000000","from":"12345","text":"…"}
//! ```
//!
//! The token may also stand in the query. Whoever can open the phone page can text as anybody, so this kind is for
//! trying things out, not for a network.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Token;
use super::form::Form;
use super::ussd::{Ussd, UssdInput, UssdKind, UssdRequest, UssdScreen};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Secrets, SendError, Taken, path, print, status,
};
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Dlr, DlrState, Mo, Mt, MtRef, Sender};

/// A session ends by itself after this, as networks have it: some minutes, less between two screens.
const SESSION_SECONDS: u64 = 180;

pub const KIND: Kind = Kind { name: "phone", build, default_rate: 1_000 };

/// The header with the token, both ways.
pub const TOKEN_HEADER: &str = "x-phone-token";

#[derive(Debug)]
struct Phone {
    name: String,
    token: Token,
    /// Content type and token.
    headers: HeaderMap,
    /// Our own address for MTs.
    handset_url: String,
    loopback: bool,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let token = s.secret("token", "any secret; the phone page is given it");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match super::sensitive(token.expose()) {
        Some(value) => drop(headers.insert(TOKEN_HEADER, value)),
        None => s.fault("token", "may hold only letters, digits and signs of ASCII, without blanks"),
    }
    s.finish()?;
    let mut listen = config.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(Box::new(Phone {
        name: config.name.clone(),
        token: Token::new(&token),
        headers,
        handset_url: format!("http://{listen}/phone/handset"),
        loopback: config.listen.ip().is_loopback(),
    }))
}

#[derive(Deserialize)]
struct Texted {
    #[serde(default)]
    id: Value,
    from: String,
    to: String,
    text: String,
}

#[derive(Deserialize)]
struct Reported {
    mt: Value,
    state: String,
}

#[derive(Deserialize)]
struct Dialled {
    session: String,
    from: String,
    #[serde(default)]
    code: String,
    kind: String,
    #[serde(default)]
    input: String,
    #[serde(default)]
    order: Option<u64>,
}

impl Phone {
    fn check(&self, call: &Arrived<'_>) -> Result<(), Refusal> {
        if call.method != Method::POST {
            return Err(Refusal::Method("POST".into()));
        }
        let query = Form::parse(call.query.as_bytes());
        let shown = call.headers.get(TOKEN_HEADER).map(|v| v.as_bytes()).or_else(|| query.get("token"));
        if self.token.is(shown) { Ok(()) } else { Err(Refusal::NotAuthentic("token")) }
    }

    fn mo(&self, body: &[u8]) -> Result<Mo, Refusal> {
        let said: Texted = serde_json::from_slice(body).map_err(|e| Refusal::Malformed(e.to_string()))?;
        let mo_id = path::text(&said.id).and_then(|id| print::mo_id(&id));
        let from = Sender::read(&said.from);
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id,
            from,
            to: said.to.trim().into(),
            text: said.text,
            sent_at: None,
            part: None,
        })
    }

    fn dlr(&self, body: &[u8]) -> Result<Dlr, Refusal> {
        let said: Reported = serde_json::from_slice(body).map_err(|e| Refusal::Malformed(e.to_string()))?;
        let mt = path::text(&said.mt).and_then(|n| n.parse().ok());
        let mt = mt.ok_or_else(|| Refusal::Malformed("mt is no number".into()))?;
        let state = match said.state.as_str() {
            "accepted" => DlrState::Accepted,
            "delivered" => DlrState::Delivered,
            "failed" => DlrState::Failed,
            "expired" => DlrState::Expired,
            other => return Err(Refusal::Malformed(format!("state {} is not known", status::excerpt(other)))),
        };
        Ok(Dlr { carrier: self.name.clone(), mt: MtRef::Ours(mt), state, detail: "phone page".into(), part: None })
    }
}

impl Carrier for Phone {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        self.check(call)?;
        Ok(match door {
            Door::Mo => Heard { mos: vec![self.mo(call.body)?], ..Heard::default() },
            Door::Dlr => Heard { dlrs: vec![self.dlr(call.body)?], ..Heard::default() },
        })
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::OK, content_type: "application/json", body: r#"{"ok":true}"#.into() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let body = json!({ "id": mt.id.to_string(), "to": mt.to.e164(), "from": mt.from, "text": mt.text });
        let headers = self.headers.clone();
        Ok(Outgoing {
            method: Method::POST,
            url: self.handset_url.clone(),
            headers,
            body: body.to_string().into_bytes(),
        })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        if status.is_success() { Ok(Taken::default()) } else { Err(status::remedy(status, headers, body)) }
    }

    /// A handset shows a message of the same id once.
    fn idempotent(&self) -> bool {
        true
    }

    fn ussd(&self) -> Option<&dyn Ussd> {
        Some(self)
    }

    fn setup(&self, public_url: &str, _: Secrets) -> Vec<String> {
        let mut lines = vec![format!("Open {public_url}/phone in a browser: there are the phones.")];
        if !self.loopback {
            lines.push(
                "warning: whoever can open the phone page can text in anybody's name; not for real service".into(),
            );
        }
        lines
    }
}

impl Ussd for Phone {
    fn hear_ussd(&self, call: &Arrived<'_>) -> Result<UssdRequest, Refusal> {
        self.check(call)?;
        let said: Dialled = serde_json::from_slice(call.body).map_err(|e| Refusal::Malformed(e.to_string()))?;
        let session = print::mo_id(&said.session).ok_or_else(|| Refusal::Malformed("session is empty".into()))?;
        let kind = match said.kind.as_str() {
            "begin" => UssdKind::Begin,
            "continue" => UssdKind::Continue,
            "abort" => UssdKind::Abort,
            "timeout" => UssdKind::Timeout,
            other => return Err(Refusal::Malformed(format!("kind {} is not known", status::excerpt(other)))),
        };
        Ok(UssdRequest {
            carrier: self.name.clone(),
            session,
            from: Sender::read(&said.from),
            service_code: said.code,
            kind,
            input: UssdInput::Step(said.input),
            order: said.order,
        })
    }

    fn ussd_ack(&self, _: &UssdRequest, screen: Option<&UssdScreen>) -> Ack {
        let (text, ends) = screen.map_or(("", true), |s| (s.text.as_str(), s.ends));
        let seconds = if ends { 0 } else { SESSION_SECONDS };
        let body = json!({ "text": text, "ends": ends, "seconds": seconds }).to_string();
        Ack { status: StatusCode::OK, content_type: "application/json", body }
    }

    fn ussd_setup(&self, _: &str, _: Secrets) -> Vec<String> {
        vec!["On the phone page any code that begins with * and ends with # dials USSD.".into()]
    }
}
