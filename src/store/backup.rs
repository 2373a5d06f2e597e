//! Verified exports beside the store, from which it can be made again: `backup/SEQ.ndjson`.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::disk::Reader;
use super::journal::Journal;
use super::layers::Layers;
use super::state::{Meta, Paths};
use super::{StoreError, export, failed_write, opening};
use crate::clock::{Clock, Timestamp};

/// How many exports are kept.
const KEPT: usize = 7;

/// The journal is kept at least so long, even when an export is newer.
const JOURNAL_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// An export in the backup folder, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    pub seq: u64,
    pub path: PathBuf,
}

/// Where the export of this state belongs.
pub fn path_of(dir: &Path, seq: u64) -> PathBuf {
    dir.join(format!("{seq:020}.ndjson"))
}

/// All exports, the newest first.
pub fn list(dir: &Path) -> Result<Vec<Export>, StoreError> {
    let unreadable = |e: std::io::Error| StoreError::Read { what: dir.display().to_string(), cause: e.to_string() };
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let seq = path.file_name().and_then(|n| n.to_str()?.strip_suffix(".ndjson")?.parse().ok());
        out.extend(seq.map(|seq| Export { seq, path }));
    }
    out.sort_by_key(|e| std::cmp::Reverse(e.seq));
    Ok(out)
}

/// When the newest was written, by its file.
pub fn last(dir: &Path) -> Option<Timestamp> {
    let written = fs::metadata(&list(dir).ok()?.first()?.path).and_then(|m| m.modified()).ok()?;
    let millis = written.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis();
    Some(Timestamp(i64::try_from(millis).ok()?))
}

/// What a process that was killed at its backup left half written.
fn remove_debris(dir: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "tmp") {
            fs::remove_file(&path).map_err(|e| failed_write(&path, &e))?;
        }
    }
    Ok(())
}

/// The newest that is whole.
pub fn newest_sound(dir: &Path) -> Result<Option<Export>, StoreError> {
    Ok(list(dir)?.into_iter().find(|e| export::verify(&e.path, &mut |_| {}).is_ok_and(|c| c.seq == e.seq)))
}

/// Exports what sled holds, reads it back, and lets go of what it makes needless: older exports, and the journal before it once
/// that is a week old. Gives up with [`StoreError::Busy`] when `pressed`.
pub fn write(paths: &Paths, disk: &Reader, meta: &Meta, pressed: impl Fn() -> bool) -> Result<PathBuf, StoreError> {
    remove_debris(&paths.backup)?;
    let path = path_of(&paths.backup, meta.applied);
    let tmp = path.with_extension("tmp");
    let layers = Layers { tables: [None; 3], disk };
    let mut watch = |_| if pressed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let written = export::write(&tmp, layers, meta, Clock::System.now(), &mut watch)
        .and_then(|written| Ok((written, export::verify(&tmp, &mut |_| {})?)));
    match written {
        Ok((written, read)) if written == read => {}
        Ok(_) => {
            let what = tmp.display().to_string();
            let _ = fs::remove_file(&tmp);
            return Err(StoreError::Read { what, cause: "it reads back otherwise than it was written".into() });
        }
        Err(e) => {
            let _ = fs::remove_file(&tmp);
            return Err(e);
        }
    }
    opening::rename(&tmp, &path, &paths.backup)?;
    for old in list(&paths.backup)?.iter().skip(KEPT) {
        fs::remove_file(&old.path).map_err(|e| failed_write(&old.path, &e))?;
    }
    let week_ago = SystemTime::now().checked_sub(JOURNAL_KEPT).unwrap_or(SystemTime::UNIX_EPOCH);
    Journal::forget(&paths.journal, meta.applied, week_ago)?;
    Ok(path)
}
