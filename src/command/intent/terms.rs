//! What the terms of an offer say of who makes it: 两千以内 is a buyer's, 要八千 a seller's.

use super::facts::Facts;
use super::{HINT, SIGHT, STRONG, Scores};
use crate::command::number::Bound;
use crate::command::phrase::{Phrase, What};
use crate::command::price::Per;
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::grammar::{Grammar, Intent};

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
    if asked && behind && wants == 1 && !most && s.get(Intent::Buy) <= HINT + 1 && s.get(Intent::Hire) < STRONG {
        s.0.retain(|(i, _)| *i != Intent::Buy);
        s.at_least(Intent::Sell, HINT);
    }
}

/// 木耳,毛木耳不要,50斤: who names what he does not want buys the rest.
pub fn refused(f: &Facts, text: &str, phrases: &[Phrase<'_>], s: &mut Scores) {
    let goods = |p: &Phrase<'_>| p.item().is_some();
    let no = phrases
        .windows(2)
        .any(|w| goods(&w[0]) && !w[1].spaced && w[1].has(Sign::Not) && w[1].text(text).ends_with('要'));
    let several = phrases.iter().filter(|p| goods(p)).count() > 1;
    if no && several && f.kind == Some(Kind::Goods) && s.get(Intent::Sell) < HINT && s.get(Intent::Hire) < HINT {
        s.at_least(Intent::Buy, HINT + 1);
    }
}

/// 三百斤糯谷有吗: who names an amount and asks whether there is any buys it.
pub fn any_there(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let ends = |k: usize| phrases.get(k).is_none_or(|q| q.spaced || q.is_separator());
    let there = phrases.windows(2).position(|w| w[0].has(Sign::Have) && w[1].has(Sign::Ask) && !w[1].spaced);
    let there = there.filter(|k| ends(k + 2)).or_else(|| {
        phrases.iter().enumerate().position(|(k, p)| k > 0 && p.has(Sign::IsThere) && !p.spaced && ends(k + 1))
    });
    let Some(at) = there else { return };
    let before = phrases[..at].iter().rev().take(SIGHT);
    let named = before.clone().any(|p| p.item().is_some());
    let told = before.clone().any(|p| matches!(p.what, What::Amount(_)));
    let own = before.clone().any(|p| p.has(Sign::Own) || p.has(Sign::Who) || p.has(Sign::Have));
    let goods = matches!(f.kind, Some(Kind::Goods | Kind::Animal));
    if named && told && !own && goods && s.get(Intent::Sell) < STRONG && s.get(Intent::Hire) < HINT {
        s.at_least(Intent::Buy, HINT + 2);
    }
}

/// 钩藤一百二十斤十八块,…哪个老板开车路过: goods with their amount and their price right behind it are for sale, whoever is
/// called or drives by afterwards.
pub fn goods_told(f: &Facts, grammar: &Grammar, phrases: &[Phrase<'_>], s: &mut Scores) {
    let goods = |p: &Phrase<'_>| {
        p.item().is_some() && matches!(p.kind(grammar), Some(Kind::Goods | Kind::Animal | Kind::Vehicle))
    };
    let price = |p: &Phrase<'_>| matches!(p.what, What::Sum(x) if !x.is_pay() && matches!(x.per, Per::Nothing | Per::Unit(_) | Per::Whole));
    let (Some(item), Some(sum)) = (phrases.iter().position(goods), phrases.iter().position(price)) else { return };
    let amount = phrases[..sum].iter().any(|p| matches!(p.what, What::Amount(_)));
    let calls = |p: &Phrase<'_>| {
        let says = |i| p.word().is_some_and(|w| w.is_verb(i, Force::Strong) || w.is_verb(i, Force::Hint));
        says(Intent::Hire) && !says(Intent::Buy) || says(Intent::RideNeed) || says(Intent::RideOffer)
    };
    let hands =
        phrases.iter().any(|p| matches!(p.what, What::People(_) | What::Seats(_) | What::Task { .. } | What::Day(_)))
            || phrases.iter().any(|p| p.kind(grammar) == Some(Kind::Trade));
    let goes = phrases
        .windows(2)
        .any(|w| (w[0].has(Sign::Go) || w[0].has(Sign::Route)) && matches!(w[1].what, What::Place(_)) && !w[1].spaced);
    let first = phrases.iter().position(calls);
    let posts = [Intent::Hire, Intent::Seek, Intent::RideNeed, Intent::RideOffer];
    if item < sum
        && amount
        && first.is_none_or(|k| k > sum)
        && !hands
        && !goes
        && !f.route
        && !f.wage
        && posts.iter().any(|i| s.get(*i) > 0)
        && s.get(Intent::Lost).max(s.get(Intent::Found)).max(s.get(Intent::Buy)) < HINT + 1
    {
        s.0.retain(|(i, _)| !posts.contains(i));
        s.at_least(Intent::Sell, HINT);
    }
}
