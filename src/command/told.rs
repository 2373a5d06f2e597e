//! What a text of goods names besides them: of what kind they are, where they grow, what they were made of.

use super::Scene;
use super::phrase::{Phrase, What};
use super::things::{LETTING, SIGHT, names_item, root};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sign};

/// 腊肉熏得香,去年的猪,40一斤 · 脐橙快熟了,果园在八开,3元起: what is named in a stretch of its own that has no figure, but says
/// where, when or what else, is told of the goods and is none; nor is the land on which they grow, where they have their price.
pub(super) fn told_of(scene: &Scene<'_, '_>, mut named: Vec<usize>) -> Vec<usize> {
    let ps = &scene.phrases;
    let stretch = |i: usize| {
        let from = (0..=i).rev().take(SIGHT).find(|k| ps[*k].spaced || *k > 0 && ps[*k - 1].is_separator());
        let to = (i + 1..ps.len()).take(SIGHT).find(|k| ps[*k].spaced || ps[*k].is_separator()).unwrap_or(ps.len());
        from.unwrap_or(i.saturating_sub(SIGHT))..to
    };
    let figures = |p: &Phrase<'_>| {
        matches!(p.what, What::Amount(_) | What::Sum(_) | What::Each) || matches!(p.what, What::Number { .. })
    };
    let deals = |p: &Phrase<'_>| {
        let verb = |i| p.word().is_some_and(|w| w.is_verb(i, Force::Strong) || w.is_verb(i, Force::Hint));
        matches!(p.what, What::Word(_)) && (verb(Intent::Sell) || verb(Intent::Buy) || p.has(Sign::Who))
    };
    let machine = named.first().is_some_and(|i| ps[*i].kind(scene.grammar) == Some(Kind::Vehicle));
    let told = |i: usize| {
        let around = stretch(i);
        // 五菱宏光…轮胎四条都是新换的: parts of a machine are counted, not priced
        let part = machine
            && ps[around.clone()].iter().any(|p| p.text(scene.text).contains(['是', '换']))
            && !ps[around.clone()].iter().any(|p| matches!(p.what, What::Sum(_)));
        if part {
            return true;
        }
        if ps[around.clone()].iter().any(|p| figures(p) || deals(p))
            || ps[around.clone()].iter().filter(|p| names_item(p)).count() > 1
        {
            return false;
        }
        let led = ps[around.start..i].iter().any(|p| {
            let time =
                matches!(p.what, What::Unread | What::Word(_)) && p.text(scene.text).ends_with(['年', '月', '冬']);
            time || matches!(p.what, What::Day(_))
                || p.has(Sign::This)
                || ["像", "是", "就是"].contains(&p.text(scene.text))
        });
        let next = ps.get(i + 1).filter(|_| i + 1 < around.end);
        let goes_on =
            next.is_some_and(|p| matches!(p.what, What::Unread | What::Span) || p.has(Sign::In) && !p.has(Sign::Have));
        led || goes_on
    };
    // 李子树苗 100棵 蜂糖李: of which kind the plants are
    let kind_of = |i: usize, j: usize| {
        let items = &scene.grammar.items;
        let name = |k: usize| ps[k].item().and_then(|x| items.at(x)).map(|x| x.name.as_str());
        let (Some(plant), Some(kind)) = (name(i), name(j)) else { return false };
        let above = items.path(kind);
        plant.ends_with('苗')
            && !kind.ends_with('苗')
            && above.iter().any(|a| {
                (a.chars().count() > 1 || kind.ends_with(a.as_str()))
                    && (plant.starts_with(a.as_str()) || ps[i].text(scene.text).starts_with(a.as_str()))
            })
    };
    let first = named[0];
    let amounts = |j: usize| ps[stretch(j)].iter().any(|p| matches!(p.what, What::Amount(_)));
    named.retain(|j| {
        *j == first || !kind_of(first, *j) || amounts(*j) && amounts(first) && stretch(*j) != stretch(first)
    });
    let counted = ps.iter().any(figures);
    if named.len() > 1 && counted {
        let first = named[0];
        named.retain(|i| *i == first || !told(*i));
    }
    let land = |i: usize| root(scene, i).as_deref() == Some(LETTING) && !ps[stretch(i)].iter().any(figures);
    if named.len() > 1
        && land(named[0])
        && !ps.iter().any(|p| p.has(Sign::Rent))
        && named[1..].iter().all(|i| !land(*i))
    {
        named.remove(0);
    }
    named
}
