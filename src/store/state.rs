//! What the committer, the applier and readers share.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::disk::Reader;
use super::layers::Layers;
use super::plan::Counts;
use super::table::Table;
use super::visit::Visit;
use super::{Next, Stats, StoreError};
use crate::clock::Timestamp;

/// Everything that is decided and durable.
pub struct State {
    /// Changes since the last hand-over.
    pub active: Table,
    /// Changes the applier is writing to sled.
    pub frozen: Option<Arc<Table>>,
    /// sled, or why there is none now.
    pub disk: Result<Reader, StoreError>,
    pub next: Next,
    pub counts: Counts,
    pub buckets: BTreeSet<u16>,
    /// Number of the last record in the journal.
    pub seq: u64,
}

impl State {
    pub fn meta(&self) -> Meta {
        Meta {
            applied: self.seq,
            mo: self.next.mo,
            mt: self.next.mt,
            post: self.next.post,
            pact: self.next.pact,
            live: self.counts.live,
            pending: self.counts.pending,
            buckets: self.buckets.iter().copied().collect(),
        }
    }

    /// A visit to what is durable.
    pub fn visit(&self) -> Result<Visit<'_>, StoreError> {
        let disk = self.disk.as_ref().map_err(Clone::clone)?;
        Ok(Visit {
            layers: Layers { tables: [Some(&self.active), self.frozen.as_deref(), None], disk },
            next: self.next,
            buckets: &self.buckets,
            changed: None,
            cache: None,
        })
    }
}

/// How far sled is, kept in sled itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// All journal records up to this one are in sled.
    pub applied: u64,
    pub mo: u64,
    pub mt: u64,
    pub post: u64,
    pub pact: u64,
    pub live: i64,
    pub pending: i64,
    pub buckets: Vec<u16>,
}

impl Meta {
    pub fn empty() -> Meta {
        let first = super::plan::FIRST;
        Meta {
            applied: 0,
            mo: first.mo,
            mt: first.mt,
            post: first.post,
            pact: first.pact,
            live: 0,
            pending: 0,
            buckets: Vec::new(),
        }
    }

    pub fn next(&self) -> Next {
        Next { mo: self.mo, mt: self.mt, post: self.post, pact: self.pact }
    }

    pub fn set_next(&mut self, next: Next) {
        (self.mo, self.mt, self.post, self.pact) = (next.mo, next.mt, next.post, next.pact);
    }

    pub fn counts(&self) -> Counts {
        Counts { live: self.live, pending: self.pending }
    }
}

pub struct Shared {
    pub paths: Paths,
    pub options: super::Options,
    state: RwLock<State>,
    /// Told whenever the applier has finished a table or failed at it.
    turn: (Mutex<()>, Condvar),
    /// Why the last group could not be written; none once one could.
    refused: Mutex<Option<StoreError>>,
    pub figures: Figures,
}

/// Where things are below the store's folder.
#[derive(Debug, Clone)]
pub struct Paths {
    pub dir: PathBuf,
    pub sled: PathBuf,
    pub journal: PathBuf,
    pub backup: PathBuf,
    pub clean: PathBuf,
    pub lock: PathBuf,
}

impl Paths {
    pub fn new(dir: PathBuf) -> Paths {
        Paths {
            sled: dir.join("sled"),
            journal: dir.join("journal"),
            backup: dir.join("backup"),
            clean: dir.join("clean"),
            lock: dir.join("lock"),
            dir,
        }
    }
}

impl Shared {
    pub fn new(paths: Paths, options: super::Options, state: State) -> Shared {
        Shared {
            paths,
            options,
            state: RwLock::new(state),
            turn: Default::default(),
            refused: Mutex::new(None),
            figures: Figures::default(),
        }
    }

    // Every write below leaves the state whole, so a panic elsewhere while it was locked spoils nothing.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how the last group ended.
    pub fn note_outcome(&self, outcome: &Result<(), StoreError>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = outcome.as_ref().err().cloned();
    }

    pub fn announce_turn(&self) {
        let _turn = self.turn.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn.1.notify_all();
    }

    /// Waits until the applier announces something while `wait` says so.
    pub fn await_turn(&self, mut wait: impl FnMut(&State) -> bool) {
        let mut turn = self.turn.0.lock().unwrap_or_else(PoisonError::into_inner);
        while wait(&self.read()) {
            // with a time limit, since an announcement may fall between the look and the wait
            let waited = self.turn.1.wait_timeout(turn, Duration::from_millis(50));
            turn = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn failing(&self, state: &State) -> Option<String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        state.disk.as_ref().err().or(refused.as_ref()).map(ToString::to_string)
    }

    pub fn stats(&self) -> Stats {
        let f = &self.figures;
        let state = self.read();
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let time = |n: &AtomicI64| Some(Timestamp(n.load(Ordering::Relaxed))).filter(|t| t.0 != 0);
        Stats {
            live_posts: state.counts.live.max(0).unsigned_abs(),
            pending_mts: state.counts.pending.max(0).unsigned_abs(),
            accepted: state.next.mo - 1,
            commits: get(&f.commits),
            groups: get(&f.groups),
            last_group: get(&f.last_group),
            largest_group: get(&f.largest_group),
            last_commit_micros: get(&f.last_commit_micros),
            commit_micros: get(&f.commit_micros),
            sync_micros: get(&f.sync_micros),
            last_commit: time(&f.last_commit),
            journal_bytes: get(&f.journal_bytes),
            applied_keys: get(&f.applied_keys),
            apply_micros: get(&f.apply_micros),
            waiting_bytes: (state.active.bytes() + state.frozen.as_ref().map_or(0, |t| t.bytes())) as u64,
            last_backup: time(&f.last_backup),
            failing: self.failing(&state),
        }
    }
}

/// Figures for `/metrics`, counted since the store was opened.
#[derive(Debug, Default)]
pub struct Figures {
    pub commits: AtomicU64,
    pub groups: AtomicU64,
    pub last_group: AtomicU64,
    pub largest_group: AtomicU64,
    pub last_commit_micros: AtomicU64,
    pub commit_micros: AtomicU64,
    pub sync_micros: AtomicU64,
    pub last_commit: AtomicI64,
    pub journal_bytes: AtomicU64,
    pub applied_keys: AtomicU64,
    pub apply_micros: AtomicU64,
    pub last_backup: AtomicI64,
}
