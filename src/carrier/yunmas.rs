//! China Mobile's 云MAS: free texts to the members of a group out, their replies in.
//!
//! ```text
//! POST /carriers/mas/mo/T     {"mobile":"13800000000","smsContent":"卖 板蓝根 200斤","sendTime":"2023-11-15 06:13:20","addSerial":"01"}
//! POST /carriers/mas/dlr/T    {"reportStatus":"CM:0000","mobile":"13800000000","submitDate":"20231115061320",
//!                              "receiveDate":"20231115061325","errorCode":"DELIVRD","msgGroup":"0915…"}
//! POST http://112.35.1.155:1992/sms/norsubmit     the Base64 of
//!   {"ecName":"…","apId":"…","secretKey":"…","mobiles":"13800000000","content":"…","sign":"…","addSerial":"01","mac":"…"}
//! ```
//!
//! Sources: 云MAS HTTP 接口 (普通短信, 模板短信, 状态报告推送, 上行推送) as several independent public clients have it. Nothing that
//! is pushed is signed, an MO has no id, and which answer is expected is not documented: that below is what receivers give.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::auth::Algorithm;
use super::doorkey::DoorKey;
use super::push::{self, Number, field, needed};
use super::template::Template;
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, hex, path, status,
};
use crate::clock::HOUR;
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Dlr, DlrState, Mo, Mt, MtRef, Sender};

pub const KIND: Kind = Kind { name: "yunmas", build, default_rate: 10 };

/// Characters in a variable of a template, where the account sends by one.
const MAX_LEN: i64 = 60;

/// `rspcod` of a refusal, and the remedy.
const CODES: &[(&str, Remedy)] = &[
    ("IllegalMac", SendError::Config),
    ("IllegalSignId", SendError::Config),
    ("NoSignId", SendError::Config),
    ("InvalidUsrOrPwd", SendError::Config),
    ("InvalidMessage", SendError::Permanent),
    ("TooManyMobiles", SendError::Permanent),
];

/// One 短信接入用户 of one company.
#[derive(Debug)]
struct YunMas {
    name: String,
    key: DoorKey,
    ec_name: String,
    ap_id: String,
    secret_key: Secret,
    sign: String,
    send_url: String,
    number: Number,
    /// `None`: 普通短信, any text.
    template: Option<Template>,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let key = DoorKey::read(&mut s);
    let ec_name = s.required("ec_name", "the company's name as registered, 集团客户名称");
    let ap_id = s.required("ap_id", "the 短信接入用户's name, under 管理, 接口管理");
    let secret_key = s.secret("secret_key", "the 短信接入用户's password");
    let sign = s.required("sign", "the 签名编码, a code and not the words");
    let template = s.has("template").then(|| s.table("template", |s| Template::read(s, MAX_LEN)));
    let path = if template.is_some() { "tmpsubmit" } else { "norsubmit" };
    let send_url = s.optional_url("send_url").unwrap_or_else(|| format!("http://112.35.1.155:1992/sms/{path}"));
    let number = Number::read(&mut s);
    s.finish()?;
    Ok(Box::new(YunMas {
        name: config.name.clone(),
        key,
        ec_name,
        ap_id,
        secret_key,
        sign,
        send_url,
        number,
        template,
    }))
}

impl YunMas {
    fn mo(&self, record: &Value) -> Result<Mo, Refusal> {
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: None,
            from: Sender::read(&needed(record, "mobile")?),
            to: self.number.with(&field(record, "addSerial").unwrap_or_default()),
            text: push::text(record, "smsContent")?,
            sent_at: field(record, "sendTime").and_then(|s| push::beijing(&s)),
            part: None,
        })
    }

    /// `msgGroup` is one for all numbers of a request; ours have one number each.
    fn dlr(&self, record: &Value) -> Result<Dlr, Refusal> {
        let mt = MtRef::Carrier(needed(record, "msgGroup")?);
        let said = needed(record, "reportStatus")?;
        let code = field(record, "errorCode").unwrap_or_default();
        let state = match (said.as_str(), code.as_str()) {
            ("CM:0000", _) | (_, "DELIVRD") => DlrState::Delivered,
            (_, "EXPIRED") => DlrState::Expired,
            _ => DlrState::Failed,
        };
        let detail = status::excerpt(format!("{said} {code}").trim());
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail, part: None })
    }

    /// Lower-case hex of the MD5 of all parts, one right behind the other.
    fn mac(&self, parts: &[&str]) -> String {
        let account = [&self.ec_name, &self.ap_id, self.secret_key.expose()];
        let all: Vec<&[u8]> = account.iter().copied().chain(parts.iter().copied()).map(str::as_bytes).collect();
        hex::lower(&Algorithm::Md5.sign(b"", &all))
    }
}

impl Carrier for YunMas {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        self.key.check(call)?;
        let records = push::posted(call, "POST")?;
        push::heard(&self.name, door, &records, |r| self.mo(r), |r| self.dlr(r))
    }

    fn ack(&self, _: Door) -> Ack {
        let body = r#"{"code":0,"msg":"success"}"#.to_string();
        Ack { status: StatusCode::OK, content_type: "application/json", body }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let mobile = mt.to.local();
        if mobile.starts_with('+') {
            return Err(SendError::Unfit("云MAS sends to mainland numbers only".into()));
        }
        let serial = self.number.extension(&mt.from);
        let (sign, secret) = (&self.sign, self.secret_key.expose());
        let mut body = json!({
            "ecName": self.ec_name, "apId": self.ap_id, "secretKey": secret,
            "mobiles": mobile, "sign": sign, "addSerial": serial,
        });
        match &self.template {
            None => {
                body["content"] = json!(mt.text);
                body["mac"] = json!(self.mac(&[&mobile, &mt.text, sign, serial]));
            }
            Some(template) => {
                let params = json!(template.fill(&mt.text)?).to_string();
                body["templateId"] = json!(template.id);
                body["mac"] = json!(self.mac(&[&template.id, &mobile, &params, sign, serial]));
                body["params"] = json!(params);
            }
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = BASE64.encode(body.to_string()).into_bytes();
        Ok(Outgoing { method: Method::POST, url: self.send_url.clone(), headers, body })
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        let said = serde_json::from_slice::<Value>(body).ok();
        let Some((answer, code)) = said.and_then(|v| path::text_at(&v, "rspcod").map(|code| (v, code))) else {
            return Err(match status.is_success() {
                true => SendError::Unclear(format!("{}: not 云MAS's answer", status::cause(status, body))),
                false => status::remedy(status, headers, body),
            });
        };
        if code == "success" {
            let group = path::text_at(&answer, "msgGroup").filter(|id| !id.is_empty());
            return Ok(Taken { carrier_ref: group, ..Taken::default() });
        }
        let known = CODES.iter().find(|(name, _)| *name == code).map(|(_, remedy)| *remedy);
        Err(known.unwrap_or(SendError::Retry)(status::excerpt(&code)))
    }

    /// Where even the time is missing: nothing is said of tries; an hour is what its kin take.
    fn repeats_for(&self) -> Option<i64> {
        Some(HOUR)
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let address = |door| self.key.address(public_url, &self.name, door, secrets);
        let mut lines = vec![
            format!("In 云MAS under 管理, 接口管理, 短信接入用户管理, user {} (HTTP), enter:", self.ap_id),
            format!("  上行推送地址: {}", address(Door::Mo)),
            format!("  状态报告推送地址: {}", address(Door::Dlr)),
            "Register there the address that this daemon sends from; requests from others are refused.".to_string(),
        ];
        match &self.template {
            Some(template) => lines.push(template.setup()),
            None => lines.push(
                "Free text is under the contract's word filter, and on many accounts only to members of the group (白名单)."
                    .to_string(),
            ),
        }
        lines.push("note: an MO has no id, so a repeat is known by its content, time and sender".to_string());
        lines.push(
            "note: calls are not signed; give this carrier allow = [\"…\"] with the addresses that 云MAS calls from"
                .into(),
        );
        if self.send_url.starts_with("http://") {
            lines.push(
                "warning: 云MAS takes requests without TLS, with the password in them; send through the line that China Mobile offers where you can"
                    .to_string(),
            );
        }
        lines.extend(super::open_line(public_url));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_runs_over_all_parts_in_the_order_of_the_clients() {
        let settings =
            "token = \"t\"\nec_name = \"测试企业\"\nap_id = \"api01\"\nsecret_key = \"pw123456\"\nsign = \"SIGN0001\"";
        let table: toml::Table = settings.parse().unwrap();
        let mut s = crate::config::carrier::Settings::new(&table);
        let key = DoorKey::read(&mut s);
        let account = YunMas {
            name: "mas".into(),
            key,
            ec_name: "测试企业".into(),
            ap_id: "api01".into(),
            secret_key: Secret::new("pw123456"),
            sign: "SIGN0001".into(),
            send_url: String::new(),
            number: Number::default(),
            template: None,
        };
        let free = account.mac(&["13800000000", "你好", "SIGN0001", ""]);
        assert_eq!(free, "df8b5e02e8a8e9243550940e55b2a74c");
        let by_template = account.mac(&["tpl01", "13800000000", "[\"8点\"]", "SIGN0001", ""]);
        assert_eq!(by_template, "6952ca583f164e3ad8ddd0051a67821d");
    }
}
