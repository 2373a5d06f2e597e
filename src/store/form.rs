//! How records look on disk: one byte for the version, then the record.
//!
//! | version | form |
//! |---|---|
//! | 1 | postcard, which names no field: the shapes that were written stand in [`v1`] |
//! | 2 | MessagePack with the names of fields and variants: what a record has not yet takes its default |
//!
//! `fixtures/records/` holds a sample of each version; the test that reads them fails when one can no longer be read.

mod v1;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// The version that is written.
pub const VERSION: u8 = 2;

/// No record may take more; the longest message a webhook takes in fits four times.
pub const RECORD_LIMIT: usize = 64 * 1024;

/// A record that is kept.
pub trait Stored: Serialize + DeserializeOwned {
    /// Reads what version 1 wrote; by default its shape is the same.
    fn from_v1(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }
}

/// The stored form of a record. `what` names its kind where it is too large.
pub fn encode<T: Stored>(what: &'static str, record: &T) -> Result<Box<[u8]>, StoreError> {
    let mut out = Vec::with_capacity(384);
    out.push(VERSION);
    rmp_serde::encode::write_named(&mut out, record)
        .map_err(|e| StoreError::Fault(format!("a {what} record cannot be encoded: {e}")))?;
    if out.len() > RECORD_LIMIT {
        return Err(StoreError::TooLarge { what, bytes: out.len(), limit: RECORD_LIMIT });
    }
    Ok(out.into_boxed_slice())
}

/// Reads a stored form of any version.
pub fn decode<T: Stored>(what: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let unreadable = |cause: String| StoreError::Read { what: what.to_string(), cause };
    match bytes.split_first() {
        Some((&VERSION, rest)) => rmp_serde::from_slice(rest).map_err(|e| unreadable(e.to_string())),
        Some((1, rest)) => T::from_v1(rest).map_err(|e| unreadable(e.to_string())),
        Some((v, _)) => Err(unreadable(format!("form {v} is newer than this program"))),
        None => Err(unreadable("empty".to_string())),
    }
}
