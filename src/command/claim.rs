//! To which board a text belongs where its intent alone does not say: `卖房子` is trade, `出租房子` letting, though both sell.
//! The words are those of `grammar/boards/`; what is printed of a reading stays as it was read.

use super::phrase::{Phrase, What};
use super::{Claim, Item, Reading, Scene, slots};
use crate::grammar::Intent;
use crate::grammar::board::Kin;
use crate::grammar::lexicon::{Kind, Sign};
use crate::grammar::said::said;
use crate::market::place::COUNTY_TOWN;
use crate::market::post::FIRST_POST;
use crate::market::{Place, PlaceCode};

/// What may turn out to be a post of a board that knows its own words.
fn open(r: &Reading) -> bool {
    let unread = r.intent == Intent::Unknown && r.reason == Some("unread");
    // 26号要拉一车萝卜: a day, for no post has so low a number
    let day = r.post.is_some_and(no_post);
    day || r.post.is_none() && (posts(r.intent) || unread || r.intent == Intent::Search)
}

fn no_post(number: u64) -> bool {
    number < FIRST_POST
}

fn posts(i: Intent) -> bool {
    use Intent::*;
    matches!(i, Sell | Buy | Hire | Seek | Lost | Found | RideOffer | RideNeed | Friend | AidNeed | AidGive | Order)
}

/// Finds the board that claims the text by its words.
pub(super) fn claim(scene: &Scene<'_, '_>, r: &Reading) -> Option<Claim> {
    let opened = scene.grammar.boards.opened(scene.text).filter(|_| r.post.is_none_or(no_post));
    if opened.is_none() && !open(r) {
        return None;
    }
    let (board, side) = opened.or_else(|| scene.grammar.boards.claimed(scene.text, r.intent))?;
    // 订单 says itself what it is; only which kind of order is open
    if r.intent == Intent::Order && side.intent != Intent::Order {
        return None;
    }
    // What was a post of any kind has its slots already.
    let mut reading = match posts(r.intent) && opened.is_none_or(|(_, s)| s.intent == r.intent) {
        true => Reading { intent: side.intent, ..r.clone() },
        false => slots::fill(scene, side.intent),
    };
    reading.unsure = false;
    reading.alternatives.clear();
    reading.reason = None;
    if board.kin == Kin::Any {
        reading.also.clear();
    }
    // 房子烧了,没得被子: what is lacking outweighs what else is named
    if reading.intent == Intent::AidNeed && (reading.item.is_none() || opened.is_some()) {
        reading.item = lacked(scene).or(reading.item);
    }
    if let Some(item) = reading.item.take() {
        reading.item = Some(known_within(scene, item));
    }
    of_the_board(scene, board, &mut reading);
    if board.rules.same_way && reading.to.as_ref().is_none_or(|p| p.code == PlaceCode::COUNTRY) {
        let mut way = Reading::of(side.intent);
        super::place::route(scene, &mut way, &mut vec![false; scene.phrases.len()]);
        // 货车回程空车 贵阳到榕江: both ends named outrank what only looks like one
        let town = |p: &Phrase<'_>| match p.what {
            What::Place(f) => Some(super::place::place(scene, &f)),
            _ => None,
        };
        let both = scene.phrases.windows(3).filter(|w| w[1].has(Sign::Route));
        if let Some((from, to)) = both.filter_map(|w| town(&w[0]).zip(town(&w[2]))).next() {
            (reading.from, way.to) = (Some(from), Some(to));
        }
        let at = |w: &str| ["去", "到", "回"].iter().any(|go| scene.text.contains(&format!("{go}{w}")));
        if let Some(name) = COUNTY_TOWN.iter().find(|w| at(w)).filter(|_| way.to.is_none()) {
            way.to = Some(Place { code: PlaceCode::COUNTRY, name: name.to_string() });
        }
        // 贵阳空车回榕江, 从广州放空回来榕江: of two places the first is where it begins
        let mut all: Vec<Place> = Vec::new();
        for p in scene.phrases.iter().filter_map(town) {
            if all.last() != Some(&p) {
                all.push(p);
            }
        }
        if let [first, second] = all.as_slice()
            && (reading.from.is_none() || way.to.is_none())
            && reading.to.as_ref().is_none_or(|to| to == second || to.code == PlaceCode::COUNTRY)
            && way.to.as_ref().is_none_or(|to| to == second)
        {
            (reading.from, way.to) = (Some(first.clone()), Some(second.clone()));
        }
        // a single character left beside a verb is no place
        let named = |p: &Place| p.code != PlaceCode::COUNTRY || p.name.chars().count() > 1;
        (way.to, reading.to) = (way.to.filter(named), reading.to.filter(named));
        // where it goes is not where it is
        if way.to.is_some() && reading.place == way.to {
            reading.place = None;
        }
        (reading.from, reading.to) = (reading.from.or(way.from), way.to.or(reading.to));
    }
    Some(Claim { board: board.name.clone(), side: side.name.clone(), reading: Box::new(reading) })
}

/// 房子烧了,缺棉被: what stands behind the word that something is lacking.
fn lacked(scene: &Scene<'_, '_>) -> Option<Item> {
    let lacks = &scene.grammar.terms.terms.lacks;
    let mut at: Vec<usize> = lacks.iter().flat_map(|w| scene.text.match_indices(w.as_str()).map(|(i, _)| i)).collect();
    at.sort_unstable();
    let first = *at.first()?;
    let thing = |p: &&Phrase<'_>| {
        let kind = p.item().map(|i| scene.grammar.lexicon.kind(i));
        matches!(kind, Some(Kind::Goods | Kind::Thing | Kind::Vehicle))
    };
    let clause =
        |at: usize| scene.text[at..].find([' ', ',', '。', ';', '!', '?']).map_or(scene.text.len(), |n| at + n);
    let behind =
        |at: usize| scene.phrases.iter().filter(thing).find(|p| (at..clause(at)).contains(&(p.start as usize)));
    let known = at
        .into_iter()
        .find_map(behind)
        .or_else(|| scene.phrases.iter().filter(thing).find(|p| p.start as usize > first));
    known.map(|p| slots::known_item(scene, p)).or_else(|| unknown_lack(scene, first))
}

/// 没有鞋穿, where nobody knows the word: a thing is lacking all the same, and who gives away something else does not help.
fn unknown_lack(scene: &Scene<'_, '_>, at: usize) -> Option<Item> {
    let words = &scene.grammar.terms.terms;
    let clause = scene.text[at..].split([' ', ',', '。', ';', '!', '?']).next().unwrap_or_default();
    let lead = words.lacks.iter().filter(|w| clause.starts_with(w.as_str())).max_by_key(|w| w.len())?;
    let said = clause[lead.len()..].trim_start_matches(['点', '些', '了']);
    let nothing = words.lacks_nothing.iter().any(|w| said.starts_with(w.as_str()));
    let short = (1..=6).contains(&said.chars().count()) && said.chars().all(super::normalize::is_han);
    (short && !nothing).then(|| Item { said: said.to_string(), name: said.to_string(), known: false })
}

/// 租房,娃娃读书用: of two things the one that the board is about.
fn of_the_board(scene: &Scene<'_, '_>, board: &crate::grammar::board::Board, r: &mut Reading) {
    let items = &scene.grammar.items;
    let belongs = |name: &str| items.path(name).iter().any(|n| board.things.contains(n));
    if board.things.is_empty() || r.item.as_ref().is_some_and(|i| belongs(&i.name)) {
        return;
    }
    let things =
        scene.phrases.iter().filter(|p| p.item().is_some()).map(|p| known_within(scene, slots::known_item(scene, p)));
    let short = || {
        let said = board.means.iter().find(|(w, _)| said(scene.text, w).is_some())?;
        Some(Item { said: said.1.clone(), name: said.1.clone(), known: true })
    };
    if let Some(thing) = things.into_iter().find(|i| belongs(&i.name)).or_else(short) {
        r.item = Some(thing);
    }
    r.also.retain(|a| a.item.as_ref().is_some_and(|i| belongs(&i.name)));
}

/// 旱地种: a word made of what is known and what is done with it is what is known.
fn known_within(scene: &Scene<'_, '_>, item: Item) -> Item {
    let items = &scene.grammar.items;
    if item.known {
        return item;
    }
    let ends: Vec<usize> = item.said.char_indices().skip(1).map(|(at, _)| at).collect();
    let known = ends.into_iter().rev().find_map(|at| items.word(&item.said[..at]).and_then(|i| items.at(i)));
    match known {
        Some(i) => Item { name: i.name.clone(), known: true, ..item },
        None => item,
    }
}
