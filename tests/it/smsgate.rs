//! The smsgate kind against a scripted gateway: signed webhooks in, messages out through the real outbox, reports back.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method};
use xiangxun::carrier::{Arrived, Carrier, Door, Heard, Refusal};
use xiangxun::clock::{Clock, Timestamp};
use xiangxun::message::{Msisdn, Mt, MtClass, MtState};
use xiangxun::outbox::{Outbox, Route};
use xiangxun::store::{Change, Options, Store};

use crate::carriers::account;
use crate::peers::{smsgate, soon};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn hear(carrier: &dyn Carrier, body: &str, seconds: i64) -> Result<Heard, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in smsgate::signature(body, seconds) {
        headers.insert(name, HeaderValue::from_str(&value).unwrap());
    }
    let (target, remote) = ("/carriers/smsgate/mo", IpAddr::V4(Ipv4Addr::LOCALHOST));
    let call = Arrived {
        method: &Method::POST,
        target,
        query: "",
        headers: &headers,
        body: body.as_bytes(),
        remote,
        now: NOW,
    };
    carrier.hear(Door::Mo, &call)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_as_gateway_both_ways() {
    let api = smsgate::start().await;
    let carrier: Arc<dyn Carrier> = Arc::from(account("smsgate", &smsgate::settings(&api)).unwrap());

    let at = "2023-11-15T06:13:19.000+08:00";
    let payload = smsgate::received("9f1c", "+8613800000000", "卖 板蓝根 200斤 <a=b>", at);
    let first = hear(&*carrier, &smsgate::event("sms:received", "e1", &payload), 1_700_000_000).unwrap();
    assert_eq!(first.mos[0].text, "卖 板蓝根 200斤 <a=b>");
    let exported = hear(&*carrier, &smsgate::event("sms:received", "e2", &payload), 1_700_000_100).unwrap();
    assert_eq!(first.mos[0].mo_id, exported.mos[0].mo_id, "an export of the inbox is a repeat");
    let stale = hear(&*carrier, &smsgate::event("sms:received", "e3", &payload), 1_699_999_000);
    assert!(matches!(stale, Err(Refusal::NotAuthentic(_))));

    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sled:{}", folder.path().join("data").display()), Options::default()).unwrap().0;
    let route = Route { carrier: carrier.clone(), rate: 0, connections: 2, usage: Default::default() };
    let clock = Clock::virtual_at(NOW);
    let leap = xiangxun::clock::leap::Leap::new(clock.now());
    let outbox = Outbox::new(store.clone(), clock, leap, vec![route], Arc::new(|_| None), Arc::new(|_| {}));
    outbox.start().await.unwrap();
    let mt = Mt {
        id: 1,
        carrier: "smsgate".into(),
        from: "+8613900000000".into(),
        to: Msisdn::parse("13800000000").unwrap(),
        text: "已发布:807号 板蓝根 200斤".into(),
        class: MtClass::Answer,
        cause: None,
        created: NOW,
        due: NOW,
        until: NOW.plus(3_600_000),
        attempts: 1,
        state: MtState::Claimed { lease: NOW.plus(300_000) },
        carrier_ref: None,
        travel: None,
    };
    // An attempt whose answer was lost: the gateway has it already when it is sent again.
    let lost = carrier.outgoing(&mt).unwrap();
    let kept = mt.clone();
    store.transact(move |_| Ok((Change { mts: vec![kept.clone()], ..Change::default() }, ()))).await.unwrap();
    outbox.offer(vec![mt.clone()]);
    soon("the message is sent", outbox.settle_due()).await;
    let sent = &api.seen()[0];
    assert_eq!(sent.body, lost.body);
    assert_eq!(sent.json()["id"], "xiangxun-1");
    outbox.offer(vec![Mt { attempts: 2, ..mt }]);
    soon("the repeat is sent", outbox.settle_due()).await;
    assert_eq!(api.seen().len(), 2, "and was answered 409, which is no fault");
    let state = |store: Store| async move {
        store.transact(|v| Ok((Change::default(), v.mt(1)?))).await.unwrap().unwrap().state
    };
    assert_eq!(state(store.clone()).await, MtState::Sent);

    let body = smsgate::event("sms:delivered", "e4", &smsgate::delivered(sent, at));
    for dlr in hear(&*carrier, &body, 1_700_000_000).unwrap().dlrs {
        outbox.report(dlr).await.unwrap();
    }
    assert_eq!(state(store).await, MtState::Delivered);
}
