//! The line of the phone in a terminal: what the browser does in `src/station/phone/line.js`.

use std::collections::VecDeque;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::carrier::phone::TOKEN_HEADER;
use crate::carrier::ussd::dialled_behind;
use crate::carrier::{Outgoing, SendError};
use crate::outbox::Outbox;
use crate::station::phone::known;

/// An answer of the daemon is waited for so long.
pub const PATIENCE: Duration = Duration::from_secs(12);
/// The daemon beats every 15 seconds; three beats missed and the line is dead.
const SILENCE: Duration = Duration::from_secs(50);
const TRIES: u32 = 3;

/// How the daemon is reached, and what its page says of it.
#[derive(Debug, Clone)]
pub struct Line {
    url: String,
    number: String,
    token: HeaderValue,
    carrier: String,
    pub short_code: String,
    pub ussd_code: String,
    pub station: String,
}

/// As the page writes it for its scripts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    token: String,
    carrier: String,
    short_codes: Vec<String>,
    station: String,
    ussd_code: String,
}

/// A text on the handset.
#[derive(Debug, Deserialize)]
pub struct Text {
    pub id: Value,
    pub from: String,
    pub text: String,
    seq: u64,
}

/// What USSD shows.
#[derive(Debug, Deserialize)]
pub struct Screen {
    pub text: String,
    pub ends: bool,
    pub seconds: u64,
}

/// The stream of texts.
pub struct Ears {
    body: Incoming,
    bytes: Vec<u8>,
    texts: VecDeque<Text>,
    epoch: String,
    /// The last text heard, for taking the line up again.
    pub after: String,
}

/// 32 hex digits: the id of a text or session, the same for every try.
pub fn new_id() -> String {
    let mut bytes = [0u8; 16];
    // without a source of chance the time will do: the ids are only of one phone
    if getrandom::fill(&mut bytes).is_err() {
        bytes = crate::clock::Clock::System.now().0.cast_unsigned().to_be_bytes().repeat(2).try_into().unwrap_or(bytes);
    }
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

impl Line {
    /// Opens the page as a browser would.
    ///
    /// # Errors
    /// For the operator: that nobody is there, or no phone.
    pub async fn open(url: &str, number: &str) -> Result<Line, String> {
        let page =
            Outgoing { method: Method::GET, url: format!("{url}/phone"), headers: HeaderMap::new(), body: Vec::new() };
        let (status, body) = Outbox::call(page)
            .await
            .map_err(|e| format!("no daemon answers at {url}: {}; start it with: xiangxun serve", cause(e)))?;
        if status == StatusCode::NOT_FOUND {
            return Err(format!("the daemon at {url} has no carrier of kind phone, so there is no phone to use"));
        }
        let known: Option<Known> = known(&String::from_utf8_lossy(&body)).and_then(|k| serde_json::from_value(k).ok());
        let known =
            known.ok_or_else(|| format!("what answers at {url}/phone ({status}) is no phone page of xiangxun"))?;
        Ok(Line {
            url: url.to_string(),
            number: number.to_string(),
            token: HeaderValue::from_str(&known.token).map_err(|_| "the page's token is no header".to_string())?,
            carrier: known.carrier,
            short_code: known.short_codes.into_iter().next().unwrap_or_default(),
            ussd_code: known.ussd_code,
            station: known.station,
        })
    }

    async fn post(&self, door: &str, body: Value) -> Result<(StatusCode, Vec<u8>), String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(TOKEN_HEADER, self.token.clone());
        let url = format!("{}/carriers/{}/{door}", self.url, self.carrier);
        let out = Outgoing { method: Method::POST, url, headers, body: body.to_string().into_bytes() };
        match tokio::time::timeout(PATIENCE, Outbox::call(out)).await {
            Ok(answer) => answer.map_err(|_| "没有信号".to_string()),
            Err(_) => Err("没有信号".to_string()),
        }
    }

    /// Sends a text; every try has the same id, so none is taken twice.
    pub async fn send(&self, text: &str) -> Result<(), String> {
        let mo = json!({ "id": new_id(), "from": self.number, "to": self.short_code, "text": text });
        let mut why = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(700)).await;
            }
            match self.post("mo", mo.clone()).await {
                Ok((status, _)) if status.is_success() => return Ok(()),
                Ok((status, _)) if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                    return Err(format!("网络没有接收({})", status.as_u16()));
                }
                Ok(_) => why = "网络忙".into(),
                Err(lost) => why = lost,
            }
        }
        Err(why)
    }

    /// Tells the daemon that a text is on the handset; it is no matter if it does not hear.
    pub async fn delivered(&self, id: &Value) {
        let _ = self.post("dlr", json!({ "mt": id, "state": "delivered" })).await;
    }

    /// The code that is dialled, and what stands behind it: `*123*1#` is `*123#` with `1`.
    pub fn split(&self, dialled: &str) -> (String, String) {
        match dialled_behind(&self.ussd_code, dialled) {
            "" => (dialled.to_string(), String::new()),
            behind => (self.ussd_code.clone(), behind.to_string()),
        }
    }

    /// One call of a session; a network does not try again.
    pub async fn ussd(&self, session: &str, code: &str, kind: &str, input: &str, order: u64) -> Result<Screen, String> {
        let call = json!({
            "session": session, "from": self.number, "code": code, "kind": kind, "input": input, "order": order,
        });
        let (status, body) = self.post("ussd", call).await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| "网络没有接通".to_string());
        }
        Err(match status {
            StatusCode::NOT_FOUND => "这个号码不能拨".to_string(),
            s if s.is_client_error() => format!("网络没有接通({})", s.as_u16()),
            _ => "网络忙".to_string(),
        })
    }

    /// Listens for texts, from the one behind `after` on; returns once the daemon hears that we do.
    pub async fn listen(&self, after: &str) -> Result<Ears, String> {
        let from = if after.is_empty() { String::new() } else { format!("&after={after}") };
        let url = format!("{}/phone/events?phones={}{from}", self.url, self.number);
        let out = Outgoing { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new() };
        let (status, body) = Outbox::open(out).await.map_err(cause)?;
        if !status.is_success() {
            return Err(format!("{}/phone/events answers {status}", self.url));
        }
        let mut ears =
            Ears { body, bytes: Vec::new(), texts: VecDeque::new(), epoch: String::new(), after: after.into() };
        while ears.epoch.is_empty() {
            if !ears.read().await {
                return Err("the daemon hung up".into());
            }
        }
        Ok(ears)
    }
}

impl Ears {
    /// The next text; `None` where the line is lost.
    pub async fn next(&mut self) -> Option<Text> {
        loop {
            if let Some(text) = self.texts.pop_front() {
                self.after = format!("{}-{}", self.epoch, text.seq);
                return Some(text);
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Reads on; whether there was anything.
    async fn read(&mut self) -> bool {
        let Ok(Some(Ok(frame))) = tokio::time::timeout(SILENCE, self.body.frame()).await else { return false };
        self.bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |d| d));
        // events end with an empty line
        while let Some(end) = self.bytes.windows(2).position(|w| w == b"\n\n") {
            let event: Vec<u8> = self.bytes.drain(..end + 2).collect();
            self.take(&String::from_utf8_lossy(&event));
        }
        true
    }

    fn take(&mut self, event: &str) {
        let field = |name: &str| event.lines().find_map(|l| l.strip_prefix(name)).map(str::trim_start);
        match (field("event:"), field("data:")) {
            (Some("hello"), Some(data)) => {
                let hello: Value = serde_json::from_str(data).unwrap_or_default();
                self.epoch = hello["epoch"].as_str().map_or_else(|| hello["epoch"].to_string(), str::to_string);
            }
            (Some("text"), Some(data)) => self.texts.extend(serde_json::from_str::<Text>(data)),
            _ => {}
        }
    }
}

/// What went wrong on the way, in the words of the machine.
fn cause(e: SendError) -> String {
    match e {
        SendError::Retry(why) | SendError::Unclear(why) => why,
        other => other.to_string(),
    }
}
