//! Query strings and `application/x-www-form-urlencoded` bodies, decoded to bytes.
//!
//! A carrier may send UCS-2 or GBK percent-encoded, so a value is bytes until its charset is known:
//!
//! ```
//! use xiangxun::carrier::form::Form;
//!
//! let form = Form::parse(b"from=%2B8613800000000&text=O%60Y%7D&coding=2");
//! assert_eq!(form.text("from").as_deref(), Some("+8613800000000"));
//! assert_eq!(form.get("text"), Some(&[0x4f, 0x60, 0x59, 0x7d][..])); // 你好
//! ```

use super::hex;

/// More fields than any carrier sends; the rest of a hostile form is not looked at.
const FIELDS: usize = 256;

/// The fields of a query or form body, in order, repeated names and all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Form {
    /// Reads `a=1&b=2`; a name without `=` has an empty value. Never fails.
    pub fn parse(raw: &[u8]) -> Form {
        let mut form = Form::default();
        form.add(raw);
        form
    }

    /// Reads more fields behind those that are there: a body after the query.
    pub fn add(&mut self, raw: &[u8]) {
        for pair in raw.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
            if self.pairs.len() == FIELDS {
                return;
            }
            let at = pair.iter().position(|b| *b == b'=');
            let (name, value) = at.map_or((pair, &pair[..0]), |at| (&pair[..at], &pair[at + 1..]));
            self.pairs.push((decode(name), decode(value)));
        }
    }

    /// What came as JSON, as if it had come as a form.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Form {
        let pairs = pairs.into_iter().take(FIELDS).map(|(n, v)| (n.into_bytes(), v.into_bytes()));
        Form { pairs: pairs.collect() }
    }

    /// Every name and value, decoded, in the order in which they stand.
    pub fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.pairs.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// The first value of a name, as bytes.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.pairs.iter().find(|(n, _)| n == name.as_bytes()).map(|(_, v)| v.as_slice())
    }

    /// The first value of a name as UTF-8, without blanks at its ends; bytes that are not UTF-8 are U+FFFD.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|v| String::from_utf8_lossy(v).trim().to_string())
    }
}

/// `%XX` and `+` undone; a `%` without two hex digits stays as it is.
pub fn decode(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'+' => out.push(b' '),
            b'%' => match tail {
                [a, b, after @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
                    out.push(hex::digit(*a) << 4 | hex::digit(*b));
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            byte => out.push(byte),
        }
    }
    out
}

/// Percent-encodes everything but letters, digits and `-_.~`; a blank is `%20`, which every decoder reads.
pub fn encode_into(bytes: &[u8], out: &mut String) {
    for &b in bytes {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(b));
        } else {
            out.push('%');
            hex::push_upper(b, out);
        }
    }
}

/// As [`encode_into`], alone.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 3);
    encode_into(bytes, &mut out);
    out
}

/// Appends `name=value` to an address or form, with the `?` or `&` it takes.
pub fn push(out: &mut String, separator: char, name: &str, value: &[u8]) {
    out.push(separator);
    out.push_str(name);
    out.push('=');
    encode_into(value, out);
}

/// What joins a first parameter to `url`.
pub fn separator(url: &str) -> char {
    if url.contains('?') { '&' } else { '?' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ucs2_with_blanks_keeps_its_bytes() {
        // U+0020 in UCS-2 is 00 20, which Kannel writes as %00+
        assert_eq!(decode(b"%00+O%60"), [0x00, 0x20, 0x4f, 0x60]);
    }

    #[test]
    fn broken_escapes_stay() {
        assert_eq!(decode(b"100%"), b"100%");
        assert_eq!(decode(b"%4"), b"%4");
        assert_eq!(decode(b"%zz%41"), b"%zzA");
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(encode(&all).as_bytes()), all);
    }

    #[test]
    fn first_value_wins_and_a_bare_name_is_empty() {
        let form = Form::parse(b"&&a=1&a=2&b&=x");
        assert_eq!(form.get("a"), Some(&b"1"[..]));
        assert_eq!(form.get("b"), Some(&b""[..]));
        assert_eq!(form.get("c"), None);
    }
}
