//! Long texts in parts, through the real binary: in every order, late, twice, one lost, cut within a character.

use super::crash::export;
use super::daemon::{Daemon, Setup, Smsbox, encode, get};

const SELLER: &str = "+8613812340001";

/// A text as the carrier cuts it: UCS-2, `at` units in each part, with Kannel's `%u` and `%b`.
fn parts(text: &str, reference: u8, at: usize) -> Vec<(String, String)> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let pieces: Vec<&[u16]> = units.chunks(at).collect();
    let total = pieces.len() as u8;
    let escape = |bytes: &[u8]| bytes.iter().map(|b| format!("%{b:02X}")).collect::<String>();
    let part = |(n, piece): (u8, &&[u16])| {
        let bytes: Vec<u8> = piece.iter().flat_map(|u| u.to_be_bytes()).collect();
        (escape(&[5, 0, 3, reference, total, n]), escape(&bytes))
    };
    (1..).zip(&pieces).map(part).collect()
}

async fn say(daemon: &Daemon, id: &str, from: &str, (udh, text): &(String, String)) {
    let (base, from) = (&daemon.base, encode(from));
    let url = format!(
        "{base}/carriers/k/mo?token=secret-token-1&id={id}&from={from}&to=1069012345&coding=2&charset=UTF-16BE&udh={udh}&text={text}"
    );
    let a = get(&daemon.client, &url).await.expect("an answer");
    assert_eq!((a.status, a.body.as_str()), (200, ""), "{}", daemon.log());
}

async fn start(dir: &std::path::Path, smsbox: &Smsbox) -> (Daemon, Setup) {
    let setup = Setup::new(&smsbox.url).extra("[limits]\nquiet_hours = \"\"\n").virtual_clock();
    let daemon = Daemon::start(dir, &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:00:00+08:00"}"#).await;
    (daemon, setup)
}

/// The texts that were accepted, and the live posts.
fn kept(dir: &std::path::Path) -> (Vec<String>, Vec<serde_json::Value>) {
    let lines = export(dir);
    let texts = lines.iter().filter_map(|l| Some(l.get("mo")?["mo"]["text"].as_str()?.to_string())).collect();
    let live = lines.iter().filter_map(|l| l.get("post").filter(|p| p["state"] == "Live").cloned()).collect();
    (texts, live)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_in_every_order_and_twice_make_one_text() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let (daemon, _) = start(dir.path(), &smsbox).await;
    let text = "卖 黄牛 3头 🐂🐂 8000元一头 看货面议";
    // the first cut falls within an ox
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (n, order) in orders.iter().enumerate() {
        let from = format!("+86138123400{n:02}");
        let cut = parts(text, n as u8, 9);
        assert_eq!(cut.len(), 3);
        for at in order {
            // one id, and once more under another, and once with none
            say(&daemon, &format!("a{n}-{at}"), &from, &cut[*at]).await;
            say(&daemon, &format!("a{n}-{at}"), &from, &cut[*at]).await;
            say(&daemon, &format!("b{n}-{at}"), &from, &cut[*at]).await;
            say(&daemon, "", &from, &cut[*at]).await;
        }
    }
    // the repeats go on for hours
    for hour in 0..6 {
        daemon.clock(r#"{"advance_seconds": 3600}"#).await;
        for n in 0..orders.len() {
            say(
                &daemon,
                &format!("late{hour}-{n}"),
                &format!("+86138123400{n:02}"),
                &parts(text, n as u8, 9)[hour % 3],
            )
            .await;
        }
    }
    let caught = smsbox.caught();
    assert!(daemon.terminate());
    let (texts, live) = kept(dir.path());
    assert_eq!(texts, vec![text.to_string(); orders.len()]);
    assert_eq!(live.len(), orders.len());
    assert_eq!(caught.len(), orders.len(), "one answer each: {caught:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_beginning_acts_and_what_comes_later_amends_it_over_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let (daemon, setup) = start(dir.path(), &smsbox).await;
    let cut = parts("卖 板蓝根 200斤 栽麻镇宰荡村 干的 3块5一斤", 9, 14);
    assert_eq!(cut.len(), 2);
    say(&daemon, "p1", SELLER, &cut[0]).await;
    assert!(smsbox.caught().is_empty(), "the rest may be on its way");
    daemon.clock(r#"{"advance_seconds": 60}"#).await;
    let first = smsbox.caught();
    assert!(first.len() == 1 && first[0].text.contains("101号"), "{first:#?}");
    // whoever looks for it finds it
    daemon.text("b1", "+8613912340002", "收板蓝根,有多少要多少").await;
    daemon.clock(r#"{"advance_seconds": 240}"#).await;
    assert!(smsbox.caught().iter().any(|m| m.to == "+8613912340002" && m.text.contains("101号")));
    let before = smsbox.caught().len();
    assert!(daemon.terminate());
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:06:00+08:00"}"#).await;
    say(&daemon, "p2", SELLER, &cut[1]).await;
    daemon.clock(r#"{"advance_seconds": 1}"#).await;
    let after = smsbox.caught().split_off(before);
    assert!(after.len() == 1 && after[0].to == SELLER, "read back, and nobody told twice: {after:#?}");
    assert!(after[0].text.contains("101号") && after[0].text.contains("3.5元"), "{after:#?}");
    assert!(daemon.terminate());
    let (_, live) = kept(dir.path());
    let of_seller: Vec<_> = live.iter().filter(|p| p["side"] == "sell").collect();
    assert_eq!(of_seller.len(), 1);
    assert_eq!((&of_seller[0]["id"], of_seller[0]["price"].is_object()), (&101.into(), true), "{of_seller:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_is_lost_costs_only_itself() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let (daemon, _) = start(dir.path(), &smsbox).await;
    // the second of three is lost; another text of the same phone under the same reference comes next day
    let cut = parts("卖 黄牛 3头 栽麻镇宰荡村的牛 每头8000元可以面议看货再说", 7, 12);
    assert_eq!(cut.len(), 3);
    say(&daemon, "l1", SELLER, &cut[0]).await;
    say(&daemon, "l3", SELLER, &cut[2]).await;
    for _ in 0..12 {
        daemon.clock(r#"{"advance_seconds": 60}"#).await;
    }
    daemon.clock(r#"{"advance_seconds": 86400}"#).await;
    for (n, part) in parts("卖 土鸡蛋 60个 栽麻镇宰荡村的蛋 每个1元2角可以面议看货再说", 7, 12).iter().enumerate()
    {
        say(&daemon, &format!("n{n}"), SELLER, part).await;
    }
    // without its beginning a text waits for the rest, and is kept for a person in the end
    say(&daemon, "x2", "+8613812340009", &parts("呜啦啦呀哒哒哩哩噜噜咕咕嘎嘎呀呀", 3, 9)[1]).await;
    daemon.clock(r#"{"advance_seconds": 60}"#).await;
    daemon.clock(r#"{"advance_seconds": 900}"#).await;
    assert!(daemon.terminate());
    let (texts, live) = kept(dir.path());
    assert!(
        texts.iter().any(|t| t.starts_with("卖 黄牛 3头") && t.contains('…') && t.ends_with("看货再说")),
        "{texts:?}"
    );
    assert!(texts.iter().any(|t| t.starts_with('…')), "{texts:?}");
    let items: Vec<&str> = live.iter().filter_map(|p| p["item"].as_str()).collect();
    assert_eq!(items.len(), 2, "{items:?} {texts:?}");
}
