//! A pact: what two people agreed about a post, from a pledge to the weigh slip that both confirmed.

use serde::{Deserialize, Serialize};

use super::{Exact, Place, PostId, Price, Quantity};
use crate::clock::Timestamp;
use crate::message::Msisdn;

/// Number of a pact, in the order in which they were made; people never see it.
pub type PactId = u64;

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pact {
    pub id: PactId,
    pub kind: PactKind,
    /// The post it is about: the order that is filled, the job that is taken.
    pub post: PostId,
    /// Who wrote that post.
    pub owner: Msisdn,
    /// The other one.
    pub party: Msisdn,
    /// The other one's own post, where there is one.
    pub other: Option<PostId>,
    /// How much; what was pledged, then what was weighed.
    pub quantity: Option<Quantity>,
    pub price: Option<Price>,
    /// Hands, of a job.
    pub people: Option<u32>,
    pub state: PactState,
    pub created: Timestamp,
    pub changed: Timestamp,
    /// The weigh slip: what the scale said and at what price, and who wrote it.
    #[serde(default)]
    pub slip: Option<Slip>,
    /// What each said of the other afterwards; `true` is good.
    #[serde(default)]
    pub rated_by_owner: Option<bool>,
    #[serde(default)]
    pub rated_by_party: Option<bool>,
    /// A pledge: what was pledged, where less was taken or something else weighed.
    #[serde(default)]
    pub pledged: Option<Quantity>,
    /// A pledge: the township of the household, and its number within the order.
    #[serde(default)]
    pub place: Option<Place>,
    #[serde(default)]
    pub seat: u32,
    /// A pledge: so much of the other one's own post is promised by it, in that post's unit.
    #[serde(default)]
    pub bound: Exact,
    /// 作保: the station stands for both; who of the two has agreed to it.
    #[serde(default)]
    pub vouched: bool,
    #[serde(default)]
    pub owner_agreed: bool,
    #[serde(default)]
    pub party_agreed: bool,
}

/// A weigh slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    pub net: Quantity,
    pub price: Option<Price>,
    /// Who wrote it: one of the two, and the other one confirms; or the manager, and both do.
    pub by: Msisdn,
    pub at: Timestamp,
    /// Who has said that it is right.
    #[serde(default)]
    pub owner_ok: bool,
    #[serde(default)]
    pub party_ok: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PactKind {
    /// Two people who were put in touch, and may come to a deal.
    Deal,
    /// 应: a share in a bulk order, or in something many give to.
    Pledge,
    /// A place in a job, asked for in a wave.
    Shift,
    /// 见: somebody saw what was lost.
    Sighting,
    /// Words passed on without numbers: 传.
    Relay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PactState {
    /// One side has said so, or was asked.
    Open,
    /// Both have.
    Agreed,
    /// A slip stands that the other side has not confirmed yet.
    Weighed,
    /// Both confirmed; it is over.
    Done,
    /// One side says it is wrong; the manager looks.
    Disputed,
    /// Taken back, refused or run out.
    Released,
}

impl Pact {
    /// A new one about `post` between its owner and another; nothing is agreed yet.
    pub fn new(id: PactId, kind: PactKind, post: &super::Post, party: Msisdn, now: Timestamp) -> Pact {
        Pact {
            id,
            kind,
            post: post.id,
            owner: post.owner,
            party,
            other: None,
            quantity: None,
            price: post.price.clone(),
            people: None,
            state: PactState::Open,
            created: now,
            changed: now,
            slip: None,
            rated_by_owner: None,
            rated_by_party: None,
            pledged: None,
            place: None,
            seat: 0,
            bound: Exact::default(),
            vouched: false,
            owner_agreed: false,
            party_agreed: false,
        }
    }

    /// The one of the two who is not `one`.
    pub fn other_than(&self, one: Msisdn) -> Msisdn {
        if one == self.owner { self.party } else { self.owner }
    }

    /// Whether it still counts.
    pub fn stands(&self) -> bool {
        self.state != PactState::Released
    }

    /// Whether it is a share that can still be changed: promised, and nothing weighed.
    pub fn is_open_pledge(&self) -> bool {
        self.kind == PactKind::Pledge && matches!(self.state, PactState::Open | PactState::Agreed)
    }

    /// Whether one of the two is still to say that the slip is right.
    pub fn waits_for(&self, who: Msisdn) -> bool {
        let slip = self.slip.as_ref().filter(|_| self.state == PactState::Weighed);
        slip.is_some_and(|s| (who == self.owner && !s.owner_ok) || (who == self.party && !s.party_ok))
    }
}
