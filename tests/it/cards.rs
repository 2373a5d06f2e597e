//! `xiangxun cards`: every printed example is read as what it is printed for, by the grammar that will read it.

use std::process::{Command, Stdio};

use xiangxun::clock::Timestamp;
use xiangxun::command;
use xiangxun::config::Station;
use xiangxun::grammar::Grammar;
use xiangxun::market::PlaceCode;
use xiangxun::station::card::{self, CardError, Dial};

/// 2026-11-21 09:00 in Beijing.
const NOW: Timestamp = Timestamp(1_795_222_800_000);

fn station(place: u64) -> Station {
    Station {
        key: "s".into(),
        name: "一<二>镇信息站".into(),
        place: PlaceCode(place),
        short_codes: vec!["1069012345".into(), "12345".into()],
        managers: Vec::new(),
        market_days: None,
        ussd_code: None,
        routes: Vec::new(),
    }
}

/// What stands between `open` and `close`, each time.
fn between<'p>(page: &'p str, open: &str, close: &str) -> Vec<&'p str> {
    page.split(open).skip(1).filter_map(|rest| rest.split(close).next()).collect()
}

#[test]
fn each_printed_example_is_read_as_what_it_is_printed_for() {
    let g = Grammar::built_in().expect("the built-in grammar loads");
    // a county of Guizhou, one of its towns, counties of Sichuan, Gansu and Hebei, a city
    for place in [522_632, 522_632_106, 513_436, 620_122, 130_424, 5226] {
        let page = card::page(&g, &station(place), None).unwrap_or_else(|e| panic!("{place}: {e}"));
        let printed = between(&page, "<dd><b>", "</b>");
        let lines: Vec<_> = g.card.sides.iter().flat_map(|s| &s.line).collect();
        assert!(lines.len() > 12 && printed.len() == lines.len(), "{place}: {printed:?}");
        for (text, line) in printed.iter().zip(lines) {
            let reading = command::read(&g, PlaceCode(place), NOW, text);
            let intent = line.reads.split(' ').next().expect("an intent");
            assert_eq!((reading.intent.as_str(), reading.unsure), (intent, false), "{place}: {text}");
        }
        assert!(!page.contains("{town}"), "{place}: no slot is left");
    }
}

#[test]
fn a_card_speaks_of_a_town_near_by_and_of_its_station() {
    let g = Grammar::built_in().expect("the built-in grammar loads");
    let page = card::page(&g, &station(522_632_106), None).expect("a card");
    assert!(page.contains("<b>地 栽麻镇</b>"), "its own town");
    assert!(page.contains("<h1>一&lt;二&gt;镇信息站</h1>"), "{page}");
    assert!(page.contains(">1069012345</b>") && !page.contains(">12345</b>"));
    assert!(!page.contains("class=\"dial\"") && !page.contains("class=\"menu\""));
    let dial = Dial { code: "*123#".into(), choices: vec![("1".into(), "卖".into()), ("0".into(), "我的".into())] };
    let page = card::page(&g, &station(522_632), Some(&dial)).expect("a card");
    assert!(
        page.contains("<b>*123#</b>") && page.contains("<span><b>1</b>卖</span><span><b>0</b>我的</span>"),
        "{page}"
    );
    for far in ["http:", "https:", "<link", "<script", "url(", "@import", "src="] {
        assert!(!page.contains(far), "a card needs no network, but has {far}");
    }
}

#[test]
fn an_example_that_would_be_read_otherwise_is_not_printed() {
    let mut g = Grammar::built_in().expect("the built-in grammar loads");
    g.card.sides[0].line[0].reads = "buy 板蓝根".into();
    match card::page(&g, &station(522_632), None) {
        Err(CardError::Misread(wrong)) => {
            assert_eq!(wrong.len(), 1);
            assert!(wrong[0].what.contains("is read as `sell 板蓝根"), "{}", wrong[0]);
        }
        other => panic!("{other:?}"),
    }
    let dumb = Station { short_codes: Vec::new(), ..station(522_632) };
    g.card.sides[0].line[0].reads = "sell 板蓝根".into();
    assert_eq!(
        card::page(&g, &dumb, None).expect_err("no number").to_string(),
        "station.s has no short_codes, so there is no number to print"
    );
}

#[test]
fn the_command_prints_the_card_of_a_station_or_names_those_there_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sled:data\"\n\
        [station.east]\nname = \"东站\"\nplace = \"522632\"\nshort_codes = [\"1069012345\"]\n\
        [station.west]\nname = \"西站\"\nplace = \"522632\"\nshort_codes = [\"1069054321\"]\nussd_code = \"*384*77#\"\n\
        [[carrier]]\nname = \"phone\"\nkind = \"phone\"\ntoken = \"t\"\n";
    std::fs::write(dir.path().join("xiangxun.toml"), config).expect("the config written");
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xiangxun"));
        command.current_dir(dir.path()).stdin(Stdio::null()).env_remove("XIANGXUN_CONFIG");
        let out = command.arg("cards").args(args).output().expect("it runs");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (out.status.success(), text(&out.stdout), text(&out.stderr))
    };
    let (well, page, _) = run(&["--station", "west"]);
    assert!(well && page.contains("<h1>西站</h1>") && page.contains("1069054321"), "{page}");
    assert!(
        page.contains("<b>*384*77#</b>") && page.contains("<span><b>1</b>卖</span><span><b>2</b>买</span>"),
        "{page}"
    );
    let (well, page, _) = run(&["--station", "east"]);
    assert!(well && !page.contains("*384"), "a station without a code prints none");
    let there = "east (东站), west (西站)\n";
    assert_eq!(run(&["--station", "north"]), (false, String::new(), format!("there is no station north, but {there}")));
    assert_eq!(run(&[]), (false, String::new(), format!("--station says whose card it is: {there}")));
}
