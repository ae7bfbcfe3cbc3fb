//! Every error with its code and text.

use super::*;
use crate::endpoint::Advice;

fn text(text: &str) -> String {
    text.to_owned()
}

/// One of each, with its wire code and text.
#[expect(clippy::too_many_lines, reason = "a table")]
fn all() -> Vec<(Error, u32, &'static str)> {
    let core = crate::Error::UnknownControl { code: 9, length: 1 };
    let index = 4;
    vec![
        (
            core.into(),
            500,
            "unknown control message 0x0009 of 1 bytes; does the peer speak a newer protocol version?",
        ),
        (
            notification::Error::NoId("Sleep").into(),
            500,
            "Sleep notification carries no id",
        ),
        (
            TooDeep { depth: 300 }.into(),
            500,
            "awaited futures nest 300 levels deep, the limit is 99; await inner futures in a function of their own",
        ),
        (
            Error::NoEntries,
            500,
            "Start announces 0 known entries, expected at least 1: the Input command",
        ),
        (
            Error::UnexpectedMessage {
                name: "End",
                code: 3,
                state: "replaying",
            },
            571,
            "unexpected End message (0x0003) while replaying",
        ),
        (
            Error::UnexpectedAck { id: 2 },
            571,
            "ack for completion 2, which this attempt did not propose",
        ),
        (
            Error::InputEnded {
                arrived: 1,
                known: 3,
            },
            571,
            "input ended after 1 of 3 known entries; the attempt will be retried",
        ),
        (
            Error::NoInput { known: 3 },
            571,
            "none of the 3 known entries is a command, expected Input first",
        ),
        (
            Error::JournalTooLarge { size: 9, limit: 8 },
            413,
            "journal of more than 9 bytes exceeds max_journal_size 8; raise the limit or store references",
        ),
        (
            Error::WrongCompletion {
                id: 2,
                found: "Sleep",
                waiting: "Run",
            },
            571,
            "completion 2 is a Sleep notification, but Run waits for it",
        ),
        (
            Error::NoEagerResult {
                index,
                recorded: text("get state \"k\""),
            },
            571,
            "entry 4: recorded get state \"k\" carries no result",
        ),
        (
            Error::EndedEarly {
                index,
                remaining: 2,
                recorded: text("run \"a\""),
                advice: Advice::Undecided,
            },
            571,
            "entry 4: the handler ended while 2 recorded commands remain, the first is run \"a\"; \
             register the changed handler as a new deployment; if it did not change, it uses a clock, \
             a random number or other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run",
        ),
        (
            Error::UnusableChildId {
                id: 2,
                reason: text("odd"),
            },
            571,
            "cannot cancel child call 2: odd",
        ),
        (
            Error::CommandMismatch {
                index,
                recorded: text("sleep \"cool-down\""),
                attempted: text("call Greeter/greet"),
                advice: Advice::Undecided,
            },
            570,
            "entry 4: recorded sleep \"cool-down\", attempted call Greeter/greet; \
             register the changed handler as a new deployment; if it did not change, it uses a clock, \
             a random number or other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run",
        ),
        (
            Error::FieldMismatch {
                index,
                command: text("run \"a\""),
                difference: Difference {
                    field: "name",
                    recorded: text("\"a\""),
                    attempted: text("\"b\""),
                    is_volatile: false,
                },
                advice: Advice::Undecided,
            },
            570,
            "entry 4: run \"a\": recorded name \"a\", attempted \"b\"; \
             register the changed handler as a new deployment; if it did not change, it uses a clock, \
             a random number or other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run",
        ),
        (
            Error::AwaitMismatch {
                index,
                recorded: text("run"),
                awaited: text("Sleep (completion 1)"),
                advice: Advice::Undecided,
            },
            570,
            "entry 4: recorded run, attempted to await Sleep (completion 1), which had not completed then: \
             an await was added; register the changed handler as a new deployment; if it did not change, it uses a clock, \
             a random number or other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run",
        ),
        (
            Error::NothingAwaited,
            500,
            "nothing left to await: every future in the tree has already given its result",
        ),
        (
            Error::Closed {
                attempted: text("sleep"),
                invocation: text("inv_1x"),
                how: text("its output is written"),
            },
            500,
            "cannot sleep: this attempt of inv_1x is over, its output is written",
        ),
        (
            Error::NotNow {
                attempted: "take the input",
                state: "replaying",
                hint: "once",
            },
            500,
            "cannot take the input while replaying: once",
        ),
        (
            Error::UnknownHandle {
                handle: 7,
                count: 1,
            },
            500,
            "handle 7 is unknown: this attempt created 1",
        ),
        (
            Error::NotExecuting { handle: 7 },
            500,
            "handle 7 is not an executing run: wait for RunRequired, then propose once",
        ),
        (
            Error::EmptyField {
                field: "scope",
                command: text("call S/h"),
            },
            500,
            "scope of call S/h is empty; leave it out or give it a value",
        ),
        (
            Error::LimitKeyWithoutScope {
                command: text("call S/h"),
                limit_key: text("l"),
            },
            500,
            "call S/h has limit_key \"l\" but no scope; a limit key applies within a scope, so pass both",
        ),
        (
            Error::Exhausted {
                what: "completion id",
            },
            500,
            "no completion id is left: this invocation used all 32-bit numbers",
        ),
    ]
}

/// The place of a variant in the list. A new variant does not compile until it is here.
fn place(error: &Error) -> usize {
    match error {
        Error::Core(_) => 0,
        Error::Notification(_) => 1,
        Error::TooDeep(_) => 2,
        Error::NoEntries => 3,
        Error::UnexpectedMessage { .. } => 4,
        Error::UnexpectedAck { .. } => 5,
        Error::InputEnded { .. } => 6,
        Error::NoInput { .. } => 7,
        Error::JournalTooLarge { .. } => 8,
        Error::WrongCompletion { .. } => 9,
        Error::NoEagerResult { .. } => 10,
        Error::EndedEarly { .. } => 11,
        Error::UnusableChildId { .. } => 12,
        Error::CommandMismatch { .. } => 13,
        Error::FieldMismatch { .. } => 14,
        Error::AwaitMismatch { .. } => 15,
        Error::NothingAwaited => 16,
        Error::Closed { .. } => 17,
        Error::NotNow { .. } => 18,
        Error::UnknownHandle { .. } => 19,
        Error::NotExecuting { .. } => 20,
        Error::EmptyField { .. } => 21,
        Error::LimitKeyWithoutScope { .. } => 22,
        Error::Exhausted { .. } => 23,
    }
}

#[test]
fn every_error_has_its_code_and_text() {
    for (number, (error, code, text)) in all().into_iter().enumerate() {
        assert_eq!(place(&error), number);
        assert_eq!((error.code(), error.to_string().as_str()), (code, text));
    }
    assert_eq!(all().len(), 24);
}

#[test]
fn errors_without_a_frame_are_refusals() {
    for (error, ..) in all() {
        let is_refusal = matches!(place(&error), 2 | 18..=23);
        assert_eq!(error.kind() == Kind::Refused, is_refusal, "{error}");
        let is_mismatch = error.code() == 570;
        assert_eq!(error.kind() == Kind::Mismatch, is_mismatch, "{error}");
    }
}
