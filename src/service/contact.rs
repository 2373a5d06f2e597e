//! A bare number, `807`: two people are put in touch. Only now, and only these two, see each other's phone.

use super::turn::Turn;
use crate::reply::{Reply, phrase};
use crate::store::Person;

/// Exchanges the numbers of the sender and the owner of the named post.
pub fn contact(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some(post) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        turn.answer(Reply::new("no_such_post").set("no", no));
        return;
    };
    let fill = |name, about: &Person| {
        Reply::new(name)
            .set("no", phrase::number(post.id))
            .set("what", phrase::what(g, &post))
            .set("short", phrase::short(g, &post))
            .set("place", post.place.name.clone())
            .set("phone", about.msisdn.local())
            .set("name", about.name.clone().unwrap_or_default())
            .set("state", phrase::state(g, &post, turn.env.now))
    };
    if post.owner == turn.msisdn {
        let reply = fill("own_post", &turn.person);
        turn.answer(reply);
        return;
    }
    let owner = turn.facts.named_owner.clone();
    let Some(owner) = owner.filter(|o| o.stopped.is_none() && post.is_live(turn.env.now)) else {
        let reply = fill("closed_post", &turn.person);
        turn.answer(reply);
        return;
    };
    let (to_sender, to_owner) = (fill("contact", &owner), fill("contacted", &turn.person));
    turn.answer(to_sender);
    turn.push(owner.msisdn, Some(&owner), post.id, &to_owner);
}
