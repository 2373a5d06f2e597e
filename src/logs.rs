//! Log lines on standard error: for people, or one JSON object each. `[log] level` says which.
//!
//! ```text
//! 2026-11-21T09:00:00.123+08:00  INFO mo{carrier="mobile" mo_id="0f9a"}: xiangxun::service: mo mo=41 from=138****0000
//! ```

use std::fmt;

use tracing_subscriber::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::clock::Clock;
use crate::config::{Log, LogFormat};

/// Real time in Beijing, also while the daemon's own clock is virtual.
struct Beijing;

impl FormatTime for Beijing {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        w.write_str(&Clock::System.now().rfc3339())
    }
}

/// Starts logging for the whole process; faults of the code are logged as well, without the words they were about.
///
/// # Errors
/// When something in the process logs already.
pub fn start(log: &Log) -> Result<(), TryInitError> {
    // The level was checked when the config was read; an unreadable one is no reason for silence.
    let level = log.level.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_timer(Beijing);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Human => Box::new(lines.with_ansi(false)),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_span_list(false)),
    };
    tracing_subscriber::registry().with(lines.with_filter(level)).try_init()?;
    std::panic::set_hook(Box::new(|panic| {
        // Where it happened, and what the code itself says. A composed message may quote a villager's words.
        let at = panic.location().map(|l| format!("{}:{}", l.file(), l.line()));
        let said = panic.payload().downcast_ref::<&str>().copied();
        tracing::error!(at, said, "the code failed");
    }));
    Ok(())
}
