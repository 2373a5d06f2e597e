//! What things go for: a small book of prices for each item and county, fed by posts, deals and imported quotes.
//!
//! What a market published stands in the book of its county for some months, and its newest in those of its city, its province and the
//! country, so that whoever asks finds the markets near him in four books.

use serde::{Deserialize, Serialize};

use super::{PlaceCode, Ring};

/// Days and sources kept in one book.
pub const QUOTES: usize = 90;
/// What villagers ask and bid is remembered by the week, for so many days.
const ASKING_DAYS: i64 = 56;

/// The prices of one item in one county, oldest first, one entry a day and source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceBook {
    pub item: String,
    pub county: PlaceCode,
    pub quotes: Vec<Quote>,
}

/// What was asked, bid or paid on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Number of the day in Beijing time.
    pub day: i64,
    pub source: Source,
    /// The market's name, of an imported quote.
    pub market: Option<String>,
    /// Per what, in standard form.
    pub per: String,
    /// Thousandths of a yuan, of the lowest, the highest, and all together: sums of fractions would outgrow any fraction.
    pub low: i64,
    pub high: i64,
    pub sum: i64,
    pub count: u32,
    /// Where the market is, of an imported quote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceCode>,
}

/// One line of what markets published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub item: String,
    pub market: String,
    pub place: PlaceCode,
    pub day: i64,
    /// Per what, in standard form.
    pub per: String,
    /// Thousandths of a yuan: usual, lowest, highest.
    pub price: i64,
    pub low: i64,
    pub high: i64,
}

impl Quote {
    /// The mean, in thousandths of a yuan.
    pub fn mean(&self) -> i64 {
        self.sum / i64::from(self.count.max(1))
    }
}

/// Where a price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// Asked by sellers.
    Asked,
    /// Bid by buyers.
    Bid,
    /// Paid: a deal that both confirmed.
    Paid,
    /// Published by a market and imported by the operator.
    Market,
}

impl PriceBook {
    pub fn new(item: &str, county: PlaceCode) -> PriceBook {
        PriceBook { item: item.to_string(), county, quotes: Vec::new() }
    }

    /// Adds one price, in thousandths of a yuan. The oldest entries go when the book is full.
    pub fn add(&mut self, day: i64, source: Source, market: Option<&str>, per: &str, price: i64) {
        let asking = matches!(source, Source::Asked | Source::Bid);
        let when = |d: i64| if asking { d.div_euclid(7) } else { d };
        let same = |q: &&mut Quote| {
            when(q.day) == when(day) && q.source == source && q.per == per && q.market.as_deref() == market
        };
        match self.quotes.iter_mut().find(same) {
            Some(q) => {
                q.low = q.low.min(price);
                q.high = q.high.max(price);
                q.sum = q.sum.saturating_add(price);
                q.count = q.count.saturating_add(1);
            }
            None => {
                let quote = Quote {
                    day,
                    source,
                    market: market.map(str::to_string),
                    per: per.to_string(),
                    low: price,
                    high: price,
                    sum: price,
                    count: 1,
                    place: None,
                };
                self.insert(quote);
            }
        }
    }

    /// Takes what a market published; of the same day it replaces what was said before. A book wider than the market's county keeps of
    /// each market the newest only.
    pub fn publish(&mut self, said: &Published) {
        let wide = self.county.ring() > Ring::County;
        let of_market = |q: &Quote| q.source == Source::Market && q.per == said.per && q.place == Some(said.place);
        let here = |q: &Quote| of_market(q) && q.market.as_deref() == Some(said.market.as_str());
        if wide && self.quotes.iter().any(|q| here(q) && q.day > said.day) {
            return;
        }
        self.quotes.retain(|q| !(here(q) && (wide || q.day == said.day)));
        self.insert(Quote {
            day: said.day,
            source: Source::Market,
            market: Some(said.market.clone()),
            per: said.per.clone(),
            low: said.low,
            high: said.high,
            sum: said.price,
            count: 1,
            place: Some(said.place),
        });
    }

    fn insert(&mut self, quote: Quote) {
        let day = quote.day;
        self.quotes.retain(|q| !matches!(q.source, Source::Asked | Source::Bid) || q.day > day - ASKING_DAYS);
        let at = self.quotes.partition_point(|q| q.day <= day);
        self.quotes.insert(at, quote);
        let extra = self.quotes.len().saturating_sub(QUOTES);
        self.quotes.drain(..extra);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(market: &str, day: i64, price: i64) -> Published {
        let per = "斤".to_string();
        let place = PlaceCode(522_632);
        Published { item: "板蓝根".into(), market: market.into(), place, day, per, price, low: price, high: price }
    }

    #[test]
    fn a_wide_book_keeps_the_newest_of_each_market_a_county_its_days() {
        let mut county = PriceBook::new("板蓝根", PlaceCode(522_632));
        let mut province = PriceBook::new("板蓝根", PlaceCode(52));
        for book in [&mut county, &mut province] {
            for (market, day, price) in [("古州", 10, 3000), ("古州", 17, 3200), ("忠诚", 17, 3100), ("古州", 17, 3300)]
            {
                book.publish(&said(market, day, price));
            }
            // an old bulletin that comes late
            book.publish(&said("古州", 12, 2900));
        }
        let told = |b: &PriceBook| b.quotes.iter().map(|q| (q.day, q.mean())).collect::<Vec<_>>();
        assert_eq!(told(&county), [(10, 3000), (12, 2900), (17, 3100), (17, 3300)]);
        assert_eq!(told(&province), [(17, 3100), (17, 3300)]);
    }

    #[test]
    fn what_villagers_ask_is_remembered_by_the_week_and_not_for_long() {
        let mut book = PriceBook::new("板蓝根", PlaceCode(522_632));
        for (day, price) in [(70, 3000), (71, 3400), (77, 3500)] {
            book.add(day, Source::Asked, None, "斤", price);
        }
        assert_eq!(
            book.quotes.iter().map(|q| (q.low, q.high, q.count)).collect::<Vec<_>>(),
            [(3000, 3400, 2), (3500, 3500, 1)]
        );
        book.add(77 + 56, Source::Bid, None, "斤", 3600);
        assert_eq!(book.quotes.len(), 1, "older than eight weeks");
    }
}
