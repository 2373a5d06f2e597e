//! All integration tests, in one binary: one module a subject.

mod bad_input;
mod cli;
mod config;
mod crash;
mod daemon;
mod disk;
mod house;
mod http;
mod pairs;
mod repeats;
mod store;
mod supply;
mod talks;
