//! Builds the rooms in order, starts them, and stops them in reverse.
//!
//! ```text
//! grammar, clock, store → carriers → outbox → service → http and pages → chores
//! ```
//!
//! Everything that runs in the background belongs to a [`Daemon`]; after [`Daemon::stop`] nothing does.

pub mod chores;
mod rooms;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::carrier::{self, Carrier};
use crate::clock::{Clock, DAY, HOUR, MINUTE, Timestamp};
use crate::config::{CarrierConfig, ClockKind, Config, Limits, SettingError};
use crate::grammar::{Current, Grammar, GrammarError};
use crate::http::{self, Account, Server};
use crate::metrics::Metrics;
use crate::outbox::{self, Outbox, Quiet, Route};
use crate::service::{Rules, Service, sweep};
use crate::station::phone::{self, PhoneConfig};
use crate::store::{Options, Store, StoreError};
use chores::{Chore, Chores, Work};
use rooms::Rooms;

/// How long the outbox may take to finish the sendings under way when we stop.
const OUTBOX_TIME: Duration = Duration::from_secs(5);

/// Why the daemon does not start. Prints one line a fault.
#[derive(Debug)]
pub enum StartError {
    Grammar(Vec<GrammarError>),
    /// An account's settings, by the carrier's name.
    Carrier(String, Vec<SettingError>),
    Listen(io::Error),
    Store(StoreError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = match self {
            StartError::Grammar(faults) => faults.iter().map(|e| e.to_string()).collect(),
            StartError::Carrier(name, faults) => faults.iter().map(|e| format!("carrier \"{name}\": {e}")).collect(),
            StartError::Listen(e) => vec![e.to_string()],
            StartError::Store(e) => vec![e.to_string()],
        };
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for StartError {}

/// Builds one account.
///
/// # Errors
/// Every fault in its settings; that no kind has this name, among them.
pub fn build_carrier(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    match carrier::kind(&config.kind) {
        Some(kind) => (kind.build)(config),
        None => {
            let known: Vec<&str> = carrier::all().iter().map(|k| k.name).collect();
            let what = format!("names {}, which is no kind of carrier; there are: {}", config.kind, known.join(", "));
            Err(vec![SettingError::new("kind", what)])
        }
    }
}

/// Texts a second that a kind is sent where the config does not say.
pub fn default_rate(kind: &str) -> u32 {
    carrier::kind(kind).map_or(1, |k| k.default_rate)
}

/// The grammar of a folder, or the one in the binary.
pub fn load_grammar(dir: Option<&Path>) -> Result<Grammar, Vec<GrammarError>> {
    dir.map_or_else(Grammar::built_in, Grammar::load)
}

/// Everything that runs.
pub struct Daemon {
    server: Server,
    outbox: Outbox,
    store: Store,
    grammar: Current,
    grammar_dir: Option<PathBuf>,
    phone_url: Option<String>,
    /// Turns `true` when we stop: event streams and chores end.
    stopping: watch::Sender<bool>,
    chores: JoinHandle<()>,
}

/// Starts everything.
///
/// # Errors
/// See [`StartError`]; nothing is left running.
pub async fn start(mut config: Config) -> Result<Daemon, StartError> {
    let grammar = Current::new(load_grammar(config.server.grammar.as_deref()).map_err(StartError::Grammar)?);
    let clock = match config.server.clock {
        ClockKind::System => Clock::System,
        ClockKind::Virtual => Clock::virtual_at(Clock::System.now()),
    };
    let metrics = Metrics::new();
    // Taken first: a second daemon on the same address must not get as far as the store.
    let listener = http::bind(config.server.listen).await.map_err(StartError::Listen)?;
    let address = listener.local_addr().map_err(StartError::Listen)?;
    settle_address(&mut config, address);

    let store = open(&config).await?;
    let carriers = build_carriers(&config)?;
    let routes = carriers.iter().map(|(c, carrier)| Route {
        carrier: carrier.clone(),
        rate: c.rate.unwrap_or_else(|| default_rate(&c.kind)),
        connections: outbox::CONNECTIONS,
    });
    let watch = rooms::watch(metrics.clone());
    let outbox = Outbox::new(store.clone(), clock.clone(), routes.collect(), quiet(&config.limits), watch);
    outbox.start().await.map_err(StartError::Store)?;
    let hand_over = {
        let outbox = outbox.clone();
        Arc::new(move |mts| outbox.offer(mts))
    };
    let service = Service::new(store.clone(), clock.clone(), grammar.clone(), rules(&config), hand_over);

    let (stopping, stop) = watch::channel(false);
    let chores = Arc::new(Chores::new(all_chores(&store, &config.limits), clock.now()));
    let rooms = Rooms::new(service, outbox.clone(), store.clone(), clock.clone(), chores.clone(), &metrics, &config);
    let accounts = carriers.iter().map(|(c, carrier)| Account { carrier: carrier.clone(), allow: c.allow.clone() });
    let mut router = http::routes(http::Setup {
        house: rooms,
        carriers: accounts.collect(),
        clock: clock.clone(),
        limits: config.server.http.clone(),
        metrics: metrics.clone(),
    });
    let mut phone_url = None;
    if let Some(page) = phone_page(&config, &clock) {
        router = router.merge(phone::routes(page, stop.clone()));
        phone_url = Some(format!("{}/phone", config.server.public_url));
    }
    if config.is_demo() {
        router = router.merge(Router::new().route("/", get(|| async { Redirect::temporary("/phone") })));
    }
    let server = Server::start(listener, router, config.server.http.clone(), metrics).map_err(StartError::Listen)?;
    tracing::info!(%address, stations = config.stations.len(), carriers = carriers.len(), "ready");
    let chores = tokio::spawn(run_chores(chores, clock, stop));
    Ok(Daemon { server, outbox, store, grammar, grammar_dir: config.server.grammar, phone_url, stopping, chores })
}

impl Daemon {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where the phone page is, when there is a carrier of kind `phone`.
    pub fn phone_url(&self) -> Option<&str> {
        self.phone_url.as_deref()
    }

    /// Reads the grammar again; a faulty one is logged and the old one stays.
    pub async fn reload(&self) {
        let Some(dir) = self.grammar_dir.clone() else {
            tracing::info!("the grammar is the one in the binary; there is nothing to read again");
            return;
        };
        let shown = dir.display().to_string();
        match tokio::task::spawn_blocking(move || load_grammar(Some(&dir))).await {
            Ok(Ok(grammar)) => {
                self.grammar.set(grammar);
                tracing::info!(dir = shown, "the grammar was read again");
            }
            Ok(Err(faults)) => {
                for fault in &faults {
                    tracing::error!(%fault, "grammar");
                }
                tracing::error!(dir = shown, faults = faults.len(), "the old grammar stays in force");
            }
            Err(e) => tracing::error!(cause = %e, "reading the grammar failed; the old one stays in force"),
        }
    }

    /// Takes no more texts, finishes those under way and what is being sent, and closes the store. Returns whether
    /// everything is in its place; if not, the next start does the rest.
    pub async fn stop(self) -> bool {
        tracing::info!("stopping");
        self.stopping.send_replace(true);
        self.server.stop().await;
        // Ends on the signal; what a chore has begun in the store the store keeps whole.
        let chores_ended = self.chores.await.is_ok();
        let sent = self.outbox.stop(OUTBOX_TIME).await;
        let closed = self.store.close().await;
        tracing::info!(sent, closed, "stopped");
        closed && chores_ended
    }
}

/// Puts the real port where 0 was asked for, also into the addresses that carriers are given.
fn settle_address(config: &mut Config, address: SocketAddr) {
    let server = &mut config.server;
    let asked = format!("http://{}", server.listen);
    server.listen = address;
    if server.public_url == asked {
        server.public_url = format!("http://{address}");
    }
    for c in &mut config.carriers {
        c.listen = address;
        c.public_url.clone_from(&server.public_url);
    }
}

async fn open(config: &Config) -> Result<Store, StartError> {
    let url = config.store.url.clone();
    let opening = tokio::task::spawn_blocking(move || Store::open(&url, Options::default()));
    let (store, opened) = opening.await.unwrap_or(Err(StoreError::Closed)).map_err(StartError::Store)?;
    let (store_url, opened_as) = (&config.store.url, opened.to_string());
    if opened.is_alarming() {
        tracing::error!(store = store_url, opened_as, "the store was damaged; look at the disk");
    } else {
        tracing::info!(store = store_url, opened_as, "store open");
    }
    Ok(store)
}

type Accounts<'a> = Vec<(&'a CarrierConfig, Arc<dyn Carrier>)>;

fn build_carriers(config: &Config) -> Result<Accounts<'_>, StartError> {
    let build = |c| match build_carrier(c) {
        Ok(carrier) => Ok((c, Arc::from(carrier))),
        Err(faults) => Err(StartError::Carrier(c.name.clone(), faults)),
    };
    config.carriers.iter().map(build).collect()
}

fn rules(config: &Config) -> Rules {
    let of_station = |c: &CarrierConfig| Some((c.name.clone(), c.station.clone()?));
    Rules {
        stations: config.stations.clone(),
        limits: config.limits.clone(),
        carrier_station: config.carriers.iter().filter_map(of_station).collect(),
    }
}

/// When pushes wait, as the outbox asks.
fn quiet(limits: &Limits) -> Quiet {
    let hours = limits.quiet();
    Arc::new(move |at| hours.filter(|h| h.contains(at)).map(|h| h.end_after(at)))
}

/// The phone page of the first carrier of its kind.
fn phone_page(config: &Config, clock: &Clock) -> Option<PhoneConfig> {
    let c = config.carriers.iter().find(|c| c.kind == carrier::phone::KIND.name)?;
    let by_key = c.station.as_ref().and_then(|key| config.stations.get(key));
    let station = by_key.or_else(|| config.stations.values().next())?;
    Some(PhoneConfig {
        token: c.settings().optional_secret("token")?,
        carrier: c.name.clone(),
        short_codes: station.short_codes.clone(),
        station_name: station.name.clone(),
        clock: clock.clone(),
    })
}

fn all_chores(store: &Store, limits: &Limits) -> Vec<Chore> {
    let expire: Work = {
        let store = store.clone();
        Box::new(move |now| {
            let store = store.clone();
            Box::pin(async move { report("posts expired", sweep::expire(&store, now).await) })
        })
    };
    let prune: Work = {
        let (store, limits) = (store.clone(), limits.clone());
        Box::new(move |now| {
            let (store, limits) = (store.clone(), limits.clone());
            Box::pin(async move { report("old records let go", sweep::prune(&store, &limits, now).await) })
        })
    };
    let backup: Work = {
        let store = store.clone();
        Box::new(move |_: Timestamp| {
            let store = store.clone();
            Box::pin(async move {
                let path = store.backup().await.map_err(|e| e.to_string())?;
                tracing::info!(path = %path.display(), "backup written and read back");
                Ok(())
            })
        })
    };
    vec![
        Chore::new("expire", 5 * MINUTE, 0, expire),
        Chore::new("prune", HOUR, 20 * MINUTE, prune),
        // The quietest hour.
        Chore::new("backup", DAY, 3 * HOUR, backup),
    ]
}

fn report(what: &'static str, done: Result<usize, StoreError>) -> Result<(), String> {
    let count = done.map_err(|e| e.to_string())?;
    if count > 0 {
        tracing::info!(count, "{what}");
    }
    Ok(())
}

async fn run_chores(chores: Arc<Chores>, clock: Clock, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        () = chores.run(&clock) => {}
        _ = stop.wait_for(|stopping| *stopping) => {}
    }
}
