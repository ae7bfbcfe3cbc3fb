//! What each scenario sends, and the responses it accepts. The handlers are in `handlers.py`.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::id::InvocationId;
use crate::message;

/// Values of recorded runs, repeated as needed.
const RECORDED: [u64; 4] = [3, 14, 159, 2653];
/// The first awakeable of an invocation.
pub const FIRST_AWAKEABLE: u32 = 17;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scenario {
    /// Input, then Output.
    Greet,
    /// Three new runs, each proposal acknowledged. Only the handler differs for plain functions and coroutines.
    Three { plain: bool },
    /// The input ends at once; the response is a Suspension on the awakeable.
    Wait,
    /// The journal has the awakeable's signal.
    Resume,
    /// The journal has this many runs.
    Replay(u32),
    /// One new run; its completion is the last input; then Suspension.
    RunThenWait,
    /// Input of [`LARGE`] bytes, which are the output.
    Echo,
    /// The input stays open; the signal follows when the caller asks for it.
    Hold,
}

/// The next frame that an endpoint may send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    Run { id: u32, name: &'static str },
    Proposal { id: u32 },
    Output,
    End,
    Suspension,
    Nothing,
}

const RUN_NAMES: [&str; 3] = ["one", "two", "three"];

impl Scenario {
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "greet" => Self::Greet,
            "three" => Self::Three { plain: false },
            "three-plain" => Self::Three { plain: true },
            "wait" => Self::Wait,
            "resume" => Self::Resume,
            "run+suspend" => Self::RunThenWait,
            "hold" => Self::Hold,
            "echo" => Self::Echo,
            _ => Self::Replay(name.strip_prefix("replay-")?.parse().ok()?),
        })
    }

    pub fn path(self) -> &'static str {
        match self {
            Self::Greet => "/invoke/Bench/greet",
            Self::Three { plain: false } => "/invoke/Bench/three",
            Self::Three { plain: true } => "/invoke/Bench/three_plain",
            Self::Wait | Self::Resume | Self::Hold => "/invoke/Bench/wait",
            Self::Replay(_) => "/invoke/Bench/replay",
            Self::RunThenWait => "/invoke/Bench/run_then_wait",
            Self::Echo => "/invoke/Bench/echo",
        }
    }

    /// The frame that must follow `received` correct ones.
    pub fn expected(self, received: usize) -> Expected {
        use Expected::{End, Nothing, Output, Proposal, Run, Suspension};
        let runs = match self {
            Self::Three { .. } => 3,
            Self::RunThenWait => 1,
            _ => 0,
        };
        if let (Some(name), true) = (RUN_NAMES.get(received / 2), received < 2 * runs) {
            let id = received as u32 / 2 + 1;
            return if received % 2 == 0 {
                Run { id, name }
            } else {
                Proposal { id }
            };
        }
        match (self, received - 2 * runs) {
            (Self::Wait | Self::RunThenWait, 0) => Suspension,
            (Self::Wait | Self::RunThenWait, _) => Nothing,
            (_, 0) => Output,
            (_, 1) => End,
            _ => Nothing,
        }
    }

    /// The body of the call, different for each `number` unless it is large.
    fn input(self, number: u64) -> Cow<'static, [u8]> {
        let text = match self {
            Self::Greet => format!("\"w{number}\""),
            Self::Three { .. } | Self::RunThenWait => number.to_string(),
            Self::Wait | Self::Resume | Self::Hold => String::new(),
            Self::Replay(count) => format!("[{count},{number}]"),
            Self::Echo => return Cow::Borrowed(large()),
        };
        Cow::Owned(text.into_bytes())
    }

    /// The answer that the call with `number` must get.
    pub fn output(self, number: u64, id: &InvocationId) -> Cow<'static, [u8]> {
        let text = match self {
            Self::Greet => format!("\"Hello w{number}!\""),
            Self::Three { .. } => (number + 3).to_string(),
            Self::Replay(count) => {
                let recorded: u64 = RECORDED.iter().cycle().take(count as usize).sum();
                (number + recorded).to_string()
            }
            Self::Wait | Self::RunThenWait => String::new(),
            Self::Resume | Self::Hold => format!("\"{} r{number}\"", id.awakeable(FIRST_AWAKEABLE)),
            Self::Echo => return Cow::Borrowed(large()),
        };
        Cow::Owned(text.into_bytes())
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Echo => "application/octet-stream",
            _ => "application/json",
        }
    }

    /// The value that resolves the awakeable of the call with `number`.
    pub fn resolution(number: u64) -> String {
        format!("\"r{number}\"")
    }

    /// Whether the input ends with the journal.
    pub fn ends_input_at_once(self) -> bool {
        self == Self::Wait
    }

    /// Whether the input ends with the completion of the first run.
    pub fn ends_input_after_run(self) -> bool {
        self == Self::RunThenWait
    }
}

/// Bytes of the value of [`Scenario::Echo`].
pub const LARGE: usize = 30_000_000;

/// The value of [`Scenario::Echo`]: its period divides no buffer, so that a piece in a wrong place is seen.
fn large() -> &'static [u8] {
    static CONTENT: OnceLock<Vec<u8>> = OnceLock::new();
    CONTENT.get_or_init(|| (0..LARGE).map(|at| (at % 251) as u8).collect())
}

/// Builds what opens an attempt: Start, Input and the rest of the journal.
pub struct Opening {
    scenario: Scenario,
    /// The part of the journal that all invocations share.
    recorded: Vec<u8>,
    known_entries: u64,
}

impl Opening {
    pub fn new(scenario: Scenario) -> Self {
        let mut recorded = Vec::new();
        let mut known_entries = 1;
        if let Scenario::Replay(count) = scenario {
            for (id, value) in (1..=count).zip(RECORDED.iter().cycle()) {
                message::run(&mut recorded, id, "entry");
                message::run_completion(&mut recorded, id, value.to_string().as_bytes());
            }
            known_entries += 2 * u64::from(count);
        }
        known_entries += u64::from(scenario == Scenario::Resume);
        Self {
            scenario,
            recorded,
            known_entries,
        }
    }

    pub fn write(&self, out: &mut Vec<u8>, number: u64, id: &InvocationId) {
        message::frame(out, message::START, |out| {
            message::bytes(out, 1, &id.0);
            message::bytes(out, 2, &id.text());
            message::number(out, 3, self.known_entries);
            message::number(out, 5, 1); // partial_state
            message::number(out, 8, 3); // duration_since_last_stored_entry
            message::number(
                out,
                9,
                u64::from_be_bytes(id.0[8..16].try_into().expect("8 bytes")),
            );
        });
        let body = self.scenario.input(number);
        let length = body.len().to_string();
        let has_body = !body.is_empty();
        let headers: [(&[u8], &[u8]); 5] = [
            (
                b"x-restate-ingress-path",
                &self.scenario.path().as_bytes()["/invoke".len()..],
            ),
            (b"user-agent", b"curl/7.88.1"),
            (b"accept", b"*/*"),
            (b"content-type", self.scenario.content_type().as_bytes()),
            (b"content-length", length.as_bytes()),
        ];
        message::frame(out, message::INPUT, |out| {
            for (name, value) in &headers[..if has_body { 5 } else { 3 }] {
                message::varint(out, 1 << 3 | 2);
                out.push((name.len() + value.len() + 4) as u8);
                message::bytes(out, 1, name);
                message::bytes(out, 2, value);
            }
            if has_body {
                message::value(out, 14, &body);
            } else {
                message::bytes(out, 14, b"");
            }
        });
        out.extend_from_slice(&self.recorded);
        if self.scenario == Scenario::Resume {
            message::signal(
                out,
                FIRST_AWAKEABLE,
                Scenario::resolution(number).as_bytes(),
            );
        }
    }
}
