//! To which board a text belongs where its intent alone does not say: `卖房子` is trade, `出租房子` letting, though both sell.
//! The words are those of `grammar/boards/`; what is printed of a reading stays as it was read.

use super::phrase::Phrase;
use super::{Claim, Item, Reading, Scene, slots, ways};
use crate::grammar::Intent;
use crate::grammar::board::Kin;
use crate::grammar::lexicon::Kind;
use crate::grammar::said::said;
use crate::market::post::FIRST_POST;

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
    // 买了台机器 拉回来 找车: what is over is no post, but what is to be carried now is
    let done = r.intent == Intent::Deal && r.post.is_none();
    if opened.is_none() && !open(r) && !done {
        return None;
    }
    let (board, side) = opened.or_else(|| scene.grammar.boards.claimed(scene.text, r.intent))?;
    if done && opened.is_none() && !board.rules.load {
        return None;
    }
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
    if board.rules.same_way {
        ways::ends(scene, side.intent, &mut reading);
    }
    if board.rules.load {
        ways::weight(scene, &mut reading);
    }
    // of what only boards for certain things take, the thing must be there
    let path = reading.item.as_ref().map(|i| scene.grammar.items.path(&i.name)).unwrap_or_default();
    if !board.items.is_empty() && !board.items.iter().any(|i| path.contains(i)) {
        return None;
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
