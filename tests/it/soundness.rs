//! What every reading keeps to, whatever the text, and texts to try it with: used by the bounded run (`total.rs`) and by the
//! fuzz target (`tests/fuzz`).

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;
use xiangxun::clock::Timestamp;
use xiangxun::command::{Intent, Item, Reading, read};
use xiangxun::grammar::Grammar;
use xiangxun::market::{Exact, OPEN, PlaceCode, Price};

/// More goods than this in one text are not parted.
const MOST_ITEMS: usize = 9;
/// Amounts and sums beyond this are none.
const MOST: i64 = 1_000_000_000_000;

/// Reads bytes as `xiangxun parse` does and checks the reading; `Err` says what does not hold.
pub fn check(grammar: &Grammar, home: PlaceCode, now: Timestamp, bytes: &[u8]) -> Result<Reading, String> {
    let text = String::from_utf8_lossy(bytes);
    let reading = read(grammar, home, now, &text);
    let said = Said::of(grammar, &text);
    sound(grammar, &said, &reading, false).map_err(|what| format!("{what}: {text:?} is read as {reading:?}"))?;
    if read(grammar, home, now, &text) != reading {
        return Err(format!("read twice, read otherwise: {text:?}"));
    }
    Ok(reading)
}

/// The characters that a text can give to a slot.
struct Said {
    chars: HashSet<char>,
    /// Of the text with all that is written in one character written out.
    len: usize,
    digits: usize,
}

impl Said {
    fn of(grammar: &Grammar, text: &str) -> Said {
        let plain: Vec<char> =
            text.chars().nfkc().flat_map(char::to_lowercase).map(|c| grammar.lexicon.simplify(c)).collect();
        // Marks are made one kind; `3oo` is 300.
        // 🐔 says 鸡.
        let pictures: Vec<char> =
            text.chars().filter_map(|c| grammar.lexicon.picture(c)).flat_map(str::chars).collect();
        let marks = " ,.:?/-、【】¥〇0$".chars();
        Said {
            digits: plain.iter().filter(|c| c.is_ascii_digit() || **c == 'o').count(),
            len: plain.len(),
            chars: plain.into_iter().chain(pictures).chain(marks).collect(),
        }
    }

    fn has(&self, s: &str) -> bool {
        s.chars().all(|c| self.chars.contains(&c))
    }
}

fn sound(grammar: &Grammar, said: &Said, r: &Reading, further: bool) -> Result<(), String> {
    let ok = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_string()) };
    let json = serde_json::to_value(r).map_err(|e| format!("is no JSON: {e}"))?;
    finite(&json)?;
    ok(r.intent == Intent::Unknown || r.reason.is_none(), "a command with a reason")?;
    ok(r.intent != Intent::Unknown || r.reason.is_some(), "unknown without a reason")?;
    ok(r.unsure != r.alternatives.is_empty(), "unsure without alternatives, or the other way round")?;
    let different: BTreeSet<&str> = r.alternatives.iter().map(|i| i.as_str()).collect();
    ok(different.len() == r.alternatives.len(), "the same alternative twice")?;
    ok(r.alternatives.len() != 1 || r.alternatives[0] == r.intent, "one alternative that is not the reading")?;
    ok(r.choice.is_none_or(|c| (1..=9).contains(&c)), "a choice that is no digit from 1")?;
    ok(r.choice.is_some() == (r.intent == Intent::Choose), "a choice goes with choosing")?;
    ok(r.post.is_none_or(|n| n > 0), "post 0")?;
    ok(r.people.is_none_or(|n| i64::from(n) <= MOST), "more people than there are")?;
    if let Some(q) = &r.quantity {
        ok(within(q.amount, q.max, false), "an amount out of bounds")?;
        // 应 901 300, 秤 807 200, 捐 807 50: the post says in what
        let bare = matches!(r.intent, Intent::Fill | Intent::Weigh | Intent::AidGive) && q.unit.is_empty();
        ok(bare || grammar.units.get(&q.unit).is_some(), "an amount in no unit")?;
    }
    for price in [&r.price, &r.wage].into_iter().flatten() {
        ok(within(price.yuan, price.max, true), "a sum out of bounds")?;
        ok(per_is_known(grammar, price), "a price per nothing known")?;
    }
    // What only its unit says was not written. Work that no trade names is a verb before the one name of its object.
    let implied = |i: &Item| i.known && i.said.is_empty();
    // 电线杆 is 电线秆 by the standard word for what makes it.
    let forms: Vec<&String> = grammar.lexicon.compounds.forms.values().collect();
    let kept = |s: &str| said.has(s) || forms.iter().any(|f| f.as_str() == s);
    // Work and compounds that no item names hold the one name of what they are made of: 搭杨梅 for 搭朱红梅.
    let holds_a_name = |name: &str| {
        let ends: Vec<usize> = name.char_indices().map(|(at, _)| at).chain([name.len()]).collect();
        let spans = ends.iter().enumerate().flat_map(|(n, a)| ends[n + 1..].iter().map(move |b| (*a, *b)));
        spans
            .into_iter()
            .any(|(a, b)| grammar.items.get(&name[a..b]).is_some() && said.has(&name[..a]) && kept(&name[b..]))
    };
    let item = r.item.iter().flat_map(|i| {
        let name = (!i.known && !holds_a_name(&i.name)).then_some(i.name.as_str());
        (!implied(i)).then_some(i.said.as_str()).into_iter().chain(name)
    });
    if let Some(i) = r.item.as_ref().filter(|i| i.known) {
        ok(grammar.items.get(&i.name).is_some(), "a known item that the lexicon lacks")?;
    }
    for place in [&r.place, &r.from, &r.to].into_iter().flatten() {
        if place.code == PlaceCode::COUNTRY {
            ok(said.has(&place.name), "a place that nobody said")?;
        } else {
            // 县城 is kept as it was said
            let seat = grammar.places.is_seat(&place.name) && said.has(&place.name);
            ok(seat || grammar.places.get(place.code) == Some(place.name.as_str()), "a place by another name")?;
        }
        ok(!place.name.is_empty(), "a place without a name")?;
    }
    let own = [&r.phone, &r.name, &r.topic, &r.remark].into_iter().flatten().map(String::as_str);
    let mut all = 0;
    for slot in item.chain(own).chain(r.marks.iter().map(String::as_str)) {
        ok(!slot.trim().is_empty(), "an empty slot")?;
        ok(said.has(slot), "a slot in other words than the text's")?;
        ok(slot.chars().count() <= said.len, "a slot longer than the text")?;
        all += slot.chars().count();
    }
    // A text gives what it has once: an item's name beside it, a word that is a topic and a place.
    ok(all <= said.len * 4, "slots longer than the text together")?;
    ok(r.phone.as_ref().is_none_or(|p| p.bytes().all(|b| b.is_ascii_digit())), "a phone number with more than digits")?;
    ok(r.phone.as_ref().is_none_or(|p| (7..=12).contains(&p.len()) && p.len() <= said.digits), "no phone number")?;
    ok(r.also.len() < MOST_ITEMS && (r.also.is_empty() || !further), "more goods than are parted")?;
    for also in &r.also {
        // 卖核桃,收花椒
        let trades = |i: Intent| matches!(i, Intent::Sell | Intent::Buy);
        ok(also.intent == r.intent || trades(also.intent) && trades(r.intent), "goods of one text for two purposes")?;
        sound(grammar, said, also, true)?;
    }
    Ok(())
}

/// An end at the amount itself is a ceiling, an open one a floor; any other makes a range.
fn within(lo: Exact, hi: Option<Exact>, zero: bool) -> bool {
    let least = if zero { 0 } else { i64::from(*lo.numer() != 0) };
    let fits = |e: Exact| *e.numer() >= least && *e.denom() > 0 && e <= Exact::from_integer(MOST);
    fits(lo) && hi.is_none_or(|hi| hi == OPEN || fits(hi) && hi >= lo)
}

fn per_is_known(grammar: &Grammar, price: &Price) -> bool {
    let Some(per) = &price.per else { return true };
    grammar.units.get(per).is_some() || grammar.lexicon.periods.contains(per)
}

/// No figure is infinite or none: those would be `null`.
fn finite(json: &Value) -> Result<(), String> {
    match json {
        Value::Null => Err("a null in JSON".into()),
        Value::Array(all) => all.iter().try_for_each(finite),
        Value::Object(all) => all.values().try_for_each(finite),
        _ => Ok(()),
    }
}

/// A text made of the grammar's own words, so that bytes without meaning reach deep: two or three bytes choose each piece.
pub fn of_words(words: &[String], bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut bytes = bytes.iter().copied();
    while let Some(kind) = bytes.next() {
        let mut wide = || u16::from_be_bytes([bytes.next().unwrap_or(0), bytes.next().unwrap_or(0)]) as usize;
        match kind % 16 {
            0..=9 => out.push_str(&words[wide() % words.len()]),
            10 => out.push_str(&wide().to_string()),
            11 => out.push(char::from_u32(0x4e00 + (wide() % 0x5200) as u32).unwrap_or('犇')),
            12 => out.push(char::from_u32(wide() as u32).unwrap_or(' ')),
            _ => out.push_str(JOINTS[usize::from(kind / 16) % JOINTS.len()]),
        }
    }
    out
}

/// A text of people with a few words put in and a few bytes changed, as the bytes say.
pub fn of_texts(texts: &[String], words: &[String], bytes: &[u8]) -> Vec<u8> {
    let [high, low, at, changes @ ..] = bytes else { return bytes.to_vec() };
    let mut text = texts[usize::from(u16::from_be_bytes([*high, *low])) % texts.len()].clone().into_bytes();
    let (put, changes) = changes.split_at(changes.len() / 2);
    let at = usize::from(*at) % (text.len() + 1);
    text.splice(at..at, of_words(words, put).into_bytes());
    for change in changes.chunks_exact(2) {
        let at = usize::from(change[0]) % text.len().max(1);
        match change[1] {
            0..64 if !text.is_empty() => drop(text.remove(at)),
            64..128 => text.truncate(at),
            byte => text.insert(at.min(text.len()), byte),
        }
    }
    text
}

const JOINTS: [&str; 16] = [" ", ",", "。", "?", "!", "-", "~", "/", "：", "、", ".", "的", "了", "0", "１", "【"];

/// All words that [`of_words`] draws from, the small words that steer as often as the many names of things.
pub fn words(grammar: &Grammar) -> Vec<String> {
    let mut small: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (text, word) in grammar.lexicon.texts() {
        let name = word.item().is_some() && !word.speaks_otherwise();
        if name { names.push(text.to_string()) } else { small.push(text.to_string()) }
    }
    names.extend(["栽麻镇", "榕江", "贵阳市", "宰荡村", "凯里", "县城"].map(String::from));
    names.sort();
    small.sort();
    let times = names.len().div_ceil(small.len().max(1)).max(1) * 2;
    for _ in 0..times {
        names.extend(small.iter().cloned());
    }
    names.truncate(usize::from(u16::MAX));
    names
}
