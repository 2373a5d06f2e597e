//! The phone page's files, embedded in the binary, and how browsers may keep them.
//!
//! The page itself carries the token and is never kept; its files are asked for each time and answered 304 while they
//! are the same.

use std::fmt::Write as _;

use axum::Router;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::PhoneConfig;

const HTML: &str = include_str!("phone.html");
/// Before what the page is told.
const NAMED: &str = "<meta name=\"phone-config\" content=\"";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// Path, type and content. The scripts are plain ones, loaded in this order.
const FILES: &[(&str, &str, &str)] = &[
    ("/phone/phone.css", CSS, include_str!("phone.css")),
    ("/phone/casing.css", CSS, include_str!("casing.css")),
    ("/phone/screen.css", CSS, include_str!("screen.css")),
    ("/phone/icon.svg", "image/svg+xml", include_str!("icon.svg")),
    ("/phone/segment.js", JS, include_str!("segment.js")),
    ("/phone/pinyin.js", JS, include_str!("pinyin.js")),
    ("/phone/input.js", JS, include_str!("input.js")),
    ("/phone/sound.js", JS, include_str!("sound.js")),
    ("/phone/line.js", JS, include_str!("line.js")),
    ("/phone/memory.js", JS, include_str!("memory.js")),
    ("/phone/editor.js", JS, include_str!("editor.js")),
    ("/phone/screens.js", JS, include_str!("screens.js")),
    ("/phone/dial.js", JS, include_str!("dial.js")),
    ("/phone/handset.js", JS, include_str!("handset.js")),
    ("/phone/phone.js", JS, include_str!("phone.js")),
];

/// Only what we serve ourselves may run or be reached from the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `/phone` with what this daemon is, written into it.
pub struct Page {
    html: String,
}

impl Page {
    pub fn new(config: &PhoneConfig) -> Page {
        let known = json!({
            "token": config.token.expose(),
            "carrier": config.carrier,
            "shortCodes": config.short_codes,
            "station": config.station_name,
            "ussdCode": config.ussd_code,
        });
        Page { html: HTML.replace("{{config}}", &escape(&known.to_string())) }
    }

    pub fn response(&self) -> Response {
        let headers = [
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (headers, Html(self.html.clone())).into_response()
    }
}

/// Routes of the embedded files.
pub fn files() -> Router {
    let mut router = Router::new();
    for &(path, kind, content) in FILES {
        let etag = etag(content);
        router = router.route(path, get(move |headers: HeaderMap| async move { file(&headers, kind, content, &etag) }));
    }
    router
}

fn file(asked: &HeaderMap, kind: &'static str, content: &'static str, etag: &str) -> Response {
    let headers = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_TYPE, kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    if known.map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*") {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, content).into_response()
}

fn etag(content: &str) -> String {
    let mut tag = String::from("\"");
    for byte in &Sha256::digest(content)[..8] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// What a page says of its daemon: for whoever uses the phone without a browser.
pub fn known(html: &str) -> Option<serde_json::Value> {
    let (_, rest) = html.split_once(NAMED)?;
    let (config, _) = rest.split_once('"')?;
    let plain = config.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&plain).ok()
}

/// Text for inside a quoted HTML attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
