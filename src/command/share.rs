//! Which of the things named a text is about, and which amount and price belong to which.

use super::number::Bound;
use super::phrase::{Phrase, What, light};
use super::{Scene, normalize};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::market::Exact;

/// More items in one text are left in the remark.
pub(super) const MOST_ITEMS: usize = 9;

/// The phrase that names what the text is about: the most special of what is named, the first among equals.
pub(super) fn best_item(scene: &Scene<'_, '_>) -> Option<usize> {
    items(scene).first().copied()
}

pub(super) fn names_item(p: &Phrase<'_>) -> bool {
    matches!(p.what, What::Item { .. } | What::Compound | What::Task { .. })
}

/// The phrases that name different things, in order; a category beside one of its kinds is no thing of its own.
pub(super) fn items(scene: &Scene<'_, '_>) -> Vec<usize> {
    let all: Vec<usize> = (0..scene.phrases.len()).filter(|i| names_item(&scene.phrases[*i])).collect();
    if all.len() < 2 {
        return all;
    }
    let items = &scene.grammar.items;
    let name = |i: usize| scene.phrases[i].item().and_then(|x| items.at(x)).map(|x| x.name.as_str());
    let mut out: Vec<usize> = Vec::with_capacity(all.len().min(MOST_ITEMS));
    for (k, i) in all.iter().copied().enumerate().take(64) {
        let Some(n) = name(i) else {
            out.push(i);
            continue;
        };
        let general = all.iter().enumerate().take(64).any(|(j, other)| {
            name(*other).is_some_and(|o| (o != n && items.path(o).iter().any(|p| p == n)) || (o == n && j < k))
        });
        if !general {
            out.push(i);
        }
    }
    out
}

/// What a text says of one item.
#[derive(Default)]
pub(super) struct Share {
    pub item: Option<usize>,
    pub amounts: Vec<usize>,
    pub sums: Vec<usize>,
    /// Numbers of people: 木工3人.
    pub hands: Vec<usize>,
}

/// What was lost or found: an animal, a thing one carries or a person before goods, a kind before a whole category.
pub(super) fn missing(scene: &Scene<'_, '_>) -> Option<usize> {
    // What is lost is named beside the verb: 摩托车被偷,车牌…; not whose it is or where: 在班车上, 是我小孩的.
    let ps = &scene.phrases;
    let verb = |p: &Phrase<'_>| {
        let says = |i| p.word().is_some_and(|w| w.is_verb(i, Force::Strong) || w.is_verb(i, Force::Hint));
        says(Intent::Lost) || says(Intent::Found)
    };
    let said: Vec<u16> = ps.iter().filter(|p| verb(p)).map(|p| p.clause).take(MOST_ITEMS).collect();
    // 摩托车被偷 车牌…: what stands apart behind a verb that has its thing before it.
    let named_before = ps.iter().position(&verb).filter(|v| ps[..*v].iter().any(names_item));
    let apart_from = named_before.and_then(|v| (v + 1..ps.len()).find(|i| ps[*i].spaced));
    let behind = |i: usize| apart_from.is_some_and(|from| from <= i);
    let aside = |i: usize| {
        let before = i.checked_sub(1).map(|j| &ps[j]);
        let owner = before.is_some_and(|p| p.has(Sign::Own))
            && ps.get(i + 1).is_some_and(|p| p.has(Sign::Particle))
            && ps.get(i + 2).is_none_or(|p| p.is_separator() || p.spaced);
        owner || before.is_some_and(|p| p.has(Sign::In) && !p.has(Sign::Have))
    };
    let rank = |i: &usize| {
        let far = u8::from(!said.contains(&ps[*i].clause) && !said.is_empty() || behind(*i));
        let Some(x) = ps[*i].item() else { return (aside(*i), 0, far, 1) };
        let loose = match scene.grammar.lexicon.kind(x) {
            Kind::Animal | Kind::Thing | Kind::Person => 0,
            Kind::Goods | Kind::Vehicle => 1,
            Kind::Trade => 2,
        };
        (aside(*i), u8::from(scene.grammar.items.at(x).is_some_and(|x| x.category.is_none())), far, loose)
    };
    // 寻牛:黑色母水牛 is a buffalo.
    let apart = items(scene);
    let special = |i: &usize| {
        let Some(x) = scene.phrases[*i].item() else { return true };
        scene.grammar.lexicon.kind(x) != Kind::Animal || apart.contains(i)
    };
    (0..scene.phrases.len()).filter(|i| names_item(&scene.phrases[*i]) && special(i)).min_by_key(rank)
}

/// The category above all others of what a phrase names.
fn root(scene: &Scene<'_, '_>, i: usize) -> Option<String> {
    let item = scene.phrases[i].item().and_then(|x| scene.grammar.items.at(x))?;
    scene.grammar.items.path(&item.name).pop()
}

/// Items said side by side (板蓝根和天麻) or each with an amount or a price; others are only mentioned.
pub(super) fn joined(scene: &Scene<'_, '_>, named: Vec<usize>) -> Vec<usize> {
    let ps = &scene.phrases;
    // 水稻收割机: of two kinds of things in one word the last is meant.
    let head = |i: usize| {
        let tight = named.contains(&(i + 1)) && !ps[i + 1].spaced;
        !(tight && ps[i].item().is_some() && ps[i + 1].item().is_some() && root(scene, i) != root(scene, i + 1))
    };
    let named: Vec<usize> = named.iter().copied().filter(|i| head(*i)).collect();
    let mut out = vec![named[0]];
    for pair in named.windows(2) {
        let between = &ps[pair[0] + 1..pair[1]];
        let until = named.iter().find(|n| **n > pair[1]).copied().unwrap_or(ps.len());
        let counted = |qs: &[Phrase<'_>]| qs.iter().any(|q| matches!(q.what, What::Amount(_) | What::Sum(_)));
        let plain = between.iter().all(|q| {
            q.is_separator()
                || q.has(Sign::Join)
                || light(q)
                || q.has(Sign::Have)
                || matches!(q.what, What::Amount(_) | What::Sum(_) | What::Each)
                || matches!(q.what, What::Word(w) if w.verbs(Force::Strong).next().is_some() || w.has(Sign::Modifier))
        });
        // 废铜废铁: two of one kind.
        if (plain && (pair[1] != pair[0] + 1 || ps[pair[1]].spaced || root(scene, pair[0]) == root(scene, pair[1])))
            || (counted(&ps[pair[1] + 1..until]) && between.iter().any(Phrase::is_separator))
        {
            out.push(pair[1]);
        }
    }
    out
}

/// Of those who are hired, a trade right behind another only says what is done: 请保姆照顾老人, 找水电工装修.
pub(super) fn hired(scene: &Scene<'_, '_>, named: Vec<usize>) -> Vec<usize> {
    let ps = &scene.phrases;
    let apart = |i: usize, before: usize| {
        ps[i].spaced
            || ps[before + 1..i].iter().any(|q| {
                q.is_separator()
                    || q.has(Sign::Join)
                    || matches!(q.what, What::Amount(_) | What::People(_) | What::Sum(_))
            })
    };
    // 谁会开挖机?要挖两亩鱼塘: what is done with it, not another trade.
    let told = |i: usize, before: usize| {
        let verb = |p: &Phrase<'_>| matches!(p.what, What::Labour | What::Question);
        let counts = |qs: &[Phrase<'_>]| qs.iter().take(4).any(|q| matches!(q.what, What::People(_)));
        ps[before + 1..i].iter().any(verb) && !counts(&ps[i + 1..])
    };
    let apart = |i: usize, before: usize| apart(i, before) && !told(i, before);
    let keep: Vec<bool> = (0..named.len()).map(|k| k == 0 || apart(named[k], named[k - 1])).collect();
    named.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(i, _)| i).collect()
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
    for (i, p) in ps.iter().enumerate() {
        let before = named.iter().rposition(|n| *n < i);
        let after = named.iter().position(|n| *n > i);
        match p.what {
            What::Amount(_) => {
                let touches_next = after.is_some_and(|a| {
                    ps[i + 1..named[a]].iter().all(|q| !q.is_separator() && (light(q) || q.has(Sign::Modifier)))
                });
                // 黄豆 绿豆 各50斤
                let all = i > 0 && ps[i - 1].has(Sign::Each) && after.is_none() && before.is_some_and(|b| b > 0);
                if all && shares.iter().all(|s| s.amounts.is_empty()) {
                    shares.iter_mut().for_each(|s| s.amounts.push(i));
                    continue;
                }
                let to = if leads && touches_next { after.or(before) } else { before.or(after) };
                shares[to.unwrap_or(0)].amounts.push(i);
            }
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
    shares
}

/// The unread words that stand where an item would: behind the verb, by the amount. Of goods that are `counted` one
/// character may be a word.
pub(super) fn unread_item(scene: &Scene<'_, '_>, used: &[bool], work: bool, counted: bool) -> Option<usize> {
    let ps = &scene.phrases;
    let free = |i: usize| {
        matches!(ps[i].what, What::Unread) && !used[i] && ps[i].text(scene.text).chars().any(normalize::is_han)
    };
    let verb = |p: &Phrase<'_>| matches!(p.what, What::Word(w) if w.verbs(Force::Strong).next().is_some() || w.verbs(Force::Hint).next().is_some() && !work);
    let near = |i: usize| {
        let before = ps[..i].iter().rev().find(|p| !light(p) && !p.has(Sign::Modifier));
        let after = ps[i + 1..].iter().find(|p| !light(p));
        before.is_some_and(|p| verb(p) || matches!(p.what, What::Amount(_) | What::People(_)))
            || after.is_some_and(|p| verb(p) || matches!(p.what, What::Amount(_) | What::People(_)))
    };
    (0..ps.len()).find(|i| {
        free(*i)
            && near(*i)
            && (counted || ps[*i].text(scene.text).chars().count() > 1)
            && ps[*i].text(scene.text).chars().count() <= 8
    })
}

/// Dimensions that addresses are counted in too.
const HOUSES: [&str; 2] = ["栋", "层"];

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
        small
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
