//! Tencent Cloud 腾讯云短信: approved templates out, replies of the last two days in.
//!
//! ```text
//! POST /carriers/qq/mo/T      {"extend":"01","mobile":"13800000000","nationcode":"86","sign":"榕江信息站","text":"卖 板蓝根 200斤",
//!                              "time":1700000000}
//! POST /carriers/qq/dlr/T     [{"user_receive_time":"2023-11-15 06:13:25","nationcode":"86","mobile":"13800000000",
//!                              "report_status":"SUCCESS","errmsg":"DELIVRD","description":"用户短信送达成功","sid":"8:oN…","ext":"xiangxun-42"}]
//! POST https://sms.tencentcloudapi.com/    X-TC-Action: SendSms   Authorization: TC3-HMAC-SHA256 Credential=…
//!   {"PhoneNumberSet":["+8613800000000"],"SmsSdkAppId":"1400006666","TemplateId":"1110","SignName":"…","TemplateParamSet":["…"],
//!    "SessionContext":"xiangxun-42"}
//! ```
//!
//! Sources: 短信文档 (短信回复通知, 短信下发状态通知, SendSms 2021-01-11, 错误码) and 签名方法 v3. What Tencent pushes is not signed,
//! and an MO has no id: a repeat is known by its fingerprint. Every fault of sending comes with HTTP 200. Not idempotent.

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::auth::Algorithm;
use super::doorkey::DoorKey;
use super::push::{self, Number, OwnId, field, needed};
use super::template::Template;
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Remedy, Secrets, SendError, Taken, hex, path, print,
    status,
};
use crate::clock::{HOUR, MINUTE, SECOND, Timestamp};
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Dlr, Mo, Mt, Sender};

pub const KIND: Kind = Kind { name: "tencent", build, default_rate: 50 };

/// Characters in a variable of a person's account; what a company's may hold stands on the page where templates are made.
const MAX_LEN: i64 = 12;

const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// A phone has had too many, and how long it must be left alone. A day's limits end at midnight, which we do not wait for
/// blindly: each look costs one request.
const PHONE_LIMITS: &[(&str, i64)] = &[
    ("LimitExceeded.PhoneNumberThirtySecondLimit", 30 * SECOND),
    ("LimitExceeded.PhoneNumberOneHourLimit", HOUR),
    ("LimitExceeded.PhoneNumberDailyLimit", 6 * HOUR),
    ("LimitExceeded.PhoneNumberSameContentDailyLimit", 6 * HOUR),
    ("LimitExceeded.DeliveryFrequencyLimit", MINUTE),
];

/// Codes, in the whole answer or for the one number, and the remedy. The first that the code begins with counts.
const CODES: &[(&str, Remedy)] = &[
    ("LimitExceeded.AppDailyLimit", SendError::Quota),
    ("LimitExceeded.AppMainlandChinaDailyLimit", SendError::Quota),
    ("LimitExceeded.AppGlobalDailyLimit", SendError::Quota),
    ("LimitExceeded.DailyLimit", SendError::Quota),
    ("LimitExceeded.PhoneNumberCountLimit", SendError::Permanent),
    ("LimitExceeded", |cause| SendError::Throttled { after_ms: 0, cause }),
    ("RequestLimitExceeded", |cause| SendError::Throttled { after_ms: 0, cause }),
    ("FailedOperation.InsufficientBalanceInSmsPackage", SendError::Quota),
    ("UnauthorizedOperation.ServiceSuspendDueToArrears", SendError::Quota),
    // As the service itself spells it.
    ("UnauthorizedOperation.SerivceSuspendDueToArrears", SendError::Quota),
    ("FailedOperation.PhoneNumberInBlacklist", SendError::OptedOut),
    ("FailedOperation.TemplateIncorrectOrUnapproved", SendError::Config),
    ("FailedOperation.SignatureIncorrectOrUnapproved", SendError::Config),
    ("FailedOperation.TemplateParamSetNotMatchApprovedTemplate", SendError::Config),
    ("FailedOperation.TemplateUnapprovedOrNotExist", SendError::Config),
    ("FailedOperation.JsonParseFail", SendError::Permanent),
    ("FailedOperation.MarketingSendTimeConstraint", SendError::Retry),
    ("FailedOperation.ForbidAddMarketingTemplates", SendError::Config),
    ("FailedOperation.ContainSensitiveWord", SendError::Unfit),
    ("InvalidParameterValue.SdkAppIdNotExist", SendError::Config),
    ("InvalidParameterValue.ContentLengthLimit", SendError::Unfit),
    ("InvalidParameterValue.TemplateParameterFormatError", SendError::Unfit),
    ("InvalidParameterValue.TemplateParameterLengthLimit", SendError::Unfit),
    ("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter", SendError::Unfit),
    // It may have been sent.
    ("InternalError.Timeout", SendError::Unclear),
    ("InternalError.SigVerificationFail", SendError::Config),
    ("InternalError.SigFieldMissing", SendError::Config),
    ("InternalError", SendError::Retry),
    ("ResourceUnavailable", SendError::Retry),
    ("ResourceInsufficient", SendError::Retry),
    ("UnauthorizedOperation", SendError::Config),
    ("AuthFailure", SendError::Config),
    ("UnsupportedOperation", SendError::Config),
    ("UnsupportedRegion", SendError::Config),
    ("InvalidAction", SendError::Config),
    ("NoSuchVersion", SendError::Config),
    ("IpInBlacklist", SendError::Config),
    ("IpNotInWhitelist", SendError::Config),
    // What is left is a fault of the number, the text or the parameters.
    ("FailedOperation", SendError::Permanent),
    ("InvalidParameter", SendError::Permanent),
    ("MissingParameter", SendError::Permanent),
];

/// One SdkAppId with one signature and one template.
#[derive(Debug)]
struct Tencent {
    name: String,
    key: DoorKey,
    secret_id: String,
    secret_key: Secret,
    app_id: String,
    region: HeaderValue,
    sign_name: String,
    endpoint: String,
    number: Number,
    own: OwnId,
    template: Template,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let key = DoorKey::read(&mut s);
    let secret_id = s.required("secret_id", "of the API 密钥, under 访问管理");
    if !secret_id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        s.fault("secret_id", "may hold only letters and digits");
    }
    let secret_key = s.secret("secret_key", "shown once when the key is made");
    let app_id = s.required("app_id", "the SdkAppId under 应用管理");
    let region = s.string("region").unwrap_or_else(|| "ap-guangzhou".into());
    if !region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        s.fault("region", "must be as ap-guangzhou");
    }
    let region = HeaderValue::from_str(&region).unwrap_or_else(|_| HeaderValue::from_static(""));
    let sign_name = push::sign_name(&mut s);
    let endpoint = s.optional_url("endpoint").unwrap_or_else(|| "https://sms.tencentcloudapi.com/".into());
    let number = Number::read(&mut s);
    let own = OwnId::read(&mut s);
    let template = s.table("template", |s| Template::read(s, MAX_LEN));
    s.finish()?;
    let name = config.name.clone();
    Ok(Box::new(Tencent {
        name,
        key,
        secret_id,
        secret_key,
        app_id,
        region,
        sign_name,
        endpoint,
        number,
        own,
        template,
    }))
}

impl Tencent {
    fn mo(&self, record: &Value) -> Result<Mo, Refusal> {
        let mobile = needed(record, "mobile")?;
        let seconds = field(record, "time").and_then(|s| s.parse::<i64>().ok()).filter(|s| *s > 0);
        Ok(Mo {
            carrier: self.name.clone(),
            // None is documented; should one come, it is the best there is.
            mo_id: field(record, "sid").and_then(|id| print::mo_id(&id)),
            from: Sender::read(&whole_number(record, &mobile)),
            to: self.number.with(&field(record, "extend").unwrap_or_default()),
            text: push::text(record, "text")?,
            sent_at: seconds.map(|s| Timestamp(s.saturating_mul(SECOND))),
            part: None,
        })
    }

    fn dlr(&self, record: &Value) -> Result<Dlr, Refusal> {
        let mt = self.own.find(field(record, "ext").as_deref(), field(record, "sid"));
        let mt = mt.ok_or_else(|| Refusal::Malformed("ext and sid are missing".into()))?;
        let code = field(record, "errmsg").unwrap_or_default();
        let state = push::verdict(&needed(record, "report_status")?, &code);
        let words = field(record, "description").map_or(code.clone(), |words| format!("{code} {words}"));
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail: status::excerpt(&words), part: None })
    }
}

/// `nationcode` and `mobile` together; mainland numbers and whatever is whole already stay as they are.
fn whole_number(record: &Value, mobile: &str) -> String {
    match field(record, "nationcode").as_deref().map(|c| c.trim_start_matches(['+', '0'])) {
        None | Some("" | "86") => mobile.to_string(),
        Some(_) if mobile.starts_with('+') => mobile.to_string(),
        Some(code) => format!("+{code}{mobile}"),
    }
}

impl Carrier for Tencent {
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
        let body = r#"{"result":0,"errmsg":"OK"}"#.to_string();
        Ack { status: StatusCode::OK, content_type: "application/json", body }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        let mut body = json!({
            "PhoneNumberSet": [mt.to.e164()],
            "SmsSdkAppId": self.app_id,
            "TemplateId": self.template.id,
            "SignName": self.sign_name,
            "TemplateParamSet": self.template.fill(&mt.text)?,
            "SessionContext": self.own.of(mt),
        });
        let extension = self.number.extension(&mt.from);
        if !extension.is_empty() {
            body["ExtendCode"] = json!(extension);
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        headers.insert("x-tc-action", HeaderValue::from_static("SendSms"));
        headers.insert("x-tc-version", HeaderValue::from_static("2021-01-11"));
        headers.insert("x-tc-region", self.region.clone());
        Ok(Outgoing { method: Method::POST, url: self.endpoint.clone(), headers, body: body.to_string().into_bytes() })
    }

    fn sign(&self, request: &mut Outgoing, _: &Mt, now: Timestamp) -> Result<(), SendError> {
        let fault = || SendError::Config("the request cannot be signed".into());
        let uri: Uri = request.url.parse().map_err(|_| fault())?;
        let host = uri.authority().ok_or_else(fault)?.as_str();
        let seconds = now.0.div_euclid(SECOND);
        // The day in UTC: until eight in the morning it is yesterday's in Beijing.
        let date = jiff::Timestamp::from_second(seconds).map_err(|_| fault())?.strftime("%Y-%m-%d").to_string();
        let scope = format!("{date}/sms/tc3_request");
        let headers = [("content-type", CONTENT_TYPE), ("host", host), ("x-tc-action", "sendsms")];
        let signature = signature(self.secret_key.expose(), seconds, &scope, uri.path(), &headers, &request.body);
        let names = headers.map(|(name, _)| name).join(";");
        let id = &self.secret_id;
        let shown = format!("TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        let mut shown = HeaderValue::from_str(&shown).map_err(|_| fault())?;
        shown.set_sensitive(true);
        request.headers.insert(header::AUTHORIZATION, shown);
        request.headers.insert("x-tc-timestamp", HeaderValue::from(seconds));
        Ok(())
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        let said = serde_json::from_slice::<Value>(body).ok();
        let Some(answer) = said.as_ref().and_then(|v| v.get("Response")) else {
            return Err(match status.is_success() {
                true => SendError::Unclear(format!("{}: not Tencent's answer", status::cause(status, body))),
                false => status::remedy(status, headers, body),
            });
        };
        // First the fault of the whole, then that of the one number.
        let fault = path::at(answer, "Error").or_else(|| path::at(answer, "SendStatusSet.0"));
        let word = |at: &str| fault.and_then(|f| path::text_at(f, at)).unwrap_or_default();
        let (code, message) = (word("Code"), word("Message"));
        if code == "Ok" {
            return Ok(Taken { carrier_ref: Some(word("SerialNo")).filter(|id| !id.is_empty()), ..Taken::default() });
        }
        let cause = status::excerpt(&format!("{code} {message}"));
        if let Some((_, wait)) = PHONE_LIMITS.iter().find(|(name, _)| code == *name) {
            return Err(SendError::PhoneLimit { after_ms: wait.unsigned_abs(), cause });
        }
        let known = CODES.iter().find(|(name, _)| code.starts_with(name));
        Err(known.map_or(SendError::Unclear as Remedy, |(_, remedy)| *remedy)(cause))
    }

    /// Where even the time is missing: two more tries, of which the document does not say when.
    fn repeats_for(&self) -> Option<i64> {
        Some(10 * MINUTE)
    }

    fn idempotent(&self) -> bool {
        false
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let address = |door| self.key.address(public_url, &self.name, door, secrets);
        let mut lines = vec![
            format!("In the console of 短信 under 应用管理, application {}, 事件回调配置, enter (POST, JSON):", self.app_id),
            format!("  短信回复回调: {}", address(Door::Mo)),
            format!("  短信下发状态回调: {}", address(Door::Dlr)),
            "Under 发送频率限制 raise what one number may get: 1 in 30 s and 10 a day are too few for a conversation.".to_string(),
            "Only answers to a text of the last 48 hours arrive; extensions (number + digits) must be opened by Tencent.".to_string(),
            self.template.setup(),
            "note: an MO has no id, so a repeat is known by its content, time and sender".to_string(),
            "note: calls are not signed; give this carrier allow = [\"…\"] with Tencent's addresses where you know them".to_string(),
        ];
        lines.extend(super::open_line(public_url));
        lines
    }
}

/// TC3-HMAC-SHA256 of a POST without a query; `scope` is day, service and `tc3_request`, `headers` in their order.
fn signature(secret: &str, seconds: i64, scope: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    let hmac = |key: &[u8], text: &str| Algorithm::HmacSha256.sign(key, &[text.as_bytes()]);
    let listed: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let canonical = format!("POST\n{path}\n\n{listed}\n{names}\n{}", hex::lower(&Sha256::digest(body)));
    let signed = format!("TC3-HMAC-SHA256\n{seconds}\n{scope}\n{}", hex::lower(&Sha256::digest(canonical)));
    let key = scope.split('/').fold(format!("TC3{secret}").into_bytes(), |key, part| hmac(&key, part));
    hex::lower(&hmac(&key, &signed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_document() {
        // 签名方法 v3, its worked example, on the page of other products and on the newer one
        let body = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        let (seconds, scope) = (1_551_113_065, "2019-02-25/cvm/tc3_request");
        let old = [("content-type", CONTENT_TYPE), ("host", "cvm.tencentcloudapi.com")];
        let new = [old[0], old[1], ("x-tc-action", "describeinstances")];
        let stars = "*".repeat(32);
        for (secret, headers, signature) in [
            (
                "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
                &old[..],
                "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
            ),
            (&stars, &new, "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"),
        ] {
            assert_eq!(super::signature(secret, seconds, scope, "/", headers, body.as_bytes()), signature);
        }
    }
}
