//! 便民: when the bus goes, when the clinic is open, what the market has: short notes that the station's manager writes by text and
//! that are found by their words.
//!
//! ```text
//! 便民 班车 县城:早7点到晚6点,半小时一班      from the manager: it is noted
//! 便民 班车 县城:                           from him: it is taken away
//! 班车 县城 · 去县城的班车几点               from anybody: it is told
//! ```

use super::turn::Turn;
use crate::command::{Intent, Reading};
use crate::grammar::Grammar;
use crate::grammar::lexicon::Force;
use crate::grammar::reply::SEGMENT;
use crate::message::alphabet::utf16_units;
use crate::reply::{Reply, phrase};
use crate::store::Notes;
use crate::store::record::{Ask, Note};

/// Notes of one station: what fits one record of the store, each as long as it may be.
const NOTES: usize = 50;
/// Characters of the words that a note is found by, and of the note: five texts.
const WORDS: usize = 20;
const TEXT: usize = 330;
/// Notes to choose from.
const CHOICES: usize = 9;
/// Units of a page that says how to go on.
const MORE_ROOM: usize = 8;

/// Whether a text may ask for a note: it is no post and no command of another kind.
pub fn may_ask(reading: &Reading) -> bool {
    use Intent::{Ask, Info, Notice, RideNeed, RideOffer, Search, Unknown};
    match reading.intent {
        Info | Search | Ask | Notice => true,
        // 去县城的班车几点 offers none; and who finds no ride is told of the bus
        RideNeed | RideOffer => true,
        Unknown => matches!(reading.reason, None | Some("unread")),
        _ => reading.unsure,
    }
}

/// What a text finds.
enum Found<'n> {
    Nothing,
    One(&'n Note),
    Several(Vec<&'n Note>),
}

/// The note of which every word is in the text, the longest first; else those that begin with a word of it.
fn find<'n>(notes: &'n [Note], text: &str, loosely: bool) -> Found<'n> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let parts = |n: &Note| n.words.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    let whole = notes.iter().filter(|n| parts(n).iter().all(|p| text.contains(p.as_str())));
    if let Some(best) = whole.max_by_key(|n| n.words.chars().count()) {
        return Found::One(best);
    }
    let first = |n: &&Note| loosely && parts(n).first().is_some_and(|p| text.contains(p.as_str()));
    let some: Vec<&Note> = notes.iter().filter(first).take(CHOICES).collect();
    match some.as_slice() {
        [] => Found::Nothing,
        [one] => Found::One(one),
        _ => Found::Several(some),
    }
}

/// Answers from the station's notes, where they have what the text asks for. Returns whether it did.
pub fn told(turn: &mut Turn<'_>) -> bool {
    let r = &turn.reading;
    if r.intent == Intent::Info || r.claim.is_some() || !may_ask(r) {
        return false;
    }
    // who looks for goods is shown them, where there are any
    let sure = r.intent == Intent::Search && !r.unsure;
    if sure && !turn.facts.found.is_empty() {
        return false;
    }
    let loosely = !sure && r.intent != Intent::Ask;
    // a ride is a post, unless it is asked for as the note is
    let ride = matches!(r.intent, Intent::RideNeed | Intent::RideOffer);
    if ride && (r.when.is_some() || r.people.is_some() || r.price.is_some()) {
        return false;
    }
    let loosely = loosely && !ride;
    let text = turn.mo.text.clone();
    look_up(turn, &text, loosely)
}

fn look_up(turn: &mut Turn<'_>, text: &str, loosely: bool) -> bool {
    let Some(notes) = turn.facts.look.notes.take() else { return false };
    match find(&notes.notes, text, loosely) {
        Found::Nothing => return false,
        Found::One(note) => tell(turn, note),
        Found::Several(some) => {
            let entries = some.iter().enumerate().map(|(n, note)| format!("{}){}", n + 1, note.words));
            let reply = Reply::new("note_which").list("topics", entries);
            turn.ask(Ask::Note { words: some.iter().map(|n| n.words.clone()).collect() });
            turn.answer(reply);
        }
    }
    true
}

/// The note on the bus to where a ride is wanted.
pub fn bus_to(turn: &Turn<'_>, place: &str) -> Option<Note> {
    let bus = phrase::word(turn.env.grammar, "ride_note")?;
    let notes = turn.facts.look.notes.as_ref()?;
    let fits = |n: &&Note| {
        let mut parts = n.words.split_whitespace();
        n.words.starts_with(&bus) && parts.clone().count() > 1 && parts.all(|p| p == bus || place.starts_with(p))
    };
    notes.notes.iter().find(fits).cloned()
}

fn tell(turn: &mut Turn<'_>, note: &Note) {
    let mut pages = pages(&note.text).into_iter();
    let first = pages.next().unwrap_or_default();
    turn.person.pages = pages.collect();
    page(turn, first);
}

/// The next page of a long answer.
pub fn go_on(turn: &mut Turn<'_>) {
    let first = turn.person.pages.remove(0);
    page(turn, first);
}

fn page(turn: &mut Turn<'_>, text: String) {
    let name = if turn.person.pages.is_empty() { "page" } else { "page_more" };
    turn.answer(Reply::new(name).set("text", text));
}

/// A text in pages that fit one segment each, cut behind a mark where there is one and never inside a number.
fn pages(text: &str) -> Vec<String> {
    if utf16_units(text) <= SEGMENT {
        return vec![text.to_string()];
    }
    let room = SEGMENT - MORE_ROOM;
    let (mut out, mut rest) = (Vec::new(), text);
    while utf16_units(rest) > room {
        let mut units = 0;
        let fits = rest.char_indices().take_while(|(_, c)| {
            units += c.len_utf16();
            units <= room
        });
        let mut end = fits.last().map_or(rest.len(), |(at, c)| at + c.len_utf8());
        let mark = |c: char| matches!(c, ',' | '。' | ';' | '，' | '；' | ' ' | '、' | '!' | '！');
        // behind a mark in the last third
        let from = rest.char_indices().map(|(at, _)| at).take_while(|at| *at <= end * 2 / 3).last().unwrap_or(0);
        if let Some((at, c)) = rest[from..end].char_indices().rev().find(|(_, c)| mark(*c)) {
            end = from + at + c.len_utf8();
        } else {
            let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ':' | '-');
            let cut = rest[..end].trim_end_matches(number).len();
            if rest[end..].starts_with(number) && cut > 0 {
                end = cut;
            }
        }
        out.push(rest[..end].to_string());
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        out.push(rest.to_string());
    }
    out
}

/// What stands behind the head word: the words of a note, and its text where a colon follows.
fn split(g: &Grammar, text: &str) -> (String, Option<String>) {
    let text = text.trim();
    let heads = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let is_head = |end: &usize| g.lexicon.word(&text[..*end]).is_some_and(|w| w.is_verb(Intent::Info, Force::Head));
    let from = heads.take(8).filter(is_head).last().unwrap_or(0);
    let rest = text[from..].trim_start_matches([':', '：', ' ', '　', ',']);
    let (words, said) = match rest.split_once([':', '：', '=', '＝']) {
        Some((words, said)) => (words, Some(said.trim().to_string())),
        None => (rest, None),
    };
    (words.split([' ', '　', ',', '，', '、']).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" "), said)
}

/// 便民.
pub fn info(turn: &mut Turn<'_>) {
    // a digit picked one
    if let Some(words) = turn.reading.topic.clone().filter(|_| turn.reading.choice.is_some()) {
        if !look_up(turn, &words, false) {
            turn.answer(Reply::new("note_none").set("said", phrase::clip(&words)));
        }
        return;
    }
    let (words, said) = split(turn.env.grammar, &turn.mo.text);
    match said {
        Some(said) if turn.is_manager() => write(turn, words, said),
        _ if words.is_empty() => all(turn),
        _ => {
            if !look_up(turn, &words, true) {
                turn.answer(Reply::new("note_none").set("said", phrase::clip(&words)));
            }
        }
    }
}

/// What there is to look up.
fn all(turn: &mut Turn<'_>) {
    let words: Vec<String> =
        turn.facts.look.notes.iter().flat_map(|n| n.notes.iter().rev()).map(|n| n.words.clone()).collect();
    let reply = if words.is_empty() { Reply::new("notes_none") } else { Reply::new("notes").list("topics", words) };
    turn.answer(reply);
}

/// The manager notes something, or takes it away.
fn write(turn: &mut Turn<'_>, words: String, text: String) {
    let Some(station) = turn.env.rules.station(turn.mo).map(|s| s.key.clone()) else { return };
    if words.is_empty() || words.chars().count() > WORDS || text.chars().count() > TEXT {
        let (most, room) = (WORDS.to_string(), TEXT.to_string());
        turn.answer(Reply::new("note_how").set("count", most).set("room", room));
        return;
    }
    let mut notes = turn.facts.look.notes.take().unwrap_or(Notes { station, notes: Vec::new() });
    notes.notes.retain(|n| n.words != words);
    let reply = if text.is_empty() { Reply::new("note_gone") } else { Reply::new("note_kept") };
    if !text.is_empty() {
        if notes.notes.len() >= NOTES {
            turn.answer(Reply::new("notes_full").set("count", NOTES.to_string()));
            return;
        }
        notes.notes.push(Note { words: words.clone(), text: text.clone(), by: turn.msisdn, at: turn.env.now });
    }
    turn.out.note(notes);
    turn.answer(reply.set("words", words).set("text", text.clone()).set("said", phrase::clip(&text)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_fit_and_nothing_is_lost_or_cut() {
        let text = "县城到栽麻的班车,早上6:30到晚上18:00,每30分钟一班,票价12元;周末加开两班,发车点在汽车站2号门,\
                    电话0855-6621234,春节和赶场天人多,请早点去买票,老人和小孩优先上车,带货的要另外买行李票5元一件";
        let pages = pages(text);
        assert!(pages.len() > 1 && pages.concat() == text, "{pages:?}");
        for p in &pages {
            assert!(utf16_units(p) <= SEGMENT, "{p}");
        }
        let digits = |s: &str| s.chars().next_back().is_some_and(|c| c.is_ascii_digit());
        for two in pages.windows(2) {
            assert!(!(digits(&two[0]) && two[1].starts_with(|c: char| c.is_ascii_digit())), "{two:?}");
        }
    }
}
