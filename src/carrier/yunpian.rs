//! Yunpian 云片: texts that match an approved template out, signed replies in.
//!
//! ```text
//! POST /carriers/yp/mo/T      sms_reply={"id":"2a70…","mobile":"13800000000","text":"卖 板蓝根 200斤",
//!                              "reply_time":"2023-11-15 06:13:20","base_extend":"8888","extend":"01","_sign":"393d…"}   (encoded)
//! POST /carriers/yp/dlr/T     sms_status=[{"sid":9527,"uid":"xiangxun-42","mobile":"13800000000","report_status":"SUCCESS",…}]
//! POST https://sms.yunpian.com/v2/sms/single_send.json    apikey=…&mobile=13800000000&text=【榕江信息站】…&uid=xiangxun-42
//! ```
//!
//! Sources: 云片国内短信文档 (推送上行短信, 推送状态报告, 单条发送, 返回值说明). Replies are signed with the API key, reports are not,
//! so both addresses hold a token as well. A text goes free, but is refused where no template of the account matches it.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::auth::{self, Algorithm};
use super::doorkey::DoorKey;
use super::form::{self, Form};
use super::push::{self, Number, OwnId, field, needed};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, hex, path, print,
    status,
};
use crate::clock::{HOUR, MINUTE, SECOND};
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Dlr, Mo, Mt, Sender};

pub const KIND: Kind = Kind { name: "yunpian", build, default_rate: 20 };

const FORM: &str = "application/x-www-form-urlencoded;charset=utf-8";

/// A phone has had too many, and how long it must be left alone.
const PHONE_LIMITS: &[(i64, i64)] = &[
    // The same text to the same phone: once in 30 seconds, three times in 5 minutes.
    (8, 30 * SECOND),
    (9, 5 * MINUTE),
    (33, MINUTE),
    (53, MINUTE),
    (22, HOUR),
    (17, 6 * HOUR),
    (43, 6 * HOUR),
];

/// Codes in an answer, and the remedy.
const CODES: &[(i64, Remedy)] = &[
    (1, SendError::Permanent),
    (2, SendError::Permanent),
    (3, SendError::Quota),
    // A word that is filtered, no template that matches: another route may carry the text.
    (4, SendError::Unfit),
    (5, SendError::Unfit),
    (6, SendError::Config),
    (7, SendError::Config),
    (10, SendError::OptedOut),
    (13, SendError::Retry),
    (14, SendError::Permanent),
    (15, SendError::Config),
    (16, SendError::Config),
    (18, SendError::Config),
    (19, SendError::Config),
    (20, SendError::Unfit),
    (23, SendError::Unfit),
    (25, SendError::Permanent),
    (26, SendError::Quota),
    (27, SendError::Quota),
    (28, SendError::Retry),
    (40, SendError::Config),
    (-1, SendError::Config),
    (-2, SendError::Config),
    (-3, SendError::Config),
    (-4, |cause| SendError::Throttled { after_ms: 0, cause }),
    (-5, |cause| SendError::Throttled { after_ms: 0, cause }),
    (-50, SendError::Retry),
    (-51, SendError::Retry),
    (-53, SendError::Retry),
    (-57, SendError::Config),
];

/// One API key with one signature.
#[derive(Debug)]
struct Yunpian {
    name: String,
    key: DoorKey,
    api_key: Secret,
    sign_name: String,
    send_url: String,
    number: Number,
    own: OwnId,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let key = DoorKey::read(&mut s);
    let api_key = s.secret("api_key", "the account's APIKEY");
    let sign_name = push::sign_name(&mut s);
    let send_url = s.optional_url("send_url");
    let send_url = send_url.unwrap_or_else(|| "https://sms.yunpian.com/v2/sms/single_send.json".into());
    let number = Number::read(&mut s);
    let own = OwnId::read(&mut s);
    s.finish()?;
    Ok(Box::new(Yunpian { name: config.name.clone(), key, api_key, sign_name, send_url, number, own }))
}

impl Yunpian {
    /// Whether `_sign` is the MD5 of all other values, sorted by name, and the API key, with commas between.
    fn prove(&self, record: &Value) -> Result<(), Refusal> {
        let refuse = Refusal::NotAuthentic("_sign");
        let shown = field(record, "_sign").and_then(|s| hex::decode(s.as_bytes())).ok_or(refuse.clone())?;
        let Value::Object(fields) = record else { return Err(refuse) };
        let mut named: Vec<(&String, String)> = fields
            .iter()
            .filter(|(name, _)| *name != "_sign")
            .map(|(name, value)| (name, path::text(value).unwrap_or_default()))
            .collect();
        named.sort_unstable();
        let mut values: Vec<&str> = named.iter().map(|(_, value)| value.as_str()).collect();
        values.push(self.api_key.expose());
        if auth::same(&Algorithm::Md5.sign(b"", &[values.join(",").as_bytes()]), &shown) { Ok(()) } else { Err(refuse) }
    }

    fn mo(&self, record: &Value) -> Result<Mo, Refusal> {
        self.prove(record)?;
        let part = |name| field(record, name).unwrap_or_default();
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: field(record, "id").and_then(|id| print::mo_id(&id)),
            from: Sender::read(&needed(record, "mobile")?),
            to: self.number.with(&format!("{}{}", part("base_extend"), part("extend"))),
            text: push::text(record, "text")?,
            sent_at: field(record, "reply_time").and_then(|s| push::beijing(&s)),
            part: None,
        })
    }

    fn dlr(&self, record: &Value) -> Result<Dlr, Refusal> {
        let mt = self.own.find(field(record, "uid").as_deref(), field(record, "sid"));
        let mt = mt.ok_or_else(|| Refusal::Malformed("uid and sid are missing".into()))?;
        let code = field(record, "error_msg").unwrap_or_default();
        let state = push::verdict(&needed(record, "report_status")?, &code);
        let words = field(record, "error_detail").map_or(code.clone(), |words| format!("{code} {words}"));
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail: status::excerpt(words.trim()), part: None })
    }
}

/// The JSON in a field of the form. Some deliveries are encoded twice.
fn inside(call: &Arrived<'_>, name: &str) -> Result<Vec<Value>, Refusal> {
    if call.method != Method::POST {
        return Err(Refusal::Method("POST".into()));
    }
    let form = Form::parse(call.body);
    let value = form.get(name).ok_or_else(|| Refusal::Malformed(format!("{name} is missing")))?;
    match value.trim_ascii_start().first() {
        Some(b'{' | b'[') => push::records(value),
        _ => push::records(&form::decode(value)),
    }
}

impl Carrier for Yunpian {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        self.key.check(call)?;
        let records = inside(call, if door == Door::Mo { "sms_reply" } else { "sms_status" })?;
        push::heard(&self.name, door, &records, |r| self.mo(r), |r| self.dlr(r))
    }

    fn ack(&self, _: Door) -> Ack {
        Ack { status: StatusCode::OK, content_type: "text/plain", body: "SUCCESS".into() }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let mut body = format!("apikey={}", form::encode(self.api_key.expose().as_bytes()));
        // Mainland numbers bare, others as E.164.
        form::push(&mut body, '&', "mobile", mt.to.local().as_bytes());
        form::push(&mut body, '&', "text", format!("【{}】{}", self.sign_name, mt.text).as_bytes());
        form::push(&mut body, '&', "uid", self.own.of(mt).as_bytes());
        let extension = self.number.extension(&mt.from);
        if !extension.is_empty() {
            form::push(&mut body, '&', "extend", extension.as_bytes());
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json;charset=utf-8"));
        Ok(Outgoing { method: Method::POST, url: self.send_url.clone(), headers, body: body.into_bytes() })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        let said = serde_json::from_slice::<Value>(body).ok();
        let code = said.as_ref().and_then(|v| path::text_at(v, "code")).and_then(|c| c.parse::<i64>().ok());
        let (Some(answer), Some(code)) = (said, code) else {
            return Err(match status.is_success() {
                true => SendError::Unclear(format!("{}: not Yunpian's answer", status::cause(status, body))),
                false => status::remedy(status, headers, body),
            });
        };
        if code == 0 {
            // 64 bits, which a float would bend.
            return Ok(Taken { carrier_ref: path::text_at(&answer, "sid"), ..Taken::default() });
        }
        let words = ["msg", "detail"].map(|at| path::text_at(&answer, at).unwrap_or_default());
        let cause = status::excerpt(&format!("{code} {}", words.join(" ")));
        if let Some((_, wait)) = PHONE_LIMITS.iter().find(|(known, _)| *known == code) {
            return Err(SendError::PhoneLimit { after_ms: wait.unsigned_abs(), cause });
        }
        let known = CODES.iter().find(|(known, _)| *known == code).map(|(_, remedy)| *remedy);
        // Below -50 are faults of theirs, between faults of the account, above 0 those of the text.
        let by_range: Remedy = match code {
            ..=-50 => SendError::Retry,
            -49..0 => SendError::Config,
            _ => SendError::Permanent,
        };
        Err(known.unwrap_or(by_range)(cause))
    }

    /// What the account has left.
    fn probe(&self) -> Option<Outgoing> {
        let url = format!("{}user/get.json", self.send_url.strip_suffix("sms/single_send.json")?);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
        let body = format!("apikey={}", form::encode(self.api_key.expose().as_bytes())).into_bytes();
        Some(Outgoing { method: Method::POST, url, headers, body })
    }

    fn probed(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<String, SendError> {
        if status.is_success() {
            return Ok("Yunpian knows the API key".into());
        }
        self.outcome(status, headers, body).map(|_| String::new())
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let address = |door| self.key.address(public_url, &self.name, door, secrets);
        let mut lines = vec![
            "In Yunpian's console under 国内短信, 数据推送与获取, enter:".to_string(),
            format!("  上行短信 (回复推送): {}", address(Door::Mo)),
            format!("  状态报告: {}", address(Door::Dlr)),
            "Under 账户设置, IP 白名单, allow the address that this daemon sends from.".to_string(),
            format!(
                "warning: every text must match an approved template of 【{}】; what matches none is not sent",
                self.sign_name
            ),
        ];
        lines.extend(super::open_line(public_url));
        lines
    }
}
