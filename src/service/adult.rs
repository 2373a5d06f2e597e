//! Boards for grown-ups: who says his age is believed, who does not is asked once.

use super::turn::Turn;
use crate::reply::Reply;
use crate::store::record::Ask;

/// Of age.
const OF_AGE: u32 = 18;
/// What stands behind an age.
const YEARS: char = '岁';

/// Whether the post has to wait for, or fails by, its sender's age.
pub fn asked(turn: &mut Turn<'_>) -> bool {
    let boards = &turn.env.grammar.boards;
    let adults = turn.facts.drafts.iter().any(|d| boards.get(&d.post.board).is_some_and(|b| b.adults));
    if !adults {
        return false;
    }
    match age(&turn.mo.text) {
        Some(age) if age < OF_AGE => {
            turn.answer(Reply::new("adults_only"));
            return true;
        }
        Some(_) => turn.person.adult = true,
        None if turn.person.adult => {}
        None => {
            turn.ask(Ask::Adult { text: turn.mo.text.clone() });
            turn.answer(Reply::new("ask_adult"));
            return true;
        }
    }
    false
}

/// The age a text tells: the digits before 岁, the first.
fn age(text: &str) -> Option<u32> {
    let before = &text[..text.find(YEARS)?];
    let digits: String = before.chars().rev().take_while(char::is_ascii_digit).collect();
    digits.chars().rev().collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_the_digits_before_the_word() {
        for (text, want) in
            [("交友 女 25岁 爱唱歌", Some(25)), ("交友 17岁", Some(17)), ("交友 二十岁", None), ("交友", None)]
        {
            assert_eq!(age(text), want);
        }
    }
}
