//! One invocation: takes the endpoint's frames, checks them, and returns what the runtime would do next.

use crate::id::InvocationId;
use crate::message::{self, Field, HEADER_LENGTH};
use crate::scenario::{Expected, FIRST_AWAKEABLE, Scenario};

const CANCEL: u32 = 1;

pub struct Invocation {
    scenario: Scenario,
    pub number: u64,
    pub id: InvocationId,
    received: usize,
    partial: Vec<u8>,
}

/// What to send after some frames of the endpoint.
#[derive(Default)]
pub struct Reaction {
    pub frames: Vec<u8>,
    pub ends_input: bool,
}

impl Invocation {
    pub fn new(scenario: Scenario, number: u64, id: InvocationId) -> Self {
        Self {
            scenario,
            number,
            id,
            received: 0,
            partial: Vec::new(),
        }
    }

    /// Whether the terminal frame has arrived.
    pub fn is_over(&self) -> bool {
        self.scenario.expected(self.received) == Expected::Nothing
    }

    /// Takes bytes of the response body.
    pub fn receive(&mut self, data: &[u8], reaction: &mut Reaction) -> Result<(), String> {
        if self.partial.is_empty() {
            let rest = self.receive_frames(data, reaction)?;
            self.partial.extend_from_slice(rest);
        } else {
            let mut whole = std::mem::take(&mut self.partial);
            whole.extend_from_slice(data);
            let rest = self.receive_frames(&whole, reaction)?.len();
            whole.drain(..whole.len() - rest);
            self.partial = whole;
        }
        Ok(())
    }

    /// Takes the end of the response.
    pub fn receive_end(&self) -> Result<(), String> {
        if !self.partial.is_empty() {
            return Err(format!(
                "response ended inside a frame, after {} of its bytes",
                self.partial.len()
            ));
        }
        match self.scenario.expected(self.received) {
            Expected::Nothing => Ok(()),
            missing => Err(format!("response ended, but {missing:?} had to come first")),
        }
    }

    fn receive_frames<'a>(
        &mut self,
        mut data: &'a [u8],
        reaction: &mut Reaction,
    ) -> Result<&'a [u8], String> {
        while let Some((header, rest)) = data.split_at_checked(HEADER_LENGTH) {
            let code = u16::from_be_bytes([header[0], header[1]]);
            let flags = u16::from_be_bytes([header[2], header[3]]);
            let length = u32::from_be_bytes([header[4], header[5], header[6], header[7]]) as usize;
            let Some((payload, rest)) = rest.split_at_checked(length) else {
                break;
            };
            if flags != 0 {
                return Err(format!(
                    "frame 0x{code:04x} has flags 0x{flags:04x}, version 6 knows none"
                ));
            }
            self.receive_frame(code, payload, reaction)?;
            data = rest;
        }
        Ok(data)
    }

    fn receive_frame(
        &mut self,
        code: u16,
        payload: &[u8],
        reaction: &mut Reaction,
    ) -> Result<(), String> {
        let expected = self.scenario.expected(self.received);
        let is_good = match (expected, code) {
            (Expected::Run { id, name }, message::RUN) => is_run(payload, id, name),
            (Expected::Proposal { id }, message::PROPOSE_RUN_COMPLETION) => {
                let value = (self.number + u64::from(id)).to_string();
                message::run_completion(&mut reaction.frames, id, value.as_bytes());
                reaction.ends_input |= self.scenario.ends_input_after_run();
                is_proposal(payload, id, value.as_bytes())
            }
            (Expected::Output, message::OUTPUT) => {
                is_output(payload, &self.scenario.output(self.number, &self.id))
            }
            (Expected::End, message::END) => payload.is_empty(),
            (Expected::Suspension, message::SUSPENSION) => is_suspension(payload),
            _ => false,
        };
        if !is_good {
            let wanted = match expected {
                Expected::Output => shorten(&self.scenario.output(self.number, &self.id)),
                _ => String::new(),
            };
            let got = match code {
                message::ERROR => describe_error(payload),
                _ => shorten(payload),
            };
            return Err(format!(
                "frame {} must be {expected:?} {wanted}, got 0x{code:04x} {got}",
                self.received
            ));
        }
        self.received += 1;
        reaction.ends_input |= self.is_over();
        Ok(())
    }
}

fn is_run(payload: &[u8], id: u32, name: &str) -> bool {
    let wanted = [
        (11, Field::Number(u64::from(id))),
        (12, Field::Bytes(name.as_bytes())),
    ];
    message::fields(payload).eq(wanted.map(Some))
}

fn is_proposal(payload: &[u8], id: u32, value: &[u8]) -> bool {
    message::fields(payload)
        .eq([(1, Field::Number(u64::from(id))), (14, Field::Bytes(value))].map(Some))
}

fn is_output(payload: &[u8], value: &[u8]) -> bool {
    let mut fields = message::fields(payload);
    let Some(Some((14, Field::Bytes(wrapped)))) = fields.next() else {
        return false;
    };
    fields.next().is_none() && message::fields(wrapped).eq([Some((1, Field::Bytes(value)))])
}

/// Accepts the awakeable's signal, with or without the one that cancels, and nothing else.
fn is_suspension(payload: &[u8]) -> bool {
    let mut signals = Vec::new();
    for field in message::fields(payload) {
        match field {
            Some((2, Field::Number(signal))) => signals.push(signal),
            Some((2, Field::Bytes(mut packed))) => {
                while !packed.is_empty() {
                    let Some(signal) = message::read_varint(&mut packed) else {
                        return false;
                    };
                    signals.push(signal);
                }
            }
            _ => return false,
        }
    }
    signals.sort_unstable();
    signals == [u64::from(FIRST_AWAKEABLE)]
        || signals == [u64::from(CANCEL), u64::from(FIRST_AWAKEABLE)]
}

/// Returns the beginning of some bytes, as text.
fn shorten(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(400)].escape_ascii().to_string()
}

fn describe_error(payload: &[u8]) -> String {
    let mut text = String::from("Error");
    for field in message::fields(payload).flatten() {
        match field {
            (1, Field::Number(code)) => text.push_str(&format!(" {code}")),
            (2 | 3, Field::Bytes(words)) => {
                text.push_str(&format!(": {}", String::from_utf8_lossy(words)))
            }
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Random;

    fn receive(scenario: Scenario, frames: &[u8]) -> Result<Reaction, String> {
        let mut invocation = Invocation::new(scenario, 7, Random(1).invocation_id());
        let mut reaction = Reaction::default();
        invocation.receive(frames, &mut reaction)?;
        invocation.receive_end()?;
        Ok(reaction)
    }

    fn output(content: &[u8]) -> Vec<u8> {
        let mut frames = Vec::new();
        message::frame(&mut frames, message::OUTPUT, |out| {
            message::value(out, 14, content)
        });
        frames
    }

    fn with_end(mut frames: Vec<u8>) -> Vec<u8> {
        message::frame(&mut frames, message::END, |_| {});
        frames
    }

    #[test]
    fn right_answer_ends_the_input() {
        let reaction =
            receive(Scenario::Greet, &with_end(output(b"\"Hello w7!\""))).expect("a good answer");
        assert!(reaction.ends_input);
    }

    #[test]
    fn answer_of_another_invocation_is_an_error() {
        assert!(receive(Scenario::Greet, &with_end(output(b"\"Hello w8!\""))).is_err());
    }

    #[test]
    fn missing_end_is_an_error() {
        assert!(receive(Scenario::Greet, &output(b"\"Hello w7!\"")).is_err());
    }

    #[test]
    fn second_terminal_frame_is_an_error() {
        assert!(
            receive(
                Scenario::Greet,
                &with_end(with_end(output(b"\"Hello w7!\"")))
            )
            .is_err()
        );
    }

    #[test]
    fn truncated_frame_is_an_error() {
        let mut frames = with_end(output(b"\"Hello w7!\""));
        frames.push(0);
        assert!(receive(Scenario::Greet, &frames).is_err());
    }

    #[test]
    fn proposal_is_answered_with_its_value_byte_by_byte() {
        let mut frames = Vec::new();
        message::run(&mut frames, 1, "one");
        message::frame(&mut frames, message::PROPOSE_RUN_COMPLETION, |out| {
            message::number(out, 1, 1);
            message::bytes(out, 14, b"8");
        });
        let mut invocation = Invocation::new(
            Scenario::Three { plain: false },
            7,
            Random(1).invocation_id(),
        );
        let mut reaction = Reaction::default();
        for byte in frames {
            invocation
                .receive(&[byte], &mut reaction)
                .expect("good frames");
        }
        assert_eq!(
            reaction.frames,
            b"\x80\x11\0\0\0\0\0\x07\x08\x01\x2a\x03\x0a\x018"
        );
        assert!(!reaction.ends_input);
    }

    #[test]
    fn suspension_names_the_awakeable_and_may_name_cancel() {
        for (payload, is_good) in [
            (&b"\x12\x02\x11\x01"[..], true),
            (b"\x12\x01\x11", true),
            (b"\x10\x11", true),
            (b"\x12\x01\x01", false),
            (b"\x12\x01\x12", false),
            (b"\x0a\x01\x01\x12\x02\x11\x01", false),
            (b"", false),
        ] {
            assert_eq!(is_suspension(payload), is_good, "{payload:?}");
        }
    }
}
