//! What somebody began to say by USSD: the words it makes so far, and how a text goes on with it.

use super::super::outcome::Env;
use super::super::turn::Turn;
use crate::clock::DAY;
use crate::command::{self, Intent, Reading};
use crate::grammar::Grammar;
use crate::grammar::ussd::{Screen, Step};
use crate::market::PlaceCode;
use crate::reply::{Reply, phrase};
use crate::store::Person;
use crate::store::record::{Ask, Question};
use crate::store::session::Draft;

/// A draft is kept this long after its last step.
pub const DRAFT_LIFE: i64 = DAY;
/// Drafts of one phone; of more the oldest is let go.
const DRAFTS: usize = 4;

/// The form of a draft; none for free words, or where the grammar has it no more.
pub fn form<'g>(g: &'g Grammar, draft: &Draft) -> Option<&'g Screen> {
    g.menus.get(&draft.form).filter(|s| s.text.is_some())
}

/// The step that is asked next; none where all are answered.
pub fn next<'g>(g: &'g Grammar, draft: &Draft) -> Option<&'g Step> {
    form(g, draft)?.steps.get(draft.said.len())
}

/// The text that a draft makes, with these words behind it.
pub fn text(g: &Grammar, draft: &Draft, more: &str) -> String {
    let head = form(g, draft).and_then(|f| f.text.clone()).unwrap_or_default();
    let head = match draft.picked.post {
        Some(post) => head.replace("{no}", &phrase::number(post)),
        None => head,
    };
    let words = std::iter::once(head.as_str()).chain(draft.said.iter().map(String::as_str)).chain([more]);
    words.filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// An answer in the words of a text: `200` as `200斤`.
pub fn dressed(g: &Grammar, draft: &Draft, step: &Step, answer: &str) -> String {
    let answer = answer.trim();
    let number = !answer.is_empty() && answer.chars().all(|c| c.is_ascii_digit() || c == '.');
    let Some(shape) = step.bare.as_ref().filter(|_| number).or(step.say.as_ref()) else { return answer.to_string() };
    let unit = if shape.contains("{unit}") { unit(g, draft) } else { String::new() };
    shape.replace("{unit}", &unit).replace("{}", answer)
}

/// What the thing of the draft is usually counted in.
fn unit(g: &Grammar, draft: &Draft) -> String {
    let reading = command::read(g, PlaceCode::COUNTRY, draft.at, &text(g, draft, ""));
    let item = reading.item.as_ref().and_then(|i| g.items.get(&i.name));
    item.and_then(|i| i.unit.clone()).unwrap_or_else(|| "斤".into())
}

/// The draft in a few words: `卖板蓝根`.
pub fn short(g: &Grammar, draft: &Draft) -> String {
    let words = text(g, draft, "");
    phrase::clip(&words.replace(' ', ""))
}

/// Keeps a draft: a new one above the others, or the newest as changed. And the question whether to go on with it.
pub fn keep(env: &Env<'_>, person: &mut Person, draft: Draft, new: bool) {
    if !new {
        person.drafts.pop();
    }
    person.drafts.push(Draft { at: env.now, until: env.now.plus(DRAFT_LIFE), ..draft });
    let extra = person.drafts.len().saturating_sub(DRAFTS);
    person.drafts.drain(..extra);
    ask(env, person);
}

/// The newest draft is finished, or let go.
pub fn done(env: &Env<'_>, person: &mut Person) {
    person.drafts.pop();
    ask(env, person);
}

fn ask(env: &Env<'_>, person: &mut Person) {
    person.questions.retain(|q| q.ask != Ask::Resume);
    let Some(draft) = person.drafts.last() else { return };
    let (label, until, to) = (short(env.grammar, draft), draft.until, person.short_code.clone());
    person.ask(Question { asked: draft.at, until, ask: Ask::Resume, to, label, number: 0 });
}

/// The draft that a person left last.
pub fn of<'p>(env: &Env<'_>, person: &'p Person) -> Option<&'p Draft> {
    person.drafts.last().filter(|d| env.now < d.until)
}

/// Whether a text says 接着填.
pub fn says_resume(g: &Grammar, text: &str) -> bool {
    let text = text.trim();
    g.menus.resume.iter().any(|w| w == text)
}

/// What a text means that goes on with a draft: the whole that it makes. Only what says nothing by itself can, and only where the
/// whole says more than the draft did. `read` reads a text as the sender's; `named`: it names a post that there is.
pub fn joined(
    env: &Env<'_>,
    draft: &Draft,
    reading: &Reading,
    named: bool,
    said: &str,
    read: &dyn Fn(&str) -> Reading,
) -> Option<Reading> {
    let g = env.grammar;
    let step = next(g, draft);
    // 200 is a post's number, unless there is none and an amount is asked for
    let number = reading.intent == Intent::Contact && !named && step.is_some_and(|s| s.bare.is_some());
    let nothing = reading.intent == Intent::Unknown && matches!(reading.reason, None | Some("unread"));
    let loose = nothing || reading.unsure && reading.item.is_none();
    if !(loose || number) {
        return None;
    }
    let said = step.map_or_else(|| said.to_string(), |step| dressed(g, draft, step, said));
    let (begun, whole) = (read(&text(g, draft, "")), read(&text(g, draft, &said)));
    let same = whole.intent == begun.intent && g.boards.by_intent(whole.intent).is_some();
    (same && !whole.unsure && whole.item == begun.item && slots(&whole) > slots(&begun)).then_some(whole)
}

/// How much a reading says of its thing.
fn slots(r: &Reading) -> usize {
    let amounts = [r.quantity.is_some(), r.price.is_some(), r.wage.is_some(), r.people.is_some()];
    let others = [r.when.is_some(), r.place.is_some(), r.from.is_some(), r.to.is_some(), r.sex.is_some()];
    amounts.iter().chain(&others).filter(|there| **there).count() + r.marks.len()
}

/// By text: 1 or 接着填 goes on with what is asked next, 2 lets it go.
pub fn answered(turn: &mut Turn<'_>, yes: bool) {
    let g = turn.env.grammar;
    let draft = of(turn.env, &turn.person).cloned();
    match draft {
        Some(draft) if yes => {
            // it stands until it is finished or let go
            let step = next(g, &draft).cloned();
            let reply = Reply::new("draft_ask")
                .set("drafted", short(g, &draft))
                .set("question", step.as_ref().map(|s| s.ask.clone()).unwrap_or_default())
                .set("step", step.map(|s| s.short).unwrap_or_default());
            ask(turn.env, &mut turn.person);
            turn.answer(reply);
        }
        _ => {
            done(turn.env, &mut turn.person);
            turn.answer(Reply::new("draft_dropped"));
        }
    }
}
