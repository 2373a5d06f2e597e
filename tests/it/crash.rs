//! Kill -9 under load, many times over one folder: nothing acknowledged is lost, nothing is doubled unrecorded, and the
//! outbox moves on by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::daemon::{Daemon, Setup, Smsbox, get};

/// Rounds; the issue asks for a hundred.
const ROUNDS: usize = 100;
/// Texts under way at once.
const AT_ONCE: usize = 8;

/// A repeatable number that looks like chance.
fn chance(n: usize, below: usize) -> usize {
    let mut x = n as u64 ^ 0x9E37_79B9_7F4A_7C15;
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) % below as u64) as usize
}

fn phone(n: usize) -> String {
    format!("+86139{n:08}")
}

/// Each text is a post of its own: another phone, another amount.
fn text(n: usize) -> String {
    format!("卖 板蓝根 {}斤", n + 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_and_double_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let setup = Setup::new(&smsbox.url).virtual_clock().extra("[limits]\nquiet_hours = \"\"\n");
    let acked: Arc<Mutex<BTreeSet<usize>>> = Arc::default();
    let next = Arc::new(AtomicUsize::new(0));
    // texts whose answer never came back: the carrier will repeat them
    let mut unsure: Vec<usize> = Vec::new();
    for round in 0..ROUNDS {
        if round % 7 == 3 {
            // a kill while it opens
            let daemon = Daemon::spawn(dir.path(), &setup);
            tokio::time::sleep(Duration::from_millis(chance(round, 120) as u64)).await;
            daemon.kill();
        }
        let daemon = Arc::new(Daemon::start(dir.path(), &setup).await);
        at_round(&daemon, round).await;
        // the carrier repeats what it heard no 200 for, and some that it did
        let mut repeats = std::mem::take(&mut unsure);
        repeats.extend(acked.lock().expect("not poisoned").iter().rev().take(5));
        let repeats = Arc::new(Mutex::new(repeats));
        let stop_after = 1 + chance(round, 60);
        let done = Arc::new(AtomicUsize::new(0));
        let lost = Arc::new(Mutex::new(Vec::new()));
        let mut senders = Vec::new();
        for _ in 0..AT_ONCE {
            let (daemon, repeats, done, lost) = (daemon.clone(), repeats.clone(), done.clone(), lost.clone());
            let (acked, next) = (acked.clone(), next.clone());
            senders.push(tokio::spawn(async move {
                loop {
                    let again = repeats.lock().expect("not poisoned").pop();
                    let n = again.unwrap_or_else(|| next.fetch_add(1, Ordering::SeqCst));
                    match get(&daemon.client, &daemon.mo_url(&format!("id-{n}"), &phone(n), &text(n))).await {
                        Ok(a) if a.status == 200 => {
                            acked.lock().expect("not poisoned").insert(n);
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(a) if a.status == 503 => lost.lock().expect("not poisoned").push(n),
                        Ok(a) => panic!("{a:?}"),
                        Err(_) => {
                            lost.lock().expect("not poisoned").push(n);
                            return;
                        }
                    }
                }
            }));
        }
        while done.load(Ordering::SeqCst) < stop_after {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let killed = Command::new("kill").args(["-KILL", &daemon.pid().to_string()]).status().expect("kill runs");
        assert!(killed.success());
        for s in senders {
            s.await.expect("a sender");
        }
        drop(Arc::into_inner(daemon).expect("nobody else has it"));
        unsure = lost.lock().expect("not poisoned").clone();
        unsure.append(&mut repeats.lock().expect("not poisoned"));
    }

    // once more, in peace
    let daemon = Daemon::start(dir.path(), &setup).await;
    at_round(&daemon, ROUNDS).await;
    for n in unsure {
        daemon.text(&format!("id-{n}"), &phone(n), &text(n)).await;
        acked.lock().expect("not poisoned").insert(n);
    }
    let acked = acked.lock().expect("not poisoned").clone();
    assert!(acked.len() > ROUNDS, "there was a load: {}", acked.len());
    daemon.clock(r#"{"advance_seconds": 600}"#).await;
    let phones: BTreeSet<String> = acked.iter().map(|n| phone(*n)).collect();
    let caught = smsbox
        .until("an answer to every accepted text", |all| {
            let answered: BTreeSet<&String> = all.iter().map(|m| &m.to).collect();
            phones.iter().all(|p| answered.contains(p))
        })
        .await;
    assert!(daemon.terminate(), "it stops in good order");

    // One answer a phone, however often the carrier repeated itself; what was handed over twice is recorded as such.
    let mut answers: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    let mut sendings: BTreeMap<u64, usize> = BTreeMap::new();
    for mt in &caught {
        answers.entry(&mt.to).or_default().insert(mt.mt());
        *sendings.entry(mt.mt()).or_default() += 1;
    }
    let doubled: Vec<_> = answers.iter().filter(|(_, mts)| mts.len() > 1).collect();
    assert!(doubled.is_empty(), "answered twice: {doubled:?}");
    let kept = export(dir.path());
    let mut posts: BTreeMap<String, usize> = BTreeMap::new();
    for line in &kept {
        if line.get("post").is_some() {
            *posts.entry(line["post"]["owner"].to_string()).or_default() += 1;
        }
        if line.get("mt").is_some() {
            let id = line["mt"]["id"].as_u64().expect("a number");
            let attempts = line["mt"]["attempts"].as_u64().expect("a number") as usize;
            let seen = sendings.get(&id).copied().unwrap_or(0);
            assert!(seen <= attempts, "MT {id} left {seen} times, {attempts} are recorded");
        }
    }
    assert_eq!(posts.len(), acked.len(), "every accepted text is one post");
    assert!(posts.values().all(|n| *n == 1), "no post is doubled");
    let twice = sendings.values().filter(|n| **n > 1).count();
    println!(
        "{ROUNDS} kills, {} texts, {} sendings, {twice} MTs handed over twice and recorded so",
        acked.len(),
        caught.len()
    );
}

/// Each life of the daemon begins some minutes after the last, so that claims of the dead lapse.
async fn at_round(daemon: &Daemon, round: usize) {
    let start = xiangxun::clock::Timestamp::parse_rfc3339("2026-11-21T09:00:00+08:00").expect("a time");
    let now = start.plus(round as i64 * 180_000).rfc3339();
    daemon.clock(&format!(r#"{{"now": "{now}"}}"#)).await;
}

/// All records of a stopped installation.
pub fn export(dir: &std::path::Path) -> Vec<serde_json::Value> {
    let file = dir.join("export.ndjson");
    let out = Command::new(env!("CARGO_BIN_EXE_xiangxun"))
        .args(["--config", "xiangxun.toml", "export"])
        .arg(&file)
        .current_dir(dir)
        .output()
        .expect("the binary runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = std::fs::read_to_string(file).expect("the export");
    text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
}
