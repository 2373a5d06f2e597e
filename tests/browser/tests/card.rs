//! The pocket cue card as a browser shows it: nothing is cut off, on a desk and on a telephone.

use std::process::Command;

use serde_json::json;
use xiangxun_browser_tests::browser::{Browser, Size};

/// What stands outside its side of the card, or beside its line.
const CUT_OFF: &str = "return Array.from(document.querySelectorAll('.side')).flatMap(side => {
    const page = side.getBoundingClientRect();
    return Array.from(side.querySelectorAll('h1, h2, p, b, dt, small, span'))
        .filter(part => {
            const box = part.getBoundingClientRect();
            const row = part.closest('dl > div');
            const line = row ? row.getBoundingClientRect() : page;
            return box.right > page.right || box.left < page.left || box.bottom > page.bottom
                || box.bottom > line.bottom + 1 || box.top < line.top - 1;
        })
        .map(part => part.textContent);
})";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_card_is_cut_off() {
    let binary = std::env::var_os("XIANGXUN_BIN").expect("XIANGXUN_BIN names the program to test");
    let folder = tempfile::tempdir().expect("a folder");
    // a long number, a long code and a long name
    let config = "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sled:data\"\n[station.s]\n\
        name = \"三都水族自治县信息站\"\nplace = \"522732\"\nshort_codes = [\"10690123456789012345\"]\n\
        ussd_code = \"*384*123456#\"\n[[carrier]]\nname = \"phone\"\nkind = \"phone\"\ntoken = \"t\"\n";
    std::fs::write(folder.path().join("xiangxun.toml"), config).expect("the config written");
    let made = Command::new(binary).arg("cards").current_dir(folder.path()).env_remove("XIANGXUN_CONFIG").output();
    let made = made.expect("the card printed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let file = folder.path().join("card.html");
    std::fs::write(&file, made.stdout).expect("the card written");
    for size in [Size::Desk, Size::Hand] {
        let browser = Browser::start(size).await;
        let client = browser.client();
        client.goto(&format!("file://{}", file.display())).await.expect("the card opens");
        let cut_off = client.execute(CUT_OFF, Vec::new()).await;
        let sides = client.execute("return document.querySelectorAll('.side').length", Vec::new()).await;
        let wide = client.execute("return document.documentElement.scrollWidth - innerWidth", Vec::new()).await;
        if let Some(shots) = std::env::var_os("XIANGXUN_SHOTS") {
            let name = format!("card-{size:?}.png").to_lowercase();
            let picture = client.screenshot().await.expect("a picture");
            std::fs::write(std::path::Path::new(&shots).join(name), picture).expect("the picture written");
        }
        browser.stop().await;
        assert_eq!(cut_off.expect("an answer"), json!([]), "{size:?}");
        assert_eq!((sides.expect("sides"), wide.expect("widths")), (json!(2), json!(0)), "{size:?}");
    }
}
