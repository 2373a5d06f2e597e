//! One word that is all that was written, or a digit that answers.

use super::stranger::{stranger, unknown};
use super::thanks;
use crate::command::phrase::{Phrase, What, light, post_number};
use crate::command::{Reading, Scene};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Sign, Word};

/// One word that is all that was written, politeness aside.
pub fn whole(scene: &Scene<'_, '_>) -> Option<Reading> {
    let text = scene.text;
    if text.len() > 120 {
        return None;
    }
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | ',' | '.' | '-' | '、' | ':' | '/')).collect();
    let asked: String = bare.chars().filter(|c| *c != '?').collect();
    let content: String = scene.phrases.iter().filter(|p| !light(p)).map(|p| p.text(text)).collect();
    let kept: String = scene
        .phrases
        .iter()
        .filter(|p| !p.is_separator() && !p.has(Sign::Polite) && !p.has(Sign::Le) && !thanks(p))
        .map(|p| p.text(text))
        .collect();
    // 后头还有没得: what is asked for, without the asking.
    let asking =
        |p: &Phrase<'_>| [Sign::Ask, Sign::Not, Sign::Have, Sign::IsThere, Sign::Total].iter().any(|s| p.has(*s));
    let matter: String =
        scene.phrases.iter().filter(|p| !light(p) && !asking(p) && !thanks(p)).map(|p| p.text(text)).collect();
    let unasked: String =
        scene.phrases.iter().filter(|p| !light(p) && !p.has(Sign::Ask)).map(|p| p.text(text)).collect();
    let ways = [bare.as_str(), asked.as_str(), text, kept.as_str(), content.as_str(), &unasked, &matter];
    for way in ways {
        let Some(word) = scene.grammar.lexicon.word(way) else { continue };
        if let Some(intent) = word.verbs(Force::Whole).next() {
            return Some(Reading::of(intent));
        }
    }
    // td退订: each word by itself says it.
    let mut words = scene.phrases.iter().filter(|p| !light(p) && !thanks(p)).peekable();
    let stop = |p: &Phrase<'_>| p.word().is_some_and(|w| w.is_verb(Intent::Stop, Force::Whole));
    if words.peek().is_some() && words.all(stop) {
        return Some(Reading::of(Intent::Stop));
    }
    // 别再发短信 · 给我了 · 退订; 后头还有没得,接到发: the same thing said more than once
    let said =
        |p: &&Phrase<'_>| !light(p) && !thanks(p) && !p.has(Sign::ForMe) && !p.has(Sign::Ask) && !p.has(Sign::Not);
    for intent in [Intent::Stop, Intent::More] {
        let says = |p: &Phrase<'_>| p.word().is_some_and(|w| w.is_verb(intent, Force::Whole));
        let mut said = scene.phrases.iter().filter(said).peekable();
        if said.peek().is_some() && said.all(says) {
            return Some(Reading::of(intent));
        }
    }
    for way in [bare.as_str(), asked.as_str(), kept.as_str()] {
        if let Some(reason) = scene.grammar.lexicon.word(way).and_then(|w| stranger(w, true)) {
            return Some(unknown(scene.grammar.lexicon.reasons[reason]));
        }
    }
    // 成, 地, 都撤了吧: a command without its matter.
    for way in
        [bare.as_str(), kept.as_str()].into_iter().chain(Some(content.as_str()).filter(|c| c.chars().count() > 1))
    {
        if let Some(intent) = scene.grammar.lexicon.word(way).and_then(lone) {
            return Some(Reading::of(intent));
        }
    }
    // 你好 谢谢: nothing but politeness.
    if !scene.phrases.is_empty() && scene.phrases.iter().all(|p| light(p) || p.has(Sign::Ask)) {
        let reason = scene.phrases.iter().find_map(|p| p.word().and_then(|w| stranger(w, true)));
        return Some(unknown(reason.map_or("unread", |r| scene.grammar.lexicon.reasons[r])));
    }
    None
}

/// What a command means that stands alone without what it is for; its answer asks for that.
fn lone(word: &Word) -> Option<Intent> {
    use Intent::*;
    // 不是, 很好 are no commands by themselves.
    let post = |i: &Intent| {
        matches!(i, Withdraw | Renew | Deal) || word.chars == 1 && matches!(i, Edit | Rate | Fill | Weigh | Relay)
    };
    let head = |i: &Intent| matches!(i, Search | Price | Guide | Ask | Errand | Order | Subscribe | Origin | Notice);
    let by_head =
        word.verbs(Force::Head).find(|i| head(i) || *i == Register && word.chars <= 2 && !word.has(Sign::Own));
    word.verbs(Force::Post).find(post).or(by_head)
}

/// 1 · 一 · 第一个 · 回1 · 1号.
pub fn choice(scene: &Scene<'_, '_>) -> Option<Reading> {
    // 好的,1
    let yes = |p: &Phrase<'_>| p.word().and_then(|w| stranger(w, true)).is_some();
    let mut digit = None;
    let mut marks = 0;
    for p in scene.phrases.iter().filter(|p| !p.is_separator()) {
        let n = match p.what {
            What::Amount(a) if a.hi.is_none() && !a.approx && a.lo.is_integer() => {
                // 1个 is an answer, 1头 is not.
                let unit = scene.text[p.range()].chars().next_back()?;
                let mut b = [0; 4];
                scene.grammar.lexicon.word(unit.encode_utf8(&mut b)).filter(|w| w.has(Sign::Choose))?;
                Some(*a.lo.numer() as u64)
            }
            What::Day(_) => day_digit(p.text(scene.text)),
            _ => post_number(p),
        };
        match n {
            Some(n) if digit.is_none() => digit = Some(n),
            Some(_) => return None,
            None if p.has(Sign::Choose) || p.has(Sign::NumberMark) || p.has(Sign::Polite) || light(p) || yes(p) => {
                marks += 1
            }
            None => return None,
        }
    }
    let n = digit.filter(|n| (1..=9).contains(n) && marks < 5)?;
    Some(Reading { choice: u8::try_from(n).ok(), ..Reading::of(Intent::Choose) })
}

/// `1号` by itself is the first of a list, not the first of the month.
pub(super) fn day_digit(text: &str) -> Option<u64> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    if text.chars().count() == digits.len() + 1 { digits.parse().ok() } else { None }
}
