//! GSM 7-bit (3GPP TS 23.038, default alphabet and its extension) or UCS-2, and what a text costs in each.

/// The default alphabet besides ASCII letters, digits and the shared punctuation.
const GSM_OTHER: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Characters that take an escape septet and one more.
const GSM_EXTENSION: &str = "^{}\\[~]|€\u{c}";

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
