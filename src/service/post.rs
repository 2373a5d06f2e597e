//! 卖 收 招 找活 寻 捡到: a text becomes a post, and meets its counterparts.

use std::sync::Arc;

use super::facts::Facts;
use super::facts::{Draft, Match, home};
use super::outcome::Env;
use super::outcome::Outcome;
use super::turn::Turn;
use super::{adult, alert, ask, list, look, note, offer, shares, vouch, wave};
use crate::clock::{BEIJING_OFFSET, DAY, Timestamp};
use crate::command::Reading;
use crate::grammar::Grammar;
use crate::grammar::board::{Board, Boards, Key, Kin, Need, Role, Side, Touch};
use crate::grammar::unit::Units;
use crate::market::matching::{self, Rules};
use crate::market::place::COUNTY_TOWN;
use crate::market::{Place, PlaceCode, Post, PostId, Ring, Shelf, When};
use crate::message::{Mo, Msisdn};
use crate::reply::{Reply, phrase};
use crate::store::record::{Ask, Then};

/// Posts read from one list of the index.
pub const CANDIDATES_PER_LIST: usize = 16;
/// Posts read and weighed for one new post, whatever the number of lists.
pub const CANDIDATES: usize = 64;
/// The best of them that are kept.
pub const KEPT_MATCHES: usize = 12;
/// Items of one text that become posts.
const POSTS_PER_TEXT: usize = 5;
/// Live posts that one phone may have, whatever its days allow: they stand in its record.
pub const LIVE_POSTS: usize = 500;

/// The board's rules in the words of matching.
pub fn rules<'a>(boards: &'a Boards, board: &'a Board, side: &'a Side) -> Rules<'a> {
    Rules {
        meets: boards.met_by(board, side),
        price_slack: board.rules.price_slack,
        same_sex: board.rules.same_sex,
        other_sex: board.rules.other_sex,
        same_day: board.rules.same_day,
        same_way: board.rules.same_way,
        seats: board.rules.seats,
        people: board.rules.people,
        any_item: board.kin == Kin::Any,
        not_before: board.rules.not_before,
        parts_apart: &board.rules.parts_apart,
        load: board.rules.load,
        whole_price: &board.rules.whole_price,
        subject: board.rules.subject.as_deref(),
        company: board.rules.company.as_deref(),
        couple: board.rules.couple.as_deref(),
    }
}

/// Weighs one candidate.
pub fn consider(draft: &mut Draft, rules: &Rules<'_>, other: Arc<Post>, units: &Units, now: Timestamp) {
    if other.id == draft.post.id {
        return;
    }
    if let Some(fit) = matching::fit(&draft.post, &other, rules, &|a, b| units.ratio(a, b), now) {
        draft.matches.push(Match { post: other, fit, owner: None, told: false });
    }
}

/// The posts that a text makes, not yet numbered against each other's matches, and own posts that it only says again.
/// Both empty where it makes none.
pub fn draft(env: &Env<'_>, mo: &Mo, facts: &Facts, reading: &Reading, owner: Msisdn) -> (Vec<Post>, Vec<Arc<Post>>) {
    let (mut posts, mut again): (Vec<Post>, Vec<Arc<Post>>) = (Vec::new(), Vec::new());
    if reading.unsure || facts.person.as_ref().is_some_and(|p| p.stopped.is_some()) {
        return (posts, again);
    }
    for r in std::iter::once(reading).chain(&reading.also).take(POSTS_PER_TEXT) {
        let new = posts.iter().filter(|p| p.id >= facts.next.post).count();
        let id = facts.next.post + new as u64;
        let Some(post) = one(env, mo, facts, r, owner, id) else { continue };
        let post = in_place(facts, &posts, &again, post);
        match facts.own.iter().find(|o| !facts.twice && same(o, &post)) {
            Some(own) => again.push(own.clone()),
            None if posts.iter().any(|p| same(p, &post)) => {}
            None => posts.push(post),
        }
    }
    (posts, again)
}

/// What the beginning of the same text made keeps its number.
fn in_place(facts: &Facts, posts: &[Post], again: &[Arc<Post>], post: Post) -> Post {
    let Some(seq) = facts.amends else { return post };
    let taken = |id| posts.iter().any(|p| p.id == id) || again.iter().any(|p| p.id == id);
    let mut begun = facts.own.iter().filter(|o| o.cause == seq && !taken(o.id));
    match begun.find(|o| (&o.board, &o.side) == (&post.board, &post.side)) {
        Some(old) => Post { id: old.id, created: old.created, ..post },
        None => post,
    }
}

pub(super) fn one(env: &Env<'_>, mo: &Mo, facts: &Facts, r: &Reading, owner: Msisdn, id: PostId) -> Option<Post> {
    let items = &env.grammar.items;
    let name = r.item.as_ref().map(|i| i.name.clone());
    let mut nodes = name.as_ref().map(|n| items.path(n)).unwrap_or_default();
    let boards = &env.grammar.boards;
    let claimed = r.claim.as_ref().and_then(|c| boards.get(&c.board).and_then(|b| b.side(&c.side).map(|s| (b, s))));
    let (board, side) = claimed.or_else(|| boards.by_reading(r.intent, &nodes))?;
    let near = home(env, mo, facts.person.as_ref());
    // 县城: that of where one is
    let town = |p: &Place| match p.code {
        // 县城 is the town, also where it was read as the county
        code if COUNTY_TOWN.contains(&p.name.as_str()) && matches!(code.ring(), Ring::Country | Ring::County) => {
            // by the statutory codes the first town of a county is its seat
            let near = if code == PlaceCode::COUNTRY { near.code } else { code };
            let county = near.up_to(Ring::County).unwrap_or(near);
            let seat = PlaceCode(county.0 * 1000 + 100);
            let code = if env.grammar.places.get(seat).is_some() { seat } else { county };
            Place { code, name: p.name.clone() }
        }
        _ => p.clone(),
    };
    let (from, to) = (r.from.as_ref().map(town), r.to.as_ref().map(town));
    if board.key == Key::Route {
        nodes = to.as_ref().map(Post::route_nodes).unwrap_or_default();
        // who goes to a place on the way looks there
        for node in r.stops.iter().flat_map(Post::route_nodes) {
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
    } else if board.kin == Kin::Any {
        nodes = Vec::new();
    }
    // 找活 alone is a post, 招工 alone says nothing of what for.
    let says_nothing = side.role == Role::Want
        && board.kin != Kin::Any
        && to.is_none()
        && r.people.is_none()
        && r.wage.is_none()
        && r.remark.is_none();
    if r.item.is_none() && (board.item == Need::Required || says_nothing) {
        return None;
    }
    // 长期, 唱歌 and 东风 are towns somewhere: a small place far away is only meant where its name is written in full
    let meant = |p: &Place| {
        let apart = |ring: Ring| p.code.up_to(ring) != near.code.up_to(ring);
        let town = p.code.ring() <= Ring::Town && apart(Ring::City);
        let part = p.code.ring() == Ring::County && p.name.ends_with('区') && apart(Ring::Province);
        p.code == PlaceCode::COUNTRY || !(town || part) || mo.text.contains(&p.name)
    };
    let mut place =
        r.place.clone().filter(meant).filter(|_| !r.away).or_else(|| from.clone()).unwrap_or_else(|| near.clone());
    if place.code == PlaceCode::COUNTRY {
        // a place that only its people know: near the sender, under its own name
        place.code = near.code;
    }
    let mut post = Post {
        board: board.name.clone(),
        side: side.name.clone(),
        shelf: Shelf {
            offers: side.role == Role::Offer,
            any_item: board.item == Need::Optional,
            either_kin: board.kin == Kin::Either || name.as_ref().is_some_and(|n| items.broad(n)),
            by_route: board.key == Key::Route,
            unsorted: board.kin == Kin::Any || board.rules.subject.is_some(),
        },
        station: env.rules.station(mo).map(|s| s.key.clone()).unwrap_or_default(),
        cause: facts.next.mo,
        item_said: r.item.as_ref().map(|i| i.said.clone()).filter(|s| !s.is_empty()),
        nodes,
        reach: match name.as_ref().and_then(|n| items.reach(n)) {
            Some(own) if board.stays => own.min(board.reach),
            own => own.unwrap_or(board.reach),
        },
        item: name,
        quantity: r.quantity.clone(),
        price: r.wage.clone().or_else(|| r.price.clone()),
        people: r.people,
        place,
        when: r.when.clone(),
        marks: r.marks.clone(),
        sex: r.sex,
        remark: r.remark.clone(),
        until: until(board, r.when.as_ref(), env.now),
        from,
        to,
        stops: r.stops.clone(),
        phone: r.phone.clone(),
        name: r.name.clone(),
        terms: r.terms.clone(),
        traits: r.traits.clone(),
        ..Post::new(id, owner, env.now)
    };
    if let Some(pool) = &side.pool {
        shares::open(env, pool, &mut post, r);
    }
    Some(post)
}

/// When a post runs out: after its board's days, or with the day it is for.
pub(super) fn until(board: &Board, when: Option<&When>, now: Timestamp) -> Timestamp {
    let day = when.filter(|_| board.ends_with_day).map(|w| i64::from(w.day));
    match day {
        Some(day) if day >= now.beijing_day() => Timestamp((day + 1) * DAY - BEIJING_OFFSET),
        _ => now.plus(i64::from(board.days) * DAY),
    }
}

/// Whether a person says again what already stands: then it is not posted twice.
fn same(a: &Post, b: &Post) -> bool {
    (&a.board, &a.side, &a.item, &a.quantity, &a.price, a.people)
        == (&b.board, &b.side, &b.item, &b.quantity, &b.price, b.people)
        && (&a.place, &a.when, &a.marks, a.sex) == (&b.place, &b.when, &b.marks, b.sex)
}

/// Files the drafts, tells the other sides and answers.
pub fn post(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    if turn.facts.drafts.is_empty() {
        match turn.facts.again.first().cloned() {
            // the rest of a long text said nothing that its beginning had not
            Some(_) if turn.facts.amends.is_some() => 0,
            Some(own) => {
                turn.ask(Ask::Twice { text: turn.mo.text.clone() });
                turn.answer(about(g, Reply::new("already"), &own))
            }
            None => {
                let claimed = turn.reading.claim.as_ref().map(|c| c.side.clone());
                let side = claimed.or_else(|| g.boards.by_intent(turn.reading.intent).map(|(_, s)| s.name.clone()));
                return ask::ask_item(turn, &side.unwrap_or_default());
            }
        };
        return;
    }
    if adult::asked(turn) {
        return;
    }
    let stands = |id: &PostId| turn.person.posts.contains(id);
    let fresh: Vec<PostId> = turn.facts.drafts.iter().map(|d| d.post.id).filter(|id| !stands(id)).collect();
    let new = fresh.len();
    let today = turn.person.today.posts.saturating_add(new as u32);
    if let Some(cap) = turn.env.rules.limits.posts().filter(|cap| today > *cap) {
        turn.answer(Reply::new("too_many_posts").set("count", cap.to_string()));
        return;
    }
    if turn.person.posts.len() + new > LIVE_POSTS {
        turn.answer(Reply::new("too_many_live").set("count", turn.person.posts.len().to_string()));
        return;
    }
    let mut drafts = std::mem::take(&mut turn.facts.drafts);
    turn.person.today.posts = today;
    turn.person.posts.extend(fresh);
    // a new text overtakes what was left open about an earlier one
    turn.person.questions.retain(|q| !matches!(q.ask, Ask::Meaning { .. } | Ask::Item { .. }));
    let waits: Vec<bool> = drafts.iter().map(|d| vouch::must_wait(turn, &d.post)).collect();
    for at in (0..drafts.len()).rev().filter(|at| waits[*at]) {
        let draft = drafts.remove(at);
        vouch::hold(turn, draft);
    }
    if drafts.is_empty() {
        return;
    }
    match drafts.as_slice() {
        [one] if turn.facts.again.is_empty() => answer_one(turn, one),
        many => answer_many(turn, many),
    }
    for d in drafts {
        spread(turn, &d);
        turn.out.save(d.post);
    }
}

/// Tells the owners of what a post meets, each once, however many of his posts it meets.
pub fn spread(turn: &mut Turn<'_>, draft: &Draft) {
    look::file(turn, &draft.post);
    alert::begin(turn, draft);
    if let Some(rules) = wave::rules(&turn.out, &draft.post) {
        return wave::first(turn, draft, rules);
    }
    let buyer = turn.person.name.clone().filter(|_| draft.post.owner == turn.msisdn);
    spread_by(&mut turn.out, draft, buyer);
}

/// The same where time brings it about; `name` is the owner's, where it is told.
pub fn spread_by(out: &mut Outcome<'_>, draft: &Draft, name: Option<String>) {
    let g = out.env.grammar;
    let post = &draft.post;
    // one of the two is a child who is missing
    let at_once = alert::urgent(out.env, post);
    let mut told: Vec<Msisdn> = Vec::new();
    for m in draft.matches.iter().filter(|m| !m.told) {
        // who does not want his words does not hear of his posts
        if m.owner.as_ref().is_some_and(|o| o.blocked.contains(&post.owner) || look::muted(o, post)) {
            continue;
        }
        out.tell(post.id, m.post.id);
        // who fills an order hears of what is pledged, not of all who might
        if told.contains(&m.post.owner) || offer::is_order(g, &m.post) {
            continue;
        }
        told.push(m.post.owner);
        if offer::is_order(g, post) {
            offer::push(out, post, m, name.clone());
            continue;
        }
        let Some(reply) = news(g, post, &m.post) else { continue };
        if at_once {
            out.urgent(m.post.owner, m.owner.as_ref(), &reply);
        } else {
            out.push(m.post.owner, m.owner.as_ref(), post.id, reply);
        }
    }
}

/// What the owner of `own` is told of a post that meets it.
pub fn news(g: &Grammar, post: &Post, own: &Post) -> Option<Reply> {
    if offer::is_order(g, post) {
        return Some(offer::news(g, post, own));
    }
    let board = g.boards.get(&post.board)?;
    let reply = Reply::new(board.news.clone())
        .set("no", phrase::number(post.id))
        .set("doing", phrase::doing(g, post))
        .set("what", format!("{}{}", phrase::clip(&phrase::item(post)), phrase::details(g, post)))
        .set("item", phrase::clip(&phrase::item(post)))
        .set("place", phrase::seen_from(post, own.place.code))
        .set("mine", phrase::number(own.id))
        .set("short", phrase::short(g, own));
    Some(reply)
}

fn about(g: &Grammar, reply: Reply, post: &Post) -> Reply {
    let days = g.boards.get(&post.board).map_or(0, |b| b.days);
    reply
        .set("no", phrase::number(post.id))
        .set("what", phrase::what(g, post))
        .set("short", phrase::short(g, post))
        .set("days", days.to_string())
}

pub(super) fn answer_one(turn: &mut Turn<'_>, draft: &Draft) {
    if offer::opened(turn, draft) || offer::answer(turn, draft) {
        return;
    }
    let g = turn.env.grammar;
    let p = &draft.post;
    // The first answer says that numbers are exchanged, and how not to; only then may they be.
    let relay = g.boards.get(&p.board).is_some_and(|b| b.touch == Touch::Relay);
    let first = !turn.person.informed && !relay;
    turn.person.informed |= first;
    // where nobody said a place, the station's own says nothing
    let nowhere = turn.person.place.is_none() && turn.reading.place.is_none();
    let place = if nowhere { String::new() } else { p.place.name.clone() };
    if draft.matches.is_empty() {
        if let Some(reply) = alert::said(draft, first) {
            turn.answer(about(g, reply, p).set("place", place));
            turn.ask(Ask::Readback { post: p.id });
            return;
        }
        let bus = p.to.as_ref().filter(|_| !p.shelf.offers).and_then(|to| note::bus_to(turn, &to.name));
        if let Some(bus) = bus {
            let reply = about(g, Reply::new("posted_ride_bus"), p).set("words", bus.words).set("text", bus.text);
            turn.answer(reply);
            turn.ask(Ask::Readback { post: p.id });
            return;
        }
        let asked = turn.person.questions.iter().any(|q| q.ask == Ask::Place);
        let reply = match (first, nowhere && !asked) {
            // where one is can be asked next time
            (true, _) => Reply::new("posted_first"),
            (false, true) => {
                turn.ask(Ask::Place);
                Reply::new("posted_ask_place")
            }
            (false, false) => Reply::new("posted"),
        };
        turn.answer(about(g, reply, p).set("place", place));
        turn.ask(Ask::Readback { post: p.id });
        return;
    }
    let posts: Vec<PostId> = draft.matches.iter().map(|m| m.post.id).collect();
    let name = if first { "posted_met_first" } else { "posted_met" };
    let reply = about(g, Reply::new(name), p)
        .set("place", place)
        .set("count", posts.len().to_string())
        .set("first", phrase::number(posts[0]))
        .set("doing", phrase::doing(g, &draft.matches[0].post))
        .list("entry", draft.matches.iter().map(|m| phrase::entry(g, &m.post, p)))
        .list("brief", draft.matches.iter().map(|m| phrase::brief(g, &m.post)));
    let shown = turn.answer(reply);
    if let Some(reply) = alert::said(draft, false) {
        turn.answer(about(g, reply, p).by("alert_told"));
    }
    turn.listed(Then::Contact, &posts, shown);
}

/// Several posts of one text, or one that is new beside others said again.
fn answer_many(turn: &mut Turn<'_>, drafts: &[Draft]) {
    let mut met: Vec<PostId> = Vec::new();
    for m in drafts.iter().flat_map(|d| &d.matches) {
        if !met.contains(&m.post.id) {
            met.push(m.post.id);
        }
    }
    let posts: Vec<Arc<Post>> =
        drafts.iter().map(|d| Arc::new(d.post.clone())).chain(turn.facts.again.iter().cloned()).collect();
    let name = if turn.person.informed { "posted_many" } else { "posted_many_first" };
    turn.person.informed = true;
    let reply = list::list(turn.env.grammar, Reply::new(name), &posts)
        .set("count", posts.len().to_string())
        .set("first", met.first().map(|p| phrase::number(*p)).unwrap_or_default())
        .set("met", if met.is_empty() { String::new() } else { met.len().to_string() });
    turn.answer(reply);
    if !met.is_empty() {
        turn.listed(Then::Contact, &met, 0);
    }
}
