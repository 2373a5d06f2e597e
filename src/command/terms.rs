//! What a post demands of the other side and excludes: 除了板蓝根都要, 饲料鸡不要, 不拆开, 500公斤起收.
//!
//! The words are those of `grammar/terms.toml` and stay in the remark. A text is read clause by clause, each once.

use super::phrase::{Phrase, What};
use super::slots::{known_item, quantity};
use super::{Reading, Scene, bulk, traits, ways};
use crate::grammar::Intent;
use crate::grammar::board::{Board, Role};
use crate::grammar::lexicon::Kind;
use crate::market::{Exact, Price, Terms, Transport};

/// The item that only says which vehicle is meant.
const PLATE: &str = "车牌";
/// Between these a text is in clauses.
const BETWEEN: [char; 11] = [',', '。', ';', '!', ' ', '、', '.', '(', ')', ':', '?'];

pub(super) fn clauses(text: &str) -> Vec<&str> {
    text.split(BETWEEN).filter(|c| !c.is_empty()).collect()
}

/// Reads what is demanded, excluded and said, for a post of `board`.
pub(super) fn heed(scene: &Scene<'_, '_>, board: &Board, r: &mut Reading) {
    let words = &scene.grammar.terms.terms;
    let any = |list: &[String], text: &str| list.iter().any(|w| text.contains(w.as_str()));
    let mut kept: Vec<&str> = Vec::new();
    let mut refused: Vec<&str> = Vec::new();
    let all = clauses(scene.text);
    for clause in &all {
        match not_meant(scene, clause) {
            // 饲料鸡 不要
            Some("") if kept.len() > 1 => refused.extend(kept.pop()),
            Some("") => {}
            Some(thing) => refused.push(thing),
            None => kept.push(clause),
        }
    }
    other_than(scene, r, &refused);
    plated(scene, r);
    let said = kept.join(" ");
    let mut terms = Terms::default();
    for thing in &refused {
        refuse(scene, board, r, thing, &mut terms);
    }
    for clause in kept.iter().filter(|c| any(&words.demand, c)) {
        terms.demands.extend(traits::said_of(scene, board, clause));
    }
    terms.whole = any(&words.whole, &said);
    terms.within = words.within.iter().find(|(_, list)| any(list, &said)).map(|(ring, _)| *ring);
    terms.transport = match (any(&words.seller_brings, &said), any(&words.buyer_fetches, &said)) {
        (true, false) => Some(Transport::Seller),
        (false, true) => Some(Transport::Buyer),
        _ => None,
    };
    terms.firm = r.wage.is_some() && r.intent == Intent::Seek && any(&words.firm, &said);
    terms.least = least(scene);
    if r.intent == Intent::Buy && r.price.is_none() {
        r.price = kept.iter().find_map(|c| bare_ceiling(&words.at_most, c));
    }
    r.away = r.intent == Intent::Friend && any(&scene.grammar.terms.people.away, &said);
    r.terms = terms;
    if board.rules.same_way && board.side.iter().any(|s| s.intent == r.intent && s.role == Role::Offer) {
        r.stops = ways::stops(scene, r);
    }
    if board.side.iter().any(|s| s.intent == r.intent && s.pool.is_some()) {
        bulk::heed(scene, r);
    }
    r.traits = traits::traits(scene, board, r, &said);
    // 名字石光明: what is a name is no place
    if let (Some(name), Some(place)) = (&r.traits.name, &r.place)
        && name.contains(place.name.trim_end_matches(['区', '县', '市', '镇', '乡', '村']))
    {
        r.place = None;
    }
    let (terms, traits) = (r.terms.clone(), r.traits.clone());
    for also in &mut r.also {
        (also.terms, also.traits) = (terms.clone(), traits.clone());
    }
}

/// 寻摩托车 车牌贵H12345: the vehicle is missing, its plate says which.
fn plated(scene: &Scene<'_, '_>, r: &mut Reading) {
    if !matches!(r.intent, Intent::Lost | Intent::Found) || r.item.as_ref().is_none_or(|i| i.name != PLATE) {
        return;
    }
    let kind = |p: &Phrase<'_>| p.item().map(|i| scene.grammar.lexicon.kind(i));
    let apart = scene.phrases.windows(2).find(|w| {
        kind(&w[0]) == Some(Kind::Vehicle) && w[1].is_separator() || w[1].spaced && kind(&w[0]) == Some(Kind::Vehicle)
    });
    if let Some(vehicle) = apart {
        r.item = Some(known_item(scene, &vehicle[0]));
    }
}

/// What a clause says is not meant; empty where the refusal stands alone.
fn not_meant<'t>(scene: &Scene<'_, '_>, clause: &'t str) -> Option<&'t str> {
    let words = &scene.grammar.terms.terms;
    let bare = |t: &'t str| t.trim_start_matches("的").trim_end_matches("的").trim_end_matches('就');
    let nothing = |t: &str| words.refuse_nothing.iter().any(|n| t == n);
    for w in &words.except {
        let Some(at) = clause.find(w.as_str()) else { continue };
        let behind = &clause[at + w.len()..];
        let end = words.except_end.iter().filter_map(|e| behind.find(e.as_str())).min();
        match end {
            Some(end) if end > 0 => return Some(bare(&behind[..end])),
            None if at == 0 && w.chars().count() > 1 && !behind.is_empty() => return Some(bare(behind)),
            _ => {}
        }
    }
    let mut after: Vec<&String> = words.refuse_after.iter().filter(|w| clause.ends_with(w.as_str())).collect();
    after.sort_by_key(|w| std::cmp::Reverse(w.len()));
    if let Some(w) = after.first() {
        let rest = bare(&clause[..clause.len() - w.len()]);
        return (!nothing(rest)).then_some(rest);
    }
    let before = words.refuse_before.iter().find_map(|w| clause.strip_prefix(w.as_str()))?;
    let rest = bare(before);
    (!rest.is_empty() && !words.refuse_nothing.iter().any(|n| rest.starts_with(n.as_str()))).then_some(rest)
}

/// 收药材,除了板蓝根都要: what is not meant is not what the text is about.
fn other_than(scene: &Scene<'_, '_>, r: &mut Reading, refused: &[&str]) {
    let start = |t: &str| t.as_ptr() as usize - scene.text.as_ptr() as usize;
    let spans: Vec<_> = refused.iter().map(|t| start(t)..start(t) + t.len()).collect();
    let inside = |p: &Phrase<'_>| spans.iter().any(|s| s.start <= p.start as usize && (p.end as usize) <= s.end);
    // it stands in what is refused, and nowhere else
    let within = |said: &str| {
        let mut named = scene.phrases.iter().filter(|p| p.text(scene.text) == said).peekable();
        named.peek().is_some() && named.all(inside)
    };
    let purpose = |said: &str| {
        let words = &scene.grammar.terms.terms.purpose;
        words.iter().any(|w| scene.text.contains(&format!("{w}{said}")))
    };
    r.also.retain(|a| a.item.as_ref().is_none_or(|i| !within(&i.said) && !purpose(&i.said)));
    if !r.item.as_ref().is_some_and(|i| within(&i.said)) {
        return;
    }
    let other = scene.phrases.iter().find(|p| p.item().is_some() && !inside(p));
    if let Some(p) = other {
        r.item = Some(known_item(scene, p));
    }
}

/// One thing that is not wanted: another item, a trait, or a word.
fn refuse(scene: &Scene<'_, '_>, board: &Board, r: &Reading, thing: &str, terms: &mut Terms) {
    let items = &scene.grammar.items;
    let own = r.item.as_ref().map(|i| items.path(&i.name)).unwrap_or_default();
    // 不要带小孩的 is no trade where people are spoken of
    let of_people = board.rules.people && !traits::said_of(scene, board, thing).is_empty();
    let item = items.word(thing).and_then(|i| items.at(i)).filter(|i| !of_people && !own.contains(&i.name));
    if let Some(item) = item {
        terms.except.push(item.name.clone());
        return;
    }
    let mut found = traits::said_of(scene, board, thing);
    // what is one of several is refused as the first of them only
    found.truncate(1);
    let sexes = [("公", "公"), ("母", "母"), ("男", "公"), ("女", "母")];
    found.extend(sexes.iter().filter(|(said, _)| thing.contains(*said)).map(|(_, is)| format!("sex:{is}")));
    if !found.is_empty() {
        terms.refuses.extend(found);
        return;
    }
    let name = r.item.as_ref().map(|i| i.name.clone()).unwrap_or_default();
    let word = if name.is_empty() { thing.to_string() } else { thing.replace(&name, "") };
    if !word.is_empty() {
        terms.refuses.push(word);
    }
}

/// 50以内 by itself: the most that a buyer pays, for whatever unit the other side names.
fn bare_ceiling(words: &[String], clause: &str) -> Option<Price> {
    let number = words.iter().find_map(|w| clause.strip_suffix(w.as_str()))?;
    let yuan = Exact::from_integer(number.parse::<u32>().ok().map(i64::from)?);
    Some(Price { yuan, max: Some(yuan), per: None, negotiable: false })
}

/// 500公斤起收, 低于一吨不收: the least amount.
pub(super) fn least(scene: &Scene<'_, '_>) -> Option<crate::market::Quantity> {
    let words = &scene.grammar.terms.terms;
    scene.phrases.iter().find_map(|p| {
        let What::Amount(a) = p.what else { return None };
        let (own, behind) = (p.text(scene.text), &scene.text[p.end as usize..]);
        let before = &scene.text[..p.start as usize];
        let after = words.least_after.iter().any(|w| own.ends_with(w.as_str()) || behind.starts_with(w.as_str()));
        let leads = words.least_before.iter().any(|w| before.ends_with(w.as_str()) || own.starts_with(w.as_str()));
        (after || leads).then(|| quantity(scene, &a))
    })
}
