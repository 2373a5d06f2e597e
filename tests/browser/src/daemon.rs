//! The daemon under test: one process, its own config, data folder and port.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Starting, with an empty store on a busy machine.
const START: Duration = Duration::from_secs(30);

/// As the demo, but with a port of its own and without quiet hours: the news of a match must not wait for the morning.
const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:{port}"
[store]
url = "sled:{data}"
[station.rongjiang]
name = "榕江县信息站"
place = "522632"
short_codes = ["1069012345"]
[[carrier]]
name = "phone"
kind = "phone"
token = "page-and-handset"
[limits]
quiet_hours = ""
"#;

/// Ended when dropped.
pub struct Daemon {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Daemon {
    /// Starts it with an empty store and returns when it answers.
    pub async fn start() -> Daemon {
        let folder = tempfile::tempdir().expect("a folder");
        let port = crate::free_port();
        let data = folder.path().join("data");
        let config = CONFIG.replace("{port}", &port.to_string()).replace("{data}", &data.to_string_lossy());
        std::fs::write(folder.path().join("xiangxun.toml"), config).expect("the config written");
        let mut daemon = Daemon { folder, port, child: None };
        daemon.restart().await;
        daemon
    }

    /// The command that starts it.
    fn command(&self) -> Command {
        let binary =
            std::env::var_os("XIANGXUN_BIN").map(PathBuf::from).expect("XIANGXUN_BIN names the daemon to test");
        assert!(
            binary.is_absolute(),
            "XIANGXUN_BIN must be an absolute path, cargo runs the tests in their own folder"
        );
        let mut command = Command::new(binary);
        command.arg("serve").arg("--config").arg(self.folder.path().join("xiangxun.toml"));
        command.current_dir(self.folder.path());
        command
    }

    /// Starts it again on the same data and port.
    pub async fn restart(&mut self) {
        self.stop().await;
        let log = std::fs::File::create(self.log_path()).expect("a log");
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log")).stderr(log).kill_on_drop(true);
        let child = command.spawn().unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
        let child = self.child.insert(child);
        let late = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            let ended = child.try_wait().expect("its state");
            if ended.is_some() || Instant::now() > late {
                let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                panic!("the daemon does not answer ({ended:?}):\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Ends it at once, as a power cut would; the page loses its line.
    pub async fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.expect("the daemon ended");
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/phone", self.port)
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}
