//! The sentences that are sent: `grammar/replies/*.toml`, one file a family; what `[longest]` of one says holds for all.
//!
//! A sentence has variants from long to terse; each is literal text with slots (`{no}`), lists (`{entry*}`) and optional
//! stretches in brackets that appear only where every slot inside has a value. Filling and packing is
//! [`crate::reply`]'s work.

use std::collections::BTreeMap;

use super::{GrammarError, Source, under};
use crate::message::alphabet::utf16_units;

/// Units that an answer may take: one UCS-2 segment.
pub const SEGMENT: usize = 70;

/// Free words of a villager are shown up to this many characters: enough to know one's own text again.
pub const WORDS: usize = 12;

/// One piece of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Slot(String),
    List(String),
    /// Shown only where every slot inside has a value.
    Optional(Vec<Piece>),
}

/// The variants of one sentence, from long to terse; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub variants: Vec<Vec<Piece>>,
}

/// All sentences and phrases.
#[derive(Debug, Default)]
pub struct Replies {
    sentences: BTreeMap<String, Sentence>,
    phrases: BTreeMap<String, Sentence>,
    /// The longest value of each slot.
    longest: BTreeMap<String, String>,
}

impl Replies {
    /// Reads the sentences. `real` are the longest values that slots really get, as the rest of the grammar has them: `[longest]` may
    /// promise no less, so that a sentence which fits on paper fits on a phone.
    pub(super) fn read(sources: &[Source], real: &[(&'static str, String)], errors: &mut Vec<GrammarError>) -> Replies {
        let mut replies = Replies::default();
        let mut longest = BTreeMap::new();
        let mut said_in: BTreeMap<String, &Source> = BTreeMap::new();
        for source in under(sources, "replies/") {
            match source.toml::<BTreeMap<String, toml::Table>>() {
                Ok(tables) => replies.take(source, tables, &mut longest, &mut said_in, errors),
                Err(e) => errors.push(e),
            }
        }
        let tables = replies.phrases.iter().filter_map(|(name, phrase)| {
            let (slot, _) = name.split_once('.')?;
            match phrase.variants.first()?.as_slice() {
                [Piece::Text(word)] => Some((slot, word)),
                _ => None,
            }
        });
        for (slot, value) in real.iter().map(|(slot, value)| (*slot, value)).chain(tables) {
            let Some(known) = longest.get(slot).filter(|known| utf16_units(known) < utf16_units(value)) else {
                continue;
            };
            let known_units = utf16_units(known);
            if let Some(source) = under(sources, "replies/").find(|s| says_longest(s, slot, known)) {
                let line = source.text.find(&format!("\n{slot} = ")).map_or(1, |at| source.line_at(at + 1));
                let what = format!(
                    "`longest.{slot}` takes {known_units} units, but it may be {value:?}, which takes {}; put that there",
                    utf16_units(value)
                );
                errors.push(source.error(line, what));
            }
        }
        for (name, sentence) in &replies.sentences {
            if let Some(source) = said_in.get(name) {
                check(source, line_of(source, name), name, sentence, &longest, errors);
            }
        }
        replies.longest = longest;
        replies
    }

    /// Every sentence by its name, with the longest value in each of its slots: of its variants the longest that fits a segment.
    pub fn fullest(&self) -> Vec<(&str, String)> {
        let write = |v: &Vec<Piece>| {
            let mut out = String::new();
            self.write_full(v, &mut out);
            out
        };
        let mut out = Vec::new();
        for (name, sentence) in &self.sentences {
            let texts = sentence.variants.iter().map(write).filter(|t| utf16_units(t) <= SEGMENT);
            out.extend(texts.max_by_key(|t| utf16_units(t)).map(|text| (name.as_str(), text)));
        }
        out
    }

    fn write_full(&self, pieces: &[Piece], out: &mut String) {
        for piece in pieces {
            match piece {
                Piece::Text(t) => out.push_str(t),
                Piece::Slot(name) | Piece::List(name) => {
                    out.push_str(self.longest.get(name).map(String::as_str).unwrap_or_default());
                }
                Piece::Optional(inner) => self.write_full(inner, out),
            }
        }
    }

    /// The sentence of that name; `None` means a fault in the code, which `tests/it/replies.rs` rules out.
    pub fn sentence(&self, name: &str) -> Option<&Sentence> {
        self.sentences.get(name)
    }

    /// A phrase from `[phrase]`, or a word of another table as `table.word` (`state.Live`).
    pub fn phrase(&self, name: &str) -> Option<&Sentence> {
        self.phrases.get(name)
    }

    /// Names of all sentences.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sentences.keys().map(String::as_str)
    }

    fn take<'s>(
        &mut self,
        source: &'s Source,
        tables: BTreeMap<String, toml::Table>,
        longest: &mut BTreeMap<String, String>,
        said_in: &mut BTreeMap<String, &'s Source>,
        errors: &mut Vec<GrammarError>,
    ) {
        for (name, table) in &tables {
            let line = line_of(source, name);
            if let Some(say) = table.get("say").and_then(toml::Value::as_array) {
                let variants: Result<Vec<_>, String> =
                    say.iter().map(|v| pieces(v.as_str().unwrap_or_default())).collect();
                match variants {
                    Ok(v) if v.is_empty() => {
                        errors.push(source.error(line, format!("`{name}` has no variants in `say`")))
                    }
                    Ok(variants) => {
                        if let Some(other) = said_in.insert(name.clone(), source) {
                            errors.push(source.error(line, format!("`{name}` is said in {} already", other.file)));
                        }
                        self.sentences.insert(name.clone(), Sentence { variants });
                    }
                    Err(e) => errors.push(source.error(line, format!("`{name}`: {e}"))),
                }
                continue;
            }
            for (word, value) in table {
                let Some(text) = value.as_str() else {
                    errors.push(source.error(line, format!("`{name}.{word}` must be text")));
                    continue;
                };
                if name == "longest" {
                    // where two files speak of a slot the longer value counts
                    let known = longest.entry(word.clone()).or_default();
                    if known.chars().count() < text.chars().count() {
                        *known = text.to_string();
                    }
                    continue;
                }
                let key = if name == "phrase" { word.clone() } else { format!("{name}.{word}") };
                match pieces(text) {
                    Ok(p) => drop(self.phrases.insert(key, Sentence { variants: vec![p] })),
                    Err(e) => errors.push(source.error(line, format!("`{name}.{word}`: {e}"))),
                }
            }
        }
    }
}

/// Whether a file gives this as the longest value of a slot.
fn says_longest(source: &Source, slot: &str, value: &str) -> bool {
    let tables = source.toml::<BTreeMap<String, toml::Table>>().unwrap_or_default();
    tables.get("longest").and_then(|t| t.get(slot)).and_then(toml::Value::as_str) == Some(value)
}

fn line_of(source: &Source, name: &str) -> usize {
    source.text.find(&format!("[{name}]")).map_or(1, |at| source.line_at(at))
}

/// The tersest variant must fit with the longest values, lists with one entry.
fn check(
    source: &Source,
    line: usize,
    name: &str,
    sentence: &Sentence,
    longest: &BTreeMap<String, String>,
    errors: &mut Vec<GrammarError>,
) {
    let mut unknown = Vec::new();
    let mut units = 0;
    for (at, variant) in sentence.variants.iter().enumerate() {
        let n = length(variant, longest, &mut unknown);
        if at + 1 == sentence.variants.len() {
            units = n;
        }
    }
    for slot in unknown {
        errors.push(source.error(line, format!("`{name}` uses slot `{slot}`; give its longest value in [longest]")));
    }
    if units > SEGMENT {
        let what = format!(
            "`{name}`: its tersest variant takes {units} units with the longest values, more than {SEGMENT}; shorten it"
        );
        errors.push(source.error(line, what));
    }
}

fn length(pieces: &[Piece], longest: &BTreeMap<String, String>, unknown: &mut Vec<String>) -> usize {
    pieces
        .iter()
        .map(|p| match p {
            Piece::Text(t) => utf16_units(t),
            Piece::Slot(s) | Piece::List(s) => match longest.get(s) {
                Some(v) => utf16_units(v),
                None => {
                    if !unknown.contains(s) {
                        unknown.push(s.clone());
                    }
                    0
                }
            },
            Piece::Optional(inner) => length(inner, longest, unknown),
        })
        .sum()
}

/// Reads a variant.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut rest = text;
    let out = sequence(&mut rest, false)?;
    if rest.is_empty() { Ok(out) } else { Err(format!("`]` without `[` before `{rest}`")) }
}

fn sequence(rest: &mut &str, inside: bool) -> Result<Vec<Piece>, String> {
    let mut out = Vec::new();
    loop {
        let at = rest.find(['{', '[', ']']).unwrap_or(rest.len());
        if at > 0 {
            out.push(Piece::Text(rest[..at].to_string()));
        }
        let Some(mark) = rest[at..].chars().next() else {
            *rest = "";
            return if inside { Err("`[` is not closed".to_string()) } else { Ok(out) };
        };
        *rest = &rest[at + 1..];
        match mark {
            '{' => {
                let end = rest.find('}').ok_or_else(|| "`{` is not closed".to_string())?;
                let slot = &rest[..end];
                *rest = &rest[end + 1..];
                out.push(match slot.strip_suffix('*') {
                    Some(list) => Piece::List(list.to_string()),
                    None => Piece::Slot(slot.to_string()),
                });
            }
            '[' => out.push(Piece::Optional(sequence(rest, true)?)),
            _ => return if inside { Ok(out) } else { Err("`]` without `[`".to_string()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Replies, Vec<GrammarError>) {
        let source = Source { file: "replies/zh.toml".into(), text: text.into() };
        let mut errors = Vec::new();
        let real = [("place", "很长很长的地名".to_string())];
        (Replies::read(&[source], &real, &mut errors), errors)
    }

    #[test]
    fn variants_are_read_into_pieces() {
        let (replies, errors) = read("[longest]\nno = \"807号\"\n[a]\nsay = [\"已撤{no}[,还有{no}]{no*}\"]\n");
        assert_eq!(errors, vec![]);
        let slot = || Piece::Slot("no".into());
        assert_eq!(
            replies.sentence("a").unwrap().variants[0],
            vec![
                Piece::Text("已撤".into()),
                slot(),
                Piece::Optional(vec![Piece::Text(",还有".into()), slot()]),
                Piece::List("no".into()),
            ]
        );
    }

    #[test]
    fn a_sentence_that_cannot_fit_is_refused_with_its_line() {
        let (_, errors) = read(&format!("[longest]\nx = \"{}\"\n\n[a]\nsay = [\"{{x}}{{y}}\"]\n", "长".repeat(71)));
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("replies/zh.toml:4: `a` uses slot `y`"), "{said:?}");
        assert!(said[1].contains("takes 71 units"), "{said:?}");
    }

    #[test]
    fn what_is_longest_must_be_as_long_as_what_there_is() {
        let (_, errors) =
            read("[longest]\nno = \"1号\"\nplace = \"地\"\nstate = \"撤\"\n\n[state]\ndone = \"已成了\"\n");
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[0].starts_with("replies/zh.toml:3: `longest.place` takes 1 units, but it may be \"很长"),
            "{said:?}"
        );
        assert!(
            said[1].starts_with("replies/zh.toml:4: `longest.state` takes 1 units, but it may be \"已成了\""),
            "{said:?}"
        );
        let (_, errors) = read("[longest]\nplace = \"比那个还要长的地名\"\n");
        assert_eq!(errors, vec![]);
    }

    #[test]
    fn brackets_must_pair() {
        for bad in ["a]", "[a", "{a"] {
            let (_, errors) = read(&format!("[a]\nsay = [\"{bad}\"]\n"));
            assert_eq!(errors.len(), 1, "{bad}");
        }
    }
}
