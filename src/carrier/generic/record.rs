//! What a `generic` carrier's webhook carries: fields by name, whether they came in the query, a form or JSON.

use serde_json::Value;

use crate::carrier::charset::Charset;
use crate::carrier::form::Form;
use crate::carrier::{Arrived, Refusal, path};

/// Messages in one call that are read; no carrier bundles more, and each costs a commit.
const BATCH: usize = 1_000;

/// Where the fields stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Query,
    /// The body, and behind it the query.
    Form,
    Json,
}

impl Style {
    pub const NAMES: &'static [&'static str] = &["query", "form", "json"];

    pub fn named(name: &str) -> Option<Style> {
        Some(match name {
            "query" => Style::Query,
            "form" => Style::Form,
            "json" => Style::Json,
            _ => return None,
        })
    }
}

/// One message or report, or a whole call.
#[derive(Debug)]
pub enum Record {
    Form(Form),
    Json(Value),
}

impl Record {
    /// The call's content. JSON that cannot be read is null: it proves nothing and is refused later.
    pub fn of(call: &Arrived<'_>, style: Style, charset: Charset) -> Record {
        match style {
            Style::Query => Record::Form(Form::parse(call.query.as_bytes())),
            Style::Form => {
                let mut form = Form::parse(call.body);
                form.add(call.query.as_bytes());
                Record::Form(form)
            }
            Style::Json => {
                let body = match charset {
                    Charset::Gbk => Charset::Gbk.read(call.body),
                    // JSON is UTF-8; other charsets are those of its texts.
                    _ => Charset::Utf8.read(call.body),
                };
                Record::Json(serde_json::from_str(&body).unwrap_or(Value::Null))
            }
        }
    }

    /// The messages in a call: those of the list at `each`, or of a list that is the whole, or the one that it is.
    pub fn each(self, each: Option<&str>) -> Result<Vec<Record>, Refusal> {
        let mut value = match self {
            Record::Form(_) => return Ok(vec![self]),
            Record::Json(value) => value,
        };
        if value.is_null() {
            return Err(Refusal::Malformed("the body is not JSON".into()));
        }
        if let Some(at) = each {
            let list = path::at(&value, at).filter(|v| v.is_array());
            value = list.ok_or_else(|| Refusal::Malformed(format!("{at} is no list")))?.clone();
        }
        match value {
            Value::Array(list) if list.len() > BATCH => {
                Err(Refusal::Malformed(format!("more than {BATCH} in one call")))
            }
            Value::Array(list) => Ok(list.into_iter().map(Record::Json).collect()),
            one => Ok(vec![Record::Json(one)]),
        }
    }

    /// A field's bytes as they came.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        match self {
            Record::Form(form) => form.get(name).map(<[u8]>::to_vec),
            Record::Json(value) => path::text_at(value, name).map(String::into_bytes),
        }
    }

    /// A field in plain characters, without blanks at its ends.
    pub fn plain(&self, name: &str) -> Option<String> {
        self.bytes(name).map(|b| String::from_utf8_lossy(&b).trim().to_string())
    }

    /// A field in the carrier's charset.
    pub fn text(&self, name: &str, charset: Charset) -> Option<String> {
        let bytes = self.bytes(name)?;
        let charset = match (self, charset) {
            (Record::Form(_), _) | (_, Charset::Utf16BeHex | Charset::GbkHex) => charset,
            // The charset of the whole body has been undone.
            (Record::Json(_), _) => Charset::Utf8,
        };
        Some(charset.read(&bytes))
    }
}
