//! sled, as far as we use it: keys and values in one tree, written by one thread, flushed by us.
//!
//! What sled 0.34 does not do itself is done here: `flush` does not sync, so [`Disk::sync`] syncs the file through a handle
//! of our own; values stay under 4 KB, since longer ones end in files that sled never syncs, so a long value is cut into
//! parts; a snapshot that was being written when the process died is deleted before sled trips over it. Batches and
//! transactions are not used: they would take a lock that every reader then waits for, and a half-written round is made
//! whole by the journal.

use std::fs::{self, File};
use std::io;
use std::ops::{Bound, Deref};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use sled::IVec;

use super::key::{self, PART};
use super::{StoreError, failed_write};

/// Longest value, or part of one, that sled is given.
const PART_BYTES: usize = 4000;

/// Bytes between two flushes: sled's own threads must not fall behind, or it may stand still.
pub const FLUSH_BYTES: usize = 128 * 1024;

/// First byte of a value in sled.
const WHOLE: u8 = 0;
/// Followed by the number of further parts (two bytes) and the first part.
const PARTED: u8 = 1;

/// The bytes under a key, wherever they are.
pub enum Raw<'a> {
    Slice(&'a [u8]),
    /// Of sled's value, without the first byte.
    Disk(IVec),
    Joined(Vec<u8>),
}

impl Deref for Raw<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Raw::Slice(s) => s,
            Raw::Disk(v) => v.get(1..).unwrap_or_default(),
            Raw::Joined(v) => v,
        }
    }
}

pub struct Disk {
    db: sled::Db,
    /// sled's own file, to sync it.
    file: File,
    dir: PathBuf,
    unflushed: std::cell::Cell<usize>,
}

/// The single writer's state is in a `Cell`; readers share [`Reader`].
#[derive(Clone)]
pub struct Reader {
    db: sled::Db,
}

fn unreadable(e: sled::Error) -> StoreError {
    match &e {
        sled::Error::Io(io) if is_about_writing(io) => {
            StoreError::Write { path: "sled".to_string(), cause: io.to_string() }
        }
        _ => StoreError::Read { what: "sled".to_string(), cause: e.to_string() },
    }
}

/// Faults that say nothing about what is on disk already.
fn is_about_writing(e: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WriteZero};
    matches!(e.kind(), FileTooLarge | PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull | WriteZero)
}

impl Disk {
    /// Opens the tree in `dir`, making it where there is none. Panics inside sled become errors.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Disk, StoreError> {
        fs::create_dir_all(dir).map_err(|e| failed_write(dir, &e))?;
        remove_debris(dir).map_err(|e| failed_write(dir, &e))?;
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(cache_bytes)
            .use_compression(false)
            .flush_every_ms(None)
            .print_profile_on_drop(false);
        let db = guarded("open", || config.open().map_err(unreadable))?;
        let path = dir.join("db");
        let file = File::open(&path).map_err(|e| StoreError::Read { what: show(&path), cause: e.to_string() })?;
        Ok(Disk { db, file, dir: dir.to_path_buf(), unflushed: std::cell::Cell::new(0) })
    }

    pub fn reader(&self) -> Reader {
        Reader { db: self.db.clone() }
    }

    /// Writes a value. It is safe after [`Disk::sync`].
    pub fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let mut parts = value.chunks(PART_BYTES);
        let first = parts.next().unwrap_or_default();
        let more = parts.len();
        let mut out = Vec::with_capacity(first.len() + 3);
        if more == 0 {
            out.push(WHOLE);
        } else {
            out.push(PARTED);
            out.extend_from_slice(&(more as u16).to_be_bytes());
            for (n, part) in parts.enumerate() {
                self.db.insert(part_key(key, n), part).map_err(unreadable)?;
            }
        }
        out.extend_from_slice(first);
        let old = self.db.insert(key, out).map_err(unreadable)?;
        self.drop_parts(key, old.as_ref(), more)?;
        self.written(key.len() + value.len())
    }

    pub fn delete(&self, key: &[u8]) -> Result<(), StoreError> {
        let old = self.db.remove(key).map_err(unreadable)?;
        self.drop_parts(key, old.as_ref(), 0)?;
        self.written(key.len())
    }

    /// Removes the parts of a former value from number `from` on.
    fn drop_parts(&self, key: &[u8], old: Option<&IVec>, from: usize) -> Result<(), StoreError> {
        for n in from..old.map_or(0, |o| parts_behind(o)) {
            self.db.remove(part_key(key, n)).map_err(unreadable)?;
        }
        Ok(())
    }

    fn written(&self, bytes: usize) -> Result<(), StoreError> {
        // sled writes a header of some bytes with each
        let n = self.unflushed.get() + bytes + 32;
        self.unflushed.set(n);
        if n >= FLUSH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.unflushed.set(0);
        self.db.flush().map_err(unreadable)?;
        Ok(())
    }

    /// All that was written survives a power cut once this returns.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.flush()?;
        self.file.sync_data().map_err(|e| failed_write(&self.dir.join("db"), &e))
    }

    /// Reads every key and value, which finds what a crash or a bad disk has spoilt.
    pub fn check(&self) -> Result<u64, StoreError> {
        let mut n = 0;
        for item in self.db.iter() {
            item.map_err(unreadable)?;
            n += 1;
        }
        Ok(n)
    }

    pub fn size_on_disk(&self) -> u64 {
        self.file.metadata().map_or(0, |m| m.len())
    }
}

impl Reader {
    pub fn get(&self, key: &[u8]) -> Result<Option<Raw<'static>>, StoreError> {
        match self.db.get(key).map_err(unreadable)? {
            None => Ok(None),
            Some(v) => self.whole(key, v).map(Some),
        }
    }

    /// The value that begins with `first`.
    fn whole(&self, key: &[u8], first: IVec) -> Result<Raw<'static>, StoreError> {
        if first.first() == Some(&WHOLE) {
            return Ok(Raw::Disk(first));
        }
        let mut all = first.get(3..).unwrap_or_default().to_vec();
        for n in 0..parts_behind(&first) {
            match self.db.get(part_key(key, n)).map_err(unreadable)? {
                Some(part) => all.extend_from_slice(&part),
                None => {
                    return Err(StoreError::Read {
                        what: "a long record".into(),
                        cause: format!("part {n} is missing"),
                    });
                }
            }
        }
        Ok(Raw::Joined(all))
    }

    /// Walks the keys of a range, from either end.
    pub fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Walk {
        Walk { reader: self.clone(), iter: self.db.range::<&[u8], _>((from, to)) }
    }

    /// How many keys begin so.
    pub fn count(&self, prefix: &[u8]) -> Result<u64, StoreError> {
        let mut n = 0;
        for item in self.db.scan_prefix(prefix).keys() {
            item.map_err(unreadable)?;
            n += 1;
        }
        Ok(n)
    }
}

/// Keys of a range with their values.
pub struct Walk {
    reader: Reader,
    iter: sled::Iter,
}

impl Walk {
    pub fn step(&mut self, backwards: bool) -> Result<Option<(IVec, Raw<'static>)>, StoreError> {
        let next = if backwards { self.iter.next_back() } else { self.iter.next() };
        match next {
            None => Ok(None),
            Some(item) => {
                let (key, value) = item.map_err(unreadable)?;
                let value = self.reader.whole(&key, value)?;
                Ok(Some((key, value)))
            }
        }
    }
}

fn parts_behind(value: &[u8]) -> usize {
    match value {
        [PARTED, a, b, ..] => usize::from(u16::from_be_bytes([*a, *b])),
        _ => 0,
    }
}

fn part_key(key: &[u8], n: usize) -> Vec<u8> {
    let mut k = Vec::with_capacity(key.len() + 3);
    k.push(PART);
    k.extend_from_slice(key);
    k.extend_from_slice(&(n as u16).to_be_bytes());
    k
}

/// Runs what calls sled, whose faults may be panics.
pub fn guarded<T>(what: &str, f: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let cause = super::panic_text(panic.as_ref());
        // sled panics where its writer threads met an error, and puts that into the text
        let full = ["StorageFull", "No space left", "FileTooLarge", "File too large"].iter().any(|s| cause.contains(s));
        Err(match full {
            true => StoreError::Write { path: format!("sled ({what})"), cause },
            false => StoreError::Read { what: format!("sled ({what})"), cause },
        })
    })
}

/// Deletes what a kill while opening leaves behind: half-written snapshots, and a `conf` whose checksum fails (it holds only
/// our own settings).
fn remove_debris(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let torn_conf = name == "conf" && {
            let bytes = fs::read(&path)?;
            let (body, crc) = bytes.split_at(bytes.len().saturating_sub(4));
            crc.try_into().map(u32::from_le_bytes).ok() != Some(crc32fast::hash(body))
        };
        if torn_conf || (name.starts_with("snap.") && name.ends_with(".generating")) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Deletes sled's snapshots, which are only shortcuts.
pub fn remove_snapshots(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("snap.")) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Syncs every file and folder below `dir`, and `dir`: sled never syncs its settings or its folders.
pub fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

/// Bounds of all keys that begin with `prefix`.
pub fn prefix_end(prefix: &[u8]) -> Bound<Vec<u8>> {
    key::behind(prefix).map_or(Bound::Unbounded, Bound::Excluded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_come_back_whole_and_leave_no_parts() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::open(dir.path(), 1 << 20).unwrap();
        let reader = disk.reader();
        let text = |n: usize| (0..n).map(|i| (i % 251) as u8).collect::<Vec<_>>();
        for n in [0, 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES, 15_001, 4_001, 10] {
            disk.put(b"k", &text(n)).unwrap();
            assert_eq!(&*reader.get(b"k").unwrap().unwrap(), &text(n)[..], "{n}");
            assert_eq!(reader.count(&[PART]).unwrap() as usize, n.saturating_sub(1) / PART_BYTES, "{n}");
        }
        disk.put(b"k", &text(9_000)).unwrap();
        disk.delete(b"k").unwrap();
        assert_eq!(disk.check().unwrap(), 0);
    }

    #[test]
    fn debris_of_a_kill_is_cleared() {
        let dir = tempfile::tempdir().unwrap();
        Disk::open(dir.path(), 1 << 20).unwrap().put(b"k", b"v").unwrap();
        fs::write(dir.path().join("snap.00ff.generating"), b"half").unwrap();
        let conf = dir.path().join("conf");
        let whole = fs::read(&conf).unwrap();
        let sound = Disk::open(dir.path(), 1 << 20).unwrap();
        assert!(conf.exists(), "a sound conf is kept");
        drop(sound);
        fs::write(&conf, &whole[..whole.len() - 2]).unwrap();
        let disk = Disk::open(dir.path(), 1 << 20).unwrap();
        assert_eq!(fs::read(&conf).unwrap(), whole);
        assert_eq!(&*disk.reader().get(b"k").unwrap().unwrap(), b"v");
    }
}
