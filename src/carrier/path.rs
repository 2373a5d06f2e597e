//! Finds values in JSON by dotted paths: `data.0.id`.

use serde_json::Value;

/// The value at `path`; numbers step into lists. The empty path is the whole.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(value);
    }
    path.split('.').try_fold(value, |v, step| match v {
        Value::Object(map) => map.get(step),
        Value::Array(list) => list.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The value as a text, as a form would have written it; lists, objects and null are none.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        // Numbers keep their digits: ids of 64 bits would be bent by floats.
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Both in one.
pub fn text_at(value: &Value, path: &str) -> Option<String> {
    at(value, path).and_then(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_through_objects_and_lists() {
        let v: Value = serde_json::from_str(r#"{"a":[{"id":18446744073709551615,"ok":true,"n":null}]}"#).unwrap();
        assert_eq!(text_at(&v, "a.0.id").as_deref(), Some("18446744073709551615"));
        assert_eq!(text_at(&v, "a.0.ok").as_deref(), Some("true"));
        for nothing in ["a.1.id", "a.x", "a.0.n", "a.0", "b", "a.0.id.x"] {
            assert_eq!(text_at(&v, nothing), None, "{nothing}");
        }
    }
}
