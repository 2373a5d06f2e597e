//! A board that somebody adds: one file in the grammar folder, and the daemon brings its people together.

use std::path::Path;

use super::daemon::{Daemon, Setup, Smsbox};

/// Tools lent among neighbours: nothing of it stands in the code or in another file.
const LENDING: &str = r#"
name = "lending"
title = "借用"
days = 5
reach = "county"
item = "required"
kin = "either"
news = "push"

[[side]]
name = "lend"
intent = "sell"
meets = ["borrow"]
role = "offer"
verb = "借出"
doing = "可借"
over = "借出去了"
verbs = ["借出", "可以借给", "借给人用"]

[[side]]
name = "borrow"
intent = "buy"
meets = ["lend"]
role = "want"
verb = "借"
doing = "想借"
over = "借到了"
verbs = ["想借", "要借", "借用一下"]
"#;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|e| e.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_board_is_one_file() {
    let dir = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar"), &dir.path().join("words"));
    std::fs::write(dir.path().join("words/boards/lending.toml"), LENDING).expect("the board is written");
    let smsbox = Smsbox::start().await;
    let mut setup = Setup::new(&smsbox.url).virtual_clock();
    setup.grammar = Some("words".into());
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    let (a, b, c) = ("+8613800000001", "+8613800000002", "+8613800000003");
    for (n, (who, text)) in
        [(a, "打谷机一台可以借给人用"), (b, "想借打谷机两天"), (c, "收打谷机一台"), (a, "我的")].into_iter().enumerate()
    {
        daemon.text(&n.to_string(), who, text).await;
        daemon.clock(r#"{"advance_seconds": 1}"#).await;
    }
    let all = smsbox.caught();
    let to = |who: &str| all.iter().filter(|m| m.to == who).map(|m| m.text.as_str()).collect::<Vec<_>>();
    assert!(to(a)[0].starts_with("已登记101号:借出打谷机"), "{:#?}", to(a));
    assert!(to(b)[0].starts_with("已登记102号:借打谷机") && to(b)[0].contains("可借:101号"), "{:#?}", to(b));
    assert!(to(a)[1].starts_with("102号想借"), "{:#?}", to(a));
    assert!(!to(c)[0].contains("101号"), "who buys one is not lent one: {:#?}", to(c));
    assert!(to(a)[2].contains("101号借出打谷机"), "{:#?}", to(a));
    assert_eq!((to(a).len(), to(b).len(), to(c).len()), (3, 1, 1), "{all:#?}");
}
