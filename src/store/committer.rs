//! The committer: one thread that decides, one after the other, and makes groups of decisions durable.
//!
//! It takes what waits, decides each on a view that shows what was decided before it, writes one journal record each, syncs
//! once, and only then lays the group over the shared state and answers. When the journal cannot be written, the group's
//! table is thrown away and nothing ever happened.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::applier::Work;
use super::journal::{self, Journal, PAYLOAD_LIMIT};
use super::key;
use super::layers::{self, Layers};
use super::op::{self, Op};
use super::plan::{self, Counts, Plan};
use super::state::{Shared, State};
use super::table::Table;
use super::visit::{PostCache, Visit};
use super::{Next, StoreError, fault_text, panic_text};
use crate::clock::Clock;
use crate::market::{Post, PostId};

/// Decisions waiting beyond these are refused as busy.
pub const QUEUE: usize = 1024;
/// One group's bounds: a sync is shared by many, yet nobody waits long for it.
const GROUP_JOBS: usize = 256;
const GROUP_BYTES: usize = 256 * 1024;
/// A table is handed to the applier after this time, or at this size.
const HAND_OVER: Duration = Duration::from_millis(500);
const HAND_OVER_BYTES: usize = 4 << 20;
/// Between two looks whether a busy applier is done.
const OVERDUE: Duration = Duration::from_millis(20);
/// What a group waits at most, when the applier falls behind: better all a little than some for a second.
const SLOWEST: Duration = Duration::from_millis(20);

/// One caller's decision.
pub trait Job: Send {
    /// Decides. `None` where there is nothing to commit.
    fn decide(&mut self, visit: &Visit<'_>) -> Option<Plan>;
    /// Replaces the outcome by an error found while planning.
    fn refuse(&mut self, e: StoreError);
    /// Tells the caller, now that all this was decided upon is durable, or failed.
    fn answer(self: Box<Self>, group: Result<(), StoreError>);
}

/// Where the caller waits.
pub type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

/// A decision that gives a plan and an answer.
pub struct Decision<F, T> {
    decide: Option<F>,
    /// `None` until it has decided.
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Decision<F, T>
where
    F: FnOnce(&Visit<'_>) -> Result<(Plan, T), StoreError> + Send,
    T: Send,
{
    pub fn new(decide: F) -> (Decision<F, T>, Answer<T>) {
        let (reply, answer) = oneshot::channel();
        (Decision { decide: Some(decide), outcome: None, reply }, answer)
    }
}

impl<F, T> Job for Decision<F, T>
where
    F: FnOnce(&Visit<'_>) -> Result<(Plan, T), StoreError> + Send,
    T: Send,
{
    fn decide(&mut self, visit: &Visit<'_>) -> Option<Plan> {
        let decide = self.decide.take()?;
        match catch_unwind(AssertUnwindSafe(|| decide(visit))) {
            Ok(Ok((plan, t))) => {
                self.outcome = Some(Ok(t));
                (!plan.ops.is_empty()).then_some(plan)
            }
            Ok(Err(e)) => {
                self.outcome = Some(Err(e));
                None
            }
            Err(panic) => {
                self.outcome = Some(Err(StoreError::Fault(fault_text(panic.as_ref()))));
                None
            }
        }
    }

    fn refuse(&mut self, e: StoreError) {
        self.outcome = Some(Err(e));
    }

    fn answer(self: Box<Self>, group: Result<(), StoreError>) {
        let answer = match self.outcome {
            // what was found out about this one alone comes first
            Some(Err(e)) => Err(e),
            Some(Ok(t)) => group.map(|()| t),
            None => Err(group.err().unwrap_or(StoreError::Closed)),
        };
        // an answer that nobody waits for any more is no fault
        let _ = self.reply.send(answer);
    }
}

/// What the committer is sent.
pub enum Call {
    Job(Box<dyn Job>),
    /// Finish what came before, and stop.
    Stop,
    /// Stop at once; the journal has what is decided.
    Abandon,
}

pub struct Committer {
    shared: Arc<Shared>,
    journal: Journal,
    applier: SyncSender<Work>,
    cache: RefCell<PostCache>,
    handed_over: Instant,
}

/// Decisions on their way to the journal.
struct Group {
    over: Table,
    next: Next,
    counts: Counts,
    buckets: BTreeSet<u16>,
    changed: HashMap<PostId, Arc<Post>>,
    gone: Vec<PostId>,
    records: Vec<u8>,
    first: u64,
    seq: u64,
    /// What broke it: then none of it is kept.
    broken: Option<StoreError>,
}

impl Committer {
    pub fn new(shared: Arc<Shared>, journal: Journal, applier: SyncSender<Work>) -> Committer {
        let cache = RefCell::new(PostCache::new(shared.options.cached_posts));
        Committer { shared, journal, applier, cache, handed_over: Instant::now() }
    }

    /// Runs until told to stop, then stops the applier.
    pub fn run(mut self, calls: Receiver<Call>) {
        loop {
            let idle = self.shared.read().active.is_empty();
            let patience = if idle { HAND_OVER } else { HAND_OVER.saturating_sub(self.handed_over.elapsed()) };
            // overdue means that the applier is still busy
            match calls.recv_timeout(patience.max(OVERDUE)) {
                Ok(Call::Job(job)) => {
                    if let Some(last) = self.group(job, &calls) {
                        return self.stop(last);
                    }
                }
                Ok(last) => return self.stop(last),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.stop(Call::Abandon),
            }
            self.hand_over(false);
        }
    }

    /// Everything decided goes to the applier; should that fail, it lives on in the journal.
    fn stop(mut self, last: Call) {
        if matches!(last, Call::Abandon) {
            let _ = self.applier.send(Work::Abandon);
            return;
        }
        self.shared.await_turn(|s| s.frozen.is_some() && s.disk.is_ok());
        self.hand_over(true);
        let _ = self.applier.send(Work::Stop);
    }

    /// Gives the active table to the applier if it is free and the time has come.
    fn hand_over(&mut self, now: bool) {
        {
            let state = self.shared.read();
            let due = now || state.active.bytes() >= HAND_OVER_BYTES || self.handed_over.elapsed() >= HAND_OVER;
            if !due || state.active.is_empty() || state.frozen.is_some() {
                return;
            }
        }
        let (table, meta) = {
            let mut state = self.shared.write();
            let table = Arc::new(std::mem::take(&mut state.active));
            state.frozen = Some(table.clone());
            (table, state.meta())
        };
        self.handed_over = Instant::now();
        // an applier that is gone has closed the disk too, which callers are told
        let _ = self.applier.send(Work::Apply { table, meta });
    }

    /// Takes a group, beginning with `first`. Returns the call to stop if that was among those waiting.
    fn group(&mut self, first: Box<dyn Job>, calls: &Receiver<Call>) -> Option<Call> {
        let limit = self.shared.options.memory_bytes / 2;
        self.hold_back(limit);
        self.shared.await_turn(|s| s.active.bytes() >= limit && s.frozen.is_some() && s.disk.is_ok());

        let begun = Instant::now();
        let mut jobs: Vec<Box<dyn Job>> = Vec::new();
        let mut stop = None;
        let shared = self.shared.clone();
        let state = shared.read();
        let mut group = Group::new(&state);
        group.broken = state.disk.as_ref().err().cloned();
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            if group.broken.is_none() {
                self.decide(&mut *job, &state, &mut group);
            }
            jobs.push(job);
            if jobs.len() < GROUP_JOBS && group.records.len() < GROUP_BYTES {
                match calls.try_recv() {
                    Ok(Call::Job(job)) => next = Some(job),
                    Ok(last) => stop = Some(last),
                    Err(_) => {}
                }
            }
        }
        drop(state);
        let outcome = self.commit(group, begun);
        self.shared.note_outcome(&outcome);
        let figures = &self.shared.figures;
        figures.last_group.store(jobs.len() as u64, Ordering::Relaxed);
        figures.largest_group.fetch_max(jobs.len() as u64, Ordering::Relaxed);
        for job in jobs {
            job.answer(outcome.clone());
        }
        stop
    }

    /// Slows down while sled cannot follow: the more is waiting for it, the longer.
    fn hold_back(&self, limit: usize) {
        let state = self.shared.read();
        let above = state.active.bytes().saturating_sub(limit / 2).min(limit / 2);
        if above > 0 && state.frozen.is_some() && state.disk.is_ok() {
            let share = above as f64 / (limit / 2).max(1) as f64;
            drop(state);
            std::thread::sleep(SLOWEST.mul_f64(share));
        }
    }

    fn decide(&self, job: &mut dyn Job, state: &State, group: &mut Group) {
        let Ok(disk) = &state.disk else { return };
        let below = [Some(&state.active), state.frozen.as_deref()];
        let visit = Visit {
            layers: Layers { tables: [Some(&group.over), below[0], below[1]], disk },
            next: group.next,
            buckets: &group.buckets,
            changed: Some(&group.changed),
            cache: Some(&self.cache),
        };
        let Some(plan) = job.decide(&visit) else { return };
        let at = group.records.len();
        journal::frame(&mut group.records, group.seq + 1, |out| op::encode(out, &plan.ops));
        let bytes = group.records.len() - at;
        if bytes > PAYLOAD_LIMIT {
            group.records.truncate(at);
            job.refuse(StoreError::TooLarge { what: "change", bytes, limit: PAYLOAD_LIMIT });
            return;
        }
        group.seq += 1;
        for bucket in &plan.emptied {
            group.buckets.remove(bucket);
        }
        for op in &plan.ops {
            plan::take_note(op, &mut group.next, &mut group.buckets);
            if let Op::Delete { key } = op
                && key.first() == Some(&key::POST)
            {
                group.gone.push(key::last_number(key));
            }
        }
        group.counts.add(plan.counts);
        group.changed.extend(plan.posts.into_iter().map(|p| (p.id, p)));
        let over = &mut group.over;
        let applied = catch_unwind(AssertUnwindSafe(|| layers::apply(plan.ops, over, below, disk)));
        let applied = applied.unwrap_or_else(|p| Err(StoreError::Fault(panic_text(p.as_ref()))));
        group.broken = applied.err();
    }

    fn commit(&mut self, group: Group, begun: Instant) -> Result<(), StoreError> {
        if let Some(e) = group.broken {
            return Err(e);
        }
        if group.records.is_empty() {
            return Ok(());
        }
        let syncing = Instant::now();
        self.journal.append(group.first, &group.records)?;
        let synced = syncing.elapsed();
        {
            let mut state = self.shared.write();
            state.active.merge(group.over);
            state.next = group.next;
            state.counts = group.counts;
            state.buckets = group.buckets;
            state.seq = group.seq;
        }
        let mut cache = self.cache.borrow_mut();
        for (_, post) in group.changed {
            cache.put(post);
        }
        for id in group.gone {
            cache.forget(id);
        }
        let f = &self.shared.figures;
        let micros = |d: Duration| u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
        f.commits.fetch_add(group.seq + 1 - group.first, Ordering::Relaxed);
        f.groups.fetch_add(1, Ordering::Relaxed);
        f.journal_bytes.fetch_add(group.records.len() as u64, Ordering::Relaxed);
        f.last_commit_micros.store(micros(begun.elapsed()), Ordering::Relaxed);
        f.commit_micros.fetch_add(micros(begun.elapsed()), Ordering::Relaxed);
        f.sync_micros.fetch_add(micros(synced), Ordering::Relaxed);
        f.last_commit.store(Clock::System.now().0, Ordering::Relaxed);
        Ok(())
    }
}

impl Group {
    fn new(state: &State) -> Group {
        Group {
            over: Table::default(),
            next: state.next,
            counts: state.counts,
            buckets: state.buckets.clone(),
            changed: HashMap::new(),
            gone: Vec::new(),
            records: Vec::new(),
            first: state.seq + 1,
            seq: state.seq,
            broken: None,
        }
    }
}
