//! What the language costs: texts a second beside a plain way of doing it, a long text beside a short one, the memory of the
//! grammar, and the start of the program.
//!
//! ```text
//! cargo bench --bench language
//! ```
//!
//! Two things that are compared run in turn, round after round, and it is the ratio of each round that counts.

use std::hint::black_box;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use regex::{Regex, RegexSet};
use xiangxun::clock::Timestamp;
use xiangxun::command::{Intent, read};
use xiangxun::grammar::Grammar;
use xiangxun::grammar::lexicon::{Force, Sense};
use xiangxun::market::PlaceCode;

#[path = "../it/shapes.rs"]
mod shapes;

#[global_allocator]
static ALLOCATOR: meter::Counting = meter::Counting;

const HOME: PlaceCode = PlaceCode(522_632);
const NOW: Timestamp = Timestamp(1_795_222_800_000);
const ROUNDS: usize = 15;

fn main() {
    let before = resident_mb();
    let (grammar, cost) = meter::cost(|| Grammar::built_in().expect("the grammar loads"));
    println!(
        "grammar: {:.1} MB held of {:.1} MB at most while loading; the process grew from {before:.1} to {:.1} MB resident (aim: 60 MB)",
        cost.kept as f64 / 1e6,
        cost.peak as f64 / 1e6,
        resident_mb()
    );
    println!(
        "    {} items, {} places, {} words",
        grammar.items.iter().count(),
        grammar.places.len(),
        grammar.lexicon.words.len()
    );
    start();
    speed(&grammar);
    length(&grammar);
}

/// From starting the program to its answer for one line.
fn start() {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            let mut child = Command::new(env!("CARGO_BIN_EXE_xiangxun"))
                .arg("parse")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("the program starts");
            child.stdin.take().expect("its input").write_all("卖板蓝根200斤3块5\n".as_bytes()).expect("it reads");
            let out = child.wait_with_output().expect("it ends");
            assert!(String::from_utf8_lossy(&out.stdout).contains("sell"), "it answers");
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    println!("start: {} ms for `parse` of one line (aim: 300 ms)", spread(&mut times));
}

fn speed(grammar: &Grammar) {
    let texts = texts();
    let plain = Plain::of(grammar);
    let reading = || texts.iter().filter(|t| read(grammar, HOME, NOW, t).intent != Intent::Unknown).count();
    let matching = || texts.iter().filter(|t| plain.finds(t)).count();
    let (mut rates, mut plain_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    black_box(reading());
    black_box(matching());
    for _ in 0..ROUNDS {
        let (a, b) = (busy(reading), busy(matching));
        rates.push(texts.len() as f64 / a.as_secs_f64());
        plain_rates.push(texts.len() as f64 / b.as_secs_f64());
        ratios.push(b.as_secs_f64() / a.as_secs_f64());
    }
    println!("reading: {} texts/s on one core, the {} texts of fixtures/texts", spread(&mut rates), texts.len());
    println!("    keywords, amounts and prices by regex: {} texts/s", spread(&mut plain_rates));
    println!("    reading does {} times as many a second", spread(&mut ratios));
}

/// What one would write without a grammar: a set of one expression an intent, all its words in it, then amount and price.
/// It knows no item, no place, no day and no word order.
struct Plain {
    intents: RegexSet,
    amount: Regex,
    price: Regex,
}

impl Plain {
    fn of(grammar: &Grammar) -> Plain {
        let mut intents: Vec<(Intent, Vec<String>)> = Vec::new();
        let mut units = Vec::new();
        for (text, word) in grammar.lexicon.texts() {
            for sense in &word.senses {
                match sense {
                    Sense::Verb(intent, Force::Strong | Force::Hint | Force::Head | Force::Post) => {
                        match intents.iter_mut().find(|(i, _)| i == intent) {
                            Some((_, words)) => words.push(regex::escape(text)),
                            None => intents.push((*intent, vec![regex::escape(text)])),
                        }
                    }
                    Sense::Unit(_) => units.push(regex::escape(text)),
                    _ => {}
                }
            }
        }
        let number = "([0-9]+(?:[.][0-9]+)?|[零一二两三四五六七八九十百千万半几]+)";
        let expect = "the expression is well-formed";
        Plain {
            intents: RegexSet::new(intents.iter().map(|(_, words)| words.join("|"))).expect(expect),
            amount: Regex::new(&format!("{number} *({})", units.join("|"))).expect(expect),
            price: Regex::new(&format!("{number} *(?:块|元)([0-9一二三四五六七八九半])?")).expect(expect),
        }
    }

    fn finds(&self, text: &str) -> bool {
        let intents = self.intents.matches(text);
        let amount = self.amount.captures(text).map(|c| (c[1].len(), c[2].len()));
        let price = self.price.captures(text).map(|c| c[1].len());
        black_box((amount, price));
        intents.matched_any()
    }
}

/// Ten thousand characters beside a hundred, for every shape that `tests/meter/linear.rs` counts.
fn length(grammar: &Grammar) {
    let mut worst: Vec<(f64, String, f64)> = Vec::new();
    for shape in shapes::all(grammar) {
        let (short, long) = (shape.pieces(100, 100), shape.text(10_000));
        // The least of several runs in turn.
        let (mut hundred, mut one) = (Duration::MAX, Duration::MAX);
        for _ in 0..7 {
            // a hundred short ones take as long as a timer can tell
            let short =
                || (0..100).map(|n| read(grammar, HOME, NOW, &short[n % short.len()]).also.len()).sum::<usize>();
            hundred = hundred.min(busy(short));
            one = one.min(busy(|| read(grammar, HOME, NOW, &long).also.len()));
        }
        worst.push((one.as_secs_f64() / hundred.as_secs_f64() * 100.0, shape.name, one.as_secs_f64() * 1e3));
    }
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    let slowest = worst.iter().max_by(|a, b| a.2.total_cmp(&b.2)).expect("there are shapes");
    println!(
        "length: 10,000 characters take at most so many times as long as 100 (aim: 100), of {} shapes:",
        worst.len()
    );
    for (ratio, name, ms) in worst.iter().take(6) {
        println!("    {ratio:6.1} times, {ms:6.2} ms: {name}");
    }
    println!("    the longest take {:.2} ms: {}", slowest.2, slowest.1);
}

fn texts() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/texts");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("fixtures").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let table: toml::Table = std::fs::read_to_string(file).expect("a file").parse().expect("TOML");
        let cases = table["case"].as_array().expect("cases");
        all.extend(cases.iter().filter_map(|c| Some(c.get("text")?.as_str()?.to_string())));
    }
    all
}

/// Time that this thread was on a core: on a machine with other work a wall clock tells of that.
fn busy<T>(work: impl FnOnce() -> T) -> Duration {
    let on_core = || {
        // the kernel brings its account up to date when a thread gives way
        std::thread::yield_now();
        let all = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
        Duration::from_nanos(all.split_whitespace().next().and_then(|n| n.parse().ok()).expect("nanoseconds"))
    };
    let begun = on_core();
    black_box(work());
    on_core() - begun
}

fn median(all: &mut [f64]) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// The middle of several runs, with the least and the most.
fn spread(all: &mut [f64]) -> String {
    let middle = median(all);
    let digits = if middle < 10.0 { 2 } else { 0 };
    format!("{middle:.digits$} ({:.digits$} to {:.digits$})", all[0], all[all.len() - 1])
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
