//! `/carriers/{name}/ussd`: one call of a session, answered within the time that a network waits.
//!
//! | answer | when |
//! |---|---|
//! | the next screen | all that was typed is on disk, with what it caused |
//! | a screen that says to dial again | the store has not finished in time, or takes nothing now; what it took it still does, once |
//! | 400, 403, 405 | the carrier's file refused the call |
//! | 404 | no carrier has this name, or its kind has no USSD |

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;

use super::webhook::{Waiting, acknowledge, arrived, enter, note, refuse, say};
use super::{Desk, House, Screen};
use crate::carrier::ussd::{UssdKind, UssdRequest};
use crate::store::StoreError;

/// How long the store may take. A villager's screen should come within two seconds, for networks hang up soon after; the rest
/// is for the way there and back.
const PATIENCE: Duration = Duration::from_millis(1_500);

pub async fn ussd<H: House>(State(desk): State<Arc<Desk<H>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut raw = Bytes::new();
    let response = answer(&desk, &head, body, &mut raw).await;
    note(&desk, "Ussd", &head, &raw, &response);
    response
}

/// `raw` becomes the body as it came.
async fn answer<H: House>(desk: &Desk<H>, head: &http::request::Parts, body: Body, raw: &mut Bytes) -> Response {
    let (line, body, remote) = match enter(desk, "Ussd", head, body).await {
        Ok(entered) => entered,
        Err(response) => return *response,
    };
    raw.clone_from(&body);
    let carrier = &line.account.carrier;
    let Some(ussd) = carrier.ussd() else {
        return say(StatusCode::NOT_FOUND, "this carrier has no USSD");
    };
    let arrived = arrived(desk, head, &body, remote);
    let call = match catch_unwind(AssertUnwindSafe(|| ussd.hear_ussd(&arrived))) {
        Ok(Ok(call)) => call,
        Ok(Err(refusal)) => return refuse(line, "Ussd", remote, &refusal),
        Err(_) => {
            line.figures.deferred.inc();
            tracing::error!(carrier = carrier.name(), "the code failed on a call of USSD");
            return say(StatusCode::INTERNAL_SERVER_ERROR, "our fault, call again");
        }
    };
    let over = matches!(call.kind, UssdKind::Abort | UssdKind::Timeout);
    let Some(waiting) = Waiting::take(&desk.in_flight, desk.limits.in_flight) else {
        line.figures.deferred.inc();
        return acknowledge(ussd.ussd_ack(&call, Some(&desk.house.wait_screen(false)).filter(|_| !over)));
    };
    let up = desk.metrics.in_flight();
    let began = Instant::now();
    let shown = shown(&desk.house, call.clone()).await;
    desk.metrics.commit(began.elapsed());
    drop((waiting, up));
    let screen = match shown {
        Ok(Screen { screen, .. }) => screen,
        Err(late) => {
            line.figures.deferred.inc();
            line.losses.log(|more| {
                tracing::error!(carrier = carrier.name(), cause = %late, more, "a screen of USSD did not come in time");
            });
            Some(desk.house.wait_screen(matches!(late, Late::Slow)))
        }
    };
    acknowledge(ussd.ussd_ack(&call, screen.as_ref().filter(|_| !over)))
}

/// Why there is no screen of its own.
#[derive(Debug, thiserror::Error)]
enum Late {
    #[error("the store is slow; it goes on with it")]
    Slow,
    #[error("{0}")]
    Store(StoreError),
    #[error("the code failed")]
    Panic,
}

/// The screen, if it comes in time. The work is a task of its own: it is done whether or not anybody still waits.
async fn shown<H: House>(house: &Arc<H>, call: UssdRequest) -> Result<Screen, Late> {
    let late = Arc::new(AtomicBool::new(false));
    let (house, gave_up) = (house.clone(), late.clone());
    let work = tokio::spawn(async move {
        let shown = house.dial(call.clone()).await;
        // nobody sees it any more
        if gave_up.load(Ordering::SeqCst) && shown.as_ref().is_ok_and(|s| s.answered) {
            house.unseen(call).await;
        }
        shown
    });
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(shown)) => shown.map_err(Late::Store),
        Ok(Err(_)) => Err(Late::Panic),
        Err(_) => {
            late.store(true, Ordering::SeqCst);
            Err(Late::Slow)
        }
    }
}
