//! What helps when a carrier's support asks: calls recorded and fed again, accounts tried without sending anything.

use std::path::Path;
use std::process::{Command, Output};

use super::crash::export;
use super::daemon::{Daemon, Setup, Smsbox, get};
use super::peers::http::{Peer, say};

fn xiangxun(dir: &Path, args: &[&str]) -> (bool, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_xiangxun"))
        .current_dir(dir)
        .args(["--config", "xiangxun.toml"])
        .args(args)
        .output()
        .expect("it runs");
    let text = |b: Vec<u8>| String::from_utf8(b).expect("UTF-8");
    (status.success(), text(stdout), text(stderr))
}

/// Files in a folder, in their order, once there are so many.
async fn files(dir: &Path, count: usize) -> Vec<std::path::PathBuf> {
    let deadline = std::time::Instant::now() + super::daemon::PATIENCE;
    loop {
        let all = std::fs::read_dir(dir).map(|all| all.filter_map(|e| Some(e.ok()?.path())).collect::<Vec<_>>());
        let mut all = all.unwrap_or_default();
        all.sort();
        if all.len() >= count {
            return all;
        }
        assert!(std::time::Instant::now() < deadline, "{all:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_call_goes_through_the_same_door_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let setup = Setup::new(&smsbox.url).server("record = \"record\"\nrecord_keep = 3\n");
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.text("m1", "+8613812345678", "卖 板蓝根 200斤").await;
    let wrong = format!("{}/carriers/k/mo?token=another&from=1&to=2&text=x", daemon.base);
    assert_eq!(get(&daemon.client, &wrong).await.expect("an answer").status, 403);
    let record = dir.path().join("record");
    let recorded = files(&record, 2).await;
    let text = std::fs::read_to_string(&recorded[0]).expect("a recorded call");
    assert!(text.contains("k Mo: 200") && text.contains("{secret:token}") && text.contains("13800005678"), "{text}");
    assert!(!text.contains("secret-token-1") && !text.contains("13812345678"), "{text}");
    assert!(std::fs::read_to_string(&recorded[1]).expect("a recorded call").contains("403"));

    let file = recorded[0].display().to_string();
    let (well, said, faults) = xiangxun(dir.path(), &["replay", "--dry", &file]);
    let heard: serde_json::Value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said} {faults}"));
    assert!(well && heard["mos"][0]["text"] == "卖 板蓝根 200斤" && heard["mos"][0]["mo_id"] == "m1", "{said}");
    // the same id is a repeat, another a text
    let (well, said, faults) = xiangxun(dir.path(), &["replay", &file]);
    assert!(well && said.starts_with("200"), "{said} {faults}");
    let other = dir.path().join("other.http");
    std::fs::write(&other, text.replace("id=m1", "id=m2")).expect("written");
    assert!(xiangxun(dir.path(), &["replay", &other.display().to_string()]).0);
    let refused = recorded[1].display().to_string();
    let (well, _, faults) = xiangxun(dir.path(), &["replay", &refused]);
    assert!(!well && faults.contains("403"), "{faults}");
    let (well, _, faults) = xiangxun(dir.path(), &["replay", "nowhere.http"]);
    assert!(!well && faults.contains("nowhere.http"), "{faults}");
    // the oldest have gone
    let deadline = std::time::Instant::now() + super::daemon::PATIENCE;
    while files(&record, 3).await.len() > 3 {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(daemon.terminate());
    let from: Vec<u64> = export(dir.path()).iter().filter_map(|l| l.get("person")?["msisdn"].as_u64()).collect();
    assert_eq!(from, [8_613_800_005_678, 8_613_812_345_678], "the second under its masked number");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_tried_without_sending_anything() {
    for (status, answer, well, words) in [
        (400, "Empty receiver number not allowed, rejected", true, "Kannel knows the sendsms user"),
        (403, "Authorization failed for sendsms", false, "carrier \"k\": account or config fault"),
        (503, "starting", false, "carrier \"k\": try again"),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let peer = Peer::start(move |_, _| say(status, answer)).await;
        let more = "[[carrier]]\nname = \"ph\"\nkind = \"phone\"\ntoken = \"0123456789abcdef\"\n";
        Setup::new(&peer.url("/send")).extra(more).write(dir.path());
        let here = dir.path().to_path_buf();
        let run = tokio::task::spawn_blocking(move || xiangxun(&here, &["check", "--live"]));
        let (ok, said, faults) = run.await.expect("it ends");
        assert_eq!(ok, well, "{said} {faults}");
        assert!((said.clone() + &faults).contains(words), "{said} {faults}");
        assert!(said.contains("ph: a phone has no call that would do nothing"), "{said}");
        let seen = peer.seen();
        assert!(seen.len() == 1 && seen[0].param("to").is_empty() && seen[0].param("text").is_empty(), "{seen:?}");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let more = "[[carrier]]\nname = \"r\"\nkind = \"generic\"\ntoken = \"t0ken-t0ken\"\n[carrier.mo]\nfields = { from = \"f\", to = \"t\", text = \"x\" }\n[carrier.send]\nurl = \"http://127.0.0.1:9/?to={to}&text={text}\"\n[carrier.send.answer]\ncode = \"0\"\nok = [\"0\"]\n";
    Setup::new("http://127.0.0.1:9/send").extra(more).write(dir.path());
    let (ok, said, faults) = xiangxun(dir.path(), &["check"]);
    assert!(ok && said.contains("without an id") && said.contains("within 2 minutes"), "{said} {faults}");
}
