//! `xiangxun serve`: runs the gateway until Ctrl-C or SIGTERM; SIGHUP reads the grammar again.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{complain, load};
use crate::app::{self, Daemon};
use crate::config::{Config, LogFormat};
use crate::logs;

pub fn run(file: Option<&Path>, env: &BTreeMap<String, String>) -> ExitCode {
    let config = match load(file, env) {
        Ok(config) => config,
        Err(faults) => {
            complain(&faults);
            return ExitCode::FAILURE;
        }
    };
    if let Err(e) = logs::start(&config.log) {
        complain(&[e]);
        return ExitCode::FAILURE;
    }
    for warning in super::check::warnings(&config) {
        tracing::warn!("{warning}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("xiangxun").build() {
        Ok(runtime) => runtime,
        Err(e) => {
            complain(&[format!("cannot start threads: {e}")]);
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> ExitCode {
    // Before anything starts, so that no signal finds us half built.
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(e) => {
            complain(&[format!("cannot listen for signals: {e}")]);
            return ExitCode::FAILURE;
        }
    };
    let (is_demo, format) = (config.is_demo(), config.log.format);
    let daemon = match app::start(config).await {
        Ok(daemon) => daemon,
        Err(e) => {
            match format {
                LogFormat::Human => complain(&[e]),
                // whoever reads JSON reads nothing else
                LogFormat::Json => e.to_string().lines().for_each(|fault| tracing::error!(fault, "cannot start")),
            }
            return ExitCode::FAILURE;
        }
    };
    greet(&daemon, is_demo);
    while let Heard::Reload = signals.next().await {
        daemon.reload().await;
    }
    tokio::select! {
        complete = daemon.stop() => if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        () = signals.stop_again() => {
            tracing::warn!("stopped at once; the next start takes up what was left");
            ExitCode::FAILURE
        }
    }
}

/// Says where to look, for whoever started it by hand.
fn greet(daemon: &Daemon, is_demo: bool) {
    match daemon.phone_url() {
        Some(url) if is_demo => {
            println!("xiangxun demo: open {url} in a browser and text 卖 板蓝根 200斤 (Ctrl-C stops)")
        }
        Some(url) => println!("xiangxun: listening on {}, phone page at {url}", daemon.address()),
        None => println!("xiangxun: listening on {}", daemon.address()),
    }
}

/// What a signal asks for.
enum Heard {
    Stop,
    Reload,
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.interrupt.recv() => Heard::Stop,
            _ = self.terminate.recv() => Heard::Stop,
            _ = self.hangup.recv() => Heard::Reload,
        }
    }

    /// Returns when we are asked to stop once more.
    async fn stop_again(&mut self) {
        while let Heard::Reload = self.next().await {}
    }
}
