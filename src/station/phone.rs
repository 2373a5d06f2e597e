//! The demo phone page at `/phone`: feature phones in a browser that talk to the daemon as a carrier would.
//!
//! ```text
//! browser  POST /carriers/phone/mo    {"id","from","to","text"}      a text goes out      (served by carrier `phone`)
//! outbox   POST /phone/handset        {"id","to","from","text"}      an answer comes in   (served here)
//! browser  GET  /phone/events?phones=13800000001,13800000002&after=…  hears of it at once  (served here)
//! browser  POST /carriers/phone/dlr   {"mt","state":"delivered"}     and says so          (served by carrier `phone`)
//! ```
//!
//! All POSTs carry the carrier's token in `X-Phone-Token`; the page gets it when it is opened, so whoever may open the
//! page may text. Texts to handsets are held in memory only ([`inbox`]): the phone in the browser keeps its own.

pub mod inbox;
mod page;

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
    let phones: Option<Vec<Msisdn>> =
        listening.phones.split(',').take(STREAM_PHONES + 1).map(|p| Msisdn::parse(p)).collect();
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
