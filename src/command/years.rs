//! Ages: 75岁, 五六岁, 70多岁, 40到45, 40岁以下.

use crate::grammar::terms::Made;

/// One age that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Years {
    pub from: u16,
    pub to: u16,
    /// It bounds whom one looks for: 40岁以下, 40到45岁.
    pub limit: bool,
    /// Where it begins.
    pub at: usize,
}

/// Nobody is older.
pub(super) const OLDEST: u16 = 120;

/// Years that 左右 gives either way.
const ABOUT: u16 = 5;

/// All ages. `bare`: two digits alone are one as well, as friends give theirs.
pub(super) fn years(text: &str, bare: bool) -> Vec<Years> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let Some((lo, hi, len)) = number(&text[at..]) else {
            at += c.len_utf8();
            continue;
        };
        let (mut from, mut to, mut rest) = (lo, hi, &text[at + len..]);
        let mut range = false;
        let digits = c.is_ascii_digit() && len == 2;
        if let Some(more) = ["多", "几", "来"].iter().find_map(|w| rest.strip_prefix(w)) {
            (to, rest) = (from + 9, more);
        }
        let mut said = rest.strip_prefix("周岁").or(rest.strip_prefix('岁'));
        rest = said.unwrap_or(rest);
        if let Some(next) = ["到", "至", "-", "~"].iter().find_map(|w| rest.strip_prefix(w))
            && let Some((_, high, n)) = number(next)
        {
            (to, range, rest) = (high, true, &next[n..]);
            said = said.or(rest.strip_prefix("周岁").or(rest.strip_prefix('岁')));
            rest = rest.strip_prefix("周岁").or(rest.strip_prefix('岁')).unwrap_or(rest);
        }
        let below = ["以下", "以内", "之内", "内"].iter().any(|w| rest.starts_with(w));
        let above = ["以上", "往上"].iter().any(|w| rest.starts_with(w));
        // 23号, 300元, 1米65: what counts something else is no age
        let counts = "号日月年元块万斤个米人公.%".chars().any(|c| rest.starts_with(c))
            || rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        let alone = bare && digits && (16..=90).contains(&from) && !counts;
        if (said.is_some() || alone) && from <= OLDEST && to <= OLDEST && from <= to {
            // 50左右: some years this way or that
            if ["左右", "上下"].iter().any(|w| rest.starts_with(w)) {
                (from, to, range) = (from.saturating_sub(ABOUT), to + ABOUT, true);
            }
            if below {
                from = 0;
            }
            if above {
                to = OLDEST;
            }
            out.push(Years { from, to, limit: below || above || range, at });
        }
        at = text.len() - rest.len().min(text.len() - at - len);
    }
    out
}

/// The year in which a thing was made, 18年 or 2018年, or from when until when it is to be: 18年以后. `this_year` bounds what
/// two digits can mean.
pub(super) fn made(words: &Made, text: &str, this_year: u16) -> Option<Built> {
    let mut at = 0;
    while let Some(found) = text[at..].find(|c: char| c.is_ascii_digit()) {
        let start = at + found;
        let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
        at = start + digits;
        let year = match (digits, text[start..at].parse::<u16>()) {
            (4, Ok(n)) => n,
            (2, Ok(n)) if 2000 + n <= this_year => 2000 + n,
            (2, Ok(n)) if n >= 85 => 1900 + n,
            _ => continue,
        };
        let begins =
            |text: &str, list: &[String]| list.iter().filter(|w| text.starts_with(w.as_str())).map(String::len).max();
        let Some(len) = begins(&text[at..], &words.behind).filter(|_| (1985..=this_year).contains(&year)) else {
            continue;
        };
        let rest = text[at + len..].trim_start_matches(['的', '之', '产']);
        return Some(match (begins(rest, &words.since), begins(rest, &words.until)) {
            (Some(_), _) => Built::Wanted(year, this_year),
            (_, Some(_)) => Built::Wanted(0, year),
            _ => Built::In(year),
        });
    }
    None
}

/// What is said of a year of make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Built {
    In(u16),
    /// From and to.
    Wanted(u16, u16),
}

/// A number up to three digits, or in characters: its bounds (五六 is two numbers) and its length in bytes.
fn number(text: &str) -> Option<(u16, u16, usize)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        // of what is longer nothing is an age
        let n = text[..digits].parse().ok().filter(|_| digits <= 3).unwrap_or(u16::MAX - 10);
        return Some((n, n, digits));
    }
    let digit =
        |c: char| "一二三四五六七八九".chars().position(|d| d == c).map(|i| i as u16 + 1).or((c == '两').then_some(2));
    let mut chars = text.chars();
    let first = chars.next()?;
    let second = chars.next();
    let ten = |c: Option<char>| c == Some('十');
    if first == '十' {
        return Some(match second.and_then(digit) {
            Some(d) => (10 + d, 10 + d, 6),
            None => (10, 10, 3),
        });
    }
    let d = digit(first)?;
    if ten(second) {
        return Some(match chars.next().and_then(digit) {
            Some(e) => (d * 10 + e, d * 10 + e, 9),
            None => (d * 10, d * 10, 6),
        });
    }
    match second.and_then(digit) {
        // 五六岁, and 五六十岁
        Some(e) if e == d + 1 && chars.clone().next() == Some('十') => Some((d * 10, e * 10, 9)),
        Some(e) if e == d + 1 => Some((d, e, 6)),
        Some(_) => None,
        None => Some((d, d, 3)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_of_make_are_told_from_terms() {
        let list = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let words =
            Made {
                boards: Vec::new(), behind: list(&["年", "款"]), since: list(&["以后"]), until: list(&["以前"])
            };
        for (text, want) in [
            ("卖 摩托 18年 2800元", Some(Built::In(2018))),
            ("要2018年以后的", Some(Built::Wanted(2018, 2026))),
            ("10年以前的", Some(Built::Wanted(0, 2010))),
            ("99年 老车", Some(Built::In(1999))),
            ("跑了30万公里 开了50年", None),
        ] {
            assert_eq!(made(&words, text, 2026), want, "{text}");
        }
    }

    #[test]
    fn ages_are_read_in_digits_and_characters() {
        let all = |text: &str, bare| years(text, bare).iter().map(|y| (y.from, y.to, y.limit)).collect::<Vec<_>>();
        for (text, bare, want) in [
            ("75岁 穿蓝衣服", false, vec![(75, 75, false)]),
            ("五六岁", false, vec![(5, 6, false)]),
            ("七十多岁", false, vec![(70, 79, false)]),
            ("三十五岁", false, vec![(35, 35, false)]),
            ("40岁以下", false, vec![(0, 40, true)]),
            ("男45找女40到45", true, vec![(45, 45, false), (40, 45, true)]),
            ("18到50岁", false, vec![(18, 50, true)]),
            ("10人 一天120", false, vec![]),
            ("男 35 有80斤", true, vec![(35, 35, false)]),
            ("1069012345", true, vec![]),
        ] {
            assert_eq!(all(text, bare), want, "{text}");
        }
    }
}
