//! Figures for watchers, as `/metrics` shows them (Prometheus' OpenMetrics text).
//!
//! One [`Metrics`] is made at start and handed to the rooms that count. No label holds anything of a villager. Counting
//! on the way of a message costs one atomic addition where a handle is kept ([`CarrierFigures`]), else one lookup.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::message::{DlrState, MtClass};

/// All figures. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    mo: Family<CarrierOutcome, Counter>,
    dlr: Family<CarrierOutcome, Counter>,
    readings: Family<IntentLabel, Counter>,
    mt: Family<ClassOutcome, Counter>,
    commit: Histogram,
    connections: Gauge,
    in_flight: Gauge,
    outbox: Family<CarrierLabel, Gauge>,
    routes: Family<RouteLabel, Gauge>,
    route_mt: Family<CarrierOutcome, Counter>,
    route_last: Family<RouteLabel, Gauge>,
    ready: Gauge,
    backup: Gauge,
    start: Gauge,
    store: Family<NameLabel, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CarrierOutcome {
    carrier: Arc<str>,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CarrierLabel {
    carrier: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    carrier: Arc<str>,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct IntentLabel {
    intent: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassOutcome {
    class: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NameLabel {
    name: &'static str,
}

/// What is counted of one account's inbound side.
#[derive(Debug, Clone)]
pub struct CarrierFigures {
    /// Taken for the first time, on disk.
    pub accepted: Counter,
    /// The carrier's repeat of one we had.
    pub repeated: Counter,
    /// Webhook calls turned away: not authentic, malformed, too large.
    pub refused: Counter,
    /// Webhook calls told to come again, because the store could not keep them.
    pub deferred: Counter,
}

/// What became of an MT, or of one attempt to send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MtOutcome {
    Sent,
    Retried,
    Delivered,
    Failed,
    Expired,
}

impl MtOutcome {
    fn as_str(self) -> &'static str {
        match self {
            MtOutcome::Sent => "sent",
            MtOutcome::Retried => "retried",
            MtOutcome::Delivered => "delivered",
            MtOutcome::Failed => "failed",
            MtOutcome::Expired => "expired",
        }
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl Metrics {
    pub fn new() -> Metrics {
        let mut registry = Registry::with_prefix("xiangxun");
        let mut inner = Inner {
            mo: Family::default(),
            dlr: Family::default(),
            readings: Family::default(),
            mt: Family::default(),
            // 0.25 ms to 2 s: a flash disk's flush to a full committer queue.
            commit: Histogram::new(exponential_buckets(0.000_25, 2.0, 14)),
            connections: Gauge::default(),
            in_flight: Gauge::default(),
            outbox: Family::default(),
            routes: Family::default(),
            route_mt: Family::default(),
            route_last: Family::default(),
            ready: Gauge::default(),
            backup: Gauge::default(),
            start: Gauge::default(),
            store: Family::default(),
            registry: Registry::default(),
        };
        registry.register("mo", "Texts and webhook calls from carriers, by outcome", inner.mo.clone());
        registry.register("dlr", "Delivery reports, by what they say", inner.dlr.clone());
        registry.register("readings", "Texts by what they were understood as", inner.readings.clone());
        registry.register("mt", "Texts to phones, by class and outcome", inner.mt.clone());
        let commit = "Time from a text's arrival until it is on disk with all it causes";
        registry.register_with_unit("commit", commit, Unit::Seconds, inner.commit.clone());
        registry.register("http_connections", "Connections open", inner.connections.clone());
        registry.register("http_in_flight", "Webhook calls waiting for the store", inner.in_flight.clone());
        registry.register("outbox_depth", "Texts to phones that wait, by carrier", inner.outbox.clone());
        registry.register(
            "route",
            "How the way out to a carrier stands: 1 at the state it is in",
            inner.routes.clone(),
        );
        registry.register("route_mt", "Texts to phones, by carrier and outcome", inner.route_mt.clone());
        let last =
            "When a text came, went or failed last by a carrier (state mo, mt, report or error), 0 where none did";
        registry.register_with_unit("route_last_timestamp", last, Unit::Seconds, inner.route_last.clone());
        registry.register("ready", "Whether texts can be taken, as /readyz says", inner.ready.clone());
        let backup = "When the last backup was written, 0 where there is none";
        registry.register_with_unit("backup_timestamp", backup, Unit::Seconds, inner.backup.clone());
        registry.register_with_unit("start_timestamp", "When the daemon started", Unit::Seconds, inner.start.clone());
        registry.register("build", "What runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("store", "What the store says of itself", inner.store.clone());
        inner.registry = registry;
        Metrics(Arc::new(inner))
    }

    /// Handles for one account, to be kept.
    pub fn carrier(&self, name: &str) -> CarrierFigures {
        let carrier: Arc<str> = name.into();
        let of = |outcome| self.0.mo.get_or_create_owned(&CarrierOutcome { carrier: carrier.clone(), outcome });
        CarrierFigures {
            accepted: of("accepted"),
            repeated: of("repeated"),
            refused: of("refused"),
            deferred: of("deferred"),
        }
    }

    /// A delivery report was taken.
    pub fn dlr(&self, carrier: &str, state: DlrState) {
        let outcome = match state {
            DlrState::Accepted => "accepted",
            DlrState::Delivered => "delivered",
            DlrState::Failed => "failed",
            DlrState::Expired => "expired",
            DlrState::OptedOut => "opted_out",
            DlrState::Unknown => "unknown",
        };
        self.0.dlr.get_or_create(&CarrierOutcome { carrier: carrier.into(), outcome }).inc();
    }

    /// A text was understood as `intent`, an intent's name.
    pub fn reading(&self, intent: &'static str) {
        self.0.readings.get_or_create(&IntentLabel { intent }).inc();
    }

    pub fn mt(&self, class: MtClass, outcome: MtOutcome) {
        let class = match class {
            MtClass::Answer => "answer",
            MtClass::Push => "push",
            MtClass::Broadcast => "broadcast",
        };
        self.0.mt.get_or_create(&ClassOutcome { class, outcome: outcome.as_str() }).inc();
    }

    /// A message was on disk this long after it had arrived.
    pub fn commit(&self, took: Duration) {
        self.0.commit.observe(took.as_secs_f64());
    }

    /// One connection more, until the guard is dropped.
    pub fn connection(&self) -> Up {
        Up::new(&self.0.connections)
    }

    /// One call more that waits for the store, until the guard is dropped.
    pub fn in_flight(&self) -> Up {
        Up::new(&self.0.in_flight)
    }

    /// Texts to phones that wait for this carrier.
    pub fn outbox_depth(&self, carrier: &str, depth: usize) {
        let depth = i64::try_from(depth).unwrap_or(i64::MAX);
        self.0.outbox.get_or_create(&CarrierLabel { carrier: carrier.into() }).set(depth);
    }

    /// The way out to a carrier is in `state`, one of `states`.
    pub fn route(&self, carrier: &str, states: &[&'static str], state: &'static str) {
        let carrier: Arc<str> = carrier.into();
        for &one in states {
            let label = RouteLabel { carrier: carrier.clone(), state: one };
            self.0.routes.get_or_create(&label).set(i64::from(one == state));
        }
    }

    /// What became of an MT, or of one attempt to send it, on a route: of these are delivery rates made.
    pub fn route_mt(&self, carrier: &str, outcome: &'static str) {
        self.0.route_mt.get_or_create(&CarrierOutcome { carrier: carrier.into(), outcome }).inc();
    }

    /// When something last happened on a route, in seconds since 1970.
    pub fn route_last(&self, carrier: &str, what: &'static str, at_secs: i64) {
        self.0.route_last.get_or_create(&RouteLabel { carrier: carrier.into(), state: what }).set(at_secs);
    }

    /// Whether texts can be taken.
    pub fn ready(&self, ready: bool) {
        self.0.ready.set(i64::from(ready));
    }

    /// When the last backup was written, in seconds since 1970.
    pub fn backup(&self, at_secs: i64) {
        self.0.backup.set(at_secs);
    }

    /// When the daemon started, in seconds since 1970.
    pub fn started(&self, at_secs: i64) {
        self.0.start.set(at_secs);
    }

    /// One of the store's own figures, such as `journal_bytes`.
    pub fn store(&self, name: &'static str, value: u64) {
        self.0.store.get_or_create(&NameLabel { name }).set(i64::try_from(value).unwrap_or(i64::MAX));
    }

    /// Everything as text.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(8 * 1024);
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.0.registry);
        text
    }
}

/// Holds a gauge one higher.
pub struct Up(Gauge);

impl Up {
    fn new(gauge: &Gauge) -> Up {
        gauge.inc();
        Up(gauge.clone())
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_watchers_expect_them() {
        let m = Metrics::new();
        let mobile = m.carrier("mobile");
        mobile.accepted.inc();
        m.mt(MtClass::Answer, MtOutcome::Delivered);
        m.reading("sell");
        m.commit(Duration::from_millis(2));
        m.outbox_depth("mobile", 3);
        let waiting = m.in_flight();
        let text = m.render();
        for line in [
            "xiangxun_mo_total{carrier=\"mobile\",outcome=\"accepted\"} 1",
            "xiangxun_mo_total{carrier=\"mobile\",outcome=\"repeated\"} 0",
            "xiangxun_mt_total{class=\"answer\",outcome=\"delivered\"} 1",
            "xiangxun_readings_total{intent=\"sell\"} 1",
            "xiangxun_commit_seconds_count 1",
            "xiangxun_outbox_depth{carrier=\"mobile\"} 3",
            "xiangxun_http_in_flight 1",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        drop(waiting);
        assert!(m.render().contains("xiangxun_http_in_flight 0"));
    }
}
