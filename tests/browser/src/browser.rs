//! A headless Chromium with an empty profile, driven through chromedriver.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

const START: Duration = Duration::from_secs(30);

/// The screen that the page is shown on.
#[derive(Debug, Clone, Copy)]
pub enum Size {
    /// 1280×800, with a mouse.
    Desk,
    /// 360×740, with fingers.
    Hand,
}

/// One browser with one window.
pub struct Browser {
    client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    pub async fn start(size: Size) -> Browser {
        let port = crate::free_port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut driver = command
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|e| panic!("chromedriver (Debian: chromium-driver) does not start: {e}"));
        let late = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let ended = driver.try_wait().expect("its state");
            assert!(ended.is_none() && Instant::now() < late, "chromedriver does not answer ({ended:?})");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        let profile = tempfile::tempdir().expect("a folder");
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".into(), options(size, profile.path()));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|e| panic!("chromium does not start: {e}"));
        if let Size::Desk = size {
            // The window's own frame comes on top of what a page sees.
            let frame = client.execute("return outerHeight - innerHeight", Vec::new()).await.expect("the frame");
            let frame = frame.as_u64().and_then(|h| u32::try_from(h).ok()).unwrap_or(0);
            client.set_window_size(1280, 800 + frame).await.expect("the window sized");
        }
        Browser { client, driver, _profile: profile }
    }

    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Closes the window, which ends Chromium, then the driver.
    pub async fn stop(mut self) {
        let closed = self.client.close().await;
        self.driver.kill().await.expect("chromedriver ended");
        closed.expect("chromium ended");
    }
}

fn options(size: Size, profile: &Path) -> Value {
    let mut args: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--lang=zh-CN",
    ]
    .map(str::to_string)
    .into();
    args.push(format!("--user-data-dir={}", profile.display()));
    let binary = std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    let mut options = json!({ "binary": binary });
    match size {
        Size::Desk => args.push("--window-size=1280,800".into()),
        Size::Hand => {
            args.push("--window-size=360,740".into());
            let metrics = json!({ "width": 360, "height": 740, "pixelRatio": 1, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
    }
    options["args"] = json!(args);
    options
}
