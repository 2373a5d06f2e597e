//! The pocket cue card of `grammar/card.toml`: what is printed on it, and what each example must be read as.

use serde::Deserialize;

use super::example::Example;
use super::{Grammar, GrammarError, Source};
use crate::market::{PlaceCode, Ring};

/// A town of the station's county.
const TOWN: &str = "{town}";
/// Characters that a printed example may have: more do not fit beside what it is for.
const TEXT: usize = 18;
/// And a note.
const NOTE: usize = 18;

/// What a card says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub words: Words,
    #[serde(rename = "side")]
    pub sides: Vec<Side>,
}

/// What stands around the examples.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub motto: String,
    pub send_to: String,
    pub dial: String,
    pub dial_back: String,
    pub dial_hint: String,
    pub fold: String,
    pub keep: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    pub title: String,
    pub line: Vec<Line>,
}

/// One thing that can be asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    #[serde(rename = "for")]
    pub goal: String,
    pub text: String,
    pub reads: String,
    pub note: String,
}

impl Card {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Card {
        let Some(source) = sources.iter().find(|s| s.file == "card.toml") else { return Card::default() };
        let card: Card = match source.toml() {
            Ok(card) => card,
            Err(e) => {
                errors.push(e);
                return Card::default();
            }
        };
        for line in card.sides.iter().flat_map(|s| &s.line) {
            let at = line_of(source, line);
            for (what, text, most) in [("text", &line.text, TEXT), ("note", &line.note, NOTE)] {
                if text.chars().count() > most {
                    errors.push(
                        source.error(at, format!("`{text}` is too wide for a card; {what} has {most} characters")),
                    );
                }
                if text.replace(TOWN, "").contains(['{', '}']) {
                    errors.push(source.error(at, format!("`{text}`: the only slot is {TOWN}")));
                }
            }
        }
        card
    }

    /// The sides as they are printed for a station in `place`.
    pub fn for_place(&self, grammar: &Grammar, place: PlaceCode) -> Vec<(&str, Vec<Line>)> {
        let town = town(grammar, place);
        let local = |text: &str| text.replace(TOWN, town);
        let line = |l: &Line| Line { text: local(&l.text), reads: local(&l.reads), ..l.clone() };
        self.sides.iter().map(|s| (s.title.as_str(), s.line.iter().map(line).collect())).collect()
    }

    /// The printed examples, each with the reading it must have.
    pub fn examples(&self, grammar: &Grammar, place: PlaceCode) -> Vec<Example> {
        let sides = self.for_place(grammar, place);
        let lines = sides.into_iter().flat_map(|(_, lines)| lines);
        lines.map(|l| Example { file: "card.toml".into(), line: 1, text: l.text, want: l.reads }).collect()
    }
}

/// Where a line stands in the file.
fn line_of(source: &Source, line: &Line) -> usize {
    source.text.find(&format!("text = \"{}\"", line.text)).map_or(1, |at| source.line_at(at))
}

/// The town that the examples speak of: the station's own, or one of its county with a name that is short to type.
fn town(grammar: &Grammar, place: PlaceCode) -> &str {
    let own = place.up_to(Ring::Town).and_then(|town| grammar.places.get(town));
    let short = || {
        let towns = grammar.places.towns_of(place.up_to(Ring::County).unwrap_or(place));
        towns.min_by_key(|name| name.chars().count())
    };
    own.or_else(short).or_else(|| grammar.places.get(place)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_on_a_card_is_refused_with_its_line() {
        let words = "[words]\nmotto = \"\"\nsend_to = \"\"\ndial = \"\"\ndial_back = \"\"\ndial_hint = \"\"\nfold = \"\"\nkeep = \"\"\n";
        let wide = "卖".repeat(TEXT + 1);
        let text = format!(
            "{words}[[side]]\ntitle = \"\"\nline = [\n{{ for = \"\", text = \"{wide}\", reads = \"\", note = \"{{city}}\" }},\n]\n"
        );
        let mut errors = Vec::new();
        Card::read(&[Source { file: "card.toml".into(), text }], &mut errors);
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("card.toml:12: ") && said[0].contains("too wide"), "{said:?}");
        assert!(said[1].contains("the only slot is {town}"), "{said:?}");
    }
}
