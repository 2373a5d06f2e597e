//! How many a car still takes, where a text counts more than once: 7座商务车…还能坐3个人, 余座2, 4缺1.

use crate::command::Scene;
use crate::command::phrase::{Phrase, What};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::market::Exact;

/// 7座商务车: the seats a car has, not those that are free.
pub(super) fn of_the_car(scene: &Scene<'_, '_>, i: usize) -> bool {
    let next = scene.phrases.get(i + 1).filter(|q| !q.spaced);
    matches!(scene.phrases[i].what, What::Seats(_))
        && next.is_some_and(|q| q.kind(scene.grammar) == Some(Kind::Vehicle) || q.has(Sign::Car))
}

/// Where a text counts more than once, how many are still taken: 7座商务车…还能坐3个人, 剩2个座. 余座2 says it the other way round.
pub(super) fn room_left(scene: &Scene<'_, '_>) -> Option<(usize, u32)> {
    let ps = &scene.phrases;
    let whole = |n: Exact| if n.is_integer() { u32::try_from(*n.numer()).ok() } else { None };
    let count = |i: usize| match ps[i].what {
        What::People(n) | What::Seats(n) if !of_the_car(scene, i) => Some(n),
        What::Amount(a) => {
            let heads = scene.grammar.units.at(a.unit).is_some_and(|u| scene.grammar.lexicon.heads.contains(&u.name));
            if heads && a.hi.is_none() { whole(a.lo) } else { None }
        }
        _ => None,
    };
    let behind = (1..ps.len()).find_map(|i| match ps[i].what {
        What::Number { n, .. } if ps[i - 1].has(Sign::Seats) && n.hi.is_none() => Some((i, whole(n.lo)?)),
        // 7座剩3
        What::Number { n, .. }
            if n.hi.is_none()
                && !ps[i].spaced
                && matches!(ps[i - 1].what, What::Word(w) if w.is_verb(Intent::RideOffer, Force::Hint) && w.has(Sign::Have)) =>
        {
            Some((i, whole(n.lo).filter(|n| *n < 60)?))
        }
        // 4缺1
        What::Number { n, .. }
            if n.hi.is_none()
                && !ps[i].spaced
                && matches!(ps[i - 1].what, What::Word(w) if w.is_verb(Intent::Hire, Force::Hint) && !w.has(Sign::Want) && !w.is_verb(Intent::Lost, Force::Hint)) =>
        {
            Some((i, whole(n.lo).filter(|n| *n < 60)?))
        }
        _ => None,
    });
    if behind.is_some() {
        return behind;
    }
    let left = |q: &Phrase<'_>| match q.what {
        What::Word(w) => {
            w.has(Sign::Have) && !w.has(Sign::IsThere)
                || w.is_verb(Intent::RideOffer, Force::Strong)
                || w.is_verb(Intent::Hire, Force::Hint) && !w.has(Sign::Want)
        }
        _ => false,
    };
    let counted = (0..ps.len()).filter(|i| count(*i).is_some()).count();
    (1..ps.len()).filter(|_| counted > 1).find_map(|i| {
        let said = ps[..i].iter().rev().take(2).take_while(|q| !q.is_separator()).any(left);
        count(i).filter(|_| said).map(|n| (i, n))
    })
}
