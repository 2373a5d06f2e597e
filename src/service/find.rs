//! 查: looking without posting.

use super::turn::Turn;
use crate::market::PostId;
use crate::reply::{Reply, phrase};
use crate::store::record::Then;

/// Lists live posts of an item, nearest and newest first.
pub fn search(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let Some(item) = &turn.reading.item else {
        let reply = super::person::help_text(turn);
        turn.answer(reply);
        return;
    };
    let said = phrase::clip(&item.said);
    let posts = turn.facts.found.clone();
    if posts.is_empty() {
        turn.answer(Reply::new("found_none").set("said", said));
        return;
    }
    let reply = Reply::new("found")
        .set("said", said)
        .set("count", posts.len().to_string())
        .list("entry", posts.iter().map(|p| format!("{}{}", phrase::named_entry(g, p), p.place.name)))
        .list("brief", posts.iter().map(|p| phrase::named_entry(g, p)));
    let shown = turn.answer(reply);
    let ids: Vec<PostId> = posts.iter().map(|p| p.id).collect();
    turn.listed(Then::Contact, &ids, shown);
}
