//! Jobs in waves: the workers who fit best and live nearest are asked first, the next ones after a time, until the places are
//! filled or the hirer says so. What a worker answers is done by [`super::shift`].
//!
//! Who was asked is known by his [`PactKind::Shift`] about the job: nobody is asked twice. A worker who looked for work
//! after the job was filed has been shown it in his own answer and is not asked again.

use super::facts::{Draft, Match};
use super::gather::{Look, meet_in};
use super::look;
use super::outcome::Outcome;
use super::turn::Turn;
use crate::clock::MINUTE;
use crate::grammar::board::Waves;
use crate::market::{Pact, PactKind, PactState, Post, PostId};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;
use crate::store::{Due, Person, StoreError, View};

/// Pacts of one job that are looked at: more workers than are ever asked for one.
const ASKED: usize = 400;
/// A later wave looks deeper into the lists, for the newest there were asked before.
const DEEPER: Look = Look { per_list: 64, all: 256 };

/// How a post of this side is spread, where it is by waves.
pub fn rules<'g>(out: &Outcome<'g>, post: &Post) -> Option<&'g Waves> {
    let board = out.env.grammar.boards.get(&post.board)?;
    board.waves.as_ref().filter(|w| w.side == post.side)
}

/// The first wave, as the job is filed. Whoever it meets counts as told; those who are not asked now are so later.
pub fn first(turn: &mut Turn<'_>, draft: &Draft, rules: &Waves) {
    let post = &draft.post;
    let mut fresh: Vec<&Match> = Vec::new();
    for m in draft.matches.iter().filter(|m| !m.told) {
        let blocked = m.owner.as_ref().is_none_or(|o| o.blocked.contains(&post.owner) || look::muted(o, post));
        if !blocked {
            turn.out.tell(post.id, m.post.id);
            if !fresh.iter().any(|f| f.post.owner == m.post.owner) {
                fresh.push(m);
            }
        }
    }
    if fresh.is_empty() {
        return;
    }
    // at night the asking begins in the morning
    let now = turn.env.now;
    let morning = turn.env.rules.limits.quiet().map_or(now, |q| q.end_after(now));
    if morning > now {
        turn.out.schedule(morning, Due::Wave(post.id));
        return;
    }
    let asked = ask_some(&mut turn.out, post, rules, &fresh);
    tracing::debug!(post = post.id, asked, "first wave");
    again(&mut turn.out, post.id, rules);
}

/// The next wave is due.
///
/// # Errors
/// Those of the store.
pub fn next(view: &dyn View, id: PostId, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let now = out.env.now;
    let Some(post) = view.post(id)?.filter(|p| p.is_live(now) && p.hands() != Some(0)) else { return Ok(()) };
    let Some(rules) = rules(out, &post) else { return Ok(()) };
    let Some(hirer) = view.person(post.owner)?.filter(|o| o.stopped.is_none()) else { return Ok(()) };
    let pacts = view.pacts_of(id, 0, ASKED)?;
    let shifts: Vec<&Pact> = pacts.iter().filter(|p| p.kind == PactKind::Shift).collect();
    let skip = |other: &Post| -> Result<bool, StoreError> {
        let asked = pacts.iter().any(|p| p.party == other.owner || p.owner == other.owner);
        Ok(asked || other.id > id && view.told(id, other.id)?)
    };
    let draft = meet_in(view, out.env, (*post).clone(), DEEPER, &skip)?;
    let mut fresh: Vec<&Match> = Vec::new();
    for m in &draft.matches {
        let blocked = m.owner.as_ref().is_none_or(|o| o.blocked.contains(&post.owner) || look::muted(o, &post));
        if !blocked && !fresh.iter().any(|f| f.post.owner == m.post.owner) {
            fresh.push(m);
        }
    }
    if fresh.is_empty() {
        // said once; a later wave only begins where somebody who had agreed does not come
        let coming: u32 = shifts.iter().filter(|p| p.state == PactState::Agreed).filter_map(|p| p.people).sum();
        let reply = about(out, "wave_over", &post)
            .set("asked", shifts.len().to_string())
            .set("coming", coming.to_string())
            .set("free", post.hands().map(|n| n.to_string()).unwrap_or_default());
        out.notify(hirer.msisdn, Some(&hirer), &reply);
        return Ok(());
    }
    for m in fresh.iter().filter(|m| !m.told) {
        out.tell(id, m.post.id);
    }
    let asked = ask_some(out, &post, rules, &fresh);
    tracing::debug!(post = id, wave = post.wave + 1, asked, "next wave");
    out.save(Post { wave: post.wave + 1, ..(*post).clone() });
    again(out, id, rules);
    Ok(())
}

/// When the next are asked: after the board's time, never at night.
pub fn again(out: &mut Outcome<'_>, post: PostId, rules: &Waves) {
    let at = out.env.now.plus(rules.minutes * MINUTE);
    let awake = out.env.rules.limits.quiet().map_or(at, |q| q.end_after(at));
    out.schedule(awake, Due::Wave(post));
}

/// Asks the best of them, so many as the free places make sensible. Returns how many.
fn ask_some(out: &mut Outcome<'_>, post: &Post, rules: &Waves, matches: &[&Match]) -> usize {
    let wanted = match post.hands() {
        Some(free) => (free.saturating_mul(rules.per_place)).max(rules.least),
        None => rules.unsaid,
    };
    let mut asked = 0;
    for m in matches {
        if asked >= wanted {
            break;
        }
        asked += u32::from(ask_one(out, post, &m.post, m.owner.as_ref()));
    }
    usize::try_from(asked).unwrap_or(usize::MAX)
}

/// Asks one worker. Who has had his texts for today finds it among what waits for him instead; whether he was asked.
fn ask_one(out: &mut Outcome<'_>, post: &Post, own: &Post, owner: Option<&Person>) -> bool {
    let g = out.env.grammar;
    let reply = about(out, "shift_ask", post)
        .set("work", format!("{}{}", phrase::clip(&phrase::item(post)), phrase::details(g, post)))
        .set("item", phrase::clip(&phrase::item(post)))
        .set("place", phrase::seen_from(post, own.place.code))
        .set("remark", post.remark.as_deref().map(phrase::remark).unwrap_or_default())
        .set("mine", phrase::number(own.id));
    let told = out.push_now(own.owner, owner, post.id, reply);
    if told {
        let mut pact = Pact::new(out.next_pact(), PactKind::Shift, post, own.owner, out.env.now);
        pact.other = Some(own.id);
        pact.people = own.people;
        let ask = Ask::Shift { post: post.id, pact: pact.id };
        out.agree(pact);
        out.ask(own.owner, owner, ask, phrase::number(post.id));
    }
    told
}

/// A sentence about a job.
pub fn about(out: &Outcome<'_>, name: &'static str, post: &Post) -> Reply {
    let g = out.env.grammar;
    Reply::new(name)
        .set("no", phrase::number(post.id))
        .set("what", phrase::what(g, post))
        .set("short", phrase::short(g, post))
        .set("state", phrase::state(g, post, out.env.now))
}

/// The pacts of own posts whose closing others hear of, and these others: workers who said that they come, people who saw
/// what was lost.
///
/// # Errors
/// Those of the store.
pub fn joined(view: &dyn View, posts: &[&Post]) -> Result<Vec<(Pact, Person)>, StoreError> {
    let mut out: Vec<(Pact, Person)> = Vec::new();
    for post in posts {
        for pact in view.pacts_of(post.id, 0, ASKED)? {
            let counts = match pact.kind {
                PactKind::Shift => pact.state == PactState::Agreed,
                PactKind::Sighting | PactKind::Deal | PactKind::Relay => pact.stands(),
                _ => false,
            };
            let other: Msisdn = pact.party;
            if counts && let Some(person) = view.person(other)?.filter(|p| p.stopped.is_none()) {
                out.push((pact, person));
            }
        }
    }
    Ok(out)
}
