//! The texts that wait for the handsets: in memory, bounded, each with a sequence number that only grows.
//!
//! The numbers begin anew with every start of the daemon, so an event's id carries the start's own mark: `9f2c41d0-17`.
//! A browser that comes back with an id of an earlier start hears all that is held.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;

use crate::clock::Timestamp;
use crate::message::Msisdn;

/// Texts held for one number: a real phone's memory.
pub const TEXTS: usize = 200;
/// Numbers held at once; the one that has heard nothing for longest makes room.
pub const NUMBERS: usize = 1_000;
/// Bytes of all texts held: the two limits above would allow far more if texts were long.
pub const BYTES: usize = 32 * 1024 * 1024;

/// A text as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The sender's id of it; the same id to the same number is the same text.
    pub id: String,
    pub from: String,
    pub text: String,
    pub at: Timestamp,
}

/// A text that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub seq: u64,
    pub to: Msisdn,
    pub id: String,
    pub from: String,
    pub text: String,
    pub at: Timestamp,
}

impl Held {
    fn bytes(&self) -> usize {
        size_of::<Held>() + self.id.len() + self.from.len() + self.text.len()
    }
}

/// All handsets' inboxes.
#[derive(Debug)]
pub struct Inboxes {
    epoch: String,
    seq: u64,
    bytes: usize,
    by_number: HashMap<Msisdn, VecDeque<Held>>,
}

impl Default for Inboxes {
    fn default() -> Inboxes {
        Inboxes::new()
    }
}

impl Inboxes {
    pub fn new() -> Inboxes {
        let mut mark = [0; 8];
        // Without randomness the mark is all zeroes: two starts look alike, and a browser may miss what came between.
        let _ = getrandom::fill(&mut mark);
        let epoch = mark.iter().fold(String::new(), |mut s, b| {
            let _ = write!(s, "{b:02x}");
            s
        });
        Inboxes { epoch, seq: 0, bytes: 0, by_number: HashMap::new() }
    }

    /// The mark of this start.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The id of the event that tells of `seq`.
    pub fn event_id(&self, seq: u64) -> String {
        format!("{}-{seq}", self.epoch)
    }

    /// The sequence number in an event's id; 0 for one of an earlier start or for none of ours.
    pub fn seq_of(&self, event_id: &str) -> u64 {
        match event_id.rsplit_once('-') {
            Some((epoch, seq)) if epoch == self.epoch => seq.parse().unwrap_or(0),
            _ => 0,
        }
    }

    /// Keeps a text and gives its sequence number; `None` where it is held already.
    pub fn arrive(&mut self, to: Msisdn, arrival: Arrival) -> Option<u64> {
        let inbox = self.by_number.entry(to).or_default();
        if inbox.iter().any(|held| held.id == arrival.id) {
            return None;
        }
        self.seq += 1;
        let Arrival { id, from, text, at } = arrival;
        let held = Held { seq: self.seq, to, id, from, text, at };
        self.bytes += held.bytes();
        inbox.push_back(held);
        if inbox.len() > TEXTS
            && let Some(oldest) = inbox.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
        while self.by_number.len() > 1 && (self.by_number.len() > NUMBERS || self.bytes > BYTES) {
            self.forget_quietest();
        }
        Some(self.seq)
    }

    /// At most `limit` texts to any of `phones` after `seq`, oldest first.
    pub fn after(&self, phones: &[Msisdn], seq: u64, limit: usize) -> Vec<Held> {
        let mut found: Vec<&Held> = Vec::new();
        for phone in phones {
            let Some(inbox) = self.by_number.get(phone) else { continue };
            let start = inbox.partition_point(|held| held.seq <= seq);
            found.extend(inbox.range(start..).take(limit));
        }
        found.sort_by_key(|held| held.seq);
        found.dedup_by_key(|held| held.seq);
        found.into_iter().take(limit).cloned().collect()
    }

    fn forget_quietest(&mut self) {
        let last = |inbox: &VecDeque<Held>| inbox.back().map_or(0, |held| held.seq);
        let quietest = self.by_number.iter().min_by_key(|(_, inbox)| last(inbox)).map(|(number, _)| *number);
        if let Some(inbox) = quietest.and_then(|number| self.by_number.remove(&number)) {
            self.bytes -= inbox.iter().map(Held::bytes).sum::<usize>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: u64) -> Msisdn {
        Msisdn::from_u64(8_613_800_000_000 + n)
    }

    fn text(id: impl ToString, text: &str) -> Arrival {
        Arrival { id: id.to_string(), from: "1069012345".into(), text: text.into(), at: Timestamp(0) }
    }

    fn ids(held: &[Held]) -> Vec<&str> {
        held.iter().map(|h| h.id.as_str()).collect()
    }

    #[test]
    fn a_repeated_id_is_one_text() {
        let mut inboxes = Inboxes::new();
        assert_eq!(inboxes.arrive(number(1), text(7, "一")), Some(1));
        assert_eq!(inboxes.arrive(number(1), text(7, "一")), None);
        assert_eq!(inboxes.arrive(number(2), text(7, "二")), Some(2), "another phone, another text");
        assert_eq!(inboxes.after(&[number(1)], 0, 10).len(), 1);
    }

    #[test]
    fn several_phones_come_in_one_order_from_where_one_left_off() {
        let mut inboxes = Inboxes::new();
        for i in 0..6 {
            inboxes.arrive(number(i % 3), text(i, "…"));
        }
        let two = [number(0), number(2), number(0)];
        assert_eq!(ids(&inboxes.after(&two, 0, 10)), ["0", "2", "3", "5"]);
        assert_eq!(ids(&inboxes.after(&two, 3, 10)), ["3", "5"]);
        assert_eq!(ids(&inboxes.after(&two, 0, 3)), ["0", "2", "3"], "a batch leaves none out in its middle");
        assert!(inboxes.after(&two, 6, 10).is_empty());
    }

    #[test]
    fn a_phone_keeps_its_last_texts() {
        let mut inboxes = Inboxes::new();
        for i in 0..TEXTS + 5 {
            inboxes.arrive(number(1), text(i, "…"));
        }
        let held = inboxes.after(&[number(1)], 0, TEXTS * 2);
        assert_eq!((held.len(), held[0].id.as_str()), (TEXTS, "5"));
        assert_eq!(inboxes.bytes, held.iter().map(Held::bytes).sum::<usize>());
    }

    #[test]
    fn the_quietest_number_makes_room() {
        let mut inboxes = Inboxes::new();
        for n in 0..NUMBERS as u64 {
            inboxes.arrive(number(n), text("a", "…"));
        }
        inboxes.arrive(number(0), text("b", "…"));
        inboxes.arrive(number(9_999), text("a", "…"));
        assert_eq!(inboxes.by_number.len(), NUMBERS);
        assert!(inboxes.by_number.contains_key(&number(0)));
        assert!(!inboxes.by_number.contains_key(&number(1)));
    }

    #[test]
    fn memory_is_bounded_whatever_the_length() {
        let mut inboxes = Inboxes::new();
        let long = "长".repeat(300_000);
        for i in 0..100 {
            inboxes.arrive(number(i), text(i, &long));
        }
        assert!(inboxes.bytes <= BYTES);
        assert_eq!(inboxes.after(&[number(99)], 0, 1).len(), 1, "the newest is there");
    }

    #[test]
    fn ids_of_another_start_mean_nothing() {
        let inboxes = Inboxes::new();
        assert_eq!(inboxes.seq_of(&inboxes.event_id(17)), 17);
        assert_eq!(inboxes.seq_of("0123456789abcdef-17"), 0);
        assert_eq!(inboxes.seq_of(""), 0);
        assert_ne!(inboxes.epoch(), Inboxes::new().epoch());
    }
}
