//! `fixtures/records/vN/`: a sample of each form that version N of the store ever wrote to its journal, and the export
//! line that it must become. A failure here means that what stations have on disk would be misread.
//!
//! With `XIANGXUN_WRITE_FIXTURES=1` the journal of the newest version and the lines of all are written anew.

use super::*;
use xiangxun::grammar::Intent;
use xiangxun::market::pact::Slip;
use xiangxun::market::quote::Published;
use xiangxun::market::{Exact, Held, Order, Price, Quantity, Sex, Sum, Terms, TownSum, Traits, Transport, When};
use xiangxun::message::part::Piece;
use xiangxun::message::{DlrPart, DlrState, Part};
use xiangxun::store::loose::{EarlyDlr, LongMo, Taken};
use xiangxun::store::record::{Ask, Digit, Echo, Lesson, Note, Notes, Question, Then, Today, Told};
use xiangxun::store::session::{At, Draft, Picked};
use xiangxun::store::{Loose, LooseKey, Session, SessionKey};

/// What version 2 has and version 1 had not, beside [`full`].
fn newer() -> Change {
    let place = Place { code: PlaceCode(522_632_106), name: "栽麻镇".into() };
    let jin = |n| Quantity { amount: Exact::from_integer(n), max: None, unit: "斤".into(), approx: false };
    let kinds = [PactKind::Deal, PactKind::Pledge, PactKind::Shift, PactKind::Sighting, PactKind::Relay];
    let states = [
        PactState::Open,
        PactState::Agreed,
        PactState::Weighed,
        PactState::Done,
        PactState::Disputed,
        PactState::Released,
    ];
    let mut pacts: Vec<Pact> = (1..).zip(states).map(|(id, state)| Pact { state, ..pact(id, 901) }).collect();
    for (p, kind) in pacts.iter_mut().zip(kinds) {
        p.kind = kind;
    }
    pacts[2].slip = Some(Slip { net: jin(198), price: None, by: phone(1), at: NOW, owner_ok: true, party_ok: false });
    pacts[2].pledged = Some(jin(200));
    pacts[2].place = Some(place.clone());
    pacts[2].seat = 3;
    pacts[2].bound = Exact::new(401, 2);
    (pacts[0].vouched, pacts[0].owner_agreed, pacts[0].party_agreed) = (true, true, true);
    pacts[3].rated_by_owner = Some(true);
    let terms = Terms {
        least: Some(jin(500)),
        except: vec!["板蓝根".into()],
        refuses: vec!["饲料".into()],
        demands: vec!["散养".into()],
        whole: true,
        within: Some(Ring::County),
        transport: Some(Transport::Buyer),
        firm: true,
        sex: Some(Sex::Female),
        made: None,
        age: Some((18, 40)),
    };
    let traits = Traits {
        said: vec!["colour:黑".into()],
        sex: Some(Sex::Male),
        age: Some((70, 79)),
        year: None,
        name: Some("杨秀英".into()),
        numbers: vec!["h12345".into()],
    };
    let order = Order {
        least: Some(Exact::from_integer(1000)),
        deadline: Some(NOW.plus(DAY)),
        pickup: Some("周三村口".into()),
        settled: true,
        sums: vec![Sum { unit: "斤".into(), pledged: Exact::new(401, 2), brought: Exact::from_integer(198) }],
        towns: vec![TownSum {
            place: place.clone(),
            households: 3,
            pledged: Exact::new(401, 2),
            brought: Exact::from_integer(198),
        }],
        households: 3,
        seats: 4,
        cap: Some(Exact::from_integer(280)),
        extra: 1,
        days: Some(10),
        least_told: true,
        full_told: true,
        closed: true,
    };
    let rich = Post {
        board: "order".into(),
        quantity: Some(jin(20_000)),
        from: Some(place.clone()),
        to: Some(place.clone()),
        phone: Some("13800000009".into()),
        name: Some("王五".into()),
        terms,
        traits,
        taken: Exact::new(401, 2),
        reporters: vec![phone(5)],
        by: Some(phone(6)),
        reminded: true,
        order: Some(order),
        wave: 2,
        heard: 126,
        ..post(901)
    };
    let held = [Held::Reported, Held::Unvouched, Held::Unconfirmed, Held::Pooled];
    let held = (902..).zip(held).map(|(id, why)| Post { state: PostState::Held, held: Some(why), ..post(id) });
    let mut book = PriceBook::new("板蓝根", PlaceCode(522_632));
    for source in [Source::Asked, Source::Bid, Source::Paid, Source::Market] {
        book.add(20_778, source, Some("玉林").filter(|_| source == Source::Market), "斤", 3_333);
    }
    let published = Published {
        item: "板蓝根".into(),
        market: "古州".into(),
        place: PlaceCode(522_632),
        day: 20_778,
        per: "斤".into(),
        price: 3_200,
        low: 3_000,
        high: 3_500,
    };
    book.publish(&published);
    let note = Note { words: "班车 县城".into(), text: "早7点".into(), by: phone(1), at: NOW };
    let notes = Notes { station: "rongjiang".into(), notes: vec![note] };
    let due = [
        Due::Remind(901),
        Due::Wave(901),
        Due::Alert(901),
        Due::Deadline(901),
        Due::Delivery(901),
        Due::Digest(phone(3)),
        Due::Pact(1),
        Due::AlertRest { post: 901, below: phone(3), before: Some(1) },
        Due::News { post: 901, topic: 3, below: Some(phone(3)) },
        Due::Prices(phone(3)),
        Due::Erase { phone: phone(4), since: NOW, mo: 12, mt: 13, post: 905 },
        Due::Loose(LooseKey([7; 16])),
        Due::Close(901),
        Due::Summary(901),
        Due::Tell(901, Told::On, 3),
        Due::Tell(901, Told::Failed, 0),
        Due::Tell(901, Told::Soon, 0),
        Due::Tell(901, Told::Changed, 0),
        Due::Tell(901, Told::Closed, 0),
        Due::Session(SessionKey::of("hubtel", "s1")),
    ];
    let draft = Draft {
        form: "edit".into(),
        picked: Picked { post: Some(901), question: Some(2) },
        said: vec!["4元".into(), String::new()],
        at: NOW,
        until: NOW.plus(DAY),
    };
    let person = Person {
        private: true,
        informed: true,
        topics: vec![Topic { name: "alert".into(), place: place.code }],
        muted: vec!["jobs/hire".into()],
        blocked: vec![phone(9)],
        alias: Some("阿月".into()),
        vouched: true,
        barred: false,
        rated_good: 3,
        rated_bad: 1,
        pacts: vec![1, 2],
        doubted: Some(NOW),
        adult: true,
        pledges: vec![1, 3],
        digest_due: Some(NOW.plus(HOUR)),
        prices_due: Some(NOW.plus(DAY)),
        pages: vec!["后面的".into()],
        digit: Some(Digit { choice: 2, at: NOW }),
        lesson: Some(Lesson { step: "price".into(), tries: 1, until: NOW.plus(HOUR) }),
        echo: Some(Echo { print: u64::MAX, times: 2, at: NOW, said: Some(1) }),
        today: Today { day: 20_778, relayed: 3, heard: 4, proxies: 1, contacts: 2, ..Today::default() },
        questions: asked(),
        drafts: vec![draft],
        dialled: Some(SessionKey::of("hubtel", "s1")),
        ..person(3)
    };
    Change {
        people: vec![person],
        posts: std::iter::once(rich).chain(held).collect(),
        pacts,
        prices: vec![book],
        notes: vec![notes],
        due: due.into_iter().map(|d| (NOW.plus(HOUR), d)).collect(),
        loose: loose(),
        sessions: sessions(),
        ..Change::default()
    }
}

/// A USSD dialogue on each kind of screen.
fn sessions() -> Vec<Session> {
    let picked = Picked { post: Some(901), question: Some(2) };
    let screens = [
        At::Offer { form: "sell".into() },
        At::Menu { name: "own".into(), page: 2, picked },
        At::Step { form: "sell".into(), picked },
        At::Mend { step: 1 },
        At::Which,
        At::Confirm,
        At::Answer,
    ];
    let one = |(n, at): (usize, At)| Session {
        carrier: "hubtel".into(),
        id: format!("s{n}"),
        msisdn: phone(3),
        code: "*123#".into(),
        began: NOW,
        last: NOW.plus(1),
        path: "1*板蓝根".into(),
        order: Some(2),
        input: "板蓝根".into(),
        calls: 3,
        at,
        trail: vec![At::Menu { name: "home".into(), page: 0, picked: Picked::default() }],
        screen: "有多少?".into(),
        over: n == 6,
        answer: "已登记101号".into(),
        pages: vec!["后面的".into()],
    };
    (1..).zip(screens).map(one).collect()
}

/// A long text of which two parts are there, and a report that came too early.
fn loose() -> Vec<Loose> {
    let part = Part { tail: Some(0xd83d), ..Part::of(42, 1, 3).unwrap() };
    let one = Piece { text: "卖牛\u{fffd}".into(), head: None, tail: part.tail };
    let two = Piece { text: "\u{fffd}三头".into(), head: Some(0xdc02), tail: None };
    let long = LongMo {
        pieces: [(1, one), (2, two)].into(),
        last: NOW.plus(1),
        taken: Some(Taken { mo: 1, pieces: 1 }),
        ..LongMo::of(&mo(1).mo, &part, NOW)
    };
    let report = EarlyDlr {
        carrier: "mobile".into(),
        carrier_ref: "x9".into(),
        state: DlrState::Delivered,
        detail: "DELIVRD".into(),
        part: Some(DlrPart { key: "p1".into(), of: Some(2) }),
        at: NOW,
        others: Vec::new(),
    };
    vec![Loose::Long(long), Loose::Report(report)]
}

/// Every question of a post's life.
fn asked() -> Vec<Question> {
    let asks = [
        Ask::Which { then: Then::Renew, posts: vec![901] },
        Ask::Clarify { choice: 1, questions: vec![1, 2] },
        Ask::Remind { posts: vec![901, 902] },
        Ask::Dealt { post: 901, pact: 1 },
        Ask::With { post: 901, pacts: vec![1, 2] },
        Ask::Rate { post: 901, pact: 1 },
        Ask::Reported { post: 902 },
        Ask::Proxy { post: 904 },
        Ask::Show { post: 901, party: phone(9) },
        Ask::Same { post: 901, party: phone(9) },
        Ask::StillMe { text: "我的".into() },
        Ask::Adult { text: "交友".into() },
        Ask::Twice { text: "卖牛".into() },
        Ask::Readback { post: 901 },
        Ask::Wrong { post: 901 },
        Ask::Shift { post: 901, pact: 1 },
        Ask::Sighting { post: 901, pact: 2 },
        Ask::Priced { item: "板蓝根".into() },
        Ask::Erase,
        Ask::Note { words: vec!["班车 县城".into()] },
        Ask::Join { post: 901, own: 102 },
        Ask::HowMuch { post: 901 },
        Ask::Slip { post: 901, pact: 3 },
        Ask::Disputed { post: 901, pact: 3 },
        Ask::Bail { post: 101, pact: 1 },
        Ask::Roster { post: 901, after: 3 },
        Ask::Meaning { text: "不对".into(), intents: vec![Intent::Correct, Intent::Alias] },
        Ask::Resume,
    ];
    let question = |(number, ask)| Question {
        asked: NOW,
        until: NOW.plus(HOUR),
        ask,
        to: "1069".into(),
        label: "901号".into(),
        number,
    };
    (1..).zip(asks).map(question).collect()
}

/// One change with every field that version 1 had filled somewhere and every variant in use.
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
    let questions = asks
        .map(|ask| Question {
            asked: NOW,
            until: NOW.plus(HOUR),
            ask,
            to: String::new(),
            label: String::new(),
            number: 0,
        })
        .to_vec();
    let rich = Person {
        stopped: Some(NOW.plus(1)),
        posts: vec![807],
        today: Today { day: 20_778, posts: 3, pushes: 2, unread: 1, answers: 5, ..Today::default() },
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
        ..Change::default()
    }
}

const RECORDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/records");
const NEWEST: &str = "v2";

fn writes() -> bool {
    std::env::var_os("XIANGXUN_WRITE_FIXTURES").is_some()
}

async fn is_read(version: &str) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir_all(data.join("journal")).unwrap();
    fs::copy(format!("{RECORDS}/{version}/journal.log"), data.join("journal/0000000001.log")).unwrap();
    let (store, opened) = open(&data);
    assert!(matches!(opened.how, How::Replayed(_)) && opened.damage.is_empty(), "{opened:?}");
    let lines = format!("{RECORDS}/{version}/records.ndjson");
    if writes() {
        fs::write(&lines, everything(&store).join("\n") + "\n").unwrap();
    }
    let want: Vec<String> = fs::read_to_string(&lines).unwrap().lines().map(String::from).collect();
    assert_eq!(everything(&store), want);
    // the marks were written too
    let full = full();
    assert_eq!(ring(&store, &full.posts[3], 522632, 9).await, [807]);
    assert_eq!(pending_ids(&store).await, [1, 2]);
    assert_eq!(store.read(|v| v.mt_by_ref("mobile", "ref-3")).await.unwrap(), Some(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_version_1_wrote_is_read() {
    is_read("v1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_version_2_wrote_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (store, _) = open(&data);
    keep(&store, full()).await;
    keep(&store, newer()).await;
    let written = fs::read(journal_files(&data).pop().unwrap()).unwrap();
    let golden = format!("{RECORDS}/{NEWEST}/journal.log");
    if writes() {
        fs::create_dir_all(format!("{RECORDS}/{NEWEST}")).unwrap();
        fs::write(&golden, &written).unwrap();
    }
    assert!(
        written == fs::read(&golden).unwrap(),
        "the stored form has changed: where fields were only added, write the samples anew; else it is a new version"
    );
    is_read(NEWEST).await;
}
