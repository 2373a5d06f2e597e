//! Work that no trade of the lexicon names, by its verb and its object: `挖防风`, `卸一车瓷砖`, `守两天病人`.
//!
//! The verbs are in `[labour]` of `grammar/commands.toml`. They are characters of much else (`起`, `开`, `看`), so they are
//! looked for only in texts that hire or seek work, and only before what can be worked on.

use super::phrase::{Phrase, What, light};
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::grammar::{Grammar, Intent};

/// So many phrases may stand between a verb and its object: 挖 [两亩] 鱼塘, 看 [个] 大棚.
const REACH: usize = 3;

/// Marks verb and object of each task, where the text is about work.
pub fn tasks<'g>(grammar: &'g Grammar, text: &str, phrases: &mut Vec<Phrase<'g>>) {
    if !about_work(phrases) || trades(grammar, text, phrases) {
        return;
    }
    if named_before(grammar, text, phrases) {
        return;
    }
    let mut out: Vec<Phrase<'g>> = Vec::with_capacity(phrases.len() + 2);
    let mut i = 0;
    while i < phrases.len() {
        let p = phrases[i];
        if let Some(at) = verb_at_end(grammar, text, &p)
            && let Some(j) = object(grammar, phrases, i, &text[at as usize..p.end as usize])
        {
            if at > p.start {
                out.push(Phrase { end: at, ..p });
            }
            out.push(Phrase { start: at, spaced: p.spaced && at == p.start, what: What::Labour, ..p });
            out.extend_from_slice(&phrases[i + 1..j]);
            out.push(Phrase { what: What::Task { index: phrases[j].item(), verb: (at, p.end) }, ..phrases[j] });
            i = j + 1;
            continue;
        }
        match unknown_object(grammar, text, phrases, i) {
            Some(end) => {
                out.push(Phrase { what: What::Task { index: None, verb: (p.start, end) }, ..p });
            }
            None => out.push(p),
        }
        i += 1;
    }
    *phrases = out;
}

/// Whether hands are wanted or offered: a verb that says so, a wage, people, what is given beside the wage.
fn about_work(phrases: &[Phrase<'_>]) -> bool {
    let going = phrases.windows(2).any(|w| w[0].has(Sign::Go) && matches!(w[1].what, What::Place(_)));
    phrases.iter().any(|p| match p.what {
        What::Word(w) => {
            let says = |i: Intent| w.is_verb(i, Force::Strong);
            let hint = w.is_verb(Intent::Hire, Force::Hint) && !w.is_verb(Intent::Buy, Force::Hint)
                || w.is_verb(Intent::Seek, Force::Hint) && !w.is_verb(Intent::Lost, Force::Hint);
            says(Intent::Hire)
                || says(Intent::Seek)
                || hint
                || [Sign::PayInKind, Sign::Work, Sign::Hands].iter().any(|s| w.has(*s))
        }
        What::Item { word, .. } => word.has(Sign::Hands),
        What::People(_) => !going,
        What::Sum(s) => s.is_pay(),
        _ => false,
    })
}

/// Whether a verb of trade, of rides or of loss says that the text is about something else.
fn trades(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>]) -> bool {
    use Intent::{Buy, Found, Hire, Lost, RideNeed, RideOffer, Seek, Sell};
    let strong = |p: &Phrase<'_>, i: Intent| matches!(p.what, What::Word(w) if w.is_verb(i, Force::Strong));
    if phrases.iter().any(|p| strong(p, Hire) || strong(p, Seek)) {
        return phrases.iter().any(|p| strong(p, RideNeed) || strong(p, RideOffer));
    }
    phrases.iter().any(|p| {
        let labour = grammar.lexicon.labour.iter().any(|v| v == p.text(text));
        let sought = strong(p, Lost) && p.word().is_some_and(|w| w.chars == 1);
        !labour && !sought && [Sell, Buy, Lost, Found, RideNeed, RideOffer].into_iter().any(|i| strong(p, i))
    })
}

/// 柑子熟了要人摘, 辣椒挑选: the verb stands at the end of its clause, behind those who do it or its object, and what it is
/// done to was named before.
fn named_before<'g>(grammar: &'g Grammar, text: &str, phrases: &mut Vec<Phrase<'g>>) -> bool {
    if phrases.iter().any(|p| p.kind(grammar) == Some(Kind::Trade)) {
        return false;
    }
    let goods = |p: &Phrase<'_>| {
        matches!(p.what, What::Compound) || matches!(p.kind(grammar), Some(Kind::Goods | Kind::Animal))
    };
    let found = (1..phrases.len()).find_map(|i| {
        let p = &phrases[i];
        let said = p.text(text);
        let verb = match p.what {
            What::Unread | What::Word(_) => {
                grammar.lexicon.labour.iter().filter(|v| said == v.as_str()).max_by_key(|v| v.len())
            }
            _ => None,
        }?;
        let ends = phrases.get(i + 1).is_none_or(|q| {
            q.spaced
                || q.is_separator()
                || q.has(Sign::Le)
                || matches!(q.what, What::Span | What::Sum(_) | What::People(_) | What::Amount(_) | What::Day(_))
                || q.text(text) == "的"
        });
        let hands = |q: &Phrase<'_>| match q.what {
            What::People(_) => true,
            What::Word(w) => {
                w.has(Sign::Hands)
                    || w.has(Sign::People) && w.chars > 1
                    || w.verbs(Force::Strong).chain(w.verbs(Force::Hint)).any(|v| v == Intent::Hire)
            }
            _ => false,
        };
        let led = phrases[..i]
            .iter()
            .rev()
            .take(REACH)
            .take_while(|q| !q.is_separator() && (light(q) || hands(q)))
            .any(hands);
        let tight = verb.chars().count() > 1 && !p.spaced && goods(&phrases[i - 1]);
        if !ends || p.spaced || !(led || tight) {
            return None;
        }
        // 老人瘫了请个人照顾
        let care = grammar.lexicon.care.iter().any(|c| c == verb);
        let object = match care {
            true => phrases[..i].iter().rposition(|q| q.kind(grammar) == Some(Kind::Person))?,
            false => phrases[..i].iter().rposition(goods)?,
        };
        Some((i, object))
    });
    let Some((i, object)) = found else { return false };
    let verb = (phrases[i].start, phrases[i].end);
    phrases[i].what = What::Labour;
    let index = phrases[object].item();
    phrases[object].what = What::Task { index, verb };
    true
}

/// Where the verb of labour begins that an unread piece or a word ends with.
fn verb_at_end(grammar: &Grammar, text: &str, p: &Phrase<'_>) -> Option<u32> {
    let said = p.text(text);
    let whole = match p.what {
        What::Unread => false,
        What::Word(_) => true,
        _ => return None,
    };
    let verb = grammar.lexicon.labour.iter().find(|v| if whole { said == **v } else { said.ends_with(v.as_str()) })?;
    Some(p.end - verb.len() as u32)
}

/// The phrase that the verb at `i` is done to.
fn object(grammar: &Grammar, phrases: &[Phrase<'_>], i: usize, verb: &str) -> Option<usize> {
    let trade = phrases.iter().any(|p| p.kind(grammar) == Some(Kind::Trade));
    let fits = |kind| match kind {
        Some(Kind::Trade) => false,
        Some(Kind::Person) => grammar.lexicon.care.iter().any(|c| c == verb),
        // 我开三轮车的 找拉货活: only what it is done with.
        Some(Kind::Vehicle) => !trade,
        _ => true,
    };
    let behind = phrases[i + 1..].iter().take(REACH).enumerate();
    for (n, q) in behind {
        if q.is_separator() || q.spaced && n == 0 {
            return None;
        }
        match q.what {
            What::Item { .. } if fits(q.kind(grammar)) => return Some(i + 1 + n),
            What::Compound => return Some(i + 1 + n),
            What::Amount(_) | What::Number { .. } | What::Span | What::Sum(_) => {}
            What::Word(w) if w.unit().is_some() || w.has(Sign::Modifier) || light(q) => {}
            _ => return None,
        }
    }
    None
}

/// An unread piece that begins with a verb of labour, and stands where work is named: first in its clause, behind what
/// hires or seeks. Gives the end of the verb.
fn unknown_object(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>], i: usize) -> Option<u32> {
    let p = &phrases[i];
    if !matches!(p.what, What::Unread) {
        return None;
    }
    let said = p.text(text);
    let verb = grammar.lexicon.labour.iter().find(|v| said.starts_with(v.as_str()))?;
    let rest = said[verb.len()..].chars().count();
    let named = phrases.iter().any(|q| q.kind(grammar) == Some(Kind::Trade));
    let first = i == 0 || p.spaced || phrases[i - 1].is_separator();
    let led = i > 0
        && matches!(phrases[i - 1].what, What::Word(w) if w.verbs(Force::Strong).chain(w.verbs(Force::Hint)).any(|v| matches!(v, Intent::Hire | Intent::Seek)) || w.has(Sign::People));
    let led = led || i > 0 && matches!(phrases[i - 1].what, What::People(_) | What::Amount(_));
    (!named && (1..=4).contains(&rest) && (first || led)).then_some(p.start + verb.len() as u32)
}
