//! `/healthz`, `/readyz`, `/metrics`, `/routes` and, with the virtual clock, `/clock`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use super::{Desk, House};
use crate::clock::{SECOND, Timestamp};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The process lives and answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Texts can be taken.
pub async fn readyz<H: House>(State(desk): State<Arc<Desk<H>>>) -> Response {
    match desk.house.ready() {
        Ok(()) => "ready\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], format!("{why}\n")).into_response(),
    }
}

/// Last MO, MT, report and error of each route, what waits, and how much arrived.
pub async fn routes<H: House>(State(desk): State<Arc<Desk<H>>>) -> Response {
    axum::Json(desk.house.routes()).into_response()
}

pub async fn metrics<H: House>(State(desk): State<Arc<Desk<H>>>) -> Response {
    desk.house.measure(&desk.metrics);
    ([(header::CONTENT_TYPE, OPEN_METRICS)], desk.metrics.render()).into_response()
}

pub async fn clock<H: House>(State(desk): State<Arc<Desk<H>>>) -> Response {
    let idle = desk.in_flight.load(Ordering::SeqCst) == 0 && desk.house.idle();
    axum::Json(json!({ "now": desk.clock.now().rfc3339(), "idle": idle })).into_response()
}

/// `{"now": "2026-11-21T09:00:00+08:00"}` or `{"advance_seconds": 3600}`; either may lead backwards.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    now: Option<String>,
    advance_seconds: Option<i64>,
}

/// Answered once everything due by then has been handed out.
pub async fn set_clock<H: House>(State(desk): State<Arc<Desk<H>>>, body: Bytes) -> Response {
    let malformed = |why: String| (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response();
    let to = match serde_json::from_slice(&body) {
        Ok(Move { now: Some(now), advance_seconds: None }) => match Timestamp::parse_rfc3339(&now) {
            Ok(t) => t,
            Err(e) => return malformed(format!("now cannot be read: {e}")),
        },
        Ok(Move { now: None, advance_seconds: Some(s) }) => desk.clock.now().plus(s.saturating_mul(SECOND)),
        Ok(_) => return malformed("give one of now and advance_seconds".into()),
        Err(e) => return malformed(format!("not {{\"now\": …}} or {{\"advance_seconds\": …}}: {e}")),
    };
    if jiff::Timestamp::from_millisecond(to.0).is_err() {
        return malformed("that is beyond the calendar".into());
    }
    desk.clock.set(to);
    desk.house.settle().await;
    clock(State(desk)).await
}
