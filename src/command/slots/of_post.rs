//! The slots of a command that names a post: 改 807 4元, 应 901 500斤, 秤 901 3户 200斤.

use super::{known_item, phone, price, quantity};
use crate::command::left::{rest_text, rest_without};
use crate::command::matter;
use crate::command::phrase::{Phrase, What};
use crate::command::place::place;
use crate::command::price::Per;
use crate::command::quantity::Amount;
use crate::command::things::best_item;
use crate::command::{Reading, Scene};
use crate::grammar::Intent;
use crate::grammar::lexicon::sex;
use crate::market::{Exact, Price, Quantity};

/// The slots of a command that names a post: what follows it.
pub fn of_post(scene: &Scene<'_, '_>, from: usize, r: &mut Reading) {
    let rest = &scene.phrases[from.min(scene.phrases.len())..];
    match r.intent {
        Intent::Edit | Intent::Fill | Intent::Weigh | Intent::AidGive => {
            // 秤 901 3户 200斤: whose it is, and how much
            let house = |a: &Amount| scene.grammar.terms.terms.order.household.contains(&quantity(scene, a).unit);
            let amounts = || rest.iter().filter_map(|p| if let What::Amount(a) = p.what { Some(a) } else { None });
            let weighs = r.intent == Intent::Weigh;
            let one_of = |a: &Amount| weighs && house(a);
            let amount = amounts().find(|a| !one_of(a));
            let household = amounts().find(one_of).and_then(|a| u32::try_from(a.lo.to_integer()).ok());
            r.bulk.household = household;
            let sum = rest.iter().find_map(|p| if let What::Sum(s) = p.what { Some(s) } else { None });
            r.quantity = amount.map(|a| quantity(scene, &a));
            match sum {
                Some(s) if s.pay || matches!(s.per, Per::Period(_)) => r.wage = Some(price(scene, &s, None)),
                sum => r.price = sum.map(|s| price(scene, &s, r.quantity.as_ref())),
            }
            bare_numbers(rest, r);
            if r.intent == Intent::Edit {
                changed(scene, rest, r);
            }
            let read = |p: &Phrase<'_>| match p.what {
                What::Amount(_) | What::Sum(_) | What::Day(_) | What::People(_) | What::Phone => true,
                What::Number { .. } => r.intent != Intent::Edit,
                _ => false,
            };
            r.remark = rest_without(scene, from, read);
            if r.intent == Intent::AidGive {
                matter::told(scene, rest, r);
            }
        }
        Intent::Sighting => {
            r.remark = rest_text(scene, from);
            matter::told(scene, rest, r);
        }
        // What is passed on is passed on whole.
        Intent::Relay => {
            let said = scene
                .phrases
                .get(from)
                .map(|p| scene.said(p.start as usize..scene.text.len()).trim_matches([' ', ',', ':']).to_string());
            r.remark = said.filter(|s| !s.is_empty());
        }
        _ => r.remark = rest_text(scene, from),
    }
    // 807号的牛找到了: which thing it is is said as well; what is passed on or judged is only words.
    let named = matches!(
        r.intent,
        Intent::Withdraw
            | Intent::Deal
            | Intent::Renew
            | Intent::Edit
            | Intent::Origin
            | Intent::View
            | Intent::Contact
    );
    if named && !r.unsure {
        r.item = best_item(scene).map(|i| known_item(scene, &scene.phrases[i]));
    }
    r.phone = phone(scene);
}

/// 秤 807 200 3.1, 应 901 500, 改 807 3.5: a number by itself is so much of the post's own unit, the next the price; of
/// a change only what has decimals is surely money.
fn bare_numbers(rest: &[Phrase<'_>], r: &mut Reading) {
    let money = |n: Exact| Price { yuan: n, max: None, per: None, negotiable: false };
    for p in rest {
        let What::Number { n, .. } = p.what else { continue };
        let counts = matches!(r.intent, Intent::Fill | Intent::Weigh | Intent::AidGive) && r.quantity.is_none();
        if n.hi.is_some() || n.lo <= Exact::from_integer(0) {
            continue;
        } else if counts {
            r.quantity = Some(Quantity { amount: n.lo, max: None, unit: String::new(), approx: n.approx });
        } else if r.price.is_none() && (r.intent == Intent::Weigh || r.intent == Intent::Edit && !n.lo.is_integer()) {
            r.price = Some(money(n.lo));
        }
    }
}

/// What else a change can set: the hands, the day, the place, the sex.
fn changed(scene: &Scene<'_, '_>, rest: &[Phrase<'_>], r: &mut Reading) {
    r.people = rest.iter().find_map(|p| if let What::People(n) = p.what { Some(n) } else { None });
    r.sex = rest.iter().filter(|p| matches!(p.what, What::Word(_))).find_map(|p| p.word().and_then(sex));
    r.place = rest.iter().find_map(|p| if let What::Place(f) = p.what { Some(place(scene, &f)) } else { None });
    r.when = matter::when(scene, rest, false);
}
