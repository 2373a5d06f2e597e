//! All integration tests, in one binary: one module a subject.

mod config;
mod house;
mod http;
mod supply;
