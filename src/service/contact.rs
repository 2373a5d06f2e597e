//! A bare number, `807`: two people are put in touch. Only now, and only these two, see each other's phone.

use super::facts::home;
use super::own;
use super::turn::Turn;
use crate::market::PostId;
use crate::reply::{Reply, phrase};

/// Posts kept as asked after.
const CONTACTED: usize = 30;

/// Exchanges the numbers of the sender and the owner of the named post.
pub fn contact(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some(post) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        turn.answer(Reply::new("no_such_post").set("no", no));
        return;
    };
    // Who says more than the number (101多少钱) has not asked for a phone yet, and is shown how to.
    let owner = turn.facts.named_owner.clone().filter(|o| o.stopped.is_none() && post.is_live(turn.env.now));
    let Some(owner) = owner.filter(|o| o.msisdn != turn.msisdn && !turn.reading.unsure) else {
        return own::view(turn);
    };
    let about = |reply: Reply| {
        reply
            .set("no", phrase::number(post.id))
            .set("what", phrase::what(g, &post))
            .set("short", phrase::short(g, &post))
    };
    let mine = turn.facts.met.last().cloned();
    let to_sender = about(Reply::new("contact"))
        .set("place", phrase::seen_from(&post, home(turn.env, turn.mo, Some(&turn.person)).code))
        .set("remark", post.remark.as_deref().map(phrase::remark).unwrap_or_default())
        .set("phone", owner.msisdn.local())
        .set("name", owner.name.clone().unwrap_or_default())
        .set("mine", mine.as_ref().map(|m| phrase::number(m.id)).unwrap_or_default())
        .set("over", mine.map(|m| phrase::over(g, &m)).unwrap_or_default());
    turn.answer(to_sender);
    // Who taps the number again gets it again; the owner has been told.
    if turn.person.contacted.contains(&post.id) {
        return;
    }
    let to_owner = about(Reply::new("contacted"))
        .set("phone", turn.msisdn.local())
        .set("name", turn.person.name.clone().unwrap_or_default())
        .set("over", phrase::over(g, &post));
    turn.out.notify(owner.msisdn, Some(&owner), &to_owner);
    remember(&mut turn.person.contacted, post.id);
}

fn remember(contacted: &mut Vec<PostId>, id: PostId) {
    contacted.push(id);
    let extra = contacted.len().saturating_sub(CONTACTED);
    contacted.drain(..extra);
}
