//! The second opinion: what it adds to the rules, and that its file goes with the texts and words of today.

use std::path::Path;

use xiangxun::clock::Timestamp;
use xiangxun::command::{Intent, Reading, read};
use xiangxun::grammar::Grammar;
use xiangxun::grammar::opinion::Opinions;
use xiangxun::market::PlaceCode;

use crate::texts::GRAMMAR;

const HOME: PlaceCode = PlaceCode(522_632);
/// 2026-11-21 09:00 in Beijing.
const NOW: Timestamp = Timestamp(1_795_222_800_000);

fn meant(grammar: &Grammar, text: &str) -> Reading {
    read(grammar, HOME, NOW, text)
}

/// Texts in which no rule finds a word of its own, in words of which the labelled texts have the like.
#[test]
fn what_no_rule_reads_is_known_by_its_look() {
    let alone = Grammar { opinions: Opinions::default(), ..Grammar::built_in().expect("the grammar loads") };
    let mut helped = 0;
    for (text, intent) in [
        ("我闲着也是闲着,可以去给孤老挑水", Intent::AidGive),
        ("有多的床,受灾的拿去睡", Intent::AidGive),
        ("草坪上有串钥匙,哪个的", Intent::Found),
    ] {
        let with = meant(&GRAMMAR, text);
        assert!(with.intent == intent || with.alternatives.contains(&intent), "{text}: {with:?}");
        helped += usize::from(meant(&alone, text).intent != intent);
    }
    assert!(helped >= 2, "the rules alone read {} of the three", 3 - helped);
}

#[test]
fn commands_and_machines_are_not_its_business() {
    for (text, intent) in [
        ("退订", Intent::Stop),
        ("1", Intent::Choose),
        ("807", Intent::Contact),
        ("您的验证码是884213,五分钟内有效", Intent::Unknown),
    ] {
        let r = meant(&GRAMMAR, text);
        assert_eq!((r.intent, r.unsure), (intent, false), "{text}");
    }
}

/// `fixtures/heard` is what it was taught by, so this is no measure of how well villagers are understood; but a file that no longer
/// goes with the words of the grammar, or a reader that no longer heeds it, falls below.
#[test]
fn the_texts_it_was_taught_by_are_known_again() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/heard");
    let (mut all, mut right, mut silent) = (0usize, 0usize, Vec::new());
    let mut files: Vec<_> =
        std::fs::read_dir(dir).expect("the texts").filter_map(Result::ok).map(|e| e.path()).collect();
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "tsv")) {
        let text = std::fs::read_to_string(file).expect("a file of texts");
        for (intent, text) in text.lines().filter_map(|l| l.split_once('\t')) {
            let r = meant(&GRAMMAR, text);
            all += 1;
            if r.intent.as_str() == intent {
                right += 1;
            } else if !r.unsure && r.intent != Intent::Unknown {
                silent.push(format!("{text}: {} not {intent}", r.intent.as_str()));
            }
        }
    }
    let share = |n: usize| n as f64 / all as f64;
    println!("{all} texts: {:.3} right, {:.3} silently wrong", share(right), share(silent.len()));
    assert!(all > 1_500, "only {all} texts");
    assert!(share(right) >= 0.9, "{:.3} right", share(right));
    assert!(share(silent.len()) <= 0.08, "{:.3} silently wrong:\n{}", share(silent.len()), silent.join("\n"));
}
