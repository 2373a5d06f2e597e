//! Digits and other short answers: what they answer, and questions asked back.
//!
//! Which question a digit is for [`asked`] decides. A question answered is closed: a late or doubled digit finds nothing to
//! act on.

use std::borrow::Cow;
use std::mem::discriminant;

use super::asked::Bound;
use super::facts::Facts;
use super::outcome::Env;
use super::turn::Turn;
use super::{ask, asked, contact, list, own};
use crate::clock::Timestamp;
use crate::command::{self, Intent, Reading};
use crate::market::PostId;
use crate::message::Mo;
use crate::store::record::{Ask, Question, Then};

/// The post that the text names, or that its digit picks.
pub fn named_post(facts: &Facts, reading: &Reading, now: Timestamp, to: &str) -> Option<PostId> {
    let (Intent::Choose, Some(choice)) = (reading.intent, reading.choice) else { return reading.post };
    match asked::bound(facts.person.as_ref()?, now, to, choice) {
        Bound::One(Question { ask: Ask::Which { posts, .. }, .. }, choice) => {
            posts.get(usize::from(choice).checked_sub(1)?).copied()
        }
        _ => None,
    }
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
        let Bound::One(question, choice) = asked::bound(person, env.now, &mo.to, choice) else { return None };
        let ask = &question.ask;
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

/// What a text was to the questions open on its phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It answers none.
    No,
    /// It answers one; the turn's reading is now what was meant, and is to be done.
    Anew,
    /// It answered one, and what that asks for is done.
    Done,
}

/// Takes the answer to an open question.
pub fn answered(turn: &mut Turn<'_>) -> Answered {
    if let Some((asked, reading)) = answer_to(&turn.facts, &turn.reading, turn.env, turn.mo) {
        turn.person.questions.retain(|q| discriminant(&q.ask) != discriminant(&asked));
        turn.reading = reading;
        return Answered::Anew;
    }
    if turn.reading.intent == Intent::Register && turn.reading.place.is_some() {
        turn.person.questions.retain(|q| q.ask != Ask::Place);
    }
    let (Intent::Choose, Some(choice)) = (turn.reading.intent, turn.reading.choice) else { return Answered::No };
    let person = turn.person.clone();
    match asked::bound(&person, turn.env.now, &turn.mo.to, choice) {
        Bound::Nothing => Answered::No,
        Bound::One(question, choice) => {
            // whatever else was asked about this digit is answered with it
            turn.person.questions.retain(|q| !matches!(q.ask, Ask::Clarify { .. }));
            act(turn, question, choice)
        }
        Bound::Several(questions) => {
            ask::clarify(turn, choice, &questions);
            Answered::Done
        }
    }
}

/// Does what a question was asked for, one arm a kind of question.
fn act(turn: &mut Turn<'_>, question: &Question, _choice: u8) -> Answered {
    match &question.ask {
        Ask::Which { then, .. } => {
            let Some(post) = turn.facts.named.clone() else {
                let reply = list::which(turn.env.grammar, *then, &turn.facts.listed);
                turn.answer(reply);
                return Answered::Done;
            };
            match then {
                // the list stays open: one may call several of its people
                Then::Contact => contact::contact(turn),
                Then::Withdraw | Then::Done => {
                    turn.person.questions.retain(|q| !matches!(q.ask, Ask::Which { .. }));
                    own::close_one(turn, &post, *then);
                }
            }
        }
        // a digit that was not offered: the question again
        Ask::Meaning { text, intents } => {
            let reply = ask::meaning(turn.env.grammar, text, intents);
            turn.answer(reply);
        }
        Ask::Place | Ask::Item { .. } | Ask::Clarify { .. } => return Answered::No,
    }
    Answered::Done
}
