//! A scripted HTTP server on 127.0.0.1 that remembers what it was asked, and can misbehave.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use xiangxun::carrier::form::Form;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, q)| q)
    }

    /// A parameter of the query, as UTF-8.
    pub fn param(&self, name: &str) -> String {
        Form::parse(self.query().as_bytes()).text(name).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, further headers with their line ends, body.
    Say(u16, &'static str, String),
    /// Reads the request and closes the connection.
    Reset,
    /// Answers what is not HTTP.
    Garbage,
    /// Promises more of an answer than it gives.
    Half,
    /// Waits first.
    Late(Duration, Box<Reply>),
}

pub fn say(status: u16, body: impl Into<String>) -> Reply {
    Reply::Say(status, "content-type: text/plain\r\n", body.into())
}

type Script = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

/// The server; it ends when this is dropped.
pub struct Peer {
    pub addr: SocketAddr,
    scheme: &'static str,
    seen: Arc<Mutex<Vec<Seen>>>,
    count: watch::Receiver<usize>,
    accepting: JoinHandle<()>,
}

impl Peer {
    /// `script` gets each request and how many came before it.
    pub async fn start(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Peer {
        Peer::start_over(None, script).await
    }

    /// As [`Peer::start`], behind TLS where that is given.
    pub async fn start_over(
        tls: Option<TlsAcceptor>,
        script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Peer {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (counted, count) = watch::channel(0);
        let desk = Arc::new(Desk { script: Box::new(script), seen: seen.clone(), counted });
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (desk, tls) = (desk.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => desk.serve(stream).await,
                        // Who does not believe us hangs up.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                desk.serve(stream).await;
                            }
                        }
                    }
                });
            }
        });
        Peer { addr, scheme, seen, count, accepting }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.addr)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// What came, once at least `n` requests have.
    pub async fn wait(&self, n: usize) -> Vec<Seen> {
        let mut count = self.count.clone();
        super::soon(&format!("{n} requests"), async { drop(count.wait_for(|c| *c >= n).await.unwrap()) }).await;
        self.seen()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Desk {
    script: Box<Script>,
    seen: Arc<Mutex<Vec<Seen>>>,
    counted: watch::Sender<usize>,
}

impl Desk {
    async fn serve(self: Arc<Self>, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut buffer = Vec::new();
        while let Some(seen) = read(&mut stream, &mut buffer).await {
            let before = {
                let mut all = self.seen.lock().unwrap();
                all.push(seen.clone());
                all.len() - 1
            };
            let mut reply = (self.script)(&seen, before);
            self.counted.send_replace(before + 1);
            while let Reply::Late(wait, then) = reply {
                tokio::time::sleep(wait).await;
                reply = *then;
            }
            let answer = match reply {
                Reply::Say(status, headers, body) => {
                    format!("HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
                }
                Reply::Garbage => "what do you want?\r\n\r\n".into(),
                Reply::Half => "HTTP/1.1 200 x\r\ncontent-length: 100\r\n\r\n0,".into(),
                Reply::Reset | Reply::Late(..) => return,
            };
            let whole = answer.starts_with("HTTP") && !answer.contains("length: 100\r\n");
            if stream.write_all(answer.as_bytes()).await.is_err() || !whole {
                return;
            }
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Seen> {
    let head = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&buffer[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_string(), words.next()?.to_string());
    let mut headers = http::HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.append(name.parse::<http::HeaderName>().ok()?, value.trim().parse().ok()?);
    }
    let length = headers.get("content-length").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok()).unwrap_or(0);
    while buffer.len() < head + 4 + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = buffer[head + 4..head + 4 + length].to_vec();
    buffer.drain(..head + 4 + length);
    Some(Seen { method, target, headers, body })
}
