//! What a post demands and excludes, held against the other side.

use super::{Fit, Ratio};
use crate::market::{Exact, Post, Quantity, Sex, Transport};

/// Whether `offer` and `want` keep each other's terms.
pub(super) fn keep(offer: &Post, want: &Post, ratio: Ratio<'_>, fit: &mut Fit) -> Option<()> {
    for (a, b) in [(offer, want), (want, offer)] {
        excluded(a, b)?;
        enough(a, b, ratio)?;
        if let (Some((from, to)), Some(year)) = (a.terms.made, b.traits.year)
            && !(from..=to).contains(&year)
        {
            return None;
        }
        if a.terms.within.is_some_and(|ring| fit.ring > ring) {
            return None;
        }
    }
    // 不拆开: who wants fewer than all is not served
    if offer.terms.whole
        && let (Some(has), Some(wants)) = (&offer.quantity, &want.quantity)
        && less(wants, has, ratio)
    {
        return None;
    }
    match (offer.terms.transport, want.terms.transport) {
        (Some(Transport::Buyer), Some(Transport::Seller)) => return None,
        (Some(a), Some(b)) if a == b => fit.gain(5, "transport agrees"),
        _ => {}
    }
    Some(())
}

/// 除了板蓝根都要, 饲料鸡不要, 要手续齐的.
fn excluded(a: &Post, b: &Post) -> Option<()> {
    if a.terms.except.iter().any(|e| b.nodes.contains(e)) {
        return None;
    }
    let says = |word: &str| {
        let texts = [&b.item_said, &b.remark];
        texts.into_iter().flatten().chain(&b.marks).any(|t| t.contains(word))
    };
    let is = |refused: &String| match refused.as_str() {
        "sex:公" => b.sex.or(b.traits.sex) == Some(Sex::Male),
        "sex:母" => b.sex.or(b.traits.sex) == Some(Sex::Female),
        of_trait if of_trait.contains(':') => b.traits.said.contains(refused),
        word => says(word),
    };
    if a.terms.refuses.iter().any(is) {
        return None;
    }
    // 只找未婚的: what the other says of the same thing must be it; silence is asked about
    let key = |s: &str| s.split_once(':').map_or(String::new(), |(k, _)| k.to_string());
    let against = |demand: &&String| {
        let said = b.traits.said.iter().filter(|s| key(s) == key(demand)).collect::<Vec<_>>();
        !said.is_empty() && !said.contains(demand)
    };
    (!a.terms.demands.iter().any(|d| against(&d))).then_some(())
}

/// 500公斤起收: who says that he has less is not asked.
fn enough(a: &Post, b: &Post, ratio: Ratio<'_>) -> Option<()> {
    match (&a.terms.least, &b.quantity) {
        (Some(least), Some(has)) if less(has, least, ratio) => None,
        _ => Some(()),
    }
}

/// Whether a truck bears less than is to be carried.
pub(super) fn too_heavy(truck: &Post, load: &Post, ratio: Ratio<'_>) -> bool {
    matches!((&truck.quantity, &load.quantity), (Some(bears), Some(weighs)) if less(bears, weighs, ratio))
}

/// Whether `a` is less than `b`; amounts of different kinds are not.
fn less(a: &Quantity, b: &Quantity, ratio: Ratio<'_>) -> bool {
    ratio(&a.unit, &b.unit).is_some_and(|r| top(a) * r < b.amount)
}

fn top(q: &Quantity) -> Exact {
    q.max.unwrap_or(q.amount)
}

/// Whether two who look for people, or are looked for, can be meant by each other.
pub(super) fn people(a: &Post, b: &Post, other_sex: bool) -> Option<()> {
    for (a, b) in [(a, b), (b, a)] {
        if matches!((a.terms.sex, b.traits.sex), (Some(wants), Some(is)) if wants != is) {
            return None;
        }
        if let (Some((from, to)), Some((young, old))) = (a.terms.age, b.traits.age)
            && (old < from || young > to)
        {
            return None;
        }
    }
    let unsaid = a.terms.sex.is_none() && b.terms.sex.is_none();
    let alike = matches!((a.traits.sex, b.traits.sex), (Some(x), Some(y)) if x == y);
    (!(other_sex && unsaid && alike)).then_some(())
}
