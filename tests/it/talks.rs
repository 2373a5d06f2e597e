//! `fixtures/talks/*.txt`: whole conversations, run against the real binary with a virtual clock.
//!
//! ```text
//! @ 2026-11-21T09:00:00+08:00     the clock is set
//! A > 卖 板蓝根 200斤              phone A texts
//! A < 已登记101号:…                and receives; … stands for any words
//! B <                             nothing has come to B since its last line
//! % [limits]                      lines of the config, at the top
//! % managers = +8613900000001     the station's manager
//! 10086 > 欠费                     a sender that is no phone
//! A dials *123#                   by USSD, with answers behind the code: *123*1*200#
//! A types 卖                       an answer to the screen
//! A repeats                       the carrier calls once more with the same
//! A cuts                          the network ends it
//! A/2 types 1                     the same phone in another dialogue of its
//! A sees 卖什么?…|0返回             the screen, | for the end of a line; `END ` before one that ends it
//! ```
//!
//! After each `>` everything that was sent must be named by the `<` lines that follow, per phone in order.

use std::collections::BTreeMap;

use super::daemon::{Caught, Daemon, Setup, Smsbox};
use xiangxun::message::segment::segments;

/// `…` in an expectation stands for any words.
fn fits(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('…').collect();
    let Some(mut rest) = text.strip_prefix(parts[0]) else { return false };
    for (i, part) in parts.iter().enumerate().skip(1) {
        if i + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

fn phone(name: &str) -> String {
    if name.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit()) {
        return name.into();
    }
    let n: u64 = name.bytes().fold(0, |n, b| n * 256 + u64::from(b));
    format!("+86138{n:08}")
}

/// The demo phone's USSD, beside the carrier of the texts.
const PHONE: &str = "\n[[carrier]]\nname = \"phone\"\nkind = \"phone\"\ntoken = \"0123456789abcdef\"\n";

/// `A dials *123#`, and the other lines of a dialogue.
fn by_ussd(line: &str) -> Option<(&str, &str)> {
    let (who, done) = line.split_once(' ')?;
    let word = done.split(' ').next()?;
    matches!(word, "dials" | "types" | "repeats" | "cuts" | "sees").then_some((who, done))
}

/// A phone's dialogue by USSD.
#[derive(Debug, Default)]
pub struct Dialogue {
    pub session: String,
    pub order: u64,
    /// What was sent last, for the carrier to send again.
    pub last: String,
    /// What the phone shows; `END ` before what ended it.
    pub screen: String,
}

impl Dialogue {
    pub async fn call(&mut self, daemon: &Daemon, from: &str, done: &str, sent: u64) {
        let (word, typed) = done.split_once(' ').unwrap_or((done, ""));
        let behind = typed.trim_start_matches("*123").trim_end_matches('#').trim_start_matches('*');
        let (kind, input) = match word {
            "dials" => ("begin", behind),
            "types" => ("continue", typed),
            "cuts" => ("abort", ""),
            _ => ("", ""),
        };
        match kind {
            "begin" => (self.session, self.order) = (format!("s{sent}"), 1),
            "" => {}
            _ => self.order += 1,
        }
        if !kind.is_empty() {
            let call = serde_json::json!({
                "session": self.session, "from": from, "code": "*123#", "kind": kind, "input": input, "order": self.order,
            });
            self.last = call.to_string();
        }
        let url = format!("{}/carriers/phone/ussd?token=0123456789abcdef", daemon.base);
        let a = super::daemon::post(&daemon.client, &url, "application/json", self.last.clone()).await;
        let a = a.expect("an answer");
        assert_eq!(a.status, 200, "{done}: {}\n{}", a.body, daemon.log());
        let said: serde_json::Value = serde_json::from_str(&a.body).expect("JSON");
        let text = said["text"].as_str().expect("a text");
        assert!(xiangxun::message::alphabet::utf16_units(text) <= 80, "{done}: {text}");
        self.screen = if said["ends"] == true { format!("END {text}") } else { text.to_string() };
    }
}

async fn talk(file: &std::path::Path) {
    let script = std::fs::read_to_string(file).expect("the talk is there");
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let config: Vec<&str> = script.lines().filter_map(|l| l.strip_prefix("% ")).collect();
    // the station's table stands before the extra lines, so its managers are named apart
    let (managers, extra): (Vec<&str>, Vec<&str>) = config.into_iter().partition(|l| l.starts_with("managers = "));
    let mut setup = Setup::new(&smsbox.url).virtual_clock().extra(&(extra.join("\n") + PHONE));
    let mut phones: BTreeMap<String, Dialogue> = BTreeMap::new();
    setup.managers = managers.iter().filter_map(|l| l.strip_prefix("managers = ")).map(str::to_string).collect();
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    let (mut read, mut sent) = (0, 0_u64);
    let mut waiting: BTreeMap<String, Vec<Caught>> = BTreeMap::new();
    for (n, line) in script.lines().enumerate() {
        let at = format!("{}:{}", file.display(), n + 1);
        let line = line.trim_end();
        if line.is_empty() || line.starts_with(['#', '%']) {
            continue;
        }
        let nothing_left = |waiting: &BTreeMap<String, Vec<Caught>>| {
            assert!(waiting.values().all(Vec::is_empty), "{at}: not foreseen before this line: {waiting:#?}");
        };
        if let Some(time) = line.strip_prefix("@ ") {
            nothing_left(&waiting);
            daemon.clock(&format!(r#"{{"now": "{time}"}}"#)).await;
        } else if let Some((who, done)) = by_ussd(line) {
            if let Some(want) = done.strip_prefix("sees ") {
                let screen = phones.get(who).map(|d| d.screen.replace('\n', "|")).unwrap_or_default();
                assert!(fits(want, &screen), "{at}:\n  want {want}\n  got  {screen}");
                continue;
            }
            nothing_left(&waiting);
            sent += 1;
            phones
                .entry(who.into())
                .or_default()
                .call(&daemon, &phone(who.split('/').next().unwrap_or(who)), done, sent)
                .await;
            daemon.clock(r#"{"advance_seconds": 1}"#).await;
        } else if let Some((who, text)) = line.split_once(" > ") {
            nothing_left(&waiting);
            sent += 1;
            daemon.text(&format!("{n}-{sent}"), &phone(who), text).await;
            daemon.clock(r#"{"advance_seconds": 1}"#).await;
        } else if let Some((who, want)) = line.split_once(" <") {
            let want = want.trim_start();
            let mine = waiting.entry(phone(who)).or_default();
            if want.is_empty() {
                assert!(mine.is_empty(), "{at}: {who} was to receive nothing: {mine:#?}");
                continue;
            }
            assert!(!mine.is_empty(), "{at}: {who} received nothing");
            let got = mine.remove(0);
            assert!(fits(want, &got.text), "{at}:\n  want {want}\n  got  {}", got.text);
            assert_eq!(segments(&got.text), 1, "{at}: {}", got.text);
            continue;
        } else {
            panic!("{at}: neither a text, nor an answer, nor a time");
        }
        let all = smsbox.caught();
        for mt in &all[read..] {
            waiting.entry(mt.to.clone()).or_default().push(mt.clone());
        }
        read = all.len();
    }
    assert!(waiting.values().all(Vec::is_empty), "{}: not foreseen at the end: {waiting:#?}", file.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_talk_goes_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/talks");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the talks").filter_map(Result::ok).map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "txt"));
    files.sort();
    assert!(files.len() > 30, "the talks are there");
    // while one is written: XIANGXUN_TALKS=look runs those whose names begin so
    if let Ok(only) = std::env::var("XIANGXUN_TALKS") {
        files.retain(|f| f.file_name().is_some_and(|n| only.split(',').any(|o| n.to_string_lossy().starts_with(o))));
    }
    let mut failed = Vec::new();
    for file in files {
        // each on its own, so that one run shows every talk that went wrong
        let name = file.display().to_string();
        if tokio::spawn(async move { talk(&file).await }).await.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "these talks went otherwise (see above): {failed:#?}");
}

#[test]
fn an_ellipsis_stands_for_any_words() {
    assert!(fits("已登记…取消", "已登记101号:卖板蓝根。回撤101号取消"));
    assert!(fits("…200斤…3元", "卖200斤每斤3元"));
    assert!(!fits("已登记…取消", "已登记101号:卖板蓝根"));
    assert!(!fits("好", "好的"));
}
