//! `xiangxun import-quotes`: what markets published, handed to the daemon.
//!
//! ```text
//! $ xiangxun import-quotes bulletin.csv
//! bulletin.csv: 12 quotes; the daemon takes them within a minute
//! $ xiangxun import-quotes bad.csv
//! bad.csv:3: price "三块" is no amount of yuan, as in 3.20
//! ```
//!
//! A file with a bad line is not taken at all: it is mended and handed in again.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::complain;
use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::service::quotes;

/// Hands prices that markets published to the daemon.
#[derive(Debug, Args)]
pub struct QuotesArgs {
    /// CSV in UTF-8 with the columns date,item,market,place,price,unit and, where known, low,high
    pub file: PathBuf,
}

pub fn run(args: &QuotesArgs, config: &Config) -> ExitCode {
    let grammar = match app::load_grammar(config) {
        Ok(grammar) => grammar,
        Err(faults) => {
            complain(&[faults]);
            return ExitCode::FAILURE;
        }
    };
    let file = args.file.display();
    match quotes::hand_in(&grammar, Clock::System.now(), &args.file, config.store.folder()) {
        Ok(count) => {
            println!("{file}: {count} quotes; the daemon takes them within a minute");
            ExitCode::SUCCESS
        }
        Err(faults) => {
            for fault in &faults {
                match fault.line {
                    0 => eprintln!("{file}: {}", fault.what),
                    _ => eprintln!("{file}:{fault}"),
                }
            }
            ExitCode::FAILURE
        }
    }
}
