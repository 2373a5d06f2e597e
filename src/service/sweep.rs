//! What the passing of time decides: posts whose days have run out are closed, old records are let go.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::{DAY, Timestamp};
use crate::config::Limits;
use crate::market::{Post, PostState};
use crate::message::{Msisdn, Mt, MtState};
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

/// How long a carrier may take to say what became of a text. Networks try for up to three days.
const REPORTS_BY: i64 = 4 * DAY;
/// Numbers looked at in one visit.
const LOOKS: u64 = 1_000;
/// Texts of former lives that are looked at: older ones were seen to by the process that sent them.
const BACK: u64 = 500_000;

/// Ends texts that were taken and never reported on. `from` is where to begin, and becomes where to go on. Returns how many.
///
/// # Errors
/// Those of the store; what was ended before stays so.
pub async fn unreported(store: &Store, from: &AtomicU64, now: Timestamp) -> Result<usize, StoreError> {
    let before = now.plus(-REPORTS_BY);
    let mut ended = 0;
    loop {
        let begin = from.load(Ordering::SeqCst);
        let (next, all, ids) = store
            .read(move |view| {
                let end = view.next().mt;
                let begin = begin.max(end.saturating_sub(BACK)).max(1);
                let (mut at, mut ids) = (begin, Vec::new());
                while at < end && at < begin + LOOKS {
                    match view.mt(at)? {
                        Some(mt) if mt.created >= before => return Ok((at, true, ids)),
                        Some(mt) if mt.state == MtState::Sent => ids.push(at),
                        _ => {}
                    }
                    at += 1;
                }
                Ok((at, at == end, ids))
            })
            .await?;
        ended += ids.len();
        store
            .transact(move |view| {
                let mut mts = Vec::new();
                for id in &ids {
                    // a report may have come since
                    let sent = view.mt(*id)?.filter(|mt| mt.state == MtState::Sent);
                    mts.extend(sent.map(|mt| Mt { state: MtState::Unreported, ..mt }));
                }
                Ok((Change { mts, ..Change::default() }, ()))
            })
            .await?;
        from.store(next, Ordering::SeqCst);
        if all {
            return Ok(ended);
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
