//! Questions asked back: which of two readings, or what the text leaves out.

use super::turn::Turn;
use crate::command::Intent;
use crate::grammar::Grammar;
use crate::reply::{Reply, phrase};
use crate::store::record::{Ask, Question};

/// Asks which of several readings was meant, and keeps what was said.
pub fn ask_meaning(turn: &mut Turn<'_>) {
    let intents: Vec<Intent> = turn.reading.alternatives.iter().copied().take(4).collect();
    let reply = meaning(turn.env.grammar, &turn.mo.text, &intents);
    turn.ask(Ask::Meaning { text: turn.mo.text.clone(), intents });
    turn.answer(reply);
}

/// The question with its digits.
pub fn meaning(g: &Grammar, text: &str, intents: &[Intent]) -> Reply {
    let word = |i: &Intent| {
        let name = serde_json::to_value(i).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default();
        phrase::word(g, &format!("meaning.{name}")).unwrap_or(name)
    };
    let guess: Vec<String> = intents.iter().enumerate().map(|(n, i)| format!("{}{}", n + 1, word(i))).collect();
    Reply::new("ask_meaning").set("guess", guess.join(" ")).set("said", phrase::clip(text))
}

/// Two people wait for a digit: asks which of them it was for.
pub fn clarify(turn: &mut Turn<'_>, choice: u8, questions: &[&Question]) {
    let newest: Vec<&&Question> = questions.iter().rev().take(9).collect();
    let entries = newest.iter().enumerate().map(|(n, q)| format!("{}){}", n + 1, q.label));
    let reply = Reply::new("ask_clarify").set("choice", choice.to_string()).list("label", entries);
    let questions = newest.iter().map(|q| q.number).collect();
    turn.ask(Ask::Clarify { choice, questions });
    turn.answer(reply);
}

/// Asks for the item that a post cannot do without, and keeps what was said.
pub fn ask_item(turn: &mut Turn<'_>, side: &str) {
    let g = turn.env.grammar;
    let word = |table: &str| phrase::word(g, &format!("{table}.{side}")).unwrap_or_default();
    let reply = Reply::new("no_item").set("unclear", word("unclear")).set("example", word("example"));
    turn.ask(Ask::Item { text: turn.mo.text.clone() });
    turn.answer(reply);
}
