//! Chooses what a text asks for, by evidence: which verbs it has, who is asked, what the sender owns, what kind of
//! thing is named. The words are those of `grammar/commands.toml`; only how they weigh is here.

mod astray;
mod choose;
mod facts;
mod kinds;
mod questions;
mod rides;
mod terms;
mod verbs;
mod work;

pub use rides::hauled;

use super::phrase::{self, Phrase};
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::grammar::{Grammar, Intent};

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub intent: Intent,
    pub unsure: Vec<Intent>,
    /// The score of every intent that had any.
    pub scores: Vec<(Intent, i32)>,
}

#[derive(Default)]
struct Scores(Vec<(Intent, i32)>);

impl Scores {
    fn add(&mut self, intent: Intent, n: i32) {
        match self.0.iter_mut().find(|(i, _)| *i == intent) {
            Some((_, s)) => *s += n,
            None => self.0.push((intent, n)),
        }
    }

    /// Raises a score to at least `n`: the same thing said twice is no more true.
    fn at_least(&mut self, intent: Intent, n: i32) {
        match self.0.iter_mut().find(|(i, _)| *i == intent) {
            Some((_, s)) => *s = (*s).max(n),
            None => self.0.push((intent, n)),
        }
    }

    fn get(&self, intent: Intent) -> i32 {
        self.0.iter().find(|(i, _)| *i == intent).map_or(0, |(_, s)| *s)
    }
}

const STRONG: i32 = 10;
const HINT: i32 = 3;
const CLOSING: i32 = 16;
/// So many phrases of a clause are looked at around a word: a text without marks stays linear in its length.
const SIGHT: usize = 24;

/// Whether it is something that is posted.
pub fn posts(i: Intent) -> bool {
    use Intent::*;
    matches!(i, Sell | Buy | Hire | Seek | Lost | Found | RideOffer | RideNeed | Friend | Order | AidNeed)
}

/// What the words of a text weigh so far.
#[derive(Default)]
struct Weighing {
    scores: Scores,
    /// Something is asked, and nothing of the asker's own is told with it.
    question: bool,
    /// Whoever asks who wants it has it.
    offered_to_any: bool,
    /// 不卖了, 牛找到了: a post is over.
    closing: Option<Intent>,
}

/// Weighs a text that is no command by its form.
pub fn decide(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>]) -> Decision {
    let f = facts::facts(grammar, phrases);
    let mut weighing = Weighing::default();
    for i in 0..phrases.len() {
        verbs::weigh(&mut weighing, &f, grammar, text, phrases, i);
    }
    astray::astray(&f, grammar, text, phrases, &mut weighing);
    let Weighing { scores: mut s, question, offered_to_any, closing } = weighing;
    kinds::kinds(&f, grammar, text, phrases, &mut s, question);
    rides::rides(&f, grammar, text, phrases, &mut s);
    astray::no_ride(&f, text, phrases, &mut s);
    if phrases.iter().any(|p| p.has(Sign::How)) && s.get(Intent::Price) == 0 {
        s.at_least(Intent::Ask, STRONG - 3);
    }
    terms::ceiling(&f, phrases, &mut s);
    terms::refused(&f, text, phrases, &mut s);
    terms::any_there(&f, phrases, &mut s);
    terms::goods_told(&f, grammar, phrases, &mut s);
    questions::price(&f, phrases, &mut s);
    questions::official(&f, phrases, &mut s);
    questions::asked_of_station(&f, phrases, &mut s);
    questions::errands(phrases, &mut s);
    questions::mates(&f, phrases, &mut s);
    questions::owner(&f, phrases, &mut s);
    // 井干掉了,求助: of what is no beast, thing or person, help is asked.
    if s.get(Intent::AidNeed) >= STRONG && !matches!(f.kind, Some(Kind::Animal | Kind::Thing | Kind::Person)) {
        s.add(Intent::AidNeed, 2);
    }
    let needed = phrases.iter().filter_map(Phrase::item).any(|i| grammar.lexicon.needed(i));
    questions::lacking(grammar, &f, phrases, &mut s);
    questions::given(&f, needed, phrases, &mut s);
    // 有招工的消息通知我, 大家凑: the word of the whole text outweighs those of its matter.
    if s.get(Intent::Subscribe) >= STRONG && s.get(Intent::Lost).max(s.get(Intent::Found)) == 0 {
        s.at_least(Intent::Subscribe, CLOSING);
    }
    // 狗找到了不用发了: what is over needs no more messages.
    if matches!(closing, Some(Intent::Deal)) && f.item {
        s.0.retain(|(i, _)| *i != Intent::Unsubscribe);
    }
    // 收蜂蜜的有哪些: those who do are asked for.
    let which =
        phrases.iter().position(|p| p.word().is_some_and(|w| w.chars > 1 && w.is_verb(Intent::Search, Force::Strong)));
    let of_them = |i: usize| i > 0 && (phrases[i - 1].has(Sign::Belongs) || phrases[i - 1].has(Sign::News));
    if which.is_some_and(|i| of_them(i) && phrases[i + 1..].iter().all(phrase::light)) {
        s.at_least(Intent::Search, CLOSING);
    }
    // 我不会发信息,我要卖牛: what is wanted is said all the same.
    if f.item {
        s.0.retain(|(i, _)| *i != Intent::Help);
    }
    // 我登的苞谷还没卖完: that there is still some of it takes nothing back.
    if closing == Some(Intent::Renew) {
        s.0.retain(|(i, _)| !posts(*i));
    }
    if s.get(Intent::Order) >= STRONG && s.get(Intent::Buy) > 0 {
        s.add(Intent::Order, 2);
    }
    // 我想卖点东西怎么弄: how it is done is asked.
    let how = phrases.iter().any(|p| p.has(Sign::How));
    if how && !f.item && !f.amount && !f.people && s.0.iter().any(|(i, n)| posts(*i) && *n >= STRONG) {
        s.at_least(Intent::Help, STRONG + 2);
    }
    // 卖香糯200斤4块5,平永赶场可带: goods with their price are no ride, but where it goes is said.
    if f.sum && f.item && f.amount && !f.route && s.get(Intent::Sell).max(s.get(Intent::Buy)) >= STRONG {
        s.0.retain(|(i, n)| !matches!(i, Intent::RideOffer | Intent::RideNeed) || *n > STRONG + 4);
    }
    // 咋用短信卖东西,教一下
    let taught = |p: &Phrase<'_>| p.word().is_some_and(|w| w.chars > 1 && w.is_verb(Intent::Help, Force::Whole));
    if !f.item && !f.amount && !f.sum && !f.people && phrases.iter().filter(|p| taught(p)).count() > 1 {
        s.at_least(Intent::Help, STRONG + 2);
    }
    questions::looking_up(&f, phrases, &mut s, question, offered_to_any, closing);
    choose::choose(&f, s)
}
