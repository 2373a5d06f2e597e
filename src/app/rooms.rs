//! The rooms behind the street door, as the door knows them; and the figures that are counted where they meet.

use std::collections::HashMap;
use std::sync::Arc;

use super::chores::Chores;
use super::watchman::LastHeard;
use crate::carrier::ussd::{UssdRequest, UssdScreen};
use crate::clock::{Clock, SECOND};
use crate::config::Config;
use crate::http::{House, Screen};
use crate::message::{Consent, Dlr, Mo, MtState};
use crate::metrics::{CarrierFigures, Metrics, MtOutcome};
use crate::outbox::{Event, Health, Outbox, Reported, Watch, What};
use crate::service::{Accepted, Service};
use crate::store::{Store, StoreError};

pub struct Rooms {
    service: Service,
    outbox: Outbox,
    store: Store,
    clock: Clock,
    chores: Arc<Chores>,
    metrics: Metrics,
    figures: HashMap<String, CarrierFigures>,
    last: Arc<LastHeard>,
}

impl Rooms {
    #[allow(clippy::too_many_arguments, reason = "each is a room or what it is looked at with")]
    pub fn new(
        service: Service,
        outbox: Outbox,
        store: Store,
        clock: Clock,
        chores: Arc<Chores>,
        metrics: &Metrics,
        config: &Config,
        last: Arc<LastHeard>,
    ) -> Rooms {
        let figures = config.carriers.iter().map(|c| (c.name.clone(), metrics.carrier(&c.name))).collect();
        Rooms { service, outbox, store, clock, chores, metrics: metrics.clone(), figures, last }
    }
}

impl House for Rooms {
    async fn accept(&self, mo: Mo) -> Result<(), StoreError> {
        let figures = self.figures.get(&mo.carrier);
        self.last.heard(&mo.carrier, self.clock.now());
        match self.service.accept(mo).await? {
            Accepted::New(intent) => {
                self.metrics.reading(intent.as_str());
                if let Some(f) = figures {
                    f.accepted.inc();
                }
            }
            Accepted::Part => {
                if let Some(f) = figures {
                    f.accepted.inc();
                }
            }
            Accepted::Repeat => {
                if let Some(f) = figures {
                    f.repeated.inc();
                }
            }
        }
        Ok(())
    }

    async fn report(&self, dlr: Dlr) -> Result<(), StoreError> {
        self.metrics.dlr(&dlr.carrier, dlr.state);
        self.outbox.report(dlr).await.map(drop)
    }

    async fn dial(&self, call: UssdRequest) -> Result<Screen, StoreError> {
        let carrier = call.carrier.clone();
        self.last.heard(&carrier, self.clock.now());
        let dialled = self.service.dial(call).await?;
        if let Some(intent) = dialled.intent {
            self.metrics.reading(intent);
            if let Some(f) = self.figures.get(&carrier) {
                f.accepted.inc();
            }
        }
        Ok(Screen { screen: dialled.screen, answered: dialled.answered })
    }

    async fn unseen(&self, call: UssdRequest) {
        if let Err(cause) = self.service.send_answer(&call).await {
            tracing::error!(carrier = call.carrier, %cause, "an answer that came too late was not sent");
        }
    }

    fn wait_screen(&self, taken: bool) -> UssdScreen {
        self.service.wait_screen(taken)
    }

    async fn consent(&self, consent: Consent) -> Result<(), StoreError> {
        self.outbox.consent(consent).await
    }

    fn ready(&self) -> Result<(), String> {
        self.store.stats().failing.map_or(Ok(()), Err)
    }

    fn idle(&self) -> bool {
        self.outbox.idle() && self.chores.is_done(self.clock.now())
    }

    async fn settle(&self) {
        // The chores first: what they do may put texts into the outbox.
        self.chores.run_due(self.clock.now()).await;
        self.outbox.settle_due().await;
    }

    fn routes(&self) -> serde_json::Value {
        let time = |t: Option<crate::clock::Timestamp>| t.map(|t| t.rfc3339());
        let routes = self.outbox.standing().into_iter().map(|(carrier, route)| {
            let pulse = route.pulse;
            let said = serde_json::json!({
                "state": route.health.as_str(),
                "last_mo": time(self.last.at(&carrier)),
                "last_mt": time(pulse.last_mt),
                "last_report": time(pulse.last_report),
                "last_error": pulse.last_error,
                "last_error_at": time(pulse.last_error_at),
                "waiting": route.waiting,
                "taken": pulse.taken,
                "delivered": pulse.delivered,
                "failed": pulse.failed,
                "delivered_percent": pulse.delivery_rate(),
            });
            (carrier, said)
        });
        serde_json::Value::Object(routes.collect())
    }

    fn measure(&self, metrics: &Metrics) {
        for (carrier, route) in self.outbox.standing() {
            let seen = [
                ("mo", self.last.at(&carrier)),
                ("mt", route.pulse.last_mt),
                ("report", route.pulse.last_report),
                ("error", route.pulse.last_error_at),
            ];
            for (what, at) in seen {
                metrics.route_last(&carrier, what, at.map_or(0, |t| t.0 / SECOND));
            }
            metrics.outbox_depth(&carrier, route.waiting.values().sum());
            metrics.route(&carrier, &Health::ALL.map(Health::as_str), route.health.as_str());
        }
        metrics.ready(self.ready().is_ok());
        let s = self.store.stats();
        if let Some(at) = s.last_backup {
            metrics.backup(at.0 / SECOND);
        }
        for (name, value) in [
            ("live_posts", s.live_posts),
            ("pending_mts", s.pending_mts),
            ("accepted", s.accepted),
            ("commits", s.commits),
            ("groups", s.groups),
            ("largest_group", s.largest_group),
            ("commit_micros", s.commit_micros),
            ("sync_micros", s.sync_micros),
            ("journal_bytes", s.journal_bytes),
            ("applied_keys", s.applied_keys),
            ("apply_micros", s.apply_micros),
            ("waiting_bytes", s.waiting_bytes),
            ("failing", u64::from(s.failing.is_some())),
        ] {
            metrics.store(name, value);
        }
    }
}

/// Counts what happens in the outbox.
pub fn watch(metrics: Metrics) -> Watch {
    Arc::new(move |event| {
        count(&metrics, event);
        let outcome = match &event.what {
            What::Sent { .. } => "taken",
            What::Retried(_) => "retried",
            What::Failed(_) => "failed",
            What::Expired(_) => "expired",
            What::Reported(Reported::Moved(mt)) => match mt.state {
                MtState::Delivered => "delivered",
                MtState::Failed(_) => "failed",
                MtState::Expired => "expired",
                MtState::Queued | MtState::Claimed { .. } | MtState::Sent | MtState::Unreported => return,
            },
            What::Reported(_) | What::Slower | What::Paused { .. } | What::Resumed => return,
        };
        metrics.route_mt(event.carrier, outcome);
    })
}

fn count(metrics: &Metrics, event: &Event<'_>) {
    match &event.what {
        What::Sent { class, .. } => metrics.mt(*class, MtOutcome::Sent),
        What::Retried(class) => metrics.mt(*class, MtOutcome::Retried),
        What::Failed(class) => metrics.mt(*class, MtOutcome::Failed),
        What::Expired(class) => metrics.mt(*class, MtOutcome::Expired),
        What::Reported(Reported::Moved(mt)) => match mt.state {
            MtState::Delivered => metrics.mt(mt.class, MtOutcome::Delivered),
            MtState::Failed(_) => metrics.mt(mt.class, MtOutcome::Failed),
            MtState::Expired => metrics.mt(mt.class, MtOutcome::Expired),
            MtState::Queued | MtState::Claimed { .. } | MtState::Sent | MtState::Unreported => {}
        },
        What::Reported(_) | What::Slower | What::Paused { .. } | What::Resumed => {}
    }
}
