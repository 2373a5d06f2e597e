//! What the telephone network carries: MO (phone to us), MT (us to phone), DLR (what became of an MT).
//!
//! Nothing here knows a carrier's wire format or what a text means.

pub mod alphabet;
pub mod msisdn;
pub mod part;
pub mod segment;

use serde::{Deserialize, Serialize};

pub use msisdn::Msisdn;
pub use part::Part;

use crate::clock::Timestamp;

/// Number of an MO in our own log, from 1, without gaps.
pub type MoSeq = u64;

/// Our own number of an MT, from 1. It goes to carriers as their client reference or inside the DLR address.
pub type MtId = u64;

/// Whoever stands in a message's `from`: a subscriber, or something that must never be answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sender {
    /// A subscriber's number.
    Phone(Msisdn),
    /// A short code, a service number (`106…`) or an alphanumeric name, as the carrier gave it.
    Service(String),
}

/// An inbound text, in the one shape that every carrier is translated to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mo {
    /// `name` of the carrier in the config.
    pub carrier: String,
    /// The carrier's own id of the message; `None` where it gives none, then a fingerprint stands in.
    pub mo_id: Option<String>,
    /// Who wrote.
    pub from: Sender,
    /// The number it was written to (short code with extension), as the carrier gave it.
    pub to: String,
    /// The text, decoded; undecodable bytes are U+FFFD. May be empty.
    pub text: String,
    /// When the carrier says it was sent, if it says so.
    pub sent_at: Option<Timestamp>,
    /// Which part of a long text it is, where the carrier has not joined them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// Why an MT exists; this is also its urgency, the first the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MtClass {
    /// The answer to a text, and what can wait for no morning: goes at any hour.
    Answer,
    /// News of a match: waits for the end of the quiet hours, counts against the daily cap.
    Push,
    /// One text to many.
    Broadcast,
}

/// Where an MT stands. Each state names who moves it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MtState {
    /// Waits in the outbox until `Mt::due`; the outbox claims it.
    Queued,
    /// Attempt `Mt::attempts` is on its way to the carrier. A claim whose lease has run out is queued again.
    Claimed {
        /// When the claim lapses.
        lease: Timestamp,
    },
    /// The carrier has it (HTTP success, or an intermediate report); a DLR moves it on.
    Sent,
    /// On the handset: final, and stronger than any other final state.
    Delivered,
    /// Will not arrive: final. The reason in a few words.
    Failed(String),
    /// Its time ran out, with us or at the carrier: final.
    Expired,
    /// The carrier took it and has not said within days what became of it: final, unless it says so after all.
    Unreported,
}

impl MtState {
    /// Whether nothing but a late `Delivered` can follow.
    pub fn is_final(&self) -> bool {
        matches!(self, MtState::Delivered | MtState::Failed(_) | MtState::Expired | MtState::Unreported)
    }
}

/// An outbound text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mt {
    pub id: MtId,
    /// `name` of the carrier that sends it.
    pub carrier: String,
    /// Our short code, with extension, that the phone sees and can answer to.
    pub from: String,
    pub to: Msisdn,
    pub text: String,
    pub class: MtClass,
    /// The MO that caused it, where one did.
    pub cause: Option<MoSeq>,
    pub created: Timestamp,
    /// Not to be sent before.
    pub due: Timestamp,
    /// Not to be sent after: a day-old answer helps nobody.
    pub until: Timestamp,
    /// Sendings begun so far.
    pub attempts: u32,
    pub state: MtState,
    /// The carrier's id of it, once known.
    pub carrier_ref: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub travel: Option<Box<Travel>>,
}

impl Mt {
    /// What it has had on its way, to be added to.
    pub fn travel_mut(&mut self) -> &mut Travel {
        self.travel.get_or_insert_default()
    }

    /// The carrier's ids of it: one, or one for each part.
    pub fn refs(&self) -> impl Iterator<Item = &str> {
        let parts = self.travel.iter().flat_map(|t| &t.part_refs);
        self.carrier_ref.iter().chain(parts).map(String::as_str)
    }
}

/// What few MTs have on their way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Travel {
    /// Further ids of the carrier's, where it gives one for each part of a long text.
    pub part_refs: Vec<String>,
    /// Parts that were reported as delivered, where each is reported.
    pub arrived: Vec<String>,
    /// Routes that could not take it.
    pub tried: Vec<String>,
    /// The board it is about, where it is about one: some routes may not carry every board.
    pub board: Option<String>,
}

/// Which MT a report speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MtRef {
    /// Our own id, which the carrier gives back.
    Ours(MtId),
    /// The carrier's id, in the normal form of that kind of carrier.
    Carrier(String),
}

/// What a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DlrState {
    Accepted,
    Delivered,
    Failed,
    Expired,
    /// Failed, since the phone wants nothing from us any more.
    OptedOut,
    Unknown,
}

/// A delivery report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dlr {
    pub carrier: String,
    pub mt: MtRef,
    pub state: DlrState,
    /// The carrier's words or code, for the operator.
    pub detail: String,
    /// Which part of a long MT it speaks of, where the carrier reports on each under one id.
    pub part: Option<DlrPart>,
}

/// What a carrier says of a phone rather than of an MT: that it wants no more of our texts, or wants them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    pub carrier: String,
    pub phone: Msisdn,
    pub given: bool,
    /// The carrier's words, for the operator.
    pub why: String,
}

/// One of the parts that a carrier reports on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DlrPart {
    /// Whatever tells its reports from those of the other parts.
    pub key: String,
    /// How many there are, where the carrier says so.
    pub of: Option<u8>,
}
