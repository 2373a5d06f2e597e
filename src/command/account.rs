//! How well a reading explains its text: every piece of the normal form is what a slot took, a word that speaks for the
//! intent, a word that only fills, or it is left; and the more that matters is left, the less the reading is to be believed.
//!
//! The measure looks at the text and at the finished reading only, not at how the one was made from the other, so that it
//! judges all ways of reading alike. It is one pass over the phrases.

use super::intent::Decision;
use super::normalize::is_han;
use super::phrase::{Phrase, What, light};
use super::share::formerly;
use super::slots::quantity;
use super::{Reading, Scene};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sense, Sign};
use crate::market::{Exact, Place, PlaceCode};

mod weights;

pub(super) use weights::Flaw;

/// What a piece of a text is to its reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A slot took it.
    Slot,
    /// It speaks for what was chosen.
    Evidence,
    /// It says nothing that a reading could hold: marks, particles, politeness, and what is told of the thing.
    Filler,
    Left(Flaw),
}

/// The account of one reading.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    /// What each phrase is.
    pub roles: Vec<Role>,
    /// What speaks against the reading, and how often.
    pub flaws: Vec<(Flaw, u32)>,
    /// The sum of their weights, in hundredths.
    pub score: i32,
}

impl Account {
    fn add(&mut self, flaw: Flaw, n: u32) {
        if n == 0 {
            return;
        }
        match self.flaws.iter_mut().find(|(f, _)| *f == flaw) {
            Some((_, m)) => *m += n,
            None => self.flaws.push((flaw, n)),
        }
    }

    /// Whether it is better asked back.
    pub fn doubtful(&self) -> bool {
        self.score >= weights::ASKED
    }
}

/// What group of intents a reading belongs to: what is left of a description is no matter, of an offer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Trade,
    Work,
    Ride,
    Missing,
    Other,
}

pub(super) fn group(i: Intent) -> Group {
    use Intent::*;
    match i {
        Sell | Buy | Order => Group::Trade,
        Hire | Seek => Group::Work,
        RideOffer | RideNeed => Group::Ride,
        Lost | Found => Group::Missing,
        _ => Group::Other,
    }
}

/// Holds a reading against its text. `decision` is `None` where the form of the text said what it is.
pub(super) fn account(scene: &Scene<'_, '_>, r: &Reading, decision: Option<&Decision>) -> Account {
    let mut out = Account::default();
    let held = Held::of(scene, r);
    for i in 0..scene.phrases.len() {
        let role = held.role(i);
        if let Role::Left(flaw) = role {
            let n = if flaw == Flaw::Unread { scene.phrases[i].text(scene.text).chars().count() } else { 1 };
            out.add(flaw, u32::try_from(n).unwrap_or(u32::MAX).min(MOST));
        }
        out.roles.push(role);
    }
    of_the_whole(scene, r, decision, &mut out);
    out.score = weights::weigh(group(r.intent), &out.flaws);
    out
}

/// More of one flaw than this says no more.
const MOST: u32 = 8;

/// A reading, as what its phrases are looked up in.
struct Held<'a, 'g, 't> {
    scene: &'a Scene<'g, 't>,
    r: &'a Reading,
    group: Group,
    /// The intent and what its asker wants.
    meant: [Option<Intent>; 2],
    figures: Vec<Exact>,
}

impl<'a, 'g, 't> Held<'a, 'g, 't> {
    fn of(scene: &'a Scene<'g, 't>, r: &'a Reading) -> Self {
        let mut figures = Vec::new();
        for x in std::iter::once(r).chain(&r.also) {
            figures.extend(x.quantity.iter().flat_map(|q| [Some(q.amount), q.max]).flatten());
            figures.extend([&x.price, &x.wage].into_iter().flatten().flat_map(|p| [Some(p.yuan), p.max]).flatten());
            figures.extend(x.people.map(|n| Exact::from_integer(i64::from(n))));
            figures.extend(x.post.and_then(|n| i64::try_from(n).ok()).map(Exact::from_integer));
            figures.extend(x.choice.map(|n| Exact::from_integer(i64::from(n))));
        }
        Held {
            scene,
            r,
            group: group(r.intent),
            meant: [Some(r.intent), scene.grammar.lexicon.asked(r.intent)],
            figures,
        }
    }

    fn all(&self) -> impl Iterator<Item = &'a Reading> {
        std::iter::once(self.r).chain(&self.r.also)
    }

    fn figure(&self, n: Exact) -> bool {
        self.figures.contains(&n)
    }

    /// The words that were kept as they were said.
    fn quoted(&self, said: &str) -> bool {
        self.all().any(|x| {
            x.item.as_ref().is_some_and(|i| i.said.contains(said))
                || [&x.place, &x.from, &x.to].into_iter().flatten().any(|p| p.name.contains(said))
                || x.name.as_ref().is_some_and(|n| n.contains(said))
        })
    }

    fn role(&self, i: usize) -> Role {
        let p = &self.scene.phrases[i];
        let text = self.scene.text;
        match p.what {
            What::Comma | What::Question | What::Mark => Role::Filler,
            What::Phone | What::Name => Role::Slot,
            What::Span | What::Each | What::Labour => Role::Filler,
            What::Clock(_) => Role::Filler,
            What::Day(_) => match self.r.when {
                Some(_) => Role::Slot,
                None if matches!(self.group, Group::Ride | Group::Missing) => Role::Left(Flaw::Day),
                None => Role::Filler,
            },
            What::People(n) | What::Seats(n) => match self.r.people {
                Some(m) if m == n => Role::Slot,
                _ if n > 1 && matches!(self.group, Group::Work | Group::Ride) => Role::Left(Flaw::Figure),
                _ => Role::Filler,
            },
            What::Amount(a) => {
                let q = quantity(self.scene, &a);
                let per = |u: &Option<String>| u.as_ref() == Some(&q.unit);
                let took = self.all().any(|x| {
                    x.quantity.as_ref().is_some_and(|y| y.amount == q.amount && y.unit == q.unit)
                        || x.people.is_some_and(|n| Exact::from_integer(i64::from(n)) == q.amount)
                        || [&x.price, &x.wage].into_iter().flatten().any(|p| per(&p.per) && a.bare_one)
                });
                match took {
                    true => Role::Slot,
                    false if matches!(self.group, Group::Missing | Group::Other) => Role::Filler,
                    false => Role::Left(Flaw::Amount),
                }
            }
            What::Sum(s) => match self.figure(s.yuan) || self.all().any(|x| x.price.is_some() || x.wage.is_some()) {
                true if self.figure(s.yuan) => Role::Slot,
                _ if formerly(&self.scene.phrases, i) || matches!(self.group, Group::Missing | Group::Other) => {
                    Role::Filler
                }
                true => Role::Left(Flaw::OtherSum),
                false => Role::Left(Flaw::Sum),
            },
            What::Number { n, .. } => {
                if self.figure(n.lo) {
                    Role::Slot
                } else if n.lo < Exact::from_integer(2) || matches!(self.group, Group::Missing | Group::Other) {
                    Role::Filler
                } else {
                    Role::Left(Flaw::Figure)
                }
            }
            What::Place(f) => {
                let within = |x: &Place| {
                    x.code == f.code
                        || x.code.up_to(f.code.ring()) == Some(f.code)
                        || f.code.up_to(x.code.ring()) == Some(x.code)
                };
                let took = self.all().any(|x| {
                    [&x.place, &x.from, &x.to].into_iter().flatten().any(|x| x.code != PlaceCode::COUNTRY && within(x))
                });
                match took {
                    true => Role::Slot,
                    false if self.quoted(p.text(text)) => Role::Slot,
                    false => Role::Left(Flaw::Place),
                }
            }
            What::Item { .. } | What::Compound | What::Task { .. } => self.thing(p),
            What::Unread => self.unread(i),
            What::Word(w) => {
                let meant = |v: Intent| self.meant.contains(&Some(v)) || self.r.also.iter().any(|x| x.intent == v);
                let mut strong = w.verbs(Force::Strong).peekable();
                let leans = |f: Force| w.verbs(f).any(meant);
                if leans(Force::Strong)
                    || leans(Force::Hint)
                    || leans(Force::Head)
                    || leans(Force::Post)
                    || leans(Force::Whole)
                {
                    Role::Evidence
                } else if strong.peek().is_some() && self.group != Group::Other {
                    Role::Left(if strong.all(super::intent::posts) { Flaw::Quarrel } else { Flaw::Turn })
                } else if self.quoted(p.text(text)) {
                    Role::Slot
                } else if w.digit().is_some_and(|d| d > 1) || w.power().is_some() {
                    if matches!(self.group, Group::Missing | Group::Other) {
                        Role::Filler
                    } else {
                        Role::Left(Flaw::Digit)
                    }
                } else if w.signs_any() || light(p) {
                    Role::Filler
                } else if w.verbs(Force::Hint).next().is_some() {
                    Role::Left(Flaw::Leaning)
                } else if w.senses.iter().any(|s| matches!(s, Sense::Unit(_) | Sense::Money(..) | Sense::Period(_))) {
                    Role::Left(Flaw::LooseUnit)
                } else {
                    Role::Left(Flaw::Loose)
                }
            }
        }
    }

    /// A thing that is named: what the reading is about, its kind said again, or something else.
    fn thing(&self, p: &Phrase<'_>) -> Role {
        let said = p.text(self.scene.text);
        if self.quoted(said) || self.r.topic.as_ref().is_some_and(|t| t.contains(said)) {
            return Role::Slot;
        }
        let items = &self.scene.grammar.items;
        let Some(name) = p.item().and_then(|i| items.at(i)).map(|i| i.name.as_str()) else {
            return match self.group {
                Group::Missing | Group::Other => Role::Filler,
                _ => Role::Left(Flaw::OtherThing),
            };
        };
        let path = |n: &str| items.path(n);
        let named: Vec<&str> = self.all().filter_map(|x| x.item.as_ref()).map(|i| i.name.as_str()).collect();
        if named.contains(&name) {
            return Role::Slot;
        }
        let akin = named.iter().any(|n| path(n).iter().any(|x| *x == name) || path(name).iter().any(|x| x == n));
        let kind = p.kind(self.scene.grammar);
        let fits = match self.group {
            Group::Trade => matches!(kind, Some(Kind::Goods | Kind::Animal | Kind::Vehicle)),
            Group::Work => kind == Some(Kind::Trade),
            Group::Missing => matches!(kind, Some(Kind::Animal | Kind::Thing | Kind::Person | Kind::Vehicle)),
            Group::Ride | Group::Other => false,
        };
        match (akin, fits, kind) {
            (true, ..) => Role::Filler,
            (_, true, _) => Role::Left(Flaw::OtherThing),
            (_, _, Some(Kind::Person)) => Role::Filler,
            _ => Role::Left(Flaw::AsideThing),
        }
    }

    fn unread(&self, i: usize) -> Role {
        let ps = &self.scene.phrases;
        let said = ps[i].text(self.scene.text);
        if self.quoted(said) || self.r.topic.as_ref().is_some_and(|t| t.contains(said)) {
            return Role::Slot;
        }
        if !said.chars().all(is_han) {
            return Role::Left(if said.chars().any(|c| c.is_ascii_digit()) { Flaw::Figure } else { Flaw::Latin });
        }
        let before = i.checked_sub(1).map(|k| &ps[k]).filter(|_| !ps[i].spaced);
        // 2民, 两千跟: no unit
        let counted = before.is_some_and(|q| {
            matches!(q.what, What::Number { .. })
                || q.word().is_some_and(|w| w.digit().is_some() || w.power().is_some())
        });
        if counted && self.group != Group::Other && self.group != Group::Missing {
            return Role::Left(Flaw::Counted);
        }
        if before.is_some_and(|q| q.has(Sign::In) || q.has(Sign::From) || q.has(Sign::Go)) || said.ends_with(SPOTS) {
            return Role::Left(Flaw::Spot);
        }
        Role::Left(Flaw::Unread)
    }
}

/// What names of places end in.
const SPOTS: [char; 17] =
    ['县', '镇', '乡', '村', '寨', '街', '坝', '坳', '沟', '屯', '庄', '湾', '坪', '岭', '溪', '坡', '州'];

/// What speaks against a reading as a whole.
fn of_the_whole(scene: &Scene<'_, '_>, r: &Reading, decision: Option<&Decision>, out: &mut Account) {
    let group = group(r.intent);
    let posts = super::intent::posts(r.intent);
    if let Some(d) = decision {
        let best = d.scores.first().map_or(0, |(_, n)| *n);
        let next = d.scores.iter().filter(|(i, _)| *i != d.intent).map(|(_, n)| *n).max().unwrap_or(0);
        match best {
            ..=3 => out.add(Flaw::Hinted, 1),
            4..=9 => out.add(Flaw::Weak, 1),
            _ => {}
        }
        match best - next {
            ..=0 if next > 0 => out.add(Flaw::Even, 1),
            1..=3 if next > 0 => out.add(Flaw::Close, 1),
            _ => {}
        }
    }
    if posts {
        match &r.item {
            None if group != Group::Ride => out.add(Flaw::NoItem, 1),
            Some(i) if !i.known && i.name.chars().count() == 1 => out.add(Flaw::Letter, 1),
            Some(i) if !i.known => out.add(Flaw::NewItem, 1),
            _ => {}
        }
    }
    if group == Group::Trade {
        let bare = r.quantity.is_none() && r.price.is_none();
        out.add(Flaw::Bare, u32::from(bare));
        let odd = |x: &Reading| {
            x.price
                .as_ref()
                .is_some_and(|p| !p.negotiable && !(p.yuan * Exact::from_integer(2)).is_integer() && p.per.is_none())
        };
        out.add(Flaw::OddPrice, u32::from(odd(r)));
        out.add(Flaw::NoPer, u32::from(r.price.as_ref().is_some_and(|p| p.per.is_none() && !p.negotiable)));
    }
    if !r.also.is_empty() {
        let told = |x: &Reading| (x.quantity.is_some(), x.price.is_some());
        let even = r.also.iter().all(|x| told(x) == told(r));
        out.add(if even { Flaw::Several } else { Flaw::Torn }, 1);
    }
    if group == Group::Ride {
        out.add(Flaw::NoGoal, u32::from(r.to.is_none()));
        out.add(Flaw::NoStart, u32::from(r.from.is_none()));
    }
    let said = |p: &Option<Place>| p.as_ref().is_some_and(|p| p.code == PlaceCode::COUNTRY);
    out.add(Flaw::NewPlace, [&r.place, &r.from, &r.to].into_iter().filter(|p| said(p)).count() as u32);
    out.add(Flaw::Mended, scene.slips.len().min(3) as u32);
    let long = scene.text.chars().filter(|c| is_han(*c)).count();
    out.add(Flaw::Long, (long / 15).min(5) as u32);
    out.add(Flaw::Named, u32::from(r.name.is_some()));
    out.add(Flaw::Asked, u32::from(r.unsure));
}
