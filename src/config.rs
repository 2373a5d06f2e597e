//! The config file: every key, its unit and its default.

pub mod address;
pub mod carrier;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::market::PlaceCode;
use crate::message::Msisdn;

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
}

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

/// All stations, by key.
pub type Stations = BTreeMap<String, Station>;

/// Where a key was written: a line of the file, or a variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// From 1.
    Line(usize),
    Variable(String),
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
