//! Killed at any moment: what was answered is there, and nothing is there by halves.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

const DIR: &str = "XIANGXUN_TEST_KILL_DIR";

/// Not a test of its own: the child's part, which commits and backs up until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by killed_at_any_moment"]
async fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let (store, _) = open(Path::new(&dir));
    let mut n = store.read(|v| Ok(v.next().mo)).await.unwrap();
    let busy = store.clone();
    let backups = tokio::spawn(async move {
        loop {
            // refused as busy where too much waits
            let _ = busy.backup().await;
        }
    });
    // with an end, lest it outlive a parent that failed
    for _ in 0..100_000 {
        keep(&store, nth(n)).await;
        let mut out = std::io::stdout().lock();
        writeln!(out, "kept {n}").and_then(|()| out.flush()).expect("the parent listens");
        n += 1;
    }
    backups.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut total = 0;
    for round in 1..=6u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::killed::child", "--ignored", "--nocapture"])
            .env(DIR, &data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut answered = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .filter_map(|l| l.unwrap().rsplit_once("kept ").and_then(|(_, n)| n.trim().parse::<u64>().ok()));
        // some rounds end within the first table, some behind several
        let mut last = answered.nth(round as usize * 97 % 400).expect("the child commits");
        child.kill().unwrap();
        child.wait().unwrap();
        last = answered.last().unwrap_or(last);
        let (store, opened) = open(&data);
        assert!(!opened.is_alarming(), "{opened}");
        total = store.read(|v| Ok(v.next().mo)).await.unwrap() - 1;
        assert!(total == last || total == last + 1, "answered {last}, kept {total}");
        if round % 3 == 0 {
            holds(&store, total).await;
        }
    }
    assert!(total > 100);
    // kills amid a backup leave no export that is not whole, and what they left half written goes with the next
    let backups = data.join("backup");
    std::fs::write(backups.join("00000000000000000001.tmp"), "{\"header\":").unwrap();
    let (store, _) = open(&data);
    store.backup().await.unwrap();
    assert!(store.close().await);
    for file in std::fs::read_dir(&backups).unwrap().map(|e| e.unwrap().path()) {
        assert_eq!(file.extension().and_then(|e| e.to_str()), Some("ndjson"), "{}", file.display());
        export::verify(&file, &mut |_| {}).unwrap();
    }
}
