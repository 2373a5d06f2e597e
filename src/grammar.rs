//! Reads `grammar/`: the words, units, places, boards and replies that the gateway speaks. Code elsewhere knows how to
//! read a language; which language is said here, in data.
//!
//! The folder is compiled into the binary; `[server] grammar = "DIR"` takes another, which SIGHUP reads again.

pub mod board;
pub mod card;
pub mod command;
pub mod example;
pub mod intent;
pub mod item;
pub mod lesson;
pub mod lexicon;
pub mod opinion;
pub mod place;
pub mod reply;
pub mod said;
pub mod sound;
pub mod terms;
pub mod unit;
pub mod ussd;

pub use intent::Intent;

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use include_dir::{Dir, include_dir};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/grammar");

/// The whole language, checked.
#[derive(Debug)]
pub struct Grammar {
    pub boards: board::Boards,
    pub items: item::Items,
    pub units: unit::Units,
    pub places: place::Places,
    pub lexicon: lexicon::Lexicon,
    pub sounds: sound::Sounds,
    pub replies: reply::Replies,
    /// Words of demands, and of what is said of things and people.
    pub terms: terms::TermWords,
    /// The menus of USSD.
    pub menus: ussd::Menus,
    /// How texting is learned.
    pub lesson: lesson::Lesson,
    /// What is printed for the pocket.
    pub card: card::Card,
    /// What texts of each intent look like.
    pub opinions: opinion::Opinions,
    /// Sentences that the data give with their readings.
    pub examples: Vec<example::Example>,
}

/// The grammar in force, which a reload replaces while texts are being read. Clones share it.
#[derive(Debug, Clone)]
pub struct Current(Arc<RwLock<Arc<Grammar>>>);

impl Current {
    pub fn new(grammar: Grammar) -> Current {
        Current(Arc::new(RwLock::new(Arc::new(grammar))))
    }

    /// The grammar in force now; whoever holds it keeps it through a reload.
    pub fn get(&self) -> Arc<Grammar> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another in force.
    pub fn set(&self, grammar: Grammar) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(grammar);
    }
}

/// A fault in a grammar file, for the person who edits it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct GrammarError {
    /// Path below `grammar/`.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What is wrong, and how to mend it.
    pub what: String,
}

/// One file of the grammar, as text.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path below `grammar/`, with `/`.
    pub file: String,
    pub text: String,
}

impl Source {
    /// The line of byte `offset`, from 1.
    pub fn line_at(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|b| **b == b'\n').count() + 1
    }

    pub fn error(&self, line: usize, what: impl Into<String>) -> GrammarError {
        GrammarError { file: self.file.clone(), line, what: what.into() }
    }

    /// Parses the file as TOML of shape `T`; unknown keys are refused by `T`.
    pub fn toml<T: serde::de::DeserializeOwned>(&self) -> Result<T, GrammarError> {
        toml::from_str(&self.text).map_err(|e| {
            let line = e.span().map_or(1, |s| self.line_at(s.start));
            self.error(line, e.message())
        })
    }
}

impl Grammar {
    /// The grammar that is compiled in.
    pub fn built_in() -> Result<Grammar, Vec<GrammarError>> {
        let mut sources = Vec::new();
        collect(&BUILT_IN, &mut sources);
        Grammar::from_sources(sources)
    }

    /// The grammar of a folder.
    pub fn load(dir: &Path) -> Result<Grammar, Vec<GrammarError>> {
        let mut sources = Vec::new();
        read_folder(dir, "", &mut sources).map_err(|e| vec![e])?;
        Grammar::from_sources(sources)
    }

    /// Builds and checks the grammar; reports every fault it can find, not only the first.
    pub fn from_sources(mut sources: Vec<Source>) -> Result<Grammar, Vec<GrammarError>> {
        sources.sort_by(|a, b| a.file.cmp(&b.file));
        let mut errors = Vec::new();
        let boards = board::Boards::read(&sources, &mut errors);
        let items = item::Items::read(&sources, &mut errors);
        let units = unit::Units::read(&sources, &mut errors);
        items.check_units(&units, &sources, &mut errors);
        let places = place::Places::read(&sources, &mut errors);
        let lexicon = lexicon::Lexicon::build(&sources, &items, &units, &mut errors);
        let sounds = sound::Sounds::build(&items, &lexicon);
        let longest = longest(&boards, &items, &places);
        let replies = reply::Replies::read(&sources, &longest, &mut errors);
        let menus = ussd::Menus::read(&sources, &longest, &mut errors);
        let terms = terms::TermWords::read(&sources, &mut errors);
        let lesson = lesson::Lesson::read(&sources, &mut errors);
        let card = card::Card::read(&sources, &mut errors);
        let opinions = opinion::Opinions::read(&sources, &mut errors);
        let mut examples = example::collect(&sources, &items, &lexicon, &mut errors);
        examples.extend(lesson.examples(&sources));
        match menus.filter(|_| errors.is_empty()) {
            Some(menus) => Ok(Grammar {
                boards,
                items,
                units,
                places,
                lexicon,
                sounds,
                replies,
                terms,
                opinions,
                menus,
                lesson,
                card,
                examples,
            }),
            None => Err(errors),
        }
    }
}

/// The longest values that slots of sentences get from the words themselves.
fn longest(boards: &board::Boards, items: &item::Items, places: &place::Places) -> Vec<(&'static str, String)> {
    let most = |words: Vec<&str>| words.into_iter().max_by_key(|w| w.chars().count()).unwrap_or_default().to_string();
    let sides = || boards.iter().flat_map(|b| &b.side);
    let verb = most(
        sides()
            .flat_map(|s| std::iter::once(&s.verb).chain(s.about.iter().map(|a| &a.verb)))
            .map(String::as_str)
            .collect(),
    );
    let doing = most(
        sides()
            .flat_map(|s| std::iter::once(&s.doing).chain(s.about.iter().map(|a| &a.doing)))
            .map(String::as_str)
            .collect(),
    );
    let item = most(items.iter().map(|i| i.name.as_str()).collect());
    let clipped = format!("{}…", "字".repeat(reply::WORDS));
    let mut out = vec![
        ("place", places.longest_name().to_string()),
        ("doing", doing),
        ("short", format!("{verb}{clipped}")),
        ("topic", format!("{verb}{item}")),
    ];
    out.extend(["item", "said", "name", "remark"].map(|slot| (slot, clipped.clone())));
    out
}

/// The sources in folder `under` (`boards/`), or the one file of that name.
pub fn under<'a>(sources: &'a [Source], under: &'a str) -> impl Iterator<Item = &'a Source> {
    sources.iter().filter(move |s| s.file.starts_with(under) && s.file.ends_with(".toml"))
}

fn collect(dir: &Dir<'_>, out: &mut Vec<Source>) {
    for f in dir.files() {
        if let Some(text) = f.contents_utf8() {
            out.push(Source { file: f.path().to_string_lossy().replace('\\', "/"), text: text.to_string() });
        }
    }
    for d in dir.dirs() {
        collect(d, out);
    }
}

fn read_folder(dir: &Path, prefix: &str, out: &mut Vec<Source>) -> Result<(), GrammarError> {
    let fault = |file: &str, e: std::io::Error| GrammarError {
        file: file.to_string(),
        line: 1,
        what: format!("cannot be read: {e}"),
    };
    let entries = std::fs::read_dir(dir).map_err(|e| fault(&dir.to_string_lossy(), e))?;
    for entry in entries {
        let entry = entry.map_err(|e| fault(&dir.to_string_lossy(), e))?;
        let file = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read_folder(&entry.path(), &format!("{file}/"), out)?;
        } else {
            let text = std::fs::read_to_string(entry.path()).map_err(|e| fault(&file, e))?;
            out.push(Source { file, text });
        }
    }
    Ok(())
}
