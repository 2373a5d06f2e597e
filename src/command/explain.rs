//! Shows how a text was read, for people who teach words: normal form, words, phrases, evidence, what was left.

use std::fmt::Write as _;

use super::phrase::What;
use super::scan::{Kind, Token};
use super::{Scene, account, normalize, scan, take_in, understand};
use crate::clock::Timestamp;
use crate::grammar::Grammar;
use crate::grammar::lexicon::{Sense, Word};
use crate::market::PlaceCode;

/// Several lines, each beginning with `# `.
pub fn explain(grammar: &Grammar, home: PlaceCode, now: Timestamp, text: &str) -> String {
    let normal = normalize::normalize(&grammar.lexicon, text);
    let (normal, phrases, slips) = take_in(grammar, home, now, normal);
    let tokens = scan::scan(grammar, home, &normal);
    let mut out = format!("# text     {}\n# normal   {normal}\n# words    ", text.replace(['\n', '\r'], " "));
    for t in &tokens {
        let _ = write!(out, "{}[{}] ", &normal[t.range()], role(grammar, t));
    }
    out.push_str("\n# phrases  ");
    for p in &phrases {
        let _ = write!(out, "{}<{}> ", p.text(&normal), kind(&p.what));
    }
    for s in &slips {
        let _ = write!(out, "\n# mended   {} to {}", s.written, &normal[s.at.clone()]);
    }
    let scene = Scene { grammar, now, market_days: None, text: &normal, phrases, slips };
    let (reading, decision) = understand(&scene);
    let held = account::account(&scene, &reading, decision.as_ref());
    match &decision {
        Some(d) => {
            out.push_str("\n# evidence ");
            for (intent, n) in &d.scores {
                let _ = write!(out, "{intent:?} {n} ");
            }
        }
        None => out.push_str("\n# evidence its form"),
    }
    out.push_str("\n# opinion  ");
    for (intent, share) in super::opinion::opinion(&scene).iter().take(3) {
        let _ = write!(out, "{intent:?} {:.0}% ", share * 100.0);
    }
    let _ = write!(out, "\n# left     {}", reading.remark.as_deref().unwrap_or("-"));
    let _ = write!(out, "\n# account  {}:", held.score);
    for (flaw, n) in &held.flaws {
        let _ = write!(out, " {flaw:?} {n}");
    }
    out.push_str("\n# unclaimed");
    for (p, role) in scene.phrases.iter().zip(&held.roles) {
        if let account::Role::Left(flaw) = role {
            let _ = write!(out, " {}<{flaw:?}>", p.text(&normal));
        }
    }
    out
}

fn role(grammar: &Grammar, t: &Token<'_>) -> String {
    match t.kind {
        Kind::Word(w) => meanings(grammar, w),
        Kind::Place(f) => format!("place {}", f.code.0),
        Kind::Arabic(_) => "number".into(),
        Kind::Han | Kind::Latin => "?".into(),
        Kind::Name => "name".into(),
        Kind::Comma | Kind::Question | Kind::Dash | Kind::Mark => "mark".into(),
    }
}

fn meanings(grammar: &Grammar, w: &Word) -> String {
    let mut all: Vec<String> = w
        .senses
        .iter()
        .map(|s| match s {
            Sense::Item(i) => format!("item {}", grammar.items.at(*i).map_or("", |i| i.name.as_str())),
            Sense::Unit(u) => format!("unit {}", grammar.units.at(*u).map_or("", |u| u.name.as_str())),
            Sense::Verb(i, f) => format!("{i:?} {f:?}").to_lowercase(),
            other => format!("{other:?}").to_lowercase(),
        })
        .collect();
    if all.is_empty() {
        all.push("sign".into());
    }
    all.join("|")
}

fn kind(what: &What<'_>) -> &'static str {
    match what {
        What::Name => "name",
        What::Amount(_) => "amount",
        What::Sum(_) => "price",
        What::Number { .. } => "number",
        What::Day(_) => "day",
        What::Clock(_) => "clock",
        What::Phone => "phone",
        What::Place(_) => "place",
        What::Item { .. } => "item",
        What::Compound => "new item",
        What::Task { .. } => "task",
        What::Labour => "verb of a task",
        What::People(_) => "people",
        What::Seats(_) => "seats",
        What::Span => "span",
        What::Each => "each",
        What::Word(_) => "word",
        What::Unread => "?",
        What::Comma | What::Question | What::Mark => "mark",
    }
}
