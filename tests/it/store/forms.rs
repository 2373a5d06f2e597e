//! `fixtures/records/v1/`: a sample of each form that version 1 of the store ever wrote to its journal, and the export
//! line that it must become. A failure here means that what stations have on disk would be misread.

use super::*;
use xiangxun::grammar::Intent;
use xiangxun::market::{Exact, Price, Quantity, Sex, When};
use xiangxun::store::record::{Ask, Question, Then, Today};

/// One change with every field filled somewhere and every variant in use.
fn full() -> Change {
    let asks = [
        Ask::Which { then: Then::Contact, posts: vec![807, 808] },
        Ask::Which { then: Then::Withdraw, posts: vec![809] },
        Ask::Which { then: Then::Done, posts: vec![810] },
        // the first and the last intent there are: their places are stored
        Ask::Meaning { text: "mai banlangen".into(), intents: vec![Intent::Sell, Intent::Buy, Intent::Unknown] },
        Ask::Place,
        Ask::Item { text: "卖".into() },
    ];
    let questions = asks.map(|ask| Question { asked: NOW, until: NOW.plus(HOUR), ask }).to_vec();
    let rich = Person {
        stopped: Some(NOW.plus(1)),
        posts: vec![807],
        today: Today { day: 20_778, posts: 3, pushes: 2, unread: 1, answers: 5 },
        questions,
        more: vec![809, 810],
        waiting: vec![811],
        contacted: vec![812],
        ..person(1)
    };
    let plain = Person { name: None, place: None, ..person(2) };
    let post_full = Post {
        id: 807,
        quantity: Some(Quantity {
            amount: Exact::new(200, 1),
            max: Some(Exact::new(601, 2)),
            unit: "斤".into(),
            approx: true,
        }),
        price: Some(Price {
            yuan: Exact::new(7, 2),
            max: Some(Exact::new(4, 1)),
            per: Some("斤".into()),
            negotiable: true,
        }),
        people: Some(10),
        when: Some(When { day: 20_779, part: Some("早".into()) }),
        sex: Some(Sex::Female),
        remark: Some("自家晒的".into()),
        state: PostState::Live,
        ..post(807)
    };
    let states = [PostState::Withdrawn, PostState::Done, PostState::Expired];
    let mut posts: Vec<Post> = (101..).zip(states).map(|(id, state)| Post { state, ..post(id) }).collect();
    posts[0].reach = Ring::Village;
    posts[1].reach = Ring::Country;
    posts[2].item = None;
    posts.push(post_full);
    let mut service = mo(2);
    service.mo.from = Sender::Service("10086".into());
    service.mo.sent_at = Some(NOW.plus(-5));
    service.mo.mo_id = None;
    service.unread = Some(Unread::NotUnderstood);
    let fault = MoRecord { unread: Some(Unread::Fault), answers: vec![1, 2], ..mo(3) };
    let states = [
        MtState::Queued,
        MtState::Claimed { lease: NOW.plus(30_000) },
        MtState::Sent,
        MtState::Delivered,
        MtState::Failed("空号".into()),
        MtState::Expired,
    ];
    let classes = [MtClass::Answer, MtClass::Push, MtClass::Broadcast];
    let mts = (1..).zip(states).map(|(id, state)| Mt {
        state,
        class: classes[id as usize % 3],
        attempts: id as u32,
        cause: (id > 1).then_some(1),
        carrier_ref: (id > 2).then(|| format!("ref-{id}")),
        ..mt(id)
    });
    Change {
        seen: Some((SeenKey::Print { carrier: "mobile".into(), digest: [9; 16] }, NOW)),
        mos: vec![mo(1), service, fault],
        people: vec![rich, plain],
        posts,
        told: vec![(807, 101)],
        mts: mts.collect(),
    }
}

const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/records/v1");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_version_1_wrote_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir_all(data.join("journal")).unwrap();
    fs::copy(format!("{V1}/journal.log"), data.join("journal/0000000001.log")).unwrap();
    let (store, opened) = open(&data);
    assert_eq!((opened.how, opened.damage), (How::Replayed(1), vec![]));
    let want: Vec<String> =
        fs::read_to_string(format!("{V1}/records.ndjson")).unwrap().lines().map(String::from).collect();
    assert_eq!(everything(&store), want);
    // the marks were written too
    let full = full();
    assert_eq!(ring(&store, &full.posts[3], 522632, 9).await, [807]);
    assert_eq!(pending_ids(&store).await, [1, 2]);
    assert_eq!(store.read(|v| v.mt_by_ref("mobile", "ref-3")).await.unwrap(), Some(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_1_is_what_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (store, _) = open(&data);
    keep(&store, full()).await;
    let written = fs::read(journal_files(&data).pop().unwrap()).unwrap();
    if std::env::var_os("XIANGXUN_WRITE_FIXTURES").is_some() {
        fs::create_dir_all(V1).unwrap();
        fs::write(format!("{V1}/journal.log"), &written).unwrap();
        fs::write(format!("{V1}/records.ndjson"), everything(&store).join("\n") + "\n").unwrap();
    }
    assert!(
        written == fs::read(format!("{V1}/journal.log")).unwrap(),
        "the stored form has changed: it needs a new version"
    );
}
