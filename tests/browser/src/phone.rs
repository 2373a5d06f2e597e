//! The phone page as a person uses it: which phone, which key, what the screen says.

use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::PATIENCE;

/// The opened page.
#[derive(Clone)]
pub struct Page {
    client: Client,
}

impl Page {
    pub async fn open(client: Client, url: String) -> Page {
        client.goto(&url).await.expect("the page opens");
        let page = Page { client };
        page.until("the phones have signal", "return document.querySelector('.link').textContent === '已连接'", &[])
            .await;
        page
    }

    /// The n-th phone from the left, from 1.
    pub fn phone(&self, n: usize) -> Phone {
        Phone { page: self.clone(), at: n }
    }

    /// Runs a script and gives what it returns.
    pub async fn ask(&self, script: &str, args: &[Value]) -> Value {
        self.client.execute(script, args.to_vec()).await.unwrap_or_else(|e| panic!("{script}: {e}"))
    }

    /// Looks again and again until the script returns true.
    pub async fn until(&self, what: &str, script: &str, args: &[Value]) {
        let late = Instant::now() + PATIENCE;
        while self.ask(script, args).await != Value::Bool(true) {
            if Instant::now() > late {
                self.shot("failed").await;
                let screens =
                    self.ask("return Array.from(document.querySelectorAll('.screen'), s => s.innerText)", &[]);
                panic!("waited in vain: {what}; the screens say {}", screens.await);
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    pub async fn find(&self, css: &str) -> Element {
        self.client.find(Locator::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}"))
    }

    /// Leaves a picture in the folder that `XIANGXUN_SHOTS` names, if it names one.
    pub async fn shot(&self, name: &str) {
        let Some(folder) = std::env::var_os("XIANGXUN_SHOTS") else { return };
        let folder = std::path::PathBuf::from(folder);
        std::fs::create_dir_all(&folder).expect("the folder for pictures");
        let picture = self.client.screenshot().await.expect("a picture");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("the picture written");
    }
}

/// One phone.
pub struct Phone {
    page: Page,
    at: usize,
}

impl Phone {
    fn css(&self, inner: &str) -> String {
        format!(".seat:nth-child({}) {inner}", self.at)
    }

    /// Presses keys, with blanks between: `left 6 2 4 ok`.
    pub async fn press(&self, keys: &str) {
        for key in keys.split(' ') {
            let key = self.page.find(&self.css(&format!(".key[data-key=\"{key}\"]"))).await;
            key.click().await.expect("the key goes down");
        }
    }

    /// From standby: opens the editor by its key and writes with the computer's keyboard.
    pub async fn write(&self, text: &str) {
        self.press("end call").await;
        self.type_in(text).await;
    }

    /// Types into the open editor.
    pub async fn type_in(&self, text: &str) {
        self.page.find(&self.css(".field")).await.send_keys(text).await.expect("the field takes text");
    }

    /// Waits until USSD asks with all of `words`, then answers with the computer's keyboard.
    pub async fn answers(&self, words: &[&str], text: &str) {
        self.says(".ussd-text", words).await;
        self.type_in(&format!("{text}\u{e007}")).await; // Enter
    }

    /// Moves along the candidates to `word` and takes it.
    pub async fn choose(&self, word: &str) {
        for _ in 0..40 {
            if self.text_of(".strip .picked").await == word {
                return self.press("ok").await;
            }
            self.press("east").await;
        }
        panic!("{word} is not offered, but {}", self.text_of(".strip").await);
    }

    /// Picks one of the example texts beside the phone.
    pub async fn pick_example(&self, text: &str) {
        let css = self.css(".chip");
        for chip in self.page.client.find_all(Locator::Css(&css)).await.expect("examples") {
            if chip.text().await.expect("its text") == text {
                return chip.click().await.expect("a click");
            }
        }
        panic!("no example {text}");
    }

    /// What the editor holds.
    pub async fn written(&self) -> String {
        let field = self.page.find(&self.css(".field")).await;
        field.prop("value").await.expect("its value").unwrap_or_default()
    }

    /// The text of a part of the phone.
    pub async fn text_of(&self, inner: &str) -> String {
        let script = "return document.querySelector(arguments[0]).textContent";
        let text = self.page.ask(script, &[json!(self.css(inner))]).await;
        text.as_str().unwrap_or_default().to_string()
    }

    /// Waits until a part of the phone is there and says all of `words`.
    pub async fn says(&self, inner: &str, words: &[&str]) {
        let what = format!("phone {} shows {words:?} in {inner}", self.at);
        let script = "const part = document.querySelector(arguments[0]);
            return Boolean(part) && arguments[1].every(word => part.textContent.includes(word));";
        self.page.until(&what, script, &[json!(self.css(inner)), json!(words)]).await;
    }

    /// Waits until the phone announces new texts, opens the newest and waits until it says all of `words`.
    pub async fn reads(&self, words: &[&str]) {
        self.says(".over-news .dialog-title", &["条新短信"]).await;
        self.press("ok").await;
        let script = "return Boolean(document.querySelector(arguments[0]))";
        let listed = self.page.ask(script, &[json!(self.css(".showing-inbox"))]).await;
        if listed == Value::Bool(true) {
            self.press("ok").await;
        }
        self.says(".reader-text", words).await;
    }

    /// The texts that the phone keeps, newest first: `inbox` or `sent`.
    pub async fn kept(&self, which: &str) -> Vec<Value> {
        let script = "const number = document.querySelector(arguments[0]).value;
            return (JSON.parse(localStorage.getItem('xiangxun.texts.' + number)) || {})[arguments[1]] || [];";
        let kept = self.page.ask(script, &[json!(self.css(".own input")), json!(which)]).await;
        kept.as_array().cloned().unwrap_or_default()
    }
}
