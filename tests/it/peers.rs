//! Stand-ins for what is at the other end of a carrier, and the harness of a real one.

pub mod http;
pub mod jasmin;
pub mod kannel;
pub mod second;
pub mod smsc;
pub mod smsgate;

use std::time::Duration;

/// Far longer than anything takes; reached only when something never happens.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for a future that must come to an end.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(t) => t,
        Err(_) => panic!("never happened: {what}"),
    }
}
