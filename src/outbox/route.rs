//! One route at work: picks what is due, claims it where that is not done yet, sends, settles.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::desk::{self, Claim, Moment, lock};
use super::detour;
use super::lanes::{Job, Lanes, Next};
use super::line::{Go, Health, Line, News, Sign};
use super::pulse::Pulse;
use super::state::{self, Outcome};
use super::wire::Wire;
use super::{Budget, Event, Shared, What};
use crate::carrier::{Carrier, SendError, Taken};
use crate::clock::{HOUR, MINUTE, Timestamp};
use crate::config::route::{Bans, Usage};
use crate::message::{Mt, MtClass, MtId, MtState};
use crate::service::outcome::LEASE;
use crate::store::StoreError;

/// What of a claim must be left for a sending to begin on it.
const LEASE_LEFT: i64 = MINUTE;
/// How old the look at a phone's opt-out may be that came with the MT.
const FRESH: Duration = Duration::from_secs(2);
/// Between tries when the store cannot write or read.
const STORE_WAIT: Duration = Duration::from_secs(1);
/// Tries where the store does not merely lack room.
const STORE_TRIES: u32 = 5;
/// MTs fetched from the store in one visit.
const BATCH: usize = 512;

/// One account's way out.
#[derive(Debug)]
pub struct RouteDesk {
    pub carrier: Arc<dyn Carrier>,
    pub connections: usize,
    pub lanes: Mutex<Lanes>,
    pub line: Mutex<Line>,
    pub budget: Mutex<Budget>,
    pub pulse: Mutex<Pulse>,
    bans: Bans,
    /// Something came, went or changed; whoever picks looks again.
    pub wake: Notify,
    /// Held by the one worker that picks; the others send or stand in line.
    turn: tokio::sync::Mutex<()>,
    wire: Wire,
}

impl RouteDesk {
    pub fn new(
        carrier: Arc<dyn Carrier>,
        connections: usize,
        lanes: Lanes,
        line: Line,
        wire: Wire,
        usage: Usage,
    ) -> RouteDesk {
        RouteDesk {
            carrier,
            connections,
            lanes: Mutex::new(lanes),
            line: Mutex::new(line),
            budget: Mutex::new(Budget::new(usage.pace)),
            pulse: Mutex::default(),
            bans: usage.bans,
            wake: Notify::new(),
            turn: tokio::sync::Mutex::new(()),
            wire,
        }
    }

    pub fn name(&self) -> &str {
        self.carrier.name()
    }

    /// Nothing on its way and nothing that could go now. What waits for the end of a pause cannot.
    pub fn idle(&self, now: Timestamp) -> bool {
        let lanes = lock(&self.lanes);
        if lanes.flying() > 0 || lanes.filling() || lanes.wants_refill(now) || lanes.was_set_back(now) {
            return false;
        }
        !lanes.any_due(now) || lock(&self.line).rests(now) || lock(&self.budget).account(now).is_err()
    }

    /// Whether something could go if the route could.
    pub fn is_ready(&self) -> bool {
        lock(&self.lanes).any_ready()
    }

    /// How it stands, for figures: what waits in memory by class, and whether it can go.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let waiting = lock(&self.lanes).depths();
        let (health, down_ms) = {
            let line = lock(&self.line);
            (line.health(), line.down_for(now))
        };
        Standing { waiting, health, down_ms, pulse: lock(&self.pulse).clone() }
    }
}

/// How a route stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// MTs in memory by class.
    pub waiting: BTreeMap<&'static str, usize>,
    pub health: Health,
    /// For how long it has not worked.
    pub down_ms: i64,
    pub pulse: Pulse,
}

/// What the picker should wait for.
enum Wait {
    Clock(Option<Timestamp>),
    Real(Duration),
}

/// One worker: a connection's worth of sending, until the outbox stops.
pub async fn work(shared: Arc<Shared>, route: Arc<RouteDesk>, mut stop: watch::Receiver<bool>) {
    while let Some(job) = pick(&shared, &route, &mut stop).await {
        let (to, class, id) = (job.mt.to, job.mt.class, job.mt.id);
        let next = deliver(&shared, &route, job, &stop).await;
        lock(&route.lanes).landed(to, class, id, next);
        route.wake.notify_one();
        shared.changed.notify_waiters();
    }
}

/// The next job, in its turn and at the route's pace; `None` once the outbox stops.
async fn pick(shared: &Shared, route: &RouteDesk, stop: &mut watch::Receiver<bool>) -> Option<Job> {
    let _turn = tokio::select! {
        biased;
        _ = stop.wait_for(|s| *s) => return None,
        turn = route.turn.lock() => turn,
    };
    loop {
        if *stop.borrow() {
            return None;
        }
        let now = shared.clock.now();
        let wants_refill = {
            let mut lanes = lock(&route.lanes);
            lanes.notice(now);
            lanes.wants_refill(now)
        };
        if wants_refill {
            match refill(shared, route, now).await {
                Ok(()) => {
                    lock(&route.lanes).refilled();
                    shared.store_serves();
                }
                Err(cause) => {
                    lock(&route.lanes).refill_failed(now);
                    shared.store_fails(&cause);
                    tokio::time::sleep(STORE_WAIT).await;
                }
            }
            shared.changed.notify_waiters();
            continue;
        }
        let wait = match try_pick(shared, route, now) {
            Ok(job) => return Some(job),
            Err(wait) => wait,
        };
        tokio::select! {
            biased;
            _ = stop.wait_for(|s| *s) => return None,
            () = route.wake.notified() => {}
            () = shared.wait(wait) => {}
        }
    }
}

impl Shared {
    /// Says once that the store fails us, however many workers meet it and however long it lasts.
    fn store_fails(&self, cause: &StoreError) {
        if !self.unkept.swap(true, Ordering::Relaxed) {
            tracing::warn!(%cause, "the store cannot keep the state of outgoing texts, sending waits");
        }
    }

    fn store_serves(&self) {
        if self.unkept.load(Ordering::Relaxed) && self.unkept.swap(false, Ordering::Relaxed) {
            tracing::info!("the store keeps the state of outgoing texts again");
        }
    }

    async fn wait(&self, wait: Wait) {
        match wait {
            Wait::Clock(Some(t)) => self.clock.wait_until(t).await,
            Wait::Clock(None) => std::future::pending().await,
            Wait::Real(d) => tokio::time::sleep(d).await,
        }
    }
}

fn try_pick(shared: &Shared, route: &RouteDesk, now: Timestamp) -> Result<Job, Wait> {
    let detours = detour::is_needed(shared, route, now);
    let mut lanes = lock(&route.lanes);
    lanes.release(now);
    if !lanes.any_ready() {
        return Err(Wait::Clock(lanes.next_wake()));
    }
    let mut budget = lock(&route.budget);
    let until = |lanes: &Lanes, t: Timestamp| Wait::Clock(Some(lanes.next_wake().map_or(t, |n| n.min(t))));
    if let Err(then) = budget.account(now) {
        return Err(until(&lanes, then));
    }
    let go = lock(&route.line).take(now, Instant::now(), lanes.flying());
    if go != Go::Now && detours {
        return lanes.pop().map(|job| Job { detour: true, ..job }).ok_or(Wait::Clock(lanes.next_wake()));
    }
    match go {
        Go::Now => {}
        Go::In(d) => return Err(Wait::Real(d)),
        Go::At(t) => return Err(until(&lanes, t)),
        Go::AfterProbe => return Err(Wait::Clock(lanes.next_wake())),
    }
    while let Some(job) = lanes.pop() {
        let (to, class, id) = (job.mt.to, job.mt.class, job.mt.id);
        match budget.phone(to, now) {
            // what has no time to wait is seen to have run out when it is claimed
            Err(then) if now < job.mt.until => {
                let then = then.min(job.mt.until);
                lanes.landed(to, class, id, Next::Hold(Box::new(job), then));
                // it was due, and now waits: who waits for all that is due must look again
                shared.changed.notify_waiters();
            }
            _ => {
                budget.spend(to, now);
                return Ok(job);
            }
        }
    }
    lock(&route.line).give_back();
    Err(Wait::Clock(lanes.next_wake()))
}

/// Takes from the store what is due, class by class, while there is room.
async fn refill(shared: &Shared, route: &RouteDesk, now: Timestamp) -> Result<(), StoreError> {
    let astray = lock(&route.lanes).refilling();
    for class in [MtClass::Answer, MtClass::Push, MtClass::Broadcast] {
        let mut after = (class, Timestamp(i64::MIN), MtId::MIN);
        loop {
            let batch = shared.store.pending(route.name(), Some(after), BATCH).await?;
            let full = batch.len() == BATCH;
            let Some(last) = batch.last() else { break };
            after = (last.class, last.due, last.id);
            if !take(shared, route, batch, class, now, astray) || !full {
                break;
            }
        }
    }
    Ok(())
}

/// Whether a clock that was ahead has dated it: made in the future, or due only when its time is over.
fn is_astray(mt: &Mt, now: Timestamp) -> bool {
    mt.created > now.plus(HOUR) || mt.due >= mt.until
}

/// Puts a batch into the lanes; `false` where nothing more of this class is wanted now. With `astray` also what lies behind
/// the first that is not due is looked at.
fn take(shared: &Shared, route: &RouteDesk, batch: Vec<Mt>, class: MtClass, now: Timestamp, astray: bool) -> bool {
    let mut lanes = lock(&route.lanes);
    let since = Instant::now();
    for mt in batch {
        if mt.class != class {
            return false;
        }
        if mt.due > now && !(astray && is_astray(&mt, now)) {
            lanes.look_at(mt.due);
            if astray {
                continue;
            }
            return false;
        }
        if lanes.knows(mt.id) {
            continue;
        }
        let mut counted = false;
        if let MtState::Claimed { lease } = mt.state {
            // Ours: claimed for us and left to the store for want of room. Orphaned: claimed before we began.
            counted = lanes.owns(mt.id);
            // No lease reaches further than LEASE: one that does was given by a clock that was ahead.
            let lapsed = lease <= now || lease > now.plus(2 * LEASE);
            let orphaned = mt.id < shared.first_of_this_life() || lapsed;
            if !counted && !orphaned {
                lanes.look_at(lease);
                continue;
            }
        }
        if !lanes.has_room(class) {
            lanes.fall_behind();
            return false;
        }
        lanes.push(Job::new(mt, counted, since));
    }
    true
}

/// One attempt at one MT, from claim to commit.
async fn deliver(shared: &Shared, route: &RouteDesk, mut job: Job, stop: &watch::Receiver<bool>) -> Next {
    if job.detour {
        return detour::go_or_wait(shared, route, job, stop).await;
    }
    let began = shared.clock.now();
    if !ready_to_send(shared, &job, began) || lock(&shared.unwanted).contains(&job.mt.to) {
        match claim(shared, &job, stop).await {
            Some(Claim::Go(mt)) => job.mt = mt,
            Some(Claim::Later(due)) => {
                lock(&route.lanes).look_at(due);
                return Next::Gone;
            }
            Some(Claim::Ended(mt)) => {
                log_end(&mt);
                shared.tell(route.name(), ended(&mt));
                return Next::Gone;
            }
            Some(Claim::Gone) => return Next::Gone,
            None => return leave(shared, route),
        }
    }
    job.counted = false;
    let result = send(route, &job.mt, shared.clock.now()).await;
    let now = shared.clock.now();
    hear(shared, route, &job.mt, &result, now);
    let outcome = match result {
        Ok(taken) => Outcome::Taken(taken),
        Err(error) => {
            if let SendError::Unfit(cause) = &error
                && let Some(next) = detour::go(shared, route, &job, &discreet(cause, &job.mt), stop).await
            {
                return next;
            }
            if matches!(error, SendError::Unclear(_)) {
                job.unclear += 1;
            }
            let cause = discreet(&error.to_string(), &job.mt);
            tracing::debug!(mt = job.mt.id, mo = job.mt.cause, carrier = route.name(), cause, "not taken");
            let outcome = state::after(&error, &job.mt, job.unclear, route.carrier.idempotent(), now);
            match shared.leap.doubts(now) {
                Some(then) if outcome == Outcome::Expired => Outcome::Again(then),
                _ => outcome,
            }
        }
    };
    let mt = match settle(shared, route, &job.mt, &outcome, stop).await {
        Settled::Now(mt) => *mt,
        Settled::Missing => return Next::Gone,
        Settled::Unwritten => return leave(shared, route),
    };
    shared.tell(route.name(), settled(&mt, &outcome, now));
    log_end(&mt);
    match mt.state {
        MtState::Queued => {
            let due = mt.due;
            Next::Hold(Box::new(Job { mt, ..job }), due)
        }
        _ => Next::Gone,
    }
}

/// A carrier's words without the villager's, which it may repeat. Numbers in them the carrier's own file has masked.
fn discreet(said: &str, mt: &Mt) -> String {
    if mt.text.is_empty() { said.to_string() } else { said.replace(&mt.text, "…") }
}

/// One line for what an MT came to; those that will be tried again are not worth one. `mo` is the line of the text that
/// caused it.
fn log_end(mt: &Mt) {
    let (id, mo, carrier, to, attempt) = (mt.id, mt.cause, &mt.carrier, mt.to.to_string(), mt.attempts);
    match &mt.state {
        MtState::Queued | MtState::Claimed { .. } => {
            tracing::debug!(mt = id, mo, carrier, to, attempt, due = mt.due.rfc3339(), "another attempt is planned");
        }
        MtState::Sent | MtState::Delivered | MtState::Unreported => {
            tracing::info!(mt = id, mo, carrier, to, attempt, "sent")
        }
        MtState::Failed(cause) => {
            let cause = discreet(cause, mt);
            tracing::info!(mt = id, mo, carrier, to, attempt, cause, "not sent, and will not be");
        }
        MtState::Expired => tracing::info!(mt = id, mo, carrier, to, attempt, "not sent, its time is over"),
    }
}

/// What became of writing an outcome down.
pub(super) enum Settled {
    Now(Box<Mt>),
    /// Somebody has taken the MT out of the store.
    Missing,
    Unwritten,
}

/// Leaves an MT to its claim: when that has lapsed it is fetched again.
pub(super) fn leave(shared: &Shared, route: &RouteDesk) -> Next {
    lock(&route.lanes).look_at(shared.clock.now().plus(LEASE));
    Next::Gone
}

/// Whether the claim that came with the MT still holds, and nothing has to be looked up again.
fn ready_to_send(shared: &Shared, job: &Job, now: Timestamp) -> bool {
    let held = matches!(job.mt.state, MtState::Claimed { lease } if lease > now.plus(LEASE_LEFT));
    let fresh = match job.mt.class {
        MtClass::Answer => true,
        MtClass::Push => job.since.elapsed() < FRESH && (shared.quiet)(now).is_none(),
        MtClass::Broadcast => job.since.elapsed() < FRESH,
    };
    job.counted && held && fresh && now < job.mt.until
}

/// Claims, again and again while the store cannot write: without a record nothing is sent. `None` when stopping.
async fn claim(shared: &Shared, job: &Job, stop: &watch::Receiver<bool>) -> Option<Claim> {
    let mut faults = Faults::default();
    loop {
        let now = shared.clock.now();
        let counted = job.counted.then_some(job.mt.attempts);
        let (quiet, doubt) = ((shared.quiet)(now), shared.leap.doubts(now));
        let moment = Moment { now, lease: now.plus(LEASE), quiet, doubt };
        match desk::claim(&shared.store, job.mt.id, counted, moment).await {
            Ok(claim) => {
                shared.store_serves();
                return Some(claim);
            }
            Err(cause) => faults.wait(shared, &cause, stop).await?,
        }
    }
}

/// Settles, again and again while the store cannot write: this worker sends nothing more until it is written down.
pub(super) async fn settle(
    shared: &Shared,
    route: &RouteDesk,
    mt: &Mt,
    outcome: &Outcome,
    stop: &watch::Receiver<bool>,
) -> Settled {
    let forms: Vec<(String, Vec<String>)> = match outcome {
        Outcome::Taken(taken) => {
            let refs = taken.carrier_ref.iter().chain(&taken.part_refs);
            refs.map(|r| (r.clone(), route.carrier.ref_forms(r))).collect()
        }
        _ => Vec::new(),
    };
    let mut faults = Faults::default();
    loop {
        match desk::settle(&shared.store, mt, outcome, forms.clone(), shared.clock.now()).await {
            Ok(settled) => {
                shared.store_serves();
                let Some(left) = settled else { return Settled::Missing };
                if left.unwanted {
                    let why = match &left.mt.state {
                        MtState::Failed(why) => discreet(why, &left.mt),
                        _ => String::new(),
                    };
                    shared.leave_alone(route.name(), left.mt.to, &why);
                }
                return Settled::Now(Box::new(left.mt));
            }
            Err(cause) => {
                if faults.wait(shared, &cause, stop).await.is_none() {
                    return Settled::Unwritten;
                }
            }
        }
    }
}

/// The store's faults over one MT.
#[derive(Default)]
struct Faults(u32);

impl Faults {
    /// Waits before the store is asked again. `None` when stopping, and where asking again cannot help: then the MT keeps
    /// its claim, and is taken up again when that lapses.
    async fn wait(&mut self, shared: &Shared, cause: &StoreError, stop: &watch::Receiver<bool>) -> Option<()> {
        shared.store_fails(cause);
        self.0 += 1;
        let passing = matches!(cause, StoreError::Busy | StoreError::Write { .. });
        if *stop.borrow() || *cause == StoreError::Closed || !passing && self.0 >= STORE_TRIES {
            return None;
        }
        tokio::time::sleep(STORE_WAIT).await;
        Some(())
    }
}

/// The request, the answer, and what it means. A carrier's code that fails on one MT harms no other.
async fn send(route: &RouteDesk, mt: &Mt, now: Timestamp) -> Result<Taken, SendError> {
    if let Some(word) = banned(&route.bans, mt) {
        return Err(SendError::Unfit(format!("{word} is banned on this route")));
    }
    let carrier = &route.carrier;
    let request = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut request = carrier.outgoing(mt)?;
        carrier.sign(&mut request, mt, now)?;
        Ok(request)
    }));
    let request = request.unwrap_or_else(|_| Err(SendError::Permanent("our code fails on this text".into())))?;
    let answer = route.wire.exchange(request).await?;
    std::panic::catch_unwind(AssertUnwindSafe(|| carrier.outcome(answer.status, &answer.headers, &answer.body)))
        .unwrap_or_else(|_| Err(SendError::Unclear("our code fails on the answer".into())))
}

/// What of an MT this route may not carry: a board, or a word in it.
fn banned<'a>(bans: &'a Bans, mt: &Mt) -> Option<&'a str> {
    let board = mt.travel.as_ref().and_then(|t| t.board.as_ref());
    let board = bans.boards.iter().find(|b| Some(*b) == board);
    board.or_else(|| bans.words.iter().find(|w| mt.text.contains(w.as_str()))).map(String::as_str)
}

/// Lets the line know, and the operator where there is news.
fn hear(shared: &Shared, route: &RouteDesk, mt: &Mt, result: &Result<Taken, SendError>, now: Timestamp) {
    let sign = match result {
        Ok(_)
        | Err(
            SendError::Permanent(_)
            | SendError::OptedOut(_)
            | SendError::Unfit(_)
            | SendError::Dead(_)
            | SendError::PhoneLimit { .. },
        ) => Sign::Works,
        Err(SendError::Throttled { .. }) => Sign::TooFast,
        Err(SendError::Retry(_) | SendError::Unclear(_)) => Sign::Down,
        Err(SendError::Quota(_) | SendError::Config(_)) => Sign::Fault,
    };
    match result {
        Ok(_) => lock(&route.pulse).took(now),
        Err(e) => lock(&route.pulse).refused(now, discreet(&e.to_string(), mt)),
    }
    if let Err(SendError::Throttled { after_ms, .. }) = result
        && *after_ms > 0
    {
        lock(&route.line).hold_off(now.plus(i64::try_from(*after_ms).unwrap_or(i64::MAX)));
    }
    let Some(news) = lock(&route.line).heard(sign, now, Instant::now()) else { return };
    let carrier = route.name();
    let cause = result.as_ref().err().map(|e| discreet(&e.to_string(), mt)).unwrap_or_default();
    match news {
        News::Slower => tracing::warn!(carrier, cause, "the carrier wants it slower, and gets it"),
        News::FullPace => tracing::info!(carrier, "sending at full pace again"),
        News::Paused(true) => {
            tracing::error!(
                carrier,
                cause,
                "sending has stopped until somebody mends this; texts wait, one tries again"
            );
        }
        News::Paused(false) => {
            tracing::warn!(carrier, cause, "the carrier is out of reach; texts wait, one tries again");
        }
        News::Resumed => tracing::info!(carrier, "sending again"),
    }
    shared.tell(
        carrier,
        match news {
            News::Slower => What::Slower,
            News::Paused(fault) => What::Paused { fault },
            News::FullPace | News::Resumed => What::Resumed,
        },
    );
}

fn ended(mt: &Mt) -> What {
    match mt.state {
        MtState::Expired => What::Expired(mt.class),
        _ => What::Failed(mt.class),
    }
}

fn settled(mt: &Mt, outcome: &Outcome, now: Timestamp) -> What {
    match outcome {
        Outcome::Taken(_) => {
            What::Sent { class: mt.class, waited_ms: now.0.saturating_sub(mt.due.0).max(0).unsigned_abs() }
        }
        Outcome::Again(_) | Outcome::Detour { .. } => What::Retried(mt.class),
        Outcome::Failed(_) | Outcome::OptedOut(_) | Outcome::Dead(_) => What::Failed(mt.class),
        Outcome::Expired => What::Expired(mt.class),
    }
}

impl Shared {
    pub(super) fn tell(&self, carrier: &str, what: What) {
        (self.watch)(&Event { carrier, what });
    }
}
