//! What an order that many fill says besides: the least that must come together, until when one can pledge, the day and the place
//! it is fetched; of work taken home, in how many days it comes back.
//!
//! ```text
//! 订单 黑豆 5000斤 4.5元 至少3000斤 11月28日截止 12月5日村口过秤
//! ```
//! The words are those of `[terms.order]` in `grammar/terms.toml`; the slots of the reading are mended where they took another's.

use super::phrase::What;
use super::slots::quantity;
use super::{Reading, Scene, date, number, scan, terms};
use crate::grammar::Intent;
use crate::market::{PlaceCode, Quantity, When};

/// Characters of where it is fetched that are kept.
const PICKUP: usize = 10;
/// Days within which piece-work comes back, at most.
const DAYS: u32 = 365;

/// The terms of an order, as far as they were said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bulk {
    /// Less than this in all, and it is not carried out.
    pub least: Option<Quantity>,
    /// Last day to pledge, by its number in Beijing time.
    pub deadline: Option<i32>,
    pub pickup: Option<String>,
    /// Days in which it is brought back.
    pub days: Option<u32>,
    /// The number of the household that a weigh slip is of.
    pub household: Option<u32>,
}

/// Reads them, for a text that opens such a post or changes it.
pub(super) fn heed(scene: &Scene<'_, '_>, r: &mut Reading) {
    let words = &scene.grammar.terms.terms.order;
    let begins = |text: &str, list: &[String]| list.iter().any(|w| text.starts_with(w.as_str()));
    let ends = |text: &str, list: &[String]| list.iter().any(|w| text.ends_with(w.as_str()));
    let mut bulk = Bulk { days: days(scene), ..Bulk::default() };
    let mut day: Option<When> = None;
    for p in &scene.phrases {
        let What::Day(d) = p.what else { continue };
        let Some(n) = date::settle(d, scene.now, scene.market_days, false) else { continue };
        let (before, behind) = (&scene.text[..p.start as usize], &scene.text[p.end as usize..]);
        // 11月28日截止 12月5日过秤: the word is of the day before it
        let leads = bulk.deadline.is_none() && ends(before.trim_end(), &words.deadline_before);
        if begins(behind.trim_start(), &words.deadline_after) || leads {
            bulk.deadline = bulk.deadline.or(Some(n));
        } else if day.is_none() {
            let part = r.when.as_ref().filter(|w| w.day == n).and_then(|w| w.part.clone());
            day = Some(When { day: n, part });
        }
    }
    if matches!(r.intent, Intent::Order | Intent::Edit) {
        if day.is_some() || bulk.deadline.is_some() {
            r.when = day;
        }
        bulk.pickup = pickup(scene);
        least(scene, r, &mut bulk);
    }
    r.bulk = bulk;
}

/// 至少3000斤, 800斤起: what all bring together, unless it is said of each. An amount that was taken for the whole gives way to
/// the one beside it.
fn least(scene: &Scene<'_, '_>, r: &mut Reading, bulk: &mut Bulk) {
    let words = &scene.grammar.terms.terms.order;
    let Some(least) = r.terms.least.take().or_else(|| terms::least(scene)) else { return };
    let amounts = || {
        scene
            .phrases
            .iter()
            .filter_map(|p| if let What::Amount(a) = p.what { Some((p, quantity(scene, &a))) } else { None })
    };
    let own = amounts().find(|(_, q)| q.amount == least.amount && q.unit == least.unit);
    if own.is_some_and(|(p, _)| {
        let before = &scene.text[..p.end as usize];
        words.each.iter().any(|w| before.rfind(w.as_str()).is_some_and(|at| !before[at..].contains([' ', ','])))
    }) {
        r.terms.least = Some(least);
        return;
    }
    let plain = Quantity { max: None, approx: false, ..least };
    let taken = r.quantity.as_ref().is_none_or(|q| q.amount == plain.amount && q.unit == plain.unit);
    if taken {
        let other = amounts().map(|(_, q)| q).find(|q| q.amount != plain.amount);
        r.quantity = other.or(r.quantity.take());
    }
    if r.quantity.as_ref().is_some_and(|q| q.amount != plain.amount || q.unit != plain.unit) {
        bulk.least = Some(plain);
    }
}

/// 周三村口过秤: where and how it is fetched, without the day.
fn pickup(scene: &Scene<'_, '_>) -> Option<String> {
    let words = &scene.grammar.terms.terms.order;
    let text = scene.text;
    let clause = terms::clauses(text).into_iter().find(|c| words.pickup.iter().any(|w| c.contains(w.as_str())))?;
    let start = clause.as_ptr() as usize - text.as_ptr() as usize;
    let end = start + clause.len();
    let mut kept = String::new();
    for p in scene.phrases.iter().filter(|p| p.start as usize >= start && p.end as usize <= end) {
        let said = p.text(text);
        let thing = p.item().is_some() && !words.pickup.iter().any(|w| said.contains(w.as_str()));
        let skipped = matches!(p.what, What::Day(_) | What::Amount(_) | What::Sum(_)) || thing;
        if !skipped && !words.pickup_not.iter().any(|w| w == said) {
            kept.push_str(said);
        }
    }
    let kept: String = kept.trim().chars().take(PICKUP).collect();
    (!kept.is_empty()).then_some(kept)
}

/// 10天交, 十五天内交.
fn days(scene: &Scene<'_, '_>) -> Option<u32> {
    let words = &scene.grammar.terms.terms.order;
    let spans = scene.phrases.iter().filter(|p| matches!(p.what, What::Span));
    let back = |p: &&super::phrase::Phrase<'_>| {
        let behind = scene.text[p.end as usize..].trim_start();
        p.text(scene.text).ends_with('天') && words.back_after.iter().any(|w| behind.starts_with(w.as_str()))
    };
    let span = spans.clone().find(back)?.text(scene.text);
    let tokens = scan::scan(scene.grammar, PlaceCode::COUNTRY, span);
    let (_, n) = number::number(&tokens).ok()?;
    u32::try_from(n.lo.to_integer()).ok().filter(|n| (1..=DAYS).contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::command::read;
    use crate::grammar::Grammar;
    use crate::market::Exact;

    /// Saturday 2026-11-21, 9:00 in Beijing.
    const NOW: Timestamp = Timestamp(1_795_222_800_000);
    const TODAY: i32 = 20_778;

    fn n(n: i64) -> Exact {
        Exact::from_integer(n)
    }

    fn bulk(text: &str) -> Reading {
        let g = Grammar::built_in().expect("the built-in grammar loads");
        read(&g, PlaceCode(522_632), NOW, text).posted()
    }

    #[test]
    fn an_order_says_its_least_its_days_and_where_it_is_fetched() {
        let r = bulk("订单 黑豆 5000斤 4.5元 至少3000斤 11月28日截止 12月5日村口过秤");
        assert_eq!(r.quantity.as_ref().map(|q| q.amount), Some(n(5000)));
        assert_eq!(r.bulk.least.as_ref().map(|q| q.amount), Some(n(3000)));
        assert_eq!(r.bulk.deadline, Some(TODAY + 7));
        assert_eq!(r.when.as_ref().map(|w| w.day), Some(TODAY + 14));
        assert_eq!(r.bulk.pickup.as_deref(), Some("村口过秤"));
        assert_eq!(r.terms.least, None, "a small seller is not shut out");
    }

    #[test]
    fn the_least_is_not_the_n() {
        let r = bulk("收板蓝根1000斤3.2元 可拼单 800斤起");
        assert_eq!(r.quantity.as_ref().map(|q| q.amount), Some(n(1000)));
        assert_eq!(r.bulk.least.as_ref().map(|q| q.amount), Some(n(800)));
        let each = bulk("订单 黑豆 5000斤 4.5元 每户最少100斤");
        assert_eq!(each.bulk.least, None);
        assert_eq!(each.terms.least.as_ref().map(|q| q.amount), Some(n(100)), "{each:?}");
    }

    #[test]
    fn work_taken_home_says_when_it_comes_back() {
        assert_eq!(bulk("来料加工 竹篮 120个 每个2.5元 10天交").bulk.days, Some(10));
        assert_eq!(bulk("来料加工 竹篮 120个 每个2.5元 十五天内交").bulk.days, Some(15));
        assert_eq!(bulk("来料加工 竹篮 120个 每个2.5元").bulk.days, None);
    }
}
