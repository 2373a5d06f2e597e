//! What texts of each intent look like, learnt from labelled ones: `grammar/opinion.tsv`.
//!
//! A line is a piece of a text, a tab, and what it speaks for: `想 认 识<TAB>friend:41 sell:-12`, in hundredths of a nat. A piece
//! is one, two or three neighbours among the characters of a text, in which whatever is read already (an amount, a place,
//! a thing) stands by its kind; see `command::opinion`. The line without a piece says how common each intent is. The file
//! is made by `cargo run --release --example teach`, from the texts of `fixtures/texts` and `fixtures/heard`.

use std::collections::HashMap;

use super::{GrammarError, Intent, Source};

/// The file, below `grammar/`.
pub const FILE: &str = "opinion.tsv";

/// What each piece speaks for. Empty where the grammar has no such file: then there is no second opinion.
#[derive(Debug, Default)]
pub struct Opinions {
    /// The intents that it knows.
    intents: Vec<Intent>,
    /// How common each is, in nats.
    common: Vec<f32>,
    pieces: HashMap<Box<str>, Box<[(u8, f32)]>>,
}

impl Opinions {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Opinions {
        let mut out = Opinions::default();
        for source in sources.iter().filter(|s| s.file == FILE) {
            for (n, line) in source.text.lines().enumerate().filter(|(_, l)| !l.is_empty() && !l.starts_with('#')) {
                if let Err(what) = out.line(line) {
                    errors.push(source.error(n + 1, what));
                }
            }
        }
        out
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let (piece, said) = line.split_once('\t').ok_or("a line is a piece, a tab, and what it speaks for")?;
        let mut weights = Vec::new();
        for one in said.split(' ') {
            let parted = one.split_once(':').and_then(|(i, w)| Some((i, w.parse::<i32>().ok()?)));
            let (name, weight) = parted.ok_or_else(|| format!("`{one}` is not `intent:hundredths`"))?;
            let intent = serde_json::from_value::<Intent>(name.into()).map_err(|_| format!("no intent `{name}`"))?;
            let weight = weight as f32 / 100.0;
            if piece.is_empty() {
                self.intents.push(intent);
                self.common.push(weight);
            } else {
                let at = self.intents.iter().position(|i| *i == intent);
                let at = at.ok_or_else(|| format!("the line without a piece, which comes first, has no `{name}`"))?;
                weights.push((at as u8, weight));
            }
        }
        if !piece.is_empty() && self.pieces.insert(piece.into(), weights.into()).is_some() {
            return Err(format!("`{piece}` stands here twice"));
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.intents.is_empty()
    }

    pub fn intents(&self) -> &[Intent] {
        &self.intents
    }

    /// How likely each of [`Opinions::intents`] is for a text of these pieces: natural logarithms, up to a common summand.
    pub fn weigh<'p>(&self, pieces: impl Iterator<Item = &'p str>) -> Vec<f32> {
        let mut sums = self.common.clone();
        for piece in pieces {
            for (at, weight) in self.pieces.get(piece).into_iter().flatten() {
                sums[usize::from(*at)] += weight;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Opinions, Vec<String>) {
        let mut errors = Vec::new();
        let source = Source { file: FILE.into(), text: text.into() };
        let opinions = Opinions::read(&[source], &mut errors);
        (opinions, errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn pieces_speak_for_intents() {
        let (o, errors) = read("# made\n\tsell:10 friend:-50\n认 识\tfriend:200 sell:-30\n");
        assert_eq!(errors, Vec::<String>::new());
        let said = o.weigh(["认 识", "无"].into_iter());
        assert_eq!(o.intents(), [Intent::Sell, Intent::Friend]);
        assert!((said[0] + 0.2).abs() < 1e-6 && (said[1] - 1.5).abs() < 1e-6, "{said:?}");
    }

    #[test]
    fn a_fault_is_named_with_its_line() {
        let (_, errors) = read("\tsell:10\n认\tfriend:2\n识\tsell:x\n人 sell:1\n好\tsell:1\n好\tsell:1\n");
        let lines: Vec<&str> = errors.iter().map(|e| e.split(": ").next().unwrap_or_default()).collect();
        assert_eq!(lines, ["opinion.tsv:2", "opinion.tsv:3", "opinion.tsv:4", "opinion.tsv:6"], "{errors:?}");
    }
}
