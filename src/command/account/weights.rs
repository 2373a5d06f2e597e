//! What speaks against a reading, and how much: weights learnt from labelled texts.
//!
//! They are those of a logistic regression over texts whose readings were right or wrong, in hundredths; where there
//! were enough of them, by group; and then lowered where what is left is usual: who seeks work names none, and what was lost is described. A reading whose weights reach [`ASKED`] was wrong about as often as right.
//! What weighs nothing is named by `parse --explain` all the same, for people who teach words.

use super::Group;

/// What is left of a text, or makes its reading doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A character of a run that nobody knows.
    Unread,
    /// Letters that are no word.
    Latin,
    /// 2民, 两千跟: what stands behind a number and is no unit.
    Counted,
    /// What looks like a place and is none of a map.
    Spot,
    /// A number that no slot took.
    Figure,
    /// A word for a number that is in none.
    Digit,
    /// An amount that no slot took.
    Amount,
    /// A price that no slot took.
    Sum,
    /// A second price.
    OtherSum,
    /// A day.
    Day,
    /// A place that no slot took.
    Place,
    /// Another thing of the kind that the text is about.
    OtherThing,
    /// A thing of another kind.
    AsideThing,
    /// A verb of another kind of post.
    Quarrel,
    /// A verb that is of no post: 多少钱, 回来了.
    Turn,
    /// A word that leans elsewhere.
    Leaning,
    /// A unit that counts nothing.
    LooseUnit,
    /// A word without a role here.
    Loose,
    /// Nothing but hints say what is wanted.
    Hinted,
    /// No verb says it.
    Weak,
    /// Something else weighs as much.
    Even,
    /// Something else weighs nearly as much.
    Close,
    /// Nothing is named.
    NoItem,
    /// The lexicon has no such thing.
    NewItem,
    /// Nor a thing of one character.
    Letter,
    /// Goods without amount and price.
    Bare,
    /// 20.8 for nothing in particular.
    OddPrice,
    /// A price for nothing in particular.
    NoPer,
    /// Several things.
    Several,
    /// Several things, of which one has what another lacks.
    Torn,
    /// A ride to nowhere.
    NoGoal,
    /// A ride from nowhere.
    NoStart,
    /// A place of no map.
    NewPlace,
    /// A slip that was mended.
    Mended,
    /// Fifteen characters: a story.
    Long,
    /// A name.
    Named,
    /// The rules of its own field ask.
    Asked,
}

/// From this on it is asked back.
pub(super) const ASKED: i32 = -20;

/// What every reading of a group begins with: trade, work, rides, what is missing, all else.
const FIRST: [i32; 5] = [-321, -281, -286, -312, -405];

/// What one of a flaw weighs, by group.
fn weight(flaw: Flaw) -> [i32; 5] {
    match flaw {
        Flaw::Unread => [4, 14, 7, 6, 29],
        Flaw::Latin => [0, 0, 0, 0, 0],
        Flaw::Counted => [0, 5, 7, 0, 0],
        Flaw::Spot => [0, 30, 3, 10, 4],
        Flaw::Figure => [131, 40, 103, 105, 105],
        Flaw::Digit => [0, 0, 0, 0, 0],
        Flaw::Amount => [18, 0, 91, 48, 48],
        Flaw::Sum => [0, 0, 0, 0, 0],
        Flaw::OtherSum => [0, 0, 0, 0, 0],
        Flaw::Day => [0, 0, 0, 0, 0],
        Flaw::Place => [98, 132, 116, 50, 89],
        Flaw::OtherThing => [68, 30, 56, 66, 65],
        Flaw::AsideThing => [20, 67, 0, 10, 5],
        Flaw::Quarrel => [66, 0, 0, 0, 3],
        Flaw::Turn => [87, 108, 79, 98, 86],
        Flaw::Leaning => [0, 0, 0, 0, 0],
        Flaw::LooseUnit => [0, 0, 0, 0, 0],
        Flaw::Loose => [0, 0, 0, 0, 0],
        Flaw::Hinted => [70, 17, 109, 16, 62],
        Flaw::Weak => [45, 30, 2, 51, 18],
        Flaw::Even => [50, 0, 0, 9, 0],
        Flaw::Close => [0, 23, 7, 0, 0],
        Flaw::NoItem => [103, 0, 89, 83, 62],
        Flaw::NewItem => [9, 0, 18, 4, 0],
        Flaw::Letter => [0, 0, 0, 0, 0],
        Flaw::Bare => [91, 70, 70, 70, 70],
        Flaw::OddPrice => [90, 69, 69, 69, 69],
        Flaw::NoPer => [0, 0, 0, 0, 0],
        Flaw::Several => [0, 30, 47, 47, 45],
        Flaw::Torn => [200, 232, 226, 226, 226],
        Flaw::NoGoal => [0, 0, 0, 0, 0],
        Flaw::NoStart => [0, 0, 0, 0, 0],
        Flaw::NewPlace => [148, 179, 151, 60, 138],
        Flaw::Mended => [0, 0, 0, 0, 0],
        Flaw::Long => [14, 20, 10, 20, 40],
        Flaw::Named => [0, 0, 0, 0, 0],
        Flaw::Asked => [0, 0, 0, 0, 0],
    }
}

/// The weight of all flaws of a reading.
pub(super) fn weigh(group: Group, flaws: &[(Flaw, u32)]) -> i32 {
    let at = group as usize;
    let all = flaws.iter().map(|(flaw, n)| weight(*flaw)[at] * i32::try_from(*n).unwrap_or(i32::MAX).min(8));
    FIRST[at] + all.sum::<i32>()
}
