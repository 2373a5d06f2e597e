//! What markets published, from a CSV file: read whole and checked line by line, then laid into the books of prices.
//!
//! ```text
//! date,item,market,place,price,unit,low,high
//! 2026-11-21,板蓝根,古州市场,522632,3.20,斤,3.00,3.50
//! 2026-11-21,酥油,冲赛康市场,拉萨市,38,斤
//! ```
//!
//! The columns may stand in any order; `low` and `high` may be left out. `place` is a statutory code of a county or a town, or a
//! name that only one has. Fields may stand in double quotes, as spreadsheets write them (RFC 4180). Quotes of the same market, item
//! and day replace those before, so a file may be taken twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Service;
use crate::clock::{DAY, Timestamp};
use crate::grammar::Grammar;
use crate::market::quote::Published;
use crate::market::{PlaceCode, PriceBook, Ring};
use crate::store::{Change, StoreError};

/// Lines of one file: a province's markets of a month.
const LINES: usize = 200_000;
/// Quotes laid down in one change.
const AT_ONCE: usize = 50;
/// No thing costs more a unit; a larger figure has lost its point.
const MOST_YUAN: f64 = 1_000_000.0;
const COLUMNS: [&str; 8] = ["date", "item", "market", "place", "price", "unit", "low", "high"];
/// Characters of a market's name.
const NAME: usize = 20;
/// The folder below the store's own in which a checked file waits for the daemon.
pub const FOLDER: &str = "quotes";

/// A line that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    pub line: usize,
    pub what: String,
}

impl std::fmt::Display for BadLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

/// Reads a file.
///
/// # Errors
/// Every line that is wrong, with what is wrong about it.
pub fn read(g: &Grammar, today: i64, text: &str) -> Result<Vec<Published>, Vec<BadLine>> {
    let bad = |line: usize, what: &str| vec![BadLine { line, what: what.to_string() }];
    let mut records = records(text.trim_start_matches('\u{feff}'))?.into_iter();
    let Some((at, head)) = records.next() else { return Err(bad(1, "the file is empty")) };
    let head: Vec<String> = head.iter().map(|h| h.trim().to_lowercase()).collect();
    let mut columns = BTreeMap::new();
    for (n, name) in head.iter().enumerate() {
        if !COLUMNS.contains(&name.as_str()) {
            return Err(bad(at, &format!("no column is called {name:?}; there are: {}", COLUMNS.join(","))));
        }
        if columns.insert(name.clone(), n).is_some() {
            return Err(bad(at, &format!("the column {name} stands there twice")));
        }
    }
    if let Some(missing) = COLUMNS[..6].iter().find(|c| !columns.contains_key(**c)) {
        return Err(bad(
            at,
            &format!("the column {missing} is missing; the first line must be {}", COLUMNS[..6].join(",")),
        ));
    }
    let (mut out, mut faults) = (Vec::new(), Vec::new());
    for (line, fields) in records {
        if fields.iter().all(|f| f.trim().is_empty()) {
            continue;
        }
        if out.len() >= LINES {
            faults.push(BadLine { line, what: format!("more than {LINES} quotes; cut the file in two") });
            break;
        }
        let one = if fields.len() > head.len() {
            Err(format!("has {} fields, the first line {}", fields.len(), head.len()))
        } else {
            let field = |name: &str| columns.get(name).and_then(|n| fields.get(*n)).map_or("", |f| f.trim());
            quote(g, today, &field)
        };
        match one {
            Ok(quote) => out.push(quote),
            Err(what) => faults.push(BadLine { line, what }),
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

fn quote<'f>(g: &Grammar, today: i64, field: &dyn Fn(&str) -> &'f str) -> Result<Published, String> {
    let (date, item, market, place) = (field("date"), field("item"), field("market"), field("place"));
    let day = date.parse::<jiff::civil::Date>().map_err(|_| format!("date {date:?} is not of the form 2026-11-21"))?;
    let midnight = jiff::tz::TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
    let day = midnight.map_err(|e| e.to_string())?.as_millisecond().div_euclid(DAY);
    if day > today {
        return Err(format!("date {date} has not come yet"));
    }
    let item = g
        .items
        .word(item)
        .and_then(|i| g.items.at(i))
        .ok_or_else(|| format!("item {item:?} is not in the lexicon; teach the word first"))?;
    if market.is_empty() || market.chars().count() > NAME {
        return Err(format!("market {market:?} must have 1 to {NAME} characters"));
    }
    let code = PlaceCode::parse(place).filter(|c| g.places.get(*c).is_some());
    let code = code.or_else(|| g.places.resolve(place, PlaceCode::COUNTRY));
    let code = code
        .filter(|c| c.ring() < Ring::Province)
        .ok_or_else(|| format!("place {place:?} is no city, county or town; give its statutory code, as in 522632"))?;
    let unit = field("unit");
    let unit = g
        .units
        .iter()
        .find(|u| u.name == unit || u.also.iter().any(|a| a == unit))
        .ok_or_else(|| format!("unit {unit:?} is not known"))?;
    let price = yuan("price", field("price"))?;
    let or_price = |name: &str| if field(name).is_empty() { Ok(price) } else { yuan(name, field(name)) };
    let (low, high) = (or_price("low")?, or_price("high")?);
    if !(low <= price && price <= high) {
        return Err(format!("price {} is not between low {} and high {}", field("price"), field("low"), field("high")));
    }
    let (item, market, per) = (item.name.clone(), market.to_string(), unit.name.clone());
    Ok(Published { item, market, place: code, day, per, price, low, high })
}

/// Thousandths of a yuan.
fn yuan(name: &str, said: &str) -> Result<i64, String> {
    let plain = !said.is_empty() && said.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match said.parse::<f64>().ok().filter(|n| plain && *n > 0.0 && *n < MOST_YUAN) {
        Some(n) => Ok((n * 1000.0).round() as i64),
        None => Err(format!("{name} {said:?} is no amount of yuan, as in 3.20")),
    }
}

/// The records of a file, each with the line it begins on.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, Vec<BadLine>> {
    let (mut out, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begun, mut quoted) = (1, 1, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                fields.push(std::mem::take(&mut field));
                out.push((begun, std::mem::take(&mut fields)));
                begun = line;
            }
            c => field.push(c),
        }
    }
    if quoted {
        return Err(vec![BadLine { line: begun, what: "a double quote is not closed".into() }]);
    }
    if !field.is_empty() || !fields.is_empty() {
        fields.push(field);
        out.push((begun, fields));
    }
    Ok(out)
}

/// Checks a file and leaves it where the daemon takes it from, within a minute or at its next start. Returns how many quotes it has.
///
/// # Errors
/// Every bad line; what cannot be read or written, as one line of number 0.
pub fn hand_in(g: &Grammar, now: Timestamp, file: &Path, store: &Path) -> Result<usize, Vec<BadLine>> {
    let fault = |what: String| vec![BadLine { line: 0, what }];
    let bytes = std::fs::read(file).map_err(|e| fault(format!("cannot be read: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        vec![BadLine { line, what: "is not UTF-8; save the file as UTF-8".into() }]
    })?;
    let quotes = read(g, now.beijing_day(), &text)?;
    let folder = store.join(FOLDER);
    let written = std::fs::create_dir_all(&folder).and_then(|()| {
        let name = format!("{}-{}", now.0, std::process::id());
        let partial = folder.join(format!("{name}.partial"));
        std::fs::write(&partial, &text)?;
        std::fs::File::open(&partial)?.sync_all()?;
        std::fs::rename(&partial, folder.join(format!("{name}.csv")))?;
        std::fs::File::open(&folder)?.sync_all()
    });
    written.map_err(|e| fault(format!("cannot be handed in at {}: {e}", folder.display())))?;
    Ok(quotes.len())
}

impl Service {
    /// Takes the files that were handed in below `store`. Returns how many quotes. A file that cannot be taken any more, because the
    /// grammar has changed, is set aside and said.
    ///
    /// # Errors
    /// Those of the store; what was taken stays, and the file is taken again.
    pub async fn take_quotes(&self, store: &Path, now: Timestamp) -> Result<usize, StoreError> {
        let folder = store.join(FOLDER);
        let is_file = |p: &PathBuf| p.extension().is_some_and(|e| e == "csv");
        let mut files: Vec<PathBuf> = match std::fs::read_dir(&folder) {
            Ok(entries) => entries.filter_map(Result::ok).map(|e| e.path()).filter(is_file).collect(),
            Err(_) => return Ok(0),
        };
        files.sort();
        let mut taken = 0;
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            match read(&self.grammar.get(), now.beijing_day(), &text) {
                Ok(quotes) => {
                    for some in quotes.chunks(AT_ONCE) {
                        self.lay_down(some.to_vec()).await?;
                    }
                    taken += quotes.len();
                    let _ = std::fs::remove_file(&file);
                }
                Err(faults) => {
                    let first = faults.first().map(ToString::to_string).unwrap_or_default();
                    tracing::error!(file = %file.display(), fault = first, "quotes are set aside; hand them in again");
                    let _ = std::fs::rename(&file, file.with_extension("bad"));
                }
            }
        }
        Ok(taken)
    }

    async fn lay_down(&self, quotes: Vec<Published>) -> Result<(), StoreError> {
        self.store
            .transact(move |view| {
                let mut books: BTreeMap<(String, PlaceCode), PriceBook> = BTreeMap::new();
                for said in &quotes {
                    let county = said.place.up_to(Ring::County).unwrap_or(said.place);
                    let wider =
                        [Ring::City, Ring::Province, Ring::Country].into_iter().filter_map(|r| said.place.up_to(r));
                    for code in std::iter::once(county).chain(wider.filter(|w| *w != county)) {
                        let key = (said.item.clone(), code);
                        if !books.contains_key(&key) {
                            let book = view.prices(&said.item, code)?;
                            books.insert(key.clone(), book.unwrap_or_else(|| PriceBook::new(&said.item, code)));
                        }
                        if let Some(book) = books.get_mut(&key) {
                            book.publish(said);
                        }
                    }
                }
                Ok((Change { prices: books.into_values().collect(), ..Change::default() }, ()))
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::BEIJING_OFFSET;

    /// 2026-11-21.
    const TODAY: i64 = (1_795_222_800_000 + BEIJING_OFFSET) / DAY;

    fn grammar() -> Grammar {
        Grammar::built_in().expect("the built-in grammar loads")
    }

    #[test]
    fn a_file_is_read_whole() {
        let text = "\u{feff}item,date,market,place,price,unit,low,high\r\n板兰根,2026-11-21,\"古州,大市场\",522632,3.20,斤,3,3.5\r\n\r\n\
                    天麻,2026-11-20,玉林,450900000,,斤\n";
        let faults = read(&grammar(), TODAY, text).expect_err("no such place, no price");
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].line, 4);
        let text = text.replace("450900000,,", "4509,41.5,");
        let quotes = read(&grammar(), TODAY, &text).expect("all is right now");
        assert_eq!((quotes[0].item.as_str(), quotes[0].market.as_str()), ("板蓝根", "古州,大市场"));
        assert_eq!((quotes[0].low, quotes[0].price, quotes[0].high), (3000, 3200, 3500));
        assert_eq!((quotes[1].price, quotes[1].high, quotes[1].place), (41_500, 41_500, PlaceCode(4509)));
        assert_eq!(quotes[0].day, TODAY);
    }

    #[test]
    fn each_bad_line_is_told_once_with_its_number() {
        let text = "date,item,market,place,price,unit\n\
                    2026-13-01,板蓝根,古州,522632,3,斤\n\
                    2026-11-22,板蓝根,古州,522632,3,斤\n\
                    2026-11-21,没有的东西,古州,522632,3,斤\n\
                    2026-11-21,板蓝根,,522632,3,斤\n\
                    2026-11-21,板蓝根,古州,没有的地方,3,斤\n\
                    2026-11-21,板蓝根,古州,522632,三块,斤\n\
                    2026-11-21,板蓝根,古州,522632,-3,斤\n\
                    2026-11-21,板蓝根,古州,522632,3,拃拃\n\
                    2026-11-21,板蓝根,古州,522632,3,斤,4\n";
        let faults = read(&grammar(), TODAY, text).expect_err("all are bad");
        let lines: Vec<usize> = faults.iter().map(|f| f.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 10], "{faults:?}");
        let first: Vec<&str> = faults.iter().filter_map(|f| f.what.split_whitespace().next()).collect();
        assert_eq!(first, ["date", "date", "item", "market", "place", "price", "price", "unit", "has"]);
        for (text, line) in [("", 1), ("date,item\n", 1), ("date,was\n", 1), ("date,item,\"market\n", 1)] {
            assert_eq!(read(&grammar(), TODAY, text).expect_err("no head")[0].line, line, "{text}");
        }
    }
}
