//! The days a market is held on: `2,7` (those that end in 2 or 7), `农历3,8` (of the moon's calendar), `周三,周日`.

use std::str::FromStr;

/// A market's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketDays {
    /// Whether `endings` are of the moon's days.
    pub lunar: bool,
    /// Bit `n`: on days of the month that end in `n`.
    endings: u16,
    /// Bit `n`: on that weekday, Monday 1.
    weekdays: u8,
}

impl MarketDays {
    /// Whether it is held on a day of the month (of the sun or the moon, as `lunar` says) and of the week.
    pub fn on(&self, day: u8, weekday: u8) -> bool {
        self.endings & (1 << (day % 10)) != 0 || self.weekdays & (1 << (weekday & 7)) != 0
    }
}

impl FromStr for MarketDays {
    type Err = &'static str;

    fn from_str(s: &str) -> Result<MarketDays, Self::Err> {
        let lunar = s.contains("农历") || s.contains("阴历");
        let mut days = MarketDays { lunar, endings: 0, weekdays: 0 };
        for part in s.split([',', ' ', '、', '，']).filter(|p| !p.is_empty()) {
            let part = part.trim_start_matches("农历").trim_start_matches("阴历");
            let week = ["周", "星期", "礼拜"].iter().find_map(|w| part.strip_prefix(w));
            let digits = "一二三四五六日";
            let number = |c: char| {
                let spoken = digits.chars().position(|d| d == c).map(|n| n as u8 + 1);
                c.to_digit(10).map(|n| n as u8).or(if c == '天' { Some(7) } else { spoken })
            };
            for c in week.unwrap_or(part).chars().filter(|c| !matches!(c, '逢' | '号' | '日') || week.is_some()) {
                let n = match c {
                    '十' if week.is_none() => 0,
                    '七' if week.is_none() => 7,
                    '八' if week.is_none() => 8,
                    '九' if week.is_none() => 9,
                    _ => number(c)
                        .ok_or("must be endings of days as in \"2,7\" or \"农历3,8\", or weekdays as in \"周日\"")?,
                };
                match week {
                    Some(_) => days.weekdays |= 1 << n.min(7),
                    None => days.endings |= 1 << n,
                }
            }
        }
        if days.endings == 0 && days.weekdays == 0 { Err("names no day") } else { Ok(days) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn market_days_are_written_as_people_say_them() {
        let on = |s: &str, day, weekday| s.parse::<MarketDays>().is_ok_and(|m| m.on(day, weekday));
        assert!(on("2,7", 12, 1) && on("2,7", 27, 1) && !on("2,7", 3, 1));
        assert!(on("逢五、十", 15, 1) || on("逢五", 15, 1));
        assert!(on("农历3,8", 8, 1) && "农历3,8".parse::<MarketDays>().is_ok_and(|m| m.lunar));
        assert!(on("周日", 1, 7) && on("周三,周六", 1, 3) && !on("周日", 7, 1));
        assert!("".parse::<MarketDays>().is_err() && "初几".parse::<MarketDays>().is_err());
    }
}
