//! `xiangxun phone`: the phone of the demo page in a terminal, or in a pipe.
//!
//! ```text
//! $ xiangxun phone --number 13800000001
//! 榕江县信息站 12345 · 本机 13800000001 · 打字回车就发出,*123# 拨菜单,/help 看别的
//! 卖 板蓝根 200斤
//! < 12345: 已登记101号:…
//! *123#
//! [*123#] 1卖 2买 …
//! /cut
//! [断线] 信号断了
//! ```
//!
//! It is a carrier like the page: it posts to `/carriers/phone/…` with the token that the page is given, and hears of texts at
//! `/phone/events`. What the phone says is Chinese, as on the page; why it cannot start is for the operator.

mod line;

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use self::line::{Line, Screen, Text};
use super::complain;
use crate::config::Config;
use crate::message::Msisdn;

/// A text that was sent last before the input ended is waited for so long.
const LAST_ANSWER: Duration = Duration::from_secs(10);
/// And so long for more, once one has come.
const MORE: Duration = Duration::from_secs(1);

/// The demo phone in a terminal.
#[derive(Debug, clap::Args)]
pub struct PhoneArgs {
    /// Where the daemon is; by default where the config says that it listens
    #[arg(long)]
    url: Option<String>,
    /// This phone's own number
    #[arg(long, default_value = "13800000001", value_parser = number)]
    number: String,
}

fn number(s: &str) -> Result<String, String> {
    Msisdn::parse(s).map(|n| n.local()).ok_or_else(|| "is no number of a mobile phone, like 13800000001".to_string())
}

/// What happens to a phone.
enum Event {
    Typed(String),
    /// Nothing more will be typed.
    Closed,
    Text(Text),
    /// The line to the daemon was lost, or is back.
    Signal(bool),
}

/// A session that is open.
struct Session {
    id: String,
    code: String,
    order: u64,
    until: Instant,
}

struct Phone {
    line: Line,
    session: Option<Session>,
    /// Texts that were sent and not yet answered by any.
    waits: bool,
}

pub fn run(args: &PhoneArgs, config: &Config) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            complain(&[format!("cannot start: {e}")]);
            return ExitCode::FAILURE;
        }
    };
    let url = args.url.clone().unwrap_or_else(|| format!("http://{}", config.server.listen));
    match runtime.block_on(talk(url.trim_end_matches('/'), &args.number)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&[why]);
            ExitCode::FAILURE
        }
    }
}

async fn talk(url: &str, number: &str) -> Result<(), String> {
    let line = Line::open(url, number).await?;
    let (tell, mut events) = unbounded_channel();
    // heard before anything is typed, so that no answer is missed
    let mut ears = line.listen("").await?;
    let (hears, heard) = (line.clone(), tell.clone());
    let listening = tokio::spawn(async move { hear(&hears, &mut ears, &heard).await });
    say(&format!(
        "{} {} · 本机 {number} · 打字回车就发出,{} 拨菜单,/help 看别的",
        line.station, line.short_code, line.ussd_code
    ));
    std::thread::spawn(move || type_in(&tell));
    let mut phone = Phone { line, session: None, waits: false };
    phone.live(&mut events).await;
    listening.abort();
    Ok(())
}

/// Hands on what is typed, a line at a time.
fn type_in(tell: &UnboundedSender<Event>) {
    for typed in std::io::stdin().lock().lines().map_while(Result::ok) {
        if tell.send(Event::Typed(typed)).is_err() {
            return;
        }
    }
    let _ = tell.send(Event::Closed);
}

/// Hands on what the daemon sends; a line that was lost is taken up where it was.
async fn hear(line: &Line, ears: &mut line::Ears, tell: &UnboundedSender<Event>) {
    loop {
        while let Some(text) = ears.next().await {
            if tell.send(Event::Text(text)).is_err() {
                return;
            }
        }
        let _ = tell.send(Event::Signal(false));
        loop {
            tokio::time::sleep(MORE).await;
            if let Ok(again) = line.listen(&ears.after).await {
                *ears = again;
                break;
            }
        }
        let _ = tell.send(Event::Signal(true));
    }
}

impl Phone {
    async fn live(&mut self, events: &mut UnboundedReceiver<Event>) {
        let mut closing: Option<Instant> = None;
        loop {
            let session = self.session.as_ref().map(|s| s.until);
            let next = [session, closing].into_iter().flatten().min();
            let woken = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = events.recv() => match event {
                    Some(Event::Typed(typed)) => {
                        if !self.typed(typed.trim()).await {
                            return;
                        }
                    }
                    Some(Event::Closed) => {
                        self.hang_up().await;
                        closing = Some(Instant::now() + if self.waits { LAST_ANSWER } else { Duration::ZERO });
                    }
                    Some(Event::Text(text)) => {
                        say(&format!("< {}: {}", text.from, text.text));
                        self.line.delivered(&text.id).await;
                        self.waits = false;
                        closing = closing.map(|_| Instant::now() + MORE);
                    }
                    Some(Event::Signal(there)) => say(if there { "[信号] 有信号了" } else { "[信号] 没有信号" }),
                    None => return,
                },
                () = woken => {
                    if closing.is_some_and(|at| at <= Instant::now()) {
                        return;
                    }
                    self.drop_session("时间到了,网络挂断了").await;
                }
            }
        }
    }

    /// Does what was typed. Returns whether the phone stays on.
    async fn typed(&mut self, typed: &str) -> bool {
        match typed {
            "/quit" => {
                self.hang_up().await;
                return false;
            }
            "/help" => say(
                "打字回车 发短信 · *…# 拨号,拨通后打数字或字来回答 · /cut 像没信号一样断线 · /end 挂断 · /quit 关机",
            ),
            "/cut" if self.session.is_some() => self.drop_session("信号断了").await,
            "/end" if self.session.is_some() => {
                self.hang_up().await;
                say("[挂断]");
            }
            "/cut" | "/end" => say("没有拨通的菜单"),
            "" => {}
            other if other.starts_with('/') => say("没有这个命令,/help 看有哪些"),
            answer if self.session.is_some() => self.call("continue", answer).await,
            code if code.starts_with('*') && code.ends_with('#') && code.len() > 2 => self.dial(code).await,
            text => match self.line.send(text).await {
                Ok(()) => self.waits = true,
                Err(why) => say(&format!("[发送失败] {why}")),
            },
        }
        true
    }

    async fn dial(&mut self, dialled: &str) {
        let (code, behind) = self.line.split(dialled);
        self.session = Some(Session { id: line::new_id(), code, order: 0, until: Instant::now() + line::PATIENCE });
        self.call("begin", &behind).await;
    }

    /// Asks the network and shows what it says.
    async fn call(&mut self, kind: &str, input: &str) {
        let Some(session) = &mut self.session else { return };
        session.order += 1;
        match self.line.ussd(&session.id, &session.code, kind, input, session.order).await {
            Ok(Screen { text, ends, seconds }) => {
                say(&format!("[{}] {text}", session.code));
                session.until = Instant::now() + Duration::from_secs(seconds);
                if ends {
                    self.session = None;
                    say("[完]");
                }
            }
            Err(why) => {
                self.session = None;
                say(&format!("[断线] {why}"));
            }
        }
    }

    /// The network loses the phone.
    async fn drop_session(&mut self, why: &str) {
        self.tell("timeout").await;
        say(&format!("[断线] {why}"));
    }

    async fn hang_up(&mut self) {
        self.tell("abort").await;
    }

    /// Ends a session; whether the network hears of it is not the phone's to know.
    async fn tell(&mut self, kind: &str) {
        if let Some(s) = self.session.take() {
            let _ = self.line.ussd(&s.id, &s.code, kind, "", s.order + 1).await;
        }
    }
}

/// One line of the phone, at once also in a pipe.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // whoever reads us has gone: the phone is of no more use, and the input ends soon
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
