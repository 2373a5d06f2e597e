//! Builds the rooms in order, starts them, and stops them in reverse.
//!
//! ```text
//! grammar, clock, store → carriers → outbox → service → http and pages → chores
//! ```
//!
//! Everything that runs in the background belongs to a [`Daemon`]; after [`Daemon::stop`] nothing does.

pub mod chores;
mod fit;
mod rooms;
mod watchman;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::carrier::{self, Carrier};
use crate::clock::leap::Leap;
use crate::clock::{Clock, DAY, HOUR, MINUTE, SECOND, Timestamp};
use crate::config::{CarrierConfig, ClockKind, Config, ConfigError, Limits, SettingError, no_such};
use crate::grammar::{Current, Grammar, GrammarError};
use crate::http::{self, Account, Server};
use crate::metrics::Metrics;
use crate::outbox::{self, Outbox, Quiet, Route};
use crate::service::{Lines, Rules, Service, sweep};
use crate::station::phone::{self, PhoneConfig};
use crate::store::{Options, Store, StoreError};
use chores::{Chore, Chores, Work};
pub use fit::unfit;
use rooms::Rooms;
use watchman::{LastHeard, Watchman};

/// How long the outbox may take to finish the sendings under way when we stop.
const OUTBOX_TIME: Duration = Duration::from_secs(5);

/// Why the daemon does not start. Prints one line a fault.
#[derive(Debug)]
pub enum StartError {
    /// What a key of the config asks for is not to be had.
    Config(Vec<ConfigError>),
    Grammar(Vec<GrammarError>),
    /// An account's settings, by the carrier's name.
    Carrier(String, Vec<SettingError>),
    Io(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = match self {
            StartError::Config(faults) => faults.iter().map(|e| e.to_string()).collect(),
            StartError::Grammar(faults) => faults.iter().map(|e| e.to_string()).collect(),
            StartError::Carrier(name, faults) => faults.iter().map(|e| format!("carrier \"{name}\": {e}")).collect(),
            StartError::Io(e) => vec![e.to_string()],
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
            Err(vec![SettingError::new("kind", no_such(&config.kind, "kind of carrier", &known))])
        }
    }
}

/// Texts a second that a kind is sent where the config does not say.
pub fn default_rate(kind: &str) -> u32 {
    carrier::kind(kind).map_or(1, |k| k.default_rate)
}

/// The grammar that the config names, or the one in the binary, once the stations stand in places that it knows and what no
/// route may carry are boards of its.
///
/// # Errors
/// That the folder holds no grammar, every fault in its files (named from where we stand, so that one can open them), or
/// every station in no known place and every ban of no known board.
pub fn load_grammar(config: &Config) -> Result<Grammar, StartError> {
    let grammar = match &config.server.grammar {
        None => Grammar::built_in().map_err(StartError::Grammar)?,
        Some(dir) => {
            let folder = |what: &str| {
                let what = format!("names {}, which {what}", dir.display());
                StartError::Config(vec![config.fault("server.grammar", what)])
            };
            if let Err(e) = std::fs::read_dir(dir) {
                return Err(folder(&format!("cannot be read: {e}")));
            }
            // another folder than was meant: said as such, not file by file
            const PART: &str = "holds no boards or no places; it must hold a whole grammar";
            if !["boards", "places"].iter().all(|part| dir.join(part).is_dir()) {
                return Err(folder(PART));
            }
            let below = |e: GrammarError| GrammarError { file: dir.join(e.file).display().to_string(), ..e };
            let grammar = Grammar::load(dir).map_err(|e| StartError::Grammar(e.into_iter().map(below).collect()))?;
            if grammar.boards.iter().next().is_none() || grammar.places.is_empty() {
                return Err(folder(PART));
            }
            grammar
        }
    };
    let nowhere = config.stations.values().filter(|s| grammar.places.get(s.place).is_none()).map(|s| {
        let what = format!("is {}, which is no division of China; look the code up", s.place.0);
        config.fault(&format!("station.{}.place", s.key), what)
    });
    let boards: Vec<&str> = grammar.boards.iter().map(|b| b.name.as_str()).collect();
    let banned =
        config.carriers.iter().enumerate().flat_map(|(n, c)| c.usage.bans.boards.iter().map(move |b| (n, c, b)));
    let of_nothing = banned.filter(|(.., board)| !boards.contains(&board.as_str())).map(|(n, c, board)| ConfigError {
        key: format!("carrier \"{}\": bans.boards", c.name),
        ..config.fault(&format!("carrier.{n}.bans.boards"), no_such(board, "board", &boards))
    });
    match nowhere.chain(of_nothing).collect::<Vec<_>>() {
        faults if faults.is_empty() => Ok(grammar),
        faults => Err(StartError::Config(faults)),
    }
}

/// Everything that runs.
pub struct Daemon {
    server: Server,
    outbox: Outbox,
    store: Store,
    grammar: Current,
    config: Arc<Config>,
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
    let grammar = Current::new(load_grammar(&config)?);
    let metrics = Metrics::new();
    metrics.started(Clock::System.now().0 / SECOND);
    // Taken first: a second daemon on the same address must not get as far as the store.
    let listener = http::bind(config.server.listen).await.map_err(|e| {
        let mend = match e.kind() {
            io::ErrorKind::AddrInUse => "; another program has it, see who with ss -ltnp",
            io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
            io::ErrorKind::PermissionDenied => "; ports below 1024 are for root",
            _ => "",
        };
        StartError::Config(vec![config.fault("server.listen", format!("is not to be had: {e}{mend}"))])
    })?;
    let address = listener.local_addr().map_err(StartError::Io)?;
    settle_address(&mut config, address);

    let unusable = |e: StoreError| {
        let mend = match &e {
            StoreError::Locked { .. } => "; end it first, or give this one a folder of its own",
            StoreError::Write { .. } => "; is the disk full, or the folder somebody else's?",
            _ => "",
        };
        StartError::Config(vec![config.fault("store.url", format!("is of no use: {e}{mend}"))])
    };
    let store = open(&config).await.map_err(unusable)?;
    let known = known_time(&store).await.map_err(unusable)?;
    let clock = match config.server.clock {
        ClockKind::System => Clock::System,
        // It stands where it last was seen to stand: what waits in the store must not run out by another clock's date.
        ClockKind::Virtual => Clock::virtual_at(known.unwrap_or(Clock::System.now())),
    };
    let carriers = build_carriers(&config)?;
    for (c, carrier) in &carriers {
        if let Some(warning) = unfit(&grammar.get(), c, carrier.as_ref()) {
            tracing::warn!(carrier = c.name, "{warning}");
        }
    }
    let routes = carriers.iter().map(|(c, carrier)| Route {
        carrier: carrier.clone(),
        rate: c.rate.unwrap_or_else(|| default_rate(&c.kind)),
        connections: outbox::CONNECTIONS,
        usage: c.usage.clone(),
    });
    let watch = rooms::watch(metrics.clone());
    let leap = Leap::new(known.unwrap_or(clock.now()));
    // Looked at before anything is done because of the date.
    leap.believes(clock.now());
    let quiet = quiet(&config.limits);
    let outbox = Outbox::new(store.clone(), clock.clone(), leap.clone(), routes.collect(), quiet, watch);
    let rules = rules(&config, &carriers);
    let outbox = if config.stations.values().any(|s| !s.routes.is_empty()) {
        let rules = rules.clone();
        outbox.with_ways(Arc::new(move |mt| rules.ways(&mt.from, &mt.carrier, mt.to)))
    } else {
        outbox
    };
    outbox.start().await.map_err(unusable)?;
    let hand_over = {
        let outbox = outbox.clone();
        Arc::new(move |mts| outbox.offer(mts))
    };
    let service = Service::new(store.clone(), clock.clone(), grammar.clone(), rules, hand_over);

    let (stopping, stop) = watch::channel(false);
    let last = Arc::new(LastHeard::new(&config, &store).await.map_err(unusable)?);
    let watchman = Watchman::new(&config, outbox.clone(), service.clone(), store.clone(), last.clone(), clock.now());
    let mut all = all_chores(&store, &service, &leap, &config);
    all.push(looking_after(watchman));
    let chores = Arc::new(Chores::new(all, clock.now()));
    let rooms =
        Rooms::new(service, outbox.clone(), store.clone(), clock.clone(), chores.clone(), &metrics, &config, last);
    let accounts = carriers.iter().map(|(c, carrier)| Account {
        carrier: carrier.clone(),
        allow: c.allow.clone(),
        secrets: c.secrets(),
    });
    let record = match &config.server.record {
        None => None,
        Some(dir) => Some(http::record::Recorder::new(dir, u64::from(config.server.record_keep)).map_err(|e| {
            let what = format!("names {}, which cannot be written: {e}", dir.display());
            StartError::Config(vec![config.fault("server.record", what)])
        })?),
    };
    let mut router = http::routes(http::Setup {
        house: rooms,
        carriers: accounts.collect(),
        clock: clock.clone(),
        limits: config.server.http.clone(),
        metrics: metrics.clone(),
        record,
    });
    let mut phone_url = None;
    if let Some(page) = phone_page(&config, &clock) {
        router = router.merge(phone::routes(page, stop.clone()));
        phone_url = Some(format!("{}/phone", config.server.public_url));
    }
    if config.is_demo() {
        router = router.merge(Router::new().route("/", get(|| async { Redirect::temporary("/phone") })));
    }
    let server = Server::start(listener, router, config.server.http.clone(), metrics).map_err(StartError::Io)?;
    tracing::info!(%address, stations = config.stations.len(), carriers = carriers.len(), "ready");
    let chores = tokio::spawn(run_chores(chores, clock, stop));
    Ok(Daemon { server, outbox, store, grammar, config: Arc::new(config), phone_url, stopping, chores })
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
        let Some(dir) = &self.config.server.grammar else {
            tracing::info!("the grammar is the one in the binary; there is nothing to read again");
            return;
        };
        let dir = dir.display().to_string();
        let config = self.config.clone();
        match tokio::task::spawn_blocking(move || load_grammar(&config)).await {
            Ok(Ok(grammar)) => {
                self.grammar.set(grammar);
                tracing::info!(dir, "the grammar was read again");
            }
            Ok(Err(faults)) => {
                for fault in faults.to_string().lines() {
                    tracing::error!(fault, "grammar");
                }
                tracing::error!(dir, "the old grammar stays in force");
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

async fn open(config: &Config) -> Result<Store, StoreError> {
    let url = config.store.url.clone();
    let options = Options { cache_bytes: config.store.cache_mb << 20, ..Options::default() };
    let opening = tokio::task::spawn_blocking(move || Store::open(&url, options));
    let (store, opened) = opening.await.unwrap_or(Err(StoreError::Closed))?;
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

fn rules(config: &Config, accounts: &Accounts<'_>) -> Rules {
    let of_station = |c: &CarrierConfig| Some((c.name.clone(), c.station.clone()?));
    let repeats = |(c, carrier): &(&CarrierConfig, Arc<dyn Carrier>)| {
        let said = c.usage.repeat_minutes.map(|m| i64::from(m) * MINUTE);
        Some((c.name.clone(), said.or(carrier.repeats_for())?))
    };
    let banned = config.carriers.iter().flat_map(|c| &c.usage.bans.boards);
    Rules {
        stations: config.stations.clone(),
        limits: config.limits.clone(),
        carrier_station: config.carriers.iter().filter_map(of_station).collect(),
        lines: Lines { repeats: accounts.iter().filter_map(repeats).collect(), banned: banned.cloned().collect() },
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
        // our own phones reach the menu by any code
        ussd_code: station.ussd_code.clone().unwrap_or_else(|| "*123#".into()),
        station_name: station.name.clone(),
        clock: clock.clone(),
    })
}

/// A time that surely was: when the last message came.
async fn known_time(store: &Store) -> Result<Option<Timestamp>, StoreError> {
    Ok(store.recent(1).await?.first().map(|mo| mo.received))
}

fn all_chores(store: &Store, service: &Service, leap: &Leap, config: &Config) -> Vec<Chore> {
    let limits = &config.limits;
    let quotes: Work = {
        let (service, folder) = (service.clone(), config.store.folder().to_path_buf());
        Box::new(move |now| {
            let (service, folder) = (service.clone(), folder.clone());
            Box::pin(async move { report("quotes of markets taken", service.take_quotes(&folder, now).await) })
        })
    };
    let due: Work = {
        let (service, leap) = (service.clone(), leap.clone());
        Box::new(move |now| {
            let (service, leap) = (service.clone(), leap.clone());
            Box::pin(async move {
                if !leap.believes(now) {
                    return Ok(());
                }
                report("things done that were due", service.do_due(now).await)
            })
        })
    };
    let expire: Work = {
        let (store, leap) = (store.clone(), leap.clone());
        Box::new(move |now| {
            let (store, leap) = (store.clone(), leap.clone());
            Box::pin(async move {
                if !leap.believes(now) {
                    return Ok(());
                }
                report("posts expired", sweep::expire(&store, now).await)
            })
        })
    };
    let prune: Work = {
        let (store, leap, limits) = (store.clone(), leap.clone(), limits.clone());
        Box::new(move |now| {
            let (store, leap, limits) = (store.clone(), leap.clone(), limits.clone());
            Box::pin(async move {
                if !leap.believes(now) {
                    return Ok(());
                }
                report("old records let go", sweep::prune(&store, &limits, now).await)
            })
        })
    };
    let unreported: Work = {
        let (store, leap) = (store.clone(), leap.clone());
        let from = Arc::new(std::sync::atomic::AtomicU64::new(1));
        Box::new(move |now| {
            let (store, leap, from) = (store.clone(), leap.clone(), from.clone());
            Box::pin(async move {
                if !leap.believes(now) {
                    return Ok(());
                }
                report("texts never reported on", sweep::unreported(&store, &from, now).await)
            })
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
        Chore::new("quotes", MINUTE, 0, quotes),
        Chore::new("due", MINUTE, 0, due),
        Chore::new("expire", 5 * MINUTE, 0, expire),
        Chore::new("prune", HOUR, 20 * MINUTE, prune),
        Chore::new("unreported", HOUR, 40 * MINUTE, unreported),
        // The quietest hour. A store that was never backed up has waited for it since for ever.
        Chore::new("backup", DAY, 3 * HOUR, backup).since(store.stats().last_backup.unwrap_or_default()),
    ]
}

/// Routes are looked after every minute.
fn looking_after(watchman: Watchman) -> Chore {
    let watchman = Arc::new(watchman);
    let work: Work = Box::new(move |now| {
        let watchman = watchman.clone();
        Box::pin(async move { watchman.look(now).await.map_err(|e| e.to_string()) })
    });
    Chore::new("routes", MINUTE, 0, work)
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
