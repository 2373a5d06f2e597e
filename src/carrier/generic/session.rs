//! `[carrier.ussd]`: USSD of a gateway that has no kind of its own.
//!
//! ```toml
//! [carrier.ussd]                     # POST /carriers/reseller/ussd  sid=7&msisdn=13800000000&type=2&msg=1
//! style = "form"                     # query, form or json, as for messages
//! fields = { session = "sid", from = "msisdn", input = "msg", kind = "type", code = "code", order = "seq" }
//! kinds = { "1" = "begin", "2" = "continue", "3" = "abort", "4" = "timeout" }
//! typed = "step"                     # step: what was typed last; path: all since the session began, joined by *
//! shows = "CON {text}"               # a screen that is answered
//! ends = "END {text}"                # one that is not
//! over = ""                          # to the notice of an end
//! answer = { type = "text/plain" }
//! ```
//!
//! Without `fields.kind` an empty input is a beginning and any other an answer. In a JSON answer `{text}` is escaped, and
//! `{session}` may stand beside it.

use std::collections::BTreeMap;

use super::inlet::Inlet;
use super::proof::Proof;
use super::record::Record;
use super::template::Template;
use crate::carrier::ussd::{UssdInput, UssdKind, UssdRequest, UssdScreen, dialled_behind};
use crate::carrier::{Ack, Arrived, Refusal, form, print, status};
use crate::config::carrier::Settings;
use crate::message::Sender;

const FIELDS: &[&str] = &["session", "from", "input", "kind", "code", "order"];
const KINDS: &[&str] = &["begin", "continue", "abort", "timeout"];

#[derive(Debug)]
pub struct Sessions {
    inlet: Inlet,
    kinds: BTreeMap<String, UssdKind>,
    /// All that was typed stands in each call.
    path: bool,
    shows: Template,
    ends: Template,
    over: Template,
}

impl Sessions {
    pub fn read(s: &mut Settings<'_>) -> Sessions {
        let inlet = Inlet::read(s, FIELDS);
        for needed in &FIELDS[..3] {
            inlet.need(s, needed);
        }
        let named = s.has("kinds");
        let mut kinds = BTreeMap::new();
        for (said, word) in s.map("kinds") {
            match kind(&word) {
                Some(kind) => drop(kinds.insert(said, kind)),
                None => s.fault(&format!("kinds.{said}"), format!("must be one of {}", KINDS.join(", "))),
            }
        }
        if inlet.fields.contains_key("kind") && !named {
            s.fault("kinds", "is missing; write lines such as \"1\" = \"begin\" for what fields.kind holds");
        }
        let path = s.one_of("typed", &["step", "path"]) == Some("path");
        let mut template = |key, usual: &str| {
            let text = s.string(key).unwrap_or_else(|| usual.to_string());
            Template::parse(&text, &["text", "session"]).unwrap_or_else(|what| {
                s.fault(key, what);
                Template::default()
            })
        };
        let (shows, ends, over) = (template("shows", "{text}"), template("ends", "{text}"), template("over", ""));
        for (key, t) in [("shows", &shows), ("ends", &ends)] {
            if !t.holds("text") {
                s.fault(key, "must hold {text}");
            }
        }
        Sessions { inlet, kinds, path, shows, ends, over }
    }

    pub fn hear(&self, carrier: &str, proof: &Proof, call: &Arrived<'_>) -> Result<UssdRequest, Refusal> {
        if !self.inlet.takes(call.method) {
            return Err(Refusal::Method(self.inlet.methods()));
        }
        let record = self.inlet.record(call);
        proof.check(call, &record)?;
        let record = self.inlet.each(record)?.into_iter().next().ok_or(Refusal::Malformed("nothing in it".into()))?;
        self.one(carrier, &record)
    }

    fn one(&self, carrier: &str, record: &Record) -> Result<UssdRequest, Refusal> {
        let session = self.inlet.needed(record, "session")?;
        let code = self.inlet.plain(record, "code").unwrap_or_default();
        let input = self.inlet.fields.get("input").and_then(|name| record.text(name, self.inlet.charset));
        let typed = input.unwrap_or_default();
        let kind = match self.inlet.plain(record, "kind") {
            Some(said) => *self
                .kinds
                .get(&said)
                .ok_or_else(|| Refusal::Malformed(format!("kind {} is not known", status::excerpt(&said))))?,
            None if typed.is_empty() || typed.ends_with('#') => UssdKind::Begin,
            None => UssdKind::Continue,
        };
        // what is dialled comes whole from some, from others what stands behind the code
        let typed = match kind {
            UssdKind::Begin if typed.ends_with('#') => dialled_behind(&code, &typed).to_string(),
            _ => typed,
        };
        Ok(UssdRequest {
            carrier: carrier.to_string(),
            session: print::mo_id(&session).unwrap_or(session),
            from: Sender::read(&self.inlet.needed(record, "from")?),
            service_code: code,
            kind,
            input: if self.path { UssdInput::Path(typed) } else { UssdInput::Step(typed) },
            order: self.inlet.plain(record, "order").and_then(|n| n.parse().ok()),
        })
    }

    pub fn ack(&self, request: &UssdRequest, screen: Option<&UssdScreen>) -> Ack {
        let (template, text) = match screen {
            Some(s) if s.ends => (&self.ends, s.text.as_str()),
            Some(s) => (&self.shows, s.text.as_str()),
            None => (&self.over, ""),
        };
        let kind = self.inlet.answer.content_type;
        let body = template.text(|slot, out| {
            out.push_str(&escaped(kind, if slot == "text" { text } else { &request.session }));
        });
        Ack { body, ..self.inlet.answer.clone() }
    }
}

/// A value as the answer's type has it.
fn escaped(content_type: &str, value: &str) -> String {
    match content_type {
        "application/json" => {
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_string()
        }
        "text/xml" | "application/xml" | "text/html" => {
            value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
        }
        "application/x-www-form-urlencoded" => form::encode(value.as_bytes()),
        _ => value.to_string(),
    }
}

fn kind(word: &str) -> Option<UssdKind> {
    Some(match word {
        "begin" => UssdKind::Begin,
        "continue" => UssdKind::Continue,
        "abort" => UssdKind::Abort,
        "timeout" => UssdKind::Timeout,
        _ => return None,
    })
}
