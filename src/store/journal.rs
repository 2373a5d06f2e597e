//! The journal: what was decided, in order, on disk before anybody is told.
//!
//! `journal/0000000001.log` and so on. A file begins with `XXJ1`, the number of the first record it is for (u64) and the
//! crc32 of both; then records: length of the payload (u32), crc32 of number and payload, number (u64), payload; all
//! little-endian. Numbers rise by one, across files too. Where two files claim a number, the later file is right: the
//! earlier could not be cut back after a failed write.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::{StoreError, failed_write};

const MAGIC: &[u8; 4] = b"XXJ1";
const HEADER: usize = 16;
const RECORD_HEADER: usize = 16;

/// A change whose ops take more is refused.
pub const PAYLOAD_LIMIT: usize = 1 << 20;

/// A new file is begun after this many bytes, or after a day.
const FILE_BYTES: u64 = 64 << 20;
const FILE_AGE: Duration = Duration::from_secs(24 * 3600);

/// Records that cannot be read although later ones can: something was lost. For the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub file: PathBuf,
    pub offset: u64,
    /// The record that was expected there, and the next one that could be read.
    pub from_seq: u64,
    pub to_seq: u64,
}

/// What reading the journal found.
#[derive(Debug, Default)]
pub struct Scan {
    /// Number of the last sound record, 0 where there is none.
    pub last: u64,
    /// Records shown.
    pub shown: u64,
    pub damage: Vec<Damage>,
    /// Files with a torn end, and where it begins.
    torn: Vec<(PathBuf, u64)>,
}

#[derive(Debug, Clone)]
struct Segment {
    path: PathBuf,
    number: u64,
    /// `None`: its header is torn; it was never written to.
    first: Option<u64>,
}

fn unreadable(path: &Path, e: &io::Error) -> StoreError {
    StoreError::Read { what: path.display().to_string(), cause: e.to_string() }
}

fn segments(dir: &Path) -> Result<Vec<Segment>, StoreError> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| unreadable(dir, &e))? {
        let path = entry.map_err(|e| unreadable(dir, &e))?.path();
        let number = path.file_name().and_then(|n| n.to_str()?.strip_suffix(".log")?.parse().ok());
        if let Some(number) = number {
            let mut header = [0u8; HEADER];
            let read = File::open(&path).and_then(|mut f| f.read_exact(&mut header));
            let first = match read {
                Ok(()) => read_header(&header),
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => None,
                Err(e) => return Err(unreadable(&path, &e)),
            };
            out.push(Segment { path, number, first });
        }
    }
    out.sort_by_key(|s| s.number);
    Ok(out)
}

fn header(first: u64) -> [u8; HEADER] {
    let mut h = [0u8; HEADER];
    h[..4].copy_from_slice(MAGIC);
    h[4..12].copy_from_slice(&first.to_le_bytes());
    let crc = crc32fast::hash(&h[..12]);
    h[12..].copy_from_slice(&crc.to_le_bytes());
    h
}

fn read_header(h: &[u8; HEADER]) -> Option<u64> {
    let first = u64::from_le_bytes(h[4..12].try_into().ok()?);
    (*h == header(first)).then_some(first)
}

/// Appends one record to a group.
pub fn frame(out: &mut Vec<u8>, seq: u64, payload: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&seq.to_le_bytes());
    payload(out);
    let len = (out.len() - at - RECORD_HEADER) as u32;
    let crc = crc32fast::hash(&out[at + 8..]);
    out[at..at + 4].copy_from_slice(&len.to_le_bytes());
    out[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
}

/// Length of the payload, checksum, number.
fn record_header(h: &[u8; RECORD_HEADER]) -> (usize, u32, u64) {
    let u32_at = |i: usize| u32::from_le_bytes([h[i], h[i + 1], h[i + 2], h[i + 3]]);
    let seq = u64::from(u32_at(8)) | u64::from(u32_at(12)) << 32;
    (u32_at(0) as usize, u32_at(4), seq)
}

fn sound(h: &[u8; RECORD_HEADER], payload: &[u8]) -> bool {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&h[8..]);
    crc.update(payload);
    crc.finalize() == record_header(h).1
}

/// The number of the oldest record that could be here; `None` where there is no journal.
pub fn first(dir: &Path) -> Result<Option<u64>, StoreError> {
    Ok(segments(dir)?.iter().find_map(|s| s.first))
}

/// Shows every sound record numbered above `after` and not above `upto`, in order. Files wholly below are not opened.
pub fn read(
    dir: &Path,
    after: u64,
    upto: u64,
    mut show: impl FnMut(u64, &[u8]) -> Result<(), StoreError>,
) -> Result<Scan, StoreError> {
    let segments = segments(dir)?;
    let mut scan = Scan::default();
    let sound_files: Vec<(&Segment, u64)> = segments.iter().filter_map(|s| s.first.map(|f| (s, f))).collect();
    for (i, (segment, first)) in sound_files.iter().enumerate() {
        // numbers that a later file claims are not this one's
        let end = sound_files[i + 1..].iter().map(|(_, f)| *f).min().unwrap_or(u64::MAX);
        if *first > scan.last + 1 && scan.last > 0 {
            scan.lost(&segment.path, 0, scan.last + 1, *first);
        }
        if end <= after.saturating_add(1) {
            scan.last = scan.last.max(end - 1);
            continue;
        }
        read_file(segment, *first, end, after, upto, &mut scan, &mut show)?;
    }
    // a file without a header in the middle means that its records are gone; the gap behind it says so
    scan.damage.retain(|d| d.to_seq > after.saturating_add(1));
    Ok(scan)
}

impl Scan {
    fn lost(&mut self, file: &Path, offset: u64, from_seq: u64, to_seq: u64) {
        self.damage.push(Damage { file: file.to_path_buf(), offset, from_seq, to_seq });
    }

    /// Cuts torn ends off: nobody was told of what stood there.
    pub fn cut_torn(&self) -> Result<(), StoreError> {
        for (path, len) in &self.torn {
            let cut = || -> io::Result<()> {
                let file = OpenOptions::new().write(true).open(path)?;
                file.set_len(*len)?;
                file.sync_all()
            };
            cut().map_err(|e| failed_write(path, &e))?;
        }
        Ok(())
    }
}

fn read_file(
    segment: &Segment,
    first: u64,
    end: u64,
    after: u64,
    upto: u64,
    scan: &mut Scan,
    show: &mut impl FnMut(u64, &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let path = &segment.path;
    let fail = |e: io::Error| unreadable(path, &e);
    let file = File::open(path).map_err(fail)?;
    let size = file.metadata().map_err(fail)?.len();
    let mut input = BufReader::with_capacity(1 << 17, &file);
    input.seek_relative(HEADER as i64).map_err(fail)?;
    let mut at = HEADER as u64;
    let mut expected = first;
    let mut payload = Vec::new();
    while expected < end && at < size {
        let mut h = [0u8; RECORD_HEADER];
        let whole = size - at >= RECORD_HEADER as u64;
        if whole {
            input.read_exact(&mut h).map_err(fail)?;
        }
        let (len, _, seq) = record_header(&h);
        let fits = whole && len <= PAYLOAD_LIMIT && size - at - RECORD_HEADER as u64 >= len as u64;
        if fits {
            payload.resize(len, 0);
            input.read_exact(&mut payload).map_err(fail)?;
        }
        if fits && seq == expected && sound(&h, &payload) {
            if seq > after && seq <= upto {
                show(seq, &payload)?;
                scan.shown += 1;
            }
            scan.last = scan.last.max(seq);
            expected += 1;
            at += (RECORD_HEADER + len) as u64;
            continue;
        }
        // torn, unless something sound stands behind it
        match next_sound(&file, at, size, expected, end).map_err(fail)? {
            Some((offset, seq)) => {
                scan.lost(path, at, expected, seq);
                at = offset;
                expected = seq;
                input = BufReader::with_capacity(1 << 17, &file);
                io::Seek::seek(&mut input, io::SeekFrom::Start(at)).map_err(fail)?;
            }
            None => {
                scan.torn.push((path.clone(), at));
                break;
            }
        }
    }
    Ok(())
}

/// Looks behind a bad record for a sound one with a later number, byte by byte.
fn next_sound(file: &File, at: u64, size: u64, expected: u64, end: u64) -> io::Result<Option<(u64, u64)>> {
    let mut rest = vec![0u8; usize::try_from(size - at).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut rest, at)?;
    for i in 1..rest.len().saturating_sub(RECORD_HEADER - 1) {
        let Some(h) = rest[i..].first_chunk::<RECORD_HEADER>() else { break };
        let (len, _, seq) = record_header(h);
        // a file holds fewer records than bytes
        let likely = seq > expected && seq < end && seq - expected <= size;
        if !likely || len > PAYLOAD_LIMIT {
            continue;
        }
        if let Some(payload) = rest.get(i + RECORD_HEADER..i + RECORD_HEADER + len)
            && sound(h, payload)
        {
            return Ok(Some((at + i as u64, seq)));
        }
    }
    Ok(None)
}

/// The end of the journal, where it grows.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    number: u64,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    len: u64,
    since: Instant,
}

impl Journal {
    /// Goes on behind what is in `dir`; the first append begins a new file.
    pub fn new(dir: &Path) -> Result<Journal, StoreError> {
        let number = segments(dir)?.last().map_or(0, |s| s.number);
        Ok(Journal { dir: dir.to_path_buf(), number, open: None })
    }

    /// Writes a group of records, the first of which is numbered `first`, and syncs once. After an error nothing of it is in
    /// the journal.
    pub fn append(&mut self, first: u64, group: &[u8]) -> Result<(), StoreError> {
        let full = |o: &Open| o.len >= FILE_BYTES || o.since.elapsed() >= FILE_AGE;
        let mut open = match self.open.take() {
            Some(o) if !full(&o) => o,
            _ => self.begin(first)?,
        };
        if let Err(e) = open.file.write_all_at(group, open.len) {
            let failed = failed_write(&open.path, &e);
            // cut back, the file is as it was; else the next file overrules what is left of the group
            if open.file.set_len(open.len).is_ok() {
                self.open = Some(open);
            }
            return Err(failed);
        }
        if let Err(e) = open.file.sync_data() {
            // the kernel may have dropped what it could not write, so this file is not gone on with
            let failed = failed_write(&open.path, &e);
            let _ = open.file.set_len(open.len);
            return Err(failed);
        }
        open.len += group.len() as u64;
        self.open = Some(open);
        Ok(())
    }

    fn begin(&mut self, first: u64) -> Result<Open, StoreError> {
        let number = self.number + 1;
        let path = self.dir.join(format!("{number:010}.log"));
        let make = || -> io::Result<File> {
            let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.write_all_at(&header(first), 0)?;
            file.sync_all()?;
            File::open(&self.dir)?.sync_all()?;
            Ok(file)
        };
        match make() {
            Ok(file) => {
                self.number = number;
                Ok(Open { file, path, len: HEADER as u64, since: Instant::now() })
            }
            Err(e) => {
                if e.kind() == io::ErrorKind::AlreadyExists || fs::remove_file(&path).is_err() {
                    self.number = number;
                }
                Err(failed_write(&path, &e))
            }
        }
    }

    /// Bytes of all files.
    pub fn bytes(dir: &Path) -> u64 {
        let sizes = fs::read_dir(dir).into_iter().flatten().flatten();
        sizes.filter_map(|e| e.metadata().ok()).map(|m| m.len()).sum()
    }

    /// Deletes files that hold nothing above `upto` and were last written before `older_than`. Returns how many.
    pub fn forget(dir: &Path, upto: u64, older_than: SystemTime) -> Result<usize, StoreError> {
        let segments = segments(dir)?;
        let mut gone = 0;
        for (i, s) in segments.iter().enumerate() {
            let Some(next) = segments[i + 1..].iter().find_map(|s| s.first) else { break };
            let written = fs::metadata(&s.path).and_then(|m| m.modified()).map_err(|e| unreadable(&s.path, &e))?;
            if next > upto.saturating_add(1) || written >= older_than {
                break;
            }
            fs::remove_file(&s.path).map_err(|e| failed_write(&s.path, &e))?;
            gone += 1;
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(seqs: std::ops::RangeInclusive<u64>) -> Vec<u8> {
        let mut out = Vec::new();
        for seq in seqs {
            frame(&mut out, seq, |o| o.extend_from_slice(format!("payload {seq}").as_bytes()));
        }
        out
    }

    fn seqs(dir: &Path, after: u64) -> (Vec<u64>, Scan) {
        let mut got = Vec::new();
        let scan = read(dir, after, u64::MAX, |seq, p| {
            assert_eq!(p, format!("payload {seq}").as_bytes());
            got.push(seq);
            Ok(())
        })
        .unwrap();
        (got, scan)
    }

    #[test]
    fn a_torn_end_is_cut_wherever_it_is_torn() {
        let dir = tempfile::tempdir().unwrap();
        let mut j = Journal::new(dir.path()).unwrap();
        j.append(1, &group(1..=2)).unwrap();
        let path = dir.path().join("0000000001.log");
        let before = fs::metadata(&path).unwrap().len();
        j.append(3, &group(3..=3)).unwrap();
        let whole = fs::read(&path).unwrap();
        for cut in before as usize..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let (got, scan) = seqs(dir.path(), 0);
            assert_eq!((got, scan.last, scan.damage.len()), (vec![1, 2], 2, 0), "cut at {cut}");
            scan.cut_torn().unwrap();
            assert_eq!(fs::metadata(&path).unwrap().len(), before);
        }
    }

    #[test]
    fn a_bad_record_in_the_middle_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut j = Journal::new(dir.path()).unwrap();
        j.append(1, &group(1..=5)).unwrap();
        let path = dir.path().join("0000000001.log");
        let mut bytes = fs::read(&path).unwrap();
        let second = HEADER + group(1..=1).len();
        bytes[second + RECORD_HEADER + 2] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let (got, scan) = seqs(dir.path(), 0);
        assert_eq!(got, [1, 3, 4, 5]);
        assert_eq!(scan.damage, [Damage { file: path, offset: second as u64, from_seq: 2, to_seq: 3 }]);
        assert_eq!(seqs(dir.path(), 3).1.damage, [], "what was applied long ago is not missed");
    }

    #[test]
    fn a_later_file_overrules_what_could_not_be_cut_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut j = Journal::new(dir.path()).unwrap();
        j.append(1, &group(1..=4)).unwrap();
        // 3 and 4 were never acknowledged; the next try wrote other things under the same numbers
        j.open = None;
        let mut other = Vec::new();
        frame(&mut other, 3, |o| o.extend_from_slice(b"payload 3"));
        j.append(3, &other).unwrap();
        let (got, scan) = seqs(dir.path(), 0);
        assert_eq!((got, scan.damage), (vec![1, 2, 3], vec![]));
    }

    #[test]
    fn only_what_is_exported_and_old_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        for first in [1, 3, 5] {
            Journal::new(dir.path()).unwrap().append(first, &group(first..=first + 1)).unwrap();
        }
        let later = SystemTime::now() + Duration::from_secs(60);
        assert_eq!(Journal::forget(dir.path(), 4, SystemTime::UNIX_EPOCH).unwrap(), 0);
        assert_eq!(Journal::forget(dir.path(), 3, later).unwrap(), 1);
        assert_eq!(Journal::forget(dir.path(), 6, later).unwrap(), 1, "the last file stays");
        assert_eq!(seqs(dir.path(), 4).0, [5, 6]);
        assert_eq!(first(dir.path()).unwrap(), Some(5));
    }
}
