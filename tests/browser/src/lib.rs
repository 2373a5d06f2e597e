//! What the browser tests stand on: the real daemon, a real Chromium, and the phones of the page as a person sees them.
//!
//! ```text
//! XIANGXUN_BIN=$PWD/target/debug/xiangxun XIANGXUN_SHOTS=$PWD/target/shots cargo test --manifest-path tests/browser/Cargo.toml
//! ```
//!
//! `XIANGXUN_BIN` names the daemon, as an absolute path; without it the suite fails, as it does without `chromedriver` and `chromium`
//! (`CHROMIUM` names another one). With `XIANGXUN_SHOTS` the scenes leave their pictures in that folder.

pub mod browser;
pub mod daemon;
pub mod phone;

use std::future::Future;
use std::time::Duration;

use browser::{Browser, Size};
use daemon::Daemon;
use phone::Page;

/// What the page must have done after this long has failed. Nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Plays a scene on a fresh daemon and in a fresh browser, and ends both whatever becomes of it.
pub async fn scene<F>(size: Size, play: impl FnOnce(Page, Daemon) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let daemon = Daemon::start().await;
    let browser = Browser::start(size).await;
    let page = Page::open(browser.client(), daemon.url()).await;
    // A task of its own, so that a failed assertion does not leave Chromium behind.
    let played = tokio::spawn(play(page, daemon)).await;
    browser.stop().await;
    if let Err(failed) = played {
        std::panic::resume_unwind(failed.into_panic());
    }
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
