//! The applier: the one thread that writes to sled, behind the journal.
//!
//! It takes tables of some half second each, so that a record changed many times is written once. sled's note of how far it
//! is goes in only after what it speaks of is synced. When sled fails (a full disk spoils it for good until it is opened
//! again), it is opened anew the guarded way, and what it lost is replayed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::disk::{Disk, guarded};
use super::journal::Journal;
use super::state::{Meta, Shared};
use super::table::{Table, Value};
use super::{StoreError, form, key, opening};
use crate::clock::Clock;

/// What the applier is sent.
pub enum Work {
    /// Write a table; `meta` is true once it is written.
    Apply { table: Arc<Table>, meta: Meta },
    /// Write a verified export, of exactly what is applied.
    Backup { reply: oneshot::Sender<Result<PathBuf, StoreError>> },
    /// Everything was handed over: note how far sled is, sync, and stop.
    Stop,
    /// Stop as if the power had gone; the journal knows the rest.
    Abandon,
}

/// Pause between two tries to open sled again.
const RETRY: Duration = Duration::from_secs(1);

pub struct Applier {
    shared: Arc<Shared>,
    /// `None` while sled cannot be opened.
    disk: Option<Disk>,
    meta: Meta,
}

/// Writes a table in key order: sealed chunks of a list before its head, so that a crash between never loses a post.
pub fn write_table(disk: &Disk, table: &Table) -> Result<(), StoreError> {
    for (key, slot) in table.map() {
        match &slot.value {
            Some(Value::Bytes(b)) => disk.put(key, b)?,
            Some(Value::Chunk(c)) => disk.put(key, &c.encode())?,
            None => disk.delete(key)?,
        }
    }
    Ok(())
}

pub fn write_meta(disk: &Disk, meta: &Meta) -> Result<(), StoreError> {
    disk.put(&key::meta(), &form::encode("meta", meta)?)
}

impl Applier {
    pub fn new(shared: Arc<Shared>, disk: Disk, meta: Meta) -> Applier {
        Applier { shared, disk: Some(disk), meta }
    }

    /// Runs until told to stop (returns whether all is in sled) or until the committer is gone.
    pub fn run(mut self, work: Receiver<Work>) -> bool {
        loop {
            match work.recv() {
                Ok(Work::Apply { table, meta }) => {
                    if let Err(e) = self.apply(&table, &meta) {
                        drop(table);
                        if !self.recover(e, meta.applied, &work) {
                            self.shut();
                            return false;
                        }
                    }
                }
                Ok(Work::Backup { reply }) => {
                    let _ = reply.send(self.backup());
                }
                Ok(Work::Stop) => {
                    let whole = self.finish().is_ok();
                    self.shut();
                    return whole;
                }
                Ok(Work::Abandon) | Err(_) => {
                    self.shut();
                    return false;
                }
            }
        }
    }

    fn apply(&mut self, table: &Arc<Table>, meta: &Meta) -> Result<(), StoreError> {
        let begun = Instant::now();
        let Some(disk) = &self.disk else { return Err(StoreError::Closed) };
        guarded("write", || {
            write_table(disk, table)?;
            disk.sync()?;
            // flushed with the next table or at the end; until then sled only seems less far than it is
            write_meta(disk, meta)
        })?;
        self.meta = meta.clone();
        let f = &self.shared.figures;
        f.applied_keys.fetch_add(table.len() as u64, Ordering::Relaxed);
        f.apply_micros.fetch_add(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let done = self.shared.write().frozen.take();
        self.shared.announce_turn();
        drop(done);
        Ok(())
    }

    /// Opens sled again until it works, and replays the journal as far as the table that failed. Returns false when told to
    /// stop meanwhile.
    fn recover(&mut self, mut cause: StoreError, upto: u64, work: &Receiver<Work>) -> bool {
        let mut told = None;
        loop {
            // a disk may stay full for hours
            if told.as_ref() != Some(&cause) {
                tracing::error!(%cause, "the store cannot apply its journal; opening it again until it can");
                told = Some(cause.clone());
            }
            self.shared.write().disk = Err(cause);
            self.shared.announce_turn();
            if let Some(disk) = self.disk.take() {
                // dropping the last handle makes sled flush, which may fail by panicking
                let _ = guarded("close", || {
                    drop(disk);
                    Ok(())
                });
            }
            match work.recv_timeout(RETRY) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Work::Backup { reply }) => {
                    let _ = reply.send(Err(StoreError::Busy));
                }
                Ok(_) | Err(RecvTimeoutError::Disconnected) => return false,
            }
            match opening::open_disk(&self.shared.paths, &self.shared.options, upto, false) {
                Ok(opened) => {
                    tracing::warn!(opened = %opened.report, "the store is open again");
                    self.meta = opened.meta;
                    let mut state = self.shared.write();
                    state.disk = Ok(opened.disk.reader());
                    state.frozen = None;
                    drop(state);
                    self.disk = Some(opened.disk);
                    self.shared.announce_turn();
                    return true;
                }
                Err(e) => cause = e,
            }
        }
    }

    fn backup(&self) -> Result<PathBuf, StoreError> {
        let Some(disk) = &self.disk else { return Err(StoreError::Closed) };
        let path = guarded("backup", || {
            super::backup::write(&self.shared.paths, &disk.reader(), &self.meta, || {
                let state = self.shared.read();
                state.active.bytes() >= self.shared.options.memory_bytes / 2
            })
        })?;
        let f = &self.shared.figures;
        f.journal_bytes.store(Journal::bytes(&self.shared.paths.journal), Ordering::Relaxed);
        f.last_backup.store(Clock::System.now().0, Ordering::Relaxed);
        Ok(path)
    }

    fn finish(&self) -> Result<(), StoreError> {
        let Some(disk) = &self.disk else { return Err(StoreError::Closed) };
        if self.meta.applied < self.shared.read().seq {
            return Err(StoreError::Closed);
        }
        guarded("close", || {
            write_meta(disk, &self.meta)?;
            disk.sync()
        })?;
        opening::mark_clean(&self.shared.paths, self.meta.applied)
    }

    /// Closes sled. Readers are told that the store is closed.
    fn shut(&mut self) {
        let reader = std::mem::replace(&mut self.shared.write().disk, Err(StoreError::Closed));
        self.shared.announce_turn();
        let disk = self.disk.take();
        let _ = guarded("close", || {
            drop((reader, disk));
            Ok(())
        });
    }
}
