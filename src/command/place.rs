//! Places in a text: the one it is about, or from where to where.
//!
//! `栽麻镇宰荡村` is the village; `从县城去凯里` a route. A name that no file has is kept as it was said.

use std::ops::Range;

use super::phrase::{Phrase, What, light};
use super::{Reading, Scene, normalize};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Sign};
use crate::grammar::place::Found;
use crate::market::{Place, PlaceCode, Ring};

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
        if in_a_name(scene, i, &f) || of_people(scene, i, &f) || in_passing(scene, i, &f) {
            continue;
        }
        match best {
            Some((_, b)) if f.code.up_to(b.code.ring()) == Some(b.code) && f.code != b.code => best = Some((i, f)),
            None => best = Some((i, f)),
            Some(_) => {}
        }
    }
    best
}

/// 城里亲戚, 城里老板; 在广东打了8年工: whose it is, or where one worked, is not where it is.
fn of_people(scene: &Scene<'_, '_>, i: usize, f: &Found) -> bool {
    let ps = &scene.phrases;
    let next = ps.get(i + 1).filter(|p| !p.spaced && !p.is_separator());
    let people = &scene.grammar.terms.people;
    let works = |p: &Phrase<'_>| {
        people.away.iter().any(|w| w.starts_with(p.text(scene.text)) || p.text(scene.text).starts_with(w.as_str()))
    };
    let led = i > 0 && (ps[i - 1].has(Sign::In) || ps[i - 1].text(scene.text).ends_with('在'));
    let whose = f.seat.is_some()
        && !led
        && next.is_some_and(|p| {
            matches!(p.what, What::Unread) || p.kind(scene.grammar).is_some() || p.has(Sign::Polite) || p.has(Sign::Kin)
        });
    whose || led && f.code.ring() >= Ring::City && next.is_some_and(works) && ps.len() > i + 4
}

/// 汉源花椒, 湘西黄牛: a county or more, in short, right before what it is known for, names the kind of goods.
fn in_a_name(scene: &Scene<'_, '_>, i: usize, f: &Found) -> bool {
    let ps = &scene.phrases;
    let led = i > 0 && [Sign::In, Sign::From, Sign::Go, Sign::Route].iter().any(|s| ps[i - 1].has(*s));
    let goods = ps.get(i + 1).filter(|p| !p.spaced).and_then(|p| p.item()).is_some_and(|x| {
        use crate::grammar::lexicon::Kind;
        matches!(scene.grammar.lexicon.kind(x), Kind::Goods | Kind::Animal)
    });
    !f.full && f.code.ring() >= Ring::County && goods && !led
}

/// 城里亲戚, 城里也去: the town, said in passing, is where nothing is.
fn in_passing(scene: &Scene<'_, '_>, i: usize, f: &Found) -> bool {
    let ps = &scene.phrases;
    let led = i > 0 && [Sign::In, Sign::From, Sign::Go, Sign::Route].iter().any(|s| ps[i - 1].has(*s));
    let loose = f.seat.is_some() && ps[i].text(scene.text).ends_with('里');
    let next = ps.get(i + 1).filter(|p| !p.spaced && !p.is_separator());
    loose
        && !led
        && next.is_some_and(|p| {
            matches!(p.what, What::Unread)
                || p.word().is_some_and(|w| w.has(Sign::Kin) || w.has(Sign::Particle))
                || p.text(scene.text).starts_with(['也', '都'])
        })
}

pub(super) fn place_of(scene: &Scene<'_, '_>) -> Option<Found> {
    place_at(scene).map(|(_, f)| f)
}

/// So many phrases may make a name that no file has: 学校门口.
const PIECES: usize = 4;

/// A place that no file has, as it was said: what stands behind 在 (老街, 学校门口), or, of what was lost, right behind the day.
/// Gives its phrases.
pub(super) fn unread_place(scene: &Scene<'_, '_>, intent: Intent) -> Option<Range<usize>> {
    let ps = &scene.phrases;
    (1..ps.len()).find_map(|i| {
        if ps[i].spaced {
            return None;
        }
        let before = &ps[i - 1];
        let lost = matches!(intent, Intent::Lost | Intent::Found) && matches!(before.what, What::Day(_));
        let run = if before.has(Sign::In) { landmark(scene, i)? } else { i..i + 1 };
        let unread = matches!(ps[i].what, What::Unread) || before.has(Sign::In);
        let name = said(scene, &run);
        // 家附近, 外面: anywhere
        let vague = scene.grammar.places.is_vague(name);
        let short = (2..=6).contains(&name.chars().count()) && name.chars().all(normalize::is_han) && !vague;
        // 在坡上挖得重楼, 在家编斗笠: of goods a name that the sentence goes on from is where something is done.
        let done = matches!(intent, Intent::Sell | Intent::Buy | Intent::Order)
            && ps
                .get(run.end)
                .is_some_and(|q| !q.spaced && !q.is_separator() && !q.has(Sign::Have) && !q.has(Sign::Polite))
            || matches!(intent, Intent::Sell | Intent::Buy | Intent::Order)
                && ps[run.clone()].iter().all(|p| p.has(Sign::Spot));
        (unread && short && !done && (before.has(Sign::In) || lost)).then_some(run)
    })
}

/// The text of a run of phrases.
pub(super) fn said<'t>(scene: &Scene<'_, 't>, run: &Range<usize>) -> &'t str {
    &scene.text[scene.phrases[run.start].start as usize..scene.phrases[run.end - 1].end as usize]
}

/// A name in pieces: unread ones, with words that mean nothing by themselves here. 老街 is 老 and an unread one.
fn landmark(scene: &Scene<'_, '_>, i: usize) -> Option<Range<usize>> {
    let ps = &scene.phrases;
    let piece = |p: &Phrase<'_>| match p.what {
        What::Unread | What::Compound => true,
        What::Word(w) => {
            p.has(Sign::Spot)
                || w.has(Sign::Modifier) && w.verbs(Force::Strong).next().is_none() && !p.has(Sign::Particle)
        }
        _ => false,
    };
    let more = ps[i..].iter().take(PIECES).take_while(|p| piece(p)).enumerate();
    let end = i + more.take_while(|(n, p)| *n == 0 || !p.spaced).count();
    let named = ps[i..end].iter().any(|p| matches!(p.what, What::Unread | What::Compound) || p.has(Sign::Spot));
    named.then_some(i..end)
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
            What::Place(f) => Some(place(scene, &smaller(i).unwrap_or_else(|| far_one(scene, i, f)))),
            // 到高铁站: what no map has, led up to
            What::Word(w)
                if w.has(Sign::Spot)
                    && w.chars > 1
                    && i > 0
                    && (ps[i - 1].has(Sign::Go) || ps[i - 1].has(Sign::From))
                    && !ps[i].spaced =>
            {
                Some(Place { code: PlaceCode::COUNTRY, name: ps[i].text(scene.text).to_string() })
            }
            What::Unread | What::Compound
                if (2..=6).contains(&ps[i].text(scene.text).chars().count())
                    && ps[i].text(scene.text).chars().all(normalize::is_han) =>
            {
                Some(Place { code: PlaceCode::COUNTRY, name: ps[i].text(scene.text).to_string() })
            }
            _ => None,
        }
    };
    // 拉牛去县城: what is carried is no place
    let hauls = |i: usize| {
        let said = ps[i].text(scene.text);
        matches!(ps[i].what, What::Unread | What::Compound)
            && scene.grammar.lexicon.hauls.iter().any(|h| said.starts_with(h.as_str()))
    };
    let begins_route = |i: usize| {
        ps.get(i + 1).is_some_and(|p| p.has(Sign::Route) || matches!(p.what, What::Mark))
            && ps.get(i + 2).is_some_and(|p| matches!(p.what, What::Place(_)))
    };
    marked_stops(scene, r, used);
    // 去趟县城
    let behind_go = |i: usize| {
        ps[i - 1].has(Sign::Go) || i > 1 && ps[i - 2].has(Sign::Go) && light(&ps[i - 1]) && !ps[i - 1].is_separator()
    };
    for i in 1..ps.len() {
        if begins_route(i) || used[i] {
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
            && !used[i]
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
            && !hauls(i)
            && let Some(p) = named(i)
        {
            r.from = Some(p);
            used[i] = true;
            if r.to.is_none()
                && let Some(p) = named(i + 2)
            {
                r.to = Some(p);
                used[i + 2] = true;
                // 义乌-怀化-榕江: the last is where it goes.
                let mut k = i + 2;
                let goes_on =
                    |k: usize| ps.get(k + 1).is_some_and(|p| p.has(Sign::Route) || matches!(p.what, What::Mark));
                while goes_on(k) && matches!(ps.get(k + 2).map(|p| p.what), Some(What::Place(_))) {
                    k += 2;
                    r.to = named(k).or(r.to.take());
                    used[k] = true;
                }
            }
        }
    }
    let town = |i: usize| if let What::Place(f) = ps[i].what { Some(f) } else { None };
    // 县城 两汪: two side by side, from the one to the other
    if r.to.is_none() && r.from.is_none() {
        let pair = (1..ps.len()).find_map(|i| {
            let (a, b) = (town(i - 1)?, town(i)?);
            let nested = a.code.up_to(b.code.ring()) == Some(b.code) || b.code.up_to(a.code.ring()) == Some(a.code);
            (!used[i - 1] && !used[i] && !nested).then_some((i, a, b))
        });
        if let Some((i, a, b)) = pair {
            (r.from, r.to) = (Some(place(scene, &a)), Some(place(scene, &b)));
            (used[i - 1], used[i]) = (true, true);
        }
    }
    // 现在在县城: where it stands is where it goes from
    if r.from.is_none() && r.to.is_some() {
        let stands = (1..ps.len()).find(|i| {
            // 我在三江高铁站
            let stands = ps[i - 1].has(Sign::In) || ps[i - 1].text(scene.text).ends_with('在');
            !used[*i] && stands && !ps[*i].spaced && town(*i).is_some()
        });
        if let Some(i) = stands
            && let Some(p) = named(i).filter(|p| Some(p) != r.to.as_ref())
        {
            r.from = Some(p);
            used[i] = true;
        }
    }
    // 广州番禺过年回贵州榕江, 贵阳机场回榕江: another place before the one where it goes is where it starts.
    if r.from.is_none() && r.to.is_some() {
        let end = (0..ps.len()).find(|i| used[*i] && town(*i).is_some_and(|f| Some(place(scene, &f)) == r.to));
        let end = end.unwrap_or(0);
        let larger = |i: usize| town(i).is_some_and(|f| f.code.ring() >= Ring::Province);
        let start = (0..end).find(|i| {
            let led = *i > 0 && (ps[*i - 1].has(Sign::Via) || ps[*i - 1].has(Sign::Go) || in_name_of(scene, *i));
            !used[*i] && town(*i).is_some() && !led && (!larger(*i) || smaller(*i).is_some())
        });
        // 榕江 凯里 is read above; 贵州榕江 is one place
        let apart = |i: usize| {
            let (a, b) = (town(i), town(end));
            a.zip(b).is_some_and(|(a, b)| {
                a.code.up_to(b.code.ring()) != Some(b.code) && b.code.up_to(a.code.ring()) != Some(a.code)
            })
        };
        if let Some(i) = start.filter(|i| apart(*i))
            && let Some(p) = named(i).filter(|p| Some(p) != r.to.as_ref())
        {
            r.from = Some(p);
            used[i] = true;
            within(i, used);
        }
    }
    // 两汪进城: where it starts, though it goes where no map says.
    if r.to.is_none() && r.from.is_none() {
        let leaves = (0..ps.len().saturating_sub(1))
            .find(|i| town(*i).is_some() && !used[*i] && !ps[*i + 1].spaced && ps[*i + 1].has(Sign::Leaves));
        if let Some(i) = leaves {
            r.from = named(i);
            used[i] = true;
            return;
        }
    }
    if r.to.is_none()
        && let Some((i, f)) = place_at(scene).filter(|(i, _)| !used[*i])
    {
        r.to = Some(place(scene, &f));
        used[i] = true;
    }
}

/// 三江到柳州, 三江高铁站: where the way goes far, or a station is spoken of, a county is meant and not the town near by that is
/// called like it.
fn far_one(scene: &Scene<'_, '_>, i: usize, f: Found) -> Found {
    let ps = &scene.phrases;
    if f.full || f.code.ring() >= Ring::County {
        return f;
    }
    let far = |g: &Found| g.ring > Ring::City && g.code.ring() >= Ring::County;
    let others = ps.iter().enumerate().filter(|(k, _)| *k != i).filter_map(|(_, p)| match p.what {
        What::Place(g) => Some(g),
        _ => None,
    });
    let (mut any, mut all_far) = (false, true);
    others.for_each(|g| {
        any = true;
        all_far &= far(&g);
    });
    let behind = &scene.text[ps[i].end as usize..];
    let station = scene.grammar.terms.ways.stations.iter().any(|s| behind.starts_with(s.as_str()));
    let larger = scene.grammar.places.find_at(ps[i].text(scene.text), PlaceCode::COUNTRY, true, false);
    match larger {
        Some(g) if (station || any && all_far) && g.len == f.len && g.code.ring() >= Ring::County => g,
        _ => f,
    }
}

/// 汉源花椒: a place that only names goods.
fn in_name_of(scene: &Scene<'_, '_>, i: usize) -> bool {
    matches!(scene.phrases[i].what, What::Place(f) if in_a_name(scene, i, &f))
}

/// What a word behind a place, or before it, says of the way: 独山上车, 榕江下车, 怀化下来的, 经黎平, 到凯里南站了.
fn marked_stops(scene: &Scene<'_, '_>, r: &mut Reading, used: &mut [bool]) {
    let ps = &scene.phrases;
    for i in 0..ps.len() {
        let What::Place(f) = ps[i].what else { continue };
        let led = |s: Sign| i > 0 && ps[i - 1].has(s);
        let next = |n: usize| ps.get(i + n).filter(|q| !q.spaced && !q.is_separator());
        let ends = |n: usize| ps.get(i + n).is_none_or(|q| q.is_separator() || q.spaced);
        // 到凯里南站了: arrived there
        let arrived = led(Sign::Route)
            && (next(1).is_some_and(|q| q.has(Sign::Le)) && ends(2)
                || next(1).is_some_and(|q| matches!(q.what, What::Unread) || q.has(Sign::Spot))
                    && next(2).is_some_and(|q| q.has(Sign::Le))
                    && ends(3));
        let goes_on = ps[i + 1..].windows(2).any(|w| w[0].has(Sign::Go) && matches!(w[1].what, What::Place(_)));
        if led(Sign::Via) {
            used[i] = true;
        } else if arrived && goes_on || next(1).is_some_and(|q| q.has(Sign::Boards)) {
            r.from = Some(place(scene, &f));
            used[i] = true;
        } else if next(1).is_some_and(|q| q.has(Sign::Alights))
            && (ends(2) || next(1).is_some_and(|q| q.end - q.start > 3))
        {
            r.to = Some(place(scene, &f));
            used[i] = true;
        } else if r.from.is_none()
            && next(1).is_some_and(|q| q.has(Sign::Leaves))
            && !led(Sign::Go)
            && !led(Sign::Route)
        {
            r.from = Some(place(scene, &f));
            used[i] = true;
        }
    }
}
