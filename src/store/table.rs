//! Changes that are not in sled yet, in key order: those of the group being decided, those decided since the last hand-over
//! to the applier, and those it is writing.
//!
//! Most marks in the outbox are set and taken away within a second. A key that is known never to have been below is
//! forgotten when it is deleted, so these never reach sled at all.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::key::Key;
use super::list::Chunk;

/// What stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Bytes(Box<[u8]>),
    /// Chunks of lists are kept decoded, since a busy one changes with every post.
    Chunk(Box<Chunk>),
}

#[derive(Debug)]
pub struct Slot {
    /// `None`: the key is gone, whatever stands below.
    pub value: Option<Value>,
    /// The key is in nothing below this table.
    fresh: bool,
}

/// What an entry takes beside its key and value: its share of a tree node and of two allocations.
const ENTRY_BYTES: usize = 96;

#[derive(Debug, Default)]
pub struct Table {
    map: BTreeMap<Key, Slot>,
    bytes: usize,
}

fn weight(key: &[u8], slot: &Slot) -> usize {
    let value = match &slot.value {
        Some(Value::Bytes(b)) => b.len(),
        Some(Value::Chunk(c)) => 40 + 8 * c.len(),
        None => 0,
    };
    ENTRY_BYTES + key.len() + value
}

impl Table {
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// About how much memory it takes. Chunks that grow in place are counted at the size they came with.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn get(&self, key: &[u8]) -> Option<&Slot> {
        self.map.get(key)
    }

    /// The chunk under a key of this table, to be changed.
    pub fn chunk_mut(&mut self, key: &[u8]) -> Option<&mut Chunk> {
        match self.map.get_mut(key)?.value.as_mut()? {
            Value::Chunk(c) => Some(c),
            Value::Bytes(_) => None,
        }
    }

    pub fn map(&self) -> &BTreeMap<Key, Slot> {
        &self.map
    }

    pub fn put(&mut self, key: Key, value: Value, fresh: bool) {
        self.lay(key, Slot { value: Some(value), fresh });
    }

    pub fn delete(&mut self, key: Key) {
        self.lay(key, Slot { value: None, fresh: false });
    }

    /// Lays a newer table over this one.
    pub fn merge(&mut self, newer: Table) {
        for (key, slot) in newer.map {
            self.lay(key, slot);
        }
    }

    fn lay(&mut self, key: Key, slot: Slot) {
        match self.map.entry(key) {
            Entry::Vacant(e) => {
                self.bytes += weight(e.key(), &slot);
                e.insert(slot);
            }
            Entry::Occupied(mut e) => {
                self.bytes -= weight(e.key(), e.get()).min(self.bytes);
                // whether it is below this table was known when it first came
                let fresh = e.get().fresh;
                if fresh && slot.value.is_none() {
                    e.remove();
                } else {
                    self.bytes += weight(e.key(), &slot);
                    e.insert(Slot { value: slot.value, fresh });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(s: &str) -> Key {
        Box::from(s.as_bytes())
    }

    fn bytes(s: &str) -> Value {
        Value::Bytes(Box::from(s.as_bytes()))
    }

    #[test]
    fn what_never_was_below_leaves_nothing() {
        let mut t = Table::default();
        t.put(key("new"), bytes("1"), true);
        t.put(key("old"), bytes("1"), false);
        let mut newer = Table::default();
        newer.put(key("new"), bytes("2"), false);
        t.merge(newer);
        let mut newer = Table::default();
        newer.delete(key("new"));
        newer.delete(key("old"));
        t.merge(newer);
        assert!(t.get(b"new").is_none());
        assert!(t.get(b"old").is_some_and(|s| s.value.is_none()), "a grave must hide what lies below");
    }

    #[test]
    fn weights_come_and_go() {
        let mut t = Table::default();
        t.put(key("a"), bytes("123"), true);
        t.put(key("a"), bytes("123456"), true);
        t.put(key("b"), bytes("1"), true);
        t.delete(key("a"));
        t.delete(key("b"));
        assert_eq!((t.bytes(), t.len()), (0, 0));
    }
}
