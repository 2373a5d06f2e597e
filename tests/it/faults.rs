//! A carrier with every fault for an hour of virtual time, through the real binary: what was to be sent is counted, and each
//! text ends in exactly one final state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::crash::export;
use super::daemon::{Daemon, Setup, get};
use super::peers::http::{Peer, Reply, Seen, say};

/// Our number of the MT in a sendsms call, from its report address.
fn mt_of(seen: &Seen) -> u64 {
    let url = seen.param("dlr-url");
    let at = url.find("mt=").expect("the report address names the MT") + 3;
    url[at..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("digits")
}

/// What the carrier does with its n-th call: the same in each run.
fn reply(n: usize) -> Reply {
    match (n.wrapping_mul(2_654_435_761) >> 9) % 13 {
        0 => say(500, "Sending failed."),
        1 => Reply::Reset,
        2 => Reply::Garbage,
        3 => Reply::Half,
        4 => Reply::Say(429, "retry-after: 2\r\n", "too fast".into()),
        5 => say(503, "Temporal failure, try again later."),
        6 => say(403, "Number(s) has/have been denied by white- and/or black-lists."),
        7 => Reply::Late(Duration::from_millis(30), Box::new(say(202, "0: Accepted for delivery"))),
        _ => say(202, "0: Accepted for delivery"),
    }
}

fn is_taken(reply: &Reply) -> bool {
    match reply {
        Reply::Say(202, ..) => true,
        Reply::Late(_, then) => is_taken(then),
        _ => false,
    }
}

/// May have been sent, for all that we know.
fn is_unclear(reply: &Reply) -> bool {
    matches!(reply, Reply::Reset | Reply::Garbage | Reply::Half)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_of_every_fault_loses_and_doubles_nothing() {
    const PHONES: usize = 60;
    /// Each has one answer.
    const TEXTS: [&str; 5] = ["帮助", "我的", "查 板蓝根", "查 土鸡蛋", "查 黄牛"];
    const ROUNDS: usize = TEXTS.len();
    let dir = tempfile::tempdir().expect("a folder");
    let down = Arc::new(AtomicBool::new(false));
    let is_down = down.clone();
    let replies: Arc<std::sync::Mutex<Vec<Reply>>> = Arc::default();
    let said = replies.clone();
    let peer = Peer::start(move |_, n| {
        let reply =
            if is_down.load(Ordering::SeqCst) { say(503, "Temporal failure, try again later.") } else { reply(n) };
        let mut said = said.lock().expect("not poisoned");
        if said.len() <= n {
            said.resize(n + 1, say(0, ""));
        }
        said[n] = reply.clone();
        reply
    })
    .await;
    let setup = Setup::new(&peer.url("/send")).extra("[limits]\nquiet_hours = \"\"\n").virtual_clock();
    let mut daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    let mut reported = BTreeSet::new();
    for (round, text) in TEXTS.into_iter().enumerate() {
        for n in 0..PHONES {
            daemon.text(&format!("r{round}-{n}"), &format!("+86138001{n:05}"), text).await;
        }
        for _ in 0..12 {
            daemon.clock(r#"{"advance_seconds": 30}"#).await;
            report(&daemon, &peer, &replies, &mut reported).await;
        }
        match round {
            // out of reach for some minutes, and with it our own restart
            1 => down.store(true, Ordering::SeqCst),
            2 => {
                assert!(daemon.terminate());
                daemon = Daemon::start(dir.path(), &setup).await;
                daemon.clock(r#"{"now": "2026-11-21T09:20:00+08:00"}"#).await;
                down.store(false, Ordering::SeqCst);
            }
            _ => {}
        }
    }
    for _ in 0..60 {
        daemon.clock(r#"{"advance_seconds": 60}"#).await;
        report(&daemon, &peer, &replies, &mut reported).await;
    }
    let log = daemon.log();
    assert!(daemon.terminate());

    // conservation
    let kept = export(dir.path());
    let mut states: BTreeMap<u64, serde_json::Value> = BTreeMap::new();
    for mt in kept.iter().filter_map(|l| l.get("mt")) {
        assert!(states.insert(mt["id"].as_u64().expect("a number"), mt["state"].clone()).is_none(), "twice");
    }
    assert_eq!(states.len(), PHONES * ROUNDS, "none has vanished, none was made up");
    let (seen, said) = (peer.seen(), replies.lock().expect("not poisoned").clone());
    let mut calls: BTreeMap<u64, Vec<&Reply>> = BTreeMap::new();
    let mut first_taken: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (call, reply) in seen.iter().zip(&said) {
        let mt = mt_of(call);
        calls.entry(mt).or_default().push(reply);
        let order = first_taken.entry(call.param("to")).or_default();
        if is_taken(reply) && !order.contains(&mt) {
            order.push(mt);
        }
    }
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for (mt, state) in &states {
        let calls = calls.get(mt).map(Vec::as_slice).unwrap_or_default();
        let taken = calls.iter().filter(|r| is_taken(r)).count();
        let unclear = calls.iter().filter(|r| is_unclear(r)).count();
        let end = match state {
            serde_json::Value::String(s) if s == "Delivered" => "delivered",
            serde_json::Value::Object(o) if o.contains_key("Failed") => "failed",
            other => panic!("{mt} is not at an end: {other}\n{calls:?}\n{log}"),
        };
        *ends.entry(end).or_default() += 1;
        assert!(taken <= 1, "{mt} was taken {taken} times: {calls:?}");
        assert_eq!(taken == 1, reported.contains(mt), "{mt}");
        if end == "failed" && taken == 0 {
            let denied = calls.iter().any(|r| matches!(r, Reply::Say(403, ..)));
            assert!(denied || unclear >= 2, "{mt} failed without a reason: {calls:?}");
        }
        assert!(end != "delivered" || taken == 1, "{mt}");
    }
    assert_eq!(ends.values().sum::<usize>(), PHONES * ROUNDS, "{ends:?}");
    assert!(ends["delivered"] > ends["failed"], "{ends:?}");
    for (to, order) in first_taken {
        assert!(order.is_sorted(), "{to} got them in the order {order:?}");
    }
}

/// Reports on all that was taken and not yet reported: some before and after others, most twice, some as failed first.
async fn report(daemon: &Daemon, peer: &Peer, replies: &std::sync::Mutex<Vec<Reply>>, reported: &mut BTreeSet<u64>) {
    let said = replies.lock().expect("not poisoned").clone();
    let taken: Vec<Seen> = peer.seen().into_iter().zip(&said).filter(|(_, r)| is_taken(r)).map(|(s, _)| s).collect();
    for call in taken.iter().rev() {
        let mt = mt_of(call);
        if !reported.insert(mt) {
            continue;
        }
        // accepted, and how it ended: once, twice, or in the wrong order
        let kinds: &[&str] = match mt % 5 {
            0 => &["8", "1"],
            1 => &["1", "8", "1"],
            2 => &["2", "2"],
            3 => &["2", "1", "2"],
            _ => &["1"],
        };
        for kind in kinds {
            let url = call.param("dlr-url").replace("%d", kind);
            assert_eq!(get(&daemon.client, &url).await.expect("an answer").status, 200);
        }
    }
}
