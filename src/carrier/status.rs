//! What a refusal's HTTP status says of its remedy where the carrier's own answer says nothing better.

use http::{HeaderMap, StatusCode};

use super::SendError;

/// Characters of a carrier's answer that are kept for the operator.
const CAUSE_CHARS: usize = 160;

/// The remedy that a status by itself stands for; for anything but success.
pub fn remedy(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> SendError {
    let cause = cause(status, body);
    match status.as_u16() {
        429 => SendError::Throttled { after_ms: retry_after_ms(headers), cause },
        402 => SendError::Quota(cause),
        // Not there, moved, not allowed: the address or the account is wrong, whatever the text was.
        300..=399 | 401 | 403 | 404 | 405 | 407 | 410 => SendError::Config(cause),
        // A moment's rest that the carrier names is no failure.
        503 if retry_after_ms(headers) > 0 => SendError::Throttled { after_ms: retry_after_ms(headers), cause },
        408 | 425 | 500.. | 100..200 => SendError::Retry(cause),
        _ => SendError::Permanent(cause),
    }
}

/// `Retry-After` as milliseconds: seconds, or a date, which is reckoned from the answer's own `Date`. 0 where it is absent.
pub fn retry_after_ms(headers: &HeaderMap) -> u64 {
    let text = |name| headers.get(name).and_then(|v: &http::HeaderValue| v.to_str().ok()).map(str::trim);
    let date = |s: &str| jiff::fmt::rfc2822::parse(s).ok().map(|t| t.timestamp().as_second());
    let Some(said) = text(http::header::RETRY_AFTER) else { return 0 };
    let secs = said.parse::<u64>().ok().or_else(|| {
        let (then, now) = (date(said)?, date(text(http::header::DATE)?)?);
        u64::try_from(then - now).ok()
    });
    secs.map_or(0, |secs| secs.min(86_400) * 1_000)
}

/// Status and the beginning of the answer in one line, telephone numbers masked.
pub fn cause(status: StatusCode, body: &[u8]) -> String {
    let said = excerpt(&String::from_utf8_lossy(&body[..body.len().min(4 * CAUSE_CHARS)]));
    if said.is_empty() { status.as_u16().to_string() } else { format!("{} {said}", status.as_u16()) }
}

/// At most [`CAUSE_CHARS`] of a carrier's words, on one line; of seven digits or more in a row only the last four
/// are shown.
pub fn excerpt(said: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    let one_line = said.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty());
    for c in one_line.collect::<Vec<_>>().join(" ").chars().take(CAUSE_CHARS).chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let hidden = if digits.len() >= 7 { digits.len() - 4 } else { 0 };
        out.extend(std::iter::repeat_n('*', hidden.min(4)));
        out.push_str(&digits[hidden..]);
        digits.clear();
        out.push(c);
    }
    out.truncate(out.len() - 1);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_one_line_without_numbers() {
        assert_eq!(excerpt(" a\r\nb\t+8613812345678, code 33 "), "a b +****5678, code 33");
        assert_eq!(excerpt(""), "");
        assert_eq!(cause(StatusCode::BAD_GATEWAY, b""), "502");
        assert_eq!(excerpt(&"长".repeat(500)).chars().count(), 160);
    }

    #[test]
    fn a_status_stands_for_a_remedy() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        let of = |n| remedy(StatusCode::from_u16(n).unwrap(), &headers, b"x");
        assert_eq!(of(429), SendError::Throttled { after_ms: 7_000, cause: "429 x".into() });
        assert_eq!(of(503), SendError::Throttled { after_ms: 7_000, cause: "503 x".into() });
        let mut dated = HeaderMap::new();
        dated.insert("date", "Sat, 21 Nov 2026 01:00:00 GMT".parse().unwrap());
        dated.insert("retry-after", "Sat, 21 Nov 2026 01:01:30 GMT".parse().unwrap());
        assert_eq!(retry_after_ms(&dated), 90_000);
        headers.clear();
        let of = |n| remedy(StatusCode::from_u16(n).unwrap(), &headers, b"x");
        assert!(matches!(of(400), SendError::Permanent(_)));
        assert!(matches!(of(401), SendError::Config(_)));
        assert!(matches!(of(302), SendError::Config(_)));
        assert!(matches!(of(402), SendError::Quota(_)));
        assert!(matches!(of(503), SendError::Retry(_)));
        assert!(matches!(of(100), SendError::Retry(_)));
    }
}
