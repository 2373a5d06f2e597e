//! What waits while a carrier is down or slow, through the real binary: answers leave before pushes and pushes before
//! broadcasts, each phone gets its own in their order, and memory stays flat however many there are.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::crash::export;
use super::daemon::{Daemon, Setup};
use super::peers::http::{Peer, Reply, Seen, say};

/// From when the file is written to when all in it is due, by the virtual clock, which begins at the time of this machine. What
/// is due much further on would be taken for the work of a clock that was wrong.
const AHEAD_MS: u64 = 2_400_000;
const THEN: &str = r#"{"advance_seconds": 2460}"#;

/// A text that waits: whose, and of which class.
struct Waiting {
    to: u64,
    class: &'static str,
}

fn phone(n: u64) -> u64 {
    8_613_800_000_000 + n
}

/// A store in `dir` in which these wait, numbered from 1 in their order.
fn import(dir: &Path, setup: &Setup, waiting: &[Waiting]) {
    setup.write(dir);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
    let due = now + AHEAD_MS;
    let next = waiting.len() + 1;
    let mut lines = format!(
        "{{\"header\":{{\"format\":\"xiangxun-export\",\"version\":2,\"seq\":0,\"next_mo\":1,\"next_mt\":{next},\"next_post\":101,\"next_pact\":1,\"taken\":{now}}}}}\n"
    );
    for (n, w) in waiting.iter().enumerate() {
        let (id, to, class, until) = (n + 1, w.to, w.class, due + 2 * 86_400_000);
        lines += &format!(
            "{{\"mt\":{{\"id\":{id},\"carrier\":\"k\",\"from\":\"1069012345\",\"to\":{to},\"text\":\"{id}号在卖板蓝根200斤,合您的101号(收板蓝根)。要联系回{id}号\",\"class\":\"{class}\",\"cause\":null,\"created\":{now},\"due\":{due},\"until\":{until},\"attempts\":0,\"state\":\"Queued\",\"carrier_ref\":null}}}}\n"
        );
    }
    let (records, crc) = (waiting.len(), crc32fast::hash(lines.as_bytes()));
    lines += &format!("{{\"end\":{{\"records\":{records},\"crc32\":{crc}}}}}\n");
    std::fs::write(dir.join("waiting.ndjson"), lines).expect("the file is written");
    let out = Command::new(env!("CARGO_BIN_EXE_xiangxun"))
        .args(["--config", "xiangxun.toml", "import", "waiting.ndjson"])
        .current_dir(dir)
        .output()
        .expect("the binary runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// A Kannel that is down while the switch says so, and takes its time for each text.
async fn slow(down: &Arc<AtomicBool>) -> Peer {
    let down = down.clone();
    Peer::start(move |_, _| {
        if down.load(Ordering::SeqCst) {
            return say(503, "Temporal failure, try again later.");
        }
        Reply::Late(Duration::from_millis(30), Box::new(say(202, "0: Accepted for delivery")))
    })
    .await
}

/// Our number of the MT in a sendsms call, from its report address.
fn mt_of(seen: &Seen) -> u64 {
    let url = seen.param("dlr-url");
    let at = url.find("mt=").expect("the report address names the MT") + 3;
    url[at..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("digits")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_leave_a_slow_carrier_before_pushes_and_pushes_before_broadcasts() {
    const TEXTERS: u64 = 20;
    let dir = tempfile::tempdir().expect("a folder");
    let down = Arc::new(AtomicBool::new(true));
    let peer = slow(&down).await;
    // So few an hour that each class takes some hours, however many requests are under way at once.
    let extra = "[carrier.pace]\nper_hour = 20\n[limits]\nquiet_hours = \"\"\n";
    let setup = Setup::new(&peer.url("/send")).extra(extra).virtual_clock();
    // The least urgent came first, and to the same phones.
    let mut waiting: Vec<Waiting> = (0..20).map(|n| Waiting { to: phone(n), class: "Broadcast" }).collect();
    waiting.extend((0..40).map(|n| Waiting { to: phone(n), class: "Push" }));
    waiting.extend((0..45).map(|n| Waiting { to: phone(n), class: "Answer" }));
    waiting.extend((0..15).map(|n| Waiting { to: phone(n), class: "Answer" }));
    import(dir.path(), &setup, &waiting);
    let daemon = Daemon::start(dir.path(), &setup).await;
    assert!(peer.seen().is_empty(), "nothing is due");
    daemon.clock(THEN).await;
    // Answers that are born while all of it waits.
    for n in 0..TEXTERS {
        daemon.text(&format!("m{n}"), &format!("+{}", phone(100 + n)), "帮助").await;
    }
    daemon.clock(r#"{"advance_seconds": 1}"#).await;
    let refused = peer.seen().len();
    down.store(false, Ordering::SeqCst);
    let all = waiting.len() + TEXTERS as usize;
    // What arrived in one window was under way at once.
    let mut windows: Vec<Vec<u64>> = Vec::new();
    let mut seen = refused;
    for _ in 0..60 {
        daemon.clock(r#"{"advance_seconds": 900}"#).await;
        let arrived = peer.seen();
        windows.push(arrived[seen..].iter().map(mt_of).collect());
        seen = arrived.len();
        if seen - refused == all {
            break;
        }
    }
    let log = daemon.log();
    assert!(daemon.terminate());
    let kept = export(dir.path());
    let classes: BTreeMap<u64, String> = kept
        .iter()
        .filter_map(|l| l.get("mt"))
        .map(|mt| (mt["id"].as_u64().expect("a number"), mt["class"].as_str().expect("a class").to_string()))
        .collect();
    assert_eq!(classes.len(), all, "{log}");
    let window_of: BTreeMap<u64, usize> =
        windows.iter().enumerate().flat_map(|(n, w)| w.iter().map(move |mt| (*mt, n))).collect();
    assert_eq!(window_of.len(), all, "each has left: {windows:?}\n{log}");
    assert_eq!(windows.iter().map(Vec::len).sum::<usize>(), all, "and once: {windows:?}");
    let phones: BTreeMap<u64, String> = peer.seen()[refused..].iter().map(|s| (mt_of(s), s.param("to"))).collect();
    let urgency = |mt: &u64| ["Answer", "Push", "Broadcast"].iter().position(|c| classes[mt] == **c);
    for class in [1, 2] {
        let less: Vec<_> = window_of.iter().filter(|(mt, _)| urgency(mt) >= Some(class)).map(|(_, w)| *w).collect();
        let first = *less.iter().min().expect("some");
        assert!(first >= 8, "the answers alone take some hours: {windows:?}");
        for (mt, window) in window_of.iter().filter(|(mt, w)| urgency(mt) < Some(class) && **w > first) {
            // Only what had to wait for another text to the same phone.
            let busy = |v: &usize| windows[*v].iter().any(|other| phones[other] == phones[mt]);
            let mut before = (first..*window).filter(|v| !windows[*v].is_empty());
            assert!(before.all(|v| busy(&v)), "{mt} left after less urgent ones: {windows:?}");
        }
    }
    let mut orders: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    for call in &peer.seen()[refused..] {
        let mt = mt_of(call);
        orders.entry((call.param("to"), classes[&mt].clone())).or_default().push(mt);
    }
    assert_eq!(orders.values().filter(|o| o.len() == 2).count(), 15, "{orders:?}");
    assert!(orders.values().all(|o| o.is_sorted()), "{orders:?}");
}

/// Resident memory of a process in KiB.
#[cfg(target_os = "linux")]
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches("kB").trim().parse().expect("KiB")
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_flat_while_25000_texts_wait_for_a_carrier_that_is_down() {
    /// More than the outbox holds in memory.
    const WAITING: u64 = 25_000;
    /// Twenty thousand texts in memory are some 10 MB; the store's cache and the allocator have the rest.
    const BOUND_KIB: u64 = 64 * 1024;
    let dir = tempfile::tempdir().expect("a folder");
    let down = Arc::new(AtomicBool::new(true));
    let peer = slow(&down).await;
    let setup = Setup::new(&peer.url("/send")).extra("[limits]\nquiet_hours = \"\"\n").virtual_clock();
    let class = |n| if n % 2 == 0 { "Answer" } else { "Push" };
    let waiting: Vec<Waiting> = (0..WAITING).map(|n| Waiting { to: phone(n % 5_000), class: class(n) }).collect();
    import(dir.path(), &setup, &waiting);
    let daemon = Daemon::start(dir.path(), &setup).await;
    assert!(peer.seen().is_empty(), "nothing is due");
    let start = resident_kib(daemon.pid());
    daemon.clock(THEN).await;
    let mut most = resident_kib(daemon.pid());
    for _ in 0..20 {
        daemon.clock(r#"{"advance_seconds": 300}"#).await;
        most = most.max(resident_kib(daemon.pid()));
    }
    assert!(!peer.seen().is_empty(), "it has been tried");
    let log = daemon.log();
    assert!(daemon.terminate());
    assert!(most <= start + BOUND_KIB, "from {start} to {most} KiB\n{log}");
    let kept = export(dir.path());
    let mts: Vec<_> = kept.iter().filter_map(|l| l.get("mt")).collect();
    assert_eq!(mts.len() as u64, WAITING);
    assert!(mts.iter().all(|mt| mt["state"] == "Queued" || mt["state"].get("Claimed").is_some()), "all still wait");
}
