//! One text's turn of the conversation: the sender, what he said, and what comes of it.

use super::echo;
use super::facts::Facts;
use super::outcome::{Env, Outcome, QUESTION_LIFE};
use super::post::LIVE_POSTS;
use super::ussd::{self, Said};
use crate::clock::{DAY, HOUR};
use crate::command::Reading;
use crate::market::PostId;
use crate::message::{Mo, Msisdn, MtClass};
use crate::reply::{Reply, phrase};
use crate::store::record::{Ask, Question, Then, Unread};
use crate::store::{Change, Person};

/// An answer older than this helps nobody.
const ANSWER_LIFE: i64 = DAY;
/// Texts of one phone that are not understood are answered this often a day: two machines then stop talking.
pub const UNREAD_ANSWERS: u32 = 3;
/// And this often those that are understood but not done here.
pub const PASSED_ON_ANSWERS: u32 = 10;
/// Answers of any kind that a phone gets in a day: more than anybody reads, and the end of an echo.
const ANSWERS: u32 = 300;
/// Characters of a text that are passed on to a manager.
const PASSED_ON: usize = 36;
/// What somebody sells is said soon after it was asked, or means something else.
const ITEM_LIFE: i64 = HOUR;

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
    /// Why a person should look at this text.
    pub unread: Option<Unread>,
    /// What comes of it for others.
    pub out: Outcome<'a>,
    /// By USSD: what is shown.
    pub said: Vec<Said>,
}

/// Somebody of whom nothing is known yet.
pub fn newcomer(env: &Env<'_>, mo: &Mo, msisdn: Msisdn) -> Person {
    Person { carrier: mo.carrier.clone(), short_code: mo.to.clone(), ..Person::new(msisdn, env.now) }
}

/// `by_ussd`: by a way that brings no texts back, so that those by which it is reached stay.
fn heard_again(env: &Env<'_>, mo: &Mo, mut person: Person, by_ussd: bool) -> Person {
    person.today = person.today_at(env.now);
    person.last_heard = env.now;
    person.dead = None;
    if !by_ussd || person.carrier.is_empty() {
        person.carrier = mo.carrier.clone();
        person.short_code = mo.to.clone();
    }
    person.questions.retain(|q| env.now < q.until);
    person.drafts.retain(|d| env.now < d.until);
    person
}

impl<'a> Turn<'a> {
    pub fn new(env: &'a Env<'a>, facts: Facts, mo: &'a Mo, reading: &Reading, msisdn: Msisdn) -> Turn<'a> {
        let again = |p| heard_again(env, mo, p, facts.by_ussd);
        let person = facts.person.clone().map_or_else(|| newcomer(env, mo, msisdn), again);
        let out = Outcome::new(env, facts.next, Some(facts.next.mo));
        Turn { env, facts, mo, reading: reading.clone(), msisdn, person, unread: None, out, said: Vec::new() }
    }

    /// What the store is to keep.
    pub fn into_change(mut self) -> Change {
        if let Some(post) = &self.facts.named {
            self.out.about(&post.board);
        }
        self.out.keep(self.person);
        self.out.into_change()
    }

    /// Passes on what needs a person to the first manager who may still be texted today; it is kept for all of them.
    pub fn tell_manager(&mut self) {
        let cap = self.env.rules.limits.pushes();
        let free = |m: &&Person| cap.is_none_or(|cap| m.today_at(self.env.now).pushes < cap);
        let Some(mut manager) = self.facts.managers.iter().find(free).cloned() else { return };
        manager.today = manager.today_at(self.env.now);
        manager.today.pushes += 1;
        let reply = Reply::new("to_manager")
            .set("phone", self.msisdn.local())
            .set("name", self.person.name.clone().unwrap_or_default())
            .set("text", phrase::clip_at(&self.mo.text, PASSED_ON))
            .set("said", phrase::clip(&self.mo.text));
        self.out.send_push(&manager, &reply, self.env.now);
        self.out.keep(manager);
    }

    /// Whether the sender keeps the station the text is for.
    pub fn is_manager(&self) -> bool {
        self.env.rules.station(self.mo).is_some_and(|s| s.managers.contains(&self.msisdn))
    }

    /// The one says that a manager was told, the other is for a station that has none.
    pub fn passed_on(&self, told: Reply, alone: Reply) -> Reply {
        if self.facts.managers.is_empty() { alone } else { told }
    }

    /// Answers, but not for ever: after some in one day the other side may be a machine.
    pub fn answer_seldom(&mut self, reply: Reply, often: u32) {
        if self.person.today.unread < often {
            self.person.today.unread += 1;
            self.answer(reply);
        }
    }

    /// Answers the sender, now. Returns how many list entries fitted.
    pub fn answer(&mut self, reply: Reply) -> usize {
        if self.facts.by_ussd {
            let replies = &self.env.grammar.replies;
            let packed = reply.pack_within(replies, ussd::BODY);
            self.said.push(Said { screen: packed.text, whole: reply.pack_within(replies, ussd::WHOLE).text });
            return packed.shown;
        }
        let packed = reply.pack(&self.env.grammar.replies);
        if self.person.today.answers < ANSWERS {
            self.person.today.answers += 1;
            if let Some(echo) = &mut self.person.echo {
                echo.said = Some(echo::print(&packed.text));
            }
            let to = self.person.clone();
            self.out.send(&to, packed.text, MtClass::Answer, self.env.now, ANSWER_LIFE);
        }
        packed.shown
    }

    /// Asks the sender, in the conversation.
    pub fn ask(&mut self, ask: Ask) {
        let life = if matches!(ask, Ask::Item { .. } | Ask::Wrong { .. } | Ask::Readback { .. }) {
            ITEM_LIFE
        } else {
            QUESTION_LIFE
        };
        let (asked, until) = (self.env.now, self.env.now.plus(life));
        let to = self.person.short_code.clone();
        self.person.ask(Question { asked, until, ask, to, label: String::new(), number: 0 });
    }

    /// A list was shown as far as it fitted: digits pick from what was shown, 更多 brings the rest.
    pub fn listed(&mut self, then: Then, posts: &[PostId], shown: usize) {
        let (shown, rest) = posts.split_at(shown.min(posts.len()));
        if !shown.is_empty() {
            self.ask(Ask::Which { then, posts: shown.iter().take(9).copied().collect() });
        }
        self.person.more = rest.iter().take(LIVE_POSTS).copied().collect();
        self.person.pages.clear();
    }
}
