//! 作保 807: the station stands for both sides of a deal. Both must want it; then the station is named, and the goods are weighed
//! before it.

use std::sync::Arc;

use super::turn::Turn;
use super::words;
use crate::market::{Pact, PactKind, Post};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;

/// 作保 with a number, by one of the two or by the manager.
pub fn bail(turn: &mut Turn<'_>) {
    let Some(post) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        let reply = if no.is_empty() { Reply::new("bail_who") } else { Reply::new("no_such_post").set("no", no) };
        turn.answer(reply);
        return;
    };
    let two = |p: &&Pact| matches!(p.kind, PactKind::Deal | PactKind::Relay) && p.post == post.id;
    let Some(pact) = turn.facts.shares.about.iter().rev().find(two).cloned() else {
        let reply = about(turn, "bail_who", &post);
        turn.answer(reply);
        return;
    };
    if turn.facts.managers.is_empty() && !turn.is_manager() {
        let reply = about(turn, "bail_alone", &post);
        turn.answer(reply);
        return;
    }
    if pact.vouched {
        let reply = about(turn, "bailed", &post);
        turn.answer(reply);
        return;
    }
    let party = [pact.owner, pact.party].contains(&turn.msisdn);
    agree(
        turn,
        &post,
        pact,
        if party { ("bail_asked", Some("bail_ask")) } else { ("bail_offered", Some("bail_offer")) },
    );
}

fn about(turn: &Turn<'_>, name: &'static str, post: &Post) -> Reply {
    let station = turn.env.rules.station(turn.mo).map(|s| s.name.clone()).unwrap_or_default();
    words::of(turn.env.grammar, Reply::new(name), post)
        .set("what", phrase::what(turn.env.grammar, post))
        .set("station", station)
}

/// Takes note that the sender wants it; what he is told while another has still to say so, and how that one is asked if he was not
/// yet.
fn agree(turn: &mut Turn<'_>, post: &Arc<Post>, mut pact: Pact, (waits, asks): (&'static str, Option<&'static str>)) {
    let me = turn.msisdn;
    pact.owner_agreed |= me == pact.owner;
    pact.party_agreed |= me == pact.party;
    pact.changed = turn.env.now;
    if pact.owner_agreed && pact.party_agreed {
        return agreed(turn, post, pact);
    }
    turn.out.agree(pact.clone());
    for (who, said) in [(pact.owner, pact.owner_agreed), (pact.party, pact.party_agreed)] {
        if let Some(person) = turn.facts.shares.person(who).cloned().filter(|_| !said)
            && let Some(asks) = asks
        {
            let ask = Ask::Bail { post: post.id, pact: pact.id };
            turn.out.ask(who, Some(&person), ask, phrase::number(post.id));
            let reply = about(turn, asks, post);
            turn.out.notify(who, Some(&person), &reply);
        }
    }
    let reply = about(turn, waits, post);
    turn.answer(reply);
}

fn agreed(turn: &mut Turn<'_>, post: &Arc<Post>, mut pact: Pact) {
    pact.vouched = true;
    turn.out.agree(pact.clone());
    tell(turn, post, &pact, "bailed");
    // whoever keeps the station settles the day with both
    if let Some(manager) = turn.facts.managers.first().cloned() {
        let reply = about(turn, "bail_manager", post).set("phone", pact.owner.local()).set("other", pact.party.local());
        turn.out.notify(manager.msisdn, Some(&manager), &reply);
    }
}

/// Tells both.
fn tell(turn: &mut Turn<'_>, post: &Arc<Post>, pact: &Pact, name: &'static str) {
    for who in [pact.owner, pact.party] {
        let reply = about(turn, name, post);
        if who == turn.msisdn {
            turn.answer(reply);
        } else if let Some(person) = turn.facts.shares.person(who).cloned() {
            turn.out.notify(who, Some(&person), &reply);
        }
    }
}

/// The digit under the question whether the station is to stand for both.
pub fn answered(turn: &mut Turn<'_>, id: u64, yes: bool) {
    let pact = turn.facts.shares.about.iter().find(|p| p.id == id && p.stands()).cloned();
    let (Some(post), Some(pact)) = (turn.facts.named.clone(), pact) else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    if yes {
        return agree(turn, &post, pact, ("bail_half", None));
    }
    let other: Msisdn = pact.other_than(turn.msisdn);
    turn.out.agree(Pact { owner_agreed: false, party_agreed: false, ..pact });
    let reply = about(turn, "bail_no", &post);
    turn.answer(reply);
    if let Some(person) = turn.facts.shares.person(other).cloned() {
        let reply = about(turn, "bail_no_other", &post);
        turn.out.notify(other, Some(&person), &reply);
    }
}
