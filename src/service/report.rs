//! 举报: who saw a post may say that it is false. After a few who say so, each for himself, nobody sees it until the manager looked.

use super::turn::Turn;
use crate::market::{Held, Post, PostState};
use crate::reply::{Reply, phrase};
use crate::store::record::{Ask, Unread};

/// So many independent reports hide a post; and so many more once the manager has shown it again.
const REPORTS: usize = 3;
/// Reporters kept with a post: after these the manager has looked many times.
const KEPT: usize = 60;

/// 举报 807.
pub fn report(turn: &mut Turn<'_>) {
    let Some(post) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        turn.answer(Reply::new("no_such_post").set("no", no));
        return;
    };
    let no = phrase::number(post.id);
    if post.owner == turn.msisdn {
        turn.answer(Reply::new("report_own").set("no", no));
        return;
    }
    if !saw(turn, post.id) {
        // a person looks, but it does not count: else three phones could silence anybody
        turn.unread = Some(Unread::NotUnderstood);
        turn.answer_seldom(Reply::new("report_unseen").set("no", no), super::turn::PASSED_ON_ANSWERS);
        return;
    }
    if post.reporters.contains(&turn.msisdn) || post.reporters.len() >= KEPT || post.state != PostState::Live {
        turn.answer(Reply::new("reported_before").set("no", no));
        return;
    }
    let mut post = Post { ..(*post).clone() };
    post.reporters.push(turn.msisdn);
    turn.answer(Reply::new("reported").set("no", no.clone()));
    if post.reporters.len().is_multiple_of(REPORTS) {
        post.state = PostState::Held;
        post.held = Some(Held::Reported);
        let g = turn.env.grammar;
        let count = post.reporters.len().to_string();
        let about = |name: &'static str| {
            Reply::new(name)
                .set("no", no.clone())
                .set("what", phrase::what(g, &post))
                .set("short", phrase::short(g, &post))
                .set("count", count.clone())
        };
        if let Some(owner) = turn.facts.named_owner.clone() {
            turn.out.notify(owner.msisdn, Some(&owner), &about("held_reported"));
        }
        // every manager is asked: the first who answers decides
        for manager in turn.facts.managers.clone() {
            turn.out.ask(manager.msisdn, Some(&manager), Ask::Reported { post: post.id }, no.clone());
            turn.out.notify(manager.msisdn, Some(&manager), &about("ask_reported"));
        }
    }
    turn.out.save(post);
}

/// Whether the sender was shown the post: it met his, was in one of his lists, or he asked for it.
fn saw(turn: &Turn<'_>, id: u64) -> bool {
    let p = &turn.person;
    let in_list = p.questions.iter().any(|q| matches!(&q.ask, Ask::Which { posts, .. } if posts.contains(&id)));
    !turn.facts.met.is_empty()
        || !turn.facts.life.pacts.is_empty()
        || in_list
        || p.contacted.contains(&id)
        || p.more.contains(&id)
        || p.waiting.contains(&id)
}

/// The manager has looked.
pub fn judged(turn: &mut Turn<'_>, fine: bool) {
    let Some(post) = turn.facts.named.clone().filter(|p| p.held == Some(Held::Reported)) else {
        turn.answer(Reply::new("judged_before"));
        return;
    };
    let owner = turn.facts.named_owner.clone();
    let g = turn.env.grammar;
    let about =
        |name: &'static str| Reply::new(name).set("no", phrase::number(post.id)).set("short", phrase::short(g, &post));
    let drafts = std::mem::take(&mut turn.facts.drafts);
    if fine && !drafts.is_empty() {
        turn.answer(about("judged_fine"));
        for d in drafts {
            super::post::spread(turn, &d);
            turn.out.save(d.post);
        }
        if let Some(o) = &owner {
            turn.out.notify(o.msisdn, owner.as_ref(), &about("shown_again"));
        }
        return;
    }
    turn.answer(about("judged_bad"));
    turn.out.save(Post { state: PostState::Withdrawn, held: None, ..(*post).clone() });
    if let Some(mut o) = owner {
        o.posts.retain(|p| *p != post.id);
        turn.out.keep(o.clone());
        turn.out.notify(o.msisdn, Some(&o), &about("taken_down"));
    }
}
