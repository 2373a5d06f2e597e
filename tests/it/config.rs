//! What the operator writes, and what he is told when it is wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use xiangxun::clock::Timestamp;
use xiangxun::config::{CarrierConfig, ClockKind, Config, ConfigError, LogFormat, SettingError};

/// A sound config, to be spoilt.
const SOUND: &str = r#"[server]
listen = "127.0.0.1:8080"
[store]
url = "sled:data"
[station.rongjiang]
name = "榕江县信息站"
place = "522632"
short_codes = ["1069012345"]
managers = ["+8613800000000"]
[[carrier]]
name = "mobile"
kind = "kannel"
token = "s3cret-of-mobile"
rate = 20
[limits]
quiet_hours = "21:30-07:00"
"#;

/// Asks for a token as every real kind does.
fn kind(c: &CarrierConfig) -> Result<(), Vec<SettingError>> {
    let mut s = c.settings();
    s.secret("token", "the secret Kannel puts into ?token=");
    s.optional_url("send_url");
    s.optional_secret("password");
    s.integer("window", 1..=100);
    s.map("fields");
    s.list("senders");
    s.finish()
}

fn env(vars: &[(&str, &str)]) -> BTreeMap<String, String> {
    vars.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

struct Written {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn write(text: &str) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("xiangxun.toml");
    std::fs::write(&path, text).unwrap();
    Written { _folder: folder, path }
}

fn load(text: &str, vars: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let written = write(text);
    Config::load_with(Some(&written.path), &env(vars), &kind).map_err(|errors| {
        let folder = format!("{}/", written.path.parent().unwrap().display());
        errors.iter().map(|e| e.to_string().replace(&folder, "")).collect()
    })
}

#[track_caller]
fn faults(text: &str, vars: &[(&str, &str)], expected: &[&str]) {
    let found = load(text, vars).map(|_| ()).unwrap_err();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found}\nshould hold\n{expected}");
    }
}

#[test]
fn a_sound_file_is_read_whole() {
    let c = load(SOUND, &[]).unwrap();
    assert_eq!(c.server.listen.port(), 8080);
    assert_eq!(c.server.public_url, "http://127.0.0.1:8080");
    assert_eq!(c.server.clock, ClockKind::System);
    assert_eq!(c.store.folder(), Path::new("data"));
    assert_eq!(c.stations["rongjiang"].place.0, 522632);
    assert_eq!(c.stations["rongjiang"].managers[0].e164(), "+8613800000000");
    assert_eq!(c.carriers[0].rate, Some(20));
    assert_eq!(c.limits.pushes(), Some(10));
    assert_eq!(c.log.format, LogFormat::Human);
    let night = Timestamp::parse_rfc3339("2026-11-21T22:00:00+08:00").unwrap();
    assert!(c.limits.quiet().unwrap().contains(night));
}

#[test]
fn a_missing_token_names_file_line_key_and_mend() {
    let text = SOUND.replace("token = \"s3cret-of-mobile\"\n", "");
    let expected = "xiangxun.toml:10: carrier \"mobile\": token is missing; add token = \"…\" or token_file = \"…\" \
                    (the secret Kannel puts into ?token=)";
    assert_eq!(load(&text, &[]).map(|_| ()).unwrap_err(), [expected]);
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let text = r#"[server]
listen = "8080"
lisen = "127.0.0.1:80"
clock = "sundial"
[store]
url = "postgres://u:pa55word@db/x"
[station.rongjiang]
name = "榕江县信息站"
place = "52263"
short_codes = ["1069012345", "JD"]
managers = ["10086"]
[station.other]
name = "二"
place = "52"
short_codes = ["1069012345"]
[[carrier]]
name = "mobile"
kind = "kannel"
token = 5
rate = 0
allow = ["10.0.0.0/40"]
[[carrier]]
name = "mo bile"
kind = "kannel"
token = "t"
station = "nowhere"
tokn = "x"
[limits]
quiet_hours = "25:00-07:00"
pushes_per_day = -1
[extra]
"#;
    faults(
        text,
        &[],
        &[
            "xiangxun.toml:2: server.listen must be an address and a port, as in 127.0.0.1:8080",
            "xiangxun.toml:3: server.lisen is no key here",
            "xiangxun.toml:4: server.clock must be one of system, virtual, not `sundial`",
            "xiangxun.toml:6: store.url must be sled: and a folder, as in sled:data",
            "xiangxun.toml:9: station.rongjiang.place must be a statutory code",
            "xiangxun.toml:10: station.rongjiang.short_codes has `JD`",
            "xiangxun.toml:10: station.rongjiang.short_codes has 1069012345, which is also [station.other]'s",
            "xiangxun.toml:11: station.rongjiang.managers has an entry that is no telephone number",
            "xiangxun.toml:19: carrier \"mobile\": token must be a text",
            "xiangxun.toml:20: carrier \"mobile\": rate must be a whole number from 1 to 1000000",
            "xiangxun.toml:21: carrier \"mobile\": allow has an entry that cannot be read",
            "xiangxun.toml:23: carrier \"mo bile\": name may have letters, digits, - and _ only",
            "xiangxun.toml:26: carrier \"mo bile\": station names nowhere, which is no station; there are: other, rongjiang",
            "xiangxun.toml:27: carrier \"mo bile\": tokn is no key here",
            "xiangxun.toml:29: limits.quiet_hours must be like \"21:30-07:00\"",
            "xiangxun.toml:30: limits.pushes_per_day must be a whole number from 0",
            "xiangxun.toml:31: extra is not a key of the config",
        ],
    );
    let told = load(text, &[]).map(|_| ()).unwrap_err().concat();
    assert!(!told.contains("pa55word"), "an address may hold a password");
}

#[test]
fn a_name_of_nothing_is_told_with_what_was_meant() {
    let text = format!(
        "{SOUND}[[station.rongjiang.route]]\ncarrier = \"moblie\"\n[[carrier]]\nname = \"two\"\nkind = \"kannel\"\n\
         station = \"rongjaing\"\ntoken = \"t\"\nwindw = 1\n[alram]\n"
    );
    faults(
        &text,
        &[],
        &[
            "station.rongjiang.route.0.carrier names moblie, which is no carrier; there are: mobile, two; did you mean mobile?",
            "carrier \"two\": station names rongjaing, which is no station; there are: rongjiang; did you mean rongjiang?",
            "carrier \"two\": windw is no key here; there are: token, send_url, password, window, fields, senders; did you mean window?",
            "alram is not a key of the config; there are: server, store, station, carrier, limits, alarm, log; did you mean alarm?",
        ],
    );
    // Boards are known to the grammar: the daemon does not start, and check says so.
    let sound = load(&format!("{SOUND}[carrier.bans]\nboards = [\"friends\", \"job\", \"用工\"]\n"), &[]).unwrap();
    let told = xiangxun::app::load_grammar(&sound).map(|_| ()).unwrap_err().to_string();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    let head = "carrier \"mobile\": bans.boards names job, which is no board; there are: ";
    assert!(lines[0].contains(head) && lines[0].ends_with("; did you mean jobs?"), "{told}");
    assert!(
        lines[0].contains("xiangxun.toml:") && lines[1].contains("bans.boards names 用工, which is no board"),
        "{told}"
    );
    let kind = CarrierConfig::new("mobile", "knanel", toml::Table::new());
    let told = xiangxun::app::build_carrier(&kind).unwrap_err();
    assert!(told[0].to_string().ends_with("; did you mean kannel?"), "{told:?}");
}

#[test]
fn faults_of_syntax_name_their_line() {
    faults("[server]\nlisten = \"127.0.0.1:8080\n[store]\n", &[], &["xiangxun.toml:2: "]);
    let found = load("[server]\nlisten = \"a\"\nlisten = \"b\"\n", &[]).map(|_| ()).unwrap_err();
    assert!(found[0].starts_with("xiangxun.toml:3: ") && found[0].contains("listen stands there twice"), "{found:?}");
    let missing = Config::load(Some(Path::new("no/such/file.toml")), &env(&[])).unwrap_err();
    assert!(missing[0].to_string().starts_with("no/such/file.toml: cannot be read"), "{}", missing[0]);
}

#[test]
fn nothing_starts_without_a_station_and_a_carrier() {
    faults("", &[], &["xiangxun.toml: station is missing", "xiangxun.toml: carrier is missing"]);
    let twice = format!("{SOUND}[[carrier]]\nname = \"mobile\"\nkind = \"kannel\"\ntoken = \"t\"\n");
    faults(&twice, &[], &["xiangxun.toml:18: carrier \"mobile\": name is another carrier's too"]);
}

#[test]
fn the_environment_lies_over_the_file() {
    let c = load(
        SOUND,
        &[
            ("XIANGXUN__SERVER__LISTEN", "127.0.0.1:9000"),
            ("XIANGXUN__STORE__URL", "sled:/var/lib/xiangxun"),
            ("XIANGXUN__STATION__RONGJIANG__NAME", "新名"),
            ("XIANGXUN__STATION__RONGJIANG__SHORT_CODES", "10690001, 10690002"),
            ("XIANGXUN__CARRIER__0__TOKEN", "from-env"),
            ("XIANGXUN__CARRIER__0__RATE", "7"),
            ("XIANGXUN__CARRIER__0__FIELDS__FROM", "sender"),
            ("XIANGXUN__CARRIER__1__NAME", "second"),
            ("XIANGXUN__CARRIER__1__KIND", "kannel"),
            ("XIANGXUN__CARRIER__1__TOKEN", "t2"),
            ("XIANGXUN__LIMITS__QUIET_HOURS", ""),
            ("XIANGXUN__LOG__FORMAT", "json"),
            ("XIANGXUN_CONFIG", "ignored here"),
            ("HOME", "/"),
        ],
    )
    .unwrap();
    assert_eq!(c.server.listen.port(), 9000);
    assert_eq!(c.server.public_url, "http://127.0.0.1:9000");
    assert_eq!(c.store.folder(), Path::new("/var/lib/xiangxun"));
    assert_eq!(c.stations["rongjiang"].name, "新名");
    assert_eq!(c.stations["rongjiang"].short_codes, ["10690001", "10690002"]);
    assert_eq!(c.carriers[0].settings().secret("token", "").expose(), "from-env");
    assert_eq!(c.carriers[0].rate, Some(7));
    assert_eq!(c.carriers[0].settings().map("fields")["from"], "sender");
    assert_eq!(c.carriers[1].name, "second");
    assert_eq!(c.limits.quiet(), None);
    assert_eq!(c.log.format, LogFormat::Json);
}

#[test]
fn a_fault_in_the_environment_names_the_variable() {
    faults(
        SOUND,
        &[
            ("XIANGXUN__CARRIER__0__RATE", "fast"),
            ("XIANGXUN__CARRIER__5__NAME", "x"),
            ("XIANGXUN__CARRIER__MOBILE__NAME", "x"),
            ("XIANGXUN__SERVER", "x"),
            ("XIANGXUN__SERVER__LISEN", "x"),
            ("XIANGXUN__SERVER__LISTEN__PORT", "1"),
        ],
        &[
            "XIANGXUN__CARRIER__5__NAME: names entry 5 of a list that has 1",
            "XIANGXUN__CARRIER__MOBILE__NAME: has `mobile` where the number of an entry belongs",
            "XIANGXUN__SERVER: names all of server",
            "XIANGXUN__SERVER__LISTEN__PORT: names something inside server.listen",
            "XIANGXUN__SERVER__LISEN: server.lisen is no key here",
            "XIANGXUN__CARRIER__0__RATE: carrier \"mobile\": rate must be a whole number",
        ],
    );
}

#[test]
fn secrets_are_read_from_files_beside_the_config() {
    let text = SOUND.replace("token = \"s3cret-of-mobile\"", "token_file = \"mobile.token\"");
    let text = text.replace("[limits]\nquiet_hours = \"21:30-07:00\"\n", "");
    let written = write(&text);
    let token = written.path.with_file_name("mobile.token");
    std::fs::write(&token, "from-a-file\n").unwrap();
    let c = Config::load_with(Some(&written.path), &env(&[]), &kind).unwrap();
    assert_eq!(c.carriers[0].settings().secret("token", "").expose(), "from-a-file");
    // Also those of tables below the account.
    let nested = write(&format!("{text}[carrier.fields]\n"));
    std::fs::write(nested.path.with_file_name("mobile.token"), "t").unwrap();
    std::fs::write(nested.path.with_file_name("key"), "nested\r\n").unwrap();
    let variable = env(&[("XIANGXUN__CARRIER__0__FIELDS__KEY_FILE", "key")]);
    let c = Config::load_with(Some(&nested.path), &variable, &kind).unwrap();
    assert_eq!(c.carriers[0].settings().map("fields")["key"], "nested");

    std::fs::write(&token, "\n").unwrap();
    let e = Config::load_with(Some(&written.path), &env(&[]), &kind).unwrap_err();
    assert!(
        e[0].to_string().contains(":13: carrier \"mobile\": token_file names mobile.token, which is empty"),
        "{}",
        e[0]
    );

    faults(&text, &[], &["xiangxun.toml:13: carrier \"mobile\": token_file names mobile.token, which cannot be read"]);
    let both = SOUND.replace("rate = 20", "token_file = \"t\"");
    faults(&both, &[], &["xiangxun.toml:14: carrier \"mobile\": token_file stands beside token; keep one of the two"]);
}

#[test]
fn secrets_never_print() {
    let c = load(SOUND, &[("XIANGXUN__CARRIER__0__PASSWORD", "pa55word")]).unwrap();
    let printed = format!("{c:?} {c:#?}");
    assert!(!printed.contains("s3cret") && !printed.contains("pa55word") && !printed.contains("13800000000"));
    // A wrong value of a secret is not repeated either.
    let found = load(&SOUND.replace("\"s3cret-of-mobile\"", "[\"s3cret\"]"), &[]).map(|_| ()).unwrap_err();
    assert!(found[0].contains("token must be a text") && !found.concat().contains("s3cret"), "{found:?}");
}

#[test]
fn a_virtual_clock_stays_on_this_machine() {
    let virtual_ = SOUND.replace("[store]", "clock = \"virtual\"\n[store]");
    assert_eq!(load(&virtual_, &[]).unwrap().server.clock, ClockKind::Virtual);
    assert!(load(&virtual_, &[("XIANGXUN__SERVER__LISTEN", "[::1]:80")]).is_ok());
    faults(
        &virtual_,
        &[("XIANGXUN__SERVER__LISTEN", "0.0.0.0:8080")],
        &["xiangxun.toml:3: server.clock may be virtual only where nobody else can reach it"],
    );
}

#[test]
fn without_a_file_it_is_the_demo_with_a_token_of_its_own() {
    let a = Config::load(None, &env(&[])).unwrap();
    let b = Config::load(None, &env(&[("XIANGXUN__SERVER__LISTEN", "127.0.0.1:0")])).unwrap();
    assert!(a.is_demo());
    assert_eq!(a.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(b.server.listen.port(), 0);
    assert_eq!((a.carriers[0].name.as_str(), a.carriers[0].kind.as_str()), ("phone", "phone"));
    let token = |c: &Config| c.carriers[0].settings().secret("token", "").expose().to_string();
    assert_eq!(token(&a).len(), 32);
    assert_ne!(token(&a), token(&b));
    let e = Config::load(None, &env(&[("XIANGXUN__SERVER__LISTEN", "x")])).unwrap_err();
    assert!(e[0].to_string().starts_with("XIANGXUN__SERVER__LISTEN: server.listen must be"), "{}", e[0]);
}

/// The keys that a table knows: a wrong one is told of all that are right.
fn keys(text: &str) -> Vec<String> {
    let check = |c: &CarrierConfig| xiangxun::app::build_carrier(c).map(drop);
    let written = write(text);
    let faults = Config::load_with(Some(&written.path), &env(&[]), &check).map(|_| ()).unwrap_err();
    let known = |f: &ConfigError| Some(f.to_string().split_once("zzz is no key here; there are: ")?.1.to_string());
    let lists: Vec<String> = faults.iter().filter_map(known).collect();
    assert!(!lists.is_empty(), "{faults:?}");
    lists.iter().flat_map(|l| l.split(", ")).map(str::to_string).collect()
}

#[test]
fn the_example_shows_every_key_there_is() {
    let example = include_str!("../../deploy/xiangxun.example.toml");
    let shown: Vec<&str> = example
        .lines()
        .flat_map(|l| l.trim_start_matches('#').split([',', '{', '[']))
        .filter_map(|part| Some(part.split_once([' ', ']', '.'])?.0))
        .chain(
            example
                .lines()
                .map(|l| l.trim_start_matches(['#', '[']))
                .filter_map(|l| l.strip_prefix("carrier.").or_else(|| l.strip_prefix("station.")))
                .flat_map(|l| l.trim_end_matches(']').split('.')),
        )
        .collect();
    let mut asked = vec![keys(
        "[server]\nzzz = 1\n[store]\nzzz = 1\n[limits]\nzzz = 1\n[log]\nzzz = 1\n[alarm]\nzzz = 1\n[station.a]\nzzz = 1\n",
    )];
    for kind in xiangxun::carrier::all() {
        let all = ["", "mo", "dlr", "send", "send.answer", "signature"].map(|table| match table {
            "" => "zzz = 1\n".to_string(),
            table => format!("[carrier.{table}]\nzzz = 1\n"),
        });
        let tables = if kind.name == "generic" { &all[..] } else { &all[..1] };
        let tables = tables.concat();
        asked.push(keys(&format!("[[carrier]]\nname = \"c\"\nkind = \"{}\"\n{tables}", kind.name)));
    }
    let missing: Vec<String> = asked.concat().into_iter().filter(|k| !shown.contains(&k.as_str())).collect();
    assert!(missing.is_empty(), "deploy/xiangxun.example.toml does not show {missing:?}");
}

#[test]
fn a_code_that_is_dialled_has_its_form() {
    let with = |code: &str| SOUND.replace("short_codes", &format!("ussd_code = \"{code}\"\nshort_codes"));
    assert_eq!(load(&with("*384*1234#"), &[]).unwrap().stations["rongjiang"].ussd_code.as_deref(), Some("*384*1234#"));
    assert_eq!(load(SOUND, &[]).unwrap().stations["rongjiang"].ussd_code, None);
    for bad in ["384", "*384", "384#", "*#", "**#", "*384*#", "*38a#", "*１#"] {
        let found = load(&with(bad), &[]).map(|_| ()).unwrap_err();
        assert!(found[0].to_string().contains("station.rongjiang.ussd_code must begin with *"), "{bad}: {found:?}");
    }
}

#[test]
fn addresses_that_carriers_are_given_are_plain() {
    let with = |url: &str| SOUND.replace("[store]", &format!("public_url = \"{url}\"\n[store]"));
    assert_eq!(
        load(&with("https://sms.example.cn/gate//"), &[]).unwrap().server.public_url,
        "https://sms.example.cn/gate"
    );
    for bad in ["sms.example.cn", "ftp://sms.example.cn", "https://", "https://a b", "//sms.example.cn"] {
        faults(
            &with(bad),
            &[],
            &["xiangxun.toml:3: server.public_url must begin with http:// or https:// and name a host"],
        );
    }
    for bad in ["https://sms.example.cn/?a=b", "https://u:geheim@sms.example.cn"] {
        faults(&with(bad), &[], &["xiangxun.toml:3: server.public_url may hold a host and a path only"]);
    }
}

#[test]
fn a_short_code_is_one_stations_however_it_is_written() {
    let two =
        |code: &str| format!("{SOUND}[station.b]\nname = \"b\"\nplace = \"522633\"\nshort_codes = [\"{code}\"]\n");
    let code = load(SOUND, &[]).unwrap().stations["rongjiang"].short_codes[0].clone();
    for same in [code.clone(), format!("+{code}")] {
        let found = load(&two(&same), &[]).map(|_| ()).unwrap_err();
        assert!(found[0].contains("which is also [station."), "{found:?}");
    }
    assert!(load(&two(&code[..5]), &[]).is_ok(), "the longer one that fits wins");
}
