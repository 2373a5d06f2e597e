//! 我的 看 更多 撤 成: one's own posts, and lists that go on.

use std::sync::Arc;

use super::facts::{Facts, OWN, home};
use super::turn::Turn;
use super::{asked, list, note, roster, shift, topic};
use crate::clock::{DAY, Timestamp};
use crate::command::Reading;
use crate::grammar::lexicon::Sign;
use crate::market::{Post, PostId, PostState};
use crate::reply::{Reply, phrase};
use crate::store::Person;
use crate::store::record::Then;

/// Lists the sender's live posts, newest first.
pub fn mine(turn: &mut Turn<'_>) {
    if turn.env.grammar.lexicon.word(turn.mo.text.trim()).is_some_and(|w| w.has(Sign::Kept)) {
        return kept(turn, "kept");
    }
    let posts: Vec<Arc<Post>> = turn.facts.own.iter().rev().cloned().collect();
    let (shares, pledges) = roster::in_short(turn);
    if posts.is_empty() {
        if !shares.is_empty() {
            return roster::own(turn);
        }
        let p = &turn.person;
        if p.name.is_some() || p.place.is_some() || !p.topics.is_empty() {
            return kept(turn, "mine_none_kept");
        }
        turn.answer(Reply::new("mine_none"));
        return;
    }
    // of very many posts only the newest were read
    let count = if posts.len() < OWN { posts.len() } else { turn.person.posts.len() };
    let reply = list::list(turn.env.grammar, Reply::new("mine"), &posts)
        .set("count", count.to_string())
        .set("shares", shares)
        .set("pledges", pledges);
    let shown = turn.answer(reply);
    // older ones than were read come with 更多 as well
    let mut ids = list::ids(&posts);
    let older: Vec<PostId> = turn.person.posts.iter().rev().filter(|p| !ids.contains(p)).copied().collect();
    ids.extend(older);
    turn.listed(Then::Contact, &ids, shown);
}

/// What is kept of the sender besides his posts.
fn kept(turn: &mut Turn<'_>, name: &'static str) {
    let (g, p) = (turn.env.grammar, &turn.person);
    let reply = Reply::new(name)
        .set("name", p.name.clone().unwrap_or_default())
        .set("place", p.place.as_ref().map(|p| p.name.clone()).unwrap_or_default())
        .set("shown", phrase::word(g, if p.private { "shown.private" } else { "shown.public" }).unwrap_or_default())
        .set("count", p.posts.len().to_string())
        .set("good", if p.rated_good > 0 { p.rated_good.to_string() } else { String::new() })
        .list("topics", topic::labels(g, &p.topics));
    turn.answer(reply);
}

/// Goes on with the last list, and then with what came when the day's pushes were used up.
pub fn more(turn: &mut Turn<'_>) {
    if !turn.person.pages.is_empty() {
        return note::go_on(turn);
    }
    let posts = turn.facts.listed.clone();
    // what is picked for withdrawing goes on being picked for that
    if let Some(then) = picking(&turn.person, turn.env.now, &turn.mo.to) {
        return list::ask_which(turn, then, &posts);
    }
    let behind: Vec<PostId> = rest(&turn.person, turn.env.now, &turn.mo.to).into_iter().skip(READ).collect();
    turn.person.waiting.clear();
    if posts.is_empty() {
        turn.person.more = behind;
        turn.answer(Reply::new("no_more"));
        return;
    }
    let reply = list::list(turn.env.grammar, Reply::new("more"), &posts).set("left", behind.len().to_string());
    let shown = turn.answer(reply);
    let mut ids = list::ids(&posts);
    ids.extend(behind);
    turn.listed(Then::Contact, &ids, shown);
}

/// What the rest of the last list is to be picked for, if not for being put in touch.
fn picking(person: &Person, now: Timestamp, to: &str) -> Option<Then> {
    asked::open_then(person, now, to).filter(|then| *then != Then::Contact && !person.more.is_empty())
}

/// Posts of a long list that are read for one 更多, more than fit.
pub const READ: usize = 30;

/// The posts of 更多.
pub fn rest(person: &Person, now: Timestamp, to: &str) -> Vec<PostId> {
    let mut rest = person.more.clone();
    if picking(person, now, to).is_none() {
        rest.extend(person.waiting.iter().filter(|w| !person.more.contains(w)));
    }
    rest
}

/// Shows one post, and what can be done with it.
pub fn view(turn: &mut Turn<'_>) {
    let (g, now) = (turn.env.grammar, turn.env.now);
    let Some(post) = turn.facts.named.clone() else {
        match turn.reading.post {
            Some(n) => turn.answer(Reply::new("no_such_post").set("no", phrase::number(n))),
            None => return mine(turn),
        };
        return;
    };
    let stopped = turn.facts.named_owner.as_ref().is_none_or(|o| o.stopped.is_some());
    let reply = match (post.is_live(now), post.owner == turn.msisdn) {
        (true, true) => Reply::new("own_post"),
        (true, false) if !stopped => Reply::new("view"),
        (_, true) => Reply::new("own_post_closed"),
        _ => Reply::new("closed_post"),
    };
    // A day begun counts: what was filed a minute ago for 15 days stands for 15.
    let days = (post.until.0 - now.0 + DAY - 1).div_euclid(DAY).max(0);
    let reply = reply
        .set("no", phrase::number(post.id))
        .set("what", phrase::what(g, &post))
        .set("short", phrase::short(g, &post))
        .set("item", phrase::clip(&phrase::item(&post)))
        .set("place", phrase::seen_from(&post, home(turn.env, turn.mo, Some(&turn.person)).code))
        .set("state", phrase::state(g, &post, now))
        .set("over", phrase::over(g, &post))
        .set("days", days.to_string());
    turn.answer(reply);
}

/// 撤.
pub fn withdraw(turn: &mut Turn<'_>) {
    // 撤 715 by one who had said that he comes
    if turn.facts.named.as_ref().is_some_and(|p| p.owner != turn.msisdn) && shift::leaves(turn) {
        return;
    }
    if let Some(post) = meant(turn, Then::Withdraw) {
        close_one(turn, &post, Then::Withdraw);
    }
}

/// Which of his own posts the sender means: the one named, else his latest fitting one; asked where it may be several. Where
/// there is none he is told so.
pub fn meant(turn: &mut Turn<'_>, then: Then) -> Option<Arc<Post>> {
    if let Some(number) = turn.reading.post.or(turn.facts.named.as_ref().map(|p| p.id)) {
        let no = phrase::number(number);
        match turn.facts.named.clone() {
            None => turn.answer(Reply::new("no_such_post").set("no", no)),
            Some(p) if p.owner == turn.msisdn => return Some(p),
            // 成 with the other's number closes one's own post that met it: each closes his own.
            Some(_) => match turn.facts.met.last().cloned().filter(|_| then == Then::Done) {
                Some(own) => return Some(own),
                None => turn.answer(Reply::new("not_yours").set("no", no)),
            },
        };
        return None;
    }
    let fitting = fitting(&turn.facts, &turn.reading);
    match fitting.as_slice() {
        [] => {
            let said = turn.reading.item.as_ref().map(|i| phrase::clip(&i.said)).unwrap_or_default();
            let none =
                if turn.facts.own.is_empty() { Reply::new("nothing_to_close") } else { Reply::new("none_of_it") };
            turn.answer(none.set("said", said));
        }
        [.., last] if fitting.len() == 1 || turn.reading.item.is_some() => return Some(last.clone()),
        several => {
            let posts: Vec<Arc<Post>> = several.iter().rev().cloned().collect();
            list::ask_which(turn, then, &posts);
        }
    }
    None
}

/// Own live posts that the text can mean, oldest first: those of its item or of a kind of it, where it names one.
pub fn fitting(facts: &Facts, reading: &Reading) -> Vec<Arc<Post>> {
    let own = &facts.own;
    let Some(item) = &reading.item else { return own.clone() };
    own.iter().filter(|p| p.nodes.contains(&item.name) || p.item_said.as_ref() == Some(&item.said)).cloned().collect()
}

/// Closes one of the sender's own posts. Closing what is closed says so again and changes nothing.
pub fn close_one(turn: &mut Turn<'_>, post: &Arc<Post>, then: Then) {
    let g = turn.env.grammar;
    let (reply, state) = match then {
        Then::Done => (Reply::new("done").set("over", phrase::over(g, post)), PostState::Done),
        Then::Withdraw | Then::Contact | Then::Renew => (Reply::new("withdrawn"), PostState::Withdrawn),
    };
    let reply = reply.set("no", phrase::number(post.id)).set("short", phrase::short(g, post));
    let was_live = post.state == PostState::Live;
    if was_live {
        turn.out.save(Post { state, ..(**post).clone() });
    }
    turn.person.posts.retain(|p| *p != post.id);
    turn.answer(reply);
    if was_live && state == PostState::Withdrawn {
        shift::told(turn, "shift_off", post);
    }
}
