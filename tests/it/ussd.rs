//! USSD through the carriers' own forms, and what must hold whatever is typed: a screen that fits, no step lost, nothing filed
//! twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use xiangxun::carrier::ussd::{UssdInput, UssdKind, UssdRequest};
use xiangxun::clock::{Clock, Timestamp};
use xiangxun::config::{Limits, Station};
use xiangxun::grammar::{Current, Grammar};
use xiangxun::market::{PlaceCode, Post};
use xiangxun::message::alphabet::{gsm_septets, utf16_units};
use xiangxun::message::{Mo, Msisdn, Sender};
use xiangxun::service::{Rules, Service};
use xiangxun::store::session::{At, Draft};
use xiangxun::store::{Options, Session, SessionKey, Store};

use super::daemon::{Daemon, Setup, Smsbox, encode, post};

const CARRIERS: &str = r#"
[[carrier]]
name = "at"
kind = "africastalking"
token = "geheim-wort"
username = "rongjiang"
api_key = "at-api-key"
[[carrier]]
name = "hb"
kind = "hubtel"
token = "geheim-wort"
[[carrier]]
name = "ib"
kind = "infobip"
token = "geheim-wort"
api_key = "ib-api-key"
base_url = "https://abc.api.infobip.com"
[[carrier]]
name = "own"
kind = "generic"
token = "geheim-wort"
[carrier.mo]
number = "1069012345"
fields = { from = "from", text = "text" }
[carrier.send]
url = "http://127.0.0.1:9/?to={to}&text={text}"
[carrier.send.answer]
code = "0"
ok = ["0"]
[carrier.ussd]
style = "form"
fields = { session = "sid", from = "msisdn", input = "msg", kind = "type", order = "seq" }
kinds = { "1" = "begin", "2" = "continue", "3" = "abort", "4" = "timeout" }
shows = "CON {text}"
ends = "END {text}"
"#;

async fn daemon(dir: &std::path::Path) -> (Daemon, Smsbox) {
    let smsbox = Smsbox::start().await;
    let daemon = Daemon::start(dir, &Setup::new(&smsbox.url).virtual_clock().extra(CARRIERS)).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    (daemon, smsbox)
}

async fn called(daemon: &Daemon, path: &str, kind: &str, body: String) -> String {
    let answer =
        post(&daemon.client, &format!("{}/carriers/{path}", daemon.base), kind, body).await.expect("an answer");
    assert_eq!(answer.status, 200, "{path}: {}\n{}", answer.body, daemon.log());
    answer.body
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A call of Africa's Talking: all that was typed so far.
async fn at(daemon: &Daemon, session: &str, text: &str) -> String {
    let body = format!(
        "sessionId={session}&serviceCode=*384*1234%23&phoneNumber=%2B8613800000065&networkCode=63902&text={}",
        encode(text)
    );
    called(daemon, "at/ussd/geheim-wort", FORM, body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_made_in_the_form_of_africas_talking() {
    let dir = tempfile::tempdir().expect("a folder");
    let (daemon, smsbox) = daemon(dir.path()).await;
    daemon.text("b1", "+8613800000066", "收 板蓝根 500斤").await;
    assert!(at(&daemon, "s1", "").await.starts_with("CON 1卖 2买"));
    assert!(at(&daemon, "s1", "1").await.starts_with("CON 卖什么?"));
    assert!(at(&daemon, "s1", "1*板蓝根").await.starts_with("CON 有多少?"));
    // the network's retry, and a call that was overtaken
    assert!(at(&daemon, "s1", "1*板蓝根").await.starts_with("CON 有多少?"));
    assert!(at(&daemon, "s1", "1").await.starts_with("CON 有多少?"));
    assert!(at(&daemon, "s1", "").await.starts_with("CON 有多少?"));
    // cut, and told so
    let over = "sessionId=s1&serviceCode=*384*1234%23&phoneNumber=%2B8613800000065&status=Incomplete&input=1";
    assert_eq!(called(&daemon, "at/ussd/geheim-wort", FORM, over.into()).await, "");
    assert!(at(&daemon, "s2", "").await.starts_with("CON 上次卖板蓝根填到数量\n1接着填"));
    assert!(at(&daemon, "s2", "1").await.starts_with("CON 有多少?"));
    assert!(at(&daemon, "s2", "1*200").await.starts_with("CON 多少钱?"));
    assert!(at(&daemon, "s2", "1*200*3.5").await.starts_with("CON 卖板蓝根200斤3.5元/斤\n1对"));
    let filed = at(&daemon, "s2", "1*200*3.5*1").await;
    assert!(filed.starts_with("CON 已登记102号:卖板蓝根200斤3.5元/斤"), "{filed}");
    assert_eq!(at(&daemon, "s2", "1*200*3.5*1").await, filed, "the same call again");
    // an unknown session with all of it: what would be filed is read back
    assert!(at(&daemon, "s3", "1*板蓝根*300*3.5*1").await.starts_with("CON 卖板蓝根300斤3.5元/斤\n1对"));
    let all = smsbox.until("the other side's news", |all| all.iter().any(|m| m.text.contains("102号"))).await;
    assert_eq!(all.iter().filter(|m| m.text.contains("102号在卖板蓝根200斤")).count(), 1, "{all:#?}");
    daemon.terminate();
    let posts = super::crash::export(dir.path()).iter().filter(|l| l.get("post").is_some()).count();
    assert_eq!(posts, 2);
}

async fn hubtel(daemon: &Daemon, kind: &str, session: &str, seq: u64, message: &str) -> serde_json::Value {
    let body = serde_json::json!({
        "Type": kind, "Mobile": "8613800000065", "SessionId": session, "ServiceCode": "711*23", "Message": message,
        "Operator": "mtn", "Platform": "USSD", "Sequence": seq, "ClientState": "",
    });
    let said = called(daemon, "hb/ussd/geheim-wort", JSON, body.to_string()).await;
    serde_json::from_str(&said).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_made_in_the_form_of_hubtel() {
    let dir = tempfile::tempdir().expect("a folder");
    let (daemon, _smsbox) = daemon(dir.path()).await;
    let says = |said: &serde_json::Value, kind: &str, text: &str| {
        assert_eq!(said["Type"], kind, "{said}");
        assert!(said["Message"].as_str().expect("a text").starts_with(text), "{text}: {said}");
    };
    says(&hubtel(&daemon, "Initiation", "a", 1, "*711*23#").await, "Response", "1卖 2买");
    says(&hubtel(&daemon, "Response", "a", 2, "4").await, "Response", "招人做什么?");
    says(&hubtel(&daemon, "Response", "a", 3, "采茶").await, "Response", "要几个人?");
    // the same call twice, and an old one late
    says(&hubtel(&daemon, "Response", "a", 3, "采茶").await, "Response", "要几个人?");
    says(&hubtel(&daemon, "Response", "a", 2, "4").await, "Response", "要几个人?");
    says(&hubtel(&daemon, "Response", "a", 4, "10").await, "Response", "一天多少钱?");
    hubtel(&daemon, "Timeout", "a", 5, "").await;
    // in the session that is over nothing is typed any more; in a new one it goes on
    says(&hubtel(&daemon, "Response", "a", 6, "120").await, "Release", "这次已经结束");
    says(&hubtel(&daemon, "Initiation", "b", 1, "*711*23#").await, "Response", "上次招采茶10人填到工钱");
    says(&hubtel(&daemon, "Response", "b", 2, "1").await, "Response", "一天多少钱?");
    says(&hubtel(&daemon, "Response", "b", 3, "120").await, "Response", "哪天?");
    says(&hubtel(&daemon, "Response", "b", 4, "99").await, "Response", "招采茶10人120元/天\n1对");
    let filed = hubtel(&daemon, "Response", "b", 5, "1").await;
    says(&filed, "Response", "已登记101号:招采茶");
    assert_eq!(hubtel(&daemon, "Response", "b", 5, "1").await, filed);
    // dialled with answers behind the code
    says(&hubtel(&daemon, "Initiation", "c", 1, "*711*23*6*板蓝根#").await, "Response", "");
    daemon.terminate();
    let posts = super::crash::export(dir.path()).iter().filter(|l| l.get("post").is_some()).count();
    assert_eq!(posts, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_go_on_in_the_forms_of_infobip_and_of_any_gateway() {
    let dir = tempfile::tempdir().expect("a folder");
    let (daemon, _smsbox) = daemon(dir.path()).await;
    let infobip = async |method: &str, text: &str| {
        let body = serde_json::json!({
            "msisdn": "8613800000065", "imsi": "2", "shortCode": "*123#", "text": text, "ussdGwId": "live2",
        });
        let path = format!("ib/ussd/geheim-wort/session/a1/{method}");
        let said = called(&daemon, &path, JSON, body.to_string()).await;
        serde_json::from_str::<serde_json::Value>(&said).expect("JSON")["ussdMenu"]
            .as_str()
            .expect("a menu")
            .to_string()
    };
    assert!(infobip("start", "*123#").await.starts_with("1卖"));
    assert!(infobip("response", "1").await.starts_with("卖什么?"));
    assert!(infobip("response", "大豆").await.starts_with("有多少?"));
    // calls are not counted: the same so soon is the network's
    assert!(infobip("response", "大豆").await.starts_with("有多少?"));
    let own = async |kind: &str, seq: u64, typed: &str| {
        let body = format!("sid=g1&msisdn=13800000065&type={kind}&seq={seq}&msg={}", encode(typed));
        called(&daemon, "own/ussd?token=geheim-wort", FORM, body).await
    };
    assert!(own("1", 1, "").await.starts_with("CON 上次卖大豆填到数量"));
    // the older dialogue is told that it goes on elsewhere
    assert!(infobip("response", "100").await.starts_with("您在另一次拨号里"));
    assert!(own("2", 2, "1").await.starts_with("CON 有多少?"));
    assert_eq!(own("3", 3, "").await, "");
    assert!(own("2", 4, "5").await.starts_with("END 这次已经结束"));
    daemon.terminate();
}

const NOW: &str = "2026-11-21T09:00:00+08:00";

/// One thing that a phone does.
#[derive(Debug, Clone)]
enum Move {
    Dial(&'static str),
    Type(&'static str),
    Cut,
    Text(&'static str),
    Wait(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let digits = prop::sample::select(vec!["0", "1", "1", "1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "99"]);
    let words = prop::sample::select(vec![
        "板蓝根",
        "200",
        "3.5",
        "3块5",
        "卖玉米100斤",
        "玉米100斤",
        "卖",
        "采茶",
        "10人",
        "黄牛",
        "101",
        "榕江到贵阳",
        "明早",
        "更多",
        "我的",
        "*",
        "#",
        "ABC",
        "卖 黄豆 1块8 有300斤 要的来拉 自家种的没打农药",
        "收大豆,收玉米,收花生",
        "退订",
        "注销",
        "开通",
        "你好",
        "接着填",
        "1卖",
        "０",
        " 1 ",
    ]);
    let texts = prop::sample::select(vec!["1", "2", "200斤", "接着填", "卖 土豆 50斤", "更多", "谢谢", "101"]);
    let paths = prop::sample::select(vec!["", "", "", "1", "1*板蓝根*200*3*1", "6*玉米", "0*1", "9*1"]);
    let one = prop_oneof![
        3 => paths.prop_map(Move::Dial),
        12 => digits.prop_map(Move::Type),
        6 => words.prop_map(Move::Type),
        1 => Just(Move::Cut),
        2 => texts.prop_map(Move::Text),
        1 => prop::sample::select(vec![1, 600, 90_000]).prop_map(Move::Wait),
    ];
    prop::collection::vec(one, 30)
}

/// One phone before a service with a real store.
struct Phone {
    service: Service,
    store: Store,
    clock: Clock,
    session: u64,
    order: u64,
    count: u64,
    _dir: tempfile::TempDir,
}

const WHO: u64 = 8_613_800_000_065;

/// What is kept of the phone.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    drafts: Vec<Draft>,
    posts: Vec<Arc<Post>>,
    mos: u64,
    mts: u64,
}

impl Phone {
    fn new(grammar: &Current) -> Phone {
        let dir = tempfile::tempdir().expect("a folder");
        let url = format!("sled:{}", dir.path().join("data").display());
        let store = Store::open(&url, Options::default()).expect("a new store").0;
        let clock = Clock::virtual_at(Timestamp::parse_rfc3339(NOW).expect("a time"));
        let station = Station {
            key: "rongjiang".into(),
            name: "榕江县信息站".into(),
            place: PlaceCode(522_632),
            short_codes: vec!["1069".into()],
            managers: vec![],
            market_days: None,
            routes: Vec::new(),
            ussd_code: None,
        };
        let rules = Rules {
            stations: BTreeMap::from([(station.key.clone(), station)]),
            limits: Limits::default(),
            carrier_station: BTreeMap::new(),
            lines: Default::default(),
        };
        let service = Service::new(store.clone(), clock.clone(), grammar.clone(), rules, Arc::new(|_| ()));
        Phone { service, store, clock, session: 0, order: 0, count: 0, _dir: dir }
    }

    async fn kept(&self) -> Kept {
        let now = self.clock.now();
        let read = self.store.read(move |v| {
            let person = v.person(Msisdn::from_u64(WHO))?;
            let mut posts = Vec::new();
            for id in 101..v.next().post {
                posts.extend(v.post(id)?);
            }
            let mut drafts = person.map(|p| p.drafts).unwrap_or_default();
            drafts.retain(|d| now < d.until);
            Ok(Kept { drafts, posts, mos: v.next().mo, mts: v.next().mt })
        });
        read.await.expect("a visit")
    }

    fn key(&self) -> SessionKey {
        SessionKey::of("u", &format!("s{}", self.session))
    }

    async fn at(&self) -> Option<Session> {
        let key = self.key();
        self.store.read(move |v| v.session(&key)).await.expect("a visit")
    }

    async fn call(&self, kind: UssdKind, input: &str) -> Option<(String, bool)> {
        let call = UssdRequest {
            carrier: "u".into(),
            session: format!("s{}", self.session),
            from: Sender::Phone(Msisdn::from_u64(WHO)),
            service_code: "*123#".into(),
            kind,
            input: UssdInput::Step(input.into()),
            order: Some(self.order),
        };
        let dialled = self.service.dial(call).await.expect("it is kept");
        dialled.screen.map(|s| (s.text, s.ends))
    }

    /// Does one thing, and holds what must hold to it.
    async fn step(&mut self, step: &Move) {
        let (before, stood) = (self.kept().await, self.at().await);
        let (kind, input) = match step {
            Move::Dial(path) => {
                (self.session, self.order) = (self.session + 1, 0);
                (UssdKind::Begin, *path)
            }
            Move::Type(typed) => (UssdKind::Continue, *typed),
            Move::Cut => (UssdKind::Abort, ""),
            Move::Text(text) => return self.text(text).await,
            Move::Wait(seconds) => return self.clock.set(self.clock.now().plus(seconds * 1_000)),
        };
        self.order += 1;
        let screen = self.call(kind, input).await;
        let after = self.kept().await;
        if kind == UssdKind::Abort {
            assert_eq!((screen, &after), (None, &before), "a cut changes nothing");
            return;
        }
        let (text, ends) = screen.expect("a screen");
        let septets: Option<usize> = text.chars().map(gsm_septets).sum();
        let fits = utf16_units(&text) <= 80 || septets.is_some_and(|n| n <= 182);
        assert!(!text.trim().is_empty() && fits, "{step:?}: {text:?}");
        let over = stood.as_ref().is_none_or(|s| s.over) && kind == UssdKind::Continue && self.session > 0;
        // the carrier's repeat: the same screen, and nothing else
        assert_eq!(self.call(kind, input).await, Some((text.clone(), ends)), "{step:?} again");
        assert_eq!(self.kept().await, after, "{step:?} again");
        if over {
            return;
        }
        let at = stood.filter(|_| kind == UssdKind::Continue).map(|s| s.at);
        let typed = input.trim();
        // what is filed was read back, or is wanted a second time
        if after.posts.len() > before.posts.len() {
            let read_back = at == Some(At::Confirm) && typed == "1";
            let again = at == Some(At::Answer) && typed.len() == 1;
            assert!(read_back || again, "{step:?} at {at:?} filed unasked: {text}");
            assert!(after.mos == before.mos + 1, "one text a call");
        }
        assert!(after.mos <= before.mos + 1, "one text a call");
        // no step is lost: it stands in a draft, was done, or was let go by its own key
        let acted = after.mos > before.mos;
        let gone = self.store.read(|v| v.person(Msisdn::from_u64(WHO))).await.expect("a visit").is_none();
        let let_go = matches!(at, Some(At::Offer { .. })) && typed == "2";
        let lost = before.drafts.iter().filter(|d| !after.drafts.iter().any(|n| grew(d, n))).count();
        let full = after.drafts.len() == 4;
        assert!(
            gone || lost <= usize::from(acted || let_go || full),
            "{step:?} at {at:?} lost a step: {before:#?} {after:#?}"
        );
    }

    async fn text(&mut self, text: &str) {
        self.count += 1;
        let mo = Mo {
            carrier: "k".into(),
            mo_id: Some(format!("m{}", self.count)),
            from: Sender::Phone(Msisdn::from_u64(WHO)),
            to: "1069".into(),
            text: text.into(),
            sent_at: None,
            part: None,
        };
        self.service.accept(mo).await.expect("it is kept");
    }
}

/// Whether a draft is the same one, with what was said in it or more.
fn grew(old: &Draft, new: &Draft) -> bool {
    (&old.form, old.picked) == (&new.form, new.picked) && old.said.len() <= new.said.len()
}

#[test]
fn whatever_is_typed_ends_in_a_screen_and_loses_or_doubles_nothing() {
    let grammar = Current::new(Grammar::built_in().expect("the built-in grammar loads"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let config = Config { cases: 60, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let done = runner.run(&moves(), |moves| {
        let mut phone = Phone::new(&grammar);
        let run = async {
            phone.step(&Move::Dial("")).await;
            for step in &moves {
                phone.step(step).await;
            }
            phone.store.close().await
        };
        runtime.block_on(run);
        Ok(())
    });
    if let Err(TestError::Fail(why, moves)) = done {
        panic!("{why}\nshortest: {moves:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dialogue_of_yesterday_and_its_draft_are_swept() {
    let grammar = Current::new(Grammar::built_in().expect("the built-in grammar loads"));
    let mut phone = Phone::new(&grammar);
    for step in [Move::Dial(""), Move::Type("1"), Move::Type("板蓝根"), Move::Cut] {
        phone.step(&step).await;
    }
    assert_eq!(phone.kept().await.drafts.len(), 1);
    phone.clock.set(phone.clock.now().plus(24 * 3_600_000));
    phone.service.do_due(phone.clock.now()).await.expect("it is done");
    assert!(phone.at().await.is_some(), "kept an hour longer than what it began");
    phone.clock.set(phone.clock.now().plus(2 * 3_600_000));
    phone.service.do_due(phone.clock.now()).await.expect("it is done");
    assert_eq!(phone.at().await, None);
    let person = phone.store.read(|v| v.person(Msisdn::from_u64(WHO))).await.expect("a visit").expect("it is known");
    assert!(person.drafts.is_empty() && person.dialled.is_none(), "{person:?}");
    phone.store.close().await;
}
