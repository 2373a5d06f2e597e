//! What has come without what it belongs to, and waits for it: parts of a long MO, and reports on an MT whose id is not known
//! yet. Each has a [`Due::Loose`](super::Due::Loose) by which it is looked at again, and let go in the end.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::digest;
use crate::clock::Timestamp;
use crate::message::part::{self, Piece};
use crate::message::{DlrPart, DlrState, Mo, MoSeq, Part, Sender};

/// Names one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LooseKey(pub [u8; 16]);

/// In hex, as it stands in ids.
impl fmt::Display for LooseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loose {
    Long(LongMo),
    Report(EarlyDlr),
}

impl Loose {
    pub fn key(&self) -> LooseKey {
        match self {
            Loose::Long(l) => LongMo::key(&l.carrier, &l.from, &l.to, l.reference, l.total),
            Loose::Report(r) => EarlyDlr::key(&r.carrier, &r.carrier_ref),
        }
    }
}

/// The parts of one long MO that have come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongMo {
    pub carrier: String,
    pub from: Sender,
    pub to: String,
    pub reference: u32,
    pub total: u8,
    pub pieces: BTreeMap<u8, Piece>,
    /// The carrier's time of the first that came.
    pub sent_at: Option<Timestamp>,
    /// When the first and the last came.
    pub first: Timestamp,
    pub last: Timestamp,
    /// As what it was taken so far.
    pub taken: Option<Taken>,
}

/// What a long MO was taken for before all of it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub mo: MoSeq,
    /// How many parts that text had.
    pub pieces: u8,
}

impl LongMo {
    pub fn key(carrier: &str, from: &Sender, to: &str, reference: u32, total: u8) -> LooseKey {
        let from = match from {
            Sender::Phone(n) => n.e164(),
            Sender::Service(s) => format!("service {s}"),
        };
        let figures = [&reference.to_be_bytes()[..], &[total]].concat();
        LooseKey(digest(&[b"long", carrier.as_bytes(), from.as_bytes(), to.as_bytes(), &figures]))
    }

    /// Nothing yet of the text that `mo` is part of.
    pub fn of(mo: &Mo, part: &Part, now: Timestamp) -> LongMo {
        LongMo {
            carrier: mo.carrier.clone(),
            from: mo.from.clone(),
            to: mo.to.clone(),
            reference: part.reference,
            total: part.total,
            pieces: BTreeMap::new(),
            sent_at: mo.sent_at,
            first: now,
            last: now,
            taken: None,
        }
    }

    pub fn is_whole(&self) -> bool {
        self.count() == self.total
    }

    /// Parts that are there.
    pub fn count(&self) -> u8 {
        u8::try_from(self.pieces.len()).unwrap_or(u8::MAX)
    }

    /// Whether something is there that it was not yet taken with.
    pub fn has_news(&self) -> bool {
        self.taken.is_none_or(|t| t.pieces < self.count())
    }

    /// How many parts from the first on are there without a gap.
    pub fn beginning(&self) -> u8 {
        (1..=self.total).take_while(|n| self.pieces.contains_key(n)).count() as u8
    }

    /// The text so far as one MO; of what is missing a mark is left.
    pub fn joined(&self) -> Mo {
        self.mo(part::join(&self.pieces, self.total), &format!("{} of {}", self.count(), self.total))
    }

    /// The text of its first parts.
    pub fn begun(&self) -> Mo {
        self.mo(part::join(&self.pieces, self.beginning()), &format!("first {}", self.beginning()))
    }

    /// `which` tells the texts that are made of one set from each other.
    fn mo(&self, text: String, which: &str) -> Mo {
        let key = LongMo::key(&self.carrier, &self.from, &self.to, self.reference, self.total);
        Mo {
            carrier: self.carrier.clone(),
            mo_id: Some(format!("long {key} {} {which}", self.first.0)),
            from: self.from.clone(),
            to: self.to.clone(),
            text,
            sent_at: self.sent_at,
            part: None,
        }
    }
}

/// Reports on an MT that no id leads to yet: the first, and those on its other parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyDlr {
    pub carrier: String,
    pub carrier_ref: String,
    pub state: DlrState,
    pub detail: String,
    #[serde(default)]
    pub part: Option<DlrPart>,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Said>,
}

/// One report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub state: DlrState,
    pub detail: String,
    pub part: Option<DlrPart>,
}

impl EarlyDlr {
    pub fn key(carrier: &str, carrier_ref: &str) -> LooseKey {
        LooseKey(digest(&[b"report", carrier.as_bytes(), carrier_ref.as_bytes()]))
    }

    /// All of them, in the order of their parts' coming.
    pub fn all(&self) -> impl Iterator<Item = Said> + '_ {
        let first = Said { state: self.state, detail: self.detail.clone(), part: self.part.clone() };
        std::iter::once(first).chain(self.others.iter().cloned())
    }
}
