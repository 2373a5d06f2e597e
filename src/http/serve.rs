//! The accept loop: who may connect, how long a client may take, and how we stop.
//!
//! A client that sends nothing, or a byte a minute, holds one connection for [`HttpLimits::header_time`] at most. When
//! all connections are taken the next clients wait in the system's own queue.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::Remote;
use super::slow::Timed;
use crate::config::HttpLimits;
use crate::metrics::Metrics;

/// Headers of one request; the longest carriers' have a dozen.
const MAX_HEADERS: usize = 64;
/// Bytes that one connection's head may take. Carriers that put the text into the address need 45 KB for 5,000 characters;
/// the buffer begins small and grows with what comes.
const HEAD_BYTES: usize = 64 * 1024;
/// After a failed accept, mostly for want of file descriptors: connections must end before more can come.
const BREATH: Duration = Duration::from_millis(50);

/// A listener at `address`.
///
/// # Errors
/// The address with the system's reason, for the operator.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let fault = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on {address}: {e}"));
    TcpListener::bind(address).await.map_err(fault)
}

/// The running server.
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `router` on `listener` until [`Server::stop`].
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(listener: TcpListener, router: Router, limits: HttpLimits, metrics: Metrics) -> io::Result<Server> {
        let address = listener.local_addr()?;
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(accept(listener, router, limits, metrics, stopping));
        Ok(Server { address, stop, task })
    }

    /// Where it listens; the port is the real one where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, lets calls under way finish within [`HttpLimits::stop_time`], and returns.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(e) = self.task.await {
            tracing::error!(cause = %e, "the accept loop failed");
        }
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    limits: HttpLimits,
    metrics: Metrics,
    mut stopping: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let calls = TowerToHyperService::new(router);
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_headers(MAX_HEADERS)
        .max_buf_size(HEAD_BYTES);
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let (stream, remote) = match accepted {
            Ok(taken) => taken,
            Err(e) => {
                tracing::warn!(cause = %e, "cannot accept a connection");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        prepare(&stream);
        let remote = remote.ip().to_canonical();
        let call = Connection { calls: calls.clone(), remote: Remote(remote), body_time: limits.body_time };
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), call));
        let up = metrics.connection();
        tokio::spawn(async move {
            // Clients that break off or are too slow are their own affair; what matters was logged by the call.
            if let Err(e) = connection.await {
                tracing::debug!(%remote, cause = %e, "connection ended early");
            }
            drop((place, up));
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.stop_time, graceful.shutdown()).await.is_err() {
        tracing::warn!("some calls were still under way when we stopped");
    }
}

/// Answers are small and one at a time: they must not wait for a full packet.
fn prepare(stream: &TcpStream) {
    if let Err(e) = stream.set_nodelay(true) {
        tracing::debug!(cause = %e, "cannot set TCP_NODELAY");
    }
}

/// Calls that come over one connection; each is told who is at the other end.
struct Connection {
    calls: Calls,
    remote: Remote,
    body_time: Duration,
}

/// The router, as hyper calls it.
type Calls = TowerToHyperService<Router>;
type Call = http::Request<Timed>;

impl Service<http::Request<Incoming>> for Connection {
    type Response = <Calls as Service<Call>>::Response;
    type Error = <Calls as Service<Call>>::Error;
    type Future = <Calls as Service<Call>>::Future;

    fn call(&self, mut request: http::Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.remote);
        self.calls.call(request.map(|body| Timed::new(body, self.body_time)))
    }
}
