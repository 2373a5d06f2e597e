//! Random texts of many phones, in any order, against a simple model that knows only what the phones were told.
//!
//! The model is a reader of texts: from `已应103号黄豆200斤` it knows that this phone has pledged 200 to 103, from `会互告电话` that
//! this one has heard that numbers are exchanged. After every text the store must agree with it:
//!
//! - no match is lost, and none is told twice for the same two posts;
//! - what an order has come to is what its phones were told that they pledged and brought;
//! - what is promised of a post is never more than it has;
//! - no text shows a number whose owner has not agreed to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use regex::Regex;
use xiangxun::clock::{Clock, HOUR, Timestamp};
use xiangxun::config::{Limits, Station};
use xiangxun::grammar::{Current, Grammar};
use xiangxun::market::{Exact, Held, Pact, PactKind, PactState, PlaceCode, Post, PostId, PostState};
use xiangxun::message::{Mo, Msisdn, Mt, Sender};
use xiangxun::service::{Accepted, Rules, Service, sweep};
use xiangxun::store::{Options, Store};

/// Seven phones: enough that several are in every order, few enough that they meet each other all the time.
const PHONES: u64 = 7;
const CASES: u32 = 28;
const STEPS: usize = 44;

static GRAMMAR: LazyLock<Current> = LazyLock::new(|| Current::new(Grammar::built_in().expect("the grammar loads")));

/// Things that are no kinds of each other.
const THINGS: [&str; 2] = ["黄豆", "玉米"];

/// What a phone does. `usize`s pick one of the posts there are, whosever and in whatever state.
#[derive(Debug, Clone)]
enum Step {
    Sell {
        who: u64,
        thing: usize,
    },
    Buy {
        who: u64,
        thing: usize,
    },
    Pool {
        who: u64,
        thing: usize,
        whole: u32,
        least: Option<u32>,
    },
    Pledge {
        who: u64,
        post: usize,
        amount: u32,
    },
    Withdraw {
        who: u64,
        post: usize,
    },
    Done {
        who: u64,
        post: usize,
    },
    Contact {
        who: u64,
        post: usize,
    },
    Weigh {
        who: u64,
        post: usize,
        amount: u32,
    },
    Price {
        who: u64,
        post: usize,
        tenths: u32,
    },
    Digit {
        who: u64,
        digit: u8,
    },
    Private {
        who: u64,
        yes: bool,
    },
    /// The carrier gives the last text once more.
    Again,
    Later {
        hours: i64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..PHONES;
    let post = || 0..9usize;
    let thing = || 0..THINGS.len();
    let step = prop_oneof![
        4 => (who(), thing()).prop_map(|(who, thing)| Step::Sell { who, thing }),
        2 => (who(), thing()).prop_map(|(who, thing)| Step::Buy { who, thing }),
        3 => (who(), thing(), 200..900u32, proptest::option::of(100..700u32))
            .prop_map(|(who, thing, whole, least)| Step::Pool { who, thing, whole, least }),
        7 => (who(), post(), 1..500u32).prop_map(|(who, post, amount)| Step::Pledge { who, post, amount }),
        3 => (who(), post()).prop_map(|(who, post)| Step::Withdraw { who, post }),
        1 => (who(), post()).prop_map(|(who, post)| Step::Done { who, post }),
        3 => (who(), post()).prop_map(|(who, post)| Step::Contact { who, post }),
        4 => (who(), post(), 1..500u32).prop_map(|(who, post, amount)| Step::Weigh { who, post, amount }),
        1 => (who(), post(), 10..90u32).prop_map(|(who, post, tenths)| Step::Price { who, post, tenths }),
        9 => (who(), 1..3u8).prop_map(|(who, digit)| Step::Digit { who, digit }),
        1 => (who(), any::<bool>()).prop_map(|(who, yes)| Step::Private { who, yes }),
        2 => Just(Step::Again),
        2 => (1..30i64).prop_map(|hours| Step::Later { hours }),
    ];
    proptest::collection::vec(step, STEPS)
}

/// The words of the texts that the model reads.
struct Words {
    pledged: Regex,
    changed: Regex,
    cut: Regex,
    back: Regex,
    over: Regex,
    weighed: Regex,
    news: Regex,
    about: Regex,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let re = |s: &str| Regex::new(s).expect("a pattern");
    Words {
        pledged: re(r"^已应(\d+)号\D*?([\d.]+)斤"),
        changed: re(r"^已改(\d+)号:\D*?([\d.]+)斤.*\(原"),
        cut: re(r"^(\d+)号成了!.*匀下来您\D*?([\d.]+)斤"),
        back: re(r"^已退(\d+)号"),
        over: re(r"^(\d+)号(?:没凑够|对方撤了|结束了)"),
        weighed: re(r"^(\d+)号两边都认了:(?:第\d+户)?([\d.]+)斤"),
        news: re(r"^(\d+)号在.*合您的(\d+)号"),
        about: re(r"^(\d+)号.*电话"),
    }
});

/// What one phone was told that it pledged to an order and brought.
#[derive(Debug, Default, Clone, PartialEq)]
struct Told {
    open: Option<Exact>,
    brought: Vec<Exact>,
}

/// All that the phones know.
#[derive(Debug, Default)]
struct Model {
    /// By order and phone.
    shares: BTreeMap<(PostId, u64), Told>,
    /// News of a post for one of the reader's own: who was told of which for which.
    news: BTreeSet<(u64, PostId, PostId)>,
    /// Phones that were told that numbers are exchanged.
    informed: BTreeSet<u64>,
    private: BTreeSet<u64>,
    /// Who may know whose number: the reader, the owner.
    may_know: BTreeSet<(u64, u64)>,
    /// Who was asked whether somebody may have his number.
    asked: BTreeSet<u64>,
    /// How often what happened, so that a run in which nothing does is no proof.
    seen: BTreeMap<&'static str, usize>,
}

fn phone(n: u64) -> Msisdn {
    Msisdn::from_u64(8_613_800_000_000 + n)
}

fn index(who: Msisdn) -> u64 {
    who.as_u64() - 8_613_800_000_000
}

struct Village {
    service: Service,
    store: Store,
    clock: Clock,
    sent: Arc<Mutex<Vec<Mt>>>,
    model: Model,
    last: Option<Mo>,
    count: u64,
    _dir: tempfile::TempDir,
}

impl Village {
    fn new() -> Village {
        let dir = tempfile::tempdir().expect("a folder");
        let url = format!("sled:{}", dir.path().join("data").display());
        let (store, _) = Store::open(&url, Options::default()).expect("a store");
        let clock = Clock::virtual_at(Timestamp::parse_rfc3339("2026-11-21T09:00:00+08:00").expect("a time"));
        let station = Station {
            key: "rongjiang".into(),
            name: "榕江县信息站".into(),
            place: PlaceCode(522_632),
            short_codes: vec!["1069012345".into()],
            managers: Vec::new(),
            market_days: None,
            ussd_code: None,
            routes: Vec::new(),
        };
        // what the caps hold back is another test's matter
        let limits = Limits { quiet_hours: String::new(), pushes_per_day: 0, posts_per_day: 0, ..Limits::default() };
        let rules = Rules {
            stations: BTreeMap::from([(station.key.clone(), station)]),
            limits,
            carrier_station: BTreeMap::new(),
            lines: Default::default(),
        };
        let sent: Arc<Mutex<Vec<Mt>>> = Arc::default();
        let out = sent.clone();
        let hand_over = Arc::new(move |mts: Vec<Mt>| out.lock().expect("not poisoned").extend(mts));
        let service = Service::new(store.clone(), clock.clone(), GRAMMAR.clone(), rules, hand_over);
        Village { service, store, clock, sent, model: Model::default(), last: None, count: 0, _dir: dir }
    }

    fn heard(&self, from: usize) -> Vec<Mt> {
        self.sent.lock().expect("not poisoned")[from..].to_vec()
    }

    /// All posts there are, oldest first.
    async fn posts(&self) -> Vec<Arc<Post>> {
        let read = self.store.read(|v| {
            let mut out = Vec::new();
            for id in 101..v.next().post {
                out.extend(v.post(id)?);
            }
            Ok(out)
        });
        read.await.expect("a read")
    }

    async fn pacts(&self, post: PostId) -> Vec<Pact> {
        let read = self.store.read(move |v| v.pacts_of(post, 0, 1000)).await;
        read.expect("a read").into_iter().filter(|p| p.kind == PactKind::Pledge).collect()
    }

    async fn told(&self, a: PostId, b: PostId) -> bool {
        self.store.read(move |v| v.told(a, b)).await.expect("a read")
    }

    /// One step; returns what was sent.
    async fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let posts = self.posts().await;
        let pick = |n: usize| posts.iter().rev().nth(n % posts.len().max(1)).map(|p| (p.id, p.owner));
        let before = self.sent.lock().expect("not poisoned").len();
        self.count += 1;
        // amounts differ, so that no text says again what stands
        let own = 20 + self.count;
        let text = match step {
            Step::Sell { who, thing } => Some((*who, format!("卖 {} {own}斤", THINGS[*thing]))),
            Step::Buy { who, thing } => Some((*who, format!("收 {} {own}斤", THINGS[*thing]))),
            Step::Pool { who, thing, whole, least } => {
                let least = least.filter(|l| l < whole).map(|l| format!(" 至少{l}斤")).unwrap_or_default();
                Some((*who, format!("拼单 {} {whole}斤 2元{least} 明天截止 后天村口过秤", THINGS[*thing])))
            }
            Step::Pledge { who, post, amount } => pick(*post).map(|(id, _)| (*who, format!("应 {id} {amount}斤"))),
            Step::Withdraw { who, post } => pick(*post).map(|(id, _)| (*who, format!("撤 {id}"))),
            Step::Done { who, post } => pick(*post).map(|(id, _)| (*who, format!("成 {id}"))),
            Step::Contact { who, post } => pick(*post).map(|(id, owner)| {
                self.model.contact(*who, index(owner));
                (*who, id.to_string())
            }),
            Step::Weigh { who, post, amount } => pick(*post).map(|(id, _)| (*who, format!("秤 {id} {amount}斤 2元"))),
            Step::Price { who, post, tenths } => {
                pick(*post).map(|(id, _)| (*who, format!("改 {id} {}.{}元", tenths / 10, tenths % 10)))
            }
            Step::Digit { who, digit } => Some((*who, digit.to_string())),
            Step::Private { who, yes } => {
                Some((*who, if *yes { "号码保密".to_string() } else { "号码公开".to_string() }))
            }
            Step::Again => {
                if let Some(mo) = self.last.clone() {
                    prop_assert_eq!(self.service.accept(mo).await.expect("taken"), Accepted::Repeat);
                    prop_assert_eq!(self.heard(before).len(), 0, "a repeat changes nothing");
                }
                return Ok(());
            }
            Step::Later { hours } => {
                self.clock.set(self.clock.now().plus(*hours * HOUR));
                None
            }
        };
        if let Some((who, text)) = &text {
            if let Step::Private { yes, .. } = step {
                if *yes {
                    self.model.private.insert(*who)
                } else {
                    self.model.private.remove(who)
                };
            }
            if *step_digit(step) == Some(1) && self.model.asked.contains(who) {
                self.model.agrees(*who);
            }
            let mo = Mo {
                carrier: "k".into(),
                mo_id: Some(self.count.to_string()),
                from: Sender::Phone(phone(*who)),
                to: "1069012345".into(),
                text: text.clone(),
                sent_at: None,
                part: None,
            };
            self.last = Some(mo.clone());
            self.service.accept(mo).await.expect("taken");
        }
        self.clock.set(self.clock.now().plus(1000));
        self.service.do_due(self.clock.now()).await.expect("done");
        sweep::expire(&self.store, self.clock.now()).await.expect("swept");
        let now = self.posts().await;
        // a digit that picks a post of a list asks for its owner
        if let Step::Digit { who, .. } = step {
            for mt in self.heard(before).iter().filter(|m| m.to == phone(*who)) {
                let id = WORDS.about.captures(&mt.text).and_then(|c| c[1].parse::<PostId>().ok());
                if let Some(post) = now.iter().find(|p| Some(p.id) == id) {
                    self.model.contact(*who, index(post.owner));
                }
            }
        }
        for mt in self.heard(before) {
            self.hears(&mt, &now)?;
        }
        self.agree(&now).await
    }

    /// One text reaches its phone.
    fn hears(&mut self, mt: &Mt, posts: &[Arc<Post>]) -> Result<(), TestCaseError> {
        let (who, text) = (index(mt.to), mt.text.as_str());
        let owner = |id: PostId| posts.iter().find(|p| p.id == id).map(|p| index(p.owner));
        let id = |c: &regex::Captures<'_>, n: usize| c[n].parse::<PostId>().expect("digits");
        let amount = |c: &regex::Captures<'_>| {
            let (whole, frac) = c[2].split_once('.').unwrap_or((&c[2], ""));
            let scale = 10_i64.pow(frac.len() as u32);
            Exact::new(format!("{whole}{frac}").parse().expect("digits"), scale)
        };
        if let Some(c) = WORDS.pledged.captures(text).or(WORDS.changed.captures(text)).or(WORDS.cut.captures(text)) {
            let amount = Some(amount(&c)).filter(|a| *a.numer() > 0);
            self.model.saw(if text.contains("匀下来") { "cut" } else { "pledged" });
            self.model.shares.entry((id(&c, 1), who)).or_default().open = amount;
        } else if let Some(c) = WORDS.back.captures(text).or(WORDS.over.captures(text)) {
            self.model.saw(if text.starts_with("已退") { "taken back" } else { "let go" });
            self.model.shares.entry((id(&c, 1), who)).or_default().open = None;
        } else if let Some(c) = WORDS.weighed.captures(text) {
            let order = posts.iter().any(|p| p.id == id(&c, 1) && p.order.is_some());
            if order && owner(id(&c, 1)) != Some(who) {
                let share = self.model.shares.entry((id(&c, 1), who)).or_default();
                share.open = None;
                share.brought.push(amount(&c));
                self.model.saw("weighed");
            }
        } else if let Some(c) = WORDS.news.captures(text) {
            self.model.saw("news");
            prop_assert!(self.model.news.insert((who, id(&c, 1), id(&c, 2))), "told twice: {} {}", who, text);
            prop_assert_eq!(owner(id(&c, 2)), Some(who), "it is his own: {}", text);
        }
        if text.contains("互告电话") && !text.contains("互告电话回1") {
            self.model.informed.insert(who);
        }
        if text.contains("互告电话回1") {
            self.model.asked.insert(who);
        }
        for other in (0..PHONES).filter(|o| *o != who) {
            if text.contains(&phone(other).local()) {
                self.model.saw("number");
                prop_assert!(self.model.may_know.contains(&(who, other)), "{} learnt {}: {}", who, other, text);
            }
        }
        Ok(())
    }

    /// The store and the model say the same.
    async fn agree(&self, posts: &[Arc<Post>]) -> Result<(), TestCaseError> {
        let now = self.clock.now();
        let mut bound: BTreeMap<PostId, Exact> = BTreeMap::new();
        for post in posts.iter().filter(|p| p.order.is_some()) {
            let told: Vec<(u64, &Told)> =
                self.model.shares.iter().filter(|((id, _), _)| *id == post.id).map(|((_, who), t)| (*who, t)).collect();
            let open: Exact = told.iter().filter_map(|(_, t)| t.open).sum();
            let brought: Exact = told.iter().flat_map(|(_, t)| &t.brought).copied().sum();
            let order = post.order.clone().unwrap_or_default();
            prop_assert_eq!(
                post.taken,
                open + brought,
                "{} has come to what its phones were told: {:?}",
                post.id,
                told
            );
            prop_assert_eq!(order.sums.first().map_or(Exact::default(), |s| s.brought), brought);
            let households: usize = told.iter().map(|(_, t)| usize::from(t.open.is_some()) + t.brought.len()).sum();
            prop_assert_eq!(order.households as usize, households);
            let pacts = self.pacts(post.id).await;
            let standing: Vec<&Pact> = pacts.iter().filter(|p| p.stands()).collect();
            let sum: Exact = standing.iter().filter_map(|p| p.quantity.as_ref()).map(|q| q.amount).sum();
            prop_assert_eq!(post.taken, sum, "{} is the sum of its pledges", post.id);
            for who in 0..PHONES {
                let mine = standing.iter().filter(|p| p.party == phone(who) && p.state != PactState::Done).count();
                prop_assert!(mine <= 1, "one open share of a phone in an order");
            }
            let at_deadline = order.settled && brought == Exact::default();
            if let Some(whole) = post.quantity.as_ref().map(|q| q.most()).filter(|_| at_deadline) {
                let weighed = standing.iter().any(|p| p.slip.is_some());
                prop_assert!(weighed || post.taken <= whole, "{} is cut to what was wanted", post.id);
            }
            for pact in standing.iter().filter(|p| p.other.is_some()) {
                *bound.entry(pact.other.unwrap_or_default()).or_default() += pact.bound;
            }
        }
        for post in posts.iter().filter(|p| p.side == "sell") {
            let whole = post.quantity.as_ref().map(|q| q.most()).unwrap_or_default();
            let promised = bound.get(&post.id).copied().unwrap_or_default();
            prop_assert!(promised <= whole, "{} promises no more than there is", post.id);
            let pooled = post.held == Some(Held::Pooled);
            prop_assert!(!pooled || promised > Exact::default(), "{} is out of sight for a reason", post.id);
        }
        // no match is lost, whichever came first and whatever was promised meanwhile
        let live = |side: &str| -> Vec<&Arc<Post>> {
            posts.iter().filter(|p| p.side == side && p.state == PostState::Live && p.is_live(now)).collect()
        };
        for sell in live("sell") {
            for want in live("buy").into_iter().chain(live("pool")) {
                let joinable = want.order.as_ref().is_none_or(|o| !o.settled);
                if sell.item == want.item && sell.owner != want.owner && joinable && priced(sell, want) {
                    prop_assert!(self.told(sell.id, want.id).await, "{} and {} know of each other", sell.id, want.id);
                }
            }
        }
        Ok(())
    }
}

/// Whether the prices that were set afterwards still let two posts meet.
fn priced(sell: &Post, want: &Post) -> bool {
    sell.price.is_none() || want.price.is_none()
}

fn step_digit(step: &Step) -> &Option<u8> {
    static ONE: Option<u8> = Some(1);
    static NONE: Option<u8> = None;
    if matches!(step, Step::Digit { digit: 1, .. }) { &ONE } else { &NONE }
}

impl Model {
    fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// Somebody asks to be put in touch with another: both may then know each other, as far as each has agreed.
    fn contact(&mut self, asker: u64, owner: u64) {
        let open = |who: &u64| !self.private.contains(who);
        if open(&asker) && open(&owner) {
            self.may_know.insert((owner, asker));
            if self.informed.contains(&owner) {
                self.may_know.insert((asker, owner));
            }
        }
        // the owner may still agree for himself
        if open(&asker) {
            self.may_know.insert((owner, asker));
        }
    }

    /// He says that whoever asked may have his number.
    fn agrees(&mut self, owner: u64) {
        // and with it he has heard that numbers are exchanged
        self.informed.insert(owner);
        let askers: Vec<u64> = self.may_know.iter().filter(|(reader, _)| *reader == owner).map(|(_, o)| *o).collect();
        self.may_know.extend(askers.into_iter().map(|asker| (asker, owner)));
    }
}

#[test]
fn whatever_the_phones_do_the_store_is_as_they_were_told() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let seen: Mutex<BTreeMap<&'static str, usize>> = Mutex::default();
    let outcome = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let mut village = Village::new();
            for step in &steps {
                village.step(step).await?;
            }
            let mut all = seen.lock().expect("not poisoned");
            for (what, count) in &village.model.seen {
                *all.entry(*what).or_default() += count;
            }
            Ok(())
        })
    });
    match outcome {
        Ok(()) => {
            let seen = seen.into_inner().expect("not poisoned");
            for what in ["pledged", "cut", "taken back", "let go", "weighed", "news", "number"] {
                assert!(seen.get(what).is_some_and(|n| *n >= 3), "the runs show too little: {seen:?}");
            }
        }
        Err(TestError::Fail(why, steps)) => panic!("{why}\nafter {steps:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
