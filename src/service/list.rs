//! Lists of posts in an answer, and the digit that picks from them.

use std::sync::Arc;

use super::turn::Turn;
use crate::grammar::Grammar;
use crate::market::{Post, PostId};
use crate::reply::{Reply, phrase};
use crate::store::record::Then;

/// Asks for a digit. The entries are numbered anew from 1.
pub fn ask_which(turn: &mut Turn<'_>, then: Then, posts: &[Arc<Post>]) {
    let g = turn.env.grammar;
    let shown = turn.answer(which(g, then, posts));
    turn.listed(then, &ids(posts), shown);
}

/// The question with its numbered entries; a digit picks one of nine.
pub fn which(g: &Grammar, then: Then, posts: &[Arc<Post>]) -> Reply {
    let nine = || posts.iter().take(9).enumerate();
    let more = posts.len().saturating_sub(9);
    let choose = match then {
        Then::Contact => "choose.contact",
        Then::Withdraw => "choose.withdraw",
        Then::Done => "choose.done",
    };
    Reply::new("which")
        .set("choose", phrase::word(g, choose).unwrap_or_default())
        .set("left", more.to_string())
        .list("entry", nine().map(|(n, p)| format!("{}){}", n + 1, phrase::named_entry(g, p))))
        .list("brief", nine().map(|(n, p)| format!("{}){}", n + 1, phrase::named_brief(g, p))))
}

/// A reply that lists posts of any kind.
pub fn list(g: &Grammar, reply: Reply, posts: &[Arc<Post>]) -> Reply {
    reply
        .set("first", posts.first().map(|p| phrase::number(p.id)).unwrap_or_default())
        .list("entry", posts.iter().map(|p| phrase::named_entry(g, p)))
        .list("brief", posts.iter().map(|p| phrase::named_brief(g, p)))
}

pub fn ids(posts: &[Arc<Post>]) -> Vec<PostId> {
    posts.iter().map(|p| p.id).collect()
}
