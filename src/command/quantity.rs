//! Reads amounts of goods: `500斤`, `三五百斤`, `一斤半`, `两斤三两`, `十几头`, `100斤到200斤`, `大概三百斤左右`.
//!
//! Units come from `grammar/units.toml`. A number without a unit is left to `price` or to the board.

use nom::Parser;
use nom::combinator::opt;

use super::number::{Bound, In, Number, Read, counts, fail, number, one, sign, single, tight, word};
use super::scan::{Kind, Token};
use crate::grammar::Grammar;
use crate::grammar::lexicon::{Sign, Word};
use crate::market::Exact;

/// An amount as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub lo: Exact,
    pub hi: Option<Exact>,
    /// Index of the unit.
    pub unit: u32,
    pub approx: bool,
    /// 100斤起, 100斤以内.
    pub bound: Bound,
    /// 每袋50斤: of each.
    pub each: bool,
    /// 共500斤: of all together.
    pub total: bool,
    /// The number was a bare 一.
    pub bare_one: bool,
}

fn unit<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, u32> {
    // Time and people are read elsewhere.
    word(|w| w.unit().filter(|_| w.period().is_none() && !w.has(Sign::People)))(i)
}

/// Reads an amount at the beginning of `i`.
pub fn quantity<'a, 'g>(grammar: &Grammar, i: In<'a, 'g>) -> Read<'a, 'g, Amount> {
    let (rest, total) = opt(sign(Sign::Total)).parse(i)?;
    let (rest, lead) = limit(rest);
    let (rest, mut a) = alt2(grammar, rest)?;
    a.total = total.is_some();
    let (rest, tail) = bounds(rest);
    a.approx |= tail.approx || lead.approx;
    a.bound = lead.bound.or(tail.bound);
    Ok((rest, a))
}

fn alt2<'a, 'g>(grammar: &Grammar, i: In<'a, 'g>) -> Read<'a, 'g, Amount> {
    // 斤把, 个把; but 两把 are two.
    if let Ok((rest, (unit, ()))) = (unit, tight(sign(Sign::More))).parse(i)
        && i[0].word().is_some_and(|w| w.digit().is_none())
        && i[1].word().is_some_and(|w| w.unit().is_some())
        && !counts(rest.first())
    {
        let one = Exact::from_integer(1);
        return Ok((
            rest,
            Amount {
                lo: one,
                hi: None,
                unit,
                approx: true,
                bound: Bound::None,
                each: false,
                total: false,
                bare_one: false,
            },
        ));
    }
    if let Some(read) = one_and_a_half(grammar, i) {
        return Ok(read);
    }
    let (after, n) = number(i)?;
    let (rest, u) = unit(after)?;
    let bare_one = n == Number { lo: Exact::from_integer(1), hi: None, approx: false };
    let mut a = Amount {
        lo: n.lo,
        hi: n.hi,
        unit: u,
        approx: n.approx,
        bound: Bound::None,
        each: false,
        total: false,
        bare_one,
    };
    let rest = compound(grammar, rest, &mut a);
    // 100斤到200斤
    if a.hi.is_none() {
        let between = |i| {
            let dash = one(|t: &Token<'_>| (matches!(t.kind, Kind::Dash) || t.has(Sign::To)).then_some(()));
            dash(i)
        };
        if let Ok((after, (_, m, v))) = (between, single, unit).parse(rest)
            && v == a.unit
            && m.lo > a.lo
            && m.hi.is_none()
        {
            a.hi = Some(m.lo);
            a.bare_one = false;
            return Ok((after, a));
        }
    }
    Ok((rest, a))
}

/// 吨半, 斤半: of what is measured, one and a half of it.
fn one_and_a_half<'a, 'g>(grammar: &Grammar, i: In<'a, 'g>) -> Option<(In<'a, 'g>, Amount)> {
    let (rest, unit) = (unit, tight(sign(Sign::Half))).parse(i).map(|(rest, (u, ()))| (rest, u)).ok()?;
    let measured = grammar.units.at(unit).is_some_and(|u| u.size.is_some() && u.dimension != "count");
    let spelled = i[0].word().is_some_and(|w| w.digit().is_none() && w.power().is_none() && w.money().is_none());
    let lo = Exact::new(3, 2);
    let amount =
        Amount { lo, hi: None, unit, approx: false, bound: Bound::None, each: false, total: false, bare_one: false };
    (measured && spelled && !counts(rest.first())).then_some((rest, amount))
}

/// 一斤半 · 两斤三两 · 三斤二.
fn compound<'a, 'g>(grammar: &Grammar, i: In<'a, 'g>, a: &mut Amount) -> In<'a, 'g> {
    // sums of large or finely divided numbers could overflow, and nobody adds to them
    if a.hi.is_some() || *a.lo.numer() > 1_000_000 || *a.lo.denom() > 100 {
        return i;
    }
    // 一头半大的牛: no beast is a half, but half grown
    let grown = |rest: In<'_, '_>| {
        let t = rest.first().filter(|t| !t.spaced && t.has(Sign::Modifier));
        t.is_some() && grammar.units.at(a.unit).is_some_and(|u| u.size.is_none() || u.dimension == "count")
    };
    if let Ok((rest, ())) = tight(sign(Sign::Half))(i)
        && !counts(rest.first())
        && !grown(rest)
    {
        a.lo += Exact::new(1, 2);
        a.bare_one = false;
        return rest;
    }
    let names = |u: u32| grammar.units.at(u).map(|u| u.name.as_str());
    if let Ok((rest, (n, v))) = (tight(single), tight(unit)).parse(i)
        && n.hi.is_none()
        && v != a.unit
        && let (Some(big), Some(small)) = (names(a.unit), names(v))
        && let Some(ratio) = grammar.units.ratio(small, big)
        && ratio < Exact::from_integer(1)
        && *n.lo.numer() < 10_000
    {
        a.lo += n.lo * ratio;
        a.approx |= n.approx;
        a.bare_one = false;
        return rest;
    }
    // 三斤二 is 3.2: a digit left alone after a unit that has tenths.
    if let Some((t, rest)) = i.split_first()
        && !t.spaced
        && let Some(d) = t.word().and_then(Word::digit)
        && !counts(rest.first().filter(|t| !t.spaced))
        && !rest.first().is_some_and(|t| {
            !t.spaced && t.word().is_some_and(|w| w.digit().is_some() || w.power().is_some() || w.item().is_some())
        })
        && grammar.units.at(a.unit).is_some_and(|u| u.size.is_some() && u.dimension != "count")
    {
        a.lo += Exact::new(i64::from(d), 10);
        a.bare_one = false;
        return rest;
    }
    // 1米8, 2米05
    if let Some((t, rest)) = i.split_first()
        && !t.spaced
        && let Kind::Arabic(Some(f)) = t.kind
        && f.is_integer()
        && t.len() <= 2
        && a.lo.is_integer()
        && !counts(rest.first())
        && grammar.units.at(a.unit).is_some_and(|u| u.dimension == "length")
    {
        a.lo += f / 10i64.pow(t.len() as u32);
        a.bare_one = false;
        return rest;
    }
    i
}

/// Whether a number begins here.
fn numeral(t: &Token<'_>) -> bool {
    matches!(t.kind, Kind::Arabic(_)) || t.word().is_some_and(|w| w.digit().is_some() || w.power().is_some())
}

/// What stands before or behind a number and says how exactly it is meant.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tail {
    pub approx: bool,
    pub bound: Bound,
    /// A refusal behind it turns the bound round: 低于3块不卖.
    pub turns: bool,
}

/// 大概, 至少, 不超过 … before an amount or a sum.
pub fn limit<'a, 'g>(i: In<'a, 'g>) -> (In<'a, 'g>, Tail) {
    let (mut rest, mut lead) = (i, Tail::default());
    while let Some((t, tail)) = rest.split_first().filter(|_| i.len() - rest.len() < 2) {
        match () {
            () if t.has(Sign::AtLeast) || t.has(Sign::Above) => lead.bound = Bound::AtLeast,
            () if t.has(Sign::AtMost) || t.has(Sign::Below) => lead.bound = Bound::AtMost,
            () if t.has(Sign::About) => lead.approx = true,
            () => break,
        }
        lead.turns |= (t.has(Sign::Above) || t.has(Sign::Below)) && !t.has(Sign::AtLeast) && !t.has(Sign::AtMost);
        rest = tail;
    }
    (rest, lead)
}

/// 左右, 以上 … behind an amount.
pub fn bounds<'a, 'g>(i: In<'a, 'g>) -> (In<'a, 'g>, Tail) {
    let (mut rest, mut said) = (i, Tail::default());
    while let Some((t, tail)) = rest.split_first() {
        // 买两只来喂: 来 and 把 stand before the unit, or mean something else.
        let more = !t.has(Sign::Go)
            && !t.has(Sign::Want)
            && !t.spaced
            && t.has(Sign::More)
            && !counts(tail.first())
            && t.word().is_some_and(|w| w.unit().is_none());
        // 1000棵 不超过2块: it is said of what follows
        let leads = (t.has(Sign::Above) || t.has(Sign::Below)) && tail.first().is_some_and(numeral);
        if leads {
            break;
        }
        if t.has(Sign::Around) || more {
            said.approx = true;
        } else if t.has(Sign::AtLeast) {
            said.bound = said.bound.or(Bound::AtLeast);
        } else if t.has(Sign::AtMost) {
            said.bound = said.bound.or(Bound::AtMost);
        } else if !t.has(Sign::Between) {
            break;
        }
        rest = tail;
    }
    (rest, said)
}

/// 每袋50斤: what one holds, no amount of goods.
pub fn each<'a, 'g>(grammar: &Grammar, i: In<'a, 'g>) -> Read<'a, 'g, Amount> {
    let (rest, _) = (sign(Sign::Each), unit).parse(i)?;
    let (rest, mut a) = quantity(grammar, rest)?;
    if a.lo.numer() == &0 {
        return fail();
    }
    a.each = true;
    Ok((rest, a))
}

/// 300斤一头, 30个一板: behind the amount of each stands of which. What a price follows is the price's: 300斤 一头5000.
pub fn of_each<'a, 'g>(grammar: &Grammar, i: In<'a, 'g>, a: &Amount) -> Option<In<'a, 'g>> {
    let mark = word(|w| (w.has(Sign::Per) || w.has(Sign::Each)).then_some(()));
    let whole = |i| word(|w| w.unit().filter(|_| w.money().is_none() && w.period().is_none()))(i);
    let (rest, (_, u)) = (tight(mark), tight(whole)).parse(i).ok()?;
    let apart = rest.first().is_none_or(|t| t.spaced || !numeral(t));
    let unit = grammar.units.at(u)?;
    let counted = unit.size.is_none() || unit.dimension == "count";
    (apart && counted && u != a.unit && a.lo.numer() != &0).then_some(rest)
}
