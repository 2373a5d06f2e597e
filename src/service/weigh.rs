//! 秤 901 200 3.1: a weigh slip. One of the two writes it and the other one says that it is right; where the manager writes it, both
//! do. Who says that it is wrong freezes it and calls the manager.

use std::sync::Arc;

use super::outcome::Outcome;
use super::shares::pool_of;
use super::turn::Turn;
use super::{deal, pledge, words};
use crate::clock::DAY;
use crate::market::pact::Slip;
use crate::market::{Exact, Pact, PactKind, PactState, Post, PostState, Price, Quantity, pool};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;
use crate::store::{Due, Person};

/// Who has not said whether a slip is right is asked once more after so long, and then the manager is.
pub const AGAIN: i64 = DAY;
/// More than this is a slip of the keypad.
const ABSURD: i64 = 100_000_000;

/// 秤, 交, 收到 with a number.
pub fn weigh(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some(named) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        let reply = if no.is_empty() { Reply::new("weigh_how") } else { Reply::new("no_such_post").set("no", no) };
        turn.answer(reply);
        return;
    };
    let pacts = narrowed(turn);
    let pact = match pacts.as_slice() {
        [one] => one.clone(),
        [] => {
            let name = if pool_of(g, &named).is_some() { "weigh_none" } else { "weigh_stranger" };
            let reply = words::of(g, Reply::new(name), &named);
            turn.answer(reply);
            return;
        }
        several => {
            let houses: Vec<String> = several.iter().map(|p| household(turn, p)).collect();
            let reply = words::of(g, Reply::new("weigh_whose"), &named).list("house", houses);
            turn.answer(reply);
            return;
        }
    };
    let Some(post) = about(turn, &pact) else { return };
    let Some(net) = net(turn, &post, &pact) else {
        let reply = words::of(g, Reply::new("weigh_how"), &post);
        turn.answer(reply);
        return;
    };
    let price = priced(turn.reading.price.clone(), &net)
        .or_else(|| pact.price.clone())
        .or_else(|| post.price.clone())
        .filter(|p| *p.yuan.numer() > 0);
    write(turn, &post, pact, net, price);
}

/// The pacts that the slip may be of: those of the household it names by its number, its telephone or its name.
fn narrowed(turn: &Turn<'_>) -> Vec<Pact> {
    let mut pacts = turn.facts.shares.about.clone();
    pacts.retain(|p| p.state != PactState::Done && p.stands());
    if let Some(seat) = turn.reading.bulk.household {
        pacts.retain(|p| p.seat == seat || p.kind != PactKind::Pledge);
    }
    // of several the one whose slip the sender has still to say right
    let waits: Vec<Pact> = pacts.iter().filter(|p| p.waits_for(turn.msisdn)).cloned().collect();
    let named: Vec<Pact> = pacts.iter().filter(|p| is_named(turn, p)).cloned().collect();
    match (named.is_empty(), waits.len()) {
        (false, _) => named,
        (true, 1) => waits,
        _ => pacts,
    }
}

/// Whether the text names who takes part in a pact.
fn is_named(turn: &Turn<'_>, pact: &Pact) -> bool {
    let other = pact.other_than(turn.msisdn);
    let party = if pact.owner == turn.msisdn || pact.party == turn.msisdn { other } else { pact.party };
    let by_name = turn
        .facts
        .shares
        .person(party)
        .and_then(|p| p.name.as_ref())
        .is_some_and(|n| turn.mo.text.contains(n.as_str()));
    by_name || turn.reading.phone.as_ref().is_some_and(|n| *n == party.local())
}

/// `3户杨秀英`: how a household of an order is told apart; of two who were put in touch the name.
fn household(turn: &Turn<'_>, pact: &Pact) -> String {
    let name = turn.facts.shares.person(pact.party).and_then(|p| p.name.clone()).unwrap_or_default();
    let house = turn.env.grammar.terms.terms.order.household.first().cloned().unwrap_or_default();
    if pact.seat > 0 { format!("{}{house}{}", pact.seat, phrase::clip(&name)) } else { phrase::clip(&name) }
}

/// The post a pact is about.
fn about(turn: &Turn<'_>, pact: &Pact) -> Option<Arc<Post>> {
    let named = turn.facts.named.iter();
    named
        .chain(&turn.facts.shares.bound)
        .chain(turn.facts.shares.mine.iter().map(|(_, p)| p))
        .find(|p| p.id == pact.post)
        .cloned()
}

/// What the scale said, in the unit of the share, else of the post.
fn net(turn: &Turn<'_>, post: &Post, pact: &Pact) -> Option<Quantity> {
    let r = &turn.reading;
    let own = pact.quantity.as_ref().or(post.quantity.as_ref()).map(|q| q.unit.clone());
    let gift = pool_of(turn.env.grammar, post).is_some_and(|p| p.gift);
    let sum = || r.price.as_ref().filter(|_| gift).map(|p| (p.yuan, super::shares::MONEY.to_string()));
    let said = r.quantity.as_ref().map(|q| (q.amount, q.unit.clone())).or_else(sum);
    let (amount, unit) = match said {
        Some((n, unit)) if unit.is_empty() => (n, own?),
        Some((n, unit)) => match own.as_deref().and_then(|o| turn.env.grammar.units.ratio(&unit, o)) {
            Some(ratio) if n <= Exact::from_integer(ABSURD) => (n * ratio, own?),
            Some(_) => return None,
            None if own.is_none() || gift => (n, unit),
            None => return None,
        },
        // 交 516 alone: all of it
        None => pact.quantity.as_ref().map(|q| (q.amount, q.unit.clone()))?,
    };
    let sane = *amount.numer() > 0 && amount <= Exact::from_integer(ABSURD);
    sane.then(|| Quantity { amount: pool::measured(amount), max: None, unit, approx: false })
}

/// A price for no unit is for that of the slip.
fn priced(price: Option<Price>, net: &Quantity) -> Option<Price> {
    price.map(|p| Price { per: p.per.clone().or(Some(net.unit.clone())), ..p })
}

/// Writes the slip and asks whoever has not said yet that it is right.
fn write(turn: &mut Turn<'_>, post: &Arc<Post>, pact: Pact, net: Quantity, price: Option<Price>) {
    let (me, now) = (turn.msisdn, turn.env.now);
    // the same figures by the other side: both say so
    let same = |s: &Slip| s.net == net && s.price == price && pact.state == PactState::Weighed;
    if pact.waits_for(me) && pact.slip.as_ref().is_some_and(same) {
        turn.person.questions.retain(|q| q.ask != Ask::Slip { post: post.id, pact: pact.id });
        return confirm(turn, post, pact);
    }
    let slip = Slip { net, price, by: me, at: now, owner_ok: me == pact.owner, party_ok: me == pact.party };
    let old = pact.clone();
    let new = Pact { slip: Some(slip), state: PactState::Weighed, changed: now, ..pact };
    keep(turn, post, &old, new.clone());
    let waits: Vec<Msisdn> = [new.owner, new.party].into_iter().filter(|who| new.waits_for(*who)).collect();
    for who in waits {
        if let Some(person) = turn.facts.shares.person(who).cloned() {
            ask(&mut turn.out, post, &new, &person);
        }
    }
    turn.out.schedule(now.plus(AGAIN), Due::Pact(new.id));
    let reply = told(turn, Reply::new("slip_sent"), post, &new);
    turn.answer(reply);
}

/// Asks one of the two whether the slip is right.
pub fn ask(out: &mut Outcome<'_>, post: &Post, pact: &Pact, person: &Person) {
    let ask = Ask::Slip { post: post.id, pact: pact.id };
    let label = phrase::number(post.id);
    let reply = slip_words(out.env.grammar, Reply::new("slip_ask"), post, pact, person.msisdn);
    out.ask(person.msisdn, Some(person), ask, label);
    out.notify(person.msisdn, Some(person), &reply);
}

/// A pact as it has become; of a share the order's totals too.
fn keep(turn: &mut Turn<'_>, post: &Post, old: &Pact, new: Pact) -> Post {
    if new.kind == PactKind::Pledge {
        return pledge::put(&mut turn.out, post, Some(old), new);
    }
    turn.out.agree(new);
    post.clone()
}

/// The words of a slip, for one of the two.
pub fn slip_words(g: &crate::grammar::Grammar, reply: Reply, post: &Post, pact: &Pact, reader: Msisdn) -> Reply {
    let sum = pact.slip.as_ref().map(|s| words::sum(g, &s.net, s.price.as_ref())).unwrap_or_default();
    // whose slip it is says nothing to himself
    let seat = if pact.seat > 0 && reader != pact.party { pact.seat.to_string() } else { String::new() };
    let scale = pool_of(g, post).is_none() || super::offer::is_order(g, post);
    let word = |name: &str, wanted: bool| {
        let word = phrase::word(g, &format!("order.{name}")).filter(|_| wanted);
        word.unwrap_or_default()
    };
    let reply = words::of(g, reply, post).set("sum", sum).set("seat", seat).set("net", word("net", scale));
    if pool_of(g, post).is_none() { reply.set("slip", word("scale", true)) } else { reply }
}

fn told(turn: &Turn<'_>, reply: Reply, post: &Post, pact: &Pact) -> Reply {
    slip_words(turn.env.grammar, reply, post, pact, turn.msisdn)
}

/// The pact and the post that a question of a slip is about.
fn asked(turn: &Turn<'_>, id: u64) -> Option<(Arc<Post>, Pact)> {
    let pact = turn.facts.shares.about.iter().find(|p| p.id == id).cloned()?;
    Some((about(turn, &pact)?, pact))
}

/// The digit under a slip.
pub fn answered(turn: &mut Turn<'_>, id: u64, yes: bool) {
    let found = asked(turn, id).filter(|(_, p)| p.waits_for(turn.msisdn));
    let Some((post, pact)) = found else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    if yes { confirm(turn, &post, pact) } else { dispute(turn, &post, pact) }
}

/// One more says that it is right; once both do it is done.
fn confirm(turn: &mut Turn<'_>, post: &Arc<Post>, mut pact: Pact) {
    let old = pact.clone();
    let me = turn.msisdn;
    if let Some(slip) = pact.slip.as_mut() {
        slip.owner_ok |= me == pact.owner;
        slip.party_ok |= me == pact.party;
    }
    pact.changed = turn.env.now;
    if pact.slip.as_ref().is_some_and(|s| s.owner_ok && s.party_ok) {
        return done(turn, post, &old, pact);
    }
    keep(turn, post, &old, pact.clone());
    let reply = told(turn, Reply::new("slip_half"), post, &pact);
    turn.answer(reply);
}

/// Both have said so, or the manager has.
fn done(turn: &mut Turn<'_>, post: &Arc<Post>, old: &Pact, mut pact: Pact) {
    let Some(slip) = pact.slip.clone() else { return };
    pact.state = PactState::Done;
    pact.changed = turn.env.now;
    if pact.quantity.as_ref() != Some(&slip.net) {
        pact.pledged = pact.pledged.or(pact.quantity.take());
    }
    pact.quantity = Some(slip.net.clone());
    pact.price = slip.price.clone().or(pact.price);
    let now = keep(turn, post, old, pact.clone());
    deal::pay(turn, post, slip.price.clone());
    if pact.kind == PactKind::Pledge {
        forget(turn, &pact);
        delivered(turn, &pact);
    } else {
        sold(turn, post, &slip.net);
    }
    let rate = Ask::Rate { post: post.id, pact: pact.id };
    let rates = pact.kind != PactKind::Pledge;
    let name = if rates { "slip_done_rate" } else { "slip_done" };
    for who in [pact.owner, pact.party] {
        let reply = slip_words(turn.env.grammar, Reply::new(name), &now, &pact, who);
        if who == turn.msisdn {
            if rates {
                turn.ask(rate.clone());
            }
            turn.answer(reply);
        } else if let Some(person) = turn.facts.shares.person(who).cloned() {
            if rates {
                turn.out.ask(who, Some(&person), rate.clone(), phrase::number(post.id));
            }
            turn.out.notify(who, Some(&person), &reply);
        }
    }
    if turn.msisdn != pact.owner && turn.msisdn != pact.party {
        let reply = told(turn, Reply::new("judged_slip"), &now, &pact);
        turn.answer(reply);
    }
}

/// A share that is settled is no open one of its giver any more.
fn forget(turn: &mut Turn<'_>, pact: &Pact) {
    if pact.party == turn.msisdn {
        turn.person.pledges.retain(|p| *p != pact.id);
    } else if let Some(mut party) = turn.out.person(pact.party, turn.facts.shares.person(pact.party)) {
        party.pledges.retain(|p| *p != pact.id);
        turn.out.keep(party);
    }
}

/// The post that was promised has gone the same way.
fn delivered(turn: &mut Turn<'_>, pact: &Pact) {
    let Some(own) = turn.facts.shares.bound_by(pact).cloned() else { return };
    if own.left() == Some(Exact::default()) && matches!(own.state, PostState::Held | PostState::Live) {
        let owner = own.owner;
        turn.out.save(Post { state: PostState::Done, held: None, ..(*own).clone() });
        if owner == turn.msisdn {
            turn.person.posts.retain(|p| *p != own.id);
        } else if let Some(mut party) = turn.out.person(owner, turn.facts.shares.person(owner)) {
            party.posts.retain(|p| *p != own.id);
            turn.out.keep(party);
        }
    }
}

/// Of a plain deal: so much of the post is gone.
fn sold(turn: &mut Turn<'_>, post: &Arc<Post>, net: &Quantity) {
    let g = turn.env.grammar;
    let ratio = post.quantity.as_ref().and_then(|q| g.units.ratio(&net.unit, &q.unit));
    let Some(ratio) = ratio.filter(|_| post.state == PostState::Live) else { return };
    let mut rest = Post { taken: post.taken + net.amount * ratio, ..(**post).clone() };
    if rest.left() == Some(Exact::default()) {
        rest.state = PostState::Done;
        if rest.owner == turn.msisdn {
            turn.person.posts.retain(|p| *p != post.id);
        } else if let Some(mut owner) = turn.out.person(rest.owner, turn.facts.shares.person(rest.owner)) {
            owner.posts.retain(|p| *p != post.id);
            turn.out.keep(owner);
        }
    }
    turn.out.save(rest);
}

/// One says that it is wrong: nothing counts until the manager has looked.
fn dispute(turn: &mut Turn<'_>, post: &Arc<Post>, pact: Pact) {
    let now = turn.env.now;
    let alone = turn.facts.managers.is_empty() && !turn.is_manager();
    // without a manager both weigh again
    let (state, slip) = if alone { (PactState::Agreed, None) } else { (PactState::Disputed, pact.slip.clone()) };
    let new = Pact { state, slip, changed: now, ..pact.clone() };
    keep(turn, post, &pact, new);
    let name = if alone { "slip_again" } else { "slip_frozen" };
    let reply = told(turn, Reply::new(name), post, &pact);
    turn.answer(reply);
    let other = pact.other_than(turn.msisdn);
    if let Some(person) = turn.facts.shares.person(other).cloned() {
        let name = if alone { "slip_again" } else { "slip_frozen_other" };
        let reply = slip_words(turn.env.grammar, Reply::new(name), post, &pact, other);
        turn.out.notify(other, Some(&person), &reply);
    }
    if let Some(manager) = turn.facts.managers.first().cloned() {
        call(&mut turn.out, post, &pact, &manager);
    }
}

/// The manager is asked whether the slip stands. He needs both numbers, as whoever keeps the station has them anyway.
pub fn call(out: &mut Outcome<'_>, post: &Post, pact: &Pact, manager: &Person) {
    let ask = Ask::Disputed { post: post.id, pact: pact.id };
    let reply = slip_words(out.env.grammar, Reply::new("slip_judge"), post, pact, manager.msisdn)
        .set("phone", pact.owner.local())
        .set("other", pact.party.local());
    out.ask(manager.msisdn, Some(manager), ask, phrase::number(post.id));
    out.notify(manager.msisdn, Some(manager), &reply);
}

/// The manager has looked: the slip stands, or it is weighed again.
pub fn judged(turn: &mut Turn<'_>, id: u64, yes: bool) {
    let open = |p: &Pact| matches!(p.state, PactState::Disputed | PactState::Weighed);
    let Some((post, pact)) = asked(turn, id).filter(|(_, p)| open(p)) else {
        turn.answer(Reply::new("judged_before"));
        return;
    };
    if yes {
        return done(turn, &post, &pact.clone(), pact);
    }
    let void = Pact { state: PactState::Agreed, slip: None, changed: turn.env.now, ..pact.clone() };
    // two who were put in touch have agreed on nothing but to meet
    let state = if pact.kind == PactKind::Pledge { PactState::Agreed } else { PactState::Open };
    keep(turn, &post, &pact, Pact { state, ..void });
    for who in [pact.owner, pact.party] {
        if let Some(person) = turn.facts.shares.person(who).cloned() {
            let reply = slip_words(turn.env.grammar, Reply::new("slip_void"), &post, &pact, who);
            turn.out.notify(who, Some(&person), &reply);
        }
    }
    let reply = told(turn, Reply::new("judged_void"), &post, &pact);
    turn.answer(reply);
}
