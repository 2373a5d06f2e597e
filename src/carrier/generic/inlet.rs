//! One address of a `generic` carrier: which methods it takes, where the fields stand, what it answers.

use std::collections::BTreeMap;

use http::{Method, StatusCode};

use super::record::{Record, Style};
use crate::carrier::charset::Charset;
use crate::carrier::{Ack, Arrived, Refusal, status};
use crate::clock::Timestamp;
use crate::config::carrier::Settings;
use crate::message::DlrState;

/// Content types that an answer may have.
const TYPES: &[&str] = &[
    "text/plain",
    "text/plain; charset=utf-8",
    "text/html",
    "text/xml",
    "application/json",
    "application/xml",
    "application/x-www-form-urlencoded",
];

/// `[carrier.mo]` or `[carrier.dlr]`.
#[derive(Debug)]
pub struct Inlet {
    methods: Vec<Method>,
    pub style: Style,
    pub charset: Charset,
    each: Option<String>,
    time: TimeForm,
    /// What stands where the call does not name the number written to.
    pub number: Option<String>,
    /// Our name of a field → the carrier's.
    pub fields: BTreeMap<String, String>,
    /// The carrier's word → what it means; of reports only.
    pub states: BTreeMap<String, DlrState>,
    pub otherwise: DlrState,
    /// Ids in reports may be the same number in hex or decimal.
    pub loose_ids: bool,
    pub answer: Ack,
}

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TimeForm {
    /// Epoch seconds, or milliseconds where there are too many digits for seconds.
    Epoch,
    Rfc3339,
    /// A pattern of `strftime`; without a zone it is Beijing time.
    Pattern(String),
}

/// Fields of an MO; the first two must be named.
const MO_FIELDS: &[&str] = &["from", "text", "to", "id", "time", "udh", "part_ref", "part_number", "part_total"];
const DLR_FIELDS: &[&str] = &["mt", "ref", "state", "detail", "part", "parts"];

impl Inlet {
    pub fn read_mo(s: &mut Settings<'_>) -> Inlet {
        let mut inlet = Inlet::read(s, MO_FIELDS);
        inlet.number = s.string("number");
        for needed in &MO_FIELDS[..2] {
            inlet.need(s, needed);
        }
        if inlet.number.is_none() && !inlet.fields.contains_key("to") {
            s.fault("number", "is missing; add number = \"…\" (what villagers write to), or fields.to");
        }
        match s.string("time").as_deref() {
            None | Some("epoch") => {}
            Some("rfc3339") => inlet.time = TimeForm::Rfc3339,
            Some(pattern) if pattern.contains('%') => inlet.time = TimeForm::Pattern(pattern.to_string()),
            Some(_) => s.fault("time", "must be epoch, rfc3339 or a pattern such as %Y-%m-%d %H:%M:%S"),
        }
        inlet
    }

    pub fn read_dlr(s: &mut Settings<'_>) -> Inlet {
        let mut inlet = Inlet::read(s, DLR_FIELDS);
        inlet.need(s, "state");
        if !inlet.fields.contains_key("mt") && !inlet.fields.contains_key("ref") {
            s.fault("fields.mt", "or fields.ref must say where the message's id stands: ours or the carrier's");
        }
        for (said, word) in s.map("states") {
            match state(&word) {
                Some(state) => drop(inlet.states.insert(said, state)),
                None => s.fault(&format!("states.{said}"), format!("must be one of {}", STATES.join(", "))),
            }
        }
        if inlet.states.is_empty() {
            s.fault("states", "is missing; write [carrier.dlr.states] with lines such as DELIVRD = \"delivered\"");
        }
        inlet.loose_ids = s.one_of("ids", &["exact", "hex-or-decimal"]) == Some("hex-or-decimal");
        inlet.otherwise = s.one_of("otherwise", STATES).and_then(state).unwrap_or(DlrState::Unknown);
        inlet
    }

    pub fn read(s: &mut Settings<'_>, known: &[&str]) -> Inlet {
        let style = s.one_of("style", Style::NAMES).and_then(Style::named).unwrap_or(Style::Query);
        let mut methods = Vec::new();
        for word in s.list("methods") {
            match word.as_str() {
                "GET" => methods.push(Method::GET),
                "POST" => methods.push(Method::POST),
                "PUT" => methods.push(Method::PUT),
                _ => s.fault("methods", "may hold GET, POST and PUT"),
            }
        }
        if methods.is_empty() {
            methods.push(if style == Style::Query { Method::GET } else { Method::POST });
        }
        let each = s.string("each");
        if each.is_some() && style != Style::Json {
            s.fault("each", "works with style = \"json\" only");
        }
        let fields = s.map("fields");
        for name in fields.keys().filter(|f| !known.contains(&f.as_str())) {
            s.fault(&format!("fields.{name}"), format!("is not a field; there are: {}", known.join(", ")));
        }
        let charset = s.one_of("charset", Charset::NAMES).and_then(Charset::named).unwrap_or(Charset::Utf8);
        let answer = s.table("answer", |s| {
            let status = s.integer("status", 200..=299).and_then(|n| u16::try_from(n).ok());
            Ack {
                status: status.and_then(|n| StatusCode::from_u16(n).ok()).unwrap_or(StatusCode::OK),
                content_type: s.one_of("type", TYPES).unwrap_or("text/plain"),
                body: s.string("body").unwrap_or_default(),
            }
        });
        Inlet {
            methods,
            style,
            charset,
            each,
            time: TimeForm::Epoch,
            number: None,
            fields,
            states: BTreeMap::new(),
            otherwise: DlrState::Unknown,
            loose_ids: false,
            answer,
        }
    }

    pub fn need(&self, s: &mut Settings<'_>, field: &str) {
        if !self.fields.contains_key(field) {
            s.fault(&format!("fields.{field}"), format!("is missing; add {field} = \"…\" (the carrier's name of it)"));
        }
    }

    /// The methods it takes, as in `Allow`.
    pub fn methods(&self) -> String {
        self.methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
    }

    pub fn takes(&self, method: &Method) -> bool {
        self.methods.contains(method)
    }

    /// The call's content, before anything is believed.
    pub fn record(&self, call: &Arrived<'_>) -> Record {
        Record::of(call, self.style, self.charset)
    }

    /// Its messages.
    pub fn each(&self, record: Record) -> Result<Vec<Record>, Refusal> {
        record.each(self.each.as_deref())
    }

    /// A field in plain characters; `None` where it is not mapped, not there or empty.
    pub fn plain(&self, record: &Record, field: &str) -> Option<String> {
        record.plain(self.fields.get(field)?).filter(|s| !s.is_empty())
    }

    /// As [`Inlet::plain`], for a field that must be there.
    pub fn needed(&self, record: &Record, field: &str) -> Result<String, Refusal> {
        self.plain(record, field).ok_or_else(|| {
            let theirs = self.fields.get(field).map_or(field, String::as_str);
            Refusal::Malformed(format!("{} is missing", status::excerpt(theirs)))
        })
    }

    /// The carrier's time, where it gives one that can be read.
    pub fn time(&self, record: &Record) -> Option<Timestamp> {
        let said = self.plain(record, "time")?;
        match &self.time {
            TimeForm::Epoch => {
                let n: i64 = said.parse().ok().filter(|n| *n > 0)?;
                Some(Timestamp(if n < 100_000_000_000 { n * 1_000 } else { n }))
            }
            TimeForm::Rfc3339 => Timestamp::parse_rfc3339(&said).ok(),
            TimeForm::Pattern(pattern) => {
                let parts = jiff::fmt::strtime::parse(pattern, &said).ok()?;
                let stamp = parts.to_timestamp().or_else(|_| {
                    let beijing = jiff::tz::Offset::constant(8);
                    parts.to_datetime().and_then(|civil| beijing.to_timestamp(civil))
                });
                stamp.ok().map(|t| Timestamp(t.as_millisecond()))
            }
        }
    }
}

const STATES: &[&str] = &["accepted", "delivered", "failed", "expired", "opted_out", "unknown"];

fn state(word: &str) -> Option<DlrState> {
    Some(match word {
        "accepted" => DlrState::Accepted,
        "delivered" => DlrState::Delivered,
        "failed" => DlrState::Failed,
        "expired" => DlrState::Expired,
        "opted_out" => DlrState::OptedOut,
        "unknown" => DlrState::Unknown,
        _ => return None,
    })
}
