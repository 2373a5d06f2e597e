//! The promises of `xiangxun::store`, each run on every store there is, and what the embedded one survives besides.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

mod embedded;
mod forms;
mod full;
mod killed;

use xiangxun::clock::{DAY, HOUR, Timestamp};
use xiangxun::market::quote::Source;
use xiangxun::market::{
    Exact, Order, Pact, PactKind, PactState, Place, PlaceCode, Post, PostId, PostState, PriceBook, Ring,
};
use xiangxun::message::{Mo, MoSeq, Msisdn, Mt, MtClass, MtState, Sender};
use xiangxun::store::record::{Note, Notes, Told, Unread};
use xiangxun::store::{
    Change, Due, How, MoRecord, Opened, Options, Person, SeenKey, Store, StoreError, Topic, View, export, import,
};

pub const NOW: Timestamp = Timestamp(1_795_222_800_000);

pub fn phone(n: u64) -> Msisdn {
    Msisdn::from_u64(8_613_800_000_000 + n)
}

pub fn person(n: u64) -> Person {
    Person {
        name: Some("杨秀英".into()),
        place: Some(Place { code: PlaceCode(522632101), name: "栽麻镇".into() }),
        carrier: "mobile".into(),
        short_code: "1069012345".into(),
        ..Person::new(phone(n), NOW)
    }
}

pub fn post(id: PostId) -> Post {
    Post {
        board: "trade".into(),
        side: "sell".into(),
        shelf: xiangxun::market::Shelf { offers: true, any_item: true, ..Default::default() },
        station: "rongjiang".into(),
        cause: 1,
        item: Some("板蓝根".into()),
        item_said: Some("板兰根".into()),
        nodes: vec!["板蓝根".into(), "药材".into()],
        place: Place { code: PlaceCode(522632101), name: "栽麻镇".into() },
        reach: Ring::County,
        marks: vec!["干货".into()],
        until: NOW.plus(15 * DAY),
        ..Post::new(id, phone(id), NOW)
    }
}

pub fn pact(id: u64, post: PostId) -> Pact {
    Pact {
        id,
        kind: PactKind::Pledge,
        post,
        owner: phone(post),
        party: phone(id),
        other: None,
        quantity: None,
        price: None,
        people: Some(2),
        state: PactState::Agreed,
        created: NOW,
        changed: NOW,
        slip: None,
        rated_by_owner: None,
        rated_by_party: None,
        pledged: None,
        place: None,
        seat: 0,
        bound: Default::default(),
        vouched: false,
        owner_agreed: false,
        party_agreed: false,
    }
}

pub fn mo(seq: MoSeq) -> MoRecord {
    MoRecord {
        seq,
        mo: Mo {
            carrier: "mobile".into(),
            mo_id: Some(format!("mo-{seq}")),
            from: Sender::Phone(phone(seq)),
            to: "1069012345".into(),
            text: "卖板蓝根200斤3块5".into(),
            sent_at: None,
            part: None,
        },
        received: NOW,
        station: "rongjiang".into(),
        intent: "sell".into(),
        unread: None,
        answers: vec![],
    }
}

pub fn mt(id: u64) -> Mt {
    Mt {
        id,
        carrier: "mobile".into(),
        from: "1069012345".into(),
        to: phone(id),
        text: "已登记807号:卖板蓝根200斤,3.5元/斤".into(),
        class: MtClass::Answer,
        cause: Some(1),
        created: NOW,
        due: NOW,
        until: NOW.plus(DAY),
        attempts: 0,
        state: MtState::Queued,
        carrier_ref: None,
        travel: None,
    }
}

pub fn seen(id: &str) -> SeenKey {
    SeenKey::Id { carrier: "mobile".into(), id: id.into() }
}

pub fn url(dir: &Path) -> String {
    format!("sled:{}", dir.display())
}

pub fn open(dir: &Path) -> (Store, Opened) {
    Store::open(&url(dir), Options::default()).expect("the store opens")
}

/// Commits what is made from a view.
async fn commit(store: &Store, make: impl Fn(&dyn View) -> Change + Send + 'static) {
    store.transact(move |v| Ok((make(v), ()))).await.expect("the change is kept");
}

async fn keep(store: &Store, change: Change) {
    commit(store, move |_| change.clone()).await;
}

/// The posts of the list of `side` under `node` in `place`.
async fn ring(store: &Store, of: &Post, place: u64, limit: usize) -> Vec<PostId> {
    let key = of.ring_keys().into_iter().find(|k| k.place == PlaceCode(place)).expect("a list there");
    store.read(move |v| v.ring(&key, limit)).await.unwrap()
}

async fn pending_ids(store: &Store) -> Vec<u64> {
    store.pending("mobile", None, 100).await.unwrap().iter().map(|m| m.id).collect()
}

/// What every store promises. Each is run on an empty one.
mod promise {
    use super::*;

    pub async fn a_change_is_kept_whole(store: &Store) {
        let change = Change {
            seen: Some((seen("a"), NOW)),
            mos: vec![mo(1)],
            people: vec![person(1)],
            posts: vec![post(101)],
            told: vec![(101, 102)],
            mts: vec![mt(1)],
            ..Change::default()
        };
        keep(store, change).await;
        store
            .read(|v| {
                assert_eq!(v.seen(&seen("a"))?, Some(NOW));
                assert_eq!(v.seen(&seen("b"))?, None);
                assert_eq!(v.mo(1)?, Some(mo(1)));
                assert_eq!(v.person(phone(1))?, Some(person(1)));
                assert_eq!(v.post(101)?.as_deref(), Some(&post(101)));
                assert_eq!(v.mt(1)?, Some(mt(1)));
                assert!(v.told(102, 101)? && v.told(101, 102)? && !v.told(101, 103)?);
                assert_eq!((v.next().mo, v.next().mt, v.next().post), (2, 2, 102));
                Ok(())
            })
            .await
            .unwrap();
        let stats = store.stats();
        assert_eq!((stats.live_posts, stats.pending_mts, stats.accepted, stats.commits), (1, 1, 1, 1));
    }

    pub async fn a_refused_change_leaves_nothing(store: &Store) {
        let mut long = mt(1);
        long.text = "长".repeat(100_000);
        let change = Change { mos: vec![mo(1)], posts: vec![post(101)], mts: vec![long], ..Change::default() };
        let refused = store.transact(move |_| Ok((change.clone(), ()))).await;
        assert!(matches!(refused, Err(StoreError::TooLarge { what: "outbound text", .. })), "{refused:?}");
        let refused: Result<(), _> = store.transact(|_| Err(StoreError::Busy)).await;
        assert_eq!(refused, Err(StoreError::Busy));
        let next = store.read(|v| Ok((v.next(), v.post(101)?, v.mo(1)?))).await.unwrap();
        assert_eq!((next.0.mo, next.0.post, next.1, next.2), (1, 101, None, None));
        assert_eq!(store.stats().commits, 0);
    }

    pub async fn a_panic_harms_no_other(store: &Store) {
        let bad = store.transact(|_| -> Result<(Change, ()), StoreError> { panic!("no such village") });
        let good = commit(store, |_| Change { mos: vec![mo(1)], ..Change::default() });
        let (bad, ()) = tokio::join!(bad, good);
        let read: Result<(), _> = store.read(|_| panic!("while reading")).await;
        assert_eq!(bad, Err(StoreError::Fault("no such village".into())));
        assert_eq!(read, Err(StoreError::Fault("while reading".into())));
        assert!(store.read(|v| v.mo(1)).await.unwrap().is_some());
    }

    pub async fn a_decision_sees_all_before_it(store: &Store) {
        let callers = (0..16).map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..50u64 {
                    let numbered = store
                        .transact(move |v| {
                            let next = v.next();
                            let mut p = v.person(phone(0))?.unwrap_or_else(|| person(0));
                            p.today.posts += 1;
                            let counted = u64::from(p.today.posts);
                            let mine = Post { owner: phone(caller * 100 + n), ..post(next.post) };
                            Ok((
                                Change { posts: vec![mine], people: vec![p], ..Change::default() },
                                (next.post, counted),
                            ))
                        })
                        .await
                        .unwrap();
                    assert_eq!(numbered.0, 100 + numbered.1, "numbers and counts go in step");
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        let (p, next) = store.read(|v| Ok((v.person(phone(0))?, v.next()))).await.unwrap();
        assert_eq!((p.unwrap().today.posts, next.post), (800, 901));
        let owners = ring(store, &post(101), 522632101, 1000).await;
        assert_eq!(owners, (101..901).rev().collect::<Vec<_>>(), "a long list is whole");
    }

    pub async fn lists_hold_the_live_newest_first(store: &Store) {
        for id in 101..=103 {
            keep(store, Change { posts: vec![post(id)], ..Change::default() }).await;
        }
        assert_eq!(ring(store, &post(1), 522632101, 10).await, [103, 102, 101]);
        assert_eq!(ring(store, &post(1), 522632, 2).await, [103, 102]);
        // closed, it stands in no list
        let done = Post { state: PostState::Done, ..post(102) };
        keep(store, Change { posts: vec![done], ..Change::default() }).await;
        assert_eq!(ring(store, &post(1), 522632101, 10).await, [103, 101]);
        // moved, it stands in the lists of its new place and of what holds both
        let there = Place { code: PlaceCode(522632102), name: "忠诚镇".into() };
        let moved = Post { place: there, ..post(103) };
        keep(store, Change { posts: vec![moved.clone()], ..Change::default() }).await;
        assert_eq!(ring(store, &post(1), 522632101, 10).await, [101]);
        assert_eq!(ring(store, &moved, 522632102, 10).await, [103]);
        assert_eq!(ring(store, &post(1), 522632, 10).await, [103, 101]);
        // and a post that comes back does so in its place
        keep(store, Change { posts: vec![post(102)], ..Change::default() }).await;
        assert_eq!(ring(store, &post(1), 522632, 10).await, [103, 102, 101]);
        assert_eq!(store.stats().live_posts, 3);
    }

    pub async fn a_long_list_loses_none(store: &Store) {
        let lot = |ids: std::ops::Range<u64>, state| Change {
            posts: ids.map(|id| Post { state, ..post(id) }).collect(),
            ..Change::default()
        };
        for n in 0..12 {
            keep(store, lot(101 + 100 * n..201 + 100 * n, PostState::Live)).await;
        }
        keep(store, lot(301..1250, PostState::Withdrawn)).await;
        let left: Vec<u64> = (1250..1301).rev().chain((101..301).rev()).collect();
        assert_eq!(ring(store, &post(1), 522632, 1000).await, left);
        assert_eq!(ring(store, &post(1), 522632, 60).await, left[..60]);
    }

    pub async fn the_outbox_is_in_order(store: &Store) {
        let mts = vec![
            Mt { class: MtClass::Push, due: NOW.plus(-HOUR), ..mt(1) },
            Mt { due: NOW.plus(HOUR), ..mt(2) },
            Mt { due: NOW, ..mt(3) },
            Mt { due: NOW, ..mt(4) },
            Mt { carrier: "mobile2".into(), ..mt(5) },
            Mt { state: MtState::Claimed { lease: NOW }, class: MtClass::Broadcast, ..mt(6) },
            Mt { state: MtState::Sent, ..mt(7) },
        ];
        keep(store, Change { mts, ..Change::default() }).await;
        assert_eq!(pending_ids(store).await, [3, 4, 2, 1, 6]);
        let page = store.pending("mobile", Some((MtClass::Answer, NOW, 4)), 2).await.unwrap();
        assert_eq!(page.iter().map(|m| m.id).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(store.pending("mobile2", None, 9).await.unwrap().len(), 1);
        assert_eq!(store.pending("mob", None, 9).await.unwrap(), []);
        // put off, it goes to its new place; sent, it goes; queued again, it comes back
        let later = Mt { due: NOW.plus(2 * HOUR), ..mt(3) };
        let sent = Mt { state: MtState::Sent, ..mt(4) };
        let again = mt(7);
        keep(store, Change { mts: vec![later, sent, again], ..Change::default() }).await;
        assert_eq!(pending_ids(store).await, [7, 2, 3, 1, 6]);
        assert_eq!(store.stats().pending_mts, 6);
    }

    pub async fn an_mt_is_found_by_the_carriers_id(store: &Store) {
        let find = |carrier: &'static str, r: &'static str| store.read(move |v| v.mt_by_ref(carrier, r));
        keep(store, Change { mts: vec![Mt { carrier_ref: Some("x1".into()), ..mt(1) }], ..Change::default() }).await;
        assert_eq!(find("mobile", "x1").await.unwrap(), Some(1));
        assert_eq!(find("other", "x1").await.unwrap(), None);
        keep(store, Change { mts: vec![Mt { carrier_ref: Some("x2".into()), ..mt(1) }], ..Change::default() }).await;
        assert_eq!(find("mobile", "x1").await.unwrap(), None);
        assert_eq!(find("mobile", "x2").await.unwrap(), Some(1));
    }

    pub async fn a_repeat_is_known_for_days(store: &Store) {
        let print = SeenKey::Print { carrier: "mobile".into(), digest: [7; 16] };
        keep(store, Change { seen: Some((seen("old"), NOW)), ..Change::default() }).await;
        keep(store, Change { seen: Some((print.clone(), NOW.plus(30 * DAY))), ..Change::default() }).await;
        let known = |key: SeenKey| store.read(move |v| v.seen(&key));
        // a clock that was a month ahead for one message has not emptied the memory
        assert_eq!(known(seen("old")).await.unwrap(), Some(NOW));
        assert_eq!(known(print.clone()).await.unwrap(), Some(NOW.plus(30 * DAY)));
        assert_eq!(store.prune(NOW.plus(3 * DAY), NOW, 100).await.unwrap(), 0, "remembered for four days at least");
        let later = NOW.plus(9 * DAY);
        assert_eq!(store.prune(later, NOW, 100).await.unwrap(), 0, "the youngest stay, for the clock may be wrong");
        keep(store, Change { seen: Some((seen("young"), later)), ..Change::default() }).await;
        assert_eq!(store.prune(later, NOW, 100).await.unwrap(), 1, "and for eight at most, where others come");
        assert_eq!(known(seen("old")).await.unwrap(), None);
        assert_eq!(known(print).await.unwrap(), Some(NOW.plus(30 * DAY)));
    }

    pub async fn what_runs_out_is_found(store: &Store) {
        let posts = vec![
            Post { until: NOW.plus(20), ..post(101) },
            Post { until: NOW.plus(10), ..post(102) },
            Post { until: NOW, state: PostState::Done, ..post(103) },
        ];
        keep(store, Change { posts, ..Change::default() }).await;
        assert_eq!(store.expired(NOW.plus(9), 9).await.unwrap(), Vec::<u64>::new());
        assert_eq!(store.expired(NOW.plus(10), 9).await.unwrap(), [102]);
        assert_eq!(store.expired(NOW.plus(DAY), 9).await.unwrap(), [102, 101]);
        assert_eq!(store.expired(NOW.plus(DAY), 1).await.unwrap(), [102]);
        // 续: it lives on
        let renewed = Post { until: NOW.plus(9 * DAY), ..post(102) };
        keep(store, Change { posts: vec![renewed], ..Change::default() }).await;
        assert_eq!(store.expired(NOW.plus(DAY), 9).await.unwrap(), [101]);
    }

    pub async fn the_manager_sees_the_newest_first(store: &Store) {
        for seq in 1..=5 {
            let unread = (seq % 2 == 1).then_some(Unread::NotUnderstood);
            keep(store, Change { mos: vec![MoRecord { unread, ..mo(seq) }], ..Change::default() }).await;
        }
        let seqs = |l: Vec<MoRecord>| l.iter().map(|m| m.seq).collect::<Vec<_>>();
        assert_eq!(seqs(store.unread(2).await.unwrap()), [5, 3]);
        assert_eq!(seqs(store.recent(3).await.unwrap()), [5, 4, 3]);
        keep(store, Change { mos: vec![mo(5)], ..Change::default() }).await;
        assert_eq!(seqs(store.unread(9).await.unwrap()), [3, 1]);
        assert_eq!(seqs(store.recent(99).await.unwrap()), [5, 4, 3, 2, 1]);
    }

    pub async fn pacts_are_found_by_their_post(store: &Store) {
        let pacts = vec![pact(1, 807), pact(2, 901), pact(3, 807), pact(4, 807)];
        keep(store, Change { pacts, ..Change::default() }).await;
        keep(store, Change { pacts: vec![Pact { state: PactState::Released, ..pact(3, 807) }], ..Change::default() })
            .await;
        store
            .read(|v| {
                let ids = |pacts: Vec<Pact>| pacts.iter().map(|p| p.id).collect::<Vec<_>>();
                assert_eq!(ids(v.pacts_of(807, 0, 9)?), [1, 3, 4]);
                assert_eq!(ids(v.pacts_of(807, 1, 1)?), [3]);
                assert_eq!(ids(v.pacts_of(80, 0, 9)?), [0; 0]);
                assert_eq!(v.pact(3)?.map(|p| p.state), Some(PactState::Released));
                assert_eq!(v.next().pact, 5);
                Ok(())
            })
            .await
            .unwrap();
    }

    pub async fn who_watches_a_topic_is_found_until_he_leaves(store: &Store) {
        let topic = |name: &str| Topic { name: name.into(), place: PlaceCode(522632106) };
        let watching = |n, names: &[&str]| Person { topics: names.iter().map(|t| topic(t)).collect(), ..person(n) };
        let people = vec![watching(1, &["alert"]), watching(2, &["alert", "板蓝根"]), watching(3, &["alert"])];
        keep(store, Change { people, ..Change::default() }).await;
        let found = async |name: &str, below, limit| {
            let topic = topic(name);
            store.read(move |v| v.watchers(&topic, below, limit)).await.unwrap()
        };
        assert_eq!(found("alert", None, 9).await, [phone(3), phone(2), phone(1)]);
        assert_eq!(found("alert", Some(phone(3)), 1).await, [phone(2)]);
        assert_eq!(found("板蓝根", None, 9).await, [phone(2)]);
        let gone = Person { stopped: Some(NOW), ..watching(3, &["alert"]) };
        keep(store, Change { people: vec![watching(2, &["板蓝根"]), gone], ..Change::default() }).await;
        assert_eq!(found("alert", None, 9).await, [phone(1)]);
        assert_eq!(found("板蓝根", None, 9).await, [phone(2)]);
    }

    pub async fn what_many_are_to_hear_goes_on_where_it_stood(store: &Store) {
        let piece = |after| (NOW, Due::Tell(901, Told::On, after));
        keep(store, Change { due: vec![piece(0)], ..Change::default() }).await;
        // one piece is done and the next stands, in one change
        keep(store, Change { done: vec![piece(0)], due: vec![piece(50)], ..Change::default() }).await;
        let due = async || store.read(|v| v.due(NOW, 9)).await.unwrap();
        assert_eq!(due().await, [piece(50)]);
        let order = Order { seats: 2, households: 2, settled: true, ..Order::default() };
        let post = Post { order: Some(order), taken: Exact::from_integer(500), ..post(901) };
        keep(store, Change { posts: vec![post.clone()], done: vec![piece(50)], ..Change::default() }).await;
        assert!(due().await.is_empty());
        let kept = store.read(|v| v.post(901)).await.unwrap().expect("kept");
        assert_eq!((kept.order.as_ref(), kept.taken), (post.order.as_ref(), post.taken));
        assert!(ring(store, &Post { order: None, ..post.clone() }, 522_632, 9).await.is_empty(), "nobody can join it");
    }

    pub async fn what_is_due_is_told_until_it_is_done(store: &Store) {
        let due = vec![
            (NOW.plus(HOUR), Due::Wave(807)),
            (NOW, Due::Remind(807)),
            (NOW, Due::Digest(phone(1))),
            (NOW.plus(-DAY), Due::Pact(3)),
        ];
        keep(store, Change { due: due.clone(), ..Change::default() }).await;
        keep(store, Change { due: due[..1].to_vec(), ..Change::default() }).await;
        let at = async |now, limit| store.read(move |v| v.due(now, limit)).await.unwrap();
        assert_eq!(at(NOW.plus(-DAY), 9).await, due[3..]);
        assert_eq!(at(NOW, 1).await, due[3..]);
        assert_eq!(at(NOW, 9).await.len(), 3, "what is due at this very instant is due");
        keep(store, Change { done: due[1..].to_vec(), ..Change::default() }).await;
        assert_eq!(at(NOW, 9).await, []);
        assert_eq!(at(NOW.plus(DAY), 9).await, due[..1]);
    }

    pub async fn prices_are_kept_by_item_and_county(store: &Store) {
        let mut book = PriceBook::new("板蓝根", PlaceCode(522632));
        book.add(20_778, Source::Asked, None, "斤", 3_500);
        keep(store, Change { prices: vec![book.clone()], ..Change::default() }).await;
        book.add(20_778, Source::Asked, None, "斤", 3_000);
        book.add(20_777, Source::Market, Some("玉林"), "公斤", 7_200);
        keep(store, Change { prices: vec![book.clone()], ..Change::default() }).await;
        let at = async |county| store.read(move |v| v.prices("板蓝根", PlaceCode(county))).await.unwrap();
        assert_eq!(at(522632).await, Some(book.clone()));
        assert_eq!((book.quotes[1].low, book.quotes[1].high, book.quotes[1].count), (3_000, 3_500, 2));
        assert_eq!(at(522633).await, None);
    }

    pub async fn notes_are_kept_by_station(store: &Store) {
        let notes = |n: u64| Notes {
            station: "rongjiang".into(),
            notes: (0..n)
                .map(|i| Note { words: format!("班车 {i}"), text: "早7点".repeat(100), by: phone(1), at: NOW })
                .collect(),
        };
        for n in [1, 50, 3] {
            keep(store, Change { notes: vec![notes(n)], ..Change::default() }).await;
            assert_eq!(store.read(|v| v.notes("rongjiang")).await.unwrap(), Some(notes(n)));
        }
        assert_eq!(store.read(|v| v.notes("congjiang")).await.unwrap(), None);
    }

    pub async fn who_is_gone_is_nowhere(store: &Store) {
        let topic = Topic { name: "jobs/hire".into(), place: PlaceCode(522632) };
        let watching = |n| Person { topics: vec![topic.clone()], ..person(n) };
        keep(store, Change { people: vec![watching(1), watching(2)], ..Change::default() }).await;
        keep(store, Change { gone: vec![phone(1)], ..Change::default() }).await;
        assert_eq!(store.read(|v| v.person(phone(1))).await.unwrap(), None);
        let watchers = async || {
            let topic = topic.clone();
            store.read(move |v| v.watchers(&topic, None, 9)).await.unwrap()
        };
        assert_eq!(watchers().await, [phone(2)]);
        // who comes again begins anew
        keep(store, Change { people: vec![person(1)], ..Change::default() }).await;
        assert_eq!(store.read(|v| v.person(phone(1))).await.unwrap(), Some(person(1)));
        assert_eq!(watchers().await, [phone(2)]);
    }

    pub async fn what_is_old_and_settled_goes(store: &Store) {
        let old = NOW.plus(-200 * DAY);
        let change = Change {
            mos: vec![MoRecord { received: old, unread: Some(Unread::Fault), ..mo(1) }, mo(2)],
            mts: vec![
                Mt { created: old, ..mt(1) },
                Mt { created: old, state: MtState::Delivered, carrier_ref: Some("r".into()), ..mt(2) },
                Mt { state: MtState::Delivered, ..mt(3) },
            ],
            posts: vec![
                Post { created: old, ..post(101) },
                Post { created: old, state: PostState::Done, ..post(102) },
                Post { state: PostState::Done, ..post(103) },
            ],
            told: vec![(102, 103), (101, 103)],
            pacts: vec![pact(1, 102), pact(2, 103)],
            ..Change::default()
        };
        keep(store, change).await;
        let before = NOW.plus(-180 * DAY);
        let mut gone = 0;
        loop {
            match store.prune(NOW, before, 2).await.unwrap() {
                0 => break,
                n => gone += n,
            }
        }
        assert_eq!(gone, 3);
        store
            .read(|v| {
                assert!(v.mo(1)?.is_none() && v.mo(2)?.is_some());
                assert!(v.mt(1)?.is_some() && v.mt(2)?.is_none() && v.mt(3)?.is_some());
                assert!(v.post(101)?.is_some() && v.post(102)?.is_none() && v.post(103)?.is_some());
                assert!(v.told(101, 103)? && !v.told(102, 103)?);
                assert!(v.pact(1)?.is_none() && v.pact(2)?.is_some() && v.pacts_of(102, 0, 9)?.is_empty());
                assert_eq!(v.mt_by_ref("mobile", "r")?, None);
                assert_eq!((v.next().mo, v.next().mt, v.next().post), (3, 4, 104), "numbers are not given twice");
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(store.unread(9).await.unwrap(), []);
        assert_eq!(store.transact(|v| Ok((Change::default(), v.post(102)?))).await.unwrap(), None);
        // one that a clock dated into the future does not keep those behind it
        let ahead = MoRecord { received: NOW.plus(365 * DAY), ..mo(3) };
        let change = Change { mos: vec![ahead, mo(4)], ..Change::default() };
        keep(store, change).await;
        let month = NOW.plus(30 * DAY);
        assert_eq!(store.prune(month, month, 100).await.unwrap(), 4, "2 and 4, an MT and a post");
        let kept = store.read(|v| Ok([v.mo(2)?.is_some(), v.mo(3)?.is_some(), v.mo(4)?.is_some()])).await.unwrap();
        assert_eq!(kept, [false, true, false]);
    }

    pub async fn long_and_strange_texts_are_kept(store: &Store) {
        let texts = ["", "\0", "卖".repeat(5_000).leak(), "😀\u{202e}\r\n"];
        for (seq, text) in (1..).zip(texts) {
            let mut m = mo(seq);
            m.mo.text = text.to_string();
            keep(store, Change { mos: vec![m], ..Change::default() }).await;
        }
        for (seq, text) in (1..).zip(texts) {
            assert_eq!(store.read(move |v| v.mo(seq)).await.unwrap().unwrap().mo.text, text);
        }
    }

    pub async fn an_empty_change_costs_nothing(store: &Store) {
        assert_eq!(store.transact(|v| Ok((Change::default(), v.next().mo))).await, Ok(1));
        assert_eq!((store.stats().commits, store.stats().groups), (0, 0));
    }

    pub async fn a_closed_store_says_so(store: &Store) {
        assert!(store.close().await);
        let kept = store.transact(|_| Ok((Change { mos: vec![mo(1)], ..Change::default() }, ()))).await;
        assert_eq!(kept, Err(StoreError::Closed));
        assert_eq!(store.read(|v| v.mo(1)).await, Err(StoreError::Closed));
    }
}

macro_rules! on_every_store {
    ($($promise:ident)*) => {
        mod sled {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let dir = tempfile::tempdir().unwrap();
                let (store, opened) = super::open(&dir.path().join("data"));
                assert_eq!(opened.how, super::How::New);
                super::promise::$promise(&store).await;
                store.close().await;
            })*
        }
    };
}

on_every_store! {
    a_change_is_kept_whole
    a_refused_change_leaves_nothing
    a_panic_harms_no_other
    a_decision_sees_all_before_it
    lists_hold_the_live_newest_first
    a_long_list_loses_none
    the_outbox_is_in_order
    an_mt_is_found_by_the_carriers_id
    a_repeat_is_known_for_days
    what_runs_out_is_found
    the_manager_sees_the_newest_first
    what_is_old_and_settled_goes
    long_and_strange_texts_are_kept
    an_empty_change_costs_nothing
    pacts_are_found_by_their_post
    who_watches_a_topic_is_found_until_he_leaves
    what_many_are_to_hear_goes_on_where_it_stood
    what_is_due_is_told_until_it_is_done
    prices_are_kept_by_item_and_county
    notes_are_kept_by_station
    who_is_gone_is_nowhere
    a_closed_store_says_so
}

/// Changes numbered from 1, each with all kinds of records in it; the same number always gives the same change.
fn nth(n: u64) -> Change {
    let mut m = mo(n);
    m.unread = (n.is_multiple_of(5)).then_some(Unread::NotUnderstood);
    let mut posts = vec![post(100 + n)];
    if n > 2 {
        posts.push(Post { state: PostState::Withdrawn, ..post(100 + n - 2) });
    }
    let mut mts = vec![Mt { class: if n.is_multiple_of(2) { MtClass::Push } else { MtClass::Answer }, ..mt(n) }];
    if n > 1 {
        mts.push(Mt { state: MtState::Sent, carrier_ref: Some(format!("ref-{}", n - 1)), ..mt(n - 1) });
    }
    Change {
        seen: Some((seen(&format!("mo-{n}")), NOW)),
        mos: vec![m],
        people: vec![Person { posts: vec![100 + n], ..person(n % 7) }],
        posts,
        told: vec![(100 + n, 99 + n)],
        mts,
        pacts: vec![pact(n, 100 + n)],
        due: vec![(NOW.plus(n as i64), Due::Remind(100 + n))],
        ..Change::default()
    }
}

async fn fill(store: &Store, numbers: std::ops::RangeInclusive<u64>) {
    for n in numbers {
        keep(store, nth(n)).await;
    }
}

/// Everything in a store, but for when it was exported and how many journal records it took.
fn everything(store: &Store) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    store.export(file.path(), &mut |_| {}).unwrap();
    let text = fs::read_to_string(file.path()).unwrap();
    let lines: Vec<String> = text.lines().map(String::from).collect();
    lines[1..lines.len() - 1].to_vec()
}

/// Whether a store holds exactly the first `n` changes, records and marks.
async fn holds(store: &Store, n: u64) {
    let dir = tempfile::tempdir().unwrap();
    let (fresh, _) = open(&dir.path().join("data"));
    fill(&fresh, 1..=n).await;
    assert_eq!(everything(store), everything(&fresh));
    let counted = |s: &Store| (s.stats().live_posts, s.stats().pending_mts);
    assert_eq!(counted(store), counted(&fresh));
    assert_eq!(pending_ids(store).await, pending_ids(&fresh).await);
    assert_eq!(ring(store, &post(1), 522632, 9).await, ring(&fresh, &post(1), 522632, 9).await);
    assert_eq!(store.unread(9).await.unwrap(), fresh.unread(9).await.unwrap());
    assert_eq!(store.expired(NOW.plus(99 * DAY), 9).await, fresh.expired(NOW.plus(99 * DAY), 9).await);
    let last_ref = format!("ref-{}", n.saturating_sub(1));
    assert_eq!(store.read(move |v| v.mt_by_ref("mobile", &last_ref)).await.unwrap(), (n > 1).then(|| n - 1));
    fresh.close().await;
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let mut entries: Vec<_> = fs::read_dir(from).unwrap().map(|e| e.unwrap()).collect();
    // the journal last: what it lacks then, sled lacks too
    entries.sort_by_key(|e| e.file_name() == "journal");
    for e in entries {
        let to = to.join(e.file_name());
        if e.file_type().unwrap().is_dir() {
            copy(&e.path(), &to);
        } else {
            fs::copy(e.path(), to).unwrap();
        }
    }
}

fn journal_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir.join("journal")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}
