//! The states of an attempt, and one table of their reactions to every event.

use Event::{
    Ack, AttemptCommand, Command, Foreign, InputEnd, JournalComplete, LastCommandReplayed,
    Notification, Start, TakeInput, Terminal,
};
use State::{Closed, Processing, Replaying, WaitingEntries, WaitingStart};

/// The state of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing has arrived.
    WaitingStart,
    /// Start has arrived, but not all of the entries that it announced.
    WaitingEntries,
    /// Commands are matched against the journal.
    Replaying,
    /// Every recorded command was matched, and commands are new. Recorded notifications may still be unread.
    Processing,
    /// The terminal frame is written.
    Closed,
}

/// What can happen to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A Start frame arrived.
    Start,
    /// A command frame arrived.
    Command,
    /// A notification frame arrived.
    Notification,
    /// The ack of a proposal arrived.
    Ack,
    /// A frame arrived that only endpoints send, or an ack that was not requested.
    Foreign,
    /// The last known entry arrived.
    JournalComplete,
    /// The input ended.
    InputEnd,
    /// The handler is about to start.
    TakeInput,
    /// The handler issues a command, awaits, or ends.
    AttemptCommand,
    /// The handler issued the last recorded command.
    LastCommandReplayed,
    /// End, Suspension or Error was written.
    Terminal,
}

/// The reaction of a state to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Allowed; nothing changes.
    Stay,
    /// Allowed; the attempt enters this state.
    Enter(State),
    /// The peer broke the protocol: Error 571.
    Violation,
    /// The caller must not do that now; nothing is written.
    Refuse,
    /// The event no longer matters.
    Ignore,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [WaitingStart, WaitingEntries, Replaying, Processing, Closed];

    /// The name of the state for callers, for whom both waiting states are one.
    pub fn name(self) -> &'static str {
        match self {
            WaitingStart | WaitingEntries => "bootstrapping",
            Replaying => "replaying",
            Processing => "processing",
            Closed => "closed",
        }
    }

    /// The transition table.
    #[rustfmt::skip]
    #[expect(clippy::match_same_arms, reason = "one row per rule")]
    pub fn on(self, event: Event) -> Reaction {
        use Reaction::{Enter, Ignore, Refuse, Stay, Violation};
        match (self, event) {
            (WaitingStart, Start)                          => Enter(WaitingEntries),
            (WaitingEntries, Command | Notification)       => Stay,
            (WaitingEntries, JournalComplete)              => Enter(Replaying),
            (Replaying, Notification)                      => Stay,
            (Replaying, LastCommandReplayed)               => Enter(Processing),
            (Processing, Notification | Ack)               => Stay,
            (Replaying | Processing, InputEnd | TakeInput | AttemptCommand) => Stay,
            (Closed, Start | Command | Notification | Ack | Foreign | InputEnd) => Ignore,
            (Closed, _)                                    => Refuse,
            (_, Terminal)                                  => Enter(Closed),
            (_, Start | Command | Notification | Ack | Foreign | InputEnd) => Violation,
            (_, JournalComplete | LastCommandReplayed | TakeInput | AttemptCommand) => Refuse,
        }
    }
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 11] = [
        Start,
        Command,
        Notification,
        Ack,
        Foreign,
        JournalComplete,
        InputEnd,
        TakeInput,
        AttemptCommand,
        LastCommandReplayed,
        Terminal,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row per event, one column per state: `.` stay, `!` violation, `x` refuse, `-` ignore,
    /// a digit the state entered.
    const EXPECTED: [(Event, &str); 11] = [
        (Start, "1!!!-"),
        (Command, "!.!!-"),
        (Notification, "!...-"),
        (Ack, "!!!.-"),
        (Foreign, "!!!!-"),
        (JournalComplete, "x2xxx"),
        (InputEnd, "!!..-"),
        (TakeInput, "xx..x"),
        (AttemptCommand, "xx..x"),
        (LastCommandReplayed, "xx3xx"),
        (Terminal, "4444x"),
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
