//! Teaches the second opinion on what a text asks for: makes `grammar/opinion.tsv` from the labelled texts of
//! `fixtures/texts/*.toml` and `fixtures/heard/*.tsv` (`intent<TAB>text`), by multinomial logistic regression.
//!
//! ```text
//! cargo run --release --example teach                # writes grammar/opinion.tsv
//! cargo run --release --example teach -- --apart 5   # writes nothing: says how it does on fifths of the texts that it has not seen
//! cargo run --release --example teach -- --without f1 f2 --to FILE
//! ```
//!
//! The same texts give the same file on every machine: texts are taken in one order, and nothing is random.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xiangxun::clock::Timestamp;
use xiangxun::command::pieces;
use xiangxun::grammar::Grammar;
use xiangxun::market::PlaceCode;

/// A piece that fewer texts have says nothing that holds of others.
const OFTEN: usize = 3;
/// How strongly weights are drawn to nothing: the inverse of `C` of other tools, for a piece that all texts have.
const DRAWN: f64 = 1.0 / 3.0;
const ROUNDS: usize = 30;
const STEP: f64 = 0.3;
/// Weights below it, in hundredths of a nat, are left out of the file.
const LEAST: f64 = 5.0;
/// 2026-11-21 09:00 in Beijing, when the texts of the fixtures are written.
const NOW: Timestamp = Timestamp(1_795_222_800_000);

/// A text with the intent it has.
struct Labelled {
    /// The file it stands in, without its ending.
    of: String,
    intent: String,
    pieces: Vec<String>,
}

/// What was learnt.
struct Taught {
    intents: Vec<String>,
    pieces: BTreeMap<String, usize>,
    /// A row of weights for each piece; the last is that of all texts.
    weights: Vec<Vec<f64>>,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let after = |flag: &str| args.iter().position(|a| a == flag).map(|i| &args[i + 1..]);
    let without: Vec<String> =
        after("--without").unwrap_or_default().iter().take_while(|a| !a.starts_with("--")).cloned().collect();
    let texts = labelled();
    if let Some(parts) = after("--apart").and_then(|a| a.first()?.parse::<usize>().ok()).filter(|n| *n > 1) {
        for part in 0..parts {
            let part_of = |mine: bool| {
                let some = texts.iter().enumerate().filter(move |(n, _)| (n % parts == part) == mine);
                some.map(|(_, t)| t).collect::<Vec<_>>()
            };
            report(&teach(&part_of(false)), &part_of(true));
        }
        return ExitCode::SUCCESS;
    }
    let (kept, told): (Vec<_>, Vec<_>) = texts.iter().partition(|t| without.contains(&t.of));
    let taught = teach(&told);
    if !kept.is_empty() {
        report(&taught, &kept);
    }
    let to = after("--to").and_then(|a| a.first()).map_or_else(|| root().join("grammar/opinion.tsv"), PathBuf::from);
    match std::fs::write(&to, file(&taught)) {
        Ok(()) => {
            println!("{} texts, {} pieces: {}", told.len(), taught.pieces.len(), to.display());
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("{}: {e}", to.display());
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == ending));
    files.sort();
    files
}

/// All texts that have a label, with the pieces they have for the reader of today.
fn labelled() -> Vec<Labelled> {
    let grammar = Grammar::load(&root().join("grammar")).expect("the grammar loads");
    let mut out = Vec::new();
    let mut add = |of: &Path, home: PlaceCode, text: &str, intent: &str| {
        let of = of.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        out.push(Labelled { of, intent: intent.to_string(), pieces: pieces(&grammar, home, NOW, text) });
    };
    let home = PlaceCode(522_632);
    for file in files(&root().join("fixtures/texts"), "toml") {
        let text = std::fs::read_to_string(&file).expect("a file of texts");
        let all: toml::Value = toml::from_str(&text).expect("as tests read it");
        let place = |v: &toml::Value| v.get("place").and_then(|p| PlaceCode::parse(p.as_str()?));
        let of_all = place(&all).unwrap_or(home);
        for case in all["case"].as_array().into_iter().flatten() {
            if let (Some(text), Some(intent)) = (case["text"].as_str(), case["expect"].get("intent")) {
                add(&file, place(case).unwrap_or(of_all), text, intent.as_str().unwrap_or_default());
            }
        }
    }
    for file in files(&root().join("fixtures/heard"), "tsv") {
        let text = std::fs::read_to_string(&file).expect("a file of texts");
        for (intent, text) in text.lines().filter_map(|l| l.split_once('\t')) {
            add(&file, home, text, intent);
        }
    }
    out
}

fn teach(texts: &[&Labelled]) -> Taught {
    let mut often: HashMap<&str, usize> = HashMap::new();
    texts.iter().flat_map(|t| &t.pieces).for_each(|p| *often.entry(p).or_default() += 1);
    let mut kept: Vec<&str> = often.iter().filter(|(_, n)| **n >= OFTEN).map(|(p, _)| *p).collect();
    kept.sort_unstable();
    let index: BTreeMap<String, usize> = kept.iter().enumerate().map(|(n, p)| (p.to_string(), n)).collect();
    let mut drawn: Vec<f64> = kept.iter().map(|p| DRAWN / often[p] as f64).collect();
    drawn.push(0.0);
    let mut intents: Vec<String> = texts.iter().map(|t| t.intent.clone()).collect();
    intents.sort();
    intents.dedup();
    let all = kept.len();
    let rows: Vec<(usize, Vec<usize>)> = texts
        .iter()
        .map(|t| {
            let mut row: Vec<usize> = t.pieces.iter().filter_map(|p| index.get(p).copied()).collect();
            row.push(all);
            (intents.binary_search(&t.intent).expect("one of them"), row)
        })
        .collect();
    let mut weights = vec![vec![0.0; intents.len()]; all + 1];
    let mut moved = vec![vec![1e-6; intents.len()]; all + 1];
    // Steps through the texts that meet each once a round: a stride that shares no factor with their number.
    let mut stride = rows.len() * 618 / 1000 + 1;
    while gcd(stride, rows.len()) != 1 {
        stride += 1;
    }
    for round in 0..ROUNDS {
        for n in 0..rows.len() {
            let (right, row) = &rows[(n * stride + round) % rows.len()];
            let shares = shares(&weights, row);
            for &piece in row {
                for (k, share) in shares.iter().enumerate() {
                    let pull = share - f64::from(u8::from(k == *right)) + drawn[piece] * weights[piece][k];
                    moved[piece][k] += pull * pull;
                    weights[piece][k] -= STEP * pull / moved[piece][k].sqrt();
                }
            }
        }
    }
    Taught { intents, pieces: index, weights }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn shares(weights: &[Vec<f64>], row: &[usize]) -> Vec<f64> {
    let mut sums = vec![0.0; weights[0].len()];
    for &piece in row {
        sums.iter_mut().zip(&weights[piece]).for_each(|(s, w)| *s += w);
    }
    let most = sums.iter().copied().fold(f64::MIN, f64::max);
    sums.iter_mut().for_each(|s| *s = (*s - most).exp());
    let all: f64 = sums.iter().sum();
    sums.iter_mut().for_each(|s| *s /= all);
    sums
}

/// How it does on texts that it has not seen.
fn report(taught: &Taught, kept: &[&Labelled]) {
    let mut right = 0;
    let mut sure = [(0, 0); 3];
    for text in kept {
        let mut row: Vec<usize> = text.pieces.iter().filter_map(|p| taught.pieces.get(p).copied()).collect();
        row.push(taught.pieces.len());
        let shares = shares(&taught.weights, &row);
        let (best, share) = shares.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).expect("there are intents");
        let hit = taught.intents[best] == text.intent;
        right += usize::from(hit);
        for (least, (all, hits)) in [0.7, 0.9, 0.97].iter().zip(&mut sure) {
            if share >= least {
                *all += 1;
                *hits += usize::from(hit);
            }
        }
    }
    let percent = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
    print!("{} unseen texts: {:.1} % right", kept.len(), percent(right, kept.len()));
    for (least, (all, hits)) in [0.7, 0.9, 0.97].iter().zip(&sure) {
        print!("; of the {:.0} % at {least}: {:.1} %", percent(*all, kept.len()), percent(*hits, *all));
    }
    println!();
}

fn file(taught: &Taught) -> String {
    let line = |row: &[f64], least: f64| {
        let said = taught.intents.iter().zip(row).map(|(i, w)| (i, w * 100.0)).filter(|(_, w)| w.abs() >= least);
        said.map(|(i, w)| format!("{i}:{w:.0}")).collect::<Vec<_>>().join(" ")
    };
    let mut out = String::from(
        "# What pieces of a text speak for, in hundredths of a nat; made by `cargo run --release --example teach`. Do not edit.\n",
    );
    let _ = writeln!(out, "\t{}", line(&taught.weights[taught.pieces.len()], 0.0));
    for (piece, at) in &taught.pieces {
        let said = line(&taught.weights[*at], LEAST);
        if !said.is_empty() {
            let _ = writeln!(out, "{piece}\t{said}");
        }
    }
    out
}
