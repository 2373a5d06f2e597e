//! What a worker answers who was asked in a wave: 1 he comes, 2 he does not, 3 he asks first; later 撤 when he cannot come after
//! all. The hirer hears who comes and how many are still missing; with the last place the asking ends.

use super::contact;
use super::turn::Turn;
use super::wave::about;
use super::{tie, wave};
use crate::market::{Exact, Pact, PactKind, PactState, Post, PostState};
use crate::reply::Reply;
use crate::store::Person;
use crate::store::record::Question;

/// The worker's digit.
pub fn answered(turn: &mut Turn<'_>, ask: &Question, choice: u8) {
    let (post, pact) = (turn.facts.named.clone(), turn.facts.life.asked.clone());
    let pact = pact.filter(|p| p.state == PactState::Open && p.party == turn.msisdn);
    let (Some(post), Some(pact), Some(hirer)) = (post, pact, turn.facts.named_owner.clone()) else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    if !post.is_live(turn.env.now) || post.hands() == Some(0) {
        let reply = about(&turn.out, "shift_over", &post);
        turn.answer(reply);
        return;
    }
    match choice {
        1 => comes(turn, &post, pact, &hirer),
        2 => {
            turn.out.agree(Pact { state: PactState::Released, changed: turn.env.now, ..pact });
            let reply = about(&turn.out, "shift_no", &post);
            turn.answer(reply);
        }
        _ => {
            // whoever asks first has still to say whether he comes
            turn.person.ask(ask.clone());
            contact::contact(turn);
        }
    }
}

fn comes(turn: &mut Turn<'_>, post: &Post, pact: Pact, hirer: &Person) {
    let now = turn.env.now;
    // a pair that looks for work together comes as two
    let hands = pact.people.unwrap_or(1).max(1).min(post.hands().unwrap_or(u32::MAX));
    let mut new = Post { taken: post.taken + Exact::from_integer(i64::from(hands)), ..post.clone() };
    if new.people.is_none() {
        new.taken = Exact::default();
    }
    let full = new.hands() == Some(0);
    if full {
        new.state = PostState::Done;
    }
    turn.out.agree(Pact { state: PactState::Agreed, people: Some(hands), changed: now, ..pact.clone() });
    let open = contact::numbers_pass(&turn.person, hirer);
    tie::tie(turn, post, hirer, if open { PactKind::Deal } else { PactKind::Relay });
    tie::remember(&mut turn.person, pact.id);
    let answer = about(&turn.out, if open { "shift_yes" } else { "shift_yes_words" }, post)
        .set("people", hands.to_string())
        .set("phone", hirer.msisdn.local())
        .set("name", hirer.name.clone().unwrap_or_default());
    turn.answer(answer);
    let name = match (full, open) {
        (false, true) => "shift_joined",
        (false, false) => "shift_joined_words",
        (true, true) => "shift_filled",
        (true, false) => "shift_filled_words",
    };
    let reply = about(&turn.out, name, post)
        .set("people", hands.to_string())
        .set("phone", turn.msisdn.local())
        .set("name", turn.person.name.clone().unwrap_or_default())
        .set("free", new.hands().map(|n| n.to_string()).unwrap_or_default());
    if full && let Some(mut owner) = turn.out.person(hirer.msisdn, Some(hirer)) {
        owner.posts.retain(|p| *p != post.id);
        turn.out.keep(owner);
    }
    turn.out.notify(hirer.msisdn, Some(hirer), &reply);
    turn.out.save(new);
}

/// 撤 715 by a worker who had said that he comes: his place is free again, and the asking goes on. Returns whether it was that.
pub fn leaves(turn: &mut Turn<'_>) -> bool {
    let pact = turn.facts.life.asked.clone().filter(|p| p.party == turn.msisdn && p.state == PactState::Agreed);
    let (Some(post), Some(pact)) = (turn.facts.named.clone(), pact.filter(|p| p.kind == PactKind::Shift)) else {
        return false;
    };
    let (now, hirer) = (turn.env.now, turn.facts.named_owner.clone());
    let hands = Exact::from_integer(i64::from(pact.people.unwrap_or(1)));
    turn.out.agree(Pact { state: PactState::Released, changed: now, ..pact });
    let reply = about(&turn.out, "shift_left", &post);
    turn.answer(reply);
    let full = post.hands() == Some(0);
    let mut new = (*post).clone();
    new.taken = (new.taken - hands).max(Exact::default());
    // closed by its last place, it opens again; closed by its owner, it stays so
    if full && new.state == PostState::Done && now < new.until {
        new.state = PostState::Live;
    }
    if let Some(hirer) = hirer.filter(|h| h.stopped.is_none()) {
        let reply = about(&turn.out, "shift_lost", &new)
            .set("name", turn.person.name.clone().unwrap_or_default())
            .set("phone", if contact::numbers_pass(&turn.person, &hirer) { turn.msisdn.local() } else { String::new() })
            .set("free", new.hands().map(|n| n.to_string()).unwrap_or_default());
        if let Some(mut owner) = turn.out.person(hirer.msisdn, Some(&hirer)).filter(|_| new.is_live(now)) {
            if !owner.posts.contains(&new.id) {
                owner.posts.push(new.id);
            }
            turn.out.keep(owner);
        }
        turn.out.notify(hirer.msisdn, Some(&hirer), &reply);
    }
    if new.is_live(now)
        && let Some(rules) = wave::rules(&turn.out, &new)
    {
        wave::again(&mut turn.out, new.id, rules);
    }
    turn.out.save(new);
    true
}

/// The hirer takes the job back, or changes it: those who said that they come hear of it.
pub fn told(turn: &mut Turn<'_>, name: &'static str, post: &Post) {
    let coming = turn.facts.life.joined.clone();
    for (_, worker) in coming.iter().filter(|(p, _)| p.post == post.id && p.kind == PactKind::Shift) {
        let reply = about(&turn.out, name, post);
        turn.out.notify(worker.msisdn, Some(worker), &reply);
    }
}

/// Whether anybody said that he comes.
pub fn any(turn: &Turn<'_>, post: &Post) -> bool {
    turn.facts.life.joined.iter().any(|(p, _)| p.post == post.id && p.kind == PactKind::Shift)
}
