//! Who has lost an ox is not alone: phones near by that asked for it (`订 寻人`) hear of the loss, ring by ring, the wider the longer
//! it is missing. A child or an old person who is missing goes first: at once, at night too, past every cap, and to the
//! station's managers. The owner hears how many were told.
//!
//! Who wants to hear stands in the lists of watchers of his village, his town and his county, so that each ring is one list.

use super::doubt;
use super::facts::Draft;
use super::outcome::{Env, Outcome};
use super::turn::Turn;
use crate::clock::{BEIJING_OFFSET, DAY, HOUR, MINUTE, Timestamp};
use crate::command::Intent;
use crate::grammar::board::Alert;
use crate::market::{Place, PlaceCode, Post, PostId, Ring};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;
use crate::store::{Due, Person, StoreError, Topic, View};

/// The topic under which phones watch.
const TOPIC: &str = "alert";
/// Phones told in one change; the others follow in the next ones.
const AT_ONCE: usize = 200;
/// What is lost on a day that is named without an hour was lost about noon.
const NOON: i64 = 12 * HOUR;

/// Phones that hear of a loss now.
#[derive(Debug, Clone)]
pub struct Circle {
    pub people: Vec<Person>,
    /// The ring has more, whose numbers are below this.
    pub rest: Option<Msisdn>,
    /// The ring that was told before, if any.
    pub before: Option<u32>,
}

/// How a loss is told, where the post is one.
pub fn rules<'g>(env: &Env<'g>, post: &Post) -> Option<&'g Alert> {
    let board = env.grammar.boards.get(&post.board)?;
    board.alert.as_ref().filter(|a| a.side == post.side)
}

/// Whether it cannot wait: a child, an old person.
pub fn urgent(env: &Env<'_>, post: &Post) -> bool {
    let board = env.grammar.boards.get(&post.board);
    board.and_then(|b| b.alert.as_ref()).is_some_and(|a| a.urgent.iter().any(|u| post.nodes.contains(u)))
}

/// When it was lost: on the day that was said, else when it was posted.
fn lost_at(post: &Post) -> Timestamp {
    let said = post.when.as_ref().map(|w| Timestamp(i64::from(w.day) * DAY - BEIJING_OFFSET + NOON));
    said.map_or(post.created, |at| at.min(post.created))
}

/// When a ring's time has come. What has no place of its own waits for the ring that it has.
fn time_of(env: &Env<'_>, post: &Post, rules: &Alert, ring: usize) -> Option<Timestamp> {
    let ring = rules.ring.get(ring)?;
    let hours = if urgent(env, post) { ring.urgent_hours } else { ring.hours };
    Some(lost_at(post).plus(hours * HOUR))
}

fn place_of(post: &Post, rules: &Alert, ring: usize) -> Option<PlaceCode> {
    let within = rules.ring.get(ring)?.within;
    // a post of a whole county has no village to be told
    post.place.code.up_to(within).filter(|_| post.place.code.ring() <= within && post.place.code != PlaceCode::COUNTRY)
}

/// The widest ring whose time has come and that was not told yet; it holds the narrower ones.
fn due_ring(env: &Env<'_>, post: &Post, rules: &Alert) -> Option<usize> {
    let next = usize::try_from(post.wave).unwrap_or(usize::MAX);
    let has_come = |ring: &usize| {
        place_of(post, rules, *ring).is_some() && time_of(env, post, rules, *ring).is_some_and(|t| t <= env.now)
    };
    (next..rules.ring.len()).rev().find(has_come)
}

/// The part of a ring that is told next.
fn circle(
    view: &dyn View,
    env: &Env<'_>,
    post: &Post,
    rules: &Alert,
    (ring, before): (usize, Option<u32>),
    below: Option<Msisdn>,
) -> Result<Circle, StoreError> {
    let mut out = Circle { people: Vec::new(), rest: None, before };
    let Some(place) = place_of(post, rules, ring) else { return Ok(out) };
    let phones = view.watchers(&Topic { name: TOPIC.into(), place }, below, AT_ONCE)?;
    out.rest = phones.last().copied().filter(|_| phones.len() == AT_ONCE);
    let before = before.and_then(|r| usize::try_from(r).ok()).and_then(|r| place_of(post, rules, r));
    for phone in phones.into_iter().filter(|p| *p != post.owner) {
        let Some(person) = view.person(phone)?.filter(|p| !p.barred && !doubt::silent(env, p)) else { continue };
        // who lives in the ring that was told before has heard of it
        let heard = before.is_some_and(|b| person.topics.iter().any(|t| t.name == TOPIC && t.place == b));
        if !heard && !person.blocked.contains(&post.owner) {
            out.people.push(person);
        }
    }
    Ok(out)
}

/// The ring up to which a loss is told when it is posted: as wide as it is long ago.
///
/// # Errors
/// Those of the store.
pub fn gather(view: &dyn View, env: &Env<'_>, draft: &mut Draft) -> Result<(), StoreError> {
    let post = &mut draft.post;
    let Some(rules) = rules(env, post).filter(|_| post.wave == 0 && post.is_live(env.now)) else { return Ok(()) };
    // at night only what cannot wait
    let quiet = env.rules.limits.quiet().is_some_and(|q| q.contains(env.now));
    let Some(ring) = due_ring(env, post, rules).filter(|_| !quiet || urgent(env, post)) else { return Ok(()) };
    let circle = circle(view, env, post, rules, (ring, None), None)?;
    post.wave = u32::try_from(ring + 1).unwrap_or(u32::MAX);
    post.heard = u32::try_from(circle.people.len()).unwrap_or(u32::MAX);
    draft.alert = Some(circle);
    Ok(())
}

/// Tells those who are near, as the loss is posted.
pub fn begin(turn: &mut Turn<'_>, draft: &Draft) {
    let env = turn.env;
    let post = &draft.post;
    if rules(env, post).is_none() {
        return;
    }
    if let Some(circle) = &draft.alert {
        if urgent(env, post) {
            for manager in turn.facts.managers.clone() {
                if !circle.people.iter().any(|p| p.msisdn == manager.msisdn) {
                    let reply = words(&turn.out, post);
                    turn.out.urgent(manager.msisdn, Some(&manager), &reply);
                }
            }
        }
        tell(&mut turn.out, post, circle);
    }
    go_on(&mut turn.out, post, draft.alert.as_ref());
}

/// The sentence in which the owner hears that others were told, where anybody was.
pub fn said(draft: &Draft, first: bool) -> Option<Reply> {
    let told = draft.alert.as_ref().filter(|c| !c.people.is_empty())?;
    let name = if first { "alert_posted_first" } else { "alert_posted" };
    Some(Reply::new(name).set("count", told.people.len().to_string()))
}

fn words(out: &Outcome<'_>, post: &Post) -> Reply {
    let g = out.env.grammar;
    Reply::new(if urgent(out.env, post) { "alert_urgent" } else { "alert" })
        .set("no", phrase::number(post.id))
        .set("what", phrase::what(g, post))
        .set("short", phrase::short(g, post))
        .set("place", post.place.name.clone())
}

fn tell(out: &mut Outcome<'_>, post: &Post, circle: &Circle) {
    let at_once = urgent(out.env, post);
    for person in &circle.people {
        let reply = words(out, post).set("place", phrase::seen_from(post, home(person)));
        if at_once {
            out.urgent(person.msisdn, Some(person), &reply);
        } else {
            out.push_now(person.msisdn, Some(person), post.id, reply);
        }
    }
}

/// Where somebody watches: the narrowest of his rings.
fn home(person: &Person) -> PlaceCode {
    let own = person.topics.iter().filter(|t| t.name == TOPIC).map(|t| t.place);
    own.min_by_key(|p| p.ring()).unwrap_or(PlaceCode::COUNTRY)
}

/// The rest of this ring comes at once, the next ring when its time has come.
fn go_on(out: &mut Outcome<'_>, post: &Post, told: Option<&Circle>) {
    let env = out.env;
    if let Some(Circle { rest: Some(below), before, .. }) = told {
        out.schedule(env.now, Due::AlertRest { post: post.id, below: *below, before: *before });
        return;
    }
    let Some(rules) = rules(env, post) else { return };
    let next = usize::try_from(post.wave).unwrap_or(usize::MAX);
    let open = (next..rules.ring.len()).find(|r| place_of(post, rules, *r).is_some());
    let Some(at) = open.and_then(|r| time_of(env, post, rules, r)) else { return };
    let at = at.max(env.now.plus(MINUTE));
    let awake = if urgent(env, post) { at } else { env.rules.limits.quiet().map_or(at, |q| q.end_after(at)) };
    out.schedule(awake, Due::Alert(post.id));
}

/// It is still missing: the next ring hears of it.
///
/// # Errors
/// Those of the store.
pub fn widen(view: &dyn View, id: PostId, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let env = out.env;
    let Some(post) = view.post(id)?.filter(|p| p.is_live(env.now)) else { return Ok(()) };
    let Some(rules) = rules(env, &post) else { return Ok(()) };
    let Some(ring) = due_ring(env, &post, rules) else {
        // its day was put right meanwhile
        go_on(out, &post, None);
        return Ok(());
    };
    let circle = circle(view, env, &post, rules, (ring, post.wave.checked_sub(1)), None)?;
    let wave = u32::try_from(ring + 1).unwrap_or(u32::MAX);
    told(view, out, Post { wave, ..(*post).clone() }, &circle)
}

/// The ring under way has more phones.
///
/// # Errors
/// Those of the store.
pub fn rest(
    view: &dyn View,
    (id, below, before): (PostId, Msisdn, Option<u32>),
    out: &mut Outcome<'_>,
) -> Result<(), StoreError> {
    let env = out.env;
    let Some(post) = view.post(id)?.filter(|p| p.is_live(env.now)) else { return Ok(()) };
    let Some(rules) = rules(env, &post) else { return Ok(()) };
    let Some(ring) = usize::try_from(post.wave).ok().and_then(|w| w.checked_sub(1)) else { return Ok(()) };
    let circle = circle(view, env, &post, rules, (ring, before), Some(below))?;
    told(view, out, (*post).clone(), &circle)
}

/// Tells a part of a ring; with the last of it the owner hears how many heard of it by now.
fn told(view: &dyn View, out: &mut Outcome<'_>, post: Post, circle: &Circle) -> Result<(), StoreError> {
    tell(out, &post, circle);
    let more = u32::try_from(circle.people.len()).unwrap_or(u32::MAX);
    let post = Post { heard: post.heard.saturating_add(more), ..post };
    go_on(out, &post, Some(circle));
    if circle.rest.is_none()
        && more > 0
        && let Some(owner) = view.person(post.owner)?
    {
        let reply = words(out, &post).by("alert_told").set("count", post.heard.to_string());
        out.notify(owner.msisdn, Some(&owner), &reply);
    }
    out.save(post);
    Ok(())
}

/// Whether a text asks for these alerts, or for no more of them.
pub fn asked(turn: &Turn<'_>) -> bool {
    let r = &turn.reading;
    let topic = r.topic.as_deref().or(r.item.as_ref().map(|i| i.said.as_str())).unwrap_or_default();
    let words = turn.env.grammar.boards.iter().filter_map(|b| b.alert.as_ref()).flat_map(|a| &a.topics);
    matches!(r.intent, Intent::Subscribe | Intent::Unsubscribe) && words.into_iter().any(|w| w == topic)
}

/// 订 寻人, 退 寻人.
pub fn subscribe(turn: &mut Turn<'_>) {
    turn.person.topics.retain(|t| t.name != TOPIC);
    if turn.reading.intent == Intent::Unsubscribe {
        turn.answer(Reply::new("alert_off"));
        return;
    }
    let known = turn.person.place.clone();
    let station = turn.env.rules.station(turn.mo).map(|s| s.place).unwrap_or(PlaceCode::COUNTRY);
    turn.person.topics.extend(topics(known.as_ref().map_or(station, |p| p.code)));
    match known {
        Some(place) => drop(turn.answer(Reply::new("alert_on").set("place", place.name))),
        None => {
            turn.answer(Reply::new("alert_on_where"));
            turn.ask(Ask::Place);
        }
    }
}

/// Who has moved watches where he is now.
pub fn moved(person: &mut Person, place: &Place) {
    if person.topics.iter().any(|t| t.name == TOPIC) {
        person.topics.retain(|t| t.name != TOPIC);
        person.topics.extend(topics(place.code));
    }
}

/// The lists in which one who is at `code` stands: his village, his town, his county, as far as it is known.
fn topics(code: PlaceCode) -> Vec<Topic> {
    let rings = [Ring::Village, Ring::Town, Ring::County].into_iter().filter(|r| code.ring() <= *r);
    let mut places: Vec<PlaceCode> = rings.filter_map(|r| code.up_to(r)).collect();
    places.dedup();
    places.into_iter().map(|place| Topic { name: TOPIC.into(), place }).collect()
}
