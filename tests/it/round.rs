//! What a villager means, said as villagers say it, is read as it was meant: every verb and every unit of the grammar, and
//! thousands of random offers, wants, jobs and rides. Words come from the loaded grammar; [`numerals`] writes numbers.
//!
//! What is not asked, by rule: words that mean something else as well ([`plain`]), words that run into each other
//! ([`Line::say`]), units that count no goods ([`counts_goods`]).

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use serde_json::{Value, json};
use xiangxun::clock::Timestamp;
use xiangxun::command::{Intent, read};
use xiangxun::grammar::item::Item;
use xiangxun::grammar::lexicon::{Force, Kind, Moment, Sense, Sign, Word};
use xiangxun::grammar::unit::Unit;
use xiangxun::market::PlaceCode;

use crate::texts::{GRAMMAR, has};

const HOME: PlaceCode = PlaceCode(522_632);
/// 2026-11-21 09:00 in Beijing.
const NOW: Timestamp = Timestamp(1_795_222_800_000);
const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 21);

/// Chance that falls the same way on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }

    fn of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }

    fn within(&mut self, range: RangeInclusive<u32>) -> u32 {
        range.start() + self.below((range.end() - range.start() + 1) as usize) as u32
    }

    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

// --- numbers ---------------------------------------------------------------------------------------------

mod numerals {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    const POWERS: [(u32, char); 4] = [(10_000, '万'), (1000, '千'), (100, '百'), (10, '十')];

    /// 12050: 一万二千零五十; with `pair`, 两千 for 二千.
    pub fn long(n: u32, pair: bool) -> String {
        let (mut out, mut rest, mut gap) = (String::new(), n, false);
        for (power, name) in POWERS {
            let d = rest / power;
            rest %= power;
            if d == 0 {
                gap |= !out.is_empty();
                continue;
            }
            if std::mem::take(&mut gap) {
                out.push('零');
            }
            match d {
                1 if power == 10 && out.is_empty() => {}
                2 if pair && power > 10 => out.push('两'),
                _ if d > 9 => out.push_str(&long(d, pair)),
                _ => out.push(DIGITS[d as usize]),
            }
            out.push(name);
        }
        if rest > 0 {
            if gap {
                out.push('零');
            }
            out.push(if pair && n == 2 { '两' } else { DIGITS[rest as usize] });
        }
        out
    }

    /// 250: 两百五, where all behind the second digit is nothing. A last 一 would belong to the unit behind it.
    pub fn short(n: u32) -> Option<String> {
        let (power, name) = POWERS.into_iter().find(|(power, _)| n >= *power && *power >= 100)?;
        let (first, rest) = (n / power, n % power);
        let second = rest / (power / 10);
        let fits = first < 10 && rest % (power / 10) == 0 && second > 1;
        let first = if first == 2 { '两' } else { DIGITS[first.min(9) as usize] };
        fits.then(|| format!("{first}{name}{}", DIGITS[second as usize]))
    }

    pub fn wide(n: u32) -> String {
        n.to_string().bytes().filter_map(|b| char::from_u32(0xff10 + u32::from(b - b'0'))).collect()
    }
}

/// A number above one as said (一斤 beside a price is what the price is for), and what it must be read as: `amount`, perhaps
/// `max` and `approx`.
fn number(chance: &mut Chance, most: u32) -> (String, Value) {
    let size = *chance.of(&[10, 100, 1000, 10_000, 100_000]);
    let n = chance.within(2..=size.min(most));
    let exact = json!({ "amount": n });
    let about = json!({ "amount": n, "approx": true });
    // 来 and 多 stand behind whole tens.
    let round = n.max(10) / 10 * 10;
    let tens = json!({ "amount": round, "approx": true });
    let to = n + chance.within(1..=n.min(20));
    let range = json!({ "amount": n, "min": n, "max": to });
    match chance.below(13) {
        0 => (numerals::wide(n), exact),
        1 => (numerals::long(n, false), exact),
        2 => (numerals::long(n, true), exact),
        3 => (numerals::short(n).unwrap_or_else(|| n.to_string()), exact),
        4 => (format!("{round}多"), tens),
        5 => (format!("{}来", numerals::long(round, true)), tens),
        6 => (format!("大概{n}"), about),
        7 => (format!("{n}-{to}"), range),
        8 => (format!("{n}到{to}"), range),
        9 if n.is_multiple_of(10) && n < 1000 => (format!("{}多", numerals::long(n, true)), tens),
        10 if n.is_multiple_of(10_000) => (format!("{}万", n / 10_000), exact),
        _ => (n.to_string(), exact),
    }
}

/// A sum of money as said; `fen` in whole tens.
fn sum(chance: &mut Chance, fen: u32) -> String {
    let (yuan, jiao) = (fen / 100, fen / 10 % 10);
    if jiao == 0 {
        return match chance.below(5) {
            0 => format!("{yuan}块"),
            1 => format!("{}块", numerals::long(yuan, true)),
            2 => format!("{yuan}块钱"),
            3 => format!("¥{yuan}"),
            _ => format!("{yuan}元"),
        };
    }
    match chance.below(6) {
        0 if yuan > 0 => format!("{yuan}块{jiao}"),
        1 if yuan > 0 => format!("{}块{}", numerals::long(yuan, true), numerals::long(jiao, false)),
        2 if yuan > 0 => format!("{yuan}块{jiao}毛"),
        3 if yuan == 0 => format!("{jiao}毛"),
        4 => format!("{yuan}.{jiao}块"),
        _ => format!("{yuan}.{jiao}元"),
    }
}

// --- words of the grammar --------------------------------------------------------------------------------

/// Whether a word means what it is asked for and nothing else that could be read in its place.
fn plain(text: &str, word: &Word, sense: impl Fn(&Sense) -> bool) -> bool {
    let signs = ANY_SIGN.iter().any(|s| word.has(*s));
    !text.is_empty() && !signs && word.senses.iter().any(&sense) && word.senses.iter().all(sense)
}

const ANY_SIGN: &[Sign] = &[
    Sign::Who,
    Sign::Where,
    Sign::Ask,
    Sign::IsThere,
    Sign::Own,
    Sign::Have,
    Sign::Want,
    Sign::Not,
    Sign::Done,
    Sign::Le,
    Sign::Already,
    Sign::In,
    Sign::From,
    Sign::Go,
    Sign::Route,
    Sign::Per,
    Sign::Join,
    Sign::Male,
    Sign::Female,
    Sign::Seats,
    Sign::People,
    Sign::PayInKind,
    Sign::Particle,
    Sign::Polite,
    Sign::Choose,
    Sign::NumberMark,
    Sign::Work,
    Sign::ContactName,
    Sign::How,
    Sign::Half,
    Sign::Few,
    Sign::More,
    Sign::Point,
    Sign::To,
    Sign::About,
    Sign::Around,
    Sign::Each,
    Sign::Total,
    Sign::AtLeast,
    Sign::AtMost,
    Sign::PriceCue,
    Sign::Yuan,
    Sign::Negotiable,
    Sign::Makes,
    Sign::Modifier,
    Sign::GuideTopic,
    Sign::Naming,
    Sign::Rent,
    Sign::Measure,
];

/// The words that say an intent wherever they stand, and no other intent.
fn verbs(intent: Intent) -> Vec<&'static str> {
    let says = |s: &Sense| matches!(s, Sense::Verb(i, _) if *i == intent);
    let strong = |w: &Word| w.is_verb(intent, Force::Strong);
    let mut all: Vec<&str> =
        GRAMMAR.lexicon.texts().filter(|(t, w)| strong(w) && plain(t, w, says)).map(|(t, _)| t).collect();
    all.sort_unstable();
    all
}

/// What things of these kinds are called, with the item each is.
fn names(kinds: &[Kind]) -> Vec<(&'static str, &'static Item)> {
    let mut all: Vec<(&str, &Item)> = Vec::new();
    for (text, word) in GRAMMAR.lexicon.texts() {
        let Some(index) = word.item() else { continue };
        let Some(item) = GRAMMAR.items.at(index) else { continue };
        // Of one character too much is part of other words, what has no category is one, and digits (110摩托) run into amounts.
        let digits = text.contains(|c: char| c.is_ascii_digit());
        let named = text.chars().count() > 1
            && !digits
            && item.category.is_some()
            && kinds.contains(&GRAMMAR.lexicon.kind(index));
        if named && plain(text, word, |s| matches!(s, Sense::Item(_))) {
            all.push((text, item));
        }
    }
    all.sort_unstable_by_key(|(text, _)| *text);
    all
}

/// The unit that goods are counted in, their own or that of what they are a kind of.
fn usual(item: &Item) -> Option<&'static Unit> {
    let path = GRAMMAR.items.path(&item.name);
    path.iter().find_map(|n| GRAMMAR.items.get(n)?.unit.as_deref()).and_then(|u| GRAMMAR.units.get(u))
}

/// Whether a word of a unit counts goods: not time, people or money, and no measure of each piece (直径20公分).
fn counts_goods(word: &Word, unit: &Unit, item: &Item) -> bool {
    let measure = unit.dimension == "length"
        && unit.size.is_some_and(|(n, d)| n < d || n >= 1000 * d)
        && usual(item).is_none_or(|u| u.dimension != "length");
    // Of any other goods than houses these say where they are.
    let house = ["栋", "层"].contains(&unit.name.as_str()) && usual(item).is_none_or(|u| u.name != unit.name);
    !house
        && word.period().is_none()
        && word.money().is_none()
        && !word.has(Sign::People)
        && !word.has(Sign::Seats)
        && !measure
}

/// Towns of the sender's county.
fn towns() -> Vec<(PlaceCode, &'static str)> {
    (522_632_100..522_632_400).map(PlaceCode).filter_map(|c| Some((c, GRAMMAR.places.get(c)?))).collect()
}

// --- texts -----------------------------------------------------------------------------------------------

/// Pieces of a text, in order.
#[derive(Default)]
struct Line(Vec<String>);

impl Line {
    fn put(&mut self, piece: impl Into<String>) -> &mut Line {
        self.0.push(piece.into());
        self
    }

    /// The text with `joint` between the pieces; where none is wanted but two pieces make another word across their seam,
    /// whoever writes parts them.
    fn say(&self, joint: &str) -> String {
        let tight = self.0.concat();
        if !joint.is_empty() || !self.runs_together(&tight) { self.0.join(joint) } else { self.0.join(" ") }
    }

    fn runs_together(&self, tight: &str) -> bool {
        let seams: Vec<usize> = (1..self.0.len()).map(|n| self.0[..n].iter().map(String::len).sum()).collect();
        let across = |from: usize, to: usize| seams.iter().any(|s| from < *s && *s < to);
        let words = GRAMMAR.lexicon.automaton.find_overlapping_iter(tight).any(|m| across(m.start(), m.end()));
        let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || ('０'..='９').contains(&c));
        let numbers =
            seams.iter().any(|s| digits(tight[..*s].chars().next_back()) && digits(tight[*s..].chars().next()));
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase());
        let letters =
            seams.iter().any(|s| letter(tight[..*s].chars().next_back()) && letter(tight[*s..].chars().next()));
        let place =
            |at: usize| GRAMMAR.places.find_at(&tight[at..], HOME, true, true).is_some_and(|f| across(at, at + f.len));
        // 30台台式电脑: a character twice is read as a slip for once
        let doubled = seams.iter().any(|s| tight[..*s].chars().next_back() == tight[*s..].chars().next());
        words || numbers || letters || doubled || tight.char_indices().any(|(at, _)| place(at))
    }
}

/// Collects what was read otherwise than meant.
#[derive(Default)]
struct Heard {
    texts: usize,
    wrong: Vec<String>,
}

impl Heard {
    fn check(&mut self, text: &str, want: &Value, absent: &[&str]) {
        self.texts += 1;
        let reading = read(&GRAMMAR, HOME, NOW, text);
        let got = serde_json::to_value(&reading).expect("a reading is JSON");
        let extra = absent.iter().chain(&["unsure", "also"]).find(|k| got.get(**k).is_some());
        if extra.is_some() || !has(want, &got) {
            self.wrong.push(format!("{text}\n    want {want}\n    got  {got}"));
        }
    }

    fn all_right(self, least: usize) {
        assert!(self.texts >= least, "only {} texts", self.texts);
        let mut shown = String::new();
        for wrong in self.wrong.iter().take(40) {
            let _ = writeln!(shown, "{wrong}");
        }
        assert!(
            self.wrong.is_empty(),
            "{} of {} are read otherwise than meant:\n{shown}",
            self.wrong.len(),
            self.texts
        );
    }
}

const TRADE: [(Intent, &str); 2] = [(Intent::Sell, "sell"), (Intent::Buy, "buy")];
const JOINTS: [&str; 3] = ["", " ", ","];

#[test]
fn every_verb_of_trade_says_what_it_means() {
    let mut heard = Heard::default();
    for (intent, name) in TRADE {
        for verb in verbs(intent) {
            let want = json!({
                "intent": name, "item": "板蓝根", "quantity": { "amount": 200, "unit": "斤" },
                "price": { "yuan": 3.5, "per": "斤" },
            });
            for text in [
                format!("{verb} 板蓝根 200斤 3块5"),
                format!("{verb}板蓝根200斤3块5一斤"),
                format!("{verb}200斤板蓝根,3.5元/斤"),
                format!("板蓝根200斤{verb},三块五一斤"),
                format!("有200斤板蓝根{verb} 每斤3.5元"),
            ] {
                heard.check(&text, &want, &["remark", "people", "wage"]);
            }
        }
    }
    heard.all_right(500);
}

#[test]
fn every_verb_of_work_says_what_it_means() {
    let mut heard = Heard::default();
    for verb in verbs(Intent::Hire) {
        let want = json!({ "intent": "hire", "item": "采茶", "people": 10, "wage": { "yuan": 120, "per": "天" } });
        for text in [
            format!("{verb} 采茶工 10人 一天120"),
            format!("{verb}采茶工10人,一天120元"),
            format!("{verb}10个采茶工 120/天"),
            format!("采茶工{verb}10人 日薪120"),
        ] {
            heard.check(&text, &want, &["price", "quantity"]);
        }
    }
    for verb in verbs(Intent::Seek) {
        let want = json!({ "intent": "seek", "item": "采茶", "wage": { "yuan": 120, "per": "天" } });
        for text in
            [format!("{verb} 采茶工 一天120"), format!("{verb},采茶工,120元一天"), format!("采茶工{verb} 日薪120")]
        {
            heard.check(&text, &want, &["price", "quantity"]);
        }
    }
    heard.all_right(300);
}

#[test]
fn every_verb_of_lost_and_found_says_what_it_means() {
    let mut heard = Heard::default();
    for (intent, name) in [(Intent::Lost, "lost"), (Intent::Found, "found")] {
        for verb in verbs(intent) {
            let want = json!({ "intent": name, "item": "黄牛" });
            for text in [format!("{verb} 黄牛"), format!("黄牛 {verb}"), format!("{verb}黄牛一头")] {
                heard.check(&text, &want, &["price", "wage", "people"]);
            }
        }
    }
    heard.all_right(200);
}

#[test]
fn every_unit_counts_goods() {
    let goods = names(&[Kind::Goods, Kind::Animal, Kind::Vehicle]);
    let mut heard = Heard::default();
    for unit in GRAMMAR.units.iter() {
        let own = goods.iter().find(|(_, i)| usual(i).is_some_and(|u| u.name == unit.name));
        let alike = || goods.iter().find(|(_, i)| usual(i).is_some_and(|u| u.dimension == unit.dimension));
        let (name, item) = own.or_else(alike).unwrap_or(&goods[0]);
        for written in std::iter::once(&unit.name).chain(&unit.also) {
            let simple: String = written.chars().map(|c| GRAMMAR.lexicon.simplify(c)).collect();
            let word = GRAMMAR.lexicon.word(&simple).expect("a unit is a word");
            if !counts_goods(word, unit, item) {
                continue;
            }
            let want = |n: Value| json!({ "intent": "sell", "item": item.name, "quantity": { "amount": n, "unit": unit.name } });
            for (n, said) in [(json!(30), "30"), (json!(250), "两百五"), (json!(250), "二百五十"), (json!(12), "十二")]
            {
                // 两百五两 could be 205 of them
                if !(word.digit().is_some() && said == "两百五") {
                    let amount = format!("{said}{written}");
                    let say = |pieces: &[&str]| Line(pieces.iter().map(ToString::to_string).collect()).say("");
                    heard.check(&say(&["卖", name, &amount]), &want(n.clone()), &[]);
                    heard.check(&say(&[&amount, name, "卖"]), &want(n), &[]);
                }
            }
        }
    }
    heard.all_right(1500);
}

#[test]
fn random_offers_and_wants_are_read_as_meant() {
    let mut chance = Chance(1);
    let mut heard = Heard::default();
    let goods = names(&[Kind::Goods, Kind::Animal]);
    let said = [verbs(Intent::Sell), verbs(Intent::Buy)];
    let towns = towns();
    for _ in 0..6000 {
        let side = chance.below(2);
        let verb = *chance.of(&said[side]);
        let (name, item) = *chance.of(&goods);
        let Some(unit) = usual(item).filter(|u| counts_goods(GRAMMAR.lexicon.word(&u.name).expect("a word"), u, item))
        else {
            continue;
        };
        let (n, mut quantity) = number(&mut chance, 100_000);
        quantity["unit"] = json!(unit.name);
        let mut want = json!({ "intent": TRADE[side].1, "item": item.name, "quantity": quantity });
        let amount = format!("{n}{}", unit.name);
        // What is dear by the piece never costs so little as other things do by weight.
        let dear = GRAMMAR.lexicon.dear.contains(&unit.name);
        let fen = if dear { chance.within(10..=500) * 1000 } else { chance.within(1..=300) * 10 };
        let price = (!chance.once_in(4)).then(|| {
            want["price"] = json!({ "yuan": f64::from(fen) / 100.0, "per": unit.name });
            let sum = sum(&mut chance, fen);
            match chance.below(5) {
                0 => format!("{sum}/{}", unit.name),
                1 => format!("{sum}一{}", unit.name),
                2 => format!("每{}{sum}", unit.name),
                3 => format!("一{}{sum}", unit.name),
                _ => sum,
            }
        });
        let mut line = Line::default();
        match chance.below(4) {
            0 => line.put(verb).put(name).put(amount),
            1 => line.put(verb).put(amount).put(name),
            2 => line.put(name).put(amount).put(verb),
            _ => line.put(amount).put(name).put(verb),
        };
        // A sum right behind an amount would be one number with it.
        let joint = *chance.of(&JOINTS);
        let mut text = line.say(joint);
        if let Some(price) = price {
            let _ = write!(text, "{}{price}", chance.of(&[" ", ","]));
        }
        if chance.once_in(3) {
            let (code, town) = *chance.of(&towns);
            want["place"] = json!(town);
            want["place_code"] = json!(code.0.to_string());
            let _ = write!(text, "{}{town}", chance.of(&[" ", ",", " 在"]));
        }
        heard.check(&text, &want, &["people", "wage"]);
    }
    heard.all_right(5000);
}

#[test]
fn random_jobs_are_read_as_meant() {
    let mut chance = Chance(2);
    let mut heard = Heard::default();
    let trades = names(&[Kind::Trade]);
    let said = [verbs(Intent::Hire), verbs(Intent::Seek)];
    let towns = towns();
    for _ in 0..3000 {
        let hires = chance.below(2) == 0;
        let verb = *chance.of(&said[usize::from(!hires)]);
        let (name, item) = *chance.of(&trades);
        let mut want = json!({ "intent": if hires { "hire" } else { "seek" }, "item": item.name });
        let mut pieces = vec![verb.to_string(), name.to_string()];
        if hires {
            let n = chance.within(2..=50);
            want["people"] = json!(n);
            let many = if chance.once_in(2) { n.to_string() } else { numerals::long(n, true) };
            pieces.push(format!("{many}{}", chance.of(&["人", "个人", "名"])));
        }
        let yuan = chance.within(8..=50) * 10;
        want["wage"] = json!({ "yuan": yuan, "per": "天" });
        pieces.push(match chance.below(5) {
            0 => format!("一天{yuan}"),
            1 => format!("日薪{yuan}"),
            2 => format!("{yuan}元一天"),
            3 => format!("{yuan}块/天"),
            _ => format!("每天{}块", numerals::long(yuan, true)),
        });
        if chance.once_in(3) {
            let (code, town) = *chance.of(&towns);
            want["place_code"] = json!(code.0.to_string());
            pieces.push(town.to_string());
        }
        heard.check(&Line(pieces).say(chance.of::<&str>(&[" ", ","])), &want, &["price", "quantity"]);
    }
    heard.all_right(3000);
}

#[test]
fn random_rides_are_read_as_meant() {
    let mut chance = Chance(3);
    let mut heard = Heard::default();
    let towns = towns();
    let mut days: Vec<(&str, i16)> = Vec::new();
    for (text, word) in GRAMMAR.lexicon.texts() {
        if let Some(Moment::Day(n @ 0..)) = word.moment()
            && plain(text, word, |s| matches!(s, Sense::Moment(_)))
        {
            days.push((text, n));
        }
    }
    days.sort_unstable();
    assert!(days.len() > 5, "{days:?}");
    for _ in 0..2000 {
        let (from, to) = (*chance.of(&towns), *chance.of(&towns));
        if from == to {
            continue;
        }
        let (day, n) = *chance.of(&days);
        let date = TODAY.checked_add(jiff::Span::new().days(i64::from(n))).expect("a day");
        let mut want = json!({
            "from": from.1, "from_code": from.0.0.to_string(), "to": to.1, "to_code": to.0.0.to_string(),
            "when": { "date": date.to_string() },
        });
        let route = format!("{}{}{}", from.1, chance.of(&["到", "去", "-"]), to.1);
        let text = if chance.once_in(2) {
            let seats = chance.within(1..=7);
            want["intent"] = json!("ride_offer");
            want["people"] = json!(seats);
            match chance.below(3) {
                0 => format!("车 {route} {day} {seats}座"),
                1 => format!("{day}{route} 顺风车 {seats}座"),
                _ => format!("顺风车 {day} {route} 还有{}个座位", numerals::long(seats, true)),
            }
        } else {
            want["intent"] = json!("ride_need");
            match chance.below(3) {
                0 => format!("搭车 {route} {day}"),
                1 => format!("{day}搭车从{}去{}", from.1, to.1),
                _ => format!("求带 {day} {route}"),
            }
        };
        heard.check(&text, &want, &["price", "item"]);
    }
    heard.all_right(1500);
}
