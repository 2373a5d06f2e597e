//! What was taken from the sender, or came to him: 有人把我家羊牵走了, 跟着我家牛回来了一头, 我家来了一只狗; and what was left in a car
//! that one rode in.

use super::facts::Facts;
use super::{HINT, SIGHT, STRONG, Scores, Weighing};
use crate::command::phrase::{Phrase, What};
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::grammar::{Grammar, Intent};
use crate::market::Exact;

/// So many beasts come by themselves; more of them were brought.
const HERD: i64 = 5;

fn lost(p: &Phrase<'_>) -> bool {
    p.word().is_some_and(|w| w.is_verb(Intent::Lost, Force::Strong))
}

/// 有人把我家羊牵走了: who took what is the sender's.
fn taken(phrases: &[Phrase<'_>]) -> bool {
    phrases.iter().enumerate().any(|(i, p)| {
        let clause = || phrases[i + 1..].iter().take(SIGHT).take_while(|q| q.clause == p.clause);
        let mut own = false;
        let mut handled = false;
        p.has(Sign::Who)
            && clause().any(|q| {
                handled |= q.has(Sign::Object);
                own |= handled && q.has(Sign::Own);
                own && (q.has(Sign::Taken) || lost(q))
            })
    })
}

/// 跟着我家牛回来了: a beast that came along with one's own.
fn follows(text: &str, phrases: &[Phrase<'_>]) -> bool {
    let found = |p: &Phrase<'_>| p.word().is_some_and(|w| w.is_verb(Intent::Found, Force::Strong));
    let along = |p: &Phrase<'_>| found(p) && p.text(text).starts_with(['跟', '随']);
    phrases.iter().any(along)
        || phrases.windows(2).any(|w| w[0].has(Sign::Follows) && !w[1].spaced && w[1].has(Sign::Own))
}

/// 我家来了一只狗, 院子里多了两只羊: beasts that are there of a sudden, a few of them.
fn came(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>]) -> bool {
    phrases.iter().enumerate().any(|(i, p)| {
        let tight = |k: usize| phrases.get(k).filter(|q| !q.spaced);
        let said = p.text(text);
        let le = tight(i + 1).is_some_and(|q| q.has(Sign::Le));
        let comes = ["来", "跑来", "多", "钻来", "窜来"].contains(&said) && le
            || ["来了", "跑来了", "多了", "多出", "闯来", "窜来了"].contains(&said);
        let few = phrases
            .get(i + 1 + usize::from(le))
            .is_some_and(|q| matches!(q.what, What::Amount(a) if a.lo <= Exact::from_integer(HERD) && a.hi.is_none()));
        let beast = phrases[i + 1..].iter().take(5).any(|q| q.kind(grammar) == Some(Kind::Animal));
        comes && few && beast && i > 0
    })
}

/// What words alone do not say of things that are lost or found.
pub fn astray(f: &Facts, grammar: &Grammar, text: &str, phrases: &[Phrase<'_>], weighing: &mut Weighing) {
    let s = &mut weighing.scores;
    if taken(phrases) {
        s.0.retain(|(i, _)| !matches!(i, Intent::Buy | Intent::Search | Intent::Found));
        s.at_least(Intent::Lost, STRONG + 3);
        weighing.question = false;
        return;
    }
    let traded = f.sum || s.get(Intent::Sell).max(s.get(Intent::Buy)) >= STRONG;
    if f.kind == Some(Kind::Animal) && !traded && s.get(Intent::Lost) < STRONG {
        let follows = follows(text, phrases);
        if follows || came(grammar, text, phrases) {
            s.0.retain(|(i, _)| !matches!(i, Intent::Deal | Intent::Buy | Intent::Sell));
            s.at_least(Intent::Found, STRONG + 1);
            if follows {
                weighing.closing = None;
            }
        }
        // 一头牛在沟边…没人管
        if s.get(Intent::Found) == HINT && phrases.iter().any(|p| matches!(p.what, What::Amount(_))) {
            s.at_least(Intent::Found, STRONG - 2);
        }
    }
}

/// 搭车把伞落车上了: who lost a thing needs no ride.
pub fn no_ride(f: &Facts, text: &str, phrases: &[Phrase<'_>], s: &mut Scores) {
    let left = phrases.iter().any(|p| lost(p) && p.text(text).contains('车'));
    let thing = matches!(f.kind, Some(Kind::Thing | Kind::Animal));
    let ride = s.get(Intent::RideNeed).max(s.get(Intent::RideOffer));
    if s.get(Intent::Lost) >= STRONG && (left || thing) && ride > 0 && !f.sum && !f.seats {
        s.0.retain(|(i, _)| !matches!(i, Intent::RideNeed | Intent::RideOffer));
    }
}
