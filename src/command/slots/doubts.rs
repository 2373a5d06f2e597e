//! What a reading of goods does not explain, so that it is better asked back than posted: a figure that nothing took, a
//! story in which it is not clear which of its things is for sale.

use super::{Phrase, Reading, Scene, Share, What};
use crate::command::normalize;
use crate::command::phrase::light;
use crate::command::share::formerly;
use crate::market::Exact;

/// From so many characters on a text may tell a story, in which things are named that are not for sale.
const STORY: usize = 36;

/// Whether a figure that nothing took stands where an amount or a price is missing: better asked back than lost. What counts
/// something unread (三岁, 13年的, 第2批) is told of the goods.
pub fn number_left(scene: &Scene<'_, '_>, readings: &[Reading], used: &[bool]) -> bool {
    let ps = &scene.phrases;
    if readings.iter().all(|r| r.price.is_some() && r.quantity.is_some()) {
        return false;
    }
    let alone = |i: usize| {
        let tight = |k: usize| ps.get(k).filter(|q| !q.spaced && !q.is_separator());
        let before = i.checked_sub(1).map(|k| &ps[k]).filter(|_| !ps[i].spaced);
        // 鸭50鹅160: each with its own figure
        let listed = |q: &Phrase<'_>| q.item().is_some() && before.is_some_and(|b| b.item().is_some());
        tight(i + 1).is_none_or(|q| light(q) && q.text(scene.text) != "的" || listed(q))
            && before
                .is_none_or(|q| q.item().is_some() || q.is_separator() || light(q) || matches!(q.what, What::Amount(_)))
    };
    let figure = |i: usize| matches!(ps[i].what, What::Number { n, .. } if n.lo >= Exact::from_integer(2));
    (0..ps.len()).any(|i| !used[i] && figure(i) && alone(i) && !formerly(ps, i))
}

/// Whether goods may be mixed up with what is only told of: a word of one character that nobody knows for goods, and in a
/// story a second price, things of which none is told whole, or an amount of something else than what was named.
pub fn mixed_up(scene: &Scene<'_, '_>, readings: &[Reading], shares: &[Share], used: &[bool]) -> bool {
    let letter = |r: &Reading| r.item.as_ref().is_some_and(|i| !i.known && i.name.chars().count() == 1);
    if readings.iter().any(letter) {
        return true;
    }
    let story = scene.text.chars().filter(|c| normalize::is_han(*c)).count() >= STORY;
    story
        && (price_left(scene, readings, used)
            || torn(readings)
            || scene.phrases.iter().enumerate().any(|(i, _)| of_another(scene, shares, i)))
}

/// 四千二百块,五毛一块: of two prices one is something else.
fn price_left(scene: &Scene<'_, '_>, readings: &[Reading], used: &[bool]) -> bool {
    let ps = &scene.phrases;
    let left = |i: usize| matches!(ps[i].what, What::Sum(_)) && !used[i] && !formerly(ps, i);
    readings.iter().any(|r| r.quantity.is_none()) && (0..ps.len()).any(left)
}

/// 马没活路,两匹骡子闲着,卖四千五一匹: of several things one has the amount and another the price, or nothing.
fn torn(readings: &[Reading]) -> bool {
    let told = |r: &Reading| (r.quantity.is_some(), r.price.is_some());
    let mut all = readings.iter().map(told);
    all.next().is_some_and(|first| all.any(|other| other != first))
}

/// 养竹鼠,…剩铁笼子80个: an amount right behind a word that nobody knows, where what is known stands in other clauses.
fn of_another(scene: &Scene<'_, '_>, shares: &[Share], i: usize) -> bool {
    let ps = &scene.phrases;
    let took = |s: &Share| s.amounts.contains(&i) && s.item.is_some_and(|n| ps[n].clause != ps[i].clause);
    if !matches!(ps[i].what, What::Amount(_)) || ps[i].spaced || !shares.iter().any(took) {
        return false;
    }
    let Some(before) = i.checked_sub(1) else { return false };
    let unread = |k: usize| matches!(ps[k].what, What::Unread) && ps[k].clause == ps[i].clause;
    let counted = ps[before].word().is_some_and(|w| w.unit().is_some()) && !ps[before].spaced;
    let long = ps[before].text(scene.text).chars().count() > 1;
    unread(before) && long || counted && before > 0 && unread(before - 1)
}
