//! Any bytes have a reading, and every reading keeps to `soundness.rs`. A bounded run of what `tests/fuzz` does without end:
//! bytes without meaning, texts of the grammar's own words, and the texts of `fixtures/` with a few bytes changed.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, RngSeed, TestCaseError};
use xiangxun::clock::Timestamp;
use xiangxun::command::MOST_CHARS;
use xiangxun::market::PlaceCode;

use crate::soundness::{check, of_texts, of_words, words};
use crate::texts::{GRAMMAR, all_texts};

static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| words(&GRAMMAR));
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(all_texts);

const HOME: PlaceCode = PlaceCode(522_632);
const NOW: Timestamp = Timestamp(1_795_222_800_000);

fn sound(home: PlaceCode, now: Timestamp, bytes: &[u8]) -> Result<(), TestCaseError> {
    check(&GRAMMAR, home, now, bytes).map(drop).map_err(TestCaseError::fail)
}

/// The same cases on every machine, every time.
fn bounded(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(522_632),
        ..ProptestConfig::default()
    }
}

#[test]
fn texts_of_people_are_read_soundly() {
    for text in TEXTS.iter() {
        check(&GRAMMAR, HOME, NOW, text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    }
    assert!(TEXTS.len() > 400, "only {} texts", TEXTS.len());
}

proptest! {
    #![proptest_config(bounded(3000))]

    #[test]
    fn any_bytes_are_read_soundly(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        sound(HOME, NOW, &bytes)?;
    }

    #[test]
    fn any_words_are_read_soundly(bytes in proptest::collection::vec(any::<u8>(), 0..60), now in -100_000_000_000_000i64..400_000_000_000_000, home in 0u64..700_000) {
        sound(PlaceCode(home), Timestamp(now), of_words(&WORDS, &bytes).as_bytes())?;
    }

    #[test]
    fn texts_with_bytes_changed_are_read_soundly(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
        sound(HOME, NOW, &of_texts(&TEXTS, &WORDS, &bytes))?;
    }
}

#[test]
fn what_stands_beyond_the_longest_text_is_not_read() {
    let read = |text: &str| check(&GRAMMAR, HOME, NOW, text.as_bytes()).expect("sound");
    let filler = "天气好,".repeat(MOST_CHARS / 4);
    let near = read("卖板蓝根200斤,电话13812345678");
    let far = read(&format!("卖板蓝根200斤,{filler}电话13812345678"));
    assert_eq!(near.phone.as_deref(), Some("13812345678"));
    assert_eq!((far.intent, far.phone.as_deref()), (near.intent, None));
    // the end of what is read tears no number: 138… and not 138
    let lead = MOST_CHARS - "卖板蓝根".chars().count() - 2;
    let torn = read(&format!("卖板蓝根{}{}斤", " ".repeat(lead), "2".repeat(4)));
    assert_eq!(torn.quantity, None, "22斤 was never said");
}
