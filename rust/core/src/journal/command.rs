//! Commands in words, and recorded against attempted: exactly the fields the protocol compares.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::volatile::is_volatile;
use crate::wire::{generated as pb, message::Command};

/// One field in which the recorded and the attempted command differ, both sides shortened for reading. Payloads are told
/// by length and hash unless they are revealed: errors end up in logs and in other people's browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name of the field.
    pub field: &'static str,
    /// What the journal has.
    pub recorded: String,
    /// What the handler asked for.
    pub attempted: String,
    /// Whether they differ as clocks and random sources do.
    pub is_volatile: bool,
}

/// The entry name, which most commands have and few use.
pub fn entry_name(command: &Command) -> &str {
    match command {
        Command::Input(c) => &c.name,
        Command::Output(c) => &c.name,
        Command::GetLazyState(c) => &c.name,
        Command::SetState(c) => &c.name,
        Command::ClearState(c) => &c.name,
        Command::ClearAllState(c) => &c.name,
        Command::GetLazyStateKeys(c) => &c.name,
        Command::GetEagerState(c) => &c.name,
        Command::GetEagerStateKeys(c) => &c.name,
        Command::GetPromise(c) => &c.name,
        Command::PeekPromise(c) => &c.name,
        Command::CompletePromise(c) => &c.name,
        Command::Sleep(c) => &c.name,
        Command::Call(c) => &c.name,
        Command::OneWayCall(c) => &c.name,
        Command::SendSignal(c) => &c.entry_name,
        Command::Run(c) => &c.name,
        Command::AttachInvocation(c) => &c.name,
        Command::GetInvocationOutput(c) => &c.name,
        Command::CompleteAwakeable(c) => &c.name,
    }
}

/// The completion ids that a command takes, each with the type code of its notification; the first may be missing.
pub fn completions(command: &Command) -> [Option<(u32, u16)>; 2] {
    let one = |id: u32, code: u16| [None, Some((id, code))];
    match command {
        Command::Input(_)
        | Command::Output(_)
        | Command::SetState(_)
        | Command::ClearState(_)
        | Command::ClearAllState(_)
        | Command::GetEagerState(_)
        | Command::GetEagerStateKeys(_)
        | Command::SendSignal(_)
        | Command::CompleteAwakeable(_) => [None, None],
        Command::GetLazyState(c) => one(c.result_completion_id, 0x8002),
        Command::GetLazyStateKeys(c) => one(c.result_completion_id, 0x8006),
        Command::GetPromise(c) => one(c.result_completion_id, 0x8009),
        Command::PeekPromise(c) => one(c.result_completion_id, 0x800A),
        Command::CompletePromise(c) => one(c.result_completion_id, 0x800B),
        Command::Sleep(c) => one(c.result_completion_id, 0x800C),
        Command::Call(c) => [
            Some((c.invocation_id_notification_idx, 0x800E)),
            Some((c.result_completion_id, 0x800D)),
        ],
        Command::OneWayCall(c) => one(c.invocation_id_notification_idx, 0x800E),
        Command::Run(c) => one(c.result_completion_id, 0x8011),
        Command::AttachInvocation(c) => one(c.result_completion_id, 0x8012),
        Command::GetInvocationOutput(c) => one(c.result_completion_id, 0x8013),
    }
}

/// Tells a command in a few words, for example `call Greeter/greet` or `sleep "cool-down"`.
pub fn describe(command: &Command) -> String {
    let (what, about) = match command {
        Command::Input(_) => ("input", None),
        Command::Output(_) => ("output", None),
        Command::GetLazyState(c) => ("get state", Some(bytes_text(&c.key))),
        Command::GetEagerState(c) => ("get state", Some(bytes_text(&c.key))),
        Command::SetState(c) => ("set state", Some(bytes_text(&c.key))),
        Command::ClearState(c) => ("clear state", Some(bytes_text(&c.key))),
        Command::ClearAllState(_) => ("clear all state", None),
        Command::GetLazyStateKeys(_) | Command::GetEagerStateKeys(_) => ("get state keys", None),
        Command::GetPromise(c) => ("get promise", Some(text(&c.key))),
        Command::PeekPromise(c) => ("peek promise", Some(text(&c.key))),
        Command::CompletePromise(c) => ("complete promise", Some(text(&c.key))),
        Command::Sleep(_) => ("sleep", None),
        Command::Call(c) => (
            "call",
            Some(format!("{}/{}", c.service_name, c.handler_name)),
        ),
        Command::OneWayCall(c) => (
            "send",
            Some(format!("{}/{}", c.service_name, c.handler_name)),
        ),
        Command::SendSignal(c) => ("send signal to", Some(c.target_invocation_id.clone())),
        Command::Run(_) => ("run", None),
        Command::AttachInvocation(_) => ("attach invocation", None),
        Command::GetInvocationOutput(_) => ("get invocation output", None),
        Command::CompleteAwakeable(c) => ("complete awakeable", Some(c.awakeable_id.clone())),
    };
    let mut words = what.to_owned();
    for part in [
        about,
        Some(entry_name(command))
            .filter(|name| !name.is_empty())
            .map(text),
    ]
    .into_iter()
    .flatten()
    {
        words.push(' ');
        words.push_str(&part);
    }
    words
}

/// Whether replay may compare the two. A state read may turn from eager to lazy and back, so both count as one.
pub fn is_same_type(recorded: &Command, attempted: &Command) -> bool {
    match (recorded, attempted) {
        (Command::GetEagerState(_), Command::GetLazyState(_))
        | (Command::GetEagerStateKeys(_), Command::GetLazyStateKeys(_)) => true,
        _ => recorded.code() == attempted.code(),
    }
}

/// Compares the fields that must be equal on replay; `None` when all are.
///
/// Both commands have the same type, or a state read was recorded eager and is attempted lazy: a read may turn from
/// one into the other, its recorded answer counts. Without `verify_payloads` success payloads are not compared; with
/// `reveal_payloads` those that differ are shown.
#[expect(
    clippy::too_many_lines,
    reason = "one arm per command: the table of compared fields"
)]
pub fn difference(
    recorded: &Command,
    attempted: &Command,
    verify_payloads: bool,
    reveal_payloads: bool,
) -> Option<Difference> {
    let mut fields = Fields {
        verify_payloads,
        reveal_payloads,
        found: None,
    };
    match (recorded, attempted) {
        // Headers, value and name of the request are the runtime's business.
        (Command::Input(_), Command::Input(_)) => return None,
        (Command::Output(r), Command::Output(a)) => {
            fields.result(output(r), output(a));
        }
        (Command::GetLazyState(r), Command::GetLazyState(a)) => {
            fields.raw("key", &r.key, &a.key);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::GetEagerState(r), Command::GetLazyState(a)) => fields.raw("key", &r.key, &a.key),
        (Command::GetLazyStateKeys(r), Command::GetLazyStateKeys(a)) => {
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::SetState(r), Command::SetState(a)) => {
            fields.raw("key", &r.key, &a.key);
            fields.payload(
                "value",
                content(r.value.as_ref()),
                content(a.value.as_ref()),
            );
        }
        (Command::ClearState(r), Command::ClearState(a)) => fields.raw("key", &r.key, &a.key),
        (Command::GetPromise(r), Command::GetPromise(a)) => {
            fields.text("key", &r.key, &a.key);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::PeekPromise(r), Command::PeekPromise(a)) => {
            fields.text("key", &r.key, &a.key);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::CompletePromise(r), Command::CompletePromise(a)) => {
            fields.text("key", &r.key, &a.key);
            fields.result(completion(r), completion(a));
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::Call(r), Command::Call(a)) => {
            fields.text("service", &r.service_name, &a.service_name);
            fields.text("handler", &r.handler_name, &a.handler_name);
            fields.payload("parameter", &r.parameter, &a.parameter);
            fields.headers(&r.headers, &a.headers);
            fields.text("key", &r.key, &a.key);
            fields.optional(
                "idempotency_key",
                r.idempotency_key.as_ref(),
                a.idempotency_key.as_ref(),
            );
            fields.optional("scope", r.scope.as_ref(), a.scope.as_ref());
            fields.optional("limit_key", r.limit_key.as_ref(), a.limit_key.as_ref());
            fields.number(
                "invocation_id_notification_idx",
                r.invocation_id_notification_idx,
                a.invocation_id_notification_idx,
            );
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::OneWayCall(r), Command::OneWayCall(a)) => {
            fields.text("service", &r.service_name, &a.service_name);
            fields.text("handler", &r.handler_name, &a.handler_name);
            fields.payload("parameter", &r.parameter, &a.parameter);
            fields.headers(&r.headers, &a.headers);
            fields.text("key", &r.key, &a.key);
            fields.optional(
                "idempotency_key",
                r.idempotency_key.as_ref(),
                a.idempotency_key.as_ref(),
            );
            fields.optional("scope", r.scope.as_ref(), a.scope.as_ref());
            fields.optional("limit_key", r.limit_key.as_ref(), a.limit_key.as_ref());
            fields.number(
                "invocation_id_notification_idx",
                r.invocation_id_notification_idx,
                a.invocation_id_notification_idx,
            );
        }
        (Command::SendSignal(r), Command::SendSignal(a)) => {
            fields.text("target", &r.target_invocation_id, &a.target_invocation_id);
            fields.shown("signal", &r.signal_id, &a.signal_id);
            // Signal values stay compared: the opt-out is for what this handler serialized as its own data.
            fields.verify_payloads = true;
            fields.result(signal(r), signal(a));
        }
        (Command::Run(r), Command::Run(a)) => {
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::AttachInvocation(r), Command::AttachInvocation(a)) => {
            fields.shown("target", &r.target, &a.target);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::GetInvocationOutput(r), Command::GetInvocationOutput(a)) => {
            fields.shown("target", &r.target, &a.target);
            fields.id(r.result_completion_id, a.result_completion_id);
        }
        (Command::CompleteAwakeable(r), Command::CompleteAwakeable(a)) => {
            fields.text("awakeable_id", &r.awakeable_id, &a.awakeable_id);
            fields.result(awakeable(r), awakeable(a));
        }
        // A wake-up time is read from a clock and the recorded id counts: only the name tells sleeps apart.
        (Command::Sleep(_), Command::Sleep(_))
        | (Command::GetEagerStateKeys(_), Command::GetLazyStateKeys(_))
        | (Command::ClearAllState(_), Command::ClearAllState(_)) => {}
        _ => fields.text("type", recorded.name(), attempted.name()),
    }
    fields.text("name", entry_name(recorded), entry_name(attempted));
    fields.found
}

/// Tells a payload without showing it: its length, and the start of its SHA-256 to compare with.
fn digest(payload: &[u8]) -> String {
    let hash = Sha256::digest(payload);
    let start = hash
        .iter()
        .take(4)
        .fold(0_u32, |start, byte| start << 8 | u32::from(*byte));
    format!("of {} bytes (sha256 {start:08x}...)", payload.len())
}

/// Shows a payload in a message: text where it is text, at most 40 bytes of it.
pub fn shorten(payload: &[u8]) -> String {
    const SHOWN: usize = 40;
    match payload.get(..SHOWN) {
        Some(head) if payload.len() > SHOWN => {
            format!("\"{}...\" ({} bytes)", head.escape_ascii(), payload.len())
        }
        _ => format!("\"{}\"", payload.escape_ascii()),
    }
}

/// The result part of a command, whatever message holds it.
#[derive(Clone, Copy)]
enum Answer<'a> {
    Nothing,
    Void,
    Value(&'a Bytes),
    Failure(&'a pb::Failure),
}

struct Fields {
    verify_payloads: bool,
    reveal_payloads: bool,
    found: Option<Difference>,
}

impl Fields {
    /// Notes the first field that differs.
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

    fn text(&mut self, field: &'static str, recorded: &str, attempted: &str) {
        self.raw(field, recorded.as_bytes(), attempted.as_bytes());
    }

    fn raw(&mut self, field: &'static str, recorded: &[u8], attempted: &[u8]) {
        if recorded != attempted {
            self.differ(field, is_volatile(recorded, attempted), || {
                (shorten(recorded), shorten(attempted))
            });
        }
    }

    fn payload(&mut self, field: &'static str, recorded: &[u8], attempted: &[u8]) {
        if self.verify_payloads && recorded != attempted {
            let sides = (self.told(recorded), self.told(attempted));
            self.differ(field, is_volatile(recorded, attempted), || sides);
        }
    }

    /// Shows a payload, or only tells about it.
    fn told(&self, payload: &[u8]) -> String {
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

    fn id(&mut self, recorded: u32, attempted: u32) {
        self.number("result_completion_id", recorded, attempted);
    }

    fn optional(
        &mut self,
        field: &'static str,
        recorded: Option<&String>,
        attempted: Option<&String>,
    ) {
        if recorded != attempted {
            let show = |side: Option<&String>| {
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
            let sides = (self.told(&recorded), self.told(&attempted));
            self.differ("headers", is_volatile(&recorded, &attempted), || sides);
        }
    }

    fn shown<T: PartialEq + std::fmt::Debug>(
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

    fn result(&mut self, recorded: Answer<'_>, attempted: Answer<'_>) {
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
            Answer::Value(value) => self.told(value),
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

/// Message and metadata of a failure.
fn failure_text(failure: &pb::Failure) -> String {
    let metadata: Vec<_> = failure
        .metadata
        .iter()
        .map(|m| format!(" {}={}", m.key, m.value))
        .collect();
    format!("{}{}", text(&failure.message), metadata.concat())
}

fn text(value: &str) -> String {
    shorten(value.as_bytes())
}

fn bytes_text(value: &Bytes) -> String {
    shorten(value)
}

fn content(value: Option<&pb::Value>) -> &[u8] {
    value.map_or(&[], |value| &value.content)
}

fn output(command: &pb::OutputCommand) -> Answer<'_> {
    match &command.result {
        Some(pb::output_command::Result::Value(value)) => Answer::Value(&value.content),
        Some(pb::output_command::Result::Failure(failure)) => Answer::Failure(failure),
        None => Answer::Nothing,
    }
}

fn completion(command: &pb::CompletePromiseCommand) -> Answer<'_> {
    use pb::complete_promise_command::Completion;
    match &command.completion {
        Some(Completion::CompletionValue(value)) => Answer::Value(&value.content),
        Some(Completion::CompletionFailure(failure)) => Answer::Failure(failure),
        None => Answer::Nothing,
    }
}

fn signal(command: &pb::SendSignalCommand) -> Answer<'_> {
    match &command.result {
        Some(pb::send_signal_command::Result::Void(_)) => Answer::Void,
        Some(pb::send_signal_command::Result::Value(value)) => Answer::Value(&value.content),
        Some(pb::send_signal_command::Result::Failure(failure)) => Answer::Failure(failure),
        None => Answer::Nothing,
    }
}

fn awakeable(command: &pb::CompleteAwakeableCommand) -> Answer<'_> {
    match &command.result {
        Some(pb::complete_awakeable_command::Result::Value(value)) => Answer::Value(&value.content),
        Some(pb::complete_awakeable_command::Result::Failure(failure)) => Answer::Failure(failure),
        None => Answer::Nothing,
    }
}

/// The headers of a call that have to be the same on every replay: not the W3C trace context, which names the attempt
/// that made the call. With it, switching tracing on or off would break invocations that are under way.
fn compared(headers: &[pb::Header]) -> impl Iterator<Item = &pb::Header> {
    headers.iter().filter(|header| {
        !["traceparent", "tracestate"]
            .iter()
            .any(|name| header.key.eq_ignore_ascii_case(name))
    })
}
