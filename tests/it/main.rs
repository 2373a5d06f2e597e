//! All integration tests, in one binary: one module a subject.

mod config;
mod http;
