//! Hex digits, for signatures and for texts that travel as hex.

const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER: &[u8; 16] = b"0123456789abcdef";

/// Value of a hex digit; 0 for anything else, so look first.
pub fn digit(b: u8) -> u8 {
    match b {
        b'0'..=b'9' => b - b'0',
        b'a'..=b'f' => b - b'a' + 10,
        b'A'..=b'F' => b - b'A' + 10,
        _ => 0,
    }
}

/// Bytes of a hex text in either case, blanks around it allowed; `None` where it is not hex.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    if !text.len().is_multiple_of(2) || !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    Some(text.chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect())
}

/// `4F60`, as carriers write texts.
pub fn upper(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    bytes.iter().for_each(|b| push_upper(*b, &mut out));
    out
}

/// `4f60`, as signatures are written.
pub fn lower(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [LOWER[usize::from(b >> 4)], LOWER[usize::from(b & 15)]]).map(char::from).collect()
}

/// Two digits in capitals.
pub fn push_upper(b: u8, out: &mut String) {
    out.push(char::from(UPPER[usize::from(b >> 4)]));
    out.push(char::from(UPPER[usize::from(b & 15)]));
}
