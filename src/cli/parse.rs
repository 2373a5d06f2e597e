//! `xiangxun parse`: reads texts and prints what they mean, one JSON object a line. No daemon, no store.
//!
//! ```text
//! $ echo '卖板蓝根200斤3块5' | xiangxun parse
//! {"intent":"sell","item":"板蓝根","item_said":"板蓝根","quantity":{"amount":200,"unit":"斤"},"price":{"yuan":3.5,"per":"斤"}}
//! ```

use std::collections::BTreeMap;
use std::io::{BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;

use super::complain;
use crate::clock::{Clock, Timestamp};
use crate::command;
use crate::config::Config;
use crate::grammar::Grammar;
use crate::market::{MarketDays, PlaceCode};

/// Reads texts on standard input, one a line, and prints what they mean as JSON.
#[derive(Debug, clap::Args)]
pub struct ParseArgs {
    /// Each line is `{"text": "…", "now": "2026-11-21T09:00+08:00"}`, `now` optional
    #[arg(long)]
    pub json: bool,
    /// Show how each text was read: normal form, words, evidence, what was left
    #[arg(long)]
    pub explain: bool,
    /// Statutory code of where the texts come from; of places with one name the nearest is meant.
    /// Without it the place of the config's first station, or of the demo's
    #[arg(long, value_name = "CODE", value_parser = place_code)]
    pub place: Option<PlaceCode>,
    /// When the market is held, as in 2,7 or 农历3,8 or 周日: what 赶场天 means
    #[arg(long, value_name = "DAYS", value_parser = market_days)]
    pub market_days: Option<MarketDays>,
    /// Read the grammar of this folder instead of the config's or the one built in
    #[arg(long, value_name = "DIR")]
    pub grammar: Option<PathBuf>,
}

fn place_code(s: &str) -> Result<PlaceCode, String> {
    PlaceCode::parse(s).ok_or_else(|| "a code has 2, 4, 6, 9 or 12 digits".to_string())
}

fn market_days(s: &str) -> Result<MarketDays, String> {
    s.parse().map_err(str::to_string)
}

/// A line of `--json`.
#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    now: Option<String>,
}

/// Runs the command on standard input and output, as the daemon of this config would read: its grammar, and where its first
/// station stands.
pub fn run(args: &ParseArgs, file: Option<&Path>, env: &BTreeMap<String, String>) -> ExitCode {
    let config = match Config::load(file, env) {
        Ok(config) => config,
        Err(faults) => {
            complain(&faults);
            return ExitCode::FAILURE;
        }
    };
    let home = args.place.or_else(|| config.stations.values().next().map(|s| s.place)).unwrap_or_default();
    let grammar = match args.grammar.as_ref().or(config.server.grammar.as_ref()) {
        Some(dir) => Grammar::load(dir),
        None => Grammar::built_in(),
    };
    let grammar = match grammar {
        Ok(g) => g,
        Err(errors) => {
            errors.iter().for_each(|e| eprintln!("{e}"));
            return ExitCode::FAILURE;
        }
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    match lines(args, home, &grammar, &mut std::io::stdin().lock(), &mut out).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read us has read enough: `parse | head`.
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("cannot go on: {e}");
            ExitCode::FAILURE
        }
    }
}

/// One answer for each line of `input`, flushed where the next line is not there yet.
fn lines(
    args: &ParseArgs,
    home: PlaceCode,
    grammar: &Grammar,
    input: &mut impl BufRead,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let clock = Clock::System;
    let mut bytes = Vec::new();
    while input.read_until(b'\n', &mut bytes)? > 0 {
        if bytes.ends_with(b"\n") {
            bytes.pop();
        }
        let line = String::from_utf8_lossy(&bytes);
        match said(args.json, &line, clock.now()) {
            Ok((text, now)) => {
                if args.explain {
                    writeln!(out, "{}", command::explain(grammar, home, now, &text))?;
                }
                let reading = command::read_at(grammar, home, args.market_days, now, &text);
                serde_json::to_writer(&mut *out, &reading)?;
            }
            // Every line gets its answer, so that a caller can count.
            Err(what) => serde_json::to_writer(&mut *out, &serde_json::json!({ "error": what }))?,
        }
        out.write_all(b"\n")?;
        out.flush()?;
        bytes.clear();
    }
    Ok(())
}

/// The text of a line, and the time it is read at.
fn said(json: bool, line: &str, now: Timestamp) -> Result<(String, Timestamp), String> {
    if !json {
        return Ok((line.trim_end_matches('\r').to_string(), now));
    }
    let line: Line = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let now = match line.now {
        Some(s) => Timestamp::parse_rfc3339(&s).map_err(|e| format!("now: {e}"))?,
        None => now,
    };
    Ok((line.text, now))
}
