//! A second opinion on what a text asks for, by what labelled texts of each intent look like.
//!
//! The rules know words; they are silent where none of theirs stands (想认识几个钓鱼的朋友), and take a text at one word where the
//! rest says otherwise (送旧书桌2张,孩子用得着的来 is no sale). So each reading is held against [`crate::grammar::opinion`]: where both
//! agree it is sure; where the other is much likelier its reading stands; and in between the sender is asked.

use std::collections::HashSet;

use super::intent::Decision;
use super::phrase::{Phrase, What};
use super::{Reading, Scene, slots};
use crate::grammar::{Grammar, Intent};

/// So many phrases are looked at: what a text is about is said by then.
const LOOKED_AT: usize = 120;
/// A text with fewer of them is a command or nothing; there is too little to go by.
const LEAST: usize = 3;
/// What it counts, in nats, that the rules say so: by the form of the text, by its words, and when they are unsure themselves.
/// Weighed on labelled texts that neither had seen.
const BY_FORM: f32 = 5.0;
const BY_WORDS: f32 = 3.0;
const BY_GUESS: f32 = 1.2;
/// At this share of the likelihood a reading is taken without asking: that of the rules, that text is no talk between
/// neighbours, and against the rules.
const SURE: f32 = 0.7;
const NO_TALK: f32 = 0.7;
const SURE_AGAINST: f32 = 0.9;

/// The pieces of a text that speak for an intent, each once: one to three neighbours among its characters, where what is read
/// already stands by its kind (`<amount>`, `<place>`, and a thing by its kind and the widest category it belongs to).
pub fn pieces(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>]) -> HashSet<String> {
    let mut row: Vec<String> = vec!["^".into()];
    for p in phrases.iter().take(LOOKED_AT) {
        match &p.what {
            What::Word(_) | What::Unread | What::Comma | What::Question | What::Mark => {
                row.extend(p.text(text).chars().filter(|c| !c.is_whitespace()).map(String::from));
            }
            What::Item { index, .. } => {
                let name = grammar.items.at(*index).map_or("", |i| i.name.as_str());
                let widest = grammar.items.path(name).pop().filter(|w| w != name).unwrap_or_default();
                row.push(format!("<{:?}/{widest}>", grammar.lexicon.kind(*index)));
            }
            What::Amount(_) => row.push("<amount>".into()),
            What::Sum(_) => row.push("<sum>".into()),
            What::Number { .. } => row.push("<number>".into()),
            What::Day(_) => row.push("<day>".into()),
            What::Clock(_) => row.push("<clock>".into()),
            What::Phone => row.push("<phone>".into()),
            What::Place(_) => row.push("<place>".into()),
            What::Name => row.push("<name>".into()),
            What::Compound => row.push("<compound>".into()),
            What::Task { .. } => row.push("<task>".into()),
            What::Labour => row.push("<labour>".into()),
            What::People(_) => row.push("<people>".into()),
            What::Seats(_) => row.push("<seats>".into()),
            What::Span => row.push("<span>".into()),
            What::Each => row.push("<each>".into()),
        }
    }
    row.push("$".into());
    (1..=3).flat_map(|n| row.windows(n).map(|w| w.join(" ")).collect::<Vec<_>>()).collect()
}

/// What a text is likeliest to ask for, by the second opinion alone: each intent and its share, the likeliest first.
pub(super) fn opinion(scene: &Scene<'_, '_>) -> Vec<(Intent, f32)> {
    let opinions = &scene.grammar.opinions;
    let pieces = pieces(scene.grammar, scene.text, &scene.phrases);
    // summed in one order, so that a text has one reading on every machine
    let mut pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    pieces.sort_unstable();
    shares(opinions.intents(), &opinions.weigh(pieces.into_iter()))
}

fn shares(intents: &[Intent], logs: &[f32]) -> Vec<(Intent, f32)> {
    let most = logs.iter().copied().fold(f32::MIN, f32::max);
    let all: f32 = logs.iter().map(|l| (l - most).exp()).sum();
    let mut out: Vec<_> = intents.iter().zip(logs).map(|(i, l)| (*i, (l - most).exp() / all)).collect();
    out.sort_by(|a, b| b.1.total_cmp(&a.1));
    out
}

/// Whether a reading can be doubted: one that is kept in the sender's own words, not a digit nor a word of command.
fn open(scene: &Scene<'_, '_>, r: &Reading) -> bool {
    use Intent::*;
    let said = scene.phrases.iter().filter(|p| !p.is_separator()).count();
    let settled = matches!(
        r.intent,
        Choose
            | Stop
            | Start
            | DeleteMe
            | More
            | Mine
            | Broadcast
            | Todo
            | Origin
            | Correct
            | Roster
            | Fraud
            | Alias
            | Bail
    );
    let machine = r.intent == Unknown && r.reason != Some("unread");
    let named = r.post.is_some() && r.item.is_none();
    // every word of it was read: 抛售 板蓝根 200斤, whether or not labelled texts have the verb
    let whole = r.remark.is_none() && r.marks.is_empty() && !r.unsure && r.intent != Unknown;
    said >= LEAST && !settled && !machine && !named && !whole
}

/// What the second opinion may take a text for, where the rules do not: what is posted, looked up or asked. Digits, numbers of
/// posts and what ends or erases something are known by their words alone.
fn may_be(i: Intent) -> bool {
    use Intent::*;
    let looks = matches!(i, Search | Price | Ask | Guide | Errand | Notice | Help | Subscribe | Unknown);
    super::intent::posts(i) || looks || matches!(i, AidGive | Deal | Withdraw | Register)
}

/// The reading that stands once both opinions are heard. `by_form`: the rules went by the form of the whole text.
pub(super) fn heed(scene: &Scene<'_, '_>, reading: Reading, by_form: bool) -> Reading {
    if scene.grammar.opinions.is_empty() || !open(scene, &reading) {
        return reading;
    }
    let trust = match () {
        () if reading.unsure || reading.intent == Intent::Unknown => BY_GUESS,
        () if by_form => BY_FORM,
        () => BY_WORDS,
    };
    let open = opinion(scene).into_iter().filter(|(i, _)| *i == reading.intent || may_be(*i));
    let logs = open.map(|(i, share)| {
        let guessed = reading.unsure && reading.alternatives.contains(&i);
        let backed = if i == reading.intent || guessed { trust } else { 0.0 };
        (i, share.max(f32::MIN_POSITIVE).ln() + backed)
    });
    let (intents, logs): (Vec<_>, Vec<_>) = logs.unzip();
    let heard = shares(&intents, &logs);
    let Some(&(best, share)) = heard.first() else { return reading };
    // the rest are guesses that deserve no digit
    let others = |first: Intent| -> Vec<Intent> {
        let near = heard.iter().filter(|(i, s)| *i == reading.intent || *s > 0.05).map(|(i, _)| *i);
        let all = std::iter::once(first).chain(near).filter(|i| *i != Intent::Unknown);
        let mut out: Vec<Intent> = Vec::new();
        all.for_each(|i| {
            if !out.contains(&i) {
                out.push(i)
            }
        });
        out.truncate(3);
        out
    };
    if best == reading.intent {
        return match share {
            s if s >= SURE || reading.unsure || best == Intent::Unknown => reading,
            _ => match others(best) {
                two if two.len() > 1 => Reading { unsure: true, alternatives: two, ..reading },
                _ => reading,
            },
        };
    }
    if best == Intent::Unknown {
        // taken for talk between neighbours: asked, not dropped
        return match others(reading.intent) {
            two if share >= NO_TALK && !reading.unsure && two.len() > 1 => {
                Reading { unsure: true, alternatives: two, ..reading }
            }
            _ => reading,
        };
    }
    let alternatives = others(best);
    let mut other = slots::settle(scene, &Decision { intent: best, unsure: Vec::new(), scores: Vec::new() });
    if other.intent != best {
        return Reading { unsure: true, alternatives, ..reading };
    }
    if share < SURE_AGAINST && alternatives.len() > 1 {
        other.unsure = true;
        other.alternatives = alternatives;
    }
    other
}
