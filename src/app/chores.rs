//! What is done now and then rather than for a message: sweeping out what has run its time, and the nightly backup.
//!
//! Chores go by the daemon's own clock, so that a simulation that moves it by a month sees them done. A clock that jumps
//! far forward has each chore done once, not once for every time it was missed.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tokio::sync::Mutex;

use crate::clock::{BEIJING_OFFSET, Clock, DAY, MINUTE, Timestamp};

/// A chore that failed, mostly because the disk was full or busy, is tried again this soon.
const AGAIN: i64 = 10 * MINUTE;

/// What a chore does at a time; the error is for the log.
pub type Work = Box<dyn Fn(Timestamp) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// One thing to do, again and again.
pub struct Chore {
    name: &'static str,
    /// Milliseconds; a day at most.
    every: i64,
    /// When in the period, in Beijing time: 3 hours into the day is 03:00.
    offset: i64,
    next: AtomicI64,
    /// When it was done last, where that is known.
    last: Option<Timestamp>,
    work: Work,
}

impl Chore {
    /// Done every `every` milliseconds, `offset` into each period.
    pub fn new(name: &'static str, every: i64, offset: i64, work: Work) -> Chore {
        Chore { name, every, offset, next: AtomicI64::new(i64::MAX), last: None, work }
    }

    /// It was done last at `last`, by an earlier process. If that is longer ago than a period it is made up for soon: many a
    /// machine is off at night.
    pub fn since(self, last: Timestamp) -> Chore {
        Chore { last: Some(last), ..self }
    }

    /// The first time, beginning at `now`.
    fn first(&self, now: Timestamp) -> Timestamp {
        let is_late = self.last.is_some_and(|last| now.0.saturating_sub(last.0) > self.every);
        if is_late { self.after(now).min(now.plus(AGAIN)) } else { self.after(now) }
    }

    /// The first time after `now`.
    fn after(&self, now: Timestamp) -> Timestamp {
        let into = (now.0.saturating_add(BEIJING_OFFSET).saturating_sub(self.offset)).rem_euclid(self.every);
        now.plus(self.every - into)
    }

    /// Whether it should be done at `now`. A clock set back by more than a period begins anew.
    fn is_due(&self, now: Timestamp) -> bool {
        let next = self.next.load(Ordering::SeqCst);
        if next.saturating_sub(now.0) > self.every {
            self.next.store(self.after(now).0, Ordering::SeqCst);
            return false;
        }
        next <= now.0
    }
}

/// All chores of the house.
pub struct Chores {
    chores: Vec<Chore>,
    /// One at a time: both the clock's endpoint and the loop may find the same chore due.
    busy: Mutex<()>,
    /// A chore is being done.
    working: AtomicBool,
}

impl Chores {
    /// Nothing is due at `now`; the first times are after it.
    pub fn new(chores: Vec<Chore>, now: Timestamp) -> Chores {
        for chore in &chores {
            chore.next.store(chore.first(now).0, Ordering::SeqCst);
        }
        Chores { chores, busy: Mutex::new(()), working: AtomicBool::new(false) }
    }

    /// Does what is due; returns when it is done.
    pub async fn run_due(&self, now: Timestamp) {
        let _busy = self.busy.lock().await;
        for chore in &self.chores {
            if chore.is_due(now) {
                self.working.store(true, Ordering::SeqCst);
                // Set before the work, so that the time it takes does not make it due again.
                chore.next.store(chore.after(now).0, Ordering::SeqCst);
                let done = (chore.work)(now).await;
                self.working.store(false, Ordering::SeqCst);
                match done {
                    Ok(()) => tracing::debug!(chore = chore.name, "done"),
                    Err(cause) => {
                        let again = chore.after(now).min(now.plus(AGAIN));
                        chore.next.store(again.0, Ordering::SeqCst);
                        tracing::error!(chore = chore.name, cause, again = again.rfc3339(), "failed");
                    }
                }
            }
        }
    }

    /// Whether nothing is due and nothing being done.
    pub fn is_done(&self, now: Timestamp) -> bool {
        !self.working.load(Ordering::SeqCst) && !self.chores.iter().any(|c| c.is_due(now))
    }

    /// Does them for ever; ends only by being dropped.
    pub async fn run(&self, clock: &Clock) {
        loop {
            self.run_due(clock.now()).await;
            let next = self.chores.iter().map(|c| c.next.load(Ordering::SeqCst)).min().unwrap_or(i64::MAX);
            // A clock that is set back must be noticed within its period, too.
            clock.wait_until(Timestamp(next.min(clock.now().plus(DAY).0))).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex as SyncMutex;

    use super::*;
    use crate::clock::HOUR;

    fn at(s: &str) -> Timestamp {
        Timestamp::parse_rfc3339(&format!("2026-{s}:00+08:00")).unwrap()
    }

    #[tokio::test]
    async fn chores_are_done_once_at_their_time_wherever_the_clock_jumps() {
        let done: Arc<SyncMutex<Vec<String>>> = Arc::default();
        let note = |name: &'static str| -> Work {
            let done = done.clone();
            Box::new(move |now| {
                done.lock().unwrap().push(format!("{name} {}", &now.rfc3339()[5..16]));
                Box::pin(async { Ok(()) })
            })
        };
        let chores = Chores::new(
            vec![Chore::new("backup", DAY, 3 * HOUR, note("backup")), Chore::new("sweep", HOUR, 0, note("sweep"))],
            at("11-21T09:30"),
        );
        for (now, expected) in [
            ("11-21T09:59", &[][..]),
            ("11-21T10:00", &["sweep 11-21T10:00"][..]),
            ("11-21T10:30", &[]),
            ("11-22T03:00", &["backup 11-22T03:00", "sweep 11-22T03:00"]),
            ("12-24T08:00", &["backup 12-24T08:00", "sweep 12-24T08:00"]),
            // Back by a month: nothing is repeated at once, and the next times come.
            ("11-22T10:10", &[]),
            ("11-22T11:00", &["sweep 11-22T11:00"]),
            ("11-23T03:00", &["backup 11-23T03:00", "sweep 11-23T03:00"]),
        ] {
            chores.run_due(at(now)).await;
            assert!(chores.is_done(at(now)));
            assert_eq!(std::mem::take(&mut *done.lock().unwrap()), expected, "{now}");
        }
    }

    #[tokio::test]
    async fn what_a_machine_missed_while_it_was_off_is_made_up_for() {
        for (last, expected) in [("11-21T03:00", 0), ("11-20T03:00", 1)] {
            let done = Arc::new(AtomicI64::new(0));
            let count = done.clone();
            let work: Work = Box::new(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                Box::pin(async { Ok(()) })
            });
            let chore = Chore::new("backup", DAY, 3 * HOUR, work).since(at(last));
            let chores = Chores::new(vec![chore], at("11-21T08:00"));
            chores.run_due(at("11-21T08:09")).await;
            assert_eq!(done.load(Ordering::SeqCst), 0, "not while everything starts");
            chores.run_due(at("11-21T08:10")).await;
            assert_eq!(done.load(Ordering::SeqCst), expected, "{last}");
        }
    }

    #[tokio::test]
    async fn a_chore_that_fails_is_tried_again_before_its_next_time() {
        let tries = Arc::new(AtomicI64::new(0));
        let count = tries.clone();
        let work: Work = Box::new(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err("disk full".into()) })
        });
        let chores = Chores::new(vec![Chore::new("sweep", HOUR, 0, work)], at("11-21T09:30"));
        for (now, expected) in
            [("11-21T10:00", 1), ("11-21T10:09", 1), ("11-21T10:10", 2), ("11-21T10:55", 3), ("11-21T11:00", 4)]
        {
            chores.run_due(at(now)).await;
            assert_eq!(tries.load(Ordering::SeqCst), expected, "{now}");
        }
    }
}
