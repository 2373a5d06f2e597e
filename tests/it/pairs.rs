//! A thousand complementary pairs at the same instant, from many connections: each is told exactly once per side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xiangxun::clock::Timestamp;
use xiangxun::command::{self, Intent};
use xiangxun::grammar::Grammar;
use xiangxun::market::PlaceCode;

use super::daemon::{Daemon, Setup, Smsbox};

const PAIRS: usize = 1000;
const CONNECTIONS: usize = 64;

fn seller(n: usize) -> String {
    format!("+86137{n:08}")
}

fn buyer(n: usize) -> String {
    format!("+86136{n:08}")
}

/// Things that only one pair trades each: of the lexicon, none a kind of another, and read as written.
fn things() -> Vec<String> {
    let g = Grammar::built_in().expect("the grammar loads");
    let names: Vec<String> = g.items.iter().map(|i| i.name.clone()).collect();
    let above: BTreeSet<String> = names.iter().flat_map(|n| g.items.path(n).into_iter().skip(1)).collect();
    let as_written = |text: String, intent: Intent, name: &str| {
        let r = command::read(&g, PlaceCode(522632), Timestamp(1_795_000_000_000), &text);
        r.intent == intent && !r.unsure && r.item.is_some_and(|i| i.name == *name)
    };
    let mut things: Vec<String> = names.into_iter().filter(|n| !above.contains(n)).collect();
    things.retain(|n| {
        as_written(format!("卖 {n} 7斤"), Intent::Sell, n) && as_written(format!("收 {n}"), Intent::Buy, n)
    });
    things.sort();
    assert!(things.len() >= PAIRS, "the lexicon has only {} such things", things.len());
    things.truncate(PAIRS);
    things
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_pair_is_told_once_per_side() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let setup = Setup::new(&smsbox.url).extra("[limits]\nquiet_hours = \"\"\n");
    let daemon = Arc::new(Daemon::start(dir.path(), &setup).await);
    let things = Arc::new(things());
    let gate = Arc::new(tokio::sync::Barrier::new(CONNECTIONS));
    let mut lines = Vec::new();
    for c in 0..CONNECTIONS {
        let (daemon, gate, things) = (daemon.clone(), gate.clone(), things.clone());
        lines.push(tokio::spawn(async move {
            gate.wait().await;
            // both sides of a pair come in on different connections in the same moment
            for n in (c / 2..PAIRS).step_by(CONNECTIONS / 2) {
                if c % 2 == 0 {
                    daemon.text(&format!("s{n}"), &seller(n), &format!("卖 {} {}斤", things[n], n + 1)).await;
                } else {
                    daemon.text(&format!("b{n}"), &buyer(n), &format!("收 {}", things[n])).await;
                }
            }
        }));
    }
    for l in lines {
        l.await.expect("a line");
    }
    // Who came first is answered, then told; who came second is told in the answer.
    let wanted = 3 * PAIRS;
    let caught = smsbox.until("three texts a pair", |all| all.len() >= wanted).await;
    let daemon = Arc::into_inner(daemon).expect("nobody else has it");
    assert!(daemon.terminate());
    assert_eq!(smsbox.caught().len(), wanted, "nothing came after that");
    let mut by_phone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for mt in &caught {
        by_phone.entry(&mt.to).or_default().push(&mt.text);
    }
    // every number that stands before a 号
    let numbers = |text: &str| -> Vec<u64> {
        let before = text.split('号').map(|part| part.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
        let mut found: Vec<u64> = before.filter_map(|digits| digits.parse().ok()).collect();
        found.dedup();
        found
    };
    for n in 0..PAIRS {
        let (s, b) = (seller(n), buyer(n));
        let own = |texts: &[&str]| numbers(texts[0])[0];
        let (sold, bought) = (own(&by_phone[s.as_str()]), own(&by_phone[b.as_str()]));
        for (phone, other) in [(&s, bought), (&b, sold)] {
            let told = by_phone[phone.as_str()].iter().filter(|t| numbers(t).contains(&other)).count();
            assert_eq!(told, 1, "pair {n}: {phone} of {other}: {:#?}", by_phone[phone.as_str()]);
        }
    }
}
