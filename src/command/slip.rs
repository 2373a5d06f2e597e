//! Slips: homophones (`板兰根`, `勾腾`), near sounds (`水流` for 水牛), wrong keys, what is missing or misplaced (`板蓝`), and
//! pinyin (`mai tianma 50 jin`).
//!
//! A second chance for what was not understood, and only towards words of this language. As in the first reading
//! ([`super::scan`]) the cheapest way through the text is taken; a word that was not written is a dear one, dearer the
//! less it is like what was, so that it pays only where it explains what nothing else does. It explains a whole unread
//! word, never a part of it: `乙乙宝罗菇` stays what it is, though `乙乙` sounds like something. The normal form is
//! rewritten and read anew; what was written is kept.

mod cell;
mod like;

use std::ops::Range;

use super::phrase::{Phrase, What};
use super::scan::{Kind, Token};
use crate::grammar::lexicon::{Force, Sense, Sign};
use crate::grammar::{Grammar, Intent};
use crate::market::PlaceCode;
use cell::{Cell, cells};

/// A word put in place of what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Bytes of the rewritten text.
    pub at: Range<usize>,
    pub written: String,
}

/// A text whose slips may be mended, and what is known of it.
pub struct Look<'a, 'g> {
    pub grammar: &'g Grammar,
    pub home: PlaceCode,
    pub text: &'a str,
    pub tokens: &'a [Token<'g>],
    /// What the text asks for as it was read.
    pub intent: Intent,
    /// Nothing sure was read, so that a verb may be a slip too.
    pub lost: bool,
    /// Something is wanted or offered, and nobody knows what.
    pub no_item: bool,
    /// Everything else is a description in the sender's words.
    pub describes: bool,
}

/// A text with its slips mended.
pub struct Mended {
    pub text: String,
    pub slips: Vec<Slip>,
    /// What the text asks for may have been a slip itself: it was typed in letters, or 那里 was meant for 哪里.
    pub turns: bool,
}

/// What the last piece of a way was, for what is mended may not touch what is unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Closed,
    Open,
    /// A thing of one character.
    Thing,
    Mended,
}

const LASTS: [Last; 4] = [Last::Closed, Last::Open, Last::Thing, Last::Mended];

/// The cheapest way to a cell that ends so: what it cost, where its last piece began and how that was reached.
#[derive(Clone, Copy)]
struct Step<'g> {
    cost: u32,
    from: usize,
    last: Last,
    /// The word put in; `None` where the text was kept.
    word: Option<Put<'g>>,
}

/// A word to put in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Put<'g> {
    pub word: &'g str,
    /// The last character that was written is kept behind it: 载麻镇.
    pub suffix: bool,
    pub turns: bool,
    /// Whether it names goods.
    pub goods: bool,
    /// Whether what is unread may touch it, before it and behind it.
    pub begins: bool,
    pub ends: bool,
}

/// The text with its slips mended; `None` where there are none to mend.
pub fn mend<'g>(look: &Look<'_, 'g>) -> Option<Mended> {
    let cells = cells(look);
    let unset = Step { cost: u32::MAX, from: 0, last: Last::Closed, word: None };
    let mut best = vec![[unset; 4]; cells.len() + 1];
    best[0][0].cost = 0;
    for i in 0..cells.len() {
        if best[i].iter().all(|s| s.cost == u32::MAX) {
            continue;
        }
        let tight = i > 0 && !cells[i].spaced;
        let mut go = |end: usize, cost: u32, last: Last, word: Option<Put<'g>>| {
            for (before, kind) in LASTS.iter().enumerate() {
                let goods = word.is_some_and(|w| w.goods);
                let put = word.is_some();
                let touches = tight
                    && match (kind, last) {
                        (Last::Open, _) if put => !word.is_some_and(|w| w.begins),
                        (Last::Mended, Last::Open | Last::Thing) => true,
                        (Last::Thing, _) if put => goods,
                        _ => false,
                    };
                let total = best[i][before].cost.saturating_add(cost);
                if !touches && total < best[end][last as usize].cost {
                    best[end][last as usize] = Step { cost: total, from: i, last: *kind, word };
                }
            }
        };
        if let Some((end, cost)) = cells[i].kept {
            let last = match &cells[i] {
                c if c.open => Last::Open,
                c if c.thing => Last::Thing,
                _ => Last::Closed,
            };
            go(end, cost, last, None);
        }
        like::words(look, &cells, i, &mut |end, cost, put| {
            go(end, cost, if put.ends { Last::Closed } else { Last::Mended }, Some(put));
        });
    }
    rewrite(look.text, &cells, &best)
}

/// Follows the cheapest way back and puts its words in.
fn rewrite(text: &str, cells: &[Cell], best: &[[Step<'_>; 4]]) -> Option<Mended> {
    let mut puts = Vec::new();
    let mut at = cells.len();
    let mut last = LASTS.into_iter().min_by_key(|l| best[at][*l as usize].cost)?;
    while at > 0 {
        let step = best[at][last as usize];
        if step.cost == u32::MAX {
            return None;
        }
        if let Some(put) = step.word {
            puts.push((step.from, at, put));
        }
        (at, last) = (step.from, step.last);
    }
    if puts.is_empty() {
        return None;
    }
    let mut out = Mended { text: String::with_capacity(text.len() + 8), slips: Vec::new(), turns: false };
    let mut copied = 0;
    for (from, to, put) in puts.into_iter().rev() {
        let end = cells[if put.suffix { to - 2 } else { to - 1 }].end;
        let start = cells[from].start;
        out.text.push_str(&text[copied..start]);
        let at = out.text.len();
        out.text.push_str(put.word);
        out.slips.push(Slip { at: at..out.text.len(), written: text[start..end].to_string() });
        out.turns |= put.turns;
        copied = end;
    }
    out.text.push_str(&text[copied..]);
    Some(out)
}

/// Whether a second look could find anything: something unread, or a verb that wants an item and has none.
pub fn worth_trying(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>], tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|t| matches!(t.kind, Kind::Han | Kind::Latin))
        || wants_item(phrases)
        || tokens.iter().any(|t| cell::odd_trade(tokens, text, t).is_some())
        || tokens.first().is_some_and(|t| grammar.sounds.first(&text[t.range()]).is_some())
        || cell::odd_somewhere(text, tokens)
}

/// A verb that wants an item, an amount or a price, and no item.
pub fn wants_item(phrases: &[Phrase<'_>]) -> bool {
    let item = phrases.iter().any(|p| matches!(p.what, What::Item { .. } | What::Compound));
    let posting = |p: &Phrase<'_>| match p.what {
        What::Amount(_) | What::Sum(_) => true,
        What::Word(w) => {
            w.has(Sign::Ambiguous)
                || w.senses.iter().any(|s| matches!(s, Sense::Verb(i, f) if posts(*i) && *f != Force::Post))
        }
        _ => false,
    };
    !item && phrases.len() > 1 && phrases.iter().any(posting)
}

fn posts(i: Intent) -> bool {
    use Intent::*;
    matches!(i, Sell | Buy | Hire | Seek | Lost | Found | Search | Price)
}
