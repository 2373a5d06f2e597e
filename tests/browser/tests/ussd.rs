//! USSD on the phone page, in a real Chromium against the real daemon: dialling, answering, the timer, and the hill that
//! takes the signal away.

use serde_json::json;
use xiangxun_browser_tests::browser::Size;
use xiangxun_browser_tests::scene;

/// The main thing: who posts from the menu is found by who texts.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_made_by_ussd_meets_one_made_by_text() {
    scene(Size::Desk, |page, daemon| async move {
        let (seller, buyer) = (page.phone(1), page.phone(2));
        // dialled and chosen with the phone's own keys
        seller.press("star 1 2 3 hash").await;
        assert_eq!(seller.text_of(".dialled").await, "*123#");
        page.shot("desk-dialler").await;
        seller.press("call").await;
        seller.says(".ussd-text", &["1卖", "2买"]).await;
        page.shot("desk-ussd-menu").await;
        seller.press("1 ok").await;
        // what is sold is written in pinyin: b-l-g
        seller.says(".ussd-text", &["卖什么"]).await;
        seller.press("hash 2 5 4").await;
        page.shot("desk-ussd-pinyin").await;
        seller.choose("板蓝根").await;
        assert_eq!(seller.written().await, "板蓝根");
        seller.press("left").await; // 回答
        seller.answers(&["多少"], "200斤").await;
        seller.answers(&["多少钱"], "3块5").await;
        seller.says(".ussd-text", &["卖板蓝根200斤3.5元/斤"]).await;
        page.shot("desk-ussd-confirm").await;
        seller.press("1 ok").await;
        seller.says(".ussd-text", &["101号", "板蓝根"]).await;
        seller.press("end").await;
        seller.says(".big-clock", &[":"]).await;

        buyer.write("收 板蓝根 500斤\u{e007}").await;
        buyer.reads(&["102号", "101号200斤3.5元/斤"]).await;
        // the news of it comes as a text, for the session is over
        seller.reads(&["102号", "收板蓝根"]).await;
        page.shot("desk-ussd-match").await;
        assert_eq!(seller.kept("sent").await.len(), 0, "nothing was texted");
        drop(daemon);
    })
    .await;
}

/// Bad coverage in the middle of a form: what was answered is there again.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_line_is_cut_the_next_dial_offers_to_go_on() {
    scene(Size::Desk, |page, daemon| async move {
        let phone = page.phone(1);
        phone.pick_example("拨 *123#").await;
        phone.answers(&["1卖"], "1").await;
        phone.answers(&["卖什么"], "板蓝根").await;
        phone.says(".ussd-text", &["多少"]).await;
        page.find(".seat:nth-child(1) .cut").await.click().await.expect("the line cut");
        phone.says(".ussd-cut", &["连接中断", "信号断了"]).await;
        page.shot("desk-ussd-cut").await;
        phone.press("left").await; // 重拨
        phone.answers(&["板蓝根", "1接着填", "2重来"], "1").await;
        phone.says(".ussd-text", &["多少"]).await;
        page.shot("desk-ussd-resumed").await;
        // hung up, and dialled again with the green key: it is offered once more
        phone.press("right").await;
        phone.says(".big-clock", &[":"]).await;
        phone.press("star right call call").await;
        phone.answers(&["1接着填"], "1").await;
        phone.answers(&["多少"], "200斤").await;
        phone.answers(&["多少钱"], "99").await;
        phone.answers(&["卖板蓝根200斤"], "1").await;
        phone.says(".ussd-text", &["101号"]).await;
        phone.press("end").await;
        phone.write("我的\u{e007}").await;
        phone.reads(&["101号", "板蓝根"]).await;
        drop(daemon);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timer_counts_down_and_ends_the_session() {
    scene(Size::Desk, |page, daemon| async move {
        let phone = page.phone(1);
        phone.pick_example("拨 *123#").await;
        phone.says(".ussd-timer b", &[":"]).await;
        let ticks = "const timer = document.querySelector('.ussd-timer b').textContent.split(':');
            return Number(timer[0]) * 60 + Number(timer[1]) < arguments[0];";
        page.until("a second passes", ticks, &[json!(180)]).await;
        // a network that gives less time
        let hasty = "const fetch = window.fetch;
            window.fetch = async (...call) => {
                const response = await fetch(...call);
                if (!String(call[0]).endsWith('/ussd')) return response;
                const said = await response.json();
                return new Response(JSON.stringify({ ...said, seconds: 2 }), { status: 200 });
            };";
        page.ask(hasty, &[]).await;
        phone.answers(&["1卖"], "1").await;
        phone.says(".ussd-cut", &["时间到了"]).await;
        phone.press("right").await;
        phone.says(".big-clock", &[":"]).await;
        drop(daemon);
    })
    .await;
}

/// A text that comes while the menu is open waits until it is closed, and two phones have a session each.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_two_phones_go_side_by_side() {
    scene(Size::Desk, |page, daemon| async move {
        let (one, two) = (page.phone(1), page.phone(2));
        one.pick_example("拨 *123#").await;
        two.pick_example("拨 *123#").await;
        one.answers(&["1卖"], "1").await;
        two.answers(&["2买"], "2").await;
        one.says(".ussd-text", &["卖什么"]).await;
        two.says(".ussd-text", &["买什么"]).await;
        page.shot("desk-ussd-two").await;
        page.find(".seat:nth-child(2) .cut").await.click().await.expect("one line cut");
        two.says(".ussd-cut", &["连接中断"]).await;
        one.says(".ussd-text", &["卖什么"]).await;
        // a code that leads nowhere is no code
        two.press("right star hash call").await;
        two.says(".toast.open", &["拨 * 开头、# 结尾的号"]).await;
        drop(daemon);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_fits_a_small_screen() {
    scene(Size::Hand, |page, daemon| async move {
        let phone = page.phone(1);
        phone.press("star 1 2 3 hash").await;
        page.shot("hand-dialler").await;
        phone.press("call").await;
        phone.says(".ussd-text", &["1卖"]).await;
        page.shot("hand-ussd-menu").await;
        let fits = page.ask(
            "const box = document.querySelector('.cut').getBoundingClientRect();
            const said = document.querySelector('.ussd-said');
            return box.left >= 0 && box.right <= 360 && box.top >= 0 && box.height >= 20
                && said.scrollHeight <= said.clientHeight && document.documentElement.scrollWidth === 360;",
            &[],
        );
        assert_eq!(fits.await, json!(true), "the button is on the screen and the menu needs no scrolling");
        phone.press("1 ok").await;
        phone.says(".ussd-text", &["卖什么"]).await;
        page.find(".cut").await.click().await.expect("the line cut");
        phone.says(".ussd-cut", &["连接中断"]).await;
        page.shot("hand-ussd-cut").await;
        drop(daemon);
    })
    .await;
}
