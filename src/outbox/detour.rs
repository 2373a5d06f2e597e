//! Another way out for an MT whose route cannot carry it, or has been down for a while.
//!
//! Which ways there are the station's config says ([`crate::config::route::ways_for`]); each is tried once. An MT that may
//! have been sent is never sent by another route.

use std::sync::Arc;

use super::desk::lock;
use super::lanes::{Job, Next};
use super::route::{self, RouteDesk};
use super::state::Outcome;
use super::{Shared, What};
use crate::clock::{MINUTE, SECOND, Timestamp};
use crate::message::Mt;
use tokio::sync::watch;

/// The ways out for an MT, best first: a carrier's name, and what the phone sees as the sender where that is another number.
pub type Ways = Arc<dyn Fn(&Mt) -> Vec<(String, Option<String>)> + Send + Sync>;

/// A route that was down for so long leaves what waits to others.
const DOWN: i64 = MINUTE;
/// Where there is no other that works now: when to look again.
const NONE_NOW: i64 = 30 * SECOND;

/// Whether what is ready on this route should go by another.
pub fn is_needed(shared: &Shared, route: &RouteDesk, now: Timestamp) -> bool {
    shared.ways.get().is_some() && lock(&route.line).down_for(now) >= DOWN
}

/// The next way for an MT that leads through a route that works now.
fn another(shared: &Shared, mt: &Mt, now: Timestamp) -> Option<(String, Option<String>)> {
    let tried = mt.travel.as_ref().map(|t| t.tried.as_slice()).unwrap_or_default();
    let ways = shared.ways.get()?(mt);
    ways.into_iter().filter(|(name, _)| *name != mt.carrier && !tried.contains(name)).find(|(name, _)| {
        shared.by_name.get(name).is_some_and(|n| {
            let route = &shared.routes[*n];
            !lock(&route.line).rests(now) && lock(&route.budget).account(now).is_ok()
        })
    })
}

/// Sends a job another way, because of `cause`; `None` where there is none.
pub async fn go(
    shared: &Shared,
    route: &RouteDesk,
    job: &Job,
    cause: &str,
    stop: &watch::Receiver<bool>,
) -> Option<Next> {
    let now = shared.clock.now();
    let (carrier, from) = another(shared, &job.mt, now)?;
    tracing::info!(
        mt = job.mt.id,
        mo = job.mt.cause,
        carrier = route.name(),
        by = carrier,
        cause,
        "goes by another route"
    );
    let outcome = Outcome::Detour { carrier, from, due: now };
    match route::settle(shared, route, &job.mt, &outcome, stop).await {
        route::Settled::Now(mt) => {
            shared.tell(route.name(), What::Retried(mt.class));
            if mt.carrier != route.name() {
                shared.offer(vec![*mt]);
            }
        }
        route::Settled::Missing => {}
        route::Settled::Unwritten => return Some(route::leave(shared, route)),
    }
    Some(Next::Gone)
}

/// As [`go`] for what waits on a route that is down; what finds no way now waits a little.
pub async fn go_or_wait(shared: &Shared, route: &RouteDesk, mut job: Job, stop: &watch::Receiver<bool>) -> Next {
    job.detour = false;
    match go(shared, route, &job, "the route is down", stop).await {
        Some(next) => next,
        None => Next::Hold(Box::new(job), shared.clock.now().plus(NONE_NOW)),
    }
}
