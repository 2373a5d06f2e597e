//! The config file: every key, its unit and its default. `deploy/xiangxun.example.toml` shows them all.
//!
//! [`Config::load`] reads a file, lays the environment over it and checks everything; it reports every fault at once,
//! each with its place and its mend:
//!
//! ```text
//! xiangxun.toml:12: carrier "mobile": token is missing; add token = "…" or token_file = "…" (the secret Kannel puts into ?token=)
//! XIANGXUN__SERVER__LISTEN: server.listen must be an address and a port, as in 127.0.0.1:8080
//! ```
//!
//! Without a file it is the demo: one station, one phone, everything on this machine.

pub mod address;
pub mod carrier;
mod nearest;
mod quiet;
mod read;
pub mod route;
mod source;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use address::AddressRange;
pub use carrier::{CarrierConfig, SettingError};
pub use nearest::no_such;
pub use quiet::QuietHours;

use crate::clock::Timestamp;
use crate::market::{MarketDays, PlaceCode};
use crate::message::Msisdn;

/// Everything the operator decides.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from; `None` in demo mode.
    pub file: Option<PathBuf>,
    pub server: Server,
    pub store: StoreConfig,
    pub stations: Stations,
    /// In the order they are written.
    pub carriers: Vec<CarrierConfig>,
    pub limits: Limits,
    pub alarm: route::Alarm,
    pub log: Log,
    /// Where each key was written, for what turns out wrong later.
    places: BTreeMap<String, Place>,
}

/// `[server]`
#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    /// How carriers and browsers reach us, without a slash at the end; by default `http://` and `listen`.
    pub public_url: String,
    pub clock: ClockKind,
    /// A folder that takes the place of the grammar in the binary.
    pub grammar: Option<PathBuf>,
    /// A folder for raw webhook calls, and how many are kept there.
    pub record: Option<PathBuf>,
    pub record_keep: u32,
    pub http: HttpLimits,
}

/// `[server] clock`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockKind {
    System,
    /// Stands still until `POST /clock`; only when nobody but this machine can reach us.
    Virtual,
}

/// What one caller can cost us.
#[derive(Debug, Clone)]
pub struct HttpLimits {
    /// Connections open at once; the next ones wait in the system's own queue. Each takes what its call is long, so some
    /// KiB, and 130 KiB at most: 64 MiB in all, were every one of them at its limit.
    pub connections: usize,
    /// Calls waiting for the store at once; the next ones are told 503 and call again.
    pub in_flight: usize,
    /// Bytes of a request's body. A text of 5,000 characters takes 30 KB where JSON escapes it, 45 KB in a form.
    pub body_bytes: usize,
    /// Time for the whole head of a request; also how long an idle connection is kept.
    pub header_time: Duration,
    /// Time for the whole body of a request.
    pub body_time: Duration,
    /// Time that calls under way are given when we stop.
    pub stop_time: Duration,
    /// Reverse proxies, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
}

impl Default for HttpLimits {
    fn default() -> HttpLimits {
        HttpLimits {
            connections: 512,
            in_flight: 384,
            body_bytes: 64 * 1024,
            header_time: Duration::from_secs(5),
            body_time: Duration::from_secs(10),
            stop_time: Duration::from_secs(5),
            trusted_proxies: Vec::new(),
        }
    }
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// `sled:FOLDER`
    pub url: String,
    /// Megabytes of pages kept in memory, above some tens that are needed anyway.
    pub cache_mb: u64,
}

impl StoreConfig {
    /// Enough for the hundred thousand posts of a county; a province's million are quicker with some hundreds.
    pub const CACHE_MB: u64 = 16;

    /// The folder of an embedded store.
    pub fn folder(&self) -> &Path {
        Path::new(self.url.strip_prefix("sled:").unwrap_or(&self.url))
    }
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    /// A level, or levels by room: `info,xiangxun::outbox=debug`.
    pub level: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Human,
    Json,
}

/// One township's station.
#[derive(Debug, Clone)]
pub struct Station {
    /// The key in `[station.KEY]`.
    pub key: String,
    pub name: String,
    /// Where posts are that name no place: usually a county or a town.
    pub place: PlaceCode,
    pub short_codes: Vec<String>,
    pub managers: Vec<Msisdn>,
    /// When its market is held; `赶场天` is the next of them.
    pub market_days: Option<MarketDays>,
    /// What is dialled for its menu, where a carrier has given it a code: `*384*1234#`.
    pub ussd_code: Option<String>,
    /// Its ways out; without any a phone is answered by the carrier it wrote through.
    pub routes: Vec<route::WayOut>,
}

/// All stations, by key.
pub type Stations = BTreeMap<String, Station>;

/// What protects villagers and purse. Zero or empty switches a limit off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Beijing time, `HH:MM-HH:MM`: pushes wait, answers do not.
    pub quiet_hours: String,
    /// Pushes to one phone in a day.
    pub pushes_per_day: u32,
    /// Posts of one phone in a day.
    pub posts_per_day: u32,
    /// Days that messages and closed posts are kept.
    pub retention_days: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { quiet_hours: "21:30-07:00".into(), pushes_per_day: 10, posts_per_day: 20, retention_days: 180 }
    }
}

impl Limits {
    /// When pushes wait; `None` where they never do.
    pub fn quiet(&self) -> Option<QuietHours> {
        self.quiet_hours.parse().ok()
    }

    /// When a push that is ready at `at` may go: at once, or at the end of the quiet hours.
    pub fn after_quiet(&self, at: Timestamp) -> Timestamp {
        self.quiet().map_or(at, |q| q.end_after(at))
    }

    /// Pushes to one phone in a day, where there is a limit.
    pub fn pushes(&self) -> Option<u32> {
        (self.pushes_per_day > 0).then_some(self.pushes_per_day)
    }

    /// Posts of one phone in a day, where there is a limit.
    pub fn posts(&self) -> Option<u32> {
        (self.posts_per_day > 0).then_some(self.posts_per_day)
    }

    /// How long messages and closed posts are kept, in milliseconds, where they are not kept for ever.
    pub fn retention(&self) -> Option<i64> {
        (self.retention_days > 0).then(|| i64::from(self.retention_days) * crate::clock::DAY)
    }
}

/// A password or token. Prints as `***`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(s: impl Into<String>) -> Secret {
        Secret(s.into())
    }

    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a key was written: a line of the file, or a variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// From 1.
    Line(usize),
    Variable(String),
}

/// A fault in the config, for the operator: where, which key, what is wrong and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file as it was named; `None` where none was read.
    pub file: Option<String>,
    pub place: Option<Place>,
    /// `server.listen`, `carrier "mobile": token`; empty where the file itself is at fault.
    pub key: String,
    /// Continues the sentence that the key begins.
    pub what: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.place, &self.file) {
            (Some(Place::Variable(v)), _) => write!(f, "{v}: ")?,
            (Some(Place::Line(n)), Some(file)) => write!(f, "{file}:{n}: ")?,
            (_, Some(file)) => write!(f, "{file}: ")?,
            (_, None) => {}
        }
        if self.key.is_empty() { f.write_str(&self.what) } else { write!(f, "{} {}", self.key, self.what) }
    }
}

impl std::error::Error for ConfigError {}

/// Looks into one account and reports what its kind cannot work with.
pub type CheckCarrier<'a> = &'a dyn Fn(&CarrierConfig) -> Result<(), Vec<SettingError>>;

impl Config {
    /// Reads the file at `path`, or the demo's settings where there is none, and lays `env` over it
    /// (`XIANGXUN__SERVER__LISTEN`). Settings of a carrier's kind are left unread: see [`Config::load_with`].
    pub fn load(path: Option<&Path>, env: &BTreeMap<String, String>) -> Result<Config, Vec<ConfigError>> {
        Config::load_with(path, env, &|_| Ok(()))
    }

    /// As [`Config::load`], and has `check` look into each account, so that its faults are told with the others.
    pub fn load_with(
        path: Option<&Path>,
        env: &BTreeMap<String, String>,
        check: CheckCarrier<'_>,
    ) -> Result<Config, Vec<ConfigError>> {
        read::config(path, env, check)
    }

    /// A fault of `key` that shows only when the config is put to use; `what` continues the sentence.
    pub fn fault(&self, key: &str, what: impl Into<String>) -> ConfigError {
        ConfigError {
            file: self.file.as_ref().map(|f| f.display().to_string()),
            place: source::place_in(&self.places, key),
            key: key.to_string(),
            what: what.into(),
        }
    }

    /// Whether this is the demo: no file was given.
    pub fn is_demo(&self) -> bool {
        self.file.is_none()
    }
}

impl Default for Server {
    fn default() -> Server {
        let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
        Server {
            listen,
            public_url: format!("http://{listen}"),
            clock: ClockKind::System,
            grammar: None,
            record: None,
            record_keep: 500,
            http: HttpLimits::default(),
        }
    }
}

/// The texts of a list; one text is a list with commas between.
pub(crate) fn texts(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(s) => {
            Some(s.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_string).collect())
        }
        toml::Value::Array(a) => a.iter().map(|v| v.as_str().map(str::to_string)).collect(),
        _ => None,
    }
}

/// Whether `url` is an address that can be called; else why not, as the rest of a sentence.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    match url.parse::<http::Uri>() {
        Ok(u) if matches!(u.scheme_str(), Some("http" | "https")) && u.host().is_some_and(|h| !h.is_empty()) => Ok(()),
        _ => Err("must begin with http:// or https:// and name a host".to_string()),
    }
}
