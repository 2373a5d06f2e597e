//! What is kept beside posts and MTs: people, accepted messages, and the key by which a repeat is known.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::grammar::Intent;
use crate::market::{Place, PostId};
use crate::message::{Mo, MoSeq, Msisdn, MtId};

/// By what a carrier's repeat of a message is recognised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SeenKey {
    /// The carrier's own id.
    Id { carrier: String, id: String },
    /// Where a carrier gives none: a digest of sender, destination, carrier's time and text.
    Print { carrier: String, digest: [u8; 16] },
}

/// A message that was accepted, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoRecord {
    pub seq: MoSeq,
    pub mo: Mo,
    pub received: Timestamp,
    /// Key of the station it was for.
    pub station: String,
    /// What it was understood as: an intent's name.
    pub intent: String,
    /// Set while a person should look at it: why.
    pub unread: Option<Unread>,
    /// The MTs it caused.
    pub answers: Vec<MtId>,
}

/// Why a message waits for the station manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unread {
    /// No rule reads it.
    NotUnderstood,
    /// The code failed on it.
    Fault,
}

/// Somebody who texts us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub msisdn: Msisdn,
    /// As given with 名.
    pub name: Option<String>,
    /// As given with 地.
    pub place: Option<Place>,
    pub joined: Timestamp,
    pub last_heard: Timestamp,
    /// The route last written through: pushes go back by it.
    pub carrier: String,
    /// The number of ours last written to.
    pub short_code: String,
    /// Since when nothing may be sent to this phone.
    pub stopped: Option<Timestamp>,
    /// Own live posts, oldest first.
    pub posts: Vec<PostId>,
    /// What was counted today.
    pub today: Today,
    /// Questions open on this phone, oldest first.
    pub questions: Vec<Question>,
    /// The rest of the last list, for 更多.
    pub more: Vec<PostId>,
    /// What came when the day's pushes were used up, newest first: it waits for 更多.
    #[serde(default)]
    pub waiting: Vec<PostId>,
    /// Posts whose owners were given this phone's number, newest last.
    #[serde(default)]
    pub contacted: Vec<PostId>,
}

/// Counts of one Beijing day; begun anew on the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Today {
    pub day: i64,
    pub posts: u32,
    /// Pushes wanted, also beyond those that a day may have.
    pub pushes: u32,
    /// Answers to texts that were not understood: two machines stop talking to each other after a few.
    pub unread: u32,
    /// Answers of any kind, for the same reason.
    #[serde(default)]
    pub answers: u32,
}

/// A question that a digit answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub asked: Timestamp,
    pub until: Timestamp,
    pub ask: Ask,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Which of these posts: the digit picks, then this is done with it.
    Which { then: Then, posts: Vec<PostId> },
    /// The text had several readings: the digit picks the intent it is read with.
    Meaning { text: String, intents: Vec<Intent> },
    /// Where the sender is: the name of a place is the whole answer.
    Place,
    /// What he sells, wants or looks for: what he says next is read together with this text.
    Item { text: String },
}

/// What a picked post is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    Contact,
    Withdraw,
    Done,
}
