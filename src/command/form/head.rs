//! A first word with its matter: `查 板蓝根`, `我叫杨秀英`, `撤 土豆`.

use super::thanks;
use crate::command::intent::posts;
use crate::command::phrase::{Phrase, What, light, post_number};
use crate::command::place::place as place_of_found;
use crate::command::{Reading, Scene, left, matter, slots};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sign, Word};
use crate::market::{Place, PlaceCode};

/// A first word with its matter.
pub fn read(scene: &Scene<'_, '_>) -> Option<Reading> {
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
    let dull = |q: &Phrase<'_>| light(q) || thanks(q);
    let told = |q: &Phrase<'_>| {
        matches!(
            q.what,
            What::Amount(_)
                | What::Sum(_)
                | What::Number { .. }
                | What::People(_)
                | What::Day(_)
                | What::Place(_)
                | What::Phone
        ) || q.item().is_some()
            || q.word().is_some_and(|w| w.verbs(Force::Strong).next().is_some())
            || q.text(scene.text).contains('是')
    };
    let place = rest.iter().find_map(|q| if let What::Place(f) = q.what { Some(f) } else { None });
    let item = rest.iter().find_map(Phrase::item);
    if let Some(r) = of_own(scene, at, w) {
        return Some(r);
    }
    for intent in w.verbs(Force::Head) {
        let mut r = Reading::of(intent);
        let ok = match intent {
            Register => match register(scene, at) {
                Some(told) => {
                    r = told;
                    true
                }
                None => false,
            },
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
                } else if topic.is_some()
                    && intent == Search
                    && item.is_none()
                    && rest
                        .iter()
                        .any(|q| q.has(Sign::News) || q.word().is_some_and(|w| w.is_verb(Notice, Force::Strong)))
                {
                    // 看看停电通知
                    return Some(Reading { topic, ..Reading::of(Notice) });
                } else if topic.is_some() {
                    return Some(slots::look(scene, intent, at + 1));
                } else {
                    false
                }
            }
            Order => return Some(slots::fill(scene, intent)),
            Info => {
                r.topic = topic.clone();
                topic.is_some()
            }
            Subscribe | Unsubscribe => {
                let amounts = rest.iter().any(|q| matches!(q.what, What::Amount(_) | What::Sum(_)));
                r.topic = topic.clone();
                topic.is_some()
                    && !amounts
                    && (w.chars > 1 || spaced || topic.as_ref().is_some_and(|t| t.chars().count() <= 4))
                    && !(w.chars == 1
                        && rest.iter().filter(|q| !dull(q)).count() > 1
                        && rest.iter().any(strong)
                        && !spaced)
            }
            // 源三三零七: the number on what one bought.
            Origin
                if rest.iter().filter(|q| !dull(q)).count() == 1 && rest.iter().any(|q| post_number(q).is_some()) =>
            {
                r.post = rest.iter().find_map(post_number);
                true
            }
            Notice | Guide | Ask | Errand | Origin | Report => {
                // 问下干辣椒的行情: what something costs is asked, whoever is asked.
                let costs = |q: &Phrase<'_>| q.word().is_some_and(|w| w.is_verb(Price, Force::Strong));
                if intent == Ask && item.is_some() && rest.iter().any(costs) {
                    return Some(slots::look(scene, Price, at + 1));
                }
                // 问下低保怎么办: how an official thing is got done is a guide, whoever is asked.
                if intent == Ask && slots::how_to(scene) {
                    r.intent = Guide;
                }
                r.topic = slots::official(scene).filter(|_| r.intent == Guide).or(topic.clone());
                matter::fill(scene, &mut r);
                // 问下哪里买得到天麻种: what is looked for is goods.
                let deals = |q: &Phrase<'_>| {
                    q.word().is_some_and(|w| w.is_verb(Sell, Force::Strong) || w.is_verb(Buy, Force::Strong))
                };
                let sought = intent == Ask
                    && item.is_some()
                    && rest.iter().any(|q| q.has(Sign::Where) || q.has(Sign::Who))
                    && rest.iter().any(deals);
                // 办酒席差帮厨: a word before hands that are wanted is no command.
                let hands = rest.iter().any(|q| {
                    matches!(q.what, What::People(_) | What::Sum(_)) || q.kind(scene.grammar) == Some(Kind::Trade)
                });
                let loose = w.chars == 1 && !spaced && intent == Guide && hands && slots::official(scene).is_none();
                topic.is_some()
                    && !sought
                    && !loose
                    && (spaced || w.chars > 1 || item.is_none() || !matches!(intent, Notice | Origin))
            }
            Broadcast => {
                r.place = place.map(|f| place_of_found(scene, &f));
                // What is sent on is sent whole; only the place it is for stands before it.
                let from = rest.iter().position(|q| !(q.is_separator() || matches!(q.what, What::Place(_))));
                r.remark = from.map(|i| scene.said(rest[i].start as usize..scene.text.len()));
                topic.is_some() && (spaced || place.is_some() || w.chars > 1)
            }
            // What is passed on, and what is said to be wrong, is kept whole.
            // 发错了,不好意思: it was for somebody else, and says nothing that could be put right.
            Correct if w.chars == 3 && w.has(Sign::Corrects) && !rest.iter().any(told) => false,
            Relay | Correct | Alias => {
                let from = rest.iter().find(|q| !q.is_separator());
                r.remark = from.map(|q| scene.said(q.start as usize..scene.text.len()));
                if intent == Alias {
                    r.name = r.remark.take();
                }
                // 传家宝 is no relay
                r.remark.is_some() && spaced || topic.is_some() && w.chars > 1
            }
            _ => false,
        };
        if ok {
            return Some(r);
        }
    }
    None
}

/// 撤 土豆, 取消招工, 改 土豆 4块, 不招人了 下雨做不成: one's own post by what it is about.
fn of_own(scene: &Scene<'_, '_>, at: usize, w: &Word) -> Option<Reading> {
    use Intent::*;
    let intent = w.verbs(Force::Post).find(|i| matches!(i, Withdraw | Renew | Edit | Deal))?;
    let rest = &scene.phrases[at + 1..];
    let board = |p: &Phrase<'_>| p.word().is_some_and(|w| w.verbs(Force::Strong).any(|i| posts(i) || i == Deal));
    let counted = rest.iter().any(|p| matches!(p.what, What::Amount(_) | What::Sum(_) | What::Number { .. }));
    let item = rest.iter().any(|p| p.item().is_some());
    // 成都的, 续签合同: one character is a word by itself only where its thing follows.
    let apart = w.chars > 1 || rest.first().is_some_and(|p| p.spaced || intent != Deal && p.item().is_some());
    let done = said_done(scene, at);
    let verbs = rest.iter().filter(|p| board(p)).count();
    let fits = match intent {
        // 只剩两头猪 tells what there is, 换个锅 what is wanted.
        Edit => item && counted && verbs == 0 && scene.phrases[at].text(scene.text).contains('改'),
        _ if counted => false,
        // 不招人了 下雨做不成: the word is all of it, and why follows. 不要了 便宜卖: it is offered.
        _ if done => verbs == 0 && (item || w.chars > 2),
        // 取消卖牛: what was offered is named with its verb.
        Withdraw => {
            let first = rest.iter().find(|p| !light(p)).is_some_and(board);
            verbs <= usize::from(first) && (item || w.chars > 1 && first)
        }
        _ => verbs == 0 && rest.iter().find(|p| !light(p)).is_some_and(|p| p.item().is_some()),
    };
    let mut r = Reading::of(intent);
    (fits && apart).then(|| {
        slots::of_post(scene, at + 1, &mut r);
        r.remark = r.remark.filter(|_| r.item.is_none());
        r
    })
}

/// 不招人了: the word itself says that it is over.
fn said_done(scene: &Scene<'_, '_>, at: usize) -> bool {
    scene.phrases[at].text(scene.text).ends_with('了')
}

/// 名 杨秀英, 我是靛房的, 我叫田桂香,住洗车河: who one is and where, each in a clause of its own.
fn register(scene: &Scene<'_, '_>, at: usize) -> Option<Reading> {
    let ps = &scene.phrases;
    let strong = |q: &Phrase<'_>| matches!(q.what, What::Word(w) if w.verbs(Force::Strong).next().is_some());
    let heads = |q: &Phrase<'_>| matches!(q.what, What::Word(w) if w.is_verb(Intent::Register, Force::Head));
    let plain = |naming: bool| {
        !ps[at + 1..].iter().any(|q| {
            strong(q)
                || matches!(q.what, What::Amount(_) | What::Sum(_) | What::Question)
                || q.has(Sign::Have)
                || q.has(Sign::Who)
                || q.has(Sign::Route)
                || (q.item().is_some() && !naming)
        })
    };
    let mut r = Reading::of(Intent::Register);
    let mut from = at;
    while let Some(i) = (from..ps.len()).find(|i| heads(&ps[*i]) && (*i == at || starts(ps, *i))) {
        let mut first = i + 1;
        while ps.get(first).is_some_and(|p| p.is_separator() || p.has(Sign::Particle) && p.has(Sign::Naming)) {
            first += 1;
        }
        let ends =
            |k: usize| ps[k].is_separator() || k > first && ps[k].spaced && (heads(&ps[k]) || ps[k].has(Sign::Naming));
        let end = (first..ps.len()).find(|k| ends(*k)).unwrap_or(ps.len());
        let What::Word(w) = ps[i].what else { return None };
        one(scene, w, i, first..end, &mut r)?;
        from = end.max(i + 1);
    }
    (plain(r.name.is_some()) && (r.name.is_some() || r.place.is_some())).then_some(r)
}

/// Whether a phrase begins a clause, or stands behind a space.
fn starts(ps: &[Phrase<'_>], i: usize) -> bool {
    ps[i].spaced || i.checked_sub(1).is_some_and(|j| ps[j].is_separator() || light(&ps[j]))
}

/// Takes the name or the place that the clause tells.
fn one(scene: &Scene<'_, '_>, w: &Word, head: usize, of: std::ops::Range<usize>, r: &mut Reading) -> Option<()> {
    let ps = scene.phrases.get(of.clone())?;
    let place = ps.iter().filter_map(|q| if let What::Place(f) = q.what { Some(f) } else { None }).next_back();
    let spaced = ps.first().is_some_and(|q| q.spaced) || of.start > head + 1;
    let text = left::rest_in(scene, of.clone())?;
    let chars = text.chars().count();
    // 我是栽麻镇的, 我是比耳村的 tell the place, 我是杨秀英 the name.
    let belongs = ps
        .iter()
        .rev()
        .find(|q| !q.has(Sign::Le) && !q.has(Sign::Polite))
        .is_some_and(|q| q.has(Sign::Belongs) || place.is_some() && q.has(Sign::People));
    let naming = w.has(Sign::Naming) && !place.is_some_and(|f| f.full) && !belongs;
    // 我是八开的杨秀英
    if let Some(f) = place
        && let [p, of, name] = ps
        && naming
        && matches!((p.what, name.what), (What::Place(_), What::Unread | What::Name))
        && of.has(Sign::Belongs)
    {
        r.place = Some(place_of_found(scene, &f));
        r.name = Some(name.text(scene.text).to_string());
        return Some(());
    }
    if naming {
        let bare =
            (2..=4).contains(&chars) && ps.iter().all(|q| matches!(q.what, What::Unread | What::Name) || light(q));
        if r.name.is_some() || !(1..=8).contains(&chars) || !(w.chars > 1 || spaced || bare) {
            return None;
        }
        // 名 张小妹: politeness elsewhere, here a part of the name
        let raw = scene.text[ps.first()?.start as usize..ps.last()?.end as usize].trim();
        let whole = (2..=4).contains(&raw.chars().count())
            && raw.chars().all(crate::command::normalize::is_han)
            && raw.chars().next().is_some_and(|c| scene.grammar.terms.people.surnames.contains(c))
            && raw.contains(text.as_str())
            && !ps.iter().any(|q| q.has(Sign::Le));
        r.name = Some(if whole { raw.to_string() } else { text });
    } else if let Some(f) = place {
        r.place = Some(place_of_found(scene, &f));
    } else {
        // 我是开车的 is no place.
        let told =
            if w.has(Sign::Naming) { scene.grammar.places.is_settlement(&text) } else { spaced || r.name.is_some() };
        if !told || !(1..=12).contains(&chars) {
            return None;
        }
        r.place = Some(Place { code: PlaceCode::COUNTRY, name: text });
    }
    Some(())
}
