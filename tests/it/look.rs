//! Prices that markets published, handed to a running daemon; and what is left of somebody who had himself erased.

use std::path::Path;
use std::process::{Command, Output};

use super::daemon::{Daemon, Setup, Smsbox};

fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xiangxun"));
    command.current_dir(dir).env_remove("XIANGXUN_CONFIG").args(args).output().expect("the binary runs")
}

/// What a phone was sent last.
fn last(smsbox: &Smsbox, to: &str) -> String {
    smsbox.caught().iter().rev().find(|m| m.to == to).map(|m| m.text.clone()).unwrap_or_default()
}

const A: &str = "+8613800000065";
const B: &str = "+8613800000066";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_of_markets_are_told_with_their_trend() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let daemon = Daemon::start(dir.path(), &Setup::new(&smsbox.url).virtual_clock()).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;

    let bad = "date,item,market,place,price,unit\n2026-11-20,板蓝根,古州,522632,三块,斤\n2026-11-20,没这样东西,古州,522632,3,斤\n";
    std::fs::write(dir.path().join("bad.csv"), bad).expect("written");
    let out = run(dir.path(), &["import-quotes", "bad.csv"]);
    assert!(!out.status.success());
    let said = String::from_utf8_lossy(&out.stderr);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("bad.csv:2: price \"三块\""), "{said}");
    assert!(lines[1].starts_with("bad.csv:3: item \"没这样东西\""), "{said}");

    let good = "date,item,market,place,price,unit\n\
                2026-11-13,板蓝根,古州,522632,3.0,斤\n\
                2026-11-20,板蓝根,古州,522632,3.2,斤\n\
                2026-11-20,板蓝根,凯里,522601,6.8,公斤\n\
                2026-11-19,板蓝根,贵阳,520100,3.55,斤\n\
                2026-11-19,板蓝根,玉林,450900,4.1,斤\n";
    std::fs::write(dir.path().join("good.csv"), good.replace("520100", "5201").replace("450900", "4509"))
        .expect("written");
    let out = run(dir.path(), &["import-quotes", "good.csv"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(String::from_utf8_lossy(&out.stdout).contains("5 quotes"));
    daemon.clock(r#"{"advance_seconds": 60}"#).await;

    daemon.text("1", B, "收 板蓝根 500斤 3块3").await;
    daemon.text("2", A, "价 板蓝根").await;
    daemon.clock(r#"{"advance_seconds": 1}"#).await;
    assert_eq!(last(&smsbox, A), "板蓝根元/斤:古州3.2 凯里3.4 贵阳3.55,周涨0.2;1人在收,最高3.3。回1看谁收,回2每周发您");
    // from elsewhere the nearest are others
    daemon.text("3", A, "价 板蓝根 玉林").await;
    daemon.clock(r#"{"advance_seconds": 1}"#).await;
    assert!(last(&smsbox, A).starts_with("板蓝根元/斤:玉林4.1 古州3.2"), "{}", last(&smsbox, A));
    // taken once more it changes nothing
    let out = run(dir.path(), &["import-quotes", "good.csv"]);
    assert!(out.status.success());
    daemon.clock(r#"{"advance_seconds": 60}"#).await;
    daemon.text("4", A, "价 板蓝根").await;
    daemon.clock(r#"{"advance_seconds": 1}"#).await;
    assert!(last(&smsbox, A).starts_with("板蓝根元/斤:古州3.2 凯里3.4 贵阳3.55,周涨0.2"), "{}", last(&smsbox, A));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_who_had_himself_erased() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let daemon = Daemon::start(dir.path(), &Setup::new(&smsbox.url).virtual_clock()).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    let texts = [
        (A, "名 石老根"),
        (A, "订 招工"),
        (A, "卖 天麻 5斤 有霉点的便宜"),
        (A, "撤 101"),
        (A, "卖 板蓝根 20斤"),
        (B, "收 板蓝根"),
        (B, "102"),
        (A, "我屋头那个事情"),
        (A, "注销"),
        (A, "1"),
    ];
    for (n, (who, text)) in texts.iter().enumerate() {
        daemon.text(&n.to_string(), who, text).await;
        daemon.clock(r#"{"advance_seconds": 1}"#).await;
    }
    assert!(last(&smsbox, A).starts_with("已删掉"), "{}", last(&smsbox, A));
    assert!(
        smsbox.caught().iter().any(|m| m.to == B && m.text.contains("13800000065")),
        "B was given the number before"
    );
    for _ in 0..3 {
        daemon.clock(r#"{"advance_seconds": 86460}"#).await;
    }
    assert!(daemon.terminate(), "it ends in good order");
    let out = run(dir.path(), &["export", "all.ndjson"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let all = std::fs::read_to_string(dir.path().join("all.ndjson")).expect("the export");
    assert!(all.contains("13800000066"), "the other is there");
    for trace in ["13800000065", "石老根", "霉点", "屋头"] {
        let left: Vec<&str> = all.lines().filter(|l| l.contains(trace)).collect();
        assert!(left.is_empty(), "{trace}: {left:#?}");
    }
}
