//! 卖 收 招 找活 寻 捡到: a text becomes a post, and meets its counterparts.

use std::sync::Arc;

use super::facts::{Facts, today};
use super::turn::{Env, Turn};
use crate::clock::{DAY, Timestamp};
use crate::command::{Intent, Reading};
use crate::grammar::board::{Board, Kin, Need, Role, Side};
use crate::grammar::unit::Units;
use crate::market::matching::{self, Fit, Terms};
use crate::market::{Place, PlaceCode, Post, PostId, PostState, Shelf};
use crate::message::{Mo, Msisdn};
use crate::reply::{Reply, phrase};
use crate::store::Person;
use crate::store::record::{Ask, Then};

/// Posts read from one list of the index.
pub const CANDIDATES_PER_LIST: usize = 16;
/// Posts read and weighed for one new post, whatever the number of lists.
pub const CANDIDATES: usize = 64;
/// The best of them that are kept.
pub const KEPT_MATCHES: usize = 12;
/// Owners who are told of one new post.
const PUSHES: usize = 5;
/// Items of one text that become posts.
const POSTS_PER_TEXT: usize = 5;

/// A post about to be filed, and whom it meets.
#[derive(Debug)]
pub struct Draft {
    pub post: Post,
    /// Best first.
    pub matches: Vec<Match>,
}

/// A post that a draft meets.
#[derive(Debug)]
pub struct Match {
    pub post: Arc<Post>,
    pub fit: Fit,
    /// Read for the ones that are kept.
    pub owner: Option<Person>,
    /// Whether the two were told of each other before.
    pub told: bool,
}

/// The board's rules in the words of matching.
pub fn terms<'a>(board: &'a Board, side: &'a Side) -> Terms<'a> {
    Terms {
        meets: &side.meets,
        price_slack: board.rules.price_slack,
        same_sex: board.rules.same_sex,
        same_day: board.rules.same_day,
        not_before: board.rules.not_before,
    }
}

/// Weighs one candidate.
pub fn consider(draft: &mut Draft, terms: &Terms<'_>, other: Arc<Post>, units: &Units, now: Timestamp) {
    if other.id == draft.post.id {
        return;
    }
    if let Some(fit) = matching::fit(&draft.post, &other, terms, &|a, b| units.ratio(a, b), now) {
        draft.matches.push(Match { post: other, fit, owner: None, told: false });
    }
}

/// Where somebody is who does not say so: where he said he is at home, else where his station is.
pub fn home(env: &Env<'_>, mo: &Mo, person: Option<&Person>) -> Place {
    let station = || {
        let code = env.rules.station(mo).map(|s| s.place).unwrap_or(PlaceCode::COUNTRY);
        Place { code, name: env.grammar.places.get(code).unwrap_or_default().to_string() }
    };
    person.and_then(|p| p.place.clone()).unwrap_or_else(station)
}

/// The posts that a text makes, not yet numbered against each other's matches. Empty where it makes none.
pub fn draft(env: &Env<'_>, mo: &Mo, facts: &Facts, reading: &Reading, owner: Msisdn) -> Vec<Post> {
    let meant = super::question::meant(facts, reading, env);
    let reading: &Reading = &meant;
    if reading.intent == Intent::Register {
        return super::person::moved(env, facts, reading);
    }
    if reading.unsure || facts.person.as_ref().is_some_and(|p| p.stopped.is_some()) {
        return Vec::new();
    }
    let readings = std::iter::once(reading).chain(&reading.also).take(POSTS_PER_TEXT);
    let mut posts: Vec<Post> = Vec::new();
    for r in readings {
        let id = facts.next.post + posts.len() as u64;
        posts.extend(one(env, mo, facts, r, owner, id).filter(|p| !facts.own.iter().any(|o| same(o, p))));
    }
    posts
}

fn one(env: &Env<'_>, mo: &Mo, facts: &Facts, r: &Reading, owner: Msisdn, id: PostId) -> Option<Post> {
    let (board, side) = env.grammar.boards.by_intent(r.intent)?;
    if r.item.is_none() && board.item == Need::Required {
        return None;
    }
    let items = &env.grammar.items;
    let name = r.item.as_ref().map(|i| i.name.clone());
    let mut place = r.place.clone().unwrap_or_else(|| home(env, mo, facts.person.as_ref()));
    if place.code == PlaceCode::COUNTRY {
        // a place that only its people know: near the sender, under its own name
        place.code = home(env, mo, facts.person.as_ref()).code;
    }
    Some(Post {
        id,
        board: board.name.clone(),
        side: side.name.clone(),
        shelf: Shelf {
            offers: side.role == Role::Offer,
            any_item: board.item == Need::Optional,
            either_kin: board.kin == Kin::Either,
        },
        owner,
        station: env.rules.station(mo).map(|s| s.key.clone()).unwrap_or_default(),
        cause: facts.next.mo,
        item_said: r.item.as_ref().map(|i| i.said.clone()),
        nodes: name.as_ref().map(|n| items.path(n)).unwrap_or_default(),
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
        created: env.now,
        until: env.now.plus(i64::from(board.days) * DAY),
        state: PostState::Live,
    })
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
    let Some((board, side)) = g.boards.by_intent(turn.reading.intent) else { return };
    if turn.facts.drafts.is_empty() {
        let reading = &turn.reading;
        let again = |o: &&Arc<Post>| {
            o.board == board.name && o.side == side.name && o.item.as_ref() == reading.item.as_ref().map(|i| &i.name)
        };
        let reply = match turn.facts.own.iter().rev().find(again) {
            Some(o) if reading.item.is_some() || board.item == Need::Optional => Reply::new("already")
                .set("no", phrase::number(o.id))
                .set("what", phrase::what(g, o))
                .set("short", phrase::short(g, o)),
            _ => Reply::new("no_item").set("verb", side.verb.as_str()),
        };
        turn.answer(reply);
        return;
    }
    turn.person.today = today(&turn.person, turn.env.now);
    let wanted = turn.person.today.posts.saturating_add(turn.facts.drafts.len() as u32);
    if let Some(cap) = turn.env.rules.limits.posts().filter(|cap| wanted > *cap) {
        turn.answer(Reply::new("too_many_posts").set("count", cap.to_string()));
        return;
    }
    let drafts = std::mem::take(&mut turn.facts.drafts);
    let first = turn.facts.person.as_ref().is_none_or(|p| p.posts.is_empty());
    turn.person.today.posts += drafts.len() as u32;
    for d in &drafts {
        turn.person.posts.push(d.post.id);
    }
    let live: Vec<PostId> = turn.facts.own.iter().map(|p| p.id).chain(drafts.iter().map(|d| d.post.id)).collect();
    turn.person.posts.retain(|p| live.contains(p));
    match drafts.as_slice() {
        [one] => answer_one(turn, one, first),
        many => answer_many(turn, many),
    }
    for d in drafts {
        spread(turn, &d);
        turn.save(d.post);
    }
}

/// Tells the owners of what a post meets.
pub fn spread(turn: &mut Turn<'_>, draft: &Draft) {
    let g = turn.env.grammar;
    let doing = doing(turn, &draft.post);
    let Some(board) = g.boards.get(&draft.post.board) else { return };
    for m in draft.matches.iter().filter(|m| !m.told).take(PUSHES) {
        let reply = Reply::new(board.news.clone())
            .set("no", phrase::number(draft.post.id))
            .set("doing", doing.clone())
            .set("what", format!("{}{}", said(&draft.post), phrase::details(g, &draft.post)))
            .set("short", phrase::short(g, &m.post))
            .set("place", draft.post.place.name.clone())
            .set("mine", phrase::number(m.post.id));
        turn.push(m.post.owner, m.owner.as_ref(), draft.post.id, &reply);
        turn.tell(draft.post.id, m.post.id);
    }
}

fn answer_one(turn: &mut Turn<'_>, draft: &Draft, first: bool) {
    let g = turn.env.grammar;
    let p = &draft.post;
    let days = g.boards.get(&p.board).map_or(0, |b| b.days);
    let fill = |name| {
        Reply::new(name)
            .set("no", phrase::number(p.id))
            .set("what", phrase::what(g, p))
            .set("short", phrase::short(g, p))
            .set("place", p.place.name.clone())
            .set("days", days.to_string())
    };
    if draft.matches.is_empty() {
        let ask = turn.person.place.is_none() && turn.reading.place.is_none();
        let reply = match (first, ask) {
            // the first answer says that numbers are exchanged; where one is can be asked next time
            (true, _) => fill("posted_first"),
            (_, true) => fill("posted_ask_place"),
            _ => fill("posted"),
        };
        if ask {
            turn.ask(Ask::Place);
        }
        turn.answer(reply);
        return;
    }
    let posts: Vec<PostId> = draft.matches.iter().map(|m| m.post.id).collect();
    let reply = fill("posted_met")
        .set("count", posts.len().to_string())
        .set("doing", doing(turn, &draft.matches[0].post))
        .list("entry", draft.matches.iter().map(|m| entry(turn, p, &m.post)))
        .list("brief", draft.matches.iter().map(|m| phrase::brief(g, &m.post)));
    let shown = turn.answer(reply);
    turn.listed(Then::Contact, &posts, shown);
}

/// What the other side offers; its item too where it is not the same word.
fn entry(turn: &Turn<'_>, own: &Post, other: &Post) -> String {
    let g = turn.env.grammar;
    let item = if own.item == other.item { "" } else { said(other) };
    format!("{}{}{}{}", phrase::number(other.id), phrase::clip(item), phrase::details(g, other), other.place.name)
}

fn answer_many(turn: &mut Turn<'_>, drafts: &[Draft]) {
    let g = turn.env.grammar;
    let reply = Reply::new("posted_many")
        .set("count", drafts.len().to_string())
        .list("entry", drafts.iter().map(|d| phrase::named_entry(g, &d.post)))
        .list("brief", drafts.iter().map(|d| phrase::named_brief(g, &d.post)));
    turn.answer(reply);
    let met: Vec<PostId> = drafts.iter().flat_map(|d| d.matches.iter().map(|m| m.post.id)).collect();
    turn.listed(Then::Contact, &met, 0);
}

/// `在收`: what is said of the post to the other side.
fn doing(turn: &Turn<'_>, post: &Post) -> String {
    let side = turn.env.grammar.boards.get(&post.board).and_then(|b| b.side(&post.side));
    side.map(|s| s.doing.clone()).unwrap_or_default()
}

fn said(post: &Post) -> &str {
    post.item_said.as_deref().or(post.item.as_deref()).unwrap_or_default()
}
