//! Reads the facts of a turn in one visit to the store.

use super::Rules;
use super::asked::Bound;
use super::facts::{Draft, Facts, OWN, read_posts, visible};
use super::outcome::Env;
use super::turn::newcomer;
use super::{alert, asked, find, life, look, own, person, post, question, shares, vouch};
use crate::carrier::fingerprint;
use crate::clock::MINUTE;
use crate::command::{Intent, Reading};
use crate::market::{Post, PostId};
use crate::message::{Mo, MoSeq, Sender};
use crate::store::record::{Ask, Question};
use crate::store::{Person, SeenKey, StoreError, View};

/// A carrier that gives neither an id nor its own time, and of which nothing better is known: an equal text this soon is the
/// carrier's repeat, a later one the sender's. Where it gives its time that is part of the print, and the same print is the same message.
const PRINT_BARE: i64 = 2 * MINUTE;

/// Posts that meet others for one text: all that it makes, and the newest of those whose owner has moved or is back.
const ANEW: usize = 10;

/// By what a repeat of this message is known, and for how long.
pub(super) fn seen_key(mo: &Mo, rules: &Rules) -> (SeenKey, Option<i64>) {
    match &mo.mo_id {
        Some(id) => (SeenKey::Id { carrier: mo.carrier.clone(), id: id.clone() }, None),
        None => {
            let key = SeenKey::Print { carrier: mo.carrier.clone(), digest: fingerprint(mo) };
            let bare = rules.lines.repeats.get(&mo.carrier).copied().unwrap_or(PRINT_BARE);
            (key, mo.sent_at.is_none().then_some(bare))
        }
    }
}

/// Reads the facts; `None` when the message was accepted before. `amends` is the MO that was made of its beginning.
///
/// # Errors
/// Those of the store.
pub fn gather(
    view: &dyn View,
    env: &Env<'_>,
    mo: &Mo,
    reading: &Reading,
    amends: Option<MoSeq>,
) -> Result<Option<Facts>, StoreError> {
    gather_as(view, env, mo, reading, amends, None)
}

/// The same of a sender who has changed within this decision; `Some(None)`: he is not known.
///
/// # Errors
/// Those of the store.
pub fn gather_as(
    view: &dyn View,
    env: &Env<'_>,
    mo: &Mo,
    reading: &Reading,
    amends: Option<MoSeq>,
    sender: Option<Option<Person>>,
) -> Result<Option<Facts>, StoreError> {
    let (seen, window) = seen_key(mo, env.rules);
    if let Some(at) = view.seen(&seen)? {
        // a clock that was set back must not turn a repeat into a new text
        if window.is_none_or(|w| (env.now.0 - at.0).abs() <= w) {
            return Ok(None);
        }
    }
    let mut facts = Facts {
        seen,
        amends,
        next: view.next(),
        person: None,
        own: Vec::new(),
        named: None,
        named_owner: None,
        met: Vec::new(),
        listed: Vec::new(),
        drafts: Vec::new(),
        twice: false,
        again: Vec::new(),
        found: Vec::new(),
        managers: Vec::new(),
        life: Default::default(),
        look: Default::default(),
        shares: Default::default(),
        by_ussd: false,
    };
    let Sender::Phone(msisdn) = mo.from else { return Ok(Some(facts)) };
    facts.person = match sender {
        Some(known) => known,
        None => view.person(msisdn)?,
    };
    if let Some(person) = &facts.person {
        facts.own = read_posts(view, person.posts.iter().rev().take(OWN).rev())?;
        facts.own.retain(|p| p.is_live(env.now));
    }
    let named = question::named_post(&facts, reading, env.now, &mo.to);
    if let Some(id) = named {
        facts.named = view.post(id)?;
        if let Some(post) = &facts.named {
            facts.named_owner = view.person(post.owner)?;
            if post.owner != msisdn {
                for own in &facts.own {
                    if view.told(own.id, post.id)? {
                        facts.met.push(own.clone());
                    }
                }
            }
        }
    }
    if let Some(person) = &facts.person {
        if reading.intent == Intent::More {
            facts.listed = visible(view, &head(own::rest(person, env.now, &mo.to)), env.now, |_| true)?;
        } else if let Some(ids) = asked::open_list(person, env.now, &mo.to) {
            facts.listed = read_posts(view, ids.iter())?;
        }
    }
    let bound = match (&facts.person, reading.choice.filter(|_| reading.intent == Intent::Choose)) {
        (Some(person), Some(choice)) => asked::bound(person, env.now, &mo.to, choice),
        _ => Bound::Nothing,
    };
    facts.twice = matches!(bound, Bound::One(Question { ask: Ask::Twice { .. }, .. }, 1));
    if let Bound::One(Question { ask: Ask::Vouch { post }, .. }, choice) = bound {
        let post = *post;
        facts.named = view.post(post)?;
        if let Some(post) = facts.named.clone() {
            facts.named_owner = view.person(post.owner)?;
            if let Some(shown) = vouch::shown(&post).filter(|_| choice == 1) {
                let draft = meet(view, env, shown)?;
                facts.drafts.push(draft);
            }
        }
    }
    let after_price = matches!(bound, Bound::One(Question { ask: Ask::Priced { .. }, .. }, _));
    if let Bound::One(Question { ask: Ask::Erase, .. }, 1) = bound
        && let Some(person) = &facts.person
    {
        facts.listed = read_posts(view, person.posts.iter())?;
        for pact in &person.pacts {
            facts.life.pacts.extend(view.pact(*pact)?);
        }
    }
    for manager in env.rules.station(mo).map(|s| s.managers.as_slice()).unwrap_or_default() {
        let known = view.person(*manager)?.unwrap_or_else(|| newcomer(env, mo, *manager));
        if *manager != msisdn && known.stopped.is_none() {
            facts.managers.push(known);
        }
    }
    let meant = question::meant(&facts, reading, env, mo);
    shares::gather(view, env, mo, &mut facts, &meant)?;
    let changed = life::gather(view, env, mo, &mut facts, &meant)?;
    let drafts = match meant.intent {
        _ if changed.is_some() => changed.unwrap_or_default(),
        Intent::Start => person::back(&facts),
        Intent::Register => person::moved(env, &facts, &meant),
        _ => {
            let (drafts, again) = post::draft(env, mo, &facts, &meant, msisdn);
            facts.again = again;
            drafts
        }
    };
    for post in drafts {
        let anew = facts.drafts.len() < ANEW;
        let draft = if anew { meet(view, env, post)? } else { Draft { post, matches: Vec::new(), alert: None } };
        facts.drafts.push(draft);
    }
    look::gather(view, env, mo, &mut facts, &meant)?;
    if meant.intent == Intent::Search {
        facts.found = find::look(view, env, mo, &facts, &meant)?;
        // after a price: who buys first
        if after_price {
            facts.found.sort_by_key(|p| p.shelf.offers);
        }
    }
    Ok(Some(facts))
}

fn head(mut ids: Vec<PostId>) -> Vec<PostId> {
    ids.truncate(own::READ);
    ids
}

/// How deep the lists of the index are read.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub per_list: usize,
    pub all: usize,
}

/// Whom a post meets, read from the index: a bounded number of the newest in each ring. And who near by hears of a loss.
pub(super) fn meet(view: &dyn View, env: &Env<'_>, post: Post) -> Result<Draft, StoreError> {
    let usual = Look { per_list: post::CANDIDATES_PER_LIST, all: post::CANDIDATES };
    let mut draft = meet_in(view, env, post, usual, &|_| Ok(false))?;
    alert::gather(view, env, &mut draft)?;
    Ok(draft)
}

/// Whom a post meets but those that are skipped.
pub(super) fn meet_in(
    view: &dyn View,
    env: &Env<'_>,
    post: Post,
    look: Look,
    skip: &dyn Fn(&Post) -> Result<bool, StoreError>,
) -> Result<Draft, StoreError> {
    let mut draft = Draft { post, matches: Vec::new(), alert: None };
    let Some(board) = env.grammar.boards.get(&draft.post.board) else { return Ok(draft) };
    let Some(side) = board.side(&draft.post.side) else { return Ok(draft) };
    let rules = post::rules(&env.grammar.boards, board, side);
    let mut seen: Vec<PostId> = Vec::new();
    for ring in crate::market::matching::lists(&draft.post, &rules) {
        for key in ring {
            for id in view.ring(&key, look.per_list)? {
                if seen.len() >= look.all || seen.contains(&id) {
                    continue;
                }
                seen.push(id);
                if let Some(other) = view.post(id)?
                    && !skip(&other)?
                {
                    post::consider(&mut draft, &rules, other, &env.grammar.units, env.now);
                }
            }
        }
        // what is further away is no better, and more cannot be told
        if draft.matches.len() >= post::KEPT_MATCHES {
            break;
        }
    }
    draft.matches.sort_by(|a, b| b.fit.score.cmp(&a.fit.score).then(b.post.id.cmp(&a.post.id)));
    draft.matches.truncate(post::KEPT_MATCHES);
    let mut kept = Vec::with_capacity(draft.matches.len());
    for mut m in draft.matches {
        // 退订 takes one's posts out of sight as well
        if let Some(owner) = view.person(m.post.owner)?.filter(|o| o.stopped.is_none()) {
            m.told = view.told(draft.post.id, m.post.id)?;
            m.owner = Some(owner);
            kept.push(m);
        }
    }
    draft.matches = kept;
    Ok(draft)
}
