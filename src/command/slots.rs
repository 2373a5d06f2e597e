//! Fills the slots of a reading from the phrases of its text, and parts several items into readings of their own.

mod amounts;
mod doubts;
mod names;
mod room;

use super::date;
use super::intent::{Decision, hauled};
use super::left::{leftovers, rest_text, rest_without};
use super::matter;
use super::phrase::{Phrase, What, made};
use super::place::{place, place_at, place_of, route, said, unread_place};
use super::price::Per;
use super::quantity::Amount;
use super::share::{MOST_ITEMS, Share, share};
use super::things::{
    best_item, each_verb, goods_let, hired, items, joined, missing, names_item, same_thing, unknown_goods, unread_item,
    workman, young_of,
};
use super::{Item, Reading, Scene};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sense, Sign, sex};
use crate::market::{Exact, Place, PlaceCode, Price, Quantity, Sex, When};

use amounts::amounts_and_prices;
pub(super) use amounts::{price, quantity};
use doubts::{mixed_up, number_left};
use names::{contact_name, somebody};
use room::{of_the_car, room_left};

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

/// The slots of a command that names a post: what follows it.
pub fn of_post(scene: &Scene<'_, '_>, from: usize, r: &mut Reading) {
    let rest = &scene.phrases[from.min(scene.phrases.len())..];
    match r.intent {
        Intent::Edit | Intent::Fill | Intent::Weigh | Intent::AidGive => {
            // 秤 901 3户 200斤: whose it is, and how much
            let house = |a: &Amount| scene.grammar.terms.terms.order.household.contains(&quantity(scene, a).unit);
            let amounts = || rest.iter().filter_map(|p| if let What::Amount(a) = p.what { Some(a) } else { None });
            let weighs = r.intent == Intent::Weigh;
            let one_of = |a: &Amount| weighs && house(a);
            let amount = amounts().find(|a| !one_of(a));
            let household = amounts().find(one_of).and_then(|a| u32::try_from(a.lo.to_integer()).ok());
            r.bulk.household = household;
            let sum = rest.iter().find_map(|p| if let What::Sum(s) = p.what { Some(s) } else { None });
            r.quantity = amount.map(|a| quantity(scene, &a));
            match sum {
                Some(s) if s.pay || matches!(s.per, Per::Period(_)) => r.wage = Some(price(scene, &s, None)),
                sum => r.price = sum.map(|s| price(scene, &s, r.quantity.as_ref())),
            }
            bare_numbers(rest, r);
            if r.intent == Intent::Edit {
                changed(scene, rest, r);
            }
            let read = |p: &Phrase<'_>| match p.what {
                What::Amount(_) | What::Sum(_) | What::Day(_) | What::People(_) | What::Phone => true,
                What::Number { .. } => r.intent != Intent::Edit,
                _ => false,
            };
            r.remark = rest_without(scene, from, read);
            if r.intent == Intent::AidGive {
                matter::told(scene, rest, r);
            }
        }
        Intent::Sighting => {
            r.remark = rest_text(scene, from);
            matter::told(scene, rest, r);
        }
        // What is passed on is passed on whole.
        Intent::Relay => {
            let said = scene
                .phrases
                .get(from)
                .map(|p| scene.said(p.start as usize..scene.text.len()).trim_matches([' ', ',', ':']).to_string());
            r.remark = said.filter(|s| !s.is_empty());
        }
        _ => r.remark = rest_text(scene, from),
    }
    // 807号的牛找到了: which thing it is is said as well; what is passed on or judged is only words.
    let named = matches!(
        r.intent,
        Intent::Withdraw
            | Intent::Deal
            | Intent::Renew
            | Intent::Edit
            | Intent::Origin
            | Intent::View
            | Intent::Contact
    );
    if named && !r.unsure {
        r.item = best_item(scene).map(|i| known_item(scene, &scene.phrases[i]));
    }
    r.phone = phone(scene);
}

/// 秤 807 200 3.1, 应 901 500, 改 807 3.5: a number by itself is so much of the post's own unit, the next the price; of
/// a change only what has decimals is surely money.
fn bare_numbers(rest: &[Phrase<'_>], r: &mut Reading) {
    let money = |n: Exact| Price { yuan: n, max: None, per: None, negotiable: false };
    for p in rest {
        let What::Number { n, .. } = p.what else { continue };
        let counts = matches!(r.intent, Intent::Fill | Intent::Weigh | Intent::AidGive) && r.quantity.is_none();
        if n.hi.is_some() || n.lo <= Exact::from_integer(0) {
            continue;
        } else if counts {
            r.quantity = Some(Quantity { amount: n.lo, max: None, unit: String::new(), approx: n.approx });
        } else if r.price.is_none() && (r.intent == Intent::Weigh || r.intent == Intent::Edit && !n.lo.is_integer()) {
            r.price = Some(money(n.lo));
        }
    }
}

/// What else a change can set: the hands, the day, the place, the sex.
fn changed(scene: &Scene<'_, '_>, rest: &[Phrase<'_>], r: &mut Reading) {
    r.people = rest.iter().find_map(|p| if let What::People(n) = p.what { Some(n) } else { None });
    r.sex = rest.iter().filter(|p| matches!(p.what, What::Word(_))).find_map(|p| p.word().and_then(sex));
    r.place = rest.iter().find_map(|p| if let What::Place(f) = p.what { Some(place(scene, &f)) } else { None });
    r.when = matter::when(scene, rest, false);
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

/// 落在碛口到三交的班车上: a place from which something goes on to another is not where it is.
fn leads_on(scene: &Scene<'_, '_>, i: usize) -> bool {
    let ps = &scene.phrases;
    let tight = |k: usize| ps.get(k).filter(|q| !q.spaced);
    tight(i + 1).is_some_and(|q| q.has(Sign::Route)) && tight(i + 2).is_some_and(|q| matches!(q.what, What::Place(_)))
}

/// What belongs to the text rather than to one of its items.
fn common(scene: &Scene<'_, '_>, intent: Intent, r: &mut Reading, used: &mut [bool]) {
    let ps = &scene.phrases;
    let ride = matches!(intent, Intent::RideOffer | Intent::RideNeed);
    if ride {
        route(scene, r, used);
    } else if let Some((i, f)) = place_at(scene).filter(|(i, _)| !leads_on(scene, *i)) {
        used[i] = true;
        r.place = Some(place(scene, &f));
        // 榕江县栽麻镇: the larger one says no more.
        for (j, p) in ps.iter().enumerate() {
            if let What::Place(g) = p.what {
                used[j] |= f.code.up_to(g.code.ring()) == Some(g.code);
            }
        }
    } else if let Some(run) = unread_place(scene, intent) {
        r.place = Some(Place { code: PlaceCode::COUNTRY, name: said(scene, &run).to_string() });
        used[run].fill(true);
    }
    let past = matches!(intent, Intent::Lost | Intent::Found);
    if ride && let Some((i, n)) = room_left(scene) {
        r.people = Some(n);
        used[i] = true;
    }
    // 一公一母 are two, and 公司 is no sex.
    let sexes = |want: Sign| ps.iter().any(|p| matches!(p.what, What::Word(_)) && p.has(want));
    let both = sexes(Sign::Male) && sexes(Sign::Female);
    let part = |i: usize| {
        let alone = ps[i].word().is_some_and(|w| w.chars == 1);
        let next = ps.get(i + 1).filter(|q| !q.spaced && matches!(q.what, What::Unread));
        alone && next.is_some_and(|q| q.text(scene.text).chars().count() == 1)
    };
    for (i, p) in ps.iter().enumerate() {
        match p.what {
            What::Day(d) if r.when.is_none() => {
                if let Some(day) = date::settle(d, scene.now, scene.market_days, past) {
                    r.when = Some(When { day, part: part_name(scene, d.part) });
                    used[i] = true;
                }
            }
            What::Word(w) if w.has(Sign::Pair) && r.people.is_none() && by_people(intent) => {
                r.people = Some(2);
                used[i] = true;
            }
            What::Number { n, .. } if r.people.is_none() && by_people(intent) && itself(scene, p) => {
                r.people = u32::try_from(*n.lo.numer()).ok();
                used[i] = true;
            }
            // 一个人三十块 is what each pays.
            What::People(1) if ride && ps.get(i + 1).is_some_and(|q| !q.spaced && matches!(q.what, What::Sum(_))) => {}
            // 国庆…10月1号晚上: said again, more closely; 明天…早上8点
            What::Day(d) if r.when.as_ref().map(|w| w.day) == date::settle(d, scene.now, scene.market_days, past) => {
                if let Some(w) = r.when.as_mut() {
                    w.part = w.part.take().or(part_name(scene, d.part));
                    used[i] = true;
                }
            }
            What::Clock(at) => {
                if let Some(w) = r.when.as_mut().filter(|w| w.part.is_none() && at.is_some()) {
                    w.part = part_name(scene, at);
                    // the hour is left to be read
                    used[i] = scene.grammar.lexicon.word(p.text(scene.text)).is_some();
                }
            }
            // 一个人在家编斗笠: of goods nobody is counted
            What::People(_) if matches!(intent, Intent::Sell | Intent::Buy | Intent::Order) => {}
            What::People(n) if r.people.is_none() => {
                r.people = Some(n);
                used[i] = true;
            }
            What::Seats(n) if r.people.is_none() && ride && !of_the_car(scene, i) => {
                r.people = Some(n);
                used[i] = true;
            }
            What::Phone if r.phone.is_none() => used[i] = true,
            _ => {}
        }
        if let Some(s) = p.word().and_then(sex).filter(|_| matches!(p.what, What::Word(_)))
            && r.sex.is_none()
            && !both
            && !part(i)
            && matches!(intent, Intent::Lost | Intent::Found | Intent::Sell | Intent::Buy | Intent::Friend)
        {
            r.sex = Some(s);
            used[i] = true;
        }
    }
    if r.when.is_none() && (ride || past) {
        r.when = part_alone(scene, used, past);
    }
    // 我同老母
    let two = ps
        .windows(3)
        .any(|w| w[0].has(Sign::Own) && w[1].has(Sign::Join) && w[2].word().is_some_and(|v| v.has(Sign::Kin)));
    let counted = ps.iter().any(|p| matches!(p.what, What::Amount(a) if scene.grammar.units.at(a.unit).is_some_and(|u| scene.grammar.lexicon.heads.contains(&u.name))));
    if two && r.people.is_none() && !counted && by_people(intent) && intent != Intent::Hire {
        r.people = Some(2);
    }
    r.phone = phone(scene);
    r.name = contact_name(scene, used);
}

/// 小货车下午回两汪, 早上出门没回来: a part of the day that was said without the day. What goes every day has none.
fn part_alone(scene: &Scene<'_, '_>, used: &mut [bool], past: bool) -> Option<When> {
    let daily = |p: &Phrase<'_>| {
        let said = p.text(scene.text);
        said.starts_with('每') || said.starts_with("天天")
    };
    if scene.phrases.iter().any(daily) {
        return None;
    }
    let i = scene.phrases.iter().position(|p| matches!(p.what, What::Clock(Some(_))))?;
    let What::Clock(part) = scene.phrases[i].what else { return None };
    let part = part_name(scene, part)?;
    let day = date::of_part(&part, scene.now, past)?;
    used[i] = scene.grammar.lexicon.word(scene.phrases[i].text(scene.text)).is_some();
    Some(When { day, part: Some(part) })
}

/// Those whose number matters: of other posts 俩 counts the goods.
fn by_people(intent: Intent) -> bool {
    matches!(intent, Intent::Hire | Intent::Seek | Intent::RideOffer | Intent::RideNeed)
}

/// 俺仨: a digit that counts people by itself.
fn itself(scene: &Scene<'_, '_>, p: &Phrase<'_>) -> bool {
    scene.grammar.lexicon.word(p.text(scene.text)).is_some_and(|w| w.has(Sign::Itself))
}

/// The standard name of a part of the day.
fn part_name(scene: &Scene<'_, '_>, part: Option<u8>) -> Option<String> {
    part.and_then(|p| scene.grammar.lexicon.parts.get(usize::from(p)).cloned())
}

/// The sex of what a text is about: that of its name, else the one said beside it; of goods only where they are animals.
fn sex_of(scene: &Scene<'_, '_>, item: Option<usize>, trade: bool, said: Option<Sex>) -> Option<Sex> {
    let Some(p) = item.map(|i| &scene.phrases[i]) else { return said };
    let has_one = p.item().is_none_or(|x| scene.grammar.lexicon.kind(x) == Kind::Animal);
    if trade && !has_one {
        return None;
    }
    said.or_else(|| if has_one { sex_of_name(scene, p) } else { None })
}

/// 母猪, 水牯: the word itself says it; 沙牛: a character does that the canonical name lacks.
pub(super) fn sex_of_name(scene: &Scene<'_, '_>, p: &Phrase<'_>) -> Option<Sex> {
    if let Some(s) = p.word().and_then(sex) {
        return Some(s);
    }
    let item = scene.grammar.items.at(p.item()?)?;
    p.text(scene.text).chars().filter(|c| !item.name.contains(*c)).find_map(|c| {
        let mut b = [0; 4];
        scene.grammar.lexicon.word(c.encode_utf8(&mut b)).and_then(sex)
    })
}

pub(super) fn phone(scene: &Scene<'_, '_>) -> Option<String> {
    let p = scene.phrases.iter().find(|p| matches!(p.what, What::Phone))?;
    Some(p.text(scene.text).chars().filter(char::is_ascii_digit).collect())
}
