//! `fixtures/texts/*.toml`: texts, and the reading each must have.
//!
//! Of a reading only what `expect` names is compared, in tables too; `absent` lists keys that must not be there. A case
//! marked `hard` may be `unsure` or `unknown` instead, but not silently wrong in its intent.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use xiangxun::clock::Timestamp;
use xiangxun::command::{Intent, prove, read};
use xiangxun::grammar::Grammar;
use xiangxun::market::PlaceCode;

pub static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| match Grammar::built_in() {
    Ok(grammar) => grammar,
    Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    now: String,
    #[serde(default)]
    place: Option<String>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    text: String,
    #[serde(default)]
    #[allow(dead_code, reason = "tags are for people")]
    tags: Vec<String>,
    expect: Value,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    hard: bool,
    #[serde(default)]
    now: Option<String>,
    #[serde(default)]
    place: Option<String>,
    #[serde(default)]
    #[allow(dead_code, reason = "notes are for people")]
    note: Option<String>,
}

/// Whether `got` has all that `want` names.
pub fn has(want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::Object(w), Value::Object(g)) => w.iter().all(|(k, v)| g.get(k).is_some_and(|x| has(v, x))),
        (Value::Array(w), Value::Array(g)) => w.len() == g.len() && w.iter().zip(g).all(|(w, g)| has(w, g)),
        (Value::Number(w), Value::Number(g)) => match (w.as_f64(), g.as_f64()) {
            (Some(w), Some(g)) => (w - g).abs() < 0.000_5,
            _ => false,
        },
        _ => want == got,
    }
}

fn at(now: &str) -> Timestamp {
    Timestamp::parse_rfc3339(now).unwrap_or_else(|e| panic!("{now}: {e}"))
}

fn check(file: &Path, wrong: &mut Vec<String>) -> usize {
    let text = std::fs::read_to_string(file).expect("the file is there");
    let all: File = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    for case in &all.case {
        let now = at(case.now.as_ref().unwrap_or(&all.now));
        let home = case.place.as_ref().or(all.place.as_ref()).and_then(|p| PlaceCode::parse(p)).unwrap_or_default();
        let reading = read(&GRAMMAR, home, now, &case.text);
        let got = serde_json::to_value(&reading).expect("a reading is JSON");
        let open = case.hard
            && (reading.unsure || reading.intent == Intent::Unknown || case.expect["intent"] == got["intent"]);
        let right = has(&case.expect, &got) && case.absent.iter().all(|k| got.get(k).is_none());
        if !right && !open {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            wrong.push(format!(
                "{name}: {}\n    want {}{}\n    got  {got}",
                case.text,
                case.expect,
                if case.absent.is_empty() { String::new() } else { format!(" without {}", case.absent.join(" ")) }
            ));
        }
    }
    all.case.len()
}

fn files() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/texts");
    let mut files: Vec<_> =
        std::fs::read_dir(dir).expect("fixtures/texts is there").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

/// All texts of the fixtures, in order.
pub fn all_texts() -> Vec<String> {
    let text = |file: &PathBuf| std::fs::read_to_string(file).expect("the file is there");
    let all =
        files().iter().map(|f| toml::from_str::<File>(&text(f)).expect("as checked below").case).collect::<Vec<_>>();
    all.into_iter().flatten().map(|case| case.text).collect()
}

#[test]
fn texts_have_their_one_reading() {
    let files = files();
    let mut wrong = Vec::new();
    let count: usize = files.iter().map(|f| check(f, &mut wrong)).sum();
    assert!(count > 400, "only {count} texts");
    assert!(wrong.is_empty(), "{} of {count} texts are read wrongly:\n{}", wrong.len(), wrong.join("\n"));
}

/// Asking back costs a villager a text: of these texts, all of them read right, few may be asked.
#[test]
fn who_is_plain_is_not_asked_back() {
    let (mut all, mut asked) = (0, Vec::new());
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("the file is there");
        let of: File = toml::from_str(&text).expect("as checked above");
        for case in of.case.iter().filter(|c| !c.hard && c.expect.get("unsure").is_none()) {
            let home = case.place.as_ref().or(of.place.as_ref()).and_then(|p| PlaceCode::parse(p)).unwrap_or_default();
            let reading = read(&GRAMMAR, home, at(case.now.as_ref().unwrap_or(&of.now)), &case.text);
            all += 1;
            if reading.unsure {
                asked.push(case.text.clone());
            }
        }
    }
    assert!(asked.len() * 100 <= all * 5, "{} of {all} are asked back:\n{}", asked.len(), asked.join("\n"));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to)
        } else {
            std::fs::copy(entry.path(), to).map(drop).expect("a copy")
        }
    }
}

#[test]
fn a_word_that_means_two_things_is_refused_with_both_places() {
    let dir = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar"), dir.path());
    let more = "[[item]]\nname = \"某物\"\nalso = [\"洋芋\"]\n\n[[item]]\nname = \"孤儿\"\ncategory = \"无此类\"\n";
    std::fs::write(dir.path().join("lexicon/zz.toml"), more).expect("written");
    std::fs::write(dir.path().join("places/zz.tsv"), "522632106299\t某村\n12345\t坏\n").expect("written");
    let errors = Grammar::load(dir.path()).expect_err("refused");
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let both = said.iter().find(|e| e.contains("洋芋")).expect("the word is named");
    assert!(both.starts_with("lexicon/zz.toml:3: `洋芋` means two things"), "{both}");
    assert!(both.contains("also lexicon/") && both.contains(".toml:"), "{both}");
    assert!(said.iter().any(|e| e.starts_with("lexicon/zz.toml:6: ") && e.contains("无此类")), "{said:?}");
    assert!(said.iter().any(|e| e.starts_with("places/zz.tsv:2: ")), "{said:?}");
    assert_eq!(said.len(), 3, "{said:?}");
}

#[test]
fn sentences_of_the_data_are_read_as_they_say() {
    let wrong: Vec<String> = prove(&GRAMMAR).iter().map(ToString::to_string).collect();
    assert!(GRAMMAR.examples.len() > 20, "only {} sentences", GRAMMAR.examples.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sentence_read_otherwise_is_told_with_its_line() {
    let dir = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar"), dir.path());
    let add = |reads: &str| {
        let more = format!("[[item]]\nname = \"某物\"\ncategory = \"药材\"\nreads = [\"{reads}\"]\n");
        std::fs::write(dir.path().join("lexicon/zz.toml"), more).expect("written");
        Grammar::load(dir.path())
    };
    let told = |reads| {
        let grammar = add(reads).unwrap_or_else(|e| panic!("{reads}: {}", e[0]));
        prove(&grammar).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told("卖某物3斤 => sell 某物 3斤 !buy"), Vec::<String>::new());
    assert_eq!(told("收某物和天麻 => buy 某物 + buy 天麻"), Vec::<String>::new());
    for (reads, read_as) in [
        ("卖某物3斤 => buy 某物", "lexicon/zz.toml:4: `卖某物3斤` is read as `sell 某物 3斤`, not `buy 某物`"),
        ("卖某物3斤 => sell !某物", "lexicon/zz.toml:4: `卖某物3斤` is read as `sell 某物 3斤`, not `sell !某物`"),
        (
            "收某物 => buy 某物 + buy 天麻",
            "lexicon/zz.toml:4: `收某物` is read as `buy 某物`, not `buy 某物 + buy 天麻`",
        ),
    ] {
        assert_eq!(told(reads), [read_as]);
    }
    let errors = add("卖某物3斤").expect_err("no arrow");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].to_string().starts_with("lexicon/zz.toml:4: `卖某物3斤` is no example"), "{}", errors[0]);
}

#[test]
fn places_are_found_in_short_and_the_nearest_first() {
    let places = &GRAMMAR.places;
    let home = PlaceCode(522_632);
    for (name, near, want) in [
        ("栽麻镇", PlaceCode::COUNTRY, Some(522_632_106)),
        ("栽麻", home, Some(522_632_106)),
        ("榕江", PlaceCode::COUNTRY, Some(522_632)),
        ("平江", home, Some(522_632_107)),
        ("平江", PlaceCode::COUNTRY, Some(430_626)),
        ("三江乡", home, Some(522_632_204)),
        ("黔东南州", PlaceCode::COUNTRY, Some(5226)),
        ("无此地名", home, None),
    ] {
        assert_eq!(places.resolve(name, near), want.map(PlaceCode), "{name}");
    }
    assert_eq!(places.get(PlaceCode(522_632)), Some("榕江县"));
}
