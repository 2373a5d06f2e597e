//! An SMSC that speaks SMPP 3.4 on 127.0.0.1: takes what a gateway submits, delivers texts and receipts to it.
//!
//! One gateway binds; each submission is answered with the id `m0`, `m1` … in its order.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::soon;

const SUBMIT: u32 = 4;
const DELIVER: u32 = 5;
const ENQUIRE: u32 = 0x15;
const RESPONSE: u32 = 0x8000_0000;

/// `esm_class` of a text that begins with a user data header, and of a receipt.
pub const WITH_HEADER: u8 = 0x40;
const RECEIPT: u8 = 0x04;

/// A text as it was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    pub from: String,
    pub to: String,
    pub coding: u8,
    pub esm_class: u8,
    pub report: bool,
    /// The text, behind its header where it has one.
    pub text: Vec<u8>,
}

/// The SMSC; it ends when this is dropped.
pub struct Smsc {
    pub addr: SocketAddr,
    desk: Arc<Desk>,
    count: watch::Receiver<usize>,
    bound: watch::Receiver<bool>,
    accepting: JoinHandle<()>,
}

struct Desk {
    submitted: Mutex<Vec<Submitted>>,
    counted: watch::Sender<usize>,
    binds: watch::Sender<bool>,
    /// Way to the gateway, and who waits for its responses.
    line: Mutex<Option<mpsc::UnboundedSender<Vec<u8>>>>,
    waiting: Mutex<HashMap<u32, oneshot::Sender<u32>>>,
    sequence: Mutex<u32>,
}

impl Smsc {
    pub async fn start() -> Smsc {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (counted, count) = watch::channel(0);
        let (binds, bound) = watch::channel(false);
        let (line, waiting) = (Mutex::default(), Mutex::default());
        let desk = Desk { submitted: Mutex::default(), counted, binds, line, waiting, sequence: Mutex::default() };
        let desk = Arc::new(desk);
        let shared = desk.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(shared.clone().serve(stream));
            }
        });
        Smsc { addr, desk, count, bound, accepting }
    }

    /// Returns once a gateway is bound.
    pub async fn bound(&self) {
        let mut bound = self.bound.clone();
        soon("the gateway binds", async { drop(bound.wait_for(|b| *b).await.unwrap()) }).await;
    }

    /// What was submitted, once at least `n` texts were.
    pub async fn wait(&self, n: usize) -> Vec<Submitted> {
        let mut count = self.count.clone();
        soon(&format!("{n} submissions"), async { drop(count.wait_for(|c| *c >= n).await.unwrap()) }).await;
        self.submitted()
    }

    pub fn submitted(&self) -> Vec<Submitted> {
        self.desk.submitted.lock().unwrap().clone()
    }

    /// Delivers a text to the gateway; returns once it has it.
    pub async fn mo(&self, from: &str, to: &str, coding: u8, esm_class: u8, text: &[u8]) {
        let mut body = vec![0];
        for number in [from, to] {
            // International, by the numbering plan of telephones.
            body.extend([1, 1]);
            body.extend(number.as_bytes());
            body.push(0);
        }
        body.extend([esm_class, 0, 0, 0, 0, 0, 0, coding, 0, u8::try_from(text.len()).unwrap()]);
        body.extend(text);
        let (answer, answered) = oneshot::channel();
        let sequence = {
            let mut last = self.desk.sequence.lock().unwrap();
            *last += 1;
            *last
        };
        self.desk.waiting.lock().unwrap().insert(sequence, answer);
        let line = self.desk.line.lock().unwrap().clone().expect("a gateway is bound");
        line.send(pdu(DELIVER, sequence, &body)).unwrap();
        let status = soon("the gateway takes the text", answered).await.unwrap();
        assert_eq!(status, 0, "the gateway's status");
    }

    /// Reports on submission `n`, from 0.
    pub async fn report(&self, n: usize, stat: &str) {
        let sent = self.submitted()[n].clone();
        let text =
            format!("id:m{n} sub:001 dlvrd:001 submit date:2311150613 done date:2311150614 stat:{stat} err:000 text:x");
        self.mo(&sent.to, &sent.from, 0, RECEIPT, text.as_bytes()).await;
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Desk {
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let (mut reading, mut writing) = stream.into_split();
        let (line, mut lines) = mpsc::unbounded_channel::<Vec<u8>>();
        tokio::spawn(async move {
            while let Some(bytes) = lines.recv().await {
                if writing.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        });
        loop {
            let mut head = [0; 16];
            if reading.read_exact(&mut head).await.is_err() {
                return;
            }
            let word = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
            let (length, command, status, sequence) = (word(0) as usize, word(4), word(8), word(12));
            let mut body = vec![0; length - 16];
            if reading.read_exact(&mut body).await.is_err() {
                return;
            }
            let answer: Vec<u8> = match command {
                // The three kinds of binding.
                1 | 2 | 9 => {
                    *self.line.lock().unwrap() = Some(line.clone());
                    b"smsc\0".to_vec()
                }
                SUBMIT => {
                    let n = self.take(&body);
                    format!("m{n}\0").into_bytes()
                }
                ENQUIRE | 6 => Vec::new(),
                response if response == RESPONSE | DELIVER => {
                    if let Some(waits) = self.waiting.lock().unwrap().remove(&sequence) {
                        let _ = waits.send(status);
                    }
                    continue;
                }
                _ => continue,
            };
            let _ = line.send(pdu(RESPONSE | command, sequence, &answer));
            if matches!(command, 1 | 2 | 9) {
                self.binds.send_replace(true);
            }
        }
    }

    /// Keeps a submission; its number.
    fn take(&self, body: &[u8]) -> usize {
        let mut rest = body;
        // A text up to its NUL, behind `skip` bytes.
        let mut text = |skip: usize| {
            let end = skip + rest[skip..].iter().position(|b| *b == 0).unwrap();
            let said = String::from_utf8_lossy(&rest[skip..end]).into_owned();
            rest = &rest[end + 1..];
            said
        };
        let _service = text(0);
        // Kind and plan stand before each number; class, protocol and priority before schedule and validity.
        let (from, to) = (text(2), text(2));
        let esm_class = rest[0];
        let mut rest = &rest[3..];
        for _ in ["schedule", "validity"] {
            let end = rest.iter().position(|b| *b == 0).unwrap();
            rest = &rest[end + 1..];
        }
        let (report, coding, length) = (rest[0] & 1 == 1, rest[2], usize::from(rest[4]));
        let text = rest[5..5 + length].to_vec();
        let mut all = self.submitted.lock().unwrap();
        all.push(Submitted { from, to, coding, esm_class, report, text });
        self.counted.send_replace(all.len());
        all.len() - 1
    }
}

fn pdu(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap();
    let mut out = Vec::new();
    for word in [length, command, 0, sequence] {
        out.extend(word.to_be_bytes());
    }
    out.extend(body);
    out
}
