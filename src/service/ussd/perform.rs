//! Does what was said: the words of a dialogue go the way of a text, and what comes back becomes a screen.

use super::super::asked::{self, Bound};
use super::super::facts::Facts;
use super::super::{gather, read, verbs};
use super::show::{new_posts, pages};
use super::walk::Walk;
use super::{BODY, Said, draft};
use crate::command::{Intent, Reading};
use crate::grammar::ussd::Key;
use crate::reply::phrase;
use crate::store::StoreError;
use crate::store::record::{Ask, Question};
use crate::store::session::{At, Draft, Picked};

impl Walk<'_> {
    pub fn read(&self, text: &str) -> Reading {
        read(self.env.grammar, self.env.rules, &self.mo(text), self.env.now)
    }

    /// What a text would touch; none where it was decided before.
    pub fn gather(&self, text: &str) -> Result<(Reading, Option<Facts>), StoreError> {
        let (mo, reading) = (self.mo(text), self.read(text));
        // somebody new is nobody yet
        let known = self.known.is_some() || !self.person.drafts.is_empty();
        let sender = Some(self.person.clone()).filter(|_| known);
        let facts = gather::gather_as(self.view, self.env, &mo, &reading, None, Some(sender))?;
        Ok((reading, facts.map(|f| Facts { by_ussd: true, ..f })))
    }

    /// Whether a text files a post.
    pub fn files(&self, text: &str) -> Result<bool, StoreError> {
        Ok(self.gather(text)?.1.is_some_and(|f| new_posts(&f).next().is_some()))
    }

    /// Does what a text asks for; what would file a post is read back first, unless it was.
    pub fn perform(&mut self, text: &str, confirmed: bool) -> Result<(), StoreError> {
        let (reading, facts) = self.gather(text)?;
        let Some(facts) = facts else {
            self.said_only("ussd_taken");
            return Ok(());
        };
        if !confirmed
            && new_posts(&facts).next().is_some()
            && let Some(words) = self.words_of(text, &reading)
        {
            let now = self.env.now;
            let draft =
                Draft { form: String::new(), picked: Picked::default(), said: vec![words], at: now, until: now };
            draft::keep(self.env, &mut self.person, draft, true);
            self.session.at = At::Confirm;
            return self.show();
        }
        let (change, said) = verbs::decide_said(self.env, facts, &self.mo(text), &reading);
        self.intent = Some(reading.intent.as_str());
        self.gone = change.gone.contains(&self.session.msisdn);
        if let Some(person) = change.people.iter().find(|p| p.msisdn == self.session.msisdn) {
            self.person = person.clone();
        }
        self.change = change;
        if said.is_empty() {
            self.said_only("ussd_taken");
        } else {
            self.answered(&said);
        }
        // nothing more is said to who has left
        if self.person.stopped.is_some() || self.gone {
            self.session.screen = said.into_iter().next().map_or(self.session.screen.clone(), |s| s.screen);
            self.session.over = true;
        }
        Ok(())
    }

    /// The words that a text comes to, where they are to be read back: a digit that says which reading was meant, or what a text
    /// left out, makes them out of the text before. `None` where a question has been answered for itself.
    fn words_of(&self, text: &str, reading: &Reading) -> Option<String> {
        let open = |wanted: fn(&Ask) -> bool| {
            self.person.questions.iter().rev().find(|q| self.env.now < q.until && wanted(&q.ask)).map(|q| &q.ask)
        };
        if reading.intent == Intent::Choose {
            let Some(Ask::Meaning { text, intents }) = open(|a| matches!(a, Ask::Meaning { .. })) else { return None };
            let intent = reading.choice.and_then(|c| intents.get(usize::from(c).checked_sub(1)?))?;
            let word = phrase::word(self.env.grammar, &format!("meaning.{}", intent.as_str()))?;
            return Some(format!("{word} {text}"));
        }
        let loose = reading.unsure || reading.intent == Intent::Search || reading.reason == Some("unread");
        match open(|a| matches!(a, Ask::Item { .. })) {
            Some(Ask::Item { text: before }) if loose => Some(format!("{before} {text}")),
            _ => Some(text.to_string()),
        }
    }

    fn said_only(&mut self, name: &'static str) {
        let text = self.sentence(name);
        self.answered(&[Said { screen: text.clone(), whole: text }]);
    }

    /// Puts a question again that a text left open; its digits and words are for it.
    pub fn ask_again(&mut self, text: String) {
        self.answered(&[Said { screen: text, whole: String::new() }]);
    }

    /// Shows an answer, and what can be done with it.
    fn answered(&mut self, said: &[Said]) {
        let join = |part: fn(&Said) -> &str| said.iter().map(part).collect::<Vec<_>>().join("\n");
        self.session.answer = join(|s| &s.whole).trim().to_string();
        self.session.at = At::Answer;
        // 返回 leads to the menus, not into what has been done
        self.session.trail.retain(|at| matches!(at, At::Menu { picked, .. } if *picked == Picked::default()));
        let mut all = pages(&join(|s| &s.screen), BODY);
        let first = if all.is_empty() { String::new() } else { all.remove(0) };
        self.session.pages = all;
        self.page(first);
    }

    /// One page of an answer with its keys below.
    pub fn page(&mut self, text: String) {
        let keys = &self.env.grammar.menus.keys;
        let taken = self.offered_now().map_or(0, |q| q.ask.offers());
        let free = |key: &Key| key.0.parse::<u8>().is_ok_and(|n| n > taken);
        let more = (!self.session.pages.is_empty() || self.has_more()) && free(&keys.more);
        let send = !self.session.answer.is_empty() && free(&keys.send);
        let shown = [(more, &keys.more), (send, &keys.send), (true, &keys.back)];
        let footer: String = shown.iter().filter(|(on, _)| *on).map(|(_, key)| key.label()).collect();
        self.set(format!("{text}\n{footer}"));
    }

    /// The question of the last answer, where a digit is for it.
    pub fn offered_now(&self) -> Option<&Question> {
        let now = self.env.now;
        let newest = self.person.questions.iter().rev().find(|q| now < q.until && q.ask.by_digit())?;
        let here = newest.ask != Ask::Resume && newest.asked >= self.session.began;
        let resumed = matches!(newest.ask, Ask::Meaning { .. });
        let bound = matches!(asked::bound(&self.person, now, &self.to, 1), Bound::One(q, _) if q == newest);
        (bound && (here || resumed)).then_some(newest)
    }

    /// Whether 更多 brings anything.
    pub fn has_more(&self) -> bool {
        !self.person.more.is_empty() || !self.person.pages.is_empty() || !self.person.waiting.is_empty()
    }
}
