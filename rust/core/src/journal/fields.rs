//! Compares single fields of two commands, and formats the difference.

use sha2::{Digest, Sha256};

use super::command::{shorten, text};
use super::parts::{Answer, Request};
use super::volatile::is_volatile;
use crate::wire::generated as pb;

/// A field in which the recorded and the attempted command differ, with both sides shortened. Unless payloads are
/// revealed, they are shown as length and hash, because errors end up in logs and in other people's browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name of the field.
    pub field: &'static str,
    /// The value in the journal.
    pub recorded: String,
    /// The value of the attempted command.
    pub attempted: String,
    /// Whether the values look like those of a clock or a random source.
    pub is_volatile: bool,
}

/// Compares field by field and keeps the first difference.
pub(super) struct Fields {
    pub(super) verify_payloads: bool,
    pub(super) reveal_payloads: bool,
    pub(super) found: Option<Difference>,
}

impl Fields {
    /// Records a difference, unless there is one already.
    fn differ(
        &mut self,
        field: &'static str,
        is_volatile: bool,
        sides: impl FnOnce() -> (String, String),
    ) {
        if self.found.is_none() {
            let (recorded, attempted) = sides();
            self.found = Some(Difference {
                field,
                recorded,
                attempted,
                is_volatile,
            });
        }
    }

    pub(super) fn text(&mut self, field: &'static str, recorded: &str, attempted: &str) {
        self.raw(field, recorded.as_bytes(), attempted.as_bytes());
    }

    pub(super) fn raw(&mut self, field: &'static str, recorded: &[u8], attempted: &[u8]) {
        if recorded != attempted {
            self.differ(field, is_volatile(recorded, attempted), || {
                (shorten(recorded), shorten(attempted))
            });
        }
    }

    pub(super) fn payload(&mut self, field: &'static str, recorded: &[u8], attempted: &[u8]) {
        if self.verify_payloads && recorded != attempted {
            let sides = (self.shown_payload(recorded), self.shown_payload(attempted));
            self.differ(field, is_volatile(recorded, attempted), || sides);
        }
    }

    /// Formats a payload, as itself or as length and hash.
    fn shown_payload(&self, payload: &[u8]) -> String {
        if self.reveal_payloads {
            shorten(payload)
        } else {
            digest(payload)
        }
    }

    fn number(&mut self, field: &'static str, recorded: u32, attempted: u32) {
        if recorded != attempted {
            self.differ(field, false, || {
                (recorded.to_string(), attempted.to_string())
            });
        }
    }

    pub(super) fn id(&mut self, recorded: u32, attempted: u32) {
        self.number("result_completion_id", recorded, attempted);
    }

    pub(super) fn request(&mut self, recorded: &Request<'_>, attempted: &Request<'_>) {
        self.text("service", recorded.service, attempted.service);
        self.text("handler", recorded.handler, attempted.handler);
        self.payload("parameter", recorded.parameter, attempted.parameter);
        self.headers(recorded.headers, attempted.headers);
        self.text("key", recorded.key, attempted.key);
        self.optional(
            "idempotency_key",
            recorded.idempotency_key,
            attempted.idempotency_key,
        );
        self.optional("scope", recorded.scope, attempted.scope);
        self.optional("limit_key", recorded.limit_key, attempted.limit_key);
        self.number(
            "invocation_id_notification_idx",
            recorded.invocation_id_completion_id,
            attempted.invocation_id_completion_id,
        );
    }

    fn optional(&mut self, field: &'static str, recorded: Option<&str>, attempted: Option<&str>) {
        if recorded != attempted {
            let show = |side: Option<&str>| {
                side.map_or_else(|| "none".to_owned(), |s| shorten(s.as_bytes()))
            };
            let is_volatile = matches!((recorded, attempted), (Some(r), Some(a)) if is_volatile(r.as_bytes(), a.as_bytes()));
            self.differ(field, is_volatile, || (show(recorded), show(attempted)));
        }
    }

    fn headers(&mut self, recorded: &[pb::Header], attempted: &[pb::Header]) {
        if !compared(recorded).eq(compared(attempted)) {
            let join = |side: &[pb::Header]| {
                let pairs: Vec<_> = side
                    .iter()
                    .map(|h| format!("{}={}", h.key, h.value))
                    .collect();
                pairs.join(", ").into_bytes()
            };
            let (recorded, attempted) = (join(recorded), join(attempted));
            let sides = (
                self.shown_payload(&recorded),
                self.shown_payload(&attempted),
            );
            self.differ("headers", is_volatile(&recorded, &attempted), || sides);
        }
    }

    pub(super) fn shown<T: PartialEq + std::fmt::Debug>(
        &mut self,
        field: &'static str,
        recorded: &T,
        attempted: &T,
    ) {
        if recorded != attempted {
            self.differ(field, false, || {
                (format!("{recorded:?}"), format!("{attempted:?}"))
            });
        }
    }

    pub(super) fn result(&mut self, recorded: Answer<'_>, attempted: Answer<'_>) {
        let is_equal = match (recorded, attempted) {
            (Answer::Value(r), Answer::Value(a)) => !self.verify_payloads || r == a,
            (Answer::Failure(r), Answer::Failure(a)) => r == a,
            (Answer::Void, Answer::Void) | (Answer::Nothing, Answer::Nothing) => true,
            _ => false,
        };
        if is_equal {
            return;
        }
        let content = |answer| match answer {
            Answer::Value(value) => value.to_vec(),
            Answer::Failure(failure) => failure_text(failure).into_bytes(),
            Answer::Void | Answer::Nothing => Vec::new(),
        };
        let is_volatile = std::mem::discriminant(&recorded) == std::mem::discriminant(&attempted)
            && is_volatile(&content(recorded), &content(attempted));
        let sides = (self.answer(recorded), self.answer(attempted));
        self.differ("result", is_volatile, || sides);
    }

    fn answer(&self, answer: Answer<'_>) -> String {
        match answer {
            Answer::Nothing => "nothing".to_owned(),
            Answer::Void => "void".to_owned(),
            Answer::Value(value) => self.shown_payload(value),
            Answer::Failure(failure) if self.reveal_payloads => {
                format!("failure {} {}", failure.code, failure_text(failure))
            }
            Answer::Failure(failure) => {
                let text = failure_text(failure);
                format!("failure {} {}", failure.code, digest(text.as_bytes()))
            }
        }
    }
}

/// Describes a payload without showing it: its length, and the start of its SHA-256 for comparison.
fn digest(payload: &[u8]) -> String {
    let hash = Sha256::digest(payload);
    let start = hash
        .iter()
        .take(4)
        .fold(0_u32, |start, byte| start << 8 | u32::from(*byte));
    format!("of {} bytes (sha256 {start:08x}...)", payload.len())
}

/// Message and metadata of a failure.
fn failure_text(failure: &pb::Failure) -> String {
    let metadata: Vec<_> = failure
        .metadata
        .iter()
        .map(|m| format!(" {}={}", m.key, m.value))
        .collect();
    format!("{}{}", text(&failure.message), metadata.concat())
}

/// The headers of a call that must be equal on every replay. The W3C trace context is left out, because it names the
/// attempt that made the call: comparing it would break running invocations when tracing is switched on or off.
fn compared(headers: &[pb::Header]) -> impl Iterator<Item = &pb::Header> {
    headers.iter().filter(|header| {
        !["traceparent", "tracestate"]
            .iter()
            .any(|name| header.key.eq_ignore_ascii_case(name))
    })
}
