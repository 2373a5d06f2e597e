//! Every recorded call of `fixtures/carriers`: its README has the form.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use xiangxun::carrier::charset::Charset;
use xiangxun::carrier::form::{self, Form};
use xiangxun::carrier::ussd::{UssdInput, UssdRequest, UssdScreen};
use xiangxun::carrier::{self, Arrived, Carrier, Door, Heard, Outgoing, Secrets, SendError, Taken};
use xiangxun::clock::Timestamp;
use xiangxun::config::carrier::CarrierConfig;
use xiangxun::message::{Consent, Dlr, DlrState, Mo, Msisdn, Mt, MtClass, MtRef, MtState, Sender};

use crate::daemon::{self, Daemon, Setup};
use crate::peers::http::{Peer, say};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// An account of this kind, named like it, at `https://sms.example.cn`.
pub fn account(kind: &str, settings: &str) -> Result<Box<dyn Carrier>, Vec<String>> {
    let table = settings.parse().expect("settings are TOML");
    let mut config = CarrierConfig::new(kind, kind, table);
    config.public_url = "https://sms.example.cn".into();
    let kind = carrier::kind(kind).expect("a kind");
    (kind.build)(&config).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn every_recorded_call() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/carriers");
    let mut cases = 0;
    for kind in carrier::all() {
        let folder = root.join(kind.name);
        let settings = std::fs::read_to_string(folder.join("account.toml")).expect("each kind has an account");
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()).collect();
        files.retain(|f| f.extension().is_some_and(|e| e == "http"));
        files.sort();
        for file in files {
            let case = std::fs::read_to_string(&file).unwrap();
            let name = format!("{}/{}", kind.name, file.file_name().unwrap().to_string_lossy());
            cases += Case::new(kind.name, &settings, &name).run(&case);
        }
    }
    assert!(cases > 200, "only {cases} calls and answers are recorded");
}

/// A file on its way through its sections.
struct Case<'a> {
    kind: &'a str,
    name: &'a str,
    carrier: Box<dyn Carrier>,
    now: Timestamp,
    door: Door,
    heard: Option<Result<Heard, String>>,
    /// What the last call said, where it was one of USSD.
    session: Option<UssdRequest>,
    screen: Option<UssdScreen>,
    faults: Vec<String>,
    mt: Option<Mt>,
    answered: Option<Result<Taken, SendError>>,
    /// What the last answer to `check --live` says.
    probed: Option<Result<String, SendError>>,
    checks: usize,
}

impl<'a> Case<'a> {
    fn new(kind: &'a str, settings: &str, name: &'a str) -> Case<'a> {
        let carrier = account(kind, settings).unwrap_or_else(|f| panic!("{name}: {f:?}"));
        Case {
            kind,
            name,
            carrier,
            now: NOW,
            door: Door::Mo,
            heard: None,
            session: None,
            screen: None,
            faults: Vec::new(),
            mt: None,
            answered: None,
            probed: None,
            checks: 0,
        }
    }

    fn run(mut self, case: &str) -> usize {
        for (head, body) in sections(case) {
            self.section(&head, &body);
        }
        self.checks
    }

    fn section(&mut self, head: &str, body: &str) {
        let name = self.name;
        match head {
            "settings" => {
                self.carrier = account(self.kind, body).unwrap_or_else(|f| panic!("{name}: {f:#?}"));
            }
            "wrong settings" => {
                self.faults = account(self.kind, body).expect_err(&format!("{name}: starts with\n{body}"));
            }
            "faults" => {
                let expected: Vec<&str> = body.trim_end().lines().collect();
                let got = std::mem::take(&mut self.faults);
                let same = got.len() == expected.len() && got.iter().zip(&expected).all(|(g, e)| g.starts_with(e));
                assert!(same, "{name}: faults {got:#?}\nexpected {expected:#?}");
                self.checks += 1;
            }
            "setup" => self.check_setup("https://sms.example.cn", body),
            "setup open" => self.check_setup("http://sms.example.cn", body),
            "now" => self.now = Timestamp::parse_rfc3339(body.trim()).unwrap(),
            "call ussd" => self.call_ussd(body),
            "screen" => self.screen = Some(screen(body)),
            "setup ussd" => {
                let ussd = self.carrier.ussd().expect("it has USSD");
                let got = ussd.ussd_setup("https://sms.example.cn", Secrets::Masked).join("\n");
                assert_eq!(got, body.trim_end(), "{name}: setup of USSD");
                self.checks += 1;
            }
            "call mo" => self.call(Door::Mo, body),
            "call dlr" => self.call(Door::Dlr, body),
            "heard" => self.check_heard(body),
            "ack" => {
                let ack = match &self.session {
                    Some(request) => {
                        self.carrier.ussd().expect("it has USSD").ussd_ack(request, self.screen.take().as_ref())
                    }
                    None => self.carrier.ack(self.door),
                };
                let gap = if ack.body.is_empty() { "" } else { "\n\n" };
                let got = format!("{} {}{gap}{}", ack.status.as_u16(), ack.content_type, ack.body);
                assert_eq!(got, body, "{name}: our answer");
                self.checks += 1;
            }
            "mt" => self.mt = Some(mt(body)),
            "request" => self.check_request(body),
            "probe" => {
                let probe = self.carrier.probe().expect("a harmless call");
                self.check_outgoing(&probe, body);
            }
            "unsent" => {
                let mt = self.mt.as_ref().expect("an MT before");
                let why = self.carrier.outgoing(mt).expect_err("it is not sent").to_string();
                assert_eq!(why, body.trim(), "{name}: unsent");
                self.checks += 1;
            }
            "answer" => {
                let (status, rest) = body.split_once('\n').unwrap();
                let (headers, body) = headers_and_body(rest);
                let status = StatusCode::from_u16(status.parse().unwrap()).unwrap();
                self.answered = Some(self.carrier.outcome(status, &headers, &body));
            }
            "outcome" => {
                let got = match self.answered.take().expect("an answer before") {
                    Ok(taken) => {
                        let ids = std::iter::once(taken.carrier_ref.unwrap_or("-".into())).chain(taken.part_refs);
                        format!("taken {}", ids.collect::<Vec<_>>().join(" "))
                    }
                    Err(e) => remedy(&e),
                };
                assert_eq!(got, body.trim(), "{name}: outcome {}", self.checks);
                self.checks += 1;
            }
            "probe answer" => {
                let (status, rest) = body.split_once('\n').unwrap();
                let (headers, body) = headers_and_body(rest);
                let status = StatusCode::from_u16(status.parse().unwrap()).unwrap();
                self.probed = Some(self.carrier.probed(status, &headers, &body));
            }
            "probed" => {
                let got = match self.probed.take().expect("an answer to the probe before") {
                    Ok(said) => format!("well: {said}"),
                    Err(e) => remedy(&e),
                };
                assert_eq!(got, body.trim(), "{name}: probed {}", self.checks);
                self.checks += 1;
            }
            other => panic!("{name}: no such section: {other}"),
        }
    }

    fn call(&mut self, door: Door, text: &str) {
        let heard = arrive(text, self.now, |call| self.carrier.hear(door, call));
        (self.door, self.session) = (door, None);
        self.heard = Some(heard.map_err(|r| r.to_string()));
    }

    fn call_ussd(&mut self, text: &str) {
        let ussd = self.carrier.ussd().expect("it has USSD");
        match arrive(text, self.now, |call| ussd.hear_ussd(call)) {
            Ok(request) => self.session = Some(request),
            Err(refusal) => (self.session, self.heard) = (None, Some(Err(refusal.to_string()))),
        }
    }

    fn check_heard(&mut self, expected: &str) {
        let name = self.name;
        if let Some(request) = &self.session {
            assert_eq!(request.carrier, self.kind, "{name}");
            assert_eq!(show_ussd(request), expected.trim_end(), "{name}: heard {}", self.checks);
            self.checks += 1;
            return;
        }
        let got = match self.heard.take().expect("a call before") {
            Ok(heard) => {
                assert!(heard.mos.iter().all(|m| m.carrier == self.kind), "{name}");
                assert!(heard.dlrs.iter().all(|d| d.carrier == self.kind), "{name}");
                let parts = heard.mos.iter().map(show_mo).chain(heard.dlrs.iter().map(show_dlr));
                let parts = parts.chain(heard.consents.iter().map(show_consent));
                parts.collect::<Vec<_>>().join("\n")
            }
            Err(refusal) => {
                // Of a refusal the beginning is enough: JSON's own words may change.
                let expected = expected.trim().strip_prefix("refused ").unwrap_or_default();
                assert!(!expected.is_empty() && refusal.starts_with(expected), "{name}: refused {refusal}");
                self.checks += 1;
                return;
            }
        };
        assert_eq!(got, expected.trim_end(), "{name}: heard {}", self.checks);
        self.checks += 1;
    }

    fn check_setup(&mut self, public_url: &str, expected: &str) {
        let got = self.carrier.setup(public_url, Secrets::Masked).join("\n");
        assert_eq!(got, expected.trim_end(), "{}: setup", self.name);
        self.checks += 1;
    }

    fn check_request(&mut self, expected: &str) {
        let mt = self.mt.as_ref().expect("an MT before");
        let mut out = self.carrier.outgoing(mt).unwrap();
        self.carrier.sign(&mut out, mt, self.now).unwrap();
        self.check_outgoing(&out, expected);
    }

    fn check_outgoing(&mut self, out: &Outgoing, expected: &str) {
        let mut got = format!("{} {}\n", out.method, out.url).into_bytes();
        let headers: BTreeMap<&str, &HeaderValue> = out.headers.iter().map(|(n, v)| (n.as_str(), v)).collect();
        for (name, value) in headers {
            got.extend_from_slice(format!("{name}: {}\n", value.to_str().unwrap()).as_bytes());
        }
        if !out.body.is_empty() {
            got.extend_from_slice(b"\n");
            got.extend_from_slice(&out.body);
            got.extend_from_slice(b"\n");
        }
        let expected = [expected.trim_end_matches('\n'), "\n"].concat();
        let (got, expected) = (String::from_utf8_lossy(&got), unescape(&expected));
        assert_eq!(got, String::from_utf8_lossy(&expected), "{}: request", self.name);
        self.checks += 1;
    }
}

/// What mends it, in the word of a fixture.
fn remedy(error: &SendError) -> String {
    match error {
        SendError::Throttled { after_ms, .. } => format!("throttled {after_ms}"),
        SendError::PhoneLimit { after_ms, .. } => format!("phone_limit {after_ms}"),
        SendError::Retry(_) => "retry".into(),
        SendError::Unfit(_) => "unfit".into(),
        SendError::Dead(_) => "dead".into(),
        SendError::Permanent(_) => "permanent".into(),
        SendError::OptedOut(_) => "opted_out".into(),
        SendError::Quota(_) => "quota".into(),
        SendError::Config(_) => "config".into(),
        SendError::Unclear(_) => "unclear".into(),
    }
}

/// Heads and bodies of a case.
pub fn sections(case: &str) -> Vec<(String, String)> {
    let whole = format!("\n{case}");
    let sections = whole.split("\n=== ").skip(1).map(|section| {
        let (head, body) = section.split_once('\n').unwrap_or((section, ""));
        // The line end before the next section is not part of this one; the last one has its own.
        let body = body.strip_suffix('\n').filter(|_| case.ends_with(section)).unwrap_or(body);
        (head.trim().to_string(), body.to_string())
    });
    sections.collect()
}

/// A call as it is written in a case.
pub fn arrive<T>(text: &str, now: Timestamp, hear: impl FnOnce(&Arrived<'_>) -> T) -> T {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut words = line.split(' ');
    let method: Method = words.next().unwrap().parse().unwrap();
    let target = words.next().expect("a target");
    let (headers, body) = headers_and_body(rest);
    let query = target.split_once('?').map_or("", |(_, q)| q);
    let remote = IpAddr::V4(Ipv4Addr::LOCALHOST);
    hear(&Arrived { method: &method, target, query, headers: &headers, body: &body, remote, now })
}

pub fn headers_and_body(text: &str) -> (HeaderMap, Vec<u8>) {
    let mut headers = HeaderMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').expect("a header");
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, value.trim().parse().unwrap());
    }
    (headers, unescape(rest))
}

/// `\xC2` is that byte.
fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        out.push(u8::from_str_radix(digits, 16).expect("two hex digits"));
        out.extend_from_slice(rest.as_bytes());
    }
    out
}

fn or_dash(s: &str) -> &str {
    if s.is_empty() { "-" } else { s }
}

fn show_mo(mo: &Mo) -> String {
    let from = match &mo.from {
        Sender::Phone(n) => n.e164(),
        Sender::Service(s) => format!("service {s}"),
    };
    let at = mo.sent_at.map_or("-".to_string(), Timestamp::rfc3339);
    let (id, to) = (mo.mo_id.as_deref().unwrap_or("-"), or_dash(&mo.to));
    // The text as Rust writes it, quotes of the text itself left alone.
    let text = format!("{:?}", mo.text).replace("\\\"", "\"").replace("\\'", "'");
    let part = mo.part.as_ref().map(|p| format!("\n  part {}/{} of {}", p.number, p.total, p.reference));
    format!("mo\n  id {id}\n  from {from}\n  to {to}\n  text {text}\n  at {at}{}", part.unwrap_or_default())
}

fn show_ussd(u: &UssdRequest) -> String {
    let from = match &u.from {
        Sender::Phone(n) => n.e164(),
        Sender::Service(s) => format!("service {s}"),
    };
    let kind = format!("{:?}", u.kind).to_lowercase();
    let input = match &u.input {
        UssdInput::Step(s) => format!("step {s:?}"),
        UssdInput::Path(s) => format!("path {s:?}"),
    };
    let order = u.order.map_or(String::new(), |n| format!("\n  order {n}"));
    format!(
        "ussd\n  session {}\n  from {from}\n  code {}\n  {kind}\n  {input}{order}",
        u.session,
        or_dash(&u.service_code)
    )
}

fn screen(toml: &str) -> UssdScreen {
    let table: toml::Table = toml.parse().unwrap();
    UssdScreen { text: table["text"].as_str().unwrap().into(), ends: table["ends"].as_bool().unwrap() }
}

fn show_consent(said: &Consent) -> String {
    let word = if said.given { "given" } else { "withdrawn" };
    format!("consent\n  of {}\n  {word}\n  why {}", said.phone.e164(), said.why)
}

fn show_dlr(dlr: &Dlr) -> String {
    let mt = match &dlr.mt {
        MtRef::Ours(id) => format!("mt {id}"),
        MtRef::Carrier(theirs) => format!("ref {theirs}"),
    };
    let state = match dlr.state {
        DlrState::OptedOut => "opted_out".to_string(),
        state => format!("{state:?}").to_lowercase(),
    };
    let of = |of: Option<u8>| of.map_or(String::new(), |of| format!(" of {of}"));
    let part = dlr.part.as_ref().map(|p| format!("\n  part {}{}", p.key, of(p.of)));
    format!("dlr\n  {mt}\n  state {state}\n  detail {}{}", or_dash(&dlr.detail), part.unwrap_or_default())
}

#[derive(Deserialize)]
struct Written {
    id: u64,
    from: String,
    to: String,
    text: String,
    class: String,
}

pub fn mt(toml: &str) -> Mt {
    let w: Written = toml::from_str(toml).unwrap();
    Mt {
        id: w.id,
        carrier: "c".into(),
        from: w.from,
        to: Msisdn::parse(&w.to).unwrap(),
        text: w.text,
        class: match w.class.as_str() {
            "answer" => MtClass::Answer,
            "push" => MtClass::Push,
            _ => MtClass::Broadcast,
        },
        cause: None,
        created: NOW,
        due: NOW,
        until: NOW.plus(xiangxun::clock::DAY),
        attempts: 1,
        state: MtState::Claimed { lease: NOW.plus(60_000) },
        carrier_ref: None,
        travel: None,
    }
}

/// What must not start, and what the operator is told: kind, settings, and the beginnings of the faults in order.
#[test]
fn a_wrong_account_does_not_start() {
    let sound = "token = \"t\"\nsend_url = \"http://k/\"\nusername = \"u\"\npassword = \"p\"\n";
    let generic = "token = \"t\"\n[mo]\nfields = { from = \"f\", to = \"t\", text = \"x\" }\n";
    let send = "[send]\nurl = \"http://c/{to}/{text}\"\n";
    let of = |parts: &[&str]| parts.concat();
    for (kind, settings, faults) in [
        ("kannel", String::new(), &["token is missing", "send_url is missing", "username is missing", "password is missing"][..]),
        ("kannel", of(&[sound, "tokn = 1\n"]), &["tokn is no key here"]),
        ("kannel", sound.replace("\"t\"", "\"秘密\""), &["token may hold only"]),
        ("kannel", sound.replace("http://k/", "k:13013"), &["send_url must begin with http"]),
        ("smsgate", String::new(), &["signing_key is missing", "send_url is missing", "username is missing", "password is missing"]),
        (
            "smsgate",
            "signing_key = \"k\"\nsend_url = \"http://p/\"\nusername = \"a:b\"\npassword = \"p\"\nsim_number = 4\nid_prefix = \"a b\"\n".into(),
            &["sim_number must be", "id_prefix must be", "username must not hold a colon"],
        ),
        ("phone", String::new(), &["token is missing"]),
        (
            "generic",
            String::new(),
            &["token is missing", "mo.fields.from is missing", "mo.fields.text is missing", "mo.number is missing", "send.url is missing"],
        ),
        ("generic", of(&[generic, send, "[send.answer]\ncode = \"x\"\n"]), &["send.answer.ok and code"]),
        ("generic", of(&[generic, send, "[send.answer]\ncodes = { \"1\" = \"again\" }\n"]), &["send.answer.codes.1 must be one of"]),
        ("generic", of(&[generic, "[send]\nurl = \"http://c/{tto}/{text}\"\n"]), &["send.url has the placeholder {tto}"]),
        ("generic", of(&[generic, "[send]\nurl = \"http://c/{to}\"\n"]), &["send.url must hold {text}"]),
        ("generic", of(&[generic, send, "body = \"{text}\"\n"]), &["send.body goes with method"]),
        ("generic", of(&[generic, send, "basic = true\n"]), &["send.username must be there"]),
        ("generic", of(&[generic, send, "[signature]\nsecret = \"k\"\n"]), &["token and signature are two proofs"]),
        (
            "generic",
            of(&["[signature]\nsecret = \"k\"\nalgorithm = \"md5\"\n", &generic.replace("token = \"t\"\n", ""), send]),
            &["signature.over must hold {secret}"],
        ),
        (
            "generic",
            of(&["[signature]\nsecret = \"k\"\nover = \"{field.f}\"\ntimestamp = \"{header.x}\"\n", &generic.replace("token = \"t\"\n", ""), send]),
            &["signature.over must hold what timestamp"],
        ),
        ("generic", of(&[generic, "charset = \"big5\"\nfieldz = 1\n", send]), &["mo.charset must be one of", "mo.fieldz is no key here"]),
        ("generic", of(&[generic, send, "[dlr]\nfields = { state = \"s\" }\n"]), &["dlr.fields.mt or fields.ref", "dlr.states is missing"]),
    ] {
        let Err(got) = account(kind, &settings) else { panic!("{kind} starts with:\n{settings}") };
        let same = got.len() >= faults.len() && faults.iter().all(|f| got.iter().any(|g| g.starts_with(f)));
        assert!(same, "{kind} with\n{settings}\ngot {got:#?}\nexpected {faults:#?}");
    }
}

#[test]
fn setup_tells_what_to_paste() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/carriers");
    let lines = |kind: &str, url: &str| {
        let settings = std::fs::read_to_string(root.join(kind).join("account.toml")).unwrap();
        account(kind, &settings).unwrap().setup(url, Secrets::Whole).join("\n")
    };
    let kannel = lines("kannel", "https://sms.example.cn");
    assert!(kannel.contains(
        "get-url = \"https://sms.example.cn/carriers/kannel/mo?token=t0ken-~1&id=%I&from=%q&to=%Q&ts=%T&coding=%c&charset=%C&udh=%u&smsc=%i&text=%b\""
    ));
    assert!(
        kannel.contains("max-messages = 0") && kannel.contains("http-request-retry") && !kannel.contains("warning")
    );
    assert!(lines("kannel", "http://sms.example.cn").contains("warning: http://sms.example.cn is not https"));
    assert!(!lines("kannel", "http://127.0.0.1:8080").contains("warning"));
    let smsgate = lines("smsgate", "https://sms.example.cn");
    assert!(smsgate.contains("\"event\":\"sms:received\"") && smsgate.contains("http://192.168.1.20:8080/webhooks"));
    assert!(!smsgate.contains("geheim"), "passwords are not printed");
    let generic = lines("generic", "https://sms.example.cn");
    assert!(generic.contains("Address for messages: https://sms.example.cn/carriers/generic/mo?token=s3cret"));
    assert!(lines("phone", "http://127.0.0.1:8080").contains("http://127.0.0.1:8080/phone"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reseller_in_gbk_with_its_token_in_the_path() {
    let reseller = Peer::start(|_, n| say(200, format!("0,r{n}"))).await;
    let account = format!(
        r#"
        [[carrier]]
        name = "reseller"
        kind = "generic"
        token = "p a/th"
        token_in = "path"
        [carrier.mo]
        charset = "gbk"
        fields = {{ from = "mobile", to = "spcode", text = "msg" }}
        answer = {{ body = "0" }}
        [carrier.dlr]
        fields = {{ ref = "mid", state = "stat" }}
        states = {{ DELIVRD = "delivered" }}
        [carrier.send]
        url = "{}?to={{to_local}}&msg={{text}}"
        charset = "gbk"
        [carrier.send.answer]
        code = "0"
        ok = ["0"]
        ref = "1""#,
        reseller.url("/send")
    );
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path(), &Setup::new("http://127.0.0.1:1/").extra(&account)).await;
    let text = form::encode(&Charset::Gbk.write("卖 板蓝根 200斤"));
    let mo = |token: &str| {
        format!("{}/carriers/reseller/mo{token}?mobile=13800000000&spcode=1069012345&msg={text}", daemon.base)
    };
    for refused in ["", "/", "/path", "/p%20a"] {
        let status = daemon::get(&daemon.client, &mo(refused)).await.unwrap().status;
        assert!(status == 403 || status == 404, "{refused}: {status}");
    }
    // Twice, for this carrier gives no id: the second is known by what it says.
    for _ in 0..2 {
        let answer = daemon::get(&daemon.client, &mo("/p%20a%2Fth")).await.unwrap();
        assert_eq!((answer.status, &*answer.body), (200, "0"));
    }
    let sent = &reseller.wait(1).await[0];
    assert_eq!(sent.param("to"), "13800000000");
    let said = Form::parse(sent.query().as_bytes()).get("msg").map(|b| Charset::Gbk.read(b)).unwrap();
    assert!(said.contains("板蓝根") && said.contains("200斤"), "{said}");
    let dlr = format!("{}/carriers/reseller/dlr/p%20a%2Fth?mid=r0&stat=DELIVRD", daemon.base);
    assert_eq!(daemon::get(&daemon.client, &dlr).await.unwrap().status, 200);
    assert_eq!(reseller.seen().len(), 1, "one answer");
    assert!(daemon.terminate(), "it stops by itself");
}

/// Every text in the account whose key says that it is a secret, in the forms in which it could be shown.
fn secrets_of(table: &toml::Table, out: &mut Vec<String>) {
    const KEYS: [&str; 4] = ["token", "secret", "password", "key"];
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => secrets_of(inner, out),
            toml::Value::String(s) if KEYS.iter().any(|k| name == k || name.ends_with(&format!("_{k}"))) => {
                assert!(s.len() > 2, "{name} of an account is too short to be looked for");
                out.extend([s.clone(), form::encode(s.as_bytes())]);
            }
            _ => {}
        }
    }
}

#[test]
fn secrets_do_not_print() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/carriers");
    for kind in carrier::all().iter().map(|k| k.name) {
        let settings = std::fs::read_to_string(root.join(kind).join("account.toml")).unwrap();
        let mut secrets = Vec::new();
        secrets_of(&settings.parse().unwrap(), &mut secrets);
        assert!(!secrets.is_empty(), "{kind} has no secret");
        let account = account(kind, &settings).unwrap();
        let shown = format!("{account:?}");
        assert!(!shown.contains("Basic ") && secrets.iter().all(|s| !shown.contains(s)), "{shown}");
        let printed = account.setup("https://sms.example.cn", Secrets::Masked).join("\n");
        assert!(secrets.iter().all(|s| !printed.contains(s)), "{printed}");
    }
}
