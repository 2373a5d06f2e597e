//! Texts of any length in shapes that tempt a parser to look back or ahead.

use xiangxun::grammar::{Grammar, Intent};

/// A shape: what it begins with, what is said over and over, what it ends with.
pub struct Shape {
    pub name: String,
    pub head: String,
    pub again: Vec<String>,
    pub tail: String,
}

impl Shape {
    /// The text of this shape with so many characters.
    pub fn text(&self, chars: usize) -> String {
        let (head, tail) = (self.head.chars().count(), self.tail.chars());
        let middle =
            self.again.iter().cycle().flat_map(|s| s.chars()).take(chars.saturating_sub(head + tail.clone().count()));
        self.head.chars().chain(middle).chain(tail).collect()
    }
}

impl Shape {
    /// Texts of `chars` characters that together say what [`Shape::text`] says in one of `times` as many.
    pub fn pieces(&self, chars: usize, times: usize) -> Vec<String> {
        if self.again.len() == 1 {
            return vec![self.text(chars); 1];
        }
        let long: Vec<char> = self.text(chars * times).chars().collect();
        long.chunks(chars).map(|piece| piece.iter().collect()).collect()
    }
}

/// All shapes: the known ones, and each kind of word of the grammar, over and over.
pub fn all(grammar: &Grammar) -> Vec<Shape> {
    let mut out: Vec<Shape> = PLAIN
        .iter()
        .map(|(head, again, tail)| Shape {
            name: format!("{head}({again})*{tail}"),
            head: (*head).into(),
            again: vec![(*again).into()],
            tail: (*tail).into(),
        })
        .collect();
    let mut list = |name: &str, words: Vec<String>| {
        out.push(Shape {
            name: format!("{name}, one after the other"),
            head: String::new(),
            again: words,
            tail: String::new(),
        });
    };
    let items: Vec<&str> = grammar.items.iter().map(|i| i.name.as_str()).collect();
    list("items", items.iter().map(ToString::to_string).collect());
    list("items with amounts", items.iter().map(|i| format!("{i}3斤")).collect());
    list("items with commas", items.iter().map(|i| format!("{i},")).collect());
    list("units", grammar.units.iter().flat_map(|u| std::iter::once(&u.name).chain(&u.also)).cloned().collect());
    list("amounts", grammar.units.iter().map(|u| format!("两百五{}", u.name)).collect());
    for intent in [Intent::Sell, Intent::Buy, Intent::Hire, Intent::Lost, Intent::RideNeed, Intent::Ask] {
        list(&format!("verbs of {intent:?}"), shapes_of_verbs(grammar, intent));
    }
    // Sounds like what there is, but is not: each window of characters is looked up by its sound.
    list("near slips", items.iter().flat_map(|i| i.chars().rev()).map(|c| format!("{c}嘛")).collect());
    out
}

/// The words that speak for an intent, by way of the texts that the automaton knows.
fn shapes_of_verbs(grammar: &Grammar, intent: Intent) -> Vec<String> {
    use xiangxun::grammar::lexicon::Force;
    let mut all: Vec<String> =
        grammar.lexicon.texts().filter(|(_, w)| w.is_verb(intent, Force::Strong)).map(|(t, _)| t.to_string()).collect();
    all.sort();
    all
}

const PLAIN: &[(&str, &str, &str)] = &[
    ("", "卖", ""),
    ("", "收", ""),
    ("", "牛", ""),
    ("", "的", ""),
    ("", "了", ""),
    ("", "谁", ""),
    ("", "有", ""),
    ("", "不", ""),
    ("", "找", ""),
    ("", "一", ""),
    ("", "百", ""),
    ("", "万", ""),
    ("", "半", ""),
    ("", "几", ""),
    ("", "块", ""),
    ("", "斤", ""),
    ("", "到", ""),
    ("", "每", ""),
    ("", "个", ""),
    ("", "犇", ""),
    ("", "a", ""),
    ("", "o", ""),
    ("", "1", ""),
    ("", "1.", ""),
    ("", "1-", ""),
    ("", "1,", ""),
    ("", "1,000", ""),
    ("", "3o", ""),
    ("", ".", ""),
    ("", "-", ""),
    ("", " ", ""),
    ("", "?", ""),
    ("", "【", ""),
    ("", "】", ""),
    ("", "【a】", ""),
    ("", "💊", ""),
    ("", "👨‍👩‍👧‍👦", ""),
    ("", "ﷺ", ""),
    ("", "\u{301}", "e"),
    ("e", "\u{301}\u{316}", ""),
    ("", "\u{0}", ""),
    ("", "\u{fffd}", ""),
    ("", "1 2 3 ", ""),
    ("", "卖 板 蓝 根 ", ""),
    ("", "3斤", ""),
    ("", "3斤 ", ""),
    ("", "3斤,", ""),
    ("", "3块5", ""),
    ("", "3块到4块", ""),
    ("", "三五百斤", ""),
    ("", "一斤半", ""),
    ("", "一万二千三百四十五", ""),
    ("", "一二三四五六七八九", ""),
    ("", "每袋50斤", ""),
    ("", "共", "3斤"),
    ("3斤", "以上", ""),
    ("3斤", "左右", ""),
    ("3", "以上", "斤"),
    ("卖牛", "3斤的", ""),
    ("", "3斤的", "牛"),
    ("", "3人的", "木工"),
    ("卖", "3斤好的", "牛"),
    ("", "八角", ""),
    ("", "8点", ""),
    ("", "13800000000", ""),
    ("", "138-0000-0000 ", ""),
    ("", "0855-", ""),
    ("", "明天", ""),
    ("", "农历", ""),
    ("", "腊月", ""),
    ("", "11月底", ""),
    ("", "栽麻镇", ""),
    ("", "栽麻", ""),
    ("", "人民", ""),
    ("", "榕江到贵阳 ", ""),
    ("去", "在", ""),
    ("在", "哪里", ""),
    ("", "板蓝根", ""),
    ("", "板蓝根 ", ""),
    ("板蓝根丢了", "板蓝根", ""),
    ("牛丢了", "牛", ""),
    ("牛丢了 ", "公牛", ""),
    ("收", "板蓝根和", ""),
    ("招", "木工", ""),
    ("招", "木工3人,", ""),
    ("谁收", "板蓝根有", ""),
    ("", "牛粪", ""),
    ("我有", "的", "八百斤板蓝根"),
    ("卖", "的", "板蓝根"),
    ("卖", "阿的", ""),
    ("卖", "阿的的 ", "3斤"),
    ("丢了", "阿的 ", ""),
    ("我叫", "杨", ""),
    ("联系人", "杨", "13800000000"),
    ("807", "的", "撤"),
    ("改 807 ", "3斤4块", ""),
    ("传 807 ", "明天来拉", ""),
    ("", "807 ", ""),
    ("", "要", "807"),
    ("", "撤", "807"),
    ("订 ", "招工", ""),
    ("查 ", "天麻", ""),
    ("价", "的吗", ""),
    ("我不", "卖", "了"),
    ("有没有", "牛吗 我有", ""),
    ("卖", "板兰根", ""),
    ("卖", "水流", ""),
    ("卖", "tianma", ""),
    ("卖", "tian ma ", ""),
    ("mai ", "tian", " 3 jin"),
    ("卖", "乙", "3斤"),
    ("", "退订", ""),
    ("", "退订,", ""),
    ("", "你好", ""),
    ("", "短信:", ""),
    ("", "来自我的手机", ""),
    ("", "賣　板藍根２００斤！！", ""),
    ("", "我家有两百斤天麻想卖掉,三十五块一斤,在栽麻 ", ""),
    ("", "黄豆 绿豆 各50斤 ", ""),
    ("", "大工两个小工三个", ""),
    ("", "谁要不要", ""),
    ("", "有不有没有", ""),
    ("", "女的一头公的", ""),
];
