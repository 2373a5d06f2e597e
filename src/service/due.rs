//! What time brings about: things that were scheduled, done one after the other when they are due.
//!
//! Each is one decision of its own, as a text is: gathered, decided and committed together with being done, so that a kill in
//! between does it neither twice nor never.

use super::Service;
use super::outcome::{Env, Outcome};
use super::{alert, digest, erase, news, price, remind, settle, ussd, wave};
use crate::clock::Timestamp;
use crate::store::{Due, StoreError, View};

/// Looked up at once.
const BATCH: usize = 100;

impl Service {
    /// Does all that is due at `now`. Returns how many things.
    ///
    /// # Errors
    /// Those of the store; what was done before stays done.
    pub async fn do_due(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut count = 0;
        loop {
            let due = self.store.read(move |view| view.due(now, BATCH)).await?;
            if due.is_empty() {
                return Ok(count);
            }
            for (at, what) in due {
                self.do_one(at, what, now).await?;
                count += 1;
            }
        }
    }

    async fn do_one(&self, at: Timestamp, what: Due, now: Timestamp) -> Result<(), StoreError> {
        if let Due::Loose(key) = what {
            return self.look_again(at, key, now).await;
        }
        let (grammar, rules) = (self.grammar.get(), self.rules.clone());
        let mts = self
            .store
            .transact(move |view| {
                let env = Env { grammar: &grammar, rules: &rules, now };
                let mut out = Outcome::new(&env, view.next(), None);
                out.unschedule(at, what.clone());
                act(view, at, &what, &mut out)?;
                let change = out.into_change();
                // what was sent before and is only kept anew goes nowhere
                let mts = change.mts.iter().filter(|m| m.created == now).cloned().collect::<Vec<_>>();
                Ok((change, mts))
            })
            .await?;
        if !mts.is_empty() {
            (self.hand_over)(mts);
        }
        Ok(())
    }
}

/// One thing due, one function.
fn act(view: &dyn View, at: Timestamp, what: &Due, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    match what {
        Due::Remind(post) => remind::remind(view, *post, out),
        Due::Wave(post) => wave::next(view, *post, out),
        Due::Alert(post) => alert::widen(view, *post, out),
        Due::AlertRest { post, below, before } => alert::rest(view, (*post, *below, *before), out),
        Due::Deadline(post) => settle::deadline(view, *post, out),
        Due::Delivery(post) => settle::delivery(view, *post, out),
        Due::Close(post) => settle::close(view, *post, out),
        Due::Summary(post) => settle::summary(view, *post, out),
        Due::Tell(post, told, after) => settle::tell(view, *post, *told, *after, at, out),
        Due::Pact(pact) => settle::pact(view, *pact, out),
        Due::Digest(phone) => digest::digest(view, at, *phone, out),
        Due::News { post, topic, below } => news::tell(view, (*post, *topic, *below), out),
        Due::Prices(phone) => price::weekly(view, at, *phone, out),
        Due::Session(key) => ussd::sweep(view, *key, out),
        Due::Erase { phone, since, mo, mt, post } => erase::go_on(view, (*phone, *since), (*mo, *mt, *post), out),
        // done above, for it takes more than one decision
        Due::Loose(_) => Ok(()),
    }
}
