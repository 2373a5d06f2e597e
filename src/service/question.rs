//! Digits and other short answers: what they answer, and questions asked back.
//!
//! Which question a digit is for [`asked`] decides. A question answered is closed: a late or doubled digit finds nothing to
//! act on.

use std::borrow::Cow;
use std::mem::discriminant;

use super::asked::Bound;
use super::facts::Facts;
use super::outcome::Env;
use super::topic::PRICE;
use super::turn::Turn;
use super::{
    ask, asked, bail, contact, deal, doubt, erase, life, list, own, pledge, proxy, rate, report, roster, shift,
    sighting, ussd, vouch, weigh,
};
use crate::clock::Timestamp;
use crate::command::{self, Intent, Reading};
use crate::market::{PostId, Quantity};
use crate::message::Mo;
use crate::reply::Reply;
use crate::store::Person;
use crate::store::record::{Ask, Digit, Question, Then};

/// The post that the text names, or that its digit picks.
pub fn named_post(facts: &Facts, reading: &Reading, now: Timestamp, to: &str) -> Option<PostId> {
    let (Intent::Choose, Some(choice)) = (reading.intent, reading.choice) else { return reading.post };
    match asked::bound(facts.person.as_ref()?, now, to, choice) {
        Bound::One(Question { ask: Ask::Which { posts, .. }, .. }, choice) => {
            posts.get(usize::from(choice).checked_sub(1)?).copied()
        }
        Bound::One(question, _) => question.ask.post(),
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
    let read = |text: &str| command::read(env.grammar, near, env.now, text).posted();
    if let (Intent::Choose, Some(choice)) = (reading.intent, reading.choice) {
        let Bound::One(question, choice) = asked::bound(person, env.now, &mo.to, choice) else { return None };
        let ask = &question.ask;
        if let Ask::StillMe { text } | Ask::Adult { text } | Ask::Twice { text } = ask {
            return (choice == 1).then(|| (ask.clone(), read(text)));
        }
        let own = |intent| Reading { choice: reading.choice, ..Reading::of(intent) };
        match ask {
            Ask::Priced { item } => {
                let again = match choice {
                    1 => Reading { intent: Intent::Search, unsure: false, reason: None, ..read(item) },
                    2 => Reading { topic: Some(format!("{PRICE}{item}")), ..own(Intent::Subscribe) },
                    _ => return None,
                };
                return again
                    .item
                    .is_some()
                    .then_some(())
                    .or(again.topic.is_some().then_some(()))
                    .map(|()| (ask.clone(), again));
            }
            Ask::Resume => {
                return resumed(env, person, &read).filter(|_| choice == 1).map(|whole| (Ask::Resume, whole));
            }
            Ask::Note { words } => {
                let picked = usize::from(choice).checked_sub(1).and_then(|i| words.get(i))?;
                return Some((ask.clone(), Reading { topic: Some(picked.clone()), ..own(Intent::Info) }));
            }
            _ => {}
        }
        let Ask::Meaning { text, intents } = ask else { return None };
        let intent = usize::from(choice).checked_sub(1).and_then(|i| intents.get(i))?;
        let again = Reading { intent: *intent, unsure: false, alternatives: Vec::new(), reason: None, ..read(text) };
        return Some((ask.clone(), again));
    }
    if !facts.by_ussd
        && ussd::draft::says_resume(env.grammar, &mo.text)
        && let Some(whole) = resumed(env, person, &read)
    {
        return Some((Ask::Resume, whole));
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
    if let Some(ask) = words()
        .find(|a| matches!(a, Ask::Wrong { .. }))
        .filter(|_| loose || says_less(reading) || says_again(facts, reading))
        && let Ask::Wrong { post } = ask
    {
        let mended = Reading { post: Some(*post), remark: Some(mo.text.clone()), ..Reading::of(Intent::Correct) };
        return Some((ask.clone(), mended));
    }
    if let Some(ask) = words().find(|a| matches!(a, Ask::HowMuch { .. }))
        && let Ask::HowMuch { post } = ask
        && let Some(said) = how_much(reading, mo)
    {
        return Some((ask.clone(), Reading { post: Some(*post), quantity: Some(said), ..Reading::of(Intent::Fill) }));
    }
    if let Some(draft) = ussd::draft::of(env, person).filter(|_| !facts.by_ussd)
        && let Some(whole) = ussd::draft::joined(env, draft, reading, facts.named.is_some(), &mo.text, &read)
    {
        return Some((Ask::Resume, whole));
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
        match asked {
            Ask::StillMe { .. } => turn.person.doubted = None,
            Ask::Adult { .. } => turn.person.adult = true,
            Ask::Resume => ussd::draft::done(turn.env, &mut turn.person),
            _ => {}
        }
        turn.reading = reading;
        return Answered::Anew;
    }
    if turn.reading.intent == Intent::Register && turn.reading.place.is_some() {
        turn.person.questions.retain(|q| q.ask != Ask::Place);
    }
    let says = !turn.facts.by_ussd && ussd::draft::says_resume(turn.env.grammar, &turn.mo.text);
    if says && ussd::draft::of(turn.env, &turn.person).is_some() {
        ussd::draft::answered(turn, true);
        return Answered::Done;
    }
    let (Intent::Choose, Some(choice)) = (turn.reading.intent, turn.reading.choice) else { return Answered::No };
    let person = turn.person.clone();
    match asked::bound(&person, turn.env.now, &turn.mo.to, choice) {
        Bound::Nothing => Answered::No,
        Bound::One(question, choice) => {
            // whatever else was asked about this digit is answered with it
            turn.person.questions.retain(|q| !matches!(q.ask, Ask::Clarify { .. }));
            if let Some(choice) = turn.reading.choice {
                turn.person.digit = Some(Digit { choice, at: turn.env.now });
            }
            act(turn, question, choice)
        }
        Bound::Several(questions) => {
            ask::clarify(turn, choice, &questions);
            Answered::Done
        }
    }
}

/// Does what a question was asked for, one arm a kind of question.
fn act(turn: &mut Turn<'_>, question: &Question, choice: u8) -> Answered {
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
                then => {
                    turn.person.questions.retain(|q| !matches!(q.ask, Ask::Which { .. }));
                    match then {
                        Then::Done => deal::done(turn, &post),
                        Then::Renew => life::renew(turn),
                        _ => own::close_one(turn, &post, *then),
                    }
                }
            }
        }
        // a digit that was not offered: the question again
        Ask::Meaning { text, intents } => {
            let reply = ask::meaning(turn.env.grammar, text, intents);
            turn.answer(reply);
        }
        Ask::Vouch { post } if matches!(choice, 1 | 2) => vouch::answer(turn, *post),
        Ask::Vouch { .. } => return Answered::No,
        Ask::Place
        | Ask::Item { .. }
        | Ask::Clarify { .. }
        | Ask::Readback { .. }
        | Ask::Wrong { .. }
        | Ask::HowMuch { .. } => {
            return Answered::No;
        }
        Ask::Shift { .. } if !matches!(choice, 1..=3) => return Answered::No,
        Ask::Shift { .. } => {
            let asked = question.clone();
            turn.person.questions.retain(|q| q.ask != asked.ask);
            shift::answered(turn, &asked, choice);
        }
        ask => return by_digit(turn, &ask.clone(), choice),
    }
    Answered::Done
}

/// The questions of which 1 is yes and 2 is no, or that pick one of a few. What is answered is closed first, so that the
/// same digit again finds nothing; another digit than those offered leaves it open.
fn by_digit(turn: &mut Turn<'_>, ask: &Ask, choice: u8) -> Answered {
    let offered = if let Ask::With { pacts, .. } = ask { pacts.len() + 1 } else { 2 };
    if usize::from(choice) > offered || choice == 0 {
        return Answered::No;
    }
    turn.person.questions.retain(|q| q.ask != *ask);
    let yes = choice == 1;
    match ask {
        Ask::Remind { .. } => life::reminded(turn, yes),
        Ask::Dealt { pact, .. } => deal::answered(turn, *pact, yes),
        Ask::With { pacts, .. } => {
            deal::with(turn, usize::from(choice).checked_sub(1).and_then(|i| pacts.get(i)).copied())
        }
        Ask::Rate { pact, .. } => rate::rate(turn, *pact, yes),
        Ask::Reported { .. } => report::judged(turn, yes),
        Ask::Proxy { .. } => proxy::answered(turn, yes),
        Ask::Show { party, .. } => contact::shown(turn, *party, yes),
        Ask::Same { party, .. } => doubt::same(turn, Some(*party), yes),
        Ask::Sighting { .. } => sighting::answered(turn, yes),
        Ask::StillMe { .. } => doubt::same(turn, None, yes),
        Ask::Resume => ussd::draft::answered(turn, yes),
        Ask::Erase => erase::answered(turn, yes),
        Ask::Join { own, .. } => pledge::join(turn, *own, yes),
        Ask::Slip { pact, .. } => weigh::answered(turn, *pact, yes),
        Ask::Disputed { pact, .. } => weigh::judged(turn, *pact, yes),
        Ask::Bail { pact, .. } => bail::answered(turn, *pact, yes),
        Ask::Roster { post, .. } if yes => roster::households(turn, *post),
        Ask::Adult { .. } => drop(turn.answer(Reply::new("adults_only"))),
        Ask::Twice { .. } => drop(turn.answer(Reply::new("not_twice"))),
        _ => return Answered::No,
    }
    Answered::Done
}

/// What a draft comes to of which every step is answered.
fn resumed(env: &Env<'_>, person: &Person, read: &dyn Fn(&str) -> Reading) -> Option<Reading> {
    let draft = ussd::draft::of(env, person)?;
    let whole = ussd::draft::next(env.grammar, draft).is_none();
    whole.then(|| read(&ussd::draft::text(env.grammar, draft, "")))
}

/// The amount alone, after "how much?": `300斤`, `300`.
fn how_much(reading: &Reading, mo: &Mo) -> Option<Quantity> {
    let bare = mo.text.trim();
    if bare.bytes().all(|b| b.is_ascii_digit())
        && let Ok(n) = bare.parse::<i64>()
        && (1..100_000_000).contains(&n)
    {
        return Some(Quantity { amount: n.into(), max: None, unit: String::new(), approx: false });
    }
    reading.quantity.clone().filter(|_| reading.post.is_none() && reading.item.is_none())
}

/// `卖300斤` after "what is wrong?": a post without a thing of its own mends the one asked about.
fn says_less(reading: &Reading) -> bool {
    reading.item.is_none() && (reading.quantity.is_some() || reading.price.is_some()) && reading.post.is_none()
}

/// `是收玉米`: the very thing of an own post, said once more.
fn says_again(facts: &Facts, reading: &Reading) -> bool {
    let name = reading.item.as_ref().map(|i| &i.name);
    reading.post.is_none() && name.is_some() && facts.own.last().is_some_and(|p| p.item.as_ref() == name)
}
