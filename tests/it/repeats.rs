//! The same message id, again and again: one post, one answer.

use super::crash::export;
use super::daemon::{Daemon, Setup, Smsbox, get};

const WHO: &str = "+8613800000001";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_at_once_and_after_restart_is_one_post_and_one_answer() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let setup = Setup::new(&smsbox.url);
    let daemon = Daemon::start(dir.path(), &setup).await;
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (client, url) = (daemon.client.clone(), daemon.mo_url("same", WHO, "卖 板蓝根 200斤"));
            tokio::spawn(async move { get(&client, &url).await.expect("an answer") })
        })
        .collect();
    for call in calls {
        let answer = call.await.expect("a call");
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "a repeat hears what the first heard");
    }
    smsbox.until("the answer", |all| !all.is_empty()).await;
    assert!(daemon.terminate());
    for _ in 0..3 {
        let daemon = Daemon::start(dir.path(), &setup).await;
        for _ in 0..3 {
            daemon.text("same", WHO, "卖 板蓝根 200斤").await;
        }
        daemon.kill();
    }
    let daemon = Daemon::start(dir.path(), &setup).await;
    // a text of another person comes after all of these; once it is answered, nothing else is under way before it
    daemon.text("other", "+8613800000002", "帮助").await;
    let all = smsbox.until("the other's answer", |all| all.iter().any(|m| m.to == "+8613800000002")).await;
    assert_eq!(all.iter().filter(|m| m.to == WHO).count(), 1, "{all:#?}");
    assert!(daemon.terminate());
    let posts = export(dir.path()).iter().filter(|l| l.get("post").is_some()).count();
    assert_eq!(posts, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_id_a_quick_repeat_is_the_carriers_and_a_later_one_the_senders() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let daemon = Daemon::start(dir.path(), &Setup::new(&smsbox.url).virtual_clock()).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    let url = daemon.mo_url("", WHO, "我的");
    for (advance, answers) in [(0, 1), (30, 1), (3600, 2)] {
        daemon.clock(&format!(r#"{{"advance_seconds": {advance}}}"#)).await;
        assert_eq!(get(&daemon.client, &url).await.expect("an answer").status, 200);
        daemon.clock(r#"{"advance_seconds": 1}"#).await;
        assert_eq!(smsbox.caught().len(), answers, "after {advance} s");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_tries_in_six_hours_are_one_text_and_a_person_who_says_it_again_is_asked() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    // the carrier gives neither ids nor times, and tries for hours
    let setup = Setup::new(&smsbox.url).extra("repeat_minutes = 360\n[limits]\nquiet_hours = \"\"\n").virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    let url = daemon.mo_url("", WHO, "卖 板蓝根 200斤");
    for n in 0..10 {
        // two at once, as after a time-out
        let (a, b) = tokio::join!(get(&daemon.client, &url), get(&daemon.client, &url));
        assert_eq!((a.expect("an answer").status, b.expect("an answer").status), (200, 200), "{n}");
        daemon.clock(r#"{"advance_seconds": 2100}"#).await;
    }
    assert_eq!(smsbox.caught().len(), 1, "one answer");
    assert!(daemon.terminate());
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-22T09:00:00+08:00"}"#).await;
    assert_eq!(get(&daemon.client, &url).await.expect("an answer").status, 200);
    daemon.clock(r#"{"advance_seconds": 1}"#).await;
    let asked = smsbox.until("the question", |all| all.len() == 2).await;
    assert!(asked[1].text.contains("101号已登着") && asked[1].text.contains("再登回1"), "{asked:#?}");
    daemon.text("yes", WHO, "1").await;
    daemon.clock(r#"{"advance_seconds": 1}"#).await;
    let answered = smsbox.until("the second post", |all| all.len() == 3).await;
    assert!(answered[2].text.contains("102号"), "{answered:#?}");
    assert!(daemon.terminate());
    assert_eq!(export(dir.path()).iter().filter(|l| l.get("post").is_some()).count(), 2);
}
