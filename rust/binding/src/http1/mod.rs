//! The HTTP/1.1 engines: they give events and bytes to send.

mod client;
mod event;
mod fields;
mod server;

pub(crate) use client::Http1ClientEngine;
pub(crate) use event::{Http1Body, Http1Cut, Http1Refusal, Http1Request, Http1Response};
pub(crate) use server::Http1ServerEngine;
