//! Amounts, prices and hands, from the phrases of a thing's share to its slots.

use super::PERSON;
use super::people::{age, of_another, of_family};
use crate::command::number::Bound;
use crate::command::phrase::{Phrase, What, light};
use crate::command::price::{Per, Sum};
use crate::command::quantity::Amount;
use crate::command::share::{HOUSES, Share, choose_amount, formerly};
use crate::command::things::{names_item, same_thing};
use crate::command::{Reading, Scene};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::market::{Exact, Price, Quantity};

pub(super) fn amounts_and_prices(
    scene: &Scene<'_, '_>,
    intent: Intent,
    s: &Share,
    r: &mut Reading,
    used: &mut [bool],
    alone: bool,
) {
    let ps = &scene.phrases;
    let work = matches!(intent, Intent::Hire | Intent::Seek);
    let amount_at = |i: &usize| if let What::Amount(a) = ps[*i].what { Some(a) } else { None };
    let ride = matches!(intent, Intent::RideOffer | Intent::RideNeed);
    // 母猪…两百多斤: what a beast that is missing weighs is no amount of it
    let weighs = |i: usize| {
        let dimension = amount_at(&i).and_then(|a| scene.grammar.units.at(a.unit)).map(|u| u.dimension.as_str());
        let kind = s.item.and_then(|i| ps[i].kind(scene.grammar));
        matches!(intent, Intent::Lost | Intent::Found)
            && matches!(dimension, Some("weight" | "length"))
            && matches!(kind, Some(Kind::Animal | Kind::Person | Kind::Thing | Kind::Vehicle))
    };
    let missing = matches!(intent, Intent::Lost | Intent::Found);
    let chosen =
        choose_amount(scene, s).filter(|i| !(work || ride || weighs(*i) || missing && of_another(scene, s.item, *i)));
    if work || ride {
        hands_and_amount(scene, s, r, used, ride && s.item.is_some());
    } else if let Some((i, a)) = chosen.and_then(|i| amount_at(&i).map(|a| (i, a))) {
        used[i] = true;
        r.quantity = Some(quantity(scene, &a));
    }
    // 卖砖 5毛一块 3000块: of what is counted as money is, the sum that says no more is the amount.
    let of_money =
        s.item.and_then(|i| ps[i].item()).and_then(|x| scene.grammar.items.at(x)).and_then(|x| x.unit.clone());
    let of_money = of_money.filter(|u| scene.grammar.lexicon.word(u).is_some_and(|w| w.money().is_some()));
    let counted = s
        .sums
        .iter()
        .copied()
        .find(|i| matches!(ps[*i].what, What::Sum(x) if x.per == Per::Nothing && x.yuan.is_integer()));
    let counted = counted.filter(|i| {
        // 旧砖三千块: right behind the thing
        let behind = i.checked_sub(1).is_some_and(|b| s.item == Some(b)) && !ps[*i].spaced;
        (s.sums.len() > 1 || behind) && r.quantity.is_none() && !work
    });
    let taken = of_money.is_some();
    if let (Some(unit), Some(i)) = (of_money, counted)
        && let What::Sum(x) = ps[i].what
    {
        used[i] = true;
        r.quantity = Some(Quantity { amount: x.yuan, max: x.max, unit, approx: false });
    }
    // 钱包里有500块, 酬谢500: no price of what is missing.
    let priced = !matches!(intent, Intent::Lost | Intent::Found);
    let sums: Vec<usize> = s.sums.iter().copied().filter(|i| priced && counted.filter(|_| taken) != Some(*i)).collect();
    // Of several sums the first is meant, but for work the one that says it is pay.
    let sum_at = |i: &usize| if let What::Sum(x) = ps[*i].what { Some(x) } else { None };
    let pay = sums.iter().copied().find(|i| sum_at(i).is_some_and(|x| x.pay || matches!(x.per, Per::Period(_))));
    let sum = if work {
        pay.or(sums.first().copied())
    } else {
        sums.iter().copied().find(|i| Some(*i) != pay || sums.len() == 1)
    };
    if let Some((i, x)) = sum.and_then(|i| sum_at(&i).map(|x| (i, x))) {
        used[i] = true;
        // 牛一头5000: nothing else counts the goods, so 一头 does.
        if x.of_one
            && r.quantity.is_none()
            && !work
            && let Per::Unit(u) = x.per
            && scene.grammar.units.at(u).is_some_and(|u| u.size.is_none() || u.dimension == "count")
            && (!r.item.as_ref().is_some_and(|i| i.known) || sold_singly(scene, r))
        {
            // 卖牛犊俩,一个8000
            let digit = |p: &Phrase<'_>| if let What::Number { n, .. } = p.what { Some(n.lo) } else { None };
            let itself = ps.iter().find_map(|p| {
                let w = scene.grammar.lexicon.word(p.text(scene.text)).filter(|w| w.has(Sign::Itself))?;
                w.digit().and(digit(p))
            });
            r.quantity = Some(Quantity {
                amount: itself.unwrap_or(Exact::from_integer(1)),
                max: None,
                unit: unit_name(scene, u),
                approx: false,
            });
        }
        // What a ride or a day's work costs is not per unit of what is carried or worked on.
        let mut price = price(scene, &x, r.quantity.as_ref().filter(|_| !work && !ride));
        // 招洗碗阿姨1个 2500每月
        if work && x.of_one && matches!(x.per, Per::Period(_)) && x.also.is_some_and(|u| heads(scene, u)) {
            r.people = r.people.or(Some(1));
        }
        if work
            && x.of_one
            && matches!(x.per, Per::Unit(u) if scene.grammar.units.at(u).is_some_and(|u| scene.grammar.lexicon.heads.contains(&u.name)))
        {
            // 招洗碗阿姨一个2800
            r.people = r.people.or(Some(1));
            price.per = None;
        }
        if !(work || ride && matches!(x.per, Per::Period(_))) {
            sold_by(scene, s, &x, &mut price);
        }
        // 一个人三十块
        let each_one = i > 0 && !ps[i].spaced && matches!(ps[i - 1].what, What::People(1));
        if (ride || work) && each_one && x.per == Per::Nothing {
            price.per = scene.grammar.lexicon.word(PERSON).and_then(|w| w.unit()).map(|u| unit_name(scene, u));
            used[i - 1] = true;
        }
        if work {
            r.wage = Some(price);
        } else {
            r.price = Some(price);
        }
    }
    if alone && matches!(intent, Intent::Sell | Intent::Buy) && r.quantity.is_none() && r.price.is_some() {
        so_many(scene, s, r, used);
    }
    if work && !alone {
        wage_behind(scene, s, r, used);
    }
    if alone || work {
        lone_number(scene, intent, r, used);
    } else if let Some(i) = chosen.map(|i| i + 1)
        && r.price.is_none()
        && !work
        && let Some(What::Number { n, bounded: false, .. }) = ps.get(i).map(|p| p.what)
        && ps.get(i + 1).is_none_or(|p| p.spaced || p.is_separator())
    {
        // 奶渣20斤三十,风干肉10斤一百一: of each, the number behind its amount.
        used[i] = true;
        let bound = Bound::None;
        let sum = Sum { yuan: n.lo, max: n.hi, bound, per: Per::Nothing, also: None, pay: false, of_one: false };
        r.price = Some(price(scene, &sum, r.quantity.as_ref()));
    } else if r.price.is_none() && !work {
        behind_name(scene, s, r, used);
    }
    if work {
        by_the_month(scene, r);
    }
    if let Some(i) = ps.iter().position(|p| p.has(Sign::Negotiable)) {
        used[i] = true;
        let open = |p: Option<Price>| {
            Some(Price {
                negotiable: true,
                ..p.unwrap_or(Price { yuan: Exact::from_integer(0), max: None, per: None, negotiable: true })
            })
        };
        if work {
            r.wage = open(r.wage.take());
        } else if ride || matches!(intent, Intent::Sell | Intent::Buy | Intent::Order) {
            r.price = open(r.price.take());
        }
    }
}

/// 洗衣机200,电视机300; 花椒35一斤,辣椒11: of several things the number right behind the name, where such things are sold one by
/// one, or the others have their prices.
fn behind_name(scene: &Scene<'_, '_>, s: &Share, r: &mut Reading, used: &mut [bool]) {
    let ps = &scene.phrases;
    let Some(item) = s.item else { return };
    // 收花椒和干辣椒,花椒35,辣椒11: at any mention of it
    let number = |i: &usize| {
        matches!(ps.get(*i).map(|p| p.what), Some(What::Number { bounded: false, .. }))
            && same_thing(scene, *i - 1, item)
    };
    let Some(i) = (1..ps.len()).filter(|i| names_item(&ps[*i - 1])).take(64).find(number) else { return };
    let What::Number { n, bound, .. } = ps[i].what else { return };
    let ends = ps.get(i + 1).is_none_or(|p| p.spaced || p.is_separator() || light(p));
    let of_others = ps.iter().find_map(|p| match p.what {
        What::Sum(x) if matches!(x.per, Per::Unit(_)) => Some(x.per),
        _ => None,
    });
    let goods = matches!(r.intent, Intent::Sell | Intent::Buy);
    let sums = ps.iter().any(|p| matches!(p.what, What::Sum(_)));
    let priced =
        sums || of_others.is_some() || !n.lo.is_integer() || n.lo >= Exact::from_integer(10) && sold_singly(scene, r);
    if !ends || !goods || used[i] || n.lo <= Exact::from_integer(0) || !priced {
        return;
    }
    used[i] = true;
    let per = if r.quantity.is_none() { of_others.unwrap_or(Per::Nothing) } else { Per::Nothing };
    let sum = Sum { yuan: n.lo, max: n.hi, bound, per, also: None, pay: false, of_one: false };
    r.price = Some(price(scene, &sum, r.quantity.as_ref()));
}

/// 魔芋 我挖了六百多 1块6一斤: beside a price by weight, a number of tens and more that counts nothing is how much there is.
fn so_many(scene: &Scene<'_, '_>, s: &Share, r: &mut Reading, used: &mut [bool]) {
    let ps = &scene.phrases;
    if r.item.as_ref().is_none_or(|i| !i.known) || sold_singly(scene, r) {
        return;
    }
    let items = &scene.grammar.items;
    let of = s.sums.iter().find_map(|i| match ps[*i].what {
        What::Sum(x) => {
            if let Per::Unit(u) = x.per {
                scene.grammar.units.at(u)
            } else {
                None
            }
        }
        _ => None,
    });
    let usual = || {
        let name = &r.item.as_ref()?.name;
        let unit = items.path(name).iter().find_map(|n| items.get(n)?.unit.clone())?;
        scene.grammar.units.get(&unit)
    };
    let Some(unit) = of.or_else(usual).filter(|u| u.dimension == "weight") else { return };
    let free = |i: usize| {
        let What::Number { n, bounded, .. } = ps[i].what else { return false };
        let next = ps.get(i + 1).filter(|q| !q.spaced && !q.is_separator());
        let goods = next.is_some_and(|q| s.item == Some(i + 1) && names_item(q));
        let ends = next.is_none_or(|q| light(q) && q.text(scene.text) != "的") || goods;
        let before = i.checked_sub(1).map(|k| &ps[k]).filter(|q| !ps[i].spaced && !q.is_separator());
        // 有六百多, 挖了六百多, 还剩两百五
        let led = before.is_none_or(|q| {
            light(q)
                || q.item().is_some()
                || q.has(Sign::Have)
                || matches!(q.what, What::Word(w) if w.verbs(Force::Strong).next().is_some() || w.verbs(Force::Hint).next().is_some())
        });
        let large = n.lo >= Exact::from_integer(20) && n.lo.is_integer();
        !used[i] && large && (n.approx || bounded || n.hi.is_some() || n.lo >= Exact::from_integer(50)) && ends && led
    };
    let mut all = (0..ps.len()).filter(|i| free(*i) && !formerly(ps, *i));
    let (Some(i), None) = (all.next(), all.next()) else { return };
    let What::Number { n, bound, bounded, .. } = ps[i].what else { return };
    used[i] = true;
    let approx = n.approx || bounded && bound == Bound::None;
    r.quantity = Some(Quantity { amount: n.lo, max: bound.upper(n.lo, n.hi), unit: unit.name.clone(), approx });
    if let Some(price) = r.price.as_mut().filter(|p| p.per.is_none()) {
        price.per = Some(unit.name.clone());
    }
}

/// 大工两个小工三个,大工300小工200: of several trades each its wage, behind any mention of it.
fn wage_behind(scene: &Scene<'_, '_>, s: &Share, r: &mut Reading, used: &mut [bool]) {
    let ps = &scene.phrases;
    let Some(item) = s.item else { return };
    let pay = |i: usize| match ps[i].what {
        What::Number { n, bounded: false, .. } if !used[i] && n.lo >= Exact::from_integer(60) => Some(n),
        _ => None,
    };
    let found = (1..ps.len()).find_map(|i| {
        let named = names_item(&ps[i - 1]) && !ps[i].spaced && same_thing(scene, i - 1, item);
        pay(i).filter(|_| named).map(|n| (i, n))
    });
    let Some((i, n)) = found else { return };
    used[i] = true;
    let sum =
        Sum { yuan: n.lo, max: n.hi, bound: Bound::None, per: Per::Nothing, also: None, pay: true, of_one: false };
    r.wage = Some(price(scene, &sum, None));
}

/// Whether a unit counts people too.
fn heads(scene: &Scene<'_, '_>, unit: u32) -> bool {
    scene.grammar.units.at(unit).is_some_and(|u| scene.grammar.lexicon.heads.contains(&u.name))
}

/// 工资5000-7000, 要个两千: nobody earns so much a day, so it is what a month brings.
fn by_the_month(scene: &Scene<'_, '_>, r: &mut Reading) {
    let (from, month) = &scene.grammar.lexicon.monthly;
    let all = scene.phrases.iter().any(|p| matches!(p.what, What::Sum(x) if x.per == Per::Whole) || p.has(Sign::Whole));
    if let Some(w) = r.wage.as_mut().filter(|w| w.per.is_none() && r.quantity.is_none() && *from > 0 && !all)
        && w.yuan >= Exact::from_integer(*from)
    {
        w.per = Some(month.clone());
    }
}

/// How many people, and how much there is to do or to carry: 两个, 30亩, 500棵. One load of it is no amount of work: 一车.
pub(super) fn hands_and_amount(scene: &Scene<'_, '_>, s: &Share, r: &mut Reading, used: &mut [bool], goods: bool) {
    for i in &s.amounts {
        let What::Amount(a) = scene.phrases[*i].what else { continue };
        let unit = scene.grammar.units.at(a.unit);
        let heads = unit.is_some_and(|u| scene.grammar.lexicon.heads.contains(&u.name));
        // 竹篮子来料加工 每个2块5 还有120个: what is paid for by the piece is no hands.
        let piece = s.sums.iter().any(|j| matches!(scene.phrases[*j].what, What::Sum(x) if x.per == Per::Unit(a.unit)));
        let heads = heads && !piece;
        // 找个带小孩的活: one job, not one hand.
        let done = r.intent == Intent::Seek && *i > 0 && scene.phrases[*i - 1].text(scene.text).ends_with('过');
        if heads && (of_family(scene, *i) || done) {
            continue;
        } else if heads && a.bare_one && r.intent == Intent::Seek {
            used[*i] = true;
        } else if heads && !goods && a.lo.is_integer() {
            if r.people.is_none() {
                r.people = u32::try_from(*a.lo.numer()).ok();
                used[*i] = true;
            }
        } else if unit.is_some_and(|u| HOUSES.contains(&u.dimension.as_str())) {
            // 背水泥上五楼: where it goes
            continue;
        } else if r.quantity.is_none() && (goods || s.item.is_some() && !a.bare_one) && !a.each {
            r.quantity = Some(quantity(scene, &a));
            used[*i] = true;
        }
    }
}

/// Per what a price of goods is, where that is not the unit they are counted in: 肥猪2头,400斤,8块5 is by the 斤; and 才用一年
/// 1800 is for the thing, unless it is let.
pub(super) fn sold_by(scene: &Scene<'_, '_>, s: &Share, x: &Sum, price: &mut Price) {
    let unit =
        |i: usize| if let What::Amount(a) = scene.phrases[i].what { scene.grammar.units.at(a.unit) } else { None };
    let (dearest, usual) = &scene.grammar.lexicon.dearest_weight;
    let animal = || {
        let item = s.item.and_then(|i| scene.phrases[i].item());
        item.is_some_and(|x| scene.grammar.lexicon.kind(x) == Kind::Animal)
    };
    match x.per {
        Per::Nothing if x.yuan <= Exact::from_integer(*dearest) => {
            let Some(count) = price.per.as_deref().and_then(|p| scene.grammar.units.get(p)) else { return };
            let weight = s.amounts.iter().filter_map(|i| unit(*i)).find(|u| u.dimension == "weight");
            if let Some(w) = weight.filter(|_| count.dimension == "count") {
                price.per = Some(w.name.clone());
            } else if scene.grammar.lexicon.dear.contains(&count.name) && (count.dimension == "weight" || animal()) {
                price.per = Some(usual.clone());
            }
        }
        Per::Period(_) if x.also.is_none() && !scene.phrases.iter().any(|p| p.has(Sign::Rent)) => price.per = None,
        _ => {}
    }
}

/// 200斤3.5: a number that counts nothing is the price; for work the wage, or the hands.
pub(super) fn lone_number(scene: &Scene<'_, '_>, intent: Intent, r: &mut Reading, used: &mut [bool]) {
    let ps = &scene.phrases;
    for (i, p) in ps.iter().enumerate() {
        let What::Number { n, bound, .. } = p.what else { continue };
        // C1 is no number of anything.
        let next = ps.get(i + 1);
        // 45岁, 一公一母: what it counts stands behind it.
        let counts = next.is_some_and(|q| {
            !q.spaced
                && !q.is_separator()
                && !light(q)
                && !q.has(Sign::Negotiable)
                && !q.has(Sign::Who)
                && !q.has(Sign::Settles)
                && !(q.word().is_some_and(|w| w.pay().is_some()) && matches!(intent, Intent::Hire | Intent::Seek))
                && !matches!(q.what, What::Place(_) | What::Phone | What::Day(_))
                && q.word().is_none_or(|w| {
                    // 4600出
                    w.verbs(Force::Strong).next().is_none()
                        && !w.is_verb(Intent::Sell, Force::Hint)
                        && !w.has(Sign::PayInKind)
                })
        });
        let first = i > 0 && ps[i - 1].has(Sign::LunarFirst);
        // 五百到六百五随你挑: what is from so much to so much counts nothing behind it
        let range = n.hi.is_some()
            && n.lo >= Exact::from_integer(10)
            && next.is_some_and(|q| matches!(q.what, What::Unread) && q.text(scene.text).chars().count() > 1);
        let counts = counts && !range || formerly(ps, i);
        let attached = first || counts || i > 0 && !p.spaced && matches!(ps[i - 1].what, What::Unread);
        if used[i] || n.lo <= Exact::from_integer(0) || attached || intent == Intent::Seek && age(scene, i) {
            continue;
        }
        let sum = Sum { yuan: n.lo, max: n.hi, bound, per: Per::Nothing, also: None, pay: false, of_one: false };
        match intent {
            Intent::Sell | Intent::Buy | Intent::Order if r.price.is_none() && r.quantity.is_some() => {
                r.price = Some(price(scene, &sum, r.quantity.as_ref()));
            }
            // 面包车一万二: of things sold one by one a lone sum is the price.
            Intent::Sell | Intent::Buy
                if r.price.is_none() && n.lo >= Exact::from_integer(100) && sold_singly(scene, r) =>
            {
                r.price = Some(price(scene, &sum, None));
            }
            // 收干辣椒 15到18, 卖猫 50: beside known goods without an amount a small figure, a range or a bound is a price
            Intent::Sell | Intent::Buy
                if r.price.is_none()
                    && r.quantity.is_none()
                    && r.item.as_ref().is_some_and(|i| i.known)
                    && (n.hi.is_some() || bound != Bound::None || n.lo < Exact::from_integer(100))
                    && p.spaced =>
            {
                r.price = Some(price(scene, &sum, None));
            }
            // 大蒜2.8收: with decimals it is money.
            Intent::Sell | Intent::Buy if r.price.is_none() && !n.lo.is_integer() => {
                r.price = Some(price(scene, &sum, None));
            }
            // 一头收80: by what stands before it
            Intent::Hire | Intent::Seek
                if r.wage.is_none()
                    && !p.spaced
                    && i > 1
                    && matches!(ps[i - 2].what, What::Amount(a) if a.bare_one)
                    && ps[i - 1].word().is_some_and(|w| w.chars == 1) =>
            {
                let What::Amount(a) = ps[i - 2].what else { continue };
                r.wage = Some(price(scene, &Sum { per: Per::Unit(a.unit), ..sum }, None));
                used[i - 2] = true;
            }
            Intent::Hire | Intent::Seek if r.wage.is_none() && n.lo >= Exact::from_integer(60) => {
                // 9000底薪
                let of = next.filter(|q| !q.spaced).and_then(|q| q.word()?.pay()?);
                r.wage = Some(price(scene, &Sum { per: of.map_or(Per::Nothing, Per::Period), ..sum }, None));
            }
            // 2座 300: apart from all else, and too much for seats
            Intent::RideOffer | Intent::RideNeed
                if r.price.is_none()
                    && p.spaced
                    && n.lo >= Exact::from_integer(20)
                    && next.is_none_or(|q| q.spaced || q.is_separator()) =>
            {
                r.price = Some(price(scene, &sum, None));
            }
            // 一人45
            Intent::RideOffer | Intent::RideNeed
                if r.price.is_none() && i > 0 && !p.spaced && matches!(ps[i - 1].what, What::People(1)) =>
            {
                let by = scene.grammar.lexicon.word(PERSON).and_then(|w| w.unit());
                let mut each = price(scene, &sum, None);
                each.per = by.map(|u| unit_name(scene, u));
                r.price = Some(each);
                if r.people == Some(1) {
                    r.people = None;
                }
            }
            // 哪个有车 给150
            Intent::RideOffer | Intent::RideNeed
                if r.price.is_none()
                    && i > 0
                    && light(&ps[i - 1])
                    && !p.spaced
                    && n.lo >= Exact::from_integer(5)
                    && !ps[i - 1].is_separator() =>
            {
                r.price = Some(price(scene, &sum, None));
            }
            Intent::Hire if r.people.is_none() && n.lo.is_integer() && n.lo < Exact::from_integer(100) => {
                r.people = u32::try_from(*n.lo.numer()).ok()
            }
            _ => continue,
        }
        used[i] = true;
        return;
    }
}

pub(super) fn sold_singly(scene: &Scene<'_, '_>, r: &Reading) -> bool {
    let items = &scene.grammar.items;
    let Some(item) = r.item.as_ref().filter(|i| i.known) else { return false };
    let unit = items.path(&item.name).iter().find_map(|n| items.get(n).and_then(|i| i.unit.clone()));
    unit.and_then(|u| scene.grammar.units.get(&u)).is_some_and(|u| u.size.is_none() || u.dimension == "count")
}

pub(super) fn unit_name(scene: &Scene<'_, '_>, unit: u32) -> String {
    scene.grammar.units.at(unit).map(|u| u.name.clone()).unwrap_or_default()
}

pub(in crate::command) fn quantity(scene: &Scene<'_, '_>, a: &Amount) -> Quantity {
    Quantity { amount: a.lo, max: a.bound.upper(a.lo, a.hi), unit: unit_name(scene, a.unit), approx: a.approx }
}

pub(in crate::command) fn price(scene: &Scene<'_, '_>, s: &Sum, of: Option<&Quantity>) -> Price {
    let per = match s.per {
        Per::Unit(u) => Some(unit_name(scene, u)),
        // land for a year is let by the 亩, work by its time, else it is the thing that has the price
        Per::Period(_) if s.also.and_then(|u| scene.grammar.units.at(u)).is_some_and(|u| u.dimension == "area") => {
            s.also.map(|u| unit_name(scene, u))
        }
        Per::Period(p) => scene.grammar.lexicon.periods.get(usize::from(p)).cloned(),
        Per::Nothing => of.map(|q| q.unit.clone()),
        Per::Whole => None,
    };
    Price { yuan: s.yuan, max: s.bound.upper(s.yuan, s.max), per, negotiable: false }
}
