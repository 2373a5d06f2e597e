//! Who opts out at a carrier has opted out: however that carrier tells us, nothing more goes to the phone by any route until it
//! joins again. Through the real binary, over HTTP.

use std::path::Path;

use super::daemon::{Daemon, Setup, Smsbox, post};
use super::peers::http::{Peer, say};
use super::peers::second::{NINE, SECOND, beside_kannel, reported};
use super::unreachable::kept_of;

const PHONE: u64 = 8_613_800_000_001;

/// Why and by whom the phone is left alone, as it is kept.
fn stopped_by(dir: &Path) -> (bool, String, String) {
    let (person, _) = kept_of(dir, PHONE);
    let by = |key: &str| person["stopped_by"][key].as_str().unwrap_or_default().to_string();
    (person["stopped"].is_number(), by("carrier"), by("why"))
}

/// A seller's text, of which everybody hears who wants to buy; `n` makes it another each time.
async fn sold(daemon: &Daemon, n: u32) {
    daemon.text(&format!("sold-{n}"), &format!("+86138000001{n:02}"), "卖 板蓝根 200斤").await;
    daemon.clock(SECOND).await;
}

fn to(peer: &Peer, phone: u64) -> usize {
    peer.seen().iter().filter(|s| s.param("to").ends_with(&phone.to_string())).count()
}

/// A daemon whose station sends by `g` only.
fn by_g(url: &str, smsbox: &Smsbox) -> Setup {
    Setup::new(&smsbox.url).extra(&beside_kannel(url, "station = \"rongjiang\"", &[("g", None)])).virtual_clock()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_of_an_opt_out_is_one_until_the_phone_joins_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let peer = Peer::start(|_, n| say(200, format!("0,r{n}"))).await;
    let setup = by_g(&peer.url("/send"), &smsbox);
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    daemon.text("a", "+8613800000001", "收 板蓝根 200斤").await;
    daemon.text("b", "+8613800000002", "收 板蓝根 300斤").await;
    daemon.clock(SECOND).await;
    let answer = peer.seen().iter().position(|s| s.param("to").ends_with("13800000001")).expect("an answer");
    assert_eq!((to(&peer, PHONE), to(&peer, PHONE + 1)), (1, 1), "{}", daemon.log());
    reported(&daemon, &format!("r{answer}"), "BLACK", "").await;
    sold(&daemon, 1).await;
    daemon.text("c", "+8613800000001", "卖 土鸡蛋 30斤").await;
    daemon.clock(SECOND).await;
    assert_eq!((to(&peer, PHONE), to(&peer, PHONE + 1)), (1, 2), "no confirmation, no news, no answer");
    assert!(daemon.terminate());
    assert_eq!(stopped_by(dir.path()), (true, "g".into(), "BLACK".into()));

    // It outlives a restart, and a repeat of the report.
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T11:00:00+08:00"}"#).await;
    reported(&daemon, &format!("r{answer}"), "BLACK", "").await;
    sold(&daemon, 2).await;
    assert_eq!((to(&peer, PHONE), to(&peer, PHONE + 1)), (1, 3), "{}", daemon.log());
    daemon.text("d", "+8613800000001", "开通").await;
    daemon.clock(SECOND).await;
    assert_eq!(to(&peer, PHONE), 2, "{}", daemon.log());
    sold(&daemon, 3).await;
    assert_eq!((to(&peer, PHONE), to(&peer, PHONE + 1)), (3, 4), "it hears of what comes again: {}", daemon.log());
    let log = daemon.log();
    assert!(log.contains("opted out at the carrier") && !log.contains("13800000001"), "{log}");
    assert!(daemon.terminate());
    assert_eq!(stopped_by(dir.path()), (false, String::new(), String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_before_the_answer_and_a_refusal_are_opt_outs_too() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    // The second who is written to has opted out there, and is known by it when he joins: the carrier has the last word.
    let peer = Peer::start(|seen, n| {
        say(200, if seen.param("to").ends_with("2") { "21,STOP".into() } else { format!("0,r{n}") })
    })
    .await;
    let setup = by_g(&peer.url("/send"), &smsbox);
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    reported(&daemon, "r0", "BLACK", "").await;
    daemon.text("a", "+8613800000001", "收 板蓝根 200斤").await;
    daemon.clock(SECOND).await;
    assert_eq!(to(&peer, PHONE), 1, "{}", daemon.log());
    daemon.text("b", "+8613800000002", "收 板蓝根 300斤").await;
    daemon.clock(SECOND).await;
    for n in 1..4 {
        sold(&daemon, n).await;
    }
    assert_eq!((to(&peer, PHONE), to(&peer, PHONE + 1)), (1, 1), "{}", daemon.log());
    daemon.text("c", "+8613800000002", "开通").await;
    daemon.clock(SECOND).await;
    sold(&daemon, 4).await;
    assert_eq!(to(&peer, PHONE + 1), 2, "the answer to 开通 was refused, and nothing followed: {}", daemon.log());
    assert!(daemon.terminate());
    assert_eq!(stopped_by(dir.path()), (true, "g".into(), "BLACK".into()));
    let (second, _) = kept_of(dir.path(), PHONE + 1);
    assert_eq!(second["stopped_by"]["carrier"], "g", "{second:#}");
    assert!(second["stopped_by"]["why"].as_str().is_some_and(|w| w.contains("STOP")), "{second:#}");
}

/// Africa's Talking's notice names a phone and no text of ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_of_an_opt_out_stops_also_what_waits() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let at = "[carrier.pace]\nphone_per_hour = 1\n[[carrier]]\nname = \"at\"\nkind = \"africastalking\"\n\
              token = \"geheim\"\nusername = \"sandbox\"\napi_key = \"key\"\nsend_url = \"http://127.0.0.1:9/\"\n\
              [limits]\nquiet_hours = \"\"\n";
    let setup = Setup::new(&smsbox.url).extra(at).virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    daemon.text("a", "+8613800000001", "收 板蓝根 200斤").await;
    daemon.text("b", "+8613800000001", "我的").await;
    daemon.clock(SECOND).await;
    assert_eq!(smsbox.caught().len(), 1, "the second answer waits its hour");
    let notice = |token: &str| format!("{}/carriers/at/dlr/{token}", daemon.base);
    let body = "senderId=XIANGXUN&phoneNumber=%2B8613800000001";
    let form = "application/x-www-form-urlencoded";
    let forged = post(&daemon.client, &notice("falsch"), form, body).await.expect("an answer");
    assert_eq!(forged.status, 403);
    let heard = post(&daemon.client, &notice("geheim"), form, body).await.expect("an answer");
    assert_eq!(heard.status, 200, "{}", heard.body);
    // A phone that never wrote to us is kept too.
    let stranger = "senderId=XIANGXUN&phoneNumber=%2B8613800000009";
    assert_eq!(post(&daemon.client, &notice("geheim"), form, stranger).await.expect("an answer").status, 200);
    for n in 1..4 {
        daemon.clock(r#"{"advance_seconds": 3600}"#).await;
        sold(&daemon, n).await;
    }
    let to_phone = smsbox.caught().iter().filter(|c| c.to.ends_with("13800000001")).count();
    assert_eq!(to_phone, 1, "{}", daemon.log());
    assert!(daemon.terminate());
    assert_eq!(stopped_by(dir.path()), (true, "at".into(), "opted out of XIANGXUN".into()));
    let (_, mts) = kept_of(dir.path(), PHONE);
    assert_eq!(mts[1]["state"]["Failed"], "opted out at a carrier", "{mts:#?}");
    assert!(kept_of(dir.path(), PHONE + 8).0["stopped"].is_number());
}

/// With Advanced Opt-Out Twilio answers by itself: the text is kept, and not answered twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_twilio_has_answered_itself_is_an_opt_out_without_a_confirmation() {
    const WRITER: u64 = 8_613_800_000_000;
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let peer = Peer::start(|_, _| say(201, r#"{"sid":"SM9","status":"queued"}"#)).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/carriers/twilio");
    let read = |file: &str| std::fs::read_to_string(root.join(file)).expect("a fixture");
    let twilio = format!(
        "station = \"rongjiang\"\n[[carrier]]\nname = \"twilio\"\nkind = \"twilio\"\nsend_url = \"{}\"\n\
         station = \"rongjiang\"\n{}",
        peer.url("/send"),
        read("account.toml")
    );
    let mut setup = Setup::new(&smsbox.url).extra(&twilio).virtual_clock();
    setup.wrapper = vec!["env".into(), "XIANGXUN__SERVER__PUBLIC_URL=https://sms.example.cn".into()];
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    let case = super::carriers::sections(&read("mo-unknown-fields.http"));
    let (_, call) = case.iter().find(|(head, _)| head == "call mo").expect("a call");
    for _ in 0..2 {
        assert_eq!(super::recorded::call(&daemon, call).await.0, 200, "{}", daemon.log());
        daemon.clock(SECOND).await;
    }
    assert!(peer.seen().is_empty() && smsbox.caught().is_empty(), "{:?}", peer.seen());
    assert!(daemon.terminate());
    let (person, mts) = kept_of(dir.path(), WRITER);
    assert_eq!(person["stopped_by"]["why"], "OptOutType STOP", "{person:#}");
    assert!(mts.is_empty(), "{mts:#?}");
    std::fs::remove_file(dir.path().join("export.ndjson")).expect("the export");
    let kept = super::crash::export(dir.path());
    let texts = kept.iter().filter_map(|l| l.get("mo")).filter(|mo| mo["mo"]["text"] == "TD").count();
    assert_eq!(texts, 1, "the text is kept once");
}
