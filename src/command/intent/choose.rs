//! Of what was weighed the heaviest, and where two weigh the same, both.

use super::facts::Facts;
use super::{Decision, HINT, STRONG, Scores, posts};
use crate::grammar::Intent;
use crate::grammar::lexicon::Kind;

pub fn choose(f: &Facts, mut s: Scores) -> Decision {
    if s.get(Intent::Search) >= STRONG
        && f.where_
        && s.get(Intent::Sell).max(s.get(Intent::Buy)) <= s.get(Intent::Search)
    {
        s.add(Intent::Search, 2);
    }
    let mut scores = s.0;
    // The earlier said first among equals.
    scores.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let mut unsure = Vec::new();
    let intent = match scores.first().copied() {
        // A mere hint with nothing to go with it says nothing: 明天开会.
        Some((_, n)) if n == HINT && !f.item && !f.sum && !f.people && !f.amount && !f.work => Intent::Unknown,
        // 账户支出100元: a hint of trade without goods.
        Some((Intent::Sell | Intent::Buy, n)) if n < STRONG - 2 && !f.item && !f.amount => Intent::Unknown,
        Some((best, n)) if n >= HINT => {
            if let Some((second, m)) = scores.get(1).copied()
                && m == n
                && n <= STRONG
                && posts(best)
                && posts(second)
            {
                unsure = vec![best, second];
            }
            // 想麦十只鸡苗: what was typed may be either
            let other = if best == Intent::Sell { Intent::Buy } else { Intent::Sell };
            let near = scores.iter().any(|(i, m)| *i == other && n - *m <= 1);
            if f.ambiguous && matches!(best, Intent::Sell | Intent::Buy) && near {
                unsure = vec![best, other];
            }
            // 有拖拉机帮拉沙: the tractor is for sale, or its work.
            if best == Intent::Sell && n < STRONG && f.service && !f.sum {
                unsure = vec![Intent::Sell, Intent::Seek];
            }
            // 收谷子20亩: bought, or brought in.
            if best == Intent::Buy && f.field && f.item && n <= STRONG + 2 {
                unsure = vec![Intent::Buy, Intent::Hire];
            }
            // 多少钱一斤,我家有两千斤
            if best == Intent::Price && f.own && f.many && scores.iter().any(|(i, n)| *i == Intent::Sell && *n > HINT) {
                unsure = vec![Intent::Price, Intent::Sell];
            }
            best
        }
        _ => bare(f, scores.iter().any(|(i, _)| matches!(i, Intent::RideNeed | Intent::RideOffer)), &mut unsure),
    };
    Decision { intent, unsure, scores }
}

/// A text without a verb.
fn bare(f: &Facts, ride: bool, unsure: &mut Vec<Intent>) -> Intent {
    match f.kind {
        Some(Kind::Trade) if f.people || f.who => Intent::Hire,
        Some(Kind::Trade) => {
            *unsure = vec![Intent::Hire, Intent::Seek];
            Intent::Hire
        }
        Some(Kind::Thing | Kind::Person) => {
            *unsure = vec![Intent::Lost, Intent::Found];
            Intent::Lost
        }
        _ if f.item && (f.amount || f.sum || f.figure) => {
            *unsure = vec![Intent::Sell, Intent::Buy];
            Intent::Sell
        }
        _ if f.route || ride => {
            *unsure = vec![Intent::RideNeed, Intent::RideOffer];
            Intent::RideNeed
        }
        Some(_) => {
            *unsure = vec![Intent::Search, Intent::Sell, Intent::Buy];
            Intent::Search
        }
        None if f.only_place => Intent::Register,
        None => Intent::Unknown,
    }
}
