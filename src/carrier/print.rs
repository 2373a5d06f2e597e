//! By what a repeat is known where the carrier's own id is missing or unwieldy.

use sha2::{Digest, Sha256};

use super::hex;
use crate::message::{Mo, Sender};

/// Longer ids are replaced by their digest, so that a key stays small whatever a carrier sends.
const ID_BYTES: usize = 120;

/// A digest of carrier, sender, destination, carrier's time and text, for an [`Mo`] without an id.
///
/// Never of the text alone: people repeat themselves. Where the carrier gives no time either, the same text again is
/// the same message, so whoever remembers this does so for a short window only.
pub fn fingerprint(mo: &Mo) -> [u8; 16] {
    let (kind, from) = match &mo.from {
        Sender::Phone(n) => (b'p', n.e164()),
        Sender::Service(s) => (b's', s.clone()),
    };
    let time = mo.sent_at.map_or(String::new(), |t| t.0.to_string());
    let mut digest = Sha256::new();
    digest.update([kind]);
    for part in [&mo.carrier, &from, &mo.to, &time, &mo.text] {
        // With its length before it no part can pass for the end of another.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    if let Some(part) = &mo.part {
        digest.update(part.reference.to_be_bytes());
        digest.update([part.number, part.total]);
    }
    let mut out = [0; 16];
    out.copy_from_slice(&digest.finalize()[..16]);
    out
}

/// The id as the carrier gave it, or its digest where it is longer than an id should be; `None` where it is empty.
pub fn mo_id(id: &str) -> Option<String> {
    match id.trim() {
        "" => None,
        id if id.len() <= ID_BYTES => Some(id.to_string()),
        id => Some(format!("sha256:{}", hex::lower(&Sha256::digest(id.as_bytes())))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn mo(to: &str, text: &str) -> Mo {
        let from = Sender::read("13800000000");
        let (text, to) = (text.into(), to.into());
        Mo { carrier: "a".into(), mo_id: None, from, to, text, sent_at: None, part: None }
    }

    #[test]
    fn a_repeat_has_the_same_print_and_nothing_else_has() {
        let first = mo("1069", "卖牛");
        assert_eq!(fingerprint(&first), fingerprint(&first.clone()));
        let later = Mo { sent_at: Some(Timestamp(1)), ..first.clone() };
        let other = Mo { carrier: "b".into(), ..first.clone() };
        for different in [mo("1069", "卖羊"), mo("10690", "卖牛"), mo("1069卖", "牛"), later, other] {
            assert_ne!(fingerprint(&first), fingerprint(&different), "{}", different.text);
        }
    }

    #[test]
    fn ids_stay_small() {
        assert_eq!(mo_id(" "), None);
        assert_eq!(mo_id(" 42 ").as_deref(), Some("42"));
        assert_eq!(mo_id(&"x".repeat(5000)).map(|id| id.len()), Some(71));
    }
}
