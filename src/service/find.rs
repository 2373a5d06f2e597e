//! 查: looking without posting.

use std::sync::Arc;

use super::facts::home;
use super::facts::{Facts, visible};
use super::outcome::Env;
use super::turn::Turn;
use crate::command::{self, Reading};
use crate::grammar::board::{Board, Kin, Role, Side};
use crate::grammar::lexicon::Kind;
use crate::market::post::Node;
use crate::market::{PlaceCode, Post, PostId, Ring, RingKey};
use crate::message::Mo;
use crate::reply::{Reply, phrase};
use crate::store::record::Then;
use crate::store::{StoreError, View};

/// Posts that one list of a search contributes at most.
const LOOKED_UP: usize = 16;
/// Where a place is looked through, more are read and those from elsewhere passed over.
const LOOKED_THROUGH: usize = 64;

/// What a search is for.
enum Sought {
    /// Posts about an item, on any side.
    Item(String),
    /// All of one side: 查 招工.
    Side { board: String, side: String },
    /// All there is at a place.
    Place,
}

fn sought(env: &Env<'_>, mo: &Mo, reading: &Reading) -> Option<Sought> {
    if let Some(item) = &reading.item {
        return Some(Sought::Item(item.name.clone()));
    }
    let near = env.rules.station(mo).map(|s| s.place).unwrap_or_default();
    let topic = reading.topic.as_ref().map(|t| command::read(env.grammar, near, env.now, t));
    if let Some((board, side)) = topic.and_then(|t| env.grammar.boards.by_intent(t.intent)) {
        return Some(Sought::Side { board: board.name.clone(), side: side.name.clone() });
    }
    reading.place.as_ref().map(|_| Sought::Place)
}

/// Live posts of others that a search finds, the nearest and newest first.
pub fn look(
    view: &dyn View,
    env: &Env<'_>,
    mo: &Mo,
    facts: &Facts,
    reading: &Reading,
) -> Result<Vec<Arc<Post>>, StoreError> {
    let Some(sought) = sought(env, mo, reading) else { return Ok(Vec::new()) };
    let place = reading.place.clone().unwrap_or_else(|| home(env, mo, facts.person.as_ref())).code;
    let ids = ids(view, env, &sought, place)?;
    let at_place = matches!(sought, Sought::Place);
    let own = facts.person.as_ref().map(|p| p.msisdn);
    let here = |p: &Post| !at_place || p.place.code.up_to(place.ring()) == Some(place);
    let mut posts = visible(view, &ids, env.now, |p| Some(p.owner) != own && here(p))?;
    posts.truncate(2 * LOOKED_UP);
    Ok(posts)
}

/// The posts about an item, the nearest lists first.
///
/// # Errors
/// Those of the store.
pub fn of_item(view: &dyn View, env: &Env<'_>, item: &str, place: PlaceCode) -> Result<Vec<PostId>, StoreError> {
    ids(view, env, &Sought::Item(item.to_string()), place)
}

fn ids(view: &dyn View, env: &Env<'_>, sought: &Sought, place: PlaceCode) -> Result<Vec<PostId>, StoreError> {
    // What stands at a place is found there and no further off.
    let at_place = matches!(sought, Sought::Place);
    let (widest, from_list) = if at_place { (Ring::County, LOOKED_THROUGH) } else { (Ring::Country, LOOKED_UP) };
    let mut ids: Vec<PostId> = Vec::new();
    let rings = [Ring::County, Ring::City, Ring::Province, Ring::Country];
    for ring in rings.into_iter().filter(|r| *r <= widest.max(place.ring())) {
        let Some(division) = place.up_to(ring) else { continue };
        for board in env.grammar.boards.iter() {
            for side in &board.side {
                for node in nodes(env, sought, board, side) {
                    let key = RingKey { board: board.name.clone(), side: side.name.clone(), node, place: division };
                    for id in view.ring(&key, from_list)? {
                        if !ids.contains(&id) {
                            ids.push(id);
                        }
                    }
                }
            }
        }
    }
    Ok(ids)
}

/// The lists of one side in which the sought stands, as posts are filed: what is offered under all that it is a kind of,
/// what is wanted under its own name.
fn nodes(env: &Env<'_>, sought: &Sought, board: &Board, side: &Side) -> Vec<Node> {
    match sought {
        Sought::Item(name) if side.role == Role::Offer || board.kin == Kin::Either => vec![Node::Under(name.clone())],
        // 查 天麻: who buys herbs of any kind buys this one too.
        Sought::Item(name) => env.grammar.items.path(name).into_iter().map(Node::Exactly).collect(),
        Sought::Side { board: b, side: s } if (b, s) != (&board.name, &side.name) => Vec::new(),
        Sought::Side { .. } | Sought::Place => vec![Node::Under(String::new())],
    }
}

/// Lists what was found.
pub fn search(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let reading = &turn.reading;
    let said = match (&reading.item, &reading.topic, &reading.place) {
        (Some(item), ..) if item.said.is_empty() => item.name.clone(),
        (Some(item), ..) => item.said.clone(),
        (None, _, Some(place)) => place.name.clone(),
        (None, Some(topic), _) => topic.clone(),
        (None, None, None) => String::new(),
    };
    let said = phrase::clip(&said);
    if sought(turn.env, turn.mo, reading).is_none() {
        let reply = super::person::help_text(turn);
        turn.answer(reply);
        return;
    }
    let posts = turn.facts.found.clone();
    if posts.is_empty() {
        let is_trade = |name: &str| g.items.word(name).is_some_and(|i| g.lexicon.kind(i) == Kind::Trade);
        let none = match &reading.item {
            Some(item) if is_trade(&item.name) => Reply::new("found_none_work"),
            Some(_) => Reply::new("found_none"),
            None => Reply::new("found_none_here"),
        };
        turn.answer(none.set("said", said));
        return;
    }
    let from = home(turn.env, turn.mo, Some(&turn.person)).code;
    let reply = Reply::new("found")
        .set("said", said)
        .set("count", posts.len().to_string())
        .set("first", phrase::number(posts[0].id))
        .list("entry", posts.iter().map(|p| format!("{}{}", phrase::named_entry(g, p), phrase::seen_from(p, from))))
        .list("brief", posts.iter().map(|p| phrase::named_brief(g, p)));
    let shown = turn.answer(reply);
    let ids: Vec<PostId> = posts.iter().map(|p| p.id).collect();
    turn.listed(Then::Contact, &ids, shown);
}
