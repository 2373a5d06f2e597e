//! The tables and sled, seen as one: a key has the value that the newest of them gives it.

use std::collections::btree_map;
use std::ops::Bound;
use std::ops::ControlFlow;

use sled::IVec;

use super::StoreError;
use super::disk::{Raw, Reader, Walk, prefix_end};
use super::key::{self, HEAD, Key, LIST, ListId};
use super::list::Chunk;
use super::op::Op;
use super::table::{Slot, Table, Value};
use crate::market::PostId;

/// What stands under a key.
pub enum Found<'a> {
    Bytes(Raw<'a>),
    Chunk(&'a Chunk),
}

impl Found<'_> {
    pub fn chunk(&self) -> Result<Chunk, StoreError> {
        match self {
            Found::Bytes(b) => Chunk::decode(b),
            Found::Chunk(c) => Ok((*c).clone()),
        }
    }

    /// The bytes; empty for a chunk, which has none while it is in memory.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Found::Bytes(b) => b,
            Found::Chunk(_) => &[],
        }
    }
}

/// Newest first.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    pub tables: [Option<&'a Table>; 3],
    pub disk: &'a Reader,
}

/// One layer of a walk, with the entry it stands at.
enum Source<'a> {
    Table { range: btree_map::Range<'a, Key, Slot>, at: Option<(&'a Key, &'a Slot)> },
    Disk { walk: Box<Walk>, at: Option<(IVec, Raw<'static>)> },
}

impl<'a> Source<'a> {
    fn key(&self) -> Option<&[u8]> {
        match self {
            Source::Table { at, .. } => at.map(|(k, _)| &**k),
            Source::Disk { at, .. } => at.as_ref().map(|(k, _)| &**k),
        }
    }

    fn step(&mut self, backwards: bool) -> Result<(), StoreError> {
        match self {
            Source::Table { range, at } => *at = if backwards { range.next_back() } else { range.next() },
            Source::Disk { walk, at } => *at = walk.step(backwards)?,
        }
        Ok(())
    }

    /// What it has at this key; `None` where the key is gone.
    fn found(&mut self) -> Option<Found<'a>> {
        match self {
            Source::Table { at, .. } => match &at.as_ref()?.1.value {
                Some(Value::Bytes(b)) => Some(Found::Bytes(Raw::Slice(b))),
                Some(Value::Chunk(c)) => Some(Found::Chunk(c)),
                None => None,
            },
            Source::Disk { at, .. } => {
                let (_, value) = at.as_mut()?;
                Some(Found::Bytes(std::mem::replace(value, Raw::Slice(&[]))))
            }
        }
    }
}

impl<'a> Layers<'a> {
    pub fn get(&self, key: &[u8]) -> Result<Option<Found<'a>>, StoreError> {
        for t in self.tables.iter().flatten() {
            if let Some(slot) = t.get(key) {
                return Ok(match &slot.value {
                    Some(Value::Bytes(b)) => Some(Found::Bytes(Raw::Slice(b))),
                    Some(Value::Chunk(c)) => Some(Found::Chunk(c)),
                    None => None,
                });
            }
        }
        Ok(self.disk.get(key)?.map(Found::Bytes))
    }

    /// Shows the keys of a range one by one, upwards or downwards, until told to stop.
    pub fn walk(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        backwards: bool,
        mut show: impl FnMut(&[u8], Found<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        if let (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) = (from, to)
            && a >= b
            && !(a == b && matches!((from, to), (Bound::Included(_), Bound::Included(_))))
        {
            return Ok(());
        }
        let mut sources = Vec::with_capacity(4);
        for t in self.tables.iter().flatten() {
            sources.push(Source::Table { range: t.map().range::<[u8], _>((from, to)), at: None });
        }
        sources.push(Source::Disk { walk: Box::new(self.disk.range(from, to)), at: None });
        for s in &mut sources {
            s.step(backwards)?;
        }
        loop {
            // the newest layer that stands at the next key; of equals the first wins
            let mut best: Option<usize> = None;
            for (i, s) in sources.iter().enumerate() {
                let Some(k) = s.key() else { continue };
                let nearer = match best.and_then(|b| sources[b].key()) {
                    None => true,
                    Some(b) => (if backwards { b.cmp(k) } else { k.cmp(b) }).is_lt(),
                };
                if nearer {
                    best = Some(i);
                }
            }
            let Some(best) = best else { return Ok(()) };
            let Some(key) = sources[best].key().map(Box::<[u8]>::from) else { return Ok(()) };
            let found = sources[best].found();
            for s in &mut sources {
                if s.key() == Some(&key) {
                    s.step(backwards)?;
                }
            }
            if let Some(found) = found
                && show(&key, found)?.is_break()
            {
                return Ok(());
            }
        }
    }

    /// All keys that begin with `prefix`, upwards.
    pub fn walk_prefix(
        &self,
        prefix: &[u8],
        show: impl FnMut(&[u8], Found<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let end = prefix_end(prefix);
        let end = match &end {
            Bound::Excluded(e) => Bound::Excluded(&e[..]),
            _ => Bound::Unbounded,
        };
        self.walk(Bound::Included(prefix), end, false, show)
    }

    /// The newest of a list.
    pub fn list(&self, list: &ListId, limit: usize) -> Result<Vec<PostId>, StoreError> {
        self.list_below(list, PostId::MAX, limit)
    }

    /// As [`Layers::list`], of numbers below `below` only.
    pub fn list_below(&self, list: &ListId, below: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        let mut out = Vec::new();
        let mut sealed_upto = 0;
        match self.get(&key::list(list, HEAD))? {
            None => {}
            Some(Found::Chunk(c)) => {
                out.extend(c.newest().filter(|id| *id < below).take(limit));
                sealed_upto = c.sealed_upto;
            }
            Some(Found::Bytes(b)) => {
                let c = Chunk::decode(&b)?;
                out.extend(c.newest().filter(|id| *id < below).take(limit));
                sealed_upto = c.sealed_upto;
            }
        }
        if out.len() < limit && sealed_upto > 0 {
            let (low, high) = (key::list(list, 0), key::list(list, sealed_upto));
            self.walk(Bound::Included(&low), Bound::Included(&high), true, |_, found| {
                for id in found.chunk()?.newest() {
                    // a head that was written before its sealed half may still name what is below it
                    if id < below && out.last().is_none_or(|last| id < *last) {
                        out.push(id);
                    }
                    if out.len() == limit {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(out)
    }
}

/// Does `ops` in `over`, which lies above `below`. After an error `over` is half changed and must be thrown away.
pub fn apply(ops: Vec<Op>, over: &mut Table, below: [Option<&Table>; 2], disk: &Reader) -> Result<(), StoreError> {
    for op in ops {
        match op {
            Op::Put { key, value, fresh } => over.put(key, Value::Bytes(value), fresh),
            Op::Delete { key } => over.delete(key),
            Op::Push { list, id } => {
                let key = chunk_of(&list, id, over, below, disk)?;
                if let Some(chunk) = over.chunk_mut(&key) {
                    chunk.insert(id);
                    if key::last_number(&key) == HEAD
                        && let Some((label, older)) = chunk.seal()
                    {
                        over.put(key::list(&list, label), Value::Chunk(Box::new(older)), false);
                    }
                }
            }
            Op::Drop { list, id } => {
                let key = chunk_of(&list, id, over, below, disk)?;
                if let Some(chunk) = over.chunk_mut(&key) {
                    chunk.remove(id);
                    // a head with sealed chunks behind it must go on to say so
                    if chunk.is_empty() && chunk.sealed_upto == 0 {
                        over.delete(key);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Finds the chunk that `id` belongs to and sees that `over` has it, decoded.
fn chunk_of(
    list: &ListId,
    id: PostId,
    over: &mut Table,
    below: [Option<&Table>; 2],
    disk: &Reader,
) -> Result<Key, StoreError> {
    let head = key::list(list, HEAD);
    let sealed_upto = fetch(&head, over, below, disk)?.sealed_upto;
    if id > sealed_upto {
        return Ok(head);
    }
    let mut at = head;
    let from = key::list(list, id);
    let layers = Layers { tables: [Some(over), below[0], below[1]], disk };
    let to = [&[LIST][..], &list[..], &HEAD.to_be_bytes()[..]].concat();
    layers.walk(Bound::Included(&from), Bound::Included(&to), false, |k, _| {
        at = Key::from(k);
        Ok(ControlFlow::Break(()))
    })?;
    fetch(&at, over, below, disk)?;
    Ok(at)
}

/// Brings a chunk into `over`, an empty one where there is none.
fn fetch<'t>(
    key: &Key,
    over: &'t mut Table,
    below: [Option<&Table>; 2],
    disk: &Reader,
) -> Result<&'t Chunk, StoreError> {
    let have = over.get(key).is_some_and(|s| matches!(s.value, Some(Value::Chunk(_))));
    if !have {
        let gone = over.get(key).is_some();
        let chunk = if gone {
            Chunk::default()
        } else {
            let layers = Layers { tables: [None, below[0], below[1]], disk };
            layers.get(key)?.map(|f| f.chunk()).transpose()?.unwrap_or_default()
        };
        over.put(key.clone(), Value::Chunk(Box::new(chunk)), false);
    }
    match over.chunk_mut(key) {
        Some(c) => Ok(c),
        None => Err(StoreError::Read { what: "a list of posts".into(), cause: "its key holds something else".into() }),
    }
}
