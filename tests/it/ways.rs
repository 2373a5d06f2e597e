//! Names of places and people, numbers of posts: each read the same in every frame that a villager puts around it. The names are
//! those of the data, so that a new town or surname is asked for too.

use serde_json::{Value, json};
use xiangxun::clock::Timestamp;
use xiangxun::command::read;
use xiangxun::market::PlaceCode;

use crate::texts::{GRAMMAR, has};

const HOME: PlaceCode = PlaceCode(522_632);
/// 2026-11-21 09:00 in Beijing.
const NOW: Timestamp = Timestamp(1_795_222_800_000);

fn got(text: &str) -> Value {
    serde_json::to_value(read(&GRAMMAR, HOME, NOW, text)).unwrap_or_default()
}

/// Fails with all texts that lack something of what they must have.
fn all(cases: impl IntoIterator<Item = (String, Value)>) {
    let mut asked = 0;
    let mut wrong: Vec<String> = Vec::new();
    for (text, want) in cases {
        asked += 1;
        let got = got(&text);
        if !has(&want, &got) {
            wrong.push(format!("{text}\n    want {want}\n    got  {got}"));
        }
    }
    assert!(asked > 0, "nothing was asked");
    assert!(wrong.is_empty(), "{} of {asked} are read wrongly:\n{}", wrong.len(), wrong.join("\n"));
}

/// Short names of cities and of the counties called 县 or 市, with the name in full, each where it is what the short one means to the sender.
fn short_names() -> Vec<(String, String)> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/grammar/places/divisions.tsv");
    let rows = std::fs::read_to_string(file).expect("the divisions");
    let named = rows.lines().filter_map(|l| l.split_once('\t')).filter(|(code, _)| matches!(code.len(), 4 | 6));
    let mut names: Vec<(String, String)> = named
        .filter_map(|(_, name)| {
            let short = name.strip_suffix('市').or_else(|| name.strip_suffix('县'))?;
            (2..=4).contains(&short.chars().count()).then(|| (short.to_string(), name.to_string()))
        })
        .filter(|(short, _)| !short.ends_with("自治") && !short.ends_with('族'))
        .collect();
    names.sort();
    let shared: Vec<String> = names.windows(2).filter(|w| w[0].0 == w[1].0).map(|w| w[0].0.clone()).collect();
    // In the sender's own county a town may be meant, elsewhere a district called so.
    names.retain(|(short, name)| {
        let near = GRAMMAR.places.resolve(short, HOME).and_then(|c| GRAMMAR.places.get(c));
        !shared.contains(short) && near == Some(name.as_str())
    });
    names
}

/// 平陆 is 平 and 陆 of a mark that a post is given, 二七 a number.
const UNREADABLE: [&str; 2] = ["平陆", "平定"];

#[test]
fn each_city_and_county_is_known_by_its_short_name() {
    let names = short_names();
    assert!(names.len() > 1_500, "{} names", names.len());
    let cases = names.into_iter().enumerate().filter(|(_, (short, _))| !UNREADABLE.contains(&short.as_str()));
    all(cases.map(|(n, (short, name))| match n % 4 {
        0 => (format!("搭车 {short}到榕江"), json!({ "intent": "ride_need", "from": name, "to": "榕江县" })),
        1 => (format!("从{short}去榕江,有车吗"), json!({ "intent": "ride_need", "from": name, "to": "榕江县" })),
        2 => (format!("我开车去{short},还有2座"), json!({ "intent": "ride_offer", "to": name, "people": 2 })),
        _ => (format!("我是{short}的"), json!({ "intent": "register", "place": name })),
    }));
}

#[test]
fn whoever_is_to_be_called_is_named_beside_the_number() {
    let people = &GRAMMAR.terms.people;
    let surnames: Vec<char> = people.surnames.chars().take(100).collect();
    let titles = ["老板", "小姐", "师傅", "姐", "哥", "会计", "老师", "经理", "叔", "大姐", "书记", "女士", "站长"];
    let mut cases = Vec::new();
    for (n, surname) in surnames.iter().enumerate() {
        let title = titles[n % titles.len()];
        let name = format!("{surname}{title}");
        let want = |intent: &str| json!({ "intent": intent, "name": name, "phone": "15908551234" });
        cases.push((format!("招采茶工5个,一天150,找{name}15908551234"), want("hire")));
        cases.push((format!("卖土鸡20只 联系电话15908551234 {name}"), want("sell")));
        cases.push((format!("收核桃,{name},电话15908551234"), want("buy")));
        let called = format!("{surname}{}", ["秀英", "小妹", "春兰", "启芬", "老三"][n % 5]);
        cases.push((format!("我叫{called}"), json!({ "intent": "register", "name": called })));
    }
    all(cases);
}

#[test]
fn a_post_is_known_by_every_way_to_say_its_number() {
    let numbers = [
        "641",
        "641号",
        "编号641",
        "编号是641的",
        "六四一号",
        "641那条",
        "641那个",
        "641这条信息",
        "第641号",
        "编号641的信息",
    ];
    let frames = [
        ("withdraw", "{}不要了"),
        ("withdraw", "麻烦把{}撤掉,谢谢"),
        ("renew", "{}再续几天"),
        ("deal", "{}卖完了"),
        ("deal", "{}招满了"),
        ("view", "{}是什么"),
        ("contact", "{}怎么联系"),
        ("contact", "把{}的电话给我"),
        ("report", "{}是骗子"),
        ("rate", "给{}好评"),
        ("edit", "{}价格改成4元"),
        ("relay", "告诉{}明天来拉"),
        ("relay", "给{}带个话 明天来拉"),
    ];
    let cases = frames.iter().flat_map(|(intent, frame)| {
        numbers.iter().map(move |n| (frame.replace("{}", n), json!({ "intent": intent, "post": 641 })))
    });
    all(cases);
}
