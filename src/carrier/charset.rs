//! The charsets that texts travel in, both ways.
//!
//! Reading never fails: what cannot be read becomes U+FFFD, a byte order mark and NULs at the end go away.

use super::hex;
use crate::message::alphabet;

/// How a text is written in a carrier's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    Utf8,
    /// GBK, read as its superset GB18030: what Chinese resellers mean by GBK and by GB2312.
    Gbk,
    /// UCS-2 as the SMSC has it: two bytes a unit, high byte first.
    Utf16Be,
    /// The same, written in hex digits.
    Utf16BeHex,
    /// GBK in hex digits.
    GbkHex,
    Latin1,
    /// The default alphabet of phones, one code in each byte.
    Gsm7,
}

impl Charset {
    /// What the config may say.
    pub const NAMES: &'static [&'static str] =
        &["utf-8", "gbk", "utf-16be", "utf-16be-hex", "gbk-hex", "latin1", "gsm7"];

    /// One of [`Charset::NAMES`].
    pub fn named(name: &str) -> Option<Charset> {
        Some(match name {
            "utf-8" => Charset::Utf8,
            "gbk" => Charset::Gbk,
            "utf-16be" => Charset::Utf16Be,
            "utf-16be-hex" => Charset::Utf16BeHex,
            "gbk-hex" => Charset::GbkHex,
            "latin1" => Charset::Latin1,
            "gsm7" => Charset::Gsm7,
            _ => return None,
        })
    }

    /// The text that `bytes` are in this charset.
    pub fn read(self, bytes: &[u8]) -> String {
        match self {
            Charset::Utf8 => read_as(encoding_rs::UTF_8, bytes),
            Charset::Gbk => read_as(encoding_rs::GB18030, bytes),
            Charset::Utf16Be => read_utf16(bytes),
            // A carrier that means hex sometimes sends plain text; that is better than nothing.
            Charset::Utf16BeHex => hex::decode(bytes).map_or_else(|| Charset::Utf8.read(bytes), |b| read_utf16(&b)),
            Charset::GbkHex => hex::decode(bytes).map_or_else(|| Charset::Utf8.read(bytes), |b| Charset::Gbk.read(&b)),
            Charset::Latin1 => end(bytes.iter().map(|b| char::from(*b)).collect()),
            // A NUL is an @ here.
            Charset::Gsm7 => alphabet::gsm_read(bytes),
        }
    }

    /// The bytes that write `text`; a character the charset lacks becomes `?`.
    pub fn write(self, text: &str) -> Vec<u8> {
        match self {
            Charset::Utf8 => text.as_bytes().to_vec(),
            // GBK has two-byte characters only; GB18030 would write what GBK lacks in four bytes that phones cannot read.
            Charset::Gbk => write_as(encoding_rs::GBK, text),
            Charset::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Charset::Utf16BeHex => hex::upper(&Charset::Utf16Be.write(text)).into_bytes(),
            Charset::GbkHex => hex::upper(&Charset::Gbk.write(text)).into_bytes(),
            Charset::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
            Charset::Gsm7 => alphabet::gsm_write(text),
        }
    }
}

/// Reads by a charset's label on the web (`UTF-8`, `WINDOWS-1252`, `UTF-16BE`, `GBK` …); an unknown label is UTF-8.
pub fn read_labelled(label: &str, bytes: &[u8]) -> String {
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    if encoding == encoding_rs::UTF_16BE || encoding == encoding_rs::UTF_16LE && label.eq_ignore_ascii_case("utf-16") {
        return read_utf16(bytes);
    }
    read_as(encoding, bytes)
}

fn read_as(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> String {
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    end(text.into_owned())
}

/// UTF-16, high byte first unless a byte order mark says otherwise. An odd last byte is a cut character.
fn read_utf16(bytes: &[u8]) -> String {
    let (bytes, swapped) = match bytes {
        [0xfe, 0xff, rest @ ..] => (rest, false),
        [0xff, 0xfe, rest @ ..] => (rest, true),
        _ => (bytes, false),
    };
    let encoding = if swapped { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    end(text.into_owned())
}

fn write_as(encoding: &'static encoding_rs::Encoding, text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut one = [0; 4];
    for c in text.chars() {
        match encoding.encode(c.encode_utf8(&mut one)) {
            (bytes, _, false) => out.extend_from_slice(&bytes),
            // encoding_rs would write &#…; as web forms do
            (_, _, true) => out.push(b'?'),
        }
    }
    out
}

/// NULs at the end are padding of old SMSCs.
fn end(mut text: String) -> String {
    text.truncate(text.trim_end_matches('\0').len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_charset_reads_what_it_writes() {
        for charset in [Charset::Utf8, Charset::Gbk, Charset::Utf16Be, Charset::Utf16BeHex, Charset::GbkHex].into_iter()
        {
            assert_eq!(charset.read(&charset.write("卖 板蓝根 200斤, 3.5元")), "卖 板蓝根 200斤, 3.5元", "{charset:?}");
        }
        assert_eq!(Charset::Latin1.read(&[b'c', 0xe9]), "cé");
        assert_eq!(Charset::Latin1.write("é卖"), [0xe9, b'?']);
        assert_eq!(Charset::Gsm7.read(&Charset::Gsm7.write("a@{€}")), "a@{€}");
    }

    #[test]
    fn gbk_bytes_are_those_of_the_standard() {
        assert_eq!(Charset::Gbk.write("卖🐂"), [0xc2, 0xf4, b'?']);
        assert_eq!(Charset::Gbk.read(&[0xc2, 0xf4]), "卖");
    }

    #[test]
    fn marks_and_padding_go_away_and_bad_bytes_stay_visible() {
        assert_eq!(Charset::Utf16Be.read(&[0xfe, 0xff, 0x53, 0x56, 0, 0]), "卖");
        assert_eq!(Charset::Utf16Be.read(&[0xff, 0xfe, 0x56, 0x53]), "卖");
        assert_eq!(Charset::Utf8.read(b"\xef\xbb\xbfa\0\0"), "a");
        assert_eq!(Charset::Utf8.read(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(Charset::Utf16Be.read(&[0x53, 0x56, 0xd8]), "卖\u{fffd}", "cut in a pair");
        assert_eq!(Charset::Utf16BeHex.read(b"5356"), "卖");
        assert_eq!(Charset::Utf16BeHex.read("卖".as_bytes()), "卖", "not hex after all");
    }

    #[test]
    fn labels_are_those_of_kannel() {
        assert_eq!(read_labelled("UTF-16BE", &[0x53, 0x56]), "卖");
        assert_eq!(read_labelled("WINDOWS-1252", &[0x80]), "€");
        assert_eq!(read_labelled("", "卖".as_bytes()), "卖");
    }
}
