//! How fast a route may go: its pace, slower after the carrier says "too fast", and a pause while it cannot work at all.
//!
//! The pace runs in real time, for it protects a real carrier; pauses run by the station's clock, as all waiting does.

use std::time::{Duration, Instant};

use crate::clock::{DAY, MINUTE, SECOND, Timestamp};

/// Failures in a row after which the carrier counts as out of reach.
const FAILURES: u32 = 5;
/// The least share of its pace that a throttled route keeps.
const SLOWEST: f64 = 1.0 / 64.0;
/// What one success gives back of the pace.
const RECOVERY: f64 = 1.0 / 100.0;
/// Refusals that arrive together are one refusal.
const ONE_CUT: Duration = Duration::from_secs(1);

/// What a sending says of the route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The carrier answered sensibly, be it a refusal.
    Works,
    TooFast,
    /// Out of reach, or out of order.
    Down,
    /// Money, credentials, address lists: a person must act.
    Fault,
}

/// What the operator should hear of, each time it changes and not again while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The carrier wants it slower than agreed.
    Slower,
    /// It is as fast as agreed again.
    FullPace,
    /// Sending rests, but for one MT now and then that tries; `true` where a person must act.
    Paused(bool),
    Resumed,
}

impl Health {
    pub const ALL: [Health; 4] = [Health::Works, Health::Slowed, Health::Down, Health::Fault];

    pub fn as_str(self) -> &'static str {
        match self {
            Health::Works => "works",
            Health::Slowed => "slowed",
            Health::Down => "down",
            Health::Fault => "fault",
        }
    }
}

/// How a route stands, for figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Works,
    /// The carrier takes texts, but fewer than agreed.
    Slowed,
    /// The carrier is out of reach.
    Down,
    /// A person must act: money, credentials, address lists.
    Fault,
}

/// Whether the next MT may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Go {
    Now,
    /// The pace allows it after so long.
    In(Duration),
    /// The pause ends then.
    At(Timestamp),
    /// One MT is trying out whether the carrier works again.
    AfterProbe,
}

#[derive(Debug)]
pub struct Line {
    /// MTs a second when all is well.
    rate: f64,
    /// MTs a second now.
    speed: f64,
    burst: f64,
    tokens: f64,
    filled: Instant,
    cut: Option<Instant>,
    failures: u32,
    pause: Option<Pause>,
    /// The carrier has said when to come again.
    hold_off: Option<Timestamp>,
}

/// Begins with a failure and ends with a success; in between one MT tries whenever its time has come.
#[derive(Debug)]
struct Pause {
    until: Timestamp,
    tries: u32,
    fault: bool,
    since: Timestamp,
}

impl Pause {
    /// No pause is longer than this: what lies further ahead was reckoned by a clock that has been set back since.
    const LONGEST: i64 = 15 * MINUTE;

    fn rests(&self, now: Timestamp) -> bool {
        now < self.until && self.until <= now.plus(Pause::LONGEST)
    }
}

impl Line {
    /// A route of `rate` MTs a second (0: as fast as it goes), and not more than `per_hour` in an hour.
    pub fn new(rate: u32, per_hour: Option<u32>, at: Instant) -> Line {
        let rate = if rate == 0 { 1e6 } else { f64::from(rate) };
        let (rate, burst) = match per_hour {
            // An answer or ten may go at once, though an hour bears few.
            Some(n) if f64::from(n) < rate * 3_600.0 => (f64::from(n) / 3_600.0, (f64::from(n) / 10.0).max(1.0)),
            // Two, so that a wake-up some milliseconds late does not lose the share it slept through.
            _ => (rate, (rate / 20.0).max(2.0)),
        };
        Line {
            rate,
            speed: rate,
            burst,
            tokens: burst,
            filled: at,
            cut: None,
            failures: 0,
            pause: None,
            hold_off: None,
        }
    }

    /// Whether an MT may go, and if so takes its share of the pace. `flying` are under way.
    pub fn take(&mut self, now: Timestamp, at: Instant, flying: usize) -> Go {
        if let Some(then) = self.held_off(now) {
            return Go::At(then);
        }
        if let Some(pause) = &self.pause {
            if pause.rests(now) {
                return Go::At(pause.until);
            }
            if flying > 0 {
                return Go::AfterProbe;
            }
        }
        let passed = at.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * self.speed).min(self.burst);
        self.filled = at;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Go::Now;
        }
        Go::In(Duration::from_secs_f64(((1.0 - self.tokens) / self.speed).min(60.0)).max(Duration::from_millis(1)))
    }

    /// What was taken was not used.
    pub fn give_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.burst);
    }

    /// Whether sending rests at `now`.
    pub fn rests(&self, now: Timestamp) -> bool {
        self.pause.as_ref().is_some_and(|p| p.rests(now)) || self.held_off(now).is_some()
    }

    /// The carrier wants nothing before `then`.
    pub fn hold_off(&mut self, then: Timestamp) {
        self.hold_off = Some(then);
    }

    /// Until when it wants nothing. What lies further ahead than any carrier asks for was reckoned by a clock that has been set
    /// back since.
    fn held_off(&self, now: Timestamp) -> Option<Timestamp> {
        self.hold_off.filter(|then| now < *then && *then <= now.plus(DAY))
    }

    /// For how long it has not worked.
    pub fn down_for(&self, now: Timestamp) -> i64 {
        self.pause.as_ref().map_or(0, |p| now.0.saturating_sub(p.since.0))
    }

    pub fn health(&self) -> Health {
        match &self.pause {
            Some(p) if p.fault => Health::Fault,
            Some(_) => Health::Down,
            None if self.speed < self.rate => Health::Slowed,
            None => Health::Works,
        }
    }

    pub fn heard(&mut self, sign: Sign, now: Timestamp, at: Instant) -> Option<News> {
        match sign {
            Sign::Works => {
                self.failures = 0;
                let was_slowed = self.speed < self.rate;
                self.speed = (self.speed + self.rate * RECOVERY).min(self.rate);
                let resumed = self.pause.take().map(|_| News::Resumed);
                resumed.or((was_slowed && self.speed >= self.rate).then_some(News::FullPace))
            }
            Sign::TooFast => {
                self.failures = 0;
                let resumed = self.pause.take().map(|_| News::Resumed);
                if self.cut.is_some_and(|cut| at.saturating_duration_since(cut) < ONE_CUT) {
                    return resumed;
                }
                self.cut = Some(at);
                let was_full = self.speed >= self.rate;
                self.speed = (self.speed / 2.0).max(self.rate * SLOWEST);
                self.tokens = self.tokens.min(0.0);
                was_full.then_some(News::Slower).or(resumed)
            }
            Sign::Down => {
                self.failures = self.failures.saturating_add(1);
                if self.failures < FAILURES && self.pause.is_none() { None } else { self.rest(now, false) }
            }
            Sign::Fault => self.rest(now, true),
        }
    }

    /// Begins a pause, or makes it longer where the attempt after it failed too.
    fn rest(&mut self, now: Timestamp, fault: bool) -> Option<News> {
        if self.rests(now) && self.pause.as_ref().is_some_and(|p| p.fault || !fault) {
            return None;
        }
        let same = self.pause.as_ref().filter(|p| p.fault == fault);
        let tries = same.map_or(0, |p| p.tries + 1);
        let news = same.is_none().then_some(News::Paused(fault));
        let (first, most) = if fault { (30 * SECOND, Pause::LONGEST) } else { (SECOND, MINUTE) };
        let until = now.plus((first << tries.min(10)).min(most));
        let since = self.pause.as_ref().map_or(now, |p| p.since.min(now));
        self.pause = Some(Pause { until, tries, fault, since });
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timestamp = Timestamp(1_000_000);

    #[test]
    fn the_pace_is_kept_whatever_the_steps() {
        let start = Instant::now();
        for step in [1u64, 7, 100] {
            let mut line = Line::new(20, None, start);
            let mut gone = 0;
            for ms in (0..10_000).step_by(usize::try_from(step).unwrap()) {
                while line.take(T, start + Duration::from_millis(ms), 0) == Go::Now {
                    gone += 1;
                }
            }
            assert!((195..=202).contains(&gone), "{gone} in ten seconds in steps of {step} ms");
        }
    }

    #[test]
    fn a_sim_has_hours_not_seconds() {
        let start = Instant::now();
        let mut line = Line::new(1, Some(100), start);
        let gone = (0..7_200).filter(|s| line.take(T, start + Duration::from_secs(*s), 0) == Go::Now).count();
        assert!((205..=211).contains(&gone), "{gone} in two hours");
    }

    #[test]
    fn too_fast_halves_once_and_success_gives_it_back() {
        let start = Instant::now();
        let mut line = Line::new(100, None, start);
        assert_eq!(line.heard(Sign::TooFast, T, start), Some(News::Slower));
        assert_eq!(line.heard(Sign::TooFast, T, start), None, "its neighbours say the same thing");
        assert_eq!(line.speed, 50.0);
        assert_eq!(line.health(), Health::Slowed);
        let news: Vec<News> = (0..60).filter_map(|_| line.heard(Sign::Works, T, start)).collect();
        assert_eq!(news, [News::FullPace]);
        assert_eq!((line.speed, line.health()), (100.0, Health::Works));
        let cuts = (1..20).filter_map(|n| line.heard(Sign::TooFast, T, start + Duration::from_secs(n * 2)));
        assert_eq!(cuts.collect::<Vec<_>>(), [News::Slower], "told once, however often the carrier says so");
        assert!(line.speed >= 100.0 / 64.0);
    }

    #[test]
    fn a_fault_pauses_with_growing_probes() {
        let at = Instant::now();
        let mut line = Line::new(100, None, at);
        assert_eq!(line.heard(Sign::Fault, T, at), Some(News::Paused(true)));
        assert_eq!(line.health(), Health::Fault);
        assert_eq!(line.heard(Sign::Fault, T, at), None);
        assert_eq!(line.heard(Sign::Down, T, at), None);
        assert_eq!(line.take(T, at, 0), Go::At(T.plus(30_000)));
        let later = T.plus(30_000);
        assert_eq!(line.take(later, at, 0), Go::Now);
        assert_eq!(line.take(later, at, 1), Go::AfterProbe);
        assert_eq!(line.heard(Sign::Fault, later, at), None, "it was told");
        let works = later.plus(60_000);
        assert_eq!(line.take(later, at, 0), Go::At(works));
        assert_eq!(line.heard(Sign::Works, works, at), Some(News::Resumed));
        assert_eq!(line.take(works, at, 1), Go::Now);
    }

    #[test]
    fn five_failures_in_a_row_are_an_outage() {
        let at = Instant::now();
        let mut line = Line::new(100, None, at);
        for n in 0..4 {
            assert_eq!(line.heard(Sign::Down, T, at), None, "{n}");
        }
        line.heard(Sign::Works, T, at);
        (0..4).for_each(|_| assert_eq!(line.heard(Sign::Down, T, at), None));
        assert_eq!(line.heard(Sign::Down, T, at), Some(News::Paused(false)));
        assert_eq!(line.take(T, at, 0), Go::At(T.plus(1_000)));
        assert_eq!(line.heard(Sign::Down, T.plus(1_000), at), None);
        assert_eq!(line.take(T.plus(1_000), at, 0), Go::At(T.plus(3_000)));
        assert_eq!(line.health(), Health::Down);
        assert_eq!(line.heard(Sign::Fault, T.plus(3_000), at), Some(News::Paused(true)), "it became something else");
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_make_a_pause_of_years() {
        let at = Instant::now();
        let mut line = Line::new(100, None, at);
        let ahead = T.plus(365 * 24 * 60 * MINUTE);
        assert_eq!(line.heard(Sign::Fault, ahead, at), Some(News::Paused(true)));
        assert!(line.rests(ahead) && !line.rests(T));
        assert_eq!(line.take(T, at, 0), Go::Now);
    }
}
