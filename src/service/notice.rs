//! What the house itself has to say: an alarm, a canary. It goes by the route it is told to.

use super::Service;
use super::outcome::LEASE;
use crate::clock::{HOUR, Timestamp};
use crate::message::{Msisdn, Mt, MtClass, MtId, MtState};
use crate::reply::Reply;
use crate::store::{Change, StoreError};

/// The sentences by which the trouble of a route is told, and its end.
pub const ROUTE_FAULT: &str = "route_fault";
pub const ROUTE_DOWN: &str = "route_down";
pub const ROUTE_SILENT: &str = "route_silent";
pub const ROUTE_CANARY: &str = "route_canary";
pub const ROUTE_WORKS: &str = "route_works";
/// What a canary says.
pub const CANARY: &str = "canary";

/// What is told of a route at `now`; `waiting` texts cannot leave by it.
pub fn of_route(sentence: &'static str, route: &str, waiting: usize, now: Timestamp) -> Reply {
    Reply::new(sentence)
        .set("route", route.to_string())
        .set("time", now.beijing().strftime("%H:%M").to_string())
        .set("count", if waiting > 0 { waiting.to_string() } else { String::new() })
}

/// Older news of a route help nobody.
const LIFE: i64 = 2 * HOUR;

impl Service {
    /// Sends a text by one carrier. Returns its number.
    ///
    /// # Errors
    /// Those of the store: nothing is sent.
    pub async fn notice(&self, carrier: &str, from: &str, to: Msisdn, reply: Reply) -> Result<MtId, StoreError> {
        let now = self.clock.now();
        let text = reply.pack(&self.grammar.get().replies).text;
        let (carrier, from) = (carrier.to_string(), from.to_string());
        let mt = self
            .store
            .transact(move |view| {
                let mt = Mt {
                    id: view.next().mt,
                    carrier: carrier.clone(),
                    from: from.clone(),
                    to,
                    text: text.clone(),
                    class: MtClass::Answer,
                    cause: None,
                    created: now,
                    due: now,
                    until: now.plus(LIFE),
                    attempts: 1,
                    state: MtState::Claimed { lease: now.plus(LEASE) },
                    carrier_ref: None,
                    travel: None,
                };
                Ok((Change { mts: vec![mt.clone()], ..Change::default() }, mt))
            })
            .await?;
        let id = mt.id;
        (self.hand_over)(vec![mt]);
        Ok(id)
    }
}
