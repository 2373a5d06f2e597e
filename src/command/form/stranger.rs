//! What is for somebody else, or for nobody: machines, advertisements, kin, thanks.

use super::post;
use crate::command::phrase::{Phrase, What, light, post_number};
use crate::command::{Reading, Scene, left};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Sense, Sign, Word};

/// The reason why a word says that a text is not for us; of one that says so only by itself, where `whole`.
pub(super) fn stranger(word: &Word, whole: bool) -> Option<usize> {
    word.senses.iter().find_map(|s| match s {
        Sense::StrangerWhole(r) if whole => Some(usize::from(*r)),
        Sense::Stranger(r) => Some(usize::from(*r)),
        _ => None,
    })
}

/// A text that is not for us, with the reason.
pub fn unknown(reason: &'static str) -> Reading {
    Reading { reason: Some(reason), ..Reading::of(Intent::Unknown) }
}

/// 骗 恭喜中奖先交税: a text that somebody does not trust, passed on with a word that says so.
pub fn forwarded(scene: &Scene<'_, '_>) -> Option<Reading> {
    let ps = &scene.phrases;
    let at = ps.iter().position(|p| !(p.is_separator() || p.has(Sign::Polite)))?;
    let head = ps[at].word().is_some_and(|w| w.is_verb(Intent::Fraud, Force::Head));
    // 骗子 807 reports a post.
    let rest = ps[at + 1..].iter().find(|p| !p.is_separator())?;
    let topic = left::rest_text(scene, at + 1).filter(|_| head && post_number(rest).is_none());
    topic.map(|topic| Reading { topic: Some(topic), ..Reading::of(Intent::Fraud) })
}

/// Whether some word says that the text is a machine's, or for someone else.
pub fn not_ours(scene: &Scene<'_, '_>) -> Option<Reading> {
    let reasons = &scene.grammar.lexicon.reasons;
    let words = || scene.phrases.iter().filter_map(Phrase::word);
    let decided = words().find_map(|w| stranger(w, false));
    let traits = |w: &Word| {
        w.senses.iter().find_map(|s| if let Sense::StrangerTrait(r) = s { Some(usize::from(*r)) } else { None })
    };
    let two = || {
        let mut all = words().filter_map(|w| traits(w).map(|r| (r, w)));
        let (reason, first) = all.next()?;
        all.any(|(r, w)| r == reason && !std::ptr::eq(w, first)).then_some(reason)
    };
    if let Some(reason) = decided.or_else(two).map(|r| reasons[r]) {
        return match reason {
            // 告诉815我到了
            NOT_FOR_US if post::named(scene).is_some_and(|r| !r.unsure) => None,
            _ if doubted(scene) => Some(Reading { topic: left::rest_text(scene, 0), ..Reading::of(Intent::Ask) }),
            _ => Some(unknown(reason)),
        };
    }
    // *100#, 12345*#*: keys pressed for the network, or at random
    let keys = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#' | ' ');
    if scene.text.contains('*') && scene.text.contains('#') && scene.text.chars().all(keys) {
        return Some(unknown("unread"));
    }
    if machine(scene) {
        return Some(unknown("carrier_notice"));
    }
    to_kin(scene).then(|| unknown(NOT_FOR_US))
}

/// 有人说我中奖喊先交税,是不是骗子: who asks whether he is cheated is no cheat.
fn doubted(scene: &Scene<'_, '_>) -> bool {
    let cheat = scene.text.contains('骗') || scene.text.contains("真的");
    cheat
        && scene.phrases.iter().any(|p| {
            matches!(p.what, What::Question)
                || p.has(Sign::Ask)
                || p.has(Sign::Own)
                || p.text(scene.text).contains('站')
        })
}

/// 爸,药拿了没有: said to one's own kin. `儿子,12岁,走丢了` tells of him.
fn to_kin(scene: &Scene<'_, '_>) -> bool {
    let (ps, text) = (&scene.phrases, scene.text);
    let reason = |p: &Phrase<'_>| p.word().and_then(|w| stranger(w, true)).map(|r| scene.grammar.lexicon.reasons[r]);
    let Some(at) = ps.iter().position(|p| !light(p)).filter(|i| reason(&ps[*i]) == Some(NOT_FOR_US)) else {
        return false;
    };
    let you = |p: &Phrase<'_>| p.text(text).starts_with(['你', '您']);
    let called = ps.get(at + 1).is_some_and(|p| p.is_separator() || p.spaced || you(p));
    let talks = |p: &Phrase<'_>| {
        you(p)
            || p.has(Sign::Ask)
            || matches!(p.what, What::Question)
            || p.has(Sign::Own)
            || p.text(text).contains('你')
    };
    let tells = |p: &Phrase<'_>| {
        matches!(p.what, What::Amount(_) | What::Sum(_))
            || matches!(p.what, What::Word(w) if w.is_verb(Intent::Lost, Force::Strong) || w.is_verb(Intent::Friend, Force::Strong))
    };
    called && ps[at + 1..].iter().any(talks) && !ps.iter().any(tells)
}

/// The reason of texts between kin.
const NOT_FOR_US: &str = "not_for_us";

/// 【京东】您购买的…已签收: with a signature and that politely, machines write. `您好` is anybody's.
fn machine(scene: &Scene<'_, '_>) -> bool {
    let text = scene.text;
    (text.starts_with('【') || text.ends_with('】'))
        && text.match_indices('您').any(|(i, _)| !text[i + '您'.len_utf8()..].starts_with('好'))
}
