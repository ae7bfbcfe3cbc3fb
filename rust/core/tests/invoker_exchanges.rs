//! Captured exchanges, replayed from the runtime's side: its frames are rebuilt from their contents, byte for byte.
#![allow(clippy::disallowed_methods, reason = "vectors are files")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken vector ends the test"
)]

use std::fs;
use std::path::Path;

use awaken_core::InvocationId;
use awaken_core::invoker::{DEFAULT_MAX_MESSAGE_SIZE, Effect, Machine, Start};
use awaken_core::journal::{Notification, RUN_COMPLETION, encode};
use awaken_core::wire::{Command, Control, Decoder, Frame, Message, Version, generated as pb};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde_json::Value as Json;

/// The number of attempts in the vectors, so that the test notices a lost file.
const ATTEMPTS: usize = 19;

#[test]
fn frames_of_the_runtime_are_made_again() {
    play_all(|frame| vec![frame]);
}

#[test]
fn single_bytes_of_the_endpoint_give_the_same() {
    play_all(|frame| (0..frame.len()).map(|at| frame.slice(at..=at)).collect());
}

#[test]
fn frames_that_span_pieces_give_the_same() {
    play_all(|frame| {
        (0..frame.len())
            .step_by(3)
            .map(|at| frame.slice(at..frame.len().min(at + 3)))
            .collect()
    });
}

fn play_all(cut: fn(Bytes) -> Vec<Bytes>) {
    let attempts = attempts();
    assert_eq!(attempts.len(), ATTEMPTS);
    for (title, attempt) in attempts {
        Player::new(&attempt).play(&title, &attempt, cut);
    }
}

/// One attempt: the endpoint's side as captured, the host's side in a few lines.
struct Player {
    machine: Machine,
    known_entries: u32,
    effects: Vec<Effect>,
}

impl Player {
    fn new(attempt: &Json) -> Self {
        let number = u32::try_from(attempt["version"].as_u64().unwrap()).unwrap();
        let version = Version::from_number(number).unwrap();
        Self {
            machine: Machine::new(version, DEFAULT_MAX_MESSAGE_SIZE),
            known_entries: 0,
            effects: Vec::new(),
        }
    }

    fn play(mut self, title: &str, attempt: &Json, cut: fn(Bytes) -> Vec<Bytes>) {
        for step in attempt["steps"].as_array().unwrap() {
            let is_for_endpoint = step["direction"] == "to_endpoint";
            match (step["hex"].as_str(), is_for_endpoint) {
                (Some(hex), true) => {
                    self.make(title, &frame(hex));
                    let made = HEXLOWER.encode(&self.machine.take_output());
                    assert_eq!(made, hex, "{title}: {}", step["message"]);
                }
                (Some(hex), false) => {
                    let bytes = Bytes::from(HEXLOWER.decode(hex.as_bytes()).unwrap());
                    for piece in cut(bytes) {
                        self.machine.receive(piece);
                    }
                    let taken = std::iter::from_fn(|| self.machine.take_effect());
                    let taken: Vec<_> = taken.collect();
                    let [effect] = taken.as_slice() else {
                        panic!("{title}: {} has the effects {taken:?}", step["message"]);
                    };
                    check_effect(title, effect, &frame(hex));
                    self.effects.extend(taken);
                }
                (None, true) => self.machine.end_input(),
                (None, false) => self.machine.receive_end(),
            }
        }
        assert!(self.machine.is_closed(), "{title}");
        assert_eq!(self.machine.take_effect(), None, "{title}");
        assert!(!self.machine.is_output_pending(), "{title}");
        let last = self.effects.last();
        assert!(
            matches!(last, Some(Effect::Ended | Effect::Suspended(_))),
            "{title}: {last:?}"
        );
    }

    /// Makes the machine write this frame of the runtime.
    fn make(&mut self, title: &str, frame: &Frame) {
        let code = frame.header.code;
        match frame.decode().unwrap() {
            Message::Control(Control::Start(start)) => {
                self.known_entries = start.known_entries;
                self.start(start);
            }
            Message::Control(Control::ProposeRunCompletionAck(ack)) => {
                let payload = self.proposed(ack.completion_id);
                assert!(self.machine.notify(RUN_COMPLETION, &payload).unwrap());
            }
            Message::Command(Command::Input(input)) => {
                let headers = input.headers.into_iter();
                let payload = encode::input(
                    headers.map(|header| (header.key, header.value)).collect(),
                    input.value.unwrap().content,
                );
                self.entry(code, &payload);
            }
            Message::Notification(_) => {
                let notification = Notification::decode(code, frame.payload.clone()).unwrap();
                self.entry(code, &notification.encode());
            }
            Message::Command(_) => self.entry(code, &frame.payload),
            other => panic!("{title}: {other:?}"),
        }
    }

    fn start(&mut self, start: pb::Start) {
        let id = InvocationId::try_from(start.id.as_ref()).unwrap();
        assert_eq!(id.random_seed(), start.random_seed);
        let facts = Start {
            known_entries: start.known_entries,
            key: start.key,
            state: start
                .state_map
                .into_iter()
                .map(|entry| (String::from_utf8(entry.key.to_vec()).unwrap(), entry.value))
                .collect(),
            is_state_partial: start.partial_state,
            retry_count: start.retry_count_since_last_stored_entry,
            duration_since_last_stored_entry_ms: start.duration_since_last_stored_entry,
            random_seed: id.random_seed(),
            scope: start.scope,
            limit_key: start.limit_key,
            idempotency_key: start.idempotency_key,
        };
        self.machine.start(id, facts).unwrap();
    }

    /// Replays an entry, or notifies of it once the known entries are replayed.
    fn entry(&mut self, code: u16, payload: &Bytes) {
        if self.known_entries > 0 {
            self.known_entries -= 1;
            self.machine.replay(code, payload).unwrap();
        } else {
            assert!(self.machine.notify(code, payload).unwrap());
        }
    }

    fn proposed(&self, id: u32) -> Bytes {
        let found = self.effects.iter().find_map(|effect| match effect {
            Effect::RunProposed {
                completion_id,
                payload,
                ..
            } if *completion_id == id => Some(payload.clone()),
            _ => None,
        });
        found.unwrap()
    }
}

/// Checks that an effect matches the frame.
fn check_effect(title: &str, effect: &Effect, frame: &Frame) {
    match (frame.decode().unwrap(), effect) {
        (Message::Command(command), Effect::Recorded(recorded)) => {
            assert_eq!(recorded.command, command, "{title}");
            assert_eq!(recorded.payload, frame.payload, "{title}");
            assert_eq!(recorded.code, frame.header.code, "{title}");
            assert!(!recorded.is_ack_requested, "{title}");
        }
        (Message::Control(control), effect) => {
            let fits = match control {
                Control::End(_) => matches!(effect, Effect::Ended),
                Control::Suspension(suspension) => match effect {
                    Effect::Suspended(future) => match suspension.awaiting_on {
                        Some(tree) => *future == tree,
                        None => {
                            future.waiting_completions == suspension.waiting_completions
                                && future.waiting_signals == suspension.waiting_signals
                                && future.waiting_named_signals == suspension.waiting_named_signals
                        }
                    },
                    _ => false,
                },
                Control::AwaitingOn(hint) => {
                    *effect == Effect::AwaitingOn(hint.awaiting_on.unwrap())
                }
                Control::ProposeRunCompletion(_) => matches!(effect, Effect::RunProposed { .. }),
                _ => false,
            };
            assert!(fits, "{title}: {effect:?}");
        }
        (message, effect) => panic!("{title}: {effect:?} for {message:?}"),
    }
}

fn frame(hex: &str) -> Frame {
    let mut decoder = Decoder::default();
    decoder.receive(HEXLOWER.decode(hex.as_bytes()).unwrap().into());
    decoder.take_frame().unwrap().unwrap()
}

/// Every attempt of every file.
fn attempts() -> Vec<(String, Json)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/protocol/vectors");
    let mut attempts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let content: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for attempt in content["attempts"].as_array().into_iter().flatten() {
            let title = content["title"].as_str().unwrap();
            attempts.push((format!("{title}: {}", attempt["path"]), attempt.clone()));
        }
    }
    attempts
}
