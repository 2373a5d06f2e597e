//! One turn of the conversation: from facts to a change. Pure.

use std::collections::BTreeMap;

use super::facts::{Facts, today};
use super::{Rules, contact, find, own, person, post, question};
use crate::clock::{DAY, HOUR, MINUTE, Timestamp};
use crate::command::{Intent, Reading};
use crate::grammar::Grammar;
use crate::market::{Post, PostId};
use crate::message::{Mo, MoSeq, Msisdn, Mt, MtClass, MtState, Sender};
use crate::reply::{Reply, phrase};
use crate::store::record::{Ask, Question, Then, Today, Unread};
use crate::store::{Change, MoRecord, Person};

/// An answer older than this helps nobody.
const ANSWER_LIFE: i64 = DAY;
/// Nor does news of a match.
const PUSH_LIFE: i64 = 3 * DAY;
/// How long a claim holds, longer than any request and its commit take: a sending that was begun and not recorded is taken up
/// again after this, here and in the outbox.
pub const LEASE: i64 = 2 * MINUTE;
/// Texts of one phone that are not understood are answered this often a day: two machines then stop talking.
const UNREAD_ANSWERS: u32 = 3;
/// And this often those that are understood but not done here.
const PASSED_ON_ANSWERS: u32 = 10;
/// Answers of any kind that a phone gets in a day: more than anybody reads, and the end of an echo.
const ANSWERS: u32 = 300;
/// Characters of a text that are passed on to a manager.
const PASSED_ON: usize = 36;
/// A question stays open this long.
pub const QUESTION_LIFE: i64 = DAY;
/// What somebody sells is said soon after it was asked, or means something else.
const ITEM_LIFE: i64 = HOUR;
/// Posts kept for 更多, and news kept for a later day.
const MORE: usize = 60;
/// When what waited overnight is told, in Beijing time; later where the quiet hours last longer.
const MORNING: i64 = 8 * HOUR;

/// What decisions are made with.
#[derive(Debug)]
pub struct Env<'a> {
    pub grammar: &'a Grammar,
    pub rules: &'a Rules,
    pub now: Timestamp,
}

/// The reading that stands in when the code fails on a text.
pub fn fault() -> Reading {
    Reading { reason: Some(FAULT), ..Reading::of(Intent::Unknown) }
}

const FAULT: &str = "fault";

/// A turn under way: the facts, and the change as it grows.
pub struct Turn<'a> {
    pub env: &'a Env<'a>,
    pub facts: Facts,
    pub mo: &'a Mo,
    pub reading: Reading,
    /// The sender's number.
    pub msisdn: Msisdn,
    /// The sender, as changed so far.
    pub person: Person,
    seq: MoSeq,
    unread: Option<Unread>,
    posts: BTreeMap<PostId, Post>,
    told: Vec<(PostId, PostId)>,
    others: BTreeMap<Msisdn, Person>,
    mts: Vec<Mt>,
}

/// Decides what a text does.
pub fn decide(env: &Env<'_>, facts: Facts, mo: &Mo, reading: &Reading) -> Change {
    let seq = facts.next.mo;
    let seen = facts.seen.clone();
    let mut record = MoRecord {
        seq,
        mo: mo.clone(),
        received: env.now,
        station: env.rules.station(mo).map(|s| s.key.clone()).unwrap_or_default(),
        intent: intent_name(reading.intent),
        unread: None,
        answers: Vec::new(),
    };
    let Sender::Phone(msisdn) = mo.from else {
        // A service number or a name: kept, never answered.
        record.unread = needs_a_person(reading);
        return Change { seen: Some((seen, env.now)), mos: vec![record], ..Change::default() };
    };
    let person = facts.person.clone().map_or_else(|| newcomer(env, mo, msisdn), |p| heard_again(env, mo, p));
    let mut turn = Turn {
        env,
        facts,
        mo,
        reading: reading.clone(),
        msisdn,
        person,
        seq,
        unread: None,
        posts: BTreeMap::new(),
        told: Vec::new(),
        others: BTreeMap::new(),
        mts: Vec::new(),
    };
    turn.act();
    record.unread = turn.unread;
    record.answers = turn.mts.iter().filter(|m| m.class == MtClass::Answer).map(|m| m.id).collect();
    let mut people: Vec<Person> = turn.others.into_values().collect();
    people.push(turn.person);
    Change {
        seen: Some((seen, env.now)),
        mos: vec![record],
        people,
        posts: turn.posts.into_values().collect(),
        told: turn.told,
        mts: turn.mts,
    }
}

fn intent_name(intent: Intent) -> String {
    serde_json::to_value(intent).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
}

fn needs_a_person(reading: &Reading) -> Option<Unread> {
    match (reading.intent, reading.reason) {
        (Intent::Unknown, Some(FAULT)) => Some(Unread::Fault),
        (Intent::Unknown, None | Some("unread")) => Some(Unread::NotUnderstood),
        _ => None,
    }
}

/// Somebody of whom nothing is known yet.
pub fn newcomer(env: &Env<'_>, mo: &Mo, msisdn: Msisdn) -> Person {
    Person {
        msisdn,
        name: None,
        place: None,
        joined: env.now,
        last_heard: env.now,
        carrier: mo.carrier.clone(),
        short_code: mo.to.clone(),
        stopped: None,
        posts: Vec::new(),
        today: Today { day: env.now.beijing_day(), ..Today::default() },
        questions: Vec::new(),
        more: Vec::new(),
        waiting: Vec::new(),
        contacted: Vec::new(),
    }
}

fn heard_again(env: &Env<'_>, mo: &Mo, mut person: Person) -> Person {
    person.today = today(&person, env.now);
    person.last_heard = env.now;
    person.carrier = mo.carrier.clone();
    person.short_code = mo.to.clone();
    person.questions.retain(|q| env.now < q.until);
    person
}

impl Turn<'_> {
    fn act(&mut self) {
        // 退订 is law: nothing at all until the phone joins again.
        if self.person.stopped.is_some() && self.reading.intent != Intent::Start {
            // but a text that wants something is for a person to see
            let wants = !matches!(self.reading.intent, Intent::Stop | Intent::Unknown | Intent::Choose);
            self.unread = needs_a_person(&self.reading).or(wants.then_some(Unread::NotUnderstood));
            return;
        }
        if !question::answered(self) {
            self.dispatch();
        }
        if self.unread.is_some() {
            self.tell_manager();
        }
    }

    /// Passes on what needs a person to the first manager who may still be texted today; it is kept for all of them.
    fn tell_manager(&mut self) {
        let cap = self.env.rules.limits.pushes();
        let free = |m: &&Person| cap.is_none_or(|cap| today(m, self.env.now).pushes < cap);
        let Some(mut manager) = self.facts.managers.iter().find(free).cloned() else { return };
        manager.today = today(&manager, self.env.now);
        manager.today.pushes += 1;
        let reply = Reply::new("to_manager")
            .set("phone", self.msisdn.local())
            .set("name", self.person.name.clone().unwrap_or_default())
            .set("text", phrase::clip_at(&self.mo.text, PASSED_ON))
            .set("said", phrase::clip(&self.mo.text));
        self.send_push(&manager, &reply, self.env.now);
        self.others.insert(manager.msisdn, manager);
    }

    /// The one says that a manager was told, the other is for a station that has none.
    fn passed_on(&self, told: Reply, alone: Reply) -> Reply {
        if self.facts.managers.is_empty() { alone } else { told }
    }

    /// One verb, one function.
    pub fn dispatch(&mut self) {
        match self.reading.intent {
            Intent::Stop => person::stop(self),
            Intent::Start => person::start(self),
            Intent::Help => person::help(self),
            Intent::Register => person::register(self),
            Intent::Mine => own::mine(self),
            Intent::More => own::more(self),
            Intent::View => own::view(self),
            Intent::Withdraw => own::close(self, Then::Withdraw),
            Intent::Deal => own::close(self, Then::Done),
            Intent::Contact => contact::contact(self),
            Intent::Search => find::search(self),
            Intent::Choose => drop(self.answer(Reply::new("no_question"))),
            Intent::Unknown => self.not_understood(),
            _ if self.reading.unsure && self.reading.alternatives.len() > 1 => question::ask_meaning(self),
            i if self.env.grammar.boards.by_intent(i).is_some() => post::post(self),
            _ => self.not_offered(),
        }
    }

    /// What no service here does yet goes to the station manager.
    fn not_offered(&mut self) {
        self.unread = Some(Unread::NotUnderstood);
        let reply = self.passed_on(Reply::new("not_offered"), Reply::new("not_offered_alone"));
        self.answer_seldom(reply, PASSED_ON_ANSWERS);
    }

    fn not_understood(&mut self) {
        self.unread = needs_a_person(&self.reading);
        match self.reading.reason {
            Some(FAULT) => {
                self.answer_seldom(self.passed_on(Reply::new("fault"), Reply::new("fault_alone")), UNREAD_ANSWERS)
            }
            None | Some("unread") if self.reading.unsure && self.reading.alternatives.len() > 1 => {
                self.unread = None;
                question::ask_meaning(self);
            }
            None | Some("unread") => {
                self.answer_seldom(self.passed_on(Reply::new("unread"), Reply::new("unread_alone")), UNREAD_ANSWERS)
            }
            // a person who says hello, or whose thumb slipped, is told how it goes
            Some("greeting" | "empty") => self.answer_seldom(person::help_text(self), UNREAD_ANSWERS),
            // thanks, carriers' notices, codes, spam: an answer would only cost, or go on for ever
            Some(_) => {}
        }
    }

    /// Answers, but not for ever: after some in one day the other side may be a machine.
    fn answer_seldom(&mut self, reply: Reply, often: u32) {
        if self.person.today.unread < often {
            self.person.today.unread += 1;
            self.answer(reply);
        }
    }

    /// Answers the sender, now. Returns how many list entries fitted.
    pub fn answer(&mut self, reply: Reply) -> usize {
        let packed = reply.pack(&self.env.grammar.replies);
        if self.person.today.answers < ANSWERS {
            self.person.today.answers += 1;
            let to = self.person.clone();
            self.send(&to, packed.text, MtClass::Answer, self.env.now, ANSWER_LIFE);
        }
        packed.shown
    }

    /// Tells somebody of a new post: not in the quiet hours, not more often a day than allowed, never after 退订.
    /// What comes beyond that waits for his 更多; the first of the day is announced next morning.
    pub fn push(&mut self, to: Msisdn, facts: Option<&Person>, news: PostId, reply: Reply) {
        let Some(mut other) = self.other(to, facts) else { return };
        let before = other.today.pushes;
        other.today.pushes = before.saturating_add(1);
        match self.env.rules.limits.pushes().filter(|cap| before >= *cap) {
            None => self.send_push(&other, &reply, self.env.now),
            Some(cap) => {
                other.waiting.retain(|w| *w != news);
                other.waiting.insert(0, news);
                other.waiting.truncate(MORE);
                if before == cap {
                    let midnight = self.env.now.plus(DAY - self.env.now.beijing_millis_of_day());
                    self.send_push(&other, &reply.by("push_waiting"), midnight.plus(MORNING));
                }
            }
        }
        self.others.insert(to, other);
    }

    /// Tells somebody what he must know because another has just been told so: no cap holds it back.
    pub fn notify(&mut self, to: Msisdn, facts: Option<&Person>, reply: &Reply) {
        let Some(other) = self.other(to, facts) else { return };
        self.send_push(&other, reply, self.env.now);
        self.others.insert(to, other);
    }

    /// Another person as changed so far, unless he has left.
    fn other(&self, to: Msisdn, facts: Option<&Person>) -> Option<Person> {
        let mut other = self.others.get(&to).or(facts).filter(|o| o.stopped.is_none()).cloned()?;
        other.today = today(&other, self.env.now);
        Some(other)
    }

    /// A push at `at`, or when the quiet that holds then is over.
    fn send_push(&mut self, to: &Person, reply: &Reply, at: Timestamp) {
        let due = self.env.rules.limits.quiet().map_or(at, |quiet| quiet.end_after(at));
        self.send(to, reply.pack(&self.env.grammar.replies).text, MtClass::Push, due, PUSH_LIFE);
    }

    fn send(&mut self, to: &Person, text: String, class: MtClass, due: Timestamp, life: i64) {
        if text.is_empty() {
            tracing::error!("a reply has no words; is its sentence missing from the grammar?");
            return;
        }
        let now = self.env.now;
        // What may go at once is born claimed: the outbox gets it with the commit and need not record the claim again.
        let (state, attempts) =
            if due <= now { (MtState::Claimed { lease: now.plus(LEASE) }, 1) } else { (MtState::Queued, 0) };
        self.mts.push(Mt {
            id: self.facts.next.mt + self.mts.len() as u64,
            carrier: to.carrier.clone(),
            from: to.short_code.clone(),
            to: to.msisdn,
            text,
            class,
            cause: Some(self.seq),
            created: now,
            due,
            until: due.plus(life),
            attempts,
            state,
            carrier_ref: None,
        });
    }

    /// Files a post, or what it has become.
    pub fn save(&mut self, post: Post) {
        self.posts.insert(post.id, post);
    }

    /// Both owners know of each other's post now.
    pub fn tell(&mut self, a: PostId, b: PostId) {
        self.told.push((a, b));
    }

    /// Asks. A digit answers only the newest of the questions it can answer: the others are closed.
    pub fn ask(&mut self, ask: Ask) {
        let life = if matches!(ask, Ask::Item { .. }) { ITEM_LIFE } else { QUESTION_LIFE };
        let (asked, until) = (self.env.now, self.env.now.plus(life));
        let digit = question::by_digit(&ask);
        let same = |a: &Ask| std::mem::discriminant(a) == std::mem::discriminant(&ask);
        self.person.questions.retain(|q| !(same(&q.ask) || digit && question::by_digit(&q.ask)));
        self.person.questions.push(Question { asked, until, ask });
    }

    /// A list was shown as far as it fitted: digits pick from what was shown, 更多 brings the rest.
    pub fn listed(&mut self, then: Then, posts: &[PostId], shown: usize) {
        let (shown, rest) = posts.split_at(shown.min(posts.len()));
        if !shown.is_empty() {
            self.ask(Ask::Which { then, posts: shown.iter().take(9).copied().collect() });
        }
        self.person.more = rest.iter().take(MORE).copied().collect();
    }
}
