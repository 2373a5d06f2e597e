//! 订 brings: those who want to hear of a kind of post are told of each new one, a bounded number at a time.

use super::facts::read_posts;
use super::outcome::Outcome;
use super::{doubt, topic};
use crate::market::{PlaceCode, Post, PostId, Ring};
use crate::message::Msisdn;
use crate::reply::{Reply, phrase};
use crate::store::{Due, Person, StoreError, Topic, View};

/// People looked at in one change; the others follow in the next ones.
const AT_ONCE: usize = 100;
/// Own posts through which somebody may have heard of it already, the newest.
const OWN: usize = 20;

/// The lists of those who may want to hear of a post: those of its county and its town, of each thing it is.
fn topics(post: &Post) -> Vec<Topic> {
    let code = post.place.code;
    let mut places: Vec<PlaceCode> = [Ring::Town, Ring::County].into_iter().filter_map(|r| code.up_to(r)).collect();
    if places.is_empty() {
        places.push(code);
    }
    let names = topic::names(post);
    places.iter().flat_map(|place| names.iter().map(|n| Topic { name: n.clone(), place: *place })).collect()
}

/// Whether anybody waits for such a post.
///
/// # Errors
/// Those of the store.
pub fn is_watched(view: &dyn View, post: &Post) -> Result<bool, StoreError> {
    for topic in topics(post) {
        if !view.watchers(&topic, None, 1)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Tells the next of those who watch.
///
/// # Errors
/// Those of the store.
pub fn tell(
    view: &dyn View,
    (id, from, mut below): (PostId, u8, Option<Msisdn>),
    out: &mut Outcome<'_>,
) -> Result<(), StoreError> {
    let now = out.env.now;
    let Some(post) = view.post(id)?.filter(|p| p.is_live(now)) else { return Ok(()) };
    let topics = topics(&post);
    let mut left = AT_ONCE;
    for (at, topic) in topics.iter().enumerate().skip(usize::from(from)) {
        let phones = view.watchers(topic, below.take(), left)?;
        for phone in &phones {
            let Some(person) = view.person(*phone)? else { continue };
            // who watches two of its lists has heard of it by the first
            let heard = topics[..at].iter().any(|t| person.topics.contains(t));
            if !heard && wants(view, out, &person, &post)? {
                let reply = words(out, &post, topic);
                out.push(*phone, Some(&person), id, reply);
            }
        }
        left -= phones.len().min(left);
        if left == 0 {
            let next =
                Due::News { post: id, topic: u8::try_from(at).unwrap_or(u8::MAX), below: phones.last().copied() };
            out.schedule(now.plus(1), next);
            return Ok(());
        }
    }
    Ok(())
}

fn wants(view: &dyn View, out: &Outcome<'_>, person: &Person, post: &Post) -> Result<bool, StoreError> {
    let not = person.msisdn == post.owner
        || person.stopped.is_some()
        || person.barred
        || person.blocked.contains(&post.owner)
        || person.contacted.contains(&post.id)
        || doubt::silent(out.env, person);
    if not {
        return Ok(false);
    }
    let own: Vec<PostId> = person.posts.iter().rev().take(OWN).copied().collect();
    for mine in read_posts(view, own.iter())? {
        if view.told(mine.id, post.id)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn words(out: &Outcome<'_>, post: &Post, topic: &Topic) -> Reply {
    let g = out.env.grammar;
    Reply::new("news")
        .set("no", phrase::number(post.id))
        .set("doing", phrase::doing(g, post))
        .set("what", format!("{}{}", phrase::clip(&phrase::item(post)), phrase::details(g, post)))
        .set("item", phrase::clip(&phrase::item(post)))
        .set("place", phrase::seen_from(post, topic.place))
        .set("topic", topic::label(g, &topic.name))
}
