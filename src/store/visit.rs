//! One visit to the embedded store: everything the domain may ask of it, answered from the layers.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use super::form::{self, Stored};
use super::key;
use super::layers::Layers;
use super::{
    Due, Loose, LooseKey, MoRecord, Next, Notes, Person, SeenKey, Session, SessionKey, StoreError, Topic, View,
};
use crate::clock::Timestamp;
use crate::market::{Pact, PactId, PlaceCode, Post, PostId, PriceBook, RingKey};
use crate::message::{MoSeq, Msisdn, Mt, MtClass, MtId};

/// Posts decoded lately, so that the few hundred candidates of a match cost no decoding. Two generations: when the
/// younger is full, the older, which nobody asked for meanwhile, is forgotten.
#[derive(Debug, Default)]
pub struct PostCache {
    young: HashMap<PostId, Arc<Post>>,
    old: HashMap<PostId, Arc<Post>>,
    generation: usize,
}

impl PostCache {
    /// Holds at most `posts`.
    pub fn new(posts: usize) -> PostCache {
        PostCache { generation: (posts / 2).max(1), ..PostCache::default() }
    }

    pub fn get(&mut self, id: PostId) -> Option<Arc<Post>> {
        if let Some(p) = self.young.get(&id) {
            return Some(p.clone());
        }
        let p = self.old.remove(&id)?;
        self.put(p.clone());
        Some(p)
    }

    pub fn put(&mut self, post: Arc<Post>) {
        self.old.remove(&post.id);
        self.young.insert(post.id, post);
        if self.young.len() >= self.generation {
            self.old = std::mem::take(&mut self.young);
        }
    }

    pub fn forget(&mut self, id: PostId) {
        self.young.remove(&id);
        self.old.remove(&id);
    }
}

pub struct Visit<'a> {
    pub layers: Layers<'a>,
    pub next: Next,
    /// Buckets of the seen family that hold keys.
    pub buckets: &'a BTreeSet<u16>,
    /// Posts changed by decisions of this group; they stand above the cache.
    pub changed: Option<&'a HashMap<PostId, Arc<Post>>>,
    pub cache: Option<&'a RefCell<PostCache>>,
}

impl Visit<'_> {
    fn record<T: Stored>(&self, what: &str, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.layers.get(key)?.map(|f| form::decode(what, f.bytes())).transpose()
    }

    /// The keys of `prefix` from `from` on (of which the first is left out where `behind`), at most `limit`.
    fn numbers(&self, prefix: &[u8], from: Option<&[u8]>, limit: usize) -> Result<Vec<u64>, StoreError> {
        let mut out = Vec::new();
        if limit == 0 {
            return Ok(out);
        }
        let take = |out: &mut Vec<u64>, k: &[u8]| {
            out.push(key::last_number(k));
            if out.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match from {
            None => self.layers.walk_prefix(prefix, |k, _| Ok(take(&mut out, k)))?,
            Some(from) => {
                let end = super::disk::prefix_end(prefix);
                let end = end.as_ref().map(|e| &e[..]);
                self.layers.walk(Bound::Excluded(from), end, false, |k, _| Ok(take(&mut out, k)))?;
            }
        }
        Ok(out)
    }

    /// Queued and claimed MTs of a carrier behind `after`, in the order of class, due time and number.
    pub fn pending(
        &self,
        carrier: &str,
        after: Option<(MtClass, Timestamp, MtId)>,
        limit: usize,
    ) -> Result<Vec<Mt>, StoreError> {
        let from = after.map(|(class, due, id)| key::pending(carrier, class, due, id));
        let ids = self.numbers(&key::pending_prefix(carrier), from.as_deref(), limit)?;
        let mut out = Vec::with_capacity(ids.len());
        for id in ids {
            out.extend(self.mt(id)?);
        }
        Ok(out)
    }

    /// Live posts whose days have run out, those that ran out first at the front.
    pub fn expired(&self, now: Timestamp, limit: usize) -> Result<Vec<PostId>, StoreError> {
        let mut out = Vec::new();
        // a post is live before `until`, not at it
        let end = key::expiry(now.plus(1), 0);
        self.layers.walk(Bound::Included(&[key::EXPIRY]), Bound::Excluded(&end), false, |k, _| {
            if out.len() >= limit {
                return Ok(ControlFlow::Break(()));
            }
            out.push(key::last_number(k));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    /// Messages that wait for a person, the newest first.
    pub fn unread(&self, limit: usize) -> Result<Vec<MoRecord>, StoreError> {
        let mut seqs = Vec::new();
        self.layers.walk(Bound::Included(&[key::UNREAD]), Bound::Excluded(&[key::UNREAD + 1]), true, |k, _| {
            if seqs.len() >= limit {
                return Ok(ControlFlow::Break(()));
            }
            seqs.push(key::last_number(k));
            Ok(ControlFlow::Continue(()))
        })?;
        self.mos(seqs)
    }

    /// The messages accepted last, the newest first.
    pub fn recent(&self, limit: usize) -> Result<Vec<MoRecord>, StoreError> {
        let last = self.next.mo.saturating_sub(1);
        let first = self.next.mo.saturating_sub(limit as u64).max(1);
        self.mos((first..=last).rev())
    }

    fn mos(&self, seqs: impl IntoIterator<Item = MoSeq>) -> Result<Vec<MoRecord>, StoreError> {
        seqs.into_iter().filter_map(|seq| self.mo(seq).transpose()).collect()
    }
}

impl View for Visit<'_> {
    fn seen(&self, key: &SeenKey) -> Result<Option<Timestamp>, StoreError> {
        let digest = key::seen_digest(key);
        // all buckets there are, whatever the clock says now: it may have jumped
        for bucket in self.buckets.iter().rev() {
            if let Some(found) = self.layers.get(&key::seen(*bucket, &digest))? {
                return Ok(Some(read_time(found.bytes())));
            }
        }
        Ok(None)
    }

    fn person(&self, msisdn: Msisdn) -> Result<Option<Person>, StoreError> {
        self.record("a person", &key::person(msisdn))
    }

    fn post(&self, id: PostId) -> Result<Option<Arc<Post>>, StoreError> {
        if let Some(p) = self.changed.and_then(|c| c.get(&id)) {
            return Ok(Some(p.clone()));
        }
        if let Some(p) = self.cache.and_then(|c| c.borrow_mut().get(id)) {
            return Ok(Some(p));
        }
        let post = self.record::<Post>("a post", &key::post(id))?.map(Arc::new);
        if let (Some(p), Some(cache)) = (&post, self.cache) {
            cache.borrow_mut().put(p.clone());
        }
        Ok(post)
    }

    fn ring(&self, key: &RingKey, limit: usize) -> Result<Vec<PostId>, StoreError> {
        self.layers.list(&key::list_id(key), limit)
    }

    fn told(&self, a: PostId, b: PostId) -> Result<bool, StoreError> {
        Ok(self.layers.get(&key::told(a, b))?.is_some())
    }

    fn mo(&self, seq: MoSeq) -> Result<Option<MoRecord>, StoreError> {
        self.record("an accepted message", &key::mo(seq))
    }

    fn mt(&self, id: MtId) -> Result<Option<Mt>, StoreError> {
        self.record("an outbound text", &key::mt(id))
    }

    fn mt_by_ref(&self, carrier: &str, carrier_ref: &str) -> Result<Option<MtId>, StoreError> {
        let found = self.layers.get(&key::carrier_ref(carrier, carrier_ref))?;
        Ok(found.map(|f| key::last_number(f.bytes())))
    }

    fn pact(&self, id: PactId) -> Result<Option<Pact>, StoreError> {
        self.record("a pact", &key::pact(id))
    }

    fn pacts_of(&self, post: PostId, after: PactId, limit: usize) -> Result<Vec<Pact>, StoreError> {
        let ids = self.numbers(&key::pact_of_prefix(post), Some(&key::pact_of(post, after)), limit)?;
        ids.into_iter().filter_map(|id| self.pact(id).transpose()).collect()
    }

    fn watchers(&self, topic: &Topic, below: Option<Msisdn>, limit: usize) -> Result<Vec<Msisdn>, StoreError> {
        let below = below.map_or(u64::MAX, Msisdn::as_u64);
        let phones = self.layers.list_below(&key::watch_id(topic), below, limit)?;
        Ok(phones.into_iter().map(Msisdn::from_u64).collect())
    }

    fn prices(&self, item: &str, county: PlaceCode) -> Result<Option<PriceBook>, StoreError> {
        self.record("a book of prices", &key::prices(item, county))
    }

    fn notes(&self, station: &str) -> Result<Option<Notes>, StoreError> {
        self.record("a station's notes", &key::notes(station))
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(Timestamp, Due)>, StoreError> {
        let mut out = Vec::new();
        let end = key::due_end(now);
        self.layers.walk(Bound::Included(&[key::DUE]), Bound::Excluded(&end), false, |k, found| {
            if out.len() >= limit {
                return Ok(ControlFlow::Break(()));
            }
            out.push((key::due_at(k), form::decode("something due", found.bytes())?));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    fn loose(&self, key: &LooseKey) -> Result<Option<Loose>, StoreError> {
        self.record("something that waits", &key::loose(key))
    }

    fn session(&self, key: &SessionKey) -> Result<Option<Session>, StoreError> {
        self.record("a USSD dialogue", &key::session(key))
    }

    fn next(&self) -> Next {
        self.next
    }
}

/// When a seen key was accepted.
pub fn read_time(bytes: &[u8]) -> Timestamp {
    Timestamp(bytes.try_into().map_or(0, i64::from_be_bytes))
}
