//! The kannel kind and Debian's real Kannel: it understands what Kannel sends, Kannel takes what it sends.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::Method;
use xiangxun::carrier::charset::Charset;
use xiangxun::carrier::form::Form;
use xiangxun::carrier::{Arrived, Carrier, Door, Heard, Secrets, kind};
use xiangxun::clock::{Clock, Timestamp};
use xiangxun::config::carrier::CarrierConfig;
use xiangxun::message::{Msisdn, Mt, MtClass, MtState, Sender};
use xiangxun::outbox::{Outbox, Route};
use xiangxun::store::{Change, Options, Store};

use crate::daemon;
use crate::peers::http::{Peer, Reply, Seen, say};
use crate::peers::kannel::{self, Kannel, Setup};
use crate::peers::soon;

/// An account whose webhooks come to `us`.
fn account(us: &Peer, send_url: &str) -> Arc<dyn Carrier> {
    let settings = format!(
        "token = \"tok%en&1\"\nsend_url = \"{send_url}\"\nusername = \"{}\"\npassword = \"{}\"",
        kannel::USER,
        kannel::PASSWORD
    );
    let mut config = CarrierConfig::new("mobile", "kannel", settings.parse().unwrap());
    config.public_url = us.url("");
    Arc::from((kind("kannel").unwrap().build)(&config).unwrap())
}

/// The group that `xiangxun check` tells the operator to paste.
fn service(carrier: &dyn Carrier, us: &Peer) -> String {
    let lines = carrier.setup(&us.url(""), Secrets::Whole);
    let from = lines.iter().position(|l| l.trim() == "group = sms-service").unwrap();
    let group = lines[from..].iter().take_while(|l| l.starts_with("  "));
    group.map(|l| l.trim()).collect::<Vec<_>>().join("\n")
}

fn hear(carrier: &dyn Carrier, door: Door, seen: &Seen) -> Heard {
    let method: Method = seen.method.parse().unwrap();
    let remote = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (target, query, headers, body) = (&*seen.target, seen.query(), &seen.headers, &*seen.body);
    let call = Arrived { method: &method, target, query, headers, body, remote, now: Timestamp(0) };
    carrier.hear(door, &call).unwrap_or_else(|e| panic!("{e}: {target}"))
}

/// Answers as our own door does.
async fn door() -> Peer {
    Peer::start(|_, _| Reply::Say(200, "content-type: text/plain\r\n", String::new())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_kannel_sends_is_understood() {
    assert!(kannel::installed(), "this test needs Debian's package kannel");
    for smsbox in ["", "mo-recode = true"] {
        let us = door().await;
        let smsc = Peer::start(|_, n| say(200, format!("taken as {n}"))).await;
        let carrier = account(&us, "http://127.0.0.1:1/");
        let service = service(&*carrier, &us);
        let kannel = Kannel::start(Setup { service: &service, send_url: &smsc.url("/send"), smsbox }).await;

        let long = "求购板蓝根有多少要多少".repeat(20);
        let texts = ["卖 板蓝根 200斤", "TD", "a+b&c=d% 100%", "🐂 牛 €5", &long];
        for (n, text) in texts.iter().enumerate() {
            let status = if text.is_ascii() {
                kannel.mo("+8613800000000", "1069012345", 0, text.as_bytes()).await
            } else {
                kannel.mo("+8613800000000", "1069012345", 2, &Charset::Utf16Be.write(text)).await
            };
            assert!(status < 300, "{status}\n{}", kannel.logs());
            let seen = us.wait(n + 1).await;
            assert_eq!(seen[n].path(), "/carriers/mobile/mo");
            let heard = hear(&*carrier, Door::Mo, &seen[n]);
            let mo = &heard.mos[0];
            assert_eq!(mo.text, *text, "{}", seen[n].target);
            assert_eq!(mo.from, Sender::read("13800000000"));
            assert_eq!(mo.to, "1069012345");
            assert!(mo.mo_id.as_ref().is_some_and(|id| id.len() == 36), "{:?}", mo.mo_id);
            assert!(mo.sent_at.is_some());
        }
        assert!(smsc.seen().is_empty(), "our answer makes Kannel text nobody: {:?}", smsc.seen());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kannel_takes_our_texts_and_reports_on_them() {
    assert!(kannel::installed(), "this test needs Debian's package kannel");
    let us = door().await;
    let smsc = Peer::start(|_, n| say(200, format!("taken as {n}"))).await;
    let before = account(&us, "http://127.0.0.1:1/");
    let service = service(&*before, &us);
    let kannel = Kannel::start(Setup { service: &service, send_url: &smsc.url("/send"), smsbox: "" }).await;
    let carrier = account(&us, &kannel.send_url());

    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sled:{}", folder.path().join("data").display()), Options::default()).unwrap().0;
    let now = Clock::System.now();
    let route = Route { carrier: carrier.clone(), rate: 0, connections: 4, usage: Default::default() };
    let leap = xiangxun::clock::leap::Leap::new(Clock::System.now());
    let outbox = Outbox::new(store.clone(), Clock::System, leap, vec![route], Arc::new(|_| None), Arc::new(|_| {}));
    outbox.start().await.unwrap();

    let texts = ["807号 板蓝根 200斤 3.5元/斤 +a&b=c%", "OK {807} @ 100%", "🐂"];
    for (n, text) in texts.iter().enumerate() {
        let id = n as u64 + 1;
        let mt = Mt {
            id,
            carrier: "mobile".into(),
            from: "1069012345".into(),
            to: Msisdn::parse("13800000000").unwrap(),
            text: text.to_string(),
            class: MtClass::Answer,
            cause: None,
            created: now,
            due: now,
            until: now.plus(3_600_000),
            attempts: 1,
            state: MtState::Claimed { lease: now.plus(300_000) },
            carrier_ref: None,
            travel: None,
        };
        let kept = mt.clone();
        store.transact(move |_| Ok((Change { mts: vec![kept.clone()], ..Change::default() }, ()))).await.unwrap();
        outbox.offer(vec![mt]);
        soon("the text is sent", outbox.settle_due()).await;
        let arrived = smsc.wait(n + 1).await;
        let arrived = &arrived[n];
        let form = Form::parse(arrived.query().as_bytes());
        assert_eq!((arrived.param("to"), arrived.param("from")), ("+8613800000000".into(), "1069012345".into()));
        let bytes = form.get("text").unwrap_or_default();
        let charset = if arrived.param("coding") == "2" && arrived.param("charset") != "UTF-8" {
            Charset::Utf16Be
        } else {
            Charset::Utf8
        };
        assert_eq!(charset.read(bytes), *text, "{}", arrived.target);

        // Kannel tells that the SMSC has it, then that the phone has it.
        for (told, bit) in [(2 * n + 1, None), (2 * n + 2, Some(1))] {
            if let Some(bit) = bit {
                let status = kannel.report("+8613800000000", "1069012345", &n.to_string(), bit).await;
                assert!(status < 300, "{status}: {}\n{}", arrived.target, kannel.logs());
            }
            let seen = us.wait(told).await;
            assert_eq!(seen[told - 1].path(), "/carriers/mobile/dlr");
            for dlr in hear(&*carrier, Door::Dlr, &seen[told - 1]).dlrs {
                outbox.report(dlr).await.unwrap();
            }
        }
        let state = store.transact(move |v| Ok((Change::default(), v.mt(id)?))).await.unwrap().unwrap().state;
        assert_eq!(state, MtState::Delivered, "{}", us.seen().last().unwrap().target);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_the_operators_business() {
    assert!(kannel::installed(), "this test needs Debian's package kannel");
    let us = door().await;
    let carrier = account(&us, "http://127.0.0.1:1/");
    let kannel =
        Kannel::start(Setup { service: &service(&*carrier, &us), send_url: "http://127.0.0.1:1/", smsbox: "" }).await;
    let url: http::Uri = kannel.send_url().parse().unwrap();
    let addr = url.authority().unwrap().as_str().parse().unwrap();
    let (status, body) = kannel::get(addr, "/cgi-bin/sendsms?username=a&password=b&to=1&text=x").await;
    let status = http::StatusCode::from_u16(status).unwrap();
    let outcome = carrier.outcome(status, &http::HeaderMap::new(), body.as_bytes());
    assert!(matches!(outcome, Err(xiangxun::carrier::SendError::Config(_))), "{status} {body}: {outcome:?}");
}

/// The whole way: Kannel's SMSC, Kannel, the daemon, Kannel, the SMSC, and the reports back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_villagers_meet_through_real_kannel() {
    assert!(kannel::installed(), "this test needs Debian's package kannel");
    let smsc = Peer::start(|_, n| say(200, format!("taken as {n}"))).await;
    let mut setup = daemon::Setup::new("").extra("[limits]\nquiet_hours = \"\"");
    let get_url = format!(
        "http://127.0.0.1:{}/carriers/k/mo?token=secret-token-1&id=%I&from=%q&to=%Q&ts=%T&coding=%c&charset=%C&udh=%u&smsc=%i&text=%b",
        setup.port
    );
    let service = format!(
        "group = sms-service\nkeyword = default\ncatch-all = true\nget-url = \"{get_url}\"\nmax-messages = 0\nomit-empty = true\n\n\
         group = sendsms-user\nusername = u\npassword = p\nmax-messages = 10\n"
    );
    let kannel = Kannel::start(Setup { service: &service, send_url: &smsc.url("/send"), smsbox: "" }).await;
    setup.send_url = kannel.send_url();
    let folder = tempfile::tempdir().unwrap();
    let daemon = daemon::Daemon::start(folder.path(), &setup).await;

    let text = |seen: &Seen| {
        let form = Form::parse(seen.query().as_bytes());
        let charset = if seen.param("coding") == "2" { Charset::Utf16Be } else { Charset::Utf8 };
        charset.read(form.get("text").unwrap_or_default())
    };
    let (seller, buyer) = ("+8613800000001", "+8613800000002");
    kannel.mo(seller, "1069012345", 2, &Charset::Utf16Be.write("卖 板蓝根 200斤")).await;
    let first = &smsc.wait(1).await[0];
    assert_eq!(first.param("to"), seller);
    assert!(text(first).contains("200斤"), "{}", text(first));
    kannel.mo(buyer, "1069012345", 2, &Charset::Utf16Be.write("收板蓝根,有多少要多少")).await;
    let told = smsc.wait(3).await;
    let to: Vec<String> = told[1..].iter().map(|s| s.param("to")).collect();
    assert!(to.contains(&seller.to_string()) && to.contains(&buyer.to_string()), "{to:?}");
    for mt in &told {
        assert!(text(mt).contains("板蓝根") && text(mt).contains('号'), "{}", text(mt));
        assert!(text(mt).chars().map(char::len_utf16).sum::<usize>() <= 70, "one segment: {}", text(mt));
    }

    for (n, mt) in told.iter().enumerate() {
        let status = kannel.report(&mt.param("to"), "1069012345", &n.to_string(), 1).await;
        assert!(status < 300, "{}", kannel.logs());
    }
    let joined = async {
        // The report is on disk some moments after Kannel was told of it.
        loop {
            let answer = daemon::get(&daemon.client, &format!("{}/metrics", daemon.base)).await.unwrap();
            let delivered = answer.body.lines().filter(|l| l.contains("delivered") && !l.starts_with('#'));
            let sum: f64 = delivered.filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum();
            if sum >= 3.0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    soon("all three are reported as delivered", joined).await;
    assert_eq!(smsc.seen().len(), 3, "and nobody was told anything else");
    assert!(daemon.terminate(), "it stops by itself");
}
