//! The only place that asks what time it is.
//!
//! Two clocks: the system's, and a virtual one that stands still until it is moved (`[server] clock = "virtual"`),
//! with which tests and simulations drive the real daemon.

pub mod leap;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// China keeps one time in all the country: UTC+8, without summer time.
pub const BEIJING_OFFSET: i64 = 8 * HOUR;

impl Timestamp {
    /// `self` moved by `millis`, which may be negative; stops at the ends of the range.
    pub fn plus(self, millis: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis))
    }

    /// Number of the day in Beijing time, 0 on 1970-01-01.
    pub fn beijing_day(self) -> i64 {
        (self.0.saturating_add(BEIJING_OFFSET)).div_euclid(DAY)
    }

    /// Milliseconds since midnight in Beijing.
    pub fn beijing_millis_of_day(self) -> i64 {
        (self.0.saturating_add(BEIJING_OFFSET)).rem_euclid(DAY)
    }

    /// The civil date and time in Beijing.
    pub fn beijing(self) -> jiff::civil::DateTime {
        let offset = jiff::tz::Offset::constant(8);
        let stamp = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        offset.to_datetime(stamp)
    }

    /// RFC 3339 in Beijing time, to the millisecond.
    pub fn rfc3339(self) -> String {
        format!("{:.3}+08:00", self.beijing())
    }

    /// Reads RFC 3339 (`2026-11-21T09:00:00+08:00`, seconds optional).
    pub fn parse_rfc3339(s: &str) -> Result<Timestamp, jiff::Error> {
        s.parse::<jiff::Timestamp>().map(|t| Timestamp(t.as_millisecond()))
    }
}

/// Tells the time. Cheap to clone; all clones of a virtual clock move together.
#[derive(Debug, Clone)]
pub enum Clock {
    System,
    Virtual(Arc<VirtualClock>),
}

#[derive(Debug)]
pub struct VirtualClock {
    now: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// A clock that stands at `start` until [`Clock::set`] moves it.
    pub fn virtual_at(start: Timestamp) -> Clock {
        Clock::Virtual(Arc::new(VirtualClock { now: AtomicI64::new(start.0), moved: Notify::new() }))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => {
                let d = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
            }
            Clock::Virtual(v) => Timestamp(v.now.load(Ordering::SeqCst)),
        }
    }

    pub fn is_virtual(&self) -> bool {
        matches!(self, Clock::Virtual(_))
    }

    /// Moves a virtual clock, forwards or backwards; the system's clock is left alone.
    pub fn set(&self, to: Timestamp) {
        if let Clock::Virtual(v) = self {
            v.now.store(to.0, Ordering::SeqCst);
            v.moved.notify_waiters();
        }
    }

    /// Returns when it may be `t` or later: at most a minute of real time goes by without a look at the clock,
    /// so a system clock that is set forward is noticed. May return early; look at `now` again.
    pub async fn wait_until(&self, t: Timestamp) {
        match self {
            Clock::System => {
                let left = (t.0 - self.now().0).clamp(0, MINUTE);
                tokio::time::sleep(std::time::Duration::from_millis(left.unsigned_abs())).await;
            }
            Clock::Virtual(v) => {
                let moved = v.moved.notified();
                if self.now() < t {
                    moved.await;
                }
            }
        }
    }
}
