//! 传: words passed on without numbers, both ways; 拉黑 ends it. 号码保密 has all that is said to one pass this way.

use super::turn::Turn;
use super::{doubt, own, tie};
use crate::grammar::board::Touch;
use crate::market::{Pact, PactKind, PactState, Post};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::Person;
use crate::store::record::Ask;

/// Words passed on for one phone in a day: a long talk, and no harassment.
const SAID: u32 = 20;
/// Words that one phone gets in a day from all.
const HEARD: u32 = 40;
/// Characters passed on at once: two texts.
const WORDS: usize = 100;
/// People whose words one does not want, the newest.
const BLOCKED: usize = 100;
/// So many digits in a row are a telephone number.
const PHONE: usize = 7;

/// 传 807 明天来拉, and 传 明天来拉 to the one who wrote last.
pub fn relay(turn: &mut Turn<'_>) {
    let Some(post) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        let reply = if no.is_empty() { Reply::new("relay_whom") } else { Reply::new("no_such_post").set("no", no) };
        turn.answer(reply);
        return;
    };
    let no = phrase::number(post.id);
    let Some(words) = said(turn) else {
        turn.answer(Reply::new("relay_what").set("no", no));
        return;
    };
    let pact = newest(turn, &post);
    let other = match &pact {
        Some(pact) => turn.facts.life.other(pact.other_than(turn.msisdn)).cloned(),
        None if post.owner == turn.msisdn => {
            turn.answer(Reply::new("relay_nobody").set("no", no));
            return;
        }
        None if !post.is_live(turn.env.now) => return own::view(turn),
        None => turn.facts.named_owner.clone(),
    };
    let Some(other) = other.filter(|o| o.stopped.is_none() && !o.barred) else { return own::view(turn) };
    // unsaid which of the two it is that does not want to
    if other.blocked.contains(&turn.msisdn) || turn.person.blocked.contains(&other.msisdn) {
        turn.answer(Reply::new("relay_ended").set("no", no));
        return;
    }
    if doubt::silent(turn.env, &other) {
        return doubt::ask_owner(turn, &post, &other);
    }
    let heard = turn.out.person(other.msisdn, Some(&other)).map_or(0, |o| o.today.heard);
    if turn.person.today.relayed >= SAID || heard >= HEARD {
        turn.answer(Reply::new("relay_enough").set("no", no));
        return;
    }
    pass_on(turn, &post, &other, pact, words);
}

fn pass_on(turn: &mut Turn<'_>, post: &Post, other: &Person, pact: Option<Pact>, words: String) {
    let g = turn.env.grammar;
    let relay_only = g.boards.get(&post.board).is_none_or(|b| b.touch == Touch::Relay);
    let words = if relay_only { without_numbers(g, &words) } else { words };
    turn.person.today.relayed += 1;
    match pact {
        Some(pact) => {
            // words open a pact for words; what was a deal stays one
            turn.out.agree(Pact { kind: PactKind::Relay, changed: turn.env.now, ..pact.clone() });
            tie::remember(&mut turn.person, pact.id);
            tie::keep_with(&mut turn.out, other, pact.id);
        }
        None => drop(tie::tie(turn, post, other, PactKind::Relay)),
    }
    if let Some(mut heard) = turn.out.person(other.msisdn, Some(other)) {
        heard.today.heard += 1;
        turn.out.keep(heard);
    }
    let who = if relay_only { alias(&turn.person) } else { turn.person.name.clone() };
    let name = if relay_only { "relayed_friend" } else { "relayed" };
    let reply = Reply::new(name)
        .set("no", phrase::number(post.id))
        .set("name", who.unwrap_or_default())
        .set("text", phrase::clip_at(&words, WORDS));
    turn.out.notify(other.msisdn, Some(other), &reply);
    turn.answer(Reply::new("relay_sent").set("no", phrase::number(post.id)));
}

/// The name under which friends know somebody; never his own.
fn alias(person: &Person) -> Option<String> {
    person.alias.clone()
}

/// What is to be passed on, whole.
fn said(turn: &Turn<'_>) -> Option<String> {
    let words = turn.reading.remark.clone().or_else(|| {
        // 传 你好: politeness is a message too
        let (_, rest) = turn.mo.text.trim().split_once([' ', ',', ':', ',', ':'])?;
        let rest = rest.trim();
        (!rest.is_empty() && !rest.chars().all(|c| c.is_ascii_digit() || c == '号')).then(|| rest.to_string())
    })?;
    let words = words.trim();
    (!words.is_empty()).then(|| words.to_string())
}

/// The newest pact of the sender about the post: with its owner, or of his own post with who wrote last.
fn newest(turn: &Turn<'_>, post: &Post) -> Option<Pact> {
    let mine = post.owner == turn.msisdn;
    let pacts = turn.facts.life.pacts.iter().filter(|p| p.post == post.id && (mine || p.party == turn.msisdn));
    pacts.max_by_key(|p| (p.changed, p.id)).cloned()
}

/// Friends get to know each other without numbers, also without those that one writes into his words.
pub(super) fn without_numbers(g: &crate::grammar::Grammar, words: &str) -> String {
    let hidden = phrase::word(g, "who.number").unwrap_or_default();
    let mut out = String::new();
    let mut run = String::new();
    let mut digits = 0;
    for c in words.chars().chain(std::iter::once('\n')) {
        if c.is_ascii_digit() || digits > 0 && matches!(c, ' ' | '-' | '.') {
            digits += usize::from(c.is_ascii_digit());
            run.push(c);
            continue;
        }
        let kept = if digits >= PHONE { hidden.as_str() } else { run.as_str() };
        out.push_str(kept);
        run.clear();
        digits = 0;
        if c != '\n' {
            out.push(c);
        }
    }
    out
}

/// 拉黑: no more words of that one.
pub fn block(turn: &mut Turn<'_>) {
    let Some(post) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        let reply = if no.is_empty() { Reply::new("block_whom") } else { Reply::new("no_such_post").set("no", no) };
        turn.answer(reply);
        return;
    };
    let pact = newest(turn, &post);
    let other: Option<Msisdn> = match &pact {
        Some(pact) => Some(pact.other_than(turn.msisdn)),
        None => Some(post.owner).filter(|o| *o != turn.msisdn),
    };
    let Some(other) = other else {
        turn.answer(Reply::new("relay_nobody").set("no", phrase::number(post.id)));
        return;
    };
    turn.person.blocked.retain(|b| *b != other);
    turn.person.blocked.push(other);
    let extra = turn.person.blocked.len().saturating_sub(BLOCKED);
    turn.person.blocked.drain(..extra);
    turn.person.questions.retain(|q| !matches!(q.ask, Ask::Show { party, .. } if party == other));
    if let Some(pact) = pact {
        turn.out.agree(Pact { state: PactState::Released, changed: turn.env.now, ..pact });
    }
    turn.answer(Reply::new("blocked").set("no", phrase::number(post.id)));
}

/// 号码保密, 号码公开.
pub fn private(turn: &mut Turn<'_>, private: bool) {
    turn.person.private = private;
    turn.person.informed = true;
    turn.answer(Reply::new(if private { "private" } else { "public" }));
}

/// 昵称 小草: how friends know one.
pub fn named(turn: &mut Turn<'_>) {
    let name = turn.reading.name.clone().filter(|n| !n.contains(|c: char| c.is_ascii_digit()));
    let Some(name) = name else {
        turn.answer(Reply::new("alias_unclear"));
        return;
    };
    let name = phrase::clip(&name);
    turn.person.alias = Some(name.clone());
    turn.answer(Reply::new("alias_set").set("name", name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_out_of_what_friends_write() {
        let g = crate::grammar::Grammar::built_in().expect("the built-in grammar loads");
        for (text, want) in [
            ("你好", "你好"),
            ("我今年25岁,家里3口人", "我今年25岁,家里3口人"),
            ("打我13800000000", "打我(号码略)"),
            ("微信 138 0000 0000晚上聊", "微信 (号码略)晚上聊"),
        ] {
            assert_eq!(without_numbers(&g, text), want);
        }
    }
}
