//! 评: how the other side of a deal was. Only who had to do with it may say, and once.

use super::turn::Turn;
use crate::market::{Pact, PactId};
use crate::reply::{Reply, phrase};

/// What is bad, wherever it stands: 不好 has 好 in it.
const BAD: [&str; 14] =
    ["差", "不好", "坏", "骗", "不行", "不满", "不老实", "不诚", "假", "缺斤", "少秤", "压价", "黑心", "不地道"];
const GOOD: [&str; 9] = ["好", "满意", "不错", "可以", "实在", "行", "赞", "老实", "诚信"];

/// 评 807 好.
pub fn said(turn: &mut Turn<'_>) {
    let words = turn.reading.remark.clone().unwrap_or_default();
    let text = &turn.mo.text;
    let has = |list: &[&str]| list.iter().any(|w| text.contains(w));
    let digit = |d: char| words.trim() == d.to_string();
    let good = match (has(&BAD) || digit('2'), has(&GOOD) || digit('1')) {
        (true, _) => Some(false),
        (false, good) => good.then_some(true),
    };
    let Some(post) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        let reply = if no.is_empty() { Reply::new("rate_how") } else { Reply::new("no_such_post").set("no", no) };
        turn.answer(reply);
        return;
    };
    let pacts = &turn.facts.life.pacts;
    // of several who asked for it, the one it came to a deal with
    let done = pacts.iter().rev().find(|p| p.state == crate::market::PactState::Done);
    let pact = done.or(pacts.last()).map(|p| p.id);
    let no = phrase::number(post.id);
    match (pact, good) {
        (None, _) => drop(turn.answer(Reply::new("rate_stranger").set("no", no))),
        (_, None) => drop(turn.answer(Reply::new("rate_how").set("no", no))),
        (Some(pact), Some(good)) => {
            // the digit that was asked for is given with it
            turn.person
                .questions
                .retain(|q| !matches!(q.ask, crate::store::record::Ask::Rate { pact: p, .. } if p == pact));
            rate(turn, pact, good);
        }
    }
}

/// Counts it on the other one.
pub fn rate(turn: &mut Turn<'_>, pact: PactId, good: bool) {
    let Some(pact) = turn.facts.life.pacts.iter().find(|p| p.id == pact).cloned() else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    let no = phrase::number(pact.post);
    let mine = turn.msisdn == pact.owner;
    let before = if mine { pact.rated_by_owner } else { pact.rated_by_party };
    if before.is_some() {
        turn.answer(Reply::new("rated_before").set("no", no));
        return;
    }
    let other = pact.other_than(turn.msisdn);
    let known = turn.facts.life.other(other).cloned();
    // also one who has left keeps what was said of him
    if let Some(mut person) = known {
        let count = if good { &mut person.rated_good } else { &mut person.rated_bad };
        *count = count.saturating_add(1);
        turn.out.keep(person);
    }
    let pact =
        if mine { Pact { rated_by_owner: Some(good), ..pact } } else { Pact { rated_by_party: Some(good), ..pact } };
    turn.out.agree(pact);
    let name = if good { "rated_good" } else { "rated_bad" };
    turn.answer(Reply::new(name).set("no", no));
}
