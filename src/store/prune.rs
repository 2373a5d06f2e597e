//! What the retention takes out, a bounded piece at a time: accepted messages, settled MTs, closed posts, forgotten keys.

use std::ops::ControlFlow;

use super::op::Op;
use super::plan::{Plan, is_settled};
use super::visit::Visit;
use super::{MoRecord, StoreError, form, key};
use crate::clock::Timestamp;
use crate::market::{Post, PostState};
use crate::message::Mt;

/// Records looked at for each that may be taken: what must stay (a pending MT, a live post) is passed over.
const LOOKS: usize = 4;

/// The youngest buckets of seen keys stay whatever the clock says, so that no leap of it makes a carrier's repeat a new text.
const BUCKETS_KEPT: usize = 2;

/// Plans to take out at most `limit` records from before `before`, and seen keys older than their memory at `now`. Returns how
/// many they are.
pub fn plan(visit: &Visit<'_>, now: Timestamp, before: Timestamp, limit: usize) -> Result<(Plan, usize), StoreError> {
    let mut plan = Plan::default();
    let mut left = limit;
    oldest(visit, key::MO, &mut left, |bytes| {
        let mo: MoRecord = form::decode("an accepted message", bytes)?;
        if mo.received >= before {
            return Ok(stay_or_stop(mo.received, now));
        }
        plan.forget_mo(&mo);
        Ok(Fate::Goes)
    })?;
    oldest(visit, key::MT, &mut left, |bytes| {
        let mt: Mt = form::decode("an outbound text", bytes)?;
        if mt.created >= before {
            return Ok(stay_or_stop(mt.created, now));
        }
        if !is_settled(&mt) {
            return Ok(Fate::Stays);
        }
        plan.forget_mt(&mt);
        Ok(Fate::Goes)
    })?;
    let mut posts = Vec::new();
    oldest(visit, key::POST, &mut left, |bytes| {
        let post: Post = form::decode("a post", bytes)?;
        if post.created >= before {
            return Ok(stay_or_stop(post.created, now));
        }
        if post.state == PostState::Live {
            return Ok(Fate::Stays);
        }
        posts.push(post.id);
        Ok(Fate::Goes)
    })?;
    for id in posts {
        plan.ops.push(Op::Delete { key: key::post(id) });
        visit.layers.walk_prefix(&key::pact_of_prefix(id), |k, _| {
            plan.ops.push(Op::Delete { key: key::pact(key::last_number(k)) });
            plan.ops.push(Op::Delete { key: k.into() });
            Ok(ControlFlow::Continue(()))
        })?;
        // pairs stand under the older of the two posts; with it gone nobody can be told again
        let mut prefix = key::told(id, u64::MAX).to_vec();
        prefix.truncate(9);
        visit.layers.walk_prefix(&prefix, |k, _| {
            plan.ops.push(Op::Delete { key: k.into() });
            Ok(ControlFlow::Continue(()))
        })?;
    }
    let today = key::bucket(now);
    let aged = visit.buckets.len().saturating_sub(BUCKETS_KEPT);
    for bucket in visit.buckets.iter().copied().take(aged).take_while(|b| b.saturating_add(1) < today) {
        let prefix = key::seen(bucket, &[0; 16])[..3].to_vec();
        let mut all = true;
        visit.layers.walk_prefix(&prefix, |k, _| {
            if left == 0 {
                all = false;
                return Ok(ControlFlow::Break(()));
            }
            left -= 1;
            plan.ops.push(Op::Delete { key: k.into() });
            Ok(ControlFlow::Continue(()))
        })?;
        if all {
            plan.emptied.push(bucket);
        }
    }
    Ok((plan, limit - left))
}

enum Fate {
    Goes,
    Stays,
    /// Nothing behind it is old enough.
    Stop,
}

/// What is too young ends the search, for younger things follow. But what a clock that was ahead dated into the future says
/// nothing of what follows.
fn stay_or_stop(at: Timestamp, now: Timestamp) -> Fate {
    if at > now { Fate::Stays } else { Fate::Stop }
}

/// Shows the oldest records of a family, until `left` is used up.
fn oldest(
    visit: &Visit<'_>,
    family: u8,
    left: &mut usize,
    mut judge: impl FnMut(&[u8]) -> Result<Fate, StoreError>,
) -> Result<(), StoreError> {
    let mut looks = left.saturating_mul(LOOKS);
    if looks == 0 {
        return Ok(());
    }
    visit.layers.walk_prefix(&[family], |_, found| {
        match judge(found.bytes())? {
            Fate::Goes => *left -= 1,
            Fate::Stays => {}
            Fate::Stop => return Ok(ControlFlow::Break(())),
        }
        looks -= 1;
        Ok(if *left == 0 || looks == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
}
