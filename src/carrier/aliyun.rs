//! Aliyun 阿里云短信服务: approved templates out, replies to the account's own 106… number in.
//!
//! ```text
//! POST /carriers/ali/mo/T     [{"phone_number":"13800000000","content":"卖 板蓝根 200斤","send_time":"2023-11-15 06:13:20",
//!                               "dest_code":"1234","sequence_id":"1234567890"}]
//! POST /carriers/ali/dlr/T    [{"phone_number":"13800000000","success":true,"err_code":"DELIVERED","err_msg":"用户接收成功",
//!                               "sms_size":"1","biz_id":"12345","out_id":"xiangxun-42",…}]
//! POST https://dysmsapi.aliyuncs.com/?OutId=xiangxun-42&PhoneNumbers=13800000000&SignName=…&TemplateCode=SMS_1&TemplateParam=…
//!   x-acs-action: SendSms   Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…
//! ```
//!
//! Sources: 短信服务文档 (SmsUp, SmsReport, SendSms, API 错误码) and V3 版本请求体和签名机制. Aliyun signs nothing of what it
//! pushes, and tries an address with a GET that must be answered like a push. Sending is not idempotent.

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::auth::Algorithm;
use super::doorkey::DoorKey;
use super::push::{self, Number, OwnId, field, needed};
use super::template::Template;
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, form, hex, path,
    print, status,
};
use crate::clock::{HOUR, MINUTE, Timestamp};
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Dlr, DlrState, Mo, Mt, Sender};

pub const KIND: Kind = Kind { name: "aliyun", build, default_rate: 50 };

/// Characters in a variable of the sort 其他, which is the one for any text.
const MAX_LEN: i64 = 35;

/// What is signed, besides the query: in this order.
const SIGNED: &[&str] =
    &["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];

/// Codes in an answer, and the remedy. `isv.BUSINESS_LIMIT_CONTROL` is told apart by its message.
const CODES: &[(&str, Remedy)] = &[
    ("isv.DAY_LIMIT_CONTROL", SendError::Quota),
    ("isv.MONTH_LIMIT_CONTROL", SendError::Quota),
    ("isv.AMOUNT_NOT_ENOUGH", SendError::Quota),
    ("isv.OUT_OF_SERVICE", SendError::Quota),
    ("isv.MOBILE_NUMBER_ILLEGAL", SendError::Permanent),
    ("isv.MOBILE_COUNT_OVER_LIMIT", SendError::Permanent),
    ("isv.DOMESTIC_NUMBER_NOT_SUPPORTED", SendError::Unfit),
    ("isv.PARAM_LENGTH_LIMIT", SendError::Unfit),
    ("isv.PARAM_NOT_SUPPORT_URL", SendError::Unfit),
    ("isv.BLACK_KEY_CONTROL_LIMIT", SendError::Unfit),
    ("isv.SMS_CONTENT_ILLEGAL", SendError::Unfit),
    ("isv.INVALID_JSON_PARAM", SendError::Permanent),
    // The template's variables are not those of the config.
    ("isv.TEMPLATE_MISSING_PARAMETERS", SendError::Config),
    ("isv.TEMPLATE_PARAMS_ILLEGAL", SendError::Unfit),
    ("isv.SMS_TEMPLATE_ILLEGAL", SendError::Config),
    ("isv.SMS_SIGNATURE_ILLEGAL", SendError::Config),
    ("isv.SMS_SIGN_ILLEGAL", SendError::Config),
    ("isv.SMS_SIGNATURE_SCENE_ILLEGAL", SendError::Config),
    ("isv.SIGN_STATE_ILLEGAL", SendError::Config),
    ("isv.EXTEND_CODE_ERROR", SendError::Config),
    ("isv.DENY_IP_RANGE", SendError::Config),
    ("isv.PRODUCT_UN_SUBSCRIPT", SendError::Config),
    ("isv.PRODUCT_UNSUBSCRIBE", SendError::Config),
    ("isv.ACCOUNT_NOT_EXISTS", SendError::Config),
    ("isv.ACCOUNT_ABNORMAL", SendError::Config),
    ("isp.RAM_PERMISSION_DENY", SendError::Config),
    ("isp.SYSTEM_ERROR", SendError::Retry),
    ("ServiceUnavailable", SendError::Retry),
    ("InternalError", SendError::Retry),
    ("SignatureDoesNotMatch", SendError::Config),
    ("IncompleteSignature", SendError::Config),
    ("InvalidAccessKeyId", SendError::Config),
    ("InvalidTimeStamp", SendError::Config),
    ("SignatureNonceUsed", SendError::Retry),
    ("Forbidden", SendError::Config),
    ("NoPermission", SendError::Config),
    ("Throttling", |cause| SendError::Throttled { after_ms: 0, cause }),
    // All others of the service's own are faults of the text or the account that no second try mends.
    ("isv.", SendError::Permanent),
    ("isp.", SendError::Retry),
];

/// Words in the message of `isv.BUSINESS_LIMIT_CONTROL`, and how long the phone must be left alone.
const LIMITS: &[(&str, i64)] = &[("分钟", MINUTE), ("小时", HOUR), ("天", 6 * HOUR)];

/// One AccessKey with one signature and one template.
#[derive(Debug)]
struct Aliyun {
    name: String,
    key: DoorKey,
    access_key_id: String,
    access_key_secret: Secret,
    sign_name: String,
    endpoint: String,
    number: Number,
    own: OwnId,
    template: Template,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let key = DoorKey::read(&mut s);
    let access_key_id = s.required("access_key_id", "of a RAM user that may send texts");
    if !access_key_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_') {
        s.fault("access_key_id", "may hold only letters and digits");
    }
    let access_key_secret = s.secret("access_key_secret", "shown once when the AccessKey is made");
    let sign_name = push::sign_name(&mut s);
    let endpoint = s.optional_url("endpoint").unwrap_or_else(|| "https://dysmsapi.aliyuncs.com/".into());
    if endpoint.contains('?') {
        s.fault("endpoint", "must have no query");
    }
    let number = Number::read(&mut s);
    let own = OwnId::read(&mut s);
    let template = s.table("template", |s| Template::read(s, MAX_LEN));
    s.finish()?;
    let name = config.name.clone();
    Ok(Box::new(Aliyun { name, key, access_key_id, access_key_secret, sign_name, endpoint, number, own, template }))
}

impl Aliyun {
    fn mo(&self, record: &Value) -> Result<Mo, Refusal> {
        Ok(Mo {
            carrier: self.name.clone(),
            // A number in old pushes, a text in new ones.
            mo_id: field(record, "sequence_id").and_then(|id| print::mo_id(&id)),
            from: Sender::read(&needed(record, "phone_number")?),
            to: self.number.with(&field(record, "dest_code").unwrap_or_default()),
            text: push::text(record, "content")?,
            sent_at: field(record, "send_time").and_then(|s| push::beijing(&s)),
            part: None,
        })
    }

    fn dlr(&self, record: &Value) -> Result<Dlr, Refusal> {
        let mt = self.own.find(field(record, "out_id").as_deref(), field(record, "biz_id"));
        let mt = mt.ok_or_else(|| Refusal::Malformed("out_id and biz_id are missing".into()))?;
        let code = field(record, "err_code").unwrap_or_default();
        let state = match needed(record, "success")?.as_str() {
            "true" => DlrState::Delivered,
            _ if code == "EXPIRED" => DlrState::Expired,
            _ => DlrState::Failed,
        };
        let words = field(record, "err_msg").map_or(code.clone(), |words| format!("{code} {words}"));
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail: status::excerpt(&words), part: None })
    }
}

impl Carrier for Aliyun {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        self.key.check(call)?;
        if call.method == Method::GET {
            // The console tries the address so.
            return Ok(Heard::default());
        }
        let records = push::posted(call, "GET, POST")?;
        push::heard(&self.name, door, &records, |r| self.mo(r), |r| self.dlr(r))
    }

    fn ack(&self, _: Door) -> Ack {
        let body = r#"{"code":0,"msg":"接收成功"}"#.to_string();
        Ack { status: StatusCode::OK, content_type: "application/json", body }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let values = self.template.fill(&mt.text)?;
        let names = self.template.variables.iter().cloned();
        let params: Map<String, Value> = names.zip(values.into_iter().map(Value::from)).collect();
        // Sorted by name, as they are signed.
        let mut url = self.endpoint.clone();
        form::push(&mut url, '?', "OutId", self.own.of(mt).as_bytes());
        form::push(&mut url, '&', "PhoneNumbers", receiver(mt).as_bytes());
        form::push(&mut url, '&', "SignName", self.sign_name.as_bytes());
        form::push(&mut url, '&', "TemplateCode", self.template.id.as_bytes());
        form::push(&mut url, '&', "TemplateParam", Value::from(params).to_string().as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert("x-acs-action", HeaderValue::from_static("SendSms"));
        headers.insert("x-acs-version", HeaderValue::from_static("2017-05-25"));
        Ok(Outgoing { method: Method::POST, url, headers, body: Vec::new() })
    }

    fn sign(&self, request: &mut Outgoing, mt: &Mt, now: Timestamp) -> Result<(), SendError> {
        let fault = || SendError::Config("the request cannot be signed".into());
        let uri: Uri = request.url.parse().map_err(|_| fault())?;
        let host = uri.authority().ok_or_else(fault)?.as_str();
        // Once for each attempt, and the same for nobody else's.
        let unique = format!("{}/{}/{}/{}", now.0, mt.id, mt.attempts, mt.to.as_u64());
        let nonce = hex::lower(&Sha256::digest(unique)[..16]);
        let date = jiff::Timestamp::from_millisecond(now.0).map_err(|_| fault())?.strftime("%Y-%m-%dT%H:%M:%SZ");
        let hash = hex::lower(&Sha256::digest(&request.body));
        for (name, value) in
            [("x-acs-content-sha256", hash), ("x-acs-date", date.to_string()), ("x-acs-signature-nonce", nonce)]
        {
            request.headers.insert(name, HeaderValue::from_str(&value).map_err(|_| fault())?);
        }
        let values = SIGNED.iter().map(|name| match *name {
            "host" => host,
            name => request.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default(),
        });
        let signature = signature(
            self.access_key_secret.expose(),
            uri.path(),
            uri.query().unwrap_or_default(),
            &SIGNED.iter().copied().zip(values).collect::<Vec<_>>(),
            &request.body,
        );
        let (id, signed) = (&self.access_key_id, SIGNED.join(";"));
        let shown = format!("ACS3-HMAC-SHA256 Credential={id},SignedHeaders={signed},Signature={signature}");
        let mut shown = HeaderValue::from_str(&shown).map_err(|_| fault())?;
        shown.set_sensitive(true);
        request.headers.insert(http::header::AUTHORIZATION, shown);
        Ok(())
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        let Ok(answer) = serde_json::from_slice::<Value>(body) else {
            return Err(match status.is_success() {
                true => SendError::Unclear(format!("{}: not Aliyun's answer", status::cause(status, body))),
                false => status::remedy(status, headers, body),
            });
        };
        let said = |at: &str| path::text_at(&answer, at).unwrap_or_default();
        let (code, message) = (said("Code"), said("Message"));
        if code == "OK" {
            return Ok(Taken { carrier_ref: Some(said("BizId")).filter(|id| !id.is_empty()), ..Taken::default() });
        }
        let cause = status::excerpt(&format!("{code} {message}"));
        if code == "isv.BUSINESS_LIMIT_CONTROL" {
            let wait = LIMITS.iter().find(|(word, _)| message.contains(word)).map_or(MINUTE, |(_, wait)| *wait);
            return Err(SendError::PhoneLimit { after_ms: wait.unsigned_abs(), cause });
        }
        // `InvalidAccessKeyId.NotFound`, `Throttling.User`: a code may go on behind a point.
        let known = CODES.iter().find(|(name, _)| code.starts_with(name));
        Err(known.map_or_else(|| status::remedy(status, headers, body), |(_, remedy)| remedy(cause)))
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let address = |door| self.key.address(public_url, &self.name, door, secrets);
        let mut lines = vec![
            "In the console of 短信服务 under 通用设置, 国内消息设置, switch HTTP批量推送 on (POST, JSON) and enter:".to_string(),
            format!("  上行消息 SmsUp: {}", address(Door::Mo)),
            format!("  短信发送状态 SmsReport: {}", address(Door::Dlr)),
            "One account has one address for all its signatures; the console tries it at once, so start the daemon first."
                .to_string(),
            "Villagers can write only to the 106… number that they were written from; dest_code is its extension.".to_string(),
            self.template.setup(),
            "note: calls are not signed; give this carrier allow = [\"…\"] with Aliyun's addresses where you know them".to_string(),
        ];
        lines.extend(super::open_line(public_url));
        lines
    }
}

/// The receiver as Aliyun wants it: mainland numbers bare, others with their country's digits.
fn receiver(mt: &Mt) -> String {
    mt.to.local().trim_start_matches('+').to_string()
}

/// ACS3-HMAC-SHA256 of a POST: `headers` in their order, names in small letters; `query` sorted and encoded.
fn signature(secret: &str, path: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    let hash = hex::lower(&Sha256::digest(body));
    let listed: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let canonical = format!("POST\n{path}\n{query}\n{listed}\n{names}\n{hash}");
    let digest = hex::lower(&Sha256::digest(canonical));
    let signed = format!("ACS3-HMAC-SHA256\n{digest}");
    hex::lower(&Algorithm::HmacSha256.sign(secret.as_bytes(), &[signed.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_document() {
        // V3版本请求体&签名机制, its worked example
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let headers = [
            ("host", "ecs.cn-shanghai.aliyuncs.com"),
            ("x-acs-action", "RunInstances"),
            ("x-acs-content-sha256", empty),
            ("x-acs-date", "2023-10-26T10:22:32Z"),
            ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
            ("x-acs-version", "2014-05-26"),
        ];
        assert_eq!(headers.map(|(name, _)| name), SIGNED);
        let query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai";
        let signature = signature("YourAccessKeySecret", "/", query, &headers, b"");
        assert_eq!(signature, "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
    }
}
