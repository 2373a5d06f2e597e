//! A whole installation as lines of JSON: what `xiangxun export` writes and the nightly backup too.
//!
//! ```text
//! {"header":{"format":"xiangxun-export","version":2,"seq":2,"next_mo":2,"next_mt":2,"next_post":102,"next_pact":1,"taken":1795222800000}}
//! {"person":{"msisdn":8613800000001,"name":null, …}}
//! {"post":{"id":101,"board":"trade", …}}
//! {"end":{"records":2,"crc32":3141592653}}
//! ```
//!
//! Records stand as they are; lists, outbox marks and the like are made again when it is read. The checksum is over all lines
//! before the last, ends of line included, so a file cut short or touched by hand is known.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::ops::Bound::{Excluded, Included};
use std::ops::ControlFlow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::applier::{write_meta, write_table};
use super::disk::Disk;
use super::layers::{self, Layers};
use super::plan::{self, Plan};
use super::state::Meta;
use super::table::Table;
use super::visit::read_time;
use super::{Due, Loose, MoRecord, Notes, Person, Session, StoreError, failed_write, form, key};
use crate::clock::Timestamp;
use crate::market::{Pact, Post, PostId, PriceBook};
use crate::message::Mt;

const FORMAT: &str = "xiangxun-export";
/// Written; 1 had no pacts, prices and nothing due, and its records fewer fields.
const VERSION: u32 = 2;
const READ: std::ops::RangeInclusive<u32> = 1..=VERSION;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Header(Header),
    Person(Box<Person>),
    Post(Box<Post>),
    Mo(Box<MoRecord>),
    Mt(Box<Mt>),
    Told(PostId, PostId),
    Pact(Box<Pact>),
    Prices(Box<PriceBook>),
    Notes(Box<Notes>),
    Due {
        at: Timestamp,
        what: Due,
    },
    Loose(Box<Loose>),
    Session(Box<Session>),
    /// The key is kept as its digest only.
    Seen {
        bucket: u16,
        digest: String,
        at: Timestamp,
    },
    End {
        records: u64,
        crc32: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    /// The journal record up to which everything is in it.
    seq: u64,
    next_mo: u64,
    next_mt: u64,
    next_post: u64,
    #[serde(default = "first_pact")]
    next_pact: u64,
    taken: Timestamp,
}

fn first_pact() -> u64 {
    plan::FIRST.pact
}

/// What a sound export holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    pub seq: u64,
    pub people: u64,
    pub posts: u64,
    pub mos: u64,
    pub mts: u64,
    pub told: u64,
    pub seen: u64,
    pub pacts: u64,
    pub prices: u64,
    pub notes: u64,
    pub due: u64,
    pub loose: u64,
    pub sessions: u64,
}

impl Contents {
    pub fn records(&self) -> u64 {
        let beside = self.told + self.seen + self.pacts + self.prices + self.notes + self.due + self.loose;
        self.people + self.posts + self.mos + self.mts + self.sessions + beside
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub done: u64,
    /// Records or bytes, as `done`.
    pub total: u64,
}

/// Families that are exported, in the order of the file.
const FAMILIES: [u8; 12] = [
    key::PERSON,
    key::POST,
    key::MO,
    key::MT,
    key::TOLD,
    key::SEEN,
    key::PACT,
    key::PRICES,
    key::NOTES,
    key::DUE,
    key::LOOSE,
    key::SESSION,
];

/// Between two looks at progress.
const STEP: u64 = 1000;

/// Writes everything that `layers` show to a file, and syncs it. `progress` stops it by saying so.
pub fn write(
    path: &Path,
    layers: Layers<'_>,
    meta: &Meta,
    taken: Timestamp,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Contents, StoreError> {
    let mut out = Lines::create(path)?;
    let mut contents = Contents { seq: meta.applied, ..Contents::default() };
    let mut total = 0;
    for family in FAMILIES {
        total += layers.disk.count(&[family])?;
        let (from, to) = ([family], [family + 1]);
        for table in layers.tables.iter().flatten() {
            total += table.map().range::<[u8], _>((Included(&from[..]), Excluded(&to[..]))).count() as u64;
        }
    }
    out.line(&Line::Header(Header {
        format: FORMAT.to_string(),
        version: VERSION,
        seq: meta.applied,
        next_mo: meta.mo,
        next_mt: meta.mt,
        next_post: meta.post,
        next_pact: meta.pact,
        taken,
    }))?;
    for family in FAMILIES {
        let mut stopped = false;
        layers.walk_prefix(&[family], |key, found| {
            out.line(&line_of(family, key, found.bytes())?)?;
            count(&mut contents, family);
            if contents.records().is_multiple_of(STEP)
                && progress(Progress { done: contents.records(), total }).is_break()
            {
                stopped = true;
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if stopped {
            return Err(StoreError::Busy);
        }
    }
    out.end(contents.records())?;
    let _ = progress(Progress { done: contents.records(), total: contents.records() });
    Ok(contents)
}

fn count(contents: &mut Contents, family: u8) {
    let n = match family {
        key::PERSON => &mut contents.people,
        key::POST => &mut contents.posts,
        key::MO => &mut contents.mos,
        key::MT => &mut contents.mts,
        key::TOLD => &mut contents.told,
        key::PACT => &mut contents.pacts,
        key::PRICES => &mut contents.prices,
        key::NOTES => &mut contents.notes,
        key::DUE => &mut contents.due,
        key::LOOSE => &mut contents.loose,
        key::SESSION => &mut contents.sessions,
        _ => &mut contents.seen,
    };
    *n += 1;
}

fn line_of(family: u8, key: &[u8], value: &[u8]) -> Result<Line, StoreError> {
    Ok(match family {
        key::PERSON => Line::Person(Box::new(form::decode("a person", value)?)),
        key::POST => Line::Post(Box::new(form::decode("a post", value)?)),
        key::MO => Line::Mo(Box::new(form::decode("an accepted message", value)?)),
        key::MT => Line::Mt(Box::new(form::decode("an outbound text", value)?)),
        key::TOLD => {
            let (a, b) = key::told_pair(key);
            Line::Told(a, b)
        }
        key::PACT => Line::Pact(Box::new(form::decode("a pact", value)?)),
        key::PRICES => Line::Prices(Box::new(form::decode("a book of prices", value)?)),
        key::NOTES => Line::Notes(Box::new(form::decode("a station's notes", value)?)),
        key::DUE => Line::Due { at: key::due_at(key), what: form::decode("something due", value)? },
        key::LOOSE => Line::Loose(Box::new(form::decode("something that waits", value)?)),
        key::SESSION => Line::Session(Box::new(form::decode("a USSD dialogue", value)?)),
        _ => {
            let (bucket, digest) = key::seen_parts(key)
                .ok_or_else(|| StoreError::Read { what: "a seen key".into(), cause: "wrong length".into() })?;
            Line::Seen { bucket, digest: hex(&digest), at: read_time(value) }
        }
    })
}

/// A file of lines under a checksum.
struct Lines<'a> {
    path: &'a Path,
    out: BufWriter<File>,
    crc: crc32fast::Hasher,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn create(path: &'a Path) -> Result<Lines<'a>, StoreError> {
        let file = File::create(path).map_err(|e| failed_write(path, &e))?;
        Ok(Lines {
            path,
            out: BufWriter::with_capacity(1 << 17, file),
            crc: crc32fast::Hasher::new(),
            line: Vec::new(),
        })
    }

    fn line(&mut self, line: &Line) -> Result<(), StoreError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line).map_err(|e| failed_write(self.path, &e.into()))?;
        self.line.push(b'\n');
        self.crc.update(&self.line);
        self.out.write_all(&self.line).map_err(|e| failed_write(self.path, &e))
    }

    fn end(mut self, records: u64) -> Result<(), StoreError> {
        let crc32 = self.crc.clone().finalize();
        self.line(&Line::End { records, crc32 })?;
        let file = self.out.into_inner().map_err(|e| failed_write(self.path, e.error()))?;
        file.sync_all().map_err(|e| failed_write(self.path, &e))
    }
}

/// Reads a file line by line, and fails where it is not whole. What it showed before it failed must not be used.
fn read(
    path: &Path,
    progress: &mut dyn FnMut(Progress),
    mut show: impl FnMut(Line) -> Result<(), StoreError>,
) -> Result<Contents, StoreError> {
    let bad = |line: u64, cause: String| StoreError::Read { what: format!("{} line {line}", path.display()), cause };
    let unopened = |e: std::io::Error| StoreError::Read { what: path.display().to_string(), cause: e.to_string() };
    let file = File::open(path).map_err(unopened)?;
    let total = file.metadata().map_or(0, |m| m.len());
    let mut input = BufReader::with_capacity(1 << 17, file);
    let mut crc = crc32fast::Hasher::new();
    let mut contents = Contents::default();
    let (mut bytes, mut number, mut done) = (Vec::new(), 0u64, 0u64);
    loop {
        bytes.clear();
        number += 1;
        let n = input.read_until(b'\n', &mut bytes).map_err(|e| bad(number, e.to_string()))?;
        if !bytes.ends_with(b"\n") {
            return Err(bad(number, "the file is cut short: its last line, with the checksum, is missing".into()));
        }
        done += n as u64;
        let before = crc.clone();
        crc.update(&bytes);
        let line: Line = serde_json::from_slice(&bytes).map_err(|e| bad(number, e.to_string()))?;
        match &line {
            Line::Header(h) => {
                if number != 1 || h.format != FORMAT {
                    return Err(bad(number, "not an export of xiangxun".into()));
                }
                if !READ.contains(&h.version) {
                    return Err(bad(number, format!("version {} is not one this program reads", h.version)));
                }
                contents.seq = h.seq;
            }
            _ if number == 1 => return Err(bad(1, "the header is missing".into())),
            Line::End { records, crc32 } => {
                if *records != contents.records() || *crc32 != before.finalize() {
                    return Err(bad(number, "the checksum does not fit: the file was changed or is damaged".into()));
                }
                if !input.fill_buf().map_err(|e| bad(number, e.to_string()))?.is_empty() {
                    return Err(bad(number, "something stands behind the end".into()));
                }
                progress(Progress { done: total, total });
                return Ok(contents);
            }
            Line::Person(_) => contents.people += 1,
            Line::Post(_) => contents.posts += 1,
            Line::Mo(_) => contents.mos += 1,
            Line::Mt(_) => contents.mts += 1,
            Line::Told(..) => contents.told += 1,
            Line::Pact(_) => contents.pacts += 1,
            Line::Prices(_) => contents.prices += 1,
            Line::Notes(_) => contents.notes += 1,
            Line::Due { .. } => contents.due += 1,
            Line::Loose(_) => contents.loose += 1,
            Line::Session(_) => contents.sessions += 1,
            Line::Seen { .. } => contents.seen += 1,
        }
        show(line)?;
        if number.is_multiple_of(STEP) {
            progress(Progress { done, total });
        }
    }
}

/// Reads a whole export and checks it.
pub fn verify(path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Contents, StoreError> {
    read(path, progress, |_| Ok(()))
}

/// What is gathered before it is written.
const LOAD_BYTES: usize = 4 << 20;

/// Fills an empty sled from an export, synced, and returns how far it is.
pub fn load(path: &Path, disk: &Disk, progress: &mut dyn FnMut(Progress)) -> Result<Meta, StoreError> {
    let reader = disk.reader();
    let mut meta = Meta::empty();
    let mut next = meta.next();
    let mut buckets = std::collections::BTreeSet::new();
    let mut counts = plan::Counts::default();
    let mut table = Table::default();
    read(path, progress, |line| {
        let mut plan = Plan::default();
        match line {
            Line::Header(h) => {
                meta.applied = h.seq;
                next = super::Next { mo: h.next_mo, mt: h.next_mt, post: h.next_post, pact: h.next_pact };
            }
            Line::Person(p) => plan.person(&p, None)?,
            Line::Post(p) => plan.post(*p, None, 0)?,
            Line::Mo(m) => plan.mo(&m, None, true)?,
            Line::Mt(m) => plan.mt(&m, None, true)?,
            Line::Told(a, b) => plan.told(a, b),
            Line::Pact(p) => plan.pact(&p, true)?,
            Line::Prices(b) => plan.prices(&b)?,
            Line::Notes(n) => plan.notes(&n)?,
            Line::Due { at, what } => plan.due(at, &what)?,
            Line::Loose(loose) => plan.loose(&loose)?,
            Line::Session(session) => plan.session(&session)?,
            Line::Seen { bucket, digest, at } => {
                let digest = unhex(&digest)
                    .ok_or_else(|| StoreError::Read { what: "a seen key".into(), cause: "not 32 hex digits".into() })?;
                plan.seen(bucket, &digest, at);
            }
            Line::End { .. } => {}
        }
        for op in &plan.ops {
            plan::take_note(op, &mut next, &mut buckets);
        }
        counts.add(plan.counts);
        layers::apply(plan.ops, &mut table, [None, None], &reader)?;
        if table.bytes() >= LOAD_BYTES {
            write_table(disk, &std::mem::take(&mut table))?;
        }
        Ok(())
    })?;
    write_table(disk, &table)?;
    disk.sync()?;
    meta.set_next(next);
    meta.buckets = buckets.into_iter().collect();
    (meta.live, meta.pending) = (counts.live, counts.pending);
    write_meta(disk, &meta)?;
    disk.sync()?;
    Ok(meta)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(s: &str) -> Option<[u8; 16]> {
    if s.len() != 32 || !s.is_ascii() {
        return None;
    }
    u128::from_str_radix(s, 16).ok().map(u128::to_be_bytes)
}
