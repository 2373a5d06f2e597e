//! Reads prices and wages: `3块5`, `三块五一斤`, `3.5/斤`, `块八`, `毛把`, `十块钱三斤`, `5000一头`, `一天120`, `日结180`, `月薪四五千`.
//!
//! Per what they are is kept as said; a price that names nothing is the slots' to settle.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{map, opt, value};

use super::number::{Bound, In, Number, Read, counts, fail, number, one, sign, single, tight, word};
use super::quantity::{bounds, limit};
use super::scan::{Kind, Token};
use crate::grammar::lexicon::{Force, Sign, Word};
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
    /// 3块以上, 最高18.
    pub bound: Bound,
    pub per: Per,
    /// 工资, 日结: it is for work.
    pub pay: bool,
    /// 一年400一亩: the unit beside the time.
    pub also: Option<u32>,
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
    let f = f.unwrap_or(plain(Exact::default()));
    Ok((rest, Money { lo: n.lo * u + f.lo, hi: f.hi.map(|h| n.lo * u + h) }))
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
    Ok((rest, Money { lo: u + f.lo, hi: f.hi.map(|h| u + h) }))
}

/// What follows 块: 5 (毛), 半, 25 (分), 二毛五, 三四 (毛). A digit that counts what is bought is left: 10块3斤.
fn fraction<'a, 'g: 'a>(of: Exact) -> impl Fn(In<'a, 'g>) -> Read<'a, 'g, Money> {
    move |i| {
        let Some((t, rest)) = i.split_first().filter(|(t, _)| !t.spaced) else { return fail() };
        if t.has(Sign::Half) && !counts(rest.first()) {
            return Ok((rest, plain(of / 2)));
        }
        // 二毛五
        // 十块零五毛, 十块另五毛
        let small = if t.has(Sign::Join) || t.word().and_then(Word::digit) == Some(0) { rest } else { i };
        if let Ok((after, (n, u))) = (single, tight(money_unit)).parse(small)
            && u < of
        {
            if n.hi.is_some() {
                return Ok((after, Money { lo: n.lo * u, hi: n.hi.map(|h| h * u) }));
            }
            let (after, f) = opt(fraction(u)).parse(after)?;
            let f = f.unwrap_or(plain(Exact::default()));
            return Ok((after, Money { lo: n.lo * u + f.lo, hi: f.hi.map(|h| n.lo * u + h) }));
        }
        let dated = rest.first().is_some_and(|t| {
            [Sign::MonthName, Sign::MonthEnd, Sign::MonthStart, Sign::DayName, Sign::People].iter().any(|s| t.has(*s))
        });
        // 二十块钱一百棵: what a power follows counts
        let power = rest.first().is_some_and(|t| !t.spaced && t.word().is_some_and(|w| w.power().is_some()));
        let followed = power || (dated || counts(rest.first())) && !rest[0].spaced;
        match t.kind {
            Kind::Arabic(Some(n)) if n.is_integer() && !followed => {
                let digits = t.len() as u32;
                if digits <= 2 { Ok((rest, plain(of * n / 10i64.pow(digits)))) } else { fail() }
            }
            _ => match digit(t) {
                Some(d) if !(followed || d == 1 && unread(rest.first())) => {
                    // 三块二五: two decimals, unless the second is the 一 of 一斤; 三块二三 is from two to three tenths.
                    let second = rest.first().filter(|t| !t.spaced).and_then(digit);
                    let tenths = |n: i64| of * Exact::new(n, 10);
                    // 一块两三亩的地: two or three 亩
                    if second == Some(d + 1) && counts(rest.get(1)) && !rest[1].spaced {
                        return fail();
                    }
                    match second {
                        Some(e) if !counts(rest.get(1)) && e == d + 1 => {
                            Ok((&rest[1..], Money { lo: tenths(d), hi: Some(tenths(e)) }))
                        }
                        Some(e) if !(counts(rest.get(1)) || e == 1 && unread(rest.get(1))) => {
                            Ok((&rest[1..], plain(of * Exact::new(d * 10 + e, 100))))
                        }
                        _ => Ok((rest, plain(tenths(d)))),
                    }
                }
                _ => fail(),
            },
        }
    }
}

/// One Chinese digit.
fn digit(t: &Token<'_>) -> Option<i64> {
    t.word()?.digit().filter(|d| *d < 10).map(i64::from)
}

/// An unread character right behind: 80块一幅, where 幅 were no unit.
fn unread(t: Option<&Token<'_>>) -> bool {
    t.is_some_and(|t| !t.spaced && matches!(t.kind, Kind::Han))
}

fn target<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Per> {
    // 每人两百: a digit before a power counts.
    let counting = |t: &Token<'_>| t.word().is_some_and(|w| w.digit().is_some());
    let power = |t: &Token<'_>| !t.spaced && t.word().is_some_and(|w| w.power().is_some());
    if i.first().is_some_and(counting) && i.get(1).is_some_and(power) {
        return fail();
    }
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

/// How many of the unit a price is for.
fn several<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Exact> {
    let (rest, n) = single(i)?;
    let plain = n.hi.is_none() && !n.approx && n.lo.is_integer();
    if plain && (2..=10_000).contains(n.lo.numer()) { Ok((rest, n.lo)) } else { fail() }
}

/// 每百斤 · /100斤 · 一百斤: per so many of a unit.
fn per_several<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, (Per, Exact)> {
    let mark = word(|w| (w.digit().is_none() && (w.has(Sign::Per) || w.has(Sign::Each))).then_some(()));
    let (rest, marked) = opt(mark).parse(i)?;
    let (rest, (n, p)) = (several, tight(target)).parse(rest)?;
    // Without a mark only round ones: 一百斤, 一千块.
    let round = [10, 100, 1000, 10_000].contains(n.numer());
    if (marked.is_some() || round) && matches!(p, Per::Unit(_)) { Ok((rest, (p, n))) } else { fail() }
}

/// /斤 · 每斤 · 一斤 · 一人一天 · 一个月.
fn per<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Per> {
    if let Ok((rest, p)) = tight(day_of_work)(i) {
        return Ok((rest, Per::Period(p)));
    }
    let (rest, ()) = per_mark(i)?;
    // 38元 1月20日: a day, and no price per month.
    let digit = matches!(i[0].kind, Kind::Arabic(_));
    let dated = rest.first().is_some_and(|t| t.word().is_some_and(|w| w.period().is_some()))
        && rest.get(1).is_some_and(|t| matches!(t.kind, Kind::Arabic(_)));
    if digit && dated {
        return fail();
    }
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
    Sum { yuan: m.lo, max: m.hi, bound: Bound::None, per, also: None, pay: false, of_one: false }
}

fn number_alone<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Money> {
    let (rest, n) = number(i)?;
    if i[0].has(Sign::Half)
        || i[0].has(Sign::Itself)
        || (counts(rest.first()) && rest.first().is_some_and(|t| !t.has(Sign::AtLeast)) && day_of_work(rest).is_err())
        || n.lo.numer() == &0
        // 一张22号的票: a day
        || rest.first().is_some_and(|t| !t.spaced && (t.has(Sign::DayName) || t.has(Sign::NumberMark)) && !t.has(Sign::People))
    {
        return fail();
    }
    // 一张22号到广州的票: a day
    if rest.first().is_some_and(|t| !t.spaced && t.has(Sign::DayName)) {
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
    let (rest, total) = opt(alt((sign(Sign::Total), sign(Sign::Whole)))).parse(i)?;
    let (rest, lead) = limit(rest);
    // 共25000, 最高18
    let stated = total.is_some() || lead.bound != Bound::None;
    let lone = |i| {
        let (rest, m) = number_alone(i)?;
        let all = rest.first().is_some_and(|t| t.has(Sign::Whole));
        if !(stated || all) || unread(rest.first()) { fail() } else { Ok((rest, sum(m, Per::Nothing))) }
    };
    let (rest, mut s) = alt((pay, per_first, cued, after, bare_per, lone)).parse(rest)?;
    s.bound = lead.bound.or(s.bound);
    let (rest, tail) = bounds(rest);
    s.bound = s.bound.or(tail.bound);
    let (mut rest, refused) = if lead.turns { refusal(rest) } else { (rest, false) };
    if refused {
        s.bound = match s.bound {
            Bound::AtMost => Bound::AtLeast,
            _ => Bound::AtMost,
        };
    }
    // 3元以上/斤, 200左右一天
    if s.per == Per::Nothing
        && let Ok((after, p)) = per(rest)
    {
        (rest, s.per) = (after, p);
    }
    // 一年400一亩, 800一亩一年
    if s.per != Per::Nothing
        && let Ok((after, p)) = (tight(per_mark), tight(target)).parse(rest).map(|(after, t)| (after, t.1))
        && matches!((s.per, p), (Per::Period(_), Per::Unit(_)) | (Per::Unit(_), Per::Period(_)))
        && !counts(after.first())
    {
        rest = after;
        s.also = unit_of(p).or(unit_of(s.per));
        if let Per::Period(_) = p {
            s.per = p;
        }
    }
    if total.is_some() {
        s.per = Per::Whole;
    } else if let Ok((after, ())) = sign(Sign::Whole)(rest) {
        // 六千包圆
        (rest, s.per) = (after, Per::Whole);
    }
    Ok((rest, s))
}

/// 低于3块[不]卖, 超过5块[不]要: the bound is the other way round, and the verb says what would be done. What was sold out
/// (不卖了) is no bound.
fn refusal<'a, 'g>(i: In<'a, 'g>) -> (In<'a, 'g>, bool) {
    let not = i.first().is_some_and(|t| t.has(Sign::Not));
    let verb = |t: &Token<'_>| {
        t.has(Sign::Want)
            || t.word()
                .is_some_and(|w| w.verbs(Force::Strong).next().is_some() || w.verbs(Force::Hint).next().is_some())
    };
    let over = i.get(2).is_some_and(|t| t.has(Sign::Le));
    if not && !over && i.get(1).is_some_and(|t| !t.spaced && verb(t)) { (&i[1..], true) } else { (i, false) }
}

/// Fills between what a price is named by and the sum: 价格: 大概 3块.
fn skip<'a, 'g>(i: In<'a, 'g>, also: &[Sign]) -> (In<'a, 'g>, Bound) {
    let (mut rest, mut bound) = (i, Bound::None);
    for _ in 0..2 {
        let Some((t, tail)) = rest.split_first() else { break };
        match () {
            () if t.has(Sign::AtLeast) || t.has(Sign::Above) => bound = Bound::AtLeast,
            () if t.has(Sign::AtMost) || t.has(Sign::Below) => bound = Bound::AtMost,
            () if matches!(t.kind, Kind::Mark) || also.iter().any(|s| t.has(*s)) => {}
            () => break,
        }
        rest = tail;
    }
    (rest, bound)
}

/// 3块5 · 3块5一斤 · 3.5元/斤 · 十块钱三斤.
fn after<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let (rest, m) = money(i)?;
    if let Ok((rest, p)) = per(rest) {
        return Ok((rest, sum(m, p)));
    }
    if let Ok((rest, (p, n))) = per_several(rest)
        && worth(m, n)
    {
        return Ok((rest, of_several(m, p, n)));
    }
    // 十块钱三斤, 3.5元斤
    let counted = |i| {
        let (rest, (n, p)) = (tight(single), tight(target)).parse(i)?;
        if n.hi.is_some() || n.approx || n.lo.numer() == &0 { fail() } else { Ok((rest, (n, p))) }
    };
    if let Ok((rest, (n, p))) = counted(rest)
        && divides(m, n)
    {
        return Ok((rest, of_several(m, p, n.lo)));
    }
    if let Ok((after, p)) = tight(target)(rest)
        && !after.first().is_some_and(|t| !t.spaced && matches!(t.kind, Kind::Han))
    {
        return Ok((after, sum(m, p)));
    }
    Ok((rest, sum(m, Per::Nothing)))
}

fn of_several(m: Money, per: Per, n: Exact) -> Sum {
    let by = |e: Exact| e / n;
    Sum { yuan: by(m.lo), max: m.hi.map(by), ..sum(m, per) }
}

/// 80块一百斤 is a price, 3块5一百斤 one and an amount: nothing costs less than a tenth of a yuan.
fn worth(m: Money, n: Exact) -> bool {
    *m.lo.denom() <= 100 && *m.lo.numer() <= 100_000_000 && m.lo / n >= Exact::new(1, 10)
}

/// Whether dividing keeps within bounds.
fn divides(m: Money, n: Number) -> bool {
    n.lo >= Exact::new(1, 2) && *n.lo.numer() <= 1000 && *m.lo.denom() <= 100 && (*n.lo.numer() < 50 || worth(m, n.lo))
}

/// 5000一头 · 150/天 · 一百二一天: a number that says per what.
fn bare_per<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    if let Ok((rest, (n, (p, by)))) = (number, per_several).parse(i)
        && n.lo >= Exact::from_integer(10)
        && worth(plain(n.lo), by)
    {
        return Ok((rest, of_several(Money { lo: n.lo, hi: n.hi }, p, by)));
    }
    let (rest, m) = number_alone(i)?;
    let (rest, tail) = bounds(rest);
    let (rest, p) = per(rest)?;
    Ok((rest, Sum { bound: tail.bound, ..sum(m, p) }))
}

/// 每斤3块5 · 一天120 · 一头5000 · 斤价3元.
fn per_first<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let one_said = i.first().is_some_and(|t| !t.has(Sign::Each));
    // 招1名 1900元/月: who are counted are no goods
    let goods = |i: In<'a, 'g>| if i.first().is_some_and(|t| t.has(Sign::People)) { fail() } else { target(i) };
    let people = |i| {
        let (rest, ()) = sign(Sign::People)(i)?;
        // 阿姨一位 每月2300: who is wanted, and apart from that the pay
        if rest.first().is_some_and(|t| t.spaced && t.has(Sign::Each)) {
            return fail();
        }
        let (rest, _) = opt(per_mark).parse(rest)?;
        Ok((rest, ()))
    };
    let (rest, (p, n)) = alt((
        map((per_mark, people, target), |t| (t.2, None)),
        map((sign(Sign::Each), target), |t| (t.1, None)),
        map((per_mark, goods), |t| (t.1, None)),
        map((sign(Sign::Each), piece), |t| (t.1, None)),
        map((sign(Sign::Each), per_several), |t| (t.1.0, Some(t.1.1))),
        map((target, value((), |i| tight(sign(Sign::PriceCue))(i))), |t| (t.0, None)),
        map(period, |p| (p, None)),
    ))
    .parse(i)?;
    let (rest, also) = match (tight(per_mark), tight(target)).parse(rest) {
        // 每亩每年800
        Ok((after, (_, also))) => (after, Some(also)),
        Err(_) => (rest, None),
    };
    let (rest, bound) = skip(rest, &[Sign::PriceCue, Sign::About, Sign::Particle]);
    let (rest, m) = alt((money, number_alone)).parse(rest)?;
    // 1吨 3.2元一斤, 一亩地三毛一斤: the sum says itself per what it is, so what stood before is an amount.
    if also.is_none() && one_said && says_per(rest, p) {
        return fail();
    }
    let of_one = one_said && matches!(p, Per::Unit(_));
    // 收割机来一台 80块一亩: the price has its own unit behind it, so 一台 is how many
    if of_one && n.is_none() && also.is_none() && matches!(per(rest), Ok((_, Per::Unit(u))) if Per::Unit(u) != p) {
        return fail();
    }
    let s = n.map_or(sum(m, p), |n| of_several(m, p, n));
    Ok((rest, Sum { of_one, bound, also: also.and_then(unit_of), ..s }))
}

/// Whether another unit than `of` follows that a sum can be per: 3.2元[一斤], 3.2元[/斤].
fn says_per(i: In<'_, '_>, of: Per) -> bool {
    let next = i.first().filter(|t| !t.spaced);
    let marked = next.is_some_and(|t| !matches!(t.kind, Kind::Arabic(_)));
    marked && matches!((per(i), of), (Ok((_, Per::Unit(v))), Per::Unit(u)) if v != u)
}

/// 每块5毛, of bricks: more than money stands behind it.
fn piece<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Per> {
    let (rest, u) = tight(word(|w| w.unit().filter(|_| w.money().is_some())))(i)?;
    counted(rest)?;
    Ok((rest, Per::Unit(u)))
}

fn unit_of(per: Per) -> Option<u32> {
    if let Per::Unit(u) = per { Some(u) } else { None }
}

/// 一工, 一个工: a day of work in one word.
fn day_of_work<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, u8> {
    word(|w| w.period().filter(|_| w.chars > 1 && w.unit().is_none() && !w.has(Sign::People)))(i)
}

/// 月八百, 日180, 一个工一百八: a time named alone right before a sum that no day or month has.
fn period<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Per> {
    let (rest, p) = alt((word(|w| w.period().filter(|_| w.chars == 1)), day_of_work)).parse(i)?;
    let (_, n) = tight(number)(rest)?;
    if n.lo >= Exact::from_integer(40) { Ok((rest, Per::Period(p))) } else { fail() }
}

/// 价格3.5 · 单价:3块.
fn cued<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let (rest, ()) = sign(Sign::PriceCue)(i)?;
    let (rest, bound) = skip(rest, &[Sign::Particle, Sign::About, Sign::In]);
    let (rest, s) = alt((per_first, after, bare_per, map(number_alone, |m| sum(m, Per::Nothing)))).parse(rest)?;
    Ok((rest, Sum { bound: bound.or(s.bound), ..s }))
}

/// 日结180 · 月薪四五千 · 工资一天150 · 工资150一天.
fn pay<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Sum> {
    let (rest, of) = word(Word::pay)(i)?;
    let (rest, bound) = skip(rest, &[Sign::Particle, Sign::About, Sign::Total]);
    let (rest, mut s) = alt((per_first, after, bare_per, map(number_alone, |m| sum(m, Per::Nothing)))).parse(rest)?;
    s.pay = true;
    s.bound = bound.or(s.bound);
    s.of_one = false;
    if let (Some(p), Per::Nothing) = (of, s.per) {
        s.per = Per::Period(p);
    }
    Ok((rest, s))
}
