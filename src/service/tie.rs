//! Who has to do with whom about a post: the pacts of two people who were put in touch.

use super::outcome::Outcome;
use super::turn::Turn;
use crate::market::{Pact, PactId, PactKind, PactState, Post, PostId};
use crate::store::{Person, StoreError, View};

/// Pacts remembered with a person, the newest: more people are not talked to in the days that posts live.
pub const PACTS: usize = 30;

/// The pacts that two may come to a deal by; shares in orders and the like are settled elsewhere.
fn between_two(pact: &Pact) -> bool {
    matches!(pact.kind, PactKind::Deal | PactKind::Relay) && pact.stands()
}

/// The standing pacts of `person` about a post, oldest first.
///
/// # Errors
/// Those of the store.
pub fn about(view: &dyn View, person: &Person, post: PostId) -> Result<Vec<Pact>, StoreError> {
    let mut out = Vec::new();
    for id in person.pacts.iter().rev().take(PACTS).rev() {
        out.extend(view.pact(*id)?.filter(|p| p.post == post && between_two(p)));
    }
    Ok(out)
}

/// The pact in which words were passed on last.
///
/// # Errors
/// Those of the store.
pub fn last_words(view: &dyn View, person: &Person) -> Result<Option<Pact>, StoreError> {
    let mut last: Option<Pact> = None;
    for id in person.pacts.iter().rev().take(PACTS) {
        let pact = view.pact(*id)?.filter(|p| p.kind == PactKind::Relay && between_two(p));
        if let Some(pact) = pact.filter(|p| last.as_ref().is_none_or(|l| p.changed > l.changed)) {
            last = Some(pact);
        }
    }
    Ok(last)
}

/// Remembers a pact with one who takes part in it.
pub fn remember(person: &mut Person, pact: PactId) {
    person.pacts.retain(|p| *p != pact);
    person.pacts.push(pact);
    let extra = person.pacts.len().saturating_sub(PACTS);
    person.pacts.drain(..extra);
}

/// The sender and the owner of the named post have to do with each other from now on; the pact is made where there is none.
pub fn tie(turn: &mut Turn<'_>, post: &Post, owner: &Person, kind: PactKind) -> Pact {
    let now = turn.env.now;
    let known = turn.facts.life.pacts.iter().rev().find(|p| p.party == turn.msisdn).cloned();
    let mut pact = known.unwrap_or_else(|| Pact::new(turn.out.next_pact(), kind, post, turn.msisdn, now));
    pact.changed = now;
    // who has talked by words and then got the number may do both
    if pact.state == PactState::Open && kind == PactKind::Relay {
        pact.kind = kind;
    }
    pact.other = pact.other.or(turn.facts.met.last().map(|p| p.id));
    remember(&mut turn.person, pact.id);
    keep_with(&mut turn.out, owner, pact.id);
    turn.out.agree(pact.clone());
    pact
}

/// Remembers a pact with another than the sender.
pub fn keep_with(out: &mut Outcome<'_>, person: &Person, pact: PactId) {
    if let Some(mut person) = out.person(person.msisdn, Some(person)) {
        remember(&mut person, pact);
        out.keep(person);
    }
}
