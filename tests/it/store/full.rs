//! A full disk, played by a limit on the size of files: the child runs under it until the parent lifts it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

const DIR: &str = "XIANGXUN_TEST_FULL_DIR";

/// Not a test of its own: the child's part.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by a_full_disk_loses_nothing"]
async fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let (store, _) = open(Path::new(&dir));
    let mut n = 0;
    let refused = loop {
        let change = nth(n + 1);
        match store.transact(move |_| Ok((change.clone(), ()))).await {
            Ok(()) => n += 1,
            Err(e) => break e,
        }
    };
    assert!(matches!(refused, StoreError::Write { .. }), "{refused}");
    println!("full after {n}");
    std::io::stdin().lock().lines().next().unwrap().unwrap();
    // the same call again, until there is room; nothing of the refused ones is there
    let change = nth(n + 1);
    loop {
        let change = change.clone();
        let tried = store
            .transact(move |v| {
                assert_eq!((v.next().mo, v.mo(n + 1)?), (n + 1, None));
                Ok((change.clone(), ()))
            })
            .await;
        match tried {
            Ok(()) => break,
            Err(StoreError::Write { .. }) => tokio::task::yield_now().await,
            Err(e) => panic!("{e}"),
        }
    }
    fill(&store, n + 2..=n + 20).await;
    assert!(store.close().await, "everything is in its place again");
    println!("closed after {}", n + 20);
}

fn number(line: &str) -> Option<u64> {
    line.rsplit_once(" after ")?.1.trim().parse().ok()
}

async fn a_full_disk_at(bytes: u64) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut child = Command::new("sh")
        // the limit is reported as an error instead of a signal
        .args(["-c", "trap '' XFSZ; exec prlimit --fsize=\"$0\":unlimited \"$@\"", &bytes.to_string()])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "store::full::child", "--ignored", "--nocapture"])
        .env(DIR, &data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(|l| l.unwrap());
    let full = said.find_map(|l| number(&l)).expect("the child meets the limit");
    assert!(full > 10);
    let lifted = Command::new("prlimit")
        .args(["--pid", &child.id().to_string(), "--fsize=unlimited:unlimited"])
        .status()
        .unwrap();
    assert!(lifted.success());
    child.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    let closed = said.find_map(|l| number(&l)).expect("the child goes on when there is room");
    assert!(child.wait().unwrap().success());
    let (store, opened) = open(&data);
    assert!(opened.how == How::Clean && opened.damage.is_empty(), "{opened}");
    holds(&store, closed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing() {
    // sled is the first to meet this one, since it writes more than the journal
    a_full_disk_at(2 << 20).await;
}
