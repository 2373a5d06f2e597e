//! Reads numbers: `200`, `2万`, `两百五`, `一万二`, `千把`, `三五百`, `十几`, `10-15`.
//!
//! Which characters are digits is said in `grammar/numbers.toml`; the shapes are here. Results are bounded, so that
//! arithmetic on two of them cannot overflow.

use nom::branch::alt;
use nom::combinator::{map, opt};
use nom::{IResult, Parser};

use super::scan::{Kind, Token};
use crate::grammar::lexicon::{Sign, Word};
use crate::market::{Exact, OPEN};

/// What is left to read.
pub type In<'a, 'g> = &'a [Token<'g>];
pub type Read<'a, 'g, T> = IResult<In<'a, 'g>, T, ()>;

/// A number as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    pub lo: Exact,
    /// The upper end of a range.
    pub hi: Option<Exact>,
    pub approx: bool,
}

/// What is said of a number or sum beside it: 3块以上, 3块以内.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bound {
    #[default]
    None,
    AtLeast,
    AtMost,
}

impl Bound {
    /// The upper end to keep for `lo`.
    pub fn upper(self, lo: Exact, hi: Option<Exact>) -> Option<Exact> {
        match (hi, self) {
            (None, Bound::AtLeast) => Some(OPEN),
            (None, Bound::AtMost) => Some(lo),
            _ => hi,
        }
    }

    pub fn or(self, other: Bound) -> Bound {
        if self == Bound::None { other } else { self }
    }
}

/// Larger numbers are no amounts.
const LIMIT: i64 = 1_000_000_000_000;

pub fn fail<'a, 'g, T>() -> Read<'a, 'g, T> {
    Err(nom::Err::Error(()))
}

/// The next token, if `f` makes something of it.
pub fn one<'a, 'g, T>(f: impl Fn(&Token<'g>) -> Option<T>) -> impl Fn(In<'a, 'g>) -> Read<'a, 'g, T>
where
    'g: 'a,
{
    move |i| match i.split_first().and_then(|(t, rest)| f(t).map(|v| (rest, v))) {
        Some(read) => Ok(read),
        None => fail(),
    }
}

/// The next token, if it is a word that `f` makes something of.
pub fn word<'a, 'g: 'a, T>(f: impl Fn(&'g Word) -> Option<T>) -> impl Fn(In<'a, 'g>) -> Read<'a, 'g, T> {
    one(move |t| t.word().and_then(&f))
}

/// The next token, if it is a word with this sign.
pub fn sign<'a, 'g: 'a>(s: Sign) -> impl Fn(In<'a, 'g>) -> Read<'a, 'g, ()> {
    word(move |w| w.has(s).then_some(()))
}

/// As `f`, when no space stands before it.
pub fn tight<'a, 'g: 'a, T>(f: impl Fn(In<'a, 'g>) -> Read<'a, 'g, T>) -> impl Fn(In<'a, 'g>) -> Read<'a, 'g, T> {
    move |i| if i.first().is_some_and(|t| t.spaced) { fail() } else { f(i) }
}

fn arabic<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Exact> {
    one(|t| if let Kind::Arabic(n) = t.kind { n } else { None })(i)
}

fn power<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, i64> {
    tight(word(Word::power))(i)
}

fn digit(t: Option<&Token<'_>>) -> Option<i64> {
    t?.word()?.digit().map(i64::from).filter(|d| *d < 10)
}

/// 廿 and 卅.
fn tens(t: Option<&Token<'_>>) -> Option<i64> {
    t?.word()?.digit().map(i64::from).filter(|d| *d >= 10)
}

fn power_of(t: Option<&Token<'_>>) -> Option<i64> {
    t?.word()?.power()
}

/// Whether a token counts something: a unit, a time, money, people.
pub fn counts(t: Option<&Token<'_>>) -> bool {
    t.and_then(Token::word).is_some_and(|w| {
        w.unit().is_some() || w.period().is_some() || w.money().is_some() || w.has(Sign::People) || w.has(Sign::Seats)
    })
}

/// A number, or a range of two.
pub fn number<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Number> {
    let (rest, first) = single(i)?;
    if first.hi.is_some() {
        return Ok((rest, first));
    }
    // 十几二十只: from ten to twenty
    let ten = Exact::from_integer(10);
    if first.approx
        && first.lo.is_integer()
        && (10..100).contains(first.lo.numer())
        && let Ok((after, next)) = tight(single)(rest)
        && next.hi.is_none()
        && !next.approx
        && next.lo == first.lo + ten
    {
        return Ok((after, Number { lo: first.lo, hi: Some(next.lo), approx: false }));
    }
    let between = alt((one(|t| matches!(t.kind, Kind::Dash).then_some(())), sign(Sign::To)));
    let Ok((after, (_, second))) = (between, single).parse(rest) else { return Ok((rest, first)) };
    if second.hi.is_some() || first.lo.numer() == &0 {
        return Ok((rest, first));
    }
    // 3到5百 is 300 to 500.
    let mut lo = first.lo;
    let words = &i[..i.len() - rest.len()];
    let scale = power_of(rest[..rest.len() - after.len()].last()).filter(|_| power_of(words.last()).is_none());
    if let Some(large) = scale.and_then(|p| scaled(lo, p).ok())
        && large < second.lo
    {
        lo = large;
    }
    // 三十五到四十一斤: from 35 to 40 for one 斤; nobody reckons from 35 to 41.
    let said = &rest[..rest.len() - after.len()];
    let one_more = (said.len() > 2
        && digit(said.last()) == Some(1)
        && power_of(said.get(said.len() - 2)) == Some(10)
        && after.first().is_some_and(|t| t.word().is_some_and(|w| w.unit().is_some()))
        && lo.is_integer()
        && lo.numer() % 5 == 0
        && lo + Exact::from_integer(1) < second.lo)
        .then(|| (&rest[said.len() - 1..], second.lo - Exact::from_integer(1)));
    if let Some((after, hi)) = one_more {
        return Ok((after, Number { lo, hi: Some(hi), approx: first.approx || second.approx }));
    }
    if lo < second.lo {
        Ok((after, Number { lo, hi: Some(second.lo), approx: first.approx || second.approx }))
    } else {
        Ok((rest, first))
    }
}

/// One number; Chinese digits may say a range of their own (三五百).
pub fn single<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Number> {
    let (rest, mut n) = alt((mixed, chinese, map(sign(Sign::Half), |()| exact(Exact::new(1, 2))))).parse(i)?;
    let (rest, more) = opt(more).parse(rest)?;
    n.approx |= more.is_some();
    let ok = |e: Exact| *e.numer() <= LIMIT && *e.denom() <= 10_000;
    if ok(n.lo) && n.hi.is_none_or(ok) { Ok((rest, n)) } else { fail() }
}

fn exact(lo: Exact) -> Number {
    Number { lo, hi: None, approx: false }
}

/// 多, 来, 把 … after a number and before what it counts.
fn more<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, ()> {
    let (rest, ()) = tight(sign(Sign::More))(i)?;
    // 三把锄头 are three hoes: 把 is "about" only where a unit follows.
    let unit_itself = i[0].word().is_some_and(|w| w.unit().is_some());
    if counts(rest.first()) && !rest[0].spaced
        || (!unit_itself && rest.first().is_none_or(|t| !matches!(t.kind, Kind::Han)))
    {
        Ok((rest, ()))
    } else {
        fail()
    }
}

/// 200 · 2万 · 3千8 · 2万5千 · 10几.
fn mixed<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Number> {
    let (mut rest, first) = arabic(i)?;
    let Ok((after, p)) = power(rest) else {
        let few = opt(tight(sign(Sign::Few))).parse(rest);
        return match few {
            Ok((after, Some(()))) => Ok((after, Number { approx: true, ..exact(first) })),
            _ => Ok((rest, exact(first))),
        };
    };
    let mut sum = scaled(first, p)?;
    let mut last = p;
    rest = after;
    // 2百万
    while let Ok((after, p)) = power(rest) {
        sum = scaled(sum, p)?;
        last = p;
        rest = after;
    }
    loop {
        let next = rest.first().filter(|t| !t.spaced);
        let value = match next.map(|t| t.kind) {
            Some(Kind::Arabic(Some(n))) if n.is_integer() => n,
            _ => match digit(next) {
                Some(d) => Exact::from_integer(d),
                None => break,
            },
        };
        let tail = &rest[1..];
        match power(tail) {
            Ok((after, p)) if p < last => {
                sum += scaled(value, p)?;
                last = p;
                rest = after;
            }
            _ if value < Exact::from_integer(10) && last >= 100 && !one_of(value, tail) => {
                sum += value * Exact::from_integer(last / 10);
                rest = tail;
                break;
            }
            _ => break,
        }
    }
    Ok((rest, exact(sum)))
}

fn scaled(n: Exact, p: i64) -> Result<Exact, nom::Err<()>> {
    let ok = *n.numer() <= LIMIT && p <= LIMIT && n.numer().checked_mul(p).is_some();
    if ok { Ok(n * Exact::from_integer(p)) } else { Err(nom::Err::Error(())) }
}

/// 五千一头 is 5000 for one, not 5100: a last 一 belongs to the unit behind it.
fn one_of(value: Exact, rest: In<'_, '_>) -> bool {
    value == Exact::from_integer(1) && counts(rest.first()) && !rest[0].spaced
}

/// 三百二 · 一千零五 · 十七八 · 三五百 · 几十 · 百把 · 三点五.
fn chinese<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Number> {
    let tight_at = |k: usize| i.get(k).filter(|t| k == 0 || !t.spaced);
    // Digits one after the other: 二零二六, 一三八….
    let plain = (0..).take_while(|k| *k < 13 && digit(tight_at(*k)).is_some()).count();
    if plain >= 3 && power_of(tight_at(plain)).is_none() && !counts(tight_at(plain)) {
        let n = i[..plain].iter().fold(0i64, |n, t| n * 10 + digit(Some(t)).unwrap_or(0));
        return Ok((&i[plain..], exact(Exact::from_integer(n))));
    }
    // 九零三三百斤: the last of them belongs to the power behind it.
    let zero_inside = (1..plain.saturating_sub(1)).any(|k| digit(tight_at(k)) == Some(0));
    if plain >= 4 && zero_inside && power_of(tight_at(plain)).is_some_and(|p| p < 10_000) {
        let n = i[..plain - 1].iter().fold(0i64, |n, t| n * 10 + digit(Some(t)).unwrap_or(0));
        return Ok((&i[plain - 1..], exact(Exact::from_integer(n))));
    }
    let (mut total, mut section, mut last, mut k) = (0i64, 0i64, 0i64, 0usize);
    let (mut hi, mut approx, mut zero) = (None, false, false);
    let few = |k: usize| tight_at(k).is_some_and(|t| t.has(Sign::Few));
    // k and w say how many thousands; by themselves they say nothing.
    if i.first().is_some_and(|t| t.len() == 1) {
        return fail();
    }
    while k < 40 {
        if let Some(t) = tens(tight_at(k)).filter(|_| last == 0 && section == 0 || last >= 100) {
            section += t;
            (last, zero) = (10, false);
            k += 1;
            continue;
        }
        if let Some(d) = digit(tight_at(k)) {
            // 五十两: what counts too is the unit behind a power, unless it has one of its own.
            let behind = k.checked_sub(1).and_then(|before| power_of(tight_at(before)));
            if behind.is_some()
                && counts(tight_at(k))
                && !counts(tight_at(k + 1))
                && power_of(tight_at(k + 1)).is_none()
            {
                break;
            }
            if d == 0 {
                if k == 0 && power_of(tight_at(1)).is_none() && digit(tight_at(1)).is_none() {
                    k += 1;
                    break;
                }
                zero = true;
                k += 1;
                continue;
            }
            if let Some(p) = power_of(tight_at(k + 1)).filter(|p| *p < 10_000) {
                section += d * p;
                (last, zero) = (p, false);
                k += 2;
                continue;
            }
            if last == 0 && power_of(tight_at(k + 1)).is_some() {
                section = d;
                last = 1;
                k += 1;
                continue;
            }
            if let Some(e) = digit(tight_at(k + 1)).filter(|e| spans(d, *e, i, k)) {
                let step = match power_of(tight_at(k + 2)) {
                    Some(p) => p,
                    None if zero => 1,
                    None => (last / 10).max(1),
                };
                k += if power_of(tight_at(k + 2)).is_some() { 3 } else { 2 };
                hi = Some(total + section + e * step);
                section += d * step;
                // 三五百万
                if let Some(p) = power_of(tight_at(k)).filter(|p| *p >= 10_000 && step < *p) {
                    hi = hi.and_then(|h| h.checked_mul(p));
                    section = section.checked_mul(p).ok_or(nom::Err::Error(()))?;
                    k += 1;
                }
                break;
            }
            let tail = &i[k + 1..];
            if last >= 100 && !zero {
                if !one_of(Exact::from_integer(d), tail) {
                    section += d * (last / 10);
                    k += 1;
                }
            } else {
                section += d;
                k += 1;
                // 三点五
                if last == 0
                    && tight_at(k).is_some_and(|t| t.has(Sign::Point))
                    && let Some(f) = digit(tight_at(k + 1))
                    && counts(tight_at(k + 2))
                {
                    return Ok((&i[k + 2..], exact(Exact::new(section * 10 + f, 10))));
                }
            }
            break;
        } else if let Some(p) = power_of(tight_at(k)) {
            if p >= 10_000 {
                total = (total + section.max(i64::from(k == 0))).checked_mul(p).ok_or(nom::Err::Error(()))?;
                section = 0;
            } else if section == 0 || last == 0 {
                section += p;
            } else {
                break;
            }
            if total > LIMIT {
                return fail();
            }
            (last, zero) = (p, false);
            k += 1;
        } else if few(k) && k == 0 {
            let Some(p) = power_of(tight_at(1)) else { return fail() };
            (section, last, approx, k) = (p, p, true, 2);
        } else if few(k) && last >= 10 {
            approx = true;
            k += 1;
            break;
        } else {
            break;
        }
    }
    if k == 0 || (k == 1 && zero) {
        return fail();
    }
    let lo = Exact::from_integer(total + section);
    Ok((&i[k..], Number { lo, hi: hi.map(Exact::from_integer), approx }))
}

/// Whether two digits side by side say "d to e": 三五, 七八, 两三; 一两 only before a unit or a power, for 两 is one itself.
fn spans(d: i64, e: i64, i: In<'_, '_>, k: usize) -> bool {
    let steps = e == d + 1 || (d == 3 && e == 5);
    let is_unit = i[k + 1].word().is_some_and(|w| w.unit().is_some());
    let counted = counts(i.get(k + 2)) || power_of(i.get(k + 2)).is_some();
    steps && (!is_unit || counted)
}
