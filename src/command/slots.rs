//! Fills the slots of a reading from the phrases of its text, and parts several items into readings of their own.

mod amounts;
mod doubts;
mod names;
mod of_post;
mod people;
mod room;
mod sexes;
mod whole;

use super::crews;
use super::intent::{Decision, hauled};
use super::left::{leftovers, rest_text, rest_without};
use super::matter;
use super::phrase::{Phrase, What, made};
use super::place::{place, place_of, said};
use super::price::Per;
use super::share::{MOST_ITEMS, Share, share};
use super::things::{
    best_item, each_verb, goods_let, hired, items, joined, missing, names_item, same_thing, unknown_goods, unread_item,
    workman, young_of,
};
use super::{Item, Reading, Scene};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sense, Sign};

use amounts::amounts_and_prices;
pub(super) use amounts::{price, quantity};
use doubts::{mixed_up, number_left};
use names::somebody;
pub use of_post::of_post;
use sexes::sex_of;
pub(super) use sexes::sex_of_name;
use whole::common;

/// What a price for each is by, in a ride: 一个人三十块.
const PERSON: &str = "人";

/// The official matter that a text names.
pub fn official(scene: &Scene<'_, '_>) -> Option<String> {
    scene
        .phrases
        .iter()
        .find(|p| p.word().is_some_and(|w| w.has(Sign::GuideTopic)))
        .map(|p| p.text(scene.text).to_string())
}

/// Whether it is asked how an official matter is got done.
pub fn how_to(scene: &Scene<'_, '_>) -> bool {
    let asks = |p: &Phrase<'_>| {
        p.has(Sign::How)
            || p.has(Sign::Where)
            || p.word().is_some_and(|w| {
                w.senses.iter().any(|s| matches!(s, Sense::Verb(Intent::Guide | Intent::Ask, Force::Strong)))
            })
    };
    official(scene).is_some() && scene.phrases.iter().any(asks)
}

/// A look-up: the item where one is known, else the matter as a topic.
pub fn look(scene: &Scene<'_, '_>, intent: Intent, from: usize) -> Reading {
    let mut r = Reading::of(intent);
    r.item = best_item(scene).map(|i| known_item(scene, &scene.phrases[i]));
    r.when = matter::when(scene, &scene.phrases, false);
    if matter::of_ride(scene) {
        matter::going(scene, &mut r);
    } else {
        r.place = place_of(scene).map(|f| place(scene, &f));
    }
    if r.item.is_none() {
        let topic = rest_without(scene, from, |p| {
            matches!(p.what, What::Place(_))
                || p.has(Sign::Where)
                || p.has(Sign::Who)
                || p.has(Sign::Ask)
                || p.has(Sign::In)
                || p.has(Sign::IsThere)
                || matches!(p.what, What::Word(w) if w.verbs(Force::Strong).next().is_some() || (intent == Intent::Price && w.has(Sign::PriceCue)))
        });
        match intent {
            Intent::Price => {
                r.item = matter::priced(scene, from).map(|t| Item { said: t.clone(), name: t, known: false })
            }
            _ => {
                r.topic = topic.or_else(|| {
                    rest_without(scene, from, |p| {
                        p.has(Sign::Where) || p.has(Sign::Who) || p.has(Sign::IsThere) || p.has(Sign::Ask)
                    })
                })
            }
        }
    }
    r
}

/// A reading of `decision`, all slots filled.
pub fn settle(scene: &Scene<'_, '_>, decision: &Decision) -> Reading {
    let mut r = match decision.intent {
        Intent::Search => look(scene, Intent::Search, 0),
        Intent::Price => look(scene, Intent::Price, 0),
        Intent::Guide => {
            Reading { topic: official(scene).or_else(|| rest_text(scene, 0)), ..Reading::of(Intent::Guide) }
        }
        Intent::Subscribe | Intent::Unsubscribe => {
            let says = |p: &Phrase<'_>| {
                let verb = |i| p.word().is_some_and(|w| w.is_verb(i, Force::Strong) || w.is_verb(i, Force::Head));
                verb(Intent::Subscribe) || verb(Intent::Unsubscribe) || p.has(Sign::Have) || p.has(Sign::IsThere)
            };
            Reading { topic: rest_without(scene, 0, says), ..Reading::of(decision.intent) }
        }
        Intent::Ask | Intent::Errand | Intent::Notice | Intent::Report | Intent::Fraud => {
            let mut r = Reading { topic: rest_text(scene, 0), ..Reading::of(decision.intent) };
            matter::fill(scene, &mut r);
            r
        }
        Intent::Withdraw | Intent::Deal | Intent::Renew | Intent::Rate => {
            let mut r = Reading::of(decision.intent);
            r.item = best_item(scene).map(|i| known_item(scene, &scene.phrases[i]));
            r.item = matter::relative(scene, best_item(scene)).map(|(_, item)| item).or(r.item);
            r
        }
        Intent::Register => {
            Reading { place: place_of(scene).map(|f| place(scene, &f)), ..Reading::of(Intent::Register) }
        }
        Intent::Unknown => super::form::unknown("unread"),
        intent => fill(scene, intent),
    };
    // 卖核桃,收花椒: no doubt, where each has its own verb.
    let each = r.also.iter().any(|a| a.intent != r.intent);
    if !decision.unsure.is_empty() && !each {
        r.unsure = true;
        r.alternatives.clone_from(&decision.unsure);
    }
    r
}

pub(super) fn known_item(scene: &Scene<'_, '_>, p: &Phrase<'_>) -> Item {
    // As it was written, also where that was mended.
    let said = scene.said(p.range());
    if let What::Task { index, verb } = p.what {
        let did = &scene.text[verb.0 as usize..verb.1 as usize];
        let behind = verb.0 >= p.end;
        let said = match behind {
            true => format!("{did}{}", p.text(scene.text)),
            false => scene.text[verb.0 as usize..p.end as usize].to_string(),
        };
        let object = index.and_then(|i| scene.grammar.items.at(i)).map(|i| i.name.as_str());
        let own = || &scene.text[if behind { p.start } else { verb.1.max(p.start) } as usize..p.end as usize];
        let name = format!("{did}{}", object.unwrap_or_else(own));
        // 捡(茶籽): a trade that the lexicon has, once verb and object stand together.
        let trade = |name: &str| {
            let index = scene.grammar.lexicon.word(name)?.item()?;
            scene.grammar.items.at(index).filter(|_| scene.grammar.lexicon.kind(index) == Kind::Trade)
        };
        return match trade(&format!("{did}{}", own())).or_else(|| trade(&name)) {
            Some(item) => Item { name: item.name.clone(), said, known: true },
            None => Item { name, said, known: false },
        };
    }
    match p.item().and_then(|i| scene.grammar.items.at(i)) {
        Some(item) => Item { name: item.name.clone(), said, known: true },
        // 竹荀干: the name of what it is made of is the mended one
        None => {
            let name = p.text(scene.text);
            Item { name: made(scene.grammar, name).unwrap_or_else(|| name.to_string()), said, known: false }
        }
    }
}

/// A post: all slots, several items each in a reading of its own.
pub fn fill(scene: &Scene<'_, '_>, intent: Intent) -> Reading {
    let ps = &scene.phrases;
    let mut used = vec![false; ps.len()];
    let trade = matches!(intent, Intent::Sell | Intent::Buy | Intent::Order);
    let work = matches!(intent, Intent::Hire | Intent::Seek);
    let ride = matches!(intent, Intent::RideOffer | Intent::RideNeed);
    let mut named = match intent {
        // Of goods only what is to be carried.
        _ if ride => hauled(scene.grammar, scene.text, ps).into_iter().collect(),
        Intent::Friend => Vec::new(),
        Intent::AidNeed | Intent::AidGive => matter::of_aid(scene, intent).into_iter().collect(),
        _ => items(scene),
    };
    if ride {
        named.truncate(1);
    } else if work {
        // Whom one hires is a trade; the goods beside it say what is worked on.
        let is_trade = |i: &usize| ps[*i].kind(scene.grammar) == Some(Kind::Trade);
        // 请收割机 30亩: the machine that is asked to come.
        let machine = |i: &usize| {
            let before = i.checked_sub(1).map(|j| &ps[j]);
            let asks = |w: &crate::grammar::lexicon::Word| {
                w.is_verb(Intent::Hire, Force::Hint) && !w.is_verb(Intent::Buy, Force::Hint)
            };
            ps[*i].item().is_some() && before.is_some_and(|p| matches!(p.what, What::Word(w) if asks(w)))
        };
        if named.iter().any(is_trade) {
            named.retain(is_trade);
            if intent == Intent::Hire {
                named = hired(scene, named);
            }
            named = crews::posts(scene, intent, named);
        } else {
            // 竹篮子来料加工 每个2块5: by the piece, so the piece says the work.
            let piece = |p: &Phrase<'_>| matches!(p.what, What::Sum(x) if matches!(x.per, Per::Unit(_)));
            if intent != Intent::Hire || !ps.iter().any(piece) {
                named.retain(machine);
            }
            named.truncate(1);
        }
    } else if trade && !named.is_empty() {
        // 娃儿读书差钱,卖黄牯一头: nor is anybody for sale.
        let goods = |i: &usize| {
            ps[*i].item().is_none_or(|x| !matches!(scene.grammar.lexicon.kind(x), Kind::Trade | Kind::Person))
        };
        if named.iter().any(goods) {
            named.retain(goods);
        }
        named = joined(scene, unknown_goods(scene, named));
        // 卖蜂蜜,土蜂蜜50一斤: the kind was chosen over its category, which then is no remark either
        for (i, p) in ps.iter().enumerate() {
            used[i] |= names_item(p) && named.iter().take(MOST_ITEMS).any(|n| same_thing(scene, i, *n));
        }
    } else if let Some(thing) =
        missing(scene).filter(|_| !matches!(intent, Intent::Friend | Intent::AidNeed | Intent::AidGive))
    {
        named = vec![thing];
    } else if matches!(intent, Intent::Lost | Intent::Found) {
        named.clear();
    } else {
        named.truncate(1);
    }
    named.truncate(MOST_ITEMS);
    let land = if trade { goods_let(scene) } else { None };
    if land.is_some() {
        named.clear();
    }
    let verbs = each_verb(scene, &named, intent);
    let mut shares = share(scene, &named);
    // 一家四口,要两间: of what is let only what it is counted in
    if let Some(unit) = land.as_ref().and_then(|l| scene.grammar.items.get(&l.name)?.unit.clone()) {
        let of = |i: &usize| matches!(ps[*i].what, What::Amount(a) if scene.grammar.units.at(a.unit).is_some_and(|u| u.name == unit));
        if shares[0].amounts.iter().any(of) {
            shares[0].amounts.retain(of);
        }
    }
    // 会砌砖贴砖,300一天: one wage for all.
    if work && shares.iter().filter(|s| !s.sums.is_empty()).count() == 1 {
        let sums = shares.iter().find(|s| !s.sums.is_empty()).map(|s| s.sums.clone()).unwrap_or_default();
        shares.iter_mut().for_each(|s| s.sums.clone_from(&sums));
    }
    let mut r = Reading::of(intent);
    common(scene, intent, &mut r, &mut used);
    if shares[0].item.is_none() && land.is_none() && (trade || work || matches!(intent, Intent::Lost | Intent::Found)) {
        shares[0].item = unread_item(scene, &used, work, trade);
    }
    let mut readings: Vec<Reading> = Vec::with_capacity(shares.len());
    let said_sex = r.sex.take();
    for (k, s) in shares.iter().enumerate() {
        let mut one = if readings.is_empty() {
            std::mem::replace(&mut r, Reading::of(intent))
        } else {
            Reading { marks: Vec::new(), remark: None, ..readings[0].clone() }
        };
        one.quantity = None;
        one.price = None;
        one.intent = verbs.get(k).copied().unwrap_or(intent);
        one.sex = sex_of(scene, s.item, trade, said_sex);
        // 大工两个,小工三个: each its own hands, where they are said.
        let counts = |s: &Share| !s.hands.is_empty() || !s.amounts.is_empty();
        if work && shares.len() > 1 && shares.iter().filter(|s| counts(s)).count() > 1 {
            let own = s.hands.first().and_then(|i| if let What::People(n) = ps[*i].what { Some(n) } else { None });
            one.people = own;
            s.hands.iter().for_each(|i| used[*i] = true);
        }
        one.item = s.item.map(|i| {
            used[i] = true;
            if let What::Task { verb, .. } = ps[i].what {
                for (k, p) in ps.iter().enumerate() {
                    used[k] |= p.start == verb.0;
                }
            }
            young_of(scene, i).unwrap_or_else(|| known_item(scene, &ps[i]))
        });
        one.item = one.item.or_else(|| land.clone());
        // 招水泥工两名: as it was written
        let vague = one.item.as_ref().is_none_or(|i| !i.known);
        if work
            && k == 0
            && vague
            && s.item.is_none_or(|i| ps[i].kind(scene.grammar) != Some(Kind::Trade))
            && let Some(run) = workman(scene)
        {
            let said = said(scene, &run).to_string();
            one.item = Some(Item { name: said.clone(), said, known: false });
            used[run].fill(true);
        }
        if matches!(intent, Intent::Lost | Intent::Found)
            && let Some((i, item)) = matter::relative(scene, s.item)
        {
            used[i] = true;
            one.item = Some(item);
        }
        let grown = one.item.as_ref().is_some_and(|i| i.name == "成年人");
        if matches!(intent, Intent::Lost | Intent::Found) && (one.item.is_none() || grown) {
            // 父亲 80岁
            one.item = somebody(scene).filter(|i| !grown || i.known).or(one.item);
        }
        amounts_and_prices(scene, intent, s, &mut one, &mut used, shares.len() == 1);
        readings.push(one);
    }
    // 我能养蜂也能喂猪,3500
    if work && readings.len() > 1 && readings.iter().filter(|r| r.wage.is_some()).count() == 1 {
        let wage = readings.iter().find_map(|r| r.wage.clone());
        readings.iter_mut().for_each(|r| r.wage.clone_from(&wage));
    }
    let missing = matches!(intent, Intent::Lost | Intent::Found);
    // The verbs that say the intent are no remark.
    let other = scene.grammar.lexicon.asked(intent);
    for (i, p) in ps.iter().enumerate() {
        if let What::Word(w) = p.what {
            let says = |f: Force| w.verbs(f).any(|v| v == intent || Some(v) == other);
            used[i] |= says(Force::Strong) || (missing && says(Force::Hint) && w.chars > 1);
        }
    }
    for (i, p) in ps.iter().enumerate() {
        // 失物招领: the name of the whole category is no mark of the thing.
        used[i] |= missing && p.item().and_then(|x| scene.grammar.items.at(x)).is_some_and(|x| x.category.is_none());
    }
    let doubt = trade && (number_left(scene, &readings, &used) || mixed_up(scene, &readings, &shares, &used));
    let left = leftovers(scene, &used, missing);
    let mut readings = in_order(scene, readings, &shares).into_iter();
    let mut first = readings.next().unwrap_or_else(|| Reading::of(intent));
    first.also = readings.collect();
    for also in &mut first.also {
        also.also = Vec::new();
    }
    if doubt && let Some(other) = scene.grammar.lexicon.asked(intent) {
        first.unsure = true;
        first.alternatives = vec![intent, other];
    }
    // 一米七五: how tall one is
    if intent == Intent::Friend {
        (first.price, first.wage, first.quantity) = (None, None, None);
    }
    if matches!(intent, Intent::Lost | Intent::Found) {
        first.marks = left;
    } else if !left.is_empty() {
        first.remark = Some(left.join(" "));
    }
    first
}

/// Of several things the one that was named first stands first, also where more is said of it later.
fn in_order(scene: &Scene<'_, '_>, readings: Vec<Reading>, shares: &[Share]) -> Vec<Reading> {
    let first = |s: &Share| {
        let i = s.item?;
        (0..=i).find(|j| names_item(&scene.phrases[*j]) && same_thing(scene, *j, i))
    };
    let mut order: Vec<(Option<usize>, Reading)> = shares.iter().map(first).zip(readings).collect();
    if order.len() < 2 || order.is_sorted_by_key(|(at, _)| *at) {
        return order.into_iter().map(|(_, r)| r).collect();
    }
    // What belongs to the whole text stays with the first.
    let whole = order[0].1.clone();
    order.sort_by_key(|(at, _)| *at);
    let mut out: Vec<Reading> = order.into_iter().map(|(_, r)| r).collect();
    for (k, r) in out.iter_mut().enumerate() {
        r.marks = if k == 0 { whole.marks.clone() } else { Vec::new() };
        r.remark = if k == 0 { whole.remark.clone() } else { None };
    }
    out
}

pub(super) fn phone(scene: &Scene<'_, '_>) -> Option<String> {
    let p = scene.phrases.iter().find(|p| matches!(p.what, What::Phone))?;
    let digits: String = p.text(scene.text).chars().filter(char::is_ascii_digit).collect();
    Some(digits.strip_prefix("86").filter(|own| own.len() == 11).map_or(digits.clone(), str::to_string))
}
