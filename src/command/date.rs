//! Reads days: `今天`, `明早`, `下周一`, `10月5号`, `月底`, `国庆`, `腊月二十`, against "now" in Beijing.
//!
//! A day that could be last or next is the next one, for what was lost the last one.

use jiff::civil::Date;
use lunar_lite::{LunarDate, SolarDate, lunar_to_solar, solar_to_lunar};
use nom::Parser;
use nom::branch::alt;
use nom::combinator::{map, opt};

use super::number::{In, Read, fail, one, sign, single, tight, word};
use super::scan::{Kind, Token};
use crate::clock::Timestamp;
use crate::grammar::lexicon::{Moment, Sign, Word};
use crate::market::{Exact, MarketDays};

/// A day as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    what: What,
    pub part: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Days from today.
    Offset(i16),
    Weekday(Option<i8>, u8),
    /// A day of the sun's calendar; year and month where said.
    Solar {
        year: Option<i16>,
        month: Option<u8>,
        day: u8,
    },
    /// Day `day` (0: the last) of the month so many months from this one.
    InMonth(i8, u8),
    /// The last day of a named month.
    EndOf(u8),
    Lunar {
        month: u8,
        day: u8,
    },
    /// 初八: of the moon's month that comes.
    LunarDay(u8),
    /// The next market, or so many after it.
    Market(u8),
}

fn moment<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Moment> {
    word(Word::moment)(i)
}

fn small<'a, 'g>(max: i64) -> impl Fn(In<'a, 'g>) -> Read<'a, 'g, u8>
where
    'g: 'a,
{
    move |i| {
        let (rest, n) = single(i)?;
        let ok = n.hi.is_none() && !n.approx && n.lo.is_integer() && (1..=max).contains(n.lo.numer());
        if ok { Ok((rest, *n.lo.numer() as u8)) } else { fail() }
    }
}

/// Reads a day at the beginning of `i`.
pub fn day<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Day> {
    let (rest, mut d) = alt((lunar, dated, relative)).parse(i)?;
    let (rest, p) = opt(part).parse(rest)?;
    d.part = d.part.or(p);
    let (rest, at) = opt(clock).parse(rest)?;
    d.part = d.part.or(at.flatten());
    Ok((rest, d))
}

/// 早上, 下午 …; 晚, which says nothing but that, only behind a day.
pub fn own_part<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, u8> {
    if i.first().and_then(Token::word).is_some_and(|w| w.chars == 1 && w.senses.len() == 1) { fail() } else { part(i) }
}

/// 早上, 下午 …
pub fn part<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, u8> {
    word(|w| match w.moment() {
        Some(Moment::Part(p)) => Some(p),
        _ => None,
    })(i)
}

/// 8点半, 下午3点钟, 8:30: read so that the number is not taken for an amount.
pub fn clock<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Option<u8>> {
    let (rest, part) = opt(own_part).parse(i)?;
    let (rest, _) = small(24)(rest)?;
    let colon = one(|t: &Token<'_>| matches!(t.kind, Kind::Mark).then_some(()));
    let minutes =
        one(|t: &Token<'_>| matches!(t.kind, Kind::Arabic(Some(n)) if n < Exact::from_integer(60)).then_some(()));
    if let Ok((rest, _)) = (tight(colon), tight(minutes)).parse(rest) {
        return Ok((rest, part));
    }
    let (rest, ()) = tight(sign(Sign::Point))(rest)?;
    let (rest, _) = opt(tight(sign(Sign::Half))).parse(rest)?;
    Ok((rest, part))
}

fn offset(what: What) -> Day {
    Day { what, part: None }
}

fn relative<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Day> {
    // 三天后, 两天前
    if let Ok((rest, (n, m))) = (small(60), tight(moment)).parse(i)
        && let Moment::Later(days) = m
    {
        return Ok((rest, offset(What::Offset(i16::from(n) * days))));
    }
    let (rest, m) = moment(i)?;
    match m {
        Moment::Day(n) => Ok((rest, offset(What::Offset(n)))),
        Moment::DayPart(n, p) => Ok((rest, Day { what: What::Offset(n), part: Some(p) })),
        Moment::Weekday(rel, d) => Ok((rest, offset(What::Weekday(rel, d)))),
        Moment::Feast(month, day) => Ok((rest, offset(What::Solar { year: None, month: Some(month), day }))),
        Moment::LunarFeast(month, day) => Ok((rest, offset(What::Lunar { month, day }))),
        Moment::Month(n) => {
            // 下月初
            let first = |i| {
                let (rest, ()) = tight(sign(Sign::LunarFirst))(i)?;
                if super::number::counts(rest.first()) { fail() } else { Ok((rest, 1)) }
            };
            let (rest, d) = alt((edge, day_of_month, first)).parse(rest)?;
            Ok((rest, offset(What::InMonth(n, d))))
        }
        Moment::Market(n) => Ok((rest, offset(What::Market(n)))),
        Moment::Part(_) | Moment::LunarMonth(_) | Moment::Later(_) => fail(),
    }
}

/// 底 (0), 初, 中 of a month.
fn edge<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, u8> {
    alt((map(sign(Sign::MonthEnd), |()| 0), map(sign(Sign::MonthStart), |()| 1), map(sign(Sign::MonthMiddle), |()| 15)))
        .parse(i)
}

fn day_of_month<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, u8> {
    // 一日二百八: a day's pay, and not the first of a month
    let one = i.first().is_some_and(|t| t.word().and_then(Word::digit) == Some(1));
    if let (true, Some(t)) = (one, i.get(1).filter(|t| t.word().is_some_and(|w| w.period().is_some())))
        && let Ok((_, n)) = tight(single)(&i[2..])
        && !t.spaced
        && n.lo >= Exact::from_integer(40)
    {
        return fail();
    }
    map((small(31), tight(sign(Sign::DayName))), |(d, ())| d).parse(i)
}

/// 2026年10月5号 · 10月5 · 5号 · 12月底 · 月底.
fn dated<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Day> {
    if let Ok((rest, d)) = edge(i) {
        return Ok((rest, offset(What::InMonth(0, d))));
    }
    let year_of = |i| {
        let (rest, n) = single(i)?;
        let (rest, ()) = tight(sign(Sign::YearName))(rest)?;
        let n = *n.lo.numer();
        if (2000..2100).contains(&n) { Ok((rest, n as i16)) } else { fail() }
    };
    let (rest, year) = opt(year_of).parse(i)?;
    if let Some(read) = dotted(rest) {
        return Ok(read);
    }
    if let Some(read) = slashed(rest) {
        return Ok(read);
    }
    if let Ok((rest, month)) = small(12)(rest) {
        // 12月底
        if let Ok((rest, d)) = tight(edge)(rest) {
            let what = if d == 0 { What::EndOf(month) } else { What::Solar { year, month: Some(month), day: d } };
            return Ok((rest, offset(what)));
        }
        if let Ok((rest, ())) = tight(sign(Sign::MonthName))(rest) {
            if let Ok((rest, d)) = edge(rest) {
                let what = if d == 0 { What::EndOf(month) } else { What::Solar { year, month: Some(month), day: d } };
                return Ok((rest, offset(what)));
            }
            let (rest, (day, _)) = (small(31), opt(tight(sign(Sign::DayName)))).parse(rest)?;
            return Ok((rest, offset(What::Solar { year, month: Some(month), day })));
        }
    }
    let (rest, day) = alt((day_of_month, day_before_part)).parse(rest)?;
    Ok((rest, offset(What::Solar { year: None, month: None, day })))
}

/// 26早, 27晚上: no hour is so late, so it is a day of the month.
fn day_before_part<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, u8> {
    let (rest, day) = small(31)(i)?;
    let digits = matches!(i[0].kind, Kind::Arabic(_)) && i[0].len() == 2;
    if digits && day > 12 && tight(part)(rest).is_ok() { Ok((rest, day)) } else { fail() }
}

/// 11.26去凯里: month and day, where somebody goes then.
fn dotted<'a, 'g>(i: In<'a, 'g>) -> Option<(In<'a, 'g>, Day)> {
    let [date, rest @ ..] = i else { return None };
    let Kind::Arabic(Some(n)) = date.kind else { return None };
    let goes = rest
        .first()
        .is_some_and(|t| t.has(Sign::Go) || t.has(Sign::Leaves) || t.word().is_some_and(|w| w.moment().is_some()));
    let hundredths = n * Exact::from_integer(100);
    // 11.2 may be anything
    let whole = hundredths.is_integer() && !n.is_integer() && date.len() >= 4;
    let (month, day) = (*hundredths.numer() / 100, *hundredths.numer() % 100);
    let fits = (1..=12).contains(&month) && (13..=31).contains(&day);
    (goes && whole && fits && date.spaced)
        .then(|| (rest, offset(What::Solar { year: None, month: Some(month as u8), day: day as u8 })))
}

/// 11/25 by itself, and not 3/5斤.
fn slashed<'a, 'g>(i: In<'a, 'g>) -> Option<(In<'a, 'g>, Day)> {
    let [month, slash, day, rest @ ..] = i else { return None };
    let plain = |t: &Token<'_>, max: i64| match t.kind {
        Kind::Arabic(Some(n)) if n.is_integer() && (1..=max).contains(n.numer()) => Some(*n.numer() as u8),
        _ => None,
    };
    let alone = month.spaced && !slash.spaced && !day.spaced;
    let goes = |t: &Token<'_>| t.has(Sign::Go) || t.has(Sign::Leaves) || t.word().is_some_and(|w| w.moment().is_some());
    let leaves = rest.first().is_some_and(goes);
    let ends = leaves || rest.first().is_none_or(|t| t.spaced || matches!(t.kind, Kind::Comma));
    let mark = matches!(slash.kind, Kind::Mark | Kind::Word(_)) && slash.len() == 1
        || leaves && matches!(slash.kind, Kind::Dash);
    let (month, day) = (plain(month, 12)?, plain(day, 31)?);
    // 3/5 may be anything
    (alone && ends && mark && day > 12).then(|| (rest, offset(What::Solar { year: None, month: Some(month), day })))
}

/// 腊月二十 · 正月初五 · 农历八月十五.
fn lunar<'a, 'g>(i: In<'a, 'g>) -> Read<'a, 'g, Day> {
    // 十月初八: 月初 and a day are 月 and 初八.
    if let Ok((rest, (month, (), day))) = (small(12), tight(sign(Sign::MonthStart)), tight(small(10))).parse(i) {
        return Ok((rest, offset(What::Lunar { month, day })));
    }
    // 初八早上: 初 is said of the moon's days alone.
    if let Ok((rest, ((), day))) = (sign(Sign::LunarFirst), tight(small(10))).parse(i)
        && !rest.first().is_some_and(|t| !t.spaced && (matches!(t.kind, Kind::Han) || super::number::counts(Some(t))))
    {
        return Ok((rest, offset(What::LunarDay(day))));
    }
    let (rest, mark) = opt(sign(Sign::LunarMark)).parse(i)?;
    let named = word(|w| match w.moment() {
        Some(Moment::LunarMonth(m)) => Some(m),
        _ => None,
    });
    let (rest, month) = match named(rest) {
        Ok(read) => read,
        // 十月初八: 初 is said of the moon's days alone.
        Err(_) if mark.is_none() => {
            let (after, month) = map((small(12), sign(Sign::MonthName)), |(m, ())| m).parse(rest)?;
            sign(Sign::LunarFirst)(after)?;
            (after, month)
        }
        Err(_) => map((small(12), sign(Sign::MonthName)), |(m, ())| m).parse(rest)?,
    };
    let (rest, _) = opt(sign(Sign::LunarFirst)).parse(rest)?;
    let (rest, day) = alt((small(30), map(edge, |d| if d == 0 { 30 } else { d }))).parse(rest)?;
    let (rest, _) = opt(tight(sign(Sign::DayName))).parse(rest)?;
    Ok((rest, offset(What::Lunar { month, day })))
}

/// The number of the day meant, 0 on 1970-01-01. `past`: what is spoken of has happened.
pub fn settle(day: Day, now: Timestamp, markets: Option<MarketDays>, past: bool) -> Option<i32> {
    let today = now.beijing().date();
    let number = now.beijing_day();
    let of = |d: Date| {
        let days = today.until(d).ok()?.get_days();
        i32::try_from(number).ok()?.checked_add(days)
    };
    match day.what {
        What::Offset(n) => i32::try_from(number + i64::from(n)).ok(),
        What::Weekday(rel, d) => {
            let today = i64::from(today.weekday().to_monday_one_offset());
            let monday = number - (today - 1);
            let plain = monday + i64::from(d) - 1;
            let day = match rel {
                Some(r) => plain + 7 * i64::from(r),
                None if past && plain > number => plain - 7,
                None if !past && plain < number => plain + 7,
                None => plain,
            };
            i32::try_from(day).ok()
        }
        What::Solar { year: Some(y), month, day } => of(Date::new(y, month? as i8, day as i8).ok()?),
        What::Solar { year: None, month: Some(m), day } => {
            let on = |y: i16| Date::new(y, m as i8, day as i8).ok();
            of(nearest(on(today.year() - 1), on(today.year()), on(today.year() + 1), today, past)?)
        }
        What::Solar { year: None, month: None, day } => {
            let on = |n: i32| {
                let first = today.first_of_month().checked_add(jiff::Span::new().months(n)).ok()?;
                Date::new(first.year(), first.month(), day as i8).ok()
            };
            of(nearest(on(-1), on(0), on(1), today, past)?)
        }
        What::InMonth(n, d) => {
            let first = today.first_of_month().checked_add(jiff::Span::new().months(i32::from(n))).ok()?;
            let d = if d == 0 { first.days_in_month() } else { d as i8 };
            of(Date::new(first.year(), first.month(), d).ok()?)
        }
        What::EndOf(m) => {
            let year = if (m as i8) < today.month() && !past { today.year() + 1 } else { today.year() };
            of(Date::new(year, m as i8, 1).ok()?.last_of_month())
        }
        What::LunarDay(day) => {
            let step = if past { -1 } else { 1 };
            let on = |k: i32| today.checked_add(jiff::Span::new().days(k * step)).ok();
            let moon = |d: &Date| solar_to_lunar(solar(*d)).is_ok_and(|l| l.day == day);
            of((0..60).filter_map(on).find(moon)?)
        }
        What::Market(n) => of(market(markets?, today, n, past)?),
        What::Lunar { month, day } => {
            let year = solar_to_lunar(solar(today)).ok()?.year;
            let on = |y: i32| {
                let at = |day| lunar_to_solar(LunarDate { year: y, month, day, is_leap_month: false }).ok();
                // A month of the moon may end on its 29th.
                let s = at(day).or_else(|| if day == 30 { at(29) } else { None })?;
                Date::new(i16::try_from(s.year).ok()?, s.month as i8, s.day as i8).ok()
            };
            of(nearest(on(year - 1), on(year), on(year + 1), today, past)?)
        }
    }
}

/// The day of a part of it that was said without one: today, of what has happened the last one, else the next.
pub fn of_part(part: &str, now: Timestamp, past: bool) -> Option<i32> {
    let (from, to) = match part {
        "凌晨" => (0, 5),
        "早" => (4, 9),
        "上午" => (7, 12),
        "中午" => (11, 14),
        "下午" => (12, 19),
        "晚" => (17, 24),
        _ => return None,
    };
    let hour = now.beijing().hour();
    let shift = if past && hour < from { -1 } else { i64::from(!past && hour >= to) };
    i32::try_from(now.beijing_day() + shift).ok()
}

fn solar(d: Date) -> SolarDate {
    SolarDate { year: i32::from(d.year()), month: d.month() as u8, day: d.day() as u8 }
}

/// The market day from today on, or the `n`th after it; for what has happened the last one.
fn market(days: MarketDays, today: Date, n: u8, past: bool) -> Option<Date> {
    let held = |d: &Date| {
        let day = if days.lunar { solar_to_lunar(solar(*d)).ok().map(|l| l.day) } else { Some(d.day() as u8) };
        day.is_some_and(|day| days.on(day, d.weekday().to_monday_one_offset() as u8))
    };
    // no calendar has a gap of more than eleven days; two markets are looked for at most
    let step = if past { -1 } else { 1 };
    let day = |k: i32| today.checked_add(jiff::Span::new().days(k * step)).ok();
    (0..30).filter_map(day).filter(held).nth(usize::from(n))
}

fn nearest(before: Option<Date>, same: Option<Date>, after: Option<Date>, today: Date, past: bool) -> Option<Date> {
    match same {
        Some(d) if past && d > today => before,
        Some(d) if !past && d < today => after,
        None => after,
        d => d,
    }
}
