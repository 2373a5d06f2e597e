//! 改 续 不对: a post that stands is changed, goes on, or is set right.
//!
//! A change is read as if the post were written anew with it: `改 807 周六` is `招 采茶工 周六`. What comes of it meets others as a
//! new post does; who was told of the pair before is not told again.

use std::sync::Arc;

use super::asked::Bound;
use super::facts::{Facts, home};
use super::outcome::Env;
use super::turn::{Turn, newcomer};
use super::{asked, list, offer, own, person, post, proxy, shares, shift, tie, wave, words};
use crate::clock::HOUR;
use crate::command::{self, Intent, Reading};
use crate::market::{Exact, Pact, PactKind, PactState, Post, PostId, PostState, Ring};
use crate::message::{Mo, Msisdn};
use crate::reply::{Reply, phrase};
use crate::store::record::{Ask, Then};
use crate::store::{StoreError, View};

/// Behind a post, 不对 means that one for so long.
const JUST_NOW: i64 = HOUR;

/// Reads what the life of a post and being put in touch need. Returns the posts that stand changed after this text; `None` where
/// it is no text of these families.
///
/// # Errors
/// Those of the store.
pub fn gather(
    view: &dyn View,
    env: &Env<'_>,
    mo: &Mo,
    facts: &mut Facts,
    reading: &Reading,
) -> Result<Option<Vec<Post>>, StoreError> {
    use Intent::{Block, Choose, Contact, Correct, Deal, Edit, Rate, Relay, Renew, Report, Withdraw};
    if let Some(reading) = proxy::read(env, mo, facts, reading) {
        return proxy::gather(view, env, mo, facts, reading).map(Some);
    }
    let ours = [Edit, Renew, Correct, Deal, Rate, Report, Relay, Block, Contact, Choose, Withdraw];
    let Some(me) = facts.person.clone().filter(|_| ours.contains(&reading.intent)) else { return Ok(None) };
    let choice = reading.choice.filter(|_| reading.intent == Choose);
    let question = choice.and_then(|c| match asked::bound(&me, env.now, &mo.to, c) {
        Bound::One(q, c) => Some((q.ask.clone(), c)),
        _ => None,
    });
    if matches!(reading.intent, Edit | Correct | Deal | Withdraw | Choose) {
        let heard = |p: &&Post| {
            let board = env.grammar.boards.get(&p.board);
            board.is_some_and(|b| b.waves.is_some() || b.alert.is_some())
        };
        let own: Vec<&Post> = facts.own.iter().map(|p| &**p).filter(heard).collect();
        facts.life.joined = wave::joined(view, &own)?;
    }
    let named = facts.named.as_ref().map(|p| p.id);
    if let Some(id) = reading.post.or(unnamed(view, facts, &me, reading, env)?).filter(|id| Some(*id) != named) {
        facts.named = view.post(id)?;
        facts.named_owner = facts.named.as_ref().map(|p| view.person(p.owner)).transpose()?.flatten();
    }
    if let Some(post) = facts.named.clone() {
        facts.life.pacts = tie::about(view, &me, post.id)?;
        facts.life.asked = match &question {
            Some((Ask::Shift { pact, .. } | Ask::Sighting { pact, .. }, _)) => view.pact(*pact)?,
            _ if reading.intent == Withdraw => shift_of(view, &me, Some(post.id))?,
            _ => None,
        };
        let mut about: Vec<Msisdn> = facts.life.pacts.iter().map(|p| p.other_than(me.msisdn)).collect();
        about.extend(post.by);
        about.extend(facts.life.asked.as_ref().map(|p| p.other_than(me.msisdn)));
        if let Some((Ask::Show { party, .. } | Ask::Same { party, .. }, _)) = &question {
            about.push(*party);
        }
        about.sort_unstable();
        about.dedup();
        for other in about.into_iter().filter(|o| *o != me.msisdn) {
            facts.life.others.extend(view.person(other)?);
        }
        let settles = reading.intent == Deal || matches!(question, Some((Ask::Dealt { .. } | Ask::With { .. }, _)));
        let county = post.place.code.up_to(Ring::County);
        if let (true, Some(item), Some(county)) = (settles, &post.item, county) {
            facts.life.book = view.prices(item, county)?;
        }
    }
    if let Some((Ask::Remind { posts }, _)) = &question {
        facts.listed = super::facts::read_posts(view, posts.iter())?;
    }
    let mine = facts.named.as_deref().filter(|p| p.owner == me.msisdn);
    let changed = match (reading.intent, &question) {
        (Edit | Correct, _) => mine.filter(|p| p.is_live(env.now)).and_then(|p| amended(env, mo, facts, p, reading)),
        (Renew, _) | (_, Some((Ask::Which { then: Then::Renew, .. }, _))) => mine.and_then(|p| renewed(env, p)),
        (_, Some((Ask::Remind { .. }, 1))) => {
            let own = facts.listed.iter().filter(|p| p.owner == me.msisdn);
            return Ok(Some(own.filter_map(|p| renewed(env, p)).collect()));
        }
        (_, Some((Ask::Reported { .. }, 1))) => facts.named.as_deref().and_then(|p| shown_again(env, p)),
        (_, Some((Ask::Proxy { .. }, 1))) => mine.and_then(|p| proxy::agreed(env, p)),
        (Choose, _) => None,
        _ => return Ok(Some(Vec::new())),
    };
    Ok(Some(changed.into_iter().collect()))
}

/// The post that a text means which names none.
fn unnamed(
    view: &dyn View,
    facts: &Facts,
    me: &crate::store::Person,
    reading: &Reading,
    env: &Env<'_>,
) -> Result<Option<PostId>, StoreError> {
    let own = &facts.own;
    let newest = || own.iter().max_by_key(|p| p.id);
    Ok(match reading.intent {
        Intent::Edit | Intent::Renew if own.len() == 1 => newest().map(|p| p.id),
        Intent::Correct => newest().filter(|p| env.now.0 - p.created.0 < JUST_NOW).map(|p| p.id),
        // what 成 without a number closes
        Intent::Deal => match own::fitting(facts, reading).as_slice() {
            [.., last] if own.len() == 1 || reading.item.is_some() => Some(last.id),
            _ => None,
        },
        // 不去了: the one job that he said he comes to
        Intent::Withdraw if own.is_empty() && reading.item.is_none() => shift_of(view, me, None)?.map(|p| p.post),
        Intent::Relay | Intent::Block => tie::last_words(view, me)?.map(|p| p.post),
        _ => None,
    })
}

/// The newest job that somebody said he comes to; that of `post`, where one is named.
fn shift_of(view: &dyn View, me: &crate::store::Person, post: Option<PostId>) -> Result<Option<Pact>, StoreError> {
    for id in me.pacts.iter().rev().take(tie::PACTS) {
        let mine = |p: &Pact| p.kind == PactKind::Shift && p.state == PactState::Agreed && p.party == me.msisdn;
        if let Some(pact) = view.pact(*id)?.filter(|p| mine(p) && post.is_none_or(|n| p.post == n)) {
            return Ok(Some(pact));
        }
    }
    Ok(None)
}

/// A post as the text would have it; `None` where that says nothing it could take.
fn amended(env: &Env<'_>, mo: &Mo, facts: &Facts, old: &Post, said: &Reading) -> Option<Post> {
    let station = env.rules.station(mo);
    let near = home(env, mo, facts.person.as_ref()).code;
    let read = |text: &str| command::read_at(env.grammar, near, station.and_then(|s| s.market_days), env.now, text);
    let side = env.grammar.boards.get(&old.board).and_then(|b| b.side(&old.side))?;
    let matter = said.remark.clone().unwrap_or_default();
    let mut news = Reading::of(side.intent);
    if !matter.is_empty() {
        let whole = read(&matter);
        let posts = env.grammar.boards.by_intent(whole.intent).is_some() && !whole.unsure;
        let known = whole.item.as_ref().is_some_and(|i| i.known && Some(&i.name) != old.item.as_ref());
        if posts && (known || whole.intent != side.intent && said.intent == Intent::Correct) {
            return anew(env, mo, facts, old, whole);
        }
        let with_item = format!("{} {} {matter}", side.verb_for(&old.nodes), phrase::item(old));
        news = read(&with_item);
        // 是白菜: another thing
        let other = whole.item.filter(|i| i.known && Some(&i.name) != old.item.as_ref());
        if let Some(item) = other.filter(|_| said.intent == Intent::Correct) {
            return anew(env, mo, facts, old, Reading { intent: side.intent, item: Some(item), ..news });
        }
        if news.intent != side.intent {
            news = Reading { intent: side.intent, ..whole_amounts(&read(&matter)) };
        }
    }
    let mut new = old.clone();
    overlay(&mut new, &news);
    overlay(&mut new, said);
    let mut told = news.clone();
    told.bulk = if said.bulk == Default::default() { told.bulk } else { said.bulk.clone() };
    told.quantity = said.quantity.clone().or(told.quantity);
    shares::amend(env, old, &mut new, &told);
    let board = env.grammar.boards.get(&old.board)?;
    if new.when != old.when && board.ends_with_day {
        new.until = post::until(board, new.when.as_ref(), env.now);
        new.reminded = false;
    }
    let says = [&news, said].iter().any(|r| {
        r.quantity.is_some()
            || r.price.is_some()
            || r.wage.is_some()
            || r.people.is_some()
            || r.place.is_some()
            || r.when.is_some()
            || r.to.is_some()
            || r.sex.is_some()
            || !r.marks.is_empty()
            || old.order.is_some() && r.bulk != Default::default()
    });
    says.then_some(new)
}

/// Only the amounts of a reading whose sense is another's.
fn whole_amounts(r: &Reading) -> Reading {
    Reading { quantity: r.quantity.clone(), price: r.price.clone(), people: r.people, ..Reading::of(r.intent) }
}

/// Puts what was said into a post. A price for no unit is for the one it was for.
fn overlay(post: &mut Post, r: &Reading) {
    if let Some(quantity) = &r.quantity {
        post.quantity = Some(quantity.clone());
        post.taken = Exact::default();
    }
    if let Some(people) = r.people {
        post.people = Some(people);
        post.taken = Exact::default();
    }
    if let Some(mut price) = r.wage.clone().or_else(|| r.price.clone()) {
        let before = post.price.as_ref().and_then(|p| p.per.clone());
        price.per = price.per.or(before).or_else(|| post.quantity.as_ref().map(|q| q.unit.clone()));
        post.price = Some(price);
    }
    if let Some(place) = r.place.clone().filter(|p| p.code != crate::market::PlaceCode::COUNTRY) {
        post.place = place;
    }
    if r.from.is_some() {
        post.from = r.from.clone();
    }
    if let Some(to) = &r.to {
        post.to = Some(to.clone());
        if post.shelf.by_route {
            post.nodes = Post::route_nodes(to);
        }
    }
    if r.when.is_some() {
        post.when = r.when.clone();
    }
    if r.sex.is_some() {
        post.sex = r.sex;
    }
    if !r.marks.is_empty() {
        post.marks = r.marks.clone();
    }
}

/// The post of another side or thing under the same number, with the amounts it had where none are said.
fn anew(env: &Env<'_>, mo: &Mo, facts: &Facts, old: &Post, mut r: Reading) -> Option<Post> {
    if r.item.is_none() {
        let name = old.item.clone()?;
        r.item = Some(command::Item { said: old.item_said.clone().unwrap_or_else(|| name.clone()), name, known: true });
    }
    let new = post::one(env, mo, facts, &r, old.owner, old.id)?;
    Some(Post {
        created: old.created,
        cause: old.cause,
        station: old.station.clone(),
        quantity: new.quantity.clone().or_else(|| old.quantity.clone()),
        price: new.price.clone().or_else(|| old.price.clone()),
        people: new.people.or(old.people),
        place: if r.place.is_some() { new.place.clone() } else { old.place.clone() },
        reporters: old.reporters.clone(),
        by: old.by,
        ..new
    })
}

/// A post with new days; `None` where the day it is for is over, or it is not for its owner to show.
fn renewed(env: &Env<'_>, old: &Post) -> Option<Post> {
    let board = env.grammar.boards.get(&old.board)?;
    let over = old.when.as_ref().is_some_and(|w| i64::from(w.day) < env.now.beijing_day());
    if old.state == PostState::Held || board.ends_with_day && over {
        return None;
    }
    let until = post::until(board, old.when.as_ref(), env.now);
    let mut new = Post { until, state: PostState::Live, reminded: false, ..old.clone() };
    if old.order.is_some() && !old.is_live(env.now) {
        shares::reopen(env, &mut new);
    }
    Some(new)
}

/// A post that the manager found in order.
fn shown_again(env: &Env<'_>, old: &Post) -> Option<Post> {
    let held = old.state == PostState::Held && env.now < old.until;
    held.then(|| Post { state: PostState::Live, held: None, ..old.clone() })
}

/// Whether the named post is the sender's; he is told where it is not, or is none.
fn own_named(turn: &mut Turn<'_>) -> Option<Arc<Post>> {
    let no = turn.reading.post.map(phrase::number).unwrap_or_default();
    match turn.facts.named.clone() {
        Some(post) if post.owner == turn.msisdn => Some(post),
        Some(post) => {
            turn.answer(Reply::new("not_yours").set("no", phrase::number(post.id)));
            None
        }
        None if turn.reading.post.is_some() => {
            turn.answer(Reply::new("no_such_post").set("no", no));
            None
        }
        None if turn.facts.own.is_empty() => {
            turn.answer(Reply::new("nothing_to_close"));
            None
        }
        None => {
            let newest = turn.facts.own.last().map(|p| phrase::number(p.id)).unwrap_or_default();
            turn.answer(Reply::new("change_which").set("no", newest));
            None
        }
    }
}

/// What the sender is told of one of his posts.
fn told(turn: &Turn<'_>, name: &'static str, post: &Post) -> Reply {
    let g = turn.env.grammar;
    Reply::new(name)
        .set("no", phrase::number(post.id))
        .set("what", phrase::what(g, post))
        .set("short", phrase::short(g, post))
        .set("state", phrase::state(g, post, turn.env.now))
}

/// 改.
pub fn edit(turn: &mut Turn<'_>) {
    let Some(old) = own_named(turn) else { return };
    if !old.is_live(turn.env.now) {
        turn.answer(told(turn, "change_closed", &old));
        return;
    }
    let Some(new) = turn.facts.drafts.first().map(|d| d.post.clone()) else {
        turn.answer(told(turn, "change_how", &old));
        return;
    };
    if new == *old {
        turn.answer(told(turn, "change_same", &old));
        return;
    }
    // a place is read back where it changed
    let place = if new.place == old.place { String::new() } else { new.place.name.clone() };
    let reply = told(turn, "changed", &new).set("place", place);
    shares::changed(turn, &old, &new);
    turn.ask(Ask::Readback { post: new.id });
    shift::told(turn, "shift_changed", &new);
    person::meet_anew(turn, reply);
}

/// 不对,是300斤: what was read back is set right. 不对 alone: what is wrong is asked.
pub fn correct(turn: &mut Turn<'_>) {
    match turn.facts.named.clone() {
        None if turn.reading.post.is_none() => drop(turn.answer(Reply::new("nothing_to_correct"))),
        Some(post) if turn.reading.remark.is_none() && post.owner == turn.msisdn => wrong(turn, Some(post.id)),
        _ => edit(turn),
    }
}

/// Asks what is wrong with a post that was read back.
pub fn wrong(turn: &mut Turn<'_>, post: Option<PostId>) {
    let own = turn.facts.own.iter().find(|p| Some(p.id) == post).cloned();
    let Some(post) = own else {
        turn.answer(Reply::new("nothing_to_correct"));
        return;
    };
    turn.ask(Ask::Wrong { post: post.id });
    turn.answer(told(turn, "wrong", &post));
}

/// 续.
pub fn renew(turn: &mut Turn<'_>) {
    if turn.facts.named.is_none() && turn.reading.post.is_none() && turn.facts.own.len() > 1 {
        let posts: Vec<Arc<Post>> = turn.facts.own.iter().rev().cloned().collect();
        return list::ask_which(turn, Then::Renew, &posts);
    }
    let Some(old) = own_named(turn) else { return };
    if turn.facts.drafts.is_empty() {
        let name = if old.state == PostState::Held { "own_post_closed" } else { "renew_day" };
        turn.answer(told(turn, name, &old));
        return;
    }
    stand_on(turn);
}

/// The answer to the reminder: all of those posts stand on, or none.
pub fn reminded(turn: &mut Turn<'_>, yes: bool) {
    if yes && !turn.facts.drafts.is_empty() {
        return stand_on(turn);
    }
    let now = turn.env.now;
    let own: Vec<Arc<Post>> = turn.facts.listed.iter().filter(|p| p.owner == turn.msisdn).cloned().collect();
    let live: Vec<Arc<Post>> = own.into_iter().filter(|p| p.is_live(now)).collect();
    let Some(first) = live.first().cloned() else {
        turn.answer(Reply::new("no_question"));
        return;
    };
    if yes {
        turn.answer(told(turn, "renew_day", &first));
        return;
    }
    for post in &live {
        turn.out.save(Post { state: PostState::Withdrawn, ..(**post).clone() });
        turn.person.posts.retain(|p| *p != post.id);
    }
    let reply = match live.as_slice() {
        [one] => told(turn, "withdrawn", one),
        many => Reply::new("withdrawn_many").set("count", many.len().to_string()),
    };
    turn.answer(reply);
}

/// Files the renewed posts and says until when.
fn stand_on(turn: &mut Turn<'_>) {
    let g = turn.env.grammar;
    for id in turn.facts.drafts.iter().map(|d| d.post.id) {
        if !turn.person.posts.contains(&id) {
            turn.person.posts.push(id);
        }
    }
    turn.person.posts.sort_unstable();
    let reply = match turn.facts.drafts.as_slice() {
        [one] if offer::is_order(g, &one.post) => words::of(g, Reply::new("order_posted"), &one.post),
        [one] => {
            let days = g.boards.get(&one.post.board).map_or(0, |b| b.days);
            Reply::new("renewed")
                .set("no", phrase::number(one.post.id))
                .set("short", phrase::short(g, &one.post))
                .set("days", days.to_string())
        }
        many => Reply::new("renewed_many").set("count", many.len().to_string()),
    };
    person::meet_anew(turn, reply);
}

/// Somebody of whom perhaps nothing is known, reached as the sender was.
pub fn somebody(env: &Env<'_>, mo: &Mo, known: Option<crate::store::Person>, who: Msisdn) -> crate::store::Person {
    known.unwrap_or_else(|| newcomer(env, mo, who))
}
