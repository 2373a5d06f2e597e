//! Questions asked back: which of two readings, or what the text leaves out.

use super::turn::Turn;
use crate::command::{Intent, Reading};
use crate::grammar::Grammar;
use crate::market::Place;
use crate::reply::{Reply, phrase};
use crate::store::record::{Ask, Question};

/// Asks which of several readings was meant, and keeps what was said.
pub fn ask_meaning(turn: &mut Turn<'_>) {
    let intents: Vec<Intent> = turn.reading.alternatives.iter().copied().take(4).collect();
    let reply = meaning(turn.env.grammar, &turn.mo.text, &intents);
    turn.ask(Ask::Meaning { text: turn.mo.text.clone(), intents });
    turn.answer(reply);
}

/// What is asked for is clear, but not all that the text says of it: it is read back, and done once that is right.
pub fn ask_right(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let said = std::iter::once(&turn.reading).chain(&turn.reading.also).map(|r| understood(g, r)).collect::<Vec<_>>();
    turn.ask(Ask::Meaning { text: turn.mo.text.clone(), intents: vec![turn.reading.intent] });
    turn.answer(Reply::new("ask_right").list("said", said));
}

/// `卖 板蓝根 200斤 3.5元/斤`: what was made of a text.
fn understood(g: &Grammar, r: &Reading) -> String {
    let place = |p: &Place| p.name.clone();
    let way = match (&r.from, &r.to) {
        (None, None) => None,
        (from, to) => Some([from, to].map(|p| p.as_ref().map(place).unwrap_or_default()).join("到")),
    };
    let parts = [
        r.item.as_ref().map(|i| phrase::clip(&i.name)),
        r.quantity.as_ref().map(|q| phrase::quantity(g, q)),
        r.people.map(|n| phrase::fill(g, "people", &[("people", n.to_string())])),
        r.price.as_ref().or(r.wage.as_ref()).map(|p| phrase::price(g, p)),
        way,
        r.when.as_ref().map(|w| phrase::day(g, w)),
        r.place.as_ref().map(place),
    ];
    std::iter::once(word(g, r.intent)).chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(" ")
}

/// What an intent is called in a question.
fn word(g: &Grammar, i: Intent) -> String {
    phrase::word(g, &format!("meaning.{}", i.as_str())).unwrap_or_else(|| i.as_str().to_string())
}

/// The question with its digits.
pub fn meaning(g: &Grammar, text: &str, intents: &[Intent]) -> Reply {
    if let [only] = intents {
        return Reply::new("ask_again").set("verb", word(g, *only));
    }
    let guess: Vec<String> = intents.iter().enumerate().map(|(n, i)| format!("{}{}", n + 1, word(g, *i))).collect();
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
