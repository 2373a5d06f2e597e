//! Who is counted: those who come or are wanted, not those who are paid each, looked after or spoken of.

use super::whole::by_people;
use crate::command::Scene;
use crate::command::phrase::{Phrase, What};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::market::Exact;

/// Whether the people at `i` are none that come: 一人三千五 beside another count, 带过二十几个娃, 爷爷一个人住.
pub(super) fn uncounted(scene: &Scene<'_, '_>, intent: Intent, i: usize) -> bool {
    let ps = &scene.phrases;
    let What::People(n) = ps[i].what else { return false };
    let others = || {
        ps.iter()
            .enumerate()
            .any(|(j, q)| j != i && matches!(q.what, What::People(_) | What::Amount(_)) || q.has(Sign::Pair))
    };
    let done = i > 0 && !ps[i].spaced && ps[i - 1].text(scene.text).ends_with('过');
    n == 1 && by_people(intent) && paid_each(ps, i) && others()
        || intent == Intent::Seek && done
        || n == 1 && intent == Intent::AidNeed
}

/// 一人三千五, 一个人两百一天: what each gets stands right behind.
fn paid_each(ps: &[Phrase<'_>], i: usize) -> bool {
    ps.get(i + 1).is_some_and(|q| match q.what {
        What::Sum(_) => !q.spaced,
        What::Number { n, .. } => !q.spaced && n.lo >= Exact::from_integer(10),
        _ => false,
    })
}

/// 屋里两个娃读书, 带两个小孩: who is counted before the name of somebody does no work.
pub(super) fn of_family(scene: &Scene<'_, '_>, i: usize) -> bool {
    // 请个阿婆带娃 hires her
    let hired = i > 0
        && scene.phrases[i - 1]
            .word()
            .is_some_and(|w| w.is_verb(Intent::Hire, Force::Hint) || w.is_verb(Intent::Hire, Force::Strong));
    let next = scene.phrases.get(i + 1).filter(|q| !q.spaced && !hired);
    next.is_some_and(|q| q.kind(scene.grammar) == Some(Kind::Person))
}

/// 老汉六十二, 男58: how old one is, right behind the word for oneself.
pub(super) fn age(scene: &Scene<'_, '_>, i: usize) -> bool {
    let ps = &scene.phrases;
    let What::Number { n, .. } = ps[i].what else { return false };
    let whose = |p: &Phrase<'_>| {
        p.has(Sign::Kin)
            || p.has(Sign::Male)
            || p.has(Sign::Female)
            || p.has(Sign::Own)
            || p.kind(scene.grammar) == Some(Kind::Person)
    };
    n.hi.is_none() && n.lo < Exact::from_integer(90) && i > 0 && !ps[i - 1].is_separator() && whose(&ps[i - 1])
}

/// Whether an amount in a text of something lost or found counts something else: what is inside of it, a part of a beast, somebody.
pub(super) fn of_another(scene: &Scene<'_, '_>, item: Option<usize>, i: usize) -> bool {
    let ps = &scene.phrases;
    let Some(item) = item else { return false };
    if ps[item].kind(scene.grammar) == Some(Kind::Person) {
        return true;
    }
    let before = i.checked_sub(1).map(|j| &ps[j]).filter(|_| !ps[i].spaced);
    // 角断一只, 缺一块
    let marked = &scene.grammar.lexicon.compounds.marked;
    let part = before.is_some_and(|p| {
        let said = p.text(scene.text);
        i > item
            && !p.has(Sign::Have)
            && p.item().is_none()
            && marked.iter().any(|m| said.ends_with(m.as_str()))
            && (said.chars().count() > 1 || matches!(p.what, What::Unread))
    });
    // 背篓,里面有两斤茶油
    let inside = |p: &Phrase<'_>| {
        scene.grammar.lexicon.compounds.within.iter().any(|w| p.text(scene.text).ends_with(w.as_str()))
    };
    let within = i > item && ps[item + 1..i].windows(2).any(|w| inside(&w[0]) && w[1].has(Sign::Have));
    let unit_of = matches!(ps[i].what, What::Amount(_)) && i > item && ps[i].clause != ps[item].clause;
    let next = ps.get(i + 1).filter(|q| !q.spaced).and_then(Phrase::item);
    part || within || unit_of && next.is_some_and(|x| Some(x) != ps[item].item())
}
