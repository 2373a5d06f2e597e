//! Each style of saying an amount or a price, in each place of a text, for goods of each kind: the grid in which a style that
//! is read beside one neighbour only would show.

use serde_json::Value;
use xiangxun::clock::Timestamp;
use xiangxun::command::read;
use xiangxun::market::PlaceCode;

use crate::texts::GRAMMAR;

/// 2026-11-21 09:00 in Beijing.
const NOW: Timestamp = Timestamp(1_795_222_800_000);

/// What a style says: an amount or yuan, and its unit or what it is per.
type Style = (&'static str, f64, &'static str);

/// So many of the failures are told.
const TOLD: usize = 20;

fn reading(text: &str) -> Value {
    serde_json::to_value(read(&GRAMMAR, PlaceCode(522_632), NOW, text)).expect("a reading is JSON")
}

fn near(got: &Value, want: f64) -> bool {
    got.as_f64().is_some_and(|n| (n - want).abs() < 0.002 * want.max(1.0))
}

/// Puts each style into each frame with each thing, and tells which readings lack what was said.
fn grid(frames: &[(&str, &str)], things: &[&str], styles: &[Style], right: impl Fn(&Value, &Style) -> bool) {
    let (mut all, mut wrong) = (0, Vec::new());
    for (frame, intent) in frames {
        for thing in things {
            for style in styles {
                let text = frame.replace("{i}", thing).replace("{s}", style.0);
                let got = reading(&text);
                let item = got["item"] == *thing || got["item_said"] == *thing;
                all += 1;
                if got["intent"] != *intent || !item || !right(&got, style) || got.get("also").is_some() {
                    wrong.push(format!("{text}: {got}"));
                }
            }
        }
    }
    assert!(all > 300, "only {all} texts");
    let told = &wrong[..wrong.len().min(TOLD)];
    assert!(wrong.is_empty(), "{} of {all} are read otherwise:\n{}", wrong.len(), told.join("\n"));
}

#[test]
fn every_style_of_price_is_read_beside_an_amount() {
    let frames = [
        ("{i}200斤,{s}", "sell"),
        ("卖{i}200斤{s}", "sell"),
        ("出售{i} 200斤 {s}", "sell"),
        ("{s},卖{i}200斤", "sell"),
        ("我有200斤{i}要卖,{s}", "sell"),
        ("有人要{i}吗,我有200斤,{s}", "sell"),
        ("收{i}200斤,{s}", "buy"),
        ("谁要{i} 200斤 {s} 电话13800001111", "sell"),
    ];
    let styles = [
        ("3块5", 3.5, "斤"),
        ("三块五一斤", 3.5, "斤"),
        ("块八", 1.8, "斤"),
        ("块把钱", 1.0, "斤"),
        ("毛把", 0.1, "斤"),
        ("一毛二一斤", 0.12, "斤"),
        ("二十块钱八斤", 2.5, "斤"),
        ("十块四斤", 2.5, "斤"),
        ("每斤两块半", 2.5, "斤"),
        ("2.5一斤", 2.5, "斤"),
        ("按斤算6块", 6.0, "斤"),
        ("一公斤8块", 8.0, "公斤"),
        ("两块二毛五", 2.25, "斤"),
        ("三百块一百斤", 3.0, "斤"),
        ("最低3块", 3.0, "斤"),
        ("3块钱就卖", 3.0, "斤"),
    ];
    grid(&frames, &["土豆", "花椒", "草鱼", "大米", "蜂蜜"], &styles, |got, (_, yuan, per)| {
        near(&got["quantity"]["amount"], 200.0) && near(&got["price"]["yuan"], *yuan) && got["price"]["per"] == *per
    });
}

#[test]
fn every_style_of_amount_is_read_wherever_it_stands() {
    let frames = [
        ("卖{i}{s}", "sell"),
        ("{i}{s}", "sell"),
        ("有{s}{i}要卖", "sell"),
        ("{i} {s} 3块5", "sell"),
        ("出{i},有{s},三块一斤", "sell"),
        ("收{i}{s}", "buy"),
        ("要买{s}{i}", "buy"),
        ("我种的{i}有{s},1块8一斤,谁要", "sell"),
    ];
    let styles = [
        ("两千来斤", 2000.0, "斤"),
        ("三五十斤", 30.0, "斤"),
        ("上千斤", 1000.0, "斤"),
        ("百把斤", 100.0, "斤"),
        ("2千5百斤", 2500.0, "斤"),
        ("一万来斤", 10_000.0, "斤"),
        ("1.5吨", 1.5, "吨"),
        ("吨半", 1.5, "吨"),
        ("一吨半", 1.5, "吨"),
        ("半吨", 0.5, "吨"),
        ("200-300斤", 200.0, "斤"),
        ("十几二十斤", 10.0, "斤"),
        ("四五百斤", 400.0, "斤"),
        ("一千斤出头", 1000.0, "斤"),
    ];
    grid(&frames, &["土豆", "花椒", "草鱼", "红薯", "板蓝根"], &styles, |got, (_, amount, unit)| {
        near(&got["quantity"]["amount"], *amount) && got["quantity"]["unit"] == *unit
    });
}

#[test]
fn a_figure_beside_what_is_sold_by_the_piece_is_its_price() {
    let frames =
        [("{i},{s}", "sell"), ("卖{i} {s}", "sell"), ("我家那个{i}想卖,{s}", "sell"), ("{i}便宜卖了,{s}", "sell")];
    let styles = [
        ("一万一就牵走", 11_000.0, ""),
        ("一万二哪个要", 12_000.0, ""),
        ("一万二", 12_000.0, ""),
        ("万二", 12_000.0, ""),
        ("八千五出", 8500.0, ""),
        ("一万八不刀", 18_000.0, ""),
        ("五千整", 5000.0, ""),
        ("3千8", 3800.0, ""),
        ("一口价8000", 8000.0, ""),
        ("打包价1500", 1500.0, ""),
        ("一千二打包", 1200.0, ""),
        ("总共800", 800.0, ""),
        ("三千起", 3000.0, ""),
        ("5000不讲价", 5000.0, ""),
        ("2600拿走", 2600.0, ""),
        ("两千三开走", 2300.0, ""),
    ];
    grid(&frames, &["水牛", "黄牛", "摩托车", "打谷机", "冰箱", "马"], &styles, |got, (_, yuan, _)| {
        near(&got["price"]["yuan"], *yuan)
    });
}
