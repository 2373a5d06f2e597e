//! The binary as an operator meets it: `check`, the demo, signals, and what it says when it cannot start.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use xiangxun::config::{CarrierConfig, Config};

/// Nothing takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(60);

const SOUND: &str = r#"[server]
listen = "127.0.0.1:0"
[store]
url = "sled:data"
[station.rongjiang]
name = "榕江县信息站"
place = "522632"
short_codes = ["1069012345"]
[[carrier]]
name = "mobile"
kind = "kannel"
token = "token-of-mobile"
send_url = "http://127.0.0.1:9/cgi-bin/sendsms"
username = "u"
password = "pa55word"
"#;

fn xiangxun(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xiangxun"));
    command.current_dir(dir).stdin(Stdio::null()).env_remove("XIANGXUN_CONFIG");
    command
}

fn folder(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    if !config.is_empty() {
        std::fs::write(dir.path().join("xiangxun.toml"), config).unwrap();
    }
    dir
}

fn texts(out: &Output) -> (String, String) {
    (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned())
}

/// A running daemon and the lines it has not yet been asked about.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(dir: &Path, env: &[(&str, &str)]) -> Running {
        let mut child =
            xiangxun(dir).envs(env.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (line, lines) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let streams: [Box<dyn Read + Send>; 2] = [Box::new(out), Box::new(err)];
        for stream in streams {
            let line = line.clone();
            std::thread::spawn(move || {
                for text in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = line.send(text);
                }
            });
        }
        Running { child, lines }
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

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn ends(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(address: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn check_prints_what_to_enter_at_each_carrier() {
    let dir = folder(&SOUND.replace("127.0.0.1:0", "127.0.0.1:8080"));
    let out = xiangxun(dir.path()).arg("check").output().unwrap();
    let (said, faults) = texts(&out);
    assert!(out.status.success(), "{faults}");
    for part in
        ["xiangxun.toml", "built in", "榕江县信息站", "mobile (kannel), 20 texts a second", "/carriers/mobile/mo?"]
    {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(!said.contains("pa55word") && !said.contains("token-of-mobile"), "{said}");
    assert!(said.contains("mo?token=<the carrier's token>&") && said.contains("--show-secrets"), "{said}");
    let out = xiangxun(dir.path()).args(["check", "--show-secrets"]).output().unwrap();
    let (said, _) = texts(&out);
    assert!(said.contains("mo?token=token-of-mobile&") && !said.contains("pa55word"), "{said}");
}

#[test]
fn what_turns_out_wrong_at_the_start_names_its_key_too() {
    let grammar = |dir: &str| SOUND.replace("[store]", &format!("grammar = \"{dir}\"\n[store]"));
    for (config, says) in [
        (
            SOUND.replace("\"522632\"", "\"999999\""),
            "xiangxun.toml:7: station.rongjiang.place is 999999, which is no division",
        ),
        (grammar("nowhere"), "xiangxun.toml:3: server.grammar names nowhere, which cannot be read"),
        (grammar("."), "xiangxun.toml:3: server.grammar names ., which holds no boards"),
    ] {
        let dir = folder(&config);
        for command in ["check", "serve"] {
            let out = xiangxun(dir.path()).arg(command).output().unwrap();
            let (said, faults) = texts(&out);
            assert_eq!((out.status.code(), said.as_str()), (Some(1), ""), "{faults}");
            assert!(faults.lines().any(|l| l.starts_with(says)), "{command}: {faults}");
        }
        assert!(!dir.path().join("data").exists(), "nothing was begun");
    }
    // a file where the folder of the store should be
    let dir = folder(&SOUND.replace("sled:data", "sled:xiangxun.toml"));
    let out = xiangxun(dir.path()).output().unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(texts(&out).1.contains("xiangxun.toml:4: store.url is of no use: cannot write to"), "{}", texts(&out).1);
    // who reads JSON reads nothing else
    let out = xiangxun(dir.path()).env("XIANGXUN__LOG__FORMAT", "json").output().unwrap();
    let faults = texts(&out).1;
    assert!(faults.lines().all(|l| serde_json::from_str::<serde_json::Value>(l).is_ok()), "{faults}");
    assert!(faults.contains("cannot start"), "{faults}");
}

#[test]
fn an_export_that_is_cut_short_or_touched_is_refused() {
    let dir = folder(SOUND);
    let run = |words: &[&str]| {
        let out = xiangxun(dir.path()).env("XIANGXUN__STORE__URL", "sled:fresh").args(words).output().unwrap();
        (out.status.code(), texts(&out).1)
    };
    let (code, said) = run(&["export", "none.ndjson"]);
    assert!(code == Some(1) && said.contains("there is no store"), "{said}");
    let daemon = Running::start(dir.path(), &[("XIANGXUN__STORE__URL", "sled:source")]);
    daemon.says("listening on ");
    daemon.signal("TERM");
    daemon.says("stopped");
    drop(daemon);
    let out = xiangxun(dir.path())
        .env("XIANGXUN__STORE__URL", "sled:source")
        .args(["export", "all.ndjson"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", texts(&out).1);
    assert_eq!(texts(&out).1, "", "no progress bar where nobody looks");
    let whole = std::fs::read(dir.path().join("all.ndjson")).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write("cut.ndjson", &whole[..whole.len() - 9]);
    write("line.ndjson", &whole[..whole.iter().position(|b| *b == b'\n').unwrap() + 1]);
    write(
        "touched.ndjson",
        &String::from_utf8(whole).unwrap().replacen("\"next_mo\":1", "\"next_mo\":7", 1).into_bytes(),
    );
    write("empty.ndjson", b"");
    for (file, says) in [
        ("cut.ndjson", "cut short"),
        ("line.ndjson", "cut short"),
        ("touched.ndjson", "checksum"),
        ("empty.ndjson", "cut short"),
        ("gone.ndjson", "No such file"),
    ] {
        for command in ["verify", "import"] {
            let (code, said) = run(&[command, file]);
            assert!(code == Some(1) && said.contains(says) && said.contains(file), "{command} {file}: {said}");
        }
    }
    assert!(!dir.path().join("fresh").exists() && !dir.path().join("fresh.importing").exists());
    assert_eq!(run(&["import", "all.ndjson"]).0, Some(0));
    let (code, said) = run(&["import", "all.ndjson"]);
    assert!(code == Some(1) && said.contains("there is something already"), "{said}");
}

#[test]
fn check_tells_every_fault_at_once_and_fails() {
    let config =
        SOUND.replace("token = \"token-of-mobile\"\n", "").replace("127.0.0.1:0", "nowhere").replace("rate", "x")
            + "[[carrier]]\nname = \"pigeon\"\nkind = \"pigeon\"\n";
    let dir = folder(&config);
    for words in [&["check"][..], &["serve"], &[]] {
        let out = xiangxun(dir.path()).args(words).output().unwrap();
        let (said, faults) = texts(&out);
        assert_eq!(out.status.code(), Some(1));
        let lines: Vec<&str> = faults.lines().collect();
        assert_eq!(lines.len(), 3, "{faults}");
        assert!(lines[0].starts_with("xiangxun.toml:2: server.listen must be an address and a port"), "{faults}");
        assert!(
            lines[1].starts_with("xiangxun.toml:9: carrier \"mobile\": token is missing; add token = "),
            "{faults}"
        );
        assert!(lines[2].starts_with("xiangxun.toml:17: carrier \"pigeon\": kind names pigeon"), "{faults}");
        assert_eq!(said, "");
    }
    assert!(!dir.path().join("data").exists(), "nothing was begun");
}

#[test]
fn a_file_that_is_named_but_missing_is_no_reason_for_the_demo() {
    let dir = folder("");
    let named = xiangxun(dir.path()).args(["--config", "gone.toml", "serve"]).output().unwrap();
    let by_env = xiangxun(dir.path()).env("XIANGXUN_CONFIG", "gone.toml").output().unwrap();
    for out in [named, by_env] {
        assert_eq!(out.status.code(), Some(1));
        assert!(texts(&out).1.starts_with("gone.toml: cannot be read"), "{}", texts(&out).1);
    }
}

#[test]
fn the_example_config_is_sound() {
    let dir = folder("");
    let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy/xiangxun.example.toml");
    let out = xiangxun(dir.path()).arg("--config").arg(example).arg("check").output().unwrap();
    let (said, faults) = texts(&out);
    assert!(out.status.success(), "{faults}");
    assert!(said.contains("https://sms.example.cn/carriers/mobile/mo"), "{said}");
}

#[test]
fn the_example_config_is_sound_with_every_key_switched_on() {
    let example = include_str!("../../deploy/xiangxun.example.toml");
    let on: Vec<String> = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[') => key.to_string(),
            _ => line.to_string(),
        })
        .collect();
    // what is read at the start must be there
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls/ca.pem");
    let dir = folder(&on.join("\n").replace("/etc/xiangxun/carrier-ca.pem", authority));
    let check = |c: &CarrierConfig| xiangxun::app::build_carrier(c).map(drop);
    let config = Config::load_with(Some(&dir.path().join("xiangxun.toml")), &BTreeMap::new(), &check);
    let config =
        config.unwrap_or_else(|faults| panic!("{}", faults.iter().map(|f| format!("{f}\n")).collect::<String>()));
    let mut kinds: Vec<&str> = config.carriers.iter().map(|c| c.kind.as_str()).collect();
    kinds.dedup();
    let all: Vec<&str> = xiangxun::carrier::all().iter().map(|k| k.name).collect();
    assert_eq!(kinds, all, "each kind has its example");
}

#[test]
fn the_demo_says_where_to_look_and_stops_when_asked() {
    let dir = folder("");
    let mut demo = Running::start(dir.path(), &[("XIANGXUN__SERVER__LISTEN", "127.0.0.1:0")]);
    let line = demo.says("xiangxun demo: open http://127.0.0.1:");
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_string();
    assert!(get(&address, "/").to_lowercase().contains("location: /phone\r\n"));
    assert!(get(&address, "/phone").starts_with("HTTP/1.1 200"));
    assert!(get(&address, "/healthz").ends_with("ok\n"));
    assert!(get(&address, "/readyz").ends_with("ready\n"));
    assert!(get(&address, "/clock").starts_with("HTTP/1.1 404"), "the system's clock cannot be moved");
    demo.signal("INT");
    demo.says("stopped");
    assert!(demo.ends());
    assert!(TcpStream::connect(&address).is_err());
    assert!(dir.path().join("data").is_dir());
}

#[test]
fn what_is_taken_already_stops_the_start_with_one_line() {
    let dir = folder(SOUND);
    let first = Running::start(dir.path(), &[]);
    let line = first.says("listening on ");
    let address = line.rsplit(' ').next().unwrap();
    let same_port = xiangxun(dir.path()).env("XIANGXUN__SERVER__LISTEN", address).output().unwrap();
    assert_eq!(same_port.status.code(), Some(1));
    assert!(texts(&same_port).1.contains(&format!("cannot listen on {address}")), "{}", texts(&same_port).1);
    let same_store = xiangxun(dir.path()).output().unwrap();
    assert_eq!(same_store.status.code(), Some(1));
    assert!(texts(&same_store).1.contains("in use"), "{}", texts(&same_store).1);
    first.signal("TERM");
    first.says("stopped");
}

#[test]
fn a_hangup_reads_the_grammar_again_and_keeps_the_old_one_when_it_is_faulty() {
    let dir = folder(&SOUND.replace("[store]", "grammar = \"words\"\n[store]"));
    let words = dir.path().join("words");
    copy(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("grammar"), &words);
    let mut daemon = Running::start(dir.path(), &[]);
    let line = daemon.says("listening on ");
    let address = line.rsplit(' ').next().unwrap();
    daemon.signal("HUP");
    daemon.says("the grammar was read again");

    let units = words.join("units.toml");
    let sound = std::fs::read_to_string(&units).unwrap();
    std::fs::write(&units, format!("{sound}\nnonsense = [\n")).unwrap();
    let check = xiangxun(dir.path()).arg("check").output().unwrap();
    assert_eq!(check.status.code(), Some(1));
    assert!(texts(&check).1.starts_with("words/units.toml:"), "{}", texts(&check).1);
    daemon.signal("HUP");
    assert!(daemon.says("units.toml:").contains("ERROR"));
    daemon.says("the old grammar stays in force");
    assert!(get(address, "/readyz").ends_with("ready\n"));

    std::fs::write(&units, sound).unwrap();
    daemon.signal("HUP");
    daemon.says("the grammar was read again");
    daemon.signal("TERM");
    assert!(daemon.ends());
}

#[test]
fn a_store_is_exported_verified_and_imported() {
    let dir = folder(SOUND);
    let mut daemon = Running::start(dir.path(), &[]);
    let line = daemon.says("listening on ");
    let text = "/carriers/mobile/mo?token=token-of-mobile&id=1&from=13800000001&to=1069012345&text=%E5%8D%96%E6%9D%BF%E8%93%9D%E6%A0%B9";
    assert!(get(line.rsplit(' ').next().unwrap(), text).starts_with("HTTP/1.1 200"));
    let busy = xiangxun(dir.path()).args(["export", "all.ndjson"]).output().unwrap();
    assert!(!busy.status.success() && texts(&busy).1.contains("in use"), "{}", texts(&busy).1);
    daemon.signal("TERM");
    assert!(daemon.ends());

    for (words, says) in [
        (["export", "all.ndjson"], "1 messages in"),
        (["verify", "all.ndjson"], "1 messages in"),
        (["import", "all.ndjson"], "1 messages in"),
    ] {
        // The import makes a store of its own, and needs no token.
        let mut command = xiangxun(dir.path());
        if words[0] == "import" {
            command.env("XIANGXUN__STORE__URL", "sled:other").env("XIANGXUN__CARRIER__0__TOKEN", "");
        }
        let out = command.args(words).output().unwrap();
        let (said, faults) = texts(&out);
        assert!(out.status.success(), "{words:?}: {faults}");
        assert!(said.contains(says), "{words:?}: {said}");
    }
    assert!(dir.path().join("other").is_dir());
    let again = xiangxun(dir.path()).args(["import", "all.ndjson"]).output().unwrap();
    assert!(!again.status.success(), "an import overwrites nothing");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What `parse` reads in `dir`, one text a line.
fn parse(dir: &Path, args: &[&str], input: &str) -> Vec<serde_json::Value> {
    let mut child = xiangxun(dir).arg("parse").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    texts(&out).0.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn parse_stands_where_the_first_station_stands() {
    let text = "卖土鸡蛋 平江\n";
    let code = |dir: &Path, args: &[&str]| parse(dir, args, text)[0]["place_code"].clone();
    // the demo's county, the config's, and the one that is named
    assert_eq!(code(folder("").path(), &[]), "522632107");
    let hunan = SOUND.replace("522632", "430626");
    assert_eq!(code(folder(&hunan).path(), &[]), "430626");
    assert_eq!(code(folder(&hunan).path(), &["--place", "522632"]), "522632107");
    // what lies far away is found all the same
    let far = parse(folder("").path(), &[], "卖花椒 汉源\n招工 潞江\n去广州有车没\n");
    let far: Vec<_> = far.iter().map(|r| r.get("place").or(r.get("to")).cloned().unwrap_or_default()).collect();
    assert_eq!(far, ["汉源县", "潞江镇", "广州市"]);
}

#[test]
fn parse_of_a_faulty_config_says_what_is_wrong() {
    let dir = folder("[station.x]\nname = 1\n");
    let out = xiangxun(dir.path()).arg("parse").output().unwrap();
    assert!(!out.status.success());
    assert!(!texts(&out).1.is_empty());
}
