//! What villagers exchange: items, amounts, prices, places, posts.
//!
//! Amounts and prices are exact rationals. What a word means is `grammar`'s business, whether two posts meet is
//! [`matching`]'s.

pub mod days;
pub mod matching;
pub mod pact;
pub mod place;
pub mod pool;
pub mod post;
pub mod quote;
pub mod traits;

use serde::{Deserialize, Serialize};

pub use days::MarketDays;
pub use pact::{Pact, PactId, PactKind, PactState};
pub use place::{Place, PlaceCode, Ring};
pub use post::{Held, Order, Post, PostId, PostState, RingKey, Shelf, Sum, Terms, TownSum, Transport};
pub use quote::{PriceBook, Quote};
pub use traits::Traits;

/// An exact number. Parsers bound what they read (at most 10^12, denominators at most 10^4), so that arithmetic of two cannot overflow.
pub type Exact = num_rational::Ratio<i64>;

/// The upper end of what has none: 3块以上, 100斤起. Above all that parsers read.
pub const OPEN: Exact = Exact::new_raw(1_000_000_000_000_000, 1);

/// An amount of goods: `200斤`, `三五百斤`, `十几头`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// The amount; of a range, its lower end.
    pub amount: Exact,
    /// The upper end of a range; the amount itself where that is the most (100斤以内), [`OPEN`] where it is the least.
    pub max: Option<Exact>,
    /// The unit as said, in standard form (kg → 公斤).
    pub unit: String,
    /// 左右, 来斤, 多.
    pub approx: bool,
}

/// A price: `3块5一斤`, `十块钱三斤`, `面议`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Yuan, exact; of a range, its lower end. Zero when only `negotiable` was said.
    pub yuan: Exact,
    /// The upper end of a range; the sum itself where that is the most (3块以内), [`OPEN`] where it is the least.
    pub max: Option<Exact>,
    /// Per what: a unit in standard form, `天`, `月`; none where the price is for the whole.
    pub per: Option<String>,
    /// 面议.
    pub negotiable: bool,
}

impl Quantity {
    /// The largest amount that was said.
    pub fn most(&self) -> Exact {
        self.max.filter(|m| *m != OPEN).unwrap_or(self.amount)
    }
}

impl Price {
    /// The highest sum that was said.
    pub fn most(&self) -> Exact {
        self.max.filter(|m| *m != OPEN).unwrap_or(self.yuan)
    }
}

/// A day, and the part of it where one was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// Number of the day in Beijing time, 0 on 1970-01-01.
    pub day: i32,
    /// `早`, `上午`, `中午`, `下午`, `晚` …, in standard form.
    pub part: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sex {
    #[serde(rename = "公")]
    Male,
    #[serde(rename = "母")]
    Female,
}

impl Sex {
    pub fn as_str(self) -> &'static str {
        match self {
            Sex::Male => "公",
            Sex::Female => "母",
        }
    }
}

impl When {
    /// The civil date.
    pub fn date(&self) -> jiff::civil::Date {
        let epoch = jiff::civil::date(1970, 1, 1);
        epoch.checked_add(jiff::Span::new().days(self.day)).unwrap_or(epoch)
    }
}

/// A number as people write it: up to three decimals, no trailing zeros; `10/3` is `3.333`.
pub fn decimal(n: Exact) -> String {
    let scaled = n.numer().saturating_mul(2000) / n.denom();
    // half up, away from zero, at the third decimal
    let milli = (scaled + scaled.signum()) / 2;
    let (whole, frac) = (milli / 1000, (milli % 1000).abs());
    let sign = if milli < 0 && whole == 0 { "-" } else { "" };
    let text = if frac == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{frac:03}") };
    if frac == 0 { text } else { text.trim_end_matches('0').to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_read_as_people_write_them() {
        for (n, d, want) in
            [(200, 1, "200"), (7, 2, "3.5"), (10, 3, "3.333"), (2, 3, "0.667"), (-1, 2, "-0.5"), (1, 4, "0.25")]
        {
            assert_eq!(decimal(Exact::new(n, d)), want);
        }
    }
}
