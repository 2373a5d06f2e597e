//! Quiet hours: when pushes wait. `21:30-07:00` reaches over midnight, `12:00-14:00` does not.

use std::str::FromStr;

use crate::clock::{DAY, HOUR, MINUTE, Timestamp};

/// A part of each day, in Beijing time; the end is no longer part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// Milliseconds since midnight.
    from: i64,
    to: i64,
}

impl QuietHours {
    pub fn contains(self, at: Timestamp) -> bool {
        let t = at.beijing_millis_of_day();
        if self.from < self.to { (self.from..self.to).contains(&t) } else { t >= self.from || t < self.to }
    }

    /// When the quiet that holds at `at` ends; `at` itself where none does.
    pub fn end_after(self, at: Timestamp) -> Timestamp {
        if self.contains(at) { at.plus((self.to - at.beijing_millis_of_day()).rem_euclid(DAY)) } else { at }
    }
}

impl FromStr for QuietHours {
    type Err = String;

    /// The error continues the sentence that the key begins.
    fn from_str(s: &str) -> Result<QuietHours, String> {
        let shape = || format!("must be like \"21:30-07:00\", or \"\" for none, not \"{s}\"");
        let (from, to) = s.split_once('-').ok_or_else(shape)?;
        let (from, to) = (time(from).ok_or_else(shape)?, time(to).ok_or_else(shape)?);
        if from == to {
            return Err(format!("begins and ends at the same time, \"{s}\"; write \"\" for none"));
        }
        Ok(QuietHours { from, to })
    }
}

fn time(s: &str) -> Option<i64> {
    let (h, m) = s.trim().split_once(':')?;
    let digits = |s: &str| (matches!(s.len(), 1 | 2) && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok());
    let (h, m): (i64, i64) = (digits(h)??, digits(m)??);
    (h < 24 && m < 60).then_some(h * HOUR + m * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: &str) -> Timestamp {
        Timestamp::parse_rfc3339(&format!("2026-11-{s}:00+08:00")).unwrap()
    }

    #[test]
    fn quiet_reaches_over_midnight_and_ends_in_the_morning() {
        let night: QuietHours = "21:30-07:00".parse().unwrap();
        for (now, end) in [
            ("21T21:29", "21T21:29"),
            ("21T21:30", "22T07:00"),
            ("21T23:59", "22T07:00"),
            ("22T00:00", "22T07:00"),
            ("22T06:59", "22T07:00"),
            ("22T07:00", "22T07:00"),
        ] {
            assert_eq!(night.end_after(at(now)), at(end), "{now}");
            assert_eq!(night.contains(at(now)), now != end, "{now}");
        }
        let noon: QuietHours = "12:00-14:00".parse().unwrap();
        assert!(noon.contains(at("21T13:00")) && !noon.contains(at("21T23:00")) && !noon.contains(at("21T14:00")));
        assert_eq!(noon.end_after(at("21T12:00")), at("21T14:00"));
    }

    #[test]
    fn what_is_no_time_of_day_is_refused() {
        for bad in ["21:30", "24:00-07:00", "21:60-07:00", "07:00-07:00", "a-b", "+1:00-2:00", "-"] {
            assert!(bad.parse::<QuietHours>().is_err(), "{bad}");
        }
    }
}
