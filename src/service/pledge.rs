//! 应 901 300斤, 领 516 20个, 帮 812 100元: a share in what many fill together, changed, taken back, or joined with a post of one's own.

use std::sync::Arc;

use super::outcome::Outcome;
use super::shares::{self, MONEY, SHARES, pool_of};
use super::turn::Turn;
use super::{own, post, tie, words};
use crate::clock::DAY;
use crate::command::Intent;
use crate::grammar::Grammar;
use crate::grammar::board::{Over, Pool};
use crate::market::{Exact, Pact, PactKind, PactState, Post, PostState, Quantity, pool};
use crate::reply::{Reply, phrase};
use crate::store::Due;
use crate::store::record::Ask;

/// More than this is a slip of the keypad.
const ABSURD: i64 = 100_000_000;
/// Days of work are counted in this.
const WORK: &str = "工";

/// Keeps a pledge as it has become, and the order's totals with it. Returns the order as it stands then.
pub fn put(out: &mut Outcome<'_>, order: &Post, old: Option<&Pact>, new: Pact) -> Post {
    let mut order = out.post(order.id).cloned().unwrap_or_else(|| order.clone());
    pool::replace(&mut order, old, Some(&new));
    if let Some(order) = order.order.as_mut() {
        order.seats = order.seats.max(new.seat);
    }
    out.save(order.clone());
    out.agree(new);
    order
}

/// Whether a text about another's post is about the sender's share in it.
pub fn is_mine(turn: &Turn<'_>) -> bool {
    turn.facts.named.as_ref().is_some_and(|p| p.owner != turn.msisdn && turn.facts.shares.in_post(p.id).is_some())
}

/// Whether the text takes back a post of the sender's that is promised to an order.
pub fn of_own_post(turn: &Turn<'_>) -> bool {
    let Some(named) = turn.facts.named.as_ref().filter(|p| p.owner == turn.msisdn) else { return false };
    turn.facts.shares.mine.iter().any(|(p, _)| p.other == Some(named.id) && p.is_open_pledge())
}

/// What the text says of the amount.
enum Said {
    Nothing,
    Amount(Quantity),
    /// It cannot be held against what the order is counted in.
    Wrong,
}

/// 应, 领, 帮 with a number.
pub fn fill(turn: &mut Turn<'_>) {
    let Some(order) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        let reply = if no.is_empty() { Reply::new("pledge_how") } else { Reply::new("no_such_post").set("no", no) };
        turn.answer(reply);
        return;
    };
    let g = turn.env.grammar;
    // 应 with the number of what is plainly for sale asks for nobody's telephone yet
    let Some(pool) = pool_of(g, &order) else { return own::view(turn) };
    if order.owner == turn.msisdn {
        let reply = words::of(g, Reply::new("pledge_own"), &order);
        turn.answer(reply);
        return;
    }
    let leaves = turn.reading.remark.as_ref().is_some_and(|said| {
        let leave = &g.terms.terms.order.leave;
        leave.iter().any(|w| said.contains(w.as_str()))
    });
    if leaves || turn.reading.quantity.as_ref().is_some_and(|q| *q.amount.numer() == 0) {
        return take_back(turn);
    }
    if !joinable(turn, &order) {
        return;
    }
    match said(turn, &order, pool) {
        Said::Wrong => {
            let unit = pool::whole(&order).map(|(u, _)| u.to_string()).unwrap_or_default();
            let reply = words::of(g, Reply::new("pledge_unit"), &order).set("unit", unit);
            turn.answer(reply);
        }
        Said::Nothing => match turn.facts.shares.in_post(order.id).cloned() {
            Some(pact) => {
                let reply =
                    words::of(g, Reply::new("pledge_same"), &order).set("share", words::share_of(g, &order, &pact));
                turn.answer(reply);
            }
            None => {
                turn.ask(Ask::HowMuch { post: order.id });
                let reply = words::of(g, Reply::new("pledge_amount"), &order);
                turn.answer(reply);
            }
        },
        Said::Amount(q) => set(turn, &order, pool, q, None),
    }
}

/// Whether others may take a share in a post now; the sender is told where not.
fn joinable(turn: &mut Turn<'_>, order: &Arc<Post>) -> bool {
    let g = turn.env.grammar;
    let owner = turn.facts.named_owner.clone().filter(|o| o.stopped.is_none());
    let there = owner.as_ref().is_some_and(|o| !o.blocked.contains(&turn.msisdn));
    let settled = order.order.as_ref().is_some_and(|o| o.settled);
    if !order.is_live(turn.env.now) || !there {
        own::view(turn);
        return false;
    }
    if settled {
        let reply = words::of(g, Reply::new("pledge_over"), order);
        turn.answer(reply);
        return false;
    }
    true
}

/// The amount in the order's own unit; of what is given any amount of any thing.
fn said(turn: &Turn<'_>, order: &Post, pool: &Pool) -> Said {
    let r = &turn.reading;
    let own = pool::whole(order).map(|(unit, _)| unit.to_string());
    let in_unit = |unit: &str| own.as_deref().and_then(|own| turn.env.grammar.units.ratio(unit, own));
    let plain =
        |amount: Exact, unit: String| Quantity { amount: pool::measured(amount), max: None, unit, approx: false };
    let sane = |n: Exact| *n.numer() > 0 && n <= Exact::from_integer(ABSURD);
    let money = || r.price.as_ref().filter(|p| pool.gift && p.per.is_none()).map(|p| plain(p.yuan, MONEY.into()));
    let hands = || r.people.filter(|_| pool.gift).map(|n| plain(Exact::from_integer(i64::from(n)), WORK.into()));
    let quantity = match &r.quantity {
        Some(q) if !sane(q.amount) => return Said::Wrong,
        Some(q) if q.unit.is_empty() => match &own {
            Some(unit) => Some(plain(q.amount, unit.clone())),
            None if pool.gift => Some(plain(q.amount, MONEY.into())),
            None => return Said::Wrong,
        },
        Some(q) => match (in_unit(&q.unit), &own) {
            (Some(ratio), Some(unit)) => Some(plain(q.amount * ratio, unit.clone())),
            // 帮 812 2床棉被, where money was asked for
            _ if pool.gift || own.is_none() => {
                let thing = r.item.as_ref().map(|i| phrase::clip(&i.said)).unwrap_or_default();
                Some(plain(q.amount, format!("{}{thing}", q.unit)))
            }
            _ => return Said::Wrong,
        },
        None => money().or_else(hands),
    };
    match quantity {
        Some(q) if sane(q.amount) => Said::Amount(q),
        Some(_) => Said::Wrong,
        None => Said::Nothing,
    }
}

/// Sets the sender's share to so much, a new one or the one he has; `with` is a post of his that he joins with.
fn set(turn: &mut Turn<'_>, order: &Arc<Post>, pool: &Pool, q: Quantity, with: Option<Arc<Post>>) {
    let (g, now) = (turn.env.grammar, turn.env.now);
    let old = turn.facts.shares.in_post(order.id).cloned();
    if old.as_ref().is_some_and(|p| !p.is_open_pledge()) {
        let reply = words::of(g, Reply::new("pledge_weighed"), order);
        turn.answer(reply);
        return;
    }
    let before = old.as_ref().and_then(|p| p.quantity.clone());
    if before.as_ref() == Some(&q) {
        let pact = old.unwrap_or_else(|| Pact::new(0, PactKind::Pledge, order, turn.msisdn, now));
        let reply = words::of(g, Reply::new("pledge_same"), order).set("share", words::share_of(g, order, &pact));
        turn.answer(reply);
        return;
    }
    if old.is_none() && turn.person.pledges.len() >= SHARES {
        turn.answer(Reply::new("pledge_many").set("count", SHARES.to_string()));
        return;
    }
    if let Some(least) =
        order.terms.least.as_ref().filter(|l| g.units.ratio(&l.unit, &q.unit).is_some_and(|r| q.amount < l.amount * r))
    {
        let reply = words::of(g, Reply::new("pledge_least"), order).set("amount", words::amount(least));
        turn.answer(reply);
        return;
    }
    if pool.over == Over::Stop
        && let Some(left) = pool::wanted(order)
        && q.amount > left + before.as_ref().map_or(Exact::default(), |b| b.amount)
    {
        let name = if *left.numer() == 0 { "pledge_none" } else { "pledge_left" };
        let reply = words::of(g, Reply::new(name), order);
        turn.answer(reply);
        return;
    }
    let mut pact = old.clone().unwrap_or_else(|| {
        let seat = order.order.as_ref().map_or(0, |o| o.seats) + 1;
        let home = super::facts::home(turn.env, turn.mo, turn.facts.person.as_ref());
        let place = Some(shares::town(turn.env, &home));
        Pact { seat, place, ..Pact::new(turn.out.next_pact(), PactKind::Pledge, order, turn.msisdn, now) }
    });
    pact.quantity = Some(q);
    pact.price = order.price.clone();
    (pact.state, pact.changed) = (PactState::Agreed, now);
    bind(turn, order, old.as_ref(), &mut pact, with);
    let was = order.clone();
    let order = put(&mut turn.out, order, old.as_ref(), pact.clone());
    if old.is_none() {
        turn.person.pledges.push(pact.id);
        tie::remember(&mut turn.person, pact.id);
        if let Some(days) = order.order.as_ref().and_then(|o| o.days) {
            // the day before it is due
            turn.out.schedule(now.plus((i64::from(days) - 1).max(0) * DAY), Due::Pact(pact.id));
        }
    }
    news(turn, pool, &was, &order, old.as_ref(), &pact);
    let name = match (pool.gift, &before) {
        (true, _) => "gift_pledged",
        (false, None) => "pledged",
        (false, Some(_)) => "pledge_changed",
    };
    let back = order.order.as_ref().and_then(|o| o.days).map(|d| words::day(g, pact.created.plus(i64::from(d) * DAY)));
    let mut reply = words::of(g, Reply::new(name), &order)
        .set("share", words::share_of(g, &order, &pact))
        .set("before", before.as_ref().map(words::amount).unwrap_or_default())
        .set("seat", pact.seat.to_string())
        .set("mine", pact.other.map(phrase::number).unwrap_or_default());
    if let Some(back) = back {
        reply = reply.set("bring", format!("{back}{}", pool.bring));
    }
    turn.answer(reply);
}

/// What is pledged of a post of the sender's own is no longer offered to others there. The post he joins with is bound, else the
/// newest that is for sale and fits.
fn bind(turn: &mut Turn<'_>, order: &Post, old: Option<&Pact>, pact: &mut Pact, with: Option<Arc<Post>>) {
    let g = turn.env.grammar;
    let Some(q) = pact.quantity.clone() else { return };
    let held = old.and_then(|o| turn.facts.shares.bound_by(o).cloned());
    let side = g.boards.get(&order.board).and_then(|b| b.side(&order.side).map(|s| g.boards.met_by(b, s)));
    let meets = side.unwrap_or_default();
    let fits = |p: &&Arc<Post>| {
        meets.contains(&(p.board.as_str(), p.side.as_str()))
            && order.item.as_ref().is_some_and(|i| p.nodes.contains(i))
            && p.quantity.as_ref().is_some_and(|o| g.units.ratio(&q.unit, &o.unit).is_some())
    };
    let own = held.or(with).or_else(|| turn.facts.own.iter().rev().find(fits).cloned());
    let Some(own) = own else { return };
    let Some(ratio) = own.quantity.as_ref().and_then(|o| g.units.ratio(&q.unit, &o.unit)) else { return };
    let free = shares::free(&own, pact.bound, turn.env.now);
    let (bound, amount) = shares::bind(&free, q.amount * ratio);
    (pact.other, pact.bound) = (Some(own.id), amount);
    stand_again(turn, &own, bound);
}

/// Keeps a post of the sender's that was promised; where it was in nobody's sight and is again, it meets others.
fn stand_again(turn: &mut Turn<'_>, old: &Post, new: Post) {
    let back = old.state != PostState::Live && new.state == PostState::Live;
    if back && !turn.person.posts.contains(&new.id) {
        turn.person.posts.push(new.id);
        turn.person.posts.sort_unstable();
    }
    if back && let Some(mut draft) = turn.facts.shares.freed.take() {
        draft.post = new.clone();
        post::spread(turn, &draft);
    }
    turn.out.save(new);
}

/// The owner of an order hears of the first share, when enough has come together, and when all has; of work taken home and of what
/// is given, each time.
fn news(turn: &mut Turn<'_>, pool: &Pool, was: &Post, order: &Post, old: Option<&Pact>, pact: &Pact) {
    let g = turn.env.grammar;
    let Some(owner) = turn.facts.named_owner.clone() else { return };
    let (mut full, mut enough) = (false, false);
    let mut marked = order.clone();
    if let Some(o) = marked.order.as_mut() {
        full = !o.full_told && pool::wanted(order) == Some(Exact::default());
        enough = !o.least_told && o.least.is_some_and(|l| order.taken >= l);
        (o.full_told, o.least_told) = (o.full_told || full, o.least_told || enough);
    }
    let first = was.order.as_ref().is_none_or(|o| o.seats == 0) && old.is_none();
    let name = match () {
        () if pool.gift => "gift_news",
        () if pool.each => "taken_news",
        () if full => "order_full",
        () if enough => "order_least",
        () if first => "order_first",
        () => return,
    };
    turn.out.save(marked);
    let reply = words::of(g, Reply::new(name), order)
        .set("share", words::share_of(g, order, pact))
        .set("seat", pact.seat.to_string());
    turn.out.notify(owner.msisdn, Some(&owner), &reply);
}

/// 撤 901, 901不应了, 应 901 0 by one who pledged; or 撤 with the number of the post that is promised.
pub fn take_back(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some(named) = turn.facts.named.clone() else { return };
    let shares = &turn.facts.shares.mine;
    let found = shares.iter().rev().find(|(p, _)| p.post == named.id || p.other == Some(named.id)).cloned();
    let Some((pact, order)) = found else {
        let reply = words::of(g, Reply::new("pledge_not"), &named);
        turn.answer(reply);
        return;
    };
    if !pact.is_open_pledge() {
        let reply = words::of(g, Reply::new("pledge_weighed"), &order);
        turn.answer(reply);
        return;
    }
    let gone = Pact { state: PactState::Released, changed: turn.env.now, ..pact.clone() };
    let order = put(&mut turn.out, &order, Some(&pact), gone);
    turn.person.pledges.retain(|p| *p != pact.id);
    let (mut mine, mut with_it) = (String::new(), String::new());
    if let Some(own) = turn.facts.shares.bound_by(&pact).cloned() {
        let mut free = shares::free(&own, pact.bound, turn.env.now);
        // his own number: the post goes with it
        if own.id == named.id && turn.reading.intent == Intent::Withdraw {
            (free.state, free.held) = (PostState::Withdrawn, None);
            turn.person.posts.retain(|p| *p != own.id);
            with_it = phrase::number(own.id);
        } else if free.state == PostState::Live {
            mine = phrase::number(own.id);
        }
        stand_again(turn, &own, free);
    }
    let each = pool_of(g, &order).is_some_and(|p| p.each);
    let tells = each || order.order.as_ref().is_some_and(|o| o.settled);
    let about = |name: &'static str| {
        let reply = words::of(g, Reply::new(name), &order).set("seat", pact.seat.to_string());
        reply.set("share", words::share_of(g, &order, &pact))
    };
    if let Some(owner) = turn.facts.shares.person(order.owner).cloned().filter(|_| tells) {
        let reply = about("pledge_gone");
        turn.out.notify(owner.msisdn, Some(&owner), &reply);
    }
    turn.answer(about("unpledged").set("mine", mine).set("gone", with_it));
}

/// The answer of one who was asked whether he joins an order with a post of his own.
pub fn join(turn: &mut Turn<'_>, own: u64, yes: bool) {
    let g = turn.env.grammar;
    let own = turn.facts.shares.bound.iter().find(|p| p.id == own).cloned();
    let (Some(order), Some(own)) = (turn.facts.named.clone(), own) else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    if !yes {
        let reply = Reply::new("join_no").set("no", phrase::number(order.id)).set("mine", phrase::number(own.id));
        turn.answer(reply);
        return;
    }
    let Some(pool) = pool_of(g, &order) else { return };
    if !joinable(turn, &order) {
        return;
    }
    if !own.is_live(turn.env.now) || own.owner != turn.msisdn {
        let reply = words::of(g, Reply::new("join_gone"), &order).set("mine", phrase::number(own.id));
        turn.answer(reply);
        return;
    }
    match offered(g, &order, &own) {
        Some(q) => set(turn, &order, pool, q, Some(own)),
        None => {
            turn.ask(Ask::HowMuch { post: order.id });
            let reply = words::of(g, Reply::new("pledge_amount"), &order);
            turn.answer(reply);
        }
    }
}

/// What a post offers, in the unit of an order.
pub fn offered(g: &Grammar, order: &Post, own: &Post) -> Option<Quantity> {
    let (unit, _) = pool::whole(order)?;
    let q = own.rest()?;
    let amount = pool::measured(q.most() * g.units.ratio(&q.unit, unit)?);
    (*amount.numer() > 0).then(|| Quantity { amount, max: None, unit: unit.to_string(), approx: false })
}
