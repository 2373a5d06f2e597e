//! Where something goes, on boards of which the way is a part: both ends, what lies between, and how much is carried.

use super::phrase::{Phrase, What};
use super::{Reading, Scene, place, slots};
use crate::grammar::Intent;
use crate::grammar::lexicon::Sign;
use crate::market::place::COUNTRY_WIDE;
use crate::market::place::COUNTY_TOWN;
use crate::market::{Place, PlaceCode};

/// Places on the way that are kept.
const STOPS: usize = 4;

/// The places of a map that a text names, in its order.
fn named(scene: &Scene<'_, '_>) -> Vec<Place> {
    let mut all: Vec<Place> = Vec::new();
    for p in &scene.phrases {
        let What::Place(f) = p.what else { continue };
        // 全州都跑: all of it, and not the county of that name
        let wide = COUNTRY_WIDE.iter().any(|w| p.text(scene.text) == *w);
        let place = place::place(scene, &f);
        if !wide && all.last() != Some(&place) {
            all.push(place);
        }
    }
    all
}

/// From where to where, as far as it was not read yet.
pub(super) fn ends(scene: &Scene<'_, '_>, intent: Intent, reading: &mut Reading) {
    let all = named(scene);
    // what only looked like a place
    let known = |p: &Option<Place>| p.as_ref().is_none_or(|p| p.code == PlaceCode::COUNTRY || all.contains(p));
    if !known(&reading.to) {
        reading.to = None;
    }
    if !known(&reading.place) {
        reading.place = None;
    }
    if reading.to.as_ref().is_none_or(|p| p.code == PlaceCode::COUNTRY) {
        let mut way = Reading::of(intent);
        place::route(scene, &mut way, &mut vec![false; scene.phrases.len()]);
        // 货车回程空车 贵阳到榕江: both ends named outrank what only looks like one
        let town = |p: &Phrase<'_>| match p.what {
            What::Place(f) => Some(place::place(scene, &f)),
            _ => None,
        };
        let both = scene.phrases.windows(3).filter(|w| w[1].has(Sign::Route));
        if let Some((from, to)) = both.filter_map(|w| town(&w[0]).zip(town(&w[2]))).next() {
            (reading.from, way.to) = (Some(from), Some(to));
        }
        let at = |w: &str| ["去", "到", "回"].iter().any(|go| scene.text.contains(&format!("{go}{w}")));
        if let Some(name) = COUNTY_TOWN.iter().find(|w| at(w)).filter(|_| way.to.is_none()) {
            way.to = Some(Place { code: PlaceCode::COUNTRY, name: name.to_string() });
        }
        // a single character left beside a verb is no place
        let is_name = |p: &Place| p.code != PlaceCode::COUNTRY || p.name.chars().count() > 1;
        (way.to, reading.to) =
            (way.to.filter(is_name).filter(|p| known(&Some(p.clone()))), reading.to.take().filter(is_name));
        // where it goes is not where it is
        if way.to.is_some() && reading.place == way.to {
            reading.place = None;
        }
        (reading.from, reading.to) = (reading.from.take().or(way.from), way.to.or(reading.to.take()));
    }
    // 贵阳空车回榕江, 从广州放空回来榕江: of two places the first is where it begins
    if let [first, second] = all.as_slice()
        && (reading.from.is_none() || reading.to.is_none())
        && reading.to.as_ref().is_none_or(|to| to == second)
        && reading.from.as_ref().is_none_or(|from| from == first)
        && leads_back(scene, second)
    {
        (reading.from, reading.to) = (Some(first.clone()), Some(second.clone()));
    }
    if reading.to == reading.from {
        reading.from = None;
    }
}

/// 回榕江, 回来榕江, 去从江: a word of going before the place.
fn leads_back(scene: &Scene<'_, '_>, to: &Place) -> bool {
    let at = scene.phrases.iter().find(|p| matches!(p.what, What::Place(f) if place::place(scene, &f) == *to));
    let before = at.map_or("", |p| &scene.text[..p.start as usize]);
    ["回", "回来", "到", "去", "往", "送", "进"].iter().any(|w| before.ends_with(w))
}

/// 榕江去贵阳 走三都都匀: places that are named beside both ends lie on the way, or are as good. Where only one end was said, the
/// other is among them; then only what is said to be passed.
pub(super) fn stops(scene: &Scene<'_, '_>, reading: &Reading) -> Vec<Place> {
    if reading.to.is_none() {
        return Vec::new();
    }
    let passed = |p: &Place| {
        let at = scene.phrases.iter().find(|q| matches!(q.what, What::Place(f) if place::place(scene, &f) == *p));
        let before = at.map_or("", |q| &scene.text[..q.start as usize]);
        ["走", "过", "经", "跑"].iter().any(|w| before.ends_with(w))
    };
    let ends = [&reading.from, &reading.to];
    let between = |p: &Place| {
        let other = p.code != PlaceCode::COUNTRY && !ends.iter().any(|e| e.as_ref() == Some(p));
        other && (reading.from.is_some() || passed(p))
    };
    named(scene).into_iter().filter(between).take(STOPS).collect()
}

/// 最多装600斤, 还装得2吨: what is carried, by weight, where what was read counts something else.
pub(super) fn weight(scene: &Scene<'_, '_>, reading: &mut Reading) {
    let weighs = |unit: &str| scene.grammar.units.ratio(unit, "斤").is_some();
    if reading.quantity.as_ref().is_some_and(|q| weighs(&q.unit)) {
        return;
    }
    let mut amounts = scene.phrases.iter().filter_map(|p| match p.what {
        What::Amount(a) => Some(slots::quantity(scene, &a)),
        _ => None,
    });
    if let Some(q) = amounts.find(|q| weighs(&q.unit)) {
        reading.quantity = Some(q);
    }
}
