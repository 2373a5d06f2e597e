//! 学: learning to text by texting. Each step says what to send and reads back what came; nothing of it is done.
//!
//! ```text
//! 学                      → 学发短信,练习的都不会真登。第1步(共4步),卖东西或买东西,请发:卖 板蓝根 200斤 3块5。…
//! 卖 土鸡 5只              → 对了!读作:卖 土鸡 5只(练习,没真登)。第2步,问价钱,请发:价 板蓝根
//! 停                      → 好,先不学了,…
//! ```
//!
//! Nobody is kept in it: a text about something else leaves the lesson and is done as usual, as is what is not understood for
//! the third time. Which steps there are is said in `grammar/lesson.toml`.

use super::asked::{self, Bound};
use super::turn::Turn;
use super::{person, ussd};
use crate::clock::{DAY, MINUTE};
use crate::command::{Intent, Reading};
use crate::grammar::Grammar;
use crate::grammar::lesson::{Need, Step};
use crate::reply::{Reply, phrase};
use crate::store::record::Lesson;

/// A step that goes wrong so often is no practice.
const TRIES: u32 = 3;

/// 学: the lesson begins, or goes on where it was left within a day.
pub fn begin(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    let kept = turn.person.lesson.take().filter(|l| turn.env.now < l.until.plus(DAY));
    let Some((at, step)) = g.lesson.step(kept.as_ref().map_or("", |l| l.step.as_str())) else {
        // this grammar has none
        person::help(turn);
        return;
    };
    // digits and loose words are for the lesson now, but for what others wait to hear
    turn.person.questions.retain(|q| q.ask.pushed());
    let reply = Reply::new(if at == 0 { "lesson_begin" } else { "lesson_again" });
    turn.answer(tell(g, reply, at, step));
    stand(turn, step, 0);
}

/// Takes a text of one who is learning. Returns whether it was practice; else it is to be done as usual.
pub fn led(turn: &mut Turn<'_>) -> bool {
    // the menu's forms are no practice, and what was begun there is gone on with
    if turn.facts.by_ussd || ussd::draft::says_resume(turn.env.grammar, &turn.mo.text) {
        return false;
    }
    let g = turn.env.grammar;
    let now = turn.env.now;
    let Some(lesson) = turn.person.lesson.clone().filter(|l| now < l.until) else { return false };
    let Some((at, step)) = g.lesson.step(&lesson.step) else { return false };
    if g.lesson.leaves(&turn.mo.text) {
        leave(turn);
        turn.reading = Reading::of(Intent::Learn);
        turn.answer(Reply::new("lesson_left"));
        return true;
    }
    let reading = turn.reading.clone();
    let practice = match reading.intent {
        Intent::Learn => return false,
        Intent::Choose => {
            let choice = reading.choice.unwrap_or_default();
            // somebody else waits for this digit; the lesson goes on behind it
            if asked::bound(&turn.person, now, &turn.mo.to, choice) != Bound::Nothing {
                return false;
            }
            missed(turn, step, lesson.tries, None)
        }
        Intent::Unknown if !matches!(reading.reason, None | Some("unread")) => return false,
        Intent::Unknown | Intent::Help => missed(turn, step, lesson.tries, None),
        intent if step.intents.contains(&intent) && (step.post.is_none() || step.post == reading.post) => {
            let lacks = step.needs.iter().copied().find(|n| !says(&reading, *n));
            match lacks.filter(|_| lesson.tries + 1 < TRIES) {
                Some(lacks) => missed(turn, step, lesson.tries, Some((lacks, read_back(g, step, &reading)))),
                None => {
                    right(turn, at, step, &reading);
                    true
                }
            }
        }
        _ => false,
    };
    if practice {
        turn.reading = Reading::of(Intent::Learn);
    } else {
        leave(turn);
    }
    practice
}

/// It was right: the next step, or the end.
fn right(turn: &mut Turn<'_>, at: usize, step: &Step, reading: &Reading) {
    let g = turn.env.grammar;
    let read = read_back(g, step, reading);
    match g.lesson.steps.get(at + 1) {
        Some(next) => {
            turn.answer(tell(g, Reply::new("lesson_right").set("read", read), at + 1, next));
            stand(turn, next, 0);
        }
        None => {
            turn.person.lesson = None;
            let count = g.lesson.steps.len().to_string();
            turn.answer(Reply::new("lesson_done").set("read", read).set("count", count));
        }
    }
}

/// It was not: what was read of it, kindly, and once more. Returns whether there is a once more.
fn missed(turn: &mut Turn<'_>, step: &Step, tries: u32, lacks: Option<(Need, String)>) -> bool {
    if tries + 1 >= TRIES {
        return false;
    }
    let g = turn.env.grammar;
    let reply = match lacks {
        Some((need, read)) => {
            Reply::new("lesson_lacks").set("lacks", phrase::word(g, need.lacks()).unwrap_or_default()).set("read", read)
        }
        None => Reply::new("lesson_unread").set("said", phrase::clip(turn.mo.text.trim())),
    };
    turn.answer(reply.set("example", step.example.clone()));
    stand(turn, step, tries + 1);
    true
}

/// The next text is practice for this step.
fn stand(turn: &mut Turn<'_>, step: &Step, tries: u32) {
    let until = turn.env.now.plus(i64::from(turn.env.grammar.lesson.minutes) * MINUTE);
    turn.person.lesson = Some(Lesson { step: step.key.clone(), tries, until });
}

/// The next text is none; 学 goes on from here.
fn leave(turn: &mut Turn<'_>) {
    let now = turn.env.now;
    if let Some(lesson) = &mut turn.person.lesson {
        (lesson.tries, lesson.until) = (0, now);
    }
}

/// What a step asks for.
fn tell(g: &Grammar, reply: Reply, at: usize, step: &Step) -> Reply {
    reply
        .set("step", (at + 1).to_string())
        .set("count", g.lesson.steps.len().to_string())
        .set("task", step.task.clone())
        .set("example", step.example.clone())
}

fn says(reading: &Reading, need: Need) -> bool {
    match need {
        Need::Item => reading.item.is_some(),
        Need::Quantity => reading.quantity.is_some(),
        Need::Price => reading.price.is_some(),
        Need::Wage => reading.wage.is_some(),
        Need::People => reading.people.is_some(),
        Need::Place => reading.place.is_some(),
    }
}

/// `卖 板蓝根 200斤 3.5元/斤`: the text as it was understood, part by part.
fn read_back(g: &Grammar, step: &Step, reading: &Reading) -> String {
    let board = g.boards.by_reading(reading.intent, &[]).or_else(|| g.boards.by_intent(reading.intent));
    let verb = if step.verb.is_empty() { board.map_or("", |(_, side)| side.verb_for(&[])) } else { step.verb.as_str() };
    let parts = [
        Some(verb.to_string()),
        reading.item.as_ref().map(|i| phrase::clip(&i.name)),
        reading.people.map(|n| phrase::fill(g, "people", &[("people", n.to_string())])),
        reading.quantity.as_ref().map(|q| phrase::quantity(g, q)),
        reading.price.as_ref().or(reading.wage.as_ref()).map(|p| phrase::price(g, p)),
        reading.place.as_ref().map(|p| p.name.clone()),
        reading.post.map(phrase::number),
    ];
    parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
}
