//! What things go for: a small book of prices for each item and county, fed by posts, deals and imported quotes.

use serde::{Deserialize, Serialize};

use super::PlaceCode;

/// Days and sources kept in one book.
pub const QUOTES: usize = 90;

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
        let same = |q: &&mut Quote| q.day == day && q.source == source && q.per == per && q.market.as_deref() == market;
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
                };
                let at = self.quotes.partition_point(|q| q.day <= day);
                self.quotes.insert(at, quote);
                let extra = self.quotes.len().saturating_sub(QUOTES);
                self.quotes.drain(..extra);
            }
        }
    }
}
