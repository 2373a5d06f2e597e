//! Debian's real Kannel, bearerbox and smsbox, on free ports of 127.0.0.1 in a folder of its own.
//!
//! Its SMSC speaks HTTP: whoever plays the SMSC puts MOs into [`Kannel::mo`], gets MTs at its address, answers each with
//! `taken as ID`, and reports on that ID by [`Kannel::report`], which Kannel joins with the MT itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xiangxun::carrier::form;

pub const USER: &str = "villages";
pub const PASSWORD: &str = "k&nnel pass";

/// Whether this machine has Kannel.
pub fn installed() -> bool {
    ["/usr/sbin/bearerbox", "/usr/sbin/smsbox"].iter().all(|p| Path::new(p).exists())
}

/// A Kannel; it ends, by its processes' ids, when this is dropped.
pub struct Kannel {
    smsc: SocketAddr,
    sendsms: SocketAddr,
    folder: TempDir,
    bearerbox: Child,
    smsbox: Option<Child>,
}

/// How it is set up.
pub struct Setup<'a> {
    /// The lines of `group = sms-service`, as our `check` prints them.
    pub service: &'a str,
    /// Where MTs go, as `?from=…&to=…&coding=…&charset=…&text=…`: the SMSC's HTTP address.
    pub send_url: &'a str,
    /// Lines for `group = smsbox`, such as `mo-recode = true`.
    pub smsbox: &'a str,
}

impl Kannel {
    pub async fn start(setup: Setup<'_>) -> Kannel {
        // A free port may be taken by somebody else before Kannel binds it: then try others.
        for _ in 0..5 {
            if let Some(kannel) = Kannel::try_start(&setup).await {
                return kannel;
            }
        }
        panic!("Kannel does not start");
    }

    async fn try_start(setup: &Setup<'_>) -> Option<Kannel> {
        let folder = tempfile::tempdir().unwrap();
        let [admin, link, sendsms, smsc] = ports();
        let at = folder.path().display();
        let Setup { service, send_url, smsbox } = setup;
        let conf = format!(
            r#"group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {admin}
smsbox-port = {link}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
log-file = "{at}/bearerbox.log"
log-level = 0
dlr-storage = internal
sms-resend-freq = 1

group = smsc
smsc = http
smsc-id = cm
system-type = generic
smsc-username = smsc
smsc-password = smsc
port = {smsc}
send-url = "{send_url}?from=%P&to=%p&coding=%c&charset=%C&text=%b"
status-success-regex = "^taken"
status-permfail-regex = "^never"
status-tempfail-regex = "^later"
generic-foreign-id-regex = "as (.+)"
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {link}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = "{at}/smsbox.log"
log-level = 0
http-request-retry = 10
http-queue-delay = 1
{smsbox}

group = sendsms-user
username = {USER}
password = "{PASSWORD}"
concatenation = true
max-messages = 10

{service}
"#
        );
        let path = folder.path().join("kannel.conf");
        std::fs::write(&path, conf).unwrap();
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let bearerbox = run("/usr/sbin/bearerbox", &path);
        let mut kannel = Kannel { smsc: local(smsc), sendsms: local(sendsms), folder, bearerbox, smsbox: None };
        if !kannel.listens(local(link)).await {
            return None;
        }
        kannel.smsbox = Some(run("/usr/sbin/smsbox", &path));
        if !kannel.listens(local(sendsms)).await || !kannel.listens(local(smsc)).await {
            return None;
        }
        // Bearerbox takes MOs only once an smsbox has joined it.
        for _ in 0..600 {
            let log = std::fs::read_to_string(kannel.folder.path().join("bearerbox.log")).unwrap_or_default();
            if log.contains("Client connected from") {
                return Some(kannel);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    }

    async fn listens(&mut self, addr: SocketAddr) -> bool {
        for _ in 0..600 {
            if TcpStream::connect(addr).await.is_ok() {
                return true;
            }
            let gone = |child: &mut Child| child.try_wait().ok().flatten().is_some();
            if gone(&mut self.bearerbox) || self.smsbox.as_mut().is_some_and(gone) {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    /// Its sendsms address.
    pub fn send_url(&self) -> String {
        format!("http://{}/cgi-bin/sendsms", self.sendsms)
    }

    /// Puts a text into Kannel as the SMSC. Returns the answer's status.
    pub async fn mo(&self, from: &str, to: &str, coding: u8, text: &[u8]) -> u16 {
        let coding = coding.to_string();
        self.ask(&[("from", from.as_bytes()), ("to", to.as_bytes()), ("coding", coding.as_bytes()), ("text", text)])
            .await
    }

    /// Reports as the SMSC on the MT that it took under this id.
    pub async fn report(&self, from: &str, to: &str, id: &str, bit: u8) -> u16 {
        let bit = bit.to_string();
        self.ask(&[
            ("from", from.as_bytes()),
            ("to", to.as_bytes()),
            ("dlr-mask", bit.as_bytes()),
            ("dlr-mid", id.as_bytes()),
            ("text", b"DELIVRD"),
        ])
        .await
    }

    async fn ask(&self, params: &[(&str, &[u8])]) -> u16 {
        let mut target = String::from("/sms?username=smsc&password=smsc");
        params.iter().for_each(|(name, value)| form::push(&mut target, '&', name, value));
        let (status, body) = get(self.smsc, &target).await;
        assert!(status < 500, "Kannel's SMSC: {body}\n{}", self.logs());
        status
    }

    /// What both processes logged, for a failed test.
    pub fn logs(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        format!("bearerbox:\n{}\nsmsbox:\n{}", read("bearerbox.log"), read("smsbox.log"))
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        for child in self.smsbox.iter_mut().chain([&mut self.bearerbox]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn run(program: &str, conf: &Path) -> Child {
    let null = || Stdio::null();
    Command::new(program).args(["-v", "4"]).arg(conf).stdin(null()).stdout(null()).stderr(null()).spawn().unwrap()
}

/// Ports that are free now. All are held at once, so that they differ.
fn ports() -> [u16; 4] {
    let held = [(); 4].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|l| l.local_addr().unwrap().port())
}

/// A plain GET on a connection of its own.
pub async fn get(addr: SocketAddr, target: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    (status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, b)| b.to_string()))
}
