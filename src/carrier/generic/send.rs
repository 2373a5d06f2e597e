//! How a `generic` carrier is handed an MT, and how its answer is understood: `[carrier.send]`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::template::Template;
use crate::carrier::charset::Charset;
use crate::carrier::form::{self, Form};
use crate::carrier::{Outgoing, Remedy, SendError, Taken, path, status};
use crate::config::Secret;
use crate::config::carrier::Settings;
use crate::message::Mt;

/// Placeholders of address, headers and body.
const SLOTS: &[&str] = &[
    "to",
    "to_digits",
    "to_local",
    "from",
    "text",
    "id",
    "dlr_url",
    "username",
    "password",
    "text_utf8_hex",
    "text_utf16_hex",
    "text_gbk_hex",
    "text_base64",
];

/// What a body is, and so how a value is escaped in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyKind {
    Form,
    Json,
    Xml,
    Text,
}

const REMEDIES: &[(&str, Remedy)] = &[
    ("retry", SendError::Retry),
    ("throttled", |cause| SendError::Throttled { after_ms: 0, cause }),
    ("phone_limit", |cause| SendError::PhoneLimit { after_ms: 0, cause }),
    ("permanent", SendError::Permanent),
    ("unfit", SendError::Unfit),
    ("dead", SendError::Dead),
    ("opted_out", SendError::OptedOut),
    ("quota", SendError::Quota),
    ("config", SendError::Config),
];

#[derive(Debug)]
pub struct Send {
    method: Method,
    url: Template,
    headers: Vec<(HeaderName, Template)>,
    body: Template,
    kind: BodyKind,
    charset: Charset,
    username: String,
    password: Secret,
    basic: Option<HeaderValue>,
    pub idempotent: bool,
    answer: Answer,
}

impl Send {
    pub fn read(s: &mut Settings<'_>) -> Send {
        let url = s.required("url", "where MTs go, with placeholders such as {to} and {text}");
        let method = match s.one_of("method", &["GET", "POST", "PUT"]) {
            Some("POST") => Method::POST,
            Some("PUT") => Method::PUT,
            _ => Method::GET,
        };
        let body = s.string("body").unwrap_or_default();
        if (method == Method::GET) != body.is_empty() {
            let what = if body.is_empty() { "is missing; add body = \"…\"" } else { "goes with method = \"POST\"" };
            s.fault("body", what);
        }
        let kind = match s.one_of("type", &["form", "json", "xml", "text"]) {
            Some("json") => BodyKind::Json,
            Some("xml") => BodyKind::Xml,
            Some("text") => BodyKind::Text,
            _ => BodyKind::Form,
        };
        let charset = s.one_of("charset", Charset::NAMES).and_then(Charset::named).unwrap_or(Charset::Utf8);
        let username = s.string("username").unwrap_or_default();
        let password = s.optional_secret("password").unwrap_or_else(|| Secret::new(""));
        let basic = s.truth("basic").unwrap_or(false).then(|| {
            let value = crate::carrier::basic(&username, &password).filter(|_| !username.is_empty());
            if value.is_none() {
                s.fault("username", "must be there, without a colon, for basic = true");
            }
            value
        });
        let mut headers = Vec::new();
        for (name, value) in s.map("headers") {
            let template = template(s, &format!("headers.{name}"), &value);
            match name.parse::<HeaderName>() {
                Ok(name) => headers.push((name, template)),
                Err(_) => s.fault(&format!("headers.{name}"), "is not the name of a header"),
            }
        }
        let idempotent = s.truth("idempotent").unwrap_or(false);
        let (url, body) = (template(s, "url", &url), template(s, "body", &body));
        // The scheme and host must stand as written.
        let shown = url.text(|_, out| out.push('0'));
        if !shown
            .parse::<http::Uri>()
            .is_ok_and(|u| matches!(u.scheme_str(), Some("http" | "https")) && u.host().is_some())
        {
            s.fault("url", "must begin with http:// or https:// and name a host");
        }
        for (slot, is) in [("to", "the receiver"), ("text", "the text")] {
            if !url.holds(slot) && !body.holds(slot) {
                s.fault(if method == Method::GET { "url" } else { "body" }, format!("must hold {{{slot}}}, {is}"));
            }
        }
        let answer = s.table("answer", Answer::read);
        let basic = basic.flatten();
        Send { method, url, headers, body, kind, charset, username, password, basic, idempotent, answer }
    }

    /// `dlr_url` is the address of reports up to the MT's id.
    pub fn outgoing(&self, mt: &Mt, dlr_url: &str) -> Result<Outgoing, SendError> {
        let url = self.url.text(|slot, out| form::encode_into(&self.bytes(slot, mt, dlr_url), out));
        let mut headers = HeaderMap::new();
        if self.method != Method::GET {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        }
        if let Some(basic) = &self.basic {
            headers.insert(header::AUTHORIZATION, basic.clone());
        }
        for (name, value) in &self.headers {
            let value = value.text(|slot, out| out.push_str(&self.string(slot, mt, dlr_url)));
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_| SendError::Config(format!("the header {name} cannot hold this value")))?;
            value.set_sensitive(true);
            headers.insert(name.clone(), value);
        }
        let body = match self.kind {
            BodyKind::Form => {
                let body = self.body.text(|slot, out| form::encode_into(&self.bytes(slot, mt, dlr_url), out));
                body.into_bytes()
            }
            kind => {
                let body = self.body.text(|slot, out| escape(kind, &self.string(slot, mt, dlr_url), out));
                // In hex charsets the text is hex and the body around it ASCII.
                if self.hex() { body.into_bytes() } else { self.charset.write(&body) }
            }
        };
        Ok(Outgoing { method: self.method.clone(), url, headers, body })
    }

    fn hex(&self) -> bool {
        matches!(self.charset, Charset::Utf16BeHex | Charset::GbkHex)
    }

    fn content_type(&self) -> &'static str {
        match (self.kind, self.charset) {
            (BodyKind::Form, _) => "application/x-www-form-urlencoded",
            (BodyKind::Json, _) => "application/json",
            (BodyKind::Xml, Charset::Gbk) => "text/xml; charset=gbk",
            (BodyKind::Xml, _) => "text/xml; charset=utf-8",
            (BodyKind::Text, Charset::Gbk) => "text/plain; charset=gbk",
            (BodyKind::Text, Charset::Utf16Be) => "text/plain; charset=utf-16be",
            (BodyKind::Text, Charset::Latin1) => "text/plain; charset=iso-8859-1",
            (BodyKind::Text, _) => "text/plain; charset=utf-8",
        }
    }

    /// A value in the carrier's charset.
    fn bytes(&self, slot: &str, mt: &Mt, dlr_url: &str) -> Vec<u8> {
        match slot {
            "text" => self.charset.write(&mt.text),
            other => self.string(other, mt, dlr_url).into_bytes(),
        }
    }

    fn string(&self, slot: &str, mt: &Mt, dlr_url: &str) -> String {
        let ascii = |charset: Charset| charset.write(&mt.text).into_iter().map(char::from).collect();
        match slot {
            "to" => mt.to.e164(),
            "to_digits" => mt.to.as_u64().to_string(),
            "to_local" => mt.to.local(),
            "from" => mt.from.clone(),
            "text" if self.hex() => ascii(self.charset),
            "text" => mt.text.clone(),
            "id" => mt.id.to_string(),
            "dlr_url" => format!("{dlr_url}{}", mt.id),
            "username" => self.username.clone(),
            "password" => self.password.expose().to_string(),
            "text_utf8_hex" => crate::carrier::hex::upper(mt.text.as_bytes()),
            "text_utf16_hex" => ascii(Charset::Utf16BeHex),
            "text_gbk_hex" => ascii(Charset::GbkHex),
            "text_base64" => BASE64.encode(&mt.text),
            _ => String::new(),
        }
    }

    pub fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        self.answer.outcome(status, headers, &self.charset.read(body), body)
    }
}

fn template(s: &mut Settings<'_>, key: &str, text: &str) -> Template {
    Template::parse(text, SLOTS).unwrap_or_else(|what| {
        s.fault(key, what);
        Template::default()
    })
}

fn escape(kind: BodyKind, value: &str, out: &mut String) {
    match kind {
        BodyKind::Form => form::encode_into(value.as_bytes(), out),
        BodyKind::Text => out.push_str(value),
        BodyKind::Json => {
            let quoted = Value::from(value).to_string();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
        BodyKind::Xml => {
            for c in value.chars() {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&apos;"),
                    // XML 1.0 has no form for other controls.
                    c if c.is_control() && !matches!(c, '\n' | '\r' | '\t') => out.push(' '),
                    c => out.push(c),
                }
            }
        }
    }
}

/// `[carrier.send.answer]`: where code and id stand in the carrier's answer, and what a code means.
#[derive(Debug)]
struct Answer {
    style: AnswerStyle,
    code: Option<String>,
    ok: Vec<String>,
    contains: Vec<String>,
    reference: Option<String>,
    by_code: BTreeMap<String, Remedy>,
    by_text: BTreeMap<String, Remedy>,
    by_status: BTreeMap<u16, Remedy>,
    otherwise: Remedy,
}

/// How the answer is cut into values.
#[derive(Debug)]
enum AnswerStyle {
    Json,
    Form,
    /// By this sign; a value's name is its place, from 0.
    Text(String),
}

impl Answer {
    fn read(s: &mut Settings<'_>) -> Answer {
        let word = s.one_of("style", &["json", "form", "text"]).unwrap_or("text");
        let split = s.string("split");
        if split.is_some() && word != "text" {
            s.fault("split", "works with style = \"text\" only");
        }
        let style = match word {
            "json" => AnswerStyle::Json,
            "form" => AnswerStyle::Form,
            _ => AnswerStyle::Text(split.unwrap_or_else(|| ",".into())),
        };
        let code = s.string("code");
        let ok = s.list("ok");
        if code.is_some() == ok.is_empty() {
            s.fault("ok", "and code go together: where the code stands, and which codes are success");
        }
        let contains = s.list("contains");
        let reference = s.string("ref");
        let by_code = remedies(s, "codes");
        let by_text = remedies(s, "texts");
        let mut by_status = BTreeMap::new();
        for (said, remedy) in remedies(s, "statuses") {
            match said.parse() {
                Ok(n) if (100..=599).contains(&n) => drop(by_status.insert(n, remedy)),
                _ => s.fault(&format!("statuses.{said}"), "must be named by an HTTP status such as 429"),
            }
        }
        if !by_code.is_empty() && code.is_none() {
            s.fault("codes", "needs code, which says where the code stands");
        }
        let names: Vec<&'static str> = REMEDIES.iter().map(|(n, _)| *n).collect();
        let otherwise = s.one_of("otherwise", &names).and_then(remedy).unwrap_or(SendError::Retry);
        Answer { style, code, ok, contains, reference, by_code, by_text, by_status, otherwise }
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, text: &str, body: &[u8]) -> Result<Taken, SendError> {
        let values = Values::of(&self.style, text);
        let code = self.code.as_ref().and_then(|at| values.get(at));
        let taken = status.is_success()
            && match &code {
                _ if self.code.is_none() && self.contains.is_empty() => !self.by_text.keys().any(|t| text.contains(t)),
                Some(code) if self.ok.contains(code) => true,
                _ => self.contains.iter().any(|part| text.contains(part)),
            };
        if taken {
            let carrier_ref = self.reference.as_ref().and_then(|at| values.get(at)).filter(|r| !r.is_empty());
            return Ok(Taken { carrier_ref, ..Taken::default() });
        }
        let cause = status::cause(status, body);
        let named = code.as_ref().and_then(|c| self.by_code.get(c));
        let named = named.or_else(|| self.by_text.iter().find(|(part, _)| text.contains(*part)).map(|(_, r)| r));
        let named = named.or_else(|| self.by_status.get(&status.as_u16()));
        Err(match named.map(|r| r(cause.clone())) {
            Some(SendError::Throttled { .. }) => {
                SendError::Throttled { after_ms: status::retry_after_ms(headers), cause }
            }
            Some(SendError::PhoneLimit { .. }) => {
                SendError::PhoneLimit { after_ms: status::retry_after_ms(headers), cause }
            }
            Some(error) => error,
            None if status.is_success() => (self.otherwise)(cause),
            None => status::remedy(status, headers, body),
        })
    }
}

/// An answer, cut.
enum Values {
    Json(Value),
    Form(Form),
    Text(Vec<String>),
}

impl Values {
    fn of(style: &AnswerStyle, text: &str) -> Values {
        match style {
            AnswerStyle::Json => Values::Json(serde_json::from_str(text).unwrap_or(Value::Null)),
            AnswerStyle::Form => Values::Form(Form::parse(text.trim().as_bytes())),
            AnswerStyle::Text(sign) => Values::Text(text.trim().split(sign).map(|v| v.trim().to_string()).collect()),
        }
    }

    fn get(&self, at: &str) -> Option<String> {
        match self {
            Values::Json(value) => path::text_at(value, at),
            Values::Form(form) => form.text(at),
            Values::Text(list) => at.parse::<usize>().ok().and_then(|n| list.get(n).cloned()),
        }
    }
}

fn remedy(word: &str) -> Option<Remedy> {
    REMEDIES.iter().find(|(name, _)| *name == word).map(|(_, remedy)| *remedy)
}

fn remedies(s: &mut Settings<'_>, key: &'static str) -> BTreeMap<String, Remedy> {
    let mut out = BTreeMap::new();
    for (said, word) in s.map(key) {
        match remedy(&word) {
            Some(remedy) => drop(out.insert(said, remedy)),
            None => {
                let names: Vec<&str> = REMEDIES.iter().map(|(n, _)| *n).collect();
                s.fault(&format!("{key}.{said}"), format!("must be one of {}", names.join(", ")));
            }
        }
    }
    out
}
