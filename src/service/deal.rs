//! 成 and 已卖: what came of a post, by both sides or by the manager.
//!
//! Who says 成 closes his own post. Was somebody put in touch with him about it, that one is asked; once both say so the price
//! that was paid is remembered, and each may say how the other was.

use std::sync::Arc;

use super::turn::Turn;
use super::{alert, own, shift, sighting};
use crate::command::{self, Intent, Reading};
use crate::market::quote::Source;
use crate::market::{Exact, Pact, PactId, PactState, PlaceCode, Post, PostState, PriceBook, Ring};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::record::{Ask, Then};

/// People to choose from when it is asked with whom it came to a deal, the newest.
const WITH: usize = 6;
/// A price above this is a slip of the keypad.
const ABSURD: i64 = 1_000_000;

/// 成 807, 已卖50斤.
pub fn deal(turn: &mut Turn<'_>) {
    let named = turn.facts.named.clone();
    if let Some(post) = named.filter(|p| p.owner != turn.msisdn) {
        return elses(turn, &post);
    }
    // who was asked whether it came to a deal answers it in words
    if let Some(pact) = asked_about(turn) {
        return answered(turn, pact, true);
    }
    // picking one of a list would close the whole of it
    let some = turn.reading.quantity.is_some() || turn.reading.people.is_some();
    if let (true, true, Some(newest)) = (some, turn.facts.named.is_none(), turn.facts.own.last()) {
        let reply = Reply::new("sold_which").set("no", phrase::number(newest.id));
        turn.answer(reply);
        return;
    }
    let Some(post) = own::meant(turn, Then::Done) else { return };
    let said = said(turn, &post);
    let amount = said.quantity.is_some() || said.people.is_some();
    match part(turn, &post, &said) {
        Part::Some(gone) => some_gone(turn, &post, gone),
        Part::All => done(turn, &post),
        Part::Unclear if amount => {
            let reply = about(turn, Reply::new("sold_unclear"), &post);
            turn.answer(reply);
        }
        Part::Unclear => done(turn, &post),
    }
}

/// What the text says beside the number, read as if the post were written with it.
fn said(turn: &Turn<'_>, post: &Post) -> Reading {
    let r = &turn.reading;
    let g = turn.env.grammar;
    let words = r.remark.clone().unwrap_or_default();
    let verb = g.boards.get(&post.board).and_then(|b| b.side(&post.side)).map_or("", |s| s.verb_for(&post.nodes));
    let mut out = Reading::of(Intent::Deal);
    if !words.is_empty() {
        let text = format!("{verb} {} {words}", phrase::item(post));
        out = command::read(g, post.place.code, turn.env.now, &text);
    }
    out.quantity = r.quantity.clone().or(out.quantity);
    out.price = r.price.clone().or(out.price).or(out.wage.clone());
    out.people = r.people.or(out.people);
    out
}

/// How much of a post is gone.
enum Part {
    Some(Exact),
    All,
    /// An amount that cannot be held against the post's, or none.
    Unclear,
}

/// `成 101 200斤 3.2元` tells an amount as well; as much as there was is all.
fn part(turn: &Turn<'_>, post: &Post, said: &Reading) -> Part {
    let left = post.left();
    let gone = match (&post.quantity, &said.quantity, said.people) {
        (Some(whole), Some(q), _) => {
            let ratio = turn.env.grammar.units.ratio(&q.unit, &whole.unit);
            ratio.or((q.unit == whole.unit).then(|| Exact::from_integer(1))).map(|r| q.amount * r)
        }
        (None, _, Some(n)) if post.people.is_some() => Some(Exact::from_integer(i64::from(n))),
        _ => None,
    };
    match (gone, left) {
        (Some(gone), Some(left)) if *gone.numer() > 0 && gone < left => Part::Some(gone),
        (Some(gone), Some(_)) if *gone.numer() > 0 => Part::All,
        _ => Part::Unclear,
    }
}

/// A part of it is gone; the rest stands.
fn some_gone(turn: &mut Turn<'_>, post: &Arc<Post>, gone: Exact) {
    if !post.is_live(turn.env.now) {
        let reply = about(turn, Reply::new("change_closed"), post);
        turn.answer(reply);
        return;
    }
    let rest = Post { taken: post.taken + gone, ..(**post).clone() };
    let reply = about(turn, Reply::new("sold_some"), &rest);
    turn.answer(reply);
    turn.out.save(rest);
}

fn about(turn: &Turn<'_>, reply: Reply, post: &Post) -> Reply {
    let g = turn.env.grammar;
    reply
        .set("no", phrase::number(post.id))
        .set("what", phrase::what(g, post))
        .set("short", phrase::short(g, post))
        .set("over", phrase::over(g, post))
        .set("state", phrase::state(g, post, turn.env.now))
}

/// The pact of the named post about which the sender was asked.
fn asked_about(turn: &mut Turn<'_>) -> Option<PactId> {
    let post = turn.facts.named.as_ref()?.id;
    let of = |ask: &Ask| match ask {
        Ask::Dealt { post: p, pact } if *p == post => Some(*pact),
        _ => None,
    };
    let pact = turn.person.questions.iter().find_map(|q| of(&q.ask))?;
    turn.person.questions.retain(|q| of(&q.ask).is_none());
    Some(pact)
}

/// The sender closes one of his own; whoever was put in touch with him about it is asked.
pub fn done(turn: &mut Turn<'_>, post: &Arc<Post>) {
    // the ox is back: nobody is asked, who helped is thanked; and workers who said that they come are many
    let lost = alert::rules(turn.env, post).is_some();
    if post.owner == turn.msisdn && (lost || shift::any(turn, post)) {
        let was_live = post.state == PostState::Live;
        own::close_one(turn, post, Then::Done);
        if lost && was_live {
            sighting::thank(turn, post);
        }
        return;
    }
    let open: Vec<Pact> = standing(turn, post.id).into_iter().filter(|p| p.state == PactState::Open).collect();
    let was_open = post.state != PostState::Done;
    let newest: Vec<Pact> = open.into_iter().rev().take(WITH).collect();
    if newest.len() > 1 && was_open {
        close(turn, post);
        let who =
            newest.iter().enumerate().map(|(n, p)| format!("{}){}", n + 1, name(turn, p.other_than(turn.msisdn))));
        let other = format!("{})", newest.len() + 1);
        let entries: Vec<String> = who.collect();
        let reply = about(turn, Reply::new("done_whom"), post).list("label", entries).set("choice", other);
        turn.ask(Ask::With { post: post.id, pacts: newest.iter().map(|p| p.id).collect() });
        turn.answer(reply);
        return;
    }
    own::close_one(turn, post, Then::Done);
    if let (true, [pact]) = (was_open, newest.as_slice()) {
        ask_other(turn, post, pact.clone());
    }
}

fn standing(turn: &Turn<'_>, post: u64) -> Vec<Pact> {
    turn.facts.life.pacts.iter().filter(|p| p.post == post).cloned().collect()
}

/// How somebody is told apart whose number the sender was given: his name, else its last digits. Of one whose number was not
/// passed on, that he wrote.
fn name(turn: &Turn<'_>, who: Msisdn) -> String {
    let known = turn.facts.life.other(who);
    let kind = turn.facts.life.pacts.iter().find(|p| p.other_than(turn.msisdn) == who).map(|p| p.kind);
    let named = known.and_then(|o| o.name.clone()).filter(|_| kind == Some(crate::market::PactKind::Deal));
    named.unwrap_or_else(|| {
        let local = who.local();
        let tail = &local[local.len().saturating_sub(4)..];
        let word = if kind == Some(crate::market::PactKind::Deal) { "tail" } else { "writer" };
        let word = phrase::word(turn.env.grammar, &format!("who.{word}")).unwrap_or_default();
        if kind == Some(crate::market::PactKind::Deal) { format!("{word}{tail}") } else { word }
    })
}

fn close(turn: &mut Turn<'_>, post: &Post) {
    if post.state != PostState::Done {
        turn.out.save(Post { state: PostState::Done, held: None, ..post.clone() });
    }
    turn.person.posts.retain(|p| *p != post.id);
}

/// The owner picked with whom it came to a deal; `None`: with somebody else.
pub fn with(turn: &mut Turn<'_>, picked: Option<PactId>) {
    let Some(post) = turn.facts.named.clone() else { return };
    let pacts = standing(turn, post.id);
    for pact in pacts.iter().filter(|p| p.state == PactState::Open && Some(p.id) != picked) {
        turn.out.agree(Pact { state: PactState::Released, changed: turn.env.now, ..pact.clone() });
    }
    let reply = about(turn, Reply::new("noted"), &post);
    turn.answer(reply);
    if let Some(pact) = pacts.into_iter().find(|p| Some(p.id) == picked && p.state == PactState::Open) {
        ask_other(turn, &post, pact);
    }
}

/// Asks the other side whether it is so.
fn ask_other(turn: &mut Turn<'_>, post: &Post, mut pact: Pact) {
    let other = pact.other_than(turn.msisdn);
    let Some(known) = turn.facts.life.other(other).cloned() else { return };
    if let Some(price) = said(turn, post).price {
        pact.price = Some(priced(price, post));
    }
    pact.changed = turn.env.now;
    turn.out.agree(pact.clone());
    let label = phrase::number(post.id);
    turn.out.ask(other, Some(&known), Ask::Dealt { post: post.id, pact: pact.id }, label);
    let reply = about(turn, Reply::new("dealt"), post);
    turn.out.notify(other, Some(&known), &reply);
}

/// A price said for nothing in particular is for the post's unit.
fn priced(mut price: crate::market::Price, post: &Post) -> crate::market::Price {
    let before = post.price.as_ref().and_then(|p| p.per.clone());
    price.per = price.per.or(before).or_else(|| post.quantity.as_ref().map(|q| q.unit.clone()));
    price
}

/// 成 with the number of another's post.
fn elses(turn: &mut Turn<'_>, post: &Arc<Post>) {
    let pact = standing(turn, post.id).into_iter().rev().find(|p| p.party == turn.msisdn);
    if pact.is_none() && turn.is_manager() {
        return by_manager(turn, post);
    }
    let Some(pact) = pact else {
        // who was never put in touch closes his own that met it
        if let Some(own) = own::meant(turn, Then::Done) {
            own::close_one(turn, &own, Then::Done);
        }
        return;
    };
    // the owner has said so already: both do now
    if pact.state == PactState::Open && post.state == PostState::Done {
        let _ = asked_about(turn);
        return answered(turn, pact.id, true);
    }
    if pact.state != PactState::Open {
        let reply = about(turn, Reply::new("noted"), post);
        turn.answer(reply);
        return;
    }
    match turn.facts.met.last().cloned() {
        Some(own) => own::close_one(turn, &own, Then::Done),
        None => {
            let reply = about(turn, Reply::new("noted_ask"), post);
            turn.answer(reply);
        }
    }
    ask_other(turn, post, pact);
}

/// The manager knows that it came to a deal.
fn by_manager(turn: &mut Turn<'_>, post: &Arc<Post>) {
    if post.state == PostState::Live {
        let closed = Post { state: PostState::Done, ..(**post).clone() };
        if let Some(owner) = turn.facts.named_owner.clone() {
            let reply = about(turn, Reply::new("done_by_manager"), post);
            if let Some(mut owner) = turn.out.person(owner.msisdn, Some(&owner)) {
                owner.posts.retain(|p| *p != post.id);
                turn.out.keep(owner);
            }
            turn.out.notify(owner.msisdn, Some(&owner), &reply);
        }
        let price = said(turn, post).price.map(|p| priced(p, post));
        pay(turn, post, price.or_else(|| post.price.clone()));
        turn.out.save(closed);
    }
    let reply = about(turn, Reply::new("done"), post);
    turn.answer(reply);
}

/// The other side was asked and says whether it came to a deal.
pub fn answered(turn: &mut Turn<'_>, pact: PactId, yes: bool) {
    let pact = turn.facts.life.pacts.iter().find(|p| p.id == pact).cloned();
    let (Some(post), Some(pact)) = (turn.facts.named.clone(), pact.filter(|p| p.state == PactState::Open)) else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    let (now, other) = (turn.env.now, pact.other_than(turn.msisdn));
    let known = turn.facts.life.other(other).cloned();
    if !yes {
        turn.out.agree(Pact { state: PactState::Released, changed: now, ..pact });
        let reply = about(turn, Reply::new("deal_denied"), &post);
        turn.answer(reply);
        let reply = about(turn, Reply::new("deal_denied_other"), &post);
        turn.out.notify(other, known.as_ref(), &reply);
        return;
    }
    if post.owner == turn.msisdn {
        close(turn, &post);
    }
    pay(turn, &post, pact.price.clone());
    turn.out.agree(Pact { state: PactState::Done, changed: now, ..pact.clone() });
    let rate = Ask::Rate { post: post.id, pact: pact.id };
    let reply = about(turn, Reply::new("deal_done"), &post);
    turn.ask(rate.clone());
    turn.answer(reply);
    turn.out.ask(other, known.as_ref(), rate, phrase::number(post.id));
    let reply = about(turn, Reply::new("deal_done_other"), &post);
    turn.out.notify(other, known.as_ref(), &reply);
}

/// Remembers what was paid, where a price for a unit was named.
pub(super) fn pay(turn: &mut Turn<'_>, post: &Post, price: Option<crate::market::Price>) {
    let county = post.place.code.up_to(Ring::County).filter(|c| *c != PlaceCode::COUNTRY);
    let (Some(price), Some(item), Some(county)) = (price, &post.item, county) else { return };
    let Some(per) = price.per.clone().filter(|_| *price.yuan.numer() > 0 && price.most() < Exact::from_integer(ABSURD))
    else {
        return;
    };
    let mut book = turn.facts.life.book.clone().unwrap_or_else(|| PriceBook::new(item, county));
    let thousandths = (price.yuan * Exact::from_integer(1000)).to_integer();
    book.add(turn.env.now.beijing_day(), Source::Paid, None, &per, thousandths);
    turn.out.price(book);
}
