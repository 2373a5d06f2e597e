//! Sending over TLS: whose certificates are believed, and what the operator is told of the others. The carrier stands on this
//! machine with the certificates of `fixtures/tls`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::daemon::{Daemon, Setup, get};
use super::peers::http::{Peer, say};
use super::peers::second::{NINE, SECOND};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls").join(name)
}

/// A Kannel that shows the certificate of this name.
async fn kannel(name: &str) -> Peer {
    let certificate = CertificateDer::from_pem_file(file(&format!("{name}.pem"))).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file(&format!("{name}.key"))).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|c| c.with_no_client_auth().with_single_cert(vec![certificate], key))
        .expect("a server");
    Peer::start_over(Some(TlsAcceptor::from(Arc::new(config))), |_, _| say(202, "0: Accepted for delivery")).await
}

fn believing(peer: &Peer, ca: &str) -> Setup {
    let ca = if ca.is_empty() { String::new() } else { format!("ca_file = {:?}\n", file(ca)) };
    Setup::new(&peer.url("/cgi-bin/sendsms")).extra(&ca).virtual_clock()
}

/// How the route stands, and the last error.
async fn route(daemon: &Daemon) -> (String, String) {
    let page = get(&daemon.client, &format!("{}/routes", daemon.base)).await.expect("an answer").body;
    let routes: serde_json::Value = serde_json::from_str(&page).expect("JSON");
    let word = |key: &str| routes["k"][key].as_str().unwrap_or_default().to_string();
    (word("state"), word("last_error"))
}

fn check_live(dir: &Path) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_xiangxun"))
        .args(["--config", "xiangxun.toml", "check", "--live"])
        .current_dir(dir)
        .output()
        .expect("it runs");
    (out.status.success(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_with_its_own_authority_is_sent_to_once_that_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let peer = kannel("server").await;
    let setup = believing(&peer, "");
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(NINE).await;
    daemon.text("a", "+8613800000001", "卖 板蓝根 200斤").await;
    daemon.clock(SECOND).await;
    let (state, error) = route(&daemon).await;
    assert_eq!(state, "fault", "{error}");
    assert!(error.contains("certificate is not believed") && error.contains("ca_file"), "{error}");
    assert!(peer.seen().is_empty(), "nobody else is given a villager's words");
    let (well, said) = check_live(dir.path());
    assert!(!well && said.contains("name the file of its certificate with ca_file"), "{said}");
    assert!(daemon.terminate());

    // Mended, it goes at once: nothing was lost.
    let setup = believing(&peer, "ca.pem");
    let daemon = Daemon::start(dir.path(), &setup).await;
    daemon.clock(r#"{"now": "2026-11-21T09:10:00+08:00"}"#).await;
    let seen = peer.seen();
    assert!(seen.len() == 1 && seen[0].param("text").contains("板蓝根"), "{seen:?}\n{}", daemon.log());
    assert_eq!(route(&daemon).await.0, "works");
    let (_, said) = check_live(dir.path());
    assert!(!said.contains("certificate"), "{said}");
    assert!(daemon.terminate());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_for_another_host_is_refused_though_its_authority_is_believed() {
    let dir = tempfile::tempdir().expect("a folder");
    let peer = kannel("elsewhere").await;
    let daemon = Daemon::start(dir.path(), &believing(&peer, "ca.pem")).await;
    daemon.clock(NINE).await;
    daemon.text("a", "+8613800000001", "我的").await;
    daemon.clock(SECOND).await;
    let (state, error) = route(&daemon).await;
    assert_eq!(state, "fault", "{error}");
    assert!(error.contains("it is for another host"), "{error}");
    assert!(peer.seen().is_empty());
    assert!(daemon.terminate());
}

#[test]
fn what_is_no_certificate_does_not_start() {
    let dir = tempfile::tempdir().expect("a folder");
    for (content, told) in [
        (Some("hello"), "carrier \"k\": ca must be certificates in PEM"),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "carrier \"k\": ca must be certificates",
        ),
        (None, "carrier \"k\": ca_file names ca.pem, which cannot be read"),
    ] {
        let _ = std::fs::remove_file(dir.path().join("ca.pem"));
        if let Some(content) = content {
            std::fs::write(dir.path().join("ca.pem"), content).expect("a file");
        }
        Setup::new("https://127.0.0.1:1/").extra("ca_file = \"ca.pem\"\n").write(dir.path());
        let (well, said) = check_live(dir.path());
        let faults = said.lines().filter(|l| l.contains("xiangxun.toml:")).count();
        assert!(!well && said.contains(told) && faults == 1, "{said}");
    }
}
