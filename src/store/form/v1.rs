//! The shapes of version 1, field for field as they were written, and what they become.

use serde::{Deserialize, Serialize};

use super::Stored;
use crate::clock::Timestamp;
use crate::market::{self, Exact, PactId, Place, PostId, PostState, PriceBook, Ring, Sex, When};
use crate::message::{self, MoSeq, Msisdn, MtClass, MtId, MtState, Sender};
use crate::store::record::{self, Ask, Due, Today, Unread};
use crate::store::state::Meta;
use crate::store::{Loose, Session};

// New in version 2.
impl Stored for market::Pact {}
impl Stored for PriceBook {}
impl Stored for Due {}
impl Stored for record::Notes {}
impl Stored for Loose {}
impl Stored for Session {}

#[derive(Serialize, Deserialize)]
struct Mo {
    carrier: String,
    mo_id: Option<String>,
    from: Sender,
    to: String,
    text: String,
    sent_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct MoRecord {
    seq: MoSeq,
    mo: Mo,
    received: Timestamp,
    station: String,
    intent: String,
    unread: Option<Unread>,
    answers: Vec<MtId>,
}

impl Stored for record::MoRecord {
    fn from_v1(bytes: &[u8]) -> Result<Self, postcard::Error> {
        let MoRecord { seq, mo, received, station, intent, unread, answers } = postcard::from_bytes(bytes)?;
        let Mo { carrier, mo_id, from, to, text, sent_at } = mo;
        let mo = message::Mo { carrier, mo_id, from, to, text, sent_at, part: None };
        Ok(record::MoRecord { seq, mo, received, station, intent, unread, answers })
    }
}

#[derive(Serialize, Deserialize)]
struct Mt {
    id: MtId,
    carrier: String,
    from: String,
    to: Msisdn,
    text: String,
    class: MtClass,
    cause: Option<MoSeq>,
    created: Timestamp,
    due: Timestamp,
    until: Timestamp,
    attempts: u32,
    state: MtState,
    carrier_ref: Option<String>,
}

impl Stored for message::Mt {
    fn from_v1(bytes: &[u8]) -> Result<Self, postcard::Error> {
        let m: Mt = postcard::from_bytes(bytes)?;
        Ok(message::Mt {
            id: m.id,
            carrier: m.carrier,
            from: m.from,
            to: m.to,
            text: m.text,
            class: m.class,
            cause: m.cause,
            created: m.created,
            due: m.due,
            until: m.until,
            attempts: m.attempts,
            state: m.state,
            carrier_ref: m.carrier_ref,
            travel: None,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Day {
    day: i64,
    posts: u32,
    pushes: u32,
    unread: u32,
    answers: u32,
}

impl From<Day> for Today {
    fn from(d: Day) -> Self {
        Today { day: d.day, posts: d.posts, pushes: d.pushes, unread: d.unread, answers: d.answers, ..Today::default() }
    }
}

#[derive(Serialize, Deserialize)]
struct Quantity {
    amount: Exact,
    max: Option<Exact>,
    unit: String,
    approx: bool,
}

impl From<Quantity> for market::Quantity {
    fn from(q: Quantity) -> Self {
        market::Quantity { amount: q.amount, max: q.max, unit: q.unit, approx: q.approx }
    }
}

#[derive(Serialize, Deserialize)]
struct Price {
    yuan: Exact,
    max: Option<Exact>,
    per: Option<String>,
    negotiable: bool,
}

impl From<Price> for market::Price {
    fn from(p: Price) -> Self {
        market::Price { yuan: p.yuan, max: p.max, per: p.per, negotiable: p.negotiable }
    }
}

#[derive(Serialize, Deserialize)]
struct Shelf {
    offers: bool,
    any_item: bool,
    either_kin: bool,
}

impl From<Shelf> for market::Shelf {
    fn from(s: Shelf) -> Self {
        market::Shelf { offers: s.offers, any_item: s.any_item, either_kin: s.either_kin, ..market::Shelf::default() }
    }
}

#[derive(Serialize, Deserialize)]
struct Post {
    id: PostId,
    board: String,
    side: String,
    shelf: Shelf,
    owner: Msisdn,
    station: String,
    cause: MoSeq,
    item: Option<String>,
    item_said: Option<String>,
    nodes: Vec<String>,
    quantity: Option<Quantity>,
    price: Option<Price>,
    people: Option<u32>,
    place: Place,
    reach: Ring,
    when: Option<When>,
    marks: Vec<String>,
    sex: Option<Sex>,
    remark: Option<String>,
    created: Timestamp,
    until: Timestamp,
    state: PostState,
}

impl Stored for market::Post {
    fn from_v1(bytes: &[u8]) -> Result<Self, postcard::Error> {
        let p: Post = postcard::from_bytes(bytes)?;
        Ok(market::Post {
            board: p.board,
            side: p.side,
            shelf: p.shelf.into(),
            station: p.station,
            cause: p.cause,
            item: p.item,
            item_said: p.item_said,
            nodes: p.nodes,
            quantity: p.quantity.map(Into::into),
            price: p.price.map(Into::into),
            people: p.people,
            place: p.place,
            reach: p.reach,
            when: p.when,
            marks: p.marks,
            sex: p.sex,
            remark: p.remark,
            until: p.until,
            state: p.state,
            ..market::Post::new(p.id, p.owner, p.created)
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Question {
    asked: Timestamp,
    until: Timestamp,
    ask: Ask,
}

impl From<Question> for record::Question {
    fn from(q: Question) -> Self {
        record::Question {
            asked: q.asked,
            until: q.until,
            ask: q.ask,
            to: String::new(),
            label: String::new(),
            number: 0,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Person {
    msisdn: Msisdn,
    name: Option<String>,
    place: Option<Place>,
    joined: Timestamp,
    last_heard: Timestamp,
    carrier: String,
    short_code: String,
    stopped: Option<Timestamp>,
    posts: Vec<PostId>,
    today: Day,
    questions: Vec<Question>,
    more: Vec<PostId>,
    waiting: Vec<PostId>,
    contacted: Vec<PostId>,
}

impl Stored for record::Person {
    fn from_v1(bytes: &[u8]) -> Result<Self, postcard::Error> {
        let p: Person = postcard::from_bytes(bytes)?;
        Ok(record::Person {
            name: p.name,
            place: p.place,
            last_heard: p.last_heard,
            carrier: p.carrier,
            short_code: p.short_code,
            stopped: p.stopped,
            posts: p.posts,
            today: p.today.into(),
            questions: p.questions.into_iter().map(Into::into).collect(),
            more: p.more,
            waiting: p.waiting,
            contacted: p.contacted,
            // their first answer said that numbers are exchanged
            informed: true,
            ..record::Person::new(p.msisdn, p.joined)
        })
    }
}

#[derive(Serialize, Deserialize)]
struct MetaV1 {
    applied: u64,
    mo: u64,
    mt: u64,
    post: u64,
    live: i64,
    pending: i64,
    buckets: Vec<u16>,
}

/// Pacts are numbered from here on.
pub const FIRST_PACT: PactId = 1;

impl Stored for Meta {
    fn from_v1(bytes: &[u8]) -> Result<Self, postcard::Error> {
        let m: MetaV1 = postcard::from_bytes(bytes)?;
        Ok(Meta {
            applied: m.applied,
            mo: m.mo,
            mt: m.mt,
            post: m.post,
            pact: FIRST_PACT,
            live: m.live,
            pending: m.pending,
            buckets: m.buckets,
        })
    }
}
