//! What comes of a text, or of the passing of time: the change as it grows, and who is told.

use std::collections::BTreeMap;

use super::{Rules, shares};
use crate::clock::{DAY, HOUR, MINUTE, Timestamp};
use crate::grammar::Grammar;
use crate::market::{Pact, PactId, PlaceCode, Post, PostId, PostState, PriceBook};
use crate::message::{MoSeq, Msisdn, Mt, MtClass, MtState};
use crate::reply::Reply;
use crate::store::record::{Ask, Question};
use crate::store::{Change, Due, MoRecord, Next, Notes, Person, SessionKey};

/// News of a match help nobody after this.
const PUSH_LIFE: i64 = 3 * DAY;
/// How long a claim holds, longer than any request and its commit take: a sending that was begun and not recorded is taken up
/// again after this, here and in the outbox.
pub const LEASE: i64 = 2 * MINUTE;
/// Before a post runs out, its owner is reminded this early.
pub const REMIND_BEFORE: i64 = 2 * DAY;
/// A question stays open this long.
pub const QUESTION_LIFE: i64 = DAY;
/// News kept for a later day.
pub const MORE: usize = 60;
/// When what was too much for a day is told, in Beijing time; later where the quiet hours last longer.
const MORNING: i64 = 8 * HOUR;
/// When what came after a few news of the day is told in one text.
const EVENING: i64 = 18 * HOUR + 30 * MINUTE;

/// News of a day that come one by one where so many are allowed; the rest is gathered.
fn few(cap: u32) -> u32 {
    cap - cap * 2 / 5
}

/// What decisions are made with.
#[derive(Debug)]
pub struct Env<'a> {
    pub grammar: &'a Grammar,
    pub rules: &'a Rules,
    pub now: Timestamp,
}

/// The change as it grows.
pub struct Outcome<'a> {
    pub env: &'a Env<'a>,
    next: Next,
    /// The MO that caused it; none where time did.
    cause: Option<MoSeq>,
    people: BTreeMap<Msisdn, Person>,
    posts: BTreeMap<PostId, Post>,
    told: Vec<(PostId, PostId)>,
    mts: Vec<Mt>,
    pacts: BTreeMap<PactId, Pact>,
    prices: Vec<PriceBook>,
    due: Vec<(Timestamp, Due)>,
    done: Vec<(Timestamp, Due)>,
    notes: Vec<Notes>,
    mos: Vec<MoRecord>,
    old_mts: Vec<Mt>,
    gone: Vec<Msisdn>,
    hung_up: Vec<SessionKey>,
    /// The board of the post that it is about, where it is about one.
    about: Option<String>,
}

impl<'a> Outcome<'a> {
    /// Nothing yet. `next` are the free numbers.
    pub fn new(env: &'a Env<'a>, next: Next, cause: Option<MoSeq>) -> Outcome<'a> {
        Outcome {
            env,
            next,
            cause,
            people: BTreeMap::new(),
            posts: BTreeMap::new(),
            told: Vec::new(),
            mts: Vec::new(),
            pacts: BTreeMap::new(),
            prices: Vec::new(),
            due: Vec::new(),
            done: Vec::new(),
            notes: Vec::new(),
            mos: Vec::new(),
            old_mts: Vec::new(),
            gone: Vec::new(),
            hung_up: Vec::new(),
            about: None,
        }
    }

    /// It is about a post of this board.
    pub fn about(&mut self, board: &str) {
        self.about = Some(board.to_string());
    }

    /// What the store is to keep.
    pub fn into_change(mut self) -> Change {
        self.people.retain(|phone, _| !self.gone.contains(phone));
        // What is said about a post, be it named or just filed, some routes may not carry for its board.
        if let Some(board) = self.about.or_else(|| self.posts.values().next_back().map(|post| post.board.clone())) {
            for mt in &mut self.mts {
                mt.travel_mut().board = Some(board.clone());
            }
        }
        Change {
            people: self.people.into_values().collect(),
            posts: self.posts.into_values().collect(),
            told: self.told,
            mts: self.old_mts.into_iter().chain(self.mts).collect(),
            mos: self.mos,
            pacts: self.pacts.into_values().collect(),
            prices: self.prices,
            due: self.due,
            done: self.done,
            notes: self.notes,
            gone: self.gone,
            hung_up: self.hung_up,
            ..Change::default()
        }
    }

    /// The texts so far.
    pub fn mts(&self) -> &[Mt] {
        &self.mts
    }

    /// Tells somebody of a new post, never after 退订. In the quiet hours, and once a few were told in a day, it waits with what else
    /// comes and is told in one text, if it still stands by then: in the morning, or at the end of the day's work.
    pub fn push(&mut self, to: Msisdn, facts: Option<&Person>, news: PostId, reply: Reply) {
        let Some(mut other) = self.person(to, facts) else { return };
        let (now, before) = (self.env.now, other.today.pushes);
        other.today.pushes = before.saturating_add(1);
        match self.waits_until(before) {
            None => self.send_push(&other, &reply, now),
            Some(at) => {
                other.waiting.retain(|w| *w != news);
                other.waiting.insert(0, news);
                other.waiting.truncate(MORE);
                if other.digest_due.is_none_or(|due| due <= now || at < due) {
                    other.digest_due = Some(at);
                    self.schedule(at, Due::Digest(to));
                }
            }
        }
        self.people.insert(to, other);
    }

    /// When news are told to one who has had so many today; `None`: now.
    fn waits_until(&self, before: u32) -> Option<Timestamp> {
        let (limits, now) = (&self.env.rules.limits, self.env.now);
        let after_quiet = |at: Timestamp| limits.quiet().map_or(at, |quiet| quiet.end_after(at));
        let today = now.plus(-now.beijing_millis_of_day());
        let (evening, morning) = (today.plus(EVENING), after_quiet(today.plus(DAY + MORNING)));
        match limits.pushes() {
            Some(cap) if before >= cap => Some(morning),
            Some(cap) if before >= few(cap) => Some(if now < evening { after_quiet(evening) } else { morning }),
            _ => Some(after_quiet(now)).filter(|at| *at > now),
        }
    }

    /// As [`Outcome::push`], but never gathered with other news as long as the day allows any: it asks for an answer of its own. Only
    /// for the hours in which one may be woken. Returns whether it is told now.
    pub fn push_now(&mut self, to: Msisdn, facts: Option<&Person>, news: PostId, reply: Reply) -> bool {
        let Some(mut other) = self.person(to, facts) else { return false };
        if self.env.rules.limits.pushes().is_some_and(|cap| other.today.pushes >= cap) {
            self.push(to, facts, news, reply);
            return false;
        }
        other.today.pushes = other.today.pushes.saturating_add(1);
        self.send_push(&other, &reply, self.env.now);
        self.people.insert(to, other);
        true
    }

    /// Tells somebody at once what cannot wait for the morning and is not counted: a child is lost, what he lost was seen.
    pub fn urgent(&mut self, to: Msisdn, facts: Option<&Person>, reply: &Reply) {
        let Some(other) = self.person(to, facts) else { return };
        let text = reply.pack(&self.env.grammar.replies).text;
        self.send(&other, text, MtClass::Answer, self.env.now, PUSH_LIFE);
        self.people.insert(to, other);
    }

    /// Tells somebody what he must know because another has just been told so: no cap holds it back.
    pub fn notify(&mut self, to: Msisdn, facts: Option<&Person>, reply: &Reply) {
        let Some(other) = self.person(to, facts) else { return };
        self.send_push(&other, reply, self.env.now);
        self.people.insert(to, other);
    }

    /// Puts a question to somebody, beside what the words say that are sent to him. `label` says in a few words what it is
    /// about, for when another is open too. The person is kept; send him the words by [`Outcome::notify`] or [`Outcome::push`].
    pub fn ask(&mut self, to: Msisdn, facts: Option<&Person>, ask: Ask, label: impl Into<String>) {
        let Some(mut other) = self.person(to, facts) else { return };
        let (asked, until) = (self.env.now, self.env.now.plus(QUESTION_LIFE));
        let (to, label) = (other.short_code.clone(), label.into());
        other.ask(Question { asked, until, ask, to, label, number: 0 });
        self.keep(other);
    }

    /// Another person as changed so far, unless he has left.
    pub fn person(&self, to: Msisdn, facts: Option<&Person>) -> Option<Person> {
        let mut other = self.people.get(&to).or(facts).filter(|o| o.stopped.is_none() && o.dead.is_none()).cloned()?;
        other.today = other.today_at(self.env.now);
        Some(other)
    }

    /// A push that is in words already.
    pub fn send_text(&mut self, to: &Person, text: String) {
        let due = self.env.rules.limits.after_quiet(self.env.now);
        self.send(to, text, MtClass::Push, due, PUSH_LIFE);
    }

    /// A push at `at`, or when the quiet that holds then is over.
    pub fn send_push(&mut self, to: &Person, reply: &Reply, at: Timestamp) {
        let due = self.env.rules.limits.quiet().map_or(at, |quiet| quiet.end_after(at));
        self.send(to, reply.pack(&self.env.grammar.replies).text, MtClass::Push, due, PUSH_LIFE);
    }

    pub fn send(&mut self, to: &Person, text: String, class: MtClass, due: Timestamp, life: i64) {
        if text.is_empty() {
            tracing::error!("a reply has no words; is its sentence missing from the grammar?");
            return;
        }
        let now = self.env.now;
        // What may go at once is born claimed: the outbox gets it with the commit and need not record the claim again.
        let (state, attempts) =
            if due <= now { (MtState::Claimed { lease: now.plus(LEASE) }, 1) } else { (MtState::Queued, 0) };
        let (carrier, from) = self.env.rules.way_out(to);
        self.mts.push(Mt {
            id: self.next.mt + self.mts.len() as u64,
            carrier,
            from,
            to: to.msisdn,
            text,
            class,
            cause: self.cause,
            created: now,
            due,
            until: due.plus(life),
            attempts,
            state,
            carrier_ref: None,
            travel: None,
        });
    }

    /// Files a post, or what it has become.
    pub fn save(&mut self, mut post: Post) {
        for (at, what) in shares::dues(&mut post, self.env.now) {
            self.schedule(at, what);
        }
        let remind = post.until.plus(-REMIND_BEFORE);
        // what lives but a few days needs no reminder
        if post.state == PostState::Live && remind > self.env.now && remind > post.created.plus(REMIND_BEFORE) {
            self.schedule(remind, Due::Remind(post.id));
        }
        self.posts.insert(post.id, post);
    }

    /// Both owners know of each other's post now.
    pub fn tell(&mut self, a: PostId, b: PostId) {
        self.told.push((a, b));
    }

    /// Keeps a person as changed.
    pub fn keep(&mut self, person: Person) {
        self.people.insert(person.msisdn, person);
    }

    /// A number for a new pact.
    pub fn next_pact(&self) -> PactId {
        self.pacts.last_key_value().map_or(self.next.pact, |(id, _)| self.next.pact.max(id + 1))
    }

    /// Keeps a pact, or what it has become.
    pub fn agree(&mut self, pact: Pact) {
        self.pacts.insert(pact.id, pact);
    }

    /// A pact as changed so far.
    pub fn pact(&self, id: PactId) -> Option<&Pact> {
        self.pacts.get(&id)
    }

    /// A post as changed so far.
    pub fn post(&self, id: PostId) -> Option<&Post> {
        self.posts.get(&id)
    }

    /// Keeps a book of prices.
    pub fn price(&mut self, book: PriceBook) {
        self.prices.retain(|b| (&b.item, b.county) != (&book.item, book.county));
        self.prices.push(book);
    }

    /// Keeps what a station has for looking up.
    pub fn note(&mut self, notes: Notes) {
        self.notes.push(notes);
    }

    /// Keeps an accepted message as changed.
    pub fn keep_mo(&mut self, mo: MoRecord) {
        self.mos.push(mo);
    }

    /// Keeps a text that was sent before, as changed.
    pub fn keep_mt(&mut self, mt: Mt) {
        self.old_mts.push(mt);
    }

    /// Nothing of this person is kept any more.
    pub fn forget(&mut self, phone: Msisdn) {
        self.gone.push(phone);
    }

    /// Nothing of this USSD dialogue is kept any more.
    pub fn hang_up(&mut self, session: SessionKey) {
        self.hung_up.push(session);
    }

    /// A book of prices as changed so far.
    pub fn book(&self, item: &str, county: PlaceCode) -> Option<&PriceBook> {
        self.prices.iter().find(|b| b.item == item && b.county == county)
    }

    /// Has something done at a time.
    pub fn schedule(&mut self, at: Timestamp, what: Due) {
        self.due.push((at, what));
    }

    /// What was to be done at that time is done, or need not be any more.
    pub fn unschedule(&mut self, at: Timestamp, what: Due) {
        self.done.push((at, what));
    }
}
