//! A second carrier `g` beside Kannel, and the ways out of a station that has both.

use crate::daemon::{Daemon, get};

/// The clock of a test begins in the morning.
pub const NINE: &str = r#"{"now": "2026-11-21T09:00:00+08:00"}"#;
pub const SECOND: &str = r#"{"advance_seconds": 1}"#;

/// The config of `g`, which is sent to at `url` and answers with a code and its id; no hours are quiet. `head` stands in front of
/// it, and so belongs to Kannel's; `ways` are the carriers of the station, the first one first, each with its sender where that
/// is another.
pub fn beside_kannel(url: &str, head: &str, ways: &[(&str, Option<&str>)]) -> String {
    let way = |(n, (carrier, from)): (usize, &(&str, Option<&str>))| {
        let from = from.map_or(String::new(), |from| format!("from = \"{from}\"\n"));
        format!("[[station.rongjiang.route]]\ncarrier = \"{carrier}\"\norder = {}\n{from}", n + 1)
    };
    let ways: String = ways.iter().enumerate().map(way).collect();
    format!(
        r#"
{head}
{ways}
[[carrier]]
name = "g"
kind = "generic"
token = "token-of-g"
rate = 100000
[carrier.mo]
fields = {{ from = "from", to = "to", text = "text", id = "id" }}
[carrier.dlr]
fields = {{ ref = "id", state = "state", part = "part", parts = "parts" }}
ids = "hex-or-decimal"
states = {{ DELIVRD = "delivered", UNDELIV = "failed", BLACK = "opted_out" }}
[carrier.send]
url = "{url}?to={{to}}&from={{from}}&text={{text}}"
[carrier.send.answer]
code = "0"
ok = ["0"]
ref = "1"
codes = {{ "9" = "permanent", "21" = "opted_out", "33" = "dead" }}
[limits]
quiet_hours = ""
"#
    )
}

/// A report of `g`; `more` is further fields, as `&part=1&parts=2`.
pub async fn reported(daemon: &Daemon, id: &str, state: &str, more: &str) {
    let url = format!("{}/carriers/g/dlr?token=token-of-g&id={id}&state={state}{more}", daemon.base);
    assert_eq!(get(&daemon.client, &url).await.expect("an answer").status, 200);
}
