//! xiangxun (乡讯): an SMS and USSD information gateway for rural townships.
//!
//! A villager's text walks through these rooms once, in this order, and leaves by the last door:
//!
//! ```text
//! carrier -> message -> command -> service -> store / matching -> reply -> outbox -> carrier
//! ```
//!
//! Imports point from the street to the cellar: a room may use any room that stands below it in
//! this list, none above. `tests/it/house.rs` holds the code to that.

pub mod cli;

pub mod app;

pub mod http;
pub mod outbox;
pub mod station;

pub mod service;

pub mod carrier;
pub mod command;
pub mod reply;
pub mod store;

pub mod grammar;

pub mod clock;
pub mod config;
pub mod logs;
pub mod market;
pub mod message;
pub mod metrics;
