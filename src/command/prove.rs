//! Whether the sentences that the data give (`reads = ["卖洋芋500斤1块2 => sell 土豆 500斤 1.2元/斤"]`) are read as they say.
//!
//! Behind the arrow stand words that the reading must have, in any order, `!` before one that it must not have, and ` + `
//! between the goods of one text. A word is the intent; the item; an amount (`500斤`, `8-9斤`, `~100斤`;
//! `100-斤` is at least that, `-100斤` at most); a price or wage (`1.2元/斤`, `120元/天`, `open` for 面议); `unsure`; and any other
//! slot by its name: `people=10 place=栽麻镇 from=… to=… date=2026-11-22 part=早 mark=… sex=公 phone=… name=… post=807 choice=1 topic=… remark=…`. Spaces within are left out.

use super::{Reading, read};
use crate::clock::Timestamp;
use crate::grammar::example::Example;
use crate::grammar::{Grammar, GrammarError};
use crate::market::{Exact, OPEN, Place, PlaceCode, Price, Sex, decimal};

/// 2026-11-21 09:00 in Beijing, a Saturday: when and nowhere in particular, examples are read.
const THEN: Timestamp = Timestamp(1_795_222_800_000);

/// The faults of a grammar: every example that is read otherwise.
pub fn prove(grammar: &Grammar) -> Vec<GrammarError> {
    grammar.examples.iter().filter_map(|e| against(grammar, PlaceCode::COUNTRY, e)).collect()
}

/// The faults of the cue card of a station in `place`: what is printed on it and would be read otherwise there.
pub fn prove_card(grammar: &Grammar, place: PlaceCode) -> Vec<GrammarError> {
    grammar.card.examples(grammar, place).iter().filter_map(|e| against(grammar, place, e)).collect()
}

fn against(grammar: &Grammar, home: PlaceCode, example: &Example) -> Option<GrammarError> {
    let mut reading = read(grammar, home, THEN, &example.text);
    let also = std::mem::take(&mut reading.also);
    let got: Vec<Vec<String>> = std::iter::once(&reading).chain(&also).map(words).collect();
    let wants: Vec<&str> = example.want.split(" + ").collect();
    let fits = |(n, want): (usize, &&str)| {
        let none = Vec::new();
        let got = got.get(n).unwrap_or(&none);
        want.split_whitespace().all(|w| match w.strip_prefix('!') {
            Some(never) => !got.iter().any(|g| g == never),
            None => got.iter().any(|g| g == w),
        })
    };
    if wants.iter().enumerate().all(fits) && (wants.len() == 1 || wants.len() == got.len()) {
        return None;
    }
    let said = got.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join(" + ");
    Some(GrammarError {
        file: example.file.clone(),
        line: example.line,
        what: format!("`{}` is read as `{said}`, not `{}`", example.text, example.want),
    })
}

/// All that a reading says, a word each.
fn words(r: &Reading) -> Vec<String> {
    let mut out = vec![r.intent.as_str().to_string()];
    let tight = |s: &str| s.split_whitespace().collect::<String>();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(v) = value {
            out.push(if key.is_empty() { tight(&v) } else { format!("{key}={}", tight(&v)) });
        }
    };
    put("", r.unsure.then(|| "unsure".into()));
    put("", r.item.as_ref().map(|i| i.name.clone()));
    put(
        "",
        r.quantity.as_ref().map(|q| format!("{}{}{}", if q.approx { "~" } else { "" }, range(q.amount, q.max), q.unit)),
    );
    for price in [&r.price, &r.wage].into_iter().flatten() {
        put("", (*price.yuan.numer() != 0).then(|| cost(price)));
        put("", price.negotiable.then(|| "open".into()));
    }
    put("people", r.people.map(|n| n.to_string()));
    for (key, place) in [("place", &r.place), ("from", &r.from), ("to", &r.to)] {
        put(key, place.as_ref().map(|p: &Place| p.name.clone()));
    }
    put("date", r.when.as_ref().map(|w| w.date().to_string()));
    put("part", r.when.as_ref().and_then(|w| w.part.clone()));
    for mark in &r.marks {
        put("mark", Some(mark.clone()));
    }
    put("sex", r.sex.map(|s| Sex::as_str(s).to_string()));
    put("phone", r.phone.clone());
    put("name", r.name.clone());
    put("post", r.post.map(|n| n.to_string()));
    put("choice", r.choice.map(|n| n.to_string()));
    put("topic", r.topic.clone());
    put("remark", r.remark.clone());
    put("reason", r.reason.map(str::to_string));
    out
}

fn cost(p: &Price) -> String {
    let per = p.per.as_ref().map(|u| format!("/{u}")).unwrap_or_default();
    format!("{}元{per}", range(p.yuan, p.max))
}

/// `3`, `3-4`; `3-` is at least 3, `-3` at most.
fn range(said: Exact, max: Option<Exact>) -> String {
    match max {
        None => decimal(said),
        Some(m) if m == OPEN => format!("{}-", decimal(said)),
        Some(m) if m == said => format!("-{}", decimal(said)),
        Some(m) => format!("{}-{}", decimal(said), decimal(m)),
    }
}
