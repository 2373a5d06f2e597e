//! Somebody goes from one place to another.

use super::facts::Facts;
use super::{STRONG, Scores};
use crate::command::phrase::{Phrase, What};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sign};

/// Somebody goes from one place to another.
pub fn rides(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let going = phrases.windows(2).any(|w| w[0].has(Sign::Go) && matches!(w[1].what, What::Place(_)));
    // 有车去从江没, 有去广州的车吗; 我开面包车去县城, 小车 栽麻-县城.
    let head = |p: &Phrase<'_>| p.word().is_some_and(|w| w.is_verb(Intent::RideOffer, Force::Head));
    let car = f.kind == Some(Kind::Vehicle) || f.kind.is_none() && phrases.iter().any(head);
    let traded =
        s.get(Intent::Sell).max(s.get(Intent::Buy)).max(s.get(Intent::Lost)).max(s.get(Intent::Found)) >= STRONG;
    if car && (going || f.route) && !traded && s.get(Intent::RideOffer).max(s.get(Intent::RideNeed)) < STRONG {
        let asked = f.asks || f.who || phrases.iter().any(|p| p.has(Sign::IsThere) || p.has(Sign::Where));
        s.at_least(if asked { Intent::RideNeed } else { Intent::RideOffer }, STRONG - 1);
        s.0.retain(|(i, _)| !matches!(i, Intent::Sell | Intent::Buy | Intent::Search));
        return;
    }
    if !(f.route
        || (going && (f.seats || f.people && !f.item || s.get(Intent::RideNeed) > 0 || s.get(Intent::RideOffer) > 0)))
    {
        return;
    }
    if f.item && s.get(Intent::RideNeed) < STRONG && s.get(Intent::RideOffer) < STRONG {
        return;
    }
    if f.seats && s.get(Intent::RideNeed) < STRONG {
        s.add(Intent::RideOffer, 8);
    }
    for i in [Intent::RideNeed, Intent::RideOffer] {
        if s.get(i) > 0 {
            s.add(i, 5);
        }
    }
    if (f.route || f.people && !f.item && s.0.is_empty())
        && s.get(Intent::RideNeed) == 0
        && s.get(Intent::RideOffer) == 0
    {
        s.at_least(Intent::RideNeed, 2);
        s.at_least(Intent::RideOffer, 2);
    }
}
