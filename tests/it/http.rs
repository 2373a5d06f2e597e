//! The street door over real sockets: a tiny carrier in front, a scripted house behind.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use xiangxun::carrier::ussd::{Ussd, UssdInput, UssdKind, UssdRequest, UssdScreen};
use xiangxun::carrier::{Ack, Arrived, Carrier, Door, Heard, Outgoing, Refusal, Secrets, SendError, Taken};
use xiangxun::clock::{Clock, Timestamp};
use xiangxun::config::HttpLimits;
use xiangxun::http::{Account, House, Screen, Server, Setup, bind, routes};
use xiangxun::message::{Consent, Dlr, DlrState, Mo, Mt, MtRef, Sender};
use xiangxun::metrics::Metrics;
use xiangxun::store::StoreError;

/// Takes the text from the body, or else from the query; the token is `right`.
#[derive(Debug)]
struct Tiny;

impl Carrier for Tiny {
    fn kind(&self) -> &'static str {
        "tiny"
    }

    fn name(&self) -> &str {
        "tiny"
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        if !call.query.split('&').any(|p| p == "token=right") {
            return Err(Refusal::NotAuthentic("wrong token"));
        }
        if call.method == http::Method::DELETE {
            return Err(Refusal::Method("GET, POST".into()));
        }
        let said = String::from_utf8_lossy(call.body).into_owned();
        if said == "malformed" {
            return Err(Refusal::Malformed("from is missing\nsecond line".into()));
        }
        assert_ne!(said, "break the carrier's file");
        if door == Door::Dlr {
            let dlr = Dlr {
                carrier: "tiny".into(),
                mt: MtRef::Ours(7),
                state: DlrState::Delivered,
                detail: call.remote.to_string(),
                part: None,
            };
            return Ok(Heard { dlrs: vec![dlr], ..Heard::default() });
        }
        let mo = |text: &str| Mo {
            carrier: "tiny".into(),
            mo_id: None,
            from: Sender::read("13800000000"),
            to: "12345".into(),
            text: text.into(),
            sent_at: None,
            part: None,
        };
        let mos = if said.is_empty() { Vec::new() } else { said.split('|').map(mo).collect() };
        Ok(Heard { mos, ..Heard::default() })
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::ACCEPTED, content_type: "text/plain", body: "taken".into() }
    }

    fn outgoing(&self, _: &Mt) -> Result<Outgoing, SendError> {
        Err(SendError::Permanent("only hears".into()))
    }

    fn outcome(&self, _: StatusCode, _: &HeaderMap, _: &[u8]) -> Result<Taken, SendError> {
        Ok(Taken::default())
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, _: &str, _: Secrets) -> Vec<String> {
        Vec::new()
    }

    fn ussd(&self) -> Option<&dyn Ussd> {
        Some(self)
    }
}

/// The body is what was typed; an empty one tells that the session is over.
impl Ussd for Tiny {
    fn hear_ussd(&self, call: &Arrived<'_>) -> Result<UssdRequest, Refusal> {
        if !call.query.split('&').any(|p| p == "token=right") {
            return Err(Refusal::NotAuthentic("wrong token"));
        }
        let typed = String::from_utf8_lossy(call.body).into_owned();
        assert_ne!(typed, "break the carrier's file");
        Ok(UssdRequest {
            carrier: "tiny".into(),
            session: "s".into(),
            from: Sender::read("13800000000"),
            service_code: "*1#".into(),
            kind: if typed.is_empty() { UssdKind::Abort } else { UssdKind::Continue },
            input: UssdInput::Step(typed),
            order: None,
        })
    }

    fn ussd_ack(&self, _: &UssdRequest, screen: Option<&UssdScreen>) -> Ack {
        let body = screen.map_or("nothing".into(), |s| format!("{}{}", s.text, if s.ends { " END" } else { "" }));
        Ack { status: StatusCode::OK, content_type: "text/plain", body }
    }

    fn ussd_setup(&self, _: &str, _: Secrets) -> Vec<String> {
        Vec::new()
    }
}

/// Keeps what it is given; can be told to fail or to wait.
#[derive(Clone, Default)]
struct Fake(Arc<FakeState>);

#[derive(Default)]
struct FakeState {
    mos: Mutex<Vec<Mo>>,
    dlrs: Mutex<Vec<Dlr>>,
    fails_with: Mutex<Option<StoreError>>,
    /// While set, `accept` waits for `go`.
    waits: AtomicBool,
    begun: Notify,
    go: Notify,
    settled: AtomicBool,
    dialled: Mutex<Vec<String>>,
    /// Sessions whose screens came too late.
    late: Mutex<Vec<String>>,
}

impl Fake {
    fn texts(&self) -> Vec<String> {
        self.0.mos.lock().unwrap().iter().map(|m| m.text.clone()).collect()
    }

    fn fail(&self, e: Option<StoreError>) {
        *self.0.fails_with.lock().unwrap() = e;
    }
}

impl House for Fake {
    async fn accept(&self, mo: Mo) -> Result<(), StoreError> {
        assert_ne!(mo.text, "break the service");
        if self.0.waits.load(Ordering::SeqCst) {
            self.0.begun.notify_one();
            self.0.go.notified().await;
        }
        if let Some(e) = self.0.fails_with.lock().unwrap().clone() {
            return Err(e);
        }
        self.0.mos.lock().unwrap().push(mo);
        Ok(())
    }

    async fn report(&self, dlr: Dlr) -> Result<(), StoreError> {
        self.0.dlrs.lock().unwrap().push(dlr);
        Ok(())
    }

    async fn dial(&self, call: UssdRequest) -> Result<Screen, StoreError> {
        if self.0.waits.load(Ordering::SeqCst) {
            self.0.begun.notify_one();
            self.0.go.notified().await;
        }
        if let Some(e) = self.0.fails_with.lock().unwrap().clone() {
            return Err(e);
        }
        let typed = format!("{:?}", call.input);
        self.0.dialled.lock().unwrap().push(typed.clone());
        Ok(Screen { screen: Some(UssdScreen { text: typed, ends: false }), answered: true })
    }

    async fn unseen(&self, call: UssdRequest) {
        self.0.late.lock().unwrap().push(call.session);
        self.0.begun.notify_one();
    }

    fn wait_screen(&self, taken: bool) -> UssdScreen {
        UssdScreen { text: if taken { "dial again" } else { "not taken" }.into(), ends: true }
    }

    async fn consent(&self, _: Consent) -> Result<(), StoreError> {
        unreachable!("this carrier says nothing of phones")
    }

    fn ready(&self) -> Result<(), String> {
        match &*self.0.fails_with.lock().unwrap() {
            Some(e) => Err(e.to_string()),
            None => Ok(()),
        }
    }

    fn idle(&self) -> bool {
        true
    }

    async fn settle(&self) {
        self.0.settled.store(true, Ordering::SeqCst);
    }

    fn measure(&self, metrics: &Metrics) {
        metrics.outbox_depth("tiny", 5);
    }
}

struct Daemon {
    server: Server,
    house: Fake,
    clock: Clock,
}

/// Nothing below waits this long unless it is broken.
const LONG: Duration = Duration::from_secs(30);

fn limits() -> HttpLimits {
    HttpLimits { header_time: LONG, body_time: LONG, stop_time: LONG, ..HttpLimits::default() }
}

async fn daemon(limits: HttpLimits, allow: &[&str]) -> Daemon {
    let house = Fake::default();
    let clock = Clock::virtual_at(Timestamp::parse_rfc3339("2026-11-21T09:00:00+08:00").unwrap());
    let metrics = Metrics::new();
    let account = Account {
        carrier: Arc::new(Tiny),
        allow: allow.iter().map(|a| a.parse().unwrap()).collect(),
        secrets: Vec::new(),
    };
    let router = routes(Setup {
        house: house.clone(),
        carriers: vec![account],
        clock: clock.clone(),
        limits: limits.clone(),
        metrics: metrics.clone(),
        record: None,
    });
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let server = Server::start(listener, router, limits, metrics).unwrap();
    Daemon { server, house, clock }
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Daemon {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.address()).await.unwrap()
    }

    async fn call(&self, method: &str, target: &str, body: &[u8]) -> Reply {
        let mut stream = self.connect().await;
        send(&mut stream, method, target, body).await;
        reply(&mut stream).await
    }
}

async fn send(stream: &mut TcpStream, method: &str, target: &str, body: &[u8]) {
    let head = format!("{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
}

/// Reads one answer with a `Content-Length`; the connection stays open.
async fn reply(stream: &mut TcpStream) -> Reply {
    let read = async {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            let n = stream.read_buf(&mut bytes).await.unwrap();
            assert_ne!(n, 0, "closed within the head: {}", String::from_utf8_lossy(&bytes));
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
        let length: usize =
            head.lines().find_map(|l| l.strip_prefix("content-length: ")).map_or(0, |n| n.trim().parse().unwrap());
        let mut body = bytes[end..].to_vec();
        while body.len() < length {
            assert_ne!(stream.read_buf(&mut body).await.unwrap(), 0, "closed within the body");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { status, head, body: String::from_utf8(body).unwrap() }
    };
    tokio::time::timeout(LONG, read).await.expect("no answer")
}

/// Reads until the server closes; what it sent.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = async {
        // A reset is a close as well.
        while let Ok(n) = stream.read_buf(&mut bytes).await {
            if n == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(LONG, read).await.expect("the connection stays open");
    String::from_utf8_lossy(&bytes).to_lowercase()
}

#[tokio::test]
async fn a_text_is_acknowledged_as_its_carrier_wants_it() {
    let d = daemon(limits(), &[]).await;
    let r = d.call("POST", "/carriers/tiny/mo?token=right", "卖 板蓝根 200斤|收苗".as_bytes()).await;
    assert_eq!((r.status, r.body.as_str()), (202, "taken"));
    assert!(r.head.contains("content-type: text/plain\r\n"), "{}", r.head);
    assert_eq!(d.house.texts(), ["卖 板蓝根 200斤", "收苗"]);
    // A call that says nothing is success as well.
    assert_eq!(d.call("GET", "/carriers/tiny/mo?token=right", b"").await.status, 202);
    assert_eq!(d.call("POST", "/carriers/tiny/dlr?token=right", b"x").await.status, 202);
    assert_eq!(d.house.0.dlrs.lock().unwrap()[0].mt, MtRef::Ours(7));
    let figures = d.call("GET", "/metrics", b"").await;
    assert!(figures.head.contains("application/openmetrics-text"));
    assert!(figures.body.contains("xiangxun_commit_seconds_count 2\n"), "{}", figures.body);
    assert!(figures.body.contains("xiangxun_outbox_depth{carrier=\"tiny\"} 5\n"), "{}", figures.body);
}

#[tokio::test]
async fn strangers_and_nonsense_are_turned_away_with_a_clear_status() {
    let d = daemon(limits(), &[]).await;
    for (method, target, body, status, says) in [
        ("POST", "/carriers/tiny/mo?token=wrong", "卖", 403, "not authentic\n"),
        ("GET", "/carriers/tiny/mo", "", 403, "not authentic\n"),
        ("DELETE", "/carriers/tiny/mo?token=right", "", 405, "method not allowed\n"),
        ("POST", "/carriers/tiny/mo?token=right", "malformed", 400, "from is missing\n"),
        ("POST", "/carriers/other/mo?token=right", "卖", 404, "no such carrier\n"),
        ("POST", "/carriers//mo?token=right", "卖", 404, "no such carrier\n"),
        ("POST", "/carriers/tiny/elsewhere?token=right", "卖", 404, ""),
        ("GET", "/", "", 404, ""),
    ] {
        let r = d.call(method, target, body.as_bytes()).await;
        assert_eq!((r.status, r.body.as_str()), (status, says), "{method} {target} {body}");
    }
    assert!(d.house.texts().is_empty());
    let figures = d.call("GET", "/metrics", b"").await.body;
    assert!(figures.contains("xiangxun_mo_total{carrier=\"tiny\",outcome=\"refused\"} 4\n"), "{figures}");
}

#[tokio::test]
async fn every_way_of_asking_that_http_knows_is_answered() {
    let d = daemon(limits(), &[]).await;
    let whole = |text: &str| text.to_string().into_bytes();
    let close = "Host: x\r\nConnection: close\r\n\r\n";
    let deliver = "POST /carriers/tiny/mo?token=right HTTP/1.1\r\n";
    for (sent, says, texts) in [
        (format!("HEAD /healthz HTTP/1.1\r\n{close}"), &["http/1.1 200", "content-length: 3"][..], 0),
        (format!("OPTIONS * HTTP/1.1\r\n{close}"), &["http/1.1 404"], 0),
        (format!("POST /healthz HTTP/1.1\r\nContent-Length: 0\r\n{close}"), &["http/1.1 405", "allow: get,head"], 0),
        (format!("DELETE /carriers/tiny/mo?token=right HTTP/1.1\r\n{close}"), &["http/1.1 405", "allow: get, post"], 0),
        // A client of the last century, and one that forgot whom it calls: villagers' texts are worth taking.
        ("POST /carriers/tiny/mo?token=right HTTP/1.0\r\nContent-Length: 2\r\n\r\nab".into(), &["http/1.0 202"], 1),
        (format!("{deliver}Connection: close\r\nContent-Length: 2\r\n\r\nab"), &["http/1.1 202"], 1),
        (format!("{deliver}Transfer-Encoding: chunked\r\n{close}1\r\na\r\n1\r\nb\r\n0\r\n\r\n"), &["http/1.1 202"], 1),
        ("POST /carriers/%74iny/mo?token=right HTTP/1.0\r\nContent-Length: 2\r\n\r\nab".into(), &["http/1.0 202"], 1),
        ("POST http://x/carriers/tiny/mo?token=right HTTP/1.0\r\nContent-Length: 2\r\n\r\nab".into(), &["202"], 1),
        (format!("POST /carriers/%ff%00/mo?token=right HTTP/1.1\r\n{close}"), &["http/1.1 404"], 0),
        (format!("POST /carriers/tiny%2Fmo/mo?token=right HTTP/1.1\r\n{close}"), &["http/1.1 404"], 0),
        (format!("POST //carriers/tiny/mo?token=right HTTP/1.1\r\n{close}"), &["http/1.1 404"], 0),
    ] {
        let before = d.house.texts().len();
        let mut stream = d.connect().await;
        stream.write_all(&whole(&sent)).await.unwrap();
        let answer = until_closed(&mut stream).await;
        assert!(says.iter().all(|s| answer.contains(s)), "{sent}\n{answer}");
        assert!(!answer.contains("server:"), "{answer}");
        assert_eq!(d.house.texts().len() - before, texts, "{sent}");
    }
    // Several calls in one breath are answered in their order.
    let mut stream = d.connect().await;
    let calls = format!(
        "{deliver}Host: x\r\nContent-Length: 2\r\n\r\nabGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\n{close}"
    );
    stream.write_all(calls.as_bytes()).await.unwrap();
    let answers = until_closed(&mut stream).await;
    let at = |s: &str| answers.find(s).unwrap_or_else(|| panic!("no {s} in {answers}"));
    assert!(at("http/1.1 202") < at("http/1.1 404") && at("http/1.1 404") < at("http/1.1 200"), "{answers}");
}

#[tokio::test]
async fn the_longest_texts_fit_into_an_address() {
    let d = daemon(limits(), &[]).await;
    let long = |n: usize| format!("/carriers/tiny/mo?token=right&text={}", "%E5%8D%96".repeat(n));
    assert_eq!(d.call("POST", &long(5_000), b"kept").await.status, 202);
    let mut stream = d.connect().await;
    send(&mut stream, "POST", &long(8_000), b"").await;
    let refused = until_closed(&mut stream).await;
    assert!(refused.starts_with("http/1.1 414") || refused.starts_with("http/1.1 431"), "{refused}");
    assert_eq!(d.house.texts(), ["kept"]);
}

#[tokio::test]
async fn an_address_list_keeps_others_out() {
    let d = daemon(limits(), &["10.0.0.0/8"]).await;
    assert_eq!(d.call("POST", "/carriers/tiny/mo?token=right", b"x").await.status, 403);
    let d = daemon(limits(), &["10.0.0.0/8", "127.0.0.1"]).await;
    assert_eq!(d.call("POST", "/carriers/tiny/mo?token=right", b"x").await.status, 202);
    assert_eq!(d.call("POST", "/carriers/tiny/dlr?token=right", b"x").await.status, 202);
    assert_eq!(d.house.0.dlrs.lock().unwrap()[0].detail, "127.0.0.1");
}

#[tokio::test]
async fn what_a_carrier_sends_may_be_any_bytes() {
    let d = daemon(limits(), &[]).await;
    for body in [&b"\xff\xfe\x00\x01"[..], b"\0", "控制\u{7}\u{0}".as_bytes(), &[0x80; 5_000]] {
        assert_eq!(d.call("POST", "/carriers/tiny/mo?token=right", body).await.status, 202);
    }
    assert_eq!(d.call("GET", "/carriers/tiny/mo?token=right&text=%FF%00%", b"").await.status, 202);
    assert_eq!(d.house.texts()[..2], ["\u{fffd}\u{fffd}\0\u{1}", "\0"]);
    // Bytes that no HTTP has are answered as such, and the next caller is served.
    let mut stream = d.connect().await;
    stream.write_all(b"\x16\x03\x01\0\xff\xff garbage\r\n\r\n").await.unwrap();
    assert!(until_closed(&mut stream).await.starts_with("http/1.1 400"));
    assert_eq!(d.call("GET", "/healthz", b"").await.status, 200);
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused_unread() {
    let d = daemon(limits(), &[]).await;
    // Declared: refused before a byte of it is sent.
    let mut stream = d.connect().await;
    let head = "POST /carriers/tiny/mo?token=right HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = until_closed(&mut stream).await;
    assert!(answer.starts_with("http/1.1 413") && answer.contains("connection: close"), "{answer}");
    // Sent nevertheless: the client still sees the answer.
    let mut stream = d.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = vec![b'x'; 65_536];
    for _ in 0..160 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    assert!(until_closed(&mut stream).await.starts_with("http/1.1 413"));
    // In chunks, without a declared length: read up to the limit, then refused.
    let mut stream = d.connect().await;
    let head = "POST /carriers/tiny/mo?token=right HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut chunk = b"2000\r\n".to_vec();
    chunk.extend([b'x'; 0x2000]);
    chunk.extend(b"\r\n");
    for _ in 0..9 {
        stream.write_all(&chunk).await.unwrap();
    }
    assert!(until_closed(&mut stream).await.starts_with("http/1.1 413"));
    // The largest that is allowed is taken.
    let most = vec![b'x'; 64 * 1024];
    assert_eq!(d.call("POST", "/carriers/tiny/mo?token=right", &most).await.status, 202);
    assert_eq!(d.house.texts().len(), 1);
    // A head without an end is cut off, too.
    let mut stream = d.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    for _ in 0..80 {
        if stream.write_all(&[b'x'; 1024]).await.is_err() {
            break;
        }
    }
    assert!(until_closed(&mut stream).await.starts_with("http/1.1 431"));
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
    let short = Duration::from_millis(50);
    let d = daemon(HttpLimits { header_time: short, body_time: short, ..limits() }, &[]).await;
    // Nothing at all, half a head, half a second head.
    for (sent, answers) in [("", 0), ("GET /healthz HT", 0), ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET", 1)] {
        let mut stream = d.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let answer = until_closed(&mut stream).await;
        assert_eq!(answer.matches("http/1.1 200 ok").count(), answers, "{sent}: {answer}");
    }
    // Half a body, to a webhook and to the clock.
    for target in ["/carriers/tiny/mo?token=right", "/clock"] {
        let mut stream = d.connect().await;
        let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = until_closed(&mut stream).await;
        assert!(answer.starts_with("http/1.1 4"), "{answer}");
    }
    assert!(d.house.texts().is_empty());
}

#[tokio::test]
async fn a_store_that_lags_or_fails_is_answered_so_that_the_carrier_calls_again() {
    let d = daemon(limits(), &[]).await;
    let full = StoreError::Write { path: "data/journal".into(), cause: "no space left on device".into() };
    for (fault, status, after) in [
        (StoreError::Busy, 503, "retry-after: 2\r\n"),
        (full, 503, "retry-after: 30\r\n"),
        (StoreError::Closed, 503, "retry-after: 30\r\n"),
        (StoreError::Read { what: "a post".into(), cause: "bad checksum".into() }, 500, ""),
    ] {
        d.house.fail(Some(fault));
        let r = d.call("POST", "/carriers/tiny/mo?token=right", b"x").await;
        assert_eq!(r.status, status);
        assert!(r.head.contains(after), "{}", r.head);
        let r = d.call("GET", "/readyz", b"").await;
        assert_eq!(r.status, 503, "{}", r.body);
    }
    d.house.fail(None);
    assert_eq!(d.call("POST", "/carriers/tiny/mo?token=right", b"x").await.status, 202);
    assert_eq!(d.call("GET", "/readyz", b"").await.status, 200);
    assert_eq!(d.house.texts(), ["x"]);
}

#[tokio::test]
async fn a_fault_of_the_code_harms_no_other_call() {
    let d = daemon(limits(), &[]).await;
    let mut stream = d.connect().await;
    for text in ["break the carrier's file", "break the service"] {
        send(&mut stream, "POST", "/carriers/tiny/mo?token=right", text.as_bytes()).await;
        assert_eq!(reply(&mut stream).await.status, 500);
    }
    send(&mut stream, "POST", "/carriers/tiny/mo?token=right", b"x").await;
    assert_eq!(reply(&mut stream).await.status, 202);
}

#[tokio::test]
async fn more_calls_than_may_wait_are_told_to_come_again() {
    let d = daemon(HttpLimits { in_flight: 1, ..limits() }, &[]).await;
    d.house.0.waits.store(true, Ordering::SeqCst);
    let mut first = d.connect().await;
    send(&mut first, "POST", "/carriers/tiny/mo?token=right", b"first").await;
    d.house.0.begun.notified().await;
    let second = d.call("POST", "/carriers/tiny/mo?token=right", b"second").await;
    assert_eq!(second.status, 503);
    assert!(second.head.contains("retry-after: 2\r\n"));
    assert!(d.call("GET", "/clock", b"").await.body.contains("\"idle\":false"));
    d.house.0.go.notify_one();
    assert_eq!(reply(&mut first).await.status, 202);
    assert!(d.call("GET", "/clock", b"").await.body.contains("\"idle\":true"));
    assert_eq!(d.house.texts(), ["first"]);
}

#[tokio::test]
async fn a_carrier_that_hangs_up_does_not_stop_what_it_began() {
    let d = daemon(limits(), &[]).await;
    d.house.0.waits.store(true, Ordering::SeqCst);
    let mut stream = d.connect().await;
    send(&mut stream, "POST", "/carriers/tiny/mo?token=right", b"x").await;
    d.house.0.begun.notified().await;
    drop(stream);
    // Served after the server has seen the hang-up, or before: either way the text is kept.
    assert_eq!(d.call("GET", "/healthz", b"").await.status, 200);
    d.house.0.waits.store(false, Ordering::SeqCst);
    d.house.0.go.notify_one();
    assert_eq!(d.call("POST", "/carriers/tiny/mo?token=right", b"y").await.status, 202);
    let kept = async {
        while d.house.texts().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, kept).await.expect("the text was dropped");
}

#[tokio::test]
async fn connections_are_kept_and_bounded() {
    let d = daemon(HttpLimits { connections: 1, ..limits() }, &[]).await;
    let mut first = d.connect().await;
    for _ in 0..3 {
        send(&mut first, "GET", "/healthz", b"").await;
        assert_eq!(reply(&mut first).await.body, "ok\n");
    }
    // The second waits until the first has gone.
    let mut second = d.connect().await;
    send(&mut second, "GET", "/healthz", b"").await;
    send(&mut first, "GET", "/healthz", b"").await;
    assert_eq!(reply(&mut first).await.status, 200);
    drop(first);
    assert_eq!(reply(&mut second).await.status, 200);
}

#[tokio::test]
async fn stopping_finishes_the_call_under_way_and_takes_no_more() {
    let d = daemon(limits(), &[]).await;
    let address = d.server.address();
    d.house.0.waits.store(true, Ordering::SeqCst);
    let mut idle = d.connect().await;
    send(&mut idle, "GET", "/healthz", b"").await;
    assert_eq!(reply(&mut idle).await.status, 200);
    let mut busy = d.connect().await;
    send(&mut busy, "POST", "/carriers/tiny/mo?token=right", b"x").await;
    d.house.0.begun.notified().await;
    let stopping = tokio::spawn(d.server.stop());
    // The idle connection is closed at once; by then no new one is taken.
    assert_eq!(until_closed(&mut idle).await, "");
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!stopping.is_finished());
    d.house.0.go.notify_one();
    assert_eq!(reply(&mut busy).await.status, 202);
    tokio::time::timeout(LONG, stopping).await.expect("stops").unwrap();
    assert_eq!(d.house.texts(), ["x"]);
}

#[tokio::test]
async fn the_virtual_clock_is_moved_and_read() {
    let d = daemon(limits(), &[]).await;
    let r = d.call("POST", "/clock", br#"{"advance_seconds": 3600}"#).await;
    assert_eq!(r.body, r#"{"idle":true,"now":"2026-11-21T10:00:00.000+08:00"}"#);
    assert!(d.house.0.settled.load(Ordering::SeqCst), "answered once everything due has been handed out");
    let r = d.call("POST", "/clock", br#"{"now": "2026-11-20T08:30:00+08:00"}"#).await;
    assert_eq!(r.status, 200);
    assert_eq!(d.clock.now().rfc3339(), "2026-11-20T08:30:00.000+08:00");
    for bad in [
        "",
        "{}",
        r#"{"now": "soon"}"#,
        r#"{"now": "2026-11-20T08:30:00+08:00", "advance_seconds": 1}"#,
        "[1]",
        r#"{"advance_seconds": 9223372036854775807}"#,
    ] {
        let r = d.call("POST", "/clock", bad.as_bytes()).await;
        assert_eq!(r.status, 400, "{bad}");
        assert_eq!(r.body.lines().count(), 1, "{}", r.body);
    }
    assert_eq!(d.call("GET", "/clock", b"").await.body, r#"{"idle":true,"now":"2026-11-20T08:30:00.000+08:00"}"#);
}

#[tokio::test]
async fn a_session_is_answered_even_when_the_store_cannot() {
    let d = daemon(limits(), &[]).await;
    let dial = |typed: &'static str| d.call("POST", "/carriers/tiny/ussd/any/where?token=right", typed.as_bytes());
    let shown = dial("1").await;
    assert_eq!((shown.status, shown.body.as_str()), (200, "Step(\"1\")"));
    assert_eq!(dial("").await.body, "nothing", "over: nothing is shown");
    assert_eq!(d.call("POST", "/carriers/tiny/ussd?token=wrong", b"1").await.status, 403);
    assert_eq!(d.call("POST", "/carriers/other/ussd?token=right", b"1").await.status, 404);
    assert_eq!(dial("break the carrier's file").await.status, 500);
    // no error, whatever the store says
    for e in [StoreError::Busy, StoreError::Closed, StoreError::Write { path: "x".into(), cause: "full".into() }] {
        d.house.fail(Some(e));
        let shown = dial("2").await;
        assert_eq!((shown.status, shown.body.as_str()), (200, "not taken END"));
    }
    d.house.fail(None);
    d.server.stop().await;
}

#[tokio::test]
async fn what_a_slow_store_took_is_done_once_and_told_by_text() {
    let d = daemon(limits(), &[]).await;
    d.house.0.waits.store(true, Ordering::SeqCst);
    let shown = d.call("POST", "/carriers/tiny/ussd?token=right", b"1").await;
    assert_eq!((shown.status, shown.body.as_str()), (200, "dial again END"));
    assert!(d.house.0.dialled.lock().unwrap().is_empty(), "it is not done yet");
    d.house.0.waits.store(false, Ordering::SeqCst);
    d.house.0.begun.notified().await;
    d.house.0.go.notify_one();
    tokio::time::timeout(LONG, d.house.0.begun.notified()).await.expect("the answer follows as a text");
    assert_eq!(*d.house.0.late.lock().unwrap(), ["s"]);
    assert_eq!(d.house.0.dialled.lock().unwrap().len(), 1);
    d.server.stop().await;
}
