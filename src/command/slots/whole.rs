//! What belongs to a whole text rather than to one of its things: place, day, hands, sex, telephone, name.

use super::names::contact_name;
use super::people::uncounted;
use super::phone;
use super::room::{of_the_car, room_left};
use crate::command::date;
use crate::command::phrase::{Phrase, What};
use crate::command::place::{place, place_at, route, said, unread_place};
use crate::command::{Reading, Scene};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Sign, sex};
use crate::market::{Place, PlaceCode, When};

/// 落在碛口到三交的班车上: a place from which something goes on to another is not where it is.
fn leads_on(scene: &Scene<'_, '_>, i: usize) -> bool {
    let ps = &scene.phrases;
    let tight = |k: usize| ps.get(k).filter(|q| !q.spaced);
    tight(i + 1).is_some_and(|q| q.has(Sign::Route)) && tight(i + 2).is_some_and(|q| matches!(q.what, What::Place(_)))
}

/// What belongs to the text rather than to one of its items.
pub(super) fn common(scene: &Scene<'_, '_>, intent: Intent, r: &mut Reading, used: &mut [bool]) {
    let ps = &scene.phrases;
    let ride = matches!(intent, Intent::RideOffer | Intent::RideNeed);
    if ride {
        route(scene, r, used);
    } else if let Some((i, f)) = place_at(scene).filter(|(i, _)| !leads_on(scene, *i)) {
        used[i] = true;
        r.place = Some(place(scene, &f));
        // 榕江县栽麻镇: the larger one says no more.
        for (j, p) in ps.iter().enumerate() {
            if let What::Place(g) = p.what {
                used[j] |= f.code.up_to(g.code.ring()) == Some(g.code);
            }
        }
    } else if let Some(run) = unread_place(scene, intent) {
        r.place = Some(Place { code: PlaceCode::COUNTRY, name: said(scene, &run).to_string() });
        used[run].fill(true);
    }
    let past = matches!(intent, Intent::Lost | Intent::Found);
    if ride && let Some((i, n)) = room_left(scene) {
        r.people = Some(n);
        used[i] = true;
    }
    // 一公一母 are two, and 公司 is no sex.
    let sexes = |want: Sign| ps.iter().any(|p| matches!(p.what, What::Word(_)) && p.has(want));
    let both = sexes(Sign::Male) && sexes(Sign::Female);
    let part = |i: usize| {
        let alone = ps[i].word().is_some_and(|w| w.chars == 1);
        let next = ps.get(i + 1).filter(|q| !q.spaced && matches!(q.what, What::Unread));
        alone && next.is_some_and(|q| q.text(scene.text).chars().count() == 1)
    };
    for (i, p) in ps.iter().enumerate() {
        match p.what {
            What::Day(d) if r.when.is_none() => {
                if let Some(day) = date::settle(d, scene.now, scene.market_days, past) {
                    r.when = Some(When { day, part: part_name(scene, d.part) });
                    used[i] = true;
                }
            }
            What::Word(w) if w.has(Sign::Pair) && r.people.is_none() && by_people(intent) => {
                r.people = Some(2);
                used[i] = true;
            }
            What::Number { n, .. } if r.people.is_none() && by_people(intent) && itself(scene, p) => {
                r.people = u32::try_from(*n.lo.numer()).ok();
                used[i] = true;
            }
            // 一个人三十块 is what each pays.
            What::People(1) if ride && ps.get(i + 1).is_some_and(|q| !q.spaced && matches!(q.what, What::Sum(_))) => {}
            // 国庆…10月1号晚上: said again, more closely; 明天…早上8点
            What::Day(d) if r.when.as_ref().map(|w| w.day) == date::settle(d, scene.now, scene.market_days, past) => {
                if let Some(w) = r.when.as_mut() {
                    w.part = w.part.take().or(part_name(scene, d.part));
                    used[i] = true;
                }
            }
            What::Clock(at) => {
                if let Some(w) = r.when.as_mut().filter(|w| w.part.is_none() && at.is_some()) {
                    w.part = part_name(scene, at);
                    // the hour is left to be read
                    used[i] = scene.grammar.lexicon.word(p.text(scene.text)).is_some();
                }
            }
            What::People(_) if uncounted(scene, intent, i) => {}
            // 一个人在家编斗笠: of goods nobody is counted
            What::People(_) if matches!(intent, Intent::Sell | Intent::Buy | Intent::Order) => {}
            What::People(n) if r.people.is_none() => {
                r.people = Some(n);
                used[i] = true;
            }
            What::Seats(n) if r.people.is_none() && ride && !of_the_car(scene, i) => {
                r.people = Some(n);
                used[i] = true;
            }
            What::Phone if r.phone.is_none() => used[i] = true,
            _ => {}
        }
        if let Some(s) = p.word().and_then(sex).filter(|_| matches!(p.what, What::Word(_)))
            && r.sex.is_none()
            && !both
            && !part(i)
            && matches!(intent, Intent::Lost | Intent::Found | Intent::Sell | Intent::Buy | Intent::Friend)
        {
            r.sex = Some(s);
            used[i] = true;
        }
    }
    if r.when.is_none() && (ride || past) {
        r.when = part_alone(scene, used, past);
    }
    // 我同老母
    let two = ps
        .windows(3)
        .any(|w| w[0].has(Sign::Own) && w[1].has(Sign::Join) && w[2].word().is_some_and(|v| v.has(Sign::Kin)));
    let counted = ps.iter().any(|p| matches!(p.what, What::Amount(a) if scene.grammar.units.at(a.unit).is_some_and(|u| scene.grammar.lexicon.heads.contains(&u.name))));
    if two && r.people.is_none() && !counted && by_people(intent) && intent != Intent::Hire {
        r.people = Some(2);
    }
    r.phone = phone(scene);
    r.name = contact_name(scene, used);
}

/// 小货车下午回两汪, 早上出门没回来: a part of the day that was said without the day. What goes every day has none.
fn part_alone(scene: &Scene<'_, '_>, used: &mut [bool], past: bool) -> Option<When> {
    let daily = |p: &Phrase<'_>| {
        let said = p.text(scene.text);
        said.starts_with('每') || said.starts_with("天天")
    };
    if scene.phrases.iter().any(daily) {
        return None;
    }
    let i = scene.phrases.iter().position(|p| matches!(p.what, What::Clock(Some(_))))?;
    let What::Clock(part) = scene.phrases[i].what else { return None };
    let part = part_name(scene, part)?;
    let day = date::of_part(&part, scene.now, past)?;
    used[i] = scene.grammar.lexicon.word(scene.phrases[i].text(scene.text)).is_some();
    Some(When { day, part: Some(part) })
}

/// Those whose number matters: of other posts 俩 counts the goods.
pub(super) fn by_people(intent: Intent) -> bool {
    matches!(intent, Intent::Hire | Intent::Seek | Intent::RideOffer | Intent::RideNeed)
}

/// 俺仨: a digit that counts people by itself.
fn itself(scene: &Scene<'_, '_>, p: &Phrase<'_>) -> bool {
    scene.grammar.lexicon.word(p.text(scene.text)).is_some_and(|w| w.has(Sign::Itself))
}

/// The standard name of a part of the day.
fn part_name(scene: &Scene<'_, '_>, part: Option<u8>) -> Option<String> {
    part.and_then(|p| scene.grammar.lexicon.parts.get(usize::from(p)).cloned())
}
