//! The HTTP/2 engines of both sides: they give events and bytes to send. The server's reads invocations into machines.

mod client_engine;
mod conversion;
mod engine;
mod event;
mod invocation;
mod progress;
mod receiving;
mod routes;
mod shared;

pub(crate) use client_engine::{Http2ClientEngine, ResponseProgress};
pub(crate) use engine::Http2Engine;
pub(crate) use event::{
    BodyEnded, BodyReceived, ConnectionFailed, PeerLeaving, PingAcknowledged, RequestReceived,
    StreamClosed,
};
pub(crate) use invocation::Invocation;
pub(crate) use routes::InvocationRoutes;
