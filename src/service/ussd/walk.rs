//! The session machine: what is new in a call, and what has been heard before.
//!
//! | call | what comes of it |
//! |---|---|
//! | dialled | the menu, or what was left; with answers behind the code they are walked through, but what would be filed is read back first |
//! | an answer | the next screen |
//! | the same call again | the same screen, nothing else |
//! | an overtaken one | the screen that stands |
//! | of a session that is not known | as if it were dialled with what it brings |
//! | of one that a newer dialogue of the phone has replaced | a word that it goes on there |
//! | over, cut, timed out | kept; what was answered waits for the next dialogue or a text |

use super::super::outcome::{Env, QUESTION_LIFE};
use super::super::turn::newcomer;
use super::{Dialled, SESSION_LIFE, begun, caller, is_over, sentence, show};
use crate::carrier::ussd::{Typed, UssdInput, UssdKind, UssdRequest, UssdScreen};
use crate::clock::SECOND;
use crate::message::{Mo, MtClass, Sender};
use crate::service::outcome::Outcome;
use crate::store::session::At;
use crate::store::{Change, Due, Person, Session, SessionKey, StoreError, View};

/// Where calls are not counted, the same input this soon is the carrier calling twice: nobody reads a screen so fast.
const REPEAT: i64 = 2 * SECOND;
/// What is typed on one screen and read; more fits no screen of a phone.
const INPUT: usize = 182;
/// What is kept of all that was typed: a session of a minute or two.
const PATH: usize = 4_000;
/// Answers behind a code that are walked through.
const PIECES: usize = 12;

/// A call under way.
pub(super) struct Walk<'a> {
    pub view: &'a dyn View,
    pub env: &'a Env<'a>,
    pub session: Session,
    /// The number of ours that the conversation is held with.
    pub to: String,
    /// Who calls, as changed so far.
    pub person: Person,
    /// As kept before; none where nothing is.
    pub known: Option<Person>,
    /// What the one text that this call may decide causes.
    pub change: Change,
    pub intent: Option<&'static str>,
    /// 注销: nothing is kept of this person.
    pub gone: bool,
}

/// Takes a call.
pub(super) fn walk(view: &dyn View, env: &Env<'_>, call: &UssdRequest) -> Result<(Change, Dialled), StoreError> {
    let key = SessionKey::of(&call.carrier, &call.session);
    let known = view.session(&key)?;
    let shown = |text: String, ends: bool| {
        let screen = Some(UssdScreen { text, ends });
        (Change::default(), Dialled { screen, intent: None, answered: false })
    };
    let Some(msisdn) = caller(call, known.as_ref()) else {
        if is_over(call.kind) {
            return Ok((Change::default(), Dialled { screen: None, intent: None, answered: false }));
        }
        return Ok(shown(sentence(env.grammar, "ussd_no_number"), true));
    };
    if is_over(call.kind) {
        let sessions = known.into_iter().map(|s| Session { over: true, last: env.now, ..s }).collect();
        let change = Change { sessions, ..Change::default() };
        return Ok((change, Dialled { screen: None, intent: None, answered: false }));
    }
    let kept = view.person(msisdn)?;
    let (session, input) = match (known, news(call, view.session(&key)?.as_ref(), env)) {
        (Some(session), News::Old) => return Ok(shown(session.screen, session.over)),
        (Some(session), News::Input { .. }) if session.over => {
            return Ok(shown(sentence(env.grammar, "ussd_over"), true));
        }
        (Some(session), News::Input { input, path }) => {
            if kept.as_ref().and_then(|p| p.dialled).is_some_and(|newest| newest != key) {
                let screen = sentence(env.grammar, "ussd_elsewhere");
                let sessions = vec![Session { over: true, screen: screen.clone(), path, last: env.now, ..session }];
                let (_, dialled) = shown(screen, true);
                return Ok((Change { sessions, ..Change::default() }, dialled));
            }
            (Session { path, ..session }, Some(input))
        }
        (Some(_), News::Begin { path }) | (None, News::Begin { path } | News::Input { path, .. }) => {
            (Session { path, ..begun(call, msisdn, env.now) }, None)
        }
        (None, News::Old) => (begun(call, msisdn, env.now), None),
    };
    let first = first_mo(env, call, kept.as_ref());
    let mut walk = Walk {
        view,
        env,
        person: kept.clone().map_or_else(|| newcomer(env, &first, msisdn), |p| fresh(env, p)),
        to: first.to.clone(),
        session,
        known: kept,
        change: Change::default(),
        intent: None,
        gone: false,
    };
    walk.session.order = call.order.or(walk.session.order);
    walk.session.last = env.now;
    walk.session.calls = walk.session.calls.saturating_add(1);
    match input {
        Some(input) => {
            walk.session.input.clone_from(&input);
            walk.take(&input)?;
        }
        None => walk.begin()?,
    }
    Ok(walk.finish(key))
}

/// The call as a text would have come: by it somebody new is known.
fn first_mo(env: &Env<'_>, call: &UssdRequest, kept: Option<&Person>) -> Mo {
    Mo {
        carrier: call.carrier.clone(),
        mo_id: None,
        from: call.from.clone(),
        to: number_of(env, call, kept),
        text: String::new(),
        sent_at: None,
        part: None,
    }
}

/// A person as kept, without what has run out. When he was last heard stays, for who has been silent is asked who he is.
fn fresh(env: &Env<'_>, mut person: Person) -> Person {
    person.questions.retain(|q| env.now < q.until);
    person.drafts.retain(|d| env.now < d.until);
    person
}

/// The number of ours that this conversation is held with: the one that the phone texts, where it belongs to the same station.
fn number_of(env: &Env<'_>, call: &UssdRequest, person: Option<&Person>) -> String {
    let station = env.rules.station_of(&call.service_code, &call.carrier);
    let own = person.map(|p| p.short_code.clone()).filter(|code| {
        let theirs = env.rules.station_of(code, &call.carrier);
        !code.is_empty() && theirs.map(|s| &s.key) == station.map(|s| &s.key)
    });
    own.or_else(|| station.and_then(|s| s.short_codes.first().cloned())).unwrap_or_else(|| call.service_code.clone())
}

/// What a call says beyond what is known.
enum News {
    /// Dialled, perhaps with answers behind the code.
    Begin {
        path: String,
    },
    Input {
        input: String,
        path: String,
    },
    /// Heard before, or overtaken.
    Old,
}

fn news(call: &UssdRequest, known: Option<&Session>, env: &Env<'_>) -> News {
    let cut = |s: &str| s.chars().take(INPUT).collect::<String>();
    let Some(session) = known else {
        let (UssdInput::Step(path) | UssdInput::Path(path)) = &call.input;
        return News::Begin { path: path.clone() };
    };
    if let (Some(order), Some(last)) = (call.order, session.order)
        && order <= last
        // the count begins anew with the code dialled anew
        && !(call.kind == UssdKind::Begin && session.over)
    {
        return News::Old;
    }
    // who tells all that was typed says by it what is new
    if call.kind == UssdKind::Begin && matches!(call.input, UssdInput::Step(_)) {
        let (UssdInput::Step(path) | UssdInput::Path(path)) = &call.input;
        let same = session.path == *path && session.calls <= 1;
        return if same && !session.over { News::Old } else { News::Begin { path: path.clone() } };
    }
    match call.input.after(Some(&session.path)) {
        Typed::Again | Typed::Stray => News::Old,
        Typed::New { input, .. }
            if matches!(call.input, UssdInput::Step(_))
                && call.order.is_none()
                && session.calls > 1
                && input == session.input
                && env.now.0 - session.last.0 < REPEAT =>
        {
            News::Old
        }
        Typed::New { input, path } => {
            // of a step's path only its growing tells anything; of a path every character is needed
            let path = if matches!(call.input, UssdInput::Step(_)) { tail(path) } else { path };
            News::Input { input: cut(&input), path }
        }
    }
}

fn tail(path: String) -> String {
    if path.len() <= PATH {
        return path;
    }
    let from = (path.len() - PATH..path.len()).find(|at| path.is_char_boundary(*at)).unwrap_or(0);
    path[from..].to_string()
}

impl Walk<'_> {
    /// The first screen: what was left, or the menu, and from there along what was dialled behind the code.
    fn begin(&mut self) -> Result<(), StoreError> {
        self.person.dialled = Some(self.session.key());
        let path = self.session.path.clone();
        let pieces: Vec<String> = path.split('*').filter(|p| !p.is_empty()).take(PIECES).map(str::to_string).collect();
        if self.person.stopped.is_some() {
            self.session.at = show::menu(crate::grammar::ussd::STOPPED);
        } else if pieces.is_empty() && self.left().is_some() {
            self.session.at = At::Offer { form: String::new() };
        }
        self.show()?;
        for piece in pieces {
            // one text a call; and nobody has seen what would be confirmed
            if self.intent.is_some() || self.session.over || self.session.at == At::Confirm {
                break;
            }
            let piece = piece.chars().take(INPUT).collect::<String>();
            self.take(&piece)?;
        }
        Ok(())
    }

    /// The change with everything in it, and the screen.
    fn finish(mut self, key: SessionKey) -> (Change, Dialled) {
        let mut change = std::mem::take(&mut self.change);
        // whoever only looks at the menu is nobody yet
        let worth = self.known.is_some() || !change.mos.is_empty() || !self.person.drafts.is_empty();
        if worth && !self.gone && self.known.as_ref() != Some(&self.person) {
            change.people.retain(|p| p.msisdn != self.person.msisdn);
            change.people.push(self.person);
        }
        if self.session.calls <= 1 {
            change.due.push((self.session.began.plus(SESSION_LIFE), Due::Session(key)));
        }
        let screen = Some(UssdScreen { text: self.session.screen.clone(), ends: self.session.over });
        let answered = self.intent.is_some() && !self.session.answer.is_empty();
        change.sessions.push(self.session);
        (change, Dialled { screen, intent: self.intent, answered })
    }

    /// The text as an MO of this session.
    pub fn mo(&self, text: &str) -> Mo {
        let s = &self.session;
        Mo {
            carrier: s.carrier.clone(),
            mo_id: Some(format!("ussd {} {} {}", s.id, s.began.0, s.calls)),
            from: Sender::Phone(s.msisdn),
            to: self.to.clone(),
            text: text.to_string(),
            sent_at: None,
            part: None,
        }
    }

    /// Sends the last answer to the phone as a text.
    pub fn send(&mut self) {
        let mut out = Outcome::new(self.env, self.view.next(), None);
        out.send(&self.person, self.session.answer.clone(), MtClass::Answer, self.env.now, QUESTION_LIFE);
        self.change.mts.extend(out.into_change().mts);
    }
}
