//! Every recorded call of `fixtures/carriers` once more, to the real binary over HTTP: all kinds in one config, each call
//! as the carrier sends it, our answer byte for byte; and the answer to a villager sent through each kind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xiangxun::carrier::{self, Carrier, Door, Refusal};
use xiangxun::clock::Timestamp;

use crate::carriers::{account, arrive, headers_and_body, mt, sections};
use crate::daemon::{Daemon, Setup};
use crate::peers::http::{Peer, Reply, Seen, say};

/// When recorded calls arrive, as their README says.
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/carriers").join(kind)
}

fn read(kind: &str, file: &str) -> String {
    std::fs::read_to_string(folder(kind).join(file)).unwrap_or_else(|e| panic!("{kind}/{file}: {e}"))
}

/// The cases of a kind by name.
fn cases(kind: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(folder(kind)).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.sort();
    let names = files.into_iter().map(|f| f.to_string_lossy().into_owned()).filter(|f| f.ends_with(".http"));
    names.map(|f| (format!("{kind}/{f}"), read(kind, &f))).collect()
}

/// The account of a kind, but sending to `url`: nothing leaves this machine.
fn sending_to(kind: &str, url: &str) -> String {
    let mut settings = read(kind, "account.toml").replace("http://127.0.0.1:9000", url);
    for key in ["send_url", "base_url", "endpoint"] {
        let others = settings.lines().filter(|l| !l.starts_with(&format!("{key} =")));
        let with = [format!("{key} = \"{url}\"")].into_iter().chain(others.map(str::to_string));
        let with = with.collect::<Vec<_>>().join("\n");
        if account(kind, &with).is_ok() {
            settings = with;
        }
    }
    settings
}

/// What the carrier answers where it takes an MT, as recorded.
fn taken(kind: &str) -> Option<(u16, String)> {
    let all: Vec<_> = cases(kind).iter().flat_map(|(_, case)| sections(case)).collect();
    let pair = all.windows(2).find(|w| w[0].0 == "answer" && w[1].0 == "outcome" && w[1].1.starts_with("taken"))?;
    let (status, rest) = pair[0].1.split_once('\n')?;
    Some((status.parse().ok()?, String::from_utf8_lossy(&headers_and_body(rest).1).into_owned()))
}

/// Writes the call to the daemon as it is recorded, and reads the answer: status, content type, body.
pub async fn call(daemon: &Daemon, text: &str) -> (u16, String, String) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (headers, body) = headers_and_body(rest);
    let line = if line.ends_with("HTTP/1.1") { line.to_string() } else { format!("{line} HTTP/1.1") };
    let mut request = format!("{line}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    if !headers.contains_key("host") {
        request.extend_from_slice(b"host: sms.example.cn\r\n");
    }
    for (name, value) in &headers {
        request.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(&body);
    let address = daemon.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("the daemon listens");
    stream.write_all(&request).await.expect("the call is written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {line}: {answer}"));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    let kind = head.lines().find_map(|l| l.strip_prefix("content-type: ")).unwrap_or_default();
    (status, kind.to_string(), body.to_string())
}

async fn set_clock(daemon: &Daemon, now: Timestamp) {
    daemon.clock(&format!("{{\"now\":\"{}\"}}", now.rfc3339())).await;
}

/// All kinds in one daemon, sending to `peer`.
async fn all_kinds(dir: &Path, peer: &Peer) -> Daemon {
    let mut extra = String::new();
    for kind in carrier::all().iter().map(|k| k.name) {
        let settings = sending_to(kind, &peer.url(&format!("/{kind}")));
        let sample = account(kind, &settings).unwrap_or_else(|f| panic!("{kind}: {f:?}")).outgoing(&sample());
        if let Ok(request) = sample {
            assert!(request.url.starts_with("http://127.0.0.1:"), "{kind} would send to {}", request.url);
        }
        let tables = settings.replace("\n[", "\n[carrier.");
        let common = format!("[[carrier]]\nname = \"{kind}\"\nkind = \"{kind}\"\nstation = \"rongjiang\"\n");
        extra += &format!("{common}rate = 1000\n{tables}\n");
    }
    let mut setup = Setup::new(&peer.url("/k")).virtual_clock().extra(&extra);
    setup.wrapper = vec!["env".into(), "XIANGXUN__SERVER__PUBLIC_URL=https://sms.example.cn".into()];
    let daemon = Daemon::start(dir, &setup).await;
    set_clock(&daemon, NOW).await;
    daemon
}

fn sample() -> xiangxun::message::Mt {
    mt("id = 42\nfrom = \"1069012345\"\nto = \"+8613800000000\"\ntext = \"已发布:807号\"\nclass = \"answer\"\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_call_over_http() {
    let peer = taker().await;
    let dir = tempfile::tempdir().unwrap();
    let daemon = all_kinds(dir.path(), &peer).await;
    let mut calls = 0;
    for kind in carrier::all().iter().map(|k| k.name) {
        let carrier = account(kind, &read(kind, "account.toml")).unwrap();
        for (name, case) in cases(kind) {
            calls += replay(&daemon, &*carrier, &name, &case).await;
        }
    }
    assert!(calls > 400, "only {calls} calls");
    assert!(daemon.terminate(), "it stops by itself");
}

/// The calls of one case, up to where it speaks of another account.
async fn replay(daemon: &Daemon, carrier: &dyn Carrier, name: &str, case: &str) -> usize {
    let (mut now, mut calls) = (NOW, 0);
    for (head, body) in sections(case) {
        let door = match head.as_str() {
            "settings" => break,
            "now" => {
                now = Timestamp::parse_rfc3339(body.trim()).unwrap();
                set_clock(daemon, now).await;
                continue;
            }
            "call mo" => Door::Mo,
            "call dlr" => Door::Dlr,
            _ => continue,
        };
        calls += 1;
        let got = call(daemon, &body).await;
        let expected = match arrive(&body, now, |call| carrier.hear(door, call)) {
            Ok(_) => {
                let ack = carrier.ack(door);
                assert_eq!(got, (ack.status.as_u16(), ack.content_type.into(), ack.body), "{name}: {body}");
                continue;
            }
            // A token of no letters in the path is no address of ours.
            Err(Refusal::NotAuthentic(_)) if got.0 == 404 => continue,
            Err(Refusal::NotAuthentic(_)) => StatusCode::FORBIDDEN,
            Err(Refusal::Method(_)) => StatusCode::METHOD_NOT_ALLOWED,
            Err(Refusal::Malformed(_)) => StatusCode::BAD_REQUEST,
        };
        assert_eq!(got.0, expected.as_u16(), "{name}: {body}");
    }
    if now != NOW {
        set_clock(daemon, NOW).await;
    }
    calls
}

/// Takes whatever it is sent, each in the words of the kind whose name begins the path.
async fn taker() -> Peer {
    let answers: BTreeMap<String, (u16, String)> =
        carrier::all().iter().filter_map(|k| Some((k.name.to_string(), taken(k.name)?))).collect();
    Peer::start(move |seen, _| match answers.get(kind_of(seen)) {
        Some((status, body)) => Reply::Say(*status, "content-type: application/json\r\n", body.clone()),
        None => say(200, "ok"),
    })
    .await
}

fn kind_of(seen: &Seen) -> &str {
    seen.path().split('/').nth(1).unwrap_or_default()
}

/// Kinds that bring a text and take its answer, and each answer as the kind sends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_is_answered_through_every_kind() {
    let peer = taker().await;
    let dir = tempfile::tempdir().unwrap();
    let daemon = all_kinds(dir.path(), &peer).await;
    let mut kinds: Vec<&str> = carrier::all().iter().map(|k| k.name).collect();
    kinds.retain(|kind| folder(kind).join("mo-plain.http").exists());
    assert!(kinds.len() >= 12, "{kinds:?}");
    // Kannel's is 退订, after which this phone hears nothing more.
    for (n, kind) in kinds.into_iter().rev().enumerate() {
        // The very same text again and again would be taken for a machine's.
        daemon.text(&format!("between-{n}"), "13800000000", "我的").await;
        let case = sections(&read(kind, "mo-plain.http"));
        let (_, body) = case.into_iter().find(|(head, _)| head == "call mo").expect("a call");
        let answer = call(&daemon, &body).await;
        assert!((200..300).contains(&answer.0), "{kind}: {answer:?}");
        let sent = loop {
            let seen = peer.seen();
            match seen.iter().find(|s| kind_of(s) == kind) {
                Some(sent) => break sent.clone(),
                None => drop(peer.wait(seen.len() + 1).await),
            }
        };
        let account = account(kind, &sending_to(kind, &peer.url(&format!("/{kind}")))).unwrap();
        let expected = account.outgoing(&sample()).unwrap_or_else(|e| panic!("{kind}: {e}"));
        let url: http::Uri = expected.url.parse().unwrap();
        assert_eq!((sent.method.as_str(), sent.path()), (expected.method.as_str(), url.path()), "{kind}");
        // What proves that it is us is sent, whatever the text was.
        let proof = |headers: &HeaderMap| headers.get("authorization").or(headers.get("apikey")).cloned();
        if let Some(shown) = proof(&expected.headers) {
            assert_eq!(proof(&sent.headers), Some(shown), "{kind}");
        }
    }
    assert!(daemon.terminate(), "it stops by itself");
}
