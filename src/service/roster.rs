//! 看 901, 名单 901: how an order stands; for its owner and the manager by township and household.

use std::sync::Arc;

use super::shares::{PAGE, ROSTER, pool_of};
use super::turn::Turn;
use super::words;
use crate::grammar::board::Over;
use crate::market::{Exact, Pact, PactState, Post, PostId, decimal, pool};
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;

/// Shares of one's own told beside one's posts.
const MINE: usize = 2;

/// Whether 看 is about a post that many give to and that others may see.
pub fn shows(turn: &Turn<'_>) -> bool {
    let live =
        |p: &Arc<Post>| p.is_live(turn.env.now) || p.owner == turn.msisdn || turn.facts.shares.in_post(p.id).is_some();
    let there = turn.facts.named_owner.as_ref().is_some_and(|o| o.stopped.is_none());
    there
        && turn
            .facts
            .named
            .as_ref()
            .is_some_and(|p| live(p) && pool_of(turn.env.grammar, p).is_some() && p.held.is_none())
}

/// 看.
pub fn view(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some(post) = turn.facts.named.clone() else { return };
    let share = turn.facts.shares.in_post(post.id).map(|p| words::share_of(g, &post, p));
    let all_taken =
        pool_of(g, &post).is_some_and(|p| p.over == Over::Stop) && pool::wanted(&post) == Some(Exact::default());
    let name = match (&share, post.owner == turn.msisdn) {
        (None, false) if all_taken => "pledge_none",
        (_, true) => "order_own",
        (Some(_), _) => "order_mine",
        (None, false) => "order_view",
    };
    let state = if post.is_live(turn.env.now) { String::new() } else { phrase::state(g, &post, turn.env.now) };
    let reply = words::of(g, Reply::new(name), &post).set("share", share.unwrap_or_default()).set("state", state);
    turn.answer(reply);
}

/// 名单: by township; 1 goes on with the households.
pub fn roster(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some(post) = turn.facts.named.clone() else {
        return match turn.reading.post {
            Some(n) => drop(turn.answer(Reply::new("no_such_post").set("no", phrase::number(n)))),
            None => own(turn),
        };
    };
    if pool_of(g, &post).is_none() || !(post.owner == turn.msisdn || turn.is_manager()) {
        return if shows(turn) { view(turn) } else { super::own::view(turn) };
    }
    let order = post.order.clone().unwrap_or_default();
    if order.households == 0 {
        let reply = words::of(g, Reply::new("roster_none"), &post);
        turn.answer(reply);
        return;
    }
    let unit = pool::whole(&post).map(|(u, _)| u.to_string()).unwrap_or_default();
    let word = |name: &str| phrase::word(g, &format!("order.{name}")).unwrap_or_default();
    let figure = |n: Exact| format!("{}{unit}", decimal(n));
    let towns = order.towns.iter().filter(|t| t.households > 0).map(|t| {
        let name = if t.place.name.is_empty() { word("elsewhere") } else { phrase::clip(&t.place.name) };
        let brought =
            if *t.brought.numer() > 0 { format!("{}{}", word("brought"), figure(t.brought)) } else { String::new() };
        format!("{name}{}{}{}{brought}", t.households, word("house"), figure(t.pledged))
    });
    let reply = words::of(g, Reply::new("roster"), &post).list("town", towns);
    turn.ask(Ask::Roster { post: post.id, after: 0 });
    turn.answer(reply);
}

/// The next households.
pub fn households(turn: &mut Turn<'_>, post: PostId) {
    let g = turn.env.grammar;
    let post = turn.facts.named.clone().filter(|p| p.id == post && (p.owner == turn.msisdn || turn.is_manager()));
    let (Some(post), pacts) = (post, turn.facts.shares.about.clone()) else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    if pacts.is_empty() {
        turn.answer(Reply::new("no_more"));
        return;
    }
    let entries: Vec<String> = pacts.iter().map(|p| entry(turn, &post, p)).collect();
    let more = pacts.len() == ROSTER.min(PAGE);
    let reply = words::of(g, Reply::new("roster_houses"), &post).list("house", entries);
    let shown = turn.answer(reply).clamp(1, pacts.len());
    if more || shown < pacts.len() {
        turn.ask(Ask::Roster { post: post.id, after: pacts[shown - 1].id });
    }
}

/// `3户杨秀英300斤交290斤`.
fn entry(turn: &Turn<'_>, _: &Post, pact: &Pact) -> String {
    let g = turn.env.grammar;
    let word = |name: &str| phrase::word(g, &format!("order.{name}")).unwrap_or_default();
    let name = turn.facts.shares.person(pact.party).and_then(|p| p.name.clone()).unwrap_or_default();
    let now = pact.quantity.as_ref().map(words::amount).unwrap_or_default();
    let was = pact.pledged.as_ref().map(words::amount).unwrap_or_else(|| now.clone());
    let brought = match pact.state {
        PactState::Done => format!("{}{now}", word("brought")),
        PactState::Weighed => word("weighed"),
        PactState::Disputed => word("disputed"),
        _ => String::new(),
    };
    format!("{}{}{}{was}{brought}", pact.seat, word("house"), phrase::clip(&name))
}

/// The sender's own shares.
pub fn own(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let entries: Vec<String> = turn.facts.shares.mine.iter().rev().map(|(p, post)| share_entry(g, post, p)).collect();
    let Some((pact, post)) = turn.facts.shares.mine.last().cloned() else {
        turn.answer(Reply::new("shares_none"));
        return;
    };
    let reply = words::of(g, Reply::new("shares"), &post)
        .set("count", entries.len().to_string())
        .set("first", phrase::number(pact.post))
        .list("house", entries);
    turn.answer(reply);
}

/// `901号黑豆300斤4.5元/斤`.
fn share_entry(g: &crate::grammar::Grammar, post: &Post, pact: &Pact) -> String {
    format!("{}{}", phrase::number(post.id), words::share_of(g, post, pact))
}

/// The newest shares in a few words, and how many there are, for 我的.
pub fn in_short(turn: &Turn<'_>) -> (String, String) {
    let mine = &turn.facts.shares.mine;
    let some: Vec<String> =
        mine.iter().rev().take(MINE).map(|(p, post)| share_entry(turn.env.grammar, post, p)).collect();
    let count = if mine.is_empty() { String::new() } else { mine.len().to_string() };
    (some.join(";"), count)
}
