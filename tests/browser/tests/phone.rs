//! The phone page in a real Chromium, against the real daemon.

use xiangxun_browser_tests::browser::Size;
use xiangxun_browser_tests::scene;

/// The main thing: a text in, a match out, both told.
#[tokio::test(flavor = "multi_thread")]
async fn a_seller_and_a_buyer_find_each_other() {
    scene(Size::Desk, |page, daemon| async move {
        let (seller, buyer) = (page.phone(1), page.phone(2));
        page.shot("desk-standby").await;

        seller.write("卖 板蓝根 200斤").await;
        page.shot("desk-editor").await;
        seller.type_in("\u{e007}").await; // Enter
        page.shot("desk-sending").await;
        seller.says(".over-news .dialog-title", &["1条新短信"]).await;
        page.shot("desk-news").await;
        seller.reads(&["号", "200斤"]).await;
        page.shot("desk-answer").await;
        seller.press("end").await;

        buyer.pick_example("收板蓝根，有多少要多少").await;
        buyer.press("call").await;
        buyer.reads(&["号", "200斤"]).await;
        // The seller is told of the buyer without asking.
        seller.reads(&["号", "收板蓝根"]).await;
        page.shot("desk-match").await;

        let sent = seller.kept("sent").await;
        assert_eq!((sent.len(), &sent[0]["state"]), (1, &"sent".into()));
        assert_eq!(seller.kept("inbox").await.len(), 2, "one answer, one piece of news");
        drop(daemon);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_counts_as_the_network_bills() {
    scene(Size::Desk, |page, daemon| async move {
        let phone = page.phone(1);
        let pairs = format!("{}🐂", "卖".repeat(66));
        let straddling = format!("{pairs}{}", "卖".repeat(5));
        for (text, counter) in [
            ("", "剩余 160/1"),
            ("807", "剩余 157/1"),
            ("卖 板蓝根 200斤", "剩余 60/1"),
            ("a [b] €", "剩余 150/1"),
            (&"a".repeat(160), "剩余 0/1"),
            (&"a".repeat(161), "剩余 145/2"),
            (&"卖".repeat(70), "剩余 0/1"),
            (&"卖".repeat(71), "剩余 63/2"),
            (&pairs, "剩余 2/1"),
            // The ox would straddle the border, so it goes whole into the second part.
            (&straddling, "剩余 60/2"),
        ] {
            phone.press("end call").await;
            let script = "const field = document.querySelector('.seat:nth-child(1) .field');
                field.value = arguments[0];
                field.dispatchEvent(new Event('input'));";
            page.ask(script, &[text.into()]).await;
            assert_eq!(phone.text_of(".counter").await, counter, "{text}");
        }
        drop(daemon);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keypad_writes_pinyin_letters_digits_and_signs() {
    scene(Size::Desk, |page, daemon| async move {
        let phone = page.phone(2);
        // m-a-i: 卖 comes first, and is taken with OK.
        phone.press("call 6 2 4").await;
        assert_eq!(phone.text_of(".reading").await, "mai");
        assert_eq!(phone.text_of(".strip .picked").await, "卖");
        page.shot("desk-pinyin").await;
        phone.press("ok").await;
        assert_eq!(phone.written().await, "卖");
        // b-l-g, the first letters of 板蓝根, are enough; 0 is a blank while nothing is being keyed.
        phone.press("0 2 5 4").await;
        phone.choose("板蓝根").await;
        // A whole phrase at once, s-h-o-u-h-u-o, is taken word by word.
        phone.press("7 4 6 8 4 8 6").await;
        phone.choose("收").await;
        phone.choose("活").await;
        assert_eq!(phone.written().await, "卖 板蓝根收活");
        // What is keyed can be taken back key by key, then the text.
        phone.press("4 8 right right right").await;
        assert_eq!(phone.written().await, "卖 板蓝根收");
        // Letters by taps, then digits; the right key clears one.
        phone.press("hash 2 2 3").await;
        assert_eq!(phone.text_of(".mode").await, "abc");
        assert_eq!(phone.written().await, "卖 板蓝根收bd");
        phone.press("right right right 0 hash 2 0 0").await;
        assert_eq!(phone.text_of(".mode").await, "123");
        assert_eq!(phone.written().await, "卖 板蓝根 200");
        phone.press("star ok").await;
        assert_eq!(phone.written().await, "卖 板蓝根 200，");
        // The draft is kept when one hangs up.
        phone.press("end call").await;
        assert_eq!(phone.written().await, "卖 板蓝根 200，");
        drop(daemon);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_phone_fits_a_small_screen() {
    scene(Size::Hand, |page, daemon| async move {
        let widths = "return [innerWidth, document.documentElement.scrollWidth]";
        assert_eq!(page.ask(widths, &[]).await, serde_json::json!([360, 360]));
        page.shot("hand-standby").await;
        let keys = page.ask(
            "return Array.from(document.querySelectorAll('.seat:first-child .key:not([class*=pad-])'), k => {
            const box = k.getBoundingClientRect();
            return box.left >= 0 && box.right <= 360 && box.width >= 44 && box.height >= 44; })",
            &[],
        );
        let keys = keys.await;
        let keys = keys.as_array().expect("keys");
        assert!(
            keys.len() == 16 && keys.iter().all(|wide| wide == true),
            "keys for thumbs, all on the screen: {keys:?}"
        );

        // On a touch screen the phone's own keys write, and no other keyboard opens over them.
        page.phone(1).press("call 6 2 4 ok").await;
        assert_eq!(page.phone(1).written().await, "卖");
        assert_eq!(page.find(".field").await.prop("inputMode").await.expect("its mode").as_deref(), Some("none"));
        page.shot("hand-editor").await;
        page.phone(1).press("call").await;
        page.phone(1).reads(&[]).await;
        page.shot("hand-answer").await;
        assert_eq!(page.ask(widths, &[]).await, serde_json::json!([360, 360]));
        drop(daemon);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_line_is_seen_and_comes_back_by_itself() {
    scene(Size::Desk, |page, mut daemon| async move {
        let phone = page.phone(1);
        daemon.stop().await;
        phone.says(".status .no-signal", &["无信号"]).await;
        phone.write("收 天麻").await;
        phone.press("call").await;
        phone.says(".over-failed .dialog-title", &["发送失败"]).await;
        page.shot("desk-no-signal").await;
        let id = phone.kept("sent").await[0]["id"].clone();

        daemon.restart().await;
        page.until("the line is back", "return !document.querySelector('.link').classList.contains('lost')", &[]).await;
        assert_eq!(phone.text_of(".status .no-signal").await, "");
        phone.press("left").await; // 重发
        phone.reads(&["号", "天麻"]).await;
        let sent = phone.kept("sent").await;
        assert_eq!((sent.len(), &sent[0]["id"], &sent[0]["state"]), (1, &id, &"sent".into()), "the same text, once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_was_off_gets_its_texts_when_it_is_on() {
    scene(Size::Desk, |page, daemon| async move {
        let (one, two) = (page.phone(1), page.phone(2));
        one.write("卖 板蓝根 200斤").await;
        one.press("call").await;
        one.reads(&["号"]).await;
        // 设置 → 关机
        one.press("end left 5 5").await;
        page.until("the phone is off", "return document.querySelector('.phone').classList.contains('off')", &[]).await;
        two.pick_example("收板蓝根，有多少要多少").await;
        two.press("call").await;
        two.reads(&["号", "200斤"]).await;
        assert_eq!(one.kept("inbox").await.len(), 1, "an off phone hears nothing");
        // An example wakes the phone, and what waited comes.
        one.pick_example("我的").await;
        one.says(".status .unread", &["1"]).await;
        assert_eq!(one.written().await, "我的", "the text in hand stays");
        one.press("end").await;
        one.reads(&["号", "板蓝根"]).await;
        drop(daemon);
    })
    .await;
}
