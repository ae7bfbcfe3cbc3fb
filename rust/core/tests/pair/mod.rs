//! Both sides of attempts connected in memory: a host with a journal, a manual clock and pieces of any size.
//!
//! The host stores every effect in order, carries it out, and then informs the endpoint. It moves its clock only when
//! both sides wait, and gives up after a bounded number of steps.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

use std::collections::{BTreeMap, BTreeSet};

use awaken_core::endpoint::{self, Options, Progress};
use awaken_core::invoker::{self, DEFAULT_MAX_MESSAGE_SIZE, Effect, Failed, Recorded, Start};
use awaken_core::journal::{
    Awaiting, Notification, Outcome, can_resume, encode,
    notification::{self, SIGNAL},
};
use awaken_core::wire::generated::{self as pb, send_signal_command as send_signal};
use awaken_core::wire::{Command, Message, Version};
use awaken_core::{AwakeableId, InvocationId};
use bytes::Bytes;

use crate::support::{CHILD, ID, failure};

/// More steps than any test needs, to detect endless loops.
const MAX_STEPS: usize = 20_000;
/// More attempts than any test needs.
const MAX_ATTEMPTS: usize = 500;

/// How runtime and endpoint talk.
#[derive(Clone, Copy, Debug)]
pub struct Lane {
    pub version: Version,
    /// Whether the input ends right after the replay.
    pub is_request_response: bool,
    /// Whether state is read by commands instead of being preloaded.
    pub is_state_lazy: bool,
    /// Size of the pieces in which bytes travel.
    pub piece: usize,
}

impl Lane {
    pub fn all() -> Vec<Self> {
        let mut lanes = Vec::new();
        for version in Version::ALL {
            for is_request_response in [false, true] {
                for is_state_lazy in [false, true] {
                    for piece in [1, 7, 4096] {
                        lanes.push(Self {
                            version,
                            is_request_response,
                            is_state_lazy,
                            piece,
                        });
                    }
                }
            }
        }
        lanes
    }
}

/// What makes a handler stop before its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// A terminal error.
    Failed(pb::Failure),
    /// The attempt is over; another one will come.
    Over,
}

/// A handler, which may be called again and again.
pub type Handler<'a> = &'a dyn Fn(&mut Attempt<'_>) -> Result<Bytes, Stop>;

/// One stored entry.
pub type Entry = (u16, Bytes);

/// The runtime's memory of one invocation.
pub struct Host {
    lane: Lane,
    pub journal: Vec<Entry>,
    clock_ms: u64,
    /// Completion ids that complete when the clock reaches their time.
    timers: BTreeMap<u64, Vec<u32>>,
    state: BTreeMap<String, Bytes>,
    promises: BTreeMap<String, Outcome>,
    waiting_for_promise: Vec<(String, u32)>,
    /// Ids of awakeables and signals to resolve from outside, one each time when both sides wait.
    pub outside: Vec<Notification>,
    /// Retryable failures of attempts.
    pub failures: Vec<Failed>,
    pub attempts: usize,
    steps: usize,
    is_ended: bool,
}

impl Host {
    pub fn new(lane: Lane) -> Self {
        let input = encode::input(
            vec![("h".to_owned(), "v".to_owned())],
            Bytes::from_static(b"in"),
        );
        Self::resumed(lane, vec![(encode::INPUT, input)])
    }

    /// A host that finds this journal when it starts.
    pub fn resumed(lane: Lane, journal: Vec<Entry>) -> Self {
        let mut host = Self {
            lane,
            journal: Vec::new(),
            clock_ms: 0,
            timers: BTreeMap::new(),
            state: BTreeMap::new(),
            promises: BTreeMap::new(),
            waiting_for_promise: Vec::new(),
            outside: Vec::new(),
            failures: Vec::new(),
            attempts: 0,
            steps: 0,
            is_ended: false,
        };
        host.recover(journal);
        host
    }

    /// Runs attempts until the invocation ends; returns its result.
    pub fn run(&mut self, handler: Handler<'_>) -> pb::output_command::Result {
        while !self.is_ended {
            self.attempts += 1;
            assert!(self.attempts <= MAX_ATTEMPTS, "too many attempts");
            Attempt::new(self).play(handler);
        }
        self.result().unwrap()
    }

    /// The commands of the journal, byte for byte.
    pub fn commands(&self) -> Vec<Entry> {
        let commands = self.journal.iter().filter(|(code, _)| *code < 0x8000);
        commands.cloned().collect()
    }

    fn result(&self) -> Option<pb::output_command::Result> {
        self.commands().iter().find_map(|(code, payload)| {
            match Message::decode(*code, payload.clone()).unwrap() {
                Message::Command(Command::Output(output)) => output.result,
                _ => None,
            }
        })
    }

    /// Takes over a journal: carries out stored commands again if their completion is missing.
    fn recover(&mut self, journal: Vec<Entry>) {
        let mut done = BTreeSet::new();
        for (code, payload) in &journal {
            if *code >= 0x8000 {
                let notification = Notification::decode(*code, payload.clone()).unwrap();
                if let notification::Id::Completion(id) = notification.id {
                    done.insert(id);
                }
            }
        }
        let mut missing = Vec::new();
        for (code, payload) in journal {
            self.journal.push((code, payload.clone()));
            if code < 0x8000 {
                if let Message::Command(command) = Message::decode(code, payload).unwrap() {
                    missing.extend(self.carry_out(&command));
                }
            }
        }
        // Signals a command sent to its own invocation are in the journal, or are lost with the prefix and sent again.
        let mut stored = self.signals();
        for notification in missing {
            let is_stored = match &notification.id {
                notification::Id::Completion(id) => done.contains(id),
                id => match stored.iter().position(|one| one == id) {
                    Some(position) => {
                        stored.remove(position);
                        true
                    }
                    None => false,
                },
            };
            if !is_stored {
                self.store(&notification);
            }
        }
        self.timers
            .values_mut()
            .for_each(|ids| ids.retain(|id| !done.contains(id)));
        self.timers.retain(|_, ids| !ids.is_empty());
        self.waiting_for_promise
            .retain(|(_, id)| !done.contains(id));
    }

    fn signals(&self) -> Vec<notification::Id> {
        let signals = self.journal.iter().filter(|(code, _)| *code == SIGNAL);
        signals
            .map(|(code, payload)| Notification::decode(*code, payload.clone()).unwrap().id)
            .collect()
    }

    fn store(&mut self, notification: &Notification) -> Entry {
        let entry = (notification.code, notification.clone().encode());
        self.journal.push(entry.clone());
        entry
    }

    /// Carries out a command; returns the notifications that follow at once.
    #[expect(clippy::too_many_lines, reason = "one arm per command")]
    fn carry_out(&mut self, command: &Command) -> Vec<Notification> {
        let value = |text: &'static str| Outcome::Value(Bytes::from_static(text.as_bytes()));
        let text = |key: &Bytes| String::from_utf8(key.to_vec()).unwrap();
        let completion = |code, id, outcome| Notification::completion(code, id, outcome).unwrap();
        match command {
            Command::GetLazyState(c) => {
                let outcome = self.state.get(&text(&c.key)).cloned();
                let outcome = outcome.map_or(Outcome::Void, Outcome::Value);
                vec![completion(0x8002, c.result_completion_id, outcome)]
            }
            Command::GetLazyStateKeys(c) => {
                let keys = Outcome::StateKeys(self.state.keys().cloned().collect());
                vec![completion(0x8006, c.result_completion_id, keys)]
            }
            Command::SetState(c) => {
                let content = c.value.clone().unwrap().content;
                self.state.insert(text(&c.key), content);
                vec![]
            }
            Command::ClearState(c) => {
                self.state.remove(&text(&c.key));
                vec![]
            }
            Command::ClearAllState(_) => {
                self.state.clear();
                vec![]
            }
            Command::GetPromise(c) => {
                let id = c.result_completion_id;
                if let Some(outcome) = self.promises.get(&c.key) {
                    return vec![completion(0x8009, id, outcome.clone())];
                }
                self.waiting_for_promise.push((c.key.clone(), id));
                vec![]
            }
            Command::PeekPromise(c) => {
                let outcome = self.promises.get(&c.key).cloned().unwrap_or(Outcome::Void);
                vec![completion(0x800A, c.result_completion_id, outcome)]
            }
            Command::CompletePromise(c) => {
                use pb::complete_promise_command::Completion;
                let id = c.result_completion_id;
                if self.promises.contains_key(&c.key) {
                    let failure = pb::Failure {
                        code: 409,
                        message: "promise was already completed".to_owned(),
                        metadata: Vec::new(),
                    };
                    return vec![completion(0x800B, id, Outcome::Failure(Box::new(failure)))];
                }
                let outcome = match c.completion.clone().unwrap() {
                    Completion::CompletionValue(value) => Outcome::Value(value.content),
                    Completion::CompletionFailure(failure) => Outcome::Failure(Box::new(failure)),
                };
                self.promises.insert(c.key.clone(), outcome.clone());
                let mut due = vec![completion(0x800B, id, Outcome::Void)];
                let waiting = std::mem::take(&mut self.waiting_for_promise);
                for (key, id) in waiting {
                    if key == c.key {
                        due.push(completion(0x8009, id, outcome.clone()));
                    } else {
                        self.waiting_for_promise.push((key, id));
                    }
                }
                due
            }
            Command::Sleep(c) => {
                let at = self.timers.entry(c.wake_up_time).or_default();
                at.push(c.result_completion_id);
                vec![]
            }
            Command::Call(c) => {
                let id = c.invocation_id_notification_idx;
                let outcome = if c.handler_name == "bad" {
                    Outcome::Failure(Box::new(pb::Failure {
                        code: 418,
                        message: "teapot".to_owned(),
                        metadata: Vec::new(),
                    }))
                } else {
                    Outcome::Value(c.parameter.clone())
                };
                vec![
                    completion(0x800E, id, Outcome::InvocationId(CHILD.to_owned())),
                    completion(0x800D, c.result_completion_id, outcome),
                ]
            }
            Command::OneWayCall(c) => {
                let child = Outcome::InvocationId(CHILD.to_owned());
                vec![completion(0x800E, c.invocation_id_notification_idx, child)]
            }
            Command::SendSignal(c) if c.target_invocation_id == ID => {
                let id = match c.signal_id.clone().unwrap() {
                    send_signal::SignalId::Idx(index) => notification::Id::Signal(index),
                    send_signal::SignalId::Name(name) => notification::Id::Named(name),
                };
                let outcome = match c.result.clone().unwrap() {
                    send_signal::Result::Void(_) => Outcome::Void,
                    send_signal::Result::Value(value) => Outcome::Value(value.content),
                    send_signal::Result::Failure(failure) => Outcome::Failure(Box::new(failure)),
                };
                vec![Notification::signal(id, outcome).unwrap()]
            }
            Command::CompleteAwakeable(c) => {
                use pb::complete_awakeable_command::Result;
                let id: AwakeableId = c.awakeable_id.parse().unwrap();
                if id.invocation().unwrap().to_string() != ID {
                    return vec![];
                }
                let outcome = match c.result.clone().unwrap() {
                    Result::Value(value) => Outcome::Value(value.content),
                    Result::Failure(failure) => Outcome::Failure(Box::new(failure)),
                };
                let id = notification::Id::Signal(id.index());
                vec![Notification::signal(id, outcome).unwrap()]
            }
            Command::AttachInvocation(c) => {
                vec![completion(
                    0x8012,
                    c.result_completion_id,
                    value("attached"),
                )]
            }
            Command::GetInvocationOutput(c) => {
                vec![completion(0x8013, c.result_completion_id, Outcome::Void)]
            }
            Command::Run(_)
            | Command::SendSignal(_)
            | Command::Input(_)
            | Command::Output(_)
            | Command::GetEagerState(_)
            | Command::GetEagerStateKeys(_) => vec![],
        }
    }

    /// Moves the clock to the next timer, or lets the outside act; returns the notifications that follow.
    fn advance(&mut self) -> Vec<Notification> {
        if let Some((at, ids)) = self.timers.pop_first() {
            self.clock_ms = self.clock_ms.max(at);
            let fired = |id| Notification::completion(0x800C, id, Outcome::Void).unwrap();
            return ids.into_iter().map(fired).collect();
        }
        if self.outside.is_empty() {
            return Vec::new();
        }
        vec![self.outside.remove(0)]
    }

    fn step(&mut self) {
        self.steps += 1;
        assert!(self.steps <= MAX_STEPS, "the machines never finish");
    }
}

/// One attempt: a handler between the two machines.
pub struct Attempt<'a> {
    host: &'a mut Host,
    pub machine: endpoint::Machine,
    invoker: invoker::Machine,
    /// How many entries of the journal the endpoint knows, from the front.
    known: usize,
    suspended: Option<pb::Future>,
    /// Runs that fail terminally.
    pub failing: BTreeSet<u32>,
}

impl<'a> Attempt<'a> {
    fn new(host: &'a mut Host) -> Self {
        let version = host.lane.version;
        let mut attempt = Self {
            machine: endpoint::Machine::new(version, Options::default()),
            invoker: invoker::Machine::new(version, DEFAULT_MAX_MESSAGE_SIZE),
            known: host.journal.len(),
            suspended: None,
            failing: BTreeSet::new(),
            host,
        };
        attempt.replay();
        attempt
    }

    fn replay(&mut self) {
        let id: InvocationId = ID.parse().unwrap();
        let lane = self.host.lane;
        let state = self.host.state.clone();
        let start = Start {
            known_entries: self.known.try_into().unwrap(),
            state: state.into_iter().filter(|_| !lane.is_state_lazy).collect(),
            is_state_partial: lane.is_state_lazy,
            random_seed: id.random_seed(),
            ..Start::default()
        };
        self.invoker.start(id, start).unwrap();
        for (code, payload) in &self.host.journal {
            self.invoker.replay(*code, payload).unwrap();
        }
        self.deliver();
        if lane.is_request_response {
            self.end_input();
        }
    }

    fn play(mut self, handler: Handler<'_>) {
        let input = self.machine.take_input().unwrap();
        assert_eq!(input.body, b"in".as_slice());
        assert_eq!(input.headers, [("h".to_owned(), "v".to_owned())]);
        match handler(&mut self) {
            Ok(value) => self.machine.succeed(value).unwrap(),
            Err(Stop::Failed(failure)) => self.machine.fail(failure).unwrap(),
            Err(Stop::Over) => {}
        }
        self.pump();
        assert!(self.machine.is_closed(), "{:?}", self.machine.state());
        assert!(self.invoker.is_closed(), "{:?}", self.invoker.state());
        self.invoker.receive_end();
        assert_eq!(self.invoker.take_effect(), None);
        if let Some(future) = self.suspended.take() {
            self.wait_for(&future);
        }
    }

    /// Awaits a tree of handles; returns the next result.
    pub fn next(&mut self, awaited: &Awaiting) -> Result<(u32, Outcome), Stop> {
        loop {
            self.host.step();
            match self.machine.progress(awaited).unwrap() {
                Progress::Completed(handle, outcome) => return Ok((handle, outcome)),
                Progress::RunRequired(handle) if self.failing.contains(&handle) => {
                    let failure = failure(400, "no");
                    self.machine.propose_run_failure(handle, failure).unwrap();
                }
                Progress::RunRequired(handle) => {
                    let value = Bytes::from(format!("run {handle}"));
                    self.machine.propose_run_value(handle, value).unwrap();
                }
                Progress::InputRequired => self.rest(),
                Progress::Cancelled => {
                    return Err(Stop::Failed(pb::Failure {
                        code: 409,
                        message: "cancelled".to_owned(),
                        metadata: Vec::new(),
                    }));
                }
                Progress::Suspended | Progress::Closed => return Err(Stop::Over),
            }
        }
    }

    /// Awaits one handle.
    pub fn wait(&mut self, handle: u32) -> Result<Outcome, Stop> {
        self.next(&Awaiting::Handle(handle))
            .map(|(_, outcome)| outcome)
    }

    /// Carries bytes both ways until nothing moves; returns whether anything did.
    pub fn pump(&mut self) -> bool {
        let mut has_moved = false;
        while self.machine.is_output_pending() {
            has_moved = true;
            self.host.step();
            let output = self.machine.take_output();
            for piece in output.chunks(self.host.lane.piece) {
                self.invoker.receive(output.slice_ref(piece));
                while let Some(effect) = self.invoker.take_effect() {
                    self.apply(effect);
                }
            }
        }
        has_moved | self.deliver()
    }

    /// Makes something happen, since the handler cannot continue.
    fn rest(&mut self) {
        if self.pump() {
            return;
        }
        let due = self.host.advance();
        if due.is_empty() {
            self.end_input();
        }
        for notification in due {
            self.tell(&notification);
        }
        self.deliver();
    }

    fn end_input(&mut self) {
        self.invoker.end_input();
        self.machine.receive_end();
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Recorded(Recorded {
                code,
                payload,
                command,
                index,
                ..
            }) => {
                let commands = self.host.commands().len();
                assert_eq!(usize::try_from(index).unwrap(), commands);
                self.host.journal.push((code, payload));
                // Commands are not sent back, so the endpoint knows them if it knows everything before them.
                if self.known + 1 == self.host.journal.len() {
                    self.known += 1;
                }
                for notification in self.host.carry_out(&command) {
                    self.tell(&notification);
                }
            }
            Effect::RunProposed { payload, .. } => {
                let proposed = Notification::decode(0x8011, payload).unwrap();
                self.tell(&proposed);
            }
            Effect::AwaitingOn(_) => assert_eq!(self.host.lane.version, Version::V7),
            Effect::Suspended(future) => self.suspended = Some(future),
            Effect::Ended => self.host.is_ended = true,
            Effect::Failed(failed) => {
                assert!(!failed.is_violation, "{failed:?}");
                self.host.failures.push(*failed);
            }
        }
    }

    /// Stores a notification, and notifies the endpoint if that is still possible.
    fn tell(&mut self, notification: &Notification) {
        let (code, payload) = self.host.store(notification);
        if self.invoker.notify(code, &payload).unwrap() {
            self.known = self.host.journal.len();
        }
    }

    fn deliver(&mut self) -> bool {
        let output = self.invoker.take_output();
        for piece in output.chunks(self.host.lane.piece) {
            self.machine.receive(output.slice_ref(piece));
        }
        !output.is_empty()
    }

    /// Handles a suspension: resumes at the first notification that lets the invocation continue.
    fn wait_for(&mut self, future: &pb::Future) {
        loop {
            self.host.step();
            let unseen: Vec<_> = self.host.journal[self.known..]
                .iter()
                .filter(|(code, _)| *code >= 0x8000)
                .map(|(code, payload)| Notification::decode(*code, payload.clone()).unwrap())
                .collect();
            if can_resume(future, &unseen) {
                return;
            }
            let due = self.host.advance();
            assert!(
                !due.is_empty(),
                "nothing will ever wake it: {future:?}, {unseen:?}"
            );
            for notification in due {
                self.host.store(&notification);
            }
        }
    }
}
