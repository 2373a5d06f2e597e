//! The statutory divisions of China, and what a station adds: `grammar/places/*.tsv`, lines of `code<TAB>name` in the
//! order of their codes. How names are shortened is said in `grammar/places/forms.toml`.
//!
//! `栽麻` is found as 栽麻镇. Forty thousand towns share their short names with much else, so a caller says how near
//! home it is and what spoke for a place; see [`Found`].

use std::collections::HashMap;

use serde::Deserialize;

use super::{GrammarError, Source};
use crate::market::{PlaceCode, Ring};

mod heard;

/// All places, compact: names stand one after the other in one string.
#[derive(Debug, Default)]
pub struct Places {
    names: String,
    /// In the order of their codes.
    rows: Vec<Row>,
    /// Rows in the order of their names.
    by_name: Vec<u32>,
    /// Where the names that begin with a character begin and end in `by_name`.
    by_first: HashMap<char, (u32, u32)>,
    /// What the seat of one's own county is called: 县城.
    seats: Vec<String>,
    homely: Vec<String>,
    /// What the names of villages and hamlets end with.
    settlements: Vec<String>,
    /// What is far oftener said of no place of a map: 圈里, 后山.
    common: Vec<String>,
    /// 家附近, 外面: nowhere in particular.
    vague: Vec<String>,
    /// Keys of sounds and the rows that have them.
    heard: Vec<(u32, u32)>,
    /// Characters that names end with: 镇.
    suffixes: Vec<char>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    code: u64,
    at: u32,
    /// Bytes of the full name, and of its short form (0 where it has none).
    len: u8,
    stem: u8,
}

/// A name found at the start of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub code: PlaceCode,
    /// Bytes of the text it takes.
    pub len: usize,
    /// Whether it was written with its suffix: 栽麻镇, not 栽麻.
    pub full: bool,
    /// How near home it is.
    pub ring: Ring,
    /// Whether another place, as near and as high, has the same name.
    pub shared: bool,
    /// What one calls the seat of one's own county: 县城.
    pub seat: Option<u8>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Forms {
    suffixes: Vec<String>,
    /// 村, 寨, 湾: what names of villages and hamlets end with.
    #[serde(default)]
    settlements: Vec<String>,
    peoples: Vec<String>,
    /// Names that stand for no place of their own: 市辖区.
    nameless: Vec<String>,
    /// 县城: the county that the sender is in.
    #[serde(default)]
    seats: Vec<String>,
    /// Suffixes of divisions that are named like much else (车站街道, 火星街道): far from home only their full name counts.
    #[serde(default)]
    homely: Vec<String>,
    /// 圈里, 后山: no place of a map, though some far town is called so.
    #[serde(default)]
    common: Vec<String>,
    /// 家附近, 外面: nowhere in particular.
    #[serde(default)]
    vague: Vec<String>,
    #[serde(default)]
    also: HashMap<String, String>,
}

impl Places {
    /// Whether it is far oftener said of no place of a map: 后山.
    pub fn is_common(&self, name: &str) -> bool {
        self.common.iter().any(|c| c == name)
    }

    /// Whether it is nowhere in particular: 家附近.
    pub fn is_vague(&self, name: &str) -> bool {
        self.vague.iter().any(|c| c == name)
    }

    /// Whether a name that no file has ends as those of villages do: 比耳村, 杨家湾.
    pub fn is_settlement(&self, name: &str) -> bool {
        name.chars().count() > 1 && self.settlements.iter().any(|s| name.ends_with(s.as_str()))
    }

    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Places {
        let mut forms = Forms::default();
        let mut at = None;
        for source in sources.iter().filter(|s| s.file == "places/forms.toml") {
            match source.toml::<Forms>() {
                Ok(f) => forms = f,
                Err(e) => errors.push(e),
            }
            at = Some(source);
        }
        forms.suffixes.sort_by_key(|s| std::cmp::Reverse(s.len()));
        forms.peoples.sort_by_key(|s| std::cmp::Reverse(s.len()));
        let mut places = Places::default();
        for source in sources.iter().filter(|s| s.file.starts_with("places/") && s.file.ends_with(".tsv")) {
            places.read_file(source, &forms, errors);
        }
        places.rows.sort_by_key(|r| r.code);
        if let Some(pair) = places.rows.windows(2).find(|w| w[0].code == w[1].code) {
            let what = format!(
                "code {} is given twice, as {} and {}",
                pair[0].code,
                places.full(pair[0]),
                places.full(pair[1])
            );
            errors.push(GrammarError { file: "places".into(), line: 1, what });
        }
        let mut seconds = Vec::new();
        for (short, code) in &forms.also {
            match PlaceCode::parse(code).filter(|c| places.get(*c).is_some()) {
                Some(code) => {
                    let start = places.names.len() as u32;
                    places.names.push_str(short);
                    // A second name of a place: found by it, shown by the first, which stands before it.
                    seconds.push(Row { code: code.0, at: start, len: short.len() as u8, stem: 0 });
                }
                None if !places.rows.is_empty() => {
                    if let Some(source) = at {
                        let line = source.text.find(short.as_str()).map_or(1, |o| source.line_at(o));
                        errors.push(
                            source
                                .error(line, format!("`{short}` stands for code {code}, which no file of places has")),
                        );
                    }
                }
                None => {}
            }
        }
        places.rows.extend(seconds);
        places.rows.sort_by_key(|r| r.code);
        places.index(&forms);
        places.listen();
        places.suffixes = forms.suffixes.iter().filter_map(|s| s.chars().next_back()).collect();
        places.seats = forms.seats;
        places.homely = forms.homely;
        places.common = forms.common;
        places.vague = forms.vague;
        places.settlements = forms.settlements;
        places
    }

    fn read_file(&mut self, source: &Source, forms: &Forms, errors: &mut Vec<GrammarError>) {
        let mut last = 0u64;
        for (n, line) in source.text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let row = line.split_once('\t').and_then(|(code, name)| {
                let name = name.trim();
                PlaceCode::parse(code).filter(|_| !name.is_empty() && name.len() < 250).map(|c| (c.0, name))
            });
            let Some((code, name)) = row else {
                errors.push(source.error(n + 1, "a place is `code<TAB>name`, the code of 2, 4, 6, 9 or 12 digits"));
                continue;
            };
            let key = sort_key(code);
            if key < last {
                errors.push(source.error(n + 1, "codes must stand in ascending order"));
            }
            last = key;
            let at = self.names.len() as u32;
            self.names.push_str(name);
            self.rows.push(Row { code, at, len: name.len() as u8, stem: stem(name, forms) as u8 });
        }
    }

    fn index(&mut self, forms: &Forms) {
        let mut order: Vec<u32> = (0..self.rows.len() as u32)
            .filter(|i| !forms.nameless.iter().any(|n| n == self.full(self.rows[*i as usize])))
            .collect();
        order.sort_by(|a, b| self.full(self.rows[*a as usize]).cmp(self.full(self.rows[*b as usize])));
        let mut by_first: HashMap<char, (u32, u32)> = HashMap::new();
        for (n, i) in order.iter().enumerate() {
            if let Some(c) = self.full(self.rows[*i as usize]).chars().next() {
                let n = n as u32;
                by_first.entry(c).and_modify(|e| e.1 = n + 1).or_insert((n, n + 1));
            }
        }
        self.by_name = order;
        self.by_first = by_first;
        self.names.shrink_to_fit();
        self.rows.shrink_to_fit();
    }

    fn full(&self, row: Row) -> &str {
        &self.names[row.at as usize..row.at as usize + row.len as usize]
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What is said for the seat of the own county, as [`Found::seat`] counts them.
    pub fn seat(&self, n: u8) -> Option<&str> {
        self.seats.get(usize::from(n)).map(String::as_str)
    }

    /// Whether people say so for the seat of their own county, whichever it is.
    pub fn is_seat(&self, name: &str) -> bool {
        self.seats.iter().any(|s| s == name)
    }

    /// The longest standard name there is.
    pub fn longest_name(&self) -> &str {
        let longest = self.rows.iter().max_by_key(|r| r.len);
        longest.map_or("", |r| self.full(*r))
    }

    /// The standard name of a code.
    pub fn get(&self, code: PlaceCode) -> Option<&str> {
        let at = self.rows.partition_point(|r| r.code < code.0);
        self.rows.get(at).filter(|r| r.code == code.0).map(|r| self.full(*r))
    }

    /// The standard names of the towns of a county, in the order of their codes.
    pub fn towns_of(&self, county: PlaceCode) -> impl Iterator<Item = &str> {
        let from = self.rows.partition_point(|r| r.code < county.0 * 1000);
        let inside = move |r: &&Row| county.ring() == Ring::County && r.code < (county.0 + 1) * 1000;
        let mut last = 0;
        // a second name of a town stands behind its own
        let own = move |r: &&Row| std::mem::replace(&mut last, r.code) != r.code;
        self.rows[from..].iter().take_while(inside).filter(own).map(|r| self.full(*r))
    }

    /// The place called `name`, in full or short; of several the one nearest to `near`, then the highest.
    pub fn resolve(&self, name: &str, near: PlaceCode) -> Option<PlaceCode> {
        self.find_at(name, near, true, true).filter(|f| f.len == name.len()).map(|f| f.code)
    }

    /// The longest place name that `text` begins with.
    ///
    /// `short` lets in short forms of any place; without it only those of cities and counties, and of towns within
    /// the county of `near`.
    ///
    /// A distant town's short name is more likely no name at all (车站 is a station before it is 车站镇); `far` lets it in, for
    /// a caller who sees that it leads up to a place.
    pub fn find_at(&self, text: &str, near: PlaceCode, short: bool, far: bool) -> Option<Found> {
        if let Some(n) = self.seats.iter().position(|s| text.starts_with(s.as_str())) {
            let code = near.up_to(Ring::County).unwrap_or(PlaceCode::COUNTRY);
            let (len, seat) = (self.seats[n].len(), u8::try_from(n).ok());
            return Some(Found { code, len, full: true, ring: Ring::County, shared: false, seat });
        }
        let mut chars = text.chars();
        let first = chars.next()?;
        let second = chars.next()?;
        let (lo, hi) = *self.by_first.get(&first)?;
        let two = &text[..first.len_utf8() + second.len_utf8()];
        let slice = &self.by_name[lo as usize..hi as usize];
        let from = slice.partition_point(|i| self.full(self.rows[*i as usize]) < two);
        let mut best: Option<Found> = None;
        for i in &slice[from..] {
            let row = self.rows[*i as usize];
            let name = self.full(row);
            if !name.starts_with(two) {
                break;
            }
            let code = PlaceCode(row.code);
            let (len, full) = if text.starts_with(name) {
                // Statistics know places called 奶牛场, 苗圃: only a division's suffix makes a name a full one far from home.
                let near_by = near_ring(code, near) <= Ring::County;
                (name.len(), name.chars().nth(2).is_some() && (row.stem > 0 || near_by))
            } else if row.stem > 0 && text.starts_with(&name[..row.stem as usize]) {
                // 三江乡 is 三江水族乡: the peoples may be left out.
                let stem = row.stem as usize;
                let suffix = name.chars().next_back().unwrap_or_default();
                let suffixed = text[stem..].starts_with(suffix);
                (if suffixed { stem + suffix.len_utf8() } else { stem }, suffixed)
            } else {
                continue;
            };
            let ring = near_ring(code, near);
            if !(full || short || code.ring() >= Ring::County || ring <= Ring::County) {
                continue;
            }
            if !full && !far && code.ring() < Ring::County && ring > Ring::City && near != PlaceCode::COUNTRY {
                continue;
            }
            if !full && ring > Ring::City && code.ring() < Ring::County && self.is_common(&text[..len]) {
                continue;
            }
            if !full && ring > Ring::County && self.homely.iter().any(|h| name.ends_with(h.as_str())) {
                continue;
            }
            let found = Found { code, len, full, ring, shared: false, seat: None };
            best = Some(match best {
                None => found,
                Some(b) => better(b, found),
            });
        }
        // 榕江县城
        best.map(|f| {
            let seat = |s: &String| {
                let county = s.chars().next()?;
                let at = f.len.checked_sub(county.len_utf8())?;
                text.get(at..)?.starts_with(s.as_str()).then(|| at + s.len())
            };
            let len = self.seats.iter().find_map(seat).filter(|_| f.full && f.code.ring() == Ring::County);
            Found { len: len.unwrap_or(f.len), ..f }
        })
    }
}

/// The smaller the nearer. A place above home is at home.
fn near_ring(code: PlaceCode, near: PlaceCode) -> Ring {
    if near == PlaceCode::COUNTRY { Ring::Country } else { code.common(near).max(code.ring().min(Ring::County)) }
}

fn better(a: Found, b: Found) -> Found {
    let rank = |f: &Found| {
        // Longest first; then within the own county, then provinces, cities and counties before towns, then near.
        let own = f.ring > Ring::County;
        let low = f.code.ring() < Ring::County;
        (std::cmp::Reverse(f.len), own && low, f.ring.min(Ring::Province), std::cmp::Reverse(f.code.ring()))
    };
    match rank(&a).cmp(&rank(&b)) {
        std::cmp::Ordering::Less => a,
        std::cmp::Ordering::Greater => b,
        std::cmp::Ordering::Equal if a.code == b.code => a,
        std::cmp::Ordering::Equal => Found { shared: true, ..a },
    }
}

/// Codes of all lengths in one order: parents before what they hold.
fn sort_key(code: u64) -> u64 {
    let digits = code.ilog10() + 1;
    code * 10u64.pow(12u32.saturating_sub(digits))
}

/// Bytes of the short form of a name: without 镇, 苗族侗族自治州 …; 0 where less than two characters are left.
fn stem(name: &str, forms: &Forms) -> usize {
    let mut rest = name;
    if let Some(s) = forms.suffixes.iter().find(|s| rest.ends_with(s.as_str())) {
        rest = &rest[..rest.len() - s.len()];
        while let Some(p) =
            forms.peoples.iter().find(|p| rest.ends_with(p.as_str()) && rest.chars().count() > p.chars().count() + 1)
        {
            rest = &rest[..rest.len() - p.len()];
        }
    }
    if rest.len() < name.len() && rest.chars().nth(1).is_some() { rest.len() } else { 0 }
}
