//! Does this post meet that one, how well, and why. Pure: the rules are the board's, the facts are the posts'.
//!
//! What one side left out never excludes; what both said must agree. So `卖 板蓝根 200斤` meets
//! `收板蓝根,有多少要多少`, and a red ox does not meet a search for a cow.

mod terms;

use super::post::Node;
use super::{Exact, Place, PlaceCode, Post, Price, Ring, RingKey};
use crate::clock::Timestamp;

/// What a match asks of the board, taken from `grammar/boards/`.
#[derive(Debug, Clone, Default)]
pub struct Rules<'a> {
    /// The sides this post meets: board, side.
    pub meets: Vec<(&'a str, &'a str)>,
    /// Percent by which the asked price may exceed the offered one.
    pub price_slack: u32,
    pub same_sex: bool,
    pub other_sex: bool,
    pub same_day: bool,
    /// Both must go the same way.
    pub same_way: bool,
    /// Who has fewer seats than are wanted helps nobody.
    pub seats: bool,
    /// Men and women, and their ages, are told apart.
    pub people: bool,
    /// What it is is no matter of the tree of items.
    pub any_item: bool,
    /// A find cannot be older than the loss, a day's error allowed.
    pub not_before: bool,
    /// Who carries less than is to be carried helps nobody.
    pub load: bool,
    /// Units of a price that say only that it is for the whole.
    pub whole_price: &'a [String],
    /// Key of the traits that say what a post is about.
    pub subject: Option<&'a str>,
    /// Key of the traits that say what people would do together, and the value for which sexes must differ all the same.
    pub company: Option<&'a str>,
    pub couple: Option<&'a str>,
    /// Parts of one day that exclude each other, in lists of those that go together.
    pub parts_apart: &'a [Vec<String>],
}

/// Converts units: how many of the second one of the first is.
pub type Ratio<'a> = &'a dyn Fn(&str, &str) -> Option<Exact>;

/// How well two posts meet; the higher the better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    pub score: i32,
    /// The smallest division that holds both.
    pub ring: Ring,
    /// What spoke for it, for the manager: `same item`, `price fits` …
    pub reasons: Vec<&'static str>,
}

/// The lists of the index in which `post` can find what it meets, nearest division first. They are grouped by division:
/// who has found enough in one need not look in the next.
pub fn lists(post: &Post, rules: &Rules<'_>) -> Vec<Vec<RingKey>> {
    let shelf = post.shelf;
    let own = post.key().unwrap_or_default().to_string();
    let mut nodes = Vec::new();
    // Posts of my item or a kind of it: what I want, or what may be mine. Without an item of my own, all posts.
    if !shelf.offers || shelf.either_kin || own.is_empty() {
        nodes.push(Node::Under(own.clone()));
    } else {
        // Posts that want exactly my item.
        nodes.push(Node::Exactly(own.clone()));
    }
    let near = nodes.len();
    // Posts that want what my item is a kind of.
    if shelf.offers || shelf.either_kin {
        nodes.extend(post.shelved().iter().filter(|n| **n != own).cloned().map(Node::Exactly));
    }
    // Posts that name no item.
    if shelf.any_item && !own.is_empty() {
        nodes.push(Node::Exactly(String::new()));
    }
    let code = post.place.code;
    let town = code.up_to(Ring::Town).map(|town| (town, near));
    let home = code.up_to(Ring::County).unwrap_or(code);
    let mut wide: Vec<PlaceCode> = vec![home];
    if post.reach > Ring::County {
        // whoever is to be heard further than I am stands in a wider list only
        wide.extend([Ring::City, Ring::Province, Ring::Country].into_iter().filter_map(|r| code.up_to(r)));
        wide.dedup();
    }
    let rings = town.into_iter().chain(wide.into_iter().map(|place| (place, nodes.len())));
    rings
        .map(|(place, nodes_here)| {
            let keys = |node: &Node| {
                let node = node.clone();
                rules.meets.iter().map(move |(board, side)| RingKey {
                    board: board.to_string(),
                    side: side.to_string(),
                    node: node.clone(),
                    place,
                })
            };
            nodes.iter().take(nodes_here).flat_map(keys).collect()
        })
        .collect()
}

/// Whether `post` meets `other`, and how well. `None`: they do not meet.
pub fn fit(post: &Post, other: &Post, rules: &Rules<'_>, ratio: Ratio<'_>, now: Timestamp) -> Option<Fit> {
    let meets = rules.meets.iter().any(|(board, side)| other.board == *board && other.side == *side);
    if !meets || other.owner == post.owner || !other.is_live(now) {
        return None;
    }
    weigh(post, other, rules, ratio, now)
}

/// As [`fit`], also of posts that are over: how two that were told of each other met, for the manager. Nothing of it is kept:
/// the rules give it again.
pub fn weigh(post: &Post, other: &Post, rules: &Rules<'_>, ratio: Ratio<'_>, now: Timestamp) -> Option<Fit> {
    let (offer, want) = if post.shelf.offers { (post, other) } else { (other, post) };
    let mut fit = Fit { score: 0, ring: post.place.code.common(other.place.code), reasons: Vec::new() };
    if fit.ring > post.reach.min(other.reach) {
        return None;
    }
    if rules.any_item {
        fit.gain(25, "same kind of work");
        if rules.same_way {
            ends(post, other, &mut fit)?;
        }
    } else if rules.same_way {
        way(post, other, &mut fit)?;
    } else if let Some(key) = rules.subject {
        subject(offer, want, key, &mut fit)?;
    } else {
        kinship(offer, want, &mut fit)?;
    }
    terms::keep(offer, want, ratio, &mut fit)?;
    let slack = if offer.terms.firm { 0 } else { rules.price_slack };
    let plain = |p: &Post| {
        let whole = |p: &Price| p.per.as_ref().is_some_and(|per| rules.whole_price.contains(per));
        p.price.clone().map(|p| if whole(&p) { Price { per: None, ..p } } else { p })
    };
    price(plain(offer).as_ref(), plain(want).as_ref(), slack, ratio, &mut fit)?;
    if rules.load && terms::too_heavy(offer, want, ratio) {
        return None;
    }
    if rules.seats && matches!((offer.people, want.people), (Some(has), Some(wants)) if has < wants) {
        return None;
    }
    if rules.people {
        terms::people(offer, want, rules.other_sex && !company(offer, want, rules))?;
        if rules.not_before && !offer.traits.same_person(&want.traits) {
            return None;
        }
    }
    let common = offer.traits.compare(&want.traits).ok()?;
    for (count, score, reason) in [
        (common.marks, 15, "same traits"),
        (i32::from(common.name), 60, "same name"),
        (i32::from(common.number), 60, "same number"),
    ] {
        if count > 0 {
            fit.gain(score * count.min(4), reason);
        }
    }
    amount(offer, want, ratio, &mut fit);
    // 公牛: of beasts the word may say it
    let sex = |p: &Post| if rules.people { p.sex } else { p.sex.or(p.traits.sex) };
    if let (Some(a), Some(b)) = (sex(offer), sex(want)) {
        if rules.same_sex && a != b {
            return None;
        }
        if rules.same_sex && a == b {
            fit.gain(20, "same sex");
        }
    }
    if let (Some(a), Some(b)) = (&offer.when, &want.when) {
        if rules.same_day && (a.day != b.day || apart(a.part.as_deref(), b.part.as_deref(), rules.parts_apart)) {
            return None;
        }
        // lost yesterday, found last week: another animal
        if rules.not_before && a.day < b.day - 1 {
            return None;
        }
    }
    let shared = offer
        .marks
        .iter()
        .filter(|m| want.marks.iter().any(|w| w.contains(m.as_str()) || m.contains(w.as_str())))
        .count();
    if shared > 0 {
        fit.gain(15 * i32::try_from(shared).unwrap_or(1), "same marks");
    }
    let near = match fit.ring {
        Ring::Village | Ring::Town => 40,
        Ring::County => 30,
        Ring::City => 20,
        Ring::Province => 10,
        Ring::Country => 0,
    };
    fit.gain(near, "near");
    let days_old = (now.0 - other.created.0) / crate::clock::DAY;
    fit.score -= i32::try_from(days_old.clamp(0, 30)).unwrap_or(30);
    Some(fit)
}

/// Whether two parts of the day stand in different lists: who goes in the morning takes nobody along in the evening.
fn apart(a: Option<&str>, b: Option<&str>, lists: &[Vec<String>]) -> bool {
    let list = |part: Option<&str>| lists.iter().position(|l| l.iter().any(|p| Some(p.as_str()) == part));
    matches!((list(a), list(b)), (Some(a), Some(b)) if a != b)
}

impl Fit {
    fn gain(&mut self, score: i32, reason: &'static str) {
        self.score += score;
        self.reasons.push(reason);
    }
}

fn kinship(offer: &Post, want: &Post, fit: &mut Fit) -> Option<()> {
    match (&offer.item, &want.item) {
        (Some(a), Some(b)) if a == b => fit.gain(50, "same item"),
        (Some(_), Some(b)) if offer.nodes.contains(b) => fit.gain(40, "a kind of it"),
        // 卖牛 for 收小黄牛, and 捡到牛 for 寻黄牛: it may be the kind that is wanted
        (Some(a), Some(_)) if offer.shelf.either_kin && want.nodes.contains(a) => fit.gain(35, "a wider word for it"),
        (Some(_), Some(_)) => return None,
        // one side takes anything
        _ => fit.gain(25, "any kind"),
    }
    Some(())
}

/// Help is named by what it is for as often as by a thing: 缺棉被, 教数学, 输血. What both name must agree, and of two who name
/// different kinds of it neither helps the other; who names nothing is open to all.
fn subject(offer: &Post, want: &Post, key: &str, fit: &mut Fit) -> Option<()> {
    let of = |p: &Post| {
        let mine = p.traits.said.iter().filter(|s| s.strip_prefix(key).is_some_and(|v| v.starts_with(':')));
        mine.cloned().collect::<Vec<_>>()
    };
    let (a, b) = (of(offer), of(want));
    let shared = a.iter().any(|v| b.contains(v));
    match (offer.item.is_some() && want.item.is_some(), a.is_empty(), b.is_empty()) {
        _ if shared => fit.gain(45, "same help"),
        (_, false, false) => return None,
        (true, ..) => return kinship(offer, want, fit),
        (_, false, true) if want.item.is_some() => return None,
        (_, true, false) if offer.item.is_some() => return None,
        _ => fit.gain(25, "any kind"),
    }
    Some(())
}

/// Whether two look for the same company, of which it is no matter whether they are men or women.
fn company(a: &Post, b: &Post, rules: &Rules<'_>) -> bool {
    let Some(key) = rules.company else { return false };
    let value = |s: &&String| s.split_once(':').is_some_and(|(k, v)| k == key && Some(v) != rules.couple);
    a.traits.said.iter().filter(value).any(|s| b.traits.said.contains(s))
}

/// Whether two rides go the same way: the ends must not contradict each other, and who leaves the county may be fetched from
/// anywhere in it.
fn way(a: &Post, b: &Post, fit: &mut Fit) -> Option<()> {
    match (&a.to, &b.to) {
        (Some(x), Some(y)) if same_place(x, y) => fit.gain(50, "same way"),
        (Some(x), Some(y)) if serves(a, y) || serves(b, x) => fit.gain(40, "on the way"),
        (Some(_), Some(_)) => return None,
        _ => {}
    }
    let start = |p: &Post| p.from.clone().unwrap_or_else(|| p.place.clone());
    let (x, y) = (start(a), start(b));
    let county = |c: PlaceCode| c.up_to(Ring::County);
    let leaves = |p: &Post, from: &Place| p.to.as_ref().is_some_and(|to| county(to.code) != county(from.code));
    if same_place(&x, &y) {
        fit.gain(20, "same start");
    } else if serves(a, &y) || serves(b, &x) {
        fit.gain(15, "on the way");
    } else if county(x.code).is_none() || county(x.code) != county(y.code) || !(leaves(a, &x) && leaves(b, &y)) {
        return None;
    }
    Some(())
}

/// Whether what both said of where they go agrees.
fn ends(a: &Post, b: &Post, fit: &mut Fit) -> Option<()> {
    for (x, y) in [(&a.to, &b.to), (&a.from, &b.from)] {
        if let (Some(x), Some(y)) = (x, y) {
            if !same_place(x, y) && !serves(a, y) && !serves(b, x) {
                return None;
            }
            fit.gain(20, "same way");
        }
    }
    Some(())
}

/// Whether a place is one of those that a ride names beside its ends.
fn serves(ride: &Post, place: &Place) -> bool {
    place.code != PlaceCode::COUNTRY && ride.stops.iter().any(|s| s.code.holds(place.code) || place.code.holds(s.code))
}

/// Whether one holds the other; places that only their people know, by name.
fn same_place(a: &Place, b: &Place) -> bool {
    if a.code == PlaceCode::COUNTRY || b.code == PlaceCode::COUNTRY {
        return a.name == b.name;
    }
    a.code.holds(b.code) || b.code.holds(a.code)
}

/// Asked against offered, in one unit. Prices that cannot be compared say nothing.
fn price(asked: Option<&Price>, bid: Option<&Price>, slack: u32, ratio: Ratio<'_>, fit: &mut Fit) -> Option<()> {
    let (Some(asked), Some(bid)) = (asked, bid) else { return Some(()) };
    // A price beyond a thousand million is a slip of the keypad; comparing it could overflow.
    let absurd = |p: &Price| p.most().max(p.yuan).numer() > &1_000_000_000;
    if asked.negotiable || bid.negotiable || absurd(asked) || absurd(bid) {
        return Some(());
    }
    let per = match (&asked.per, &bid.per) {
        (Some(a), Some(b)) => ratio(b, a),
        // Who leaves the unit out means the usual one, as the other says it; unless the two are so far apart
        // that one must be for the day and the other for the month.
        _ => same_scale(asked.yuan, bid.yuan).then(|| Exact::from_integer(1)),
    };
    // bid per its unit; there are `1/per` of asked's units in it
    let Some(bid_yuan) = per.and_then(|r| checked_div(bid.most(), r)) else { return Some(()) };
    let limit = bid_yuan * Exact::new(100 + i64::from(slack), 100);
    if asked.yuan > limit {
        return None;
    }
    if asked.yuan <= bid_yuan {
        fit.gain(20, "price fits");
    } else {
        fit.gain(5, "price near");
    }
    Some(())
}

/// Whether two prices can be for the same amount of the same thing.
fn same_scale(a: Exact, b: Exact) -> bool {
    let ten = Exact::from_integer(10);
    a < b * ten && b < a * ten
}

fn checked_div(a: Exact, b: Exact) -> Option<Exact> {
    (*b.numer() != 0).then(|| a / b)
}

/// Amounts never exclude here: a small lot helps a large buyer, a large one serves a small buyer.
fn amount(offer: &Post, want: &Post, ratio: Ratio<'_>, fit: &mut Fit) {
    let (Some(has), Some(wants)) = (offer.rest(), want.rest()) else { return };
    let Some(r) = ratio(&has.unit, &wants.unit) else { return };
    if has.most() * r >= wants.amount {
        fit.gain(10, "enough");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Quantity, Sex, Shelf, When};
    use crate::message::Msisdn;

    const HOME: u64 = 522632101;

    fn post(side: &str, owner: u64, nodes: &[&str]) -> Post {
        Post {
            board: "trade".into(),
            side: side.into(),
            shelf: Shelf { offers: side == "sell", any_item: true, ..Shelf::default() },
            station: "s".into(),
            cause: 1,
            item: nodes.first().map(ToString::to_string),
            item_said: None,
            nodes: nodes.iter().map(ToString::to_string).collect(),
            place: Place { code: PlaceCode(HOME), name: "栽麻镇".into() },
            reach: Ring::Province,
            until: Timestamp(i64::MAX),
            ..Post::new(owner, Msisdn::from_u64(owner), Timestamp(0))
        }
    }

    fn rules(offers: bool) -> Rules<'static> {
        let meets = vec![("trade", if offers { "buy" } else { "sell" })];
        Rules { meets, price_slack: 20, same_sex: true, not_before: true, ..Rules::default() }
    }

    fn ratio(a: &str, b: &str) -> Option<Exact> {
        match (a, b) {
            _ if a == b => Some(Exact::from_integer(1)),
            ("公斤", "斤") => Some(Exact::from_integer(2)),
            ("斤", "公斤") => Some(Exact::new(1, 2)),
            _ => None,
        }
    }

    /// Both directions, which must agree: whichever came first, they find each other.
    fn meets(sell: &Post, buy: &Post) -> bool {
        let a = fit(sell, buy, &rules(true), &ratio, Timestamp(1));
        let b = fit(buy, sell, &rules(false), &ratio, Timestamp(1));
        assert_eq!(a.as_ref().map(|f| f.score), b.as_ref().map(|f| f.score));
        // what fits can also be found, in the index
        let found = |seeker: &Post, offers, other: &Post| {
            let keys = other.ring_keys();
            lists(seeker, &rules(offers)).iter().flatten().any(|l| keys.contains(l))
        };
        if a.is_some() {
            assert!(found(sell, true, buy) && found(buy, false, sell));
        }
        a.is_some()
    }

    fn priced(mut p: Post, yuan: (i64, i64), per: &str) -> Post {
        p.price = Some(Price { yuan: Exact::new(yuan.0, yuan.1), max: None, per: Some(per.into()), negotiable: false });
        p
    }

    #[test]
    fn a_buyer_of_the_category_hears_of_the_kind_and_not_the_other_way() {
        let herb = ["板蓝根", "药材"];
        assert!(meets(&post("sell", 1, &herb), &post("buy", 2, &herb)));
        assert!(meets(&post("sell", 1, &herb), &post("buy", 2, &["药材"])));
        assert!(!meets(&post("sell", 1, &["药材"]), &post("buy", 2, &herb)));
        assert!(meets(&post("sell", 1, &[]), &post("buy", 2, &herb)), "work of any kind");
        assert!(meets(&post("sell", 1, &herb), &post("buy", 2, &[])));
        assert!(!meets(&post("sell", 1, &["牛", "牲畜"]), &post("buy", 2, &["牛肉", "肉"])));
        assert!(!meets(&post("sell", 1, &herb), &post("buy", 1, &herb)), "nobody meets himself");
    }

    #[test]
    fn prices_are_compared_in_one_unit() {
        let herb = ["板蓝根"];
        let sell = priced(post("sell", 1, &herb), (7, 2), "斤");
        assert!(meets(&sell, &priced(post("buy", 2, &herb), (7, 1), "公斤")), "7 a kilo is 3.5 a jin");
        assert!(meets(&sell, &priced(post("buy", 2, &herb), (3, 1), "斤")), "a fifth apart can be talked over");
        assert!(!meets(&sell, &priced(post("buy", 2, &herb), (5, 1), "公斤")));
        assert!(meets(&sell, &priced(post("buy", 2, &herb), (1, 1), "筐")), "what cannot be compared says nothing");
        let bare = |mut p: Post| {
            if let Some(price) = &mut p.price {
                price.per = None;
            }
            p
        };
        assert!(!meets(&sell, &bare(priced(post("buy", 2, &herb), (2, 1), "斤"))), "no unit means the usual one");
        assert!(meets(
            &bare(priced(post("sell", 1, &herb), (5000, 1), "月")),
            &priced(post("buy", 2, &herb), (180, 1), "天")
        ));
    }

    #[test]
    fn contradictions_exclude_and_silence_does_not() {
        let ox = ["黄牛", "牛"];
        let with = |mut p: Post, sex| {
            p.sex = sex;
            p
        };
        let (male, female) = (Some(Sex::Male), Some(Sex::Female));
        assert!(meets(&with(post("sell", 1, &ox), male), &with(post("buy", 2, &ox), male)));
        assert!(meets(&with(post("sell", 1, &ox), male), &with(post("buy", 2, &ox), None)));
        assert!(!meets(&with(post("sell", 1, &ox), male), &with(post("buy", 2, &ox), female)));
        let on = |mut p: Post, day| {
            p.when = Some(When { day, part: None });
            p
        };
        assert!(meets(&on(post("sell", 1, &ox), 9), &on(post("buy", 2, &ox), 10)));
        assert!(!meets(&on(post("sell", 1, &ox), 5), &on(post("buy", 2, &ox), 10)), "found before it was lost");
    }

    #[test]
    fn reach_bounds_both_sides() {
        let mut far = post("buy", 2, &["白菜"]);
        far.place.code = PlaceCode(522631100);
        let mut cabbage = post("sell", 1, &["白菜"]);
        assert!(meets(&cabbage, &far));
        cabbage.reach = Ring::County;
        assert!(!meets(&cabbage, &far));
    }

    #[test]
    fn more_agreement_scores_higher() {
        let mut big = post("sell", 1, &["板蓝根"]);
        big.quantity =
            Some(Quantity { amount: Exact::from_integer(100), max: None, unit: "公斤".into(), approx: false });
        let mut want = post("buy", 2, &["板蓝根"]);
        want.quantity =
            Some(Quantity { amount: Exact::from_integer(200), max: None, unit: "斤".into(), approx: false });
        let score = |a: &Post, b: &Post| fit(a, b, &rules(true), &ratio, Timestamp(1)).map(|f| f.score);
        let small = post("sell", 3, &["板蓝根"]);
        assert!(score(&big, &want) > score(&small, &want));
    }
}
