//! Somebody goes from one place to another, or has goods carried there.
//!
//! Whoever asks for a car needs the ride (`哪个有车去凯里`, `找大货车`), whoever has one or room in one offers it (`我开面包车去县城`,
//! `差两个人走广州`). Without a car it is the traveller who speaks: `老人要去达州看病 连我2个`.

use super::facts::{Facts, is_car};
use super::{HINT, SIGHT, STRONG, Scores};
use crate::command::phrase::{Phrase, What, light};
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::grammar::{Grammar, Intent};

/// What a text says of a ride.
struct Trip {
    /// To a place, or between two.
    going: bool,
    /// A car is asked for.
    asked: bool,
    /// A car of one's own, or room in it.
    own: bool,
    /// Goods are to be carried.
    cargo: bool,
    /// Others may come along: 捎俩人.
    takes: bool,
}

/// Somebody goes from one place to another.
pub fn rides(f: &Facts, grammar: &Grammar, text: &str, phrases: &[Phrase<'_>], s: &mut Scores) {
    let trip = trip(f, grammar, text, phrases);
    let verbs = s.get(Intent::RideNeed).max(s.get(Intent::RideOffer));
    // 高铁站接人 两个位
    let room = f.seats && f.kind.is_none() && s.get(Intent::Hire).max(s.get(Intent::Sell)) < STRONG;
    if !(trip.going || verbs >= STRONG || trip.cargo && f.car || room) || s.get(Intent::Search) >= STRONG {
        // 坐起做的活路: no ride where nobody goes anywhere
        if f.kind == Some(Kind::Trade) {
            s.0.retain(|(i, n)| !(matches!(i, Intent::RideNeed | Intent::RideOffer) && *n <= HINT));
        }
        return;
    }
    // 在义乌打工,想包车回榕江,有顺路的司机吗: whoever hires a car to go somewhere says where he works only by the way.
    if trip.going
        && s.get(Intent::RideNeed) >= STRONG
        && s.get(Intent::Hire).max(s.get(Intent::Sell)) < STRONG + 3
        && !f.sum
    {
        s.0.retain(|(i, _)| *i != Intent::Seek);
        if s.get(Intent::Hire) <= STRONG {
            s.0.retain(|(i, _)| *i != Intent::Hire);
        }
    }
    // 招人去广东进厂, 卖面包车: the place is only where it is.
    let other = [Intent::Hire, Intent::Sell, Intent::Buy, Intent::Lost, Intent::Found, Intent::Errand]
        .into_iter()
        .map(|i| s.get(i))
        .max()
        .unwrap_or(0);
    if other >= STRONG && verbs < STRONG && !(trip.going && (trip.asked || trip.takes)) {
        return;
    }
    if f.kind == Some(Kind::Trade) && f.labour && verbs < STRONG && !trip.asked && !trip.takes {
        return;
    }
    // 七座车拼车去三江 差四个: whoever has the car looks for the rest
    if lacking(phrases) && f.car && !trip.asked && other < STRONG && s.get(Intent::RideNeed) <= STRONG + 1 {
        decide(s, Intent::RideOffer, STRONG + 3);
    } else if trip.asked && s.get(Intent::RideOffer) <= STRONG {
        decide(s, Intent::RideNeed, STRONG + 3);
    } else if s.get(Intent::RideNeed) >= STRONG && s.get(Intent::RideNeed) >= s.get(Intent::RideOffer) {
        let firm = other < STRONG || phrases.iter().any(|p| p.has(Sign::Firm));
        if firm && (trip.going || f.people || trip.cargo) {
            decide(s, Intent::RideNeed, STRONG + 3);
        }
    } else if (trip.own || s.get(Intent::RideOffer) >= STRONG) && other < STRONG {
        decide(s, Intent::RideOffer, STRONG + 1);
    } else if verbs >= STRONG {
        let more =
            if s.get(Intent::RideNeed) > s.get(Intent::RideOffer) { Intent::RideNeed } else { Intent::RideOffer };
        s.add(more, 3);
    } else if trip.cargo && f.route && verbs == 0 {
        // 拉一车砖从忠诚到寨蒿: without a car of one's own
        decide(s, Intent::RideNeed, STRONG);
    } else {
        travellers(f, phrases, s);
    }
}

/// A text without a car: who must go somewhere asks to be taken.
fn travellers(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let strong = s.0.iter().any(|(i, n)| *n >= STRONG && !matches!(i, Intent::Seek));
    let purpose = phrases.iter().any(|p| p.has(Sign::Purpose));
    let wish = phrases.iter().enumerate().any(|(i, p)| {
        let aims = |q: &Phrase<'_>| q.has(Sign::Want) && !q.has(Sign::Not);
        (p.has(Sign::Go) || p.has(Sign::From)) && phrases[..i].iter().rev().take(2).any(aims)
    });
    // 要从县中回仁里: who wants to go from one place to another
    let way = phrases.iter().any(|p| p.has(Sign::From)) && f.route;
    if wish && way && f.kind.is_none_or(|k| k == Kind::Person) && !strong {
        decide(s, Intent::RideNeed, STRONG - 1);
        return;
    }
    if f.item && !purpose || strong {
        return;
    }
    if s.get(Intent::RideNeed).max(s.get(Intent::RideOffer)) > 0 {
        for i in [Intent::RideNeed, Intent::RideOffer] {
            if s.get(i) > 0 {
                s.add(i, 5);
            }
        }
    } else if (f.people || f.amount) && (purpose || wish) || purpose && wish {
        decide(s, Intent::RideNeed, STRONG - 1);
    } else if f.who && (f.asks || f.people || f.amount) {
        // 有人走桂林吗 我一个
        decide(s, Intent::RideNeed, STRONG - 1);
    } else if f.route || f.people && s.0.is_empty() {
        s.at_least(Intent::RideNeed, 2);
        s.at_least(Intent::RideOffer, 2);
    }
}

/// A ride, whatever its purpose or its goods would say by themselves.
fn decide(s: &mut Scores, intent: Intent, n: i32) {
    s.0.retain(|(i, n)| {
        !(matches!(i, Intent::Lost | Intent::Found | Intent::Hire | Intent::Buy | Intent::Sell) && *n <= STRONG + 1)
    });
    s.0.retain(|(i, n)| !(matches!(i, Intent::Seek | Intent::Errand | Intent::Ask) && *n <= STRONG + 1));
    s.at_least(intent, n);
}

fn trip(f: &Facts, grammar: &Grammar, text: &str, phrases: &[Phrase<'_>]) -> Trip {
    let going = phrases.iter().enumerate().any(|(i, p)| {
        let there = |q: &&Phrase<'_>| !light(q) || q.is_separator();
        (p.has(Sign::Go) || p.has(Sign::From))
            && phrases[i + 1..].iter().take(3).find(there).is_some_and(|q| matches!(q.what, What::Place(_)))
    });
    // 答车: a car behind half a word is not one's own.
    let torn = |i: usize| {
        i > 0
            && !phrases[i].spaced
            && matches!(phrases[i - 1].what, What::Unread)
            && phrases[i - 1].end - phrases[i - 1].start <= 3
            && (i == 1 || phrases[i - 1].spaced)
    };
    let whole_car = phrases.iter().enumerate().any(|(i, p)| is_car(grammar, p) && !torn(i));
    let asked = phrases.iter().enumerate().any(|(i, p)| {
        is_car(grammar, p)
            && (asked_for(phrases, i) || boarded(phrases, i) || f.people && !f.seats && leading(text, phrases, i))
    });
    // 去大坝有车没: where one goes may be a place that no file has.
    let somewhere = asked
        && f.kind.is_none_or(|k| matches!(k, Kind::Vehicle | Kind::Person))
        && phrases.windows(2).any(|w| {
            let unread =
                matches!(w[1].what, What::Unread | What::Compound) || w[1].has(Sign::Modifier) || w[1].has(Sign::Spot);
            w[0].has(Sign::Go) && unread && !w[1].spaced
        });
    // 空位有没, 还有位子吗
    let room_asked = f.seats && (f.asks || phrases.iter().any(|p| p.has(Sign::IsThere)));
    // 下广州,有位子吗: room in a car that nobody named
    let some_room = going
        && f.asks
        && phrases.windows(2).any(|w| (w[0].has(Sign::Have) || w[0].has(Sign::IsThere)) && w[1].has(Sign::Seats));
    let head = |p: &Phrase<'_>| p.word().is_some_and(|w| w.is_verb(Intent::RideOffer, Force::Head));
    let car = whole_car || phrases.iter().enumerate().any(|(i, p)| head(p) && !torn(i));
    // 从沈阳往葫芦岛去,捎俩人
    let takes = f.route
        && phrases.windows(2).any(|w| {
            matches!(w[1].what, What::People(_)) && grammar.terms.ways.takes.iter().any(|t| *t == w[0].text(text))
        });
    let own = takes
        || car && (f.kind == Some(Kind::Vehicle) || f.kind.is_none()) && (going || f.route)
        || f.seats && !room_asked
        || lacking(phrases)
        || car && cargo(grammar, text, phrases);
    Trip {
        going: going || f.route || somewhere,
        asked: asked || room_asked && !car || some_room,
        own,
        cargo: cargo(grammar, text, phrases),
        takes,
    }
}

/// 差两个人, 缺3位: room is left for so many.
fn lacking(phrases: &[Phrase<'_>]) -> bool {
    phrases.windows(2).any(|w| {
        let lack = matches!(w[0].what, What::Word(v) if v.is_verb(Intent::Hire, Force::Hint) && !v.has(Sign::Want) && !v.is_verb(Intent::Lost, Force::Hint));
        lack && matches!(w[1].what, What::People(_) | What::Amount(_) | What::Seats(_) | What::Number { .. })
    })
}

/// Whether the car at `i` is asked for: 哪个有车, 有车没, 找大货车, and not 我有车, 开车.
fn asked_for(phrases: &[Phrase<'_>], i: usize) -> bool {
    let p = &phrases[i];
    let before = || phrases[..i].iter().rev().take(SIGHT).take_while(|q| q.clause == p.clause);
    let wants = |q: &Phrase<'_>| matches!(q.what, What::Word(w) if w.is_verb(Intent::Buy, Force::Hint) || w.is_verb(Intent::Lost, Force::Hint) && w.is_verb(Intent::Hire, Force::Hint));
    let nearest = before().find(|q| q.has(Sign::Have) || q.has(Sign::Own) || wants(q));
    let who = before().any(|q| q.has(Sign::Who) || q.has(Sign::IsThere) || q.has(Sign::Where));
    let behind = || phrases[i + 1..].iter().take(SIGHT).take_while(|q| q.clause == p.clause);
    let next = phrases[i + 1..].iter().take(SIGHT).find(|q| !light(q) || q.is_separator());
    let asks = behind().any(|q| q.has(Sign::Ask) && !q.has(Sign::Not) || q.has(Sign::IsThere))
        || behind().last().is_some_and(|q| q.has(Sign::Ask))
        || next.is_some_and(|q| matches!(q.what, What::Question) || q.has(Sign::Ask));
    who || asks || nearest.is_some_and(wants)
}

/// 搭个顺风车, 坐便车: to get into somebody's car.
fn boarded(phrases: &[Phrase<'_>], i: usize) -> bool {
    let fills = |q: &&Phrase<'_>| {
        !q.is_separator()
            && (light(q)
                || matches!(q.what, What::Amount(a) if a.bare_one)
                || q.word().is_some_and(|w| w.unit().is_some()))
    };
    let board = |q: &Phrase<'_>| matches!(q.what, What::Word(w) if w.is_verb(Intent::RideNeed, Force::Hint) && !w.is_verb(Intent::RideOffer, Force::Hint) && w.chars == 1);
    phrases[..i].iter().rev().take(3).find(|q| !fills(q)).is_some_and(board)
}

/// 去荔波的车: one that goes there is looked for, unless it is the sender's.
fn leading(text: &str, phrases: &[Phrase<'_>], i: usize) -> bool {
    let clause = || phrases[..i].iter().rev().take(SIGHT).take_while(|q| q.clause == phrases[i].clause);
    let of = i > 0 && phrases[i - 1].text(text) == "的" && !phrases[i].spaced;
    of && clause().any(|q| q.has(Sign::Go))
        && !clause().any(|q| q.has(Sign::Own) || q.has(Sign::Have) || matches!(q.what, What::Seats(_)))
}

/// Goods behind a verb of carrying: 拖两吨化肥, 拉家具, 桔子要发成都.
fn cargo(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>]) -> bool {
    // 2000斤 有车来拉: to come and fetch is no haul; the verb stands before what is carried.
    let verb = |p: &Phrase<'_>| {
        let said = p.text(text);
        let plain = matches!(p.what, What::Unread | What::Word(_));
        plain && grammar.lexicon.hauls.iter().any(|h| said.ends_with(h.as_str()))
            || p.word().is_some_and(|w| {
                w.is_verb(Intent::RideNeed, Force::Strong) || w.is_verb(Intent::RideOffer, Force::Strong)
            })
    };
    hauled(grammar, text, phrases).is_some_and(|i| phrases[..i].iter().rev().take(SIGHT).any(verb))
}

/// The goods that are to be carried. What a traveller has with him is none: 2人带3个箱子.
pub fn hauled(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>]) -> Option<usize> {
    let verb = |p: &Phrase<'_>, luggage: bool| {
        let said = p.text(text);
        let hauls = || grammar.lexicon.hauls.iter().any(|h| said.ends_with(h.as_str()));
        match p.what {
            What::Unread => hauls(),
            What::Word(w) => {
                hauls() && !(luggage && w.has(Sign::Join))
                    || said.ends_with('货')
                        && w.verbs(Force::Strong).any(|i| matches!(i, Intent::RideNeed | Intent::RideOffer))
            }
            _ => false,
        }
    };
    let goods = |p: &Phrase<'_>| {
        matches!(p.what, What::Compound) || matches!(p.kind(grammar), Some(Kind::Goods | Kind::Animal))
    };
    let riders = phrases.iter().any(|p| matches!(p.what, What::People(_) | What::Seats(_)));
    let moved = phrases.iter().any(|p| verb(p, riders));
    (0..phrases.len()).find(|i| {
        let p = &phrases[*i];
        let near = phrases[..*i].iter().rev().take(3).take_while(|q| !q.is_separator());
        let counted = |q: Option<&Phrase<'_>>| q.is_some_and(|q| matches!(q.what, What::Amount(_)));
        let sized = counted(phrases.get(i + 1)) || i.checked_sub(1).is_some_and(|j| counted(phrases.get(j)));
        goods(p) && (near.clone().any(|q| verb(q, riders)) || sized && (moved || !riders))
    })
}
