//! Captured exchanges, replayed through the machine attempt by attempt: the same input gives the same output.
#![allow(clippy::disallowed_methods, reason = "vectors are files")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken vector ends the test"
)]

use std::collections::VecDeque;
use std::fs;
use std::path::Path;

use awaken_core::endpoint::{CallOptions, Machine, Options, Progress, Read};
use awaken_core::journal::{Awaiting, Outcome};
use awaken_core::wire::generated as pb;
use awaken_core::wire::{Command, Decoder, Frame, Message, Version};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde_json::Value as Json;

/// The number of attempts in the vectors, so that the test notices a lost file.
const ATTEMPTS: usize = 19;

#[test]
fn whole_frames_give_the_captured_output() {
    play_all(|frame| vec![frame]);
}

#[test]
fn single_bytes_give_the_captured_output() {
    play_all(|frame| frame.iter().map(|byte| vec![*byte]).collect());
}

#[test]
fn bytes_of_an_unfinished_frame_before_the_end_change_nothing() {
    let mut played = 0;
    for (title, attempt) in attempts() {
        let mut exchange = Player::new(&attempt, |frame| vec![frame]);
        if let Some(end) = exchange.inbound.iter().position(Option::is_none) {
            exchange.inbound.insert(end, Some(vec![0x80, 0x11, 0x00]));
            played += 1;
        }
        exchange.play(&title);
    }
    assert_eq!(played, ATTEMPTS);
}

fn play_all(cut: fn(Vec<u8>) -> Vec<Vec<u8>>) {
    let attempts = attempts();
    assert_eq!(attempts.len(), ATTEMPTS);
    for (title, attempt) in attempts {
        Player::new(&attempt, cut).play(&title);
    }
}

/// What makes a handler stop before its end.
enum Stop {
    Cancelled,
    Failed(pb::Failure),
    Suspended,
}

/// One attempt: the runtime's side as recorded, the handler's side in a few lines of Rust.
struct Player {
    machine: Machine,
    handler: String,
    /// Chunks for the endpoint, `None` is the end of the input.
    inbound: VecDeque<Option<Vec<u8>>>,
    expected: Vec<Vec<u8>>,
}

impl Player {
    fn new(attempt: &Json, cut: fn(Vec<u8>) -> Vec<Vec<u8>>) -> Self {
        let number = u32::try_from(attempt["version"].as_u64().unwrap()).unwrap();
        let mut inbound = VecDeque::new();
        let mut expected = Vec::new();
        for step in attempt["steps"].as_array().unwrap() {
            let is_inbound = step["direction"] == "to_endpoint";
            match step["hex"].as_str() {
                Some(hex) => {
                    let frame = HEXLOWER.decode(hex.as_bytes()).unwrap();
                    if is_inbound {
                        inbound.extend(cut(frame).into_iter().map(Some));
                    } else if step["message"] != "AwaitingOn" {
                        // A hint; the captured endpoint repeats it, ours does not.
                        expected.push(frame);
                    }
                }
                None if is_inbound => inbound.push_back(None),
                None => {}
            }
        }
        Self {
            machine: Machine::new(Version::from_number(number).unwrap(), Options::default()),
            handler: attempt["path"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned(),
            inbound,
            expected,
        }
    }

    fn play(mut self, title: &str) {
        while !self.machine.is_ready() {
            self.feed(title);
        }
        let body = self.machine.take_input().unwrap().body;
        match self.handle(title, &body) {
            Ok(output) => self.machine.succeed(output).unwrap(),
            Err(Stop::Failed(failure)) => self.machine.fail(failure).unwrap(),
            Err(Stop::Cancelled) => {
                let failure = pb::Failure {
                    code: 409,
                    message: "cancelled".to_owned(),
                    metadata: Vec::new(),
                };
                self.machine.fail(failure).unwrap();
            }
            Err(Stop::Suspended) => {}
        }
        while let Some(chunk) = self.inbound.pop_front() {
            match chunk {
                Some(chunk) => self.machine.receive(chunk.into()),
                None => self.machine.receive_end(),
            }
        }
        assert_eq!(self.machine.error(), None, "{title}");
        assert!(self.machine.is_closed(), "{title}");
        let mut decoder = Decoder::default();
        decoder.receive(self.machine.take_output());
        let written: Vec<_> = std::iter::from_fn(|| decoder.take_frame().unwrap())
            .filter(|frame| frame.header.code != 0x0006)
            .map(|frame| HEXLOWER.encode(&bytes_of(&frame)))
            .collect();
        let expected: Vec<_> = self
            .expected
            .iter()
            .map(|frame| HEXLOWER.encode(frame))
            .collect();
        assert_eq!(written, expected, "{title}");
    }

    fn handle(&mut self, title: &str, body: &Bytes) -> Result<Bytes, Stop> {
        match self.handler.as_str() {
            "hello" => {
                let name: String = serde_json::from_slice(body).unwrap();
                Ok(serde_json::to_vec(&format!("Hello {name}!"))
                    .unwrap()
                    .into())
            }
            "run" => {
                let run = self.machine.run("r").unwrap();
                self.wait(title, run, b"42")
            }
            "awk" => {
                let (_, awakeable) = self.machine.awakeable().unwrap();
                self.wait(title, awakeable, b"")
            }
            "slp" => {
                self.sleep(title)?;
                Ok(Bytes::from_static(b"\"ok\""))
            }
            "both" => {
                let run = self.machine.run("r").unwrap();
                let seven = self.wait(title, run, b"7")?;
                self.sleep(title)?;
                Ok(serde_json::to_vec(std::str::from_utf8(&seven).unwrap())
                    .unwrap()
                    .into())
            }
            "call" => self.call(title, "hello", body),
            "callawk" => self.call(title, "awk", body),
            "bump" => {
                let Read::Now(before) = self.machine.get_state("c", "").unwrap() else {
                    panic!("{title}: the state is complete");
                };
                let number = |json: &[u8]| serde_json::from_slice::<u64>(json).unwrap();
                let after = before.map_or(0, |before| number(&before)) + number(body);
                let after: Bytes = serde_json::to_vec(&after).unwrap().into();
                self.machine.set_state("c", after.clone(), "").unwrap();
                Ok(after)
            }
            other => panic!("{title}: no handler {other}"),
        }
    }

    fn call(&mut self, title: &str, handler: &str, body: &Bytes) -> Result<Bytes, Stop> {
        let options = CallOptions::default();
        let (_, result) = self
            .machine
            .call("G", handler, body.clone(), options)
            .unwrap();
        self.wait(title, result, b"")
    }

    /// Sleeps until the captured time; on replay any time will do.
    fn sleep(&mut self, title: &str) -> Result<Bytes, Stop> {
        let captured = self.expected.iter().find_map(|frame| {
            let mut decoder = Decoder::default();
            decoder.receive(frame.clone().into());
            match decoder.take_message().unwrap() {
                Some(Message::Command(Command::Sleep(sleep))) => Some(sleep.wake_up_time),
                _ => None,
            }
        });
        let sleep = self.machine.sleep(captured.unwrap_or(99), "").unwrap();
        self.wait(title, sleep, b"")
    }

    /// Awaits a handle as a handler would, executing a run with this result.
    fn wait(&mut self, title: &str, handle: u32, run: &'static [u8]) -> Result<Bytes, Stop> {
        loop {
            match self.machine.progress(&Awaiting::Handle(handle)).unwrap() {
                Progress::Completed(done, outcome) => {
                    assert_eq!(done, handle, "{title}");
                    return match outcome {
                        Outcome::Value(value) => Ok(value),
                        Outcome::Void => Ok(Bytes::new()),
                        Outcome::Failure(failure) => Err(Stop::Failed(*failure)),
                        other => panic!("{title}: {other:?}"),
                    };
                }
                Progress::RunRequired(run_handle) => self
                    .machine
                    .propose_run_value(run_handle, Bytes::from_static(run))
                    .unwrap(),
                Progress::InputRequired => self.feed(title),
                Progress::Cancelled => return Err(Stop::Cancelled),
                Progress::Suspended => return Err(Stop::Suspended),
                Progress::Closed => panic!("{title}: {:?}", self.machine.error()),
            }
        }
    }

    fn feed(&mut self, title: &str) {
        match self.inbound.pop_front() {
            Some(Some(chunk)) => self.machine.receive(chunk.into()),
            Some(None) => self.machine.receive_end(),
            None => panic!("{title}: waits for input that was not captured"),
        }
    }
}

fn bytes_of(frame: &Frame) -> Vec<u8> {
    let mut bytes = frame.header.to_bytes().to_vec();
    bytes.extend_from_slice(&frame.payload);
    bytes
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
