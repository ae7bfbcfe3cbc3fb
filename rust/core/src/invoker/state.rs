//! The states of an attempt on the side of the runtime, and one table of their reactions to every event.

use Event::{
    AwaitingOn, Command, End, Error, Foreign, JournalComplete, Notify, Output, Proposal, Replay,
    ResponseEnd, Start, Suspension, Violation,
};
use State::{Closed, Finished, Idle, Open, Replaying};

/// The state of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is written.
    Idle,
    /// Start is written, but not all of the entries that it announces.
    Replaying,
    /// Every known entry is written: the endpoint may issue commands.
    Open,
    /// The journal has its Output: only End is missing.
    Finished,
    /// The attempt is over; anything that the endpoint still sends is ignored.
    Closed,
}

/// What can happen to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The host starts the attempt.
    Start,
    /// The host gives a recorded entry.
    Replay,
    /// The last known entry is written.
    JournalComplete,
    /// The host gives a notification that is durable now.
    Notify,
    /// A command other than Output arrived.
    Command,
    /// An Output command arrived, or was replayed.
    Output,
    /// The proposal of a run's result arrived.
    Proposal,
    /// The hint on what is awaited arrived.
    AwaitingOn,
    /// A frame arrived that no endpoint sends.
    Foreign,
    /// An End frame arrived.
    End,
    /// A Suspension frame arrived.
    Suspension,
    /// An Error frame arrived.
    Error,
    /// The response ended.
    ResponseEnd,
    /// The endpoint broke the protocol.
    Violation,
}

/// The reaction of a state to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Allowed; nothing changes.
    Stay,
    /// Allowed; the attempt enters this state.
    Enter(State),
    /// The endpoint broke the protocol: the attempt failed.
    Violation,
    /// The host must not do that now; nothing is written.
    Refuse,
    /// The event no longer matters.
    Ignore,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Idle, Replaying, Open, Finished, Closed];

    /// The name of the state.
    pub fn name(self) -> &'static str {
        match self {
            Idle => "idle",
            Replaying => "replaying",
            Open => "open",
            Finished => "finished",
            Closed => "closed",
        }
    }

    /// The transition table.
    #[rustfmt::skip]
    #[expect(clippy::match_same_arms, reason = "one row per rule")]
    pub fn on(self, event: Event) -> Reaction {
        use Reaction::{Enter, Ignore, Refuse, Stay};
        match (self, event) {
            (Idle, Start)                                     => Enter(Replaying),
            (Replaying, Replay)                               => Stay,
            (Replaying, JournalComplete)                      => Enter(Open),
            (Open | Finished, Notify)                         => Stay,
            (Open, Command)                                   => Stay,
            (Open, Output)                                    => Enter(Finished),
            (Open | Finished, Proposal | AwaitingOn)          => Stay,
            (Open, Suspension)                                => Enter(Closed),
            (Finished, End)                                   => Enter(Closed),
            (Closed, Start | JournalComplete)                 => Refuse,
            (Closed, _)                                       => Ignore,
            // An endpoint may fail before it has read anything.
            (_, Error | ResponseEnd | Violation)              => Enter(Closed),
            (_, Start | Replay | JournalComplete | Notify)    => Refuse,
            (_, Command | Output | Proposal | AwaitingOn | Foreign | End | Suspension) => Reaction::Violation,
        }
    }
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 14] = [
        Start,
        Replay,
        JournalComplete,
        Notify,
        Command,
        Output,
        Proposal,
        AwaitingOn,
        Foreign,
        End,
        Suspension,
        Error,
        ResponseEnd,
        Violation,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row per event, one column per state: `.` stay, `!` violation, `x` refuse, `-` ignore,
    /// a digit the state entered.
    const EXPECTED: [(Event, &str); 14] = [
        (Start, "1xxxx"),
        (Replay, "x.xx-"),
        (JournalComplete, "x2xxx"),
        (Notify, "xx..-"),
        (Command, "!!.!-"),
        (Output, "!!3!-"),
        (Proposal, "!!..-"),
        (AwaitingOn, "!!..-"),
        (Foreign, "!!!!-"),
        (End, "!!!4-"),
        (Suspension, "!!4!-"),
        (Error, "4444-"),
        (ResponseEnd, "4444-"),
        (Violation, "4444-"),
    ];

    #[test]
    fn every_state_reacts_to_every_event_as_the_table_says() {
        let mut visited = 0;
        for (event, row) in EXPECTED {
            for (state, expected) in State::ALL.into_iter().zip(row.chars()) {
                let reaction = match state.on(event) {
                    Reaction::Stay => '.',
                    Reaction::Violation => '!',
                    Reaction::Refuse => 'x',
                    Reaction::Ignore => '-',
                    Reaction::Enter(next) => {
                        let position = State::ALL.iter().position(|state| *state == next).unwrap();
                        char::from_digit(position.try_into().unwrap(), 10).unwrap()
                    }
                };
                assert_eq!(reaction, expected, "{state:?} on {event:?}");
                visited += 1;
            }
        }
        assert_eq!(visited, State::ALL.len() * Event::ALL.len());
        assert_eq!(EXPECTED.map(|(event, _)| event), Event::ALL);
    }

    #[test]
    fn nothing_leaves_closed() {
        for event in Event::ALL {
            assert!(!matches!(Closed.on(event), Reaction::Enter(_)), "{event:?}");
        }
    }
}
