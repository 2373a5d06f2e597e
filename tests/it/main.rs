//! All integration tests, in one binary: one module a subject.

mod bad_input;
mod carriers;
mod cli;
mod config;
mod crash;
mod daemon;
mod disk;
mod house;
mod http;
mod kannel;
mod main_job;
mod operator;
mod outbox;
mod pairs;
mod peers;
mod repeats;
mod replies;
mod round;
mod smsgate;
mod soundness;
mod store;
mod supply;
mod talks;
mod texts;
mod total;
mod villagers;
