//! One reminder before a post's days run out; of several that run out together, one for all. And what nobody confirmed is let go.

use super::facts::{OWN, read_posts};
use super::outcome::{Outcome, REMIND_BEFORE};
use crate::clock::{DAY, Timestamp};
use crate::market::{Held, Post, PostId, PostState};
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;
use crate::store::{StoreError, View};

/// What runs out within a day of the one that is due is told with it.
const TOGETHER: i64 = DAY;

/// A reminder is due.
///
/// # Errors
/// Those of the store.
pub fn remind(view: &dyn View, id: PostId, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    let (g, now) = (out.env.grammar, out.env.now);
    let Some(post) = view.post(id)? else { return Ok(()) };
    if post.held == Some(Held::Unconfirmed) && post.state == PostState::Held {
        return unconfirmed(view, &post, out);
    }
    let soon = now.plus(REMIND_BEFORE + TOGETHER);
    let runs_out = |p: &Post, by: Timestamp| p.is_live(now) && !p.reminded && p.until <= by;
    let Some(owner) = view.person(post.owner)?.filter(|o| o.stopped.is_none()) else { return Ok(()) };
    // it was renewed meanwhile, or told with another
    if !runs_out(&post, now.plus(REMIND_BEFORE)) {
        return Ok(());
    }
    let mut posts = read_posts(view, owner.posts.iter().rev().take(OWN).rev())?;
    posts.retain(|p| runs_out(p, soon));
    if !posts.iter().any(|p| p.id == id) {
        posts.push(post.clone());
    }
    for p in &posts {
        out.save(Post { reminded: true, ..(**p).clone() });
    }
    let days = (post.until.0 - now.0 + DAY - 1).div_euclid(DAY).max(1).to_string();
    let reply = match posts.as_slice() {
        [one] => Reply::new("remind")
            .set("no", phrase::number(one.id))
            .set("what", phrase::what(g, one))
            .set("short", phrase::short(g, one))
            .set("days", days),
        many => Reply::new("remind_many")
            .set("count", many.len().to_string())
            .set("days", days)
            .list("entry", many.iter().map(|p| phrase::named_entry(g, p)))
            .list("brief", many.iter().map(|p| phrase::named_brief(g, p))),
    };
    let ids: Vec<PostId> = posts.iter().map(|p| p.id).collect();
    out.ask(owner.msisdn, Some(&owner), Ask::Remind { posts: ids }, phrase::number(id));
    out.notify(owner.msisdn, Some(&owner), &reply);
    Ok(())
}

/// The neighbour has not answered in time: who wrote for him hears of it.
fn unconfirmed(view: &dyn View, post: &Post, out: &mut Outcome<'_>) -> Result<(), StoreError> {
    out.save(Post { state: PostState::Withdrawn, held: None, ..post.clone() });
    let by = post.by.map(|by| view.person(by)).transpose()?.flatten();
    if let Some(by) = by {
        let reply = Reply::new("proxy_unanswered")
            .set("no", phrase::number(post.id))
            .set("short", phrase::short(out.env.grammar, post));
        out.notify(by.msisdn, Some(&by), &reply);
    }
    Ok(())
}
