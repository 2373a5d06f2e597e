//! 地 名 退订 开通 帮助: what concerns the sender.

use super::facts::Facts;
use super::post::spread;
use super::turn::{Env, Turn};
use crate::command::Reading;
use crate::market::{PlaceCode, Post, PostId};
use crate::reply::{Reply, phrase};
use crate::store::record::Then;

/// 退订: the one confirmation, and then nothing.
pub fn stop(turn: &mut Turn<'_>) {
    turn.person.stopped = Some(turn.env.now);
    turn.person.questions.clear();
    turn.person.more.clear();
    turn.answer(Reply::new("stopped"));
}

/// 开通: back again.
pub fn start(turn: &mut Turn<'_>) {
    turn.person.stopped = None;
    let reply = with_station(turn, Reply::new("started"));
    turn.answer(reply);
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
    if let Some(name) = &turn.reading.name {
        turn.person.name = Some(phrase::clip(name));
        if turn.reading.place.is_none() {
            turn.answer(Reply::new("name_set").set("name", phrase::clip(name)));
            return;
        }
    }
    let known = turn.reading.place.clone().filter(|p| p.code != PlaceCode::COUNTRY);
    let Some(place) = known else {
        let said = turn.reading.place.as_ref().map(|p| p.name.clone()).or(turn.reading.topic.clone());
        let said = said.or(turn.reading.remark.clone()).unwrap_or_default();
        turn.answer(Reply::new("place_unknown").set("said", phrase::clip(&said)));
        return;
    };
    turn.person.place = Some(place.clone());
    let drafts = std::mem::take(&mut turn.facts.drafts);
    if drafts.is_empty() {
        turn.answer(Reply::new("place_set").set("place", place.name));
        return;
    }
    let g = turn.env.grammar;
    let fresh: Vec<_> = drafts.iter().flat_map(|d| &d.matches).filter(|m| !m.told).map(|m| m.post.clone()).collect();
    let reply = Reply::new("place_set_posts")
        .set("place", place.name)
        .list("entry", fresh.iter().map(|p| phrase::named_entry(g, p)))
        .list("brief", fresh.iter().map(|p| phrase::named_brief(g, p)));
    let shown = turn.answer(reply);
    let ids: Vec<PostId> = fresh.iter().map(|p| p.id).collect();
    turn.listed(Then::Contact, &ids, shown);
    for d in drafts {
        spread(turn, &d);
        turn.save(d.post);
    }
}

/// The sender's posts that were filed where his station is, as they stand once he has said where he is.
pub fn moved(env: &Env<'_>, facts: &Facts, reading: &Reading) -> Vec<Post> {
    let Some(place) = reading.place.clone().filter(|p| p.code != PlaceCode::COUNTRY) else { return Vec::new() };
    let nowhere = |p: &Post| env.rules.stations.get(&p.station).is_some_and(|s| s.place == p.place.code);
    let own = facts.own.iter().filter(|p| nowhere(p) && p.place != place);
    own.map(|p| Post { place: place.clone(), ..(**p).clone() }).collect()
}
