//! Parts of a long text: what tells them apart, and how they are joined.
//!
//! Most carriers join what a phone had to cut. From the others each part comes as a text of its own, with a reference
//! that its fellows share, its number and their total: in the user data header (3GPP TS 23.040, 9.2.3.24.1 and .8) or in
//! fields of the carrier's.
//!
//! ```
//! use xiangxun::message::part::Part;
//!
//! let part = Part::from_udh(&[0x05, 0x00, 0x03, 0x2a, 0x03, 0x02]).unwrap();
//! assert_eq!((part.reference, part.total, part.number), (0x2a, 3, 2));
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What stands where a part is missing.
pub const GAP: char = '…';

/// Which part of a long text an [`Mo`](super::Mo) is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The same in all parts of a text; phones count it up and begin anew after 255 or 65,535.
    pub reference: u32,
    /// From 1.
    pub number: u8,
    pub total: u8,
    /// Half a character that the cut left at the beginning, a UTF-16 unit; the text has U+FFFD there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<u16>,
    /// The same at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u16>,
}

impl Part {
    /// `None` where the figures are no part of a longer text.
    pub fn of(reference: u32, number: u8, total: u8) -> Option<Part> {
        let is_part = total > 1 && (1..=total).contains(&number);
        is_part.then_some(Part { reference, number, total, head: None, tail: None })
    }

    /// From a user data header, its length first; `None` where it says nothing of parts.
    pub fn from_udh(udh: &[u8]) -> Option<Part> {
        let (length, rest) = udh.split_first()?;
        let mut rest = rest.get(..usize::from(*length))?;
        while let [kind, size, more @ ..] = rest {
            let (value, next) = more.split_at_checked(usize::from(*size))?;
            match (kind, value) {
                (0x00, [reference, total, number]) => return Part::of(u32::from(*reference), *number, *total),
                (0x08, [high, low, total, number]) => {
                    return Part::of(u32::from(u16::from_be_bytes([*high, *low])), *number, *total);
                }
                _ => rest = next,
            }
        }
        None
    }

    /// With the halves of characters that stand at the ends of `utf16`, high bytes first.
    pub fn with_halves(mut self, utf16: &[u8]) -> Part {
        let unit = |bytes: Option<&[u8; 2]>| bytes.map(|b| u16::from_be_bytes(*b));
        self.head = unit(utf16.first_chunk()).filter(|u| (0xdc00..=0xdfff).contains(u));
        self.tail = unit(utf16.last_chunk().filter(|_| utf16.len().is_multiple_of(2)));
        self.tail = self.tail.filter(|u| (0xd800..=0xdbff).contains(u));
        self
    }
}

/// What one part holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u16>,
}

/// The text of all pieces that are there, by their numbers; [`GAP`] stands for those that are not.
pub fn join(pieces: &BTreeMap<u8, Piece>, total: u8) -> String {
    let mut out = String::new();
    let mut tail = None;
    for number in 1..=total {
        let Some(piece) = pieces.get(&number) else {
            if !out.ends_with(GAP) {
                out.push(GAP);
            }
            tail = None;
            continue;
        };
        let whole = tail.zip(piece.head).and_then(|(high, low)| char::decode_utf16([high, low]).next()?.ok());
        match whole {
            Some(c) => {
                out.truncate(out.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
                out.push(c);
                out.push_str(piece.text.trim_start_matches(char::REPLACEMENT_CHARACTER));
            }
            None => out.push_str(&piece.text),
        }
        tail = piece.tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_parts_in_eight_and_sixteen_bits_among_other_things() {
        let of = |udh: &[u8]| Part::from_udh(udh).map(|p| (p.reference, p.number, p.total));
        assert_eq!(of(&[5, 0, 3, 0xff, 2, 1]), Some((255, 1, 2)));
        assert_eq!(of(&[6, 8, 4, 1, 2, 2, 2]), Some((258, 2, 2)));
        assert_eq!(of(&[11, 5, 4, 0, 0, 0, 0, 0, 3, 7, 3, 3]), Some((7, 3, 3)), "behind a port");
        for none in
            [&[][..], &[0], &[5, 0, 3, 7, 2, 3], &[5, 0, 3, 7, 2, 0], &[5, 0, 3, 7, 1, 1], &[9, 0, 3, 7], &[2, 0, 9]]
        {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_character_cut_in_two_is_whole_again() {
        let text = "卖牛🐂三头";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for at in (0..=bytes.len()).step_by(2) {
            let mut pieces = BTreeMap::new();
            for (number, part) in [(1, &bytes[..at]), (2, &bytes[at..])] {
                let units: Vec<u16> = part.as_chunks().0.iter().map(|c| u16::from_be_bytes(*c)).collect();
                let Part { head, tail, .. } = Part::of(1, number, 2).unwrap().with_halves(part);
                pieces.insert(number, Piece { text: String::from_utf16_lossy(&units), head, tail });
            }
            assert_eq!(join(&pieces, 2), text, "cut at {at}");
        }
    }

    #[test]
    fn what_is_missing_leaves_a_mark() {
        let piece = |text: &str| Piece { text: text.into(), head: None, tail: None };
        let some = BTreeMap::from([(2, piece("b")), (5, piece("e"))]);
        assert_eq!(join(&some, 5), "…b…e");
        assert_eq!(join(&some, 6), "…b…e…");
    }
}
