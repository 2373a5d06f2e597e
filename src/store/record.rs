//! What is kept beside posts and MTs: people, accepted messages, and the key by which a repeat is known.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::grammar::Intent;
use crate::market::{PactId, Place, PlaceCode, PostId};
use crate::message::{Mo, MoSeq, Msisdn, MtId};
use crate::store::LooseKey;
use crate::store::session::{Draft, SessionKey};

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
    /// Who told us so, where it was a carrier and not the phone itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<StoppedBy>,
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
    /// Its number is never shown: words are passed on instead.
    #[serde(default)]
    pub private: bool,
    /// It was told that numbers pass between those who are put in touch.
    #[serde(default)]
    pub informed: bool,
    /// 订: what it wants to hear of.
    #[serde(default)]
    pub topics: Vec<Topic>,
    /// 退: of these it wants to hear nothing, whatever it posts.
    #[serde(default)]
    pub muted: Vec<String>,
    /// Whose words are not passed on to it any more.
    #[serde(default)]
    pub blocked: Vec<Msisdn>,
    /// The other name under which friends know it.
    #[serde(default)]
    pub alias: Option<String>,
    /// The manager knows who it is: its orders and appeals are shown.
    #[serde(default)]
    pub vouched: bool,
    /// The manager has shut it out: what it writes is kept and does nothing.
    #[serde(default)]
    pub barred: bool,
    /// What others said of it after a deal.
    #[serde(default)]
    pub rated_good: u32,
    #[serde(default)]
    pub rated_bad: u32,
    /// The last pacts it takes part in, newest last.
    #[serde(default)]
    pub pacts: Vec<PactId>,
    /// After 90 silent days: since when it is unsure whose phone this is.
    #[serde(default)]
    pub doubted: Option<Timestamp>,
    /// It said that it is of age.
    #[serde(default)]
    pub adult: bool,
    /// When what waits for it is told in one text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_due: Option<Timestamp>,
    /// When the prices it asked for are told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices_due: Option<Timestamp>,
    /// The rest of a long answer, for 更多: one text each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<String>,
    /// The text it sent last, to know a machine that says the same again and again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo: Option<Echo>,
    /// A carrier says that there is no such phone any more, since then; until it writes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead: Option<Timestamp>,
    /// Its shares in orders that are not weighed yet, oldest first; none is forgotten while it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pledges: Vec<PactId>,
    /// The digit that answered a question last: doubled, it answers no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digit: Option<Digit>,
    /// What it began to say by USSD.
    /// The one that was left last stands last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drafts: Vec<Draft>,
    /// Its newest USSD dialogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialled: Option<SessionKey>,
    /// Where it is in the practice lesson.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<Lesson>,
}

/// Learning to text: 学.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Key of the step, as the grammar has it.
    pub step: String,
    /// How often it went wrong.
    pub tries: u32,
    /// Texts until then are practice; a while longer the lesson can be taken up again.
    pub until: Timestamp,
}

/// A carrier that knows of an opt-out, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedBy {
    pub carrier: String,
    pub why: String,
}

/// A digit that answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digit {
    pub choice: u8,
    pub at: Timestamp,
}

/// One text said again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// Of the text; that of another differs but by a rare chance, which costs one answer.
    pub print: u64,
    pub times: u32,
    pub at: Timestamp,
    /// Of the last answer to it.
    #[serde(default)]
    pub said: Option<u64>,
}

/// What a station's manager made known for looking up: when the bus goes, when the clinic is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// Key of the station.
    pub station: String,
    /// The newest last.
    pub notes: Vec<Note>,
}

/// One thing to look up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The words it is found by: `班车 县城`.
    pub words: String,
    pub text: String,
    pub by: Msisdn,
    pub at: Timestamp,
}

/// What somebody wants to hear of, and from where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Topic {
    /// An item's name, a board's side as `board/side`, or a word of the grammar's own: `alert`, `notice` …
    pub name: String,
    pub place: PlaceCode,
}

/// Questions kept open on one phone, the newest.
const QUESTIONS: usize = 24;

impl Person {
    /// Somebody of whom nothing is known but the phone.
    pub fn new(msisdn: Msisdn, now: Timestamp) -> Person {
        Person {
            msisdn,
            name: None,
            place: None,
            joined: now,
            last_heard: now,
            carrier: String::new(),
            short_code: String::new(),
            stopped: None,
            stopped_by: None,
            posts: Vec::new(),
            today: Today { day: now.beijing_day(), ..Today::default() },
            questions: Vec::new(),
            more: Vec::new(),
            waiting: Vec::new(),
            contacted: Vec::new(),
            private: false,
            informed: false,
            topics: Vec::new(),
            muted: Vec::new(),
            blocked: Vec::new(),
            alias: None,
            vouched: false,
            barred: false,
            rated_good: 0,
            rated_bad: 0,
            pacts: Vec::new(),
            doubted: None,
            adult: false,
            digest_due: None,
            prices_due: None,
            pages: Vec::new(),
            echo: None,
            dead: None,
            pledges: Vec::new(),
            digit: None,
            drafts: Vec::new(),
            dialled: None,
            lesson: None,
        }
    }

    /// From now on nothing goes to this phone, and what waited for it is let go. `by` is the carrier that says so, where it
    /// was not the phone; what the phone said itself stands.
    pub fn stop(&mut self, now: Timestamp, by: Option<StoppedBy>) {
        if self.stopped.is_none() || by.is_none() {
            (self.stopped, self.stopped_by) = (Some(now), by);
        }
        self.questions.clear();
        self.more.clear();
        self.waiting.clear();
    }

    /// It wants our texts again, whoever had said that it does not. Returns whether it had been away.
    pub fn join(&mut self) -> bool {
        self.stopped_by = None;
        self.stopped.take().is_some()
    }

    /// Puts a question to it. A question of the conversation takes the place of the one before; what others asked waits
    /// beside it, up to so many.
    pub fn ask(&mut self, mut question: Question) {
        let (ask, pushed) = (&question.ask, question.ask.pushed());
        let same = |a: &Ask| std::mem::discriminant(a) == std::mem::discriminant(ask);
        if pushed {
            self.questions.retain(|q| q.ask != *ask);
        } else {
            self.questions.retain(|q| q.ask.pushed() || !(same(&q.ask) || ask.by_digit() && q.ask.by_digit()));
        }
        question.number = self.questions.iter().map(|q| q.number).max().unwrap_or(0) + 1;
        self.questions.push(question);
        let extra = self.questions.len().saturating_sub(QUESTIONS);
        self.questions.drain(..extra);
    }

    /// The counts of the Beijing day at `now`, begun anew on a new day.
    pub fn today_at(&self, now: Timestamp) -> Today {
        let day = now.beijing_day();
        if self.today.day == day { self.today } else { Today { day, ..Today::default() } }
    }

    /// The lists of watchers that name it, while it may be texted.
    pub fn watches(&self) -> &[Topic] {
        if self.stopped.is_some() || self.barred { &[] } else { &self.topics }
    }
}

/// Something that time will bring about: it stands in the store until it is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Due {
    /// A post is about to run out: its owner is reminded.
    Remind(PostId),
    /// A job has places left: the next workers are asked.
    Wave(PostId),
    /// A loss is still open: the next ring hears of it.
    Alert(PostId),
    /// The deadline of an order.
    Deadline(PostId),
    /// Those who pledged are reminded of the day.
    Delivery(PostId),
    /// What waited for a person is told in one text.
    Digest(Msisdn),
    /// A weigh slip or a pledge that nobody has answered.
    Pact(PactId),
    /// A new post: those who want to hear of its kind do, of one topic after the other, those with numbers below `below` next.
    News { post: PostId, topic: u8, below: Option<Msisdn> },
    /// The prices that a phone asked to hear of every week.
    Prices(Msisdn),
    /// Somebody has gone: his words are erased from what is kept since he came, those with numbers below these next.
    Erase { phone: Msisdn, since: Timestamp, mo: MoSeq, mt: MtId, post: PostId },
    /// The ring of a loss that is being told has more phones, with numbers below this; `before`: the ring that was told before.
    AlertRest { post: PostId, below: Msisdn, before: Option<u32> },
    /// Something that waits for what it belongs to.
    Loose(LooseKey),
    /// The days of an order have run out.
    Close(PostId),
    /// Some days after the day: its owner and the manager hear who brought what.
    Summary(PostId),
    /// All who pledged are told, a piece at a time: those behind this pledge are still to be.
    Tell(PostId, Told, PactId),
    /// A USSD dialogue of yesterday, and the draft it left.
    Session(SessionKey),
}

/// What those who pledged are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Told {
    /// It is carried out; each hears what he brings.
    On,
    /// Too little has come together.
    Failed,
    /// The day is near.
    Soon,
    /// Its terms have changed.
    Changed,
    /// It is over, or was taken back: what was not weighed is free again.
    Closed,
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
    /// Words passed on for it, and to it.
    #[serde(default)]
    pub relayed: u32,
    #[serde(default)]
    pub heard: u32,
    /// Posts written for neighbours.
    #[serde(default)]
    pub proxies: u32,
    /// Numbers it was given.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub contacts: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// A question that a digit answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub asked: Timestamp,
    pub until: Timestamp,
    pub ask: Ask,
    /// The number of ours it was asked from: a digit sent to another answers something else. Empty: whichever.
    #[serde(default)]
    pub to: String,
    /// What it is about in a few words, for when two are open: `807号过秤`.
    #[serde(default)]
    pub label: String,
    /// Tells it from the others of this phone.
    #[serde(default)]
    pub number: u32,
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
    /// Which of these questions, by their numbers, that digit was for.
    Clarify { choice: u8, questions: Vec<u32> },
    /// Whether the manager vouches for a post: 1 shows it, 2 does not.
    Vouch { post: PostId },
    /// Whether these posts, whose days run out, stand on.
    Remind { posts: Vec<PostId> },
    /// Whether it came to the deal that the other side told of.
    Dealt { post: PostId, pact: PactId },
    /// With whom of these it came to a deal.
    With { post: PostId, pacts: Vec<PactId> },
    /// How the other side of a deal was.
    Rate { post: PostId, pact: PactId },
    /// To a manager: whether a post that was reported may be shown again.
    Reported { post: PostId },
    /// To a neighbour: whether what was written for him is to stand.
    Proxy { post: PostId },
    /// Whether this one may have the owner's number.
    Show { post: PostId, party: Msisdn },
    /// After long silence: whether the phone is still that of the post's owner; this one wants to know.
    Same { post: PostId, party: Msisdn },
    /// After long silence, to who writes again: whether it is still the same person. The text is done when it is answered.
    StillMe { text: String },
    /// Whether the sender of a text for grown-ups is one.
    Adult { text: String },
    /// Whether what stands already is to stand once more: the text is done as if it were new.
    Twice { text: String },
    /// A post was read back; only 2 is an answer, as long as nothing else was said.
    Readback { post: PostId },
    /// What is wrong with a post: what is said next mends it.
    Wrong { post: PostId },
    /// A price was told: 1 shows who buys or sells it, 2 has it told every week.
    Priced { item: String },
    /// Whether all that is kept of it is to be erased.
    Erase,
    /// Which of these things to look up, by their words.
    Note { words: Vec<String> },
    /// Whether a worker comes; 3 asks first.
    Shift { post: PostId, pact: PactId },
    /// Whether what somebody saw is the owner's.
    Sighting { post: PostId, pact: PactId },
    /// Whether this one joins an order, with a post of his own.
    Join { post: PostId, own: PostId },
    /// How much is pledged: what is said next is the amount.
    HowMuch { post: PostId },
    /// Whether a weigh slip is right.
    Slip { post: PostId, pact: PactId },
    /// To a manager: whether a slip stands that one of the two says is wrong.
    Disputed { post: PostId, pact: PactId },
    /// Whether the station is to stand for both.
    Bail { post: PostId, pact: PactId },
    /// Whether to go on with the households of an order behind this one.
    Roster { post: PostId, after: PactId },
    /// Whether to go on with the draft.
    Resume,
}

impl Ask {
    /// Whether a digit answers it.
    pub fn by_digit(&self) -> bool {
        !matches!(self, Ask::Place | Ask::Item { .. } | Ask::Readback { .. } | Ask::Wrong { .. } | Ask::HowMuch { .. })
    }

    /// Its name in `grammar/ussd.toml`, where another waits for the answer.
    pub fn kind(&self) -> &'static str {
        match self {
            Ask::Vouch { .. } => "vouch",
            Ask::Remind { .. } => "remind",
            Ask::Dealt { .. } => "dealt",
            Ask::Rate { .. } => "rate",
            Ask::Reported { .. } => "reported",
            Ask::Proxy { .. } => "proxy",
            Ask::Show { .. } => "show",
            Ask::Same { .. } => "same",
            Ask::Shift { .. } => "shift",
            Ask::Sighting { .. } => "sighting",
            Ask::Join { .. } => "join",
            Ask::Slip { .. } => "slip",
            Ask::Disputed { .. } => "disputed",
            Ask::Bail { .. } => "bail",
            _ => "",
        }
    }

    /// How many digits it offers, from 1 on.
    pub fn offers(&self) -> u8 {
        let count = match self {
            Ask::Which { posts, .. } => posts.len(),
            Ask::Meaning { intents, .. } => intents.len(),
            Ask::Note { words } => words.len(),
            Ask::Clarify { questions, .. } => questions.len(),
            Ask::With { pacts, .. } => pacts.len() + 1,
            Ask::Shift { .. } => 3,
            ask if ask.by_digit() => 2,
            _ => 0,
        };
        u8::try_from(count.min(9)).unwrap_or(9)
    }

    /// The post that it is about, where the answer needs it.
    pub fn post(&self) -> Option<PostId> {
        match self {
            Ask::Dealt { post, .. }
            | Ask::With { post, .. }
            | Ask::Rate { post, .. }
            | Ask::Reported { post }
            | Ask::Proxy { post }
            | Ask::Show { post, .. }
            | Ask::Same { post, .. }
            | Ask::Shift { post, .. }
            | Ask::Sighting { post, .. } => Some(*post),
            Ask::Join { post, .. }
            | Ask::Slip { post, .. }
            | Ask::Disputed { post, .. }
            | Ask::Bail { post, .. }
            | Ask::Roster { post, .. } => Some(*post),
            Ask::Remind { posts } => posts.first().copied(),
            _ => None,
        }
    }

    /// Whether it came of another's doing and waits beside the conversation the phone has with us.
    pub fn pushed(&self) -> bool {
        !matches!(
            self,
            Ask::Which { .. }
                | Ask::Meaning { .. }
                | Ask::Place
                | Ask::Item { .. }
                | Ask::Clarify { .. }
                | Ask::With { .. }
                | Ask::StillMe { .. }
                | Ask::Adult { .. }
                | Ask::Twice { .. }
                | Ask::Readback { .. }
                | Ask::Wrong { .. }
                | Ask::Priced { .. }
                | Ask::Erase
                | Ask::Note { .. }
                | Ask::HowMuch { .. }
                | Ask::Roster { .. }
        )
    }
}

/// What a picked post is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    Contact,
    Withdraw,
    Done,
    Renew,
}
