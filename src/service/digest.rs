//! What waited for somebody, through the night or because the day had brought him enough, told in one text: what still stands of it.

use std::sync::Arc;

use super::facts::{read_posts, visible};
use super::outcome::Outcome;
use super::{list, post};
use crate::clock::Timestamp;
use crate::market::{Post, PostId};
use crate::message::Msisdn;
use crate::reply::Reply;
use crate::store::{Person, StoreError, View};

/// Own posts that a waiting one may belong to, the newest.
const OWN: usize = 20;

/// The time has come to tell `phone` what waits for it; `at` is the time that was set for it, for of two the later counts.
///
/// # Errors
/// Those of the store.
pub fn digest(view: &dyn View, at: Timestamp, phone: Msisdn, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let (g, now) = (out.env.grammar, out.env.now);
    let Some(known) = view.person(phone)?.filter(|p| p.digest_due == Some(at)) else { return Ok(()) };
    let mut person = Person { digest_due: None, today: known.today_at(now), ..known };
    if person.stopped.is_some() {
        out.keep(person);
        return Ok(());
    }
    let posts = visible(view, &person.waiting, now, |_| true)?;
    let mut shown = posts.len();
    let reply = match posts.as_slice() {
        [] => None,
        [one] => Some(alone(view, &person, one, out)?),
        several => Some(list::list(g, Reply::new("digest"), several).set("count", several.len().to_string())),
    };
    if let Some(reply) = reply {
        if posts.len() > 1 {
            shown = reply.pack(&g.replies).shown;
        }
        person.today.pushes = person.today.pushes.saturating_add(1);
        out.send_push(&person, &reply, now);
    }
    // what did not fit waits for 更多
    person.waiting = posts.iter().skip(shown).map(|p| p.id).collect();
    out.keep(person);
    Ok(())
}

/// One that waited by itself is told as if it had come just now.
fn alone(view: &dyn View, person: &Person, post: &Arc<Post>, out: &Outcome<'_>) -> Result<Reply, StoreError> {
    let own: Vec<PostId> = person.posts.iter().rev().take(OWN).copied().collect();
    for mine in read_posts(view, own.iter())? {
        if view.told(mine.id, post.id)?
            && let Some(reply) = post::news(out.env.grammar, post, &mine)
        {
            return Ok(reply);
        }
    }
    Ok(list::list(out.env.grammar, Reply::new("digest_one"), std::slice::from_ref(post)))
}
