//! Small sellers hear of an order they would fit: `901号要板蓝根1000斤3.2元/斤,您200斤,已凑7户830斤。回1加入2不加`.

use super::facts::{Draft, Match};
use super::outcome::Outcome;
use super::pledge;
use super::shares::pool_of;
use super::turn::Turn;
use super::words;
use crate::grammar::Grammar;
use crate::grammar::board::Over;
use crate::market::{Post, PostId, pool};
use crate::reply::{Reply, phrase};
use crate::store::record::{Ask, Then};

/// Whether sellers are asked to join a post: an order that is not full yet.
pub fn joins(g: &Grammar, post: &Post) -> bool {
    is_order(g, post)
        && post.order.as_ref().is_some_and(|o| !o.settled)
        && pool::wanted(post).is_some_and(|left| *left.numer() > 0)
}

/// Whether it is an order that is cut fairly, whatever its state.
pub fn is_order(g: &Grammar, post: &Post) -> bool {
    pool_of(g, post).is_some_and(|p| p.over == Over::Cut)
}

/// What a seller is told of an order, for his post.
fn about(g: &Grammar, reply: Reply, order: &Post, own: &Post, buyer: String) -> Reply {
    let offered = pledge::offered(g, order, own).map(|q| words::amount(&q)).unwrap_or_default();
    let some = order.order.as_ref().is_some_and(|o| o.households > 0);
    let so_far = if some { words::in_own(order, order.taken) } else { String::new() };
    words::of(g, reply, order)
        .set("name", buyer)
        .set("mine", phrase::number(own.id))
        .set("amount", offered)
        .set("sofar", so_far)
}

/// The answer to a new post that an order would take in. `false` where none would.
pub fn answer(turn: &mut Turn<'_>, draft: &Draft) -> bool {
    let g = turn.env.grammar;
    let Some(found) = draft.matches.iter().find(|m| joins(g, &m.post)) else { return false };
    let order = found.post.clone();
    let buyer = found.owner.as_ref().and_then(|o| o.name.clone()).unwrap_or_default();
    let others: Vec<PostId> = draft.matches.iter().map(|m| m.post.id).filter(|id| *id != order.id).collect();
    let reply = about(g, Reply::new("pool_posted"), &order, &draft.post, buyer)
        .set("others", if others.is_empty() { String::new() } else { others.len().to_string() });
    turn.answer(reply);
    if !others.is_empty() {
        turn.listed(Then::Contact, &others, 0);
    }
    turn.ask(Ask::Join { post: order.id, own: draft.post.id });
    true
}

/// Tells the seller whose post an order would take in. Where the day has room for no more it waits with his other news.
pub fn push(out: &mut Outcome<'_>, order: &Post, m: &Match, buyer: Option<String>) {
    let reply = about(out.env.grammar, Reply::new("pool_offer"), order, &m.post, buyer.unwrap_or_default());
    let sent = out.mts().len();
    out.push(m.post.owner, m.owner.as_ref(), order.id, reply);
    if out.mts().len() > sent {
        let ask = Ask::Join { post: order.id, own: m.post.id };
        out.ask(m.post.owner, m.owner.as_ref(), ask, phrase::number(order.id));
    }
}

/// An order that waited with other news, for one of the reader's own posts.
pub fn news(g: &Grammar, order: &Post, own: &Post) -> Reply {
    about(g, Reply::new("pool_news"), order, own, String::new())
}

/// The answer to a new order: its terms, and how many were asked. `false` where the post is none.
pub fn opened(turn: &mut Turn<'_>, draft: &Draft) -> bool {
    let g = turn.env.grammar;
    if !is_order(g, &draft.post) {
        return false;
    }
    let asked = draft.matches.iter().filter(|m| !m.told).count();
    let reply = words::of(g, Reply::new("order_posted"), &draft.post)
        .set("met", if asked > 0 { asked.to_string() } else { String::new() });
    turn.answer(reply);
    turn.ask(Ask::Readback { post: draft.post.id });
    true
}
