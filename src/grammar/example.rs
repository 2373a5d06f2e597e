//! Sentences that the data give with the reading they must have: `reads` of an item or of an intent.
//!
//! ```toml
//! reads = ["卖洋芋500斤1块2 => sell 土豆 500斤 1.2元/斤", "卖洋芋种 => sell !土豆"]
//! ```
//!
//! Here only their form is checked; whether they are read so, [`crate::command::prove`] tells.

use super::item::Items;
use super::lexicon::Lexicon;
use super::{GrammarError, Source};

/// A sentence and what must, or with `!` must not, be in its reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Where it stands.
    pub file: String,
    pub line: usize,
    pub text: String,
    pub want: String,
}

const ARROW: &str = " => ";

/// All sentences of the data, in the order of their files.
pub(super) fn collect(
    sources: &[Source],
    items: &Items,
    lexicon: &Lexicon,
    errors: &mut Vec<GrammarError>,
) -> Vec<Example> {
    let of_items =
        items.iter().enumerate().flat_map(|(i, item)| item.reads.iter().map(move |r| (items.file(i), r.as_str())));
    let of_intents = lexicon.reads.iter().map(|r| ("commands.toml", r.as_str()));
    let mut out = Vec::new();
    for (file, said) in of_intents.chain(of_items) {
        let source = sources.iter().find(|s| s.file == file);
        let line = source.and_then(|s| s.text.find(said).map(|at| s.line_at(at))).unwrap_or(1);
        match said.split_once(ARROW) {
            Some((text, want)) if !text.trim().is_empty() && !want.trim().is_empty() => out.push(Example {
                file: file.to_string(),
                line,
                text: text.trim().to_string(),
                want: want.trim().to_string(),
            }),
            _ => errors.push(GrammarError {
                file: file.to_string(),
                line,
                what: format!("`{said}` is no example: write `TEXT => INTENT ITEM …`"),
            }),
        }
    }
    out
}
