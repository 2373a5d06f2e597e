//! The real binary in a folder of its own, driven over HTTP; and the carrier it sends through.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::Notify;

/// How long anything on this machine may take before a test gives up; never what decides between right and wrong.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An MT as the carrier caught it, in Kannel's sendsms form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    pub to: String,
    pub from: String,
    pub text: String,
    /// Where its reports go, with Kannel's escapes.
    pub dlr_url: String,
}

impl Caught {
    /// Our number of the MT, from its report address.
    pub fn mt(&self) -> u64 {
        let at = self.dlr_url.find("mt=").expect("the report address names the MT") + 3;
        self.dlr_url[at..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("digits")
    }
}

/// A carrier that takes MTs as Kannel's smsbox does and remembers them.
#[derive(Clone)]
pub struct Smsbox {
    pub url: String,
    caught: Arc<Mutex<Vec<Caught>>>,
    more: Arc<Notify>,
}

impl Smsbox {
    pub async fn start() -> Smsbox {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/cgi-bin/sendsms", listener.local_addr().expect("bound"));
        let (caught, more) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let smsbox = Smsbox { url, caught: caught.clone(), more: more.clone() };
        let take = move |query: axum::extract::RawQuery| {
            let fields = form(query.0.as_deref().unwrap_or_default());
            let get = |name: &str| fields.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()).unwrap_or_default();
            let mt = Caught { to: get("to"), from: get("from"), text: get("text"), dlr_url: get("dlr-url") };
            caught.lock().expect("not poisoned").push(mt);
            more.notify_waiters();
            async { (axum::http::StatusCode::ACCEPTED, "0: Accepted for delivery") }
        };
        let router = axum::Router::new().route("/cgi-bin/sendsms", axum::routing::get(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        smsbox
    }

    pub fn caught(&self) -> Vec<Caught> {
        self.caught.lock().expect("not poisoned").clone()
    }

    /// Waits until `enough` says so of all that was caught.
    pub async fn until(&self, what: &str, enough: impl Fn(&[Caught]) -> bool) -> Vec<Caught> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let more = self.more.notified();
            let all = self.caught();
            if enough(&all) {
                return all;
            }
            assert!(Instant::now() < deadline, "still waiting for {what}; caught: {all:#?}");
            let _ = tokio::time::timeout(Duration::from_millis(200), more).await;
        }
    }
}

/// `a=b&c=d`, decoded.
fn form(query: &str) -> Vec<(String, String)> {
    let decode = |s: &str| percent_encoding::percent_decode_str(&s.replace('+', " ")).decode_utf8_lossy().into_owned();
    query.split('&').filter_map(|p| p.split_once('=')).map(|(k, v)| (decode(k), decode(v))).collect()
}

pub fn encode(s: &str) -> String {
    percent_encoding::utf8_percent_encode(s, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A free port. Another process could take it in between; then the daemon says so and the test fails loudly.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map(|a| a.port()).expect("a free port")
}

pub type HttpClient = Client<HttpConnector, Full<Bytes>>;

pub fn client() -> HttpClient {
    Client::builder(TokioExecutor::new()).build_http()
}

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub retry_after: Option<String>,
}

pub async fn send(client: &HttpClient, request: Request<Full<Bytes>>) -> Result<Answer, String> {
    let response = client.request(request).await.map_err(|e| e.to_string())?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()).map(str::to_string);
    let body = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), retry_after })
}

pub async fn get(client: &HttpClient, url: &str) -> Result<Answer, String> {
    send(client, Request::get(url).body(Full::default()).expect("a request")).await
}

pub async fn post(
    client: &HttpClient,
    url: &str,
    content_type: &str,
    body: impl Into<Bytes>,
) -> Result<Answer, String> {
    let request = Request::builder().method(Method::POST).uri(url).header("content-type", content_type);
    send(client, request.body(Full::new(body.into())).expect("a request")).await
}

/// What a daemon is started with.
#[derive(Debug, Clone)]
pub struct Setup {
    pub port: u16,
    /// Kannel's sendsms of the carrier `k`.
    pub send_url: String,
    pub virtual_clock: bool,
    /// TOML after the usual.
    pub extra: String,
    /// Command in front of the binary, such as a limit on file sizes.
    pub wrapper: Vec<String>,
    /// The station's managers.
    pub managers: Vec<String>,
    /// Name and password at the carrier `k`.
    pub user: (String, String),
    /// TOML of `[server]` besides.
    pub server: String,
    /// Folder of another grammar.
    pub grammar: Option<String>,
}

impl Setup {
    pub fn new(send_url: &str) -> Setup {
        Setup {
            port: free_port(),
            send_url: send_url.into(),
            virtual_clock: false,
            extra: String::new(),
            wrapper: vec![],
            managers: vec![],
            user: ("u".into(), "p".into()),
            server: String::new(),
            grammar: None,
        }
    }

    pub fn virtual_clock(mut self) -> Setup {
        self.virtual_clock = true;
        self
    }

    pub fn extra(mut self, toml: &str) -> Setup {
        self.extra = toml.into();
        self
    }

    pub fn server(mut self, toml: &str) -> Setup {
        self.server = toml.into();
        self
    }

    /// Writes the config into the folder that the daemon is started in.
    pub fn write(&self, dir: &Path) {
        std::fs::write(dir.join("xiangxun.toml"), self.config()).expect("the config is written");
    }

    fn config(&self) -> String {
        let clock = if self.virtual_clock { "virtual" } else { "system" };
        let (port, send_url, extra) = (self.port, &self.send_url, &self.extra);
        let ((user, password), managers) = (&self.user, &self.managers);
        let server = &self.server;
        let grammar = self.grammar.as_ref().map(|g| format!("grammar = {g:?}")).unwrap_or_default();
        format!(
            r#"
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
clock = "{clock}"
{grammar}
{server}
[store]
url = "sled:data"
[station.rongjiang]
name = "榕江县信息站"
place = "522632"
short_codes = ["1069012345"]
managers = {managers:?}
[[carrier]]
name = "k"
kind = "kannel"
token = "secret-token-1"
send_url = "{send_url}"
username = "{user}"
password = "{password}"
rate = 100000
{extra}
"#
        )
    }
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    pub base: String,
    pub client: HttpClient,
    dir: PathBuf,
}

impl Daemon {
    /// Starts it in `dir` and waits until it is ready.
    pub async fn start(dir: &Path, setup: &Setup) -> Daemon {
        let mut daemon = Daemon::spawn(dir, setup);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(a) = get(&daemon.client, &format!("{}/readyz", daemon.base)).await
                && a.status == 200
            {
                return daemon;
            }
            if let Ok(Some(status)) = daemon.child.try_wait() {
                panic!("the daemon ended with {status}:\n{}", daemon.log());
            }
            assert!(Instant::now() < deadline, "the daemon is not ready:\n{}", daemon.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts it without waiting.
    pub fn spawn(dir: &Path, setup: &Setup) -> Daemon {
        setup.write(dir);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("log")).expect("a log");
        let binary = env!("CARGO_BIN_EXE_xiangxun").to_string();
        let words: Vec<String> = setup.wrapper.iter().cloned().chain([binary]).collect();
        let child = Command::new(&words[0])
            .args(&words[1..])
            .args(["--config", "xiangxun.toml", "serve"])
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        Daemon { child, base: format!("http://127.0.0.1:{}", setup.port), client: client(), dir: dir.into() }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// The address of an MO in Kannel's form.
    pub fn mo_url(&self, id: &str, from: &str, text: &str) -> String {
        format!(
            "{}/carriers/k/mo?token=secret-token-1&id={}&from={}&to=1069012345&coding=0&charset=UTF-8&text={}",
            self.base,
            encode(id),
            encode(from),
            encode(text)
        )
    }

    /// Texts as a villager does; the carrier must hear 200.
    pub async fn text(&self, id: &str, from: &str, text: &str) {
        let a = get(&self.client, &self.mo_url(id, from, text)).await.expect("an answer");
        assert_eq!((a.status, a.body.as_str()), (200, ""), "{text}\n{}", self.log());
    }

    /// Sets the virtual clock and returns when all that is due has been handed out.
    pub async fn clock(&self, body: &str) {
        let a = post(&self.client, &format!("{}/clock", self.base), "application/json", body.to_string())
            .await
            .expect("an answer");
        assert_eq!(a.status, 200, "{}\n{}", a.body, self.log());
    }

    /// Waits until a counter of `/metrics` with this label has reached `n`.
    pub async fn until_metric(&self, name: &str, label: &str, n: u64) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let page = get(&self.client, &format!("{}/metrics", self.base)).await.expect("an answer").body;
            let lines = page.lines().filter(|l| l.starts_with(name) && l.contains(label));
            let sum: u64 = lines.filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).map(|v| v as u64).sum();
            if sum >= n {
                return;
            }
            assert!(Instant::now() < deadline, "{name} {label} stands at {sum} of {n}:\n{page}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it as an operator does; returns whether it ended well.
    pub fn terminate(mut self) -> bool {
        let _ = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        self.child.wait().map(|s| s.success()).unwrap_or(false)
    }

    /// Ends it as a power cut does.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn has_ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
