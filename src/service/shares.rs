//! What many give to one post: which posts are such, on what terms they stand, and the facts that a share in one needs.

use std::sync::Arc;

use super::asked::{self, Bound};
use super::facts::{Draft, Facts};
use super::outcome::Env;
use super::turn::Turn;
use super::{gather, tie};
use crate::clock::{BEIJING_OFFSET, DAY, HOUR, Timestamp};
use crate::command::{Intent, Reading};
use crate::grammar::Grammar;
use crate::grammar::board::{Over, Pool};
use crate::market::{
    Exact, Held, Order, Pact, PactId, PactKind, PactState, Place, PlaceCode, Post, PostState, Quantity, Ring, pool,
};
use crate::message::{Mo, Msisdn, Sender};
use crate::store::record::{Ask, Told};
use crate::store::{Due, Person, StoreError, View};

/// Shares that one phone may have open: as many as anybody can bring in one harvest.
pub const SHARES: usize = 20;
/// Pledges of an order that are looked through for the household that is meant.
const HOUSEHOLDS: usize = 600;
/// Pledges of an order read at once.
pub const PAGE: usize = 50;
/// Households shown at once.
pub const ROSTER: usize = 12;
/// Pacts about one post that a manager's slip may mean.
const TIES: usize = 60;

/// One can pledge until this hour of the last day.
const CLOSES: i64 = 20 * HOUR;
/// Who pledged is reminded at this hour of the day before.
const REMINDS: i64 = 17 * HOUR;
/// So long after the day its owner hears who brought what.
const SUMS_UP: i64 = 3 * DAY + 9 * HOUR;
/// An order stands so long after its day, for the slips.
const AFTER: i64 = 15 * DAY;

/// What shares, slips and the station's standing for both need.
#[derive(Debug, Default)]
pub struct Shares {
    /// The sender's shares that are not settled yet, oldest first, each with its order.
    pub mine: Vec<(Pact, Arc<Post>)>,
    /// The pacts that the text can be about, oldest first: those of a slip, the households of an order.
    pub about: Vec<Pact>,
    /// Their people, but for the sender.
    pub people: Vec<Person>,
    /// Posts that are promised by them, or that would be.
    pub bound: Vec<Arc<Post>>,
    /// A post that is promised, as it would stand if it were free, and whom it meets.
    pub freed: Option<Draft>,
}

impl Shares {
    /// Somebody the text is about.
    pub fn person(&self, who: Msisdn) -> Option<&Person> {
        self.people.iter().find(|p| p.msisdn == who)
    }

    /// The sender's open share in a post, or the one that a slip stands for.
    pub fn in_post(&self, id: u64) -> Option<&Pact> {
        self.mine.iter().map(|(p, _)| p).rev().find(|p| p.post == id)
    }

    pub fn bound_by(&self, pact: &Pact) -> Option<&Arc<Post>> {
        self.bound.iter().find(|p| Some(p.id) == pact.other)
    }
}

/// How many give to a post, where its side says so.
pub fn pool_of<'g>(g: &'g Grammar, post: &Post) -> Option<&'g Pool> {
    g.boards.get(&post.board)?.side(&post.side)?.pool.as_ref()
}

/// Midnight of a day by its number, in Beijing.
fn midnight(day: i64) -> Timestamp {
    Timestamp(day * DAY - BEIJING_OFFSET)
}

/// Gives a new post, or one that is opened again, the terms of its side. A sum of money that is asked for is an amount of money.
pub fn open(env: &Env<'_>, pool: &Pool, post: &mut Post, r: &Reading) {
    if pool.gift && post.quantity.is_none() {
        let sum = post.price.take_if(|p| p.per.is_none() && !p.negotiable);
        post.quantity = sum.map(|p| Quantity { amount: p.yuan, max: p.max, unit: MONEY.into(), approx: false });
    }
    if let Some(q) = &mut post.quantity {
        (q.amount, q.max) = (pool::measured(q.most()), None);
    }
    let mut order = post.order.take().unwrap_or_default();
    let unit = post.quantity.as_ref().map(|q| q.unit.clone());
    let units = &env.grammar.units;
    let in_own = |q: &Quantity| {
        let ratio = units.ratio(&q.unit, unit.as_deref()?)?;
        Some(pool::measured(q.amount * ratio))
    };
    order.least = r.bulk.least.as_ref().and_then(in_own).or(order.least);
    order.pickup = r.bulk.pickup.clone().or(order.pickup);
    order.days = r.bulk.days.or(order.days);
    order.deadline = closes(env, pool, post, r.bulk.deadline.map(i64::from), order.deadline);
    if pool.over == Over::Cut {
        let day = post.when.as_ref().map(|w| midnight(i64::from(w.day) + 1));
        let over = day.or(order.deadline).unwrap_or(env.now).plus(AFTER);
        post.until = post.until.max(over);
    }
    post.order = Some(order);
}

/// Money is counted in this.
pub const MONEY: &str = "元";

/// Until when one can pledge: the day that was said, else some days before its own day, else some days from now.
fn closes(env: &Env<'_>, pool: &Pool, post: &Post, said: Option<i64>, before: Option<Timestamp>) -> Option<Timestamp> {
    if pool.over != Over::Cut {
        return None;
    }
    let at = |day: i64| midnight(day).plus(CLOSES);
    let open = |t: &Timestamp| *t > env.now;
    let day = post.when.as_ref().map(|w| i64::from(w.day));
    let of_day = || {
        let day = day?;
        // rather a little early than on the day itself; on the day itself rather than never
        [day - i64::from(pool.before), day - 1, day].map(at).into_iter().find(|t| *t > env.now.plus(HOUR))
    };
    let last = day.map(|d| midnight(d + 1));
    let fits = |t: &Timestamp| open(t) && last.is_none_or(|l| *t <= l);
    let some_days = || at(env.now.beijing_day() + i64::from(pool.days));
    said.map(at).filter(fits).or(before.filter(fits)).or_else(of_day).or_else(|| Some(some_days()))
}

/// A change of terms by the owner: what was pledged stays.
pub fn amend(env: &Env<'_>, old: &Post, new: &mut Post, said: &Reading) {
    let Some(pool) = pool_of(env.grammar, old) else { return };
    new.taken = old.taken;
    new.order = old.order.clone();
    // the unit that all have pledged in stays
    if let (Some(was), Some(is)) = (&old.quantity, &new.quantity)
        && was.unit != is.unit
    {
        let ratio = env.grammar.units.ratio(&is.unit, &was.unit);
        new.quantity = Some(match ratio {
            Some(r) => Quantity { amount: is.amount * r, max: None, unit: was.unit.clone(), approx: false },
            None => was.clone(),
        });
    }
    // 至少3000斤 alone
    let mut said = said.clone();
    if said.bulk.least.is_none()
        && let Some(q) = said.quantity.clone().filter(|q| q.max == Some(crate::market::OPEN))
    {
        (new.quantity, said.bulk.least) = (old.quantity.clone(), Some(q));
    }
    let settled = new.order.as_ref().is_some_and(|o| o.settled);
    if !settled {
        open(env, pool, new, &said);
    }
    // more is wanted than before: it may come together anew
    if let Some(order) = new.order.as_mut() {
        order.full_told &= pool::wanted(old) == Some(Exact::default());
    }
}

/// Those who pledged hear of new terms.
pub fn changed(turn: &mut Turn<'_>, old: &Post, new: &Post) {
    let terms = |p: &Post| {
        let order = p.order.clone().unwrap_or_default();
        (p.price.clone(), p.when.clone(), order.pickup, order.deadline)
    };
    let some = new.order.as_ref().is_some_and(|o| o.households > 0);
    if some && terms(old) != terms(new) {
        turn.out.schedule(turn.env.now, Due::Tell(new.id, Told::Changed, 0));
    }
}

/// An order that had failed or run out, opened again by its owner: nobody's pledge stands.
pub fn reopen(env: &Env<'_>, post: &mut Post) {
    let Some(pool) = pool_of(env.grammar, post) else { return };
    let Some(order) = post.order.take() else { return };
    let seats = order.seats;
    post.order = Some(Order {
        seats,
        closed: false,
        settled: false,
        cap: None,
        extra: 0,
        deadline: None,
        least_told: false,
        full_told: false,
        ..order
    });
    open(env, pool, post, &Reading::of(Intent::Order));
}

/// What time is to bring to a post that many give to. A post that is over is told of once.
pub fn dues(post: &mut Post, now: Timestamp) -> Vec<(Timestamp, Due)> {
    let (id, until, state) = (post.id, post.until, post.state);
    let day = post.when.as_ref().map(|w| i64::from(w.day));
    let Some(order) = post.order.as_mut() else { return Vec::new() };
    let mut out = Vec::new();
    match state {
        PostState::Live => {
            order.closed = false;
            out.extend(order.deadline.filter(|_| !order.settled).map(|t| (t, Due::Deadline(id))));
            if let Some(day) = day {
                out.push((midnight(day - 1).plus(REMINDS), Due::Delivery(id)));
                out.push((midnight(day).plus(SUMS_UP), Due::Summary(id)));
            }
            out.push((until, Due::Close(id)));
            out.retain(|(at, _)| *at > now);
        }
        PostState::Withdrawn | PostState::Done | PostState::Expired if !order.closed => {
            order.closed = true;
            out.push((now, Due::Tell(id, Told::Closed, 0)));
        }
        _ => {}
    }
    out
}

/// A post of the giver's with so much of it promised; what is promised whole stands in nobody's sight.
pub fn bind(own: &Post, amount: Exact) -> (Post, Exact) {
    let left = own.left().unwrap_or(amount);
    let bound = amount.min(left);
    let mut post = Post { taken: own.taken + bound, ..own.clone() };
    if post.state == PostState::Live && post.left() == Some(Exact::default()) {
        (post.state, post.held) = (PostState::Held, Some(Held::Pooled));
    }
    (post, bound)
}

/// The same post with so much of it free again.
pub fn free(own: &Post, amount: Exact, now: Timestamp) -> Post {
    let mut post = Post { taken: (own.taken - amount).max(Exact::default()), ..own.clone() };
    if post.held == Some(Held::Pooled) && post.left() != Some(Exact::default()) {
        (post.state, post.held) = (if now < post.until { PostState::Live } else { PostState::Expired }, None);
    }
    post
}

/// The township of a place, as sums are kept by it.
pub fn town(env: &Env<'_>, place: &Place) -> Place {
    let code = place.code.up_to(Ring::Town).or(place.code.up_to(Ring::County)).unwrap_or(PlaceCode::COUNTRY);
    Place { code, name: env.grammar.places.get(code).unwrap_or(&place.name).to_string() }
}

/// Reads what the text needs of shares.
///
/// # Errors
/// Those of the store.
pub fn gather(view: &dyn View, env: &Env<'_>, mo: &Mo, facts: &mut Facts, r: &Reading) -> Result<(), StoreError> {
    use Intent::{AidGive, Bail, Choose, Deal, Edit, Fill, Mine, Roster, Unsubscribe, View as Look, Weigh, Withdraw};
    let Sender::Phone(me) = mo.from else { return Ok(()) };
    let question = match (&facts.person, r.choice.filter(|_| r.intent == Choose)) {
        (Some(person), Some(choice)) => match asked::bound(person, env.now, &mo.to, choice) {
            Bound::One(q, choice) => Some((q.ask.clone(), choice)),
            _ => None,
        },
        _ => None,
    };
    let about = question.as_ref().map(|(ask, _)| ask);
    let asked = matches!(
        about,
        Some(
            Ask::Join { .. }
                | Ask::Slip { .. }
                | Ask::Disputed { .. }
                | Ask::Bail { .. }
                | Ask::Roster { .. }
                | Ask::Erase
        )
    );
    let ours = [AidGive, Bail, Deal, Edit, Fill, Mine, Roster, Unsubscribe, Look, Weigh, Withdraw];
    if !asked && !ours.contains(&r.intent) {
        return Ok(());
    }
    // 退 901
    let left =
        r.topic.as_deref().filter(|_| r.intent == Unsubscribe).and_then(|t| t.trim_end_matches('号').parse().ok());
    if let Some(id) = r.post.or(left).filter(|id| facts.named.as_ref().is_none_or(|p| p.id != *id)) {
        facts.named = view.post(id)?;
        facts.named_owner = facts.named.as_ref().map(|p| view.person(p.owner)).transpose()?.flatten();
    }
    for id in facts.person.iter().flat_map(|p| p.pledges.iter().take(SHARES)) {
        if let Some(pact) = view.pact(*id)?.filter(|p| p.stands() && p.state != PactState::Done)
            && let Some(post) = view.post(pact.post)?
        {
            facts.shares.mine.push((pact, post));
        }
    }
    let mut found = match about {
        Some(Ask::Slip { pact, .. } | Ask::Disputed { pact, .. } | Ask::Bail { pact, .. }) => {
            view.pact(*pact)?.into_iter().collect()
        }
        Some(Ask::Roster { post, after }) => households(view, *post, *after, ROSTER, |_| true)?,
        _ => Vec::new(),
    };
    if let Some(post) = facts.named.clone() {
        let staff = env.rules.station(mo).is_some_and(|s| s.managers.contains(&me));
        match r.intent {
            Weigh | Bail => found.extend(meant(view, env, facts, me, staff, &post, r)?),
            // what a share of the sender's binds, should it be changed or given back
            _ => {
                let of_post = |p: &Pact| p.post == post.id || p.other == Some(post.id);
                found.extend(facts.shares.mine.iter().map(|(p, _)| p).filter(|p| of_post(p)).cloned());
            }
        }
        let settles = matches!(about, Some(Ask::Slip { .. } | Ask::Disputed { .. })) || r.intent == Weigh;
        if let (true, Some(item), Some(county)) = (settles, &post.item, post.place.code.up_to(Ring::County)) {
            facts.life.book = view.prices(item, county)?;
        }
    }
    let mut who: Vec<Msisdn> = found.iter().flat_map(|p| [p.owner, p.party]).filter(|p| *p != me).collect();
    who.sort_unstable();
    who.dedup();
    for one in who {
        facts.shares.people.extend(view.person(one)?);
    }
    for pact in &found {
        if let Some(own) = pact.other.map(|id| view.post(id)).transpose()?.flatten() {
            facts.shares.bound.push(own);
        }
        if let Some(order) = view.post(pact.post)?.filter(|p| facts.named.as_ref().is_none_or(|n| n.id != p.id)) {
            facts.shares.bound.push(order);
        }
    }
    if let Some(Ask::Join { own, .. }) = about {
        facts.shares.bound.extend(view.post(*own)?);
    }
    let mine = found.iter().find(|p| p.party == me && p.is_open_pledge());
    if let Some((pact, own)) = mine.and_then(|p| facts.shares.bound_by(p).map(|own| (p.clone(), own.clone()))) {
        facts.shares.freed = Some(gather::meet(view, env, free(&own, pact.bound, env.now))?);
    }
    facts.shares.about = found;
    Ok(())
}

/// Whose slip it may be that is written for a post: the sender's own share, a household of his order, whom he was put in touch
/// with, the seller who joined his order with this post; and for the manager any of them.
fn meant(
    view: &dyn View,
    env: &Env<'_>,
    facts: &Facts,
    me: Msisdn,
    staff: bool,
    post: &Post,
    r: &Reading,
) -> Result<Vec<Pact>, StoreError> {
    let mut found: Vec<Pact> = Vec::new();
    if pool_of(env.grammar, post).is_some() {
        found.extend(facts.shares.in_post(post.id).cloned());
        if found.is_empty() && (post.owner == me || staff) {
            let is_meant = |p: &Pact| {
                let seat = r.bulk.household.is_none_or(|n| n == p.seat);
                p.state != PactState::Done && seat && r.phone.as_ref().is_none_or(|n| p.party.local() == *n)
            };
            found = households(view, post.id, 0, HOUSEHOLDS, is_meant)?;
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    // a seller's own post that is promised to an order
    if let Some(owner) = &facts.named_owner {
        for id in owner.pledges.iter().take(SHARES) {
            let pact = view.pact(*id)?.filter(|p| p.other == Some(post.id) && p.stands() && p.state != PactState::Done);
            found.extend(pact.filter(|p| staff || p.owner == me || p.party == me));
        }
    }
    let between =
        |p: &Pact| matches!(p.kind, PactKind::Deal | PactKind::Relay) && p.stands() && p.state != PactState::Done;
    if found.is_empty() {
        let known = facts.person.as_ref().map(|p| tie::about(view, p, post.id)).transpose()?.unwrap_or_default();
        found.extend(known.into_iter().filter(between));
    }
    if found.is_empty() && staff {
        found.extend(view.pacts_of(post.id, 0, TIES)?.into_iter().filter(between));
    }
    Ok(found)
}

/// Pledges of an order that stand, behind `after`, at most `limit`.
///
/// # Errors
/// Those of the store.
pub fn households(
    view: &dyn View,
    post: u64,
    mut after: PactId,
    limit: usize,
    wanted: impl Fn(&Pact) -> bool,
) -> Result<Vec<Pact>, StoreError> {
    let mut out = Vec::new();
    loop {
        let page = view.pacts_of(post, after, PAGE)?;
        let more = page.len() == PAGE;
        after = page.last().map_or(after, |p| p.id);
        out.extend(page.into_iter().filter(|p| p.kind == PactKind::Pledge && p.stands() && wanted(p)));
        if !more || out.len() >= limit {
            out.truncate(limit);
            return Ok(out);
        }
    }
}
