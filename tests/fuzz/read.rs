//! Bytes as they come, texts of the grammar's own words, and texts of `fixtures/` changed; the first byte says which.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use xiangxun::clock::Timestamp;
use xiangxun::grammar::Grammar;
use xiangxun::market::PlaceCode;

#[path = "../it/soundness.rs"]
mod soundness;

struct Language {
    grammar: Grammar,
    words: Vec<String>,
    texts: Vec<String>,
}

static LANGUAGE: LazyLock<Language> = LazyLock::new(|| {
    let grammar = Grammar::built_in().expect("the grammar loads");
    let words = soundness::words(&grammar);
    Language { grammar, words, texts: texts() }
});

fn texts() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/texts");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("fixtures").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let table: toml::Table = std::fs::read_to_string(file).expect("a file").parse().expect("TOML");
        let cases = table["case"].as_array().expect("cases");
        all.extend(cases.iter().filter_map(|c| Some(c.get("text")?.as_str()?.to_string())));
    }
    all
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let Language { grammar, words, texts } = &*LANGUAGE;
    let text = match kind % 3 {
        0 => bytes.to_vec(),
        1 => soundness::of_words(words, bytes).into_bytes(),
        _ => soundness::of_texts(texts, words, bytes),
    };
    if let Err(what) = soundness::check(grammar, PlaceCode(522_632), Timestamp(1_795_222_800_000), &text) {
        panic!("{what}");
    }
});
