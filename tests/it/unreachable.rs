//! What a route may not carry and whom nobody can reach, through the real binary: a banned board, a number given up.

use std::path::Path;

use super::crash::export;
use super::daemon::{Daemon, Setup, Smsbox};
use super::peers::http::{Peer, say};
use super::peers::second::{NINE, SECOND, beside_kannel};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_of_a_banned_board_goes_by_the_other_route() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = Smsbox::start().await;
    let other = Peer::start(|_, n| say(200, format!("0,r{n}"))).await;
    let ways = [("k", None), ("g", None)];
    let extra = beside_kannel(&other.url("/send"), "[carrier.bans]\nboards = [\"jobs\"]", &ways);
    let setup = Setup::new(&first.url).extra(&extra).virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    // Of another board, and of none.
    daemon.text("a", "+8613800000001", "卖 板蓝根 200斤").await;
    daemon.text("b", "+8613800000002", "我的").await;
    daemon.clock(SECOND).await;
    assert_eq!((first.caught().len(), other.seen().len()), (2, 0), "{}", daemon.log());
    daemon.text("c", "+8613800000003", "招工 摘茶 5人 一天150元").await;
    daemon.clock(SECOND).await;
    let by_other = other.seen();
    assert_eq!((first.caught().len(), by_other.len()), (2, 1), "{}", daemon.log());
    assert!(by_other[0].param("to").contains("13800000003"), "{by_other:?}");
    // Whoever wrote of a job is answered by the first again when he writes of something else.
    daemon.text("d", "+8613800000003", "卖 土鸡蛋 30斤").await;
    daemon.clock(SECOND).await;
    assert_eq!((first.caught().len(), other.seen().len()), (3, 1), "{}", daemon.log());
    assert!(daemon.terminate());
    let kept = export(dir.path());
    let posts: Vec<&str> = kept.iter().filter_map(|l| l.get("post")?["board"].as_str()).collect();
    assert_eq!(posts, ["trade", "jobs", "trade"]);
    assert!(kept.iter().filter_map(|l| l.get("mt")).all(|mt| mt["state"] == "Sent"), "{kept:#?}");
}

/// The person of this number, and the texts to it.
pub fn kept_of(dir: &Path, number: u64) -> (serde_json::Value, Vec<serde_json::Value>) {
    let _ = std::fs::remove_file(dir.join("export.ndjson"));
    let kept = export(dir);
    let person = kept.iter().filter_map(|l| l.get("person")).find(|p| p["msisdn"] == number).expect("he is known");
    let mts = kept.iter().filter_map(|l| l.get("mt")).filter(|mt| mt["to"] == number).cloned().collect();
    (person.clone(), mts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_number_is_written_down_and_tried_no_more_until_it_writes() {
    const DEAD: u64 = 8_613_800_000_001;
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let dead = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_dead = dead.clone();
    let peer = Peer::start(move |seen, n| {
        let gone = seen.param("to").contains("13800000001") && is_dead.load(std::sync::atomic::Ordering::SeqCst);
        say(200, if gone { "33,".into() } else { format!("0,r{n}") })
    })
    .await;
    let extra = beside_kannel(&peer.url("/send"), "station = \"rongjiang\"", &[("g", None)]);
    let setup = Setup::new(&smsbox.url).extra(&extra).virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    let to_dead = || peer.seen().iter().filter(|s| s.param("to").contains("13800000001")).count();
    let to_other = || peer.seen().iter().filter(|s| s.param("to").contains("13800000002")).count();
    daemon.text("a", "+8613800000001", "收 板蓝根 200斤").await;
    daemon.text("b", "+8613800000002", "收 板蓝根 300斤").await;
    daemon.clock(SECOND).await;
    assert_eq!((to_dead(), to_other()), (1, 1), "{}", daemon.log());
    for _ in 0..10 {
        daemon.clock(r#"{"advance_seconds": 600}"#).await;
    }
    assert_eq!(to_dead(), 1, "the answer is not tried again");
    // Both are told of by the seller's text, but only one of them can be reached.
    daemon.text("c", "+8613800000003", "卖 板蓝根 200斤").await;
    for _ in 0..10 {
        daemon.clock(r#"{"advance_seconds": 600}"#).await;
    }
    assert_eq!((to_dead(), to_other()), (1, 2), "{:#?}\n{}", peer.seen(), daemon.log());
    assert!(smsbox.caught().is_empty(), "nor by another carrier");
    assert!(daemon.terminate());
    let (person, mts) = kept_of(dir.path(), DEAD);
    assert!(person["dead"].is_number() && person["stopped"].is_null(), "{person:#}");
    assert!(mts.len() == 1 && mts[0]["attempts"] == 1, "{mts:#?}");
    assert!(mts[0]["state"]["Failed"].is_string(), "{mts:#?}");
    assert!(kept_of(dir.path(), DEAD + 1).0["dead"].is_null());

    // A number that writes lives.
    dead.store(false, std::sync::atomic::Ordering::SeqCst);
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T14:00:00+08:00"}"#).await;
    assert_eq!(to_dead(), 1, "a restart tries nothing again");
    daemon.text("d", "+8613800000001", "我的").await;
    daemon.clock(SECOND).await;
    assert_eq!(to_dead(), 2, "{}", daemon.log());
    assert!(daemon.terminate());
    let (person, mts) = kept_of(dir.path(), DEAD);
    assert!(person["dead"].is_null(), "{person:#}");
    assert!(mts.len() == 2 && mts[1]["state"] == "Sent", "{mts:#?}");
}
