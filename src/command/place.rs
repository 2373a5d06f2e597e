//! Places in a text: the one it is about, or from where to where.
//!
//! `栽麻镇宰荡村` is the village; `从县城去凯里` a route. A name that no file has is kept as it was said.

use super::phrase::{What, light};
use super::{Reading, Scene, normalize};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Sign};
use crate::grammar::place::Found;
use crate::market::{Place, PlaceCode};

/// The place of a found name, in its standard form.
pub(super) fn place(scene: &Scene<'_, '_>, f: &Found) -> Place {
    // 县城 is called so by those who live there.
    let name = f.seat.and_then(|s| scene.grammar.places.seat(s)).or_else(|| scene.grammar.places.get(f.code));
    Place { code: f.code, name: name.unwrap_or_default().to_string() }
}

/// The place meant: the smallest of those that lie within each other, the first among others.
pub(super) fn place_at(scene: &Scene<'_, '_>) -> Option<(usize, Found)> {
    let mut best: Option<(usize, Found)> = None;
    for (i, p) in scene.phrases.iter().enumerate() {
        let What::Place(f) = p.what else { continue };
        match best {
            Some((_, b)) if f.code.up_to(b.code.ring()) == Some(b.code) && f.code != b.code => best = Some((i, f)),
            None => best = Some((i, f)),
            Some(_) => {}
        }
    }
    best
}

pub(super) fn place_of(scene: &Scene<'_, '_>) -> Option<Found> {
    place_at(scene).map(|(_, f)| f)
}

/// A place that no file has: unread words after 在, or, of what was lost, right behind the day.
pub(super) fn unread_place(scene: &Scene<'_, '_>, intent: Intent) -> Option<usize> {
    let ps = &scene.phrases;
    (1..ps.len()).find(|i| {
        let short = (2..=5).contains(&ps[*i].text(scene.text).chars().count());
        let free =
            matches!(ps[*i].what, What::Unread) && short && ps[*i].text(scene.text).chars().all(normalize::is_han);
        let before = &ps[i - 1];
        let lost =
            matches!(intent, Intent::Lost | Intent::Found) && matches!(before.what, What::Day(_)) && !ps[*i].spaced;
        free && !ps[*i].spaced && (before.has(Sign::In) || lost)
    })
}

/// 榕江到贵阳, 从县城去凯里, 去凯里.
pub(super) fn route(scene: &Scene<'_, '_>, r: &mut Reading, used: &mut [bool]) {
    let ps = &scene.phrases;
    // 浙江义乌: the smaller one within the larger.
    let smaller = |i: usize| match (ps.get(i)?.what, ps.get(i + 1)?.what) {
        (What::Place(f), What::Place(g)) if g.code != f.code && g.code.up_to(f.code.ring()) == Some(f.code) => Some(g),
        _ => None,
    };
    let within = |i: usize, used: &mut [bool]| {
        if smaller(i).is_some() {
            used[i + 1] = true;
        }
    };
    let named = |i: usize| -> Option<Place> {
        match ps.get(i)?.what {
            What::Place(f) => Some(place(scene, &smaller(i).unwrap_or(f))),
            What::Unread
                if (2..=6).contains(&ps[i].text(scene.text).chars().count())
                    && ps[i].text(scene.text).chars().all(normalize::is_han) =>
            {
                Some(Place { code: PlaceCode::COUNTRY, name: ps[i].text(scene.text).to_string() })
            }
            _ => None,
        }
    };
    let begins_route = |i: usize| {
        ps.get(i + 1).is_some_and(|p| p.has(Sign::Route) || matches!(p.what, What::Mark))
            && ps.get(i + 2).is_some_and(|p| matches!(p.what, What::Place(_)))
    };
    // 去趟县城
    let behind_go = |i: usize| {
        ps[i - 1].has(Sign::Go) || i > 1 && ps[i - 2].has(Sign::Go) && light(&ps[i - 1]) && !ps[i - 1].is_separator()
    };
    for i in 1..ps.len() {
        if begins_route(i) {
            continue;
        }
        let known = matches!(ps[i].what, What::Place(_));
        if (behind_go(i) && (known || ps[i - 1].has(Sign::Go))
            || ps[i - 1].has(Sign::Route)
            || matches!(ps[i - 1].what, What::Word(w) if w.is_verb(Intent::RideOffer, Force::Strong) || w.is_verb(Intent::RideNeed, Force::Strong)))
            && r.to.is_none()
        {
            let tight = !ps[i].spaced;
            if let Some(p) = named(i).filter(|_| known || (tight && ps[i - 1].has(Sign::Go))) {
                r.to = Some(p);
                used[i] = true;
                within(i, used);
            }
        }
        if ps[i - 1].has(Sign::From)
            && r.from.is_none()
            && let Some(p) = named(i)
        {
            r.from = Some(p);
            used[i] = true;
            within(i, used);
        }
    }
    for i in 0..ps.len().saturating_sub(1) {
        let before_go = ps[i + 1].has(Sign::Route)
            || matches!(ps[i + 1].what, What::Mark) && ps.get(i + 2).is_some_and(|p| matches!(p.what, What::Place(_)));
        if before_go
            && !used[i]
            && r.from.is_none()
            && let Some(p) = named(i)
        {
            r.from = Some(p);
            used[i] = true;
            if r.to.is_none()
                && let Some(p) = named(i + 2)
            {
                r.to = Some(p);
                used[i + 2] = true;
            }
        }
    }
    if r.to.is_none()
        && let Some((i, f)) = place_at(scene).filter(|(i, _)| !used[*i])
    {
        r.to = Some(place(scene, &f));
        used[i] = true;
    }
}
