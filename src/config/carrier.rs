//! One `[[carrier]]` of the config: what every kind has, and the table of what only this kind has.
//!
//! A kind reads its own settings through [`Settings`], which notes every fault instead of stopping at the first and
//! refuses keys that nobody asked for:
//!
//! ```
//! use xiangxun::config::carrier::CarrierConfig;
//!
//! let config = CarrierConfig::new("mobile", "kannel", toml::toml! { token = "s3cret" tokn = 1 });
//! let mut settings = config.settings();
//! let token = settings.secret("token", "the secret that Kannel puts into ?token=");
//! let url = settings.required("send_url", "Kannel's sendsms address");
//! let faults = settings.finish().unwrap_err();
//! assert_eq!(token.expose(), "s3cret");
//! assert_eq!(url, "");
//! assert!(faults[0].to_string().starts_with("send_url is missing; add send_url = \"…\""));
//! assert!(faults[1].to_string().starts_with("tokn is no key here"));
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::Secret;
use super::address::AddressRange;
use super::nearest::meant;
use super::route::Usage;

/// One account at one carrier.
#[derive(Clone)]
pub struct CarrierConfig {
    /// Unique; stands in the addresses of its webhooks.
    pub name: String,
    pub kind: String,
    /// Key of the station that texts through this account are for; `None`: that of the short code written to.
    pub station: Option<String>,
    /// MTs a second; `None`: the kind's own default.
    pub rate: Option<u32>,
    pub usage: Usage,
    /// Addresses that webhooks may come from; empty: any.
    pub allow: Vec<AddressRange>,
    /// How the carrier reaches us, without a slash at the end: `https://sms.example.cn`.
    pub public_url: String,
    pub listen: SocketAddr,
    /// What only this kind has. The environment is laid over it, and each `x_file` is read into `x`.
    pub settings: Table,
}

impl CarrierConfig {
    /// An account that stands in no file: for the demo and for tests.
    pub fn new(name: &str, kind: &str, settings: Table) -> CarrierConfig {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        CarrierConfig {
            name: name.to_string(),
            kind: kind.to_string(),
            station: None,
            rate: None,
            usage: Usage::default(),
            allow: Vec::new(),
            public_url: format!("http://{listen}"),
            listen,
            settings,
        }
    }

    /// A reader of what only this kind has.
    pub fn settings(&self) -> Settings<'_> {
        Settings::new(&self.settings)
    }

    /// What in these settings must not be shown, by the names of their keys.
    pub fn secrets(&self) -> Vec<(String, Secret)> {
        fn collect(table: &Table, path: &str, out: &mut Vec<(String, Secret)>) {
            for (key, value) in table {
                let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let is_secret = ["token", "secret", "password", "key", "pwd"].iter().any(|w| key.contains(w))
                    && !["_in", "_name", "_url"].iter().any(|end| key.ends_with(end));
                match value {
                    Value::Table(inner) => collect(inner, &name, out),
                    Value::String(s) if is_secret && !s.is_empty() => out.push((name, Secret::new(s.clone()))),
                    _ => {}
                }
            }
        }
        let mut out = Vec::new();
        collect(&self.settings, "", &mut out);
        // the longest first: one may be the beginning of another
        out.sort_by_key(|(_, s)| std::cmp::Reverse(s.expose().len()));
        out
    }

    /// Whether a webhook call may come from `remote`.
    pub fn allows(&self, remote: IpAddr) -> bool {
        self.allow.is_empty() || self.allow.iter().any(|r| r.contains(remote))
    }
}

/// Prints no setting: any of them may be a secret.
impl fmt::Debug for CarrierConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&String> = self.settings.keys().collect();
        f.debug_struct("CarrierConfig")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("station", &self.station)
            .field("rate", &self.rate)
            .field("usage", &self.usage)
            .field("allow", &self.allow)
            .field("settings", &keys)
            .finish_non_exhaustive()
    }
}

/// A fault in one setting, for the operator. Reads as a sentence: `{key} {what}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {what}")]
pub struct SettingError {
    /// The key below `[[carrier]]`, dotted inside tables: `token`, `fields.from`.
    pub key: String,
    /// What is wrong and the mend; never the value of a secret.
    pub what: String,
}

impl SettingError {
    pub fn new(key: impl Into<String>, what: impl Into<String>) -> SettingError {
        SettingError { key: key.into(), what: what.into() }
    }
}

/// Reads a table of settings, noting every fault.
///
/// A value from the environment is always a string, so numbers, truths and lists are also read from one:
/// `"20"`, `"true"`, `"a, b"`.
#[derive(Debug)]
pub struct Settings<'a> {
    table: &'a Table,
    /// Put before each key in errors: `fields.`.
    prefix: String,
    asked: Vec<&'static str>,
    errors: Vec<SettingError>,
}

impl<'a> Settings<'a> {
    pub fn new(table: &'a Table) -> Settings<'a> {
        Settings { table, prefix: String::new(), asked: Vec::new(), errors: Vec::new() }
    }

    /// Whether the key is there, whatever it holds.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Notes a fault of `key`; `what` continues the sentence that the key begins.
    pub fn fault(&mut self, key: &str, what: impl Into<String>) {
        self.errors.push(SettingError::new(format!("{}{key}", self.prefix), what));
    }

    /// Whether no fault of `key` was noted.
    pub fn is_sound(&self, key: &str) -> bool {
        !self.errors.iter().any(|e| e.key.strip_prefix(&self.prefix) == Some(key))
    }

    /// A text; empty counts as absent.
    pub fn string(&mut self, key: &'static str) -> Option<String> {
        self.text(key).filter(|s| !s.is_empty())
    }

    /// A text that may be empty, where empty says something.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match self.get(key)? {
            Value::String(s) => Some(s.clone()),
            other => {
                let found = other.type_str();
                self.fault(key, format!("must be a text, not {found}; write {key} = \"…\""));
                None
            }
        }
    }

    /// A text that must be there; `is` says what it is. Empty after a noted fault.
    pub fn required(&mut self, key: &'static str, is: &str) -> String {
        match self.string(key) {
            Some(s) => s,
            None => {
                if self.is_sound(key) {
                    self.fault(key, format!("is missing; add {key} = \"…\" ({is})"));
                }
                String::new()
            }
        }
    }

    /// A secret that must be there, as `key` or as `key_file`; `is` says what it is.
    pub fn secret(&mut self, key: &'static str, is: &str) -> Secret {
        match self.optional_secret(key) {
            Some(s) => s,
            None => {
                if self.is_sound(key) {
                    self.fault(key, format!("is missing; add {key} = \"…\" or {key}_file = \"…\" ({is})"));
                }
                Secret::new("")
            }
        }
    }

    /// A secret that may be absent.
    pub fn optional_secret(&mut self, key: &'static str) -> Option<Secret> {
        self.string(key).map(Secret::new)
    }

    /// An `http://` or `https://` address that must be there.
    pub fn url(&mut self, key: &'static str, is: &str) -> String {
        let url = self.required(key, is);
        if !url.is_empty() {
            self.check_url(key, &url);
        }
        url
    }

    /// An address that may be absent.
    pub fn optional_url(&mut self, key: &'static str) -> Option<String> {
        let url = self.string(key)?;
        self.check_url(key, &url);
        Some(url)
    }

    fn check_url(&mut self, key: &'static str, url: &str) {
        if let Err(why) = super::check_url(url) {
            self.fault(key, why);
        }
    }

    /// A whole number within `range`.
    pub fn integer(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = match self.get(key)? {
            Value::Integer(n) => Some(*n),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        };
        let fit = value.filter(|n| range.contains(n));
        if fit.is_none() {
            self.fault(key, format!("must be a whole number from {} to {}", range.start(), range.end()));
        }
        fit
    }

    /// `true` or `false`.
    pub fn truth(&mut self, key: &'static str) -> Option<bool> {
        let value = match self.get(key)? {
            Value::Boolean(b) => Some(*b),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        };
        if value.is_none() {
            self.fault(key, "must be true or false");
        }
        value
    }

    /// One of a few words.
    pub fn one_of(&mut self, key: &'static str, words: &[&'static str]) -> Option<&'static str> {
        let said = self.string(key)?;
        let word = words.iter().copied().find(|w| *w == said);
        if word.is_none() {
            self.fault(key, format!("must be one of {}, not `{said}`", words.join(", ")));
        }
        word
    }

    /// A list of texts, in the file also one text with commas; empty where absent.
    pub fn list(&mut self, key: &'static str) -> Vec<String> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let texts = super::texts(value);
        if texts.is_none() {
            self.fault(key, format!("must be a list of texts; write {key} = [\"…\"]"));
        }
        texts.unwrap_or_default()
    }

    /// A table of texts: `fields = { from = "sender" }`; empty where absent.
    pub fn map(&mut self, key: &'static str) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        let Some(value) = self.get(key) else { return out };
        let Value::Table(table) = value else {
            self.fault(key, format!("must be a table; write [carrier.{key}] below this [[carrier]]"));
            return out;
        };
        for (name, value) in table {
            match value {
                Value::String(s) => drop(out.insert(name.clone(), s.clone())),
                other => {
                    let found = other.type_str();
                    self.fault(&format!("{key}.{name}"), format!("must be a text, not {found}"));
                }
            }
        }
        out
    }

    /// A table with settings of its own, read by `read`; absent: as an empty one.
    pub fn table<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Settings<'_>) -> T) -> T {
        let empty = Table::new();
        let table = match self.get(key) {
            Some(Value::Table(t)) => t,
            None => &empty,
            Some(_) => {
                self.fault(key, format!("must be a table; write [carrier.{key}] below this [[carrier]]"));
                &empty
            }
        };
        let mut inner =
            Settings { table, prefix: format!("{}{key}.", self.prefix), asked: Vec::new(), errors: Vec::new() };
        let out = read(&mut inner);
        if let Err(errors) = inner.finish() {
            self.errors.extend(errors);
        }
        out
    }

    /// A list of tables, each with settings of its own; empty where absent.
    pub fn tables<T>(&mut self, key: &'static str, mut read: impl FnMut(&mut Settings<'_>) -> T) -> Vec<T> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let tables: Option<Vec<&Table>> = value.as_array().and_then(|a| a.iter().map(Value::as_table).collect());
        let Some(tables) = tables else {
            self.fault(key, format!("must be a list of tables; write [[….{key}]]"));
            return Vec::new();
        };
        let mut out = Vec::new();
        for (n, table) in tables.into_iter().enumerate() {
            let prefix = format!("{}{key}.{n}.", self.prefix);
            let mut inner = Settings { table, prefix, asked: Vec::new(), errors: Vec::new() };
            out.push(read(&mut inner));
            self.errors.extend(inner.finish().err().unwrap_or_default());
        }
        out
    }

    /// All faults, those of unknown keys last. Call it once everything has been asked for.
    pub fn finish(mut self) -> Result<(), Vec<SettingError>> {
        let unknown: Vec<&String> = self.table.keys().filter(|k| !self.asked.contains(&k.as_str())).collect();
        for key in unknown {
            let known = format!("{}{}", self.asked.join(", "), meant(key, &self.asked));
            self.fault(key, format!("is no key here; there are: {known}"));
        }
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table.get(key)
    }
}
