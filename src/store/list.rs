//! A list of the index, kept in chunks: the head holds the newest posts, and when it grows too long its older half is
//! sealed under the number of the newest post in it. A push or a drop touches one chunk, however long the list is.
//!
//! A post belongs to the chunk with the smallest label that is not below its number; the head's label is the largest
//! number there is. Both changes are sets' changes: done twice they do the same, which is what replaying a journal needs.

use super::StoreError;
use crate::market::PostId;

/// A chunk longer than this is cut; half of it then takes 128 numbers of two bytes each at most times, under 1 KB.
pub const CHUNK_LIMIT: usize = 256;

/// Some posts of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Oldest first: the usual push is at the end.
    ids: Vec<PostId>,
    /// In a head: the label of the newest sealed chunk, 0 where there is none.
    pub sealed_upto: PostId,
}

impl Chunk {
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = PostId> + '_ {
        self.ids.iter().rev().copied()
    }

    pub fn insert(&mut self, id: PostId) {
        if let Err(at) = self.ids.binary_search(&id) {
            self.ids.insert(at, id);
        }
    }

    pub fn remove(&mut self, id: PostId) {
        if let Ok(at) = self.ids.binary_search(&id) {
            self.ids.remove(at);
        }
    }

    /// Takes the older half out of a head that is too long. Returns it with its label.
    pub fn seal(&mut self) -> Option<(PostId, Chunk)> {
        if self.ids.len() <= CHUNK_LIMIT {
            return None;
        }
        let newer = self.ids.split_off(CHUNK_LIMIT / 2);
        let older = std::mem::replace(&mut self.ids, newer);
        let label = older.last().copied().unwrap_or_default();
        self.sealed_upto = self.sealed_upto.max(label);
        Some((label, Chunk { ids: older, sealed_upto: 0 }))
    }

    /// Version, `sealed_upto`, the newest number, then the way down to each older one, all as varints.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(12 + 2 * self.ids.len());
        out.push(super::form::VERSION);
        varint(&mut out, self.sealed_upto);
        let mut above = None;
        for id in self.newest() {
            varint(&mut out, above.map_or(id, |a: PostId| a - id));
            above = Some(id);
        }
        out
    }

    pub fn decode(bytes: &[u8]) -> Result<Chunk, StoreError> {
        let unreadable =
            |cause: &str| StoreError::Read { what: "a list of posts".to_string(), cause: cause.to_string() };
        let Some((&super::form::VERSION, mut rest)) = bytes.split_first() else {
            return Err(unreadable("unknown form"));
        };
        let sealed_upto = read_varint(&mut rest).ok_or_else(|| unreadable("cut short"))?;
        let mut ids = Vec::new();
        let mut above: Option<PostId> = None;
        while !rest.is_empty() {
            let n = read_varint(&mut rest).ok_or_else(|| unreadable("cut short"))?;
            let id = match above {
                None => n,
                Some(a) => a.checked_sub(n).filter(|_| n > 0).ok_or_else(|| unreadable("out of order"))?,
            };
            ids.push(id);
            above = Some(id);
        }
        ids.reverse();
        Ok(Chunk { ids, sealed_upto })
    }
}

/// Appends a number, seven bits a byte, the lowest first.
pub fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n as u8) | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Takes a number off the front; `None` where it is cut short or too large.
pub fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(first & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        n |= bits << shift;
        if first & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(ids in prop::collection::btree_set(any::<u64>(), 0..300), upto in any::<u64>()) {
            let chunk = Chunk { ids: ids.into_iter().collect(), sealed_upto: upto };
            prop_assert_eq!(Chunk::decode(&chunk.encode()).unwrap(), chunk);
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Chunk::decode(&bytes);
        }
    }

    #[test]
    fn a_full_head_is_small() {
        let mut c = Chunk::default();
        for id in 0..CHUNK_LIMIT as u64 {
            c.insert(1_000_000 + 100 * id);
        }
        assert!(c.encode().len() < 1024);
        assert_eq!(c.seal(), None);
        c.insert(7);
        let (label, older) = c.seal().unwrap();
        assert_eq!((older.len(), c.len()), (128, 129));
        assert!(older.newest().next() == Some(label) && c.newest().last().unwrap() > label);
    }
}
