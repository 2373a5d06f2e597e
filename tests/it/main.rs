//! All integration tests, in one binary: one module a subject.

mod cli;
mod config;
mod http;
mod store;
