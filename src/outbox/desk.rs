//! What the outbox asks of the store: each a decision that reads the MT as it stands and changes it in one commit.

use std::sync::{Arc, Mutex, PoisonError};

use super::early::{Early, Said};
use super::state::{self, Outcome};
use crate::clock::Timestamp;
use crate::message::{Dlr, Msisdn, Mt, MtClass, MtId, MtRef, MtState};
use crate::store::{Change, Person, Store, StoreError, View};

/// Reports that wait for an id, shared with the decisions that bring one.
pub type EarlyReports = Arc<Mutex<Early>>;

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
            } else if mt.class != MtClass::Answer && stopped(view, mt.to)?.is_some() {
                mt.state = MtState::Failed("opted out".into());
                Claim::Ended(mt)
            } else if let Some(due) = until {
                (mt.state, mt.due) = (MtState::Queued, due);
                return Ok((change(mt, None), Claim::Later(due)));
            } else {
                mt.state = MtState::Claimed { lease };
                mt.attempts = mt.attempts.saturating_add(u32::from(!counted));
                Claim::Go(mt)
            };
            let changed = match &claim {
                Claim::Go(mt) | Claim::Ended(mt) => change(mt.clone(), None),
                Claim::Later(_) | Claim::Gone => Change::default(),
            };
            Ok((changed, claim))
        })
        .await
}

/// Writes down what a sending came to. Returns the MT as it stands then; `None` where it is not there any more.
pub async fn settle(
    store: &Store,
    mt: &Mt,
    outcome: &Outcome,
    early: &EarlyReports,
    now: Timestamp,
) -> Result<Option<Mt>, StoreError> {
    let (id, attempt, outcome, reports) = (mt.id, mt.attempts, outcome.clone(), early.clone());
    let settled = store
        .transact(move |view: &dyn View| {
            let Some(mt) = view.mt(id)? else { return Ok((Change::default(), None)) };
            let mut new = state::settled(&mt, attempt, &outcome);
            if let Outcome::Taken(Some(theirs)) = &outcome
                && let Some(said) = lock(&reports).look(&mt.carrier, theirs)
            {
                let told = state::reported(new.as_ref().unwrap_or(&mt), said.state, &said.detail);
                new = told.or(new);
            }
            let person = match &outcome {
                Outcome::OptedOut(_) => view.person(mt.to)?.filter(|p| p.stopped.is_none()),
                _ => None,
            };
            let person = person.map(|p| Person { stopped: Some(now), ..p });
            let Some(new) = new else {
                return Ok((Change { people: person.into_iter().collect(), ..Change::default() }, Some(mt)));
            };
            Ok((change(new.clone(), person), Some(new)))
        })
        .await?;
    if let Some(mt) = &settled
        && let Some(theirs) = &mt.carrier_ref
    {
        lock(early).forget(&mt.carrier, theirs);
    }
    Ok(settled)
}

/// What a report came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    /// The MT has moved on.
    Moved(Mt),
    /// Told before, or weaker than what is known.
    Nothing,
    /// The carrier's id is not known yet; it is kept for some minutes.
    Early,
    /// No MT of this account.
    Unknown,
}

/// Joins a report to its MT.
pub async fn report(store: &Store, dlr: Dlr, early: &EarlyReports, now: Timestamp) -> Result<Reported, StoreError> {
    let theirs = match &dlr.mt {
        MtRef::Carrier(theirs) => Some(theirs.clone()),
        MtRef::Ours(_) => None,
    };
    let carrier = dlr.carrier.clone();
    // Kept before we look: decisions run one after the other, so either ours finds the id, or the one that brings the
    // id finds the report.
    if let Some(theirs) = &theirs {
        lock(early).keep(&carrier, theirs, Said { state: dlr.state, detail: dlr.detail.clone() }, now);
    }
    let said = store
        .transact(move |view: &dyn View| {
            let id = match &dlr.mt {
                MtRef::Ours(id) => Some(*id),
                MtRef::Carrier(theirs) => view.mt_by_ref(&dlr.carrier, theirs)?,
            };
            let mt = id.map(|id| view.mt(id)).transpose()?.flatten();
            // One account has no say in another's messages.
            let Some(mt) = mt.filter(|mt| mt.carrier == dlr.carrier) else {
                let early = matches!(dlr.mt, MtRef::Carrier(_));
                return Ok((Change::default(), if early { Reported::Early } else { Reported::Unknown }));
            };
            Ok(match state::reported(&mt, dlr.state, &dlr.detail) {
                Some(new) => (change(new.clone(), None), Reported::Moved(new)),
                None => (Change::default(), Reported::Nothing),
            })
        })
        .await?;
    if let Some(theirs) = &theirs
        && said != Reported::Early
    {
        lock(early).forget(&carrier, theirs);
    }
    Ok(said)
}

fn stopped(view: &dyn View, to: Msisdn) -> Result<Option<Timestamp>, StoreError> {
    Ok(view.person(to)?.and_then(|p| p.stopped))
}

fn change(mt: Mt, person: Option<Person>) -> Change {
    Change { mts: vec![mt], people: person.into_iter().collect(), ..Change::default() }
}

/// A lock that a panic elsewhere cannot take away: what it guards is whole after every statement.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
