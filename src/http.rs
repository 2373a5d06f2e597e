//! The street door: carriers' webhooks, the operator's endpoints, and whatever pages the station adds.
//!
//! ```text
//! /carriers/{name}/mo   /dlr   /ussd              as that kind of carrier calls them
//! /healthz   /readyz   /metrics   /routes                for whoever watches over the daemon
//! /clock                                         only with the virtual clock
//! ```
//!
//! This room knows limits, addresses and status codes; no verb and no board. What a call means is the carrier's
//! business, what comes of it the [`House`]'s. A carrier hears its success only when everything in its call is on disk.

mod operator;
pub mod record;
mod serve;
mod session;
mod slow;
mod webhook;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get};

pub use serve::{Server, bind};

use crate::carrier::Carrier;
use crate::carrier::ussd::{UssdRequest, UssdScreen};
use crate::clock::Clock;
use crate::config::{AddressRange, HttpLimits};
use crate::message::{Consent, Dlr, Mo};
use crate::metrics::{CarrierFigures, Metrics};
use crate::store::StoreError;

/// The rooms behind the door, as far as it has to know them.
pub trait House: Send + Sync + 'static {
    /// Returns once the text and everything it caused are on disk.
    fn accept(&self, mo: Mo) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Returns once the report is on disk.
    fn report(&self, dlr: Dlr) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Takes one call of a USSD session; returns the screen once all that it says is on disk. None where the session is over.
    fn dial(&self, call: UssdRequest) -> impl Future<Output = Result<Screen, StoreError>> + Send;
    /// The screen came too late: what it answered is to follow as a text.
    fn unseen(&self, call: UssdRequest) -> impl Future<Output = ()> + Send;
    /// What is shown where the store is too slow (`taken`: it will still do it) or takes nothing now.
    fn wait_screen(&self, taken: bool) -> UssdScreen;
    /// Returns once it is on disk that a phone wants our texts no more, or again.
    fn consent(&self, consent: Consent) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Whether texts can be taken now; else why not, for the operator.
    fn ready(&self) -> Result<(), String>;
    /// Whether nothing is on its way to a carrier and nothing that is due waits.
    fn idle(&self) -> bool;
    /// Returns once everything that is due by the clock's time has been handed out.
    fn settle(&self) -> impl Future<Output = ()> + Send;
    /// How each route stands, without anybody's number or words.
    fn routes(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    /// Brings the figures up to date that are not counted as they happen.
    fn measure(&self, metrics: &Metrics);
}

/// The answer to a call of USSD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    pub screen: Option<UssdScreen>,
    /// It says what became of something, and is worth a text if it comes too late.
    pub answered: bool,
}

/// What the door serves with.
pub struct Setup<H> {
    pub house: H,
    pub carriers: Vec<Account>,
    pub clock: Clock,
    pub limits: HttpLimits,
    pub metrics: Metrics,
    /// Where raw calls are kept, if they are.
    pub record: Option<record::Recorder>,
}

/// One carrier's account, as the door sees it.
#[derive(Debug)]
pub struct Account {
    pub carrier: Arc<dyn Carrier>,
    /// Where its webhooks may come from; empty: anywhere.
    pub allow: Vec<AddressRange>,
    /// What must not stand in a recorded call.
    pub secrets: Vec<record::Named>,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
struct Remote(IpAddr);

/// What all calls share.
struct Desk<H> {
    house: Arc<H>,
    carriers: HashMap<String, Line>,
    clock: Clock,
    limits: HttpLimits,
    metrics: Metrics,
    record: Option<record::Recorder>,
    /// Webhook calls that wait for the store.
    in_flight: AtomicUsize,
}

/// An account with what is kept for it here.
struct Line {
    account: Account,
    figures: CarrierFigures,
    /// Keep a flood of refused calls from becoming a flood of log lines, and from hiding that texts are not kept.
    complaints: webhook::Complaints,
    losses: webhook::Complaints,
}

/// The routes of this room; pages of other rooms are merged by the caller.
pub fn routes<H: House>(setup: Setup<H>) -> Router {
    let body_bytes = setup.limits.body_bytes;
    let is_virtual = setup.clock.is_virtual();
    let carriers = setup.carriers.into_iter().map(|account| {
        let name = account.carrier.name().to_string();
        let figures = setup.metrics.carrier(&name);
        (name, Line { account, figures, complaints: Default::default(), losses: Default::default() })
    });
    let desk = Arc::new(Desk {
        carriers: carriers.collect(),
        house: Arc::new(setup.house),
        clock: setup.clock,
        limits: setup.limits,
        metrics: setup.metrics,
        record: setup.record,
        in_flight: AtomicUsize::new(0),
    });
    let mut routes = Router::new()
        .route("/carriers/{name}/mo", any(webhook::mo::<H>))
        .route("/carriers/{name}/dlr", any(webhook::dlr::<H>))
        // Carriers that can show their token in the path only.
        .route("/carriers/{name}/mo/{token}", any(webhook::mo::<H>))
        .route("/carriers/{name}/dlr/{token}", any(webhook::dlr::<H>))
        .route("/carriers/{name}/ussd", any(session::ussd::<H>))
        // Tokens in the path, and Infobip's sessions.
        .route("/carriers/{name}/ussd/{*below}", any(session::ussd::<H>))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz::<H>))
        .route("/routes", get(operator::routes::<H>))
        .route("/metrics", get(operator::metrics::<H>));
    if is_virtual {
        routes = routes.route("/clock", get(operator::clock::<H>).post(operator::set_clock::<H>));
    }
    routes.layer(DefaultBodyLimit::max(body_bytes)).with_state(desk)
}
