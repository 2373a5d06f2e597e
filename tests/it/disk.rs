//! A disk that is full, and a folder that cannot be written: the carrier hears 5xx, the operator one clear line, and when
//! space returns everything goes on without loss.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::crash::export;
use super::daemon::{Daemon, Setup, Smsbox, get};

/// A small disk of its own, gone when dropped. Mounting needs root, as the rest of the suite's set-up does.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, options: &str) -> Disk {
        std::fs::create_dir_all(at).expect("a folder");
        let out =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output().expect("mount runs");
        assert!(out.status.success(), "mount needs root: {}", String::from_utf8_lossy(&out.stderr));
        Disk(at.into())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_recovers_without_loss() {
    let dir = tempfile::tempdir().expect("a folder");
    let disk = Disk::mount(&dir.path().join("data"), "size=24m");
    let smsbox = Smsbox::start().await;
    let setup = Setup::new(&smsbox.url).extra("[limits]\nquiet_hours = \"\"\n");
    let daemon = Daemon::start(dir.path(), &setup).await;
    let phone = |n: usize| format!("+86139{n:08}");
    let text = |n: usize| format!("卖 板蓝根 {}斤", n + 1);
    let mut acked = Vec::new();
    for n in 0..20 {
        daemon.text(&format!("a{n}"), &phone(n), &text(n)).await;
        acked.push(n);
    }
    // fill it to the last byte
    let filler = disk.0.join("filler");
    let full = Command::new("dd").arg("if=/dev/zero").arg(format!("of={}", filler.display())).arg("bs=64K").output();
    assert!(!full.expect("dd runs").status.success(), "the disk is full");
    let mut refused = Vec::new();
    // what is left in the journal's last block may take a few yet
    for n in 20..2000 {
        let a = get(&daemon.client, &daemon.mo_url(&format!("a{n}"), &phone(n), &text(n))).await.expect("an answer");
        match a.status {
            200 => acked.push(n),
            503 => {
                assert!(a.retry_after.is_some(), "the carrier is told to come back: {a:?}");
                refused.push(n);
            }
            other => panic!("{other}: {}", a.body),
        }
        if refused.len() >= 20 {
            break;
        }
    }
    assert!(refused.len() >= 20, "a full disk refuses");
    let log = daemon.log();
    assert!(log.contains("No space left on device"), "the operator is told why:\n{log}");
    assert_ne!(get(&daemon.client, &format!("{}/readyz", daemon.base)).await.expect("an answer").status, 200);

    std::fs::remove_file(filler).expect("space returns");
    let repeat = refused.clone();
    for n in repeat {
        let deadline = std::time::Instant::now() + super::daemon::PATIENCE;
        loop {
            let a =
                get(&daemon.client, &daemon.mo_url(&format!("a{n}"), &phone(n), &text(n))).await.expect("an answer");
            if a.status == 200 {
                acked.push(n);
                break;
            }
            assert!(std::time::Instant::now() < deadline, "it does not recover:\n{}", daemon.log());
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    let wanted = acked.len();
    let caught = smsbox.until("an answer to each", |all| all.len() >= wanted).await;
    let mut to: Vec<&String> = caught.iter().map(|m| &m.to).collect();
    to.sort();
    to.dedup();
    assert_eq!(to.len(), wanted, "each accepted text is answered");
    assert!(daemon.terminate());
    let posts = export(dir.path()).iter().filter(|l| l.get("post").is_some()).count();
    assert_eq!(posts, wanted, "each accepted text is one post, each refused one is none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_stops_the_start_with_one_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let _disk = Disk::mount(&dir.path().join("data"), "size=1m,ro");
    let mut daemon = Daemon::spawn(dir.path(), &Setup::new("http://127.0.0.1:1/"));
    let deadline = std::time::Instant::now() + super::daemon::PATIENCE;
    let status = loop {
        if let Some(status) = daemon.has_ended() {
            break status;
        }
        assert!(std::time::Instant::now() < deadline, "it does not end:\n{}", daemon.log());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert!(!status.success());
    let log = daemon.log();
    let told: Vec<&str> = log.lines().filter(|l| l.contains("data") && l.contains("Read-only file system")).collect();
    assert_eq!(told.len(), 1, "one clear line names the folder and the cause:\n{log}");
}
