//! Slips: homophones (`板兰根`, `勾腾`), near sounds (`水流` for 水牛) and pinyin (`mai tianma 50 jin`).
//!
//! A second chance, only for a text in which no item was found, and only towards the lexicon: what is typed must sound
//! like one of its words. The normal form is rewritten and read anew; what was written is kept.

use std::ops::Range;

use super::normalize::is_han;
use super::phrase::{Phrase, What};
use super::scan::{Kind, Token};
use crate::grammar::lexicon::{Force, Sense, Sign};
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

/// Characters that sound like a word, the longest first, then the one most like what was written.
fn homophone(grammar: &Grammar, text: &str, tokens: &[Token<'_>]) -> Option<(String, Slip)> {
    let chars: Vec<(usize, char)> = text.char_indices().take(CHARS).collect();
    let end =
        |i: usize| chars.get(i).map_or_else(|| chars.last().map_or(0, |(at, c)| at + c.len_utf8()), |(at, _)| *at);
    // Long words that were read are what they are; only what is unread or read by single characters may be a slip.
    let loose = |at: usize| {
        tokens.iter().find(|t| t.range().contains(&at)).is_none_or(|t| match t.kind {
            Kind::Word(w) => w.chars == 1,
            Kind::Place(f) => !f.full,
            _ => true,
        })
    };
    // 五亩地 is no 墓地: a unit behind a number is one.
    let counted = |at: usize| {
        tokens.windows(2).any(|w| {
            let number = matches!(w[0].kind, Kind::Arabic(_))
                || w[0].word().is_some_and(|x| x.digit().is_some() || x.power().is_some());
            w[1].range().contains(&at)
                && number
                && w[1].word().is_some_and(|x| x.unit().is_some() || x.money().is_some())
        })
    };
    let loose: Vec<bool> = chars.iter().map(|(at, c)| is_han(*c) && loose(*at) && !counted(*at)).collect();
    for near in [false, true] {
        for len in (2..=6usize).rev() {
            let mut best: Option<(usize, &str, usize)> = None;
            for i in 0..chars.len().saturating_sub(len - 1) {
                if !loose[i..i + len].iter().all(|l| *l) {
                    continue;
                }
                let written = &text[chars[i].0..end(i + len)];
                let Some(word) = grammar.sounds.find(written, near) else { continue };
                let same = word.chars().zip(written.chars()).filter(|(a, b)| a == b).count();
                // A near sound needs a character in common.
                if (near && same == 0) || best.is_some_and(|(_, _, s)| s >= same) {
                    continue;
                }
                best = Some((i, word, same));
            }
            if let Some((i, word, _)) = best {
                return Some(replace(text, chars[i].0..end(i + len), word));
            }
        }
    }
    None
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
