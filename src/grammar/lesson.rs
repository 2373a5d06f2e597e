//! The practice lesson of `grammar/lesson.toml`: its steps, what counts as done in each, and what ends it.
//!
//! That each example is read as it says, [`crate::command::prove`] tells; a grammar without the file has no lesson.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::example::Example;
use super::{GrammarError, Intent, Source};

/// Post numbers begin here, so a number below is nobody's post.
const FIRST_POST: u64 = 101;
/// Steps that a lesson may have: their number is one digit.
const STEPS: usize = 9;

/// The lesson, in the order it is taught.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// So long the next text is practice.
    pub minutes: u32,
    /// Texts that end it, without spaces and marks.
    pub leave: BTreeSet<String>,
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// One thing to learn.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub key: String,
    pub task: String,
    pub example: String,
    /// What the example must be read as.
    pub reads: String,
    pub intents: Vec<Intent>,
    #[serde(default)]
    pub needs: Vec<Need>,
    /// How it is read back where no board has a verb for it.
    #[serde(default)]
    pub verb: String,
    /// The number that is practised with.
    #[serde(default)]
    pub post: Option<u64>,
}

/// What a text must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    Item,
    Quantity,
    Price,
    Wage,
    People,
    Place,
}

impl Need {
    /// The phrase that says that it is lacking.
    pub fn lacks(self) -> &'static str {
        match self {
            Need::Item => "lacks.item",
            Need::Quantity => "lacks.quantity",
            Need::Price => "lacks.price",
            Need::Wage => "lacks.wage",
            Need::People => "lacks.people",
            Need::Place => "lacks.place",
        }
    }
}

impl Lesson {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Lesson {
        let Some(source) = sources.iter().find(|s| s.file == "lesson.toml") else { return Lesson::default() };
        let lesson: Lesson = match source.toml() {
            Ok(lesson) => lesson,
            Err(e) => {
                errors.push(e);
                return Lesson::default();
            }
        };
        let line = |what: &str| source.text.find(what).map_or(1, |at| source.line_at(at));
        if lesson.steps.is_empty() || lesson.steps.len() > STEPS {
            errors.push(source.error(1, format!("a lesson has 1 to {STEPS} steps")));
        }
        if lesson.minutes == 0 {
            errors.push(source.error(line("minutes"), "`minutes` must be 1 or more"));
        }
        let mut keys = BTreeSet::new();
        for step in &lesson.steps {
            let at = line(&format!("key = \"{}\"", step.key));
            if !keys.insert(&step.key) {
                errors.push(source.error(at, format!("two steps have the key `{}`", step.key)));
            }
            if step.intents.is_empty() {
                errors.push(source.error(at, format!("step `{}` has no intents: nothing would count", step.key)));
            }
            if step.post.is_some_and(|n| n >= FIRST_POST) {
                let what = format!("step `{}`: a post may have that number; take one below {FIRST_POST}", step.key);
                errors.push(source.error(at, what));
            }
        }
        lesson
    }

    /// Each step's example with its reading.
    pub(super) fn examples(&self, sources: &[Source]) -> Vec<Example> {
        let source = sources.iter().find(|s| s.file == "lesson.toml");
        let line = |text: &str| source.and_then(|s| s.text.find(text).map(|at| s.line_at(at))).unwrap_or(1);
        let example = |step: &Step| Example {
            file: "lesson.toml".into(),
            line: line(&format!("key = \"{}\"", step.key)),
            text: step.example.clone(),
            want: step.reads.clone(),
        };
        self.steps.iter().map(example).collect()
    }

    /// The step of that key with its place, from 0; the first where it is gone.
    pub fn step(&self, key: &str) -> Option<(usize, &Step)> {
        let at = self.steps.iter().position(|s| s.key == key).unwrap_or_default();
        self.steps.get(at).map(|step| (at, step))
    }

    /// Whether a text ends the lesson.
    pub fn leaves(&self, text: &str) -> bool {
        let bare: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        self.leave.contains(&bare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let mut errors = Vec::new();
        Lesson::read(&[Source { file: "lesson.toml".into(), text: text.into() }], &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_cannot_be_taught_is_refused_with_its_line() {
        let step = "[[step]]\nkey = \"a\"\ntask = \"\"\nexample = \"\"\nreads = \"\"\n";
        let lesson = format!("minutes = 0\nleave = []\n{step}intents = []\n{step}intents = [\"mine\"]\npost = 101\n");
        let said = faults(&lesson);
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(said[0].starts_with("lesson.toml:1: `minutes`"), "{said:?}");
        assert!(said[1].starts_with("lesson.toml:4: step `a` has no intents"), "{said:?}");
        assert!(said.iter().any(|s| s.contains("two steps have the key `a`")), "{said:?}");
        assert!(said.iter().any(|s| s.contains("a post may have that number")), "{said:?}");
        assert_eq!(faults("minutes = 1\nleave = []\nstep = []\n"), ["lesson.toml:1: a lesson has 1 to 9 steps"]);
    }

    #[test]
    fn marks_do_not_hide_that_one_has_had_enough() {
        let lesson = Lesson { leave: BTreeSet::from(["停".to_string()]), ..Lesson::default() };
        assert!(lesson.leaves(" 停。") && lesson.leaves("停!") && !lesson.leaves("停电"));
    }
}
