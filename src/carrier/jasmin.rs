//! Jasmin, an SMPP gateway (jookies/jasmin): MOs by an HTTP client connector, MTs by its HTTP API.
//!
//! ```text
//! POST /carriers/smpp/mo/T     id=4c27…&from=8613800000000&to=1069012345&origin-connector=cm&coding=%08&binary=5356…&content=…
//! POST /carriers/smpp/dlr/T?mt=42     id=9f1c…&level=2&message_status=DELIVRD&connector=cm&id_smsc=…&sub=001&dlvrd=001&err=000&…
//! POST http://127.0.0.1:1401/send     username=…&password=…&to=8613800000000&from=1069012345&coding=8&hex-content=5356…
//!                                     &dlr=yes&dlr-level=3&dlr-method=POST&dlr-url=http%3A%2F%2F…%2Fdlr%2FT%3Fmt%3D42
//! ```
//!
//! Sources: jasmin's `misc/doc/sources/apis/http/index.rst` and `jasmin/routing/throwers.py`. It joins the parts of a long
//! MO and cuts a long MT by itself. What it calls is not signed; an answer other than `ACK/Jasmin` brings the call again.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::charset::Charset;
use super::doorkey::DoorKey;
use super::form::{self, Form};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, hex, print, status,
};
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::alphabet::Alphabet;
use crate::message::{Dlr, DlrState, Mo, Mt, MtRef, Sender};

pub const KIND: Kind = Kind { name: "jasmin", build, default_rate: 20 };

/// Final and other words of the SMSC's receipt.
const STATUSES: &[(&str, DlrState)] = &[
    ("DELIVRD", DlrState::Delivered),
    ("ACCEPTD", DlrState::Accepted),
    ("ENROUTE", DlrState::Accepted),
    ("ESME_ROK", DlrState::Accepted),
    ("UNDELIV", DlrState::Failed),
    ("REJECTD", DlrState::Failed),
    ("DELETED", DlrState::Failed),
    ("EXPIRED", DlrState::Expired),
    ("UNKNOWN", DlrState::Unknown),
];

/// What /send says in words, and the remedy: 403 stands for four of them.
const WORDS: &[(&str, Remedy)] = &[
    ("throughput exceeded", |cause| SendError::Throttled { after_ms: 0, cause }),
    ("cannot charge", SendError::Quota),
    ("authentication failure", SendError::Config),
    ("authorization failed", SendError::Config),
    // No route takes this number or sender.
    ("no route found", SendError::Unfit),
];

/// One user of a Jasmin.
#[derive(Debug)]
struct Jasmin {
    name: String,
    key: DoorKey,
    send_url: String,
    /// `username=…&password=…`, encoded.
    account: Secret,
    /// What `coding` 0 means, by connector and where none is named.
    connectors: BTreeMap<String, Charset>,
    charset: Charset,
    /// Up to where the number of the MT follows; `None` where reports are not wanted.
    dlr_url: Option<Secret>,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let key = DoorKey::read(&mut s);
    let send_url = s.url("send_url", "Jasmin's HTTP API, http://host:1401/send");
    let username = s.required("username", "of Jasmin's user");
    let password = s.secret("password", "of Jasmin's user");
    let charset = s.one_of("charset", Charset::NAMES).and_then(Charset::named).unwrap_or(Charset::Gsm7);
    let mut connectors = BTreeMap::new();
    for (connector, word) in s.map("connectors") {
        match Charset::named(&word) {
            Some(charset) => drop(connectors.insert(connector, charset)),
            None => {
                s.fault(&format!("connectors.{connector}"), format!("must be one of {}", Charset::NAMES.join(", ")))
            }
        }
    }
    let reports = s.truth("reports").unwrap_or(true);
    s.finish()?;
    let mut account = format!("username={}", form::encode(username.as_bytes()));
    form::push(&mut account, '&', "password", password.expose().as_bytes());
    let dlr_url = reports.then(|| {
        let address = key.address(&config.public_url, &config.name, Door::Dlr, Secrets::Whole);
        Secret::new(format!("{address}?mt="))
    });
    let (name, account) = (config.name.clone(), Secret::new(account));
    Ok(Box::new(Jasmin { name, key, send_url, account, connectors, charset, dlr_url }))
}

impl Jasmin {
    fn mo(&self, form: &Form) -> Result<Mo, Refusal> {
        let wanted = |name: &str| form.text(name).ok_or_else(|| Refusal::Malformed(format!("{name} is missing")));
        let (from, to) = (wanted("from")?, wanted("to")?);
        // The bytes of the PDU: safe in hex, as they are where an older Jasmin sends no hex.
        let bytes = form.get("binary").and_then(hex::decode).or_else(|| form.get("content").map(<[u8]>::to_vec));
        let bytes = bytes.ok_or_else(|| Refusal::Malformed("binary and content are missing".into()))?;
        let default = form.text("origin-connector").and_then(|c| self.connectors.get(&c).copied());
        let text = match coding(form.get("coding").unwrap_or_default()) {
            1 => Charset::Utf8.read(&bytes),
            // Binary, without characters. The message is kept for all that.
            2 | 4 => String::new(),
            3 => Charset::Latin1.read(&bytes),
            // UCS-2, also where a class or a compression's group says it
            8 | 0x18..=0x1b => Charset::Utf16Be.read(&bytes),
            15 => Charset::Gbk.read(&bytes),
            _ => default.unwrap_or(self.charset).read(&bytes),
        };
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: form.text("id").and_then(|id| print::mo_id(&id)),
            from: Sender::read(&from),
            to,
            text,
            sent_at: None,
            part: None,
        })
    }

    fn dlr(&self, form: &Form) -> Result<Dlr, Refusal> {
        let ours = form.text("mt").and_then(|s| s.parse().ok()).map(MtRef::Ours);
        let mt = ours.or_else(|| form.text("id").filter(|id| !id.is_empty()).map(MtRef::Carrier));
        let mt = mt.ok_or_else(|| Refusal::Malformed("mt and id are missing".into()))?;
        let said = form.text("message_status").unwrap_or_default();
        let count = |name| form.text(name).and_then(|s| s.trim().parse::<u32>().ok());
        let known = STATUSES.iter().find(|(word, _)| *word == said).map(|(_, state)| *state);
        let state = known.unwrap_or(match (said.starts_with("ESME_"), count("dlvrd"), count("err")) {
            (true, ..) => DlrState::Failed,
            (_, Some(1..), _) => DlrState::Delivered,
            (_, _, Some(1..)) => DlrState::Failed,
            _ => DlrState::Unknown,
        });
        let err = form.text("err").filter(|e| !e.is_empty()).map_or(String::new(), |e| format!(" err {e}"));
        let detail = status::excerpt(format!("{said}{err}").trim());
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail, part: None })
    }
}

/// SMPP's data_coding: a decimal number, or the byte itself, as some releases send it. Missing is 0.
fn coding(said: &[u8]) -> u8 {
    match said {
        [] => 0,
        digits if digits.iter().all(u8::is_ascii_digit) => {
            std::str::from_utf8(digits).ok().and_then(|s| s.parse().ok()).unwrap_or(0)
        }
        [byte] => *byte,
        _ => 0,
    }
}

impl Carrier for Jasmin {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        let mut form = Form::parse(call.query.as_bytes());
        if call.method == Method::POST {
            form.add(call.body);
        } else if call.method != Method::GET {
            return Err(Refusal::Method("GET, POST".into()));
        }
        self.key.check(call)?;
        let mut heard = Heard::default();
        match door {
            Door::Mo => heard.mos.push(self.mo(&form)?),
            Door::Dlr => heard.dlrs.push(self.dlr(&form)?),
        }
        Ok(heard)
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::OK, content_type: "text/plain", body: "ACK/Jasmin".into() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let mut body = self.account.expose().to_string();
        // SMSCs take digits: that they are international is said beside them.
        form::push(&mut body, '&', "to", mt.to.as_u64().to_string().as_bytes());
        form::push(&mut body, '&', "from", mt.from.as_bytes());
        match Alphabet::of(&mt.text) {
            Alphabet::Gsm7 => form::push(&mut body, '&', "content", mt.text.as_bytes()),
            Alphabet::Ucs2 => {
                body.push_str("&coding=8");
                form::push(&mut body, '&', "hex-content", hex::upper(&Charset::Utf16Be.write(&mt.text)).as_bytes());
            }
        }
        match &self.dlr_url {
            Some(url) => {
                body.push_str("&dlr=yes&dlr-level=3&dlr-method=POST");
                form::push(&mut body, '&', "dlr-url", format!("{}{}", url.expose(), mt.id).as_bytes());
            }
            None => body.push_str("&dlr=no"),
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        Ok(Outgoing { method: Method::POST, url: self.send_url.clone(), headers, body: body.into_bytes() })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        let said = String::from_utf8_lossy(body);
        if status.is_success() {
            return match said.trim().strip_prefix("Success") {
                Some(id) => {
                    let id = id.trim().trim_matches('"');
                    Ok(Taken { carrier_ref: Some(id.to_string()).filter(|id| !id.is_empty()), ..Taken::default() })
                }
                None => Err(SendError::Unclear(format!("{}: not Jasmin's answer", status::cause(status, body)))),
            };
        }
        let lower = said.to_lowercase();
        let named = WORDS.iter().find(|(words, _)| lower.contains(words));
        Err(named
            .map_or_else(|| status::remedy(status, headers, body), |(_, remedy)| remedy(status::cause(status, body))))
    }

    /// What the user has left.
    fn probe(&self) -> Option<Outgoing> {
        let url = format!("{}balance?{}", self.send_url.strip_suffix("send")?, self.account.expose());
        Some(Outgoing { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new() })
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let address = self.key.address(public_url, &self.name, Door::Mo, secrets);
        let name = &self.name;
        // Jasmin takes 3 to 25 signs.
        let cid: String = format!("xiangxun-{name}").chars().take(25).collect();
        let mut lines: Vec<String> = format!(
            "In Jasmin's jcli:
  httpccm -a
  cid {cid}
  url {address}
  method POST
  ok
  morouter -a
  type DefaultRoute
  connector http({cid})
  ok
  persist
Give the user the authorization to set dlr-level and hex content (on by default). Delivery reports come to {public_url}/carriers/{name}/dlr by themselves.
A failover route is never tried again by Jasmin: use a default or a static one. In jasmin.cfg raise [deliversm-thrower] max_retries, 3 by default, or texts are lost after two minutes without us.
Release 0.11.1 loses the reports of texts in one part: use 0.11.0."
        )
        .lines()
        .map(str::to_string)
        .collect();
        lines.push("note: calls are not signed; give this carrier allow = [\"…\"] with Jasmin's address".to_string());
        lines.extend(super::open_line(public_url));
        lines
    }
}
