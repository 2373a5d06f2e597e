//! What a person is called, found before words are joined into phrases: 刘老板, 张姐, 老王, 李国强.
//!
//! Most characters of names mean something by themselves, so a name is taken for one only where something says so: a telephone
//! number right beside it (`王小姐159…`, `159… 李师傅`), or a word that leads up to one (`联系人马文`, `我叫张小妹`). The surnames and
//! what people are called by are in `grammar/terms.toml`.

use std::ops::Range;

use super::normalize::is_han;
use super::scan::{Kind, Token};
use crate::grammar::Grammar;
use crate::grammar::lexicon::{Force, Sense, Sign};

/// So many tokens between a name and its number: 刘老板 · , · 联系 · 电话 · :
const BETWEEN: usize = 6;
/// Characters of a name.
const MOST: usize = 5;

/// The tokens of a text with each name joined into one.
pub(super) fn join<'g>(grammar: &'g Grammar, text: &str, tokens: Vec<Token<'g>>) -> Vec<Token<'g>> {
    let mut names: Vec<Range<usize>> = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let Some(end) = telephone(text, &tokens, i) else {
            names.extend(led_up_to(grammar, text, &tokens, i));
            i += 1;
            continue;
        };
        let named = before_number(grammar, text, &tokens, i).or_else(|| behind_number(grammar, text, &tokens, end));
        names.extend(named);
        i = end;
    }
    names.sort_by_key(|n| n.start);
    names.dedup_by(|b, a| b.start < a.end);
    if names.is_empty() { tokens } else { joined(grammar, text, tokens, &names) }
}

/// The end of the telephone number that begins at token `i`.
fn telephone(text: &str, tokens: &[Token<'_>], i: usize) -> Option<usize> {
    let digits = |t: &Token<'_>| matches!(t.kind, Kind::Arabic(_)) && !text[t.range()].contains('.');
    let first = tokens.get(i).filter(|t| digits(t))?;
    if !text[first.range()].starts_with(['0', '1', '8']) {
        return None;
    }
    let (mut k, mut n) = (i, 0);
    while let Some(t) = tokens.get(k).filter(|t| digits(t) || k > i && matches!(t.kind, Kind::Dash)) {
        n += if digits(t) { t.len() } else { 0 };
        k += 1;
        if n >= 11 {
            break;
        }
    }
    (10..=13).contains(&n).then_some(k)
}

/// 刘老板159…, 李国强,电话159…
fn before_number(grammar: &Grammar, text: &str, tokens: &[Token<'_>], phone: usize) -> Option<Range<usize>> {
    let people = &grammar.terms.people;
    let mut k = phone;
    let mut end = tokens[phone].start as usize;
    for _ in 0..BETWEEN {
        let before = text[..end].trim_end_matches([' ', ',', ':', '-', '+']);
        let cue = people.reach.iter().filter(|w| before.ends_with(w.as_str())).max_by_key(|w| w.len());
        end = before.len() - cue.map_or(0, String::len);
        if cue.is_none() {
            break;
        }
    }
    while k > 0 && tokens[k - 1].start as usize >= end {
        k -= 1;
    }
    let told = tokens[..k].iter().any(|t| t.word().is_some_and(|w| w.item().is_some()));
    longest(text, end).find_map(|start| {
        let name = &text[start..end];
        let before = text[..start].chars().next_back();
        let led = people.leads.iter().any(|w| text[..start].ends_with(w.as_str()));
        let apart = before.is_none_or(|c| !is_han(c) && !c.is_ascii_digit());
        let cut = tokens.iter().any(|t| t.start as usize == start && matches!(t.kind, Kind::Han));
        let titled = titled(grammar, name) && (apart || led || cut && name.chars().count() > 2);
        (titled || (led || apart && told && start > 0) && given(grammar, text, tokens, start..end))
            .then_some(start..end)
    })
}

/// 159… 李师傅
fn behind_number(grammar: &Grammar, text: &str, tokens: &[Token<'_>], end: usize) -> Option<Range<usize>> {
    let from = tokens.get(end - 1)?.end as usize;
    let rest = &text[from..];
    let start = from + (rest.len() - rest.trim_start_matches([' ', ',', ':', '-']).len());
    let run = text[start..].chars().take_while(|c| is_han(*c)).count();
    let at = |n: usize| text[start..].char_indices().nth(n).map_or(text.len(), |(i, _)| start + i);
    (2..=MOST.min(run)).rev().map(at).find_map(|stop| {
        let name = start..stop;
        let ends = text[stop..].chars().next().is_none_or(|c| !is_han(c) && !c.is_ascii_digit());
        (ends && (titled(grammar, &text[name.clone()]) || given(grammar, text, tokens, name.clone()))).then_some(name)
    })
}

/// 联系人马文, 找李老师,: behind a word that leads up to a name, up to the next mark.
fn led_up_to(grammar: &Grammar, text: &str, tokens: &[Token<'_>], i: usize) -> Option<Range<usize>> {
    let people = &grammar.terms.people;
    let from = tokens[i].end as usize;
    let ends = |list: &[String]| list.iter().any(|w| text[..from].ends_with(w.as_str()));
    let (named, asked) = (ends(&people.called), i > 0 && ends(&people.asked));
    if !named && !asked {
        return None;
    }
    let rest = &text[from..];
    let start = from + (rest.len() - rest.trim_start_matches([' ', ':']).len());
    let run = text[start..].chars().take_while(|c| is_han(*c)).count();
    let stop = text[start..].char_indices().nth(run).map_or(text.len(), |(at, _)| start + at);
    let mut stop = stop;
    // 联系人马文电话159…
    if let Some(cue) = people.reach.iter().filter(|w| text[start..stop].ends_with(w.as_str())).max_by_key(|w| w.len()) {
        stop -= cue.len();
    }
    let name = start..stop;
    if !(2..=MOST).contains(&text[name.clone()].chars().count()) {
        return None;
    }
    let fits = titled(grammar, &text[name.clone()]) || named && given(grammar, text, tokens, name.clone());
    fits.then_some(name)
}

/// Where names that end at `end` may begin, the longest first.
fn longest(text: &str, end: usize) -> impl Iterator<Item = usize> {
    let starts: Vec<usize> =
        text[..end].char_indices().rev().take_while(|(_, c)| is_han(*c)).take(MOST).map(|(at, _)| at).collect();
    starts.into_iter().skip(1).rev()
}

/// 刘老板, 老王, 欧阳老师: a surname, and what its bearer is called by.
pub(super) fn titled(grammar: &Grammar, name: &str) -> bool {
    let people = &grammar.terms.people;
    // 水工: a trade
    if grammar.lexicon.word(name).is_some_and(|w| w.item().is_some()) {
        return false;
    }
    let bare = |s: &str| {
        let one = s.chars().count() == 1 && s.chars().all(|c| people.surnames.contains(c));
        one || people.double_surnames.iter().any(|d| d == s)
    };
    people.titles.iter().any(|t| name.strip_suffix(t.as_str()).is_some_and(bare))
        || people.before_surname.iter().any(|t| name.strip_prefix(t.as_str()).is_some_and(bare))
}

/// 李国强, 陈文: a surname and one or two characters, none of which says anything else as a whole.
fn given(grammar: &Grammar, text: &str, tokens: &[Token<'_>], at: Range<usize>) -> bool {
    let people = &grammar.terms.people;
    // 毛把: money and what counts
    let counts = |t: &Token<'_>| {
        t.word().is_some_and(|w| w.senses.iter().any(|s| matches!(s, Sense::Unit(_) | Sense::Money(..))))
    };
    let mut within = tokens.iter().filter(|t| at.start <= t.start as usize && t.end as usize <= at.end).peekable();
    if within.peek().is_some() && within.all(counts) {
        return false;
    }
    let name = &text[at.clone()];
    let n = name.chars().count();
    let double = people.double_surnames.iter().any(|d| name.starts_with(d.as_str()));
    let surname = double || name.chars().next().is_some_and(|c| people.surnames.contains(c));
    if !surname || !((2..=3).contains(&n) || double && n <= 4) {
        return false;
    }
    // 高粱, 长沙: by itself it means something else
    if grammar.lexicon.word(name).is_some_and(|w| !w.senses.is_empty()) {
        return false;
    }
    let inner = tokens.iter().filter(|t| (t.start as usize) < at.end && at.start < t.end as usize);
    inner.into_iter().all(|t| match t.kind {
        Kind::Place(f) => t.range() != at && !f.full,
        Kind::Word(w) if w.chars > 1 => {
            w.verbs(Force::Strong).next().is_none()
                && w.verbs(Force::Post).next().is_none()
                && w.verbs(Force::Head).next().is_none()
                && w.verbs(Force::Whole).next().is_none()
                && w.moment().is_none()
                && ![Sign::Where, Sign::Who, Sign::Ask, Sign::How, Sign::Le, Sign::Go, Sign::Particle, Sign::Spot]
                    .iter()
                    .any(|s| w.has(*s))
        }
        Kind::Word(w) => !(w.has(Sign::Le) || w.has(Sign::Ask) || w.has(Sign::Go)),
        Kind::Han => true,
        _ => false,
    })
}

/// Puts one token in the place of those of each name; what a name cuts in two keeps what is left of it.
fn joined<'g>(grammar: &'g Grammar, text: &str, tokens: Vec<Token<'g>>, names: &[Range<usize>]) -> Vec<Token<'g>> {
    let piece = |start: usize, end: usize, spaced: bool| {
        let kind = grammar.lexicon.word(&text[start..end]).map_or(Kind::Han, Kind::Word);
        Token { start: start as u32, end: end as u32, spaced, kind }
    };
    let mut out: Vec<Token<'g>> = Vec::with_capacity(tokens.len());
    let mut names = names.iter().peekable();
    for t in tokens {
        while names.peek().is_some_and(|n| n.end <= t.start as usize) {
            names.next();
        }
        let Some(n) = names.peek().filter(|n| n.start < t.end as usize) else {
            out.push(t);
            continue;
        };
        let (from, to) = (t.start as usize, t.end as usize);
        if from < n.start {
            out.push(piece(from, n.start, t.spaced));
        }
        if from <= n.start {
            out.push(Token {
                start: n.start as u32,
                end: n.end as u32,
                spaced: t.spaced && from == n.start,
                kind: Kind::Name,
            });
        }
        if to > n.end {
            out.push(piece(n.end, to, false));
        }
    }
    out
}
