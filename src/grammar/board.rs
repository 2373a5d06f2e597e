//! Boards: what kinds of posts there are, which side meets which, and by what rules. `grammar/boards/*.toml`.

use serde::Deserialize;

use super::said::longest;
use super::{GrammarError, Intent, Source, under};
use crate::market::Ring;

/// One board.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Short name in English, as posts carry it: `trade`.
    pub name: String,
    /// What villagers call it.
    pub title: String,
    /// Days a post lives.
    pub days: u32,
    /// How far a post is heard where its item does not say otherwise.
    pub reach: Ring,
    /// Whether a post must name an item.
    pub item: Need,
    /// How the items of two posts must be related.
    pub kin: Kin,
    /// The sentence in which the owner of a post hears of another that meets it.
    pub news: String,
    /// The board is for these items, categories, and what is below them; the board of an intent without any takes the rest.
    #[serde(default)]
    pub items: Vec<String>,
    /// Words of which a text must have one to belong here, where the sides of another board take the same intents: 出租.
    #[serde(default)]
    pub cues: Vec<String>,
    /// Words of which it must have one beside a cue, where a cue and a word of a side (`with`) say that it belongs here: 拉.
    #[serde(default)]
    pub acts: Vec<String>,
    /// What it is about are these nodes of the item tree and what is below them: of two things in a text, the one that is.
    #[serde(default)]
    pub things: Vec<String>,
    /// Short words for its things that are no items by themselves: 租房 is about a 房子.
    #[serde(default)]
    pub means: std::collections::BTreeMap<String, String>,
    /// What it is about stays where it is, however far its kind is heard elsewhere: who wants a room in one county does not
    /// want one in the next.
    #[serde(default)]
    pub stays: bool,
    /// Words with which a text does not belong here, whatever else it has.
    #[serde(default)]
    pub unless: Vec<String>,
    /// What posts are looked up by.
    #[serde(default)]
    pub key: Key,
    /// Whether a post that names a day ends with it.
    #[serde(default)]
    pub ends_with_day: bool,
    /// How its people are put in touch.
    #[serde(default)]
    pub touch: Touch,
    /// Whether it is for grown-ups only; who does not say his age is asked.
    #[serde(default)]
    pub adults: bool,
    /// Its posts of one side are told in waves, not to all at once.
    #[serde(default)]
    pub waves: Option<Waves>,
    /// Its posts of one side are told to phones near by that asked for it.
    #[serde(default)]
    pub alert: Option<Alert>,
    pub side: Vec<Side>,
    #[serde(default)]
    pub rules: Rules,
}

/// How many of those whom a post meets are asked at a time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waves {
    pub side: String,
    /// So many are asked for each place that is free.
    pub per_place: u32,
    /// But not fewer than this.
    pub least: u32,
    /// And so many where nobody said how many are wanted.
    pub unsaid: u32,
    /// Until the next are asked.
    pub minutes: i64,
}

/// How a loss is told to the neighbours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    pub side: String,
    /// What one subscribes to in order to hear of it.
    pub topics: Vec<String>,
    /// Items and categories that cannot wait.
    pub urgent: Vec<String>,
    /// From the narrowest to the widest.
    pub ring: Vec<AlertRing>,
}

/// One ring, and how many hours after the loss it is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRing {
    pub within: Ring,
    pub hours: i64,
    pub urgent_hours: i64,
}

/// One side of a board.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    pub name: String,
    /// The intent that makes such a post.
    pub intent: Intent,
    /// Words that alone say that a text is a post of this side, whatever its other words would make of it.
    #[serde(default)]
    pub verbs: Vec<String>,
    /// Words that say so beside a cue of the board: 找 beside 货车.
    #[serde(default)]
    pub with: Vec<String>,
    /// Words with which a text opens, apart from what follows, and then is such a post whatever else it says: 交友 …, 求助 ….
    #[serde(default)]
    pub opens: Vec<String>,
    /// But not where it opens with these: 帮 我找.
    #[serde(default)]
    pub opens_not: Vec<String>,
    /// Words with which such a text begins: 送 棉被.
    #[serde(default)]
    pub heads: Vec<String>,
    /// Whether a cue and an act alone say so, where the text is no trade: 小货车 拉货.
    #[serde(default)]
    pub bare: bool,
    /// The sides it meets: of this board `side`, of another `board/side`. Who is met meets back.
    pub meets: Vec<String>,
    /// Whether its posts are only shown once the manager vouched for them, or for who wrote them.
    #[serde(default)]
    pub vouch: Vouch,
    /// How many give to one of its posts, where they do.
    #[serde(default)]
    pub pool: Option<Pool>,
    /// Whether it has the thing or wants it: an offer may be a kind of what is wanted, not the other way about.
    pub role: Role,
    /// The word that read-backs begin with: `卖`.
    pub verb: String,
    /// What is said of such a post to the other side: `在卖`.
    pub doing: String,
    /// How its owner says that it came to a deal, where `grammar/replies/` does not say.
    #[serde(default)]
    pub over: Option<String>,
    /// Other words for posts about some kinds of things.
    #[serde(default)]
    pub about: Vec<About>,
}

/// For what the station manager vouches before a post is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vouch {
    #[default]
    No,
    /// Each post: whether it is so.
    Each,
    /// Who wrote it, once.
    Who,
}

/// How many give to one post: a big order, work taken home, an appeal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// How one takes part, before the number: `应`.
    pub verb: String,
    /// How what was brought is told of, before the number: `秤`.
    pub slip: String,
    /// What is done with it on the day: `交秤`.
    pub bring: String,
    /// What becomes of more than is wanted.
    pub over: Over,
    /// It is decided upon before its day, so many days.
    #[serde(default)]
    pub before: u32,
    /// Where no day is said, it is open so many days.
    #[serde(default)]
    pub days: u32,
    /// What is given is given: money never goes by text.
    #[serde(default)]
    pub gift: bool,
    /// Its owner hears of each who takes part, not only when enough has come together.
    #[serde(default)]
    pub each: bool,
}

/// What becomes of pledges beyond what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// All may pledge until a deadline; then what is too much is cut fairly.
    Cut,
    /// No more than is left can be taken.
    Stop,
    /// More is welcome.
    Open,
}

/// How posts about one node of the item tree are spoken of: nobody picks up an old man.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// An item or a category.
    pub node: String,
    pub verb: String,
    pub doing: String,
}

/// What posts of a board are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// The thing named, in the tree of items.
    #[default]
    Item,
    /// Where the ride ends, in the tree of places.
    Route,
}

/// How the people of a board are put in touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Touch {
    /// By each other's numbers, where neither keeps his private.
    #[default]
    Numbers,
    /// Only by words passed on.
    Relay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    Required,
    Optional,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kin {
    /// What is offered must be what is wanted or a kind of it.
    KindOf,
    /// Either may be a kind of the other: a finder says 牛 where the owner says 黄牛.
    Either,
    /// Not at all: what is said of it decides, as `grammar/terms.toml` has it.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Offer,
    Want,
}

/// What else must agree. A slot that one side left out never excludes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Percent by which the asked price may exceed the offered one.
    pub price_slack: u32,
    /// Whether two known sexes must be the same.
    pub same_sex: bool,
    /// Whether two known sexes must differ.
    pub other_sex: bool,
    /// Whether two known days must be the same.
    pub same_day: bool,
    /// Whether both must go the same way.
    pub same_way: bool,
    /// Whether who has fewer seats than are wanted helps nobody.
    pub seats: bool,
    /// Whether men and women, and their ages, are told apart: of workers, friends, people who are missed.
    pub people: bool,
    /// Whether who carries less than is to be carried helps nobody.
    pub load: bool,
    /// Units of a price that say only that it is for the whole of it: 一趟, 一车.
    pub whole_price: Vec<String>,
    /// Key of the traits that say what a post is about, where no tree of items does: what both name so must agree, and who
    /// names it so is not helped by another thing.
    pub subject: Option<String>,
    /// Key of the traits that say what people would do together: who shares one meets whatever his sex.
    pub company: Option<String>,
    /// But for this value, for which sexes must differ.
    pub couple: Option<String>,
    /// Whether a find cannot be older than the loss by more than a day.
    pub not_before: bool,
    /// Parts of the day: those of one list go together, those of two lists do not.
    pub parts_apart: Vec<Vec<String>>,
}

/// All boards.
#[derive(Debug, Default)]
pub struct Boards {
    boards: Vec<Board>,
}

impl Boards {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Boards {
        let mut boards: Vec<Board> = Vec::new();
        for source in under(sources, "boards/") {
            match source.toml::<Board>() {
                Ok(board) => {
                    check(&board, &boards, source, errors);
                    boards.push(board);
                }
                Err(e) => errors.push(e),
            }
        }
        meet_back(&boards, sources, errors);
        Boards { boards }
    }

    pub fn get(&self, name: &str) -> Option<&Board> {
        self.boards.iter().find(|b| b.name == name)
    }

    /// The board and side that a text with `intent` posts to, whatever it is about.
    pub fn by_intent(&self, intent: Intent) -> Option<(&Board, &Side)> {
        self.by_reading(intent, &[])
    }

    /// The board and side that a text with `intent` about a thing with these nodes posts to: the board for such things, else
    /// the one for all.
    pub fn by_reading(&self, intent: Intent, nodes: &[String]) -> Option<(&Board, &Side)> {
        let takes = |b: &&Board| b.cues.is_empty() && b.items.iter().any(|i| nodes.contains(i));
        let own = self.boards.iter().filter(takes);
        // a board of few words comes last: it takes only what no other does
        let plain = self.boards.iter().filter(|b| b.items.is_empty() && b.cues.is_empty() && !b.by_verbs_only());
        let rest = plain.chain(self.boards.iter().filter(|b| b.items.is_empty()));
        own.chain(rest).find_map(|b| b.side.iter().find(|s| s.intent == intent).map(|s| (b, s)))
    }

    /// The board and side whose word opens a text and so says what it is: `交友 …`.
    pub fn opened(&self, text: &str) -> Option<(&Board, &Side)> {
        let apart = |w: &str| text.strip_prefix(w).is_some_and(|rest| rest.starts_with([' ', ',', ':']));
        let sides = self.boards.iter().flat_map(|b| b.side.iter().map(move |s| (b, s)));
        let begins = |words: &[String]| words.iter().any(|w| text.starts_with(w.as_str()));
        sides.into_iter().find(|(_, s)| s.opens.iter().any(|w| apart(w)) && !begins(&s.opens_not))
    }

    /// The board and side to which the words of a text (in normal form) give it, against or beside what `intent` was read:
    /// the longest word of a side decides, else the intent under a board's cue. Words may have gaps, see [`super::said`].
    pub fn claimed(&self, text: &str, intent: Intent) -> Option<(&Board, &Side)> {
        let open = self.boards.iter().filter(|b| longest(text, &b.unless).is_none());
        let mut best: Option<(usize, &Board, &Side)> = None;
        for board in open {
            let cue = longest(text, &board.cues);
            let acts = board.acts.is_empty() || longest(text, &board.acts).is_some();
            for side in &board.side {
                let verb = longest(text, &side.verbs);
                let cued = side.intent == intent && board.acts.is_empty() && cue.is_some();
                // a cue and a word beside it count for a little more than one word as long as both
                let beside = cue.zip(longest(text, &side.with)).filter(|_| acts);
                let head = side.heads.iter().filter(|w| text.starts_with(w.as_str())).map(|w| w.chars().count()).max();
                let bare = side.bare && acts && cue.is_some() && !trades(intent);
                let words = verb.max(head).max(bare.then_some(1));
                let words = words.max(beside.map(|(cue, with)| cue + with + 1));
                // of two words of one length the one that agrees with the rest of the text
                let weight = words.map(|n| 2 * n + usize::from(side.intent == intent)).or(cued.then_some(1));
                if let Some(weight) = weight.filter(|w| best.is_none_or(|(most, ..)| *w > most)) {
                    best = Some((weight, board, side));
                }
            }
        }
        best.map(|(_, board, side)| (board, side))
    }

    /// Sides that a side meets: board, side.
    pub fn met_by<'b>(&'b self, board: &'b Board, side: &'b Side) -> Vec<(&'b str, &'b str)> {
        side.meets.iter().map(|m| m.split_once('/').unwrap_or((board.name.as_str(), m))).collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Board> {
        self.boards.iter()
    }
}

impl Side {
    /// The word that read-backs begin with, for a post with these nodes.
    pub fn verb_for(&self, nodes: &[String]) -> &str {
        self.about(nodes).map_or(&self.verb, |a| &a.verb)
    }

    /// What is said of such a post to the other side.
    pub fn doing_for(&self, nodes: &[String]) -> &str {
        self.about(nodes).map_or(&self.doing, |a| &a.doing)
    }

    fn about(&self, nodes: &[String]) -> Option<&About> {
        self.about.iter().find(|a| nodes.contains(&a.node))
    }
}

impl Board {
    /// Whether no intent alone leads here: another board takes the same intents without words of its own.
    fn by_verbs_only(&self) -> bool {
        self.side.iter().all(|s| !s.verbs.is_empty())
    }

    pub fn side(&self, name: &str) -> Option<&Side> {
        self.side.iter().find(|s| s.name == name)
    }
}

/// Whether a text gives or takes goods.
fn trades(intent: Intent) -> bool {
    matches!(intent, Intent::Sell | Intent::Buy | Intent::Lost | Intent::Found | Intent::AidNeed | Intent::AidGive)
}

fn check(board: &Board, earlier: &[Board], source: &Source, errors: &mut Vec<GrammarError>) {
    let line_of = |needle: &str| source.text.find(needle).map_or(1, |at| source.line_at(at));
    if earlier.iter().any(|b| b.name == board.name) {
        errors.push(
            source.error(line_of("name"), format!("board `{}` is there already; choose another name", board.name)),
        );
    }
    let sides = [board.waves.as_ref().map(|w| &w.side), board.alert.as_ref().map(|a| &a.side)];
    for side in sides.into_iter().flatten().filter(|s| board.side(s).is_none()) {
        errors.push(source.error(line_of(side), format!("board `{}` has no side `{side}`", board.name)));
    }
    for side in &board.side {
        let rival = earlier.iter().find(|b| {
            // whoever has words of its own may share an intent
            let told_apart = |b: &Board, intent| {
                !b.cues.is_empty() || b.side.iter().any(|s| s.intent == intent && !s.verbs.is_empty())
            };
            if told_apart(board, side.intent) || told_apart(b, side.intent) {
                return false;
            }
            let shares =
                b.items.iter().any(|i| board.items.contains(i)) || b.items.is_empty() && board.items.is_empty();
            shares && b.side.iter().any(|s| s.intent == side.intent)
        });
        if let Some(other) = rival {
            let what = format!("side `{}` takes an intent that board `{}` has already", side.name, other.name);
            errors.push(source.error(line_of(&side.name), what));
        }
    }
}

/// Every side that is named as met must be there and meet back, for whoever comes second must find who came first.
fn meet_back(boards: &[Board], sources: &[Source], errors: &mut Vec<GrammarError>) {
    let named = |board: &Board, side: &str| -> Option<(usize, String)> {
        let (b, s) = side.split_once('/').unwrap_or((board.name.as_str(), side));
        let at = boards.iter().position(|x| x.name == b)?;
        boards[at].side(s).map(|s| (at, s.name.clone()))
    };
    for (board, source) in boards.iter().zip(under(sources, "boards/")) {
        for side in &board.side {
            for meets in &side.meets {
                let line = source.text.find(meets.as_str()).map_or(1, |at| source.line_at(at));
                let Some((at, other)) = named(board, meets) else {
                    let what = format!("side `{}` meets `{meets}`, which no board has", side.name);
                    errors.push(source.error(line, what));
                    continue;
                };
                let back = boards[at].side(&other).into_iter().flat_map(|s| &s.meets);
                let meets_back = back.filter_map(|m| named(&boards[at], m));
                if !meets_back.into_iter().any(|(b, s)| boards[b].name == board.name && s == side.name) {
                    let what = format!("side `{}` meets `{meets}`, which does not meet it", side.name);
                    errors.push(source.error(line, what));
                }
            }
        }
    }
}
