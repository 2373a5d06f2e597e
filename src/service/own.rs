//! 我的 看 更多 撤 成: one's own posts, and lists that go on.

use std::sync::Arc;

use super::turn::Turn;
use crate::market::{Post, PostId, PostState};
use crate::reply::{Reply, phrase};
use crate::store::record::Then;

/// Lists the sender's live posts, newest first.
pub fn mine(turn: &mut Turn<'_>) {
    let posts: Vec<Arc<Post>> = turn.facts.own.iter().rev().cloned().collect();
    if posts.is_empty() {
        turn.answer(Reply::new("mine_none"));
        return;
    }
    let reply = list(turn, "mine", &posts).set("count", posts.len().to_string());
    let shown = turn.answer(reply);
    let ids: Vec<PostId> = posts.iter().map(|p| p.id).collect();
    turn.listed(Then::Contact, &ids, shown);
}

/// Goes on with the last list.
pub fn more(turn: &mut Turn<'_>) {
    let posts = turn.facts.listed.clone();
    if posts.is_empty() {
        turn.person.more.clear();
        turn.answer(Reply::new("no_more"));
        return;
    }
    let reply = list(turn, "more", &posts);
    let shown = turn.answer(reply);
    let ids: Vec<PostId> = posts.iter().map(|p| p.id).collect();
    turn.listed(Then::Contact, &ids, shown);
}

/// Shows one post.
pub fn view(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some(post) = turn.facts.named.clone() else {
        match turn.reading.post {
            Some(n) => turn.answer(Reply::new("no_such_post").set("no", phrase::number(n))),
            None => return mine(turn),
        };
        return;
    };
    let days = (post.until.0 - turn.env.now.0).div_euclid(crate::clock::DAY);
    let live = post.is_live(turn.env.now);
    let reply = Reply::new("view")
        .set("no", phrase::number(post.id))
        .set("what", phrase::what(g, &post))
        .set("short", phrase::short(g, &post))
        .set("place", post.place.name.clone())
        .set("state", phrase::state(g, &post, turn.env.now))
        .set("days", if live { days.to_string() } else { String::new() });
    turn.answer(reply);
}

/// 撤 or 成: the post named, else the sender's latest fitting one; asked where several might be meant.
pub fn close(turn: &mut Turn<'_>, then: Then) {
    if let Some(number) = turn.reading.post.or(turn.facts.named.as_ref().map(|p| p.id)) {
        let reply = |name| Reply::new(name).set("no", phrase::number(number));
        match turn.facts.named.clone() {
            None => turn.answer(reply("no_such_post")),
            Some(p) if p.owner != turn.msisdn => turn.answer(reply("not_yours")),
            Some(p) => return close_one(turn, &p, then),
        };
        return;
    }
    let fitting = fitting(turn);
    match fitting.as_slice() {
        [] => {
            turn.answer(Reply::new("nothing_to_close"));
        }
        [.., last] if fitting.len() == 1 || turn.reading.item.is_some() => close_one(turn, last, then),
        several => {
            let posts: Vec<Arc<Post>> = several.iter().rev().take(9).cloned().collect();
            let reply = list(turn, "which", &posts).set("count", posts.len().to_string());
            let shown = turn.answer(reply);
            let ids: Vec<PostId> = posts.iter().map(|p| p.id).collect();
            turn.listed(then, &ids, shown);
        }
    }
}

/// Own live posts that the text can mean, oldest first: those of its item or of a kind of it, where it names one.
fn fitting(turn: &Turn<'_>) -> Vec<Arc<Post>> {
    let own = &turn.facts.own;
    let Some(item) = &turn.reading.item else { return own.clone() };
    own.iter().filter(|p| p.nodes.contains(&item.name) || p.item_said.as_ref() == Some(&item.said)).cloned().collect()
}

/// Closes one of the sender's own posts. Closing what is closed says so again and changes nothing.
pub fn close_one(turn: &mut Turn<'_>, post: &Arc<Post>, then: Then) {
    let g = turn.env.grammar;
    let (name, state) =
        if then == Then::Done { ("done", PostState::Done) } else { ("withdrawn", PostState::Withdrawn) };
    let reply = Reply::new(name).set("no", phrase::number(post.id)).set("short", phrase::short(g, post));
    if post.state == PostState::Live {
        turn.save(Post { state, ..(**post).clone() });
    }
    turn.person.posts.retain(|p| *p != post.id);
    turn.answer(reply);
}

/// A reply that lists posts of any kind.
fn list(turn: &Turn<'_>, name: &'static str, posts: &[Arc<Post>]) -> Reply {
    let g = turn.env.grammar;
    Reply::new(name)
        .list("entry", posts.iter().map(|p| phrase::named_entry(g, p)))
        .list("brief", posts.iter().map(|p| phrase::named_brief(g, p)))
}
