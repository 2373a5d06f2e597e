//! Digits and other short answers: what they answer, and questions asked back.
//!
//! At most one question at a time is answered by a digit: the newest. A question answered is closed: a late or doubled
//! digit finds nothing to act on.

use std::borrow::Cow;
use std::mem::discriminant;

use super::facts::Facts;
use super::turn::{Env, Turn};
use super::{contact, own};
use crate::clock::Timestamp;
use crate::command::{self, Intent, Reading};
use crate::grammar::Grammar;
use crate::market::PostId;
use crate::message::Mo;
use crate::reply::{Reply, phrase};
use crate::store::Person;
use crate::store::record::{Ask, Then};

/// Whether a digit answers it.
pub fn by_digit(ask: &Ask) -> bool {
    matches!(ask, Ask::Which { .. } | Ask::Meaning { .. })
}

/// The question that a digit answers.
fn open(person: &Person, now: Timestamp) -> Option<&Ask> {
    person.questions.iter().rev().find(|q| now < q.until && by_digit(&q.ask)).map(|q| &q.ask)
}

/// The posts that the open question offers.
pub fn open_list(person: &Person, now: Timestamp) -> Option<&[PostId]> {
    match open(person, now) {
        Some(Ask::Which { posts, .. }) => Some(posts),
        _ => None,
    }
}

/// What the posts of the open question are picked for.
pub fn open_then(person: &Person, now: Timestamp) -> Option<Then> {
    match open(person, now) {
        Some(Ask::Which { then, .. }) => Some(*then),
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
pub fn meant<'r>(facts: &Facts, reading: &'r Reading, env: &Env<'_>, mo: &Mo) -> Cow<'r, Reading> {
    answer_to(facts, reading, env, mo).map_or(Cow::Borrowed(reading), |(_, meant)| Cow::Owned(meant))
}

/// The question that the text answers, and what it then means.
fn answer_to(facts: &Facts, reading: &Reading, env: &Env<'_>, mo: &Mo) -> Option<(Ask, Reading)> {
    let person = facts.person.as_ref().filter(|p| p.stopped.is_none())?;
    let near = env.rules.station(mo).map(|s| s.place).unwrap_or_default();
    let read = |text: &str| command::read(env.grammar, near, env.now, text);
    if let (Intent::Choose, Some(choice)) = (reading.intent, reading.choice) {
        let ask = open(person, env.now)?;
        let Ask::Meaning { text, intents } = ask else { return None };
        let intent = usize::from(choice).checked_sub(1).and_then(|i| intents.get(i))?;
        let again = Reading { intent: *intent, unsure: false, alternatives: Vec::new(), reason: None, ..read(text) };
        return Some((ask.clone(), again));
    }
    // only what says nothing else by itself can be the rest of an earlier text
    let loose = reading.unsure || reading.intent == Intent::Search || reading.reason == Some("unread");
    let words = || person.questions.iter().rev().filter(|q| env.now < q.until).map(|q| &q.ask);
    if let Some(ask) = words().find(|a| matches!(a, Ask::Item { .. })).filter(|_| loose)
        && let Ask::Item { text } = ask
    {
        let (first, joined) = (read(text), read(&format!("{text} {}", mo.text)));
        if joined.intent == first.intent && joined.item.is_some() && !joined.unsure {
            return Some((ask.clone(), joined));
        }
    }
    // a place alone, after "where are you?"
    let place = reading.intent == Intent::Unknown && reading.place.is_some() && reading.item.is_none();
    let asked = words().find(|a| **a == Ask::Place).filter(|_| place && reading.remark.is_none())?;
    Some((asked.clone(), Reading { intent: Intent::Register, unsure: false, reason: None, ..reading.clone() }))
}

/// Acts on the answer to an open question; false where the text answers none.
pub fn answered(turn: &mut Turn<'_>) -> bool {
    if let Some((asked, reading)) = answer_to(&turn.facts, &turn.reading, turn.env, turn.mo) {
        turn.person.questions.retain(|q| discriminant(&q.ask) != discriminant(&asked));
        turn.reading = reading;
        turn.dispatch();
        return true;
    }
    if turn.reading.intent == Intent::Register && turn.reading.place.is_some() {
        turn.person.questions.retain(|q| q.ask != Ask::Place);
    }
    if turn.reading.intent != Intent::Choose {
        return false;
    }
    let then = match open(&turn.person, turn.env.now).cloned() {
        Some(Ask::Which { then, .. }) => then,
        // a digit that was not offered: the question again
        Some(Ask::Meaning { text, intents }) => {
            let reply = meaning(turn.env.grammar, &text, &intents);
            turn.answer(reply);
            return true;
        }
        _ => return false,
    };
    let Some(post) = turn.facts.named.clone() else {
        let reply = own::which(turn.env.grammar, then, &turn.facts.listed);
        turn.answer(reply);
        return true;
    };
    match then {
        // the list stays open: one may call several of its people
        Then::Contact => contact::contact(turn),
        Then::Withdraw | Then::Done => {
            turn.person.questions.retain(|q| !matches!(q.ask, Ask::Which { .. }));
            own::close_one(turn, &post, then);
        }
    }
    true
}

/// Asks which of several readings was meant, and keeps what was said.
pub fn ask_meaning(turn: &mut Turn<'_>) {
    let intents: Vec<Intent> = turn.reading.alternatives.iter().copied().take(4).collect();
    let reply = meaning(turn.env.grammar, &turn.mo.text, &intents);
    turn.ask(Ask::Meaning { text: turn.mo.text.clone(), intents });
    turn.answer(reply);
}

fn meaning(g: &Grammar, text: &str, intents: &[Intent]) -> Reply {
    let word = |i: &Intent| {
        let name = serde_json::to_value(i).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default();
        phrase::word(g, &format!("meaning.{name}")).unwrap_or(name)
    };
    let guess: Vec<String> = intents.iter().enumerate().map(|(n, i)| format!("{}{}", n + 1, word(i))).collect();
    Reply::new("ask_meaning").set("guess", guess.join(" ")).set("said", phrase::clip(text))
}

/// Asks for the item that a post cannot do without, and keeps what was said.
pub fn ask_item(turn: &mut Turn<'_>, side: &str) {
    let g = turn.env.grammar;
    let word = |table: &str| phrase::word(g, &format!("{table}.{side}")).unwrap_or_default();
    let reply = Reply::new("no_item").set("unclear", word("unclear")).set("example", word("example"));
    turn.ask(Ask::Item { text: turn.mo.text.clone() });
    turn.answer(reply);
}
