//! Prices that only their neighbours make prices: 6只,五十一只 · 洋芋三千斤,八角一斤 · 水牛一头,一万二哪个要.

use super::number::{Bound, Number};
use super::phrase::{Phrase, What, light};
use super::price::{Per, Sum};
use super::quantity::Amount;
use super::share::formerly;
use crate::grammar::Grammar;
use crate::grammar::lexicon::{Force, Kind as Kinds, Sign};
use crate::market::Exact;

/// Makes prices of what can be nothing else where it stands.
pub(super) fn priced<'g>(grammar: &'g Grammar, text: &str, phrases: &mut Vec<Phrase<'g>>) {
    plot(grammar, text, phrases);
    counted_by_name(grammar, text, phrases);
    priced_by_one(text, phrases);
    priced_by_name(grammar, text, phrases);
    priced_whole(grammar, text, phrases);
    bought_by_weight(grammar, text, phrases);
}

/// 一块两三亩的地: one piece of land, and no yuan.
fn plot(grammar: &Grammar, text: &str, phrases: &mut [Phrase<'_>]) {
    let area = |p: &Phrase<'_>| matches!(p.what, What::Amount(a) if grammar.units.at(a.unit).is_some_and(|u| u.dimension == "area"));
    let piece = |p: &Phrase<'_>| matches!(p.what, What::Sum(_)) && p.text(text).chars().count() == 2;
    for i in 1..phrases.len() {
        if area(&phrases[i]) && !phrases[i].spaced && piece(&phrases[i - 1]) {
            phrases[i - 1].what = What::Span;
        }
    }
}

/// 30多桶蜂: a word for a thing that begins with its unit, behind a number: the unit counts it.
fn counted_by_name<'g>(grammar: &'g Grammar, text: &str, phrases: &mut [Phrase<'g>]) {
    for i in 1..phrases.len() {
        let (number, p) = (phrases[i - 1], phrases[i]);
        let What::Number { n, bounded, bound, .. } = number.what else { continue };
        let Some(index) = p.item().filter(|_| !p.spaced) else { continue };
        let said = p.text(text);
        let Some(cut) = said.chars().next().map(char::len_utf8) else { continue };
        let unit = grammar.lexicon.word(&said[..cut]).and_then(|w| w.unit());
        let word = grammar.lexicon.word(&said[cut..]).filter(|w| w.item() == Some(index));
        let (Some(unit), Some(word)) = (unit, word) else { continue };
        let amount = Amount {
            lo: n.lo,
            hi: n.hi,
            unit,
            approx: n.approx || bounded && bound == Bound::None,
            bound,
            each: false,
            total: false,
            bare_one: false,
        };
        let at = p.start + cut as u32;
        phrases[i - 1] = Phrase { end: at, what: What::Amount(amount), ..number };
        phrases[i] = Phrase { start: at, what: What::Item { index, word }, ..p };
    }
}

/// 水牛一头,一万二哪个要 · 摩托车 两千四能讲: of a beast or a thing that is sold by the piece a figure of hundreds that counts
/// nothing behind it is the price, where there is no other.
fn priced_whole(grammar: &Grammar, text: &str, phrases: &mut [Phrase<'_>]) {
    let singly = |p: &Phrase<'_>| {
        let Some(index) = p.item() else { return false };
        let traded = matches!(grammar.lexicon.kind(index), Kinds::Animal | Kinds::Goods | Kinds::Vehicle);
        let items = &grammar.items;
        let unit = items.at(index).and_then(|x| items.path(&x.name).iter().find_map(|n| items.get(n)?.unit.clone()));
        let unit = unit.and_then(|u| grammar.units.get(&u));
        traded && unit.is_some_and(|u| u.size.is_none() || u.dimension == "count" || u.dimension == "area")
    };
    // 果园40亩,六万: land costs thousands
    let land = phrases
        .iter()
        .any(|p| matches!(p.what, What::Amount(a) if grammar.units.at(a.unit).is_some_and(|u| u.dimension == "area")));
    let work = |p: &Phrase<'_>| {
        matches!(p.what, What::Task { .. } | What::People(_) | What::Seats(_)) || p.kind(grammar) == Some(Kinds::Trade)
    };
    let other = (0..phrases.len()).any(|i| matches!(phrases[i].what, What::Sum(_)) && !formerly(phrases, i));
    if other || !phrases.iter().any(singly) || phrases.iter().any(work) {
        return;
    }
    let mut found = (0..phrases.len()).filter(|i| !formerly(phrases, *i) && figure(text, phrases, *i));
    let (Some(i), None) = (found.next(), found.next()) else { return };
    if let What::Number { n, bound, .. } = phrases[i].what {
        if land && n.lo < Exact::from_integer(1000) {
            return;
        }
        let per = if land || alone_total(phrases, i) { Per::Whole } else { Per::Nothing };
        phrases[i].what = What::Sum(Sum { yuan: n.lo, max: n.hi, bound, per, also: None, pay: false, of_one: false });
    }
}

/// 一千二打包: the word for all of it stands behind.
fn alone_total(phrases: &[Phrase<'_>], i: usize) -> bool {
    phrases.get(i + 1).is_some_and(|q| !q.spaced && (q.has(Sign::Total) || q.has(Sign::Whole)))
}

/// Whether a number can be a price by itself: hundreds, said in words or in four digits and more, that run on into no
/// thing and out of no unread word. 178的, 125摩托车 and 车牌1234 are none.
fn figure(text: &str, phrases: &[Phrase<'_>], i: usize) -> bool {
    let What::Number { n, digits, .. } = phrases[i].what else { return false };
    let Number { lo, .. } = n;
    let least = if digits { 1000 } else { 100 };
    if !lo.is_integer() || lo < Exact::from_integer(least) || digits && lo.numer() % 50 != 0 {
        return false;
    }
    // the same figures in digits, where nothing else stands in the clause before them
    let next = phrases.get(i + 1).filter(|q| !q.spaced && !q.is_separator());
    let runs_on = next.is_some_and(|q| match q.what {
        What::Unread => q.text(text).chars().count() < 2,
        What::Item { .. } | What::Compound | What::Amount(_) | What::Number { .. } | What::Span | What::Day(_) => true,
        What::Word(w) => w.unit().is_some() || w.period().is_some() || q.text(text) == "的",
        _ => false,
    });
    let before = i.checked_sub(1).map(|k| &phrases[k]).filter(|q| !phrases[i].spaced && !q.is_separator());
    let hangs = before.is_some_and(|q| match q.what {
        What::Unread => q.text(text).chars().count() > 1,
        What::Word(w) => {
            w.has(Sign::Measure)
                || w.has(Sign::LunarFirst)
                || w.has(Sign::NumberMark)
                || w.verbs(Force::Post).next().is_some() && !light(q) && w.verbs(Force::Strong).next().is_none()
        }
        What::Phone | What::Number { .. } | What::Day(_) | What::Clock(_) => true,
        _ => false,
    });
    !runs_on && !hangs
}

/// 6只,五十一只: behind an amount in the same unit, 五十 · 一只 is what one costs.
fn priced_by_one(text: &str, phrases: &mut [Phrase<'_>]) {
    let Some(first) = phrases.iter().position(|p| matches!(p.what, What::Amount(_))) else { return };
    let What::Amount(all) = phrases[first].what else { return };
    // 鹅一百五一只,鸭六十一只: so are the others priced
    let priced = phrases.iter().any(|p| matches!(p.what, What::Sum(_)));
    for i in first + 1..phrases.len() {
        let named = matches!(phrases[i - 1].what, What::Item { .. } | What::Compound) && !phrases[i].spaced;
        let p = &mut phrases[i];
        if priced && !named {
            continue;
        }
        let What::Amount(a) = p.what else { continue };
        let tens = a.lo.is_integer() && a.lo.numer() % 10 == 1 && (20..100).contains(a.lo.numer());
        let spoken = p.text(text).chars().rev().nth(1) == Some('一');
        if a.unit == all.unit && tens && spoken && a.hi.is_none() && !a.approx && !a.total {
            let yuan = a.lo - Exact::from_integer(1);
            let sum =
                Sum { yuan, max: None, bound: a.bound, per: Per::Unit(a.unit), also: None, pay: false, of_one: false };
            p.what = What::Sum(sum);
            return;
        }
    }
}

/// 收花生1吨,4块2一斤: what is brought in from the field is a kind of work, but what is weighed and priced by weight is bought.
fn bought_by_weight<'g>(grammar: &'g Grammar, text: &str, phrases: &mut Vec<Phrase<'g>>) {
    let weight = |u: u32| grammar.units.at(u).is_some_and(|u| u.dimension == "weight");
    let weighed = phrases.iter().any(|p| matches!(p.what, What::Amount(a) if weight(a.unit)));
    let priced = phrases
        .iter()
        .any(|p| matches!(p.what, What::Sum(s) if !s.is_pay() && (s.per == Per::Nothing || matches!(s.per, Per::Unit(u) if weight(u)))));
    let people = phrases.iter().any(|p| {
        matches!(p.what, What::People(_))
            || p.has(Sign::PayInKind)
            || p.has(Sign::Hands)
            || matches!(p.what, What::Sum(s) if s.is_pay())
    });
    if !weighed || !priced || people {
        return;
    }
    let split = phrases.iter().position(|p| p.kind(grammar) == Some(Kinds::Trade)).and_then(|i| {
        let said = phrases[i].text(text);
        let cut = said.chars().next()?.len_utf8();
        let (verb, of) = (grammar.lexicon.word(&said[..cut])?, grammar.lexicon.word(&said[cut..])?);
        let index = of.item().filter(|x| !matches!(grammar.lexicon.kind(*x), Kinds::Trade))?;
        verb.is_verb(crate::grammar::Intent::Buy, Force::Strong).then_some((i, cut as u32, verb, of, index))
    });
    let Some((i, cut, verb, of, index)) = split else { return };
    let p = phrases[i];
    phrases[i] = Phrase { end: p.start + cut, what: What::Word(verb), ..p };
    phrases.insert(i + 1, Phrase { start: p.start + cut, spaced: false, what: What::Item { index, word: of }, ..p });
}

/// 洋芋三千斤,八角一斤: beside another thing, a thing whose name reads as money before 一斤 is its price.
fn priced_by_name<'g>(grammar: &'g Grammar, text: &str, phrases: &mut Vec<Phrase<'g>>) {
    let goods = |p: &Phrase<'_>| matches!(p.what, What::Item { .. } | What::Compound);
    let Some(first) = phrases.iter().position(goods) else { return };
    if phrases.iter().any(|p| matches!(p.what, What::Sum(_))) {
        return;
    }
    for i in first + 1..phrases.len() {
        let (p, next) = (phrases[i], phrases.get(i + 1).copied());
        let Some(of) = next.filter(|q| !q.spaced && p.item().is_some()) else { continue };
        let What::Amount(one) = of.what else { continue };
        let mut chars = p.text(text).chars().map(|c| {
            let mut b = [0; 4];
            grammar.lexicon.word(c.encode_utf8(&mut b))
        });
        let (Some(Some(n)), Some(Some(m)), None) = (chars.next(), chars.next(), chars.next()) else { continue };
        let (Some(n), Some((num, den)), true) = (n.digit(), m.money(), one.bare_one) else { continue };
        let yuan = Exact::new(i64::from(n) * num, den);
        let per = Per::Unit(one.unit);
        let sum = Sum { yuan, max: None, bound: Bound::None, per, also: None, pay: false, of_one: false };
        phrases[i] = Phrase { end: of.end, what: What::Sum(sum), ..p };
        phrases.remove(i + 1);
        return;
    }
}
