//! The keys of the embedded store: one byte for the family, then big-endian fields, so that byte order is the order
//! in which a family is walked.
//!
//! | family | fields | value |
//! |---|---|---|
//! | person | msisdn | `Person` |
//! | post, MO, MT | number | `Post`, `MoRecord`, `Mt` |
//! | told | smaller post, larger post | nothing |
//! | seen | 4-day bucket, digest | when it was accepted |
//! | pending | carrier, class, due, MT | nothing |
//! | ref | digest of carrier and its id | MT |
//! | unread | MO | nothing |
//! | expiry | until, post | nothing |
//! | list | list, label | a [`Chunk`](super::list::Chunk) of post numbers, or of phones |
//! | pact | number | `Pact` |
//! | pact of | post, pact | nothing |
//! | prices | digest of item and county | `PriceBook` |
//! | notes | digest of the station | `Notes` |
//! | due | time, digest of what | `Due` |
//! | loose | digest of what it is | `Loose` |
//! | session | digest of carrier and its id | `Session` |

use sha2::{Digest, Sha256};

use super::{LooseKey, SeenKey, SessionKey, Topic};
use crate::clock::{DAY, Timestamp};
use crate::market::post::Node;
use crate::market::{PactId, PlaceCode, PostId, Ring, RingKey};
use crate::message::{MoSeq, Msisdn, Mt, MtClass, MtId};

pub type Key = Box<[u8]>;

pub const META: u8 = 0x00;
pub const PERSON: u8 = 0x01;
pub const POST: u8 = 0x02;
pub const MO: u8 = 0x03;
pub const MT: u8 = 0x04;
pub const TOLD: u8 = 0x05;
pub const SEEN: u8 = 0x06;
pub const PACT: u8 = 0x07;
pub const PRICES: u8 = 0x08;
pub const DUE: u8 = 0x09;
pub const NOTES: u8 = 0x0a;
pub const SESSION: u8 = 0x0b;
pub const LOOSE: u8 = 0x0e;
pub const PENDING: u8 = 0x10;
pub const REF: u8 = 0x11;
pub const UNREAD: u8 = 0x12;
pub const EXPIRY: u8 = 0x13;
pub const LIST: u8 = 0x14;
pub const PACT_OF: u8 = 0x15;
/// Further parts of values too long for one key; known to [`super::disk`] alone.
pub const PART: u8 = 0xf0;

/// Names one list of the index: a digest of its [`RingKey`].
pub type ListId = [u8; 16];

/// Label of a list's head, which sorts behind all its sealed chunks.
pub const HEAD: PostId = PostId::MAX;

/// Days that share one bucket of seen keys; a key is remembered for one to two of these.
pub const SEEN_BUCKET_DAYS: i64 = 4;

fn numbered(family: u8, n: u64) -> Key {
    let mut k = [0u8; 9];
    k[0] = family;
    k[1..].copy_from_slice(&n.to_be_bytes());
    Box::from(k)
}

fn two(family: u8, a: u64, b: u64) -> Key {
    let mut k = [0u8; 17];
    k[0] = family;
    k[1..9].copy_from_slice(&a.to_be_bytes());
    k[9..].copy_from_slice(&b.to_be_bytes());
    Box::from(k)
}

/// Times before 1970 sort before those after.
fn ordered(t: Timestamp) -> u64 {
    (t.0 as u64) ^ (1 << 63)
}

fn number_at(key: &[u8], at: usize) -> u64 {
    key.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_be_bytes)
}

/// The last eight bytes of a key, as a number: the post, MO or MT that it ends with.
pub fn last_number(key: &[u8]) -> u64 {
    number_at(key, key.len().saturating_sub(8))
}

pub fn meta() -> Key {
    Box::from([META])
}

pub fn person(m: Msisdn) -> Key {
    numbered(PERSON, m.as_u64())
}

pub fn post(id: PostId) -> Key {
    numbered(POST, id)
}

pub fn mo(seq: MoSeq) -> Key {
    numbered(MO, seq)
}

pub fn mt(id: MtId) -> Key {
    numbered(MT, id)
}

pub fn unread(seq: MoSeq) -> Key {
    numbered(UNREAD, seq)
}

pub fn pact(id: PactId) -> Key {
    numbered(PACT, id)
}

pub fn pact_of(post: PostId, id: PactId) -> Key {
    two(PACT_OF, post, id)
}

/// All pacts about one post.
pub fn pact_of_prefix(post: PostId) -> Key {
    numbered(PACT_OF, post)
}

pub fn prices(item: &str, county: PlaceCode) -> Key {
    let mut k = [0u8; 17];
    k[0] = PRICES;
    k[1..].copy_from_slice(&digest(&[item.as_bytes(), &county.0.to_be_bytes()]));
    Box::from(k)
}

pub fn notes(station: &str) -> Key {
    let mut k = [0u8; 17];
    k[0] = NOTES;
    k[1..].copy_from_slice(&digest(&[station.as_bytes()]));
    Box::from(k)
}

pub fn loose(key: &LooseKey) -> Key {
    let mut k = [0u8; 17];
    k[0] = LOOSE;
    k[1..].copy_from_slice(&key.0);
    Box::from(k)
}

pub fn session(key: &SessionKey) -> Key {
    let mut k = [0u8; 17];
    k[0] = SESSION;
    k[1..].copy_from_slice(&key.0);
    Box::from(k)
}

/// `what` is the stored form of the thing that is due.
pub fn due(at: Timestamp, what: &[u8]) -> Key {
    let mut k = [0u8; 25];
    k[0] = DUE;
    k[1..9].copy_from_slice(&ordered(at).to_be_bytes());
    k[9..].copy_from_slice(&digest(&[what]));
    Box::from(k)
}

/// Behind all that is due at `now`.
pub fn due_end(now: Timestamp) -> Key {
    numbered(DUE, ordered(now.plus(1)))
}

/// When something of a `due` key is due.
pub fn due_at(key: &[u8]) -> Timestamp {
    Timestamp((number_at(key, 1) ^ (1 << 63)) as i64)
}

pub fn told(a: PostId, b: PostId) -> Key {
    two(TOLD, a.min(b), a.max(b))
}

/// The two posts of a `told` key.
pub fn told_pair(key: &[u8]) -> (PostId, PostId) {
    (number_at(key, 1), number_at(key, 9))
}

pub fn expiry(until: Timestamp, id: PostId) -> Key {
    two(EXPIRY, ordered(until), id)
}

/// The bucket that a time falls into; times outside some seven centuries share the first and the last.
pub fn bucket(at: Timestamp) -> u16 {
    u16::try_from(at.0.div_euclid(SEEN_BUCKET_DAYS * DAY).max(0)).unwrap_or(u16::MAX)
}

pub fn seen_digest(key: &SeenKey) -> [u8; 16] {
    match key {
        SeenKey::Id { carrier, id } => digest(&[b"id", carrier.as_bytes(), id.as_bytes()]),
        SeenKey::Print { carrier, digest: print } => digest(&[b"print", carrier.as_bytes(), print]),
    }
}

pub fn seen(bucket: u16, digest: &[u8; 16]) -> Key {
    let mut k = [0u8; 19];
    k[0] = SEEN;
    k[1..3].copy_from_slice(&bucket.to_be_bytes());
    k[3..].copy_from_slice(digest);
    Box::from(k)
}

/// Bucket and digest of a `seen` key.
pub fn seen_parts(key: &[u8]) -> Option<(u16, [u8; 16])> {
    let bucket = key.get(1..3)?.try_into().ok().map(u16::from_be_bytes)?;
    Some((bucket, key.get(3..19)?.try_into().ok()?))
}

pub fn carrier_ref(carrier: &str, carrier_ref: &str) -> Key {
    let mut k = [0u8; 17];
    k[0] = REF;
    k[1..].copy_from_slice(&digest(&[carrier.as_bytes(), carrier_ref.as_bytes()]));
    Box::from(k)
}

/// All pending MTs of one carrier.
pub fn pending_prefix(carrier: &str) -> Vec<u8> {
    // a name longer than 255 bytes is shortened alike wherever it is used
    let name = &carrier.as_bytes()[..carrier.len().min(255)];
    let mut k = Vec::with_capacity(2 + name.len() + 17);
    k.push(PENDING);
    k.push(name.len() as u8);
    k.extend_from_slice(name);
    k
}

pub fn pending(carrier: &str, class: MtClass, due: Timestamp, id: MtId) -> Key {
    let mut k = pending_prefix(carrier);
    k.push(class as u8);
    k.extend_from_slice(&ordered(due).to_be_bytes());
    k.extend_from_slice(&id.to_be_bytes());
    k.into_boxed_slice()
}

pub fn pending_of(mt: &Mt) -> Key {
    pending(&mt.carrier, mt.class, mt.due, mt.id)
}

pub fn list(list: &ListId, label: PostId) -> Key {
    let mut k = [0u8; 25];
    k[0] = LIST;
    k[1..17].copy_from_slice(list);
    k[17..].copy_from_slice(&label.to_be_bytes());
    Box::from(k)
}

/// Names a list: four bytes of its county's code, then a digest. What is filed in one county thus lies together on disk,
/// so that a post which changes its county's lists touches a page or two, however many posts there are.
///
/// The digest is FNV-1a of 128 bits, cut to 96: the same on every machine and in every release, and quick for the two dozen lists
/// that a post stands in. Two lists that fell together would only show each other's posts to the matcher, which looks
/// at the posts themselves.
pub fn list_id(key: &RingKey) -> ListId {
    let mut h = Fnv::default();
    h.text(&key.board);
    h.text(&key.side);
    match &key.node {
        Node::Exactly(n) => {
            h.bytes(b"=");
            h.text(n);
        }
        Node::Under(n) => {
            h.bytes(b"<");
            h.text(n);
        }
    }
    h.bytes(&key.place.0.to_be_bytes());
    let mut id = h.0.to_be_bytes();
    let county = key.place.up_to(Ring::County).unwrap_or(key.place);
    id[..4].copy_from_slice(&u32::try_from(county.0).unwrap_or(u32::MAX).to_be_bytes());
    id
}

/// Names the list of those who want to hear of a topic, as [`list_id`] names those of posts.
pub fn watch_id(topic: &Topic) -> ListId {
    let mut h = Fnv::default();
    h.bytes(b"?");
    h.text(&topic.name);
    h.bytes(&topic.place.0.to_be_bytes());
    let mut id = h.0.to_be_bytes();
    let county = topic.place.up_to(Ring::County).unwrap_or(topic.place);
    id[..4].copy_from_slice(&u32::try_from(county.0).unwrap_or(u32::MAX).to_be_bytes());
    id
}

struct Fnv(u128);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u128::from(*b)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }

    /// A text and an end that no text contains.
    fn text(&mut self, s: &str) {
        self.bytes(s.as_bytes());
        self.bytes(&[0xff]);
    }
}

/// Sixteen bytes of SHA-256: what a carrier sends must not be able to pass for something else.
pub fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut h = Sha256::new();
    for p in parts {
        h.update((p.len() as u64).to_be_bytes());
        h.update(p);
    }
    let mut out = [0u8; 16];
    out.copy_from_slice(&h.finalize()[..16]);
    out
}

/// The first key behind all that begin with `prefix`; none when there is no such key.
pub fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_is_the_order_of_sending() {
        let at = |class, due, id| pending("mobile", class, Timestamp(due), id);
        let mut keys = [
            at(MtClass::Push, -5, 1),
            at(MtClass::Answer, 9, 4),
            at(MtClass::Answer, -1, 9),
            at(MtClass::Answer, 9, 3),
            at(MtClass::Broadcast, 0, 2),
        ];
        keys.sort();
        assert_eq!(keys.iter().map(|k| last_number(k)).collect::<Vec<_>>(), [9, 3, 4, 1, 2]);
        assert!(keys.iter().all(|k| k.starts_with(&pending_prefix("mobile"))));
        assert!(!keys[0].starts_with(&pending_prefix("mob")), "one carrier's name may begin another's");
    }

    #[test]
    fn lists_keep_their_names_for_ever() {
        let key = |node| RingKey { board: "trade".into(), side: "sell".into(), node, place: PlaceCode(522632) };
        let hex = |id: ListId| id.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let exact = list_id(&key(Node::Exactly("板蓝根".into())));
        assert_ne!(exact, list_id(&key(Node::Under("板蓝根".into()))));
        // what is on a station's disk is found by this digest
        assert_eq!(hex(list_id(&key(Node::Under(String::new())))), "0007f988f9a6dfd435dc2fb5d7a1397a");
    }

    #[test]
    fn a_range_ends_behind_its_prefix() {
        assert_eq!(behind(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(behind(&[1, 255]), Some(vec![2]));
        assert_eq!(behind(&[255]), None);
    }
}
