//! The facts of a turn: what one text can touch, as it was read in one visit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alert::Circle;
use super::look::Look;
use super::outcome::Env;
use super::shares::Shares;
use crate::clock::Timestamp;
use crate::command::Reading;
use crate::market::matching::Fit;
use crate::market::{Pact, Place, PlaceCode, Post, PostId, PriceBook};
use crate::message::{Mo, MoSeq, Msisdn};
use crate::store::{Next, Person, SeenKey, StoreError, View};

/// Own live posts that are looked at, the newest.
pub const OWN: usize = 50;

/// Everything `decide` needs, and nothing else.
#[derive(Debug)]
pub struct Facts {
    pub seen: SeenKey,
    /// What was made of the beginning of this text, before the rest of it came.
    pub amends: Option<MoSeq>,
    pub next: Next,
    /// The sender, where known.
    pub person: Option<Person>,
    /// Own live posts, oldest first.
    pub own: Vec<Arc<Post>>,
    /// The post that the text names or that a digit picks, and its owner.
    pub named: Option<Arc<Post>>,
    pub named_owner: Option<Person>,
    /// Own live posts that met the named one, oldest first.
    pub met: Vec<Arc<Post>>,
    /// What the sender's 更多 or an open question refers to.
    pub listed: Vec<Arc<Post>>,
    /// The posts this text makes, each with whom it meets.
    pub drafts: Vec<Draft>,
    /// What stands already is wanted once more.
    pub twice: bool,
    /// Own live posts that this text says again.
    pub again: Vec<Arc<Post>>,
    /// What a search found, best first.
    pub found: Vec<Arc<Post>>,
    /// The station's managers who take texts, as far as they are known; who never wrote is reached as the sender was.
    pub managers: Vec<Person>,
    pub life: Life,
    pub look: Look,
    pub shares: Shares,
    /// It was said by USSD: the answer is a screen.
    pub by_ussd: bool,
}

/// What the life of a post, and being put in touch, need besides.
#[derive(Debug, Default)]
pub struct Life {
    /// Pacts between the sender and another about the named post, oldest first.
    pub pacts: Vec<Pact>,
    /// The others of these pacts, and whom the text or the question it answers is about.
    pub others: Vec<Person>,
    /// What the named post's item went for where it is.
    pub book: Option<PriceBook>,
    /// Whom the text is written for, and what it says for him.
    pub proxy: Option<(Msisdn, Reading)>,
    /// The pact that the answered question is about, or by which the sender takes part in the named post.
    pub asked: Option<Pact>,
    /// Who takes part in own posts that others hear the end of.
    pub joined: Vec<(Pact, Person)>,
}

impl Life {
    /// Somebody the text is about, as far as he is known.
    pub fn other(&self, who: Msisdn) -> Option<&Person> {
        self.others.iter().find(|o| o.msisdn == who)
    }
}

/// A post about to be filed, and whom it meets.
#[derive(Debug)]
pub struct Draft {
    pub post: Post,
    /// Best first.
    pub matches: Vec<Match>,
    /// Phones near by that hear of a loss.
    pub alert: Option<Circle>,
}

/// A post that a draft meets.
#[derive(Debug)]
pub struct Match {
    pub post: Arc<Post>,
    pub fit: Fit,
    /// Read for the ones that are kept.
    pub owner: Option<Person>,
    /// Whether the two were told of each other before.
    pub told: bool,
}

/// Where somebody is who does not say so: where he said he is at home, else where his station is.
pub fn home(env: &Env<'_>, mo: &Mo, person: Option<&Person>) -> Place {
    let station = || {
        let code = env.rules.station(mo).map(|s| s.place).unwrap_or(PlaceCode::COUNTRY);
        Place { code, name: env.grammar.places.get(code).unwrap_or_default().to_string() }
    };
    person.and_then(|p| p.place.clone()).unwrap_or_else(station)
}

/// Posts by their numbers, those that are there.
pub fn read_posts<'a>(view: &dyn View, ids: impl Iterator<Item = &'a PostId>) -> Result<Vec<Arc<Post>>, StoreError> {
    let mut out = Vec::new();
    for id in ids {
        out.extend(view.post(*id)?);
    }
    Ok(out)
}

/// Those of the posts that others may see: live, and of owners who have not left by 退订.
pub fn visible(
    view: &dyn View,
    ids: &[PostId],
    now: Timestamp,
    wanted: impl Fn(&Post) -> bool,
) -> Result<Vec<Arc<Post>>, StoreError> {
    let mut out = Vec::new();
    let mut owners: BTreeMap<Msisdn, bool> = BTreeMap::new();
    for post in read_posts(view, ids.iter())? {
        if !post.is_live(now) || !wanted(&post) {
            continue;
        }
        let here = match owners.get(&post.owner) {
            Some(here) => *here,
            None => view.person(post.owner)?.is_some_and(|o| o.stopped.is_none()),
        };
        owners.insert(post.owner, here);
        if here {
            out.push(post);
        }
    }
    Ok(out)
}
