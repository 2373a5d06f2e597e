//! Integration tests, in one binary: one module for each folder of fixtures or room of the house.

mod carriers;
mod kannel;
mod outbox;
mod peers;
mod smsgate;
mod store;
