//! Where everything is kept, in the words of the domain: what one visit may read ([`View`]), what one decision changes
//! ([`Change`]), and the promises every store keeps.
//!
//! 1. A `Change` is kept whole or not at all; [`Store::transact`] returns once it would survive a power cut.
//! 2. Decisions run one after the other: a decision sees everything that was decided before it.
//! 3. A failed commit leaves nothing behind, and the same call may be made again.
//!
//! `tests/it/store.rs` runs these promises against each store.

pub mod loose;
pub mod record;
pub mod session;

mod applier;
mod backup;
mod committer;
mod disk;
mod embedded;
pub mod export;
mod form;
mod journal;
mod key;
mod layers;
mod list;
mod op;
mod opening;
mod plan;
mod prune;
mod state;
mod table;
mod visit;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use export::{Contents, Progress};
pub use journal::Damage;
pub use loose::{Loose, LooseKey};
pub use opening::{How, Opened};
pub use record::{Due, MoRecord, Notes, Person, SeenKey, Topic};
pub use session::{Session, SessionKey};

use crate::clock::{Clock, Timestamp};
use crate::market::{Pact, PactId, PlaceCode, Post, PostId, PriceBook, RingKey};
use crate::message::{MoSeq, Msisdn, Mt, MtClass, MtId};

/// Why a store could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// More waits than can be taken; the carrier should call again.
    #[error("the store is behind, try again")]
    Busy,
    /// The disk is full or refuses to write; nothing was kept.
    #[error("cannot write to {path}: {cause}")]
    Write { path: String, cause: String },
    /// What is on disk cannot be read.
    #[error("cannot read {what}: {cause}")]
    Read { what: String, cause: String },
    /// A record is larger than a value may be.
    #[error("{what} takes {bytes} bytes, more than {limit}")]
    TooLarge { what: &'static str, bytes: usize, limit: usize },
    /// Another process has the store.
    #[error("{dir} is in use{}", pid.map_or(String::new(), |p| format!(" by process {p}")))]
    Locked { dir: String, pid: Option<u32> },
    /// The address of the store is not one we know.
    #[error("store.url {0:?} is not of the form sled:FOLDER")]
    Url(String),
    /// The code of a decision failed; it changed nothing, and no other is harmed.
    #[error("fault: {0}")]
    Fault(String),
    /// The store is closed or was never able to open.
    #[error("the store is closed")]
    Closed,
}

/// The next free numbers. A change that uses one simply contains the record so numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub mo: MoSeq,
    pub mt: MtId,
    pub post: PostId,
    pub pact: PactId,
}

/// What one visit may read. Nothing changes while a decision reads.
pub trait View {
    /// When a message with this key was accepted, if it was, within the store's memory of some days.
    fn seen(&self, key: &SeenKey) -> Result<Option<Timestamp>, StoreError>;
    fn person(&self, msisdn: Msisdn) -> Result<Option<Person>, StoreError>;
    fn post(&self, id: PostId) -> Result<Option<Arc<Post>>, StoreError>;
    /// The newest live posts of one list, newest first, at most `limit`.
    fn ring(&self, key: &RingKey, limit: usize) -> Result<Vec<PostId>, StoreError>;
    /// Whether the owners of these two posts were told of each other, in whichever order they are named.
    fn told(&self, a: PostId, b: PostId) -> Result<bool, StoreError>;
    fn mo(&self, seq: MoSeq) -> Result<Option<MoRecord>, StoreError>;
    fn mt(&self, id: MtId) -> Result<Option<Mt>, StoreError>;
    /// The MT that a carrier knows by its own id.
    fn mt_by_ref(&self, carrier: &str, carrier_ref: &str) -> Result<Option<MtId>, StoreError>;
    fn pact(&self, id: PactId) -> Result<Option<Pact>, StoreError>;
    /// The pacts about one post with numbers above `after`, oldest first, at most `limit`.
    fn pacts_of(&self, post: PostId, after: PactId, limit: usize) -> Result<Vec<Pact>, StoreError>;
    /// Phones that want to hear of a topic at its place, with numbers below `below` where there is one, at most `limit`.
    fn watchers(&self, topic: &Topic, below: Option<Msisdn>, limit: usize) -> Result<Vec<Msisdn>, StoreError>;
    /// What an item went for in a county.
    fn prices(&self, item: &str, county: PlaceCode) -> Result<Option<PriceBook>, StoreError>;
    /// What a station has for looking up.
    fn notes(&self, station: &str) -> Result<Option<Notes>, StoreError>;
    /// What is due at `now`, the longest due first, at most `limit`.
    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(Timestamp, Due)>, StoreError>;
    /// What waits for what it belongs to.
    fn loose(&self, key: &LooseKey) -> Result<Option<Loose>, StoreError>;
    /// A USSD dialogue.
    fn session(&self, key: &SessionKey) -> Result<Option<Session>, StoreError>;
    fn next(&self) -> Next;
}

/// What one decision changes. Records replace those of the same number; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The message is remembered as accepted at this time.
    pub seen: Option<(SeenKey, Timestamp)>,
    pub mos: Vec<MoRecord>,
    /// The store keeps the lists of watchers in step.
    pub people: Vec<Person>,
    /// The store keeps the index in step: a live post stands in the lists of [`Post::ring_keys`], any other in none.
    pub posts: Vec<Post>,
    pub told: Vec<(PostId, PostId)>,
    /// A carrier's id in an MT makes it findable by it; a queued or claimed MT is pending.
    pub mts: Vec<Mt>,
    pub pacts: Vec<Pact>,
    pub prices: Vec<PriceBook>,
    pub notes: Vec<Notes>,
    /// People of whom nothing is kept any more.
    pub gone: Vec<Msisdn>,
    /// What is to be done at a time. Adding one that stands there already changes nothing.
    pub due: Vec<(Timestamp, Due)>,
    /// What has been done or need not be any more.
    pub done: Vec<(Timestamp, Due)>,
    /// What waits for what it belongs to, and what waits no longer.
    pub loose: Vec<Loose>,
    pub joined: Vec<LooseKey>,
    /// USSD dialogues, and those of which nothing is kept any more.
    pub sessions: Vec<Session>,
    pub hung_up: Vec<SessionKey>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        *self == Change::default()
    }
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Make it where there is none.
    pub create: bool,
    /// What sled may keep of its pages. It takes some tens of megabytes more for itself.
    pub cache_bytes: u64,
    /// What may wait in memory for sled; more lets callers wait, then refuses them as busy.
    pub memory_bytes: usize,
    /// Decoded posts kept at hand for matching, about a kilobyte each.
    pub cached_posts: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { create: true, cache_bytes: 16 << 20, memory_bytes: 24 << 20, cached_posts: 12_000 }
    }
}

/// Figures of a store, for `/metrics`. Sums count from its opening.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    pub live_posts: u64,
    /// MTs queued or claimed.
    pub pending_mts: u64,
    /// Messages ever accepted.
    pub accepted: u64,
    /// Changes kept, and in how many groups; one group costs one sync.
    pub commits: u64,
    pub groups: u64,
    pub last_group: u64,
    pub largest_group: u64,
    /// From the first decision of the last group until it was durable, and the sum over all groups.
    pub last_commit_micros: u64,
    pub commit_micros: u64,
    /// Of that sum, what writing and syncing the journal took.
    pub sync_micros: u64,
    pub last_commit: Option<Timestamp>,
    /// The journal on disk: what came since the last backup, and a week in any case.
    pub journal_bytes: u64,
    /// Keys written to sled, and the time that took.
    pub applied_keys: u64,
    pub apply_micros: u64,
    /// Memory taken by what waits for sled.
    pub waiting_bytes: u64,
    /// When the newest backup was written, by this machine's clock.
    pub last_backup: Option<Timestamp>,
    /// Why the store cannot serve now.
    pub failing: Option<String>,
}

/// Where a station keeps everything. Clones share it.
///
/// Dropping the last clone without [`Store::close`] waits for the store's threads and leaves the next opening more to do.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Embedded(Arc<embedded::Embedded>),
}

impl Store {
    /// Opens the store at `url`, `sled:FOLDER`. Blocks, for seconds where much must be read.
    pub fn open(url: &str, options: Options) -> Result<(Store, Opened), StoreError> {
        let (store, opened) = embedded::Embedded::open(&folder(url)?, options)?;
        Ok((Store { engine: Engine::Embedded(Arc::new(store)) }, opened))
    }

    /// Runs a decision when all before it are decided, and returns its answer once its change is durable.
    ///
    /// Decisions run on the store's own thread: they must not block. A panic inside becomes [`StoreError::Fault`]. A decision
    /// may be run again from the beginning, by stores on which others can interfere.
    pub async fn transact<T: Send + 'static>(
        &self,
        mut decide: impl FnMut(&dyn View) -> Result<(Change, T), StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Engine::Embedded(e) = &self.engine;
        e.decide(move |visit| {
            let (change, t) = decide(visit)?;
            Ok((plan::Plan::new(change, visit)?, t))
        })
        .await
    }

    /// Reads what is durable, in one consistent visit, on a thread that may block. Commits wait for a visit to end: keep it
    /// short.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&dyn View) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.visit(move |v| f(v)).await
    }

    async fn visit<T: Send + 'static>(
        &self,
        f: impl FnOnce(&visit::Visit<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Engine::Embedded(e) = &self.engine;
        let shared = e.shared.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let state = shared.read();
            let visit = state.visit()?;
            catch_unwind(AssertUnwindSafe(|| f(&visit)))
                .unwrap_or_else(|panic| Err(StoreError::Fault(fault_text(panic.as_ref()))))
        });
        reading.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Queued and claimed MTs of a carrier behind `after`, in the order of class, due time and number.
    pub async fn pending(
        &self,
        carrier: &str,
        after: Option<(MtClass, Timestamp, MtId)>,
        limit: usize,
    ) -> Result<Vec<Mt>, StoreError> {
        let carrier = carrier.to_string();
        self.visit(move |v| v.pending(&carrier, after, limit)).await
    }

    /// Posts that are live though their days have run out at `now`; for the sweep that closes them.
    pub async fn expired(&self, now: Timestamp, limit: usize) -> Result<Vec<PostId>, StoreError> {
        self.visit(move |v| v.expired(now, limit)).await
    }

    /// Messages that wait for a person, the newest first.
    pub async fn unread(&self, limit: usize) -> Result<Vec<MoRecord>, StoreError> {
        self.visit(move |v| v.unread(limit)).await
    }

    /// The messages accepted last, the newest first.
    pub async fn recent(&self, limit: usize) -> Result<Vec<MoRecord>, StoreError> {
        self.visit(move |v| v.recent(limit)).await
    }

    /// Takes out at most `limit` messages, settled MTs and closed posts from before `before`, and seen keys that are older than
    /// their memory at `now`. Returns how many; fewer than `limit` when nothing more is due.
    pub async fn prune(&self, now: Timestamp, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let Engine::Embedded(e) = &self.engine;
        // one piece must stay a small change among others
        let limit = limit.min(1000);
        e.decide(move |visit| prune::plan(visit, now, before, limit)).await
    }

    pub fn stats(&self) -> Stats {
        let Engine::Embedded(e) = &self.engine;
        e.shared.stats()
    }

    /// Writes an export of the whole store beside it, reads it back, and lets old journal files go. For every night and before
    /// upgrades. Returns where it is.
    pub async fn backup(&self) -> Result<PathBuf, StoreError> {
        let Engine::Embedded(e) = &self.engine;
        e.backup().await
    }

    /// Exports everything to a file, as lines of JSON. Blocks, and commits wait: for when no daemon serves.
    pub fn export(&self, path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Contents, StoreError> {
        let Engine::Embedded(e) = &self.engine;
        e.export(path, Clock::System.now(), progress)
    }

    /// Finishes what waits and closes. Returns whether everything is in its place; if not, the next opening does the rest.
    pub async fn close(&self) -> bool {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.close_now()).await.unwrap_or(false)
    }

    /// As [`Store::close`], for where there is no runtime. Blocks.
    pub fn close_now(&self) -> bool {
        let Engine::Embedded(e) = &self.engine;
        e.close(committer::Call::Stop)
    }
}

/// Makes a new store at `url` from an export; there must be none. Blocks.
pub fn import(url: &str, from: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Contents, StoreError> {
    embedded::import(&folder(url)?, from, &Options::default(), progress)
}

fn folder(url: &str) -> Result<PathBuf, StoreError> {
    match url.strip_prefix("sled:") {
        Some(dir) if !dir.is_empty() => Ok(PathBuf::from(dir)),
        _ => Err(StoreError::Url(url.to_string())),
    }
}

fn failed_write(path: &Path, e: &std::io::Error) -> StoreError {
    StoreError::Write { path: path.display().to_string(), cause: e.to_string() }
}

/// What a decision's panic said, as far as the code itself says it: a composed message may quote a villager's words.
fn fault_text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|s| s.to_string());
    said.unwrap_or_else(|| "panic".to_string())
}

/// What a panic of sled's said.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|s| s.to_string());
    said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_string())
}
