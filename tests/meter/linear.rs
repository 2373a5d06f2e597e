//! That the cost of reading grows with the length of a text and nothing else: steps and bytes, counted rather than timed, for
//! shapes that tempt a parser to look back or ahead. `tests/all.sh` runs it; by hand:
//!
//! ```text
//! RUSTC_WORKSPACE_WRAPPER=$PWD/tests/meter/instrument cargo run --example linear
//! ```

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use meter::Cost;
use shapes::Shape;
use unicode_normalization::UnicodeNormalization as _;
use xiangxun::clock::Timestamp;
use xiangxun::command::{MOST_CHARS, read};
use xiangxun::grammar::Grammar;
use xiangxun::market::PlaceCode;

#[path = "../it/shapes.rs"]
mod shapes;

#[global_allocator]
static ALLOCATOR: meter::Counting = meter::Counting;

const HOME: PlaceCode = PlaceCode(522_632);
const NOW: Timestamp = Timestamp(1_795_222_800_000);

/// Characters of a short text; of one in which no rule's sight ends at the text's own ends; of the longest that is read
/// whole; and of one far beyond that.
const SHORT: usize = 100;
const MEDIUM: usize = 500;
const LONG: usize = MOST_CHARS;
const ENDLESS: usize = 10_000;
/// A long text may cost as many times a medium one as it is longer, and this much more in a hundred: its pieces are not all
/// alike, and a few rules look through the whole text for each of its verbs, which only the limit to what is read bounds.
/// (Were all of them so, it would be three hundred more.) The endless one costs less than a hundred short ones.
const SLACK: u64 = 80;

/// The most bytes that reading holds for each character, once a character that stands for several is written out.
const BYTES_A_CHARACTER: u64 = 256;

fn main() -> ExitCode {
    let grammar = Grammar::built_in().expect("the grammar loads");
    read(&grammar, HOME, NOW, "卖板蓝根200斤");
    let shapes = shapes::all(&grammar);
    let next = AtomicUsize::new(0);
    let measured = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((n, shape)) =
                    shapes.get(next.fetch_add(1, Ordering::Relaxed)).map(|s| (s.name.clone(), s))
                {
                    let line = measure(&grammar, shape);
                    measured.lock().expect("no measuring failed").push((n, line));
                }
            });
        }
    });
    let mut measured = measured.into_inner().expect("no measuring failed");
    measured.sort_by(|(a, _), (b, _)| a.cmp(b));
    println!(
        "for {MEDIUM} and for {LONG} characters, and how many times: steps; the most bytes held; steps for {ENDLESS} as times those for {SHORT}"
    );
    let mut wrong = Vec::new();
    for (name, m) in &measured {
        let times = |short: u64, long: u64| long as f64 / short as f64;
        println!(
            "{:>9} {:>11} {:>6.1}   {:>8} {:>9} {:>6.1}   {:>6.1}   {name}",
            m.medium.steps,
            m.long.steps,
            times(m.medium.steps, m.long.steps),
            m.medium.peak,
            m.long.peak,
            times(m.medium.peak, m.long.peak),
            times(m.short.steps, m.endless.steps),
        );
        let most = |medium: u64| medium * (LONG / MEDIUM) as u64 * (100 + SLACK) / 100;
        if m.long.steps > most(m.medium.steps) {
            wrong.push(format!("{name}: {} steps, no more than {} are linear", m.long.steps, most(m.medium.steps)));
        }
        if m.long.peak > most(m.medium.peak) {
            wrong.push(format!("{name}: {} bytes, no more than {} are linear", m.long.peak, most(m.medium.peak)));
        }
        let hundredfold = |short: u64| short * (ENDLESS / SHORT) as u64;
        if m.endless.steps > hundredfold(m.short.steps) || m.endless.peak > hundredfold(m.short.peak) {
            wrong.push(format!("{name}: {} steps and {} bytes without end", m.endless.steps, m.endless.peak));
        }
        if m.long.peak > m.written_out * BYTES_A_CHARACTER {
            wrong.push(format!("{name}: {} bytes for {} characters written out", m.long.peak, m.written_out));
        }
    }
    wrong.iter().for_each(|w| eprintln!("{w}"));
    println!("{} shapes, {} faults", measured.len(), wrong.len());
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Measured {
    short: Cost,
    medium: Cost,
    long: Cost,
    endless: Cost,
    /// Characters of the long text in their plain form: `ﷺ` is eighteen.
    written_out: u64,
}

fn measure(grammar: &Grammar, shape: &Shape) -> Measured {
    let cost = |text: &str| meter::cost(|| read(grammar, HOME, NOW, text)).1;
    let endless = cost(&shape.text(ENDLESS));
    let mean = |chars: usize| {
        let pieces: Vec<Cost> = shape.pieces(chars, LONG / chars).iter().map(|text| cost(text)).collect();
        let of = |of: fn(&Cost) -> u64| pieces.iter().map(of).sum::<u64>() / pieces.len() as u64;
        Cost { steps: of(|c| c.steps), peak: of(|c| c.peak), ..pieces[0] }
    };
    let (short, medium) = (mean(SHORT), mean(MEDIUM));
    assert!(
        short.steps > 1_000,
        "hardly a step is counted: this is compiled through tests/meter/instrument, see its head"
    );
    let text = shape.text(LONG);
    Measured { short, medium, long: cost(&text), endless, written_out: text.nfkc().count() as u64 }
}
