//! What no slot took: the remark of a post, the marks of what was lost, the matter of a question.

use super::Scene;
use super::phrase::{Phrase, What, light};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Sign};

/// The text from phrase `at` on, without what only fills at its ends; `None` when nothing is left.
pub(super) fn rest_text(scene: &Scene<'_, '_>, at: usize) -> Option<String> {
    rest_without(scene, at, |_| false)
}

/// As [`rest_text`], of these phrases only.
pub(super) fn rest_in(scene: &Scene<'_, '_>, of: std::ops::Range<usize>) -> Option<String> {
    text_of(scene, scene.phrases.get(of)?, |_| false)
}

/// As [`rest_text`], without the phrases that `skip` names.
pub(super) fn rest_without(scene: &Scene<'_, '_>, at: usize, skip: impl Fn(&Phrase<'_>) -> bool) -> Option<String> {
    text_of(scene, scene.phrases.get(at..)?, skip)
}

fn text_of(scene: &Scene<'_, '_>, rest: &[Phrase<'_>], skip: impl Fn(&Phrase<'_>) -> bool) -> Option<String> {
    let dull = |p: &Phrase<'_>| {
        p.is_separator()
            || p.has(Sign::Polite)
            || p.has(Sign::Particle) && !p.has(Sign::Own)
            || p.has(Sign::Le)
            || skip(p)
    };
    let first = rest.iter().position(|p| !dull(p))?;
    let last = rest.iter().rposition(|p| !dull(p))?;
    let mut out = String::new();
    for p in &rest[first..=last] {
        if skip(p) {
            continue;
        }
        if p.spaced && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&scene.said(p.range()));
    }
    let out = out.trim_matches(|c: char| matches!(c, ' ' | ',' | ':' | '-' | '、')).to_string();
    (!out.is_empty()).then_some(out)
}

/// What no slot took, in the sender's words: runs of words that stand together.
pub(super) fn leftovers(scene: &Scene<'_, '_>, used: &[bool], marks: bool) -> Vec<String> {
    let ps = &scene.phrases;
    // Verbs, questions and the like were read for the intent; by themselves they are not left over.
    let spoken = |p: &Phrase<'_>| match p.what {
        What::Word(w) => {
            w.verbs(Force::Strong).next().is_some()
                || marks && (w.has(Sign::Passive) || w.has(Sign::Taken))
                || [Sign::Who, Sign::Where, Sign::IsThere, Sign::Have, Sign::Own, Sign::Ask, Sign::Polite, Sign::Le]
                    .iter()
                    .any(|s| w.has(*s))
        }
        _ => false,
    };
    // Marks are kept as they were said: 黄的, 有个白额头, 左角断了.
    let hard = |p: &Phrase<'_>| match p.what {
        What::Word(w) if marks => {
            let verb =
                w.verbs(Force::Hint).next().is_some() || p.has(Sign::Done) || p.has(Sign::Spot) || p.has(Sign::Strays);
            w.speaks_anywhere() && !light(p) && !spoken(p) && !p.has(Sign::In) && !p.has(Sign::Go) && !verb
        }
        // 酬谢500: a sum by itself describes nothing.
        What::Number { .. } | What::Sum(_) if marks => false,
        // 自己腌的, 可以送: it leans towards an offer, and tells of the goods
        What::Word(w) if w.chars > 2 && w.is_verb(Intent::Sell, Force::Hint) && !w.has(Sign::Polite) => true,
        What::Word(w) => w.has(Sign::PayInKind) || w.has(Sign::Modifier) && w.chars > 1 || w.moment().is_some(),
        _ => !p.is_separator(),
    };
    let trim = |p: &Phrase<'_>| {
        light(p) || spoken(p) || p.has(Sign::In) || p.has(Sign::Go) || p.has(Sign::Total) || p.has(Sign::About)
    };
    let lead = |p: &Phrase<'_>| {
        if marks { light(p) || p.has(Sign::Who) || p.has(Sign::In) && !p.has(Sign::Have) } else { trim(p) }
    };
    let tail = |p: &Phrase<'_>| if marks { p.has(Sign::Polite) || p.is_separator() } else { trim(p) };
    let mut out: Vec<String> = Vec::new();
    let mut i = 0;
    while i < ps.len() {
        if used[i] || ps[i].is_separator() {
            i += 1;
            continue;
        }
        let mut end = i + 1;
        while end < ps.len() && !used[end] && !ps[end].is_separator() && !ps[end].spaced {
            end += 1;
        }
        let run = &ps[i..end];
        if run.iter().any(hard) {
            let first = run.iter().position(|p| !lead(p)).unwrap_or(0);
            let last = run.iter().rposition(|p| !tail(p)).unwrap_or(run.len() - 1).max(first);
            let left = scene.said(run[first].start as usize..run[last].end as usize);
            // A mark of one character is half a word.
            if !marks || left.chars().count() > 1 {
                out.push(left);
            }
        }
        i = end;
    }
    out
}
