//! Opening the embedded store: trust sled as far as it proves sound, and the journal for the rest.
//!
//! After an unclean stop every key is read. What does not open is tried again without sled's snapshots; what is bad still is
//! set aside, and a new sled is made from the last verified export and the journal. The operator is told which it was.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::applier::{write_meta, write_table};
use super::disk::{self, Disk, guarded};
use super::journal::{self, Damage};
use super::key;
use super::layers;
use super::state::{Meta, Paths};
use super::table::Table;
use super::{Options, StoreError, backup, failed_write, form, op, plan};
use crate::clock::Clock;

/// What opening a store came to, for the operator's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub how: How,
    /// Journal records that could not be read: something acknowledged was lost. Look at the disk.
    pub damage: Vec<Damage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// There was nothing before.
    New,
    /// It had been closed properly.
    Clean,
    /// It had not been closed; this many changes were brought up from the journal.
    Replayed(u64),
    /// sled could not be read and is set aside (`None`: it was missing); it was made again from this export, where there was one,
    /// and this many changes of the journal.
    Rebuilt { aside: Option<PathBuf>, export: Option<PathBuf>, replayed: u64, cause: String },
}

impl Opened {
    /// Whether somebody should look into it.
    pub fn is_alarming(&self) -> bool {
        !self.damage.is_empty() || matches!(self.how, How::Rebuilt { .. })
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.how {
            How::New => f.write_str("new")?,
            How::Clean => f.write_str("closed properly before")?,
            How::Replayed(n) => write!(f, "not closed before, {n} changes brought up from the journal")?,
            How::Rebuilt { aside, export, replayed, cause } => {
                write!(f, "rebuilt ({cause}) from ")?;
                if let Some(export) = export {
                    write!(f, "{} and ", export.display())?;
                }
                write!(f, "{replayed} changes of the journal")?;
                if let Some(aside) = aside {
                    write!(f, "; the bad one is {}", aside.display())?;
                }
            }
        }
        for d in &self.damage {
            write!(
                f,
                "; LOST: journal records {} to {} at {}:{} cannot be read",
                d.from_seq,
                d.to_seq - 1,
                d.file.display(),
                d.offset
            )?;
        }
        Ok(())
    }
}

pub struct OpenedDisk {
    pub disk: Disk,
    pub meta: Meta,
    /// Number of the last record in the journal, or of what is applied if that is later.
    pub seq: u64,
    pub report: Opened,
}

/// How long a process that is ending, or a child of its that has not begun yet, may still hold the folder.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes the folder for this process; the lock ends with the file.
pub fn lock(paths: &Paths) -> Result<File, StoreError> {
    let begun = Instant::now();
    loop {
        match try_lock(paths) {
            Err(StoreError::Locked { .. }) if begun.elapsed() < PATIENCE => std::thread::sleep(PATIENCE / 50),
            other => return other,
        }
    }
}

fn try_lock(paths: &Paths) -> Result<File, StoreError> {
    let path = &paths.lock;
    let fail = |e: &std::io::Error| failed_write(path, e);
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(|e| fail(&e))?;
    match file.try_lock() {
        Ok(()) => {
            // who holds it, for whoever comes next
            let note = |f: &mut File| {
                f.set_len(0)?;
                f.rewind()?;
                write!(f, "{}", std::process::id())
            };
            // a full disk cannot hold the note, but the lock holds
            let _ = note(&mut file);
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            Err(StoreError::Locked { dir: paths.dir.display().to_string(), pid: pid.trim().parse().ok() })
        }
        Err(TryLockError::Error(e)) => Err(fail(&e)),
    }
}

/// Notes that everything up to `applied` is in sled and synced.
pub fn mark_clean(paths: &Paths, applied: u64) -> Result<(), StoreError> {
    let write = || {
        let mut f = File::create(&paths.clean)?;
        write!(f, "{applied}")?;
        f.sync_all()?;
        File::open(&paths.dir)?.sync_all()
    };
    write().map_err(|e| failed_write(&paths.clean, &e))
}

/// Reads and removes the mark.
pub fn take_clean_mark(paths: &Paths) -> Result<Option<u64>, StoreError> {
    let Ok(text) = fs::read_to_string(&paths.clean) else { return Ok(None) };
    let remove = || {
        fs::remove_file(&paths.clean)?;
        File::open(&paths.dir)?.sync_all()
    };
    remove().map_err(|e| failed_write(&paths.clean, &e))?;
    Ok(text.trim().parse().ok())
}

/// Opens sled and brings it up to the journal's record `upto`. With `clean` the full read is spared.
pub fn open_disk(paths: &Paths, options: &Options, upto: u64, clean: bool) -> Result<OpenedDisk, StoreError> {
    let was_there = paths.sled.join("db").exists();
    let first = match try_open(paths, options, upto, clean) {
        Ok(opened) => return Ok(opened),
        Err(e) => e,
    };
    give_up_on_full_disk(&first)?;
    if was_there {
        disk::remove_snapshots(&paths.sled).map_err(|e| failed_write(&paths.sled, &e))?;
        match try_open(paths, options, upto, false) {
            Ok(opened) => return Ok(opened),
            Err(e) => give_up_on_full_disk(&e)?,
        }
    }
    rebuild(paths, options, upto, &first)
}

/// A disk that cannot be written to says nothing about what is on it.
fn give_up_on_full_disk(e: &StoreError) -> Result<(), StoreError> {
    if matches!(e, StoreError::Write { .. }) { Err(e.clone()) } else { Ok(()) }
}

fn try_open(paths: &Paths, options: &Options, upto: u64, clean: bool) -> Result<OpenedDisk, StoreError> {
    guarded("open", || {
        let disk = Disk::open(&paths.sled, options.cache_bytes)?;
        if !clean {
            disk.check()?;
        }
        let meta = match disk.reader().get(&key::meta())? {
            Some(bytes) => form::decode("the store's meta record", &bytes)?,
            None => Meta::empty(),
        };
        let is_new = meta.applied == 0;
        let begins = journal::first(&paths.journal)?;
        let reaches = begins.is_none_or(|b| b <= meta.applied + 1);
        // an export of the store while it was empty proves nothing
        let exported = backup::list(&paths.backup)?.first().map_or(0, |e| e.seq);
        if !reaches || (is_new && exported > 0) {
            return Err(StoreError::Read {
                what: "sled".to_string(),
                cause: format!("it ends at change {}, what is beside it begins later", meta.applied),
            });
        }
        let how = if clean { Some(How::Clean) } else { (is_new && begins.is_none()).then_some(How::New) };
        let (meta, seq, replayed, damage) = replay(paths, &disk, meta, upto, clean)?;
        let how = how.filter(|_| replayed == 0).unwrap_or(How::Replayed(replayed));
        Ok(OpenedDisk { disk, meta, seq, report: Opened { how, damage } })
    })
}

/// How much of the journal is gathered before it is written to sled.
const REPLAY_BYTES: usize = 4 << 20;

fn replay(
    paths: &Paths,
    disk: &Disk,
    mut meta: Meta,
    upto: u64,
    clean: bool,
) -> Result<(Meta, u64, u64, Vec<Damage>), StoreError> {
    let reader = disk.reader();
    let mut next = meta.next();
    let mut buckets = meta.buckets.iter().copied().collect();
    let mut table = Table::default();
    let mut applied = meta.applied;
    let scan = journal::read(&paths.journal, meta.applied, upto, |seq, payload| {
        let ops = op::decode(payload)?;
        for op in &ops {
            plan::take_note(op, &mut next, &mut buckets);
        }
        layers::apply(ops, &mut table, [None, None], &reader)?;
        applied = seq;
        if table.bytes() >= REPLAY_BYTES {
            write_table(disk, &std::mem::take(&mut table))?;
        }
        Ok(())
    })?;
    write_table(disk, &table)?;
    if upto == u64::MAX {
        scan.cut_torn()?;
    }
    meta.applied = applied;
    meta.set_next(next);
    meta.buckets = buckets.into_iter().collect();
    if !clean || scan.shown > 0 {
        meta.live = i64::try_from(reader.count(&[key::EXPIRY])?).unwrap_or(i64::MAX);
        meta.pending = i64::try_from(reader.count(&[key::PENDING])?).unwrap_or(i64::MAX);
    }
    disk.sync()?;
    write_meta(disk, &meta)?;
    disk.sync()?;
    disk::sync_tree(&paths.sled).map_err(|e| failed_write(&paths.sled, &e))?;
    let seq = scan.last.max(meta.applied);
    Ok((meta, seq, scan.shown, scan.damage))
}

/// Sets a bad sled aside and makes a new one. Nothing is moved unless export and journal together reach back to the beginning.
fn rebuild(paths: &Paths, options: &Options, upto: u64, cause: &StoreError) -> Result<OpenedDisk, StoreError> {
    let begins = journal::first(&paths.journal)?;
    let export = backup::newest_sound(&paths.backup)?;
    let from = export.as_ref().map_or(0, |e| e.seq);
    if begins.is_some_and(|b| b > from + 1) || (begins.is_none() && export.is_none()) {
        return Err(StoreError::Read {
            what: paths.sled.display().to_string(),
            cause: format!(
                "{cause}; it cannot be made again: there is no sound export in {} that the journal reaches back to",
                paths.backup.display()
            ),
        });
    }
    let aside = set_aside(paths)?;
    let made = guarded("rebuild", || {
        let disk = Disk::open(&paths.sled, options.cache_bytes)?;
        let meta = match &export {
            Some(e) => super::export::load(&e.path, &disk, &mut |_| {})?,
            None => Meta::empty(),
        };
        let (meta, seq, replayed, damage) = replay(paths, &disk, meta, upto, false)?;
        let how = How::Rebuilt { aside, export: export.map(|e| e.path), replayed, cause: cause.to_string() };
        Ok(OpenedDisk { disk, meta, seq, report: Opened { how, damage } })
    });
    if made.is_err() {
        // half of a store must not pass for a whole one at the next start
        fs::remove_dir_all(&paths.sled).map_err(|e| failed_write(&paths.sled, &e))?;
    }
    made
}

/// Renames the folder to `sled.bad-SECONDS`; an empty one is no loss.
fn set_aside(paths: &Paths) -> Result<Option<PathBuf>, StoreError> {
    if !paths.sled.join("db").exists() {
        return Ok(None);
    }
    let secs = Clock::System.now().0 / 1000;
    let aside = (0..).map(|n| paths.dir.join(format!("sled.bad-{}", secs + n))).find(|p: &PathBuf| !p.exists());
    let aside = aside.unwrap_or_else(|| paths.dir.join("sled.bad"));
    rename(&paths.sled, &aside, &paths.dir)?;
    Ok(Some(aside))
}

/// Renames so that a power cut cannot undo it.
pub fn rename(from: &Path, to: &Path, parent: &Path) -> Result<(), StoreError> {
    let go = || {
        fs::rename(from, to)?;
        File::open(parent)?.sync_all()
    };
    go().map_err(|e| failed_write(to, &e))
}
