//! Properties of every handler: prefixes of its journal replay to the same commands, and an attempt ends with exactly
//! one terminal frame, whatever the handler calls.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::endpoint::{CallOptions, Machine, Progress, RetryPolicy, RunFailure};
use awaken_core::journal::Awaiting;
use awaken_core::wire::generated::CombinatorType;
use awaken_core::wire::{Command, Control, Decoder, Message, Notification, Version};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use support::*;

/// One line of a handler. Numbers choose among the handles it has.
#[derive(Clone, Debug)]
enum Line {
    Run(u8),
    Sleep(u8),
    Call(u8),
    Send,
    Awakeable,
    Signal(bool),
    SetState(u8),
    GetState(u8),
    ClearAll,
    GetPromise,
    Await(usize),
    AwaitAny(Vec<usize>),
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        any::<u8>().prop_map(Line::Run),
        any::<u8>().prop_map(Line::Sleep),
        any::<u8>().prop_map(Line::Call),
        Just(Line::Send),
        Just(Line::Awakeable),
        any::<bool>().prop_map(Line::Signal),
        (0..3u8).prop_map(Line::SetState),
        (0..3u8).prop_map(Line::GetState),
        Just(Line::ClearAll),
        Just(Line::GetPromise),
        any::<usize>().prop_map(Line::Await),
        vec(any::<usize>(), 1..4).prop_map(Line::AwaitAny),
    ]
}

/// Runs a handler against a journal and a runtime that answers everything at once.
///
/// The result is the whole journal, and the results that the handler saw.
struct Attempt {
    machine: Machine,
    journal: Vec<Message>,
    seen: Vec<(u32, String)>,
    handles: Vec<u32>,
    /// Notifications that the runtime sends when the handler waits, oldest first.
    due: Vec<Message>,
}

impl Attempt {
    fn new(version: Version, journal: Vec<Message>, due: Vec<Message>) -> Self {
        Self {
            machine: replaying(version, &journal),
            journal,
            seen: Vec::new(),
            handles: Vec::new(),
            due,
        }
    }

    fn play(&mut self, program: &[Line]) {
        for line in program {
            self.step(line);
            assert_eq!(self.machine.error(), None, "{line:?}");
        }
        self.machine.succeed(Bytes::from_static(b"done")).unwrap();
        self.pump();
    }

    fn step(&mut self, line: &Line) {
        let machine = &mut self.machine;
        match line {
            Line::Run(name) => self.handles.push(machine.run(&format!("r{name}")).unwrap()),
            Line::Sleep(name) => self.handles.push(
                machine
                    .sleep(u64::from(*name), &format!("s{name}"))
                    .unwrap(),
            ),
            Line::Call(parameter) => {
                let parameter = Bytes::from(vec![*parameter; 3]);
                let (id, result) = machine
                    .call("S", "h", parameter, CallOptions::default())
                    .unwrap();
                self.handles.extend([id, result]);
            }
            Line::Send => {
                let options = CallOptions::default();
                self.handles
                    .push(machine.send("S", "h", Bytes::new(), 0, options).unwrap());
            }
            Line::Awakeable => self.handles.push(machine.awakeable().unwrap().1),
            Line::Signal(which) => self
                .handles
                .push(machine.signal(if *which { "a" } else { "b" }).unwrap()),
            Line::SetState(key) => machine
                .set_state(&key.to_string(), Bytes::from(vec![*key]), "")
                .unwrap(),
            Line::GetState(key) => {
                let read = machine.get_state(&key.to_string(), "").unwrap();
                self.seen.push((u32::MAX, format!("{read:?}")));
                if let awaken_core::endpoint::Read::Later(handle) = read {
                    self.handles.push(handle);
                }
            }
            Line::ClearAll => machine.clear_all_state("").unwrap(),
            Line::GetPromise => self.handles.push(machine.get_promise("p", "").unwrap()),
            Line::Await(choice) => self.wait(&[*choice]),
            Line::AwaitAny(choices) => self.wait(choices),
        }
        self.pump();
    }

    fn wait(&mut self, choices: &[usize]) {
        if self.handles.is_empty() {
            return;
        }
        let leaves: Vec<_> = choices
            .iter()
            .map(|choice| Awaiting::Handle(self.handles[choice % self.handles.len()]))
            .collect();
        let awaited = Awaiting::node(CombinatorType::FirstCompleted, leaves).unwrap();
        loop {
            match self.machine.progress(&awaited).unwrap() {
                Progress::Completed(handle, outcome) => {
                    self.seen.push((handle, format!("{outcome:?}")));
                    self.handles.retain(|other| *other != handle);
                    return;
                }
                Progress::RunRequired(run) => {
                    let value = Bytes::from(format!("run {run}"));
                    self.machine.propose_run_value(run, value).unwrap();
                }
                Progress::InputRequired => {
                    assert!(
                        !self.due.is_empty(),
                        "nothing is left that could answer {awaited:?}"
                    );
                    let message = self.due.remove(0);
                    if let Message::Notification(_) = message {
                        self.journal.push(message.clone());
                    }
                    receive(&mut self.machine, message);
                }
                other => unreachable!("{other:?}: {:?}", self.machine.error()),
            }
            self.pump();
        }
    }

    /// Acts as the runtime: stores the written commands, and creates their results.
    fn pump(&mut self) {
        for message in output(&mut self.machine) {
            if let Message::Command(command) = &message {
                self.due.extend(answers(command));
            } else if let Message::Control(Control::ProposeRunCompletion(proposal)) = &message {
                let Some(awaken_core::wire::generated::propose_run_completion::Result::Value(
                    content,
                )) = proposal.result.clone()
                else {
                    unreachable!()
                };
                let value = awaken_core::wire::generated::Value { content };
                let result = awaken_core::wire::generated::notification::Result::Value(value);
                self.due.push(
                    Notification::Run(completion(proposal.result_completion_id, result)).into(),
                );
            }
            if let Message::Command(_) = message {
                self.journal.push(message);
            }
        }
    }
}

fn answers(command: &Command) -> Vec<Message> {
    match command {
        Command::Sleep(c) => vec![sleep_done(c.result_completion_id)],
        Command::GetLazyState(c) => {
            vec![
                Notification::GetLazyState(completion(c.result_completion_id, some("lazy"))).into(),
            ]
        }
        Command::GetPromise(c) => {
            vec![
                Notification::GetPromise(completion(c.result_completion_id, some("promise")))
                    .into(),
            ]
        }
        Command::Call(c) => vec![
            Notification::Call(completion(c.result_completion_id, some("called"))).into(),
            Notification::CallInvocationId(completion(
                c.invocation_id_notification_idx,
                child(CHILD),
            ))
            .into(),
        ],
        Command::OneWayCall(c) => {
            vec![
                Notification::CallInvocationId(completion(
                    c.invocation_id_notification_idx,
                    child(CHILD),
                ))
                .into(),
            ]
        }
        _ => Vec::new(),
    }
}

/// Two signals for every handle, so that every await completes.
fn signals(count: u32) -> Vec<Message> {
    let mut messages = Vec::new();
    for round in ["1", "2"] {
        for id in 0..count {
            messages.push(signal(17 + id, some(round)));
            messages.push(named("a", some(round)));
            messages.push(named("b", some(round)));
        }
    }
    messages
}

fn versions() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V5), Just(Version::V6)]
}

proptest! {
    #[test]
    fn replaying_any_prefix_of_a_recorded_journal_issues_the_same_commands(
        program in vec(line(), 0..25),
        version in versions(),
        cut in any::<prop::sample::Index>(),
    ) {
        let due = signals(u32::try_from(program.len()).unwrap());
        let mut first = Attempt::new(version, Vec::new(), due.clone());
        first.play(&program);
        let stored = &first.journal[..cut.index(first.journal.len() + 1)];

        let delivered: Vec<_> = stored
            .iter()
            .filter(|message| matches!(message, Message::Notification(_)))
            .cloned()
            .collect();
        let mut rest = due;
        for command in stored.iter().filter_map(|message| match message {
            Message::Command(command) => Some(command),
            _ => None,
        }) {
            rest.extend(answers(command));
        }
        for message in delivered {
            if let Some(position) = rest.iter().position(|other| *other == message) {
                rest.remove(position);
            }
        }
        let mut again = Attempt::new(version, stored.to_vec(), rest);
        again.play(&program);

        let commands = |journal: &[Message]| -> Vec<Message> {
            journal.iter().filter(|message| matches!(message, Message::Command(_))).cloned().collect()
        };
        // Beyond the prefix the runtime answers in another order, which a handler may notice; up to there nothing
        // differs.
        let count = commands(stored).len();
        prop_assert_eq!(&commands(&again.journal)[..count], &commands(&first.journal)[..count]);
        if stored.len() == first.journal.len() {
            prop_assert_eq!(commands(&again.journal), commands(&first.journal));
            prop_assert_eq!(again.seen, first.seen);
        } else {
            prop_assert_eq!(commands(&again.journal).len(), commands(&first.journal).len());
        }
    }

    #[test]
    fn whatever_is_called_an_attempt_ends_with_exactly_one_terminal_frame(
        calls in vec((0..30u8, any::<u8>(), any::<u32>()), 0..60),
        number in 5..8u32,
        entries in vec(0..6u8, 0..8),
    ) {
        let mut machine = bootstrapping(Version::from_number(number).unwrap());
        let journal_entries: Vec<_> = (1..).zip(&entries).map(|(id, entry)| entry_of(*entry, id)).collect();
        machine.receive(journal(start(1), &journal_entries).into());
        let mut written = Vec::new();
        for (call, small, large) in calls {
            poke(&mut machine, call, small, large);
            written.extend_from_slice(&machine.take_output());
        }
        if !machine.is_closed() {
            machine.retry(500, "the end", "", None, false).unwrap();
        }
        written.extend_from_slice(&machine.take_output());
        prop_assert!(machine.is_closed());

        let mut decoder = Decoder::default();
        decoder.receive(written.into());
        let mut codes = Vec::new();
        while let Some(message) = decoder.take_message().unwrap() {
            prop_assert!(message.is_known());
            codes.push(message.code());
        }
        prop_assert!(decoder.is_empty());
        let terminal = |code: &u16| matches!(code, 0x0001..=0x0003);
        prop_assert_eq!(codes.iter().filter(|code| terminal(code)).count(), 1);
        prop_assert!(terminal(codes.last().unwrap()));
        let replayed_output = entries.contains(&5);
        let ended = codes.last() == Some(&0x0003);
        prop_assert!(!ended || replayed_output || codes.contains(&0x0401), "End without Output");
        prop_assert!(codes.iter().filter(|code| **code == 0x0401).count() <= 1);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_close_or_wait(
        chunks in vec(vec(any::<u8>(), 0..40), 0..10),
        number in 5..8u32,
    ) {
        let mut machine = processing(Version::from_number(number).unwrap());
        for chunk in chunks {
            machine.receive(chunk.into());
        }
        let sleep = machine.sleep(0, "");
        if let Ok(sleep) = sleep {
            let progress = machine.progress(&Awaiting::Handle(sleep)).unwrap();
            prop_assert!(!matches!(progress, Progress::RunRequired(_) | Progress::Suspended));
        }
        machine.receive_end();
        prop_assert_eq!(machine.is_closed(), machine.error().is_some());
    }
}

fn entry_of(kind: u8, id: u32) -> Message {
    match kind {
        0 => run_command(id, "r"),
        1 => sleep_command(id, ""),
        2 => run_done(id, "done"),
        3 => cancel(),
        4 => signal(17 + id, some("x")),
        _ => Command::Output(awaken_core::wire::generated::OutputCommand {
            result: Some(awaken_core::wire::generated::output_command::Result::Value(
                awaken_core::wire::generated::Value::default(),
            )),
            ..awaken_core::wire::generated::OutputCommand::default()
        })
        .into(),
    }
}

/// Calls a method with arbitrary arguments; errors are allowed.
fn poke(machine: &mut Machine, call: u8, small: u8, large: u32) {
    let text = small.to_string();
    let bytes = Bytes::from(vec![small; 2]);
    let handle = u32::from(small % 8);
    let options = CallOptions {
        scope: (small % 3 == 0).then(|| text.clone()),
        idempotency_key: (small % 5 == 0).then(String::new),
        ..CallOptions::default()
    };
    match call {
        0..=2 => drop(machine.take_input()),
        3 => drop(machine.run("r")),
        4 => drop(machine.sleep(large.into(), "")),
        5 => drop(machine.awakeable()),
        6 => drop(machine.signal(&text)),
        7 => drop(machine.call("S", "h", bytes, options)),
        8 => drop(machine.send("S", "h", bytes, large.into(), options)),
        9 => drop(machine.get_state(&text, "")),
        10 => drop(machine.get_state_keys("")),
        11 => drop(machine.set_state(&text, bytes, "")),
        12 => drop(machine.clear_all_state("")),
        13 => drop(machine.get_promise("p", "")),
        14 => drop(machine.cancel_invocation(CHILD, "")),
        15 => drop(machine.propose_run_value(handle, bytes)),
        16 => drop(machine.propose_run_failure(handle, with_metadata(large, "m"))),
        17 => {
            let failure = RunFailure {
                code: 500,
                message: "m",
                stacktrace: "",
                attempt_duration_ms: large.into(),
                next_retry_delay_ms: None,
            };
            let policy = RetryPolicy {
                max_attempts: Some(large % 3),
                factor: Some(f64::from(small)),
                ..RetryPolicy::default()
            };
            drop(machine.retry_run(handle, failure, Some(policy)));
        }
        18..=21 => drop(machine.progress(&Awaiting::Handle(handle))),
        22 => {
            let leaves = vec![Awaiting::Handle(handle), Awaiting::Handle(large % 8)];
            let tree = Awaiting::node(CombinatorType::AllCompleted, leaves).unwrap();
            drop(machine.progress(&tree));
        }
        23 => receive(machine, run_done(large % 8, "x")),
        24 => receive(machine, sleep_done(large % 8)),
        25 => receive(machine, cancel()),
        26 => receive(machine, named(&text, void())),
        27 if small < 64 => machine.receive_end(),
        28 if small < 64 => drop(machine.succeed(bytes)),
        29 if small < 64 => drop(machine.fail(failure(large, "m"))),
        _ => receive(machine, signal(large % 40, some("x"))),
    }
}
