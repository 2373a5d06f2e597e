//! The work a message costs: reading a text, and the whole of it with ten thousand and with a million live posts.
//!
//! ```text
//! cargo bench --bench work             both, small enough for every day: 10,000 and 100,000 posts
//! cargo bench --bench work -- full     10,000 and 1,000,000 posts: minutes, and some gigabytes under the temporary folder
//! ```
//!
//! Figures of one run are compared with one another only; a line says how.

use std::sync::Arc;
use std::time::{Duration, Instant};

use xiangxun::carrier::ussd::{UssdInput, UssdKind, UssdRequest};
use xiangxun::clock::{Clock, DAY, Timestamp};
use xiangxun::command;
use xiangxun::config::{Limits, Station};
use xiangxun::grammar::{Current, Grammar};
use xiangxun::market::matching;
use xiangxun::market::{Exact, Place, PlaceCode, Post, Quantity, Ring, Shelf};
use xiangxun::message::{Mo, Msisdn, Sender};
use xiangxun::service::{Rules, Service};
use xiangxun::store::{Change, Options, Store, StoreError, View};

/// Messages measured at each size, the first two thousand to warm up.
const MESSAGES: usize = 12_000;
const CACHE: u64 = 16;
const HOME: PlaceCode = PlaceCode(522632);
const NOW: Timestamp = Timestamp(1_795_000_000_000);

/// As people write: short, long, with and without spaces, and what cannot be read.
const TEXTS: &[&str] = &[
    "卖 板蓝根 200斤",
    "收板蓝根,有多少要多少",
    "我家有两百斤天麻想卖掉,三十五块一斤,在栽麻",
    "招 采茶工10人 一天120 包吃 栽麻",
    "找活 砌砖 200以上",
    "寻 黄牛 公 右耳缺口 昨晚宰荡",
    "捡到一头水牛,在忠诚镇赶场坝",
    "807",
    "撤 807",
    "我的",
    "哪里收天麻",
    "你好",
    "TQ 12 beijing",
    "车 榕江到贵阳 明早 3座",
    "洋芋五百斤,一块二一斤,自己来拉,电话13800000000",
    "啊吧啊吧",
];

/// Items traded in the loaded market.
const ITEMS: &[&str] = &[
    "板蓝根",
    "天麻",
    "太子参",
    "钩藤",
    "玉米",
    "马铃薯",
    "白菜",
    "辣椒",
    "黄牛",
    "水牛",
    "猪",
    "山羊",
    "鸡",
    "鸭",
    "鸡蛋",
    "茶叶",
    "蜂蜜",
    "香菇",
    "木耳",
    "柑橘",
    "杨梅",
    "稻谷",
    "红薯",
    "折耳根",
];

fn main() {
    let full = std::env::args().any(|a| a == "full");
    let grammar = Grammar::built_in().expect("the grammar loads");
    reading(&grammar);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(scale(grammar, if full { 1_000_000 } else { 100_000 }));
}

fn reading(grammar: &Grammar) {
    let run = |rounds: usize| {
        let start = Instant::now();
        let mut understood = 0;
        for n in 0..rounds {
            let reading = command::read(grammar, HOME, NOW, TEXTS[n % TEXTS.len()]);
            understood += usize::from(reading.reason.is_none());
        }
        (start.elapsed(), understood)
    };
    run(2_000);
    let rounds = 100_000;
    let (took, understood) = run(rounds);
    println!(
        "reading: {:.0} texts/s on one core ({:.1} µs each; {:.0} % of them commands)",
        rounds as f64 / took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / rounds as f64,
        understood as f64 * 100.0 / rounds as f64
    );
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }
}

async fn scale(grammar: Grammar, large: usize) {
    // 300 counties that have towns, as a province and its neighbours have
    let towns: Vec<PlaceCode> =
        (0..300u64).flat_map(|c| (0..20u64).map(move |t| PlaceCode((520_101 + c) * 1000 + 100 + t))).collect();
    let grammar = Current::new(grammar);
    let mut costs = Vec::new();
    for posts in [10_000, large] {
        let dir = tempfile::tempdir().expect("a folder");
        let url = format!("sled:{}", dir.path().join("data").display());
        let (store, _) =
            Store::open(&url, Options { cache_bytes: CACHE << 20, ..Options::default() }).expect("a store");
        let loading = Instant::now();
        load(&store, &grammar.get(), &towns, posts).await;
        let loaded = loading.elapsed();
        let before = store.stats();
        let (wall, cpu) = messages(&store, &grammar, &towns).await;
        let after = store.stats();
        let each = |a: u64, b: u64| (b - a) as f64 / MESSAGES as f64;
        let written = each(before.journal_bytes, after.journal_bytes);
        let (lists, read) = looked_at(&store, &grammar, &towns).await;
        let disk = folder_bytes(dir.path());
        println!(
            "{posts} live posts: {:.1} µs a message ({:.1} µs CPU), loaded in {:.1} s, {:.0} MB on disk, {:.0} MB resident",
            wall.as_secs_f64() * 1e6,
            cpu.as_secs_f64() * 1e6,
            loaded.as_secs_f64(),
            disk as f64 / 1e6,
            resident_mb()
        );
        println!("    counted: {lists:.1} lists and {read:.1} posts read, {written:.0} bytes journalled a message");
        let screens = dialogues(&store, &grammar, &towns).await;
        let at = |percent: usize| screens[(screens.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        println!(
            "    USSD, 64 at once: half within {:.1} ms, 99 % within {:.1} ms, all within {:.1} ms",
            at(50),
            at(99),
            at(100)
        );
        costs.push((cpu, lists + read, written));
        store.close().await;
    }
    let ((cpu_a, read_a, written_a), (cpu_b, read_b, written_b)) = (costs[0], costs[1]);
    println!(
        "{large} posts against 10000: {:.2} times the CPU, {:.2} times what is read, {:.2} times what is written",
        cpu_b.as_secs_f64() / cpu_a.as_secs_f64(),
        read_b / read_a,
        written_b / written_a
    );
}

async fn load(store: &Store, grammar: &Grammar, towns: &[PlaceCode], posts: usize) {
    let mut chance = Chance(7);
    let mut made = 0;
    while made < posts {
        let batch: Vec<Post> =
            (0..100.min(posts - made)).map(|k| post(grammar, &mut chance, towns, made + k)).collect();
        made += batch.len();
        let change = Change { posts: batch, ..Change::default() };
        loop {
            let change = change.clone();
            let decide = move |_: &dyn View| Ok((change.clone(), ()));
            match store.transact(decide).await {
                Ok(()) => break,
                Err(StoreError::Busy) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(e) => panic!("{e}"),
            }
        }
    }
}

fn post(grammar: &Grammar, chance: &mut Chance, towns: &[PlaceCode], n: usize) -> Post {
    let item = ITEMS[chance.below(ITEMS.len())];
    let side = if chance.below(2) == 0 { "sell" } else { "buy" };
    Post {
        board: "trade".into(),
        side: side.into(),
        shelf: Shelf { offers: side == "sell", ..Shelf::default() },
        station: "s".into(),
        cause: 1,
        item: Some(item.into()),
        item_said: Some(item.into()),
        nodes: grammar.items.path(item),
        quantity: Some(Quantity {
            amount: Exact::from_integer(1 + chance.below(500) as i64),
            max: None,
            unit: "斤".into(),
            approx: false,
        }),
        place: Place { code: towns[chance.below(towns.len())], name: "某镇".into() },
        reach: Ring::Province,
        until: NOW.plus(30 * DAY),
        ..Post::new(101 + n as u64, Msisdn::from_u64(8_613_000_000_000 + n as u64), NOW)
    }
}

/// The service of 300 stations over a store.
fn service(store: &Store, grammar: &Current, towns: &[PlaceCode]) -> Service {
    let stations = (0..300)
        .map(|n| {
            let key = format!("s{n:03}");
            let (name, place) = ("信息站".to_string(), towns[n * 20]);
            (
                key.clone(),
                Station {
                    key,
                    name,
                    place,
                    short_codes: vec![format!("1069{n:04}")],
                    managers: vec![],
                    market_days: None,
                    routes: Vec::new(),
                    ussd_code: None,
                },
            )
        })
        .collect();
    let limits = Limits { quiet_hours: String::new(), pushes_per_day: 0, posts_per_day: 0, retention_days: 0 };
    let rules = Rules { stations, limits, carrier_station: Default::default(), lines: Default::default() };
    Service::new(store.clone(), Clock::virtual_at(NOW), grammar.clone(), rules, Arc::new(|_| ()))
}

/// The mean cost of one message of a new phone somewhere in the province: wall clock at 64 at once, and CPU.
async fn messages(store: &Store, grammar: &Current, towns: &[PlaceCode]) -> (Duration, Duration) {
    let service = service(store, grammar, towns);
    let run = async |from: usize, count: usize| {
        let mut under_way = tokio::task::JoinSet::new();
        for n in from..from + count {
            let mo = Mo {
                carrier: "k".into(),
                mo_id: Some(format!("m{n}")),
                from: Sender::Phone(Msisdn::from_u64(8_615_000_000_000 + n as u64)),
                to: format!("1069{:04}", n % 300),
                text: format!("{} {} {}斤", if n % 2 == 0 { "卖" } else { "收" }, ITEMS[n % ITEMS.len()], n % 100 + 1),
                sent_at: None,
                part: None,
            };
            let service = service.clone();
            under_way.spawn(async move { service.accept(mo).await.expect("accepted") });
            if under_way.len() >= 64 {
                under_way.join_next().await;
            }
        }
        under_way.join_all().await;
    };
    run(0, 2_000).await;
    let (start, cpu) = (Instant::now(), cpu_time());
    run(2_000, MESSAGES - 2_000).await;
    let count = MESSAGES as u32 - 2_000;
    (start.elapsed() / count, (cpu_time() - cpu) / count)
}

/// How long a screen of USSD takes until it is on disk, each call, sorted: dialogues that file a post, 64 at once.
async fn dialogues(store: &Store, grammar: &Current, towns: &[PlaceCode]) -> Vec<Duration> {
    const TYPED: [&str; 6] = ["", "1", "板蓝根", "200", "3.5", "1"];
    let service = service(store, grammar, towns);
    let (mut under_way, mut took) = (tokio::task::JoinSet::new(), Vec::new());
    for n in 0..1_000_u64 {
        let service = service.clone();
        under_way.spawn(async move {
            let mut took = Vec::new();
            for (order, typed) in (1..).zip(TYPED) {
                let call = UssdRequest {
                    carrier: "k".into(),
                    session: format!("s{n}"),
                    from: Sender::Phone(Msisdn::from_u64(8_617_000_000_000 + n)),
                    service_code: "*123#".into(),
                    kind: if order == 1 { UssdKind::Begin } else { UssdKind::Continue },
                    input: UssdInput::Step(typed.into()),
                    order: Some(order),
                };
                let start = Instant::now();
                service.dial(call).await.expect("a screen");
                took.push(start.elapsed());
            }
            took
        });
        if under_way.len() >= 64 {
            took.extend(under_way.join_next().await.into_iter().flatten().flatten());
        }
    }
    took.extend(under_way.join_all().await.into_iter().flatten());
    took.sort();
    took
}

/// Lists and posts that a new post looks at, on average: what the service does, counted.
async fn looked_at(store: &Store, grammar: &Current, towns: &[PlaceCode]) -> (f64, f64) {
    let (grammar, towns) = (grammar.get(), towns.to_vec());
    let counted = move |view: &dyn View| {
        let (mut lists, mut read) = (0usize, 0usize);
        let mut chance = Chance(11);
        for n in 0..1_000 {
            let new = post(&grammar, &mut chance, &towns, 10_000_000 + n);
            let (board, side) = grammar
                .boards
                .get(&new.board)
                .and_then(|b| Some((b, b.side(&new.side)?)))
                .expect("the trade board has both sides");
            let terms = xiangxun::service::post::rules(&grammar.boards, board, side);
            let mut met = 0;
            for ring in matching::lists(&new, &terms) {
                for key in ring {
                    lists += 1;
                    for id in view.ring(&key, xiangxun::service::post::CANDIDATES_PER_LIST)? {
                        read += 1;
                        let other = view.post(id)?;
                        let units = &grammar.units;
                        let fits = |o: &Post| matching::fit(&new, o, &terms, &|a, b| units.ratio(a, b), NOW).is_some();
                        met += usize::from(other.is_some_and(|o| fits(&o)));
                    }
                }
                if met >= xiangxun::service::post::KEPT_MATCHES {
                    break;
                }
            }
        }
        Ok((lists as f64 / 1_000.0, read as f64 / 1_000.0))
    };
    store.read(counted).await.expect("the store reads")
}

/// User and system time of this process.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().filter_map(|i| fields.get(*i)?.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn folder_bytes(dir: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    entries.map(|e| if e.path().is_dir() { folder_bytes(&e.path()) } else { e.metadata().map_or(0, |m| m.len()) }).sum()
}
