//! 订 退: what somebody wants to hear of, and what not.
//!
//! | name | of what |
//! |---|---|
//! | `板蓝根` | posts about it or a kind of it |
//! | `jobs/hire` | posts of one side of a board |
//! | `jobs/hire/采茶` | those about one thing |
//! | `price/板蓝根` | what it goes for, every week |

use super::facts::home;
use super::price;
use super::turn::Turn;
use crate::clock::Timestamp;
use crate::command::{self, Intent};
use crate::grammar::Grammar;
use crate::market::{PlaceCode, Post, Ring};
use crate::reply::{Reply, phrase};
use crate::store::{Due, Topic};

/// Of more nobody reads what comes.
const TOPICS: usize = 10;
/// Kinds of things that are not wanted, remembered.
const MUTED: usize = 30;
/// What the names of prices begin with.
pub const PRICE: &str = "price/";

/// The names under which a post may be watched, the narrowest first.
pub fn names(post: &Post) -> Vec<String> {
    let side = format!("{}/{}", post.board, post.side);
    let mut items: Vec<&String> = post.nodes.iter().collect();
    // what it is called stands there where the tree of items does not know it, or is not gone by
    if let Some(item) = post.item.as_ref().filter(|i| !post.nodes.contains(i)) {
        items.insert(0, item);
    }
    let of_side = items.iter().map(|i| format!("{side}/{i}"));
    let mut names: Vec<String> = of_side.chain(std::iter::once(side.clone())).collect();
    names.extend(items.into_iter().cloned());
    names
}

/// What is meant by the words behind 订, and where, if they say so.
pub fn resolve(g: &Grammar, near: PlaceCode, now: Timestamp, words: &str) -> Option<(String, Option<PlaceCode>)> {
    if let Some(item) = words.strip_prefix(PRICE) {
        return Some((format!("{PRICE}{item}"), None));
    }
    let r = command::read(g, near, now, words);
    let place = r.place.as_ref().map(|p| p.code).filter(|c| *c != PlaceCode::COUNTRY);
    let item = r.item.as_ref().map(|i| i.name.clone());
    let name = match (&r.claim, g.boards.by_intent(r.intent), item) {
        _ if r.intent == Intent::Price => format!("{PRICE}{}", r.item.as_ref()?.name),
        (Some(claim), _, item) => side_name(&claim.board, &claim.side, item),
        // a thing alone is read in two ways
        (None, Some(_), Some(item)) if r.unsure => item,
        (None, Some(_), item) => {
            let nodes = item.as_ref().map(|i| g.items.path(i)).unwrap_or_default();
            let (board, side) = g.boards.by_reading(r.intent, &nodes)?;
            side_name(&board.name, &side.name, item)
        }
        (None, None, Some(item)) => item,
        (None, None, None) => return None,
    };
    Some((name, place))
}

fn side_name(board: &str, side: &str, item: Option<String>) -> String {
    item.map_or_else(|| format!("{board}/{side}"), |i| format!("{board}/{side}/{i}"))
}

/// What a topic is called, so that 退 with these words means it.
pub fn label(g: &Grammar, name: &str) -> String {
    if let Some(item) = name.strip_prefix(PRICE) {
        return phrase::fill(g, "topic_price", &[("item", item.to_string())]);
    }
    let mut parts = name.splitn(3, '/');
    let (Some(board), Some(side)) = (parts.next(), parts.next()) else { return name.to_string() };
    let Some(known) = g.boards.get(board).and_then(|b| b.side(side)) else { return name.to_string() };
    match parts.next() {
        Some(item) => {
            let said = [("verb", known.verb_for(&g.items.path(item)).to_string()), ("item", item.to_string())];
            phrase::fill(g, "item", &said)
        }
        None => {
            let own = phrase::word(g, &format!("topic.{board}/{side}"));
            let meant = || phrase::word(g, &format!("meaning.{}", known.intent.as_str()));
            own.or_else(meant).unwrap_or_else(|| known.verb.clone())
        }
    }
}

/// The topics of somebody in words.
pub fn labels(g: &Grammar, topics: &[Topic]) -> Vec<String> {
    let mut out: Vec<String> = topics.iter().map(|t| label(g, &t.name)).collect();
    out.dedup();
    out
}

/// What the words behind 订 or 退 mean here.
fn meant(turn: &Turn<'_>) -> Option<(String, Option<PlaceCode>)> {
    let r = &turn.reading;
    let words = r.topic.clone().or_else(|| r.item.as_ref().map(|i| i.said.clone()))?;
    let near = home(turn.env, turn.mo, Some(&turn.person)).code;
    resolve(turn.env.grammar, near, turn.env.now, &words)
}

fn said(turn: &Turn<'_>) -> String {
    phrase::clip(turn.reading.topic.as_deref().unwrap_or_default())
}

/// 订.
pub fn subscribe(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some((name, place)) = meant(turn) else {
        let mine = labels(g, &turn.person.topics);
        let reply = if mine.is_empty() { Reply::new("topics_none") } else { Reply::new("topics") };
        turn.answer(reply.set("said", said(turn)).list("topics", mine));
        return;
    };
    let place = place.unwrap_or_else(|| {
        let code = home(turn.env, turn.mo, Some(&turn.person)).code;
        code.up_to(Ring::County).unwrap_or(code)
    });
    let new = Topic { name: name.clone(), place };
    let known = turn.person.topics.contains(&new);
    if !known && turn.person.topics.len() >= TOPICS {
        turn.answer(Reply::new("topics_full").list("topics", labels(g, &turn.person.topics)));
        return;
    }
    turn.person.muted.retain(|m| *m != name);
    if !known {
        turn.person.topics.push(new);
    }
    let topic = label(g, &name);
    let reply = match name.starts_with(PRICE) {
        true => {
            let at = price::next_week(turn.env.now);
            if turn.person.prices_due.is_none() {
                turn.person.prices_due = Some(at);
                turn.out.schedule(at, Due::Prices(turn.msisdn));
            }
            Reply::new("subscribed_price")
        }
        false => Reply::new("subscribed"),
    };
    turn.answer(reply.set("topic", topic));
}

/// 退: of this nothing more is told, whether it was asked for or comes of one's own posts.
pub fn unsubscribe(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some((name, place)) = meant(turn) else {
        turn.answer(
            Reply::new("unsubscribe_what").set("said", said(turn)).list("topics", labels(g, &turn.person.topics)),
        );
        return;
    };
    let under = format!("{name}/");
    let of_it = |t: &Topic| (t.name == name || t.name.starts_with(&under)) && place.is_none_or(|p| p == t.place);
    turn.person.topics.retain(|t| !of_it(t));
    if !name.starts_with(PRICE) && !turn.person.muted.contains(&name) {
        turn.person.muted.push(name.clone());
        let extra = turn.person.muted.len().saturating_sub(MUTED);
        turn.person.muted.drain(..extra);
    }
    turn.answer(Reply::new("unsubscribed").set("topic", label(g, &name)));
}
