//! What the passing of time decides: posts whose days have run out are closed, old records are let go.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::config::Limits;
use crate::market::{Post, PostState};
use crate::message::Msisdn;
use crate::store::{Change, Person, Store, StoreError};

/// Posts closed, or records let go, in one change: small among the texts that come in meanwhile.
const BATCH: usize = 200;

/// Closes posts whose days have run out at `now`. Returns how many.
///
/// # Errors
/// Those of the store; what was closed before stays closed.
pub async fn expire(store: &Store, now: Timestamp) -> Result<usize, StoreError> {
    let mut closed = 0;
    loop {
        let ids = store.expired(now, BATCH).await?;
        let more = ids.len() == BATCH;
        let changed = store
            .transact(move |view| {
                let mut owners: BTreeMap<Msisdn, Person> = BTreeMap::new();
                let mut posts = Vec::new();
                for id in &ids {
                    // The owner may have renewed or closed it since we looked.
                    let Some(post) = view.post(*id)?.filter(|p| p.state == PostState::Live && !p.is_live(now)) else {
                        continue;
                    };
                    if !owners.contains_key(&post.owner)
                        && let Some(owner) = view.person(post.owner)?
                    {
                        owners.insert(post.owner, owner);
                    }
                    if let Some(owner) = owners.get_mut(&post.owner) {
                        owner.posts.retain(|p| p != id);
                    }
                    posts.push(Post { state: PostState::Expired, ..(*post).clone() });
                }
                let count = posts.len();
                Ok((Change { posts, people: owners.into_values().collect(), ..Change::default() }, count))
            })
            .await?;
        closed += changed;
        if !more || changed == 0 {
            return Ok(closed);
        }
    }
}

/// Lets go of what is older than the limits say. Returns how many records.
///
/// # Errors
/// Those of the store; what was let go before stays gone.
pub async fn prune(store: &Store, limits: &Limits, now: Timestamp) -> Result<usize, StoreError> {
    // Without a limit nothing but the memory of repeats is let go.
    let before = limits.retention().map_or(Timestamp(i64::MIN), |kept| now.plus(-kept));
    let mut gone = 0;
    loop {
        let some = store.prune(now, before, BATCH).await?;
        gone += some;
        if some < BATCH {
            return Ok(gone);
        }
    }
}
