//! Sends what is due: each route's MTs at its pace, retried, settled, and joined with their reports.
//!
//! The service commits MTs born claimed and [offers](Outbox::offer) them, so the usual way costs one commit: that which
//! settles the sending. Whatever else is pending in the store (after a crash, from another time of day, too much for memory)
//! is fetched when it comes due and claimed before it is sent. An MT is handed over at least once, and as near to once as
//! the carrier allows; each sending is written down before its worker begins another.
//!
//! ```text
//! Queued ──claim──► Claimed ──taken──► Sent ──report──► Delivered | Failed | Expired
//!    ▲                 │ refused for now                    (Delivered outlasts all)
//!    └─────────────────┴ refused for good ► Failed, out of time ► Expired
//! ```

mod budget;
mod desk;
mod detour;
mod lanes;
mod line;
mod pulse;
mod route;
mod state;
mod wire;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use self::budget::Budget;
use self::desk::lock;
use self::lanes::{Job, Lanes};
use self::line::Line;
use self::route::RouteDesk;
use self::wire::Wire;
use crate::carrier::{Carrier, Outgoing, SendError};
use crate::clock::leap::Leap;
use crate::clock::{Clock, DAY, Timestamp};
use crate::config::route::Usage;
use crate::message::{Consent, Dlr, Msisdn, Mt, MtClass, MtId, MtRef, MtState};
use crate::store::{Change, Store, StoreError, View};

pub use self::desk::Reported;
pub use self::detour::Ways;
pub use self::line::Health;
pub use self::pulse::Pulse;
pub use self::route::Standing;

/// Requests under way at once where nothing else is said. Each waits for its commit, and commits that wait together share
/// one flush of the disk, so more of them cost less; a carrier with a slow pace never sees that many.
pub const CONNECTIONS: usize = 64;
/// MTs of one route that are held in memory, some 10 MB; the rest waits in the store.
const IN_MEMORY: usize = 20_000;
/// MTs that are looked at to know what was sent today.
const RECALLED: usize = 100_000;
/// For one request and its answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// One account's way out.
#[derive(Debug, Clone)]
pub struct Route {
    pub carrier: Arc<dyn Carrier>,
    /// MTs a second; 0: as fast as it goes. An account that bears less in an hour says so itself.
    pub rate: u32,
    /// Requests under way at once, at least one.
    pub connections: usize,
    /// What it bears and may carry.
    pub usage: Usage,
}

/// Until when pushes must wait if it is quiet at this time.
pub type Quiet = Arc<dyn Fn(Timestamp) -> Option<Timestamp> + Send + Sync>;

/// Hears what happens, for figures. Called on the way of every MT, so it must be quick.
pub type Watch = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// Something that happened on a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    pub carrier: &'a str,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Taken by the carrier, so long after it was due.
    Sent {
        class: MtClass,
        waited_ms: u64,
    },
    Retried(MtClass),
    Failed(MtClass),
    Expired(MtClass),
    /// A report was heard.
    Reported(Reported),
    /// The carrier wants it slower.
    Slower,
    /// Sending rests; `fault` where a person must act.
    Paused {
        fault: bool,
    },
    Resumed,
}

/// Sends MTs. Clones share it.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    store: Store,
    clock: Clock,
    routes: Vec<Arc<RouteDesk>>,
    by_name: HashMap<String, usize>,
    ways: OnceLock<Ways>,
    quiet: Quiet,
    watch: Watch,
    leap: Leap,
    /// Phones that a carrier has told us want nothing more: what was claimed for them before we knew is looked at again.
    unwanted: Mutex<HashSet<Msisdn>>,
    /// The store fails us, and the operator was told.
    unkept: AtomicBool,
    /// Something was settled, fetched or paused.
    changed: Notify,
    stop: watch::Sender<bool>,
    workers: Mutex<JoinSet<()>>,
    /// Claims on MTs below this number were made by a process that is no more.
    first: AtomicU64,
}

impl Shared {
    fn first_of_this_life(&self) -> MtId {
        self.first.load(Ordering::Relaxed)
    }

    /// A carrier says that a phone wants nothing more from us.
    fn leave_alone(&self, carrier: &str, to: Msisdn, why: &str) {
        tracing::info!(carrier, %to, why, "opted out at the carrier; nothing more goes there until it joins again");
        lock(&self.unwanted).insert(to);
    }

    fn offer(&self, mts: Vec<Mt>) {
        let shared = self;
        let (now, since) = (shared.clock.now(), Instant::now());
        for mt in mts {
            let Some(route) = shared.by_name.get(&mt.carrier).map(|n| &shared.routes[*n]) else {
                tracing::error!(
                    mt = mt.id,
                    carrier = mt.carrier,
                    "no such carrier in the config, the text waits in the store"
                );
                continue;
            };
            let mut lanes = lock(&route.lanes);
            let counted = matches!(mt.state, MtState::Claimed { .. });
            if mt.due > now {
                lanes.look_at(mt.due);
            } else if lanes.has_room(mt.class) {
                lanes.push(Job::new(mt, counted, since));
            } else {
                lanes.spill(mt.id);
            }
            drop(lanes);
            route.wake.notify_one();
        }
    }

    /// Counts again what was sent in the last day on routes that bear only so much.
    async fn recall(&self) -> Result<(), StoreError> {
        if !self.routes.iter().any(|r| lock(&r.budget).is_limited()) {
            return Ok(());
        }
        let since = self.clock.now().plus(-DAY);
        let read = move |view: &dyn View| {
            let mut sent = Vec::new();
            let (mut id, most) = (view.next().mt, RECALLED);
            while id > 1 && sent.len() < most {
                id -= 1;
                let Some(mt) = view.mt(id)? else { break };
                if mt.created < since {
                    break;
                }
                if mt.attempts > 0 && !matches!(mt.state, MtState::Queued) {
                    sent.push((mt.carrier, mt.to, mt.due));
                }
            }
            Ok(sent)
        };
        for (carrier, to, at) in self.store.read(read).await?.into_iter().rev() {
            if let Some(n) = self.by_name.get(&carrier) {
                lock(&self.routes[*n].budget).spend(to, at);
            }
        }
        Ok(())
    }
}

impl Outbox {
    /// `leap` says when the clock is not to be believed: until then nothing runs out.
    pub fn new(store: Store, clock: Clock, leap: Leap, routes: Vec<Route>, quiet: Quiet, watch: Watch) -> Outbox {
        let roots = wire::roots();
        let desks: Vec<Arc<RouteDesk>> = routes
            .into_iter()
            .map(|route| {
                let connections = route.connections.max(1);
                let line = Line::new(route.rate, route.carrier.per_hour(), Instant::now());
                let wire = Wire::new(wire::tls(&roots, &route.usage.ca), connections, TIMEOUT);
                Arc::new(RouteDesk::new(route.carrier, connections, Lanes::new(IN_MEMORY), line, wire, route.usage))
            })
            .collect();
        let by_name = desks.iter().enumerate().map(|(n, r)| (r.name().to_string(), n)).collect();
        Outbox {
            shared: Arc::new(Shared {
                store,
                clock,
                routes: desks,
                by_name,
                ways: OnceLock::new(),
                quiet,
                watch,
                leap,
                unwanted: Mutex::default(),
                unkept: AtomicBool::new(false),
                changed: Notify::new(),
                stop: watch::Sender::new(false),
                workers: Mutex::new(JoinSet::new()),
                first: AtomicU64::new(0),
            }),
        }
    }

    /// Lets MTs go by other routes where theirs cannot carry them. Once, before the start.
    pub fn with_ways(self, ways: Ways) -> Outbox {
        // the first stays
        let _ = self.shared.ways.set(ways);
        self
    }

    /// Begins to send, first what an earlier process left behind. Nothing may have been offered yet.
    pub async fn start(&self) -> Result<(), StoreError> {
        let shared = &self.shared;
        let first = shared.store.transact(|view: &dyn View| Ok((Change::default(), view.next().mt))).await?;
        shared.first.store(first, Ordering::Relaxed);
        shared.recall().await?;
        let now = shared.clock.now();
        let mut workers = lock(&shared.workers);
        for route in &shared.routes {
            lock(&route.lanes).look_at(now);
            for _ in 0..route.connections {
                workers.spawn(route::work(shared.clone(), route.clone(), shared.stop.subscribe()));
            }
        }
        Ok(())
    }

    /// Takes over MTs that have just been committed, claimed (to be sent at once) or queued (for later).
    pub fn offer(&self, mts: Vec<Mt>) {
        self.shared.offer(mts);
    }

    /// Joins a report to its MT, once or however often it comes. An error means it was not kept: the carrier should
    /// call again.
    pub async fn report(&self, dlr: Dlr) -> Result<Reported, StoreError> {
        let shared = &self.shared;
        let carrier = dlr.carrier.clone();
        let (state, why) = (dlr.state, dlr.detail.clone());
        let forms = match (&dlr.mt, shared.by_name.get(&carrier)) {
            (MtRef::Carrier(theirs), Some(n)) => shared.routes[*n].carrier.ref_forms(theirs),
            (MtRef::Carrier(theirs), None) => vec![theirs.clone()],
            (MtRef::Ours(_), _) => Vec::new(),
        };
        let (reported, unwanted) = desk::report(&shared.store, dlr, forms, shared.clock.now()).await?;
        if let Some(to) = unwanted {
            shared.leave_alone(&carrier, to, &why);
        }
        match &reported {
            Reported::Moved(mt) => {
                if let Some(n) = shared.by_name.get(&carrier) {
                    lock(&shared.routes[*n].pulse).reported(shared.clock.now(), &mt.state);
                }
                let state = match &mt.state {
                    MtState::Failed(cause) => format!("failed: {cause}"),
                    state => format!("{state:?}").to_lowercase(),
                };
                tracing::info!(mt = mt.id, mo = mt.cause, carrier, state, "reported");
            }
            other => tracing::debug!(carrier, ?state, ?other, "a report changes nothing"),
        }
        shared.tell(&carrier, What::Reported(reported.clone()));
        Ok(reported)
    }

    /// Writes down that a phone wants our texts no more, or again. An error means it was not kept: the carrier should call
    /// again.
    pub async fn consent(&self, said: Consent) -> Result<(), StoreError> {
        let shared = &self.shared;
        desk::consent(&shared.store, said.clone(), shared.clock.now()).await?;
        if said.given {
            tracing::info!(carrier = said.carrier, to = %said.phone, why = said.why, "joined again at the carrier");
        } else {
            shared.leave_alone(&said.carrier, said.phone, &said.why);
        }
        Ok(())
    }

    /// Whether nothing is due and nothing on its way. Texts that wait for the end of a pause do not count as due.
    pub fn idle(&self) -> bool {
        let now = self.shared.clock.now();
        self.shared.routes.iter().all(|r| r.idle(now) && !(detour::is_needed(&self.shared, r, now) && r.is_ready()))
    }

    /// Returns once everything that is due at the clock's present time has been handed out and settled, or waits for the end of a pause.
    pub async fn settle_due(&self) {
        let mut stop = self.shared.stop.subscribe();
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.idle() || *stop.borrow() {
                return;
            }
            for route in &self.shared.routes {
                route.wake.notify_one();
            }
            tokio::select! {
                () = changed => {}
                _ = stop.wait_for(|s| *s) => {}
            }
        }
    }

    /// How each route stands.
    pub fn standing(&self) -> BTreeMap<String, Standing> {
        let now = self.shared.clock.now();
        self.shared.routes.iter().map(|r| (r.name().to_string(), r.standing(now))).collect()
    }

    /// Tries an account's credentials by a call that does nothing; `None` where its carrier has none such. `usage` is how the
    /// account is used, and whom it believes.
    ///
    /// # Errors
    /// What is wrong with the account, or that the carrier cannot be reached.
    pub async fn probe(carrier: &dyn Carrier, usage: &Usage) -> Option<Result<String, SendError>> {
        let call = carrier.probe()?;
        let wire = Wire::new(wire::tls(&wire::roots(), &usage.ca), 1, TIMEOUT);
        Some(match wire.exchange(call).await {
            Ok(answer) => carrier.probed(answer.status, &answer.headers, &answer.body),
            Err(e) => Err(e),
        })
    }

    /// Makes one call, for the command line.
    ///
    /// # Errors
    /// That no answer came.
    pub async fn call(out: Outgoing) -> Result<(http::StatusCode, Vec<u8>), SendError> {
        let answer = Wire::new(wire::tls(&wire::roots(), &[]), 1, TIMEOUT).exchange(out).await?;
        Ok((answer.status, answer.body))
    }

    /// Makes one call whose answer is read as it comes, for the command line.
    ///
    /// # Errors
    /// That no answer began.
    pub async fn open(out: Outgoing) -> Result<(http::StatusCode, hyper::body::Incoming), SendError> {
        Wire::new(wire::tls(&wire::roots(), &[]), 1, TIMEOUT).open(out).await
    }

    /// Stops picking, lets what is on its way arrive and be written down for at most `grace`, and returns whether all
    /// of it was. What was not is claimed, and sent again by the next process.
    pub async fn stop(&self, grace: Duration) -> bool {
        self.shared.stop.send_replace(true);
        let mut workers = std::mem::take(&mut *lock(&self.shared.workers));
        let all = async { while workers.join_next().await.is_some() {} };
        let drained = tokio::time::timeout(grace, all).await.is_ok();
        if !drained {
            tracing::warn!("some texts were still on their way; they will be sent again");
            workers.shutdown().await;
        }
        drained
    }
}
