//! `fixtures/scenes/*.toml`: who should hear of whom, and who should not. Each pair is run both ways round through the whole
//! service; precision and recall are printed by board.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use xiangxun::clock::{Clock, Timestamp};
use xiangxun::config::{Limits, Station};
use xiangxun::grammar::{Current, Grammar};
use xiangxun::market::{PlaceCode, PostId, PostState, Terms, Traits};
use xiangxun::message::{Mo, Msisdn, Mt, Sender};
use xiangxun::service::{Rules, Service};
use xiangxun::store::record::Ask;
use xiangxun::store::{Change, Options, Person, Store};

/// Of those who are told, so many must be right; of those who should be, so many must be told. A board whose scenes do not come
/// to this yet says in its first file what holds of it.
const PRECISION: f64 = 0.97;
const RECALL: f64 = 0.95;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    board: String,
    #[serde(default)]
    precision: Option<f64>,
    #[serde(default)]
    recall: Option<f64>,
    about: Vec<About>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    what: String,
    #[serde(default)]
    meet: Vec<(String, String)>,
    #[serde(default)]
    apart: Vec<(String, String)>,
}

/// A station in which nothing stands before a pair and nothing after it.
struct Stage {
    service: Service,
    store: Store,
    clock: Clock,
    sent: Arc<Mutex<Vec<Mt>>>,
    next: u64,
    _dir: tempfile::TempDir,
}

const MANAGER: u64 = 8_613_900_000_000;

impl Stage {
    fn new(grammar: Grammar) -> Stage {
        let dir = tempfile::tempdir().expect("a folder");
        let url = format!("sled:{}", dir.path().join("data").display());
        let (store, _) = Store::open(&url, Options::default()).expect("a store");
        let clock = Clock::virtual_at(Timestamp::parse_rfc3339("2026-11-22T09:00:00+08:00").expect("a time"));
        let station = Station {
            key: "rongjiang".into(),
            name: "榕江县信息站".into(),
            place: PlaceCode(522_632),
            short_codes: vec!["1069012345".into()],
            managers: vec![Msisdn::from_u64(MANAGER)],
            market_days: None,
            ussd_code: None,
            routes: Vec::new(),
        };
        let stations = BTreeMap::from([(station.key.clone(), station)]);
        let limits = Limits { pushes_per_day: 0, ..Limits::default() };
        let rules = Rules { stations, limits, carrier_station: BTreeMap::new(), lines: Default::default() };
        let sent: Arc<Mutex<Vec<Mt>>> = Arc::default();
        let out = sent.clone();
        let hand_over = Arc::new(move |mts: Vec<Mt>| out.lock().expect("not poisoned").extend(mts));
        let service = Service::new(store.clone(), clock.clone(), Current::new(grammar), rules, hand_over);
        Stage { service, store, clock, sent, next: 0, _dir: dir }
    }

    async fn text(&mut self, from: Msisdn, text: &str) {
        self.next += 1;
        let mo = Mo {
            carrier: "k".into(),
            mo_id: Some(self.next.to_string()),
            from: Sender::Phone(from),
            to: "1069012345".into(),
            text: text.into(),
            sent_at: None,
            part: None,
        };
        self.service.accept(mo).await.expect("taken");
        self.clock.set(self.clock.now().plus(1000));
    }

    /// Texts, and vouches for what is only shown then.
    async fn posts(&mut self, from: Msisdn, text: &str) -> Vec<PostId> {
        self.text(from, text).await;
        let asked = self.store.read(move |v| {
            let open = v.person(from)?.map(|p| p.questions).unwrap_or_default();
            Ok(open.iter().any(|q| matches!(q.ask, Ask::Adult { .. })))
        });
        if asked.await.expect("a read") {
            self.text(from, "1").await;
        }
        // asked back what was meant, he picks what was guessed first
        let doubt = self.store.read(move |v| {
            let open = v.person(from)?.map(|p| p.questions).unwrap_or_default();
            Ok(open.iter().any(|q| matches!(q.ask, Ask::Meaning { .. })))
        });
        if doubt.await.expect("a read") {
            self.text(from, "1").await;
        }
        let posts = self.of(from).await;
        let manager = Msisdn::from_u64(MANAGER);
        // each of them is a question of its own
        for _ in 0..posts.len() {
            if self.held(&posts).await {
                self.text(manager, "1").await;
            }
        }
        posts
    }

    async fn held(&self, posts: &[PostId]) -> bool {
        let posts = posts.to_vec();
        let held = self.store.read(move |v| {
            Ok(posts.iter().any(|p| v.post(*p).ok().flatten().is_some_and(|p| p.state == PostState::Held)))
        });
        held.await.expect("a read")
    }

    /// What was made of what somebody wrote, for whoever mends what went wrong.
    async fn made_of(&self, posts: &[PostId]) -> String {
        let posts = posts.to_vec();
        let said = self.store.read(move |v| {
            let mut out = Vec::new();
            for post in posts {
                let p = v.post(post)?.expect("filed");
                let mut said = vec![format!("{}/{}", p.board, p.side)];
                said.extend(p.item.clone());
                said.extend(p.quantity.iter().map(|q| format!("{}..{:?}{}", q.amount, q.max, q.unit)));
                said.extend(p.price.iter().map(|b| format!("{}..{:?}元/{:?}", b.yuan, b.max, b.per)));
                said.extend(p.people.map(|n| format!("{n}人")));
                let places = [Some(&p.place), p.from.as_ref(), p.to.as_ref()];
                said.extend(
                    ["at", "from", "to"].iter().zip(places).filter_map(|(w, p)| Some(format!("{w} {}", p?.name))),
                );
                said.extend(p.stops.iter().map(|s| format!("via {}", s.name)));
                said.extend(p.when.iter().map(|w| format!("{w:?}")));
                said.extend(p.marks.iter().map(|m| format!("mark {m}")));
                said.extend(p.sex.map(|s| format!("{s:?}")));
                said.extend((p.traits != Traits::default()).then(|| format!("{:?}", p.traits)));
                said.extend((p.terms != Terms::default()).then(|| format!("{:?}", p.terms)));
                out.push(said.join(" "));
            }
            Ok(out)
        });
        said.await.expect("a read").join(" + ")
    }

    async fn of(&self, who: Msisdn) -> Vec<PostId> {
        self.store.read(move |v| Ok(v.person(who)?.map(|p| p.posts).unwrap_or_default())).await.expect("a read")
    }

    /// Whether `who` was sent the number of one of the posts.
    fn heard(&self, who: Msisdn, of: &[PostId]) -> bool {
        let sent = self.sent.lock().expect("not poisoned");
        sent.iter().filter(|m| m.to == who).any(|m| of.iter().any(|p| m.text.contains(&format!("{p}号"))))
    }

    /// Whether one of the posts is an order: who fills it hears of it, and its owner only of what is pledged.
    async fn is_order(&self, posts: &[PostId]) -> bool {
        let posts = posts.to_vec();
        let order = self.store.read(move |v| {
            Ok(posts
                .iter()
                .any(|p| v.post(*p).ok().flatten().is_some_and(|p| p.order.is_some() && p.board == "orders")))
        });
        order.await.expect("a read")
    }

    /// Whether each of the two, in this order, came to hear of the other, and what was made of their texts.
    async fn told(&mut self, first: &str, second: &str) -> (Told, String) {
        self.next += 10;
        let (a, b) = (Msisdn::from_u64(8_613_800_000_000 + self.next), Msisdn::from_u64(8_613_800_000_001 + self.next));
        let (firsts, seconds) = (self.posts(a, first).await, self.posts(b, second).await);
        let hears = (!self.is_order(&firsts).await, !self.is_order(&seconds).await);
        let told = Told { heard: [self.heard(a, &seconds), self.heard(b, &firsts)], hears: [hears.0, hears.1] };
        let made = format!("    {}\n    {}", self.made_of(&firsts).await, self.made_of(&seconds).await);
        self.sent.lock().expect("not poisoned").clear();
        let over: Vec<PostId> = firsts.into_iter().chain(seconds).collect();
        self.store
            .transact(move |v| {
                let mut posts = Vec::new();
                for id in &over {
                    let mut post = (*v.post(*id)?.expect("filed")).clone();
                    post.state = PostState::Withdrawn;
                    posts.push(post);
                }
                // what the manager was asked is over as well
                let manager = v.person(Msisdn::from_u64(MANAGER))?;
                let people = manager.map(|m| Person { questions: Vec::new(), ..m }).into_iter().collect();
                Ok((Change { posts, people, ..Change::default() }, ()))
            })
            .await
            .expect("cleared");
        (told, made)
    }
}

/// Of two: who heard, and whose hearing counts where they should meet.
struct Told {
    heard: [bool; 2],
    hears: [bool; 2],
}

#[tokio::test]
async fn those_meet_who_should() {
    // while scenes are written: XIANGXUN_SCENES=FOLDER runs those of another folder, XIANGXUN_BOARD=rides those of one board
    let other = std::env::var("XIANGXUN_SCENES").ok();
    let only = std::env::var("XIANGXUN_BOARD").ok();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenes");
    let folder = other.as_ref().map_or(own, std::path::PathBuf::from);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the scenes").filter_map(Result::ok).map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let mut stage =
        Stage::new(Grammar::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar")).expect("the grammar loads"));
    let (mut pairs, mut low) = (0, Vec::new());
    let mut boards: BTreeMap<String, (i32, i32, i32)> = BTreeMap::new();
    let mut floors: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a scene");
        let scene: File = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        if only.as_ref().is_some_and(|b| *b != scene.board) {
            continue;
        }
        if scene.precision.is_some() || scene.recall.is_some() {
            let floor = (scene.precision.unwrap_or(PRECISION), scene.recall.unwrap_or(RECALL));
            floors.insert(scene.board.clone(), floor);
        }
        let (right, wrong, missed) = boards.entry(scene.board.clone()).or_default();
        for about in &scene.about {
            let all = about.meet.iter().map(|p| (p, true)).chain(about.apart.iter().map(|p| (p, false)));
            for ((a, b), meet) in all {
                pairs += 1;
                for (first, second) in [(a, b), (b, a)] {
                    // each of the two who is told, or should be, counts
                    let (Told { heard, hears }, made) = stage.told(first, second).await;
                    for (told, _) in heard.into_iter().zip(hears).filter(|(_, hears)| *hears || !meet) {
                        match (meet, told) {
                            (true, true) => *right += 1,
                            (true, false) => *missed += 1,
                            (false, true) => *wrong += 1,
                            (false, false) => {}
                        }
                    }
                    if (0..2).any(|i| heard[i] != meet && (hears[i] || !meet)) {
                        let should = if meet { "should meet" } else { "should not meet" };
                        println!("{} ({}): {should}: {first} | {second}: {heard:?}\n{made}", scene.board, about.what);
                    }
                }
            }
        }
    }
    for (board, (right, wrong, missed)) in boards {
        let share = |n: i32, of: i32| if of == 0 { 1.0 } else { f64::from(n) / f64::from(of) };
        let (precision, recall) = (share(right, right + wrong), share(right, right + missed));
        println!("== {board}: precision {precision:.3}, recall {recall:.3}");
        let (least_right, least_told) = floors.get(&board).copied().unwrap_or((PRECISION, RECALL));
        if precision < least_right || recall < least_told {
            low.push(board);
        }
    }
    assert!(pairs >= 300 || other.is_some() || only.is_some(), "{pairs} pairs");
    assert!(low.is_empty(), "below what is to hold of them: {low:?}");
}
