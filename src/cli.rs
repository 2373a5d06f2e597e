//! The command line: `xiangxun [--config PATH] [serve|check|…]`, one file a command.

mod cards;
mod check;
pub mod parse;
mod phone;
mod quotes;
mod replay;
mod serve;
mod transfer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError};

/// Read where no other file is named, if it is there.
const USUAL_FILE: &str = "xiangxun.toml";

/// An SMS gateway through which villagers trade, hire, find and ask by plain texts.
///
/// Without a config file it runs a demo on this machine, with phones in the browser in place of a carrier.
#[derive(Debug, Parser)]
#[command(
    name = "xiangxun",
    version,
    after_help = "Any key of the config can also be set by the environment, as \
    XIANGXUN__SERVER__LISTEN=127.0.0.1:9000 or XIANGXUN__CARRIER__0__TOKEN_FILE=/run/secrets/token."
)]
struct Args {
    /// The config file; else XIANGXUN_CONFIG, else xiangxun.toml in this folder, else the demo
    #[arg(long, short, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway (also without a command)
    Serve,
    /// Check config and grammar, and print what to enter at each carrier
    Check(check::CheckArgs),
    /// Print a station's pocket cue card as HTML, A6, for print
    Cards(cards::CardsArgs),
    /// Use a phone in this terminal: what is typed is texted to the daemon that runs, *123# dials its menu
    Phone(phone::PhoneArgs),
    /// Read texts, one a line, and print what they mean as JSON
    Parse(parse::ParseArgs),
    /// Feed recorded webhook calls to the daemon that runs
    Replay(replay::ReplayArgs),
    /// Write everything that is kept to a file, while the daemon does not run
    Export(transfer::ExportArgs),
    /// Make a new store from an exported file, where there is none
    Import(transfer::ImportArgs),
    /// Hand prices that markets published, in a CSV file, to the daemon
    ImportQuotes(quotes::QuotesArgs),
    /// Read an exported file whole and check it
    Verify(transfer::VerifyArgs),
}

/// Reads the arguments and runs the command.
pub fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(e) => {
            let _ = e.print();
            return if e.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let env = environment();
    let file = config_file(args.config, &env);
    match args.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(file.as_deref(), &env),
        Command::Check(args) => check::run(&args, file.as_deref(), &env),
        Command::Cards(args) => cards::run(&args, Config::load(file.as_deref(), &env)),
        Command::Phone(args) => match Config::load(file.as_deref(), &env) {
            Ok(config) => phone::run(&args, &config),
            Err(faults) => {
                complain(&faults);
                ExitCode::FAILURE
            }
        },
        Command::Parse(args) => parse::run(&args, file.as_deref(), &env),
        Command::Replay(args) => replay::run(&args, file.as_deref(), &env),
        Command::Export(args) => with_store(file.as_deref(), &env, |url| transfer::run_export(&args, url)),
        Command::Import(args) => with_store(file.as_deref(), &env, |url| transfer::run_import(&args, url)),
        Command::ImportQuotes(args) => match Config::load(file.as_deref(), &env) {
            Ok(config) => quotes::run(&args, &config),
            Err(faults) => {
                complain(&faults);
                ExitCode::FAILURE
            }
        },
        Command::Verify(args) => transfer::run_verify(&args),
    }
}

/// Runs a command on the store of the config. The carriers' own settings are left unread: moving a store must not wait
/// for a token.
fn with_store(file: Option<&Path>, env: &BTreeMap<String, String>, run: impl FnOnce(&str) -> ExitCode) -> ExitCode {
    match Config::load(file, env) {
        Ok(config) => run(&config.store.url),
        Err(faults) => {
            complain(&faults);
            ExitCode::FAILURE
        }
    }
}

/// All variables that are texts; others cannot be ours.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

fn config_file(named: Option<PathBuf>, env: &BTreeMap<String, String>) -> Option<PathBuf> {
    let from_env = || env.get("XIANGXUN_CONFIG").filter(|f| !f.is_empty()).map(PathBuf::from);
    let usual = || Path::new(USUAL_FILE).is_file().then(|| PathBuf::from(USUAL_FILE));
    named.or_else(from_env).or_else(usual)
}

/// The config with everything checked, each carrier by its kind as well.
fn load(file: Option<&Path>, env: &BTreeMap<String, String>) -> Result<Config, Vec<ConfigError>> {
    Config::load_with(file, env, &|c| crate::app::build_carrier(c).map(drop))
}

/// One line a fault, on standard error.
fn complain(faults: &[impl std::fmt::Display]) {
    for fault in faults {
        eprintln!("{fault}");
    }
}
