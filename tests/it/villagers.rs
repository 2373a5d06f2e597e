//! What talks cannot show: what is kept of people, and that nobody is texted for ever.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use xiangxun::clock::{Clock, DAY, Timestamp};
use xiangxun::config::{Limits, Station};
use xiangxun::grammar::{Current, Grammar};
use xiangxun::market::{PlaceCode, PostState};
use xiangxun::message::{Mo, Msisdn, Mt, Sender};
use xiangxun::service::{Rules, Service, sweep};
use xiangxun::store::{Options, Person, Store};

/// A station with its store; what it sends is caught.
struct Village {
    service: Service,
    store: Store,
    clock: Clock,
    sent: Arc<Mutex<Vec<Mt>>>,
    _dir: tempfile::TempDir,
}

impl Village {
    fn new(limits: Limits) -> Village {
        let dir = tempfile::tempdir().expect("a folder");
        let url = format!("sled:{}", dir.path().join("data").display());
        let (store, _) = Store::open(&url, Options::default()).expect("a store");
        let start = Timestamp::parse_rfc3339("2026-11-21T09:00:00+08:00").expect("a time");
        let clock = Clock::virtual_at(start);
        let station = Station {
            key: "rongjiang".into(),
            name: "榕江县信息站".into(),
            place: PlaceCode(522_632),
            short_codes: vec!["1069012345".into()],
            managers: Vec::new(),
            market_days: None,
            ussd_code: None,
            routes: Vec::new(),
        };
        let rules = Rules {
            stations: BTreeMap::from([(station.key.clone(), station)]),
            limits,
            carrier_station: BTreeMap::new(),
            lines: Default::default(),
        };
        let sent: Arc<Mutex<Vec<Mt>>> = Arc::default();
        let out = sent.clone();
        let hand_over = Arc::new(move |mts: Vec<Mt>| out.lock().expect("not poisoned").extend(mts));
        let grammar = Current::new(Grammar::built_in().expect("the grammar loads"));
        let service = Service::new(store.clone(), clock.clone(), grammar, rules, hand_over);
        Village { service, store, clock, sent, _dir: dir }
    }

    /// Texts, and returns what that sent.
    async fn text(&self, from: Sender, text: &str) -> Vec<Mt> {
        let before = self.sent.lock().expect("not poisoned").len();
        let mo = Mo {
            carrier: "k".into(),
            mo_id: Some(format!("{from:?}-{before}-{text}-{}", self.clock.now().0)),
            from,
            to: "1069012345".into(),
            text: text.into(),
            sent_at: None,
            part: None,
        };
        self.service.accept(mo).await.expect("taken");
        self.clock.set(self.clock.now().plus(1000));
        self.sent.lock().expect("not poisoned")[before..].to_vec()
    }

    async fn says(&self, who: u64, text: &str) -> Vec<Mt> {
        self.text(Sender::Phone(phone(who)), text).await
    }

    async fn person(&self, who: u64) -> Person {
        self.store.read(move |v| v.person(phone(who))).await.expect("a read").expect("known")
    }

    /// How many texts wait for the manager.
    async fn unread(&self) -> usize {
        self.store.unread(100).await.expect("a read").len()
    }
}

fn phone(n: u64) -> Msisdn {
    Msisdn::from_u64(8_613_800_000_000 + n)
}

fn texts(mts: &[Mt]) -> Vec<&str> {
    mts.iter().map(|m| m.text.as_str()).collect()
}

#[tokio::test]
async fn own_posts_are_kept_while_they_are_live_and_no_longer() {
    let v = Village::new(Limits::default());
    v.says(1, "卖 土豆 100斤").await;
    v.says(1, "卖 玉米 100斤,大豆 50斤").await;
    assert_eq!(v.person(1).await.posts, [101, 102, 103]);
    v.says(1, "卖 土豆 100斤").await;
    assert_eq!((v.person(1).await.posts.len(), v.person(1).await.today.posts), (3, 3), "said again, filed once");
    v.says(1, "撤 102").await;
    v.says(1, "土豆卖完了").await;
    assert_eq!(v.person(1).await.posts, [103]);
    v.clock.set(v.clock.now().plus(16 * DAY));
    assert_eq!(sweep::expire(&v.store, v.clock.now()).await.expect("swept"), 1);
    assert_eq!(v.person(1).await.posts, [0; 0]);
    let state = |id| v.store.read(move |view| Ok(view.post(id)?.map(|p| p.state)));
    assert_eq!(state(101).await, Ok(Some(PostState::Done)));
    assert_eq!(state(102).await, Ok(Some(PostState::Withdrawn)));
    assert_eq!(state(103).await, Ok(Some(PostState::Expired)));
}

#[tokio::test]
async fn news_beyond_the_cap_is_kept_until_it_is_seen_or_its_owner_leaves() {
    let v = Village::new(Limits { pushes_per_day: 1, ..Limits::default() });
    for who in [1, 2, 3] {
        v.says(who, "收 药材").await;
    }
    for (n, herb) in ["天麻", "钩藤", "茯苓", "板蓝根"].into_iter().enumerate() {
        v.says(10 + n as u64, &format!("卖 {herb} 5斤")).await;
    }
    assert_eq!(v.person(1).await.waiting, [107, 106, 105], "newest first");
    // a list of something else does not lose them
    v.says(1, "查 土豆").await;
    v.says(1, "我的").await;
    let more = v.says(1, "更多").await;
    assert_eq!(more.len(), 1);
    for no in ["105号", "106号", "107号"] {
        assert!(more[0].text.contains(no), "{}", more[0].text);
    }
    assert!(v.person(1).await.waiting.is_empty());
    v.says(2, "退订").await;
    assert!(v.person(2).await.waiting.is_empty() && v.person(2).await.more.is_empty());
    // in the morning only he is told of them who neither looked nor left
    let before = v.sent.lock().expect("not poisoned").len();
    v.clock.set(v.clock.now().plus(DAY));
    v.service.do_due(v.clock.now()).await.expect("done");
    let told: Vec<Mt> = v.sent.lock().expect("not poisoned")[before..].to_vec();
    assert_eq!(told.iter().map(|m| m.to).collect::<Vec<_>>(), [phone(3)], "{told:#?}");
    assert!(["105号", "106号", "107号"].iter().all(|no| told[0].text.contains(no)), "{}", told[0].text);
}

#[tokio::test]
async fn moving_to_and_fro_tells_nobody_twice() {
    let v = Village::new(Limits::default());
    v.says(1, "收 土鸡").await;
    v.says(2, "卖 土鸡 3只").await;
    for place in ["栽麻镇", "忠诚镇", "栽麻镇"] {
        let sent = v.says(2, &format!("地 {place}")).await;
        assert_eq!(texts(&sent), [format!("记下了,您在{place},您登着的也改到这里了")]);
    }
    v.says(2, "退订").await;
    assert_eq!(texts(&v.says(2, "开通").await), ["已开通,您登着的1条别人又看得到了"]);
}

#[tokio::test]
async fn who_has_left_is_not_answered_and_what_he_wants_is_for_a_person_to_see() {
    let v = Village::new(Limits::default());
    v.says(1, "卖 玉米 10斤").await;
    v.says(1, "退订").await;
    for (text, unread) in [("谢谢", 0), ("退订", 0), ("1", 0), ("卖 大米 20斤", 1), ("啊吧啊吧", 2)] {
        assert_eq!(texts(&v.says(1, text).await), [""; 0], "{text}");
        assert_eq!(v.unread().await, unread, "{text}");
    }
    assert_eq!(v.person(1).await.posts, [101], "nothing was filed");
}

#[tokio::test]
async fn numbers_of_services_are_kept_and_never_answered() {
    let v = Village::new(Limits::default());
    for text in ["您的话费余额不足10元", "卖 玉米 100斤", "帮助", "啊吧啊吧"] {
        assert_eq!(texts(&v.text(Sender::Service("10086".into()), text).await), [""; 0], "{text}");
    }
    assert_eq!(v.store.recent(10).await.expect("a read").len(), 4);
    assert_eq!(v.unread().await, 1);
}

/// Machines: one sends back whatever it gets, another goes on asking.
#[tokio::test]
async fn machines_are_not_answered_for_ever() {
    let v = Village::new(Limits::default());
    let mut said = vec!["卖 玉米 100斤".to_string(), "收 大米".into(), "帮助".into()];
    let mut heard = 0;
    while let Some(text) = said.pop() {
        heard += 1;
        assert!(heard <= 310, "it goes on and on: {text}");
        said.extend(v.says(1, &text).await.into_iter().map(|m| m.text));
    }
    assert!(v.person(1).await.posts.len() <= 20);
    let mut answers = 0;
    for _ in 0..10 {
        answers += v.says(2, "我的").await.len();
    }
    assert_eq!(answers, 4, "the same text over and over is a machine's");
    // one that says something else each time
    let mut answers = 0;
    for n in 1..=310 {
        answers += v.says(3, &format!("查 玉米 {n}斤")).await.len();
    }
    assert_eq!(answers, 300);
    v.clock.set(v.clock.now().plus(DAY));
    for who in [2, 3] {
        assert_eq!(v.says(who, "我的").await.len(), 1, "a new day");
    }
}

#[tokio::test]
async fn a_phone_cannot_fill_its_own_record() {
    let v = Village::new(Limits { posts_per_day: 0, ..Limits::default() });
    let mut last = String::new();
    for n in 1..=510 {
        let sent = v.says(1, &format!("卖 玉米 {n}斤")).await;
        last = sent.first().map(|m| m.text.clone()).unwrap_or(last);
        if n % 250 == 0 {
            v.clock.set(v.clock.now().plus(DAY));
        }
    }
    assert!(last.starts_with("您登着500条了"), "{last}");
    assert_eq!(v.person(1).await.posts.len(), 500);
    assert!(v.says(1, "我的").await[0].text.starts_with("您登着500条:"));
}
