//! A text as the cells that slips are made of: characters, letters, and all else, which is no slip.

use super::super::normalize::is_han;
use super::super::scan::{Kind, Token};
use super::{Look, posts};
use crate::grammar::lexicon::{Force, Sense, Sign, Word};
use crate::grammar::sound::{digit, syllable, tone};

/// No longer stretch of a text is searched for slips.
const CHARS: usize = 80;

// What keeping a piece costs, next to what a word costs that is put in ([`super::like`]).
const OPEN: u32 = 22;
const LATIN: u32 = 36;
const WORD: u32 = 10;
const SHORT: u32 = 11;
const PLACE: u32 = 15;
/// What a short word costs more where nobody knows what is wanted.
const DOUBT: u32 = 8;
/// And where it is a slip by its place.
const ODD: u32 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    Han,
    Letter,
    /// Numbers, marks, names of places in full.
    Hard,
}

/// A character or letter of a text, or a number, mark or the like.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    pub start: usize,
    pub end: usize,
    pub is: Is,
    pub c: char,
    /// Pinyin of a character, and its tone.
    pub sound: &'static str,
    pub tone: Option<u8>,
    pub token: usize,
    /// A space, or the beginning, stands before it.
    pub spaced: bool,
    /// Whether a word may begin here, and end behind it.
    pub begins: bool,
    pub ends: bool,
    /// Not understood, or hardly.
    pub suspect: bool,
    /// Where the piece that begins here ends as it was read, and what that costs.
    pub kept: Option<(usize, u32)>,
    /// Whether that piece is unread; whether it is a thing of one character, which may belong to what is.
    pub open: bool,
    pub thing: bool,
}

pub fn cells(look: &Look<'_, '_>) -> Vec<Cell> {
    let mut out: Vec<Cell> = Vec::with_capacity(look.text.len().min(CHARS * 3) / 2);
    for (n, t) in look.tokens.iter().enumerate() {
        let s = &look.text[t.range()];
        let first = out.len();
        let chars = s.chars().count();
        if first + chars > CHARS {
            break;
        }
        let is = is_what(t, s);
        if is == Is::Hard {
            out.push(plain(t, n, is));
            out[first].kept = Some((first + 1, WORD));
            continue;
        }
        let unread = matches!(t.kind, Kind::Han | Kind::Latin);
        let short = chars == 1 || matches!(t.kind, Kind::Place(_));
        let doubtful = !unread && short && is == Is::Han && doubt(look, n);
        let odd = odd_trade(look.tokens, look.text, t).is_some()
            || odd_unit(look.tokens, n)
            || odd_head(look, n)
            || doubled(look.text, look.tokens, n);
        let stray = stray(look.tokens, n) || filler(look.tokens, n);
        for (at, c) in s.char_indices() {
            let i = out.len();
            let start = t.start as usize + at;
            let han = is == Is::Han;
            out.push(Cell {
                start,
                end: start + c.len_utf8(),
                c,
                sound: if han { syllable(c).unwrap_or("") } else { "" },
                tone: if han { tone(c) } else { None },
                spaced: at == 0 && t.spaced,
                begins: unread || at == 0 || !han,
                ends: unread || at + c.len_utf8() == s.len() || !han,
                suspect: unread || doubtful || odd || stray,
                open: unread,
                kept: (matches!(t.kind, Kind::Han)).then_some((i + 1, OPEN)),
                ..plain(t, n, is)
            });
        }
        if !matches!(t.kind, Kind::Han) {
            let cost = match t.kind {
                Kind::Latin => LATIN,
                Kind::Place(_) => PLACE,
                _ if chars > 1 => WORD,
                _ => SHORT,
            };
            let more = if doubtful { DOUBT } else { 0 } + if odd { ODD } else { 0 };
            out[first].kept = Some((first + chars, cost + more));
            // 菇 by itself may belong to what is not understood; all other words stand alone.
            let thing = |w: &Word| w.chars == 1 && w.item().is_some() && !w.speaks_otherwise();
            out[first].thing = t.word().is_some_and(thing);
        }
    }
    out
}

fn plain(t: &Token<'_>, token: usize, is: Is) -> Cell {
    Cell {
        start: t.start as usize,
        end: t.end as usize,
        is,
        c: ' ',
        sound: "",
        tone: None,
        token,
        spaced: t.spaced,
        begins: false,
        ends: false,
        suspect: false,
        kept: None,
        open: false,
        thing: false,
    }
}

fn is_what(t: &Token<'_>, s: &str) -> Is {
    match t.kind {
        Kind::Place(f) if f.full => Is::Hard,
        Kind::Word(_) | Kind::Han | Kind::Place(_) if s.chars().all(|c| is_han(c) && syllable(c).is_some()) => Is::Han,
        Kind::Word(_) | Kind::Latin if s.bytes().all(|b| b.is_ascii_lowercase()) => Is::Letter,
        _ => Is::Hard,
    }
}

pub fn is_number(t: &Token<'_>) -> bool {
    matches!(t.kind, Kind::Arabic(_)) || t.word().is_some_and(|w| w.digit().is_some() || w.power().is_some())
}

/// What counts, pays or measures time behind a number.
pub fn counts(w: &Word) -> bool {
    w.unit().is_some() || w.money().is_some() || w.period().is_some() || w.has(Sign::People) || w.has(Sign::Seats)
}

/// A number stands right before the token.
pub fn behind_number(tokens: &[Token<'_>], n: usize) -> bool {
    n > 0 && !tokens[n].spaced && is_number(&tokens[n - 1])
}

/// A short word that says little where no item is known: 收天吗.
fn doubt(look: &Look<'_, '_>, n: usize) -> bool {
    let t = &look.tokens[n];
    let verb = |w: &Word| {
        w.has(Sign::Want)
            || w.senses.iter().any(|s| matches!(s, Sense::Verb(i, Force::Strong | Force::Hint) if posts(*i)))
    };
    look.no_item
        && !is_number(t)
        && match t.kind {
            Kind::Word(w) => !(verb(w) || behind_number(look.tokens, n) && counts(w)),
            // 收平果5万斤, but not 在平果
            Kind::Place(_) => n > 0 && look.tokens[n - 1].word().is_some_and(verb),
            _ => false,
        }
}

/// 3快5, 200今: what stands behind a number and counts nothing there.
fn odd_unit(tokens: &[Token<'_>], n: usize) -> bool {
    let little = |w: &Word| {
        let leads = [Sign::Route, Sign::To, Sign::Go, Sign::Not, Sign::Ask, Sign::Male, Sign::Female, Sign::Particle];
        let led = leads.iter().any(|s| w.has(*s));
        let head = !w.senses.is_empty() && w.senses.iter().all(|s| matches!(s, Sense::Verb(_, Force::Head)));
        w.chars == 1
            && !counts(w)
            && (w.senses.iter().all(|s| matches!(s, Sense::Moment(_)))
                && (w.moment().is_some() || w.has(Sign::About) && !led)
                || head && !led)
    };
    behind_number(tokens, n) && tokens[n].word().is_some_and(little)
}

/// 那里收板蓝根: at the head of a text, before what one does.
fn odd_head(look: &Look<'_, '_>, n: usize) -> bool {
    let does = |t: &Token<'_>| t.has(Sign::Have) || t.word().is_some_and(|w| w.verbs(Force::Strong).next().is_some());
    n == 0
        && look.grammar.sounds.first(&look.text[look.tokens[0].range()]).is_some()
        && look.tokens.get(1).is_some_and(|t| !t.spaced && does(t))
        && !look.tokens.iter().any(is_number)
}

/// 卖天马30斤: what is no word of its own there, tight before a thing of one character.
fn stray(tokens: &[Token<'_>], n: usize) -> bool {
    let bare = |w: &Word| {
        w.chars == 1
            && w.is_bare()
            && w.senses.iter().all(|s| matches!(s, Sense::Unit(_) | Sense::Period(_) | Sense::Moment(_)))
    };
    let thing = |t: &Token<'_>| {
        !t.spaced && t.word().is_some_and(|w| w.chars == 1 && w.item().is_some() && !w.speaks_otherwise())
    };
    tokens[n].word().is_some_and(bare) && !behind_number(tokens, n) && tokens.get(n + 1).is_some_and(thing)
}

/// 茶由20斤, 土几蛋: a small word right behind a thing of one character or what it is like, where such words do not stand.
fn filler(tokens: &[Token<'_>], n: usize) -> bool {
    let small = |t: &Token<'_>, of: &[Sign]| {
        !t.spaced && t.word().is_some_and(|w| w.chars == 1 && w.senses.is_empty() && of.iter().any(|s| w.has(*s)))
    };
    let thing = |t: &Token<'_>| t.word().is_some_and(|w| w.chars == 1 && w.item().is_some());
    let Some(before) = n.checked_sub(1).map(|i| &tokens[i]) else { return false };
    let next = tokens.get(n + 1);
    let closes = next.is_none_or(|t| t.spaced || is_number(t) || matches!(t.kind, Kind::Comma));
    let like = before.word().is_some_and(|w| w.chars == 1 && w.has(Sign::Modifier));
    small(&tokens[n], &[Sign::From, Sign::About]) && thing(before) && closes
        || small(&tokens[n], &[Sign::Few, Sign::From, Sign::About])
            && like
            && next.is_none_or(|t| !t.spaced && thing(t) || is_number(t))
}

/// 板板蓝根, 板蓝根根: a character beside a long name of goods that begins or ends with it.
fn doubled(text: &str, tokens: &[Token<'_>], n: usize) -> bool {
    let s = |t: &Token<'_>| &text[t.range()];
    let long = |t: &Token<'_>| t.word().is_some_and(|w| w.chars > 2 && w.item().is_some());
    let t = &tokens[n];
    let one = t.word().is_some_and(|w| w.chars == 1);
    let next = tokens.get(n + 1).filter(|o| !o.spaced && long(o));
    let before = n.checked_sub(1).map(|i| &tokens[i]).filter(|o| !t.spaced && long(o));
    one && (next.is_some_and(|o| s(o).starts_with(s(t))) || before.is_some_and(|o| s(o).ends_with(s(t))))
}

pub fn odd_somewhere(text: &str, tokens: &[Token<'_>]) -> bool {
    (0..tokens.len()).any(|n| doubled(text, tokens, n) || stray(tokens, n) || odd_unit(tokens, n) || filler(tokens, n))
}

/// 奶板栗100斤, 要奶: an item of one character with the keys of mai, where the verb should be; and the syllable meant.
pub fn odd_trade(tokens: &[Token<'_>], text: &str, t: &Token<'_>) -> Option<&'static str> {
    let one = |t: &Token<'_>| match t.kind {
        Kind::Word(w) => w.chars == 1 && w.item().is_some(),
        Kind::Han => t.len() <= 4,
        _ => false,
    };
    if !one(t) {
        return None;
    }
    let keys = |s: &str| s.bytes().map(digit).eq("mai".bytes().map(digit));
    if !syllable(text[t.range()].chars().next()?).is_some_and(keys) {
        return None;
    }
    let n = tokens.iter().position(|o| o.start == t.start)?;
    let verb = |t: &Token<'_>| t.word().is_some_and(|w| w.verbs(Force::Strong).any(posts));
    let item = |t: &Token<'_>| t.word().is_some_and(|w| w.item().is_some());
    let before = n.checked_sub(1).map(|i| &tokens[i]);
    let heads = before.is_none() && tokens.get(n + 1).is_some_and(|t| !t.spaced && item(t) && t.len() > 3);
    let wanted = before.is_some_and(|b| b.has(Sign::Want) && !t.spaced)
        && tokens.get(n + 1).is_none_or(|t| t.spaced || matches!(t.kind, Kind::Comma))
        && tokens[..n].iter().any(item);
    // 想麦两头小猪: before so much of what is named behind it
    let counted = before.is_some_and(|b| b.has(Sign::Want) && !t.spaced)
        && tokens.get(n + 1).is_some_and(is_number)
        && tokens[n + 1..].iter().any(item);
    let first = !tokens[..n].iter().any(verb);
    (!tokens.iter().any(verb) && (heads || wanted) || first && counted).then_some("mai")
}
