//! A pact: what two people agreed about a post, from a pledge to the weigh slip that both confirmed.

use serde::{Deserialize, Serialize};

use super::{PostId, Price, Quantity};
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
}

/// A weigh slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    pub net: Quantity,
    pub price: Option<Price>,
    /// Who wrote it; the other one confirms.
    pub by: Msisdn,
    pub at: Timestamp,
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
    /// The one of the two who is not `one`.
    pub fn other_than(&self, one: Msisdn) -> Msisdn {
        if one == self.owner { self.party } else { self.owner }
    }

    /// Whether it still counts.
    pub fn stands(&self) -> bool {
        self.state != PactState::Released
    }
}
