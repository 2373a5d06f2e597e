//! Turns what was decided into ops: the records themselves, and the marks by which they are found.
//!
//! The old record of each number is read, so that the marks it had and the new one has not are taken away.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::key::{self, Key, ListId};
use super::op::Op;
use super::visit::Visit;
use super::{Change, Due, Loose, MoRecord, Next, Notes, Person, Session, StoreError, View, form};
use crate::clock::Timestamp;
use crate::market::post::FIRST_POST;
use crate::market::{Pact, Post, PostId, PostState, PriceBook};
use crate::message::{Msisdn, Mt, MtState};

/// What a change comes to.
#[derive(Debug, Default)]
pub struct Plan {
    pub ops: Vec<Op>,
    /// For the cache of decoded posts.
    pub posts: Vec<Arc<Post>>,
    pub counts: Counts,
    /// Buckets of the seen family that now hold nothing.
    pub emptied: Vec<u16>,
}

/// How many there are; in a plan, how many more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub live: i64,
    pub pending: i64,
}

impl Counts {
    pub fn add(&mut self, more: Counts) {
        self.live += more.live;
        self.pending += more.pending;
    }
}

/// Numbers before anything was kept.
pub const FIRST: Next = Next { mo: 1, mt: 1, post: FIRST_POST, pact: 1 };

/// Takes note of the numbers and buckets that an op uses up.
pub fn take_note(op: &Op, next: &mut Next, buckets: &mut BTreeSet<u16>) {
    let Op::Put { key, .. } = op else { return };
    let above = key::last_number(key).saturating_add(1);
    match key.first() {
        Some(&key::MO) => next.mo = next.mo.max(above),
        Some(&key::MT) => next.mt = next.mt.max(above),
        Some(&key::POST) => next.post = next.post.max(above),
        Some(&key::PACT) => next.pact = next.pact.max(above),
        Some(&key::SEEN) => buckets.extend(key::seen_parts(key).map(|(b, _)| b)),
        _ => {}
    }
}

/// Whether sweeps, outbox and index must still find it.
fn is_pending(mt: &Mt) -> bool {
    matches!(mt.state, MtState::Queued | MtState::Claimed { .. })
}

fn lists_of(post: &Post) -> Vec<ListId> {
    if post.state != PostState::Live {
        return Vec::new();
    }
    let mut lists: Vec<ListId> = post.ring_keys().iter().map(key::list_id).collect();
    lists.sort_unstable();
    lists.dedup();
    lists
}

impl Plan {
    /// Plans a change upon what `visit` sees. Nothing is changed yet.
    pub fn new(change: Change, visit: &Visit<'_>) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        let next = visit.next();
        if let Some((key, at)) = change.seen {
            plan.seen(key::bucket(at), &key::seen_digest(&key), at);
        }
        for mo in last_of_each(change.mos, |m| m.seq) {
            let old = if mo.seq < next.mo { visit.mo(mo.seq)? } else { None };
            plan.mo(&mo, old.as_ref(), mo.seq >= next.mo)?;
        }
        for person in &change.people {
            // only who watches, or watched, needs a look at what was
            let old = visit.person(person.msisdn)?;
            plan.person(person, old.as_ref())?;
        }
        for post in last_of_each(change.posts, |p| p.id) {
            let old = if post.id < next.post { visit.post(post.id)? } else { None };
            plan.post(post, old.as_deref(), next.post)?;
        }
        for (a, b) in change.told {
            plan.told(a, b);
        }
        for mt in last_of_each(change.mts, |m| m.id) {
            let old = if mt.id < next.mt { visit.mt(mt.id)? } else { None };
            plan.mt(&mt, old.as_ref(), mt.id >= next.mt)?;
        }
        for pact in &change.pacts {
            plan.pact(pact, pact.id >= next.pact)?;
        }
        for book in &change.prices {
            plan.prices(book)?;
        }
        for notes in &change.notes {
            plan.notes(notes)?;
        }
        for phone in change.gone {
            let old = visit.person(phone)?;
            plan.forget_person(phone, old.as_ref());
        }
        for (at, what) in &change.done {
            let value = form::encode("something due", what)?;
            plan.ops.push(Op::Delete { key: key::due(*at, &value) });
        }
        for (at, what) in &change.due {
            plan.due(*at, what)?;
        }
        plan.ops.extend(change.joined.iter().map(|key| Op::Delete { key: key::loose(key) }));
        for loose in &change.loose {
            plan.loose(loose)?;
        }
        for session in &change.sessions {
            plan.session(session)?;
        }
        plan.ops.extend(change.hung_up.iter().map(|key| Op::Delete { key: key::session(key) }));
        Ok(plan)
    }

    fn put(&mut self, key: Key, value: Box<[u8]>, fresh: bool) {
        self.ops.push(Op::Put { key, value, fresh });
    }

    fn mark(&mut self, key: Key, fresh: bool) {
        self.put(key, Box::default(), fresh);
    }

    pub fn person(&mut self, person: &Person, old: Option<&Person>) -> Result<(), StoreError> {
        self.put(key::person(person.msisdn), form::encode("person", person)?, false);
        let (was, is) = (old.map(Person::watches).unwrap_or_default(), person.watches());
        let id = person.msisdn.as_u64();
        let gone = was.iter().filter(|t| !is.contains(t));
        self.ops.extend(gone.map(|t| Op::Drop { list: key::watch_id(t), id }));
        let new = is.iter().filter(|t| !was.contains(t));
        self.ops.extend(new.map(|t| Op::Push { list: key::watch_id(t), id }));
        Ok(())
    }

    pub fn pact(&mut self, pact: &Pact, fresh: bool) -> Result<(), StoreError> {
        self.put(key::pact(pact.id), form::encode("pact", pact)?, fresh);
        if fresh {
            self.mark(key::pact_of(pact.post, pact.id), fresh);
        }
        Ok(())
    }

    pub fn prices(&mut self, book: &PriceBook) -> Result<(), StoreError> {
        self.put(key::prices(&book.item, book.county), form::encode("book of prices", book)?, false);
        Ok(())
    }

    pub fn notes(&mut self, notes: &Notes) -> Result<(), StoreError> {
        self.put(key::notes(&notes.station), form::encode("station's notes", notes)?, false);
        Ok(())
    }

    /// Takes a person out, with the lists of watchers that name him.
    fn forget_person(&mut self, phone: Msisdn, old: Option<&Person>) {
        self.ops.push(Op::Delete { key: key::person(phone) });
        let watched = old.map(Person::watches).unwrap_or_default();
        self.ops.extend(watched.iter().map(|t| Op::Drop { list: key::watch_id(t), id: phone.as_u64() }));
    }

    pub fn due(&mut self, at: Timestamp, what: &Due) -> Result<(), StoreError> {
        let value = form::encode("something due", what)?;
        self.put(key::due(at, &value), value, false);
        Ok(())
    }

    pub fn loose(&mut self, loose: &Loose) -> Result<(), StoreError> {
        self.put(key::loose(&loose.key()), form::encode("something that waits", loose)?, false);
        Ok(())
    }

    pub fn session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.put(key::session(&session.key()), form::encode("USSD dialogue", session)?, false);
        Ok(())
    }

    pub fn seen(&mut self, bucket: u16, digest: &[u8; 16], at: Timestamp) {
        self.put(key::seen(bucket, digest), Box::from(at.0.to_be_bytes()), false);
    }

    /// That the owners of two posts know of each other.
    pub fn told(&mut self, a: PostId, b: PostId) {
        self.mark(key::told(a, b), false);
    }

    pub fn mo(&mut self, mo: &MoRecord, old: Option<&MoRecord>, fresh: bool) -> Result<(), StoreError> {
        self.put(key::mo(mo.seq), form::encode("accepted message", mo)?, fresh);
        match (old.is_some_and(|o| o.unread.is_some()), mo.unread.is_some()) {
            (false, true) => self.mark(key::unread(mo.seq), fresh),
            (true, false) => self.ops.push(Op::Delete { key: key::unread(mo.seq) }),
            _ => {}
        }
        Ok(())
    }

    pub fn post(&mut self, post: Post, old: Option<&Post>, next: PostId) -> Result<(), StoreError> {
        let fresh = post.id >= next;
        self.put(key::post(post.id), form::encode("post", &post)?, fresh);
        let live = |p: &Post| (p.state == PostState::Live).then(|| key::expiry(p.until, p.id));
        let (was, is) = (old.and_then(live), live(&post));
        self.counts.live += i64::from(is.is_some()) - i64::from(was.is_some());
        if was != is {
            if let Some(key) = was {
                self.ops.push(Op::Delete { key });
            }
            if let Some(key) = is {
                self.mark(key, fresh);
            }
        }
        let (was, is) = (old.map(lists_of).unwrap_or_default(), lists_of(&post));
        let id = post.id;
        self.ops.extend(was.iter().filter(|l| is.binary_search(l).is_err()).map(|l| Op::Drop { list: *l, id }));
        self.ops.extend(is.iter().filter(|l| was.binary_search(l).is_err()).map(|l| Op::Push { list: *l, id }));
        self.posts.push(Arc::new(post));
        Ok(())
    }

    pub fn mt(&mut self, mt: &Mt, old: Option<&Mt>, fresh: bool) -> Result<(), StoreError> {
        self.put(key::mt(mt.id), form::encode("outbound text", mt)?, fresh);
        let pending = |m: &Mt| is_pending(m).then(|| key::pending_of(m));
        let (was, is) = (old.and_then(pending), pending(mt));
        self.counts.pending += i64::from(is.is_some()) - i64::from(was.is_some());
        if was != is {
            if let Some(key) = was {
                self.ops.push(Op::Delete { key });
            }
            if let Some(key) = is {
                self.mark(key, fresh);
            }
        }
        let found_by = |m: &Mt| m.carrier_ref.as_ref().map(|r| key::carrier_ref(&m.carrier, r));
        let (was, is) = (old.and_then(found_by), found_by(mt));
        if was != is {
            if let Some(key) = was {
                self.ops.push(Op::Delete { key });
            }
            if let Some(key) = is {
                self.put(key, Box::from(mt.id.to_be_bytes()), false);
            }
        }
        Ok(())
    }

    /// Takes a message out, with its mark.
    pub fn forget_mo(&mut self, mo: &MoRecord) {
        self.ops.push(Op::Delete { key: key::mo(mo.seq) });
        if mo.unread.is_some() {
            self.ops.push(Op::Delete { key: key::unread(mo.seq) });
        }
    }

    /// Takes an MT out that is not pending.
    pub fn forget_mt(&mut self, mt: &Mt) {
        self.ops.push(Op::Delete { key: key::mt(mt.id) });
        if let Some(r) = &mt.carrier_ref {
            self.ops.push(Op::Delete { key: key::carrier_ref(&mt.carrier, r) });
        }
    }
}

/// Whether the retention may take it.
pub fn is_settled(mt: &Mt) -> bool {
    !is_pending(mt)
}

/// Of records with the same number the last one counts.
fn last_of_each<T>(mut records: Vec<T>, number: impl Fn(&T) -> u64) -> Vec<T> {
    if records.len() > 1 {
        let mut seen = BTreeSet::new();
        records.reverse();
        records.retain(|r| seen.insert(number(r)));
        records.reverse();
    }
    records
}
