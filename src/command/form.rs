//! Commands that are known by their form: one word that is all (`帮助`), a digit, the number of a post with its verb
//! (`撤 807`, `807不卖了`), a first word with its matter (`查 板蓝根`).

use super::phrase::{Phrase, What, light, number_end, post_number};
use super::place::place as place_of_found;
use super::{Reading, Scene};
use super::{left, slots};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sense, Sign, Word};
use crate::market::{Place, PlaceCode};

/// Reads a text by its form, if it has one of these.
pub fn read(scene: &Scene<'_, '_>) -> Option<Reading> {
    whole(scene)
        .or_else(|| choice(scene))
        .or_else(|| helped(scene))
        .or_else(|| named_post(scene))
        .or_else(|| head(scene))
}

/// One word that is all that was written, politeness aside.
fn whole(scene: &Scene<'_, '_>) -> Option<Reading> {
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
    let ways = [bare.as_str(), asked.as_str(), text, kept.as_str(), content.as_str()];
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
    for way in [bare.as_str(), asked.as_str(), kept.as_str()] {
        if let Some(reason) = scene.grammar.lexicon.word(way).and_then(|w| stranger(w, true)) {
            return Some(unknown(scene.grammar.lexicon.reasons[reason]));
        }
    }
    // 你好 谢谢: nothing but politeness.
    if !scene.phrases.is_empty() && scene.phrases.iter().all(|p| light(p) || p.has(Sign::Ask)) {
        let reason = scene.phrases.iter().find_map(|p| p.word().and_then(|w| stranger(w, true)));
        return Some(unknown(reason.map_or("unread", |r| scene.grammar.lexicon.reasons[r])));
    }
    None
}

/// 谢谢, thank you: beside a command they change nothing.
fn thanks(p: &Phrase<'_>) -> bool {
    p.word().is_some_and(|w| {
        !w.speaks_anywhere() && w.chars > 1 && w.senses.iter().all(|s| matches!(s, Sense::StrangerWhole(_)))
    })
}

fn stranger(word: &Word, whole: bool) -> Option<usize> {
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
    Some(unknown(reasons[decided.or_else(two)?]))
}

/// 1 · 一 · 第一个 · 回1 · 1号.
fn choice(scene: &Scene<'_, '_>) -> Option<Reading> {
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
            None if p.has(Sign::Choose) || p.has(Sign::NumberMark) || p.has(Sign::Polite) || light(p) => marks += 1,
            None => return None,
        }
    }
    let n = digit.filter(|n| (1..=9).contains(n) && marks < 5)?;
    Some(Reading { choice: u8::try_from(n).ok(), ..Reading::of(Intent::Choose) })
}

/// `1号` by itself is the first of a list, not the first of the month.
fn day_digit(text: &str) -> Option<u64> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    if text.chars().count() == digits.len() + 1 { digits.parse().ok() } else { None }
}

/// 我愿意帮807那家出两个工, 812号我出点力: the number of a post, and help that is offered to whoever asked for it there.
fn helped(scene: &Scene<'_, '_>) -> Option<Reading> {
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

/// The number of a post with its verb before or behind it, or alone.
fn named_post(scene: &Scene<'_, '_>) -> Option<Reading> {
    let ps: Vec<(usize, &Phrase<'_>)> = scene
        .phrases
        .iter()
        .enumerate()
        .filter(|(_, p)| {
            let by_number = matches!(p.what, What::Word(w) if w.verbs(Force::Post).next().is_some());
            by_number || !(light(p) || p.is_separator())
        })
        .collect();
    // The longest verb of posts that begins at a phrase (卖完了), or ends with it.
    let begins = |k: usize| -> Option<(usize, Intent)> {
        let from = ps.get(k)?.1.start as usize;
        let ends: Vec<usize> =
            scene.phrases.iter().filter(|p| p.end as usize > from).take(4).map(|p| p.end as usize).collect();
        ends.into_iter().rev().find_map(|end| {
            let word = scene.grammar.lexicon.word(&scene.text[from..end])?;
            word.verbs(Force::Post).next().map(|v| (end, v))
        })
    };
    let ends = |k: usize| -> Option<Intent> {
        let (i, p) = ps.get(k)?;
        (i.saturating_sub(3)..=*i).find_map(|j| {
            let word = scene.grammar.lexicon.word(&scene.text[scene.phrases[j].start as usize..p.end as usize])?;
            word.verbs(Force::Post).next()
        })
    };
    // The number stands first or second, after words of wanting (我要撤807) at most.
    let at = ps.iter().take(4).position(|(i, p)| {
        post_number(p).or_else(|| written_day(scene, p)).is_some() && !followed_by_count(scene, *i)
    })?;
    let (index, phrase) = ps[at];
    let n = post_number(phrase).or_else(|| written_day(scene, phrase))?;
    let before = (0..at).rev().find_map(|k| ends(k).map(|v| (k, v)));
    let marked =
        scene.phrases.get(index + 1).is_some_and(|p| p.has(Sign::NumberMark)) || matches!(phrase.what, What::Day(_));
    let rest_at = number_end(&scene.phrases, index);
    let after = ps.iter().position(|(i, _)| *i >= rest_at).and_then(begins);
    let digits = matches!(phrase.what, What::Number { digits: true, .. } | What::Day(_));
    let alone = ps.iter().all(|(i, _)| *i == index || (*i > index && *i < rest_at));
    if alone && before.is_none() {
        return (digits && n >= 10).then(|| named(Intent::Contact, n));
    }
    let (intent, verb_end) = match (before, after) {
        (Some((k, v)), after)
            if ps[..k].iter().all(|(_, p)| p.has(Sign::Choose) || matches!(p.what, What::Word(_))) && at == k + 1 =>
        {
            match after {
                // 我要 807 成交: the stronger word counts.
                Some((end, w)) if v == Intent::Contact => (w, end),
                _ => (v, 0),
            }
        }
        (_, Some((end, w))) if at == 0 || ps[..at].iter().all(|(_, p)| p.has(Sign::Choose)) => (w, end),
        // 807多少钱, 807 4元: something about a post, and what is for a person to say.
        (None, None)
            if ps[..at].iter().all(|(_, p)| p.has(Sign::Choose))
                && digits
                && n >= 101
                && !scene.phrases.iter().any(|p| p.item().is_some()) =>
        {
            (Intent::Contact, 0)
        }
        // 823号的娃娃找着了
        (None, None) if marked && at == 0 && digits && n >= 100 => {
            let over = ps.iter().any(|(_, p)| p.word().is_some_and(|w| w.is_verb(Intent::Deal, Force::Strong)));
            (if over { Intent::Deal } else { Intent::Contact }, 0)
        }
        (None, None)
            if at > 0 && ps[..at].iter().all(|(_, p)| p.has(Sign::Choose)) && ps.len() == at + 1 && n >= 10 =>
        {
            (Intent::Contact, 0)
        }
        _ => return None,
    };
    if !digits && n < 10 && intent == Intent::Contact {
        return None;
    }
    let mut r = named(intent, n);
    if before.is_none() && after.is_none() && ps.len() > at + 1 && intent == Intent::Contact {
        r.unsure = true;
        r.alternatives = vec![Intent::Contact, Intent::Relay];
    }
    let start =
        rest_at.max(scene.phrases.iter().position(|p| p.end as usize > verb_end).unwrap_or(scene.phrases.len()));
    slots::of_post(scene, start, &mut r);
    Some(r)
}

fn named(intent: Intent, n: u64) -> Reading {
    Reading { post: Some(n), ..Reading::of(intent) }
}

/// `12号`, read as a day, where a verb of posts stands by it.
fn written_day(scene: &Scene<'_, '_>, p: &Phrase<'_>) -> Option<u64> {
    matches!(p.what, What::Day(_)).then(|| day_digit(p.text(scene.text))).flatten()
}

fn followed_by_count(scene: &Scene<'_, '_>, at: usize) -> bool {
    scene.phrases.get(at + 1).is_some_and(|p| matches!(p.what, What::Item { .. } | What::Compound) && !p.spaced)
}

/// A first word with its matter.
fn head(scene: &Scene<'_, '_>) -> Option<Reading> {
    use Intent::*;
    let at = scene.phrases.iter().position(|p| {
        let head = matches!(p.what, What::Word(w) if w.verbs(Force::Head).next().is_some());
        head || !(light(p) || p.is_separator())
    })?;
    let p = &scene.phrases[at];
    let What::Word(w) = p.what else { return None };
    let rest = &scene.phrases[at + 1..];
    let topic = left::rest_text(scene, at + 1);
    let spaced = rest.first().is_some_and(|q| q.spaced || q.is_separator());
    let strong = |q: &Phrase<'_>| matches!(q.what, What::Word(w) if w.verbs(Force::Strong).next().is_some());
    let place = rest.iter().find_map(|q| if let What::Place(f) = q.what { Some(f) } else { None });
    let item = rest.iter().find_map(Phrase::item);
    for intent in w.verbs(Force::Head) {
        let mut r = Reading::of(intent);
        let ok = match intent {
            Register => {
                // 我是栽麻镇的 tells the place, 我是杨秀英 the name.
                let naming = w.has(Sign::Naming) && !place.is_some_and(|f| f.full);
                let plain = !rest.iter().any(|q| {
                    strong(q)
                        || matches!(q.what, What::Amount(_) | What::Sum(_) | What::Question)
                        || q.has(Sign::Have)
                        || (q.item().is_some() && !naming)
                });
                let chars = topic.as_ref().map_or(0, |t| t.chars().count());
                match place {
                    _ if naming => {
                        r.name = topic.clone();
                        let bare = (2..=4).contains(&chars) && rest.iter().all(|q| matches!(q.what, What::Unread));
                        plain && (1..=8).contains(&chars) && (w.chars > 1 || spaced || bare)
                    }
                    Some(f) => {
                        r.place = Some(place_of_found(scene, &f));
                        plain
                    }
                    None => {
                        r.place = topic.clone().map(|name| Place { code: PlaceCode::COUNTRY, name });
                        plain && spaced && (1..=12).contains(&chars)
                    }
                }
            }
            RideOffer => {
                let goes =
                    rest.iter().any(|q| q.has(Sign::Route) || matches!(q.what, What::Seats(_))) && item.is_none();
                if goes {
                    return Some(slots::fill(scene, intent));
                }
                false
            }
            Price | Search => {
                if rest.iter().any(|q| post_number(q).is_some() && rest.len() <= 2) {
                    false
                } else if topic.is_some() {
                    return Some(slots::look(scene, intent, at + 1));
                } else {
                    false
                }
            }
            Order => return Some(slots::fill(scene, intent)),
            Subscribe | Unsubscribe => {
                let amounts = rest.iter().any(|q| matches!(q.what, What::Amount(_) | What::Sum(_)));
                r.topic = topic.clone();
                topic.is_some()
                    && !amounts
                    && (w.chars > 1 || spaced || topic.as_ref().is_some_and(|t| t.chars().count() <= 4))
                    && !(w.chars == 1 && rest.iter().any(strong) && !spaced)
            }
            Notice | Guide | Ask | Errand | Origin | Report => {
                // 问下低保怎么办: how an official thing is got done is a guide, whoever is asked.
                if intent == Ask && slots::how_to(scene) {
                    r.intent = Guide;
                }
                r.topic = slots::official(scene).filter(|_| r.intent == Guide).or(topic.clone());
                super::matter::fill(scene, &mut r);
                // 办酒席差帮厨: a word before hands that are wanted is no command.
                let hands = rest.iter().any(|q| {
                    matches!(q.what, What::People(_) | What::Sum(_)) || q.kind(scene.grammar) == Some(Kind::Trade)
                });
                let loose = w.chars == 1 && !spaced && intent == Guide && hands && slots::official(scene).is_none();
                topic.is_some() && !loose && (spaced || w.chars > 1 || item.is_none() || intent != Notice)
            }
            Broadcast => {
                r.place = place.map(|f| place_of_found(scene, &f));
                // What is sent on is sent whole; only the place it is for stands before it.
                let from = rest.iter().position(|q| !(q.is_separator() || matches!(q.what, What::Place(_))));
                r.remark = from.map(|i| scene.said(rest[i].start as usize..scene.text.len()));
                topic.is_some() && (spaced || place.is_some() || w.chars > 1)
            }
            _ => false,
        };
        if ok {
            return Some(r);
        }
    }
    None
}
