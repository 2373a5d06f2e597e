//! The embedded store: our journal in front of sled, one folder, no server.
//!
//! ```text
//! callers --> committer --> journal/NNNNNNNNNN.log   (synced, then the caller is answered)
//!                 |
//!              tables  --> applier --> sled/           (every half second, synced)
//!                                  \-> backup/SEQ.ndjson
//! ```
//!
//! Reads look into the tables first and then into sled.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::applier::{Applier, Work};
use super::committer::{Call, Committer, Decision, QUEUE};
use super::disk::Disk;
use super::export::{self, Contents, Progress};
use super::journal::Journal;
use super::opening::{self, OpenedDisk};
use super::plan::Plan;
use super::state::{Paths, Shared, State};
use super::table::Table;
use super::visit::Visit;
use super::{Opened, Options, StoreError, backup, disk, failed_write};
use crate::clock::Timestamp;

pub struct Embedded {
    pub shared: Arc<Shared>,
    calls: SyncSender<Call>,
    work: SyncSender<Work>,
    threads: Mutex<Option<Threads>>,
    closing: AtomicBool,
}

struct Threads {
    committer: JoinHandle<()>,
    /// Gives whether all is in sled.
    applier: JoinHandle<bool>,
    /// Holds the folder for this process.
    _lock: File,
}

impl Embedded {
    pub fn open(dir: &Path, options: Options) -> Result<(Embedded, Opened), StoreError> {
        let paths = Paths::new(dir.to_path_buf());
        if !options.create && !paths.sled.exists() && !paths.journal.exists() {
            return Err(StoreError::Read { what: dir.display().to_string(), cause: "there is no store".into() });
        }
        for d in [&paths.dir, &paths.journal, &paths.backup] {
            fs::create_dir_all(d).map_err(|e| failed_write(d, &e))?;
        }
        let lock = opening::lock(&paths)?;
        let mark = opening::take_clean_mark(&paths)?;
        let OpenedDisk { disk, meta, seq, report } = opening::open_disk(&paths, &options, u64::MAX, mark.is_some())?;
        let journal = Journal::new(&paths.journal)?;
        for d in [&paths.journal, &paths.backup, &paths.dir] {
            File::open(d).and_then(|f| f.sync_all()).map_err(|e| failed_write(d, &e))?;
        }

        let state = State {
            active: Table::default(),
            frozen: None,
            disk: Ok(disk.reader()),
            next: meta.next(),
            counts: meta.counts(),
            buckets: meta.buckets.iter().copied().collect(),
            seq,
        };
        let shared = Arc::new(Shared::new(paths, options, state));
        shared.figures.journal_bytes.store(Journal::bytes(&shared.paths.journal), Ordering::Relaxed);
        if let Some(at) = backup::last(&shared.paths.backup) {
            shared.figures.last_backup.store(at.0, Ordering::Relaxed);
        }
        let (calls, waiting) = sync_channel(QUEUE);
        let (work, to_do) = sync_channel(4);
        let committer = Committer::new(shared.clone(), journal, work.clone());
        let applier = Applier::new(shared.clone(), disk, meta);
        let spawn_failed = |e: std::io::Error| StoreError::Fault(format!("no thread for the store: {e}"));
        let applier = std::thread::Builder::new()
            .name("store-applier".into())
            .spawn(move || applier.run(to_do))
            .map_err(spawn_failed)?;
        let committer = std::thread::Builder::new()
            .name("store-committer".into())
            .spawn(move || committer.run(waiting))
            .map_err(spawn_failed)?;
        let threads = Mutex::new(Some(Threads { committer, applier, _lock: lock }));
        Ok((Embedded { shared, calls, work, threads, closing: AtomicBool::new(false) }, report))
    }

    /// Puts a decision into the committer's queue and waits until it is durable.
    pub async fn decide<T, F>(&self, decide: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Visit<'_>) -> Result<(Plan, T), StoreError> + Send + 'static,
    {
        if self.closing.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let (job, answer) = Decision::new(decide);
        match self.calls.try_send(Call::Job(Box::new(job))) {
            Ok(()) => answer.await.unwrap_or(Err(StoreError::Closed)),
            Err(TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Closed),
        }
    }

    pub async fn backup(&self) -> Result<PathBuf, StoreError> {
        let (reply, answer) = oneshot::channel();
        match self.work.try_send(Work::Backup { reply }) {
            Ok(()) => answer.await.unwrap_or(Err(StoreError::Closed)),
            Err(TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Closed),
        }
    }

    /// Exports everything that is durable at this moment; commits wait while it reads.
    pub fn export(
        &self,
        path: &Path,
        taken: Timestamp,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Contents, StoreError> {
        let state = self.shared.read();
        let visit = state.visit()?;
        let mut go_on = |p| {
            progress(p);
            std::ops::ControlFlow::Continue(())
        };
        export::write(path, visit.layers, &state.meta(), taken, &mut go_on)
    }

    /// Ends both threads. Returns whether everything is in sled and marked so; otherwise the journal has it.
    pub fn close(&self, last: Call) -> bool {
        self.closing.store(true, Ordering::Release);
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(t) = threads.take() else { return true };
        // a committer that is gone has told the applier
        let _ = self.calls.send(last);
        let committed = t.committer.join().is_ok();
        if !committed {
            let _ = self.work.send(Work::Abandon);
        }
        t.applier.join().unwrap_or(false) && committed
    }
}

impl Drop for Embedded {
    /// As if the power had gone, but for the files being closed: the journal has all that was answered.
    fn drop(&mut self) {
        self.close(Call::Abandon);
    }
}

/// Makes a new store in `dir` from an export. It appears whole or not at all.
pub fn import(
    dir: &Path,
    from: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Contents, StoreError> {
    if fs::read_dir(dir).is_ok_and(|mut d| d.next().is_some()) {
        return Err(StoreError::Write {
            path: dir.display().to_string(),
            cause: "there is something already; import makes a new store and adds to none".into(),
        });
    }
    let contents = export::verify(from, &mut |_| {})?;
    let parent = match dir.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let mut name = dir.file_name().unwrap_or_default().to_os_string();
    name.push(".importing");
    let paths = Paths::new(parent.join(name));
    let write = |path: &Path, r: std::io::Result<()>| r.map_err(|e| failed_write(path, &e));
    if paths.dir.exists() {
        write(&paths.dir, fs::remove_dir_all(&paths.dir))?;
    }
    for d in [&paths.dir, &paths.journal, &paths.backup] {
        write(d, fs::create_dir_all(d))?;
    }
    disk::guarded("import", || {
        let disk = Disk::open(&paths.sled, options.cache_bytes)?;
        export::load(from, &disk, progress)?;
        disk.sync()
    })?;
    // should sled be spoilt later, this is what it is made from again
    let base = backup::path_of(&paths.backup, contents.seq);
    write(&base, fs::copy(from, &base).map(|_| ()))?;
    opening::mark_clean(&paths, contents.seq)?;
    write(&paths.dir, disk::sync_tree(&paths.dir))?;
    if dir.exists() {
        write(dir, fs::remove_dir(dir))?;
    }
    opening::rename(&paths.dir, dir, parent)?;
    Ok(contents)
}
