//! What should never have been sent: each gets a clear status, stores nothing wrong, and leaves the daemon well.

use http_body_util::Full;
use hyper::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::crash::export;
use super::daemon::{Daemon, PATIENCE, Setup, Smsbox, get, post, send};

const WHO: &str = "%2B8613800000001";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_gets_a_clear_status_and_stores_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let gate = r#"
[[carrier]]
name = "g"
kind = "smsgate"
signing_key = "testkey1"
send_url = "http://127.0.0.1:1"
username = "u"
password = "p"
"#;
    let daemon = Daemon::start(dir.path(), &Setup::new(&smsbox.url).extra(gate)).await;
    let base = &daemon.base;
    let status = async |path: &str| get(&daemon.client, &format!("{base}{path}")).await.expect("an answer").status;
    let text = "text=%E5%8D%96+%E7%89%9B";
    for (path, want) in [
        (format!("/carriers/k/mo?token=wrong&from={WHO}&to=1&{text}"), 403),
        (format!("/carriers/k/mo?from={WHO}&to=1&{text}"), 403),
        (format!("/carriers/nobody/mo?token=secret-token-1&from={WHO}&to=1&{text}"), 404),
        ("/carriers/k/mo?token=secret-token-1".to_string(), 400),
        ("/carriers/k/dlr?token=secret-token-1".to_string(), 400),
        ("/carriers/k/dlr?token=wrong&mt=1&type=1".to_string(), 403),
        ("/no/such/page".to_string(), 404),
    ] {
        assert_eq!(status(&path).await, want, "{path}");
    }

    // SMSGate: no signature, a wrong one, and a right one that is too old
    let body = r#"{"deviceId":"d1","event":"sms:received","id":"e1","payload":{"message":"hi","sender":"+8613800000000"},"webhookId":"w1"}"#;
    let signed = |stamp: &str, signature: &str| {
        let r = Request::post(format!("{base}/carriers/g/mo")).header("content-type", "application/json");
        r.header("x-timestamp", stamp).header("x-signature", signature).body(Full::from(body)).expect("a request")
    };
    assert_eq!(
        post(&daemon.client, &format!("{base}/carriers/g/mo"), "application/json", body)
            .await
            .expect("an answer")
            .status,
        403
    );
    let genuine = "58faf667d09a1c41ad3d735b261f5e6d8fc6851df0f99ce2173e2c8949985496";
    for (stamp, signature) in [("1700000000", "00"), ("1700000000", genuine)] {
        assert_eq!(send(&daemon.client, signed(stamp, signature)).await.expect("an answer").status, 403, "{signature}");
    }

    // 10 MB: refused, and not read to its end
    let large = vec![b'x'; 10 << 20];
    match post(&daemon.client, &format!("{base}/carriers/g/mo"), "application/json", large).await {
        Ok(a) => assert_eq!(a.status, 413),
        Err(cut) => assert!(!cut.is_empty(), "or the line is cut while it is still being sent"),
    }

    // a client that never finishes its request loses its line, and only that
    let mut slow = tokio::net::TcpStream::connect(base.trim_start_matches("http://")).await.expect("a line");
    slow.write_all(b"GET /carriers/k/mo?token=secret-token-1 HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("sent");

    assert_eq!(status("/healthz").await, 200);
    let refused = tokio::time::timeout(PATIENCE, async {
        let mut rest = Vec::new();
        slow.read_to_end(&mut rest).await.map(|_| rest)
    });
    let rest = refused.await.expect("the slow line is cut").unwrap_or_default();
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));

    assert!(daemon.terminate());
    let kept = export(dir.path());
    assert!(!kept.iter().any(|l| l.get("mo").is_some()), "nothing of all that is kept: {kept:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_texts_are_kept_whole_and_answered_in_one_segment() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let daemon = Daemon::start(dir.path(), &Setup::new(&smsbox.url)).await;
    let long = "卖板蓝根".repeat(1250);
    let long_path = super::daemon::encode(&long);
    let mut wanted = Vec::new();
    for (n, raw) in
        ["", "%00", "%FF%FE%80", "%01%02%1B%7F", "%F0%9F%90%82%F0%9F%90%82", long_path.as_str(), "%E5%8D%96"]
            .iter()
            .enumerate()
    {
        let url = format!(
            "{}/carriers/k/mo?token=secret-token-1&id=odd{n}&from=%2B861380000000{n}&to=1069012345&coding=0&charset=UTF-8&text={raw}",
            daemon.base
        );
        let answer = get(&daemon.client, &url).await.expect("an answer");
        assert_eq!(answer.status, 200, "{raw}");
        wanted.push((format!("odd{n}"), (raw.len() > 1_000).then(|| long.clone())));
    }
    // 5,000 characters in a form as well, in either charset
    for (id, charset, encoded) in [("gbk", "GBK", gbk(&long)), ("utf8", "UTF-8", long_path.clone())] {
        let body = format!(
            "token=secret-token-1&id={id}&from=%2B8613800000009&to=1069012345&coding=0&charset={charset}&text={encoded}"
        );
        let url = format!("{}/carriers/k/mo?token=secret-token-1", daemon.base);
        let form = post(&daemon.client, &url, "application/x-www-form-urlencoded", body).await.expect("an answer");
        assert_eq!(form.status, 200, "{form:?}");
        wanted.push((id.to_string(), Some(long.clone())));
    }
    daemon.text("after", "+8613800000077", "帮助").await;
    let all = smsbox.until("the answer to what came last", |all| all.iter().any(|m| m.to == "+8613800000077")).await;
    for to in ["+8613800000005", "+8613800000009"] {
        assert!(all.iter().any(|m| m.to == to), "5,000 characters have their answer: {all:#?}");
    }
    for mt in &all {
        assert_eq!(xiangxun::message::segment::segments(&mt.text), 1, "{mt:?}");
    }
    assert!(daemon.terminate());
    let kept = export(dir.path());
    for (id, text) in wanted {
        let mo = kept.iter().find(|l| l.get("mo").is_some() && l["mo"]["mo"]["mo_id"] == id.as_str());
        let mo = mo.unwrap_or_else(|| panic!("{id} is kept"));
        if let Some(text) = text {
            assert!(mo["mo"]["mo"]["text"] == text.as_str(), "{id} is kept whole");
        }
    }
}

fn gbk(s: &str) -> String {
    let (bytes, _, _) = encoding_rs::GBK.encode(s);
    bytes.iter().map(|b| format!("%{b:02X}")).collect()
}
