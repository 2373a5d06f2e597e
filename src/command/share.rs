//! Which amount and price belong to which of the things named.

use super::Scene;
use super::number::Bound;
use super::phrase::{Phrase, What, light};
use super::things::{names_item, same_thing};
use crate::grammar::lexicon::{Force, Sign};
use crate::market::Exact;

/// More items in one text are left in the remark.
pub(super) const MOST_ITEMS: usize = 9;

/// What a text says of one item.
#[derive(Default)]
pub(super) struct Share {
    pub item: Option<usize>,
    pub amounts: Vec<usize>,
    pub sums: Vec<usize>,
    /// Numbers of people: 木工3人.
    pub hands: Vec<usize>,
}

/// Gives each amount and price to its item: to the one before it, or, where amounts come first, the one after.
pub(super) fn share(scene: &Scene<'_, '_>, named: &[usize]) -> Vec<Share> {
    let ps = &scene.phrases;
    let mut shares: Vec<Share> = named.iter().map(|i| Share { item: Some(*i), ..Share::default() }).collect();
    if shares.is_empty() {
        shares.push(Share::default());
    }
    // 200斤板蓝根: the amount leads when nothing but filling stands between it and the first item.
    let leads = named.first().is_some_and(|first| {
        ps[..*first]
            .iter()
            .rposition(|p| matches!(p.what, What::Amount(_)))
            .is_some_and(|a| ps[a + 1..*first].iter().all(|p| !p.is_separator() && (light(p) || p.has(Sign::Modifier))))
    });
    // 蜂蜜20斤,土蜂蜜50一斤: what is said of the wider word is said of the thing.
    let anchors: Vec<(usize, usize)> = (0..ps.len())
        .filter(|i| names_item(&ps[*i]) || named.contains(i))
        .take(64)
        .filter_map(|i| {
            let own = named.iter().position(|n| *n == i);
            own.or_else(|| named.iter().position(|n| same_thing(scene, i, *n))).map(|k| (i, k))
        })
        .collect();
    for (i, p) in ps.iter().enumerate() {
        let before = anchors.iter().rev().find(|(n, _)| *n < i).map(|(_, k)| *k);
        let after = named.iter().position(|n| *n > i);
        // 五个仔猪要卖,…仔猪四百一头: the next mention of a thing, though more is said of it at another.
        let next = anchors.iter().find(|(n, _)| *n > i).copied();
        match p.what {
            What::Amount(_) => {
                let touches_next = next.is_some_and(|(at, _)| {
                    ps[i + 1..at].iter().all(|q| !q.is_separator() && (light(q) || q.has(Sign::Modifier)))
                });
                let after = next.map(|(_, k)| k).filter(|_| touches_next).or(after);
                // 黄豆 绿豆 各50斤
                let all = i > 0 && ps[i - 1].has(Sign::Each) && after.is_none() && before.is_some_and(|b| b > 0);
                if all && shares.iter().all(|s| s.amounts.is_empty()) {
                    shares.iter_mut().for_each(|s| s.amounts.push(i));
                    continue;
                }
                let to = if leads && touches_next { after.or(before) } else { before.or(after) };
                shares[to.unwrap_or(0)].amounts.push(i);
            }
            What::Sum(_) if formerly(ps, i) => {}
            What::Sum(_) => shares[before.or(after).unwrap_or(0)].sums.push(i),
            What::People(_) => {
                let tight = after.is_some_and(|a| {
                    ps[i + 1..named[a]].iter().all(|q| !q.is_separator() && (light(q) || q.has(Sign::Modifier)))
                });
                shares[if tight { after } else { before }.or(after).or(before).unwrap_or(0)].hands.push(i);
            }
            _ => {}
        }
    }
    alike(ps, &mut shares);
    shares
}

/// 买成3800, 原价500, 买的时候一千: what was paid once is not what is asked.
pub(super) fn formerly(ps: &[Phrase<'_>], i: usize) -> bool {
    let before = ps[..i].iter().rev().take(3).take_while(|q| !q.is_separator());
    before.take_while(|q| !matches!(q.what, What::Sum(_) | What::Number { .. })).any(|q| q.has(Sign::Formerly))
}

/// 白菜三百斤萝卜五百斤,都是四毛: a sum behind such a word is for each, where no other has one.
fn alike(ps: &[Phrase<'_>], shares: &mut [Share]) {
    let told: Vec<usize> = (0..shares.len()).filter(|k| !shares[*k].sums.is_empty()).collect();
    let [k] = told[..] else { return };
    let sums = shares[k].sums.clone();
    let [i] = sums[..] else { return };
    let said = ps[..i].iter().rev().take(2).take_while(|q| !q.is_separator()).any(|q| q.has(Sign::Alike));
    if said && shares.len() > 1 {
        shares.iter_mut().for_each(|s| s.sums.clone_from(&sums));
    }
}

/// Dimensions that addresses are counted in too.
pub(super) const HOUSES: [&str; 2] = ["栋", "层"];

/// Amounts of one thing that are held against each other, and words looked back upon; so that the cost stays linear.
const MOST_AMOUNTS: usize = 24;

/// 想卖八只: an amount right behind the verb is the one that is dealt in, though there be more.
fn asked_for(scene: &Scene<'_, '_>, i: usize) -> bool {
    let before = scene.phrases[..i].iter().rev().take(MOST_AMOUNTS).find(|p| !light(p));
    before.is_some_and(|p| matches!(p.what, What::Word(w) if w.verbs(Force::Strong).next().is_some()))
}

/// The amount of the goods, not of each: a total, else the one in the item's own unit, else a count, else the first.
pub(super) fn choose_amount(scene: &Scene<'_, '_>, s: &Share) -> Option<usize> {
    let at = |i: usize| if let What::Amount(a) = scene.phrases[i].what { Some(a) } else { None };
    let units = &scene.grammar.units;
    let usual = s.item.and_then(|i| scene.phrases[i].item()).and_then(|x| {
        // The item's own unit, or that of the nearest category which has one.
        let items = &scene.grammar.items;
        items.path(&items.at(x)?.name).iter().find_map(|n| items.get(n).and_then(|i| i.unit.clone()))
    });
    let usual = usual.as_deref().and_then(|u| units.get(u)).map(|u| u.dimension.as_str());
    // 直径20公分, 两米长, 500斤以上的牛: a measure of each.
    let count = usual == Some("count");
    let measure = |i: usize| {
        let small = at(i).and_then(|a| units.at(a.unit)).is_some_and(|u| {
            u.dimension == "length" && usual != Some("length") && u.size.is_some_and(|(n, d)| n < d || n >= 1000 * d)
        });
        let weighs = count
            && at(i).is_some_and(|a| {
                (a.bound != Bound::None || a.hi.is_some() && a.lo < Exact::from_integer(2000))
                    && units.at(a.unit).is_some_and(|u| u.dimension == "weight")
            });
        let next = scene.phrases.get(i + 1).filter(|q| !q.spaced);
        let sized = |q: &Phrase<'_>| {
            q.has(Sign::Measure) || q.text(scene.text).starts_with(['长', '宽', '高', '厚', '粗', '深', '大'])
        };
        let length = at(i).and_then(|a| units.at(a.unit)).is_some_and(|u| u.dimension == "length");
        // 3栋2单元: where somebody lives
        let address = usual.is_some_and(|u| !HOUSES.contains(&u))
            && at(i).and_then(|a| units.at(a.unit)).is_some_and(|u| HOUSES.contains(&u.dimension.as_str()));
        // 冰箱 200升: what it holds
        let holds = count && at(i).and_then(|a| units.at(a.unit)).is_some_and(|u| u.dimension == "volume");
        // 洗衣机 7公斤的: what it is like
        let like = count
            && next.is_some_and(|q| q.text(scene.text) == "的")
            && at(i).and_then(|a| units.at(a.unit)).is_some_and(|u| u.dimension != "count" && u.size.is_some())
            && scene.phrases.get(i + 2).is_none_or(|q| q.spaced || q.is_separator());
        small
            || like
            || holds
            || weighs
            || address
            || length && next.is_some_and(sized)
            || i > 0 && scene.phrases[i - 1].has(Sign::Measure)
    };
    // 10袋,一袋100斤: what one holds.
    let holds = |i: usize| {
        let one = i.checked_sub(1).and_then(&at).filter(|a| a.bare_one && !scene.phrases[i].spaced);
        one.is_some_and(|one| {
            s.amounts.iter().take(MOST_AMOUNTS).any(|j| at(*j).is_some_and(|b| b.unit == one.unit && !b.bare_one))
        })
    };
    // 一个10来斤, … 有50个: what one weighs
    let of_one = |i: usize| {
        at(i).is_some_and(|a| {
            a.bare_one
                && s.amounts.iter().take(MOST_AMOUNTS).any(|j| at(*j).is_some_and(|b| b.unit == a.unit && !b.bare_one))
        })
    };
    let rank = |i: &usize| {
        let Some(a) = at(*i) else { return 9 };
        let dimension = units.at(a.unit).map(|u| u.dimension.as_str());
        match () {
            () if a.total => 0,
            () if asked_for(scene, *i)
                && s.amounts.iter().take(MOST_AMOUNTS).any(|j| at(*j).is_some_and(|b| j != i && b.unit == a.unit)) =>
            {
                0
            }
            () if usual.is_some() && dimension == usual => 1,
            () if dimension == Some("count") => 2,
            () => 3,
        }
    };
    s.amounts.iter().copied().filter(|i| !measure(*i) && !holds(*i) && !of_one(*i)).min_by_key(rank)
}
