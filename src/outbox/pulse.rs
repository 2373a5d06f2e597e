//! What was last seen of a route, and how much of what it took arrived: for whoever looks after it.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::message::MtState;

/// Counts since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pulse {
    /// When the carrier last took an MT, and when it last refused one or was out of reach.
    pub last_mt: Option<Timestamp>,
    pub last_error_at: Option<Timestamp>,
    /// In the carrier's words, numbers and texts left out.
    pub last_error: Option<String>,
    pub last_report: Option<Timestamp>,
    pub taken: u64,
    pub delivered: u64,
    pub failed: u64,
}

impl Pulse {
    pub fn took(&mut self, now: Timestamp) {
        self.last_mt = Some(now);
        self.taken += 1;
    }

    pub fn refused(&mut self, now: Timestamp, cause: String) {
        self.last_error_at = Some(now);
        self.last_error = Some(cause);
    }

    pub fn reported(&mut self, now: Timestamp, state: &MtState) {
        self.last_report = Some(now);
        match state {
            MtState::Delivered => self.delivered += 1,
            MtState::Failed(_) | MtState::Expired => self.failed += 1,
            MtState::Queued | MtState::Claimed { .. } | MtState::Sent | MtState::Unreported => {}
        }
    }

    /// Of those whose end was reported, how many in a hundred arrived.
    pub fn delivery_rate(&self) -> Option<u64> {
        (100 * self.delivered).checked_div(self.delivered + self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_reports() {
        let mut pulse = Pulse::default();
        pulse.took(Timestamp(1));
        assert_eq!(pulse.delivery_rate(), None);
        for state in [MtState::Delivered, MtState::Sent, MtState::Delivered, MtState::Failed("x".into())] {
            pulse.reported(Timestamp(2), &state);
        }
        assert_eq!((pulse.delivery_rate(), pulse.taken, pulse.last_report), (Some(66), 1, Some(Timestamp(2))));
    }
}
