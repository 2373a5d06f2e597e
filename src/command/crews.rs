//! Of several trades in one text, those that are posts of their own: 木工3人,小工5人. A trade that only says what the hands are for, or
//! runs on from the one before it, is none: 修路要8个小工, 来两个漆匠 刷墙, 看仓库守夜.

use super::Scene;
use super::phrase::{Phrase, What};
use crate::grammar::Intent;
use crate::grammar::lexicon::Sign;

/// How far beside a trade its hands are counted.
const BESIDE: usize = 2;

fn heads(scene: &Scene<'_, '_>, p: &Phrase<'_>) -> bool {
    match p.what {
        What::People(_) => true,
        What::Amount(a) => {
            scene.grammar.units.at(a.unit).is_some_and(|u| scene.grammar.lexicon.heads.contains(&u.name))
        }
        _ => false,
    }
}

/// Whether the hands of the trade at `i` are counted right beside it.
fn counted(scene: &Scene<'_, '_>, i: usize) -> bool {
    let ps = &scene.phrases;
    let before = i > 0 && !ps[i].spaced && heads(scene, &ps[i - 1]);
    let mut behind = ps[i + 1..].iter().take(BESIDE).skip_while(|q| q.has(Sign::Particle));
    before || behind.next().is_some_and(|q| heads(scene, q))
}

/// 木工和瓦工: both are named alike.
fn listed(scene: &Scene<'_, '_>, before: usize, i: usize) -> bool {
    scene.phrases[before + 1..i].iter().any(|q| q.has(Sign::Join) || q.text(scene.text) == "、")
}

/// Whether a name is that of somebody: 漆匠, 小工.
fn somebody(scene: &Scene<'_, '_>, i: usize) -> bool {
    let said = scene.phrases[i].text(scene.text);
    scene.grammar.lexicon.doers.iter().any(|d| said.ends_with(d.as_str()))
}

/// The trades that are posts of their own.
pub(super) fn posts(scene: &Scene<'_, '_>, intent: Intent, named: Vec<usize>) -> Vec<usize> {
    if named.len() < 2 {
        return named;
    }
    let ps = &scene.phrases;
    let sums = ps.iter().filter(|p| matches!(p.what, What::Sum(_))).count();
    let hands = |i: usize| ps[i].word().is_some_and(|w| w.has(Sign::Hands));
    if intent == Intent::Hire {
        if sums > 1 || named.iter().filter(|i| counted(scene, **i)).count() > 1 {
            return named;
        }
        let each = ps.iter().any(|p| matches!(p.what, What::Each) || p.has(Sign::Each));
        let apart = |k: usize| {
            k > 0 && listed(scene, named[k - 1], named[k])
                || k + 1 < named.len() && listed(scene, named[k], named[k + 1])
        };
        // 修路要8个小工: hands for the work that is named
        let work = named.iter().any(|i| !hands(*i));
        let one = |k: usize| work && hands(named[k]) && !apart(k) && !each;
        let rest: Vec<usize> = (0..named.len()).filter(|k| !one(*k)).map(|k| named[k]).collect();
        // 来两个漆匠 刷墙: whom one wants is counted, and what he does stands beside
        let who = rest.iter().copied().find(|i| counted(scene, *i) && somebody(scene, *i));
        let does = |i: &usize| who.is_some_and(|w| w != *i) && !somebody(scene, *i);
        let alike = rest.windows(2).any(|w| listed(scene, w[0], w[1]));
        return if alike || each { rest } else { rest.into_iter().filter(|i| !does(i)).collect() };
    }
    // 想学理发当学徒
    let learner = |i: usize| ps[i].text(scene.text).starts_with("学徒") || ps[i].text(scene.text) == "徒弟";
    // 喂牛看菜园都行: each of them he can
    let all = ps.iter().any(|p| p.has(Sign::Alike) || p.has(Sign::Settles)) || scene.text.contains(['都', '也']);
    let runs_on = |k: usize| k > 0 && named[k] == named[k - 1] + 1 && !ps[named[k]].spaced && !all;
    let keep = |k: usize| !(runs_on(k) || learner(named[k]) && named.iter().any(|i| !learner(*i)));
    let kept: Vec<usize> = (0..named.len()).filter(|k| keep(*k)).map(|k| named[k]).collect();
    if kept.is_empty() { named } else { kept }
}
