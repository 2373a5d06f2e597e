//! What is said of oneself and the service in free words: `我登过哪样`, `把我的名字号码都删掉`, `这个咋个弄,我整不来`,
//! `上回退订了,又想收了`.

use crate::command::phrase::{Phrase, What, light};
use crate::command::{Reading, Scene, intent, slots};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Sign};

/// Longer texts tell a story.
const MOST: usize = 24;
/// One's own post, pointed at.
const THAT: [&str; 6] = ["那条", "那个", "那单", "这条", "那条信息", "那个信息"];

/// 价格改成3块, 刚才发错了,不是200斤是120斤: what was posted last is put right; no number says which post it is.
pub fn corrects(scene: &Scene<'_, '_>) -> Option<Reading> {
    let ps = &scene.phrases;
    let told = |p: &Phrase<'_>| {
        matches!(p.what, What::Amount(_) | What::Sum(_) | What::People(_) | What::Number { .. } | What::Day(_))
    };
    let changes = |p: &Phrase<'_>| p.word().is_some_and(|w| w.chars > 2 && w.is_verb(Intent::Edit, Force::Post));
    let at = ps.iter().take(MOST).position(|p| p.has(Sign::Corrects) || changes(p))?;
    let deals =
        |p: &Phrase<'_>| p.word().is_some_and(|w| !w.has(Sign::Corrects) && w.verbs(Force::Strong).any(intent::posts));
    if ps.len() > MOST || ps.iter().any(deals) || !ps[at..].iter().any(told) {
        return None;
    }
    // 不是200斤是120斤: what it is follows what it is not
    let named = ps.iter().position(|p| p.text(scene.text).starts_with("不是")).unwrap_or(at).max(at);
    let counts = ps[named..].iter().filter(|p| told(p)).count();
    let denied = ps[named].text(scene.text).starts_with("不是") || ps[named].has(Sign::Not);
    let from = match ps.iter().enumerate().skip(named).filter(|(_, p)| told(p)).nth(1) {
        Some((second, _)) if denied && counts > 1 => second,
        _ => at,
    };
    let mut r = Reading::of(Intent::Edit);
    slots::of_post(scene, from, &mut r);
    Some(r)
}

/// 找工那条不用了, 卖牛那个撤了吧: one's own post, named by what it is about rather than by its number.
pub fn that_one(scene: &Scene<'_, '_>) -> Option<Reading> {
    let ps = &scene.phrases;
    let at = (1..ps.len().min(MOST)).find(|i| !ps[*i].spaced && THAT.contains(&ps[*i].text(scene.text)))?;
    let counted = |p: &Phrase<'_>| matches!(p.what, What::Amount(_) | What::Sum(_) | What::Number { .. });
    let about = ps[..at].iter().any(|p| {
        p.item().is_some()
            || p.word().is_some_and(|w| w.verbs(Force::Strong).chain(w.verbs(Force::Hint)).any(intent::posts))
    });
    let closes = |i: &Intent| matches!(i, Intent::Withdraw | Intent::Deal | Intent::Renew);
    let first = ps.get(at + 1)?;
    let verb = ps[at + 1..].iter().take(4).rev().find_map(|last| {
        let word = scene.grammar.lexicon.word(&scene.text[first.start as usize..last.end as usize])?;
        word.verbs(Force::Post).find(closes)
    })?;
    if !about || ps[..at].iter().any(counted) {
        return None;
    }
    let mut r = Reading::of(verb);
    r.item = ps[..at].iter().find(|p| p.item().is_some()).map(|p| slots::known_item(scene, p));
    Some(r)
}

/// Reads what is said of the sender's own posts as a whole, of his data, of how the service is used.
pub fn read(scene: &Scene<'_, '_>) -> Option<Reading> {
    let ps = &scene.phrases;
    let of_goods = |p: &Phrase<'_>| {
        p.item().is_some()
            || matches!(p.what, What::Compound | What::Amount(_) | What::Sum(_) | What::Number { .. } | What::People(_))
    };
    if ps.len() > MOST || ps.iter().any(of_goods) {
        return None;
    }
    let intent = if let Some(asked) = all_sent(ps) {
        asked
    } else if started_again(ps) {
        Intent::Start
    } else if stays(ps) {
        Intent::Withdraw
    } else if erases(ps) {
        Intent::DeleteMe
    } else if takes_back(scene) {
        Intent::Withdraw
    } else if asks_for_own(ps) {
        Intent::Mine
    } else if asks_how(scene) {
        Intent::Help
    } else {
        return None;
    };
    Some(Reading::of(intent))
}

fn says(p: &Phrase<'_>, intent: Intent) -> bool {
    p.word().is_some_and(|w| w.is_verb(intent, Force::Strong) || w.is_verb(intent, Force::Whole))
}

/// 不要再给我发任何短信, 我又要收短信了: all that the station sends, or nothing of it.
fn all_sent(ps: &[Phrase<'_>]) -> Option<Intent> {
    let all = ps.iter().any(|p| p.has(Sign::AllSent));
    let ends = |p: &Phrase<'_>| {
        p.has(Sign::Not)
            || p.word().is_some_and(|w| {
                w.verbs(Force::Strong).any(|i| i == Intent::Unsubscribe) || w.is_verb(Intent::Unsubscribe, Force::Head)
            })
    };
    let gets = |w: &[Phrase<'_>]| {
        w[0].word().is_some_and(|v| v.is_verb(Intent::Buy, Force::Strong)) && w[1].has(Sign::AllSent)
    };
    let rest = |p: &Phrase<'_>| {
        light(p)
            || ends(p)
            || p.has(Sign::AllSent)
            || p.has(Sign::Total)
            || p.has(Sign::Posted)
            || p.word().is_some_and(|w| w.is_verb(Intent::Buy, Force::Strong))
    };
    if !all || !ps.iter().all(rest) {
        None
    } else if ps.iter().any(ends) {
        Some(Intent::Stop)
    } else {
        ps.windows(2).any(gets).then_some(Intent::Start)
    }
}

/// 上回退订了,现在又想收了: it was stopped, and what follows takes that back.
fn started_again(ps: &[Phrase<'_>]) -> bool {
    let stopped = ps.iter().position(|p| says(p, Intent::Stop) || says(p, Intent::Unsubscribe));
    stopped
        .is_some_and(|i| ps[i + 1..].iter().any(|p| p.word().is_some_and(|w| w.is_verb(Intent::Start, Force::Strong))))
}

/// 不去贵阳了: nothing but that a ride is needed no more.
fn stays(ps: &[Phrase<'_>]) -> bool {
    let goes = |w: &[Phrase<'_>]| {
        w[0].has(Sign::Not) && w[1].has(Sign::Go) && matches!(w[2].what, What::Place(_)) && w[3].has(Sign::Le)
    };
    ps.windows(4).any(goes) && ps.iter().all(|p| p.word().is_none_or(|w| w.verbs(Force::Strong).next().is_none()))
}

/// 把我的号码名字全部删掉: what the station knows of the sender, not what he posted.
fn erases(ps: &[Phrase<'_>]) -> bool {
    let any = |s: Sign| ps.iter().any(|p| p.has(s));
    // 注销我 · 的 · 号码
    let erased = ps.iter().any(|p| says(p, Intent::DeleteMe));
    // 我的信息 · 全部删掉
    let mine = ps.iter().any(|p| says(p, Intent::Mine));
    (erased || any(Sign::Erase) && (mine || any(Sign::Own))) && (mine || any(Sign::SelfData)) && !any(Sign::Posted)
}

/// 取消昨天发的那条: nothing but that what was posted is taken back, and when it was posted.
fn takes_back(scene: &Scene<'_, '_>) -> bool {
    let ps = &scene.phrases;
    let verb = |p: &Phrase<'_>| {
        p.word().is_some_and(|w| w.is_verb(Intent::Withdraw, Force::Post) || w.is_verb(Intent::Withdraw, Force::Whole))
    };
    let posted = |p: &Phrase<'_>| p.has(Sign::Posted) && p.text(scene.text).chars().count() > 1;
    let that = |p: &Phrase<'_>| THAT.contains(&p.text(scene.text));
    let rest = |p: &Phrase<'_>| {
        verb(p)
            || posted(p)
            || that(p)
            || light(p)
            || p.is_separator()
            || p.has(Sign::Own)
            || matches!(p.what, What::Day(_))
    };
    ps.iter().any(verb) && ps.iter().any(posted) && ps.iter().any(that) && ps.iter().all(rest)
}

/// 我登过些啥, 我发的那些还在不在: nothing but that one has posted, and that it is asked after.
fn asks_for_own(ps: &[Phrase<'_>]) -> bool {
    let any = |s: Sign| ps.iter().any(|p| p.has(s));
    let rest = |p: &Phrase<'_>| {
        light(p)
            || [
                Sign::Posted,
                Sign::Asked,
                Sign::Ask,
                Sign::Have,
                Sign::IsThere,
                Sign::In,
                Sign::Not,
                Sign::Done,
                Sign::Who,
                Sign::Where,
            ]
            .iter()
            .any(|s| p.has(*s))
    };
    let looks = |p: &Phrase<'_>| {
        p.word().is_some_and(|w| {
            w.is_verb(Intent::Search, Force::Head)
                || w.is_verb(Intent::Search, Force::Strong)
                || w.is_verb(Intent::View, Force::Post)
        })
    };
    let rest = |p: &Phrase<'_>| rest(p) || looks(p);
    let told = ps.iter().any(|p| says(p, Intent::Mine));
    let asks = told || any(Sign::Asked) || ps.iter().any(looks);
    (told || any(Sign::Own) && any(Sign::Posted)) && asks && ps.iter().all(|p| rest(p) || says(p, Intent::Mine))
}

/// 这个东西咋个搞,我不会弄: how it is done, and no word of what.
fn asks_how(scene: &Scene<'_, '_>) -> bool {
    let ps = &scene.phrases;
    // 咋个 · 搞: two pieces that together ask for help.
    let asks = |i: usize| {
        let together = |n: usize| {
            let k = i + n - 1;
            let joined = ps.get(k).filter(|q| !q.spaced).map(|q| &scene.text[ps[i].start as usize..q.end as usize]);
            joined.and_then(|t| scene.grammar.lexicon.word(t)).is_some_and(|w| w.is_verb(Intent::Help, Force::Whole))
        };
        if says(&ps[i], Intent::Help) { Some(1) } else { (2..=4).rev().find(|n| together(*n)) }
    };
    let filler = |p: &Phrase<'_>| {
        light(p) || [Sign::How, Sign::Not, Sign::Ask, Sign::Posted, Sign::NumberMark].iter().any(|s| p.has(*s))
    };
    let (mut i, mut asked) = (0, false);
    while i < ps.len() {
        match asks(i) {
            Some(n) => {
                asked = true;
                i += n;
            }
            None if filler(&ps[i]) || ps[i].text(scene.text).starts_with('你') => i += 1,
            None => return false,
        }
    }
    asked
}
