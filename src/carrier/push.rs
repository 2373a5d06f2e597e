//! What the carriers of China share: JSON that is pushed one by one or in bundles, Beijing time without a zone, numbers
//! with extensions, the words that sign a text, and our own id of an MT as a text of theirs.

use jiff::fmt::strtime;
use serde_json::Value;

use super::{Arrived, Door, Heard, Refusal, path};
use crate::clock::Timestamp;
use crate::config::carrier::Settings;
use crate::message::{Dlr, DlrState, Mo, Mt, MtRef};

/// Messages in one call that are read; no carrier bundles more, and each costs a commit.
const BATCH: usize = 1_000;

/// The records in a call's JSON: those of a list, or the one that it is. Their documents promise UTF-8; what is not is
/// read as GBK, which is what else it can be.
pub fn records(body: &[u8]) -> Result<Vec<Value>, Refusal> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text.trim_start_matches('\u{feff}').into(),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(body).0,
    };
    let value: Value = serde_json::from_str(&text).map_err(|e| Refusal::Malformed(e.to_string()))?;
    match value {
        Value::Array(list) if list.len() > BATCH => Err(Refusal::Malformed(format!("more than {BATCH} in one call"))),
        Value::Array(list) => Ok(list),
        one @ Value::Object(_) => Ok(vec![one]),
        _ => Err(Refusal::Malformed("neither a record nor a list of them".into())),
    }
}

/// Reads each record. One that cannot be read does not take the others of its call with it: the carrier would push them
/// all again, and in the end none. Where none can be read the call is refused.
pub fn each<T>(
    carrier: &str,
    records: &[Value],
    read: impl Fn(&Value) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    let mut out = Vec::with_capacity(records.len());
    let mut fault = None;
    for record in records {
        match read(record) {
            Ok(one) => out.push(one),
            Err(refusal) => {
                fault.get_or_insert(refusal);
            }
        }
    }
    match fault {
        Some(refusal) if out.is_empty() => Err(refusal),
        Some(refusal) => {
            let cause = refusal.to_string();
            tracing::warn!(carrier, cause, of = records.len(), "what a call bundled could not all be read");
            Ok(out)
        }
        None => Ok(out),
    }
}

/// What a call's records say at the door that they came to.
pub fn heard(
    carrier: &str,
    door: Door,
    records: &[Value],
    mo: impl Fn(&Value) -> Result<Mo, Refusal>,
    dlr: impl Fn(&Value) -> Result<Dlr, Refusal>,
) -> Result<Heard, Refusal> {
    Ok(match door {
        Door::Mo => Heard { mos: each(carrier, records, mo)?, ..Heard::default() },
        Door::Dlr => Heard { dlrs: each(carrier, records, dlr)?, ..Heard::default() },
    })
}

/// A field as a text without blanks at its ends; `None` where it is missing or empty.
pub fn field(record: &Value, name: &str) -> Option<String> {
    record.get(name).and_then(path::text).map(|s| s.trim().to_string()).filter(|s| !s.is_empty())
}

/// As [`field`], for one that must be there.
pub fn needed(record: &Value, name: &str) -> Result<String, Refusal> {
    field(record, name).ok_or_else(|| Refusal::Malformed(format!("{name} is missing")))
}

/// A text, which may be empty but must be there.
pub fn text(record: &Value, name: &str) -> Result<String, Refusal> {
    record.get(name).and_then(path::text).ok_or_else(|| Refusal::Malformed(format!("{name} is missing")))
}

/// `report_status` of a report, with the network's code beside it.
pub fn verdict(said: &str, code: &str) -> DlrState {
    match said {
        "SUCCESS" => DlrState::Delivered,
        "FAIL" if code == "EXPIRED" => DlrState::Expired,
        "FAIL" => DlrState::Failed,
        _ => DlrState::Unknown,
    }
}

/// Reads `sign_name`, the words in 【】 before every text.
pub fn sign_name(s: &mut Settings<'_>) -> String {
    let name = s.required("sign_name", "the approved 签名, without its brackets");
    if name.contains(['【', '】']) {
        s.fault("sign_name", "must stand without its brackets");
    }
    name
}

/// `2017-09-01 00:00:00` or `20170901000000`, in Beijing.
pub fn beijing(said: &str) -> Option<Timestamp> {
    let forms = ["%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S"];
    let civil = forms.iter().find_map(|form| strtime::parse(form, said).ok()?.to_datetime().ok())?;
    let stamp = jiff::tz::Offset::constant(8).to_timestamp(civil).ok()?;
    Some(Timestamp(stamp.as_millisecond()))
}

/// The number that villagers write to, behind which an extension of ours may stand: `number = "1069012345"`.
#[derive(Debug, Clone, Default)]
pub struct Number(String);

impl Number {
    /// Reads `number`, which may be absent: then what the carrier says stands alone.
    pub fn read(s: &mut Settings<'_>) -> Number {
        let number = s.string("number").unwrap_or_default();
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            s.fault("number", "must be digits only, as villagers dial it");
        }
        Number(number)
    }

    /// The whole number written to, from an extension or from what is the whole number already.
    pub fn with(&self, extension: &str) -> String {
        if extension.starts_with(&self.0) { extension.to_string() } else { format!("{}{extension}", self.0) }
    }

    /// The extension that a number of ours has; empty where it has none.
    pub fn extension<'a>(&self, from: &'a str) -> &'a str {
        if self.0.is_empty() { "" } else { from.strip_prefix(&self.0).unwrap_or_default() }
    }
}

/// Our id of an MT as the carrier keeps it and gives it back in reports: `xiangxun-42`. Other programs may send through
/// the same account, and all reports of it come to one address.
#[derive(Debug, Clone)]
pub struct OwnId(String);

impl OwnId {
    /// Reads `id_prefix`.
    pub fn read(s: &mut Settings<'_>) -> OwnId {
        let prefix = s.string("id_prefix").unwrap_or_else(|| "xiangxun-".into());
        if prefix.len() > 16 || !prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            s.fault("id_prefix", "must be at most 16 letters, digits, - and _");
        }
        OwnId(prefix)
    }

    pub fn of(&self, mt: &Mt) -> String {
        format!("{}{}", self.0, mt.id)
    }

    /// Which MT a report speaks of: by our id where it is one, else by theirs.
    pub fn find(&self, ours: Option<&str>, theirs: Option<String>) -> Option<MtRef> {
        let id = ours.and_then(|s| s.strip_prefix(&self.0)).and_then(|n| n.parse().ok());
        id.map(MtRef::Ours).or_else(|| theirs.map(MtRef::Carrier))
    }
}

/// A call's records, for a door that is posted to.
pub fn posted(call: &Arrived<'_>, allowed: &str) -> Result<Vec<Value>, Refusal> {
    if call.method != http::Method::POST {
        return Err(Refusal::Method(allowed.into()));
    }
    records(call.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_beijing() {
        for said in ["2023-11-15 06:13:20", "20231115061320", "2023-11-15T06:13:20"] {
            assert_eq!(beijing(said), Some(Timestamp(1_700_000_000_000)), "{said}");
        }
        assert_eq!(beijing("yesterday"), None);
        assert_eq!(beijing("2023-13-15 06:13:20"), None);
    }

    #[test]
    fn a_number_is_put_together_and_taken_apart() {
        let number = Number("1069".into());
        assert_eq!(number.with("01"), "106901");
        assert_eq!(number.with("106901"), "106901", "whole already");
        assert_eq!(number.extension("106901"), "01");
        assert_eq!(number.extension("12345"), "", "not ours");
        assert_eq!(Number::default().with("01"), "01");
        assert_eq!(Number::default().extension("01"), "");
    }

    #[test]
    fn one_bad_record_does_not_take_the_others_with_it() {
        let list = records(r#"[{"a":"1"},{"b":"2"},{"a":"3"}]"#.as_bytes()).unwrap();
        assert_eq!(each("c", &list, |r| needed(r, "a")), Ok(vec!["1".to_string(), "3".to_string()]));
        assert_eq!(each("c", &list[1..2], |r| needed(r, "a")), Err(Refusal::Malformed("a is missing".into())));
        assert_eq!(each::<()>("c", &[], |_| Ok(())), Ok(vec![]));
    }
}
