//! What a change does to the keys, and how the journal writes it down.
//!
//! Every op is absolute, or a set's change ([`Op::Push`], [`Op::Drop`]): a run of ops may be done again, from its beginning,
//! over any state that some of them made, and gives the same.

use super::StoreError;
use super::key::{Key, ListId};
use super::list::{read_varint, varint};
use crate::market::PostId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Put {
        key: Key,
        value: Box<[u8]>,
        /// The key has never been before: a later delete need leave no trace. Not kept in the journal.
        fresh: bool,
    },
    Delete {
        key: Key,
    },
    /// The post stands in the list.
    Push {
        list: ListId,
        id: PostId,
    },
    /// The post does not stand in the list.
    Drop {
        list: ListId,
        id: PostId,
    },
}

const PUT: u8 = 1;
const DELETE: u8 = 2;
const PUSH: u8 = 3;
const DROP: u8 = 4;

/// Appends the ops of one change.
pub fn encode(out: &mut Vec<u8>, ops: &[Op]) {
    for op in ops {
        match op {
            Op::Put { key, value, .. } => {
                out.push(PUT);
                varint(out, key.len() as u64);
                out.extend_from_slice(key);
                varint(out, value.len() as u64);
                out.extend_from_slice(value);
            }
            Op::Delete { key } => {
                out.push(DELETE);
                varint(out, key.len() as u64);
                out.extend_from_slice(key);
            }
            Op::Push { list, id } => {
                out.push(PUSH);
                out.extend_from_slice(list);
                varint(out, *id);
            }
            Op::Drop { list, id } => {
                out.push(DROP);
                out.extend_from_slice(list);
                varint(out, *id);
            }
        }
    }
}

/// Reads the ops of one change.
pub fn decode(mut bytes: &[u8]) -> Result<Vec<Op>, StoreError> {
    let mut ops = Vec::new();
    while let Some((kind, rest)) = bytes.split_first() {
        bytes = rest;
        ops.push(one(*kind, &mut bytes).ok_or_else(|| StoreError::Read {
            what: "a journal record".to_string(),
            cause: "its checksum is right but its contents are not".to_string(),
        })?);
    }
    Ok(ops)
}

fn one(kind: u8, bytes: &mut &[u8]) -> Option<Op> {
    Some(match kind {
        PUT => Op::Put { key: sized(bytes)?, value: sized(bytes)?, fresh: false },
        DELETE => Op::Delete { key: sized(bytes)? },
        PUSH => Op::Push { list: list(bytes)?, id: read_varint(bytes)? },
        DROP => Op::Drop { list: list(bytes)?, id: read_varint(bytes)? },
        _ => return None,
    })
}

fn sized(bytes: &mut &[u8]) -> Option<Box<[u8]>> {
    let n = usize::try_from(read_varint(bytes)?).ok()?;
    let (head, rest) = bytes.split_at_checked(n)?;
    *bytes = rest;
    Some(Box::from(head))
}

fn list(bytes: &mut &[u8]) -> Option<ListId> {
    let (head, rest) = bytes.split_first_chunk::<16>()?;
    *bytes = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let ops = vec![
            Op::Put { key: Box::from(*b"key"), value: Box::from(*b"value"), fresh: false },
            Op::Delete { key: Box::from(*b"gone") },
            Op::Push { list: [7; 16], id: 807 },
            Op::Drop { list: [8; 16], id: u64::MAX },
        ];
        let mut bytes = Vec::new();
        encode(&mut bytes, &ops);
        assert_eq!(decode(&bytes).unwrap(), ops);
        for cut in 1..bytes.len() {
            // a cut between ops reads as fewer ops; the journal's checksum is what tells
            if let Ok(fewer) = decode(&bytes[..cut]) {
                assert!(fewer.len() < ops.len());
            }
        }
        assert!(decode(&[9]).is_err());
    }
}
