//! Whether a clock may be believed when it says that very much time has passed.
//!
//! A machine whose battery is dead, or a slip of the operator's hand, sets the clock a year ahead and back again. What is
//! done meanwhile because of the date, such as letting old records go, cannot be undone. So after a leap forward nothing
//! of that kind is done until the clock has run on for a day, or has been set back:
//!
//! ```
//! use xiangxun::clock::{DAY, HOUR, Timestamp, leap::Leap};
//!
//! let monday = Timestamp(1_780_000_000_000);
//! let leap = Leap::new(monday);
//! assert!(leap.believes(monday.plus(7 * DAY)), "a week without power");
//! let next_year = monday.plus(365 * DAY);
//! assert!(!leap.believes(next_year));
//! assert!(leap.believes(monday.plus(8 * DAY)), "it was set back");
//! assert!(!leap.believes(next_year));
//! assert!(leap.believes(next_year.plus(DAY)), "it has run on for a day: a year has really passed");
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use super::{DAY, HOUR, Timestamp};

/// A step further than this is a leap; shorter ones happen to daemons that are stopped for a while.
const LEAP: i64 = 30 * DAY;
/// How long the clock must run on after a leap before it is believed.
const DOUBT: i64 = DAY;
/// A step back of more than this is somebody setting the clock, not its being trimmed.
pub const SET_BACK: i64 = HOUR;

/// Watches one clock. Clones share what they saw.
#[derive(Debug, Clone)]
pub struct Leap(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    seen: Timestamp,
    doubt: Option<Doubt>,
}

#[derive(Debug, Clone, Copy)]
struct Doubt {
    until: Timestamp,
    /// The last time before the leap.
    before: Timestamp,
}

impl Leap {
    /// `known` is a time that surely was, such as that of the last thing on disk.
    pub fn new(known: Timestamp) -> Leap {
        Leap(Arc::new(Mutex::new(State { seen: known, doubt: None })))
    }

    /// Whether what cannot be undone may be done because it is `now`.
    pub fn believes(&self, now: Timestamp) -> bool {
        self.doubts(now).is_none()
    }

    /// While the clock is not believed, the time at which it will be, should it run on.
    pub fn doubts(&self, now: Timestamp) -> Option<Timestamp> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let step = now.0.saturating_sub(state.seen.0);
        if step > LEAP {
            let until = now.plus(DOUBT);
            let days = step / DAY;
            tracing::error!(
                days,
                now = now.rfc3339(),
                until = until.rfc3339(),
                "the clock has leapt forward; nothing runs out and nothing is let go until it has run on for a day; \
                 if it is wrong, set it back"
            );
            let before = state.doubt.map_or(state.seen, |d| d.before);
            state.doubt = Some(Doubt { until, before });
        } else if step < -SET_BACK {
            tracing::warn!(now = now.rfc3339(), was = state.seen.rfc3339(), "the clock was set back");
            // not as far as it had leapt: it is still in doubt
            state.doubt = state.doubt.filter(|d| now > d.before.plus(LEAP));
            state.doubt = state.doubt.map(|d| Doubt { until: now.plus(DOUBT), ..d });
        }
        // a small step back is no new beginning, or a trembling clock could creep ahead unnoticed
        if !(-SET_BACK..0).contains(&step) {
            state.seen = now;
        }
        state.doubt = state.doubt.filter(|d| now < d.until);
        state.doubt.map(|d| d.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timestamp = Timestamp(1_780_000_000_000);

    #[test]
    fn small_steps_are_believed_however_many() {
        let leap = Leap::new(T);
        assert!((0..100).all(|n| leap.believes(T.plus(n * 29 * DAY))));
        assert!(leap.believes(T.plus(99 * 29 * DAY - HOUR / 2)));
    }

    #[test]
    fn doubt_ends_with_a_day_or_with_setting_back() {
        let leap = Leap::new(T);
        let ahead = T.plus(365 * DAY);
        assert_eq!(leap.doubts(ahead), Some(ahead.plus(DAY)));
        assert_eq!(leap.doubts(ahead.plus(23 * HOUR)), Some(ahead.plus(DAY)), "looking again does not begin it anew");
        assert_eq!(leap.doubts(ahead.plus(20 * DAY)), None, "a day later or twenty");
        let far = ahead.plus(800 * DAY);
        assert!(!leap.believes(far));
        assert_eq!(leap.doubts(far.plus(-100 * DAY)), Some(far.plus(-99 * DAY)), "not set back far enough");
        assert!(leap.believes(T.plus(HOUR)));
        assert!(leap.believes(T.plus(-365 * DAY)), "nothing runs out in the past");
        assert!(!leap.believes(T.plus(2 * HOUR)), "and back to today it is a leap again");
    }
}
