//! The daemon at two in the morning: what its log and its figures say, and what a clock that leaps does to it.

use std::collections::{BTreeMap, BTreeSet};

use super::crash::export;
use super::daemon::{Daemon, Setup, Smsbox, encode, get};
use super::peers::http::{Peer, say};

const SELLER: &str = "+8613812340001";
const BUYER: &str = "+8613912340002";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_follows_a_text_and_tells_nobodys_secrets() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let extra = "[limits]\nquiet_hours = \"\"\n[log]\nformat = \"json\"\n";
    let daemon = Daemon::start(dir.path(), &Setup::new(&smsbox.url).extra(extra)).await;
    daemon.text("m1", SELLER, "卖 板蓝根 200斤").await;
    daemon.text("m2", BUYER, "收板蓝根,有多少要多少").await;
    daemon.text("m3", BUYER, "101").await;
    daemon.text("m4", BUYER, "呜啦啦呀 13712345678 哒哒").await;
    let caught = smsbox.until("answers, news and two numbers", |all| all.len() >= 5).await;
    // a report for each, and calls that are refused
    for mt in &caught {
        let url = mt.dlr_url.replace("%d", "1");
        assert_eq!(get(&daemon.client, &url).await.expect("an answer").status, 200);
    }
    let wrong = format!("{}/carriers/k/mo?token=wr0ng-t0ken&from={}&text=%E5%8D%96", daemon.base, encode(SELLER));
    assert_eq!(get(&daemon.client, &wrong).await.expect("an answer").status, 403);
    let bare = format!("{}/carriers/k/mo?token=secret-token-1&from={}&text=%E5%8D%96", daemon.base, encode(SELLER));
    assert_eq!(get(&daemon.client, &bare).await.expect("an answer").status, 400);
    daemon.until_metric("xiangxun_mt_total", r#"outcome="delivered""#, caught.len() as u64).await;
    let log = daemon.log();
    assert!(daemon.terminate());

    for secret in
        ["13812340001", "13912340002", "13712345678", "secret-token-1", "wr0ng-t0ken", "\"p\"", "板蓝根", "哒哒"]
    {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
    for mt in &caught {
        let words: String = mt.text.chars().take(6).collect();
        assert!(!log.contains(&words), "{words} is in the log:\n{log}");
    }
    let lines: Vec<serde_json::Value> = log
        .lines()
        // what is meant for whoever started it by hand goes to standard output
        .filter(|l| !l.starts_with("xiangxun: "))
        .map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}")))
        .collect();
    // from the text to what it caused, by its number alone
    let of = |mo: u64, message: &str| lines.iter().filter(|l| l["mo"] == mo && l["message"] == message).count();
    assert_eq!((of(1, "mo"), of(1, "sent"), of(1, "reported")), (1, 1, 1), "{log}");
    assert_eq!((of(2, "mo"), of(2, "sent"), of(2, "reported")), (1, 2, 2), "{log}");
    assert!(lines.iter().any(|l| l["to"] == "139****0002"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_that_is_down_for_hours_is_told_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let up = std::sync::Arc::new(std::sync::atomic::AtomicU16::new(503));
    let state = up.clone();
    let peer = Peer::start(move |_, _| say(state.load(std::sync::atomic::Ordering::SeqCst), "0: Accepted")).await;
    let extra = "[limits]\nquiet_hours = \"\"\n";
    let setup = Setup::new(&peer.url("/send")).extra(extra).virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    for n in 0..20 {
        daemon.text(&format!("d{n}"), &format!("+86138000001{n:02}"), "帮助").await;
    }
    for _ in 0..12 {
        daemon.clock(r#"{"advance_seconds": 900}"#).await;
    }
    let figures = get(&daemon.client, &format!("{}/metrics", daemon.base)).await.expect("figures").body;
    assert!(figures.contains(r#"xiangxun_route{carrier="k",state="down"} 1"#), "{figures}");
    assert!(figures.contains(r#"xiangxun_outbox_depth{carrier="k"} 20"#), "{figures}");
    // a restart in between resumes
    assert!(daemon.terminate());
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T12:30:00+08:00"}"#).await;
    up.store(202, std::sync::atomic::Ordering::SeqCst);
    for _ in 0..4 {
        daemon.clock(r#"{"advance_seconds": 900}"#).await;
    }
    daemon.until_metric("xiangxun_mt_total", r#"outcome="sent""#, 20).await;
    let log = daemon.log();
    let figures = get(&daemon.client, &format!("{}/metrics", daemon.base)).await.expect("figures").body;
    assert!(figures.contains(r#"xiangxun_route{carrier="k",state="works"} 1"#), "{figures}");
    assert!(daemon.terminate());
    let count = |what: &str| log.lines().filter(|l| l.contains(what)).count();
    assert!((1..=2).contains(&count("the carrier is out of reach")), "once in each life:\n{log}");
    assert_eq!(count(": sent mt="), 20, "{log}");
    assert!(count("xiangxun::outbox") <= 20 + 2 * 2, "and of the outbox nothing else:\n{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_leaps_a_year_and_back_loses_and_repeats_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let up = std::sync::Arc::new(std::sync::atomic::AtomicU16::new(202));
    let state = up.clone();
    let peer = Peer::start(move |_, _| say(state.load(std::sync::atomic::Ordering::SeqCst), "0: Accepted")).await;
    let setup = Setup::new(&peer.url("/send")).extra("[limits]\nquiet_hours = \"\"\n").virtual_clock();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    daemon.text("before", SELLER, "卖 板蓝根 200斤").await;
    daemon.clock(r#"{"advance_seconds": 1}"#).await;
    assert_eq!(peer.seen().len(), 1);
    // one more waits for its carrier while the clock goes wrong
    up.store(503, std::sync::atomic::Ordering::SeqCst);
    daemon.text("waits", "+8613800000005", "帮助").await;
    daemon.clock(r#"{"advance_seconds": 1}"#).await;

    daemon.clock(r#"{"now": "2027-11-21T09:00:00+08:00"}"#).await;
    daemon.text("ahead", "+8613800000006", "帮助").await;
    // the carrier repeats what it sent before the leap, and an hour of wrong time goes by with all its chores
    daemon.text("before", SELLER, "卖 板蓝根 200斤").await;
    for _ in 0..8 {
        daemon.clock(r#"{"advance_seconds": 900}"#).await;
    }
    up.store(202, std::sync::atomic::Ordering::SeqCst);
    daemon.clock(r#"{"now": "2026-11-21T11:00:00+08:00"}"#).await;
    for _ in 0..3 {
        daemon.clock(r#"{"advance_seconds": 900}"#).await;
    }
    let (mut to, log): (Vec<String>, _) = (peer.seen().iter().map(|s| s.param("to")).collect(), daemon.log());
    to.sort();
    to.dedup();
    assert!(to.contains(&"+8613800000005".to_string()), "what waited is sent: {to:?}\n{log}");
    assert!(to.contains(&"+8613800000006".to_string()), "what came in the wrong time is sent: {to:?}\n{log}");
    assert!(log.contains("the clock has leapt forward") && log.contains("the clock was set back"), "{log}");
    // the post of this morning is there and meets its buyer; the repeat was one
    daemon.text("after", BUYER, "收板蓝根,有多少要多少").await;
    daemon.text("before", SELLER, "卖 板蓝根 200斤").await;
    daemon.clock(r#"{"advance_seconds": 1}"#).await;
    let met = peer.seen().iter().any(|s| s.param("to") == BUYER && s.param("text").contains("101号"));
    assert!(met, "{:#?}\n{}", peer.seen(), daemon.log());

    // back by a year, a restart in it, and forth again
    daemon.clock(r#"{"now": "2025-11-21T12:00:00+08:00"}"#).await;
    daemon.text("past", "+8613800000007", "帮助").await;
    daemon.text("before", SELLER, "卖 板蓝根 200斤").await;
    daemon.clock(r#"{"advance_seconds": 3600}"#).await;
    assert!(daemon.terminate());
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T13:00:00+08:00"}"#).await;
    daemon.clock(r#"{"advance_seconds": 7200}"#).await;
    daemon.text("before", SELLER, "卖 板蓝根 200斤").await;
    daemon.text("past", "+8613800000007", "帮助").await;
    assert!(daemon.terminate());

    let kept = export(dir.path());
    let mos: Vec<&str> = kept.iter().filter_map(|l| l.get("mo")?["mo"]["mo_id"].as_str()).collect();
    assert_eq!(mos, ["before", "waits", "ahead", "after", "past"], "each once");
    let live = kept.iter().filter(|l| l.get("post").is_some_and(|p| p["state"] == "Live")).count();
    assert_eq!(live, 2, "no post has run out");
    let mts: Vec<(u64, &serde_json::Value)> =
        kept.iter().filter_map(|l| Some((l.get("mt")?["id"].as_u64()?, &l["mt"]["state"]))).collect();
    assert!(mts.iter().all(|(_, state)| *state == "Sent"), "{mts:?}");
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    // Kannel takes no ids: a text that was refused before was tried more often than it was taken
    for seen in peer.seen().iter().filter(|s| !["+8613800000005", "+8613800000006"].contains(&s.param("to").as_str())) {
        *texts.entry(seen.param("to") + &seen.param("text")).or_default() += 1;
    }
    assert!(texts.values().all(|n| *n == 1), "nothing is sent twice: {texts:?}");
}

/// Name and labels.
type Series = (String, Vec<(String, String)>);

/// One line of the text format: a series and its value.
fn sample(line: &str) -> Option<(Series, f64)> {
    let is_name = |s: &str| {
        !s.is_empty()
            && !s.starts_with(|c: char| c.is_ascii_digit())
            && s.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c))
    };
    let (series, value) = line.rsplit_once(' ')?;
    let value = if value == "+Inf" { f64::INFINITY } else { value.parse().ok()? };
    let (name, labels) = match series.split_once('{') {
        None => (series, Vec::new()),
        Some((name, rest)) => {
            let mut labels = Vec::new();
            for pair in rest.strip_suffix('}')?.split(',') {
                let (key, value) = pair.split_once('=')?;
                let value = value.strip_prefix('"')?.strip_suffix('"')?;
                if !is_name(key) || value.contains(['"', '\n']) {
                    return None;
                }
                labels.push((key.to_string(), value.to_string()));
            }
            (name, labels)
        }
    };
    is_name(name).then(|| ((name.to_string(), labels), value))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_sound_and_alerts_speak_of_what_is_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let daemon = Daemon::start(dir.path(), &Setup::new(&smsbox.url)).await;
    daemon.text("m1", SELLER, "帮助").await;
    smsbox.until("the answer", |all| !all.is_empty()).await;
    daemon.until_metric("xiangxun_mt_total", r#"outcome="sent""#, 1).await;
    let page = get(&daemon.client, &format!("{}/metrics", daemon.base)).await.expect("figures").body;
    assert!(page.ends_with("# EOF\n"), "{page}");
    let (mut kinds, mut told, mut series) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    for line in page.lines().filter(|l| *l != "# EOF") {
        if let Some(rest) = line.strip_prefix("# ") {
            let words: Vec<&str> = rest.splitn(3, ' ').collect();
            assert!(matches!(words[0], "HELP" | "TYPE" | "UNIT") && words.len() == 3, "{line}");
            assert!(told.insert((words[0].to_string(), words[1].to_string())), "told twice: {line}");
            if words[0] == "TYPE" {
                kinds.insert(words[1].to_string(), words[2].to_string());
            }
            continue;
        }
        let (one, value) = sample(line).unwrap_or_else(|| panic!("{line}"));
        let name = one.0.clone();
        assert!(series.insert(one), "twice: {line}");
        let family = kinds.iter().find(|(family, kind)| {
            let ends: &[&str] = match kind.as_str() {
                "counter" => &["_total"],
                "histogram" => &["_bucket", "_sum", "_count"],
                "info" => &["_info"],
                "gauge" => &[""],
                other => panic!("{other}"),
            };
            ends.iter().any(|end| name == format!("{family}{end}"))
        });
        let (_, kind) = family.unwrap_or_else(|| panic!("of no family: {line}"));
        assert!(value >= 0.0 || kind == "gauge", "{line}");
    }
    let names: BTreeSet<&str> = series.iter().map(|(name, _)| name.as_str()).collect();
    for line in
        [r#"xiangxun_ready 1"#, r#"xiangxun_route{carrier="k",state="works"} 1"#, r#"xiangxun_store{name="failing"} 0"#]
    {
        assert!(page.lines().any(|l| l == line), "{line} is not in\n{page}");
    }
    assert!(daemon.terminate());

    // each figure that an alert or the dashboard asks for exists
    let alerts = include_str!("../../deploy/alerts.yml");
    let asked: BTreeSet<&str> = alerts
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|w| w.starts_with("xiangxun_"))
        .collect();
    assert!(asked.len() >= 6, "{asked:?}");
    for name in asked {
        assert!(names.contains(name), "{name} is asked for by alerts.yml, and there are {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_under_load_takes_seconds_and_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().expect("a folder");
    // a carrier that takes its time, so that much is under way
    let peer = Peer::start(|_, _| {
        super::peers::http::Reply::Late(std::time::Duration::from_millis(200), Box::new(say(202, "0: Accepted")))
    })
    .await;
    let setup = Setup::new(&peer.url("/send")).extra("[limits]\nquiet_hours = \"\"\n");
    let daemon = std::sync::Arc::new(Daemon::start(dir.path(), &setup).await);
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..8 {
        let daemon = daemon.clone();
        senders.spawn(async move {
            let mut acked = 0;
            for n in 0.. {
                let url = daemon.mo_url(&format!("s{sender}-{n}"), &format!("+86137{sender:02}{n:06}"), "帮助");
                match get(&daemon.client, &url).await {
                    Ok(a) if a.status == 200 => acked += 1,
                    _ => break,
                }
            }
            acked
        });
    }
    peer.wait(50).await;
    let begun = std::time::Instant::now();
    let signal = std::process::Command::new("kill").args(["-TERM", &daemon.pid().to_string()]).status();
    assert!(signal.is_ok_and(|s| s.success()));
    let acked: usize = senders.join_all().await.into_iter().sum();
    let mut daemon = std::sync::Arc::into_inner(daemon).expect("the senders are gone");
    let ended = loop {
        if let Some(status) = daemon.has_ended() {
            break status;
        }
        assert!(begun.elapsed() < super::daemon::PATIENCE, "it does not stop:\n{}", daemon.log());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert!(ended.success(), "{}", daemon.log());
    let mos = export(dir.path()).iter().filter(|l| l.get("mo").is_some()).count();
    assert!(mos >= acked && acked > 0, "{mos} kept of {acked} acknowledged");
}
