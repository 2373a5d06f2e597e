//! The map of the house: `ARCHITECTURE.md` says which rooms there are and which way imports go, and the code is held to it.
//!
//! ```text
//! main → cli → app → http, station, outbox → service → store, command, reply, carrier → grammar → market, …
//! ```
//!
//! A room (a module of `src/lib.rs`) may use what stands to its right in that line, nothing to its left, and a room beside it,
//! between commas, only where [`NEIGHBOURS`] says why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Rooms between the same two arrows of which one uses the other.
const NEIGHBOURS: [(&str, &str, &str); 9] = [
    ("config", "clock", "quiet hours are times of day"),
    ("config", "market", "a station stands in a place"),
    ("config", "message", "short codes and managers are numbers of telephones"),
    ("logs", "clock", "a line is dated by the clock of everything else"),
    ("logs", "config", "their form and level are keys of the config"),
    ("market", "clock", "a post ends, and a ride leaves, on a day"),
    ("market", "message", "a post belongs to a phone"),
    ("message", "clock", "a message came at a time"),
    ("metrics", "message", "what became of a message is what is counted"),
];

/// More lines than this hold more than one subject.
const LINES: usize = 700;

/// The folders and files at the top of the repository that `ARCHITECTURE.md` may lead to.
const TOP: [&str; 9] = [".ci", ".config", "deploy", "docs", "examples", "fixtures", "grammar", "src", "tests"];

/// A piece of code as the map needs it: names, `::`, and single signs. Comments and texts are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Colons,
    Sign(char),
}

/// Splits Rust code. It knows what could hide a brace or a name: comments (also nested), texts (also raw), characters.
fn tokens(code: &str) -> Vec<(usize, Token)> {
    let signs: Vec<char> = code.chars().collect();
    let at = |i: usize| signs.get(i).copied().unwrap_or('\0');
    let is_name = |c: char| c == '_' || c.is_alphanumeric();
    let (mut found, mut i, mut line) = (Vec::new(), 0, 1);
    // the end of a text that opens at `i`
    let text_end = |mut i: usize| {
        i += 1;
        while i < signs.len() && at(i) != '"' {
            i += if at(i) == '\\' { 2 } else { 1 };
        }
        i + 1
    };
    let raw_end = |mut i: usize| {
        let hashes = (i..).take_while(|&k| at(k) == '#').count();
        i += hashes + 1;
        while i < signs.len() && !(at(i) == '"' && (1..=hashes).all(|k| at(i + k) == '#')) {
            i += 1;
        }
        i + 1 + hashes
    };
    while i < signs.len() {
        let from = i;
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < signs.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= signs.len() {
                        break;
                    }
                }
            }
            '"' => i = text_end(i),
            // a character: `'x'`, `'\n'`; anything else after `'` is a lifetime or a label
            '\'' if at(i + 1) == '\\' => {
                i += 3;
                while i < signs.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            '\'' if at(i + 2) == '\'' => i += 3,
            ':' if at(i + 1) == ':' => {
                found.push((line, Token::Colons));
                i += 2;
            }
            c if is_name(c) => {
                while is_name(at(i)) {
                    i += 1;
                }
                let name: String = signs[from..i].iter().collect();
                let raw = matches!(name.as_str(), "r" | "br" | "cr");
                if raw && at(i) == '#' && is_name(at(i + 1)) {
                    i += 1; // `r#type`: the name comes next
                } else if raw && matches!(at(i), '"' | '#') {
                    i = raw_end(i);
                } else if matches!(name.as_str(), "b" | "c") && at(i) == '"' {
                    i = text_end(i);
                } else if !(name == "b" && at(i) == '\'') {
                    found.push((line, Token::Name(name)));
                }
            }
            c => {
                if !c.is_whitespace() {
                    found.push((line, Token::Sign(c)));
                }
                i += 1;
            }
        }
        line += signs[from..i.min(signs.len())].iter().filter(|&&c| c == '\n').count();
    }
    found
}

/// The first names below the crate's root that the code in module `here` (`["service", "turn"]`) leads to, each with its line:
/// by `crate::x`, by a group `crate::{x::y, z}`, by as many `super` as lead there, and in the binary by the library's name.
fn reached(code: &str, here: &[&str]) -> Vec<(usize, String)> {
    let tokens = tokens(code);
    let name = |i: usize| match tokens.get(i) {
        Some((_, Token::Name(name))) => Some(name.as_str()),
        _ => None,
    };
    let is = |i: usize, token: &Token| tokens.get(i).is_some_and(|(_, t)| t == token);
    let mut found = Vec::new();
    // modules within the file: at which depth of braces each opened
    let (mut depth, mut inner) = (0_usize, Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        match &tokens[i].1 {
            Token::Sign('{') => {
                if i >= 2 && name(i - 2) == Some("mod") && name(i - 1).is_some() {
                    inner.push(depth);
                }
                depth += 1;
            }
            Token::Sign('}') => {
                depth = depth.saturating_sub(1);
                inner.pop_if(|opened| *opened == depth);
            }
            Token::Name(first) if !is(i.wrapping_sub(1), &Token::Colons) => {
                let mut next = i;
                let root = match first.as_str() {
                    "crate" | "xiangxun" => true,
                    "super" => {
                        let mut up = 1;
                        while is(next + 1, &Token::Colons) && name(next + 2) == Some("super") {
                            (up, next) = (up + 1, next + 2);
                        }
                        up == here.len() + inner.len()
                    }
                    _ => false,
                };
                if root && is(next + 1, &Token::Colons) {
                    found.extend(heads(&tokens, next + 2));
                }
                i = next;
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// The first names of the path, or of each path of the group, that begins at `i`.
fn heads(tokens: &[(usize, Token)], mut i: usize) -> Vec<(usize, String)> {
    let (mut found, mut depth, mut first) = (Vec::new(), 0, true);
    while let Some((line, token)) = tokens.get(i) {
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => depth -= 1,
            Token::Sign(',') if depth == 1 => first = true,
            Token::Name(name) if first && depth < 2 => {
                found.push((*line, name.clone()));
                first = false;
            }
            Token::Sign('*') if first && depth < 2 => {
                found.push((*line, "*".into()));
                first = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
        i += 1;
    }
    found
}

/// `src/service/turn.rs` is the module `["service", "turn"]`; the library's root has no name, the binary is `main`.
fn module(file: &Path) -> Vec<&str> {
    let below: Vec<&str> = file.strip_prefix("src").expect("below src").iter().filter_map(|p| p.to_str()).collect();
    let names = below.iter().map(|p| p.strip_suffix(".rs").unwrap_or(p));
    names.filter(|p| !matches!(*p, "lib" | "mod")).collect()
}

/// The rooms of `ARCHITECTURE.md`, from the street to the cellar: those between the same two arrows together.
fn layers(architecture: &str) -> Vec<Vec<&str>> {
    let line = architecture.lines().map(str::trim).find(|l| l.starts_with("main → "));
    let line = line.expect("ARCHITECTURE.md has the line of the rooms, main → …");
    line.split(" → ").map(|layer| layer.split(", ").map(str::trim).collect()).collect()
}

/// Why `from` may not use `to`, if it may not.
fn refused(layers: &[Vec<&str>], from: &str, to: &str) -> Option<String> {
    let depth = |room: &str| layers.iter().position(|layer| layer.contains(&room));
    match (depth(from), depth(to)) {
        _ if from == to => None,
        (_, None) => Some(format!("`{to}` is no room")),
        // said once, where the rooms are compared with lib.rs
        (None, _) => None,
        (Some(own), Some(other)) if own < other => None,
        (Some(own), Some(other)) if own > other => Some(format!("{from} stands below {to} and may not use it")),
        _ if NEIGHBOURS.iter().any(|n| (n.0, n.1) == (from, to)) => None,
        _ => Some(format!("{from} and {to} stand side by side and are strangers")),
    }
}

/// What in `ARCHITECTURE.md` reads as a path of the repository: in backticks, and either below one of [`TOP`] or a file's name
/// at the top. A part in `<…>` or with `*` stands for any, so the path counts up to there.
fn paths(architecture: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (n, line) in architecture.lines().enumerate() {
        for said in line.split('`').skip(1).step_by(2) {
            let known: Vec<&str> = said.split('/').take_while(|part| !part.contains(['<', '*', '…'])).collect();
            let below_top = TOP.contains(&known.first().copied().unwrap_or_default()) && said.contains('/');
            let ending = said.rsplit_once('.').map(|(_, ending)| ending);
            let file = !said.contains([' ', '/', ':']) && matches!(ending, Some("md" | "toml" | "rs" | "sh" | "lock"));
            if below_top || file {
                found.push((n + 1, known.join("/")));
            }
        }
    }
    found
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(top().join(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every Rust file below a folder, from the top of the repository.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(top().join(folder)).expect("a folder").map(|e| e.expect("an entry")) {
        let path = folder.join(entry.file_name());
        if entry.file_type().expect("a kind of file").is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that `lib.rs` declares.
fn declared(lib: &str) -> BTreeSet<String> {
    let tokens = tokens(lib);
    let names = tokens.windows(3).filter_map(|w| match [&w[0].1, &w[1].1, &w[2].1] {
        [Token::Name(word), Token::Name(room), Token::Sign(';')] if word == "mod" => Some(room.clone()),
        _ => None,
    });
    names.collect()
}

#[test]
fn the_house_is_as_its_map_says() {
    let architecture = read(Path::new("ARCHITECTURE.md"));
    let layers = layers(&architecture);
    let mut found = Vec::new();

    let drawn: BTreeSet<String> = layers.iter().flatten().filter(|r| **r != "main").map(ToString::to_string).collect();
    let built = declared(&read(Path::new("src/lib.rs")));
    found.extend(built.difference(&drawn).map(|r| format!("src/lib.rs: {r} is not in the line of ARCHITECTURE.md")));
    found.extend(drawn.difference(&built).map(|r| format!("ARCHITECTURE.md: {r} is not declared in src/lib.rs")));

    for (line, path) in paths(&architecture) {
        if !top().join(&path).exists() {
            found.push(format!("ARCHITECTURE.md:{line}: {path} does not exist"));
        }
    }

    let mut files = Vec::new();
    rust_files(Path::new("src"), &mut files);
    files.sort();
    let mut neighbours: BTreeSet<(String, String)> = BTreeSet::new();
    for file in &files {
        let (code, here) = (read(file), module(file));
        let lines = code.lines().count();
        if lines > LINES {
            found.push(format!("{}: {lines} lines, more than {LINES}", file.display()));
        }
        let room = here.first().copied().unwrap_or_default();
        for (line, to) in reached(&code, if room == "main" { &[] } else { &here }) {
            neighbours.insert((room.into(), to.clone()));
            found.extend(refused(&layers, room, &to).map(|why| format!("{}:{line}: {why}", file.display())));
        }
        if room != "command" {
            let uses: BTreeSet<usize> = tokens(&code).windows(2).filter_map(nom_is_used).collect();
            found.extend(uses.iter().map(|line| format!("{}:{line}: nom lives in command alone", file.display())));
        }
    }
    for (from, to, _) in NEIGHBOURS.iter().filter(|n| built.contains(n.0)) {
        if !neighbours.contains(&(from.to_string(), to.to_string())) {
            found.push(format!("tests/it/house.rs: NEIGHBOURS lets {from} use {to}, but it does not"));
        }
    }
    assert!(found.is_empty(), "{} offences:\n{}\n", found.len(), found.join("\n"));
}

/// The line where two tokens are `nom::` or `use nom`.
fn nom_is_used(two: &[(usize, Token)]) -> Option<usize> {
    let nom = |t: &Token| *t == Token::Name("nom".into());
    let used = nom(&two[0].1) && two[1].1 == Token::Colons || two[0].1 == Token::Name("use".into()) && nom(&two[1].1);
    used.then_some(two[0].0)
}

#[test]
fn imports_are_found_however_they_are_written() {
    let check = |code: &str, here: &[&str], wanted: &[&str]| {
        let found: Vec<String> = reached(code, here).into_iter().map(|(_, room)| room).collect();
        assert_eq!(found, wanted, "{code}");
    };
    let turn = ["service", "turn"];
    check("use crate::store::Change;", &turn, &["store"]);
    check("use crate::{store::{self, record}, market::Post, clock};", &turn, &["store", "market", "clock"]);
    check("use super::super::store; use super::facts;", &turn, &["store"]);
    check("use super::{store, clock};", &["service"], &["store", "clock"]);
    check("fn f(x: &crate::market::Post) -> super::Facts { crate::clock::now() }", &turn, &["market", "clock"]);
    check("mod tests { use super::*; use super::super::super::http; } use super::super::app;", &turn, &["http", "app"]);
    check("fn f() { if a { b } } mod tests { fn g() { match a {} } use super::super::super::http; }", &turn, &["http"]);
    check("use crate::*;", &turn, &["*"]);
    check("pub(crate) fn f() {} pub(in crate::service) fn g() {}", &turn, &["service"]);
    check("use xiangxun::cli;", &[], &["cli"]);
    check("use other::crate_like::super_like; x.crate_name();", &turn, &[]);
    // what only looks like an import
    check("// use crate::http;\n/* crate::http /* nested */ crate::http */ //! [`crate::http`]", &turn, &[]);
    check(r##"let a = "crate::http"; let b = r#"crate::"http""#; let c = b"crate::http \" crate::http";"##, &turn, &[]);
    check(
        "let a = '\"'; let b = '\\''; let c = b'{'; use crate::store; let d: &'static str = \"}\";",
        &turn,
        &["store"],
    );
    check("let r#type = '{'; 'outer: loop { break 'outer } mod m { use super::super::super::http; }", &turn, &["http"]);
}

#[test]
fn lines_are_counted_through_texts_and_comments() {
    let code = "/* one\ntwo */ let a = \"x\ny\"; let b = r#\"\n\"#;\nuse crate::store;";
    assert_eq!(reached(code, &["service"]), [(5, "store".to_string())]);
}

#[test]
fn a_room_uses_what_stands_to_its_right() {
    let layers = layers("# Map\n    main → cli → http, outbox → store, reply → market, clock\n");
    for (from, to) in
        [("cli", "clock"), ("http", "store"), ("reply", "market"), ("store", "store"), ("market", "clock")]
    {
        assert_eq!(refused(&layers, from, to), None, "{from} -> {to}");
    }
    for (from, to) in
        [("store", "http"), ("clock", "market"), ("http", "outbox"), ("reply", "store"), ("cli", "Secret")]
    {
        assert!(refused(&layers, from, to).is_some(), "{from} -> {to}");
    }
}

#[test]
fn paths_are_told_from_other_words() {
    let page = "`src/store.rs`, `src/carrier/<kind>.rs` and `tests/it/*.rs`\n`meta/applied`, `Store::commit`, `README.md`, `a b.md`";
    let found: Vec<String> = paths(page).into_iter().map(|(line, path)| format!("{line} {path}")).collect();
    assert_eq!(found, ["1 src/store.rs", "1 src/carrier", "1 tests/it", "2 README.md"]);
}
