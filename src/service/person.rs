//! 地 名 退订 开通 帮助: what concerns the sender.

use std::sync::Arc;

use super::facts::Facts;
use super::outcome::Env;
use super::post::spread;
use super::turn::Turn;
use super::{alert, list};
use crate::command::Reading;
use crate::grammar::lexicon::Sign;
use crate::market::{PlaceCode, Post};
use crate::reply::{Reply, phrase};
use crate::store::record::Then;

/// 退订: the one confirmation, and then nothing.
pub fn stop(turn: &mut Turn<'_>) {
    turn.person.stop(turn.env.now, None);
    turn.answer(Reply::new("stopped"));
}

/// 开通: back again, with what still stands; who came meanwhile is told now.
pub fn start(turn: &mut Turn<'_>) {
    let was_away = turn.person.join();
    let count = turn.facts.own.len();
    if !was_away || count == 0 {
        let reply = with_station(turn, Reply::new("started"));
        turn.answer(reply);
        return;
    }
    meet_anew(turn, Reply::new("started_again").set("count", count.to_string()));
}

/// 帮助.
pub fn help(turn: &mut Turn<'_>) {
    let reply = help_text(turn);
    turn.answer(reply);
}

/// The one segment that says how it goes.
pub fn help_text(turn: &Turn<'_>) -> Reply {
    with_station(turn, Reply::new("help"))
}

fn with_station(turn: &Turn<'_>, reply: Reply) -> Reply {
    let name = turn.env.rules.station(turn.mo).map(|s| s.name.clone()).unwrap_or_default();
    reply.set("station", name)
}

/// 地 and 名: where the sender is, what he is called. What stands without a place of its own moves along.
pub fn register(turn: &mut Turn<'_>) {
    // digits are no name: they would be read as a telephone number
    let name = turn.reading.name.clone().filter(|n| !n.contains(|c: char| c.is_ascii_digit()));
    if turn.reading.name.is_some() && name.is_none() && turn.reading.place.is_none() {
        turn.answer(Reply::new("name_unclear"));
        return;
    }
    if let Some(name) = &name {
        turn.person.name = Some(phrase::clip(name));
        if turn.reading.place.is_none() {
            turn.answer(Reply::new("name_set").set("name", phrase::clip(name)));
            return;
        }
    }
    // 名 by itself
    let naming = turn.env.grammar.lexicon.word(turn.mo.text.trim()).is_some_and(|w| w.has(Sign::Naming));
    if turn.reading.name.is_none() && turn.reading.place.is_none() && naming {
        turn.answer(Reply::new("name_ask"));
        return;
    }
    let known = turn.reading.place.clone().filter(|p| p.code != PlaceCode::COUNTRY);
    let Some(place) = known else {
        let said = turn.reading.place.as_ref().map(|p| p.name.clone()).or(turn.reading.topic.clone());
        let said = said.or(turn.reading.remark.clone()).unwrap_or_default();
        turn.answer(Reply::new("place_unknown").set("said", phrase::clip(&said)));
        return;
    };
    alert::moved(&mut turn.person, &place);
    turn.person.place = Some(place.clone());
    if turn.facts.drafts.is_empty() {
        turn.answer(Reply::new("place_set").set("place", place.name));
        return;
    }
    meet_anew(turn, Reply::new("place_set_posts").set("place", place.name));
}

/// Files the drafts of own posts as they stand now, answers with whom they meet that is new, and tells those.
pub(super) fn meet_anew(turn: &mut Turn<'_>, reply: Reply) {
    let g = turn.env.grammar;
    let drafts = std::mem::take(&mut turn.facts.drafts);
    let mut fresh: Vec<Arc<Post>> = Vec::new();
    for m in drafts.iter().flat_map(|d| &d.matches).filter(|m| !m.told) {
        if !fresh.iter().any(|p| p.id == m.post.id) {
            fresh.push(m.post.clone());
        }
    }
    let shown = turn.answer(list::list(g, reply, &fresh));
    if !fresh.is_empty() {
        turn.listed(Then::Contact, &list::ids(&fresh), shown);
    }
    for d in drafts {
        spread(turn, &d);
        turn.out.save(d.post);
    }
}

/// The sender's posts that were filed where his station is, or where he was at home before, as they stand once he has
/// said where he is.
pub fn moved(env: &Env<'_>, facts: &Facts, reading: &Reading) -> Vec<Post> {
    let Some(place) = reading.place.clone().filter(|p| p.code != PlaceCode::COUNTRY) else { return Vec::new() };
    let before = facts.person.as_ref().and_then(|p| p.place.as_ref());
    let unsaid = |p: &Post| {
        before == Some(&p.place) || env.rules.stations.get(&p.station).is_some_and(|s| s.place == p.place.code)
    };
    let own = facts.own.iter().rev().filter(|p| unsaid(p) && p.place != place);
    own.map(|p| Post { place: place.clone(), ..(**p).clone() }).collect()
}

/// The posts of one who is back, the newest first: others could not meet them meanwhile.
pub fn back(facts: &Facts) -> Vec<Post> {
    let away = facts.person.as_ref().is_some_and(|p| p.stopped.is_some());
    facts.own.iter().rev().filter(|_| away).map(|p| (**p).clone()).collect()
}
