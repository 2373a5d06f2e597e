//! What many give to one post: its totals, and the fair cut where it is more than was asked for. Pure.
//!
//! The totals of a post are those of the pledges that stand, always: whoever changes a pledge takes the old one out and puts the
//! new one in by [`replace`], in the change that keeps them both.

use super::post::{Sum, TownSum};
use super::{Exact, Pact, PactKind, PactState, Place, PlaceCode, Post};

/// Units of which one post keeps sums; who gives something else is only listed.
const UNITS: usize = 6;
/// Townships with sums of their own: as many as a county has, and the record stays small.
const TOWNS: usize = 24;
/// Amounts are kept to a thousandth, so that sums of thousands of them stay exact.
const PARTS: i64 = 1000;

/// An amount as it is kept in sums.
pub fn measured(amount: Exact) -> Exact {
    Exact::new((amount * Exact::from_integer(PARTS)).round().to_integer(), PARTS)
}

/// The unit that an order is counted in, and how much is wanted.
pub fn whole(post: &Post) -> Option<(&str, Exact)> {
    post.quantity.as_ref().map(|q| (q.unit.as_str(), q.most()))
}

/// What is still wanted; none where no amount was said.
pub fn wanted(post: &Post) -> Option<Exact> {
    whole(post).map(|(_, whole)| (whole - post.taken).max(Exact::default()))
}

/// Whether a pledge is in the totals.
fn counts(pact: &Pact) -> bool {
    pact.kind == PactKind::Pledge && pact.stands()
}

/// Takes one pledge out of a post's totals and puts another in.
pub fn replace(post: &mut Post, old: Option<&Pact>, new: Option<&Pact>) {
    let unit = whole(post).map(|(unit, _)| unit.to_string());
    let mut order = post.order.take().unwrap_or_default();
    for (pact, add) in [(old, false), (new, true)] {
        let Some(pact) = pact.filter(|p| counts(p)) else { continue };
        order.households = step(order.households, add);
        let Some(quantity) = &pact.quantity else { continue };
        let amount = if add { quantity.amount } else { -quantity.amount };
        let brought = if pact.state == PactState::Done { amount } else { Exact::default() };
        let own = unit.as_deref() == Some(&quantity.unit);
        match order.sums.iter().position(|s| s.unit == quantity.unit) {
            Some(at) => {
                order.sums[at].pledged += amount;
                order.sums[at].brought += brought;
            }
            // the post's own unit always has its sum, in the first place
            None if own => order.sums.insert(0, Sum { unit: quantity.unit.clone(), pledged: amount, brought }),
            None if order.sums.len() < UNITS => {
                order.sums.push(Sum { unit: quantity.unit.clone(), pledged: amount, brought });
            }
            None => {}
        }
        if own {
            let town = town_of(&mut order.towns, pact.place.as_ref());
            town.households = step(town.households, add);
            town.pledged += amount;
            town.brought += brought;
        }
    }
    // a town that has none left stays: whoever was counted beyond the towns must be found there again
    post.taken = order.sums.iter().find(|s| Some(&s.unit) == unit.as_ref()).map_or(Exact::default(), |s| s.pledged);
    post.order = Some(order);
}

fn step(n: u32, add: bool) -> u32 {
    if add { n.saturating_add(1) } else { n.saturating_sub(1) }
}

fn town_of<'t>(towns: &'t mut Vec<TownSum>, place: Option<&Place>) -> &'t mut TownSum {
    let elsewhere = Place { code: PlaceCode::COUNTRY, name: String::new() };
    let wanted = place.cloned().unwrap_or_else(|| elsewhere.clone());
    let known = |towns: &[TownSum], code| towns.iter().position(|t| t.place.code == code);
    let at = match known(towns, wanted.code) {
        Some(at) => at,
        None => {
            // one more place is for all that have none of their own
            let place = if towns.len() + 1 < TOWNS { wanted } else { elsewhere };
            known(towns, place.code).unwrap_or_else(|| {
                let none = Exact::default();
                towns.push(TownSum { place, households: 0, pledged: none, brought: none });
                towns.len() - 1
            })
        }
    };
    &mut towns[at]
}

/// The fair cut of pledges that come to more than `whole`: nobody brings more than the cap, so the small ones stay as they are
/// and nobody gains by having said more than he has. Whole units; so many of those who are cut bring one unit more that all
/// together is just what was wanted. `None` where nothing is to be cut.
pub fn cut(mut pledges: Vec<Exact>, whole: Exact) -> Option<(Exact, u32)> {
    let none = Exact::default();
    pledges.retain(|p| *p > none);
    pledges.sort_unstable();
    let (count, mut left) = (pledges.len(), whole.max(none));
    for (i, pledge) in pledges.iter().enumerate() {
        let share = left / Exact::from_integer((count - i) as i64);
        if *pledge > share {
            let cap = share.floor();
            let extra = (left - cap * Exact::from_integer((count - i) as i64)).floor().to_integer();
            return Some((cap, u32::try_from(extra).unwrap_or(0)));
        }
        left -= *pledge;
    }
    None
}

/// What one pledge becomes under a cap; uses up one of the extra units where it takes one.
pub fn under(amount: Exact, cap: Exact, extra: &mut u32) -> Exact {
    if amount <= cap {
        return amount;
    }
    if *extra == 0 {
        return cap;
    }
    *extra -= 1;
    amount.min(cap + Exact::from_integer(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::market::Quantity;
    use crate::message::Msisdn;
    use proptest::prelude::*;

    fn n(n: i64) -> Exact {
        Exact::from_integer(n)
    }

    fn jin(amount: i64) -> Option<Quantity> {
        Some(Quantity { amount: n(amount), max: None, unit: "斤".into(), approx: false })
    }

    fn cut_all(pledges: &[i64], whole: i64) -> Vec<i64> {
        let all: Vec<Exact> = pledges.iter().map(|p| n(*p)).collect();
        let Some((cap, mut extra)) = cut(all.clone(), n(whole)) else { return pledges.to_vec() };
        all.iter().map(|p| under(*p, cap, &mut extra).to_integer()).collect()
    }

    #[test]
    fn small_pledges_stay_whole_and_large_ones_are_cut() {
        assert_eq!(cut_all(&[100, 300, 700], 1200), [100, 300, 700]);
        assert_eq!(cut_all(&[100, 300, 700], 1000), [100, 300, 600]);
        assert_eq!(cut_all(&[500, 20, 500], 600), [290, 20, 290]);
        assert_eq!(cut_all(&[500, 500, 500], 1000), [334, 333, 333], "who pledged first brings what is left over");
        assert_eq!(cut_all(&[5, 5, 5], 2), [1, 1, 0]);
    }

    proptest! {
        #[test]
        fn a_cut_comes_to_what_was_wanted(pledges in proptest::collection::vec(1..2000i64, 1..40), whole in 1..20_000i64) {
            let cut = cut_all(&pledges, whole);
            prop_assert_eq!(cut.iter().sum::<i64>(), whole.min(pledges.iter().sum()));
            for (a, b) in pledges.iter().zip(&cut) {
                prop_assert!(b <= a);
                // nobody who pledged no more than another brings less, but for the one unit
                for (c, d) in pledges.iter().zip(&cut) {
                    prop_assert!(a > c || b <= &(d + 1));
                }
            }
        }

        #[test]
        fn totals_are_those_of_the_pledges_that_stand(steps in proptest::collection::vec((0..5usize, 0..500i64, 0..6u8, 0..3u64), 1..60)) {
            let owner = Msisdn::from_u64(1);
            let mut post = Post { quantity: jin(1000), ..Post::new(901, owner, Timestamp(0)) };
            let mut pacts: Vec<Option<Pact>> = vec![None; 5];
            for (who, amount, state, town) in steps {
                let states = [PactState::Open, PactState::Agreed, PactState::Weighed, PactState::Done, PactState::Disputed, PactState::Released];
                let place = Place { code: PlaceCode(522_632_100 + town), name: "镇".into() };
                let new = Pact {
                    quantity: jin(amount),
                    state: states[usize::from(state)],
                    place: Some(place),
                    ..Pact::new(who as u64 + 1, PactKind::Pledge, &post, Msisdn::from_u64(who as u64 + 2), Timestamp(0))
                };
                replace(&mut post, pacts[who].as_ref(), Some(&new));
                pacts[who] = Some(new);
                let standing: Vec<&Pact> = pacts.iter().flatten().filter(|p| p.stands()).collect();
                let sum = |done: bool| -> Exact {
                    let some = standing.iter().filter(|p| !done || p.state == PactState::Done);
                    some.filter_map(|p| p.quantity.as_ref()).map(|q| q.amount).sum()
                };
                let order = post.order.clone().unwrap_or_default();
                prop_assert_eq!(post.taken, sum(false));
                prop_assert_eq!(order.sums.first().map_or_else(Exact::default, |s| s.brought), sum(true));
                prop_assert_eq!(order.households as usize, standing.len());
                prop_assert_eq!(order.towns.iter().map(|t| t.pledged).sum::<Exact>(), sum(false));
                prop_assert_eq!(order.towns.iter().map(|t| t.brought).sum::<Exact>(), sum(true));
                prop_assert_eq!(order.towns.iter().map(|t| t.households as usize).sum::<usize>(), standing.len());
            }
        }
    }
}
