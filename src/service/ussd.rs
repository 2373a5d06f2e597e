//! USSD: the same services from a menu, in sessions that may end at any step.
//!
//! A call takes one decision, as a text does: [`walk`] finds what is new in it, [`take`] does with that what the shown screen
//! asks for, [`show`] says the next one, and session, draft and all that a finished dialogue causes are one commit.
//!
//! ```text
//! *123#            1卖 2买 3找活 4招工 5寻物 6价格 7办事 8搭车 9公告 0我的
//! 1                卖什么?打字发来,如:板蓝根
//! 板蓝根            有多少?如:200斤                 from here on there is a draft, which a text may finish: 200斤
//! 200              多少钱?如:3块5一斤
//! 3.5              卖板蓝根200斤3.5元/斤             read by the reader of texts
//! 1                已登记101号:…                    the text 卖 板蓝根 200斤 3.5元, decided as one
//! ```

pub mod draft;
mod perform;
mod show;
mod take;
mod walk;

use super::outcome::Env;
use super::{Service, verbs};
use crate::carrier::ussd::{UssdInput, UssdKind, UssdRequest, UssdScreen};
use crate::clock::{DAY, HOUR, Timestamp};
use crate::grammar::Grammar;
use crate::message::{Mo, Mt, MtClass, Sender};
use crate::reply::Reply;
use crate::service::outcome::Outcome;
use crate::store::{Due, Session, SessionKey, StoreError, View};

/// What is kept of a dialogue is let go after this, longer than its draft lasts.
const SESSION_LIFE: i64 = DAY + HOUR;

/// Units of a screen's answer, above its keys: what any sentence fits.
pub(super) const BODY: usize = 70;
/// Units of a text that holds an answer whole: two segments.
pub(super) const WHOLE: usize = 134;

/// An answer as it is shown and as a text would have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub screen: String,
    pub whole: String,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled {
    /// What is shown next; none where the session is over already.
    pub screen: Option<UssdScreen>,
    /// The name of the intent where a text was decided.
    pub intent: Option<&'static str>,
    /// An answer worth a text, should the screen come too late.
    pub answered: bool,
}

impl Service {
    /// Takes one call of a USSD session; returns once everything it says is on disk.
    ///
    /// # Errors
    /// Any [`StoreError`] but a fault of the code: nothing was kept.
    pub async fn dial(&self, call: UssdRequest) -> Result<Dialled, StoreError> {
        match self.dial_once(call.clone()).await {
            Err(StoreError::Fault(cause)) => {
                tracing::error!(
                    carrier = call.carrier,
                    cause,
                    "the code failed on a USSD call; it is kept for the manager"
                );
                self.keep_fault(&call).await?;
                let screen = self.words("ussd_fault");
                Ok(Dialled { screen: Some(screen), intent: None, answered: false })
            }
            other => other,
        }
    }

    async fn dial_once(&self, call: UssdRequest) -> Result<Dialled, StoreError> {
        let (grammar, rules, now) = (self.grammar.get(), self.rules.clone(), self.clock.now());
        let carrier = call.carrier.clone();
        let (mts, dialled) = self
            .store
            .transact(move |view| {
                let env = Env { grammar: &grammar, rules: &rules, now };
                let (change, dialled) = walk::walk(view, &env, &call)?;
                // what was sent before and is only kept anew goes nowhere
                let mts = change.mts.iter().filter(|m| m.created == now).cloned().collect::<Vec<Mt>>();
                Ok((change, (mts, dialled)))
            })
            .await?;
        if let Some(intent) = dialled.intent {
            tracing::info!(carrier, intent, mts = mts.len(), "ussd");
        }
        if !mts.is_empty() {
            (self.hand_over)(mts);
        }
        Ok(dialled)
    }

    /// What made the code fail is for a person to see.
    async fn keep_fault(&self, call: &UssdRequest) -> Result<(), StoreError> {
        let (UssdInput::Step(typed) | UssdInput::Path(typed)) = &call.input;
        let mo = Mo {
            carrier: call.carrier.clone(),
            mo_id: Some(format!("ussd fault {} {typed}", call.session)),
            from: call.from.clone(),
            to: call.service_code.clone(),
            text: typed.clone(),
            sent_at: None,
            part: None,
        };
        self.decide(&mo, verbs::fault(), None, self.clock.now()).await.map(drop)
    }

    /// What is shown when nothing could be decided in time: whether the call will still be done, or was not even taken.
    pub fn wait_screen(&self, taken: bool) -> UssdScreen {
        self.words(if taken { "ussd_slow" } else { "ussd_busy" })
    }

    /// A screen of one sentence, which ends the session.
    fn words(&self, sentence: &'static str) -> UssdScreen {
        let text = Reply::new(sentence).pack(&self.grammar.get().replies).text;
        UssdScreen { text, ends: true }
    }

    /// The screen of a call came too late to be seen: what it answered follows as a text.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn send_answer(&self, call: &UssdRequest) -> Result<(), StoreError> {
        let (grammar, rules, now) = (self.grammar.get(), self.rules.clone(), self.clock.now());
        let key = SessionKey::of(&call.carrier, &call.session);
        let mts = self
            .store
            .transact(move |view| {
                let env = Env { grammar: &grammar, rules: &rules, now };
                let mut out = Outcome::new(&env, view.next(), None);
                if let Some(session) = view.session(&key)?.filter(|s| !s.answer.is_empty())
                    && let Some(person) = view.person(session.msisdn)?.filter(|p| p.stopped.is_none())
                {
                    out.send(&person, session.answer, MtClass::Answer, now, DAY);
                }
                let change = out.into_change();
                Ok((change.clone(), change.mts))
            })
            .await?;
        if !mts.is_empty() {
            (self.hand_over)(mts);
        }
        Ok(())
    }
}

/// A dialogue of yesterday and the draft it left are let go.
pub(super) fn sweep(view: &dyn View, key: SessionKey, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let now = out.env.now;
    let Some(session) = view.session(&key)? else { return Ok(()) };
    // it goes on still, or the clock has leapt
    if session.last.plus(SESSION_LIFE) > now {
        out.schedule(session.last.plus(SESSION_LIFE), Due::Session(key));
        return Ok(());
    }
    out.hang_up(key);
    let Some(mut person) = view.person(session.msisdn)? else { return Ok(()) };
    let before = person.clone();
    person.drafts.retain(|d| now < d.until);
    person.dialled = person.dialled.filter(|d| *d != key);
    if person != before {
        out.keep(person);
    }
    Ok(())
}

/// The call as it is kept: a new session.
fn begun(call: &UssdRequest, msisdn: crate::message::Msisdn, now: Timestamp) -> Session {
    Session {
        carrier: call.carrier.clone(),
        id: call.session.clone(),
        msisdn,
        code: call.service_code.clone(),
        began: now,
        last: now,
        path: String::new(),
        order: call.order,
        input: String::new(),
        calls: 0,
        at: show::home(),
        trail: Vec::new(),
        screen: String::new(),
        over: false,
        answer: String::new(),
        pages: Vec::new(),
    }
}

/// Who calls, where the carrier says it, or the session knows it.
fn caller(call: &UssdRequest, known: Option<&Session>) -> Option<crate::message::Msisdn> {
    match (&call.from, known) {
        (Sender::Phone(n), _) => Some(*n),
        (_, Some(session)) => Some(session.msisdn),
        _ => None,
    }
}

fn is_over(kind: UssdKind) -> bool {
    matches!(kind, UssdKind::Abort | UssdKind::Timeout)
}

/// A sentence alone.
fn sentence(g: &Grammar, name: &'static str) -> String {
    Reply::new(name).pack(&g.replies).text
}
