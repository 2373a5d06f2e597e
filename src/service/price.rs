//! 价: what a thing goes for. The nearest markets with their trend, what was asked and paid in the county, and the best live offer.

use std::sync::Arc;

use super::facts::{home, visible};
use super::outcome::{Env, Outcome};
use super::topic::PRICE;
use super::turn::Turn;
use super::{find, look};
use crate::clock::{DAY, HOUR, Timestamp};
use crate::grammar::Grammar;
use crate::grammar::board::Role;
use crate::market::quote::Source;
use crate::market::{Exact, PlaceCode, Post, PriceBook, Quote, Ring, decimal};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;
use crate::store::{Due, Person, StoreError, View};

/// Markets that are told.
const MARKETS: usize = 3;
/// A quote older than this says nothing any more.
const FRESH_DAYS: i64 = 30;
/// What was asked and bid so long ago at most is still told.
const ASKING_DAYS: i64 = 14;
/// A quote so many days older is what the trend is held against.
const WEEK: std::ops::RangeInclusive<i64> = 4..=10;
/// When the week's prices are told, in Beijing time.
const MORNING: i64 = 8 * HOUR;
/// Prices of so many things are told a week.
const TOLD: usize = 10;

/// What is known of a thing's price.
#[derive(Debug, Default, PartialEq)]
pub struct Going {
    /// Per what.
    pub per: String,
    /// The nearest markets, in thousandths of a yuan.
    pub markets: Vec<(String, i64)>,
    /// How much it rose in a week.
    pub rise: Option<i64>,
    /// Paid of late, lowest and highest asked, highest bid: all in the county.
    pub paid: Option<i64>,
    pub asked: Option<(i64, i64)>,
    pub bid: Option<i64>,
    /// Live offers: how many buy and the most they pay, how many sell and the least they ask.
    pub buying: (usize, Option<i64>),
    pub selling: (usize, Option<i64>),
}

/// The books that tell what something goes for at a place.
///
/// # Errors
/// Those of the store.
pub fn books(view: &dyn View, env: &Env<'_>, item: &str, place: PlaceCode) -> Result<Vec<PriceBook>, StoreError> {
    let mut books: Vec<PriceBook> = Vec::new();
    for ring in [Ring::County, Ring::City, Ring::Province, Ring::Country] {
        if let Some(code) = place.up_to(ring) {
            books.extend(view.prices(item, code)?);
        }
    }
    let nearest = markets(&books, place, env.now.beijing_day()).first().and_then(|q| q.place);
    let its = nearest.and_then(|p| p.up_to(Ring::County)).filter(|c| books.iter().all(|b| b.county != *c));
    if let Some(code) = its {
        books.extend(view.prices(item, code)?);
    }
    Ok(books)
}

/// The newest of each market, the nearest first.
fn markets(books: &[PriceBook], place: PlaceCode, today: i64) -> Vec<&Quote> {
    let fresh = |q: &&Quote| q.source == Source::Market && q.place.is_some() && today - q.day <= FRESH_DAYS;
    let mut all: Vec<&Quote> = books.iter().flat_map(|b| &b.quotes).filter(fresh).collect();
    let ring = |q: &Quote| q.place.map_or(Ring::Country, |p| p.common(place));
    all.sort_by_key(|q| (ring(q), -q.day));
    let mut out: Vec<&Quote> = Vec::new();
    for q in all {
        if !out.iter().any(|o| (&o.market, o.place) == (&q.market, q.place)) {
            out.push(q);
        }
    }
    out
}

/// What all of it comes to, in one unit.
pub fn going(
    g: &Grammar,
    item: &str,
    place: PlaceCode,
    books: &[PriceBook],
    live: &[Arc<Post>],
    now: Timestamp,
) -> Going {
    let today = now.beijing_day();
    let county = place.up_to(Ring::County).unwrap_or(place);
    let markets = markets(books, place, today);
    let own: Vec<&Quote> = books.iter().filter(|b| b.county == county).flat_map(|b| &b.quotes).collect();
    let offers: Vec<(&Post, &str, i64)> =
        live.iter().filter_map(|p| look::asked(p).map(|(per, n)| (p.as_ref(), per, n))).collect();
    let pers = markets.iter().map(|q| q.per.as_str()).chain(offers.iter().map(|o| o.1));
    let pers: Vec<&str> = pers.chain(own.iter().rev().map(|q| q.per.as_str())).collect();
    // the unit it is usually counted in, where what is known can be told in it
    let usual = g.items.path(item).iter().find_map(|n| g.items.get(n).and_then(|i| i.unit.clone()));
    let usual = usual.filter(|u| pers.iter().any(|p| g.units.ratio(u, p).is_some()));
    let Some(per) = usual.or_else(|| pers.first().map(|p| p.to_string())) else { return counted(g, live) };
    let told = |price: i64, of: &str| {
        let ratio = g.units.ratio(&per, of)?;
        Some((Exact::from_integer(price) * ratio).round().to_integer())
    };
    let mean = |q: &Quote| told(q.mean(), &q.per);
    let recent = |source, days: i64| own.iter().filter(move |q| q.source == source && today - q.day <= days);
    let low = recent(Source::Asked, ASKING_DAYS).filter_map(|q| told(q.low, &q.per)).min();
    let high = recent(Source::Asked, ASKING_DAYS).filter_map(|q| told(q.high, &q.per)).max();
    let rise = match markets.first() {
        Some(q) => week_before(books, q).and_then(|b| Some(mean(q)? - mean(b)?)),
        None => rise_of_own(&own, today, &mean),
    };
    let best = |role: Role| {
        let all = offers.iter().filter(|(p, ..)| role_of(g, p) == Some(role));
        all.filter_map(|(_, of, n)| told(*n, of)).collect::<Vec<_>>()
    };
    Going {
        markets: markets
            .iter()
            .filter_map(|q| Some((q.market.clone().unwrap_or_default(), mean(q)?)))
            .take(MARKETS)
            .collect(),
        rise,
        paid: recent(Source::Paid, FRESH_DAYS).next_back().and_then(|q| mean(q)),
        asked: low.zip(high),
        bid: recent(Source::Bid, ASKING_DAYS).filter_map(|q| told(q.high, &q.per)).max(),
        buying: (counted(g, live).buying.0, best(Role::Want).into_iter().max()),
        selling: (counted(g, live).selling.0, best(Role::Offer).into_iter().min()),
        per,
    }
}

/// Only how many buy and sell.
fn counted(g: &Grammar, live: &[Arc<Post>]) -> Going {
    let of = |role| live.iter().filter(|p| role_of(g, p) == Some(role)).count();
    Going { buying: (of(Role::Want), None), selling: (of(Role::Offer), None), ..Going::default() }
}

fn role_of(g: &Grammar, post: &Post) -> Option<Role> {
    g.boards.get(&post.board).and_then(|b| b.side(&post.side)).map(|s| s.role)
}

/// The quote of the same market about a week before.
fn week_before<'b>(books: &'b [PriceBook], newest: &Quote) -> Option<&'b Quote> {
    let same = |q: &&Quote| {
        (&q.market, q.place, &q.per, q.source) == (&newest.market, newest.place, &newest.per, newest.source)
            && WEEK.contains(&(newest.day - q.day))
    };
    books.iter().flat_map(|b| &b.quotes).filter(same).min_by_key(|q| (newest.day - q.day - 7).abs())
}

/// Where no market is quoted: what was paid, else bid, else asked, this week against the one before.
fn rise_of_own(own: &[&Quote], today: i64, mean: &dyn Fn(&Quote) -> Option<i64>) -> Option<i64> {
    let of = |source: Source| {
        let mut all = own.iter().rev().filter(|q| q.source == source && today - q.day <= ASKING_DAYS);
        let newest = all.next()?;
        let before = all.find(|q| WEEK.contains(&(newest.day - q.day)))?;
        Some(mean(newest)? - mean(before)?)
    };
    of(Source::Paid).or_else(|| of(Source::Bid)).or_else(|| of(Source::Asked))
}

/// `3.5`: thousandths of a yuan to two places, whole yuan from a thousand on.
fn yuan(thousandths: i64) -> String {
    let step = if thousandths.abs() < 1_000_000 { 10 } else { 1000 };
    let half = thousandths.signum() * step / 2;
    decimal(Exact::new((thousandths + half) / step * step, 1000))
}

fn trend(g: &Grammar, rise: i64) -> String {
    let name = match rise.signum() {
        1 => "trend_up",
        -1 => "trend_down",
        _ => "trend_even",
    };
    phrase::fill(g, name, &[("yuan", yuan(rise.abs()))])
}

/// What is told of it, piece by piece, the most telling first; `few`: of the nearest market only.
fn pieces(g: &Grammar, going: &Going, few: bool) -> Vec<String> {
    let mut out = Vec::new();
    let rise = going.rise.map(|r| trend(g, r)).unwrap_or_default();
    let markets: Vec<String> =
        going.markets.iter().map(|(name, n)| format!("{}{}", phrase::clip(name), yuan(*n))).collect();
    let markets = markets.into_iter().take(if few { 1 } else { MARKETS }).collect::<Vec<_>>().join(" ");
    if !markets.is_empty() {
        out.push(phrase::fill(g, "price_markets", &[("markets", markets), ("trend", rise.clone())]));
    }
    let live = |name: &str, (count, best): (usize, Option<i64>)| {
        let said = [("count", count.to_string()), ("yuan", best.map(yuan).unwrap_or_default())];
        (count > 0).then(|| phrase::fill(g, name, &said))
    };
    out.extend(live("price_buying", going.buying));
    out.extend(live("price_selling", going.selling));
    let asked = going
        .asked
        .filter(|_| going.selling.1.is_none())
        .map(|(low, high)| if low == high { yuan(low) } else { format!("{}-{}", yuan(low), yuan(high)) });
    let said = [
        ("paid", going.paid.map(yuan).unwrap_or_default()),
        ("asked", asked.unwrap_or_default()),
        ("bid", going.bid.filter(|_| going.buying.1.is_none()).map(yuan).unwrap_or_default()),
        ("trend", if going.markets.is_empty() { rise } else { String::new() }),
    ];
    if said.iter().any(|(_, v)| !v.is_empty()) {
        out.push(phrase::fill(g, "price_county", &said));
    }
    out
}

/// 价.
pub fn price(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some(item) = turn.reading.item.clone() else {
        turn.ask(Ask::Item { text: turn.mo.text.clone() });
        turn.answer(Reply::new("price_what"));
        return;
    };
    let said_at = turn.reading.place.as_ref().map(|p| p.code).filter(|c| *c != PlaceCode::COUNTRY);
    let place = said_at.unwrap_or_else(|| home(turn.env, turn.mo, Some(&turn.person)).code);
    let going = going(g, &item.name, place, &turn.facts.look.books, &turn.facts.found, turn.env.now);
    let all = pieces(g, &going, false);
    let reply = match all.is_empty() {
        true => Reply::new("price_none"),
        false => Reply::new("price").list("entry", all).list("brief", pieces(g, &going, true)),
    };
    let who = if going.buying.0 > 0 { "price_who.buying" } else { "price_who.selling" };
    let who = phrase::word(g, who).filter(|_| going.buying.0 + going.selling.0 > 0).unwrap_or_default();
    turn.ask(Ask::Priced { item: item.name.clone() });
    turn.answer(reply.set("said", phrase::clip(&item.said)).set("per", going.per).set("buyers", who));
}

/// The same weekday of next week, in the morning.
pub fn next_week(now: Timestamp) -> Timestamp {
    now.plus(7 * DAY - now.beijing_millis_of_day() + MORNING)
}

/// The week's prices for one who asked for them; `at` is the time that was set, for of two the later counts.
///
/// # Errors
/// Those of the store.
pub fn weekly(view: &dyn View, at: Timestamp, phone: Msisdn, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let (env, g, now) = (out.env, out.env.grammar, out.env.now);
    let Some(person) = view.person(phone)?.filter(|p| p.prices_due == Some(at)) else { return Ok(()) };
    let mut person = Person { prices_due: None, today: person.today_at(now), ..person };
    let items: Vec<(String, PlaceCode)> = person
        .topics
        .iter()
        .filter_map(|t| Some((t.name.strip_prefix(PRICE)?.to_string(), t.place)))
        .take(TOLD)
        .collect();
    // whoever left or wants it no more begins anew when he asks again
    if person.stopped.is_some() || items.is_empty() {
        out.keep(person);
        return Ok(());
    }
    let next = next_week(now);
    person.prices_due = Some(next);
    out.schedule(next, Due::Prices(phone));
    let mut told = Vec::new();
    for (item, place) in &items {
        let books = books(view, env, item, *place)?;
        let ids = find::of_item(view, env, item, *place)?;
        let live = visible(view, &ids, now, |p| p.owner != phone)?;
        let going = going(g, item, *place, &books, &live, now);
        if let Some(first) = pieces(g, &going, true).first() {
            let said = [("item", phrase::clip(item)), ("per", going.per.clone()), ("going", first.clone())];
            told.push(phrase::fill(g, "price_weekly", &said));
        }
    }
    if let Some((first, _)) = items.first().filter(|_| !told.is_empty()) {
        let topic = phrase::fill(g, "topic_price", &[("item", phrase::clip(first))]);
        let (mut from, mut texts) = (0, Vec::new());
        while from < told.len() {
            let reply = Reply::new("prices_weekly").set("topic", topic.clone()).list("entry", told[from..].to_vec());
            let packed = reply.pack(&g.replies);
            from += packed.shown.max(1);
            texts.push(packed.text);
        }
        person.today.pushes = person.today.pushes.saturating_add(1);
        out.send_text(&person, texts.remove(0));
        // what did not fit is there for 更多
        if !texts.is_empty() {
            person.pages = texts;
        }
    }
    out.keep(person);
    Ok(())
}
