//! `xiangxun cards --station X`: prints the pocket cue card of a station as HTML for print, A6.
//!
//! ```text
//! $ xiangxun cards --station rongjiang > card.html     # open in a browser, print on both sides
//! ```

use std::io::Write;
use std::process::ExitCode;

use super::complain;
use crate::app;
use crate::config::{Config, ConfigError, Station};
use crate::grammar::ussd::HOME;
use crate::station::card::{self, Dial};

/// Prints the pocket cue card of a station.
#[derive(Debug, clap::Args)]
pub struct CardsArgs {
    /// The station's key in the config: the X of [station.X]. May be left out where there is only one
    #[arg(long, value_name = "X")]
    station: Option<String>,
}

pub fn run(args: &CardsArgs, config: Result<Config, Vec<ConfigError>>) -> ExitCode {
    let config = match config {
        Ok(config) => config,
        Err(faults) => {
            complain(&faults);
            return ExitCode::FAILURE;
        }
    };
    match made(args, &config).and_then(|page| {
        let mut out = std::io::stdout().lock();
        out.write_all(page.as_bytes()).and_then(|()| out.flush()).map_err(|e| format!("cannot be written: {e}"))
    }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&[why]);
            ExitCode::FAILURE
        }
    }
}

fn made(args: &CardsArgs, config: &Config) -> Result<String, String> {
    let station = station(args, config)?;
    let grammar = app::load_grammar(config).map_err(|e| e.to_string())?;
    let home = grammar.menus.get(HOME).map(|s| s.options.as_slice()).unwrap_or_default();
    let choices = || home.iter().map(|o| (o.key.clone(), o.say.clone())).collect();
    let dial = station.ussd_code.as_ref().map(|code| Dial { code: code.clone(), choices: choices() });
    card::page(&grammar, station, dial.as_ref()).map_err(|e| e.to_string())
}

fn station<'c>(args: &CardsArgs, config: &'c Config) -> Result<&'c Station, String> {
    let mut all = config.stations.values();
    match (&args.station, all.next(), all.next()) {
        (Some(key), ..) => {
            config.stations.get(key).ok_or_else(|| format!("there is no station {key}, but {}", keys(config)))
        }
        (None, Some(only), None) => Ok(only),
        (None, ..) => Err(format!("--station says whose card it is: {}", keys(config))),
    }
}

fn keys(config: &Config) -> String {
    config.stations.values().map(|s| format!("{} ({})", s.key, s.name)).collect::<Vec<_>>().join(", ")
}
