//! Long texts whose parts come one by one: kept until they are whole, in whatever order, however late, once or twice.
//!
//! ```text
//! part ──► kept ──all there──────────► read as one text
//!            │ some seconds go by, and the beginning makes a post
//!            ├────────────────────────► the post stands; what comes later amends it under its number
//!            │ minutes go by
//!            └────────────────────────► read as it is, … where something is missing
//! ```
//!
//! Of what was taken before it was whole the parts are kept for two days: one that is hours late still amends it.

use super::gather::seen_key;
use super::turn::Turn;
use super::{Accepted, Service};
use crate::clock::{DAY, MINUTE, SECOND, Timestamp};
use crate::market::{Post, PostState};
use crate::message::part::Piece;
use crate::message::{Mo, MoSeq, Part};
use crate::store::loose::{LongMo, Taken};
use crate::store::{Change, Due, Loose, LooseKey, StoreError, View};

/// Parts of one text arrive within some seconds; after this the beginning is taken for what it says.
const BEGUN: i64 = 20 * SECOND;
/// A part that has not come so long after the last has most likely been lost.
const LOST: i64 = 10 * MINUTE;
/// A part that comes this late amends nothing any more.
const FORGOTTEN: i64 = 2 * DAY;

/// Which long text a decision is about, and how many of its parts were read for it.
#[derive(Debug, Clone, Copy)]
pub struct Joined {
    pub key: LooseKey,
    pub pieces: u8,
}

/// What a part came to.
enum Kept {
    /// It was there already.
    Repeat,
    Waits,
    /// There is something to be done with what is there now.
    Ready(Box<LongMo>),
    /// Another text under the same reference, which must be done with first.
    Another(Box<LongMo>),
}

impl Service {
    /// Takes one part of a long text.
    pub(super) async fn accept_part(&self, mo: Mo, part: Part) -> Result<Accepted, StoreError> {
        loop {
            let now = self.clock.now();
            let (one, number, rules) = (mo.clone(), part.clone(), self.rules.clone());
            let kept = self
                .store
                .transact(move |view| {
                    let (seen, window) = seen_key(&one, &rules);
                    let known = view.seen(&seen)?;
                    if known.is_some_and(|at| window.is_none_or(|w| (now.0 - at.0).abs() <= w)) {
                        return Ok((Change::default(), Kept::Repeat));
                    }
                    let (change, kept) = keep(view, &one, &number, now)?;
                    // another text first, and then this part once more
                    let seen = (!matches!(kept, Kept::Another(_))).then_some((seen, now));
                    Ok((Change { seen, ..change }, kept))
                })
                .await?;
            match kept {
                Kept::Repeat => return Ok(Accepted::Repeat),
                Kept::Waits => return Ok(Accepted::Part),
                Kept::Ready(long) => return self.take(&long, long.joined(), long.count(), now).await,
                Kept::Another(long) => drop(self.take(&long, long.joined(), long.count(), now).await?),
            }
        }
    }

    /// What is there of a long text is taken for a text of its own, with `pieces` of its parts.
    async fn take(&self, long: &LongMo, mo: Mo, pieces: u8, now: Timestamp) -> Result<Accepted, StoreError> {
        let key = Loose::Long(long.clone()).key();
        self.accept_whole(mo, Some(Joined { key, pieces }), now).await
    }

    /// Time has gone by for something that waits: does what is left to do, and says when to look again.
    pub(super) async fn look_again(&self, at: Timestamp, key: LooseKey, now: Timestamp) -> Result<(), StoreError> {
        let long = match self.store.read(move |view| view.loose(&key)).await? {
            Some(Loose::Long(long)) => Some(long),
            // of a report nobody has asked for there is nothing left to do
            Some(Loose::Report(_)) | None => None,
        };
        if let Some(long) = &long {
            let lost = now >= long.last.plus(LOST);
            if long.has_news() && (long.is_whole() || lost) {
                self.take(long, long.joined(), long.count(), now).await?;
            } else if long.taken.is_none() && long.beginning() > 0 && self.makes_a_post(&long.begun(), now) {
                self.take(long, long.begun(), long.beginning(), now).await?;
            }
        }
        self.store
            .transact(move |view| {
                let done = vec![(at, Due::Loose(key))];
                let next = match view.loose(&key)? {
                    Some(Loose::Long(long)) if now < long.last.plus(LOST) && !long.is_whole() => long.last.plus(LOST),
                    Some(Loose::Long(long)) if now < long.last.plus(FORGOTTEN) => long.last.plus(FORGOTTEN),
                    _ => return Ok((Change { done, joined: vec![key], ..Change::default() }, ())),
                };
                // never the time that is being done with
                let next = next.max(at.plus(1)).max(now.plus(1));
                Ok((Change { done, due: vec![(next, Due::Loose(key))], ..Change::default() }, ()))
            })
            .await
    }

    /// Whether a text is a post by itself: that may stand and be amended. Anything else must be whole.
    fn makes_a_post(&self, mo: &Mo, now: Timestamp) -> bool {
        let reading = self.read(mo, now);
        let boards = &self.grammar.get().boards;
        let is_post = reading.claim.is_some() || boards.by_intent(reading.intent).is_some();
        is_post && reading.item.is_some() && !reading.unsure
    }
}

/// Keeps a part beside the others of its text.
fn keep(view: &dyn View, mo: &Mo, part: &Part, now: Timestamp) -> Result<(Change, Kept), StoreError> {
    let key = LongMo::key(&mo.carrier, &mo.from, &mo.to, part.reference, part.total);
    let piece = Piece { text: mo.text.clone(), head: part.head, tail: part.tail };
    let known = match view.loose(&key)? {
        Some(Loose::Long(long)) => Some(long),
        _ => None,
    };
    let mut due = Vec::new();
    let mut long = match known {
        Some(long) if long.pieces.get(&part.number) == Some(&piece) => return Ok((Change::default(), Kept::Repeat)),
        // phones begin anew with their references, some with each text
        Some(long) if long.pieces.contains_key(&part.number) && long.has_news() => {
            return Ok((Change::default(), Kept::Another(Box::new(long))));
        }
        Some(long) if !long.pieces.contains_key(&part.number) && now < long.last.plus(FORGOTTEN) => long,
        _ => LongMo::of(mo, part, now),
    };
    if long.pieces.is_empty() {
        due.push((now.plus(BEGUN), Due::Loose(key)));
    }
    let late = long.taken.is_some() && now >= long.last.plus(LOST);
    long.pieces.insert(part.number, piece);
    long.last = now;
    let kept = if long.is_whole() || late { Kept::Ready(Box::new(long.clone())) } else { Kept::Waits };
    Ok((Change { due, loose: vec![Loose::Long(long)], ..Change::default() }, kept))
}

/// What a decision about a long text amends: what was made of it before. `None` where it was taken as it is already.
pub fn amends(view: &dyn View, joined: &Joined) -> Result<Option<Option<MoSeq>>, StoreError> {
    Ok(match view.loose(&joined.key)? {
        Some(Loose::Long(long)) if long.taken.is_none_or(|t| t.pieces < joined.pieces) => {
            Some(long.taken.map(|t| t.mo))
        }
        _ => None,
    })
}

/// Notes in `change` that a long text was taken as the MO `seq`.
pub fn note(view: &dyn View, joined: &Joined, seq: MoSeq, change: &mut Change) -> Result<(), StoreError> {
    if let Some(Loose::Long(mut long)) = view.loose(&joined.key)? {
        long.taken = Some(Taken { mo: seq, pieces: joined.pieces });
        change.loose.push(Loose::Long(long));
    }
    Ok(())
}

/// Takes back what the beginning of a text seemed to say and the whole does not.
pub fn take_back(turn: &mut Turn<'_>) {
    let Some(seq) = turn.facts.amends else { return };
    let stays =
        |p: &Post| turn.facts.drafts.iter().any(|d| d.post.id == p.id) || turn.facts.again.iter().any(|a| a.id == p.id);
    let gone: Vec<Post> =
        turn.facts.own.iter().filter(|p| p.cause == seq && !stays(p)).map(|p| (**p).clone()).collect();
    for post in gone {
        turn.person.posts.retain(|p| *p != post.id);
        turn.out.save(Post { state: PostState::Withdrawn, ..post });
    }
}
