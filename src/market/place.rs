//! Where: statutory division codes and the rings of nearness they give.

use serde::{Deserialize, Serialize};

/// A statutory division code (统计用区划代码): 2 digits a province, 4 a city, 6 a county, 9 a town, 12 a village.
/// Zero is the whole country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct PlaceCode(pub u64);

/// How far apart two places may be: the smallest division that holds both, or how far a post is to be heard.
/// Ordered from near to far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ring {
    Village,
    Town,
    County,
    City,
    Province,
    Country,
}

/// What says that all of a division is meant, though a place may bear that name.
pub const COUNTRY_WIDE: [&str; 5] = ["全州", "全县", "全省", "全国", "全市"];

/// How the county's own town is called by those around it.
pub const COUNTY_TOWN: [&str; 4] = ["县城", "县里", "城里", "县上"];

/// A place as it is shown, with its code where known (`PlaceCode(0)` where not).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub code: PlaceCode,
    /// Standard form, as short as is clear at home: `栽麻镇`.
    pub name: String,
}

impl Ring {
    pub const ALL: [Ring; 6] = [Ring::Village, Ring::Town, Ring::County, Ring::City, Ring::Province, Ring::Country];

    fn digits(self) -> u32 {
        match self {
            Ring::Village => 12,
            Ring::Town => 9,
            Ring::County => 6,
            Ring::City => 4,
            Ring::Province => 2,
            Ring::Country => 0,
        }
    }
}

impl PlaceCode {
    pub const COUNTRY: PlaceCode = PlaceCode(0);

    /// Reads 2, 4, 6, 9 or 12 digits.
    pub fn parse(s: &str) -> Option<PlaceCode> {
        let ok = matches!(s.len(), 2 | 4 | 6 | 9 | 12) && s.bytes().all(|b| b.is_ascii_digit()) && !s.starts_with('0');
        if ok { s.parse().ok().map(PlaceCode) } else { None }
    }

    fn len(self) -> u32 {
        if self.0 == 0 { 0 } else { self.0.ilog10() + 1 }
    }

    /// The kind of division this code names.
    pub fn ring(self) -> Ring {
        match self.len() {
            0 => Ring::Country,
            1..=2 => Ring::Province,
            3..=4 => Ring::City,
            5..=6 => Ring::County,
            7..=9 => Ring::Town,
            _ => Ring::Village,
        }
    }

    /// The division of kind `ring` that holds this place; `None` where the place is itself larger.
    pub fn up_to(self, ring: Ring) -> Option<PlaceCode> {
        let (have, want) = (self.len(), ring.digits());
        (have >= want).then(|| PlaceCode(if want == 0 { 0 } else { self.0 / 10u64.pow(have - want) }))
    }

    /// Whether `other` is this division or lies in it.
    pub fn holds(self, other: PlaceCode) -> bool {
        other.up_to(self.ring()) == Some(self)
    }

    /// The smallest division that holds both.
    pub fn common(self, other: PlaceCode) -> Ring {
        Ring::ALL
            .into_iter()
            .find(|r| matches!((self.up_to(*r), other.up_to(*r)), (Some(a), Some(b)) if a == b))
            .unwrap_or(Ring::Country)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_nest() {
        let town = PlaceCode::parse("522632101").unwrap();
        assert_eq!(town.ring(), Ring::Town);
        assert_eq!(town.up_to(Ring::County), PlaceCode::parse("522632"));
        assert_eq!(town.up_to(Ring::Village), None);
        assert_eq!(town.up_to(Ring::Country), Some(PlaceCode::COUNTRY));
        assert_eq!(town.common(PlaceCode(522632102)), Ring::County);
        assert_eq!(town.common(PlaceCode(5226)), Ring::City);
        assert_eq!(town.common(PlaceCode(11)), Ring::Country);
        assert_eq!(PlaceCode::parse("5226321"), None);
    }
}
