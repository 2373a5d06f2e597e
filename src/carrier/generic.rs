//! Any carrier that speaks HTTP and has no kind of its own: everything is said in the config.
//!
//! ```toml
//! [[carrier]]
//! name = "reseller"
//! kind = "generic"
//! token = "…"                    # the carrier shows it: token_in = query, header, field or path; token_name = "token"
//! [carrier.mo]                   # GET /carriers/reseller/mo?token=…&mobile=13800000000&spcode=10690001&msg=%C2%F4…&mid=77
//! style = "query"                # query, form or json (then names are dotted paths, and `each` names a list)
//! charset = "gbk"                # utf-8, gbk, utf-16be, utf-16be-hex, gbk-hex, latin1
//! time = "%Y-%m-%d %H:%M:%S"     # epoch, rfc3339 or a pattern; Beijing time where it names no zone
//! fields = { from = "mobile", to = "spcode", text = "msg", id = "mid", time = "when" }
//! answer = { status = 200, type = "text/plain", body = "0" }
//! [carrier.dlr]
//! fields = { ref = "mid", state = "stat" }
//! states = { DELIVRD = "delivered", UNDELIV = "failed", EXPIRED = "expired" }
//! [carrier.send]
//! url = "http://127.0.0.1:9000/send?user={username}&pwd={password}&to={to_local}&msg={text}"
//! username = "…"
//! password = "…"
//! charset = "gbk"
//! [carrier.send.answer]          # 0,778899
//! code = "0"
//! ok = ["0"]
//! ref = "1"
//! codes = { "8" = "throttled", "10" = "quota", "21" = "permanent" }
//! ```
//!
//! `[carrier.ussd]` is in the file of its sessions. Instead of a token, `[carrier.signature]` names header, algorithm and what is signed. Without `fields.id` a repeat
//! is known by its fingerprint.

mod inlet;
mod proof;
mod record;
mod send;
mod session;
mod template;

use http::{HeaderMap, StatusCode};

use self::inlet::Inlet;
use self::proof::Proof;
use self::record::Record;
use self::send::Send;
use self::session::Sessions;
use super::charset::Charset;
use super::ussd::{Ussd, UssdRequest, UssdScreen};
use super::{
    Ack, Arrived, Carrier, Door, Heard, Kind, Outgoing, Refusal, Secrets, SendError, Taken, form, hex, print, refs,
    status,
};
use crate::clock::MINUTE;
use crate::config::Secret;
use crate::config::carrier::{CarrierConfig, SettingError};
use crate::message::{Dlr, DlrPart, Mo, Mt, MtRef, Part, Sender};

pub const KIND: Kind = Kind { name: "generic", build, default_rate: 10 };

#[derive(Debug)]
struct Generic {
    name: String,
    proof: Proof,
    mo: Inlet,
    dlr: Option<Inlet>,
    send: Send,
    ussd: Option<Sessions>,
    /// `{dlr_url}` up to the MT's id.
    dlr_url: Secret,
}

fn build(config: &CarrierConfig) -> Result<Box<dyn Carrier>, Vec<SettingError>> {
    let mut s = config.settings();
    let proof = Proof::read(&mut s);
    let mo = s.table("mo", Inlet::read_mo);
    let dlr = s.has("dlr").then(|| s.table("dlr", Inlet::read_dlr));
    let send = s.table("send", Send::read);
    let ussd = s.has("ussd").then(|| s.table("ussd", Sessions::read));
    s.finish()?;
    // A fault was noted wherever there is no proof; this is never reached without one.
    let Some(proof) = proof else { return Err(vec![SettingError::new("token", "is missing")]) };

    let base = format!("{}/carriers/{}/dlr", config.public_url, config.name);
    let mut dlr_url = match &proof {
        Proof::Token { text, spot, .. } if spot.in_address() => spot.show(&base, &Secrets::Whole.token(text)),
        _ => base,
    };
    let sign = form::separator(&dlr_url);
    let mt_name = dlr.as_ref().and_then(|d| d.fields.get("mt")).map_or("mt", String::as_str);
    form::push(&mut dlr_url, sign, mt_name, b"");
    Ok(Box::new(Generic { name: config.name.clone(), proof, mo, dlr, send, ussd, dlr_url: Secret::new(dlr_url) }))
}

impl Generic {
    fn read_mo(&self, record: &Record) -> Result<Mo, Refusal> {
        let from = self.mo.needed(record, "from")?;
        let text_name = &self.mo.fields["text"];
        let text = record.text(text_name, self.mo.charset);
        Ok(Mo {
            carrier: self.name.clone(),
            mo_id: self.mo.plain(record, "id").and_then(|id| print::mo_id(&id)),
            from: Sender::read(&from),
            to: match &self.mo.number {
                Some(number) => self.mo.plain(record, "to").unwrap_or_else(|| number.clone()),
                None => self.mo.needed(record, "to")?,
            },
            text: text.ok_or_else(|| Refusal::Malformed(format!("{} is missing", status::excerpt(text_name))))?,
            sent_at: self.mo.time(record),
            part: self.part(record),
        })
    }

    /// From the header in hex, or from the three fields of those who take it apart.
    fn part(&self, record: &Record) -> Option<Part> {
        let number = |field| self.mo.plain(record, field).and_then(|s| s.trim().parse::<u32>().ok());
        let small = |field| number(field).and_then(|n| u8::try_from(n).ok());
        let udh = self.mo.plain(record, "udh").and_then(|s| hex::decode(s.as_bytes()));
        let by_fields = || Part::of(number("part_ref")?, small("part_number")?, small("part_total")?);
        let part = udh.as_deref().and_then(Part::from_udh).or_else(by_fields)?;
        let text = self.mo.fields.get("text").and_then(|name| record.bytes(name)).unwrap_or_default();
        Some(match self.mo.charset {
            Charset::Utf16Be => part.with_halves(&text),
            Charset::Utf16BeHex => part.with_halves(&hex::decode(&text).unwrap_or_default()),
            _ => part,
        })
    }

    fn read_dlr(&self, inlet: &Inlet, record: &Record) -> Result<Dlr, Refusal> {
        let ours = inlet.plain(record, "mt").and_then(|s| s.parse().ok()).map(MtRef::Ours);
        let theirs = || inlet.plain(record, "ref").map(MtRef::Carrier);
        let mt = ours.or_else(theirs).ok_or_else(|| Refusal::Malformed("the message's id is missing".into()))?;
        let said = inlet.needed(record, "state")?;
        let state = inlet.states.get(&said).copied().unwrap_or(inlet.otherwise);
        let detail = inlet.plain(record, "detail").map_or(said.clone(), |more| format!("{said} {more}"));
        let of = inlet.plain(record, "parts").and_then(|s| s.trim().parse().ok());
        let part = inlet.plain(record, "part").map(|key| DlrPart { key, of });
        Ok(Dlr { carrier: self.name.clone(), mt, state, detail: status::excerpt(&detail), part })
    }
}

impl Carrier for Generic {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn hear(&self, door: Door, call: &Arrived<'_>) -> Result<Heard, Refusal> {
        let inlet = match (door, &self.dlr) {
            (Door::Mo, _) => &self.mo,
            (Door::Dlr, Some(dlr)) => dlr,
            (Door::Dlr, None) => return Err(Refusal::Method(String::new())),
        };
        if !inlet.takes(call.method) {
            return Err(Refusal::Method(inlet.methods()));
        }
        let record = inlet.record(call);
        self.proof.check(call, &record)?;
        let mut heard = Heard::default();
        for one in inlet.each(record)? {
            match door {
                Door::Mo => heard.mos.push(self.read_mo(&one)?),
                Door::Dlr => heard.dlrs.push(self.read_dlr(inlet, &one)?),
            }
        }
        Ok(heard)
    }

    fn ack(&self, door: Door) -> Ack {
        match (door, &self.dlr) {
            (Door::Dlr, Some(dlr)) => dlr.answer.clone(),
            _ => self.mo.answer.clone(),
        }
    }

    fn outgoing(&self, mt: &Mt) -> Result<Outgoing, SendError> {
        self.send.outgoing(mt, self.dlr_url.expose())
    }

    fn outcome(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Taken, SendError> {
        self.send.outcome(status, headers, body)
    }

    fn ref_forms(&self, carrier_ref: &str) -> Vec<String> {
        match &self.dlr {
            Some(dlr) if dlr.loose_ids => refs::hex_or_decimal(carrier_ref),
            _ => vec![carrier_ref.to_string()],
        }
    }

    fn repeats_for(&self) -> Option<i64> {
        (!self.mo.fields.contains_key("id")).then_some(2 * MINUTE)
    }

    fn idempotent(&self) -> bool {
        self.send.idempotent
    }

    fn ussd(&self) -> Option<&dyn Ussd> {
        self.ussd.as_ref().map(|_| self as &dyn Ussd)
    }

    fn setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let mut lines = Vec::new();
        let doors = [("messages", "mo", true), ("delivery reports", "dlr", self.dlr.is_some())];
        for (what, door, _) in doors.into_iter().filter(|d| d.2) {
            let base = format!("{public_url}/carriers/{}/{door}", self.name);
            lines.push(match &self.proof {
                Proof::Token { text, spot, .. } => {
                    format!("Address for {what}: {}", spot.show(&base, &secrets.token(text)))
                }
                Proof::Signature(_) => format!("Address for {what}: {base} (signed calls only)"),
            });
        }
        lines.extend(super::open_line(public_url));
        if !self.mo.fields.contains_key("id") {
            lines
                .push("note: no fields.id, so a repeated message is known by its content within a short window".into());
        }
        lines
    }
}

impl Ussd for Generic {
    fn hear_ussd(&self, call: &Arrived<'_>) -> Result<UssdRequest, Refusal> {
        match &self.ussd {
            Some(sessions) => sessions.hear(&self.name, &self.proof, call),
            None => Err(Refusal::Method(String::new())),
        }
    }

    fn ussd_ack(&self, request: &UssdRequest, screen: Option<&UssdScreen>) -> Ack {
        self.ussd.as_ref().map_or_else(|| self.mo.answer.clone(), |sessions| sessions.ack(request, screen))
    }

    fn ussd_setup(&self, public_url: &str, secrets: Secrets) -> Vec<String> {
        let base = format!("{public_url}/carriers/{}/ussd", self.name);
        vec![match &self.proof {
            Proof::Token { text, spot, .. } => format!("Address for USSD: {}", spot.show(&base, &secrets.token(text))),
            Proof::Signature(_) => format!("Address for USSD: {base} (signed calls only)"),
        }]
    }
}
