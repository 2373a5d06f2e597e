//! Several carriers of one station, through the real binary: which of them carries a text, what they bear, and who hears of
//! their trouble.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use super::crash::export;
use super::daemon::{Daemon, Setup, Smsbox, get};
use super::peers::http::{Peer, Reply, say};
use super::peers::second::{NINE, SECOND, beside_kannel, reported};

const OWN: &str = "+8613700000001";

/// The ways out: Kannel, then `g` with a number of its own.
const WAYS: [(&str, Option<&str>); 2] = [("k", None), ("g", Some("1069054321"))];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_cannot_carry_the_other_does_and_somebody_hears_of_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let up = Arc::new(AtomicU16::new(202));
    let state = up.clone();
    let first = Peer::start(move |_, _| match state.load(Ordering::SeqCst) {
        // its account is blocked
        403 => say(403, "Authorization failed for sendsms"),
        status => say(status, "0: Accepted for delivery"),
    })
    .await;
    let other = Peer::start(|_, n| say(200, format!("0,{:X}", 1_000_000 + n))).await;
    let more = format!("[alarm]\nphones = [\"{OWN}\"]");
    let setup =
        Setup::new(&first.url("/send")).extra(&beside_kannel(&other.url("/send"), &more, &WAYS)).virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    daemon.text("a", "+8613800000001", "帮助").await;
    daemon.clock(SECOND).await;
    assert_eq!((first.seen().len(), other.seen().len()), (1, 0), "the first of the order");

    up.store(403, Ordering::SeqCst);
    for n in 2..8 {
        daemon.text(&format!("b{n}"), &format!("+861380000000{n}"), "帮助").await;
    }
    daemon.clock(SECOND).await;
    for _ in 0..3 {
        daemon.clock(r#"{"advance_seconds": 60}"#).await;
    }
    let by_other = other.seen();
    let to_villagers = by_other.iter().filter(|s| s.param("to") != OWN).count();
    assert_eq!(to_villagers, 6, "all that waited: {by_other:#?}\n{}", daemon.log());
    assert!(by_other.iter().filter(|s| s.param("to") != OWN).all(|s| s.param("from") == "1069054321"));
    let alarms: Vec<String> = by_other.iter().filter(|s| s.param("to") == OWN).map(|s| s.param("text")).collect();
    assert!(alarms.len() == 1 && alarms[0].contains("线路k"), "{alarms:?}");
    let routes: serde_json::Value =
        serde_json::from_str(&get(&daemon.client, &format!("{}/routes", daemon.base)).await.expect("an answer").body)
            .expect("JSON");
    assert_eq!(routes["k"]["state"], "fault");
    assert!(routes["k"]["last_error"].as_str().is_some_and(|e| e.contains("Authorization")), "{routes}");
    assert!(routes["k"]["last_mo"].is_string() && routes["g"]["taken"] == 7, "{routes}");

    // reports find their texts, though they write the ids otherwise, and come twice
    for n in 0..7 {
        reported(&daemon, &(1_000_000 + n).to_string(), if n == 3 { "UNDELIV" } else { "DELIVRD" }, "").await;
        reported(&daemon, &(1_000_000 + n).to_string(), "DELIVRD&again=1", "").await;
    }
    up.store(202, Ordering::SeqCst);
    for _ in 0..40 {
        daemon.clock(r#"{"advance_seconds": 60}"#).await;
    }
    daemon.text("c", "+8613800000009", "帮助").await;
    // what went through is known at the end of one minute, and told in the next
    for _ in 0..2 {
        daemon.clock(r#"{"advance_seconds": 60}"#).await;
    }
    let page = get(&daemon.client, &format!("{}/metrics", daemon.base)).await.expect("figures").body;
    assert!(page.contains(r#"xiangxun_route_mt_total{carrier="g",outcome="delivered"} 7"#), "{page}");
    let log = daemon.log();
    assert!(daemon.terminate());
    assert!(log.contains("the route needs somebody"), "{log}");
    let kept = export(dir.path());
    let ends: Vec<(&str, &serde_json::Value)> =
        kept.iter().filter_map(|l| Some((l.get("mt")?["carrier"].as_str()?, &l["mt"]["state"]))).collect();
    let by_other: Vec<_> = ends.iter().filter(|(c, _)| *c == "g").map(|(_, s)| *s).collect();
    assert!(by_other[..7].iter().all(|s| *s == "Delivered"), "{ends:?}");
    // and that all is well again
    assert_eq!(by_other.len(), 8);
    assert!(other.seen()[7].param("text").contains("线路k好了"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_that_a_route_may_not_carry_go_by_the_other_and_reports_may_be_early_and_in_parts() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = Smsbox::start().await;
    // the answer comes late, and its report before it
    let other = Peer::start(|_, n| {
        Reply::Late(std::time::Duration::from_millis(300), Box::new(say(200, format!("0,part{n}"))))
    })
    .await;
    let extra = beside_kannel(&other.url("/send"), "[carrier.bans]\nwords = [\"板蓝根\"]", &WAYS);
    let setup = Setup::new(&first.url).extra(&extra).virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    // before we know that there is such a text, and it stays known over a restart
    reported(&daemon, "part0", "DELIVRD", "&part=1&parts=2").await;
    assert!(daemon.terminate());
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:01:00+08:00"}"#).await;
    daemon.text("a", "+8613800000001", "卖 板蓝根 200斤").await;
    daemon.text("b", "+8613800000002", "我的").await;
    daemon.clock(SECOND).await;
    assert_eq!((first.caught().len(), other.seen().len()), (1, 1), "{}", daemon.log());
    assert!(other.seen()[0].param("text").contains("板蓝根"));
    let half = |d: &serde_json::Value| d["state"].clone();
    reported(&daemon, "part0", "DELIVRD", "&part=1&parts=2").await;
    let state_of = |dir: &std::path::Path| {
        let _ = std::fs::remove_file(dir.join("export.ndjson"));
        export(dir).iter().find(|l| l.get("mt").is_some_and(|m| m["carrier"] == "g")).map(|l| half(&l["mt"]))
    };
    assert!(daemon.terminate());
    assert_eq!(state_of(dir.path()), Some("Sent".into()), "one part of two, reported twice");
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:05:00+08:00"}"#).await;
    reported(&daemon, "part0", "DELIVRD", "&part=2&parts=2").await;
    assert!(daemon.terminate());
    assert_eq!(state_of(dir.path()), Some("Delivered".into()));
}

/// The parts of one text under one id: it is delivered with the last of them and failed with one, also where all are reported
/// before the sending is answered, and over a kill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_decide_together_whenever_they_are_reported() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let other = Peer::start(|_, n| say(200, format!("0,p{n}"))).await;
    let extra = beside_kannel(&other.url("/send"), "station = \"rongjiang\"", &[("g", None)]);
    let setup = Setup::new(&smsbox.url).extra(&extra).virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    // Before there is such a text: of p0 both parts arrive, of p1 one fails, of p2 one is not told of.
    reported(&daemon, "p0", "DELIVRD", "&part=1&parts=2").await;
    reported(&daemon, "p0", "DELIVRD", "&part=2&parts=2").await;
    reported(&daemon, "p1", "DELIVRD", "&part=2&parts=2").await;
    reported(&daemon, "p1", "UNDELIV", "&part=1&parts=2").await;
    reported(&daemon, "p2", "DELIVRD", "&part=1&parts=2").await;
    reported(&daemon, "p2", "DELIVRD", "&part=1&parts=2").await;
    daemon.kill();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:01:00+08:00"}"#).await;
    for n in 0..4 {
        daemon.text(&format!("t{n}"), &format!("+861380000000{n}"), "我的").await;
        daemon.clock(SECOND).await;
    }
    assert_eq!(other.seen().len(), 4, "{}", daemon.log());
    // After it: of p3 the parts in the order of the network, one failing first.
    reported(&daemon, "p3", "UNDELIV", "&part=2&parts=2").await;
    reported(&daemon, "p3", "DELIVRD", "&part=1&parts=2").await;
    assert!(daemon.terminate());
    let states = |dir: &std::path::Path| {
        let _ = std::fs::remove_file(dir.join("export.ndjson"));
        let kept = export(dir);
        kept.iter().filter_map(|l| Some(l.get("mt")?["state"].clone())).collect::<Vec<_>>()
    };
    let failed = serde_json::json!({ "Failed": "one of 2 parts: UNDELIV" });
    assert_eq!(states(dir.path()), [serde_json::json!("Delivered"), failed.clone(), "Sent".into(), failed]);
    // What was given up arrives after all.
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:05:00+08:00"}"#).await;
    reported(&daemon, "p1", "DELIVRD", "&part=1&parts=2").await;
    reported(&daemon, "p3", "DELIVRD", "&part=2&parts=2").await;
    assert!(daemon.terminate());
    let all = states(dir.path());
    assert_eq!([&all[1], &all[3]], ["Delivered", "Delivered"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_and_a_phone_get_what_they_bear_and_the_rest_waits_over_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let extra = "[carrier.pace]\nper_hour = 20\nphone_per_hour = 2\n[limits]\nquiet_hours = \"\"\n";
    let setup = Setup::new(&smsbox.url).extra(extra).virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    for (n, text) in ["帮助", "我的", "查 板蓝根", "查 土鸡蛋"].iter().enumerate() {
        daemon.text(&format!("p{n}"), "+8613800000001", text).await;
    }
    daemon.clock(r#"{"advance_seconds": 60}"#).await;
    assert_eq!(smsbox.caught().len(), 2, "so many to one phone in an hour");
    for n in 0..30 {
        daemon.text(&format!("q{n}"), &format!("+86138000001{n:02}"), "帮助").await;
    }
    daemon.clock(r#"{"advance_seconds": 60}"#).await;
    assert_eq!(smsbox.caught().len(), 20, "so many of the account");
    assert!(daemon.terminate());
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:30:00+08:00"}"#).await;
    assert_eq!(smsbox.caught().len(), 20, "a restart forgets nothing");
    for _ in 0..8 {
        daemon.clock(r#"{"advance_seconds": 900}"#).await;
    }
    assert_eq!(smsbox.caught().len(), 34, "each in the end");
    assert!(daemon.terminate());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_that_does_not_arrive_raises_the_alarm_by_another_route() {
    let dir = tempfile::tempdir().expect("a folder");
    let silent = Smsbox::start().await;
    let other = Peer::start(|_, n| say(200, format!("0,r{n}"))).await;
    let more = format!("[carrier.canary]\nto = \"{OWN}\"\nevery_hours = 2\n[alarm]\nphones = [\"{OWN}\"]");
    let setup = Setup::new(&silent.url).extra(&beside_kannel(&other.url("/send"), &more, &WAYS)).virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:30+08:00"}"#).await;
    daemon.clock(r#"{"advance_seconds": 60}"#).await;
    let flown = silent.caught();
    assert!(flown.len() == 1 && flown[0].to == OWN, "{flown:#?}");
    // taken, but never reported as delivered
    for _ in 0..18 {
        daemon.clock(r#"{"advance_seconds": 60}"#).await;
    }
    let alarms = other.seen();
    assert!(alarms.len() == 1 && alarms[0].param("text").contains("线路k"), "{alarms:#?}");
    // the next one arrives
    for _ in 0..110 {
        daemon.clock(r#"{"advance_seconds": 60}"#).await;
    }
    let again = silent.until("another canary", |all| all.len() == 2).await;
    assert_eq!(get(&daemon.client, &again[1].dlr_url.replace("%d", "1")).await.expect("an answer").status, 200);
    daemon.clock(r#"{"advance_seconds": 60}"#).await;
    daemon.clock(r#"{"advance_seconds": 60}"#).await;
    assert_eq!(other.seen().len(), 2, "and its end is told too");
    assert!(daemon.terminate());
}
