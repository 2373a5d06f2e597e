//! Reads prices and wages: `3块5`, `三块五一斤`, `3.5/斤`, `块八`, `毛把`, `十块钱三斤`, `5000一头`, `一天120`, `日结180`, `月薪四五千`.
//!
//! Per what they are is kept as said; a price that names nothing is the slots' to settle.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{map, opt, value};

use super::number::{In, Number, Read, counts, fail, number, one, sign, single, tight, word};
use super::quantity::bounds;
use super::scan::{Kind, Token};
use crate::grammar::lexicon::{Sign, Word};
use crate::market::Exact;

/// Per what a price is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    Nothing,
    Unit(u32),
    Period(u8),
    /// For all of it: 共3000元.
    Whole,
}

/// A price as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    pub yuan: Exact,
    pub max: Option<Exact>,
    pub per: Per,
    /// 工资, 日结: it is for work.
    pub pay: bool,
    /// 一头5000, and nothing else says how many: the 一 may be the amount.
    pub of_one: bool,
}

impl Sum {
    /// Whether it says by its words or its time that it is for work.
    pub fn is_pay(&self) -> bool {
        self.pay || matches!(self.per, Per::Period(_))
    }
}

#[derive(Debug, Clone, Copy)]
struct Money {
    lo: Exact,
    hi: Option<Exact>,
}

fn plain(lo: Exact) -> Money {
    Money { lo, hi: None }
}

fn money_unit<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Exact> {
    word(|w| w.money().map(|(n, d)| Exact::new(n, d)))(i)
}

/// Money of a word that is nothing else here: 分 and 角 count land and things too, and 三块砖 are bricks.
fn main_unit<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Exact> {
    let (rest, yuan) = money_unit(i)?;
    let counts_too = i[0].word().is_some_and(|w| w.unit().is_some());
    let thing = rest.first().is_some_and(|t| !t.spaced && t.word().is_some_and(|w| w.item().is_some()));
    if counts_too && (yuan < Exact::from_integer(1) || thing) { fail() } else { Ok((rest, yuan)) }
}

/// A sum with its money word: 3块5 · 两块二毛五 · ¥30 · 三四块 · 3块到4块 · 块八 · 毛把.
fn money<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Money> {
    let (rest, m) = alt((signed, counted, bare_unit)).parse(i)?;
    // 3块到4块
    if m.hi.is_none() {
        let between = one(|t: &Token<'_>| (matches!(t.kind, Kind::Dash) || t.has(Sign::To)).then_some(()));
        if let Ok((after, (_, n))) = (between, counted).parse(rest)
            && n.lo > m.lo
            && n.hi.is_none()
        {
            return Ok((after, Money { lo: m.lo, hi: Some(n.lo) }));
        }
    }
    Ok((rest, m))
}

fn signed<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Money> {
    let (rest, (_, n)) = (sign(Sign::Yuan), number).parse(i)?;
    let (rest, _) = opt(money_unit).parse(rest)?;
    Ok((rest, Money { lo: n.lo, hi: n.hi }))
}

fn counted<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Money> {
    let (rest, n) = number(i)?;
    let (rest, u) = alt((main_unit, tight(money_unit))).parse(rest)?;
    let hi = n.hi.map(|h| h * u);
    if hi.is_some() {
        return Ok((rest, Money { lo: n.lo * u, hi }));
    }
    // 4.5元9月底: what has its decimals takes no more.
    if !n.lo.is_integer() {
        return Ok((rest, plain(n.lo * u)));
    }
    let (rest, f) = opt(fraction(u)).parse(rest)?;
    Ok((rest, plain(n.lo * u + f.unwrap_or_default())))
}

/// 块八, 块把, 毛把.
fn bare_unit<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Money> {
    let (rest, u) = main_unit(i)?;
    // 水分28: nobody says 分 alone.
    if u < Exact::new(1, 10) {
        return fail();
    }
    if let Ok((rest, ())) = tight(sign(Sign::More))(rest) {
        let (rest, _) = opt(tight(money_unit)).parse(rest)?;
        let (rest, _) = opt(tight(word(|w| w.has(Sign::Particle).then_some(())))).parse(rest)?;
        return Ok((rest, plain(u)));
    }
    let (rest, f) = fraction(u)(rest)?;
    Ok((rest, plain(u + f)))
}

/// What follows 块: 5 (毛), 半, 25 (分), 二毛五. A digit that counts what is bought is left: 10块3斤.
fn fraction<'a, 'g: 'a>(of: Exact) -> impl Fn(In<'a, 'g>) -> Read<'a, 'g, Exact> {
    move |i| {
        let Some((t, rest)) = i.split_first().filter(|(t, _)| !t.spaced) else { return fail() };
        if t.has(Sign::Half) && !counts(rest.first()) {
            return Ok((rest, of / 2));
        }
        // 二毛五
        if let Ok((after, (n, u))) = (single, tight(money_unit)).parse(i)
            && u < of
            && n.hi.is_none()
        {
            let (after, f) = opt(fraction(u)).parse(after)?;
            return Ok((after, n.lo * u + f.unwrap_or_default()));
        }
        let dated = rest.first().is_some_and(|t| {
            [Sign::MonthName, Sign::MonthEnd, Sign::MonthStart, Sign::DayName, Sign::People].iter().any(|s| t.has(*s))
        });
        let followed = (dated || counts(rest.first())) && !rest[0].spaced;
        match t.kind {
            Kind::Arabic(Some(n)) if n.is_integer() && !followed => {
                let digits = t.len() as u32;
                if digits <= 2 { Ok((rest, of * n / 10i64.pow(digits))) } else { fail() }
            }
            _ => match t.word().and_then(Word::digit) {
                Some(d) if !followed => {
                    // 三块二五: two decimals, unless the second is the 一 of 一斤.
                    let second = rest.first().filter(|t| !t.spaced).and_then(|t| t.word().and_then(Word::digit));
                    match second {
                        Some(e) if !counts(rest.get(1)) => {
                            Ok((&rest[1..], of * Exact::new(i64::from(d) * 10 + i64::from(e), 100)))
                        }
                        _ => Ok((rest, of * Exact::new(i64::from(d), 10))),
                    }
                }
                _ => fail(),
            },
        }
    }
}

fn target<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Per> {
    word(|w| {
        // 块 counts bricks too, but never stands for what a price is per.
        w.period().map(Per::Period).or(w.unit().filter(|_| w.money().is_none()).map(Per::Unit))
    })(i)
}

/// 一, 每, /, 1 before a unit.
fn per_mark<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, ()> {
    let slash = one(|t: &Token<'_>| match t.kind {
        Kind::Arabic(Some(n)) if n == Exact::from_integer(1) => Some(()),
        _ => (t.has(Sign::Per) || t.has(Sign::Each)).then_some(()),
    });
    slash(i)
}

/// /斤 · 每斤 · 一斤 · 一人一天 · 一个月.
fn per<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Per> {
    let (rest, ()) = per_mark(i)?;
    let (rest, _) = opt(per_mark).parse(rest)?;
    // 120一人一天, 120/人/天
    if let Ok((after, ())) = tight(sign(Sign::People))(rest)
        && let Ok((after, p)) = (opt(per_mark), tight(target)).parse(after)
    {
        return Ok((after, p.1));
    }
    // 2毛一块, of bricks: 块 is a price again when a number follows.
    let piece = |i| {
        let (rest, u) = word(|w| w.unit().filter(|_| w.money().is_some()))(i)?;
        if rest.first().is_none_or(|t| t.spaced || matches!(t.kind, Kind::Comma | Kind::Question)) {
            Ok((rest, Per::Unit(u)))
        } else {
            fail()
        }
    };
    let (rest, p) = alt((target, piece)).parse(rest)?;
    // 一斤半 is an amount, 一天半 a time.
    if rest.first().is_some_and(|t| !t.spaced && t.has(Sign::Half)) { fail() } else { Ok((rest, p)) }
}

fn sum(m: Money, per: Per) -> Sum {
    Sum { yuan: m.lo, max: m.hi, per, pay: false, of_one: false }
}

fn number_alone<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Money> {
    let (rest, n) = number(i)?;
    if i[0].has(Sign::Half)
        || i[0].has(Sign::Itself)
        || (counts(rest.first()) && rest.first().is_some_and(|t| !t.has(Sign::AtLeast)))
        || n.lo.numer() == &0
    {
        return fail();
    }
    // 一头三岁口: a small number that runs on into unread words counts those.
    let runs_on = rest.first().is_some_and(|t| !t.spaced && matches!(t.kind, Kind::Han));
    if runs_on && n.lo < Exact::from_integer(40) {
        return fail();
    }
    Ok((rest, Money { lo: n.lo, hi: n.hi }))
}

/// Reads a price at the beginning of `i`.
pub fn price<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let (rest, total) = opt(sign(Sign::Total)).parse(i)?;
    let (rest, about) = opt(alt((sign(Sign::About), sign(Sign::AtLeast), sign(Sign::AtMost)))).parse(rest)?;
    let cue = i.len() != rest.len();
    // 共25000
    let whole = |i| match total {
        Some(()) => map(number_alone, |m| sum(m, Per::Whole)).parse(i),
        None => fail(),
    };
    let (rest, mut s) = alt((pay, per_first, cued, after, bare_per, whole)).parse(rest)?;
    if about.is_some() && !cue {
        return fail();
    }
    if total.is_some() {
        s.per = Per::Whole;
    }
    let (rest, _) = bounds(rest);
    // 3元以上/斤, 200左右一天
    if s.per == Per::Nothing
        && let Ok((rest, p)) = per(rest)
    {
        return Ok((rest, Sum { per: p, ..s }));
    }
    Ok((rest, s))
}

/// 3块5 · 3块5一斤 · 3.5元/斤 · 十块钱三斤.
fn after<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let (rest, m) = money(i)?;
    if let Ok((rest, p)) = per(rest) {
        return Ok((rest, sum(m, p)));
    }
    // 十块钱三斤, 3.5元斤
    let counted = |i| {
        let (rest, (n, p)) = (tight(single), tight(target)).parse(i)?;
        if n.hi.is_some() || n.approx || n.lo.numer() == &0 { fail() } else { Ok((rest, (n, p))) }
    };
    if let Ok((rest, (n, p))) = counted(rest)
        && divides(m, n)
    {
        let by = |e: Exact| e / n.lo;
        return Ok((rest, Sum { yuan: by(m.lo), max: m.hi.map(by), ..sum(m, p) }));
    }
    if let Ok((after, p)) = tight(target)(rest)
        && !after.first().is_some_and(|t| !t.spaced && matches!(t.kind, Kind::Han))
    {
        return Ok((after, sum(m, p)));
    }
    Ok((rest, sum(m, Per::Nothing)))
}

/// Whether dividing keeps within bounds.
fn divides(m: Money, n: Number) -> bool {
    n.lo >= Exact::new(1, 2) && *n.lo.numer() <= 1000 && *m.lo.denom() <= 100
}

/// 5000一头 · 150/天 · 一百二一天: a number that says per what.
fn bare_per<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let (rest, m) = number_alone(i)?;
    let (rest, _) = bounds(rest);
    let (rest, p) = per(rest)?;
    Ok((rest, sum(m, p)))
}

/// 每斤3块5 · 一天120 · 一头5000 · 斤价3元.
fn per_first<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let one_said = i.first().is_some_and(|t| !t.has(Sign::Each));
    let people = |i| {
        let (rest, ()) = sign(Sign::People)(i)?;
        let (rest, _) = opt(per_mark).parse(rest)?;
        Ok((rest, ()))
    };
    let (rest, p) = alt((
        map((per_mark, opt(people), target), |t| t.2),
        map((target, value((), |i| tight(sign(Sign::PriceCue))(i))), |t| t.0),
    ))
    .parse(i)?;
    let between = one(|t: &Token<'_>| {
        let mark = matches!(t.kind, Kind::Mark);
        (mark
            || t.has(Sign::PriceCue)
            || t.has(Sign::About)
            || t.has(Sign::AtLeast)
            || t.has(Sign::AtMost)
            || t.has(Sign::Particle))
        .then_some(())
    });
    let (rest, _) = opt(&between).parse(rest)?;
    let (rest, _) = opt(&between).parse(rest)?;
    let (rest, m) = alt((money, number_alone)).parse(rest)?;
    let of_one = one_said && matches!(p, Per::Unit(_));
    Ok((rest, Sum { of_one, ..sum(m, p) }))
}

/// 价格3.5 · 单价:3块.
fn cued<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let (rest, ()) = sign(Sign::PriceCue)(i)?;
    let skip = one(|t: &Token<'_>| {
        (matches!(t.kind, Kind::Mark)
            || t.has(Sign::Particle)
            || t.has(Sign::About)
            || t.has(Sign::AtLeast)
            || t.has(Sign::AtMost)
            || t.has(Sign::In))
        .then_some(())
    });
    let (rest, _) = opt(&skip).parse(rest)?;
    let (rest, _) = opt(&skip).parse(rest)?;
    alt((per_first, after, bare_per, map(number_alone, |m| sum(m, Per::Nothing)))).parse(rest)
}

/// 日结180 · 月薪四五千 · 工资一天150 · 工资150一天.
fn pay<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let (rest, of) = word(Word::pay)(i)?;
    let skip = one(|t: &Token<'_>| {
        (matches!(t.kind, Kind::Mark)
            || t.has(Sign::Particle)
            || t.has(Sign::About)
            || t.has(Sign::Total)
            || t.has(Sign::AtLeast)
            || t.has(Sign::AtMost))
        .then_some(())
    });
    let (rest, _) = opt(&skip).parse(rest)?;
    let (rest, _) = opt(&skip).parse(rest)?;
    let (rest, mut s) = alt((per_first, after, bare_per, map(number_alone, |m| sum(m, Per::Nothing)))).parse(rest)?;
    s.pay = true;
    s.of_one = false;
    if let (Some(p), Per::Nothing) = (of, s.per) {
        s.per = Per::Period(p);
    }
    Ok((rest, s))
}
