//! What the runtime sends: completions and signals, which share one layout.

use bytes::Bytes;
use prost::Message as _;

use crate::wire::{
    generated::{self as pb, notification as wire},
    message::name_of as name,
};

/// Type code of signals; every other notification completes a command.
pub const SIGNAL: u16 = 0xFBFF;

/// Type code of the notification that completes a run.
pub const RUN_COMPLETION: u16 = 0x8011;

/// The built-in signal that cancels an invocation.
pub const CANCEL_SIGNAL: u32 = 1;

/// A notification that is complete and valid for its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// Its type code.
    pub code: u16,
    /// What it answers.
    pub id: Id,
    /// What it carries.
    pub outcome: Outcome,
}

/// What a notification answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// The command that took this completion id.
    Completion(u32),
    /// An awakeable, or a built-in signal.
    Signal(u32),
    /// The handle that waits for a signal of this name.
    Named(String),
}

/// What a notification carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// No value.
    Void,
    /// A payload.
    Value(Bytes),
    /// A terminal error.
    Failure(Box<pb::Failure>),
    /// The id of an invocation that was created.
    InvocationId(String),
    /// The keys of the state, UTF-8.
    StateKeys(Vec<String>),
}

/// Why a notification is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is not valid protobuf.
    #[error("cannot decode {name} notification of {size} bytes: {reason}")]
    Undecodable {
        /// Name of the message.
        name: &'static str,
        /// Length of the payload.
        size: usize,
        /// What the protobuf decoder said.
        reason: String,
    },
    /// It has no id.
    #[error("{0} notification carries no id")]
    NoId(&'static str),
    /// It has no result.
    #[error("{0} notification carries no result")]
    NoResult(&'static str),
    /// A state key that is not text.
    #[error("state key {0} is not UTF-8")]
    KeyNotText(String),
    /// A completion has a signal id, or a signal has a completion id.
    #[error("{name} notification carries a {found}, expected a {expected}")]
    WrongId {
        /// Name of the message.
        name: &'static str,
        /// The kind of id it has.
        found: &'static str,
        /// The kind of id it should have.
        expected: &'static str,
    },
    /// A result that its type cannot have.
    #[error("{name} completion {id} carries {found}, but {name} completes with {allowed}")]
    WrongResult {
        /// Name of the message.
        name: &'static str,
        /// Its id.
        id: String,
        /// The result it carries.
        found: &'static str,
        /// The results its type allows.
        allowed: &'static str,
    },
}

impl Error {
    /// The code of the Error frame that reports it.
    pub fn wire_code(&self) -> u32 {
        match self {
            Self::WrongId { .. } | Self::WrongResult { .. } => 571,
            _ => 500,
        }
    }
}

impl Notification {
    /// Decodes the payload of a notification frame and checks it against the table of results.
    ///
    /// # Errors
    /// If it is incomplete, or carries something that its type cannot have.
    pub fn decode(code: u16, payload: Bytes) -> Result<Self, Error> {
        let size = payload.len();
        let decoded = pb::Notification::decode(payload).map_err(|error| Error::Undecodable {
            name: name(code),
            size,
            reason: error.to_string(),
        })?;
        let id = match decoded.id {
            Some(wire::Id::CompletionId(id)) => Id::Completion(id),
            Some(wire::Id::SignalId(id)) => Id::Signal(id),
            Some(wire::Id::SignalName(name)) => Id::Named(name),
            None => return Err(Error::NoId(name(code))),
        };
        check_id(code, &id)?;
        let outcome = match decoded.result {
            Some(wire::Result::Void(_)) => Outcome::Void,
            Some(wire::Result::Value(value)) => Outcome::Value(value.content),
            Some(wire::Result::Failure(failure)) => Outcome::Failure(Box::new(failure)),
            Some(wire::Result::InvocationId(id)) => Outcome::InvocationId(id),
            Some(wire::Result::StateKeys(keys)) => Outcome::StateKeys(state_keys(&keys.keys)?),
            None => return Err(Error::NoResult(name(code))),
        };
        check_outcome(code, &id, &outcome)?;
        Ok(Self { code, id, outcome })
    }
}

/// Decodes state keys, which are bytes on the wire and text in handlers.
///
/// # Errors
/// If a key is not UTF-8.
pub fn state_keys(keys: &[Bytes]) -> Result<Vec<String>, Error> {
    keys.iter().map(|key| state_key(key)).collect()
}

/// Decodes one state key.
///
/// # Errors
/// If it is not UTF-8.
pub fn state_key(key: &[u8]) -> Result<String, Error> {
    std::str::from_utf8(key)
        .map(str::to_owned)
        .map_err(|_| Error::KeyNotText(format!("\"{}\"", key.escape_ascii())))
}

pub(super) fn check_id(code: u16, id: &Id) -> Result<(), Error> {
    let is_known_completion = code != SIGNAL && allowed(code).is_some();
    match id {
        Id::Completion(_) if code == SIGNAL => Err(Error::WrongId {
            name: name(code),
            found: "completion id",
            expected: "signal id or name",
        }),
        Id::Signal(_) | Id::Named(_) if is_known_completion => Err(Error::WrongId {
            name: name(code),
            found: "signal id or name",
            expected: "completion id",
        }),
        _ => Ok(()),
    }
}

pub(super) fn check_outcome(code: u16, id: &Id, outcome: &Outcome) -> Result<(), Error> {
    let Some(allowed) = allowed(code) else {
        // An unknown type is routed by its id, and checked against the command that it answers.
        return Ok(());
    };
    // The table is text because error messages show it. The common cases are decided without parsing it.
    let is_usual = matches!(
        (code, outcome),
        (0x8011 | 0x800D, Outcome::Value(_))
            | (0x800C, Outcome::Void)
            | (0x800E, Outcome::InvocationId(_))
    );
    let found = kind(outcome);
    if is_usual || allowed.split(", ").any(|one| one == found) {
        return Ok(());
    }
    Err(Error::WrongResult {
        name: name(code),
        id: match id {
            Id::Completion(id) | Id::Signal(id) => id.to_string(),
            Id::Named(name) => format!("{name:?}"),
        },
        found,
        allowed,
    })
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Void => "void",
        Outcome::Value(_) => "value",
        Outcome::Failure(_) => "failure",
        Outcome::InvocationId(_) => "invocation id",
        Outcome::StateKeys(_) => "state keys",
    }
}

/// The table of results: what each type may carry.
fn allowed(code: u16) -> Option<&'static str> {
    Some(match code {
        0x8002 => "void, value",
        0x8006 => "state keys",
        0x8009 | 0x800D | 0x8011 | 0x8012 => "value, failure",
        0x800A | 0x8013 | SIGNAL => "void, value, failure",
        0x800B => "void, failure",
        0x800C => "void",
        0x800E => "invocation id",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(id: Option<wire::Id>, result: Option<wire::Result>) -> Bytes {
        pb::Notification { id, result }.encode_to_vec().into()
    }

    fn every_result() -> [(&'static str, wire::Result); 5] {
        [
            ("void", wire::Result::Void(pb::Void {})),
            ("value", wire::Result::Value(pb::Value::default())),
            ("failure", wire::Result::Failure(pb::Failure::default())),
            ("invocation id", wire::Result::InvocationId("inv_1x".into())),
            (
                "state keys",
                wire::Result::StateKeys(pb::StateKeys::default()),
            ),
        ]
    }

    #[test]
    fn every_type_takes_exactly_the_results_of_its_table_row() {
        let table: &[(u16, &[&str])] = &[
            (0x8002, &["void", "value"]),
            (0x8006, &["state keys"]),
            (0x8009, &["value", "failure"]),
            (0x800A, &["void", "value", "failure"]),
            (0x800B, &["void", "failure"]),
            (0x800C, &["void"]),
            (0x800D, &["value", "failure"]),
            (0x800E, &["invocation id"]),
            (0x8011, &["value", "failure"]),
            (0x8012, &["value", "failure"]),
            (0x8013, &["void", "value", "failure"]),
            (0xFBFF, &["void", "value", "failure"]),
        ];
        assert_eq!(table.len(), crate::wire::Notification::CODES.len());
        for (code, expected) in table {
            let id = if *code == SIGNAL {
                wire::Id::SignalId(17)
            } else {
                wire::Id::CompletionId(3)
            };
            for (kind, result) in every_result() {
                let decoded = Notification::decode(*code, encode(Some(id.clone()), Some(result)));
                assert_eq!(
                    decoded.is_ok(),
                    expected.contains(&kind),
                    "0x{code:04X} {kind}"
                );
                if let Err(error) = decoded {
                    assert_eq!(error.wire_code(), 571);
                }
            }
        }
    }

    #[test]
    fn errors_tell_type_id_and_what_was_expected() {
        let sleep = Some(wire::Id::CompletionId(3));
        let cases = [
            (
                0x800C,
                encode(
                    sleep.clone(),
                    Some(wire::Result::Failure(pb::Failure::default())),
                ),
                571,
                "Sleep completion 3 carries failure, but Sleep completes with void",
            ),
            (
                0x800C,
                encode(None, Some(wire::Result::Void(pb::Void {}))),
                500,
                "Sleep notification carries no id",
            ),
            (
                0x800C,
                encode(sleep.clone(), None),
                500,
                "Sleep notification carries no result",
            ),
            (
                0xFBFF,
                encode(sleep, Some(wire::Result::Void(pb::Void {}))),
                571,
                "Signal notification carries a completion id, expected a signal id or name",
            ),
            (
                0x800C,
                encode(
                    Some(wire::Id::SignalId(1)),
                    Some(wire::Result::Void(pb::Void {})),
                ),
                571,
                "Sleep notification carries a signal id or name, expected a completion id",
            ),
            (
                0x8006,
                encode(
                    Some(wire::Id::CompletionId(1)),
                    Some(wire::Result::StateKeys(pb::StateKeys {
                        keys: vec![Bytes::from_static(b"a\xff")],
                    })),
                ),
                500,
                "state key \"a\\xff\" is not UTF-8",
            ),
        ];
        for (code, payload, wire_code, text) in cases {
            let error = Notification::decode(code, payload).unwrap_err();
            assert_eq!(
                (error.wire_code(), error.to_string().as_str()),
                (wire_code, text)
            );
        }
        let garbage = Notification::decode(0x9000, Bytes::from_static(&[0xff])).unwrap_err();
        assert_eq!(garbage.wire_code(), 500);
        assert!(
            garbage
                .to_string()
                .starts_with("cannot decode unknown notification notification of 1 bytes: ")
        );
    }

    #[test]
    fn an_unknown_type_is_kept_and_routed_by_its_id() {
        let payload = encode(
            Some(wire::Id::CompletionId(9)),
            Some(wire::Result::Void(pb::Void {})),
        );
        let decoded = Notification::decode(0x8005, payload).unwrap();
        assert_eq!(decoded.id, Id::Completion(9));
    }
}
