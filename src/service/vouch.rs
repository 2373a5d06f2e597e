//! What is only shown once the station manager has vouched for it: an appeal for help. His own phone is asked, one digit
//! answers. A station without a manager's phone shows it at once: nobody there could ever vouch.

use std::sync::Arc;

use super::facts::Draft;
use super::list;
use super::offer;
use super::post::spread;
use super::turn::Turn;
use crate::grammar::board::Vouch;
use crate::market::{Held, Post, PostId, PostState};
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;

/// Whether a new post of the sender must wait.
pub fn must_wait(turn: &Turn<'_>, post: &Post) -> bool {
    let side = turn.env.grammar.boards.get(&post.board).and_then(|b| b.side(&post.side));
    let staff = turn.env.rules.station(turn.mo).is_some_and(|s| s.managers.contains(&turn.msisdn));
    let waits = match side.map(|s| s.vouch).unwrap_or_default() {
        Vouch::No => false,
        Vouch::Each => true,
        Vouch::Who => !turn.person.vouched,
    };
    waits && !staff && !turn.facts.managers.is_empty()
}

/// Files a post out of sight and asks the manager.
pub fn hold(turn: &mut Turn<'_>, draft: Draft) {
    let g = turn.env.grammar;
    let post = Post { state: PostState::Held, held: Some(Held::Unvouched), ..draft.post };
    let name = if offer::is_order(g, &post) { "order_waiting" } else { "vouch_waiting" };
    let reply = Reply::new(name).set("no", phrase::number(post.id)).set("what", phrase::what(g, &post));
    turn.answer(reply);
    let Some(manager) = turn.facts.managers.first().cloned() else { return };
    let ask = Reply::new("vouch_ask")
        .set("no", phrase::number(post.id))
        .set("phone", turn.msisdn.local())
        .set("name", turn.person.name.clone().unwrap_or_default())
        .set("text", turn.mo.text.clone())
        .set("said", phrase::clip(&turn.mo.text));
    turn.out.notify(manager.msisdn, Some(&manager), &ask);
    turn.out.ask(manager.msisdn, Some(&manager), Ask::Vouch { post: post.id }, phrase::short(g, &post));
    turn.out.save(post);
}

/// The post as it is shown once it is vouched for, while it still waits.
pub fn shown(post: &Post) -> Option<Post> {
    let waits = post.state == PostState::Held && post.held == Some(Held::Unvouched);
    waits.then(|| Post { state: PostState::Live, held: None, ..post.clone() })
}

/// The manager's digit: 1 shows the post, 2 does not.
pub fn answer(turn: &mut Turn<'_>, id: PostId) {
    let g = turn.env.grammar;
    let about =
        |reply: Reply, post: &Post| reply.set("no", phrase::number(post.id)).set("short", phrase::short(g, post));
    let post = turn.facts.named.clone().filter(|p| p.id == id && shown(p).is_some());
    turn.person.questions.retain(|q| q.ask != Ask::Vouch { post: id });
    let Some(post) = post else {
        turn.answer(Reply::new("vouch_over").set("no", phrase::number(id)));
        return;
    };
    let owner = turn.facts.named_owner.clone();
    let Some(draft) = turn.facts.drafts.pop() else {
        turn.out.save(Post { state: PostState::Withdrawn, ..(*post).clone() });
        turn.out.notify(post.owner, owner.as_ref(), &about(Reply::new("vouch_refused"), &post));
        turn.answer(about(Reply::new("vouch_not"), &post));
        return;
    };
    let met: Vec<Arc<Post>> = draft.matches.iter().map(|m| m.post.clone()).collect();
    let mut told = about(Reply::new("vouch_shown"), &post);
    if let Some(first) = met.first() {
        told = list::list(g, told, &met).set("doing", phrase::doing(g, first));
    }
    let who = g.boards.get(&post.board).and_then(|b| b.side(&post.side)).is_some_and(|s| s.vouch == Vouch::Who);
    if let Some(mut known) = turn.out.person(post.owner, owner.as_ref()).filter(|_| who) {
        known.vouched = true;
        turn.out.keep(known);
    }
    turn.out.notify(post.owner, owner.as_ref(), &told);
    spread(turn, &draft);
    turn.out.save(draft.post);
    turn.answer(about(Reply::new("vouch_done"), &post));
}
