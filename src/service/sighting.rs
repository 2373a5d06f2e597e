//! 见 823 水库边: who saw what is missing says where; its owner hears of it at once and without the number of who saw it, and
//! answers 1 to be put in touch or 2 that it is not his. When it is found, all who helped are thanked.

use super::contact;
use super::turn::Turn;
use super::{alert, doubt, own, relay, tie};
use crate::market::{Pact, PactKind, PactState, Post};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;

/// Characters of what was seen that are passed on.
const WORDS: usize = 24;
/// Sightings and words that one phone passes on in a day, and that one phone hears.
const SAID: u32 = 20;
const HEARD: u32 = 40;

fn about(turn: &Turn<'_>, name: &'static str, post: &Post) -> Reply {
    let g = turn.env.grammar;
    let time = turn.env.now.beijing();
    Reply::new(name)
        .set("no", phrase::number(post.id))
        .set("short", phrase::short(g, post))
        .set("item", phrase::clip(&phrase::item(post)))
        .set("time", format!("{}:{:02}", time.hour(), time.minute()))
}

/// Passes a sighting on.
pub fn seen(turn: &mut Turn<'_>) {
    let no = turn.reading.post.map(phrase::number).unwrap_or_default();
    let Some(post) = turn.facts.named.clone() else {
        turn.answer(Reply::new("no_such_post").set("no", no));
        return;
    };
    let lost = alert::rules(turn.env, &post).is_some();
    let owner = turn.facts.named_owner.clone().filter(|o| o.stopped.is_none() && post.is_live(turn.env.now));
    let Some(owner) = owner.filter(|o| lost && o.msisdn != turn.msisdn) else { return own::view(turn) };
    let words = turn.reading.remark.clone().unwrap_or_default();
    let words = relay::without_numbers(turn.env.grammar, words.trim());
    if words.is_empty() {
        let reply = about(turn, "seen_where", &post);
        turn.answer(reply);
        return;
    }
    if owner.blocked.contains(&turn.msisdn) || turn.person.blocked.contains(&owner.msisdn) {
        let reply = about(turn, "seen_thanks", &post);
        turn.answer(reply);
        return;
    }
    if doubt::silent(turn.env, &owner) {
        return doubt::ask_owner(turn, &post, &owner);
    }
    let heard = turn.out.person(owner.msisdn, Some(&owner)).map_or(0, |o| o.today.heard);
    if turn.person.today.relayed >= SAID || heard >= HEARD {
        turn.answer(Reply::new("relay_enough").set("no", phrase::number(post.id)));
        return;
    }
    turn.person.today.relayed += 1;
    let pact = Pact::new(turn.out.next_pact(), PactKind::Sighting, &post, turn.msisdn, turn.env.now);
    let ask = Ask::Sighting { post: post.id, pact: pact.id };
    tie::remember(&mut turn.person, pact.id);
    turn.out.agree(pact);
    // the first time he hears that his number may pass, and how to keep it
    let first = !turn.person.informed && !turn.person.private;
    turn.person.informed = true;
    let reply = about(turn, if first { "seen_thanks_first" } else { "seen_thanks" }, &post);
    turn.answer(reply);
    if let Some(mut known) = turn.out.person(owner.msisdn, Some(&owner)) {
        known.today.heard += 1;
        turn.out.keep(known);
    }
    turn.out.ask(owner.msisdn, Some(&owner), ask, phrase::number(post.id));
    let reply = about(turn, "seen", &post).set("text", phrase::clip_at(&words, WORDS));
    // he waits for nothing else: the ox will not be there in the morning
    turn.out.urgent(owner.msisdn, Some(&owner), &reply);
}

/// The owner's digit: 1 puts him in touch with who saw it, 2 says that it is not his.
pub fn answered(turn: &mut Turn<'_>, yes: bool) {
    let pact = turn.facts.life.asked.clone().filter(|p| p.kind == PactKind::Sighting && p.stands());
    let (Some(post), Some(pact)) = (turn.facts.named.clone(), pact) else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    let now = turn.env.now;
    let Some(finder) = turn.facts.life.other(pact.party).cloned().filter(|p| p.stopped.is_none()) else {
        turn.answer(Reply::new("relay_nobody").set("no", phrase::number(post.id)));
        return;
    };
    if !yes {
        turn.out.agree(Pact { state: PactState::Released, changed: now, ..pact });
        let reply = about(turn, "seen_not", &post);
        turn.answer(reply);
        let reply = about(turn, "seen_not_finder", &post);
        turn.out.notify(finder.msisdn, Some(&finder), &reply);
        return;
    }
    turn.out.agree(Pact { state: PactState::Agreed, changed: now, ..pact });
    let open = contact::numbers_pass(&turn.person, &finder);
    let kind = if open { PactKind::Deal } else { PactKind::Relay };
    let between = Pact::new(turn.out.next_pact(), kind, &post, finder.msisdn, now);
    tie::remember(&mut turn.person, between.id);
    tie::keep_with(&mut turn.out, &finder, between.id);
    turn.out.agree(between);
    let (mine, his) = if open { ("seen_touch", "seen_touched") } else { ("seen_words", "seen_worded") };
    let reply = about(turn, mine, &post)
        .set("phone", finder.msisdn.local())
        .set("name", finder.name.clone().unwrap_or_default());
    turn.answer(reply);
    let reply = about(turn, his, &post)
        .set("phone", turn.msisdn.local())
        .set("name", turn.person.name.clone().unwrap_or_default());
    turn.out.urgent(finder.msisdn, Some(&finder), &reply);
}

/// It is found: thanks all who saw it or were in touch about it, each once.
pub fn thank(turn: &mut Turn<'_>, post: &Post) {
    let helped = turn.facts.life.joined.clone();
    let mut thanked: Vec<Msisdn> = Vec::new();
    for (pact, person) in helped.iter().filter(|(p, _)| p.post == post.id) {
        turn.out.agree(Pact { state: PactState::Done, changed: turn.env.now, ..pact.clone() });
        if !thanked.contains(&person.msisdn) {
            thanked.push(person.msisdn);
            let reply = about(turn, "seen_found", post);
            turn.out.notify(person.msisdn, Some(person), &reply);
        }
    }
}
