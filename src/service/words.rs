//! Shares and totals in a few words: `黑豆300斤4.5元/斤`, `3100/5000斤`, `12月28日村口交秤`.

use super::shares::{MONEY, pool_of};
use crate::clock::Timestamp;
use crate::grammar::Grammar;
use crate::market::{Exact, Pact, Post, Price, Quantity, decimal, pool};
use crate::reply::{Reply, phrase};

/// `300斤`.
pub fn amount(q: &Quantity) -> String {
    format!("{}{}", decimal(q.amount), q.unit)
}

/// `黑豆300斤4.5元/斤`: what somebody has a share of, and how much.
pub fn share(g: &Grammar, post: &Post, q: Option<&Quantity>, price: Option<&Price>) -> String {
    let q = q.map(amount).unwrap_or_default();
    let gift = pool_of(g, post).is_some_and(|p| p.gift);
    if gift {
        return q;
    }
    let price = price.map(|p| phrase::price(g, p)).unwrap_or_default();
    format!("{}{q}{price}", phrase::clip(&phrase::item(post)))
}

/// A pact's share as it stands.
pub fn share_of(g: &Grammar, post: &Post, pact: &Pact) -> String {
    share(g, post, pact.quantity.as_ref(), pact.price.as_ref().or(post.price.as_ref()))
}

/// `板蓝根1000斤3.2元/斤`: what is wanted in all.
pub fn goods(g: &Grammar, post: &Post) -> String {
    share(g, post, post.quantity.as_ref(), post.price.as_ref())
}

/// `3100/5000斤`; of an appeal without an amount what each unit came to: `100元,3床棉被`.
pub fn total(post: &Post) -> String {
    let whole = pool::whole(post);
    let own = whole.map(|(unit, whole)| format!("{}/{}{unit}", decimal(post.taken), decimal(whole)));
    let sums = post.order.iter().flat_map(|o| &o.sums).filter(|s| *s.pledged.numer() > 0);
    let others = sums.filter(|s| whole.is_none_or(|(unit, _)| unit != s.unit));
    let others = others.map(|s| format!("{}{}", decimal(s.pledged), s.unit));
    own.into_iter().chain(others).collect::<Vec<_>>().join(",")
}

/// What was brought of it: `4600斤`; empty where nothing was.
pub fn brought(post: &Post) -> String {
    let sums = post.order.iter().flat_map(|o| &o.sums).filter(|s| *s.brought.numer() > 0);
    sums.map(|s| format!("{}{}", decimal(s.brought), s.unit)).collect::<Vec<_>>().join(",")
}

/// An amount in the post's own unit.
pub fn in_own(post: &Post, n: Exact) -> String {
    pool::whole(post).map(|(unit, _)| format!("{}{unit}", decimal(n))).unwrap_or_default()
}

/// `12月28日`.
pub fn day(g: &Grammar, at: Timestamp) -> String {
    let when = crate::market::When { day: i32::try_from(at.beijing_day()).unwrap_or_default(), part: None };
    phrase::day(g, &when)
}

/// `12月28日村口过秤`: when and where it is brought.
pub fn bring(g: &Grammar, post: &Post) -> String {
    let day = post.when.as_ref().map(|w| phrase::day(g, w)).unwrap_or_default();
    let order = post.order.clone().unwrap_or_default();
    let how = order.pickup.or_else(|| pool_of(g, post).map(|p| p.bring.clone())).unwrap_or_default();
    if day.is_empty() && super::offer::is_order(g, post) {
        return format!("{how}{}", phrase::word(g, "order.later").unwrap_or_default());
    }
    format!("{day}{how}")
}

/// Fills the slots that speak of an order.
pub fn of(g: &Grammar, reply: Reply, post: &Post) -> Reply {
    let order = post.order.clone().unwrap_or_default();
    let words = pool_of(g, post);
    let left = pool::wanted(post).filter(|l| *l.numer() > 0).map(|l| in_own(post, l)).unwrap_or_default();
    reply
        .set("no", phrase::number(post.id))
        .set("short", phrase::short(g, post))
        .set("goods", goods(g, post))
        .set("wants", phrase::verb(g, post))
        .set("verb", words.map(|w| w.verb.clone()).unwrap_or_default())
        .set("slip", words.map(|w| w.slip.clone()).unwrap_or_default())
        .set("bring", bring(g, post))
        .set("total", total(post))
        .set("brought", brought(post))
        .set("rest", left)
        .set("count", order.households.to_string())
        .set("least", order.least.map(|l| in_own(post, l)).unwrap_or_default())
        .set("closes", order.deadline.filter(|_| !order.settled).map(|t| day(g, t)).unwrap_or_default())
}

/// `200斤×3.1元=620元`; only the amount where no price is known for it.
pub fn sum(g: &Grammar, net: &Quantity, price: Option<&Price>) -> String {
    let Some(price) = price.filter(|p| *p.yuan.numer() > 0 && net.unit != MONEY) else { return amount(net) };
    let ratio = price.per.as_deref().map_or(Some(Exact::from_integer(1)), |per| g.units.ratio(&net.unit, per));
    match ratio {
        Some(r) => {
            // to the fen, as it is paid
            let fen = (net.amount * r * price.yuan * Exact::from_integer(100)).round() / Exact::from_integer(100);
            format!("{}×{}={}{MONEY}", amount(net), decimal(price.yuan), decimal(fen))
        }
        None => format!("{}{}", amount(net), phrase::price(g, price)),
    }
}
