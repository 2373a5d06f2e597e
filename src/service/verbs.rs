//! One verb, one function: what a text asks for is done by the file of its family. Pure, from the facts to a change.

use super::facts::Facts;
use super::outcome::Env;
use super::question::Answered;
use super::turn::{PASSED_ON_ANSWERS, Turn, UNREAD_ANSWERS};
use super::ussd::Said;
use super::{
    alert, ask, bail, contact, deal, doubt, echo, erase, find, lesson, life, long, note, own, person, pledge, post,
    price, proxy, question, rate, relay, report, roster, sighting, topic, weigh,
};
use crate::command::{Intent, Reading};
use crate::market::PostId;
use crate::message::{Mo, MtClass, Sender};
use crate::reply::Reply;
use crate::store::record::{Ask, Question, Unread};
use crate::store::{Change, MoRecord};

/// The reading that stands in when the code fails on a text.
pub fn fault() -> Reading {
    Reading { reason: Some(FAULT), ..Reading::of(Intent::Unknown) }
}

const FAULT: &str = "fault";

/// Decides what a text does.
pub fn decide(env: &Env<'_>, facts: Facts, mo: &Mo, reading: &Reading) -> Change {
    decide_said(env, facts, mo, reading).0
}

/// The same, with what is shown where it was said by USSD.
pub fn decide_said(env: &Env<'_>, facts: Facts, mo: &Mo, reading: &Reading) -> (Change, Vec<Said>) {
    let seen = facts.seen.clone();
    let mut record = MoRecord {
        seq: facts.next.mo,
        mo: mo.clone(),
        received: env.now,
        station: env.rules.station(mo).map(|s| s.key.clone()).unwrap_or_default(),
        intent: reading.intent.as_str().to_string(),
        unread: None,
        answers: Vec::new(),
    };
    let Sender::Phone(msisdn) = mo.from else {
        // A service number or a name: kept, never answered.
        record.unread = needs_a_person(reading);
        return (Change { seen: Some((seen, env.now)), mos: vec![record], ..Change::default() }, Vec::new());
    };
    let mut turn = Turn::new(env, facts, mo, reading, msisdn);
    act(&mut turn);
    record.unread = turn.unread;
    // what was practice counts as nothing else
    if turn.reading.intent == Intent::Learn {
        record.intent = Intent::Learn.as_str().to_string();
    }
    record.answers =
        turn.out.mts().iter().filter(|m| m.class == MtClass::Answer && m.to == msisdn).map(|m| m.id).collect();
    let said = std::mem::take(&mut turn.said);
    (Change { seen: Some((seen, env.now)), mos: vec![record], ..turn.into_change() }, said)
}

fn needs_a_person(reading: &Reading) -> Option<Unread> {
    match (reading.intent, reading.reason) {
        (Intent::Unknown, Some(FAULT)) => Some(Unread::Fault),
        (Intent::Unknown, None | Some("unread")) => Some(Unread::NotUnderstood),
        _ => None,
    }
}

fn act(turn: &mut Turn<'_>) {
    long::take_back(turn);
    // 退订 is law: nothing at all until the phone joins again.
    if turn.person.stopped.is_some() && turn.reading.intent != Intent::Start {
        // but a text that wants something is for a person to see
        let wants = !matches!(turn.reading.intent, Intent::Stop | Intent::Unknown | Intent::Choose);
        turn.unread = needs_a_person(&turn.reading).or(wants.then_some(Unread::NotUnderstood));
        return;
    }
    // the text is kept; another answer would go on for ever
    if !turn.facts.by_ussd && echo::is_one(turn) {
        return;
    }
    // 2 says that a read-back is wrong, as long as nothing was said since
    let read_back = |q: &Question| matches!(q.ask, Ask::Readback { .. });
    let read_back_of = turn.person.questions.iter().find(|q| read_back(q)).and_then(|q| match q.ask {
        Ask::Readback { post } => Some(post),
        _ => None,
    });
    turn.person.questions.retain(|q| !read_back(q));
    if lesson::led(turn) {
        return;
    }
    if question::answered(turn) != Answered::Done && !doubt::asked_back(turn) && !note::told(turn) {
        dispatch(turn, read_back_of);
    }
    if turn.unread.is_some() {
        turn.tell_manager();
    }
}

fn dispatch(turn: &mut Turn<'_>, read_back: Option<PostId>) {
    match turn.reading.intent {
        Intent::Stop => person::stop(turn),
        Intent::Start => person::start(turn),
        Intent::Help => person::help(turn),
        Intent::Learn => lesson::begin(turn),
        Intent::Register => person::register(turn),
        Intent::Mine => own::mine(turn),
        Intent::More => own::more(turn),
        Intent::View if roster::shows(turn) => roster::view(turn),
        Intent::View => own::view(turn),
        Intent::Roster => roster::roster(turn),
        Intent::Fill => pledge::fill(turn),
        Intent::AidGive if turn.reading.post.is_some() => pledge::fill(turn),
        Intent::Weigh => weigh::weigh(turn),
        Intent::Bail => bail::bail(turn),
        Intent::Withdraw | Intent::Unsubscribe if pledge::is_mine(turn) => pledge::take_back(turn),
        Intent::Withdraw if pledge::of_own_post(turn) => pledge::take_back(turn),
        Intent::Edit if pledge::is_mine(turn) => pledge::fill(turn),
        Intent::Withdraw => own::withdraw(turn),
        Intent::Deal => deal::deal(turn),
        Intent::Renew => life::renew(turn),
        Intent::Edit => life::edit(turn),
        Intent::Correct => life::correct(turn),
        Intent::Rate => rate::said(turn),
        Intent::Report if turn.reading.post.is_some() => report::report(turn),
        Intent::Sighting => sighting::seen(turn),
        Intent::Subscribe | Intent::Unsubscribe if alert::asked(turn) => alert::subscribe(turn),
        Intent::Relay => relay::relay(turn),
        Intent::Block => relay::block(turn),
        Intent::Private => relay::private(turn, true),
        Intent::Public => relay::private(turn, false),
        Intent::Alias => relay::named(turn),
        Intent::Contact => contact::contact(turn),
        _ if turn.reading.unsure && turn.reading.alternatives == [turn.reading.intent] => ask::ask_right(turn),
        _ if turn.reading.claim.is_some() => post::post(turn),
        Intent::Info => note::info(turn),
        Intent::Price => price::price(turn),
        Intent::Subscribe => topic::subscribe(turn),
        Intent::Unsubscribe => topic::unsubscribe(turn),
        Intent::DeleteMe => erase::ask(turn),
        Intent::Search => find::search(turn),
        Intent::Choose if turn.reading.choice == Some(2) && read_back.is_some() => life::wrong(turn, read_back),
        Intent::Choose => drop(turn.answer(Reply::new("no_question"))),
        Intent::Unknown => not_understood(turn),
        _ if turn.facts.life.proxy.is_some() => proxy::propose(turn),
        _ if turn.reading.unsure && turn.reading.alternatives.len() > 1 => ask::ask_meaning(turn),
        i if turn.env.grammar.boards.by_intent(i).is_some() => post::post(turn),
        _ => not_offered(turn),
    }
}

/// What no service here does yet goes to the station manager.
fn not_offered(turn: &mut Turn<'_>) {
    turn.unread = Some(Unread::NotUnderstood);
    let reply = turn.passed_on(Reply::new("not_offered"), Reply::new("not_offered_alone"));
    turn.answer_seldom(reply, PASSED_ON_ANSWERS);
}

fn not_understood(turn: &mut Turn<'_>) {
    turn.unread = needs_a_person(&turn.reading);
    match turn.reading.reason {
        Some(FAULT) => {
            turn.answer_seldom(turn.passed_on(Reply::new("fault"), Reply::new("fault_alone")), UNREAD_ANSWERS)
        }
        None | Some("unread") if turn.reading.unsure && turn.reading.alternatives.len() > 1 => {
            turn.unread = None;
            ask::ask_meaning(turn);
        }
        None | Some("unread") => {
            turn.answer_seldom(turn.passed_on(Reply::new("unread"), Reply::new("unread_alone")), UNREAD_ANSWERS)
        }
        // a person who says hello, or whose thumb slipped, is told how it goes
        Some("greeting" | "empty") => turn.answer_seldom(person::help_text(turn), UNREAD_ANSWERS),
        // thanks, carriers' notices, codes, spam: an answer would only cost, or go on for ever
        Some(_) => {}
    }
}
