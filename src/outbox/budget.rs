//! What an account bears in an hour and a day, and what a phone may get through it. What is over waits; nothing is lost.
//!
//! Counts go by the station's clock. After a restart they are taken from what the store says was sent.

use std::collections::{HashMap, VecDeque};

use crate::clock::{BEIJING_OFFSET, DAY, HOUR, MINUTE, SECOND, Timestamp};
use crate::config::route::Pace;
use crate::message::Msisdn;

/// Phones that are remembered; beyond, those that got nothing for an hour are forgotten first, then all.
const PHONES: usize = 200_000;
/// Sendings that are remembered of one phone, whatever the config asks.
const PER_PHONE: usize = 1_000;

#[derive(Debug)]
pub struct Budget {
    pace: Pace,
    /// Minute and what was sent in it, of the last hour.
    minutes: VecDeque<(i64, u32)>,
    day: i64,
    today: u32,
    phones: HashMap<Msisdn, VecDeque<Timestamp>>,
}

impl Budget {
    pub fn new(pace: Pace) -> Budget {
        Budget { pace, minutes: VecDeque::new(), day: 0, today: 0, phones: HashMap::new() }
    }

    /// Whether there is any limit to be kept.
    pub fn is_limited(&self) -> bool {
        self.pace != Pace::default()
    }

    /// Whether the account may send one more; else when to ask again.
    pub fn account(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let minute = now.0.div_euclid(MINUTE);
        // what a clock that was ahead has counted does not hold anybody up
        self.minutes.retain(|(m, _)| (minute - 59..=minute).contains(m));
        let hour: u32 = self.minutes.iter().map(|(_, n)| n).sum();
        if self.pace.per_hour > 0 && hour >= self.pace.per_hour {
            let first = self.minutes.front().map_or(minute, |(m, _)| *m);
            return Err(Timestamp((first + 60) * MINUTE));
        }
        let day = now.beijing_day();
        if self.pace.per_day > 0 && self.day == day && self.today >= self.pace.per_day {
            return Err(Timestamp((day + 1) * DAY - BEIJING_OFFSET));
        }
        Ok(())
    }

    /// Whether this phone may get one more; else when.
    pub fn phone(&mut self, to: Msisdn, now: Timestamp) -> Result<(), Timestamp> {
        let pace = self.pace;
        let Some(sent) = self.phones.get_mut(&to) else { return Ok(()) };
        sent.retain(|t| *t <= now && now.0 - t.0 < DAY);
        let nth = |n: u32, within: i64| {
            // the n-th last must be out of the window
            let at = sent.len().checked_sub(usize::try_from(n).ok()?)?;
            let free = sent.get(at)?.plus(within);
            (n > 0 && free > now).then_some(free)
        };
        let gap = i64::from(pace.phone_gap_seconds) * SECOND;
        let waits = [nth(u32::from(gap > 0), gap), nth(pace.phone_per_hour, HOUR), nth(pace.phone_per_day, DAY)];
        waits.into_iter().flatten().max().map_or(Ok(()), Err)
    }

    /// One was sent.
    pub fn spend(&mut self, to: Msisdn, at: Timestamp) {
        if !self.is_limited() {
            return;
        }
        let minute = at.0.div_euclid(MINUTE);
        match self.minutes.back_mut() {
            Some((m, n)) if *m == minute => *n += 1,
            _ => self.minutes.push_back((minute, 1)),
        }
        let day = at.beijing_day();
        if self.day != day {
            (self.day, self.today) = (day, 0);
        }
        self.today += 1;
        if self.pace.phone_gap_seconds == 0 && self.pace.phone_per_hour == 0 && self.pace.phone_per_day == 0 {
            return;
        }
        if self.phones.len() >= PHONES {
            self.phones.retain(|_, sent| sent.back().is_some_and(|t| at.0 - t.0 < HOUR));
            if self.phones.len() >= PHONES {
                self.phones.clear();
            }
        }
        let sent = self.phones.entry(to).or_default();
        if sent.len() >= PER_PHONE {
            sent.pop_front();
        }
        sent.push_back(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timestamp = Timestamp(1_780_000_000_000);

    fn phone(n: u64) -> Msisdn {
        Msisdn::from_u64(8_613_800_000_000 + n)
    }

    #[test]
    fn an_hour_and_a_day_bear_so_many() {
        let mut b = Budget::new(Pace { per_hour: 10, per_day: 25, ..Pace::default() });
        let (mut at, mut sent) = (T, Vec::new());
        while sent.len() < 60 {
            match b.account(at) {
                Ok(()) => {
                    b.spend(phone(1), at);
                    sent.push(at);
                    at = at.plus(SECOND);
                }
                Err(then) => {
                    assert!(then > at);
                    at = then;
                }
            }
        }
        for t in &sent {
            let in_hour = sent.iter().filter(|o| (t.0..t.0 + 59 * MINUTE).contains(&o.0)).count();
            let in_day = sent.iter().filter(|o| o.beijing_day() == t.beijing_day()).count();
            assert!(in_hour <= 10 && in_day <= 25, "{in_hour} {in_day}");
        }
    }

    #[test]
    fn a_phone_gets_so_many_and_others_are_not_concerned() {
        let pace = Pace { phone_gap_seconds: 30, phone_per_hour: 3, phone_per_day: 5, ..Pace::default() };
        let mut b = Budget::new(pace);
        let mut at = T;
        let mut sent = Vec::new();
        for _ in 0..8 {
            while let Err(then) = b.phone(phone(1), at) {
                assert!(then > at);
                at = then;
            }
            b.spend(phone(1), at);
            sent.push(at.0 - T.0);
        }
        let s = SECOND;
        assert_eq!(sent[..6], [0, 30 * s, 60 * s, HOUR, HOUR + 30 * s, DAY]);
        assert_eq!(b.phone(phone(2), at), Ok(()));
        assert_eq!(b.phone(phone(1), T.plus(-DAY)), Ok(()), "a clock that was set back holds nobody up");
    }
}
