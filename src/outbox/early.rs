//! Reports that came before the answer that names what they speak of.
//!
//! A carrier may report on an MT while we still read its answer to the sending, and only that answer gives the id by
//! which the report knows it. Such reports are kept here until the id arrives, for some minutes. They are in memory only:
//! losing one costs the knowledge that a message arrived, never a message; a carrier that repeats unanswered calls for hours
//! because of an id that is not ours (another system on the same account) would cost more.

use std::collections::{HashMap, VecDeque};

use super::state;
use crate::clock::{MINUTE, Timestamp};
use crate::message::DlrState;

/// Reports that are kept; the oldest go first.
const LIMIT: usize = 10_000;
const KEEP: i64 = 10 * MINUTE;

type Key = (String, String);

/// What a report said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub state: DlrState,
    pub detail: String,
}

#[derive(Debug, Default)]
pub struct Early {
    /// Carrier and its id of the MT → the strongest report.
    said: HashMap<Key, Said>,
    order: VecDeque<(Timestamp, Key)>,
}

impl Early {
    pub fn keep(&mut self, carrier: &str, theirs: &str, said: Said, now: Timestamp) {
        while self.order.front().is_some_and(|(at, _)| self.order.len() >= LIMIT || at.plus(KEEP) < now) {
            if let Some((_, key)) = self.order.pop_front() {
                self.said.remove(&key);
            }
        }
        let key = (carrier.to_string(), theirs.to_string());
        match self.said.get_mut(&key) {
            Some(old) if state::strength(old.state) < state::strength(said.state) => *old = said,
            Some(_) => {}
            None => {
                self.said.insert(key.clone(), said);
                self.order.push_back((now, key));
            }
        }
    }

    pub fn look(&self, carrier: &str, theirs: &str) -> Option<Said> {
        if self.said.is_empty() {
            return None;
        }
        self.said.get(&(carrier.to_string(), theirs.to_string())).cloned()
    }

    pub fn forget(&mut self, carrier: &str, theirs: &str) {
        if self.said.is_empty() {
            return;
        }
        let key = (carrier.to_string(), theirs.to_string());
        if self.said.remove(&key).is_some() {
            self.order.retain(|(_, k)| *k != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(state: DlrState) -> Said {
        Said { state, detail: String::new() }
    }

    #[test]
    fn the_strongest_is_kept_for_a_while() {
        let mut early = Early::default();
        early.keep("c", "1", said(DlrState::Delivered), Timestamp(0));
        early.keep("c", "1", said(DlrState::Accepted), Timestamp(1));
        assert_eq!(early.look("c", "1"), Some(said(DlrState::Delivered)));
        assert_eq!(early.look("d", "1"), None);
        early.keep("c", "2", said(DlrState::Accepted), Timestamp(KEEP + 1));
        assert_eq!(early.look("c", "1"), None);
        early.forget("c", "2");
        assert_eq!((early.said.len(), early.order.len()), (0, 0));
    }

    #[test]
    fn memory_is_bounded() {
        let mut early = Early::default();
        (0..LIMIT + 5).for_each(|n| early.keep("c", &n.to_string(), said(DlrState::Accepted), Timestamp(0)));
        assert_eq!((early.said.len(), early.order.len()), (LIMIT, LIMIT));
        assert_eq!(early.look("c", "0"), None);
    }
}
