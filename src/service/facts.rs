//! What one text can touch, read in one visit.

use std::sync::Arc;

use super::post::{self, Draft};
use super::turn::Env;
use crate::carrier::fingerprint;
use crate::clock::{HOUR, MINUTE, Timestamp};
use crate::command::{Intent, Reading};
use crate::grammar::board::{Kin, Role};
use crate::market::post::Node;
use crate::market::{Post, PostId, Ring, RingKey};
use crate::message::{Mo, Msisdn, Sender};
use crate::store::{Next, Person, SeenKey, StoreError, View};

/// A carrier that gives no id, but its own time, repeats within this.
const PRINT_TIMED: i64 = 48 * HOUR;
/// One that gives neither: an equal text this soon is the carrier's repeat, a later one the sender's.
const PRINT_BARE: i64 = 2 * MINUTE;

/// Own live posts that are looked at.
const OWN: usize = 50;

/// Posts that one list of a search contributes at most.
const LOOKED_UP: usize = 16;

/// Everything `decide` needs, and nothing else.
#[derive(Debug)]
pub struct Facts {
    pub seen: SeenKey,
    pub next: Next,
    /// The sender, where known.
    pub person: Option<Person>,
    /// Own live posts, oldest first.
    pub own: Vec<Arc<Post>>,
    /// The post that the text names or that a digit picks, and its owner.
    pub named: Option<Arc<Post>>,
    pub named_owner: Option<Person>,
    /// What the sender's 更多 or an open question refers to.
    pub listed: Vec<Arc<Post>>,
    /// The posts this text makes, each with whom it meets.
    pub drafts: Vec<Draft>,
    /// What a search found, best first.
    pub found: Vec<Arc<Post>>,
}

/// By what a repeat of this message is known, and for how long.
fn seen_key(mo: &Mo) -> (SeenKey, Option<i64>) {
    match &mo.mo_id {
        Some(id) => (SeenKey::Id { carrier: mo.carrier.clone(), id: id.clone() }, None),
        None => {
            let key = SeenKey::Print { carrier: mo.carrier.clone(), digest: fingerprint(mo) };
            (key, Some(if mo.sent_at.is_some() { PRINT_TIMED } else { PRINT_BARE }))
        }
    }
}

/// Reads the facts; `None` when the message was accepted before.
///
/// # Errors
/// Those of the store.
pub fn gather(view: &dyn View, env: &Env<'_>, mo: &Mo, reading: &Reading) -> Result<Option<Facts>, StoreError> {
    let (seen, window) = seen_key(mo);
    if let Some(at) = view.seen(&seen)? {
        // a clock that was set back must not turn a repeat into a new text
        if window.is_none_or(|w| (env.now.0 - at.0).abs() <= w) {
            return Ok(None);
        }
    }
    let mut facts = Facts {
        seen,
        next: view.next(),
        person: None,
        own: Vec::new(),
        named: None,
        named_owner: None,
        listed: Vec::new(),
        drafts: Vec::new(),
        found: Vec::new(),
    };
    let Sender::Phone(msisdn) = mo.from else { return Ok(Some(facts)) };
    facts.person = view.person(msisdn)?;
    if let Some(person) = &facts.person {
        facts.own = read_posts(view, person.posts.iter().rev().take(OWN).rev())?;
        facts.own.retain(|p| p.is_live(env.now));
    }
    let named = super::question::named_post(&facts, reading, env.now);
    if let Some(id) = named {
        facts.named = view.post(id)?;
        if let Some(post) = &facts.named {
            facts.named_owner = view.person(post.owner)?;
        }
    }
    if let Some(person) = &facts.person {
        if reading.intent == Intent::More {
            facts.listed = read_posts(view, person.more.iter())?;
            facts.listed.retain(|p| p.is_live(env.now));
        } else if let Some(ids) = super::question::open_list(person, env.now) {
            facts.listed = read_posts(view, ids.iter())?;
        }
    }
    for post in post::draft(env, mo, &facts, reading, msisdn) {
        let draft = meet(view, env, post)?;
        facts.drafts.push(draft);
    }
    if reading.intent == Intent::Search {
        facts.found = search(view, env, mo, &facts, reading)?;
    }
    Ok(Some(facts))
}

/// Whom a post meets, read from the index: a bounded number of the newest in each ring.
fn meet(view: &dyn View, env: &Env<'_>, post: Post) -> Result<Draft, StoreError> {
    let mut draft = Draft { post, matches: Vec::new() };
    let Some(board) = env.grammar.boards.get(&draft.post.board) else { return Ok(draft) };
    let Some(side) = board.side(&draft.post.side) else { return Ok(draft) };
    let terms = post::terms(board, side);
    let mut seen: Vec<PostId> = Vec::new();
    for ring in crate::market::matching::lists(&draft.post, &terms) {
        for key in ring {
            for id in view.ring(&key, post::CANDIDATES_PER_LIST)? {
                if seen.len() >= post::CANDIDATES || seen.contains(&id) {
                    continue;
                }
                seen.push(id);
                if let Some(other) = view.post(id)? {
                    post::consider(&mut draft, &terms, other, &env.grammar.units, env.now);
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

fn search(
    view: &dyn View,
    env: &Env<'_>,
    mo: &Mo,
    facts: &Facts,
    reading: &Reading,
) -> Result<Vec<Arc<Post>>, StoreError> {
    let Some(item) = &reading.item else { return Ok(Vec::new()) };
    let place = reading.place.clone().unwrap_or_else(|| post::home(env, mo, facts.person.as_ref())).code;
    let mut ids: Vec<PostId> = Vec::new();
    let path = env.grammar.items.path(&item.name);
    for ring in [Ring::County, Ring::City, Ring::Province, Ring::Country] {
        let Some(division) = place.up_to(ring) else { continue };
        for board in env.grammar.boards.iter() {
            for side in &board.side {
                // what is offered stands under all that it is a kind of; what is wanted only under its own name
                let nodes = if side.role == Role::Offer || board.kin == Kin::Either {
                    vec![Node::Under(item.name.clone())]
                } else {
                    path.iter().cloned().map(Node::Exactly).collect()
                };
                for node in nodes {
                    let key = RingKey { board: board.name.clone(), side: side.name.clone(), node, place: division };
                    for id in view.ring(&key, LOOKED_UP)? {
                        if !ids.contains(&id) {
                            ids.push(id);
                        }
                    }
                }
            }
        }
    }
    let own: Option<Msisdn> = facts.person.as_ref().map(|p| p.msisdn);
    let mut posts = read_posts(view, ids.iter().take(2 * LOOKED_UP))?;
    posts.retain(|p| p.is_live(env.now) && Some(p.owner) != own);
    Ok(posts)
}

fn read_posts<'a>(view: &dyn View, ids: impl Iterator<Item = &'a PostId>) -> Result<Vec<Arc<Post>>, StoreError> {
    let mut out = Vec::new();
    for id in ids {
        out.extend(view.post(*id)?);
    }
    Ok(out)
}

/// The Beijing day's counts of a person, begun anew on a new day.
pub fn today(person: &Person, now: Timestamp) -> crate::store::record::Today {
    let day = now.beijing_day();
    if person.today.day == day { person.today } else { crate::store::record::Today { day, ..Default::default() } }
}
