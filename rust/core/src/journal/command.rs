//! Facts about any command: its name, its description, and the completion ids it takes.

use bytes::Bytes;

use crate::wire::message::Command;

/// The entry name; often empty.
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

/// Describes a command in a few words, for example `call Greeter/greet` or `sleep "cool-down"`.
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

/// Quotes a payload for a message: at most 40 bytes, with bytes that are not text escaped.
pub(super) fn shorten(payload: &[u8]) -> String {
    const SHOWN: usize = 40;
    match payload.get(..SHOWN) {
        Some(head) if payload.len() > SHOWN => {
            format!("\"{}...\" ({} bytes)", head.escape_ascii(), payload.len())
        }
        _ => format!("\"{}\"", payload.escape_ascii()),
    }
}

pub(super) fn text(value: &str) -> String {
    shorten(value.as_bytes())
}

fn bytes_text(value: &Bytes) -> String {
    shorten(value)
}
