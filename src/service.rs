//! The only place that decides: what a text does, and who is told.
//!
//! One shape for every command: [`gather::gather`] reads what this text can touch, [`verbs::decide`] is a pure function from
//! those facts to a [`crate::store::Change`], and the store commits it whole. A carrier hears 2xx only after that.

pub mod adult;
pub mod alert;
pub mod ask;
pub mod asked;
pub mod bail;
pub mod contact;
pub mod deal;
pub mod digest;
pub mod doubt;
pub mod due;
pub mod echo;
pub mod erase;
pub mod facts;
pub mod find;
pub mod gather;
pub mod lesson;
pub mod life;
pub mod list;
pub mod long;
pub mod look;
pub mod news;
pub mod note;
pub mod notice;
pub mod offer;
pub mod outcome;
pub mod own;
pub mod person;
pub mod pledge;
pub mod post;
pub mod price;
pub mod proxy;
pub mod question;
pub mod quotes;
pub mod rate;
pub mod relay;
pub mod remind;
pub mod report;
pub mod roster;
pub mod settle;
pub mod shares;
pub mod shift;
pub mod sighting;
pub mod sweep;
pub mod tie;
pub mod topic;
pub mod turn;
pub mod ussd;
pub mod verbs;
pub mod vouch;
pub mod wave;
pub mod weigh;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::command::{self, Intent, Reading};
use crate::config::route::ways_for;
use crate::config::{Limits, Station, Stations};
use crate::grammar::{Current, Grammar};
use crate::message::{Mo, Msisdn, Mt, Sender};
use crate::store::{Change, Person, Store, StoreError};
use long::Joined;

/// What the operator laid down.
#[derive(Debug, Clone)]
pub struct Rules {
    pub stations: Stations,
    pub limits: Limits,
    /// Carriers that belong to one station: carrier's name → station's key.
    pub carrier_station: BTreeMap<String, String>,
    pub lines: Lines,
}

/// What the carriers are like, as far as decisions depend on it.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// For how long a carrier that gives no ids repeats what it is not sure of, in milliseconds.
    pub repeats: BTreeMap<String, i64>,
    /// Boards that some route may not carry: texts about them say so.
    pub banned: BTreeSet<String>,
}

impl Rules {
    /// The station a message is for: that of the short code it was sent to (with or without an extension; of two codes
    /// that fit the longer), else the carrier's, else the first.
    pub fn station(&self, mo: &Mo) -> Option<&Station> {
        self.station_of(&mo.to, &mo.carrier)
    }

    /// The station of a number that was written to by this carrier.
    pub fn station_of(&self, to: &str, carrier: &str) -> Option<&Station> {
        let to = to.trim_start_matches('+');
        let fits = |s: &Station| {
            let codes = s.short_codes.iter().map(|c| c.trim_start_matches('+'));
            codes.filter(|c| !c.is_empty() && to.starts_with(c)).map(str::len).max()
        };
        let by_code = self.stations.values().filter_map(|s| Some((fits(s)?, s))).max_by_key(|(len, _)| *len);
        let by_carrier = || self.carrier_station.get(carrier).and_then(|key| self.stations.get(key));
        by_code.map(|(_, s)| s).or_else(by_carrier).or_else(|| self.stations.values().next())
    }
}

impl Rules {
    /// By which carrier a phone is texted, and what it sees as the sender: the station's first way out for it, else as it
    /// wrote itself.
    pub fn way_out(&self, to: &Person) -> (String, String) {
        let ways = self.ways(&to.short_code, &to.carrier, to.msisdn);
        let (carrier, from) = ways.into_iter().next().unwrap_or_else(|| (to.carrier.clone(), None));
        (carrier, from.unwrap_or_else(|| to.short_code.clone()))
    }

    /// All ways out to a phone, best first, each with the sender it shows where that is another; none where its station names none.
    pub fn ways(&self, code: &str, carrier: &str, to: Msisdn) -> Vec<(String, Option<String>)> {
        let routes = self.station_of(code, carrier).map(|s| s.routes.as_slice()).unwrap_or_default();
        ways_for(routes, to).into_iter().map(|w| (w.carrier.clone(), w.from.clone())).collect()
    }
}

/// What became of a message that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is on disk with all it caused.
    New(Intent),
    /// It was there already; nothing was done.
    Repeat,
    /// It is on disk, and waits for the other parts of its text.
    Part,
}

/// Takes what has just been committed to the outbox, so that it need not look for it.
pub type HandOver = Arc<dyn Fn(Vec<Mt>) + Send + Sync>;

/// Takes texts. Clones share everything.
#[derive(Clone)]
pub struct Service {
    store: Store,
    clock: Clock,
    grammar: Current,
    rules: Arc<Rules>,
    hand_over: HandOver,
}

impl Service {
    pub fn new(store: Store, clock: Clock, grammar: Current, rules: Rules, hand_over: HandOver) -> Service {
        Service { store, clock, grammar, rules: Arc::new(rules), hand_over }
    }

    /// Reads a text, decides, and returns once the message and everything it caused are on disk.
    ///
    /// # Errors
    /// Any [`StoreError`]: nothing was kept and the carrier should call again.
    pub async fn accept(&self, mut mo: Mo) -> Result<Accepted, StoreError> {
        match mo.part.take() {
            Some(part) => self.accept_part(Mo { part: Some(part.clone()), ..mo }, part).await,
            None => {
                let now = self.clock.now();
                self.accept_whole(mo, None, now).await
            }
        }
    }

    /// A fault of the reader must not cost the message: it is kept for the manager.
    fn read(&self, mo: &Mo, now: Timestamp) -> Reading {
        let grammar = self.grammar.get();
        catch_unwind(AssertUnwindSafe(|| read(&grammar, &self.rules, mo, now))).unwrap_or_else(|_| verbs::fault())
    }

    async fn accept_whole(&self, mo: Mo, joined: Option<Joined>, now: Timestamp) -> Result<Accepted, StoreError> {
        let reading = self.read(&mo, now);
        match self.decide(&mo, reading, joined, now).await {
            Err(StoreError::Fault(cause)) => {
                tracing::error!(
                    carrier = mo.carrier,
                    cause,
                    "the code failed on a message; it is kept for the manager"
                );
                self.decide(&mo, verbs::fault(), joined, now).await
            }
            other => other,
        }
    }

    async fn decide(
        &self,
        mo: &Mo,
        reading: Reading,
        joined: Option<Joined>,
        now: Timestamp,
    ) -> Result<Accepted, StoreError> {
        let (grammar, rules, mo) = (self.grammar.get(), self.rules.clone(), mo.clone());
        let intent = reading.intent;
        let sender = match &mo.from {
            Sender::Phone(n) => n.to_string(),
            Sender::Service(s) => s.clone(),
        };
        let carrier = mo.carrier.clone();
        let outcome = self
            .store
            .transact(move |view| {
                let env = outcome::Env { grammar: &grammar, rules: &rules, now };
                let amends = match &joined {
                    None => None,
                    Some(joined) => match long::amends(view, joined)? {
                        Some(amends) => amends,
                        None => return Ok((Default::default(), None)),
                    },
                };
                match gather::gather(view, &env, &mo, &reading, amends)? {
                    None => {
                        let mut change = Change::default();
                        if let Some(joined) = &joined {
                            long::note(view, joined, amends.unwrap_or_default(), &mut change)?;
                        }
                        Ok((change, None))
                    }
                    Some(facts) => {
                        let mut change = verbs::decide(&env, facts, &mo, &reading);
                        let due = change.mts.clone();
                        let seq = change.mos.first().map_or(0, |m| m.seq);
                        if let Some(joined) = &joined {
                            long::note(view, joined, seq, &mut change)?;
                        }
                        Ok((change, Some((seq, due))))
                    }
                }
            })
            .await?;
        Ok(match outcome {
            None => {
                tracing::debug!(carrier, from = sender, "repeat");
                Accepted::Repeat
            }
            Some((seq, mts)) => {
                tracing::info!(mo = seq, carrier, from = sender, ?intent, mts = mts.len(), "mo");
                (self.hand_over)(mts);
                Accepted::New(intent)
            }
        })
    }
}

/// Reads a text where its sender's station is.
fn read(grammar: &Grammar, rules: &Rules, mo: &Mo, now: Timestamp) -> Reading {
    let station = rules.station(mo);
    let home = station.map(|s| s.place).unwrap_or_default();
    command::read_at(grammar, home, station.and_then(|s| s.market_days), now, &mo.text).posted()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::PlaceCode;

    #[test]
    fn a_text_is_for_the_station_whose_code_fits_best() {
        let station = |key: &str, code: &str| {
            let station = Station {
                key: key.into(),
                name: key.into(),
                place: PlaceCode::COUNTRY,
                short_codes: vec![code.into()],
                managers: Vec::new(),
                market_days: None,
                ussd_code: None,
                routes: Vec::new(),
            };
            (key.to_string(), station)
        };
        let rules = Rules {
            stations: Stations::from([
                station("a", "10690"),
                station("b", "1069012345"),
                station("c", "+8613800000000"),
            ]),
            limits: Limits::default(),
            carrier_station: BTreeMap::from([("sim".to_string(), "c".to_string())]),
            lines: Lines::default(),
        };
        for (carrier, to, expected) in [
            ("k", "1069012345", "b"),
            ("k", "106901234501", "b"),
            ("k", "+1069012345", "b"),
            ("k", "1069077777", "a"),
            ("k", "8613800000000", "c"),
            ("sim", "", "c"),
            ("k", "12345", "a"),
        ] {
            let from = Sender::Service("x".into());
            let sent_at = Some(Timestamp(0));
            let mo = Mo {
                carrier: carrier.into(),
                mo_id: None,
                from,
                to: to.into(),
                text: String::new(),
                sent_at,
                part: None,
            };
            assert_eq!(rules.station(&mo).map(|s| s.key.as_str()), Some(expected), "{carrier} {to}");
        }
    }
}
