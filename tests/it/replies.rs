//! `grammar/replies/`: what the code says is there, and what is there is said.
//!
//! That every sentence fits one segment with the longest values is checked whenever the grammar is loaded.

use std::collections::BTreeSet;
use std::path::Path;

use xiangxun::grammar::Grammar;
use xiangxun::grammar::reply::{Piece, Sentence};

fn grammar() -> Grammar {
    Grammar::built_in().expect("the grammar loads, so every sentence fits")
}

/// The code of a folder, without tests.
fn code(folder: &str) -> String {
    let mut all = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let text = std::fs::read_to_string(entry).expect("code");
                all.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
            }
        }
    }
    all
}

/// What stands between `before` and the next `"`.
fn named<'c>(code: &'c str, before: &str) -> BTreeSet<&'c str> {
    code.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_sentence_is_there_and_is_sent() {
    let g = grammar();
    let code = code("src/service");
    let mut said: BTreeSet<&str> = named(&code, "Reply::new(\"");
    said.extend(named(&code, ".by(\""));
    said.extend(g.boards.iter().map(|b| b.news.as_str()));
    let there: BTreeSet<&str> = g.replies.names().collect();
    let unwritten: Vec<_> = said.difference(&there).collect();
    assert!(unwritten.is_empty(), "sent, but without words: {unwritten:?}");
    // of two sentences one may be chosen before it is named to `Reply::new`
    let unsent: Vec<_> = there.difference(&said).filter(|name| !code.contains(&format!("\"{name}\""))).collect();
    assert!(unsent.is_empty(), "never sent: {unsent:?}");
}

#[test]
fn every_phrase_the_code_uses_is_there() {
    let g = grammar();
    let code = code("src/reply") + &code("src/service");
    let mut used: BTreeSet<String> = named(&code, "fill(g, \"").into_iter().map(String::from).collect();
    for table in ["state", "choose"] {
        let names = named(&code, &format!("\"{table}."));
        assert!(names.len() >= 3, "{table}: {names:?}");
        used.extend(names.iter().map(|n| format!("{table}.{n}")));
    }
    for board in g.boards.iter() {
        for side in &board.side {
            // by board and side where two boards have a side of one name, or in the board's own file
            let own = |table: &str| {
                let by_board = format!("{table}.{}/{}", board.name, side.name);
                g.replies.phrase(&by_board).map_or_else(|| format!("{table}.{}", side.name), |_| by_board)
            };
            let tables = ["over", "unclear", "example"].into_iter().filter(|t| *t != "over" || side.over.is_none());
            used.extend(tables.map(own));
        }
    }
    let missing: Vec<&String> = used.iter().filter(|name| g.replies.phrase(name).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Every slot and list of a sentence, also those in brackets.
fn slots(pieces: &[Piece], found: &mut BTreeSet<String>) {
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Slot(s) | Piece::List(s) => drop(found.insert(s.clone())),
            Piece::Optional(inner) => slots(inner, found),
        }
    }
}

#[test]
fn every_slot_is_filled_somewhere() {
    let g = grammar();
    let code = code("src/service");
    let mut filled: BTreeSet<&str> = named(&code, ".set(\"");
    filled.extend(named(&code, ".list(\""));
    let mut wanted = BTreeSet::new();
    let sentences: Vec<&Sentence> = g.replies.names().filter_map(|n| g.replies.sentence(n)).collect();
    sentences.iter().flat_map(|s| &s.variants).for_each(|v| slots(v, &mut wanted));
    let missing: Vec<&String> = wanted.iter().filter(|s| !filled.contains(s.as_str())).collect();
    assert!(missing.is_empty(), "no code sets {missing:?}");
}

/// Where a text names a post it writes digits and 号: so a slot for one is never followed by a digit or a 号 of its own,
/// and the longest value of it has the form.
#[test]
fn posts_are_named_in_one_form() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar/replies/zh.toml");
    let text = std::fs::read_to_string(file).expect("the sentences");
    for slot in ["no", "mine", "first"] {
        assert!(text.contains(&format!("\n{slot} = \"1234567号\"\n")), "{slot}");
        assert!(!text.contains(&format!("{{{slot}}}号")), "{slot}");
    }
}
