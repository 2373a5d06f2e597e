//! A bare number, `807`: two people are put in touch. Only now, and only these two, see each other's phone; and only where both
//! know that numbers are exchanged and neither keeps his private. Else their words are passed on.

use super::facts::home;
use super::turn::Turn;
use super::{doubt, own, tie};
use crate::clock::DAY;
use crate::grammar::board::Touch;
use crate::market::{PactKind, Post, PostId};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::Person;
use crate::store::record::Ask;

/// Numbers that a phone is given in a day: more than anybody calls. One that first wrote today may be somebody who collects them.
const NUMBERS: u32 = 30;
const NUMBERS_FIRST_DAY: u32 = 10;
/// Posts kept as asked after.
const CONTACTED: usize = 30;

/// How two people may be put in touch.
enum Way {
    Numbers,
    /// The owner never heard that numbers are exchanged: he is asked.
    Asking,
    Words,
    /// It is unsure whose phone the owner's is now.
    Doubtful,
}

fn way(turn: &Turn<'_>, post: &Post, owner: &Person) -> Way {
    let relay = turn.env.grammar.boards.get(&post.board).is_none_or(|b| b.touch == Touch::Relay);
    match () {
        () if doubt::silent(turn.env, owner) => Way::Doubtful,
        () if relay || owner.private || turn.person.private => Way::Words,
        () if owner.informed => Way::Numbers,
        () => Way::Asking,
    }
}

/// Whether two who are put in touch, on a board of numbers, may see each other's.
pub fn numbers_pass(a: &Person, b: &Person) -> bool {
    a.informed && b.informed && !a.private && !b.private
}

/// Puts the sender in touch with the owner of the named post.
pub fn contact(turn: &mut Turn<'_>) {
    let Some(post) = turn.facts.named.clone() else {
        let no = turn.reading.post.map(phrase::number).unwrap_or_default();
        turn.answer(Reply::new("no_such_post").set("no", no));
        return;
    };
    // Who says more than the number (101多少钱) has not asked for a phone yet, and is shown how to.
    let owner = turn.facts.named_owner.clone().filter(|o| o.stopped.is_none() && post.is_live(turn.env.now));
    let Some(owner) = owner.filter(|o| o.msisdn != turn.msisdn && !turn.reading.unsure) else {
        return own::view(turn);
    };
    if owner.blocked.contains(&turn.msisdn) || turn.person.blocked.contains(&owner.msisdn) {
        let reply = about(turn, "not_reached", &post).set("item", phrase::clip(&phrase::item(&post)));
        turn.answer(reply);
        return;
    }
    match way(turn, &post, &owner) {
        Way::Numbers => numbers(turn, &post, &owner),
        Way::Asking => asking(turn, &post, &owner),
        Way::Words => words(turn, &post, &owner),
        Way::Doubtful => doubt::ask_owner(turn, &post, &owner),
    }
}

fn about(turn: &Turn<'_>, name: &'static str, post: &Post) -> Reply {
    let g = turn.env.grammar;
    Reply::new(name)
        .set("no", phrase::number(post.id))
        .set("what", phrase::what(g, post))
        .set("short", phrase::short(g, post))
}

/// What the one who asks is told: the owner's number, and how others found him.
fn with_number(turn: &Turn<'_>, post: &Post, owner: &Person, asker: &Person) -> Reply {
    about(turn, "contact", post)
        .set("place", phrase::seen_from(post, home(turn.env, turn.mo, Some(asker)).code))
        .set("remark", post.remark.as_deref().map(phrase::remark).unwrap_or_default())
        .set("phone", owner.msisdn.local())
        .set("name", owner.name.clone().unwrap_or_default())
        .set("good", good(owner))
}

/// What the owner is told.
fn to_owner(turn: &Turn<'_>, post: &Post, asker: &Person) -> Reply {
    about(turn, "contacted", post)
        .set("phone", asker.msisdn.local())
        .set("name", asker.name.clone().unwrap_or_default())
        .set("good", good(asker))
        .set("over", phrase::over(turn.env.grammar, post))
}

/// What others said of somebody after a deal; nothing where nobody did, or where it was bad as often.
fn good(person: &Person) -> String {
    if person.rated_good > person.rated_bad { person.rated_good.to_string() } else { String::new() }
}

fn numbers(turn: &mut Turn<'_>, post: &Post, owner: &Person) {
    let again = turn.person.contacted.contains(&post.id);
    let first_day = turn.env.now.0 - turn.person.joined.0 < DAY;
    let cap = if first_day { NUMBERS_FIRST_DAY } else { NUMBERS };
    if !again && turn.person.today.contacts >= cap {
        turn.answer(Reply::new("enough_numbers").set("no", phrase::number(post.id)));
        return;
    }
    turn.person.today.contacts += u32::from(!again);
    let mine = turn.facts.met.last().cloned();
    let over = mine.as_ref().map(|m| phrase::over(turn.env.grammar, m)).unwrap_or_default();
    let reply = with_number(turn, post, owner, &turn.person)
        .set("mine", mine.map(|m| phrase::number(m.id)).unwrap_or_default())
        .set("over", over);
    turn.answer(reply);
    // Who taps the number again gets it again; the owner has been told.
    if turn.person.contacted.contains(&post.id) {
        return;
    }
    let reply = to_owner(turn, post, &turn.person);
    tie::tie(turn, post, owner, PactKind::Deal);
    turn.out.notify(owner.msisdn, Some(owner), &reply);
    remember(&mut turn.person.contacted, post.id);
}

/// Words only: the owner hears that somebody would like to talk, once.
fn words(turn: &mut Turn<'_>, post: &Post, owner: &Person) {
    let name = if owner.private { "contact_words" } else { "contact_words_board" };
    let name = if turn.person.private && !owner.private { "contact_words_mine" } else { name };
    let reply = about(turn, name, post);
    turn.answer(reply);
    if turn.person.contacted.contains(&post.id) {
        return;
    }
    remember(&mut turn.person.contacted, post.id);
    tie::tie(turn, post, owner, PactKind::Relay);
    let relay = turn.env.grammar.boards.get(&post.board).is_some_and(|b| b.touch == Touch::Relay);
    // where only he keeps his number, he may give it to this one
    if !relay && owner.private && !turn.person.private {
        let ask = Ask::Show { post: post.id, party: turn.msisdn };
        turn.out.ask(owner.msisdn, Some(owner), ask, phrase::number(post.id));
        let reply = about(turn, "ask_show", post);
        turn.out.notify(owner.msisdn, Some(owner), &reply);
    } else {
        let reply = about(turn, "contacted_words", post);
        turn.out.notify(owner.msisdn, Some(owner), &reply);
    }
}

/// The owner is asked first.
fn asking(turn: &mut Turn<'_>, post: &Post, owner: &Person) {
    let reply = about(turn, "contact_asked", post);
    turn.answer(reply);
    if turn.person.contacted.contains(&post.id) {
        return;
    }
    remember(&mut turn.person.contacted, post.id);
    tie::tie(turn, post, owner, PactKind::Relay);
    let ask = Ask::Show { post: post.id, party: turn.msisdn };
    turn.out.ask(owner.msisdn, Some(owner), ask, phrase::number(post.id));
    let reply = about(turn, "ask_show", post);
    turn.out.notify(owner.msisdn, Some(owner), &reply);
}

/// The owner says whether that one may have his number.
pub fn shown(turn: &mut Turn<'_>, party: Msisdn, yes: bool) {
    let asker = turn.facts.life.other(party).cloned();
    let (Some(post), Some(asker)) = (turn.facts.named.clone(), asker) else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    if !yes {
        let reply = about(turn, "show_no", &post);
        turn.answer(reply);
        let reply = about(turn, "contact_words", &post);
        turn.out.notify(party, Some(&asker), &reply);
        return;
    }
    // what he allows one he has heard of; whether others get it he has said with 保密 or not
    turn.person.informed = true;
    let pact = turn.facts.life.pacts.iter().rev().find(|p| p.party == party).cloned();
    if let Some(mut pact) = pact {
        pact.kind = PactKind::Deal;
        turn.out.agree(pact);
    }
    let reply = to_owner(turn, &post, &asker);
    turn.answer(reply);
    let reply = with_number(turn, &post, &turn.person, &asker);
    turn.out.notify(party, Some(&asker), &reply);
}

/// Remembers a post as asked after.
fn remember(contacted: &mut Vec<PostId>, id: PostId) {
    contacted.push(id);
    let extra = contacted.len().saturating_sub(CONTACTED);
    contacted.drain(..extra);
}
