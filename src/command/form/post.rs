//! What names a post by its number: `807`, `撤 807`, `把807的价改成3块`, `撤741和742`, `683写错了,是母的`.
//!
//! A verb right before the number or right behind it says what is to be done; without one, what else is said of the post.

use crate::command::intent;
use crate::command::phrase::{Phrase, What, light, number_end, post_number};
use crate::command::{Reading, Scene, slots};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Sign, Word};

use super::thanks;
use super::whole::day_digit;

/// Phrases of a text that count here, with their places among all.
type Told<'a, 'g> = Vec<(usize, &'a Phrase<'g>)>;

/// The number stands among the first of the words that count: after words of wanting (我要撤807), or whose post it is.
const AMONG: usize = 6;
/// Posts are numbered from here; a smaller number counts something.
const FIRST_POST: u64 = 101;
/// So many phrases are searched for what is said of a post.
const SIGHT: usize = 24;
/// More numbers than these in one text are no list of posts.
const MOST: usize = 9;

/// The number of a post with its verb before or behind it, or alone.
pub fn named(scene: &Scene<'_, '_>) -> Option<Reading> {
    let ps: Told<'_, '_> = scene
        .phrases
        .iter()
        .enumerate()
        .filter(|(_, p)| {
            let by_number = matches!(p.what, What::Word(w) if w.verbs(Force::Post).next().is_some());
            by_number || !(light(p) || p.is_separator() || thanks(p))
        })
        .collect();
    let at = ps.iter().take(AMONG).position(|(i, p)| {
        post_number(p).or_else(|| written_day(scene, p)).is_some() && !followed_by_count(scene, *i)
    })?;
    let (index, phrase) = ps[at];
    let n = post_number(phrase).or_else(|| written_day(scene, phrase))?;
    let before = (0..at).rev().find_map(|k| ends(scene, &ps, k).map(|v| (k, v)));
    let marked =
        scene.phrases.get(index + 1).is_some_and(|p| p.has(Sign::NumberMark)) || matches!(phrase.what, What::Day(_));
    let (others, rest_at) = further(scene, index, n);
    let after = begins(scene, rest_at).or_else(|| begins(scene, ps.iter().find(|(i, _)| *i >= rest_at)?.0));
    let digits = matches!(phrase.what, What::Number { digits: true, .. } | What::Day(_))
        || spelt(scene, phrase)
        || marked && n >= FIRST_POST;
    let alone = ps.iter().all(|(i, _)| *i == index || (*i > index && *i < rest_at));
    if alone && before.is_none() {
        return (digits && n >= 10).then(|| several(named_by(Intent::Contact, n), &others));
    }
    let only_chosen = ps[..at].iter().all(|(_, p)| p.has(Sign::Choose) || p.has(Sign::ForMe));
    let (intent, verb_end) = match (before, after) {
        (Some((k, v)), after)
            if ps[..k].iter().all(|(_, p)| p.has(Sign::Choose) || matches!(p.what, What::Word(_))) && at == k + 1 =>
        {
            match after {
                // 我要 807 成交: the stronger word counts.
                Some((end, w)) if v == Intent::Contact => (w, end),
                // 跟664联系, 给714打个好评: the word behind says what is done.
                Some((end, w)) if v == Intent::Relay && w != Intent::Relay && one_character(scene, &ps, k) => (w, end),
                // 给我807的电话
                Some((end, Intent::Contact)) if v == Intent::Relay && end == scene.text.len() => (Intent::Contact, end),
                _ => (v, 0),
            }
        }
        // 807打电话骂人
        (_, Some((_, Intent::Contact)))
            if only_chosen && said_of(scene, &ps, at, rest_at, marked) == Some(Intent::Report) =>
        {
            (Intent::Report, 0)
        }
        (_, Some((end, w))) if only_chosen => (w, end),
        _ => match said_of(scene, &ps, at, rest_at, marked).filter(|_| digits && n >= FIRST_POST || marked) {
            Some(intent) => (intent, 0),
            None if before.is_some() || after.is_some() => return None,
            // 807多少钱, 807 4元: something about a post, and what is for a person to say.
            None if only_chosen && digits && n >= FIRST_POST && !scene.phrases.iter().any(|p| p.item().is_some()) => {
                (Intent::Contact, 0)
            }
            None if marked && at == 0 && digits && n >= 100 => (Intent::Contact, 0),
            None if at > 0 && only_chosen && ps.len() == at + 1 && n >= 10 => (Intent::Contact, 0),
            None => return None,
        },
    };
    // 回807 明天来拉: what follows the number is for its owner.
    let answers = ps[..at].iter().any(|(_, p)| matches!(p.text(scene.text), "回" | "回复"));
    let intent = if intent == Intent::Contact && answers && n >= FIRST_POST && ps.len() > at + 1 {
        Intent::Relay
    } else {
        intent
    };
    if !digits && n < 10 && intent == Intent::Contact {
        return None;
    }
    // 812那家困难户我出50块: money for those in need
    let needy = scene.phrases.iter().any(|p| p.has(Sign::Needy));
    let intent = if intent == Intent::Fill && needy { Intent::AidGive } else { intent };
    let mut r = named_by(intent, n);
    if intent == Intent::Contact && before.is_none() && after.is_none() && ps.len() > at + 1 {
        r.unsure = true;
        r.alternatives = vec![Intent::Contact, Intent::Relay];
    }
    let lists = matches!(intent, Intent::Withdraw | Intent::Deal | Intent::Renew | Intent::View | Intent::Contact);
    // 秤 807 200: the next number is no post.
    let rest_at = if lists { rest_at } else { number_end(&scene.phrases, index) };
    let start =
        rest_at.max(scene.phrases.iter().position(|p| p.end as usize > verb_end).unwrap_or(scene.phrases.len()));
    slots::of_post(scene, start, &mut r);
    Some(if lists { several(r, &others) } else { r })
}

/// 我愿意帮807那家出两个工, 812号我出点力: the number of a post, and help that is offered to whoever asked for it there.
pub fn helped(scene: &Scene<'_, '_>) -> Option<Reading> {
    let ps = &scene.phrases;
    let number =
        |p: &Phrase<'_>| post_number(p).filter(|n| *n > 100 && matches!(p.what, What::Number { digits: true, .. }));
    let at = ps.iter().take(8).position(|p| number(p).is_some())?;
    if ps[at].spaced && at > 0 || followed_by_count(scene, at) {
        return None;
    }
    let gives = |p: &Phrase<'_>, force| p.word().is_some_and(|w| w.is_verb(Intent::AidGive, force));
    // 帮807 by itself is read by its form; here it stands within a sentence.
    let before = (at > 0 && gives(&ps[at - 1], Force::Strong) || at > 1 && gives(&ps[at - 1], Force::Post))
        && !ps[..at - 1].iter().any(|p| p.is_separator());
    let behind = ps[at + 1..].iter().take(6).any(|p| gives(p, Force::Strong));
    if !before && !behind {
        return None;
    }
    let mut r = Reading { post: number(&ps[at]), ..Reading::of(Intent::AidGive) };
    slots::of_post(scene, number_end(ps, at), &mut r);
    // 去帮他盖瓦 names the work, not what is given.
    if !before && r.quantity.is_none() {
        r.item = None;
    }
    Some(r)
}

fn one_character(scene: &Scene<'_, '_>, ps: &Told<'_, '_>, k: usize) -> bool {
    ps[k].1.text(scene.text).chars().count() == 1
}

/// 八一九: digits spelt one by one.
fn spelt(scene: &Scene<'_, '_>, p: &Phrase<'_>) -> bool {
    let text = p.text(scene.text);
    text.chars().count() >= 3 && text.chars().all(|c| "零〇一二三四五六七八九幺".contains(c))
}

fn named_by(intent: Intent, n: u64) -> Reading {
    Reading { post: Some(n), ..Reading::of(intent) }
}

/// 撤741和742: the same for each.
fn several(mut r: Reading, others: &[u64]) -> Reading {
    r.also = others.iter().map(|n| named_by(r.intent, *n)).collect();
    r
}

/// The numbers that go on behind the one at `index`, and where the rest of the text begins. Only what can be another
/// post goes on: it has as many digits, or a mark or a word that joins before it.
fn further(scene: &Scene<'_, '_>, index: usize, first: u64) -> (Vec<u64>, usize) {
    let ps = &scene.phrases;
    let mut rest_at = number_end(ps, index);
    let mut others = Vec::new();
    while others.len() < MOST {
        let mut k = rest_at;
        while k < rest_at + 3
            && ps.get(k).is_some_and(|p| p.has(Sign::Join) || matches!(p.what, What::Comma | What::Mark))
        {
            k += 1;
        }
        let Some(p) = ps.get(k) else { break };
        let Some(n) = post_number(p).filter(|n| *n >= FIRST_POST && n.ilog10() == first.max(1).ilog10()) else { break };
        if followed_by_count(scene, k) || !(p.spaced || k > rest_at) {
            break;
        }
        if n != first && !others.contains(&n) {
            others.push(n);
        }
        rest_at = number_end(ps, k);
    }
    (others, rest_at)
}

/// The longest verb of posts that begins at a phrase (卖完了, 都撤了), with its end.
fn begins(scene: &Scene<'_, '_>, at: usize) -> Option<(usize, Intent)> {
    let first = scene.phrases.get(at).filter(|p| !p.is_separator())?;
    let closes = |i: &Intent| matches!(i, Intent::Withdraw);
    let few = &scene.phrases[at..scene.phrases.len().min(at + 4)];
    few.iter().rev().find_map(|last| {
        let word = scene.grammar.lexicon.word(&scene.text[first.start as usize..last.end as usize])?;
        let verb = word.verbs(Force::Post).next().or_else(|| word.verbs(Force::Whole).find(closes))?;
        Some((last.end as usize, verb))
    })
}

/// The verb of posts that ends with a phrase.
fn ends(scene: &Scene<'_, '_>, ps: &Told<'_, '_>, k: usize) -> Option<Intent> {
    let (i, p) = ps.get(k)?;
    (i.saturating_sub(3)..=*i).find_map(|j| {
        let word = scene.grammar.lexicon.word(&scene.text[scene.phrases[j].start as usize..p.end as usize])?;
        word.verbs(Force::Post).next()
    })
}

/// What is said of a post elsewhere than right beside its number: 845那个男的…骚扰我, 把807的价改成3块. Nothing but words
/// that say no intent of their own may stand before the number.
fn said_of(scene: &Scene<'_, '_>, ps: &Told<'_, '_>, at: usize, rest_at: usize, marked: bool) -> Option<Intent> {
    let own = |p: &Phrase<'_>| match p.what {
        What::Word(w) => w.verbs(Force::Strong).next().is_none(),
        What::Comma | What::Mark => true,
        _ => false,
    };
    if !ps[..at].iter().all(|(_, p)| own(p)) {
        return None;
    }
    let words = || {
        scene
            .phrases
            .iter()
            .skip(rest_at)
            .take(SIGHT)
            .filter_map(|p| if let What::Word(w) = p.what { Some(w) } else { None })
    };
    let of = |w: &Word| w.verbs(Force::Post).find(|i| *i != Intent::Contact);
    let item = scene.phrases.iter().any(|p| p.item().is_some());
    // A whole word says more than a character; 过期了再登几天 has it in pieces.
    let long = words().filter(|w| w.chars > 1).find_map(of);
    let pieces = || {
        (rest_at..scene.phrases.len().min(rest_at + SIGHT)).find_map(|k| {
            let (end, verb) = begins(scene, k)?;
            (end > scene.phrases[k].end as usize && verb != Intent::Contact).then_some(verb)
        })
    };
    let ruled = || {
        let rest = &scene.phrases[rest_at.min(scene.phrases.len())..];
        // 807还在收: that it goes on.
        let verb = |p: &Phrase<'_>| p.word().is_some_and(|w| w.verbs(Force::Strong).any(intent::posts));
        let still =
            rest.first().is_some_and(|p| scene.grammar.terms.ways.still.iter().any(|w| w == p.text(scene.text)))
                && rest.iter().skip(1).find(|p| !p.has(Sign::In)).is_some_and(verb)
                && !rest.iter().any(|p| p.has(Sign::Ask) || p.has(Sign::Not) || matches!(p.what, What::Question));
        if still {
            return Some(Intent::Renew);
        }
        let said = intent::decide(scene.grammar, scene.text, rest).intent;
        matches!(said, Intent::Withdraw | Intent::Deal | Intent::Renew | Intent::Report | Intent::Rate).then_some(said)
    };
    // 925号我看上了 帮我牵个线
    let asked = || words().any(|w| w.chars > 1 && w.is_verb(Intent::Contact, Force::Post)).then_some(Intent::Contact);
    let short = || words().filter(|w| w.chars == 1).find_map(of).filter(|_| at == 0 || marked);
    long.or_else(ruled).or_else(pieces).or_else(asked).or_else(|| short().filter(|_| !item))
}

/// `12号`, read as a day, where a verb of posts stands by it.
fn written_day(scene: &Scene<'_, '_>, p: &Phrase<'_>) -> Option<u64> {
    matches!(p.what, What::Day(_)).then(|| day_digit(p.text(scene.text))).flatten()
}

fn followed_by_count(scene: &Scene<'_, '_>, at: usize) -> bool {
    scene.phrases.get(at + 1).is_some_and(|p| matches!(p.what, What::Item { .. } | What::Compound) && !p.spaced)
}
