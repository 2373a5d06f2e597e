//! 代: a post for a neighbour who does not text. Nobody sees it until his own phone has said yes; then it is his.

use super::facts::Facts;
use super::life::somebody;
use super::outcome::{Env, QUESTION_LIFE};
use super::post;
use super::turn::Turn;
use crate::command::{self, Intent, Reading};
use crate::market::{Held, Post, PostState};
use crate::message::{Mo, Msisdn};
use crate::reply::{Reply, phrase};
use crate::store::record::Ask;
use crate::store::{Due, StoreError, View};

/// Neighbours for whom one phone may write in a day; each gets a text he did not ask for.
const PER_DAY: u32 = 5;
/// A manager writes for many.
const PER_DAY_MANAGER: u32 = 60;

/// The post that somebody writes for another, and for whom; `None` where the text is none.
pub fn read(env: &Env<'_>, mo: &Mo, facts: &Facts, reading: &Reading) -> Option<(Msisdn, Reading)> {
    if reading.intent != Intent::Errand || facts.person.as_ref().is_some_and(|p| p.stopped.is_some() || p.barred) {
        return None;
    }
    let phone = reading.phone.as_ref()?;
    let who = Msisdn::parse(phone)?;
    let (before, matter) = mo.text.split_once(phone.as_str())?;
    let near = env.rules.station(mo).map(|s| s.place).unwrap_or_default();
    let mut r = command::read(env.grammar, near, env.now, matter);
    let posts = env.grammar.boards.by_intent(r.intent).is_some() && !r.unsure;
    // 代 石老根 13800000000 卖 …
    let name: String = before.split_whitespace().nth(1).unwrap_or_default().to_string();
    r.name = r.name.or((!name.is_empty()).then_some(name));
    (posts && matches!(mo.from, crate::message::Sender::Phone(me) if me != who)).then_some((who, r))
}

/// Drafts the post in the neighbour's name.
///
/// # Errors
/// Those of the store.
pub fn gather(
    view: &dyn View,
    env: &Env<'_>,
    mo: &Mo,
    facts: &mut Facts,
    (who, reading): (Msisdn, Reading),
) -> Result<Vec<Post>, StoreError> {
    let known = view.person(who)?;
    let neighbour = somebody(env, mo, known, who);
    // where no place is named it is his, not the writer's
    let (me, own) = (facts.person.replace(neighbour.clone()), std::mem::take(&mut facts.own));
    let (drafts, _) = post::draft(env, mo, facts, &Reading { also: Vec::new(), ..reading.clone() }, who);
    (facts.person, facts.own) = (me, own);
    facts.life.others.push(neighbour);
    facts.life.proxy = Some((who, reading));
    let by = match mo.from {
        crate::message::Sender::Phone(me) => Some(me),
        _ => None,
    };
    let held = |p: Post| Post { by, state: PostState::Held, held: Some(Held::Unconfirmed), ..p };
    Ok(drafts.into_iter().map(held).collect())
}

/// Files it unseen and asks the neighbour.
pub fn propose(turn: &mut Turn<'_>) {
    let Some((who, reading)) = turn.facts.life.proxy.clone() else { return };
    let Some(neighbour) = turn.facts.life.other(who).cloned() else { return };
    let drafts = std::mem::take(&mut turn.facts.drafts);
    let g = turn.env.grammar;
    let Some(draft) = drafts.into_iter().next() else {
        // 退订 is his, whoever writes for him; and a post without a thing says nothing
        let name = if neighbour.stopped.is_some() { "proxy_stopped" } else { "proxy_how" };
        turn.answer(Reply::new(name).set("phone", who.local()));
        return;
    };
    let cap = if turn.is_manager() { PER_DAY_MANAGER } else { PER_DAY };
    if turn.person.today.proxies >= cap {
        turn.answer(Reply::new("proxy_enough").set("count", cap.to_string()));
        return;
    }
    if neighbour.questions.iter().any(|q| turn.env.now < q.until && matches!(q.ask, Ask::Proxy { .. })) {
        turn.answer(Reply::new("proxy_waits").set("phone", who.local()));
        return;
    }
    turn.person.today.proxies += 1;
    let post = draft.post;
    let about = |name: &'static str| {
        Reply::new(name)
            .set("no", phrase::number(post.id))
            .set("what", phrase::what(g, &post))
            .set("short", phrase::short(g, &post))
    };
    let mut known = neighbour;
    known.name = known.name.or(reading.name);
    turn.answer(about("proxy_asked").set("phone", who.local()));
    turn.out.ask(who, Some(&known), Ask::Proxy { post: post.id }, phrase::number(post.id));
    let by = turn.person.name.clone().unwrap_or_default();
    turn.out.notify(who, Some(&known), &about("ask_proxy").set("phone", turn.msisdn.local()).set("name", by));
    turn.out.schedule(turn.env.now.plus(QUESTION_LIFE), Due::Remind(post.id));
    turn.out.save(post);
}

/// The post as it is shown once its owner agreed.
pub fn agreed(env: &Env<'_>, old: &Post) -> Option<Post> {
    let board = env.grammar.boards.get(&old.board)?;
    let waits = old.state == PostState::Held && old.held == Some(Held::Unconfirmed);
    let until = post::until(board, old.when.as_ref(), env.now);
    waits.then(|| Post { state: PostState::Live, held: None, created: env.now, until, ..old.clone() })
}

/// The neighbour says whether it is to stand.
pub fn answered(turn: &mut Turn<'_>, yes: bool) {
    let waits = |p: &Post| p.held == Some(Held::Unconfirmed) && p.owner == turn.msisdn;
    let Some(old) = turn.facts.named.clone().filter(|p| waits(p)) else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    let by = old.by.and_then(|by| turn.facts.life.other(by).cloned());
    let g = turn.env.grammar;
    let about =
        |name: &'static str| Reply::new(name).set("no", phrase::number(old.id)).set("short", phrase::short(g, &old));
    turn.out.unschedule(old.created.plus(QUESTION_LIFE), Due::Remind(old.id));
    let drafts = std::mem::take(&mut turn.facts.drafts);
    match drafts.into_iter().next().filter(|_| yes) {
        Some(draft) => {
            // the question said that numbers are exchanged
            turn.person.informed = true;
            turn.person.posts.push(draft.post.id);
            post::answer_one(turn, &draft);
            post::spread(turn, &draft);
            turn.out.save(draft.post);
        }
        None => {
            turn.out.save(Post { state: PostState::Withdrawn, held: None, ..(*old).clone() });
            turn.answer(about("proxy_no"));
        }
    }
    if let Some(by) = by {
        let name = if yes { "proxy_yes_by" } else { "proxy_no_by" };
        turn.out.notify(by.msisdn, Some(&by), &about(name));
    }
}
