//! The questions open on a phone, and which of them a digit answers: the newest.

use crate::clock::Timestamp;
use crate::market::PostId;
use crate::store::Person;
use crate::store::record::{Ask, Then};

/// Whether a digit answers it.
pub fn by_digit(ask: &Ask) -> bool {
    matches!(ask, Ask::Which { .. } | Ask::Meaning { .. })
}

/// The question that a digit answers.
pub fn open(person: &Person, now: Timestamp) -> Option<&Ask> {
    person.questions.iter().rev().find(|q| now < q.until && by_digit(&q.ask)).map(|q| &q.ask)
}

/// The posts that the open question offers.
pub fn open_list(person: &Person, now: Timestamp) -> Option<&[PostId]> {
    match open(person, now) {
        Some(Ask::Which { posts, .. }) => Some(posts),
        _ => None,
    }
}

/// What the posts of the open question are picked for.
pub fn open_then(person: &Person, now: Timestamp) -> Option<Then> {
    match open(person, now) {
        Some(Ask::Which { then, .. }) => Some(*then),
        _ => None,
    }
}
