//! The config as it was written: a file, then the environment laid over it, then what `x_file` keys point to.
//!
//! Values and places are kept side by side: a [`toml::Table`] for reading, and for each dotted key (`carrier.0.token`)
//! the line or variable it came from, for errors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::{ConfigError, Place};

/// What a variable begins with that sets a key.
const PREFIX: &str = "XIANGXUN__";

/// All that was written, before anybody asked whether it makes sense.
pub(super) struct Source {
    /// The file's name as the operator gave it; `None` for the demo.
    pub file: Option<String>,
    /// Relative `x_file` paths start here.
    folder: PathBuf,
    pub table: Table,
    pub places: BTreeMap<String, Place>,
}

impl Source {
    /// Parses `text`; reports every fault of syntax.
    pub fn parse(file: Option<&Path>, text: &str) -> Result<Source, Vec<ConfigError>> {
        let name = file.map(|f| f.display().to_string());
        let (root, faults) = DeTable::parse_recoverable(text);
        if !faults.is_empty() {
            let errors = faults.iter().map(|fault| ConfigError {
                file: name.clone(),
                place: fault.span().map(|s| Place::Line(line_at(text, s.start))),
                key: String::new(),
                what: match fault.span().and_then(|s| text.get(s)) {
                    // the parser does not say which
                    Some(key) if fault.message().trim() == "duplicate key" => {
                        format!("{key} stands there twice; keep one of the two")
                    }
                    _ => fault.message().trim().replace('\n', "; "),
                },
            });
            return Err(errors.collect());
        }
        let folder = file.and_then(Path::parent).unwrap_or(Path::new("")).to_path_buf();
        let mut source = Source { file: name, folder, table: Table::new(), places: BTreeMap::new() };
        source.table = source.keep_table(text, "", root.get_ref());
        Ok(source)
    }

    fn keep_table(&mut self, text: &str, at: &str, table: &DeTable<'_>) -> Table {
        let mut out = Table::new();
        for (key, value) in table.iter() {
            let path = join(at, key.get_ref());
            self.places.insert(path.clone(), Place::Line(line_at(text, key.span().start)));
            out.insert(key.get_ref().to_string(), self.keep(text, &path, value.get_ref()));
        }
        out
    }

    fn keep(&mut self, text: &str, at: &str, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(s) => Value::String(s.to_string()),
            // A number beyond the machine's stays a text, which no reader of numbers accepts.
            DeValue::Integer(n) => {
                i64::from_str_radix(n.as_str(), n.radix()).map_or_else(|_| Value::String(n.to_string()), Value::Integer)
            }
            DeValue::Float(n) => {
                n.as_str().parse().map_or_else(|_| Value::String(n.as_str().to_string()), Value::Float)
            }
            DeValue::Boolean(b) => Value::Boolean(*b),
            DeValue::Datetime(d) => Value::Datetime(*d),
            DeValue::Table(t) => Value::Table(self.keep_table(text, at, t)),
            DeValue::Array(items) => {
                let kept = items.iter().enumerate().map(|(i, item)| {
                    let path = join(at, &i.to_string());
                    self.places.insert(path.clone(), Place::Line(line_at(text, item.span().start)));
                    self.keep(text, &path, item.get_ref())
                });
                Value::Array(kept.collect())
            }
        }
    }

    /// Lays the environment over the file: `XIANGXUN__CARRIER__0__TOKEN=t` sets `token` of the first `[[carrier]]`.
    /// A list can be given whole, with commas, or one by one, by number.
    pub fn overlay(&mut self, env: &BTreeMap<String, String>, errors: &mut Vec<ConfigError>) {
        let mut variables: Vec<(Vec<Segment>, &String, &String)> = env
            .iter()
            .filter_map(|(name, value)| {
                let path = name.strip_prefix(PREFIX)?.split("__").map(Segment::read).collect();
                Some((path, name, value))
            })
            .collect();
        // By number, so that list entries come in their order.
        variables.sort();
        for (path, name, value) in variables {
            let place = Place::Variable(name.clone());
            if let Err(what) = self.set(&path, value, &place) {
                errors.push(ConfigError { file: None, place: Some(place), key: String::new(), what });
            }
        }
    }

    fn set(&mut self, path: &[Segment], value: &str, place: &Place) -> Result<(), String> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let mut at = String::new();
        let mut here = Slot::Table(&mut self.table);
        for (i, segment) in parents.iter().enumerate() {
            at = join(&at, &segment.to_string());
            let next_is_index = matches!(path[i + 1], Segment::Index(_));
            let (value, new) = here
                .enter(segment, || if next_is_index { Value::Array(Vec::new()) } else { Value::Table(Table::new()) })?;
            if new {
                self.places.insert(at.clone(), place.clone());
            }
            here = match value {
                Value::Table(t) => Slot::Table(t),
                Value::Array(a) => Slot::Array(a),
                _ => return Err(format!("names something inside {at}, which holds a single value")),
            };
        }
        let (slot, _) = here.enter(last, || Value::Boolean(false))?;
        let at = join(&at, &last.to_string());
        match slot {
            Value::Table(_) => return Err(format!("names all of {at}; name one key inside it")),
            Value::Array(a) if a.iter().any(Value::is_table) => {
                return Err(format!("names all of {at}; name one by number, as in {PREFIX}CARRIER__0__NAME"));
            }
            slot => *slot = Value::String(value.to_string()),
        }
        self.places.insert(at, place.clone());
        Ok(())
    }

    /// Reads what each `x_file` of the table at `path` points to into `x`.
    pub fn read_files(&mut self, path: &[&str], errors: &mut Vec<ConfigError>) {
        let folder = self.folder.clone();
        let at = path.join(".");
        let Some(table) = path.iter().try_fold(&mut self.table, |t, key| enter_table(t, key)) else { return };
        read_files_of(table, &at, &format!("{at}."), &folder, &mut self.places, &self.file, errors);
    }

    /// As [`Source::read_files`], for every entry of a list of tables.
    pub fn read_files_in_list(&mut self, key: &str, errors: &mut Vec<ConfigError>) {
        let Some(Value::Array(items)) = self.table.get_mut(key) else { return };
        for (i, item) in items.iter_mut().enumerate() {
            if let Value::Table(table) = item {
                let at = format!("{key}.{i}");
                let name =
                    table.get("name").and_then(Value::as_str).map_or_else(|| format!("#{}", i + 1), str::to_string);
                let called = format!("{key} \"{name}\": ");
                read_files_of(table, &at, &called, &self.folder, &mut self.places, &self.file, errors);
            }
        }
    }

    /// Where `path` was written; where it was not, its table, or what holds that.
    pub fn place(&self, path: &str) -> Option<Place> {
        place_in(&self.places, path)
    }
}

/// Where `path` was written, or the nearest table that holds it.
pub(super) fn place_in(places: &BTreeMap<String, Place>, path: &str) -> Option<Place> {
    let mut path = path;
    loop {
        if let Some(place) = places.get(path) {
            return Some(place.clone());
        }
        match path.rfind('.') {
            Some(dot) => path = &path[..dot],
            None if path.is_empty() => return None,
            None => path = "",
        }
    }
}

/// Of a table and of those in it. `called` is what stands before the key in an error.
fn read_files_of(
    table: &mut Table,
    at: &str,
    called: &str,
    folder: &Path,
    places: &mut BTreeMap<String, Place>,
    file: &Option<String>,
    errors: &mut Vec<ConfigError>,
) {
    for (key, value) in table.iter_mut() {
        if let Value::Table(inner) = value {
            let (at, called) = (join(at, key), format!("{called}{key}."));
            read_files_of(inner, &at, &called, folder, places, file, errors);
        }
    }
    let keys: Vec<String> = table.keys().filter(|k| k.len() > 5 && k.ends_with("_file")).cloned().collect();
    for key in keys {
        let plain = key.trim_end_matches("_file").to_string();
        let path = join(at, &key);
        let mut fault = |what: String| {
            let place = place_in(places, &path);
            errors.push(ConfigError { file: file.clone(), place, key: format!("{called}{key}"), what });
        };
        let Some(Value::String(name)) = table.remove(&key) else {
            fault("must be the path of a file, as a text".into());
            continue;
        };
        if name.is_empty() {
            continue;
        }
        if table.contains_key(&plain) {
            fault(format!("stands beside {plain}; keep one of the two"));
            continue;
        }
        let read = match std::fs::read_to_string(folder.join(&name)) {
            Ok(text) if text.trim().is_empty() => Err(format!("names {name}, which is empty")),
            Ok(text) => Ok(text.trim_end_matches(['\n', '\r']).to_string()),
            Err(e) => Err(format!("names {name}, which cannot be read: {e}")),
        };
        // After a fault anything stands in for the value, so that it is not called missing as well.
        let value = read.unwrap_or_else(|what| {
            fault(what);
            UNREAD.to_string()
        });
        table.insert(plain.clone(), Value::String(value));
        if let Some(place) = places.get(&path).cloned() {
            places.insert(join(at, &plain), place);
        }
    }
}

/// What stands for the content of a file that could not be read, which was noted.
pub const UNREAD: &str = "unread";

/// One step of a variable's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Index(usize),
    Key(String),
}

impl Segment {
    fn read(s: &str) -> Segment {
        s.parse().map_or_else(|_| Segment::Key(s.to_lowercase()), Segment::Index)
    }
}

impl std::fmt::Display for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Segment::Index(i) => write!(f, "{i}"),
            Segment::Key(k) => f.write_str(k),
        }
    }
}

enum Slot<'a> {
    Table(&'a mut Table),
    Array(&'a mut Vec<Value>),
}

impl<'a> Slot<'a> {
    /// The value at `segment`, made by `new` where there is none; and whether it was.
    fn enter(self, segment: &Segment, new: impl FnOnce() -> Value) -> Result<(&'a mut Value, bool), String> {
        match self {
            Slot::Table(table) => {
                let key = segment.to_string();
                let is_new = !table.contains_key(&key);
                Ok((table.entry(key).or_insert_with(new), is_new))
            }
            Slot::Array(array) => {
                let Segment::Index(i) = segment else {
                    return Err(format!("has `{segment}` where the number of an entry belongs, from 0"));
                };
                let is_new = *i == array.len();
                if *i > array.len() {
                    return Err(format!("names entry {i} of a list that has {}", array.len()));
                }
                if is_new {
                    // An entry that has keys of its own begins as a table.
                    array.push(new());
                }
                Ok((&mut array[*i], is_new))
            }
        }
    }
}

fn enter_table<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Table> {
    match table.get_mut(key) {
        Some(Value::Table(t)) => Some(t),
        _ => None,
    }
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_string() } else { format!("{at}.{key}") }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}
