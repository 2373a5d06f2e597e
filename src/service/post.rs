//! 卖 收 招 找活 寻 捡到: a text becomes a post, and meets its counterparts.

use std::sync::Arc;

use super::facts::Facts;
use super::facts::{Draft, Match, home};
use super::outcome::Env;
use super::turn::Turn;
use super::{ask, list};
use crate::clock::{BEIJING_OFFSET, DAY, Timestamp};
use crate::command::Reading;
use crate::grammar::Grammar;
use crate::grammar::board::{Board, Boards, Key, Kin, Need, Role, Side};
use crate::grammar::unit::Units;
use crate::market::matching::{self, Rules};
use crate::market::{PlaceCode, Post, PostId, Shelf};
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
const LIVE_POSTS: usize = 500;

/// The board's rules in the words of matching.
pub fn rules<'a>(boards: &'a Boards, board: &'a Board, side: &'a Side) -> Rules<'a> {
    Rules {
        meets: boards.met_by(board, side),
        price_slack: board.rules.price_slack,
        same_sex: board.rules.same_sex,
        other_sex: board.rules.other_sex,
        same_day: board.rules.same_day,
        same_way: board.rules.same_way,
        not_before: board.rules.not_before,
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
        let id = facts.next.post + posts.len() as u64;
        let Some(post) = one(env, mo, facts, r, owner, id) else { continue };
        match facts.own.iter().find(|o| same(o, &post)) {
            Some(own) => again.push(own.clone()),
            None if posts.iter().any(|p| same(p, &post)) => {}
            None => posts.push(post),
        }
    }
    (posts, again)
}

fn one(env: &Env<'_>, mo: &Mo, facts: &Facts, r: &Reading, owner: Msisdn, id: PostId) -> Option<Post> {
    let items = &env.grammar.items;
    let name = r.item.as_ref().map(|i| i.name.clone());
    let mut nodes = name.as_ref().map(|n| items.path(n)).unwrap_or_default();
    let (board, side) = env.grammar.boards.by_reading(r.intent, &nodes)?;
    if board.key == Key::Route {
        nodes = r.to.as_ref().map(Post::route_nodes).unwrap_or_default();
    }
    // 找活 alone is a post, 招工 alone says nothing of what for.
    let says_nothing = side.role == Role::Want && r.people.is_none() && r.wage.is_none() && r.remark.is_none();
    if r.item.is_none() && (board.item == Need::Required || says_nothing) {
        return None;
    }
    let mut place = r.place.clone().or_else(|| r.from.clone()).unwrap_or_else(|| home(env, mo, facts.person.as_ref()));
    if place.code == PlaceCode::COUNTRY {
        // a place that only its people know: near the sender, under its own name
        place.code = home(env, mo, facts.person.as_ref()).code;
    }
    Some(Post {
        board: board.name.clone(),
        side: side.name.clone(),
        shelf: Shelf {
            offers: side.role == Role::Offer,
            any_item: board.item == Need::Optional,
            either_kin: board.kin == Kin::Either,
            by_route: board.key == Key::Route,
        },
        station: env.rules.station(mo).map(|s| s.key.clone()).unwrap_or_default(),
        cause: facts.next.mo,
        item_said: r.item.as_ref().map(|i| i.said.clone()),
        nodes,
        reach: name.as_ref().and_then(|n| items.reach(n)).unwrap_or(board.reach),
        item: name,
        quantity: r.quantity.clone(),
        price: r.wage.clone().or_else(|| r.price.clone()),
        people: r.people,
        place,
        when: r.when.clone(),
        marks: r.marks.clone(),
        sex: r.sex,
        remark: r.remark.clone(),
        until: until(board, r, env.now),
        from: r.from.clone(),
        to: r.to.clone(),
        phone: r.phone.clone(),
        name: r.name.clone(),
        ..Post::new(id, owner, env.now)
    })
}

/// When a post runs out: after its board's days, or with the day it is for.
fn until(board: &Board, r: &Reading, now: Timestamp) -> Timestamp {
    let day = r.when.as_ref().filter(|_| board.ends_with_day).map(|w| i64::from(w.day));
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
    let Some((_, side)) = g.boards.by_intent(turn.reading.intent) else { return };
    if turn.facts.drafts.is_empty() {
        match turn.facts.again.first().cloned() {
            Some(own) => turn.answer(about(g, Reply::new("already"), &own)),
            None => return ask::ask_item(turn, &side.name),
        };
        return;
    }
    let new = turn.facts.drafts.len();
    let today = turn.person.today.posts.saturating_add(new as u32);
    if let Some(cap) = turn.env.rules.limits.posts().filter(|cap| today > *cap) {
        turn.answer(Reply::new("too_many_posts").set("count", cap.to_string()));
        return;
    }
    if turn.person.posts.len() + new > LIVE_POSTS {
        turn.answer(Reply::new("too_many_live").set("count", turn.person.posts.len().to_string()));
        return;
    }
    let drafts = std::mem::take(&mut turn.facts.drafts);
    let first = turn.person.posts.is_empty();
    turn.person.today.posts = today;
    turn.person.posts.extend(drafts.iter().map(|d| d.post.id));
    // a new text overtakes what was left open about an earlier one
    turn.person.questions.retain(|q| !matches!(q.ask, Ask::Meaning { .. } | Ask::Item { .. }));
    match drafts.as_slice() {
        [one] if turn.facts.again.is_empty() => answer_one(turn, one, first),
        many => answer_many(turn, many),
    }
    for d in drafts {
        spread(turn, &d);
        turn.out.save(d.post);
    }
}

/// Tells the owners of what a post meets, each once, however many of his posts it meets.
pub fn spread(turn: &mut Turn<'_>, draft: &Draft) {
    let g = turn.env.grammar;
    let post = &draft.post;
    let Some(board) = g.boards.get(&post.board) else { return };
    let mut told: Vec<Msisdn> = Vec::new();
    for m in draft.matches.iter().filter(|m| !m.told) {
        turn.out.tell(post.id, m.post.id);
        if told.contains(&m.post.owner) {
            continue;
        }
        told.push(m.post.owner);
        let reply = Reply::new(board.news.clone())
            .set("no", phrase::number(post.id))
            .set("doing", phrase::doing(g, post))
            .set("what", format!("{}{}", phrase::clip(&phrase::item(post)), phrase::details(g, post)))
            .set("item", phrase::clip(&phrase::item(post)))
            .set("place", phrase::seen_from(post, m.post.place.code))
            .set("mine", phrase::number(m.post.id))
            .set("short", phrase::short(g, &m.post));
        turn.out.push(m.post.owner, m.owner.as_ref(), post.id, reply);
    }
}

fn about(g: &Grammar, reply: Reply, post: &Post) -> Reply {
    let days = g.boards.get(&post.board).map_or(0, |b| b.days);
    reply
        .set("no", phrase::number(post.id))
        .set("what", phrase::what(g, post))
        .set("short", phrase::short(g, post))
        .set("days", days.to_string())
}

fn answer_one(turn: &mut Turn<'_>, draft: &Draft, first: bool) {
    let g = turn.env.grammar;
    let p = &draft.post;
    // where nobody said a place, the station's own says nothing
    let nowhere = turn.person.place.is_none() && turn.reading.place.is_none();
    let place = if nowhere { String::new() } else { p.place.name.clone() };
    if draft.matches.is_empty() {
        let asked = turn.person.questions.iter().any(|q| q.ask == Ask::Place);
        let reply = match (first, nowhere && !asked) {
            // the first answer says that numbers are exchanged; where one is can be asked next time
            (true, _) => Reply::new("posted_first"),
            (false, true) => {
                turn.ask(Ask::Place);
                Reply::new("posted_ask_place")
            }
            (false, false) => Reply::new("posted"),
        };
        turn.answer(about(g, reply, p).set("place", place));
        return;
    }
    let posts: Vec<PostId> = draft.matches.iter().map(|m| m.post.id).collect();
    let reply = about(g, Reply::new("posted_met"), p)
        .set("place", place)
        .set("count", posts.len().to_string())
        .set("first", phrase::number(posts[0]))
        .set("doing", phrase::doing(g, &draft.matches[0].post))
        .list("entry", draft.matches.iter().map(|m| phrase::entry(g, &m.post, p)))
        .list("brief", draft.matches.iter().map(|m| phrase::brief(g, &m.post)));
    let shown = turn.answer(reply);
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
    let reply = list::list(turn.env.grammar, Reply::new("posted_many"), &posts)
        .set("count", posts.len().to_string())
        .set("met", if met.is_empty() { String::new() } else { met.len().to_string() });
    turn.answer(reply);
    if !met.is_empty() {
        turn.listed(Then::Contact, &met, 0);
    }
}
