//! What time brings to an order: its deadline, the day it is fetched, its end. What all who pledged are to hear is told in pieces, each
//! one change of its own, so that a thousand households take no more than a small change at a time.

use std::sync::Arc;

use super::facts::Draft;
use super::outcome::Outcome;
use super::shares::{self, PAGE, pool_of};
use super::{gather, pledge, post, weigh, words};
use crate::clock::{DAY, Timestamp};
use crate::grammar::board::Over;
use crate::market::{Exact, Pact, PactId, PactKind, PactState, Post, PostId, PostState, pool};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::record::Told;
use crate::store::{Due, Person, StoreError, View};

/// The manager of a post's station who may be texted.
fn manager(view: &dyn View, post: &Post, out: &Outcome<'_>) -> Result<Option<Person>, StoreError> {
    let station = out.env.rules.stations.get(&post.station);
    for who in station.map(|s| s.managers.as_slice()).unwrap_or_default() {
        if let Some(person) = view.person(*who)?.filter(|p| p.stopped.is_none()) {
            return Ok(Some(person));
        }
    }
    Ok(None)
}

/// The deadline: carried out, cut fairly where it is over-full, or let go.
///
/// # Errors
/// Those of the store.
pub fn deadline(view: &dyn View, id: PostId, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let (g, now) = (out.env.grammar, out.env.now);
    let Some(post) = view.post(id)?.filter(|p| p.is_live(now)) else { return Ok(()) };
    let order = post.order.clone().unwrap_or_default();
    // it was settled before, or put off
    if order.settled || order.deadline.is_none_or(|t| t > now) {
        return Ok(());
    }
    let owner = view.person(post.owner)?;
    let none = *post.taken.numer() == 0;
    if none || order.least.is_some_and(|least| post.taken < least) {
        let mut failed = Post { state: PostState::Expired, ..(*post).clone() };
        if let Some(order) = failed.order.as_mut() {
            order.closed = true;
        }
        let name = if none { "order_none" } else { "order_failed" };
        let reply = words::of(g, Reply::new(name), &post);
        out.save(failed);
        out.schedule(now, Due::Tell(id, Told::Failed, 0));
        if let Some(mut owner) = out.person(post.owner, owner.as_ref()) {
            owner.posts.retain(|p| *p != id);
            out.keep(owner);
        }
        out.notify(post.owner, owner.as_ref(), &reply);
        return Ok(());
    }
    let mut settled = (*post).clone();
    let cut = match pool::whole(&post) {
        Some((_, whole)) if post.taken > whole => fair(view, &post, whole)?,
        _ => None,
    };
    if let Some(order) = settled.order.as_mut() {
        order.settled = true;
        (order.cap, order.extra) = (cut.map(|(cap, _)| cap), cut.map_or(0, |(_, extra)| extra));
    }
    let mut told = settled.clone();
    if let (Some(_), Some((_, whole))) = (cut, pool::whole(&post)) {
        told.taken = whole;
    }
    let name = if cut.is_some() { "order_on_cut" } else { "order_on" };
    let reply = words::of(g, Reply::new(name), &told);
    out.save(settled);
    out.schedule(now, Due::Tell(id, Told::On, 0));
    out.notify(post.owner, owner.as_ref(), &reply);
    Ok(())
}

/// The cut of all that is still open; what is weighed already is brought.
fn fair(view: &dyn View, post: &Post, whole: Exact) -> Result<Option<(Exact, u32)>, StoreError> {
    let unit = pool::whole(post).map(|(u, _)| u.to_string());
    let (mut open, mut fixed) = (Vec::new(), Exact::default());
    let mut after = 0;
    loop {
        let page = view.pacts_of(post.id, after, PAGE)?;
        for pact in page.iter().filter(|p| p.kind == PactKind::Pledge && p.stands()) {
            let Some(q) = pact.quantity.as_ref().filter(|q| Some(&q.unit) == unit.as_ref()) else { continue };
            if pact.is_open_pledge() { open.push(q.amount) } else { fixed += q.amount }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = last.id,
            _ => return Ok(pool::cut(open, whole - fixed)),
        }
    }
}

/// Tells the next of those who pledged, and does what comes with it.
///
/// # Errors
/// Those of the store.
pub fn tell(
    view: &dyn View,
    id: PostId,
    told: Told,
    after: PactId,
    at: Timestamp,
    out: &mut Outcome<'_>,
) -> Result<(), StoreError> {
    let Some(post) = view.post(id)? else { return Ok(()) };
    let page = view.pacts_of(id, after, PAGE)?;
    if let Some(last) = page.last().filter(|_| page.len() == PAGE) {
        out.schedule(at, Due::Tell(id, told, last.id));
    }
    for pact in page.iter().filter(|p| p.kind == PactKind::Pledge && p.stands()) {
        let party = view.person(pact.party)?;
        match told {
            Told::On if pact.is_open_pledge() => on(view, &post, pact, party.as_ref(), out)?,
            Told::Soon if pact.is_open_pledge() => say("pledge_soon", &post, pact, party.as_ref(), out),
            Told::Changed if pact.is_open_pledge() => changed(&post, pact, party.as_ref(), out),
            Told::Failed | Told::Closed if pact.is_open_pledge() => {
                let name = match (told, post.state) {
                    (Told::Failed, _) => "pledge_failed",
                    (_, PostState::Withdrawn) => "pledge_withdrawn",
                    _ if is_gift(&post, out) => "gift_over",
                    _ => "pledge_closed",
                };
                release(view, &post, pact, party.as_ref(), name, out)?;
            }
            // what was given has helped
            Told::Closed if pact.state == PactState::Done && post.state == PostState::Done && is_gift(&post, out) => {
                say("gift_over", &post, pact, party.as_ref(), out);
            }
            _ => {}
        }
        // its owner has gone and is named no more
        if told == Told::Closed && pact.owner != post.owner {
            let kept = out.pact(pact.id).cloned().unwrap_or_else(|| pact.clone());
            out.agree(Pact { owner: post.owner, ..kept });
        }
    }
    Ok(())
}

fn is_gift(post: &Post, out: &Outcome<'_>) -> bool {
    pool_of(out.env.grammar, post).is_some_and(|p| p.gift)
}

fn about(name: &'static str, post: &Post, pact: &Pact, out: &Outcome<'_>) -> Reply {
    let g = out.env.grammar;
    let mut post = out.post(post.id).unwrap_or(post).clone();
    // while it is being cut, what comes of it
    if let (true, Some((_, whole))) = (post.order.as_ref().is_some_and(|o| o.cap.is_some()), pool::whole(&post)) {
        post.taken = post.taken.min(whole);
    }
    let post = &post;
    words::of(g, Reply::new(name), post).set("share", words::share_of(g, post, pact)).set("seat", pact.seat.to_string())
}

fn say(name: &'static str, post: &Post, pact: &Pact, party: Option<&Person>, out: &mut Outcome<'_>) {
    let reply = about(name, post, pact, out);
    out.notify(pact.party, party, &reply);
}

/// It is carried out: each brings what he pledged, or what the cut leaves him.
fn on(
    view: &dyn View,
    post: &Arc<Post>,
    pact: &Pact,
    party: Option<&Person>,
    out: &mut Outcome<'_>,
) -> Result<(), StoreError> {
    let mut order = out.post(post.id).cloned().unwrap_or_else(|| (**post).clone());
    let cap = order.order.as_ref().and_then(|o| o.cap);
    let own_unit = pool::whole(&order).map(|(u, _)| u.to_string());
    let quantity = pact.quantity.clone().filter(|q| Some(&q.unit) == own_unit.as_ref());
    let (Some(cap), Some(q)) = (cap, quantity) else {
        say("pledge_on", post, pact, party, out);
        return Ok(());
    };
    let mut extra = order.order.as_ref().map_or(0, |o| o.extra);
    let amount = pool::under(q.amount, cap, &mut extra);
    if amount == q.amount {
        say("pledge_on", post, pact, party, out);
        return Ok(());
    }
    if let Some(o) = order.order.as_mut() {
        o.extra = extra;
    }
    let mut less = Pact { pledged: Some(q.clone()), changed: out.env.now, ..pact.clone() };
    if let Some(l) = less.quantity.as_mut() {
        l.amount = amount;
    }
    if *amount.numer() == 0 {
        less.state = PactState::Released;
    }
    // the part of his own post that is not needed is for others again
    let own = pact.other.map(|id| view.post(id)).transpose()?.flatten();
    let mut back = String::new();
    if let Some(own) = own {
        let free = (pact.bound * (q.amount - amount) / q.amount).min(pact.bound);
        less.bound = pact.bound - free;
        back = stand_again(view, &own, free, out)?;
    }
    out.save(order.clone());
    pledge::put(out, &order, Some(pact), less.clone());
    if less.state == PactState::Released {
        forget(pact.party, party, pact.id, out);
    }
    let reply = about("pledge_cut", post, &less, out).set("before", words::amount(&q)).set("mine", back);
    out.notify(pact.party, party, &reply);
    Ok(())
}

/// The new terms hold for who stays; who does not like them takes it back.
fn changed(post: &Arc<Post>, pact: &Pact, party: Option<&Person>, out: &mut Outcome<'_>) {
    let new = Pact { price: post.price.clone(), changed: out.env.now, ..pact.clone() };
    pledge::put(out, post, Some(pact), new.clone());
    say("pledge_terms", post, &new, party, out);
}

/// A share comes to nothing: what was promised is free again, and others may have it.
fn release(
    view: &dyn View,
    post: &Arc<Post>,
    pact: &Pact,
    party: Option<&Person>,
    name: &'static str,
    out: &mut Outcome<'_>,
) -> Result<(), StoreError> {
    let gone = Pact { state: PactState::Released, changed: out.env.now, ..pact.clone() };
    pledge::put(out, post, Some(pact), gone);
    forget(pact.party, party, pact.id, out);
    let own = pact.other.map(|id| view.post(id)).transpose()?.flatten();
    let back = own.map(|own| stand_again(view, &own, pact.bound, out)).transpose()?.unwrap_or_default();
    // what all had pledged is told, not what is left of it while they are let go
    let told = Post { taken: post.taken.max(out.post(post.id).map_or(post.taken, |p| p.taken)), ..(**post).clone() };
    let g = out.env.grammar;
    let reply = words::of(g, Reply::new(name), &told).set("share", words::share_of(g, post, pact)).set("mine", back);
    out.notify(pact.party, party, &reply);
    Ok(())
}

fn forget(who: Msisdn, party: Option<&Person>, id: PactId, out: &mut Outcome<'_>) {
    // also one who has left forgets it
    if let Some(mut person) = out.person(who, party).or_else(|| party.cloned()) {
        person.pledges.retain(|p| *p != id);
        out.keep(person);
    }
}

/// A post of which so much is free again; where it stood in nobody's sight it meets others anew. Returns its number where it does.
fn stand_again(view: &dyn View, own: &Arc<Post>, amount: Exact, out: &mut Outcome<'_>) -> Result<String, StoreError> {
    let free = shares::free(out.post(own.id).unwrap_or(own), amount, out.env.now);
    let back = own.state != PostState::Live && free.state == PostState::Live;
    if back {
        let env = out.env;
        let draft: Draft = gather::meet(view, env, free.clone())?;
        post::spread_by(out, &draft, None);
    }
    let stands = free.state == PostState::Live;
    out.save(free);
    Ok(if stands { phrase::number(own.id) } else { String::new() })
}

/// The day is near.
///
/// # Errors
/// Those of the store.
pub fn delivery(view: &dyn View, id: PostId, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let now = out.env.now;
    let Some(post) = view.post(id)?.filter(|p| p.is_live(now)) else { return Ok(()) };
    let tomorrow = post.when.as_ref().is_some_and(|w| i64::from(w.day) == now.beijing_day() + 1);
    let settled = post.order.as_ref().is_some_and(|o| o.settled);
    let cut = pool_of(out.env.grammar, &post).is_some_and(|p| p.over == Over::Cut);
    if tomorrow && (settled || !cut) {
        out.schedule(now, Due::Tell(id, Told::Soon, 0));
    }
    Ok(())
}

/// The days have run out: those who pledged hear of it, unless it was renewed.
///
/// # Errors
/// Those of the store.
pub fn close(view: &dyn View, id: PostId, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let now = out.env.now;
    let over = |p: &Arc<Post>| !p.is_live(now) && p.order.as_ref().is_some_and(|o| !o.closed);
    let Some(post) = view.post(id)?.filter(over) else { return Ok(()) };
    let state = if post.state == PostState::Live { PostState::Expired } else { post.state };
    if let Some(mut owner) = out.person(post.owner, view.person(post.owner)?.as_ref()) {
        owner.posts.retain(|p| *p != id);
        out.keep(owner);
    }
    out.save(Post { state, ..(*post).clone() });
    Ok(())
}

/// Some days after the day: who brought what.
///
/// # Errors
/// Those of the store.
pub fn summary(view: &dyn View, id: PostId, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let (g, now) = (out.env.grammar, out.env.now);
    let Some(post) = view.post(id)?.filter(|p| p.is_live(now)) else { return Ok(()) };
    let past = post.when.as_ref().is_some_and(|w| i64::from(w.day) < now.beijing_day());
    let order = post.order.clone().unwrap_or_default();
    if !past || !order.settled || order.households == 0 {
        return Ok(());
    }
    let (mut waits, mut after) = (0_u32, 0);
    loop {
        let page = view.pacts_of(id, after, PAGE)?;
        let open = page.iter().filter(|p| p.kind == PactKind::Pledge && p.stands() && p.state != PactState::Done);
        waits += u32::try_from(open.count()).unwrap_or_default();
        match page.last() {
            Some(last) if page.len() == PAGE => after = last.id,
            _ => break,
        }
    }
    let done = order.households.saturating_sub(waits);
    let reply = words::of(g, Reply::new("order_summary"), &post)
        .set("done", done.to_string())
        .set("open", if waits > 0 { waits.to_string() } else { String::new() });
    let owner = view.person(post.owner)?;
    out.notify(post.owner, owner.as_ref(), &reply);
    if let Some(manager) = manager(view, &post, out)?.filter(|m| m.msisdn != post.owner) {
        out.notify(manager.msisdn, Some(&manager), &reply);
    }
    Ok(())
}

/// A slip that somebody has not answered, or work that is to be brought back.
///
/// # Errors
/// Those of the store.
pub fn pact(view: &dyn View, id: PactId, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let Some(pact) = view.pact(id)? else { return Ok(()) };
    let Some(post) = view.post(pact.post)? else { return Ok(()) };
    if pact.is_open_pledge() {
        let party = view.person(pact.party)?;
        say("piece_soon", &post, &pact, party.as_ref(), out);
        return Ok(());
    }
    let Some(slip) = pact.slip.clone().filter(|_| pact.state == PactState::Weighed) else { return Ok(()) };
    let age = out.env.now.0 - slip.at.0;
    // a newer slip has its own time
    if age < weigh::AGAIN {
        return Ok(());
    }
    if age < 2 * DAY {
        for who in [pact.owner, pact.party].into_iter().filter(|who| pact.waits_for(*who)) {
            if let Some(person) = view.person(who)? {
                weigh::ask(out, &post, &pact, &person);
            }
        }
        out.schedule(slip.at.plus(3 * DAY), Due::Pact(id));
        return Ok(());
    }
    if let Some(manager) = manager(view, &post, out)? {
        weigh::call(out, &post, &pact, &manager);
    }
    Ok(())
}
