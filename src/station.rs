//! The station's own pages: what people open in a browser rather than text.
//!
//! Each page is one file that gives an [`axum::Router`]; `app` merges them into the server. A page embeds its files in
//! the binary and loads nothing from elsewhere, so that it works in a village without the internet.

pub mod card;
pub mod phone;
