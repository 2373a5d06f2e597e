//! A number that was silent for 90 days may have been given to somebody else: before anything old is shown it is asked once
//! whether it is still the same person, and meanwhile nobody is given it.

use super::outcome::Env;
use super::turn::Turn;
use crate::clock::DAY;
use crate::command::Intent;
use crate::market::{Pact, PactState, Post, PostState};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::Person;
use crate::store::record::Ask;

/// After so long carriers give a number to another.
pub const SILENT: i64 = 90 * DAY;

/// Whether it is unsure whose phone it is.
pub fn silent(env: &Env<'_>, person: &Person) -> bool {
    person.doubted.is_some() || env.now.0 - person.last_heard.0 > SILENT
}

/// Whether anything is kept that another should not see.
fn has_past(person: &Person) -> bool {
    !person.posts.is_empty() || person.name.is_some() || !person.pacts.is_empty() || !person.contacted.is_empty()
}

/// Who writes again after long silence is asked first; what he wrote is done when he has answered. Returns whether he was asked.
pub fn asked_back(turn: &mut Turn<'_>) -> bool {
    let silent = turn.facts.person.as_ref().is_some_and(|p| silent(turn.env, p) && has_past(p));
    let answered = turn.person.doubted.is_none() && turn.facts.person.as_ref().is_some_and(|p| p.doubted.is_some());
    let harmless = matches!(
        turn.reading.intent,
        Intent::Stop | Intent::Start | Intent::Help | Intent::Unknown | Intent::Choose | Intent::DeleteMe
    );
    if !silent || answered {
        return false;
    }
    turn.person.doubted = turn.person.doubted.or(Some(turn.env.now));
    // the doubt stays; what shows nothing old is done
    if harmless {
        return false;
    }
    turn.ask(Ask::StillMe { text: turn.mo.text.clone() });
    // says nothing of who it was
    turn.answer(Reply::new("still_me"));
    true
}

/// Somebody wants to be put in touch with one who was silent for so long: that one is asked, once.
pub fn ask_owner(turn: &mut Turn<'_>, post: &Post, owner: &Person) {
    let no = phrase::number(post.id);
    turn.answer(Reply::new("doubtful").set("no", no.clone()));
    let Some(mut person) = turn.out.person(owner.msisdn, Some(owner)).filter(|o| o.doubted.is_none()) else { return };
    person.doubted = Some(turn.env.now);
    turn.out.keep(person);
    turn.out.ask(owner.msisdn, None, Ask::Same { post: post.id, party: turn.msisdn }, no.clone());
    // says nothing of what the other one posted
    turn.out.notify(owner.msisdn, None, &Reply::new("ask_same"));
}

/// Whether it is the same person. `party` wanted to know, where somebody did.
pub fn same(turn: &mut Turn<'_>, party: Option<Msisdn>, yes: bool) {
    let asker = party.and_then(|p| turn.facts.life.other(p).cloned());
    let post = turn.facts.named.clone();
    let no = post.map(|p| phrase::number(p.id)).unwrap_or_default();
    turn.person.doubted = None;
    if yes {
        turn.answer(Reply::new("same_yes"));
    } else {
        forget(turn);
        turn.answer(Reply::new("same_no"));
    }
    if let Some(asker) = asker {
        let name = if yes { "owner_back" } else { "owner_gone" };
        turn.out.notify(asker.msisdn, Some(&asker), &Reply::new(name).set("no", no));
    }
}

/// What the one before had: his posts are closed, what was known of him is forgotten.
fn forget(turn: &mut Turn<'_>) {
    for post in turn.facts.own.clone() {
        turn.out.save(Post { state: PostState::Withdrawn, ..(*post).clone() });
    }
    for pact in turn.facts.life.pacts.clone().into_iter().filter(|p| p.state == PactState::Open) {
        turn.out.agree(Pact { state: PactState::Released, changed: turn.env.now, ..pact });
    }
    let old = &turn.person;
    turn.person = Person {
        carrier: old.carrier.clone(),
        short_code: old.short_code.clone(),
        today: old.today,
        // what does harm stays with the number until the manager says otherwise
        barred: old.barred,
        stopped: old.stopped,
        stopped_by: old.stopped_by.clone(),
        ..Person::new(turn.msisdn, turn.env.now)
    };
}
