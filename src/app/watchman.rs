//! Looks after the routes: who is told by text when one of them needs a person, and the canaries that prove they carry.
//!
//! An alarm goes by another route than the one it is about, once when the trouble begins and once when it is over.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::{HOUR, MINUTE, Timestamp};
use crate::config::Config;
use crate::config::route::{Alarm, Canary};
use crate::message::{MtId, MtState};
use crate::outbox::{Health, Outbox, Standing};
use crate::service::Service;
use crate::service::notice::{CANARY, ROUTE_CANARY, ROUTE_DOWN, ROUTE_FAULT, ROUTE_SILENT, ROUTE_WORKS, of_route};
use crate::store::{Change, Store, StoreError};

/// A carrier that is out of reach for less is no news: it comes back by itself.
const DOWN: i64 = 10 * MINUTE;

/// When a text last came in on each route.
#[derive(Debug, Default)]
pub struct LastHeard(HashMap<String, AtomicI64>);

impl LastHeard {
    /// Begins with what the store knows of the last messages.
    pub async fn new(config: &Config, store: &Store) -> Result<LastHeard, StoreError> {
        let mut out: HashMap<String, AtomicI64> =
            config.carriers.iter().map(|c| (c.name.clone(), AtomicI64::new(i64::MIN))).collect();
        for mo in store.recent(500).await? {
            if let Some(at) = out.get_mut(&mo.mo.carrier) {
                *at.get_mut() = (*at.get_mut()).max(mo.received.0);
            }
        }
        Ok(LastHeard(out))
    }

    pub fn heard(&self, carrier: &str, now: Timestamp) {
        if let Some(at) = self.0.get(carrier) {
            at.store(now.0, Ordering::Relaxed);
        }
    }

    pub fn at(&self, carrier: &str) -> Option<Timestamp> {
        let at = self.0.get(carrier)?.load(Ordering::Relaxed);
        (at != i64::MIN).then_some(Timestamp(at))
    }
}

/// One route, as it is looked after.
struct Watched {
    name: String,
    /// What a phone sees as the sender of what the house itself has to say.
    from: String,
    canary: Option<Canary>,
}

/// A canary under way, or when the last one was sent.
#[derive(Debug, Clone, Copy)]
struct Flight {
    mt: MtId,
    sent: Timestamp,
    /// It has arrived, or has been missed.
    ended: bool,
}

#[derive(Default)]
struct State {
    /// Carrier and the sentence it is told by.
    trouble: BTreeMap<String, &'static str>,
    flights: BTreeMap<String, Flight>,
    missed: BTreeMap<String, bool>,
}

pub struct Watchman {
    outbox: Outbox,
    service: Service,
    store: Store,
    alarm: Alarm,
    routes: Vec<Watched>,
    last: std::sync::Arc<LastHeard>,
    began: Timestamp,
    state: Mutex<State>,
}

impl Watchman {
    pub fn new(
        config: &Config,
        outbox: Outbox,
        service: Service,
        store: Store,
        last: std::sync::Arc<LastHeard>,
        now: Timestamp,
    ) -> Watchman {
        let routes = config.carriers.iter().map(|c| {
            let by_key = c.station.as_ref().and_then(|k| config.stations.get(k));
            let station = by_key.or_else(|| config.stations.values().next());
            let from = station.and_then(|s| s.short_codes.first().cloned()).unwrap_or_default();
            Watched { name: c.name.clone(), from, canary: c.usage.canary.clone() }
        });
        let routes = routes.collect();
        let alarm = config.alarm.clone();
        Watchman { outbox, service, store, alarm, routes, last, began: now, state: Mutex::default() }
    }

    /// Looks at every route.
    ///
    /// # Errors
    /// Those of the store: what was to be told is told the next time.
    pub async fn look(&self, now: Timestamp) -> Result<(), StoreError> {
        let standing = self.outbox.standing();
        for route in &self.routes {
            if let Some(canary) = &route.canary {
                self.fly(route, canary, now).await?;
            }
            let found = standing.get(&route.name).and_then(|s| self.trouble(route, s, now));
            let known = self.lock().trouble.get(&route.name).copied();
            if found == known {
                continue;
            }
            match found {
                Some(what) => tracing::error!(carrier = route.name, what, "the route needs somebody"),
                None => tracing::info!(carrier = route.name, "the route is well again"),
            }
            self.tell(route, found.unwrap_or(ROUTE_WORKS), &standing, now).await?;
            let mut state = self.lock();
            match found {
                Some(what) => drop(state.trouble.insert(route.name.clone(), what)),
                None => drop(state.trouble.remove(&route.name)),
            }
        }
        Ok(())
    }

    /// What is wrong with a route, as the sentence that tells it.
    fn trouble(&self, route: &Watched, standing: &Standing, now: Timestamp) -> Option<&'static str> {
        let silent = i64::from(self.alarm.silent_hours) * HOUR;
        let heard = self.last.at(&route.name).unwrap_or(self.began);
        match standing.health {
            Health::Fault => Some(ROUTE_FAULT),
            Health::Down if standing.down_ms >= DOWN => Some(ROUTE_DOWN),
            _ if self.lock().missed.get(&route.name) == Some(&true) => Some(ROUTE_CANARY),
            _ if silent > 0 && now.0 - heard.0 >= silent => Some(ROUTE_SILENT),
            _ => None,
        }
    }

    /// Sends a canary when it is time, and sees whether the last one arrived.
    async fn fly(&self, route: &Watched, canary: &Canary, now: Timestamp) -> Result<(), StoreError> {
        let flight = self.lock().flights.get(&route.name).copied();
        if let Some(flight) = flight.filter(|f| !f.ended) {
            let mt = self.store.transact(move |view| Ok((Change::default(), view.mt(flight.mt)?))).await?;
            let arrived = mt.is_some_and(|m| m.state == MtState::Delivered);
            let late = now.0 - flight.sent.0 >= i64::from(canary.arrives_minutes) * MINUTE;
            if arrived || late {
                let mut state = self.lock();
                state.missed.insert(route.name.clone(), !arrived);
                state.flights.insert(route.name.clone(), Flight { ended: true, ..flight });
            }
            return Ok(());
        }
        if flight.is_none_or(|f| now.0 - f.sent.0 >= i64::from(canary.every_hours) * HOUR) {
            let reply = of_route(CANARY, &route.name, 0, now);
            let mt = self.service.notice(&route.name, &route.from, canary.to, reply).await?;
            self.lock().flights.insert(route.name.clone(), Flight { mt, sent: now, ended: false });
        }
        Ok(())
    }

    /// Texts the alarm's phones by a route that works, another than the one it is about.
    async fn tell(
        &self,
        route: &Watched,
        what: &'static str,
        standing: &BTreeMap<String, Standing>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.alarm.phones.is_empty() {
            return Ok(());
        }
        let works = |r: &&Watched| {
            let well = standing.get(&r.name).is_some_and(|s| matches!(s.health, Health::Works | Health::Slowed));
            well && r.name != route.name && !self.lock().trouble.contains_key(&r.name)
        };
        let Some(by) = self.routes.iter().find(works) else {
            tracing::error!(carrier = route.name, what, "there is no other route to tell of it by text");
            return Ok(());
        };
        let waiting: usize = standing.get(&route.name).map_or(0, |s| s.waiting.values().sum());
        for phone in &self.alarm.phones {
            let reply = of_route(what, &route.name, waiting, now);
            self.service.notice(&by.name, &by.from, *phone, reply).await?;
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
