//! The main job through real carriers: a text in, a match out, both sides told, reports joined.

use std::process::Command;

use xiangxun::carrier::charset::Charset;
use xiangxun::carrier::form::Form;
use xiangxun::clock::Clock;
use xiangxun::message::segment::segments;

use super::crash::export;
use super::daemon::{Daemon, Setup, Smsbox, client, send};
use super::peers::http::{Peer, Seen, say};
use super::peers::kannel::{self, Kannel};
use super::peers::smsgate;

const SELLER: &str = "+8613800000001";
const BUYER: &str = "+8613800000002";
const CODE: &str = "1069012345";

/// An MT as the SMSC at the far end of Kannel gets it.
fn text_of(seen: &Seen) -> (String, String) {
    let form = Form::parse(seen.query().as_bytes());
    let utf16 = seen.param("coding") == "2" && seen.param("charset") != "UTF-8";
    let charset = if utf16 { Charset::Utf16Be } else { Charset::Utf8 };
    (seen.param("to"), charset.read(form.get("text").unwrap_or_default()))
}

/// The group that `xiangxun check` tells the operator to paste into kannel.conf.
fn pasted(dir: &std::path::Path) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_xiangxun"))
        .args(["--config", "xiangxun.toml", "check", "--show-secrets"])
        .current_dir(dir)
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    let lines = said.lines().skip_while(|l| l.trim() != "group = sms-service");
    let group: Vec<&str> = lines.map(str::trim).take_while(|l| l.contains(" = ") && !l.starts_with("In ")).collect();
    assert!(group.len() >= 4, "{said}");
    group.join("\n")
}

/// Three conversations: goods, a job, a lost ox. Who texts what, and what must stand in the texts that come of it.
type Exchange = (&'static str, &'static str, &'static [(&'static str, &'static [&'static str])]);
const EXCHANGES: &[Exchange] = &[
    (SELLER, "卖 板蓝根 200斤", &[(SELLER, &["101号", "卖板蓝根200斤"])]),
    (BUYER, "收板蓝根,有多少要多少", &[(BUYER, &["102号", "101号200斤"]), (SELLER, &["102号", "收板蓝根", "101号"])]),
    (SELLER, "招 采茶工10人 一天120 包吃 栽麻", &[(SELLER, &["103号", "采茶工10人120元/天"])]),
    (BUYER, "找活 采茶", &[(BUYER, &["104号", "103号", "120元/天"]), (SELLER, &["104号", "103号"])]),
    (SELLER, "寻 黄牛 公 右耳缺口 昨晚宰荡", &[(SELLER, &["105号", "寻黄牛"])]),
    (BUYER, "捡到一头黄牛,公的,右耳有缺口", &[(BUYER, &["106号", "105号"]), (SELLER, &["106号", "105号"])]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_real_kannel() {
    assert!(kannel::installed(), "this test needs Debian's package kannel");
    let dir = tempfile::tempdir().expect("a folder");
    let limits = "[limits]\nquiet_hours = \"\"\n";
    // what `check` says is pasted into Kannel, as an operator does
    let mut setup = Setup::new("http://127.0.0.1:1/cgi-bin/sendsms").extra(limits);
    setup.write(dir.path());
    let service = pasted(dir.path());
    let smsc = Peer::start(|_, n| say(200, format!("taken as {n}"))).await;
    let kannel = Kannel::start(kannel::Setup { service: &service, send_url: &smsc.url("/send"), smsbox: "" }).await;
    setup.send_url = kannel.send_url();
    setup.user = (kannel::USER.into(), kannel::PASSWORD.into());
    let daemon = Daemon::start(dir.path(), &setup).await;

    let mut sent = 0;
    for (from, text, want) in EXCHANGES {
        let status = kannel.mo(from, CODE, 2, &Charset::Utf16Be.write(text)).await;
        assert!(status < 300, "{status}\n{}", kannel.logs());
        let all = smsc.wait(sent + want.len()).await;
        let got: Vec<(String, String)> = all[sent..].iter().map(text_of).collect();
        for (to, parts) in *want {
            let fits = |(t, words): &&(String, String)| t == to && parts.iter().all(|p| words.contains(p));
            let mt = got.iter().find(fits);
            assert!(mt.is_some(), "{text}: {to} was to read {parts:?}: {got:#?}\n{}", daemon.log());
            assert!(mt.is_none_or(|(_, words)| segments(words) == 1), "{got:#?}");
        }
        sent += want.len();
    }

    // the phones have all of them; Kannel's reports find their way back
    for (n, mt) in smsc.seen().iter().enumerate() {
        let status = kannel.report(&text_of(mt).0, CODE, &n.to_string(), 1).await;
        assert!(status < 300, "{status}\n{}", kannel.logs());
    }
    daemon.until_metric("xiangxun_dlr_total", r#"outcome="delivered""#, sent as u64).await;
    assert_eq!(smsc.seen().len(), sent, "nobody is told anything twice");
    assert!(daemon.terminate());
    let kept = export(dir.path());
    let states: Vec<String> = kept.iter().filter_map(|l| Some(l.get("mt")?["state"].to_string())).collect();
    assert_eq!(states, vec!["\"Delivered\"".to_string(); sent], "each report is joined to its MT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_an_android_phone() {
    let dir = tempfile::tempdir().expect("a folder");
    let api = smsgate::start().await;
    let unused = Smsbox::start().await;
    let extra = format!(
        "[limits]\nquiet_hours = \"\"\n[[carrier]]\nname = \"phone\"\nkind = \"smsgate\"\nrate = 1000\n{}",
        smsgate::settings(&api)
    );
    let daemon = Daemon::start(dir.path(), &Setup::new(&unused.url).extra(&extra)).await;
    let client = client();
    let webhook = async |event: String, seconds: i64, door: &str| {
        let mut request = hyper::Request::post(format!("{}/carriers/phone/{door}", daemon.base));
        for (name, value) in smsgate::signature(&event, seconds) {
            request = request.header(name, value);
        }
        let request = request.header("content-type", "application/json").body(event.into()).expect("a request");
        send(&client, request).await.expect("an answer").status
    };
    let now = || Clock::System.now();
    let (mut sent, mut n) = (0, 0);
    for (from, text, want) in EXCHANGES {
        n += 1;
        let payload = smsgate::received(&format!("m{n}"), from, text, &now().rfc3339());
        let event = smsgate::event("sms:received", &format!("e{n}"), &payload);
        assert_eq!(webhook(event.clone(), now().0 / 1000, "mo").await, 200);
        assert_eq!(webhook(event.clone(), now().0 / 1000, "mo").await, 200, "a repeat hears the same");
        assert_eq!(webhook(event, now().0 / 1000 - 900, "mo").await, 403, "a stale one is turned away");
        let all = api.wait(sent + want.len()).await;
        let got: Vec<(String, String)> = all[sent..]
            .iter()
            .map(|s| s.json())
            .map(|j| {
                let words = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_string();
                (words(&j["phoneNumbers"][0]), words(&j["textMessage"]["text"]))
            })
            .collect();
        for (to, parts) in *want {
            let fits = |(t, words): &(String, String)| t == to && parts.iter().all(|p| words.contains(p));
            assert!(got.iter().any(fits), "{text}: {to} was to read {parts:?}: {got:#?}\n{}", daemon.log());
        }
        sent += want.len();
    }
    for (n, taken) in api.seen().iter().enumerate() {
        let event = smsgate::event("sms:delivered", &format!("d{n}"), &smsgate::delivered(taken, &now().rfc3339()));
        assert_eq!(webhook(event, now().0 / 1000, "dlr").await, 200);
    }
    assert_eq!(api.seen().len(), sent, "nobody is told anything twice");
    assert!(daemon.terminate());
    let kept = export(dir.path());
    let states: Vec<String> = kept.iter().filter_map(|l| Some(l.get("mt")?["state"].to_string())).collect();
    assert_eq!(states, vec!["\"Delivered\"".to_string(); sent], "each report is joined to its MT");
}
