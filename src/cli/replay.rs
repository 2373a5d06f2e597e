//! `xiangxun replay FILE`: feeds calls that `[server] record` wrote to the daemon that runs, through the same door.
//!
//! With `--dry` nothing is sent: the account's own file reads the call, and what it heard is printed as JSON. Secrets are put
//! back from the config. What a carrier signs over its numbers is refused, for the numbers were masked.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::{complain, load};
use crate::app;
use crate::carrier::{Arrived, Door, Outgoing};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::record::unmasked;
use crate::outbox::Outbox;

/// Feeds recorded webhook calls to the daemon that runs.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Files as `[server] record` writes them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print what the call says instead of sending it
    #[arg(long)]
    dry: bool,
}

/// A recorded call.
struct Recorded {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

pub fn run(args: &ReplayArgs, file: Option<&Path>, env: &BTreeMap<String, String>) -> ExitCode {
    let config = match load(file, env) {
        Ok(config) => config,
        Err(faults) => {
            complain(&faults);
            return ExitCode::FAILURE;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            complain(&[format!("cannot start: {e}")]);
            return ExitCode::FAILURE;
        }
    };
    let mut sound = true;
    for file in &args.files {
        let done = read(file, &config)
            .and_then(|call| if args.dry { hear(&config, &call) } else { runtime.block_on(feed(&config, call)) });
        match done {
            Ok(said) => println!("{said}"),
            Err(why) => {
                complain(&[format!("{}: {why}", file.display())]);
                sound = false;
            }
        }
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Name of the carrier and what is called of it.
fn address(target: &str) -> Result<(String, String), String> {
    let path = target.split('?').next().unwrap_or_default();
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "carriers", name, door, ..] => Ok((name.to_string(), door.to_string())),
        _ => Err(format!("{path} is no carrier's address")),
    }
}

fn read(file: &Path, config: &Config) -> Result<Recorded, String> {
    let raw = std::fs::read(file).map_err(|e| e.to_string())?;
    let first = raw.split(|b| *b == b'\n').find(|l| !l.starts_with(b"#")).unwrap_or_default();
    let target = String::from_utf8_lossy(first).split(' ').nth(1).unwrap_or_default().to_string();
    let (name, _) = address(&target)?;
    let account = config.carriers.iter().find(|c| c.name == name).ok_or(format!("there is no carrier {name}"))?;
    parse(&unmasked(&raw, &account.secrets()))
}

fn parse(raw: &[u8]) -> Result<Recorded, String> {
    let mut rest = raw;
    let mut line = || {
        let end = rest.iter().position(|b| *b == b'\n')?;
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        Some(line)
    };
    let first = std::iter::from_fn(&mut line).find(|l| !l.starts_with('#')).ok_or("there is no request line")?;
    let (method, target) = first.split_once(' ').ok_or("there is no request line")?;
    let method = method.parse().map_err(|_| format!("{method} is no method"))?;
    let target = target.trim().to_string();
    let mut headers = HeaderMap::new();
    while let Some(one) = line().filter(|l| !l.is_empty()) {
        let (name, value) = one.split_once(": ").ok_or(format!("no header: {one}"))?;
        let name: HeaderName = name.parse().map_err(|_| format!("no header: {one}"))?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| format!("no header: {one}"))?);
    }
    Ok(Recorded { method, target, headers, body: rest.to_vec() })
}

/// What the account's own file makes of it.
fn hear(config: &Config, call: &Recorded) -> Result<String, String> {
    let (name, door) = address(&call.target)?;
    let door = match door.as_str() {
        "mo" => Door::Mo,
        "dlr" => Door::Dlr,
        other => return Err(format!("{other} is nothing that is read alone; leave out --dry")),
    };
    let account = config.carriers.iter().find(|c| c.name == name).ok_or("there is no such carrier")?;
    let carrier = app::build_carrier(account).map_err(|_| "the carrier's settings have faults".to_string())?;
    let arrived = Arrived {
        method: &call.method,
        target: &call.target,
        query: call.target.split_once('?').map_or("", |(_, q)| q),
        headers: &call.headers,
        body: &call.body,
        remote: IpAddr::from(Ipv4Addr::LOCALHOST),
        now: Clock::System.now(),
    };
    let heard = carrier.hear(door, &arrived).map_err(|e| e.to_string())?;
    Ok(serde_json::json!({ "mos": heard.mos, "dlrs": heard.dlrs, "consents": heard.consents }).to_string())
}

/// Sends it to the daemon, and says what that answered.
async fn feed(config: &Config, call: Recorded) -> Result<String, String> {
    let url = format!("http://{}{}", config.server.listen, call.target);
    let mut headers = call.headers;
    for hop in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING] {
        headers.remove(hop);
    }
    let out = Outgoing { method: call.method, url, headers, body: call.body };
    let (status, body) = Outbox::call(out).await.map_err(|e| e.to_string())?;
    let said = format!("{} {}", status.as_u16(), String::from_utf8_lossy(&body).trim_end());
    if status.is_success() { Ok(said) } else { Err(said) }
}
