//! Digits and other short answers: what they answer, and questions asked back.
//!
//! A digit binds to the newest open question of the phone. A question answered is closed: a late or doubled digit finds
//! nothing to act on.

use std::borrow::Cow;

use super::facts::Facts;
use super::turn::{Env, Turn};
use super::{contact, own};
use crate::clock::Timestamp;
use crate::command::{Intent, Reading};
use crate::market::{PlaceCode, PostId};
use crate::reply::{Reply, phrase};
use crate::store::Person;
use crate::store::record::{Ask, Then};

/// The newest question that is still open.
fn open(person: &Person, now: Timestamp) -> Option<&Ask> {
    person.questions.iter().rev().find(|q| now < q.until && !matches!(q.ask, Ask::Place)).map(|q| &q.ask)
}

/// The posts that the newest open question offers.
pub fn open_list(person: &Person, now: Timestamp) -> Option<&[PostId]> {
    match open(person, now) {
        Some(Ask::Which { posts, .. }) => Some(posts),
        _ => None,
    }
}

/// The post that the text names, or that its digit picks.
pub fn named_post(facts: &Facts, reading: &Reading, now: Timestamp) -> Option<PostId> {
    if reading.intent == Intent::Choose {
        let posts = open_list(facts.person.as_ref()?, now)?;
        return posts.get(usize::from(reading.choice?).checked_sub(1)?).copied();
    }
    reading.post
}

/// The reading that counts: where the text answers an open question, that of the question.
pub fn meant<'r>(facts: &Facts, reading: &'r Reading, env: &Env<'_>) -> Cow<'r, Reading> {
    let Some(person) = &facts.person else { return Cow::Borrowed(reading) };
    if let (Intent::Choose, Some(choice)) = (reading.intent, reading.choice)
        && let Some(Ask::Meaning { text, intents }) = open(person, env.now)
        && let Some(intent) = usize::from(choice).checked_sub(1).and_then(|i| intents.get(i))
    {
        let home = person.place.as_ref().map(|p| p.code).unwrap_or(PlaceCode::COUNTRY);
        let again = crate::command::read(env.grammar, home, env.now, text);
        return Cow::Owned(Reading { intent: *intent, unsure: false, alternatives: Vec::new(), ..again });
    }
    // a place alone, after "where are you?"
    let asked = person.questions.iter().any(|q| env.now < q.until && q.ask == Ask::Place);
    if asked && reading.intent == Intent::Unknown && reading.place.is_some() && reading.item.is_none() {
        return Cow::Owned(Reading { intent: Intent::Register, unsure: false, reason: None, ..reading.clone() });
    }
    Cow::Borrowed(reading)
}

/// Acts on the answer to an open question; false where the text answers none.
pub fn answered(turn: &mut Turn<'_>) -> bool {
    if let Cow::Owned(reading) = meant(&turn.facts, &turn.reading, turn.env) {
        let kind = reading.intent;
        turn.person.questions.retain(|q| match q.ask {
            Ask::Place => kind != Intent::Register,
            Ask::Meaning { .. } => kind == Intent::Register,
            Ask::Which { .. } => true,
        });
        turn.reading = reading;
        turn.dispatch();
        return true;
    }
    if turn.reading.intent != Intent::Choose {
        return false;
    }
    let Some(person) = turn.facts.person.clone() else { return false };
    let Some(Ask::Which { then, posts }) = open(&person, turn.env.now) else { return false };
    let Some(post) = turn.facts.named.clone() else {
        let listed = turn.facts.listed.clone();
        let g = turn.env.grammar;
        let reply = Reply::new("which")
            .set("count", posts.len().to_string())
            .list("entry", listed.iter().map(|p| phrase::named_entry(g, p)))
            .list("brief", listed.iter().map(|p| phrase::named_brief(g, p)));
        turn.answer(reply);
        return true;
    };
    match then {
        // the list stays open: one may call several of its people
        Then::Contact => contact::contact(turn),
        done => {
            turn.person.questions.retain(|q| !matches!(q.ask, Ask::Which { .. }));
            own::close_one(turn, &post, *done);
        }
    }
    true
}

/// Asks which of several readings was meant, and keeps what was said.
pub fn ask_meaning(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let intents: Vec<Intent> = turn.reading.alternatives.iter().copied().take(4).collect();
    let word = |i: &Intent| {
        let name = serde_json::to_value(i).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default();
        phrase::word(g, &format!("meaning.{name}")).unwrap_or(name)
    };
    let guess: Vec<String> = intents.iter().enumerate().map(|(n, i)| format!("{}{}", n + 1, word(i))).collect();
    let reply = Reply::new("ask_meaning").set("guess", guess.join(" ")).set("said", phrase::clip(&turn.mo.text));
    turn.ask(Ask::Meaning { text: turn.mo.text.clone(), intents });
    turn.answer(reply);
}
