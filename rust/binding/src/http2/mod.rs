//! The HTTP/2 engines of both sides: they give events and bytes to send.

mod client_engine;
mod conversion;
mod engine;
mod event;
mod progress;

pub(crate) use client_engine::{Http2ClientEngine, ResponseProgress};
pub(crate) use engine::Http2Engine;
pub(crate) use event::{
    BodyEnded, BodyReceived, ConnectionFailed, PeerLeaving, PingAcknowledged, RequestReceived,
    StreamClosed,
};
