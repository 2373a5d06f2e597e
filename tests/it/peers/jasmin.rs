//! The real Jasmin with Debian's RabbitMQ and Redis, on free ports of 127.0.0.1 in a folder of its own.
//!
//! `tests/all.sh` installs it into `jasmin` in the target folder, from the versions in `tests/jasmin.txt`.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::smsc::Smsc;
use super::soon;

pub const USER: &str = "villages";
pub const PASSWORD: &str = "j&smin p";

const RABBIT: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const REDIS: &str = "/usr/bin/redis-server";
const EPMD: &str = "/usr/bin/epmd";

/// Starts jasmind with its lock in a folder of its own: it keeps one in /tmp, which outlasts it when it is killed, and
/// lets only one run.
const LAUNCH: &str = "import lockfile, os, runpy, sys
file_lock = lockfile.FileLock
lockfile.FileLock = lambda _: file_lock(os.path.join(os.environ['CONFIG_PATH'], 'jasmind'))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')";

fn venv() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("jasmin")
}

/// Whether this machine has all of it; else what is missing.
pub fn installed() -> Result<(), String> {
    let jasmind = venv().join("bin/jasmind.py");
    let missing: Vec<String> = [RABBIT, REDIS, EPMD]
        .iter()
        .map(PathBuf::from)
        .chain([jasmind])
        .filter(|p| !p.exists())
        .map(|p| p.display().to_string())
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("{} missing; tests/all.sh installs it", missing.join(", "))) }
}

/// A Jasmin; it and what it needs end, by their process groups, when this is dropped.
pub struct Jasmin {
    pub http: u16,
    jcli: u16,
    folder: TempDir,
    processes: Vec<Child>,
}

impl Jasmin {
    /// A Jasmin that is bound to `smsc` and has one user.
    pub async fn start(smsc: &Smsc) -> Jasmin {
        // A free port may be taken by somebody else before it is bound: then try others.
        for _ in 0..3 {
            if let Some(jasmin) = Jasmin::try_start().await {
                jasmin.set_up(smsc).await;
                return jasmin;
            }
        }
        panic!("Jasmin does not start");
    }

    async fn try_start() -> Option<Jasmin> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_path_buf();
        let [redis, rabbit, dist, epmd, smpp, smpp_pb, clients, http, router, jcli] = ports();
        for name in ["log", "store"] {
            std::fs::create_dir(at.join(name)).unwrap();
        }
        std::fs::write(at.join("plugins"), "[].").unwrap();
        let spec = find(&venv(), "amqp0-9-1.stripped.xml").expect("txAMQP has the protocol's description");
        let store = at.join("store");
        let (store, spec) = (store.display(), spec.display());
        let conf = format!(
            "[smpp-server]\nbind = 127.0.0.1\nport = {smpp}\n\
             [smpp-server-pb]\nbind = 127.0.0.1\nport = {smpp_pb}\n\
             [client-management]\nbind = 127.0.0.1\nport = {clients}\nstore_path = {store}\n\
             [amqp-broker]\nhost = 127.0.0.1\nport = {rabbit}\nspec = {spec}\n\
             [http-api]\nbind = 127.0.0.1\nport = {http}\n\
             [router]\nbind = 127.0.0.1\nport = {router}\nstore_path = {store}\n\
             [deliversm-thrower]\nretry_delay = 1\nmax_retries = 60\n\
             [dlr-thrower]\nretry_delay = 1\nmax_retries = 60\n\
             [redis-client]\nhost = 127.0.0.1\nport = {redis}\n\
             [jcli]\nbind = 127.0.0.1\nport = {jcli}\nauthentication = False\n"
        );
        std::fs::write(at.join("jasmin.cfg"), conf).unwrap();

        let mut jasmin = Jasmin { http, jcli, folder, processes: Vec::new() };
        let redis_port = redis.to_string();
        jasmin.run(Command::new(REDIS).args(["--bind", "127.0.0.1", "--save", "", "--port", &redis_port]));
        // Erlang would start this one by itself, and leave it behind.
        jasmin.run(Command::new(EPMD).args(["-address", "127.0.0.1", "-port", &epmd.to_string()]));
        jasmin.listens(redis).await.then_some(())?;
        jasmin.listens(epmd).await.then_some(())?;
        jasmin.run(
            Command::new(RABBIT)
                .env("HOME", &at)
                .env("ERL_EPMD_PORT", epmd.to_string())
                .env("ERL_EPMD_ADDRESS", "127.0.0.1")
                .env("RABBITMQ_NODENAME", "xiangxun@localhost")
                .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
                .env("RABBITMQ_NODE_PORT", rabbit.to_string())
                .env("RABBITMQ_DIST_PORT", dist.to_string())
                .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
                .env("RABBITMQ_MNESIA_BASE", at.join("mnesia"))
                .env("RABBITMQ_LOG_BASE", at.join("log"))
                .env("RABBITMQ_PID_FILE", at.join("rabbit.pid"))
                .env("RABBITMQ_ENABLED_PLUGINS_FILE", at.join("plugins"))
                .env("RABBITMQ_CONF_ENV_FILE", at.join("none"))
                .env("RABBITMQ_CONFIG_FILE", at.join("none")),
        );
        jasmin.listens(rabbit).await.then_some(())?;
        jasmin.run(
            Command::new(venv().join("bin/python"))
                .args(["-c", LAUNCH])
                .arg(venv().join("bin/jasmind.py"))
                .arg("-c")
                .arg(at.join("jasmin.cfg"))
                .args(["--enable-dlr-thrower", "--enable-dlr-lookup"])
                .env("CONFIG_PATH", &at)
                .env("LOG_PATH", at.join("log")),
        );
        // The console is what it starts last.
        jasmin.listens(jcli).await.then_some(())?;
        Some(jasmin)
    }

    /// Starts a process in a group of its own, for it may have children.
    fn run(&mut self, command: &mut Command) {
        let log = |name: &str| {
            let path = self.folder.path().join("log").join(format!("{name}{}", self.processes.len()));
            Stdio::from(std::fs::File::create(path).unwrap())
        };
        let (out, err) = (log("out"), log("err"));
        command.current_dir(self.folder.path()).process_group(0).stdin(Stdio::null()).stdout(out).stderr(err);
        self.processes.push(command.spawn().unwrap());
    }

    /// Whether somebody listens there in the end: RabbitMQ takes a while on a busy machine.
    async fn listens(&mut self, port: u16) -> bool {
        for _ in 0..4_800 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return true;
            }
            if self.processes.iter_mut().any(|p| p.try_wait().ok().flatten().is_some()) {
                eprintln!("{}", self.logs());
                return false;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    async fn set_up(&self, smsc: &Smsc) {
        let port = smsc.addr.port();
        self.jcli(&format!(
            "group -a\ngid g\nok\n\
             user -a\nuid u\ngid g\nusername {USER}\npassword {PASSWORD}\nok\n\
             smppccm -a\ncid smsc\nhost 127.0.0.1\nport {port}\nusername a\npassword b\nbind transceiver\n\
             submit_throughput 0\nok\n\
             mtrouter -a\ntype DefaultRoute\nconnector smppc(smsc)\nrate 0.0\nok\n\
             smppccm -1 smsc"
        ))
        .await;
        smsc.bound().await;
    }

    /// Types lines into its console. None may be refused.
    pub async fn jcli(&self, lines: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.jcli)).await.unwrap();
        read_to(&mut stream, &["Session ref"]).await;
        for line in lines.lines().map(str::trim) {
            stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
            let said = read_to(&mut stream, &["> ", "jcli : "]).await;
            let refused = ["Error", "Unknown", "must set", "Incorrect", "invalid", "Failed"];
            assert!(!refused.iter().any(|word| said.contains(word)), "{line}: {said}");
        }
    }

    /// Its address for sending.
    pub fn send_url(&self) -> String {
        format!("http://127.0.0.1:{}/send", self.http)
    }

    /// What all of it logged, for a failed test.
    pub fn logs(&self) -> String {
        let files = std::fs::read_dir(self.folder.path().join("log")).unwrap().map(|f| f.unwrap().path());
        let mut out = String::new();
        for file in files {
            let text = std::fs::read(&file).unwrap_or_default();
            let tail = &text[text.len().saturating_sub(4_000)..];
            out.push_str(&format!("{}:\n{}\n", file.display(), String::from_utf8_lossy(tail)));
        }
        out
    }
}

impl Drop for Jasmin {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            let group = format!("-{}", process.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
            let _ = process.wait();
        }
    }
}

/// What comes until one of `ends` is its end, or, before the first prompt, stands in it.
async fn read_to(stream: &mut TcpStream, ends: &[&str]) -> String {
    let mut said = Vec::new();
    let read = async {
        loop {
            assert!(stream.read_buf(&mut said).await.unwrap() > 0, "the console closed");
            let text = String::from_utf8_lossy(&said);
            if ends.iter().any(|end| text.ends_with(end)) || ends.len() == 1 && text.contains(ends[0]) {
                return text.into_owned();
            }
        }
    };
    soon(&format!("the console says {ends:?}"), read).await
}

/// A file of this name below a folder.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder).ok()?.filter_map(Result::ok).find_map(|entry| {
        let path = entry.path();
        match entry.file_type().is_ok_and(|t| t.is_dir()) {
            true => find(&path, name),
            false => (entry.file_name() == name).then_some(path),
        }
    })
}

/// Ports that are free now. All are held at once, so that they differ.
fn ports() -> [u16; 10] {
    let held = [(); 10].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|l| l.local_addr().unwrap().port())
}
