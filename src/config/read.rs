//! Turns a [`Source`] into a [`Config`], noting every fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::{Table, Value};

use super::carrier::Settings;
use super::nearest::{meant, no_such};
use super::route;
use super::source::Source;
use super::{
    AddressRange, CarrierConfig, CheckCarrier, ClockKind, Config, ConfigError, HttpLimits, Limits, Log, LogFormat,
    Place, QuietHours, Server, SettingError, Station, Stations, StoreConfig,
};
use crate::market::PlaceCode;
use crate::message::Msisdn;

const DEMO: &str = include_str!("demo.toml");

/// All top-level keys.
const TABLES: [&str; 7] = ["server", "store", "station", "carrier", "limits", "alarm", "log"];

pub(super) fn config(
    path: Option<&Path>,
    env: &BTreeMap<String, String>,
    check: CheckCarrier<'_>,
) -> Result<Config, Vec<ConfigError>> {
    let mut source = match path {
        Some(file) => Source::parse(Some(file), &text_of(file).map_err(|e| vec![e])?)?,
        None => demo()?,
    };
    let mut errors = Vec::new();
    source.overlay(env, &mut errors);
    source.read_files(&["store"], &mut errors);
    source.read_files_in_list("carrier", &mut errors);

    let mut reader = Reader { source: &source, errors };
    let server = reader.part("server", server);
    let store = reader.part("store", store);
    let limits = reader.part("limits", limits);
    let alarm = reader.part("alarm", route::alarm);
    let log = reader.part("log", log);
    let stations = reader.stations();
    let carriers = reader.carriers(&server, &stations, check);
    reader.ways_out(&stations, &carriers);
    for key in source.table.keys().filter(|k| !TABLES.contains(&k.as_str())) {
        let what = format!("is not a key of the config; there are: {}{}", TABLES.join(", "), meant(key, &TABLES));
        reader.fault(key, key.clone(), what);
    }
    let mut errors = reader.errors;
    if errors.is_empty() {
        let (file, places) = (path.map(Path::to_path_buf), source.places);
        return Ok(Config { file, server, store, stations, carriers, limits, alarm, log, places });
    }
    // In the order of the file, so that one mends it from top to bottom.
    errors.sort_by_key(|e| if let Some(Place::Line(n)) = e.place { n } else { 0 });
    Err(errors)
}

fn text_of(file: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(file).map_err(|e| ConfigError {
        file: Some(file.display().to_string()),
        place: None,
        key: String::new(),
        what: format!("cannot be read: {e}"),
    })
}

/// The demo's settings, with a token that nobody has seen before.
fn demo() -> Result<Source, Vec<ConfigError>> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| {
        let what = format!("the system gives no random numbers for a token: {e}");
        vec![ConfigError { file: None, place: None, key: String::new(), what }]
    })?;
    let token: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let mut source = Source::parse(None, DEMO)?;
    // Lines of a file that the operator never saw would only mislead.
    source.places.clear();
    if let Some(Value::Table(phone)) = source.table.get_mut("carrier").and_then(|c| c.get_mut(0)) {
        phone.insert("token".into(), Value::String(token));
    }
    Ok(source)
}

struct Reader<'a> {
    source: &'a Source,
    errors: Vec<ConfigError>,
}

impl Reader<'_> {
    /// Notes a fault of what stands at `path`, called `key` in the sentence.
    fn fault(&mut self, path: &str, key: String, what: String) {
        let file = self.source.file.clone();
        self.errors.push(ConfigError { file, place: self.source.place(path), key, what });
    }

    fn settle(&mut self, path: &str, key: &dyn Fn(&str) -> String, faults: Result<(), Vec<SettingError>>) {
        for SettingError { key: k, what } in faults.err().unwrap_or_default() {
            self.fault(&format!("{path}.{k}"), key(&k), what);
        }
    }

    /// Reads one table of fixed keys; absent: as an empty one.
    fn part<T>(&mut self, name: &str, read: fn(&mut Settings<'_>) -> T) -> T {
        let empty = Table::new();
        let table = match self.source.table.get(name) {
            Some(Value::Table(t)) => t,
            None => &empty,
            Some(_) => {
                self.fault(name, name.to_string(), format!("must be a table; write [{name}]"));
                &empty
            }
        };
        let mut settings = Settings::new(table);
        let out = read(&mut settings);
        self.settle(name, &|k| format!("{name}.{k}"), settings.finish());
        out
    }

    fn stations(&mut self) -> Stations {
        let mut stations = Stations::new();
        let table = match self.source.table.get("station") {
            Some(Value::Table(t)) if !t.is_empty() => t,
            None | Some(Value::Table(_)) => {
                let what = "is missing; add a table [station.KEY] with name, place and short_codes".to_string();
                self.fault("station", "station".into(), what);
                return stations;
            }
            Some(_) => {
                self.fault("station", "station".into(), "must be tables; write [station.KEY]".into());
                return stations;
            }
        };
        let mut codes: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in table {
            let path = format!("station.{key}");
            let Value::Table(table) = value else {
                self.fault(&path, path.clone(), format!("must be a table; write [station.{key}]"));
                continue;
            };
            let mut settings = Settings::new(table);
            let station = station(key, &mut settings);
            for code in &station.short_codes {
                // carriers write the same number with and without it
                let digits = code.trim_start_matches('+');
                match codes.insert(digits.to_string(), key.clone()) {
                    Some(other) if other == *key => settings.fault("short_codes", format!("has {code} twice")),
                    Some(other) => {
                        settings.fault("short_codes", format!("has {code}, which is also [station.{other}]'s"))
                    }
                    None => {}
                }
            }
            self.settle(&path, &|k| format!("{path}.{k}"), settings.finish());
            stations.insert(key.clone(), station);
        }
        stations
    }

    fn carriers(&mut self, server: &Server, stations: &Stations, check: CheckCarrier<'_>) -> Vec<CarrierConfig> {
        let list = match self.source.table.get("carrier") {
            Some(Value::Array(list)) if !list.is_empty() => list,
            None | Some(Value::Array(_)) => {
                let what = "is missing; add [[carrier]] with name, kind and its credentials".to_string();
                self.fault("carrier", "carrier".into(), what);
                return Vec::new();
            }
            Some(_) => {
                self.fault("carrier", "carrier".into(), "must be a list; write [[carrier]]".into());
                return Vec::new();
            }
        };
        let mut out: Vec<CarrierConfig> = Vec::new();
        for (i, value) in list.iter().enumerate() {
            let path = format!("carrier.{i}");
            let Value::Table(table) = value else {
                self.fault(&path, path.clone(), "must be a table; write [[carrier]]".into());
                continue;
            };
            let mut faults = Vec::new();
            let mut carrier = Self::carrier(table, server, stations, &mut faults);
            if out.iter().any(|c| c.name == carrier.name) {
                faults.push(SettingError::new("name", "is another carrier's too; each needs its own"));
            }
            if carrier.name.is_empty() {
                // Without a name the kind's own faults could not be told apart.
                carrier.name = format!("#{}", i + 1);
            }
            if !carrier.kind.is_empty() {
                faults.extend(check(&carrier).err().unwrap_or_default());
            }
            let name = carrier.name.clone();
            self.settle(&path, &|k| format!("carrier \"{name}\": {k}"), Err(faults));
            out.push(carrier);
        }
        out
    }

    /// A station's ways out must lead through carriers that there are.
    fn ways_out(&mut self, stations: &Stations, carriers: &[CarrierConfig]) {
        for (key, station) in stations {
            for (n, way) in station.routes.iter().enumerate().filter(|(_, w)| !w.carrier.is_empty()) {
                if !carriers.iter().any(|c| c.name == way.carrier) {
                    let known: Vec<&str> = carriers.iter().map(|c| c.name.as_str()).collect();
                    let what = no_such(&way.carrier, "carrier", &known);
                    let path = format!("station.{key}.route.{n}.carrier");
                    self.fault(&path, path.clone(), what);
                }
            }
        }
    }

    /// Reads what every kind has; the rest of the table is the kind's.
    fn carrier(table: &Table, server: &Server, stations: &Stations, faults: &mut Vec<SettingError>) -> CarrierConfig {
        const OWN: [&str; 5] = ["name", "kind", "station", "rate", "allow"];
        let (shared, settings): (Vec<_>, Vec<_>) = table
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .partition(|(k, _)| OWN.contains(&k.as_str()) || route::SHARED.contains(&k.as_str()));
        let shared = Table::from_iter(shared);
        let mut s = Settings::new(&shared);
        let name = s.required("name", "a short word of your choice; it stands in the addresses of the webhooks");
        let url_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.len() > 32 || !name.chars().all(url_safe) {
            s.fault("name", "may have letters, digits, - and _ only, at most 32 of them");
        }
        let kind = s.required("kind", "which kind of carrier this is, such as kannel");
        let station = s.string("station");
        if let Some(key) = station.as_ref().filter(|key| !stations.contains_key(*key)) {
            let known: Vec<&str> = stations.keys().map(String::as_str).collect();
            s.fault("station", no_such(key, "station", &known));
        }
        let rate = s.integer("rate", 1..=1_000_000).and_then(|n| u32::try_from(n).ok());
        let usage = route::usage(&mut s);
        let allow = ranges(&mut s, "allow");
        faults.extend(s.finish().err().unwrap_or_default());
        CarrierConfig {
            name,
            kind,
            station,
            rate,
            usage,
            allow,
            public_url: server.public_url.clone(),
            listen: server.listen,
            settings: Table::from_iter(settings),
        }
    }
}

fn server(s: &mut Settings<'_>) -> Server {
    let usual = Server::default();
    let listen = match s.string("listen") {
        None => usual.listen,
        Some(text) => text.parse().unwrap_or_else(|_| {
            s.fault("listen", "must be an address and a port, as in 127.0.0.1:8080");
            usual.listen
        }),
    };
    let public_url = match s.optional_url("public_url") {
        Some(url) => {
            if url.contains(['?', '#', '@']) {
                s.fault("public_url", "may hold a host and a path only, as in https://sms.example.cn");
            }
            url.trim_end_matches('/').to_string()
        }
        None => format!("http://{listen}"),
    };
    let clock = match s.one_of("clock", &["system", "virtual"]) {
        Some("virtual") => ClockKind::Virtual,
        _ => ClockKind::System,
    };
    if clock == ClockKind::Virtual && !listen.ip().is_loopback() {
        s.fault(
            "clock",
            format!("may be virtual only where nobody else can reach it; listen on 127.0.0.1, not {}", listen.ip()),
        );
    }
    let grammar = s.string("grammar").map(PathBuf::from);
    let record = s.string("record").map(PathBuf::from);
    let keep = s.integer("record_keep", 1..=1_000_000).and_then(|n| u32::try_from(n).ok());
    let record_keep = keep.unwrap_or(usual.record_keep);
    let http = http(s);
    Server { listen, public_url, clock, grammar, record, record_keep, http }
}

fn http(s: &mut Settings<'_>) -> HttpLimits {
    let usual = HttpLimits::default();
    let count = |n: Option<i64>, usual: usize| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(usual);
    let seconds = |n: Option<i64>, usual: Duration| n.map_or(usual, |n| Duration::from_secs(n.unsigned_abs()));
    HttpLimits {
        connections: count(s.integer("connections", 8..=65_536), usual.connections),
        in_flight: count(s.integer("in_flight", 1..=65_536), usual.in_flight),
        body_bytes: count(s.integer("body_bytes", 1_024..=1_048_576), usual.body_bytes),
        header_time: seconds(s.integer("header_seconds", 1..=300), usual.header_time),
        body_time: seconds(s.integer("body_seconds", 1..=300), usual.body_time),
        stop_time: seconds(s.integer("stop_seconds", 1..=60), usual.stop_time),
        trusted_proxies: ranges(s, "trusted_proxies"),
    }
}

fn store(s: &mut Settings<'_>) -> StoreConfig {
    let url = s.string("url").unwrap_or_else(|| "sled:data".to_string());
    if url.strip_prefix("sled:").is_none_or(str::is_empty) {
        // The address may hold a password: it is not repeated.
        s.fault("url", "must be sled: and a folder, as in sled:data");
    }
    let cache_mb = s.integer("cache_mb", 4..=65_536).map_or(StoreConfig::CACHE_MB, i64::unsigned_abs);
    StoreConfig { url, cache_mb }
}

fn limits(s: &mut Settings<'_>) -> Limits {
    let usual = Limits::default();
    let count = |n: Option<i64>, usual: u32| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(usual);
    let quiet_hours = s.text("quiet_hours").unwrap_or(usual.quiet_hours);
    if !quiet_hours.is_empty()
        && let Err(what) = quiet_hours.parse::<QuietHours>()
    {
        s.fault("quiet_hours", what);
    }
    Limits {
        quiet_hours,
        pushes_per_day: count(s.integer("pushes_per_day", 0..=1_000_000), usual.pushes_per_day),
        posts_per_day: count(s.integer("posts_per_day", 0..=1_000_000), usual.posts_per_day),
        retention_days: count(s.integer("retention_days", 0..=36_500), usual.retention_days),
    }
}

fn log(s: &mut Settings<'_>) -> Log {
    let format = match s.one_of("format", &["human", "json"]) {
        Some("json") => LogFormat::Json,
        _ => LogFormat::Human,
    };
    let level = s.string("level").unwrap_or_else(|| "info".to_string());
    if level.parse::<tracing_subscriber::filter::Targets>().is_err() {
        s.fault(
            "level",
            "must be error, warn, info, debug or trace, or levels by room as in info,xiangxun::outbox=debug",
        );
    }
    Log { format, level }
}

fn station(key: &str, s: &mut Settings<'_>) -> Station {
    let name = s.required("name", "what villagers call the station");
    let code = s.required("place", "its statutory code, as in 522632");
    let place = PlaceCode::parse(&code).unwrap_or_else(|| {
        if !code.is_empty() {
            s.fault("place", format!("must be a statutory code of 2, 4, 6, 9 or 12 digits, not {code}"));
        }
        PlaceCode::COUNTRY
    });
    let short_codes = s.list("short_codes");
    if short_codes.is_empty() && s.is_sound("short_codes") {
        s.fault("short_codes", "is missing; add short_codes = [\"…\"] (the numbers that villagers write to)");
    }
    let is_code = |c: &str| {
        let digits = c.strip_prefix('+').unwrap_or(c);
        (2..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    if let Some(bad) = short_codes.iter().find(|c| !is_code(c)) {
        s.fault("short_codes", format!("has `{bad}`; a short code is 2 to 20 digits"));
    }
    let mut managers = Vec::new();
    for text in s.list("managers") {
        match Msisdn::parse(&text) {
            Some(m) => managers.push(m),
            None => s.fault("managers", "has an entry that is no telephone number; write them as +8613800000000"),
        }
    }
    let said = s.list("market_days").join(",");
    let market_days =
        (!said.is_empty()).then(|| said.parse().map_err(|what: &str| s.fault("market_days", what)).ok()).flatten();
    let ussd_code = s.text("ussd_code");
    if ussd_code.as_ref().is_some_and(|code| !dials(code)) {
        s.fault("ussd_code", "must begin with * and end with #, with digits and * between: *384*1234#");
    }
    let routes = s.tables("route", route::way_out);
    Station { key: key.to_string(), name, place, short_codes, managers, market_days, ussd_code, routes }
}

/// Whether a phone that dials this asks the network for a menu.
fn dials(code: &str) -> bool {
    let inside = code.strip_prefix('*').and_then(|rest| rest.strip_suffix('#')).unwrap_or_default();
    !inside.is_empty() && inside.split('*').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn ranges(s: &mut Settings<'_>, key: &'static str) -> Vec<AddressRange> {
    let mut out = Vec::new();
    for text in s.list(key) {
        match text.parse() {
            Ok(range) => out.push(range),
            Err(what) => s.fault(key, format!("has an entry that cannot be read: {what}")),
        }
    }
    out
}
