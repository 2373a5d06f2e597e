//! 注销: what is kept of somebody is erased, once he has said so twice.
//!
//! At once: who he is, his questions, what he watches, his posts with all that he wrote in them, his part in what he had with others.
//! A day later, when no answer to him is under way any more, also the words of his texts and of ours to him, and his number in what
//! was told to others; a bounded number of messages at a time.

use super::outcome::Outcome;
use super::pledge;
use super::turn::Turn;
use crate::clock::{DAY, MINUTE, Timestamp};
use crate::market::{Pact, PactState, Post, PostState, Traits};
use crate::message::{Mo, Msisdn, MtState, Sender};
use crate::reply::Reply;
use crate::store::record::Ask;
use crate::store::{Due, MoRecord, Person, StoreError, View};

/// Whose is what nobody owns any more.
const NOBODY: u64 = 0;
/// Records of each kind looked at in one change.
const STEP: u64 = 500;

fn nobody() -> Msisdn {
    Msisdn::from_u64(NOBODY)
}

/// 注销: asked once.
pub fn ask(turn: &mut Turn<'_>) {
    turn.ask(Ask::Erase);
    turn.answer(Reply::new("erase_ask").set("count", turn.person.posts.len().to_string()));
}

/// He has answered.
pub fn answered(turn: &mut Turn<'_>, yes: bool) {
    if !yes {
        turn.answer(Reply::new("erase_not"));
        return;
    }
    turn.answer(Reply::new("erased"));
    for post in turn.facts.listed.clone() {
        turn.out.save(bare(&post));
    }
    // what he pledged is no longer counted
    for (pact, order) in turn.facts.shares.mine.clone() {
        let gone = Pact { state: PactState::Released, changed: turn.env.now, ..pact.clone() };
        pledge::put(&mut turn.out, &order, Some(&pact), without(gone, turn.msisdn));
    }
    let shares: Vec<u64> = turn.facts.shares.mine.iter().map(|(p, _)| p.id).collect();
    for pact in turn.facts.life.pacts.clone().into_iter().filter(|p| !shares.contains(&p.id)) {
        let state = if pact.state == PactState::Open { PactState::Released } else { pact.state };
        turn.out.agree(without(Pact { state, changed: turn.env.now, ..pact }, turn.msisdn));
    }
    let (now, phone, since) = (turn.env.now, turn.msisdn, turn.person.joined);
    let next = turn.facts.next;
    let what = Due::Erase { phone, since, mo: next.mo + 1, mt: next.mt + 1, post: next.post };
    turn.out.schedule(now.plus(DAY + MINUTE), what);
    if turn.person.barred {
        // whom the manager shut out stays so
        let old = &turn.person;
        let (carrier, short_code) = (old.carrier.clone(), old.short_code.clone());
        turn.person = Person { barred: true, carrier, short_code, ..Person::new(phone, now) };
    } else {
        turn.out.forget(phone);
    }
}

/// What remains of a post for the figures: the thing and its amounts, without a word of its owner's.
fn bare(post: &Post) -> Post {
    Post {
        owner: nobody(),
        state: if post.state == PostState::Live { PostState::Withdrawn } else { post.state },
        item_said: None,
        remark: None,
        marks: Vec::new(),
        phone: None,
        name: None,
        traits: Traits::default(),
        by: None,
        held: None,
        ..post.clone()
    }
}

fn without(mut pact: Pact, phone: Msisdn) -> Pact {
    if pact.owner == phone {
        pact.owner = nobody();
    }
    if pact.party == phone {
        pact.party = nobody();
    }
    pact
}

/// Goes on erasing words, from the newest messages to those from before he came.
///
/// # Errors
/// Those of the store.
pub fn go_on(
    view: &dyn View,
    (phone, since): (Msisdn, Timestamp),
    (mo, mt, post): (u64, u64, u64),
    out: &mut Outcome<'_>,
) -> Result<(), StoreError> {
    let mo = messages(view, (phone, since), mo, out)?;
    let mt = texts(view, (phone, since), mt, out)?;
    let post = posts(view, (phone, since), post, out)?;
    if mo + mt + post > 0 {
        out.schedule(out.env.now.plus(MINUTE), Due::Erase { phone, since, mo, mt, post });
    }
    Ok(())
}

/// The numbers below `from` that are looked at now, the highest first.
fn step(from: u64) -> impl Iterator<Item = u64> {
    (from.saturating_sub(STEP).max(1)..from).rev()
}

/// Where to go on: nowhere once what is older than he is was reached, or what the retention has taken.
fn rest(from: u64, seen: bool, older: bool) -> u64 {
    if older || !seen { 0 } else { from.saturating_sub(STEP) }
}

fn messages(
    view: &dyn View,
    (phone, since): (Msisdn, Timestamp),
    from: u64,
    out: &mut Outcome<'_>,
) -> Result<u64, StoreError> {
    let (mut seen, mut older) = (false, false);
    for seq in step(from) {
        let Some(record) = view.mo(seq)? else { continue };
        (seen, older) = (true, record.received < since);
        if record.mo.from == Sender::Phone(phone) {
            let mo = Mo { from: Sender::Service(String::new()), text: String::new(), mo_id: None, ..record.mo };
            out.keep_mo(MoRecord { mo, unread: None, ..record });
        }
    }
    Ok(rest(from, seen, older))
}

fn texts(
    view: &dyn View,
    (phone, since): (Msisdn, Timestamp),
    from: u64,
    out: &mut Outcome<'_>,
) -> Result<u64, StoreError> {
    let (mut seen, mut older) = (false, false);
    let number = phone.local();
    for id in step(from) {
        let Some(mut mt) = view.mt(id)? else { continue };
        (seen, older) = (true, mt.created < since);
        let settled = !matches!(mt.state, MtState::Queued | MtState::Claimed { .. });
        if mt.to == phone && settled {
            (mt.to, mt.text) = (nobody(), String::new());
        } else if mt.text.contains(&*number) && settled {
            // it tells another his number, and with it his name
            mt.text = String::new();
        } else {
            continue;
        }
        out.keep_mt(mt);
    }
    Ok(rest(from, seen, older))
}

fn posts(
    view: &dyn View,
    (phone, since): (Msisdn, Timestamp),
    from: u64,
    out: &mut Outcome<'_>,
) -> Result<u64, StoreError> {
    let (mut seen, mut older) = (false, false);
    for id in step(from) {
        let Some(post) = view.post(id)? else { continue };
        (seen, older) = (true, post.created < since);
        if post.owner == phone {
            out.save(bare(&post));
        }
    }
    Ok(rest(from, seen, older))
}
