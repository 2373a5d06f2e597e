//! `xiangxun phone`: the real binary with its input and output in pipes, against the real daemon.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::daemon::{Daemon, Setup};

const PATIENCE: Duration = Duration::from_secs(60);
/// News of matches must not wait for the morning.
const PHONES: &str = "[[carrier]]\nname = \"hand\"\nkind = \"phone\"\ntoken = \"t-1\"\n[limits]\nquiet_hours = \"\"\n";

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xiangxun"));
    command.arg("phone").args(args).env_remove("XIANGXUN_CONFIG").current_dir(std::env::temp_dir());
    command
}

fn ended(args: &[&str]) -> (bool, String) {
    let Output { status, stderr, .. } = command(args).stdin(Stdio::null()).output().expect("it runs");
    (status.success(), String::from_utf8_lossy(&stderr).into_owned())
}

/// A phone that is on.
struct Handset {
    child: Child,
    keys: ChildStdin,
    lines: Receiver<String>,
}

impl Handset {
    /// Switches it on and waits until it has signal.
    fn on(url: &str, number: &str) -> Handset {
        let mut child = command(&["--url", url, "--number", number])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (out, keys) = (child.stdout.take().expect("its output"), child.stdin.take().expect("its input"));
        let (line, lines) = channel();
        std::thread::spawn(move || {
            for said in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = line.send(said);
            }
        });
        let handset = Handset { child, keys, lines };
        let hello = handset.says(number);
        assert!(hello.starts_with("榕江县信息站 1069012345 · "), "{hello}");
        handset
    }

    fn types(&mut self, text: &str) {
        writeln!(self.keys, "{text}").expect("it takes what is typed");
    }

    /// The next line that holds `what`.
    #[track_caller]
    fn says(&self, what: &str) -> String {
        let mut passed = String::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(what) => return line,
                Ok(line) => passed += &format!("{line}\n"),
                Err(_) => panic!("it never said `{what}`, but:\n{passed}"),
            }
        }
    }

    fn goes_off(mut self) -> bool {
        drop(self.keys);
        self.child.wait().expect("it ends").success()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_in_a_pipe_texts_and_hears() {
    let dir = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(dir.path(), &Setup::new("http://127.0.0.1:9/").extra(PHONES)).await;
    let mut seller = Handset::on(&daemon.base, "13800000001");
    seller.types("卖 板蓝根 200斤");
    assert!(seller.says("< 1069012345: ").contains("已登记101号"));
    let mut buyer = Handset::on(&daemon.base, "13800000002");
    buyer.types("收 板蓝根 500斤");
    assert!(buyer.says("< 1069012345: ").contains("101号"));
    assert!(seller.says("< 1069012345: ").contains("102号"), "the news comes without asking");
    buyer.types("/nothing");
    buyer.says("没有这个命令");
    buyer.types("/cut");
    buyer.says("没有拨通的菜单");
    buyer.types("/help");
    buyer.says("/quit");
    buyer.types("/quit");
    assert!(buyer.goes_off());
    // the input ends behind a text: its answer is waited for
    seller.types("我的");
    let Handset { mut child, keys, lines } = seller;
    drop(keys);
    assert!(child.wait().expect("it ends").success());
    let rest: Vec<String> = lines.iter().collect();
    assert!(rest.iter().any(|l| l.contains("101号")), "{rest:?}");
    daemon.until_metric("xiangxun_mt_total", "outcome=\"delivered\"", 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_in_a_pipe_dials_posts_is_cut_off_and_goes_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(dir.path(), &Setup::new("http://127.0.0.1:9/").extra(PHONES)).await;
    let mut seller = Handset::on(&daemon.base, "13800000001");
    seller.types("*123#");
    assert!(seller.says("[*123#] ").contains("1卖 2买"));
    seller.types("1");
    seller.says("卖什么");
    seller.types("板蓝根");
    seller.says("多少");
    seller.types("/cut");
    seller.says("[断线] 信号断了");
    seller.types("*123#");
    seller.says("上次卖板蓝根填到数量");
    seller.types("1");
    seller.says("多少");
    seller.types("200斤");
    seller.says("多少钱");
    seller.types("3块5");
    seller.says("卖板蓝根200斤3.5元/斤");
    seller.types("1");
    seller.says("已登记101号");
    seller.types("/end");
    seller.says("[挂断]");
    // dialled with answers behind the code
    let mut buyer = Handset::on(&daemon.base, "13800000002");
    buyer.types("*123*2#");
    buyer.says("买什么");
    buyer.types("/end");
    buyer.says("[挂断]");
    // with the menu closed a text is a text again
    buyer.types("收 板蓝根 500斤");
    assert!(buyer.says("< 1069012345: ").contains("101号"));
    assert!(seller.says("< 1069012345: ").contains("102号"), "who posted from the menu hears by text");
    assert!(seller.goes_off() && buyer.goes_off());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_there_is_no_phone_is_said_in_one_line() {
    let free = super::daemon::free_port();
    let (well, why) = ended(&["--url", &format!("http://127.0.0.1:{free}")]);
    assert!(
        !well && why.starts_with(&format!("no daemon answers at http://127.0.0.1:{free}: cannot connect")),
        "{why}"
    );
    assert!(why.trim_end().ends_with("start it with: xiangxun serve") && why.lines().count() == 1, "{why}");
    let dir = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(dir.path(), &Setup::new("http://127.0.0.1:9/")).await;
    let there = format!("the daemon at {} has no carrier of kind phone, so there is no phone to use\n", daemon.base);
    assert_eq!(ended(&["--url", &daemon.base]), (false, there));
    let (well, why) = ended(&["--number", "12"]);
    assert!(!well && why.contains("no number of a mobile phone"), "{why}");
}
