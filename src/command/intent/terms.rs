//! What the terms of an offer say of who makes it: 两千以内 is a buyer's, 要八千 a seller's.

use super::facts::Facts;
use super::{HINT, STRONG, Scores};
use crate::command::number::Bound;
use crate::command::phrase::{Phrase, What};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Kind, Sign};

/// 缺一口大铁锅,三百块以下: who names the most that it may cost buys. 只要三千 with nothing else wanted is what is asked for it.
pub fn ceiling(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let goods = matches!(f.kind, Some(Kind::Goods | Kind::Animal | Kind::Vehicle));
    let most = phrases.iter().any(|p| matches!(p.what, What::Sum(x) if x.bound == Bound::AtMost && !x.is_pay()));
    if !goods {
        return;
    }
    if most && s.get(Intent::Sell) < HINT + 1 && s.get(Intent::Hire).max(s.get(Intent::Seek)) < STRONG {
        s.at_least(Intent::Buy, HINT + 1);
    }
    // 一头牛,只要八千: the sum is what is wanted
    let asked = phrases.windows(2).any(|w| w[0].has(Sign::Want) && !w[1].spaced && matches!(w[1].what, What::Sum(_)));
    let wants = phrases.iter().filter(|p| p.has(Sign::Want)).count();
    let named = phrases.iter().position(|p| p.item().is_some());
    let behind = named
        .is_some_and(|n| phrases[n..].windows(2).any(|w| w[0].has(Sign::Want) && matches!(w[1].what, What::Sum(_))));
    if asked && behind && wants == 1 && !most && s.get(Intent::Buy) <= HINT && s.get(Intent::Hire) < STRONG {
        s.0.retain(|(i, _)| *i != Intent::Buy);
        s.at_least(Intent::Sell, HINT);
    }
}
