//! What a question, an errand, a notice, a look-up or news of a post is about, beside its topic: the thing, how much of
//! it, when, where or from where to where.

use super::date;
use super::phrase::{Phrase, What};
use super::place::{place, place_of, route};
use super::slots::{known_item, phone, price, quantity, sex_of_name};
use super::things::{items, names_item};
use super::{Item, Reading, Scene, normalize};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sign, sex};
use crate::market::{Place, PlaceCode, When};

/// Fills in what is said of an errand, a question or a notice.
pub(super) fn fill(scene: &Scene<'_, '_>, r: &mut Reading) {
    r.phone = phone(scene);
    r.when = when(scene, &scene.phrases, false);
    match r.intent {
        Intent::Errand => errand(scene, r),
        Intent::Ask => asked(scene, r),
        Intent::Notice => r.place = place_of(scene).map(|f| place(scene, &f)),
        _ => {}
    }
}

/// The first day that is named.
pub(super) fn when(scene: &Scene<'_, '_>, phrases: &[Phrase<'_>], past: bool) -> Option<When> {
    let day = phrases.iter().find_map(|p| if let What::Day(d) = p.what { Some(d) } else { None })?;
    let part = day.part.and_then(|p| scene.grammar.lexicon.parts.get(usize::from(p)).cloned());
    Some(When { day: date::settle(day, scene.now, scene.market_days, past)?, part })
}

/// 帮我捎盒降压药: what is brought stands behind the word of the errand; of papers and parcels only what is counted.
fn errand(scene: &Scene<'_, '_>, r: &mut Reading) {
    let ps = &scene.phrases;
    let act = |p: &Phrase<'_>| p.word().is_some_and(|w| w.has(Sign::Act) || w.is_verb(Intent::Errand, Force::Strong));
    let sum = ps.iter().find_map(|p| if let What::Sum(s) = p.what { Some(s) } else { None });
    r.price = sum.map(|s| price(scene, &s, None));
    going(scene, r);
    let Some(verb) = ps.iter().position(act) else { return };
    let clause = || ps[verb + 1..].iter().take_while(|p| p.clause == ps[verb].clause);
    let amount = clause().find_map(|p| if let What::Amount(a) = p.what { Some(a) } else { None });
    let kind = |p: &Phrase<'_>| p.item().map(|i| scene.grammar.lexicon.kind(i));
    let brought = |p: &&Phrase<'_>| match kind(p) {
        Some(Kind::Goods | Kind::Animal | Kind::Vehicle) => true,
        Some(Kind::Thing) => amount.is_some(),
        Some(Kind::Trade | Kind::Person) => false,
        None => matches!(p.what, What::Compound),
    };
    // 带两包盐: what stands right behind its amount, though the lexicon has no such thing.
    let counted = ps.windows(2).position(|w| matches!(w[0].what, What::Amount(_)) && matches!(w[1].what, What::Unread));
    let unknown = counted.filter(|i| *i > verb).map(|i| &ps[i + 1]).filter(|p| !p.spaced && p.end - p.start <= 12);
    let Some(thing) = clause().find(brought).or(unknown) else { return };
    r.item = Some(known_item(scene, thing));
    r.quantity = amount.map(|a| quantity(scene, &a));
}

/// A question names the crop or the animal that it is about.
fn asked(scene: &Scene<'_, '_>, r: &mut Reading) {
    let ps = &scene.phrases;
    let about = items(scene)
        .into_iter()
        .find(|i| ps[*i].item().is_some_and(|x| matches!(scene.grammar.lexicon.kind(x), Kind::Goods | Kind::Animal)));
    let Some(i) = about else { return };
    r.item = Some(known_item(scene, &ps[i]));
    if ps[i].item().is_some_and(|x| scene.grammar.lexicon.kind(x) == Kind::Animal) {
        let word = ps.iter().find_map(|p| p.word().filter(|_| matches!(p.what, What::Word(_))).and_then(sex));
        r.sex = sex_of_name(scene, &ps[i]).or(word);
    }
}

/// From where to where something is brought, or somebody wants to go.
pub(super) fn going(scene: &Scene<'_, '_>, r: &mut Reading) {
    let leads = |p: &Phrase<'_>| p.has(Sign::Go) || p.has(Sign::Route) || p.has(Sign::From);
    let led = scene.phrases.windows(2).any(|w| {
        leads(&w[0]) && matches!(w[1].what, What::Place(_)) || matches!(w[0].what, What::Place(_)) && leads(&w[1])
    });
    if led {
        let mut used = vec![false; scene.phrases.len()];
        route(scene, r, &mut used);
        // 你去县城帮我带…: who goes is no place.
        r.from = r.from.take().filter(|p| p.code != PlaceCode::COUNTRY);
    } else {
        r.place = place_of(scene).map(|f| place(scene, &f));
    }
}

/// Whether a look-up is for somebody who drives: 查 去贵阳的车.
pub(super) fn of_ride(scene: &Scene<'_, '_>) -> bool {
    scene.phrases.iter().any(|p| {
        p.word().is_some_and(|w| {
            w.is_verb(Intent::RideOffer, Force::Head)
                || w.is_verb(Intent::RideOffer, Force::Strong)
                || w.is_verb(Intent::RideNeed, Force::Strong)
        })
    }) && scene.phrases.iter().filter_map(Phrase::item).all(|i| scene.grammar.lexicon.kind(i) == Kind::Vehicle)
}

/// What is told of a post: which thing was seen where and when, what help is brought.
pub(super) fn told(scene: &Scene<'_, '_>, rest: &[Phrase<'_>], r: &mut Reading) {
    let seen = r.intent == Intent::Sighting;
    r.when = when(scene, rest, seen);
    if let Some(p) = rest.iter().find(|p| names_item(p)) {
        r.item = Some(known_item(scene, p));
    }
    if seen {
        r.place = rest
            .iter()
            .find_map(|p| if let What::Place(f) = p.what { Some(place(scene, &f)) } else { None })
            .or_else(|| spot(scene, rest));
    } else {
        r.people = rest.iter().find_map(|p| if let What::People(n) = p.what { Some(n) } else { None });
    }
}

/// 水库边, 后山坡上: where something was seen, by a word that names no place of a map.
fn spot(scene: &Scene<'_, '_>, rest: &[Phrase<'_>]) -> Option<Place> {
    let tight = |k: usize| rest.get(k).filter(|q| !q.spaced && !q.is_separator());
    let begins = |k: usize| matches!(rest[k].what, What::Unread) || rest[k].has(Sign::Spot);
    let at = (0..rest.len()).find(|k| begins(*k))?;
    let mut end = at;
    while tight(end + 1).is_some_and(|q| q.has(Sign::Spot) || matches!(q.what, What::Unread) || q.has(Sign::Particle)) {
        end += 1;
    }
    let name = &scene.text[rest[at].start as usize..rest[end].end as usize];
    let han = name.chars().all(normalize::is_han);
    let where_ = rest[at..=end].iter().any(|p| p.has(Sign::Spot)) || at > 0 && rest[at - 1].has(Sign::In);
    (han && where_ && (2..=8).contains(&name.chars().count()))
        .then(|| Place { code: PlaceCode::COUNTRY, name: name.to_string() })
}

/// What a price is asked of, where the lexicon has no such thing: the unread word nearest before the question, or after
/// its head.
pub(super) fn priced(scene: &Scene<'_, '_>, from: usize) -> Option<String> {
    let ps = &scene.phrases;
    let word = |p: &Phrase<'_>| {
        let text = p.text(scene.text);
        matches!(p.what, What::Unread) && (2..=8).contains(&text.chars().count())
    };
    ps.get(from..)?.iter().find(|p| word(p)).map(|p| p.text(scene.text).to_string())
}

/// What is asked for by those in need, or given to them: what is counted, or stands behind the word that wants it.
pub(super) fn of_aid(scene: &Scene<'_, '_>, intent: Intent) -> Option<usize> {
    let ps = &scene.phrases;
    let goods = |i: &usize| {
        ps[*i].item().is_none_or(|x| {
            let lexicon = &scene.grammar.lexicon;
            matches!(lexicon.kind(x), Kind::Goods | Kind::Vehicle) || lexicon.needed(x)
        })
    };
    let clause = |i: usize| move |p: &&Phrase<'_>| p.clause == ps[i].clause;
    let counted = |i: &usize| {
        let near = |p: &Phrase<'_>| matches!(p.what, What::Amount(_));
        ps[..*i].iter().rev().take(3).take_while(clause(*i)).any(near)
            || ps[i + 1..].iter().take(3).take_while(clause(*i)).any(near)
    };
    let wanted = |i: &usize| {
        // 求[点]米
        !ps[*i].spaced
            && ps[..*i].iter().rev().find(|p| !p.has(Sign::Particle) && !p.has(Sign::Few)).filter(clause(*i)).is_some_and(|p| {
                p.word()
                    .is_some_and(|w| w.is_verb(Intent::Buy, Force::Hint) || w.is_verb(Intent::Buy, Force::Strong) || w.is_verb(Intent::AidNeed, Force::Strong))
                    // 屋里没米了
                    || p.has(Sign::Not)
            })
            // 奶粉不够吃
            || ps.get(*i + 1).is_some_and(|p| {
                !p.spaced && p.word().is_some_and(|w| w.is_verb(Intent::AidNeed, Force::Strong))
            })
    };
    let all: Vec<usize> = items(scene).into_iter().filter(goods).collect();
    let fits = |i: &usize| intent == Intent::AidGive || counted(i) || wanted(i);
    all.iter().copied().find(|i| counted(i) && fits(i)).or_else(|| all.into_iter().find(fits))
}

/// 我爸走丢了: a person named by whose he is, unless a thing of his is what is missing.
pub(super) fn relative(scene: &Scene<'_, '_>, named: Option<usize>) -> Option<(usize, Item)> {
    let ps = &scene.phrases;
    // 老婆不见了 is said of one's own
    let kin = |p: &Phrase<'_>| {
        let alone = || {
            let word = scene.grammar.lexicon.word(&format!("我{}", p.text(scene.text)))?;
            word.kin().filter(|_| p.has(Sign::Kin) && p.item().is_none() && named.is_none())
        };
        p.word().and_then(|w| w.kin()).or_else(alone)
    };
    let at = ps.iter().position(|p| kin(p).is_some())?;
    let strays = ps.iter().any(|p| p.has(Sign::Strays));
    let other = named.filter(|i| {
        let kind = ps[*i].item().map(|x| scene.grammar.lexicon.kind(x));
        !strays || matches!(kind, Some(Kind::Animal | Kind::Person))
    });
    if other.is_some() || ps.get(at + 1).is_some_and(|p| !p.spaced && p.text(scene.text) == "的") {
        return None;
    }
    let name = scene.grammar.items.at(kin(&ps[at])?)?.name.clone();
    Some((at, Item { name, said: ps[at].text(scene.text).to_string(), known: true }))
}
