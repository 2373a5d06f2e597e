//! Slips: homophones (`板兰根`, `勾腾`), near sounds (`水流` for 水牛) and pinyin (`mai tianma 50 jin`).
//!
//! A second chance, only for a text in which no item was found, and only towards the lexicon: what is typed must sound
//! like one of its words. A correction explains a whole unread word, never a part of it: `乙乙宝罗菇` stays what it is,
//! though `乙乙` sounds like something. The normal form is rewritten and read anew; what was written is kept.

use std::ops::Range;

use super::normalize::is_han;
use super::phrase::{Phrase, What};
use super::scan::{Kind, Token};
use crate::grammar::lexicon::{Force, Sense, Sign};
use crate::grammar::sound::same_tones;
use crate::grammar::{Grammar, Intent};

/// A word put in place of what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Bytes of the rewritten text.
    pub at: Range<usize>,
    pub written: String,
}

/// No longer stretch of a text is searched for slips.
const CHARS: usize = 80;
/// Of letters, so many syllables may be one word.
const SYLLABLES: usize = 6;

/// The text with its slips mended; `None` where there are none to mend.
pub fn mend(grammar: &Grammar, text: &str, tokens: &[Token<'_>]) -> Option<(String, Slip)> {
    letters(grammar, text, tokens).or_else(|| homophone(grammar, text, tokens))
}

/// Characters that sound like a word: equal sounds before near ones, the longest first, then the one most like what was
/// written.
fn homophone(grammar: &Grammar, text: &str, tokens: &[Token<'_>]) -> Option<(String, Slip)> {
    let seen = tokens.iter().take_while(|t| t.start as usize <= CHARS * 3).count();
    let tokens = &tokens[..seen];
    for near in [false, true] {
        for len in (2..=6usize).rev() {
            let mut best: Option<(Range<usize>, &str, usize)> = None;
            for i in 0..tokens.len() {
                let Some(n) = together(text, &tokens[i..], len) else { continue };
                let window = i..i + n;
                if !whole(tokens, window.clone()) {
                    continue;
                }
                let at = tokens[i].range().start..tokens[i + n - 1].range().end;
                let written = &text[at.clone()];
                let Some(word) = grammar.sounds.find(written, near) else { continue };
                let alike = likeness(word, written, near);
                if alike.is_some_and(|alike| best.as_ref().is_none_or(|(.., s)| *s < alike)) {
                    best = Some((at, word, alike.unwrap_or_default()));
                }
            }
            if let Some((at, word, _)) = best {
                return Some(replace(text, at, word));
            }
        }
    }
    None
}

/// How many of the first tokens, standing together, are `len` Han characters; `None` where no number of them is.
fn together(text: &str, tokens: &[Token<'_>], len: usize) -> Option<usize> {
    let mut chars = 0;
    for (n, t) in tokens.iter().enumerate() {
        let s = &text[t.range()];
        // Long words that were read are what they are; only what is unread or read by single characters may be a slip.
        let loose = match t.kind {
            Kind::Word(w) => w.chars == 1,
            Kind::Place(f) => !f.full,
            Kind::Han => true,
            _ => false,
        };
        if !loose || (n > 0 && t.spaced) || !s.chars().all(is_han) {
            return None;
        }
        chars += s.chars().count();
        if chars >= len {
            return (chars == len).then_some(n + 1);
        }
    }
    None
}

/// Whether these tokens can be a word by themselves: it begins with no verb, has no unit behind its number, and what
/// touches it on either side was understood.
fn whole(tokens: &[Token<'_>], window: Range<usize>) -> bool {
    let verb = |t: &Token<'_>| {
        t.word().is_some_and(|w| {
            w.has(Sign::Want) || w.senses.iter().any(|s| matches!(s, Sense::Verb(_, Force::Strong | Force::Hint)))
        })
    };
    let number = |t: &Token<'_>| {
        matches!(t.kind, Kind::Arabic(_)) || t.word().is_some_and(|x| x.digit().is_some() || x.power().is_some())
    };
    // 五亩地 is no 墓地: a unit behind a number is one.
    let counted = |i: usize| {
        i > 0 && number(&tokens[i - 1]) && tokens[i].word().is_some_and(|x| x.unit().is_some() || x.money().is_some())
    };
    // A word of one character that is a thing (菇) may belong to what is not understood; all other words stand alone.
    let open = |t: &Token<'_>| match t.kind {
        Kind::Han | Kind::Latin => true,
        Kind::Word(w) => w.chars == 1 && w.item().is_some() && !w.speaks_otherwise(),
        _ => false,
    };
    let before = window.start.checked_sub(1).filter(|_| !tokens[window.start].spaced).map(|i| &tokens[i]);
    let after = tokens.get(window.end).filter(|t| !t.spaced);
    !verb(&tokens[window.start])
        && !window.clone().any(counted)
        && !before.is_some_and(open)
        && !after.is_some_and(open)
}

/// How like a word is to what was written, by equal characters; `None` where they are too unlike. Two characters that
/// sound alike are common, so of those the first must be equal, or all tones.
fn likeness(word: &str, written: &str, near: bool) -> Option<usize> {
    let same = word.chars().zip(written.chars()).filter(|(a, b)| a == b).count();
    let short = word.chars().count() == 2;
    let ok = match (near, short) {
        // The first character says more than the last, which may be a mere 子.
        (false, true) => word.chars().next() == written.chars().next() || same_tones(word, written),
        (false, false) => true,
        (true, true) => same > 0 && same_tones(word, written),
        (true, false) => same > 0,
    };
    ok.then_some(same)
}

/// Pinyin without tones, in one piece or a syllable at a time.
fn letters(grammar: &Grammar, text: &str, tokens: &[Token<'_>]) -> Option<(String, Slip)> {
    let latin = |t: &Token<'_>| text[t.range()].bytes().all(|b| b.is_ascii_lowercase());
    for i in 0..tokens.len().min(CHARS) {
        let run = tokens[i..].iter().take(SYLLABLES).take_while(|t| latin(t)).count();
        for len in (1..=run).rev() {
            let pieces = &tokens[i..i + len];
            let key: String = pieces.iter().map(|t| &text[t.range()]).collect();
            if let Some(word) = grammar.sounds.spelled(&key) {
                let range = pieces[0].range().start..pieces[len - 1].range().end;
                return Some(replace(text, range, word));
            }
        }
    }
    None
}

fn replace(text: &str, range: Range<usize>, word: &str) -> (String, Slip) {
    let mut out = String::with_capacity(text.len() + word.len());
    out.push_str(&text[..range.start]);
    out.push_str(word);
    out.push_str(&text[range.end..]);
    let slip = Slip { at: range.start..range.start + word.len(), written: text[range].to_string() };
    (out, slip)
}

/// Whether a second look could find anything: a verb that wants an item, no item, and something that could be one.
pub fn worth_trying(phrases: &[Phrase<'_>], tokens: &[Token<'_>]) -> bool {
    let item = phrases.iter().any(|p| matches!(p.what, What::Item { .. }));
    let open = tokens.len() >= 2
        && tokens.iter().any(|t| matches!(t.kind, Kind::Han | Kind::Latin) || t.word().is_some_and(|w| w.chars == 1));
    let posting = phrases.iter().any(|p| match p.what {
        What::Amount(_) | What::Sum(_) => true,
        What::Word(w) => w.senses.iter().any(|s| {
            matches!(s, Sense::Verb(i, Force::Strong | Force::Hint | Force::Head) if matches!(i, Intent::Sell | Intent::Buy | Intent::Hire | Intent::Seek | Intent::Lost | Intent::Found | Intent::Search | Intent::Price))
        }) || w.has(Sign::Ambiguous),
        _ => false,
    });
    !item && open && posting
}
