//! Where everything is kept, in the words of the domain: what one visit may read ([`View`]), what one decision changes
//! ([`Change`]), and the promises every store keeps.
//!
//! 1. A `Change` is kept whole or not at all; [`Store::transact`] returns once it would survive a power cut.
//! 2. Decisions run one after the other: a decision sees everything that was decided before it.
//! 3. A failed commit leaves nothing behind, and the same call may be made again.
//!
//! `tests/it/store.rs` runs these promises against each store.

pub mod record;

use std::sync::Arc;

pub use record::{MoRecord, Person, SeenKey};

use crate::clock::Timestamp;
use crate::market::{Post, PostId, RingKey};
use crate::message::{MoSeq, Msisdn, Mt, MtId};

/// Why a store could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// More waits than can be taken; the carrier should call again.
    #[error("the store is behind, try again")]
    Busy,
    /// The disk is full or refuses to write; nothing was kept.
    #[error("cannot write to {path}: {cause}")]
    Write { path: String, cause: String },
    /// What is on disk cannot be read.
    #[error("cannot read {what}: {cause}")]
    Read { what: String, cause: String },
    /// A record is larger than a value may be.
    #[error("{what} takes {bytes} bytes, more than {limit}")]
    TooLarge { what: &'static str, bytes: usize, limit: usize },
    /// The store is closed or was never able to open.
    #[error("the store is closed")]
    Closed,
}

/// The next free numbers. A change that uses one simply contains the record so numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub mo: MoSeq,
    pub mt: MtId,
    pub post: PostId,
}

/// What one visit may read. Nothing changes while a decision reads.
pub trait View {
    /// When a message with this key was accepted, if it was, within the store's memory of some days.
    fn seen(&self, key: &SeenKey) -> Result<Option<Timestamp>, StoreError>;
    fn person(&self, msisdn: Msisdn) -> Result<Option<Person>, StoreError>;
    fn post(&self, id: PostId) -> Result<Option<Arc<Post>>, StoreError>;
    /// The newest live posts of one list, newest first, at most `limit`.
    fn ring(&self, key: &RingKey, limit: usize) -> Result<Vec<PostId>, StoreError>;
    /// Whether the owners of these two posts were told of each other, in whichever order they are named.
    fn told(&self, a: PostId, b: PostId) -> Result<bool, StoreError>;
    fn mo(&self, seq: MoSeq) -> Result<Option<MoRecord>, StoreError>;
    fn mt(&self, id: MtId) -> Result<Option<Mt>, StoreError>;
    /// The MT that a carrier knows by its own id.
    fn mt_by_ref(&self, carrier: &str, carrier_ref: &str) -> Result<Option<MtId>, StoreError>;
    fn next(&self) -> Next;
}

/// What one decision changes. Records replace those of the same number; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The message is remembered as accepted at this time.
    pub seen: Option<(SeenKey, Timestamp)>,
    pub mos: Vec<MoRecord>,
    pub people: Vec<Person>,
    /// The store keeps the index in step: a live post stands in the lists of [`Post::ring_keys`], any other in none.
    pub posts: Vec<Post>,
    pub told: Vec<(PostId, PostId)>,
    /// A carrier's id in an MT makes it findable by it; a queued or claimed MT is pending.
    pub mts: Vec<Mt>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        *self == Change::default()
    }
}

/// Where a station keeps everything. Clones share it.
#[derive(Clone)]
pub struct Store;
