//! `/carriers/{name}/mo` and `/dlr`: proves the caller through the carrier's own file, hands over what it heard, and
//! answers as that carrier wants it.
//!
//! | answer | when |
//! |---|---|
//! | the carrier's own success | everything heard is on disk |
//! | 400, 403, 405 | the carrier's file refused the call |
//! | 404 | no carrier has this name |
//! | 408, 413 | the body came too slowly, or is too large |
//! | 500 | our fault; the call may be repeated |
//! | 503 with `Retry-After` | the store is behind, full or closing; the call should be repeated |

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use percent_encoding::percent_decode_str;
use tracing::Instrument;

use super::record::Call;
use super::slow::is_too_slow;
use super::{Desk, House, Line, Remote};
use crate::carrier::{Ack, Arrived, Door, Heard, Refusal};
use crate::config::{AddressRange, HttpLimits};
use crate::store::StoreError;

/// Seconds after which a carrier should call again when more waits than we can take: a moment.
const BUSY_SECONDS: u32 = 2;
/// The same when the disk is full or we are stopping: time for a person, or for a restart.
const DOWN_SECONDS: u32 = 30;

pub async fn mo<H: House>(State(desk): State<Arc<Desk<H>>>, request: Request) -> Response {
    call(&desk, Door::Mo, request).await
}

pub async fn dlr<H: House>(State(desk): State<Arc<Desk<H>>>, request: Request) -> Response {
    call(&desk, Door::Dlr, request).await
}

async fn call<H: House>(desk: &Desk<H>, door: Door, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut raw = Bytes::new();
    let response = answer(desk, door, &head, body, &mut raw).await;
    note(desk, if door == Door::Mo { "Mo" } else { "Dlr" }, &head, &raw, &response);
    response
}

/// Keeps the call for whoever asks later, where calls are kept.
pub(super) fn note<H>(
    desk: &Desk<H>,
    door: &'static str,
    head: &http::request::Parts,
    raw: &Bytes,
    response: &Response,
) {
    let name = percent_decode_str(head.uri.path().split('/').nth(2).unwrap_or_default()).decode_utf8_lossy();
    if let (Some(recorder), Some(line)) = (&desk.record, desk.carriers.get(name.as_ref())) {
        let call = Call {
            carrier: &name,
            door,
            method: &head.method,
            target: head.uri.path_and_query().map_or("/", |t| t.as_str()),
            headers: &head.headers,
            body: raw,
            status: response.status(),
            now: desk.clock.now(),
        };
        recorder.note(&call, &line.account.secrets);
    }
}

/// A call as carriers' files see it.
pub(super) fn arrived<'a, H: House>(
    desk: &Desk<H>,
    head: &'a http::request::Parts,
    body: &'a Bytes,
    remote: IpAddr,
) -> Arrived<'a> {
    Arrived {
        method: &head.method,
        target: head.uri.path_and_query().map_or("/", |t| t.as_str()),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        body,
        remote,
        now: desk.clock.now(),
    }
}

/// Whose call it is, its body and where it comes from; else the answer that turns it away.
pub(super) async fn enter<'d, H: House>(
    desk: &'d Desk<H>,
    door: &'static str,
    head: &http::request::Parts,
    body: Body,
) -> Result<(&'d Line, Bytes, IpAddr), Box<Response>> {
    // Names are url-safe, but who calls may have encoded them all the same.
    let name = percent_decode_str(head.uri.path().split('/').nth(2).unwrap_or_default()).decode_utf8_lossy();
    let Some(line) = desk.carriers.get(name.as_ref()) else {
        return Err(Box::new(say(StatusCode::NOT_FOUND, "no such carrier")));
    };
    let peer = head.extensions.get::<Remote>().map_or(IpAddr::from([0, 0, 0, 0]), |r| r.0);
    let remote = origin(peer, &head.headers, &desk.limits.trusted_proxies);
    if !line.account.allow.is_empty() && !line.account.allow.iter().any(|r| r.contains(remote)) {
        return Err(Box::new(refuse(line, door, remote, &Refusal::NotAuthentic("the address is not in its list"))));
    }
    match read(body, &desk.limits).await {
        Ok(body) => Ok((line, body, remote)),
        Err(unread) => {
            line.figures.refused.inc();
            line.complaints.log(|more| {
                let carrier = line.account.carrier.name();
                tracing::warn!(carrier, door, %remote, status = unread.as_u16(), more, "webhook's body was not taken");
            });
            let mut response = say(unread, unread.canonical_reason().unwrap_or("the body was not taken"));
            // What is left of the body is not read.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            Err(Box::new(response))
        }
    }
}

/// `raw` becomes the body as it came.
async fn answer<H: House>(
    desk: &Desk<H>,
    door: Door,
    head: &http::request::Parts,
    body: Body,
    raw: &mut Bytes,
) -> Response {
    let word = if door == Door::Mo { "Mo" } else { "Dlr" };
    let (line, body, remote) = match enter(desk, word, head, body).await {
        Ok(entered) => entered,
        Err(response) => return *response,
    };
    raw.clone_from(&body);
    let arrived = arrived(desk, head, &body, remote);
    // A fault in a carrier's file is answered like any other of our own, so that the carrier calls again.
    let heard = match catch_unwind(AssertUnwindSafe(|| line.account.carrier.hear(door, &arrived))) {
        Ok(Ok(heard)) => heard,
        Ok(Err(refusal)) => return refuse(line, word, remote, &refusal),
        Err(_) => {
            line.figures.deferred.inc();
            tracing::error!(carrier = line.account.carrier.name(), ?door, "the code failed on a webhook call");
            return say(StatusCode::INTERNAL_SERVER_ERROR, "our fault, call again");
        }
    };
    if heard == Heard::default() {
        return acknowledge(line.account.carrier.ack(door));
    }
    let Some(waiting) = Waiting::take(&desk.in_flight, desk.limits.in_flight) else {
        line.figures.deferred.inc();
        return again(BUSY_SECONDS);
    };
    let up = desk.metrics.in_flight();
    let began = Instant::now();
    let kept = keep(desk, line, heard).await;
    desk.metrics.commit(began.elapsed());
    drop((waiting, up));
    match kept {
        Ok(()) => acknowledge(line.account.carrier.ack(door)),
        Err(e) => {
            line.figures.deferred.inc();
            line.losses.log(|more| {
                tracing::error!(carrier = line.account.carrier.name(), ?door, cause = %e, more, "a message was not kept");
            });
            match e {
                Fault::Store(StoreError::Busy) => again(BUSY_SECONDS),
                Fault::Store(StoreError::Write { .. } | StoreError::Closed) => again(DOWN_SECONDS),
                _ => say(StatusCode::INTERNAL_SERVER_ERROR, "our fault, call again"),
            }
        }
    }
}

/// Why something was not kept.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Store(StoreError),
    #[error("the code failed")]
    Panic,
}

/// Returns once everything heard is on disk. It runs as a task of its own: a carrier that hangs up half-way does not
/// leave a message committed and its answers unsent.
async fn keep<H: House>(desk: &Desk<H>, line: &Line, heard: Heard) -> Result<(), Fault> {
    let house = desk.house.clone();
    let carrier = line.account.carrier.clone();
    let work = async move {
        // Who stops hears nothing more, so that the text itself is not answered; who joins is told of it by his text.
        let (given, withdrawn): (Vec<_>, Vec<_>) = heard.consents.into_iter().partition(|c| c.given);
        for consent in withdrawn {
            house.consent(consent).await?;
        }
        for mo in heard.mos {
            let span = tracing::info_span!("mo", carrier = carrier.name(), mo_id = mo.mo_id.as_deref());
            house.accept(mo).instrument(span).await?;
        }
        for dlr in heard.dlrs {
            let span = tracing::info_span!("dlr", carrier = carrier.name(), mt = ?dlr.mt);
            house.report(dlr).instrument(span).await?;
        }
        for consent in given {
            house.consent(consent).await?;
        }
        Ok(())
    };
    match tokio::spawn(work).await {
        Ok(kept) => kept.map_err(Fault::Store),
        Err(_) => Err(Fault::Panic),
    }
}

/// The whole body, or the status that says why not.
async fn read(body: Body, limits: &HttpLimits) -> Result<Bytes, StatusCode> {
    let size = body.size_hint();
    if size.upper() == Some(0) {
        return Ok(Bytes::new());
    }
    if size.lower() > limits.body_bytes as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match Limited::new(body, limits.body_bytes).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(e) if e.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(e) if is_too_slow(&*e) => Err(StatusCode::REQUEST_TIMEOUT),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

/// Who really calls: behind proxies we trust it is the last address of `X-Forwarded-For` that is not theirs.
fn origin(peer: IpAddr, headers: &HeaderMap, proxies: &[AddressRange]) -> IpAddr {
    let trusted = |a: IpAddr| proxies.iter().any(|p| p.contains(a));
    if proxies.is_empty() || !trusted(peer) {
        return peer;
    }
    let named: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).collect();
    let mut nearest = peer;
    for name in named.iter().rev() {
        let Ok(address) = name.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
        if !trusted(nearest) {
            break;
        }
    }
    nearest
}

pub(super) fn refuse(line: &Line, door: &'static str, remote: IpAddr, refusal: &Refusal) -> Response {
    line.figures.refused.inc();
    line.complaints.log(|more| {
        // Neither target nor body: both may hold a token, a number, somebody's words.
        let cause = discreet(&refusal.to_string());
        tracing::warn!(carrier = line.account.carrier.name(), door, %remote, cause, more, "webhook refused");
    });
    match refusal {
        // A stranger is not told what would have been right.
        Refusal::NotAuthentic(_) => say(StatusCode::FORBIDDEN, "not authentic"),
        Refusal::Method(allowed) => {
            let mut response = say(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
            response.headers_mut().extend(HeaderValue::from_str(allowed).ok().map(|v| (header::ALLOW, v)));
            response
        }
        Refusal::Malformed(why) => say(StatusCode::BAD_REQUEST, why),
    }
}

/// A cause without what it quotes: a parser's complaint may repeat a number or a text.
fn discreet(cause: &str) -> String {
    let unquoted = |(i, part)| if i % 2 == 0 { part } else { "…" };
    cause.split(['"', '`']).enumerate().map(unquoted).collect::<Vec<&str>>().join("\"")
}

pub(super) fn acknowledge(ack: Ack) -> Response {
    let mut response = Response::new(Body::from(ack.body));
    *response.status_mut() = ack.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(ack.content_type));
    response
}

fn again(seconds: u32) -> Response {
    let mut response = say(StatusCode::SERVICE_UNAVAILABLE, "call again later");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// A status and one line.
pub(super) fn say(status: StatusCode, line: &str) -> Response {
    (status, format!("{}\n", line.lines().next().unwrap_or_default())).into_response()
}

/// One of the places for calls that wait for the store.
pub(super) struct Waiting<'a>(&'a AtomicUsize);

impl Waiting<'_> {
    pub(super) fn take(count: &AtomicUsize, most: usize) -> Option<Waiting<'_>> {
        let waiting = Waiting(count);
        (count.fetch_add(1, Ordering::SeqCst) < most).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Lets a complaint through now and then and counts the others: one a second at first, one a minute while they go on.
#[derive(Debug, Default)]
pub(super) struct Complaints(std::sync::Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    last: Option<Instant>,
    /// Until the next is let through.
    wait: Duration,
    unsaid: u64,
}

impl Complaints {
    const FIRST: Duration = Duration::from_secs(1);
    const MOST: Duration = Duration::from_secs(60);

    /// Calls `write` with the number of complaints since the last one that were not written.
    pub(super) fn log(&self, write: impl FnOnce(u64)) {
        let more = self.next(Instant::now());
        if let Some(more) = more {
            write(more);
        }
    }

    /// How many went unsaid before this one; `None` where it does as well.
    fn next(&self, now: Instant) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let passed = said.last.map(|last| now.saturating_duration_since(last));
        if passed.is_some_and(|p| p < said.wait) {
            said.unsaid += 1;
            return None;
        }
        // after some quiet it is news again
        let goes_on = passed.is_some_and(|p| p < 2 * said.wait);
        said.wait = if goes_on { (2 * said.wait).min(Complaints::MOST) } else { Complaints::FIRST };
        said.last = Some(now);
        Some(std::mem::take(&mut said.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_for_hours_is_not_said_every_second() {
        let complaints = Complaints::default();
        let begun = Instant::now();
        let at = |s: u64| complaints.next(begun + Duration::from_secs(s));
        assert_eq!(at(0), Some(0), "the first at once");
        assert_eq!(at(0), None);
        assert_eq!(at(1), Some(1));
        let lines = (2..3_600).filter(|s| at(*s).is_some()).count();
        assert!((55..=70).contains(&lines), "{lines} in an hour of one a second");
        assert!(at(9_000).is_some() && at(9_001).is_some(), "after some quiet it is news again");
    }

    #[test]
    fn a_logged_cause_quotes_nobody() {
        let cause = "malformed: invalid type: string \"卖 板蓝根\", expected `u64` at line 1 column 9";
        let logged = "malformed: invalid type: string \"…\", expected \"…\" at line 1 column 9";
        assert_eq!(discreet(cause), logged);
        assert_eq!(discreet("malformed: from is missing"), "malformed: from is missing");
    }

    #[test]
    fn only_trusted_proxies_may_speak_for_others() {
        let proxies: Vec<AddressRange> = vec!["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let ip = |s: &str| s.parse::<IpAddr>().unwrap();
        for (peer, forwarded, expected) in [
            ("127.0.0.1", Some("1.2.3.4"), "1.2.3.4"),
            ("127.0.0.1", Some("6.6.6.6, 1.2.3.4, 10.0.0.7"), "1.2.3.4"),
            ("127.0.0.1", Some("10.0.0.8, 10.0.0.7"), "10.0.0.8"),
            ("127.0.0.1", Some("nonsense"), "127.0.0.1"),
            ("127.0.0.1", None, "127.0.0.1"),
            ("9.9.9.9", Some("1.2.3.4"), "9.9.9.9"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(f) = forwarded {
                headers.insert("x-forwarded-for", f.parse().unwrap());
            }
            assert_eq!(origin(ip(peer), &headers, &proxies), ip(expected), "{peer} {forwarded:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "1.2.3.4".parse().unwrap());
        assert_eq!(origin(ip("127.0.0.1"), &headers, &[]), ip("127.0.0.1"));
    }
}
