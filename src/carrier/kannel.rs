//! Kannel, the SMS gateway that most operators run: MOs by its `get-url`, MTs by its `sendsms`.
//!
//! ```text
//! GET /carriers/mobile/mo?token=T&id=0f9a…&from=%2B8613800000000&to=1069012345&ts=1700000000
//!     &coding=2&charset=UTF-16BE&udh=&smsc=cm&text=SV%00+g%7F%84%DDh9
//! GET /carriers/mobile/dlr?token=T&mt=42&type=1
//! GET http://127.0.0.1:13013/cgi-bin/sendsms?username=…&password=…&from=1069012345&to=%2B8613800000000
//!     &charset=UTF-8&coding=2&text=…&dlr-mask=31&dlr-url=http%3A%2F%2F…%26mt%3D42%26type%3D%25d
//! ```
//!
//! Kannel joins the parts of a long MO itself; the parts of a long MT ask for one report, that of the first part.
//! sendsms answers no id, so our own goes into `dlr-url`.

use http::{HeaderMap, Method, StatusCode};

use super::auth::Token;
use super::form::{self, Form};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, charset, print,
    status,
};
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::alphabet::Alphabet;
use crate::message::{Dlr, DlrState, Mo, Mt, MtRef, Part, Sender};

pub const KIND: Kind = Kind { name: "kannel", build, default_rate: 20 };

/// Reports asked for: delivered, failed, buffered, accepted and rejected by the SMSC.
const DLR_MASK: &str = "31";

/// Kannel's bits in `%d`.
const DLR_TYPES: &[(&str, DlrState)] = &[
    ("1", DlrState::Delivered),
    ("2", DlrState::Failed),
    ("4", DlrState::Accepted),
    ("8", DlrState::Accepted),
    ("16", DlrState::Failed),
    ("32", DlrState::Accepted),
];

/// What sendsms says in words, and the remedy. The words decide where the status would mislead.
const WORDS: &[(&str, Remedy)] = &[
    ("not routable", SendError::Permanent),
    ("authorization failed", SendError::Config),
    ("white- and/or black-lists", SendError::Permanent),
    ("denied receivers", SendError::Permanent),
    ("temporal failure", SendError::Retry),
    ("sending failed", SendError::Retry),
    ("rejected", SendError::Permanent),
];

/// One `sendsms-user` and one or more `sms-service` groups of a Kannel.
#[derive(Debug)]
struct Kannel {
    name: String,
    token: Token,
    /// For `dlr-url` and for what `check` prints.
    token_text: Secret,
    send_url: String,
    /// `username=…&password=…`, encoded, with the `smsc` where one is set.
    account: Secret,
    /// Up to where the number of the MT follows; `None` where reports are not wanted.
    dlr_url: Option<Secret>,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let token = s.secret("token", "the secret that Kannel puts into ?token=");
    if token.expose().chars().any(|c| !c.is_ascii_graphic()) {
        // Kannel would take %D0 and the like in dlr-url for escapes of its own.
        s.fault("token", "may hold only letters, digits and signs of ASCII, without blanks");
    }
    let send_url = s.url("send_url", "Kannel's sendsms address, http://host:13013/cgi-bin/sendsms");
    let username = s.required("username", "of Kannel's group sendsms-user");
    let password = s.secret("password", "of Kannel's group sendsms-user");
    let smsc = s.string("smsc");
    let reports = s.truth("reports").unwrap_or(true);
    s.finish()?;

    let mut account = format!("username={}", form::encode(username.as_bytes()));
    form::push(&mut account, '&', "password", password.expose().as_bytes());
    if let Some(smsc) = smsc {
        form::push(&mut account, '&', "smsc", smsc.as_bytes());
    }
    let dlr_url = reports.then(|| {
        let mut url = format!("{}/carriers/{}/dlr", config.public_url, config.name);
        form::push(&mut url, '?', "token", token.expose().as_bytes());
        url.push_str("&mt=");
        Secret::new(url)
    });
    Ok(Box::new(Kannel {
        name: config.name.clone(),
        token: Token::new(&token),
        token_text: token,
        send_url,
        account: Secret::new(account),
        dlr_url,
    }))
}

impl Kannel {
    fn mo(&self, form: &Form) -> Result<Mo, Refusal> {
        let wanted = |name| form.text(name).ok_or_else(|| Refusal::Malformed(format!("{name} is missing")));
        let from = wanted("from")?;
        let to = wanted("to")?;
        let text = form.get("text").ok_or_else(|| Refusal::Malformed("text is missing".into()))?;
        let coding = form.text("coding").unwrap_or_default();
        let label = form.text("charset").unwrap_or_default();
        // Where Kannel does not join, `%u` is the header of each part.
        let utf16 = coding == "2" && matches!(label.as_str(), "" | "UTF-16BE");
        let part = form.get("udh").and_then(Part::from_udh).map(|p| if utf16 { p.with_halves(text) } else { p });
        let text = match (coding.as_str(), label.as_str()) {
            // Binary, without characters. The message is kept for all that.
            ("1", _) | (_, "8-BIT") => String::new(),
            ("2", "") => charset::read_labelled("UTF-16BE", text),
            (_, label) => charset::read_labelled(label, text),
        };
        let seconds = form.text("ts").and_then(|s| s.parse::<i64>().ok()).filter(|s| *s > 0);
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: form.text("id").and_then(|id| print::mo_id(&id)),
            from: Sender::read(&from),
            to,
            text,
            sent_at: seconds.map(|s| Timestamp(s.saturating_mul(1_000))),
            part,
        })
    }

    fn dlr(&self, form: &Form) -> Result<Option<Dlr>, Refusal> {
        let mt = form.text("mt").and_then(|s| s.parse().ok());
        let mt = mt.ok_or_else(|| Refusal::Malformed("mt is missing or no number".into()))?;
        let said = form.text("type").ok_or_else(|| Refusal::Malformed("type is missing".into()))?;
        let state = DLR_TYPES.iter().find(|(bit, _)| *bit == said).map(|(_, state)| *state);
        let detail = format!("type {}", status::excerpt(&said));
        Ok(state.map(|state| Dlr { carrier: self.name.clone(), mt: MtRef::Ours(mt), state, detail, part: None }))
    }
}

impl Carrier for Kannel {
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
        if !self.token.is(form.get("token")) {
            return Err(Refusal::NotAuthentic("token"));
        }
        match door {
            Door::Mo => Ok(Heard { mos: vec![self.mo(&form)?], ..Heard::default() }),
            Door::Dlr => Ok(Heard { dlrs: self.dlr(&form)?.into_iter().collect(), ..Heard::default() }),
        }
    }

    fn ack(&self, _: Door) -> Ack {
        // Anything else than 200 with empty text/plain texts an apology to the villager.
        Ack { status: StatusCode::OK, content_type: "text/plain", body: String::new() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let mut url = String::with_capacity(self.send_url.len() + 3 * mt.text.len() + 400);
        url.push_str(&self.send_url);
        url.push(form::separator(&self.send_url));
        url.push_str(self.account.expose());
        form::push(&mut url, '&', "from", mt.from.as_bytes());
        form::push(&mut url, '&', "to", mt.to.e164().as_bytes());
        url.push_str(match Alphabet::of(&mt.text) {
            Alphabet::Gsm7 => "&charset=UTF-8&coding=0",
            Alphabet::Ucs2 => "&charset=UTF-8&coding=2",
        });
        form::push(&mut url, '&', "text", mt.text.as_bytes());
        if let Some(dlr_url) = &self.dlr_url {
            form::push(&mut url, '&', "dlr-mask", DLR_MASK.as_bytes());
            form::push(&mut url, '&', "dlr-url", format!("{}{}&type=%d", dlr_url.expose(), mt.id).as_bytes());
        }
        Ok(Outgoing { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new() })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        let said = String::from_utf8_lossy(&body[..body.len().min(512)]).to_ascii_lowercase();
        match WORDS.iter().find(|(words, _)| said.contains(words)) {
            Some((_, error)) => Err(error(status::cause(status, body))),
            None if status.is_success() => Ok(Taken::default()),
            None => Err(status::remedy(status, headers, body)),
        }
    }

    /// sendsms looks at user and password first, and takes no text without a receiver.
    fn probe(&self) -> Option<Outgoing> {
        let mut url = self.send_url.clone();
        url.push(form::separator(&self.send_url));
        url.push_str(self.account.expose());
        form::push(&mut url, '&', "to", b"");
        Some(Outgoing { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new() })
    }

    fn probed(&self, status: StatusCode, _: &HeaderMap, body: &[u8]) -> Result<String, SendError> {
        let said = String::from_utf8_lossy(&body[..body.len().min(512)]).to_ascii_lowercase();
        if said.contains("authorization failed") {
            return Err(SendError::Config(status::cause(status, body)));
        }
        if status.is_server_error() || status == StatusCode::NOT_FOUND {
            return Err(SendError::Retry(status::cause(status, body)));
        }
        Ok("Kannel knows the sendsms user".into())
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let token = secrets.token(&self.token_text);
        let name = &self.name;
        let mut lines: Vec<String> = format!(
            "In kannel.conf, for each number that villagers write to:
  group = sms-service
  keyword = default
  catch-all = true
  get-url = \"{public_url}/carriers/{name}/mo?token={token}&id=%I&from=%q&to=%Q&ts=%T&coding=%c&charset=%C&udh=%u&smsc=%i&text=%b\"
  max-messages = 0
  omit-empty = true
In its group = smsbox, so that no message is lost while this daemon restarts:
  http-request-retry = 10
  http-queue-delay = 30
Delivery reports come to {public_url}/carriers/{name}/dlr by themselves; long messages must stay joined (sms-combine-concatenated-mo, on by default)."
        )
        .lines()
        .map(str::to_string)
        .collect();
        if let Some(warning) = super::open_line(public_url) {
            lines.push(warning);
        }
        lines
    }
}
