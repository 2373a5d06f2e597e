//! The questions open on a phone, and which of them a digit answers.
//!
//! What was said last in the conversation itself comes first: who has just been shown a list picks from it. Else the digit is
//! for what somebody else waits to hear; where two wait, it is asked which.

use crate::clock::{SECOND, Timestamp};
use crate::market::PostId;
use crate::store::Person;
use crate::store::record::{Ask, Question, Then};

/// What a digit is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound<'p> {
    Nothing,
    /// It answers this question, as this choice.
    One(&'p Question, u8),
    /// It may answer any of these, oldest first.
    Several(Vec<&'p Question>),
}

/// What the digit `choice`, sent to our number `to`, is for.
pub fn bound<'p>(person: &'p Person, now: Timestamp, to: &str, choice: u8) -> Bound<'p> {
    let open: Vec<&Question> = open(person, now, to).collect();
    let Some(newest) = open.last() else { return Bound::Nothing };
    if let Ask::Clarify { choice: said, questions } = &newest.ask {
        let asked = |n: &u32| open.iter().find(|q| q.number == *n).copied();
        let left: Vec<&Question> = questions.iter().filter_map(asked).collect();
        let picked = usize::from(choice).checked_sub(1).and_then(|i| questions.get(i)).and_then(asked);
        return match picked {
            Some(question) => Bound::One(question, *said),
            None if left.is_empty() => Bound::Nothing,
            None => Bound::Several(left),
        };
    }
    if !newest.ask.pushed() {
        return Bound::One(newest, choice);
    }
    let pushed: Vec<&Question> = open.iter().filter(|q| q.ask.pushed()).copied().collect();
    match pushed.as_slice() {
        // the digit came twice: what was open before is asked for by name
        [one] if doubled(person, now, choice, one) => Bound::Several(pushed),
        [one] => Bound::One(one, choice),
        _ => Bound::Several(pushed),
    }
}

/// So soon the same digit again is the carrier's doing, or a thumb's.
const DOUBLED: i64 = 30 * SECOND;

/// Whether the digit may be the one that answered another question just now, while this one was open already.
fn doubled(person: &Person, now: Timestamp, choice: u8, question: &Question) -> bool {
    let before = person.digit.filter(|d| d.choice == choice && (0..DOUBLED).contains(&(now.0 - d.at.0)));
    before.is_some_and(|d| question.asked < d.at)
}

/// Questions that a digit sent to our number `to` may answer, oldest first.
fn open<'p>(person: &'p Person, now: Timestamp, to: &str) -> impl Iterator<Item = &'p Question> {
    let here = move |q: &&Question| q.to.is_empty() || to.is_empty() || q.to == to;
    person.questions.iter().filter(move |q| now < q.until && q.ask.by_digit()).filter(here)
}

/// The posts that the newest question offers.
pub fn open_list<'p>(person: &'p Person, now: Timestamp, to: &str) -> Option<&'p [PostId]> {
    match open(person, now, to).last().map(|q| &q.ask) {
        Some(Ask::Which { posts, .. }) => Some(posts),
        _ => None,
    }
}

/// What the posts of the newest question are picked for.
pub fn open_then(person: &Person, now: Timestamp, to: &str) -> Option<Then> {
    match open(person, now, to).last().map(|q| &q.ask) {
        Some(Ask::Which { then, .. }) => Some(*then),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Msisdn;
    use crate::store::record::Digit;

    #[test]
    fn a_doubled_digit_answers_no_other_question() {
        let (rate, deal) = (Ask::Rate { post: 101, pact: 1 }, Ask::Dealt { post: 102, pact: 2 });
        let answered = |at: i64| Some(Digit { choice: 1, at: Timestamp(at) });
        let mut p = person(&[(rate, "1069"), (deal, "1069")]);
        assert!(matches!(bound(&p, Timestamp(5), "1069", 1), Bound::Several(q) if q.len() == 2));
        p.questions.remove(0);
        p.digit = answered(5);
        assert!(matches!(bound(&p, Timestamp(6), "1069", 1), Bound::Several(q) if q.len() == 1), "the same once more");
        assert!(matches!(bound(&p, Timestamp(6), "1069", 2), Bound::One(..)), "another digit");
        p.questions[0].asked = Timestamp(5);
        assert!(matches!(bound(&p, Timestamp(6), "1069", 1), Bound::One(..)), "what was asked by the answer itself");
        p.questions[0].asked = Timestamp(0);
        p.questions[0].until = Timestamp(DOUBLED * 2);
        assert!(matches!(bound(&p, Timestamp(5 + DOUBLED), "1069", 1), Bound::One(..)), "much later");
    }

    /// Until orders, jobs and alerts ask, any question of another's serves.
    fn person(asks: &[(Ask, &str)]) -> Person {
        let mut person = Person::new(Msisdn::from_u64(8_613_800_000_001), Timestamp(0));
        for (ask, to) in asks {
            person.ask(Question {
                asked: Timestamp(0),
                until: Timestamp(10),
                ask: ask.clone(),
                to: to.to_string(),
                label: String::new(),
                number: 0,
            });
        }
        person
    }

    #[test]
    fn a_digit_is_for_the_newest_question_of_its_number_while_it_lasts() {
        let list = Ask::Which { then: Then::Contact, posts: vec![807] };
        let p = person(&[(list.clone(), "1069")]);
        assert!(matches!(bound(&p, Timestamp(9), "1069", 1), Bound::One(q, 1) if q.ask == list));
        assert_eq!(bound(&p, Timestamp(9), "1068", 1), Bound::Nothing, "asked from another number");
        assert_eq!(bound(&p, Timestamp(10), "1069", 1), Bound::Nothing, "too late");
        let meaning = Ask::Meaning { text: "mai".into(), intents: vec![] };
        let p = person(&[(list, "1069"), (meaning.clone(), "1069")]);
        assert_eq!(p.questions.len(), 1, "the newer question of the conversation takes the place of the older");
        assert!(matches!(bound(&p, Timestamp(9), "1069", 2), Bound::One(q, 2) if q.ask == meaning));
    }
}
