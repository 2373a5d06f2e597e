//! The number of a post with what is said before it to say that it is one: 编号641, 编号是641的, 信息641, 跟那个641说.
//!
//! Which words say so is in `grammar/terms.toml`; what stands behind a number (号, 那条) is left to the forms of posts.

use super::phrase::{Phrase, What, post_number};
use crate::grammar::Grammar;
use crate::grammar::lexicon::{Force, Sign};

/// Posts are numbered from here where the word before is said of other numbers too.
const FIRST_POST: u64 = 101;
/// A number with more digits than this is no post's.
const LAST_POST: u64 = 9_999_999;
/// So many phrases may say that a number follows: 编 · 号 · 是.
const PIECES: usize = 4;

/// Takes the words that lead up to the number of a post out of the phrases: 撤编号是641的 is read as 撤641的.
pub(super) fn join(grammar: &Grammar, text: &str, phrases: &mut Vec<Phrase<'_>>) {
    let mut i = 0;
    while i < phrases.len() {
        let number = post_number(&phrases[i]).filter(|n| (1..=LAST_POST).contains(n));
        let Some(from) = number.and_then(|n| led_by(grammar, text, phrases, i, n)) else {
            i += 1;
            continue;
        };
        phrases[i].spaced |= phrases[from].spaced;
        phrases.drain(from..i);
        i = from + 1;
    }
}

/// Where the words begin that say of the number at `at` that it is a post's.
fn led_by(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>], at: usize, n: u64) -> Option<usize> {
    let words = &grammar.terms.posts;
    let next = phrases.get(at + 1);
    let marked = next.is_some_and(|p| !p.spaced && p.has(Sign::NumberMark));
    let counts = next.is_some_and(|p| !p.spaced && p.item().is_some());
    let of_post = |p: &Phrase<'_>| matches!(p.what, What::Word(w) if w.verbs(Force::Post).next().is_some() || w.has(Sign::Want) || w.has(Sign::Polite));
    (at.saturating_sub(PIECES)..at).find(|k| {
        let said = text[phrases[*k].start as usize..phrases[at].start as usize].trim_end_matches([' ', ':']);
        let is = |list: &[String]| list.iter().any(|w| w == said);
        !counts
            && (is(&words.named)
                || n >= FIRST_POST && marked && is(&words.ranked)
                || n >= FIRST_POST && *k > 0 && of_post(&phrases[*k - 1]) && is(&words.pointed))
    })
}
