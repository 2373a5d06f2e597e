//! How records look on disk: one byte for the version, then postcard.
//!
//! Version 1 is the domain's own types as they stand. postcard names no field, so any change to one of these types is a
//! new version: copy the old shape below as `v1`, read it by its version byte and turn it into the new one.
//! `fixtures/records/v1/` holds a sample of each form; the test that reads them fails when a shape changes unnoticed.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// The version that is written.
pub const VERSION: u8 = 1;

/// No record may take more; the longest message a webhook takes in fits four times.
pub const RECORD_LIMIT: usize = 64 * 1024;

/// The stored form of a record. `what` names its kind where it is too large.
pub fn encode<T: Serialize>(what: &'static str, record: &T) -> Result<Box<[u8]>, StoreError> {
    let mut out = Vec::with_capacity(256);
    out.push(VERSION);
    let out = postcard::to_extend(record, out)
        .map_err(|e| StoreError::Fault(format!("a {what} record cannot be encoded: {e}")))?;
    if out.len() > RECORD_LIMIT {
        return Err(StoreError::TooLarge { what, bytes: out.len(), limit: RECORD_LIMIT });
    }
    Ok(out.into_boxed_slice())
}

/// Reads a stored form of any version.
pub fn decode<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let unreadable = |cause: String| StoreError::Read { what: what.to_string(), cause };
    match bytes.split_first() {
        Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(|e| unreadable(e.to_string())),
        Some((v, _)) => Err(unreadable(format!("form {v} is newer than this program"))),
        None => Err(unreadable("empty".to_string())),
    }
}
