//! `xiangxun check`: reads config and grammar as `serve` would, and prints what to enter at each carrier.
//!
//! ```text
//! config   /etc/xiangxun/xiangxun.toml
//! grammar  built in
//! station  rongjiang 榕江县信息站 (522632), short codes 1069012345
//! carrier  mobile (kannel), 20 texts a second
//!          get-url = "https://sms.example.cn/carriers/mobile/mo?token=<the carrier's token>&…"
//! warning  …
//! ```
//!
//! Secrets stand in it only with `--show-secrets`: what is printed ends in tickets and on shared screens.
//!
//! Ends with 0 when the daemon would start, with 1 and one line a fault when it would not.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{complain, load};
use crate::app;
use crate::carrier::Secrets;
use crate::clock::MINUTE;
use crate::command;
use crate::config::{ClockKind, Config};
use crate::grammar::{Grammar, GrammarError};
use crate::outbox::Outbox;

/// Checks config and grammar, and prints what to enter at each carrier.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Print tokens whole, ready to be pasted at the carrier
    #[arg(long)]
    pub show_secrets: bool,
    /// Try each account's credentials by a call that does nothing, where its carrier has one
    #[arg(long)]
    pub live: bool,
}

pub fn run(args: &CheckArgs, file: Option<&Path>, env: &BTreeMap<String, String>) -> ExitCode {
    let config = match load(file, env) {
        Ok(config) => config,
        Err(faults) => {
            complain(&faults);
            return ExitCode::FAILURE;
        }
    };
    let secrets = if args.show_secrets { Secrets::Whole } else { Secrets::Masked };
    match app::load_grammar(&config) {
        Ok(grammar) => {
            // The sentences that its words came with.
            let below = config.server.grammar.as_deref();
            let named = |e: GrammarError| match below {
                Some(dir) => GrammarError { file: dir.join(&e.file).display().to_string(), ..e },
                None => e,
            };
            let mut wrong = command::prove(&grammar);
            // and what stations print for the pocket
            for station in config.stations.values() {
                wrong.extend(
                    command::prove_card(&grammar, station.place)
                        .into_iter()
                        .filter(|e| !wrong.contains(e))
                        .collect::<Vec<_>>(),
                );
            }
            let wrong: Vec<GrammarError> = wrong.into_iter().map(named).collect();
            print(&config, &grammar, secrets);
            complain(&wrong);
            let live = !args.live || try_out(&config);
            if wrong.is_empty() && live { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(faults) => {
            complain(&[faults]);
            ExitCode::FAILURE
        }
    }
}

fn print(config: &Config, grammar: &Grammar, secrets: Secrets) {
    match &config.file {
        Some(file) => println!("config   {}", file.display()),
        None => println!("config   the demo's: no file was given"),
    }
    match &config.server.grammar {
        Some(dir) => println!("grammar  {}", dir.display()),
        None => println!("grammar  built in"),
    }
    for s in config.stations.values() {
        let place = grammar.places.get(s.place).unwrap_or_default();
        println!("station  {} {} ({place} {}), short codes {}", s.key, s.name, s.place.0, s.short_codes.join(", "));
    }
    for c in &config.carriers {
        let rate = c.rate.unwrap_or_else(|| app::default_rate(&c.kind));
        println!("carrier  {} ({}), {rate} texts a second", c.name, c.kind);
        // It was built once already, so it has no faults; should it have one now, serve will say so.
        let built = app::build_carrier(c).ok();
        if let Some(window) = built.as_ref().and_then(|c| c.repeats_for()) {
            let minutes = c.usage.repeat_minutes.map_or(window / MINUTE, i64::from);
            println!(
                "         warning: messages may come without an id; then an equal text of the same phone within {minutes} minutes counts as the carrier's repeat (repeat_minutes)"
            );
        }
        if let Some(warning) = built.as_ref().and_then(|built| app::unfit(grammar, c, built.as_ref())) {
            println!("         warning: {warning}");
        }
        for line in app::build_carrier(c).map(|c| c.setup(&config.server.public_url, secrets)).unwrap_or_default() {
            println!("         {line}");
        }
        let ussd = built.as_ref().and_then(|c| c.ussd()).map(|u| u.ussd_setup(&config.server.public_url, secrets));
        for line in ussd.unwrap_or_default() {
            println!("         {line}");
        }
    }
    if secrets == Secrets::Masked {
        println!("note     secrets are masked; check --show-secrets prints them whole, to be pasted");
    }
    for warning in warnings(config) {
        println!("warning  {warning}");
    }
}

/// Tries every account. Whether none is at fault.
fn try_out(config: &Config) -> bool {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            complain(&[format!("cannot start: {e}")]);
            return false;
        }
    };
    let mut well = true;
    for c in &config.carriers {
        let Ok(carrier) = app::build_carrier(c) else { continue };
        match runtime.block_on(Outbox::probe(carrier.as_ref(), &c.usage)) {
            None => println!("live     {}: a {} has no call that would do nothing; text it", c.name, c.kind),
            Some(Ok(said)) => println!("live     {}: {said}", c.name),
            Some(Err(why)) => {
                complain(&[format!("carrier \"{}\": {why}", c.name)]);
                well = false;
            }
        }
    }
    well
}

/// What works, but is likely not meant.
pub fn warnings(config: &Config) -> Vec<String> {
    let mut out = Vec::new();
    let server = &config.server;
    if server.listen.ip().is_unspecified() && server.public_url == format!("http://{}", server.listen) {
        out.push(format!("server.public_url is not set, and no carrier can call {}", server.public_url));
    }
    if server.clock == ClockKind::Virtual {
        out.push("server.clock is virtual: time stands still until POST /clock moves it".to_string());
    }
    if config.limits.pushes().is_none() {
        out.push("limits.pushes_per_day is 0: one phone can be sent any number of texts a day".to_string());
    }
    if !config.is_demo() && config.carriers.iter().any(|c| c.kind == "phone") && !server.listen.ip().is_loopback() {
        out.push("a carrier of kind phone lets whoever opens its page text as anybody".to_string());
    }
    out.extend(config.file.as_deref().and_then(readable_by_others));
    out
}

/// A config that holds secrets should be its owner's alone.
#[cfg(unix)]
fn readable_by_others(file: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    (mode & 0o004 != 0).then(|| format!("{0} can be read by every user of this machine; chmod 640 {0}", file.display()))
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> Option<String> {
    None
}
