//! What is kept of a USSD dialogue: the session itself for a day, and with the person the draft that it began, which a text
//! may finish as well.

use serde::{Deserialize, Serialize};

use super::key::digest;
use crate::clock::Timestamp;
use crate::market::PostId;
use crate::message::Msisdn;

/// Names a session: a digest of the carrier and its id of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionKey(pub [u8; 16]);

impl SessionKey {
    pub fn of(carrier: &str, id: &str) -> SessionKey {
        SessionKey(digest(&[b"ussd", carrier.as_bytes(), id.as_bytes()]))
    }
}

/// One dialogue as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub carrier: String,
    /// The carrier's id.
    pub id: String,
    pub msisdn: Msisdn,
    /// What was dialled to reach us.
    pub code: String,
    pub began: Timestamp,
    /// When it was last heard of.
    pub last: Timestamp,
    /// All that was typed, joined by `*`.
    pub path: String,
    /// The number of the last call, where the carrier counts them.
    pub order: Option<u64>,
    /// What was typed last.
    pub input: String,
    /// Calls that were no repeats.
    pub calls: u32,
    pub at: At,
    /// The screens before this one, for going back, the last one last.
    pub trail: Vec<At>,
    /// What is shown, for when the carrier asks again.
    pub screen: String,
    /// Nothing can be answered any more: we, the person or the network ended it.
    pub over: bool,
    /// The last answer whole, for whoever wants it as a text.
    pub answer: String,
    /// Its further pages.
    pub pages: Vec<String>,
}

impl Session {
    pub fn key(&self) -> SessionKey {
        SessionKey::of(&self.carrier, &self.id)
    }
}

/// Which screen a session shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum At {
    /// Whether to go on with what was left; else to the form of this name, or the first screen.
    Offer { form: String },
    /// A menu or a list of `grammar/ussd.toml`; of a list which page, and what was picked on the way.
    Menu { name: String, page: u16, picked: Picked },
    /// The next step of the newest draft, where it is of this form; else the form's first.
    Step { form: String, picked: Picked },
    /// One step of the draft is asked anew.
    Mend { step: u16 },
    /// Which step of the draft to mend.
    Which,
    /// The draft is read back: 1 does it.
    Confirm,
    /// An answer: its digits pick, words are a text.
    Answer,
}

/// What a list was left with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picked {
    pub post: Option<PostId>,
    /// The number of an open question of the phone.
    pub question: Option<u32>,
}

/// What somebody began to say and has not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The form of `grammar/ussd.toml`; empty where it is one text in free words.
    pub form: String,
    pub picked: Picked,
    /// What was answered, step by step; empty where a step was skipped. In free words the text is the only one.
    pub said: Vec<String>,
    /// When a step was last answered, and until when it is kept.
    pub at: Timestamp,
    pub until: Timestamp,
}
