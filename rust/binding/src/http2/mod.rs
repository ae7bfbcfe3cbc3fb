//! The HTTP/2 engine: it gives events and bytes to send.

mod engine;
mod event;

pub(crate) use engine::Http2Engine;
pub(crate) use event::{
    BodyEnded, BodyReceived, ConnectionFailed, PeerLeaving, PingAcknowledged, RequestReceived,
    StreamClosed,
};
