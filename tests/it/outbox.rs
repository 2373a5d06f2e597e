//! The outbox against a scripted carrier: every MT ends in one final or waiting state, whatever the carrier does.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use xiangxun::carrier::{self, Carrier};
use xiangxun::clock::leap::Leap;
use xiangxun::clock::{Clock, HOUR, MINUTE, Timestamp};
use xiangxun::config::carrier::CarrierConfig;
use xiangxun::message::{Dlr, DlrState, Msisdn, Mt, MtClass, MtId, MtRef, MtState};
use xiangxun::outbox::{Event, Outbox, Reported, Route, What};
use xiangxun::store::{Change, Options, Person, Store};

use crate::peers::http::{Peer, Reply, Seen, say};
use crate::peers::soon;

const NOW: Timestamp = Timestamp(1_780_000_000_000);

/// A generic account that sends `?id=…&to=…` and reads `code,ref`.
fn account(peer: &Peer, idempotent: bool) -> Arc<dyn Carrier> {
    let settings = format!(
        r#"token = "t"
        [mo]
        fields = {{ from = "f", to = "t", text = "x" }}
        [send]
        url = "{}?id={{id}}&to={{to_digits}}&text={{text}}"
        idempotent = {idempotent}
        [send.answer]
        code = "0"
        ok = ["0"]
        ref = "1"
        codes = {{ "8" = "throttled", "10" = "quota", "21" = "permanent", "33" = "opted_out", "99" = "retry" }}"#,
        peer.url("/send")
    );
    let config = CarrierConfig::new("c", "generic", settings.parse().unwrap());
    Arc::from((carrier::kind("generic").unwrap().build)(&config).unwrap())
}

struct House {
    store: Store,
    clock: Clock,
    outbox: Outbox,
    events: Arc<Mutex<Vec<What>>>,
    _folder: Option<TempDir>,
}

fn open() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sled:{}", folder.path().join("data").display());
    (Store::open(&url, Options::default()).unwrap().0, folder)
}

impl House {
    async fn new(peer: &Peer, idempotent: bool) -> House {
        let (store, folder) = open();
        let mut house = House::over(store, peer, idempotent, 0, 8);
        house._folder = Some(folder);
        house.outbox.start().await.unwrap();
        house
    }

    fn over(store: Store, peer: &Peer, idempotent: bool, rate: u32, connections: usize) -> House {
        let clock = Clock::virtual_at(NOW);
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = events.clone();
        let outbox = Outbox::new(
            store.clone(),
            clock.clone(),
            Leap::new(NOW),
            vec![Route { carrier: account(peer, idempotent), rate, connections, usage: Default::default() }],
            // Quiet from the tenth to the twentieth hour after the beginning.
            Arc::new(|t: Timestamp| {
                let night = NOW.plus(10 * HOUR)..NOW.plus(20 * HOUR);
                night.contains(&t).then_some(night.end)
            }),
            Arc::new(move |e: &Event<'_>| heard.lock().unwrap().push(e.what.clone())),
        );
        House { store, clock, outbox, events, _folder: None }
    }

    /// Commits MTs as the service does, and offers them.
    async fn commit(&self, mts: Vec<Mt>) {
        let change = mts.clone();
        self.store.transact(move |_| Ok((Change { mts: change.clone(), ..Change::default() }, ()))).await.unwrap();
        self.outbox.offer(mts);
    }

    async fn mt(&self, id: MtId) -> Mt {
        self.store.transact(move |v| Ok((Change::default(), v.mt(id)?))).await.unwrap().unwrap()
    }

    async fn state(&self, id: MtId) -> MtState {
        self.mt(id).await.state
    }

    async fn settle(&self) {
        soon("everything due is handed out", self.outbox.settle_due()).await;
    }

    async fn advance(&self, millis: i64) {
        self.clock.set(self.clock.now().plus(millis));
        self.settle().await;
    }

    fn count(&self, what: impl Fn(&What) -> bool) -> usize {
        self.events.lock().unwrap().iter().filter(|w| what(w)).count()
    }
}

fn phone(n: u64) -> Msisdn {
    Msisdn::from_u64(8_613_800_000_000 + n)
}

/// An answer, born claimed, due at once.
fn answer(id: MtId, to: u64) -> Mt {
    Mt {
        id,
        carrier: "c".into(),
        from: "1069".into(),
        to: phone(to),
        text: format!("text {id}"),
        class: MtClass::Answer,
        cause: None,
        created: NOW,
        due: NOW,
        until: NOW.plus(6 * HOUR),
        attempts: 1,
        state: MtState::Claimed { lease: NOW.plus(5 * MINUTE) },
        carrier_ref: None,
        travel: None,
    }
}

fn push(id: MtId, to: u64, due: Timestamp) -> Mt {
    let until = NOW.plus(48 * HOUR);
    Mt { class: MtClass::Push, state: MtState::Queued, attempts: 0, due, until, ..answer(id, to) }
}

fn id_of(seen: &Seen) -> MtId {
    seen.param("id").parse().unwrap()
}

fn dlr(mt: MtRef, state: DlrState) -> Dlr {
    Dlr { carrier: "c".into(), mt, state, detail: "d".into(), part: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_offered_is_sent_once_and_joined_with_its_reports() {
    let peer = Peer::start(|seen, _| say(200, format!("0,r{}", id_of(seen)))).await;
    let house = House::new(&peer, false).await;
    house.commit((1..=50).map(|id| answer(id, id)).collect()).await;
    house.settle().await;
    assert_eq!(peer.seen().len(), 50);
    let mt = house.mt(7).await;
    assert_eq!((mt.state, mt.attempts, mt.carrier_ref.as_deref()), (MtState::Sent, 1, Some("r7")));

    let by_ref = |n: u64, s| house.outbox.report(dlr(MtRef::Carrier(format!("r{n}")), s));
    assert!(matches!(by_ref(7, DlrState::Accepted).await, Ok(Reported::Nothing)));
    assert!(matches!(by_ref(7, DlrState::Failed).await, Ok(Reported::Moved(_))));
    assert!(matches!(by_ref(7, DlrState::Failed).await, Ok(Reported::Nothing)), "told twice");
    assert_eq!(house.state(7).await, MtState::Failed("d".into()));
    assert!(matches!(by_ref(7, DlrState::Accepted).await, Ok(Reported::Nothing)));
    assert!(matches!(by_ref(7, DlrState::Delivered).await, Ok(Reported::Moved(_))), "a late handset is the truth");
    assert!(matches!(by_ref(7, DlrState::Failed).await, Ok(Reported::Nothing)));
    assert_eq!(house.state(7).await, MtState::Delivered);
    assert!(matches!(house.outbox.report(dlr(MtRef::Ours(8), DlrState::Expired)).await, Ok(Reported::Moved(_))));
    assert!(matches!(house.outbox.report(dlr(MtRef::Ours(999), DlrState::Delivered)).await, Ok(Reported::Unknown)));
    let foreign = Dlr { carrier: "other".into(), ..dlr(MtRef::Ours(9), DlrState::Delivered) };
    assert!(matches!(house.outbox.report(foreign).await, Ok(Reported::Unknown)), "not its own");
    assert!(house.outbox.idle());
    assert!(house.outbox.stop(Duration::from_secs(10)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_may_come_before_the_answer() {
    let peer = Peer::start(|_, n| {
        let answer = say(200, "0,early");
        // Only the report, which the test sends meanwhile, comes sooner than this.
        if n == 0 { Reply::Late(Duration::from_millis(300), Box::new(answer)) } else { answer }
    })
    .await;
    let house = House::new(&peer, false).await;
    house.commit(vec![answer(1, 1)]).await;
    peer.wait(1).await;
    let early = house.outbox.report(dlr(MtRef::Carrier("early".into()), DlrState::Delivered)).await;
    assert!(matches!(early, Ok(Reported::Early | Reported::Moved(_))));
    house.settle().await;
    assert_eq!(house.state(1).await, MtState::Delivered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_told_apart() {
    let tries: Arc<Mutex<HashMap<MtId, usize>>> = Arc::default();
    let counted = tries.clone();
    let peer = Peer::start(move |seen, _| {
        let id = id_of(seen);
        let mut tries = counted.lock().unwrap();
        let n = tries.entry(id).or_default();
        *n += 1;
        match (id, *n) {
            (1, _) => say(200, "21,never"),
            (2, _) => say(200, "33,opted out"),
            (3, 1 | 2) => say(200, "99,later"),
            (4, 1) => Reply::Say(429, "retry-after: 30\r\n", "slow".into()),
            (5, 1) => say(500, "oops"),
            (6, _) => say(503, "never well"),
            _ => say(200, format!("0,r{id}")),
        }
    })
    .await;
    let house = House::new(&peer, false).await;
    let person = Person { carrier: "c".into(), short_code: "1069".into(), ..Person::new(phone(2), NOW) };
    house
        .store
        .transact(move |_| Ok((Change { people: vec![person.clone()], ..Change::default() }, ())))
        .await
        .unwrap();
    // One after the other, so that no outage of the whole route is suspected; the one that holds up all others last.
    for id in [1, 2, 3, 5, 6, 4] {
        house.commit(vec![answer(id, id)]).await;
        house.settle().await;
    }
    assert!(matches!(house.state(1).await, MtState::Failed(why) if why.contains("never")));
    assert!(matches!(house.state(2).await, MtState::Failed(_)));
    let stopped = house.store.transact(|v| Ok((Change::default(), v.person(phone(2))?))).await.unwrap().unwrap();
    assert_eq!(stopped.stopped, Some(NOW));
    for id in 3..=6 {
        assert_eq!(house.state(id).await, MtState::Queued, "{id} waits");
    }
    assert!(house.mt(4).await.due >= NOW.plus(30_000), "as long as the carrier said");
    assert!(house.mt(5).await.due > NOW && house.mt(5).await.due < NOW.plus(3_000));
    for _ in 0..400 {
        house.advance(MINUTE).await;
    }
    for id in 3..=5 {
        assert_eq!(house.state(id).await, MtState::Sent, "{id}");
    }
    assert_eq!(house.mt(3).await.attempts, 3);
    assert_eq!(house.state(6).await, MtState::Expired);
    let tries = tries.lock().unwrap();
    assert_eq!((tries[&1], tries[&2], tries[&3], tries[&4], tries[&5]), (1, 1, 3, 2, 2));
    assert!((20..100).contains(&tries[&6]), "{} tries in six hours", tries[&6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unclear_sendings_are_repeated_as_far_as_is_right() {
    let odd = |n: usize| match n % 3 {
        0 => Reply::Reset,
        1 => Reply::Garbage,
        _ => Reply::Half,
    };
    let peer = Peer::start(move |_, n| if n < 3 { odd(n) } else { say(200, "0,r") }).await;
    let house = House::new(&peer, true).await;
    for id in 1..=3 {
        house.commit(vec![answer(id, id)]).await;
        house.settle().await;
        house.advance(10_000).await;
    }
    for id in 1..=3 {
        assert_eq!((house.state(id).await, house.mt(id).await.attempts <= 4), (MtState::Sent, true), "{id}");
    }

    let peer = Peer::start(|seen, n| if n == 0 || id_of(seen) == 2 { Reply::Reset } else { say(200, "0,r") }).await;
    let house = House::new(&peer, false).await;
    house.commit(vec![answer(1, 1)]).await;
    house.settle().await;
    assert_eq!((peer.seen().len(), house.state(1).await), (1, MtState::Queued));
    house.advance(2 * MINUTE).await;
    assert_eq!((peer.seen().len(), house.state(1).await), (2, MtState::Sent));
    house.commit(vec![Mt { due: house.clock.now(), state: MtState::Queued, attempts: 0, ..answer(2, 2) }]).await;
    house.settle().await;
    house.advance(2 * MINUTE).await;
    house.advance(HOUR).await;
    assert_eq!(peer.seen().len(), 4, "once more, and no more");
    assert!(matches!(house.state(2).await, MtState::Failed(why) if why.contains("may have been sent")));
    let late = house.outbox.report(dlr(MtRef::Ours(2), DlrState::Delivered)).await;
    assert!(matches!(late, Ok(Reported::Moved(_))), "and it had been");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_money_pauses_the_route_and_loses_nothing() {
    let broke = Arc::new(AtomicUsize::new(1));
    let state = broke.clone();
    let peer =
        Peer::start(move |_, _| if state.load(Ordering::SeqCst) == 1 { say(200, "10,") } else { say(200, "0,r") })
            .await;
    let house = House::new(&peer, false).await;
    house.commit((1..=100).map(|id| answer(id, id)).collect()).await;
    house.settle().await;
    let asked = peer.seen().len();
    assert!(asked <= 8, "{asked} tries, no more than were under way");
    assert_eq!(house.count(|w| *w == What::Paused { fault: true }), 1, "the operator is told once");
    house.advance(29_000).await;
    assert_eq!(peer.seen().len(), asked);
    house.advance(1_000).await;
    assert_eq!(peer.seen().len(), asked + 1, "one tries it out");
    assert!(house.outbox.idle());
    broke.store(0, Ordering::SeqCst);
    house.advance(HOUR).await;
    for id in 1..=100 {
        assert_eq!(house.state(id).await, MtState::Sent, "{id}");
    }
    assert_eq!(house.count(|w| *w == What::Resumed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_there_and_then_somebody_is() {
    let peer = Peer::start(|_, _| say(200, "0,r")).await;
    let (store, _folder) = open();
    let gone = Peer::start(|_, _| say(200, "0,r")).await;
    let house = House::over(store.clone(), &gone, false, 0, 8);
    drop(gone);
    house.outbox.start().await.unwrap();
    house.commit((1..=40).map(|id| answer(id, id)).collect()).await;
    house.settle().await;
    for id in 1..=40 {
        assert!(!house.state(id).await.is_final(), "{id} waits");
    }
    assert!(house.count(|w| *w == What::Paused { fault: false }) >= 1);
    assert!(house.outbox.stop(Duration::from_secs(10)).await);

    let house = House::over(store, &peer, false, 0, 8);
    house.outbox.start().await.unwrap();
    house.settle().await;
    house.advance(HOUR).await;
    for id in 1..=40 {
        assert_eq!(house.state(id).await, MtState::Sent, "{id}");
    }
    assert_eq!(peer.seen().len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_life_left_is_sent_with_its_attempt_counted() {
    let peer = Peer::start(|_, _| say(200, "0,r")).await;
    let (store, _folder) = open();
    let house = House::over(store, &peer, false, 0, 8);
    // Committed, and then the process was gone before it offered anything.
    let left: Vec<Mt> =
        vec![answer(1, 1), push(2, 2, NOW), push(3, 3, NOW.plus(HOUR)), Mt { state: MtState::Sent, ..answer(4, 4) }];
    house.store.transact(move |_| Ok((Change { mts: left.clone(), ..Change::default() }, ()))).await.unwrap();
    house.outbox.start().await.unwrap();
    house.settle().await;
    let one = house.mt(1).await;
    assert_eq!((one.state, one.attempts), (MtState::Sent, 2), "it may have been begun");
    let two = house.mt(2).await;
    assert_eq!((two.state, two.attempts), (MtState::Sent, 1));
    assert_eq!(house.state(3).await, MtState::Queued, "not due");
    house.advance(HOUR).await;
    assert_eq!(house.state(3).await, MtState::Sent);
    assert_eq!(peer.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_quiet_hours_and_time_limits_hold_at_the_moment_of_sending() {
    let peer = Peer::start(|_, _| say(200, "0,r")).await;
    let house = House::new(&peer, false).await;
    let night = NOW.plus(12 * HOUR);
    house.commit(vec![push(1, 1, night), push(2, 2, NOW.plus(HOUR)), answer(3, 3)]).await;
    house.settle().await;
    assert_eq!(house.state(3).await, MtState::Sent);
    // phone 2 opts out before its push is due
    let person =
        Person { carrier: "c".into(), short_code: "1069".into(), stopped: Some(NOW), ..Person::new(phone(2), NOW) };
    house
        .store
        .transact(move |_| Ok((Change { people: vec![person.clone()], ..Change::default() }, ())))
        .await
        .unwrap();
    house.advance(HOUR).await;
    assert_eq!(house.state(2).await, MtState::Failed("opted out".into()));
    house.commit(vec![Mt { until: house.clock.now(), due: house.clock.now(), ..answer(4, 4) }]).await;
    house.settle().await;
    assert_eq!(house.state(4).await, MtState::Expired);
    house.advance(11 * HOUR).await;
    let waiting = house.mt(1).await;
    assert_eq!((waiting.state, waiting.due), (MtState::Queued, NOW.plus(20 * HOUR)), "it waits for the morning");
    let now = house.clock.now();
    house
        .commit(vec![Mt {
            until: now.plus(HOUR),
            due: now,
            state: MtState::Claimed { lease: now.plus(HOUR) },
            ..answer(5, 5)
        }])
        .await;
    house.settle().await;
    assert_eq!(house.state(5).await, MtState::Sent, "an answer goes at any hour");
    house.advance(8 * HOUR).await;
    assert_eq!(house.state(1).await, MtState::Sent);
    assert_eq!(peer.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_gets_one_at_a_time_in_order_also_when_one_fails_first() {
    let flying: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let failed = Arc::new(AtomicUsize::new(0));
    let (seen_flying, first) = (flying.clone(), failed.clone());
    let peer = Peer::start(move |seen, _| {
        *seen_flying.lock().unwrap().entry(seen.param("to")).or_default() += 1;
        if id_of(seen) == 1 && first.fetch_add(1, Ordering::SeqCst) == 0 { say(503, "") } else { say(200, "0,r") }
    })
    .await;
    let house = House::new(&peer, false).await;
    house.commit((1..=60).map(|id| answer(id, id % 3)).collect()).await;
    house.settle().await;
    house.advance(10_000).await;
    let mut order: BTreeMap<String, Vec<MtId>> = BTreeMap::new();
    peer.seen().iter().for_each(|s| order.entry(s.param("to")).or_default().push(id_of(s)));
    for (to, ids) in order {
        assert!(ids.is_sorted(), "{to}: {ids:?}");
    }
    assert_eq!(peer.seen().len(), 61);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_gone_mad_loses_and_doubles_nothing() {
    // Everything at once, by the number of the request: answers, errors, resets, garbage, double reports.
    let peer = Peer::start(|seen, n| match (n.wrapping_mul(2_654_435_761) >> 7) % 11 {
        0 => say(500, ""),
        1 => Reply::Reset,
        2 => Reply::Garbage,
        3 => Reply::Say(429, "retry-after: 1\r\n", String::new()),
        4 => say(200, "21,no"),
        5 => say(200, "99,"),
        6 => Reply::Half,
        7 => Reply::Late(Duration::from_millis(20), Box::new(say(200, format!("0,r{}", id_of(seen))))),
        _ => say(200, format!("0,r{}", id_of(seen))),
    })
    .await;
    let house = House::new(&peer, false).await;
    let all = 400;
    for block in (1..=all).collect::<Vec<MtId>>().chunks(50) {
        house.commit(block.iter().map(|id| answer(*id, id % 90)).collect()).await;
        for id in block.iter().step_by(7) {
            for _ in 0..2 {
                house.outbox.report(dlr(MtRef::Ours(*id), DlrState::Delivered)).await.unwrap();
            }
        }
    }
    house.settle().await;
    for _ in 0..500 {
        house.advance(MINUTE).await;
    }
    let mut sent: HashMap<MtId, usize> = HashMap::new();
    peer.seen().iter().for_each(|s| *sent.entry(id_of(s)).or_default() += 1);
    for id in 1..=all {
        let mt = house.mt(id).await;
        assert!(mt.state.is_final() || mt.state == MtState::Sent, "{id}: {:?}", mt.state);
        if (id - 1) % 50 % 7 == 0 {
            assert_eq!(mt.state, MtState::Delivered, "{id} was reported");
        }
        let times = sent.get(&id).copied().unwrap_or(0);
        assert!(times <= mt.attempts as usize, "{id}: sent {times} times in {} attempts", mt.attempts);
    }
    assert!(house.outbox.idle());
    assert_eq!(house.outbox.standing()["c"].waiting.values().sum::<usize>(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_memory_holds_waits_in_the_store() {
    let peer = Peer::start(|seen, _| say(200, format!("0,r{}", id_of(seen)))).await;
    let house = House::new(&peer, false).await;
    let all: u64 = 23_000;
    for block in (1..=all).collect::<Vec<MtId>>().chunks(1_000) {
        house.commit(block.iter().map(|id| answer(*id, *id)).collect()).await;
    }
    house.settle().await;
    assert_eq!(house.count(|w| matches!(w, What::Sent { .. })) as u64, all);
    assert_eq!(peer.seen().len() as u64, all, "each once");
    for id in [1, 20_001, all] {
        assert_eq!((house.state(id).await, house.mt(id).await.attempts), (MtState::Sent, 1), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_lets_what_is_under_way_arrive() {
    let peer = Peer::start(|_, _| Reply::Late(Duration::from_millis(100), Box::new(say(200, "0,r")))).await;
    let house = House::new(&peer, false).await;
    house.commit((1..=100).map(|id| answer(id, id)).collect()).await;
    peer.wait(8).await;
    assert!(house.outbox.stop(Duration::from_secs(20)).await);
    let sent = peer.seen().len();
    assert!(sent < 100, "it did not wait for all");
    let mut settled = 0;
    for id in 1..=100 {
        settled += usize::from(house.state(id).await == MtState::Sent);
    }
    assert_eq!(settled, sent, "each that was sent is written down as sent");
}
