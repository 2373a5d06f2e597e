//! The demo phone page at `/phone`: feature phones in a browser that talk to the daemon as a carrier would.
//!
//! ```text
//! browser  POST /carriers/phone/mo    {"id","from","to","text"}      a text goes out      (served by carrier `phone`)
//! outbox   POST /phone/handset        {"id","to","from","text"}      an answer comes in   (served here)
//! browser  GET  /phone/events?phones=13800000001,13800000002&after=…  hears of it at once  (served here)
//! browser  POST /carriers/phone/dlr   {"mt","state":"delivered"}     and says so          (served by carrier `phone`)
//! browser  POST /carriers/phone/ussd  {"session","from","code","kind","input","order"}    a code is dialled, a screen answered
//! ```
//!
//! All POSTs carry the carrier's token in `X-Phone-Token`; the page gets it when it is opened, so whoever may open the
//! page may text. Texts to handsets are held in memory only ([`inbox`]): the phone in the browser keeps its own.

pub mod inbox;
mod page;

pub use page::known;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_core::Stream;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::config::Secret;
use crate::message::Msisdn;
use inbox::{Arrival, Inboxes};

/// Bytes of a handset request: twenty segments of Chinese and the JSON around them, with room.
const BODY_BYTES: usize = 8 * 1024;
/// Browsers that listen at once; each costs one task and a channel of [`STREAM_TEXTS`] texts.
const STREAMS: usize = 256;
/// Phones that one browser may listen to.
const STREAM_PHONES: usize = 16;
/// Texts on their way to one browser; when they are not taken, the rest waits in the inbox.
const STREAM_TEXTS: usize = 16;
/// A beat this often tells the browser that the line is alive; it gives up after three missed ones.
const BEAT: Duration = Duration::from_secs(15);

/// What the page needs to know of the daemon it belongs to.
#[derive(Debug, Clone)]
pub struct PhoneConfig {
    /// The token of the carrier of kind `phone`, for both directions.
    pub token: Secret,
    /// `name` of that carrier: the page posts to `/carriers/{carrier}/mo` and `/dlr`.
    pub carrier: String,
    /// Numbers that the phones can write to, the usual one first.
    pub short_codes: Vec<String>,
    /// What is dialled for the menu: `*123#`.
    pub ussd_code: String,
    /// Who answers, as the page shows it.
    pub station_name: String,
    /// Stamps arriving texts.
    pub clock: Clock,
}

/// What the requests share.
struct PhoneState {
    config: PhoneConfig,
    page: page::Page,
    inboxes: Mutex<Inboxes>,
    /// The newest sequence number; streams wake when it moves.
    newest: watch::Sender<u64>,
    /// Turns `true` when the daemon stops: event streams end, so that they do not hold the drain.
    stop: watch::Receiver<bool>,
    streams: AtomicUsize,
}

impl PhoneState {
    fn inboxes(&self) -> MutexGuard<'_, Inboxes> {
        // Every change of the inboxes is finished before anything can panic, so a poisoned lock holds sound data.
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The page, its files and its endpoints. Event streams end when `stop` turns `true` or its sender is gone.
pub fn routes(config: PhoneConfig, stop: watch::Receiver<bool>) -> Router {
    let page = page::Page::new(&config);
    let state = Arc::new(PhoneState {
        page,
        inboxes: Mutex::new(Inboxes::new()),
        newest: watch::Sender::new(0),
        stop,
        streams: AtomicUsize::new(0),
        config,
    });
    Router::new()
        .route("/phone", get(open))
        .route("/phone/events", get(events))
        .route("/phone/handset", post(handset).layer(DefaultBodyLimit::max(BODY_BYTES)))
        .with_state(state)
        .merge(page::files())
}

async fn open(State(phone): State<Arc<PhoneState>>) -> Response {
    phone.page.response()
}

/// An MT as the `phone` carrier sends it. The id may come as a number or as a string.
#[derive(Deserialize)]
struct Handed {
    id: Id,
    to: String,
    from: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
}

async fn handset(State(phone): State<Arc<PhoneState>>, headers: HeaderMap, body: Bytes) -> Response {
    let shown = headers.get("x-phone-token").map_or(&b""[..], |v| v.as_bytes());
    let token = phone.config.token.expose().as_bytes();
    // An unset token opens no door.
    if token.is_empty() || !bool::from(shown.ct_eq(token)) {
        return refuse(StatusCode::FORBIDDEN, "wrong token");
    }
    let Ok(handed) = serde_json::from_slice::<Handed>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "id, to, from, text wanted");
    };
    let Some(to) = Msisdn::parse(&handed.to) else {
        return refuse(StatusCode::BAD_REQUEST, "not a phone number");
    };
    let id = match handed.id {
        Id::Number(n) => n.to_string(),
        Id::Text(s) => s,
    };
    let at = phone.config.clock.now();
    let arrived = phone.inboxes().arrive(to, Arrival { id, from: handed.from, text: handed.text, at });
    if let Some(seq) = arrived {
        phone.newest.send_replace(seq);
    }
    (StatusCode::OK, axum::Json(json!({ "ok": true }))).into_response()
}

fn refuse(status: StatusCode, why: &'static str) -> Response {
    (status, axum::Json(json!({ "ok": false, "error": why }))).into_response()
}

#[derive(Deserialize)]
struct Listening {
    /// Numbers, with commas between.
    phones: String,
    /// `id` of the last event that is known, `EPOCH-SEQ`; without it all that is held comes again.
    after: Option<String>,
}

/// Server-sent events: `hello` at once, `text` for each text to these phones, `beat` now and then.
async fn events(State(phone): State<Arc<PhoneState>>, Query(listening): Query<Listening>) -> Response {
    let phones: Option<Vec<Msisdn>> = listening.phones.split(',').take(STREAM_PHONES + 1).map(Msisdn::parse).collect();
    let phones = match phones {
        Some(phones) if phones.len() <= STREAM_PHONES => phones,
        Some(_) => return refuse(StatusCode::BAD_REQUEST, "too many phones"),
        None => return refuse(StatusCode::BAD_REQUEST, "not a phone number"),
    };
    let Some(place) = Place::take(&phone) else {
        let busy = refuse(StatusCode::SERVICE_UNAVAILABLE, "too many listeners");
        return ([(header::RETRY_AFTER, "5")], busy).into_response();
    };
    let (hello, after) = {
        let inboxes = phone.inboxes();
        let after = listening.after.as_deref().map_or(0, |id| inboxes.seq_of(id));
        (json!({ "epoch": inboxes.epoch(), "after": after }), after)
    };
    let (line, texts) = mpsc::channel(STREAM_TEXTS);
    tokio::spawn(async move { tell(&place.0, &phones, after, &line, hello.to_string()).await });
    let beat = KeepAlive::new().interval(BEAT).event(Event::default().event("beat").data("{}"));
    let mut response = Sse::new(Line(texts)).keep_alive(beat).into_response();
    // nginx would otherwise hold the events back.
    response.headers_mut().insert("x-accel-buffering", http::HeaderValue::from_static("no"));
    response
}

/// Hands texts to one browser until it leaves or the daemon stops.
async fn tell(phone: &PhoneState, phones: &[Msisdn], mut after: u64, line: &mpsc::Sender<Event>, hello: String) {
    let mut newest = phone.newest.subscribe();
    let mut stop = phone.stop.clone();
    let talk = async {
        line.send(Event::default().event("hello").data(hello)).await.ok()?;
        loop {
            // Marked before the look, so that a text which arrives after it wakes us again.
            newest.borrow_and_update();
            let batch = phone.inboxes().after(phones, after, STREAM_TEXTS);
            if batch.is_empty() {
                newest.changed().await.ok()?;
            }
            for text in batch {
                let body = json!({ "seq": text.seq, "id": text.id, "from": text.from, "to": text.to.local(),
                    "text": text.text, "at": text.at.0 });
                let id = phone.inboxes().event_id(text.seq);
                line.send(Event::default().event("text").id(id).data(body.to_string())).await.ok()?;
                after = text.seq;
            }
        }
        #[allow(unreachable_code, reason = "gives the block its type; it is left by `?`")]
        Some(())
    };
    tokio::select! {
        _ = talk => {}
        _ = line.closed() => {}
        _ = stop.wait_for(|stopping| *stopping) => {}
    }
}

/// One of the [`STREAMS`] places, given back when dropped.
struct Place(Arc<PhoneState>);

impl Place {
    fn take(phone: &Arc<PhoneState>) -> Option<Place> {
        let free = |n: usize| (n < STREAMS).then_some(n + 1);
        phone.streams.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free).ok()?;
        Some(Place(phone.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The receiving end of a channel as a stream.
struct Line(mpsc::Receiver<Event>);

impl Stream for Line {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|event| event.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt;
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    use super::*;
    use crate::clock::Timestamp;

    struct Bench {
        router: Router,
        stop: watch::Sender<bool>,
    }

    impl Bench {
        fn new() -> Bench {
            let (stop, stopping) = watch::channel(false);
            let config = PhoneConfig {
                token: Secret::new("a\"b<c"),
                carrier: "phone".into(),
                short_codes: vec!["1069012345".into()],
                ussd_code: "*123#".into(),
                station_name: "榕江县信息站".into(),
                clock: Clock::virtual_at(Timestamp(1_763_700_000_000)),
            };
            Bench { router: routes(config, stopping), stop }
        }

        async fn call(&self, request: Request<Body>) -> Response {
            TowerToHyperService::new(self.router.clone()).call(request).await.unwrap()
        }

        async fn get(&self, path: &str) -> Response {
            self.call(Request::get(path).body(Body::empty()).unwrap()).await
        }

        async fn hand(&self, token: &str, body: impl Into<Body>) -> StatusCode {
            let request = Request::post("/phone/handset").header("x-phone-token", token).body(body.into()).unwrap();
            self.call(request).await.status()
        }

        async fn text(&self, id: u64, to: &str, text: &str) -> StatusCode {
            self.hand("a\"b<c", json!({"id": id, "to": to, "from": "1069012345", "text": text}).to_string()).await
        }
    }

    /// The next event of a stream, as it was written.
    async fn next(stream: &mut Body) -> Option<String> {
        let frame = stream.frame().await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn only_the_carrier_hands_texts_over() {
        let bench = Bench::new();
        let good = json!({"id": "7", "to": "+8613800000001", "from": "1069012345", "text": "好"}).to_string();
        assert_eq!(bench.hand("", good.clone()).await, StatusCode::FORBIDDEN);
        assert_eq!(bench.hand("a\"b<", good.clone()).await, StatusCode::FORBIDDEN);
        assert_eq!(bench.hand("a\"b<c", good).await, StatusCode::OK);
        assert_eq!(bench.hand("a\"b<c", "{}").await, StatusCode::BAD_REQUEST);
        assert_eq!(bench.hand("a\"b<c", vec![0xff, 0]).await, StatusCode::BAD_REQUEST);
        assert_eq!(bench.text(8, "10086", "好").await, StatusCode::BAD_REQUEST);
        assert_eq!(bench.text(9, "13800000001", &"长".repeat(BODY_BYTES)).await, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn a_browser_hears_what_waited_and_what_comes_and_nothing_twice() {
        let bench = Bench::new();
        bench.text(1, "+8613800000001", "一").await;
        bench.text(1, "+8613800000001", "一").await;
        bench.text(2, "+8613800000009", "别人的").await;
        let mut stream = bench.get("/phone/events?phones=13800000001,13800000002").await.into_body();
        assert!(next(&mut stream).await.unwrap().starts_with("event: hello\n"));
        let first = next(&mut stream).await.unwrap();
        assert!(first.contains(r#""to":"13800000001""#) && first.contains(r#""text":"一""#), "{first}");
        bench.text(3, "+8613800000002", "二").await;
        let second = next(&mut stream).await.unwrap();
        assert!(second.contains(r#""id":"3""#) && second.contains(r#""at":1763700000000"#), "{second}");

        // It comes back with the id of the first, and hears the second again.
        let id = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
        let again = format!("/phone/events?phones=13800000001,13800000002&after={id}");
        let mut stream = bench.get(&again).await.into_body();
        next(&mut stream).await.unwrap();
        assert_eq!(next(&mut stream).await.unwrap(), second);
    }

    #[tokio::test]
    async fn streams_end_when_the_daemon_stops() {
        let bench = Bench::new();
        let mut stream = bench.get("/phone/events?phones=13800000001").await.into_body();
        next(&mut stream).await.unwrap();
        bench.stop.send_replace(true);
        assert_eq!(next(&mut stream).await, None);
    }

    #[tokio::test]
    async fn listeners_are_counted_and_their_places_given_back() {
        let bench = Bench::new();
        assert_eq!(bench.get("/phone/events?phones=abc").await.status(), StatusCode::BAD_REQUEST);
        let many = vec!["13800000001"; STREAM_PHONES + 1].join(",");
        assert_eq!(bench.get(&format!("/phone/events?phones={many}")).await.status(), StatusCode::BAD_REQUEST);
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            streams.push(bench.get("/phone/events?phones=13800000001").await);
        }
        assert_eq!(bench.get("/phone/events?phones=13800000001").await.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(streams);
        while bench.get("/phone/events?phones=13800000001").await.status() != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_page_carries_its_config_and_is_never_kept() {
        let response = Bench::new().get("/phone").await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        let html = response.into_body().collect().await.unwrap().to_bytes();
        let html = std::str::from_utf8(&html).unwrap();
        assert!(html.contains("&quot;token&quot;:&quot;a\\&quot;b&lt;c&quot;"), "the token is there, escaped");
        for link in html.split(['"']).filter(|s| s.starts_with("/phone/")) {
            assert_eq!(Bench::new().get(link).await.status(), StatusCode::OK, "{link}");
        }
    }

    #[tokio::test]
    async fn a_file_is_sent_once() {
        let bench = Bench::new();
        let first = bench.get("/phone/phone.js").await;
        assert_eq!(first.headers()["content-type"], "text/javascript; charset=utf-8");
        let etag = first.headers()["etag"].to_str().unwrap();
        let ask =
            |tag: String| Request::get("/phone/phone.js").header("if-none-match", tag).body(Body::empty()).unwrap();
        assert_eq!(bench.call(ask(format!("\"x\", W/{etag}"))).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(bench.call(ask("\"x\"".into())).await.status(), StatusCode::OK);
    }
}
