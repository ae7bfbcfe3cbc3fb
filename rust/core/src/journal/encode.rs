//! Entries that a runtime writes itself: the Input command and notifications.

use bytes::Bytes;
use prost::Message as _;

use super::notification::{self, Notification, Outcome, SIGNAL, check_outcome};
use crate::wire::generated::{self as pb, notification as wire};

/// Type code of the Input command.
pub const INPUT: u16 = 0x0400;

/// The payload of an Input command (0x0400). Header order is kept.
pub fn input(headers: Vec<(String, String)>, body: Bytes) -> Bytes {
    Input::new(headers, body).0.encode_to_vec().into()
}

/// An Input command that is encoded into memory of the caller.
#[derive(Debug)]
pub struct Input(pb::InputCommand);

impl Input {
    /// Takes the parts. Header order is kept.
    pub fn new(headers: Vec<(String, String)>, body: Bytes) -> Self {
        let headers = headers.into_iter();
        Self(pb::InputCommand {
            headers: headers
                .map(|(key, value)| pb::Header { key, value })
                .collect(),
            // An empty body is encoded too.
            value: Some(pb::Value { content: body }),
            name: String::new(),
        })
    }

    /// The size of the payload.
    pub fn size(&self) -> usize {
        self.0.encoded_len()
    }

    /// Writes the payload.
    ///
    /// # Errors
    /// If the memory has less than [`Input::size`] bytes.
    pub fn write(&self, mut memory: &mut [u8]) -> Result<(), prost::EncodeError> {
        self.0.encode(&mut memory)
    }
}

/// A tree of awaited futures as it is stored.
pub fn future(future: &pb::Future) -> Bytes {
    future.encode_to_vec().into()
}

/// Decodes what [`future`] encoded.
///
/// # Errors
/// [`crate::Error::InvalidPayload`] (500) for anything else.
pub fn read_future(stored: Bytes) -> crate::Result<pb::Future> {
    let size = stored.len();
    pb::Future::decode(stored).map_err(|reason| crate::Error::InvalidPayload {
        name: "Suspension",
        code: 0x0001,
        size,
        reason: reason.to_string(),
    })
}

impl Notification {
    /// A completion of the type `code`.
    ///
    /// # Errors
    /// If the type cannot carry this outcome.
    pub fn completion(code: u16, id: u32, outcome: Outcome) -> Result<Self, notification::Error> {
        Self::checked(code, notification::Id::Completion(id), outcome)
    }

    /// A signal.
    ///
    /// # Errors
    /// If a signal cannot carry this outcome, or `id` is a completion id.
    pub fn signal(id: notification::Id, outcome: Outcome) -> Result<Self, notification::Error> {
        Self::checked(SIGNAL, id, outcome)
    }

    /// The payload of its frame.
    pub fn encode(self) -> Bytes {
        let id = match self.id {
            notification::Id::Completion(id) => wire::Id::CompletionId(id),
            notification::Id::Signal(id) => wire::Id::SignalId(id),
            notification::Id::Named(name) => wire::Id::SignalName(name),
        };
        let result = match self.outcome {
            Outcome::Void => wire::Result::Void(pb::Void {}),
            Outcome::Value(content) => wire::Result::Value(pb::Value { content }),
            Outcome::Failure(failure) => wire::Result::Failure(*failure),
            Outcome::InvocationId(id) => wire::Result::InvocationId(id),
            Outcome::StateKeys(keys) => wire::Result::StateKeys(pb::StateKeys {
                keys: keys.into_iter().map(Bytes::from).collect(),
            }),
        };
        pb::Notification {
            id: Some(id),
            result: Some(result),
        }
        .encode_to_vec()
        .into()
    }

    fn checked(
        code: u16,
        id: notification::Id,
        outcome: Outcome,
    ) -> Result<Self, notification::Error> {
        super::notification::check_id(code, &id)?;
        check_outcome(code, &id, &outcome)?;
        Ok(Self { code, id, outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_body_is_encoded() {
        assert_eq!(input(Vec::new(), Bytes::new()), [0x72, 0x00].as_slice());
    }

    #[test]
    fn an_input_is_encoded_into_memory_of_the_caller() {
        let headers = vec![("a".to_owned(), "1".to_owned())];
        let body = Bytes::from_static(b"body");
        let entry = Input::new(headers.clone(), body.clone());
        let mut memory = vec![0; entry.size()];

        entry.write(&mut memory).unwrap();

        assert_eq!(memory, input(headers, body));
        assert!(entry.write(&mut memory[1..]).is_err());
    }

    #[test]
    fn headers_keep_their_order() {
        let headers = [("b", "1"), ("a", "2")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let payload = input(headers.to_vec(), Bytes::from_static(b"x"));
        let decoded = pb::InputCommand::decode(payload).unwrap();

        assert_eq!(decoded.headers[0].key, "b");
        assert_eq!(decoded.headers[1].value, "2");
    }

    #[test]
    fn cancel_is_encoded_as_on_a_server() {
        let cancel = Notification::signal(notification::Id::Signal(1), Outcome::Void).unwrap();
        assert_eq!(cancel.encode(), [0x10, 0x01, 0x22, 0x00].as_slice());
    }

    #[test]
    fn what_a_type_cannot_carry_is_refused() {
        for (code, outcome) in [
            (0x800C, Outcome::Value(Bytes::new())),
            (0x800E, Outcome::Void),
            (0x8006, Outcome::Void),
        ] {
            assert!(
                Notification::completion(code, 1, outcome).is_err(),
                "{code:#X}"
            );
        }
        assert!(Notification::signal(notification::Id::Completion(1), Outcome::Void).is_err());
        assert!(
            Notification::signal(notification::Id::Signal(17), Outcome::StateKeys(vec![])).is_err()
        );
    }

    #[test]
    fn every_outcome_reads_back() {
        for (code, outcome) in [
            (0x800C, Outcome::Void),
            (0x800D, Outcome::Value(Bytes::from_static(b"x"))),
            (0x800D, Outcome::Failure(Box::default())),
            (0x800E, Outcome::InvocationId("inv_1x".to_owned())),
            (0x8006, Outcome::StateKeys(vec!["a".to_owned()])),
        ] {
            let notification = Notification::completion(code, 7, outcome).unwrap();
            let payload = notification.clone().encode();

            assert_eq!(Notification::decode(code, payload), Ok(notification));
        }
    }
}
