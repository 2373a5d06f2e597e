//! `xiangxun export`, `import` and `verify`: a whole installation in one file, as lines of JSON.
//!
//! ```text
//! xiangxun export backup.ndjson     while the daemon does not run
//! xiangxun verify backup.ndjson     reads it whole and checks it
//! xiangxun import backup.ndjson     makes a new store of it, where there is none
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::store::{Contents, Options, Progress, Store, StoreError, export, import};

/// Writes everything that is kept to a file.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file to write; it must not exist
    pub file: PathBuf,
}

/// Makes a new store from an exported file.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file to read
    pub file: PathBuf,
}

/// Reads an exported file and checks that it is whole.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The file to read
    pub file: PathBuf,
}

/// Exports the store at `store_url`. The file appears under its name once it is whole and has been read back.
pub fn run_export(args: &ExportArgs, store_url: &str) -> ExitCode {
    report("exported to", &args.file, export_to(&args.file, store_url))
}

fn export_to(file: &Path, store_url: &str) -> Result<Contents, StoreError> {
    let failed =
        |e: &dyn std::fmt::Display| StoreError::Write { path: file.display().to_string(), cause: e.to_string() };
    if file.exists() {
        return Err(failed(&"it exists already"));
    }
    let (store, opened) = Store::open(store_url, Options { create: false, ..Options::default() })?;
    if opened.is_alarming() {
        eprintln!("store: {opened}");
    }
    let mut partial = file.as_os_str().to_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = with_bar("exporting", false, |progress| store.export(&partial, progress));
    store.close_now();
    let checked = written.and_then(|written| {
        let read = with_bar("reading back", true, |progress| export::verify(&partial, progress))?;
        if read != written {
            return Err(failed(&"it reads back otherwise than it was written"));
        }
        std::fs::rename(&partial, file).map_err(|e| failed(&e))?;
        Ok(read)
    });
    if checked.is_err() {
        // what is not whole must not be taken for an export
        let _ = std::fs::remove_file(&partial);
    }
    checked
}

/// Makes a new store at `store_url` of a file.
pub fn run_import(args: &ImportArgs, store_url: &str) -> ExitCode {
    let imported = with_bar("importing", true, |progress| import(store_url, &args.file, progress));
    report("imported from", &args.file, imported)
}

/// Checks a file; needs no store.
pub fn run_verify(args: &VerifyArgs) -> ExitCode {
    let verified = with_bar("reading", true, |progress| export::verify(&args.file, progress));
    report("whole:", &args.file, verified)
}

/// Runs a piece of work under a progress bar, which stays hidden where nobody looks at a terminal.
fn with_bar<T>(what: &'static str, in_bytes: bool, work: impl FnOnce(&mut dyn FnMut(Progress)) -> T) -> T {
    let template = match in_bytes {
        true => "{msg} {wide_bar} {bytes}/{total_bytes} {eta}",
        false => "{msg} {wide_bar} {human_pos}/{human_len} {eta}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style).with_message(what);
    let result = work(&mut |p: Progress| {
        bar.set_length(p.total);
        bar.set_position(p.done);
    });
    bar.finish_and_clear();
    result
}

fn report(done: &str, file: &Path, result: Result<Contents, StoreError>) -> ExitCode {
    match result {
        Ok(c) => {
            println!("{done} {}: {}", file.display(), summary(&c));
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn summary(c: &Contents) -> String {
    format!(
        "{} records ({} people, {} posts, {} messages in, {} out, {} introductions, {} message ids)",
        c.records(),
        c.people,
        c.posts,
        c.mos,
        c.mts,
        c.told,
        c.seen
    )
}
