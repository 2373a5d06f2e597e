//! What looking things up needs, read along with the other facts: books of prices, who watches, what the station has noted; and what
//! a new post leaves behind for those who look later.

use super::facts::{Draft, Facts, home};
use super::outcome::{Env, Outcome};
use super::turn::Turn;
use super::{find, news, note, price, topic};
use crate::command::{Intent, Reading};
use crate::grammar::board::Role;
use crate::market::quote::Source;
use crate::market::{Exact, PlaceCode, Post, PostId, PostState, PriceBook, Ring};
use crate::message::Mo;
use crate::store::{Due, Notes, StoreError, View};

/// A price above this is a slip of the keypad.
const ABSURD: i64 = 1_000_000;

/// What was looked up.
#[derive(Debug, Default)]
pub struct Look {
    /// Of what is asked after: the books of its county, city, province and the country, and that of the nearest market.
    pub books: Vec<PriceBook>,
    /// Of the drafts whose price is news.
    pub priced: Vec<(PostId, PriceBook)>,
    /// Drafts that somebody wants to hear of.
    pub watched: Vec<PostId>,
    /// What the station has for looking up, where the text may ask for it.
    pub notes: Option<Notes>,
}

/// Reads it.
///
/// # Errors
/// Those of the store.
pub fn gather(view: &dyn View, env: &Env<'_>, mo: &Mo, facts: &mut Facts, reading: &Reading) -> Result<(), StoreError> {
    if note::may_ask(reading)
        && let Some(station) = env.rules.station(mo)
    {
        facts.look.notes = view.notes(&station.key)?;
    }
    if let (Intent::Price, Some(item)) = (reading.intent, &reading.item) {
        let place = reading.place.as_ref().map(|p| p.code).filter(|c| *c != PlaceCode::COUNTRY);
        let place = place.unwrap_or_else(|| home(env, mo, facts.person.as_ref()).code);
        facts.look.books = price::books(view, env, &item.name, place)?;
        facts.found = find::look(view, env, mo, facts, reading)?;
    }
    let (mut priced, mut watched) = (Vec::new(), Vec::new());
    for Draft { post, .. } in &facts.drafts {
        let shown_now = facts.named.as_ref().is_some_and(|n| n.id == post.id && n.state == PostState::Held);
        let new = post.id >= facts.next.post || shown_now;
        let before = facts.own.iter().find(|o| o.id == post.id);
        if (new || before.is_some_and(|o| o.price != post.price))
            && let (Some(item), Some(county)) = (&post.item, county(post))
            && asked(post).is_some()
        {
            let book = view.prices(item, county)?.unwrap_or_else(|| PriceBook::new(item, county));
            priced.push((post.id, book));
        }
        if new && news::is_watched(view, post)? {
            watched.push(post.id);
        }
    }
    facts.look.priced = priced;
    facts.look.watched = watched;
    Ok(())
}

fn county(post: &Post) -> Option<PlaceCode> {
    post.place.code.up_to(Ring::County).filter(|c| *c != PlaceCode::COUNTRY)
}

/// The price that a post names for a unit, in thousandths of a yuan.
pub fn asked(post: &Post) -> Option<(&str, i64)> {
    let price = post.price.as_ref()?;
    let per = price.per.as_deref()?;
    let fits = *price.yuan.numer() > 0 && price.yuan < Exact::from_integer(ABSURD);
    fits.then(|| (per, (price.yuan * Exact::from_integer(1000)).to_integer()))
}

/// A post is shown: its price is remembered, and those who want to hear of its kind do.
pub fn file(turn: &mut Turn<'_>, post: &Post) {
    let side = turn.env.grammar.boards.get(&post.board).and_then(|b| b.side(&post.side));
    let source = if side.is_some_and(|s| s.role == Role::Offer) { Source::Asked } else { Source::Bid };
    let book = turn.facts.look.priced.iter().find(|(id, _)| *id == post.id).map(|(_, b)| b.clone());
    if let (Some(mut book), Some((per, price))) = (book, asked(post)) {
        book = turn.out.book(&book.item, book.county).cloned().unwrap_or(book);
        book.add(turn.env.now.beijing_day(), source, None, per, price);
        turn.out.price(book);
    }
    if turn.facts.look.watched.contains(&post.id) {
        tell_watchers(&mut turn.out, post);
    }
}

fn tell_watchers(out: &mut Outcome<'_>, post: &Post) {
    let now = out.env.now;
    out.schedule(now, Due::News { post: post.id, topic: 0, below: None });
}

/// Whether somebody wants to hear nothing of such posts.
pub fn muted(person: &crate::store::Person, post: &Post) -> bool {
    !person.muted.is_empty() && topic::names(post).iter().any(|n| person.muted.contains(n))
}
