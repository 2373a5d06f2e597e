//! GSM 7-bit (3GPP TS 23.038, default alphabet and its extension) or UCS-2, and what a text costs in each.

/// The default alphabet besides ASCII letters, digits and the shared punctuation.
const GSM_OTHER: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Characters that take an escape septet and one more.
const GSM_EXTENSION: &str = "^{}\\[~]|€\u{c}";

/// The default alphabet by its codes, from 0; the escape stands for itself.
const GSM_TABLE: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The codes behind an escape.
const GSM_ESCAPED: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// The text that GSM 7-bit codes are, one in each byte. What is no code is U+FFFD; an escape before a code that it does
/// not change is dropped, as the standard wants it.
pub fn gsm_read(codes: &[u8]) -> String {
    let plain = |code: u8| GSM_TABLE.chars().nth(usize::from(code)).unwrap_or('\u{fffd}');
    let mut out = String::with_capacity(codes.len());
    let mut rest = codes.iter();
    while let Some(&code) = rest.next() {
        if code != 0x1b {
            out.push(plain(code));
        } else if let Some(&code) = rest.next() {
            let escaped = GSM_ESCAPED.iter().find(|(known, _)| *known == code);
            out.push(escaped.map_or_else(|| plain(code), |(_, c)| *c));
        }
    }
    out
}

/// The codes that write `text`, one in each byte; a character without one becomes `?`.
pub fn gsm_write(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        if let Some((code, _)) = GSM_ESCAPED.iter().find(|(_, known)| *known == c) {
            out.extend([0x1b, *code]);
        } else {
            let code = GSM_TABLE.chars().position(|known| known == c && c != '\u{1b}');
            out.push(code.and_then(|n| u8::try_from(n).ok()).unwrap_or(b'?'));
        }
    }
    out
}

/// How a text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// 7-bit: 160 septets in one segment, 153 in each part of several.
    Gsm7,
    /// 16-bit: 70 units in one segment, 67 in each part of several.
    Ucs2,
}

impl Alphabet {
    /// GSM 7-bit when every character is in it; one other character turns the whole text into UCS-2.
    pub fn of(text: &str) -> Alphabet {
        if text.chars().all(|c| gsm_septets(c).is_some()) { Alphabet::Gsm7 } else { Alphabet::Ucs2 }
    }

    /// Units in one segment that stands alone.
    pub fn single(self) -> usize {
        match self {
            Alphabet::Gsm7 => 160,
            Alphabet::Ucs2 => 70,
        }
    }

    /// Units in each segment of several (six octets go to the concatenation header with an 8-bit reference).
    pub fn part(self) -> usize {
        match self {
            Alphabet::Gsm7 => 153,
            Alphabet::Ucs2 => 67,
        }
    }

    /// Septets or UTF-16 units that `c` takes.
    pub fn cost(self, c: char) -> usize {
        match self {
            Alphabet::Gsm7 => gsm_septets(c).unwrap_or(1),
            Alphabet::Ucs2 => c.len_utf16(),
        }
    }
}

/// Septets that `c` takes in GSM 7-bit, `None` where it has none.
pub fn gsm_septets(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || GSM_OTHER.contains(c) {
        Some(1)
    } else if GSM_EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// UTF-16 units of a text: what a Chinese message is counted in.
pub fn utf16_units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gsm_codes_are_those_of_the_standard() {
        assert_eq!(GSM_TABLE.chars().count(), 128);
        assert_eq!(gsm_read(&[0x00, 0x05, 0x1b, 0x65, 0x41, 0x24, 0x11, 0x7f]), "@é€A¤_à");
        assert_eq!(gsm_read(&[0x41, 0x80, 0x1b, 0x41, 0x1b]), "A\u{fffd}A", "no code, an idle escape, a cut one");
        let all: String = GSM_OTHER.chars().chain(GSM_EXTENSION.chars()).chain("azAZ09".chars()).collect();
        assert_eq!(gsm_read(&gsm_write(&all)), all);
        assert_eq!(gsm_write("卖"), b"?");
    }
}
