//! A thousand complementary pairs at the same instant, from many connections: each is told exactly once per side.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::daemon::{Daemon, Setup, Smsbox};

const PAIRS: usize = 1000;
const CONNECTIONS: usize = 64;

fn seller(n: usize) -> String {
    format!("+86137{n:08}")
}

fn buyer(n: usize) -> String {
    format!("+86136{n:08}")
}

/// A thing that only one pair trades: words of two characters that mean nothing, so that no lexicon helps.
fn thing(n: usize) -> String {
    let signs: Vec<char> = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午申酉戌亥坤坎离震艮巽兑鼎斝觚簋".chars().collect();
    let k = signs.len();
    [signs[n % k], signs[n / k % k]].iter().chain(&['宝', '罗', '菇']).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_pair_is_told_once_per_side() {
    let dir = tempfile::tempdir().expect("a folder");
    let smsbox = Smsbox::start().await;
    let setup = Setup::new(&smsbox.url).extra("[limits]\nquiet_hours = \"\"\n");
    let daemon = Arc::new(Daemon::start(dir.path(), &setup).await);
    let gate = Arc::new(tokio::sync::Barrier::new(CONNECTIONS));
    let mut lines = Vec::new();
    for c in 0..CONNECTIONS {
        let (daemon, gate) = (daemon.clone(), gate.clone());
        lines.push(tokio::spawn(async move {
            gate.wait().await;
            // both sides of a pair come in on different connections in the same moment
            for n in (c / 2..PAIRS).step_by(CONNECTIONS / 2) {
                if c % 2 == 0 {
                    daemon.text(&format!("s{n}"), &seller(n), &format!("卖 {} {}斤", thing(n), n + 1)).await;
                } else {
                    daemon.text(&format!("b{n}"), &buyer(n), &format!("收 {}", thing(n))).await;
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
    let numbers = |text: &str| -> Vec<u64> {
        let runs = text.split(|c: char| !c.is_ascii_digit() && c != '号');
        let mut found: Vec<u64> = runs.filter_map(|r| r.strip_suffix('号')).filter_map(|r| r.parse().ok()).collect();
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
