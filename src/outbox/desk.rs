//! What the outbox asks of the store: each a decision that reads the MT as it stands and changes it in one commit.

use std::sync::{Mutex, PoisonError};

use super::state::{self, Outcome};
use crate::clock::{HOUR, Timestamp};
use crate::message::{Consent, Dlr, DlrState, Msisdn, Mt, MtClass, MtId, MtRef, MtState};
use crate::store::loose::{EarlyDlr, Said};
use crate::store::record::StoppedBy;
use crate::store::{Change, Due, Loose, Person, Store, StoreError, View};

/// What a claim found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours and counted: send it.
    Go(Mt),
    /// It may not go before then; the store keeps it.
    Later(Timestamp),
    /// It ended just now: too late, or its phone has opted out.
    Ended(Mt),
    /// There is nothing to send any more.
    Gone,
}

/// What a claim is made upon.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub now: Timestamp,
    pub lease: Timestamp,
    /// Pushes must wait until then.
    pub quiet: Option<Timestamp>,
    /// The clock has leapt, and nothing runs out before then.
    pub doubt: Option<Timestamp>,
}

/// Claims an MT for one attempt, unless that has become wrong since it was written: its time is over, its phone has opted
/// out, or it is a push and the night is quiet.
pub async fn claim(store: &Store, id: MtId, counted: Option<u32>, moment: Moment) -> Result<Claim, StoreError> {
    let Moment { now, lease, quiet, doubt } = moment;
    store
        .transact(move |view: &dyn View| {
            let Some(mut mt) = view.mt(id)? else { return Ok((Change::default(), Claim::Gone)) };
            let counted = match mt.state {
                MtState::Queued => false,
                MtState::Claimed { .. } => counted == Some(mt.attempts),
                _ => return Ok((Change::default(), Claim::Gone)),
            };
            let until = quiet.filter(|_| mt.class == MtClass::Push);
            let is_over = now >= mt.until || until.is_some_and(|t| t >= mt.until);
            let claim = if let Some(then) = doubt.filter(|_| is_over) {
                return Ok((Change::default(), Claim::Later(then)));
            } else if is_over {
                mt.state = MtState::Expired;
                Claim::Ended(mt)
            } else if let Some(why) = unwanted(view, &mt)? {
                mt.state = MtState::Failed(why.into());
                Claim::Ended(mt)
            } else if let Some(due) = until {
                (mt.state, mt.due) = (MtState::Queued, due);
                return Ok((change(mt), Claim::Later(due)));
            } else {
                mt.state = MtState::Claimed { lease };
                mt.attempts = mt.attempts.saturating_add(u32::from(!counted));
                Claim::Go(mt)
            };
            let changed = match &claim {
                Claim::Go(mt) | Claim::Ended(mt) => change(mt.clone()),
                Claim::Later(_) | Claim::Gone => Change::default(),
            };
            Ok((changed, claim))
        })
        .await
}

/// An MT as a decision leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub mt: Mt,
    /// The carrier said that its phone wants nothing more from us.
    pub unwanted: bool,
}

/// Writes down what a sending came to. `forms` are all the forms in which the carrier's ids may stand in reports. Returns the MT
/// as it stands then; `None` where it is not there any more.
pub async fn settle(
    store: &Store,
    mt: &Mt,
    outcome: &Outcome,
    forms: Vec<(String, Vec<String>)>,
    now: Timestamp,
) -> Result<Option<Left>, StoreError> {
    let (id, attempt, outcome) = (mt.id, mt.attempts, outcome.clone());
    store
        .transact(move |view: &dyn View| {
            let Some(mt) = view.mt(id)? else { return Ok((Change::default(), None)) };
            let mut new = state::settled(&mt, attempt, &outcome);
            let mut joined = Vec::new();
            let mut why = match &outcome {
                Outcome::OptedOut(why) => Some(why.clone()),
                _ => None,
            };
            // reports that came before this answer
            for (theirs, forms) in &forms {
                for form in forms {
                    let key = EarlyDlr::key(&mt.carrier, form);
                    let Some(Loose::Report(early)) = view.loose(&key)? else { continue };
                    joined.push(key);
                    for said in early.all() {
                        if said.state == DlrState::OptedOut {
                            why = Some(said.detail.clone());
                        }
                        let stands = new.as_ref().unwrap_or(&mt);
                        let piece = state::piece_of(stands, said.part.as_ref(), Some(theirs));
                        new = state::reported(stands, said.state, &said.detail, piece).or(new);
                    }
                }
            }
            let unwanted = why.is_some();
            let person = match (why, &outcome) {
                (Some(why), _) => Some(stopped(view, mt.to, StoppedBy { carrier: mt.carrier.clone(), why }, now)?),
                (None, Outcome::Dead(_)) => view.person(mt.to)?.filter(|p| p.dead.is_none()),
                _ => None,
            };
            let person = person.map(|p| if unwanted { p } else { Person { dead: Some(now), ..p } });
            let people = person.into_iter().collect();
            let change = Change { mts: new.clone().into_iter().collect(), people, joined, ..Change::default() };
            Ok((change, Some(Left { mt: new.unwrap_or(mt), unwanted })))
        })
        .await
}

/// The person of this phone, who wants nothing more from us, as a carrier says. Of a phone that never wrote only this is kept.
fn stopped(view: &dyn View, phone: Msisdn, by: StoppedBy, now: Timestamp) -> Result<Person, StoreError> {
    let carrier = by.carrier.clone();
    let known = view.person(phone)?;
    let mut person = known.unwrap_or_else(|| Person { carrier, ..Person::new(phone, now) });
    person.stop(now, Some(by));
    Ok(person)
}

/// Writes down what a carrier says of a phone. It can give back only what it has taken itself: what the phone said to us stands.
pub async fn consent(store: &Store, said: Consent, now: Timestamp) -> Result<(), StoreError> {
    store
        .transact(move |view: &dyn View| {
            let by = StoppedBy { carrier: said.carrier.clone(), why: said.why.clone() };
            let person = if said.given {
                let known = view.person(said.phone)?;
                let known = known.filter(|p| p.stopped_by.as_ref().is_some_and(|s| s.carrier == by.carrier));
                known.map(|mut p| {
                    p.join();
                    p
                })
            } else {
                Some(stopped(view, said.phone, by, now)?)
            };
            Ok((Change { people: person.into_iter().collect(), ..Change::default() }, ()))
        })
        .await
}

/// How long a report waits for the id that it speaks of. A carrier reports within moments of its answer; an answer that we
/// lose to a crash is asked for again within minutes.
const EARLY: i64 = HOUR;

/// What a report came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    /// The MT has moved on.
    Moved(Box<Mt>),
    /// Told before, or weaker than what is known.
    Nothing,
    /// The carrier's id is not known yet; it is kept for an hour.
    Early,
    /// No MT of this account.
    Unknown,
}

/// Joins a report to its MT. `forms` are those in which the id may have been given to us, as it stands in the report first.
/// Returns also the phone that wants nothing more, where the report says so.
pub async fn report(
    store: &Store,
    dlr: Dlr,
    forms: Vec<String>,
    now: Timestamp,
) -> Result<(Reported, Option<Msisdn>), StoreError> {
    store
        .transact(move |view: &dyn View| {
            let (mut id, mut by) = (None, None);
            match &dlr.mt {
                MtRef::Ours(ours) => id = Some(*ours),
                MtRef::Carrier(_) => {
                    for form in &forms {
                        id = view.mt_by_ref(&dlr.carrier, form)?;
                        if id.is_some() {
                            by = Some(form.as_str());
                            break;
                        }
                    }
                }
            }
            let mt = id.map(|id| view.mt(id)).transpose()?.flatten();
            // One account has no say in another's messages.
            let Some(mt) = mt.filter(|mt| mt.carrier == dlr.carrier) else {
                return match &dlr.mt {
                    MtRef::Ours(_) => Ok((Change::default(), (Reported::Unknown, None))),
                    MtRef::Carrier(theirs) => Ok((early(view, &dlr, theirs, now)?, (Reported::Early, None))),
                };
            };
            let piece = state::piece_of(&mt, dlr.part.as_ref(), by);
            let unwanted = (dlr.state == DlrState::OptedOut).then_some(mt.to);
            let by = StoppedBy { carrier: dlr.carrier.clone(), why: dlr.detail.clone() };
            let person = unwanted.map(|phone| stopped(view, phone, by, now)).transpose()?;
            let new = state::reported(&mt, dlr.state, &dlr.detail, piece);
            let (mts, people) = (new.clone().into_iter().collect(), person.into_iter().collect());
            let reported = new.map_or(Reported::Nothing, |new| Reported::Moved(Box::new(new)));
            Ok((Change { mts, people, ..Change::default() }, (reported, unwanted)))
        })
        .await
}

/// Parts of one MT whose early reports are kept: more than any text of ours has.
const EARLY_PARTS: usize = 64;

/// Keeps a report until its id is known: of each part, or of the whole, the strongest.
fn early(view: &dyn View, dlr: &Dlr, theirs: &str, now: Timestamp) -> Result<Change, StoreError> {
    let key = EarlyDlr::key(&dlr.carrier, theirs);
    let known = match view.loose(&key)? {
        Some(Loose::Report(r)) => Some(r),
        _ => None,
    };
    let news = Said { state: dlr.state, detail: dlr.detail.clone(), part: dlr.part.clone() };
    let mut all: Vec<Said> = known.iter().flat_map(EarlyDlr::all).collect();
    let part = |said: &Said| said.part.as_ref().map(|p| p.key.clone());
    match all.iter().position(|said| part(said) == part(&news)) {
        Some(n) if state::strength(all[n].state) < state::strength(news.state) => all[n] = news,
        None if all.len() < EARLY_PARTS => all.push(news),
        _ => return Ok(Change::default()),
    }
    let others = all.split_off(1);
    let Some(Said { state, detail, part }) = all.pop() else { return Ok(Change::default()) };
    let (carrier, carrier_ref) = (dlr.carrier.clone(), theirs.to_string());
    let at = known.as_ref().map_or(now, |r| r.at);
    let report = EarlyDlr { carrier, carrier_ref, state, detail, part, at, others };
    let due = if known.is_none() { vec![(now.plus(EARLY), Due::Loose(key))] } else { Vec::new() };
    Ok(Change { loose: vec![Loose::Report(report)], due, ..Change::default() })
}

/// Why this does not go to its phone. Answers do, and among them the one that confirms an opt-out; but not where a carrier told
/// us of it, and would refuse them.
fn unwanted(view: &dyn View, mt: &Mt) -> Result<Option<&'static str>, StoreError> {
    let is_answer = mt.class == MtClass::Answer;
    Ok(view.person(mt.to)?.and_then(|p| match (p.stopped, p.dead) {
        (Some(_), _) if p.stopped_by.is_some() => Some("opted out at a carrier"),
        (Some(_), _) if !is_answer => Some("opted out"),
        (None, Some(_)) if !is_answer => Some("the number is dead"),
        _ => None,
    }))
}

fn change(mt: Mt) -> Change {
    Change { mts: vec![mt], ..Change::default() }
}

/// A lock that a panic elsewhere cannot take away: what it guards is whole after every statement.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
