//! A ring of many phones is told in parts, each phone once, and the owner hears how many heard of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use xiangxun::clock::{Clock, Timestamp};
use xiangxun::config::{Limits, Station};
use xiangxun::grammar::{Current, Grammar};
use xiangxun::market::{Place, PlaceCode};
use xiangxun::message::{Mo, Msisdn, Mt, Sender};
use xiangxun::service::{Rules, Service};
use xiangxun::store::{Change, Options, Person, Store, Topic};

const VILLAGE: PlaceCode = PlaceCode(522_632_106_211);
const TOWN: PlaceCode = PlaceCode(522_632_106);
const COUNTY: PlaceCode = PlaceCode(522_632);

fn watcher(n: u64, rings: &[PlaceCode], now: Timestamp) -> Person {
    let mut person = Person::new(Msisdn::from_u64(8_613_800_000_000 + n), now);
    person.carrier = "k".into();
    person.short_code = "1069012345".into();
    person.place = rings.first().map(|code| Place { code: *code, name: String::new() });
    person.topics = rings.iter().map(|place| Topic { name: "alert".into(), place: *place }).collect();
    person
}

#[tokio::test]
async fn a_large_ring_is_told_in_parts_and_nobody_twice() {
    let dir = tempfile::tempdir().expect("a folder");
    let (store, _) =
        Store::open(&format!("sled:{}", dir.path().join("data").display()), Options::default()).expect("a store");
    let now = Timestamp::parse_rfc3339("2026-11-22T09:00:00+08:00").expect("a time");
    let clock = Clock::virtual_at(now);
    let station = Station {
        key: "rongjiang".into(),
        name: "榕江县信息站".into(),
        place: COUNTY,
        short_codes: vec!["1069012345".into()],
        managers: Vec::new(),
        market_days: None,
        ussd_code: None,
        routes: Vec::new(),
    };
    let rules = Rules {
        stations: BTreeMap::from([(station.key.clone(), station)]),
        limits: Limits::default(),
        carrier_station: BTreeMap::new(),
        lines: Default::default(),
    };
    let sent: Arc<Mutex<Vec<Mt>>> = Arc::default();
    let out = sent.clone();
    let hand_over = Arc::new(move |mts: Vec<Mt>| out.lock().expect("not poisoned").extend(mts));
    let grammar = Current::new(Grammar::built_in().expect("the grammar loads"));
    let service = Service::new(store.clone(), clock.clone(), grammar, rules, hand_over);

    // 450 in the village, 30 elsewhere in the town, 20 elsewhere in the county
    let mut people: Vec<Person> = (0..450).map(|n| watcher(n, &[VILLAGE, TOWN, COUNTY], now)).collect();
    people.extend((450..480).map(|n| watcher(n, &[TOWN, COUNTY], now)));
    people.extend((480..500).map(|n| watcher(n, &[COUNTY], now)));
    store
        .transact(move |_| Ok((Change { people: people.clone(), ..Change::default() }, ())))
        .await
        .expect("they watch");

    let owner = Msisdn::from_u64(8_613_900_000_000);
    let mo = Mo {
        carrier: "k".into(),
        mo_id: Some("1".into()),
        from: Sender::Phone(owner),
        to: "1069012345".into(),
        text: "寻 黄牛 左耳缺口 宰荡村".into(),
        sent_at: None,
        part: None,
    };
    service.accept(mo).await.expect("taken");
    let told = || {
        let all = sent.lock().expect("not poisoned");
        let phones: Vec<u64> = all.iter().filter(|m| m.to != owner).map(|m| m.to.as_u64()).collect();
        let once: BTreeSet<u64> = phones.iter().copied().collect();
        assert_eq!(once.len(), phones.len(), "nobody hears of it twice");
        let to_owner = all.iter().rfind(|m| m.to == owner).map(|m| m.text.clone()).unwrap_or_default();
        (phones.len(), to_owner)
    };
    let (first, _) = told();
    assert!((1..450).contains(&first), "one commit tells a part: {first}");
    service.do_due(now.plus(1)).await.expect("the rest");
    let (all, words) = told();
    assert_eq!(all, 450);
    assert!(words.contains("一共450人"), "{words}");
    // each ring hears but once, as its time comes
    for (hours, expected) in [(2, 450), (4, 480), (25, 500), (100, 500)] {
        let later = now.plus(hours * 3_600_000);
        clock.set(later);
        service.do_due(later).await.expect("the next ring");
        assert_eq!(told().0, expected, "after {hours} hours");
    }
    store.close().await;
}
