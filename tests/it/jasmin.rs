//! The jasmin kind and the real Jasmin: it understands what Jasmin sends, Jasmin takes what it sends, and the daemon
//! behind it answers villagers.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use xiangxun::carrier::charset::Charset;
use xiangxun::carrier::{Arrived, Carrier, Door, Heard, Secrets, SendError, kind};
use xiangxun::clock::Timestamp;
use xiangxun::config::carrier::CarrierConfig;
use xiangxun::message::Sender;

use crate::daemon::{self, Daemon};
use crate::peers::PATIENCE;
use crate::peers::http::{Peer, Reply, Seen};
use crate::peers::jasmin::{self, Jasmin, PASSWORD, USER};
use crate::peers::smsc::{Smsc, Submitted, WITH_HEADER};

const VILLAGER: &str = "8613800000001";
const STATION: &str = "1069012345";

fn settings(send_url: &str) -> String {
    format!("token = \"tok&n 1\"\nsend_url = \"{send_url}\"\nusername = \"{USER}\"\npassword = \"{PASSWORD}\"\n")
}

/// An account whose webhooks come to `public_url`.
fn account(public_url: &str, send_url: &str) -> Arc<dyn Carrier> {
    let mut config = CarrierConfig::new("smpp", "jasmin", settings(send_url).parse().unwrap());
    config.public_url = public_url.into();
    Arc::from((kind("jasmin").unwrap().build)(&config).unwrap())
}

/// What `xiangxun check` tells the operator to type into jcli.
fn typed(carrier: &dyn Carrier, public_url: &str) -> String {
    let lines = carrier.setup(public_url, Secrets::Whole);
    let typed = lines.iter().filter(|l| l.starts_with("  ")).map(|l| l.trim());
    // What is stored for the next start is of no use here.
    typed.filter(|l| *l != "persist").collect::<Vec<_>>().join("\n")
}

fn hear(carrier: &dyn Carrier, seen: &Seen) -> (Door, Heard) {
    let door = if seen.path().contains("/mo/") { Door::Mo } else { Door::Dlr };
    let method: Method = seen.method.parse().unwrap();
    let remote = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (target, query, headers, body) = (&*seen.target, seen.query(), &seen.headers, &*seen.body);
    let call = Arrived { method: &method, target, query, headers, body, remote, now: Timestamp(0) };
    (door, carrier.hear(door, &call).unwrap_or_else(|e| panic!("{e}: {target}")))
}

fn text(mt: &Submitted) -> String {
    let charset = if mt.coding == 8 { Charset::Utf16Be } else { Charset::Gsm7 };
    charset.read(&mt.text)
}

fn parts_of(text: &str) -> Vec<Vec<u8>> {
    let bytes = Charset::Utf16Be.write(text);
    let parts: Vec<&[u8]> = bytes.chunks(134).collect();
    let total = u8::try_from(parts.len()).unwrap();
    let header = |n: usize| [5, 0, 3, 77, total, u8::try_from(n + 1).unwrap()];
    parts.iter().enumerate().map(|(n, part)| [&header(n)[..], part].concat()).collect()
}

/// One Jasmin for all of it: its three daemons take long to start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn villagers_write_and_are_answered_through_real_jasmin() {
    jasmin::installed().unwrap();
    let smsc = Smsc::start().await;
    let jasmin = Jasmin::start(&smsc).await;
    what_it_sends_is_understood(&smsc, &jasmin).await;
    what_it_refuses_is_understood(&jasmin).await;
    two_villagers_meet(&smsc, &jasmin).await;
}

async fn what_it_sends_is_understood(smsc: &Smsc, jasmin: &Jasmin) {
    let us = Peer::start(|_, _| Reply::Say(200, "content-type: text/plain\r\n", "ACK/Jasmin".into())).await;
    let carrier = account(&us.url(""), &jasmin.send_url());
    jasmin.jcli(&typed(&*carrier, &us.url(""))).await;
    let utf16 = |s: &str| Charset::Utf16Be.write(s);
    let long = "求购板蓝根有多少要多少🐂".repeat(12);
    let mut expected: Vec<String> = Vec::new();
    for (coding, bytes, said) in [
        (8, utf16("卖 板蓝根 200斤"), "卖 板蓝根 200斤"),
        (0, b"TD\x00\x1b\x65".to_vec(), "TD@€"),
        (3, b"caf\xe9 +a&b=c%".to_vec(), "café +a&b=c%"),
        (1, b"OK".to_vec(), "OK"),
        (8, utf16("🐂 牛 €5"), "🐂 牛 €5"),
    ] {
        smsc.mo(VILLAGER, STATION, coding, 0, &bytes).await;
        expected.push(said.into());
        // One after the other, so that they come in their order.
        us.wait(expected.len()).await;
    }
    for part in parts_of(&long) {
        smsc.mo(VILLAGER, STATION, 8, WITH_HEADER, &part).await;
    }
    expected.push(long);
    let seen = us.wait(expected.len()).await;
    for (seen, said) in seen.iter().zip(&expected) {
        let (door, heard) = hear(&*carrier, seen);
        let mo = &heard.mos[0];
        assert_eq!((door, &mo.text, &*mo.to), (Door::Mo, said, STATION), "{}", String::from_utf8_lossy(&seen.body));
        assert_eq!(mo.from, Sender::read(VILLAGER));
        assert!(mo.mo_id.as_ref().is_some_and(|id| id.len() == 36), "{:?}", mo.mo_id);
    }
    assert!(smsc.submitted().is_empty(), "our answer makes Jasmin text nobody");
}

async fn what_it_refuses_is_understood(jasmin: &Jasmin) {
    let carrier = account("http://127.0.0.1:1", &jasmin.send_url());
    let ask = async |body: &str| {
        let form = "application/x-www-form-urlencoded";
        let answer = daemon::post(&daemon::client(), &jasmin.send_url(), form, body.to_string()).await.unwrap();
        let status = StatusCode::from_u16(answer.status).unwrap();
        carrier.outcome(status, &HeaderMap::new(), answer.body.as_bytes())
    };
    let wrong = ask("username=villages&password=x&to=8613800000001&content=x").await;
    assert!(matches!(wrong, Err(SendError::Config(_))), "{wrong:?}");
    let missing = ask("username=villages&password=x&content=x").await;
    assert!(matches!(missing, Err(SendError::Permanent(_))), "{missing:?}");
    // What `check --live` asks, with the right password and another.
    for right in [true, false] {
        let url = carrier.probe().unwrap().url;
        let url = if right { url } else { format!("{url}x") };
        let answer = daemon::get(&daemon::client(), &url).await.unwrap();
        let status = StatusCode::from_u16(answer.status).unwrap();
        let probed = carrier.probed(status, &HeaderMap::new(), answer.body.as_bytes());
        let told = if right { probed.is_ok() } else { matches!(probed, Err(SendError::Config(_))) };
        assert!(told, "{right} {}: {probed:?}", answer.body);
    }
}

/// The whole way: SMSC, Jasmin, the daemon, Jasmin, the SMSC, and the reports back.
async fn two_villagers_meet(smsc: &Smsc, jasmin: &Jasmin) {
    let extra = format!(
        "[limits]\nquiet_hours = \"\"\n[[carrier]]\nname = \"smpp\"\nkind = \"jasmin\"\n{}",
        settings(&jasmin.send_url())
    );
    let setup = daemon::Setup::new("http://127.0.0.1:1/").extra(&extra);
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path(), &setup).await;
    // The default route now leads to the daemon, by a connector of its own.
    jasmin
        .jcli(&typed(&*account(&daemon.base, &jasmin.send_url()), &daemon.base).replace("xiangxun-smpp", "daemon"))
        .await;

    let buyer = "8613800000002";
    let begun = smsc.submitted().len();
    smsc.mo(VILLAGER, STATION, 8, 0, &Charset::Utf16Be.write("卖 板蓝根 200斤")).await;
    let first = smsc.wait(begun + 1).await[begun].clone();
    assert_eq!((&*first.to, &*first.from, first.report), (VILLAGER, STATION, true));
    assert!(text(&first).contains("200斤"), "{}", text(&first));
    smsc.mo(buyer, STATION, 8, 0, &Charset::Utf16Be.write("收板蓝根,有多少要多少")).await;
    let told = smsc.wait(begun + 3).await;
    let to: Vec<&str> = told[begun + 1..].iter().map(|s| &*s.to).collect();
    assert!(to.contains(&VILLAGER) && to.contains(&buyer), "{to:?}");
    for mt in &told[begun..] {
        assert!(text(mt).contains("板蓝根") && text(mt).contains('号'), "{}", text(mt));
    }
    for n in begun..begun + 3 {
        smsc.report(n, "DELIVRD").await;
    }
    let joined = async {
        loop {
            let answer = daemon::get(&daemon.client, &format!("{}/metrics", daemon.base)).await.unwrap();
            let delivered = answer.body.lines().filter(|l| l.contains("delivered") && !l.starts_with('#'));
            let sum: f64 = delivered.filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum();
            if sum >= 3.0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, joined).await;
    assert!(in_time.is_ok(), "all three are reported as delivered\n{}", jasmin.logs());
    assert_eq!(smsc.submitted().len(), begun + 3, "and nobody was told anything else");
    assert!(daemon.terminate(), "it stops by itself");
}
