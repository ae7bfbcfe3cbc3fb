//! What commands look like on the wire, and what is never written.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::endpoint::{CallOptions, Kind, Machine, Progress, Read, Result, Target};
use awaken_core::journal::Outcome;
use awaken_core::wire::generated as pb;
use awaken_core::wire::{Notification, Version};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use support::*;

const AWAKEABLE: &str = "sign_1spq1hoBVqOJ3-VwOWHtVhFnkcQjRu7f9AAAAEQ";
const OTHER_AWAKEABLE: &str = "sign_15nWHm6I2K7uCaMmjcXPmyHsKcFqbi3ZNAAAAEQ";

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn state(is_partial: bool, entries: &[(&'static str, &'static str)]) -> pb::Start {
    pb::Start {
        partial_state: is_partial,
        state_map: entries
            .iter()
            .map(|(key, value)| pb::StateEntry {
                key: bytes(key),
                value: bytes(value),
            })
            .collect(),
        ..start(1)
    }
}

fn everything() -> CallOptions {
    CallOptions {
        key: "k".to_owned(),
        headers: vec![("a".to_owned(), "b".to_owned())],
        idempotency_key: Some("ik".to_owned()),
        ..CallOptions::default()
    }
}

fn scoped() -> CallOptions {
    CallOptions {
        scope: Some("x".to_owned()),
        limit_key: Some("l".to_owned()),
        ..CallOptions::default()
    }
}

#[test]
fn commands_are_the_bytes_of_the_official_core() {
    type Attempt = fn(&mut Machine) -> Result<()>;
    let cases: &[(&str, Attempt)] = &[
        (
            "040d00000000001c0a01531201681a017022060a01611201622a016b3202696b50015802",
            |m| m.call("S", "h", bytes("p"), everything()).map(drop),
        ),
        ("040d0000000000100a01531201683a017842016c50015802", |m| {
            m.call("S", "h", Bytes::new(), scoped()).map(drop)
        }),
        ("040c00000000000c08c2e88595a0345801620173", |m| {
            m.sleep(1_795_340_465_218, "s").map(drop)
        }),
        (
            "04100000000000320a26696e765f316a69507273713855734f37304a697470654e615542694653724257356a4d62626d1a03666f6f2a030a0176",
            |m| {
                m.resolve_signal(
                    "inv_1jiPrsq8UsO70JitpeNaUBiFSrBW5jMbbm",
                    "foo",
                    bytes("v"),
                    "",
                )
            },
        ),
        (
            "04140000000000370a2c7369676e5f3173707131686f4256714f4a332d56774f5748745668466e6b63516a527537663941414141455112070a052276616c22",
            |m| m.resolve_awakeable(AWAKEABLE, bytes("\"val\""), ""),
        ),
        (
            "04140000000000390a2c7369676e5f31356e57486d3649324b377543614d6d6a6358506d7948734b6346716269335a4e4141414145511a0908a20312046e6f7065",
            |m| m.reject_awakeable(OTHER_AWAKEABLE, failure(418, "nope"), ""),
        ),
        ("04020000000000050a016b5801", |m| {
            m.get_state("k", "").map(drop)
        }),
        ("04060000000000025801", |m| m.get_state_keys("").map(drop)),
        ("04040000000000030a016b", |m| m.clear_state("k", "")),
        ("0405000000000000", |m| m.clear_all_state("")),
        ("04090000000000050a01705801", |m| {
            m.get_promise("p", "").map(drop)
        }),
        ("040a0000000000050a01705801", |m| {
            m.peek_promise("p", "").map(drop)
        }),
        ("040b00000000000a0a017012030a01765801", |m| {
            m.resolve_promise("p", bytes("v"), "").map(drop)
        }),
        (
            "041200000000002a0a26696e765f316a69507273713855734f37304a697470654e615542694653724257356a4d62626d5801",
            |m| {
                m.attach(invocation("inv_1jiPrsq8UsO70JitpeNaUBiFSrBW5jMbbm"), "")
                    .map(drop)
            },
        ),
        (
            "04010000000000107a0e0890031201741a060a01611201620003000000000000",
            |m| m.fail(with_metadata(400, "t")),
        ),
        ("040100000000000272000003000000000000", |m| {
            m.succeed(Bytes::new())
        }),
    ];
    for (expected, attempt) in cases {
        let mut machine = processing(Version::V7);
        attempt(&mut machine).unwrap();
        assert_eq!(HEXLOWER.encode(&machine.take_output()), *expected);
    }
}

#[test]
fn a_one_way_call_takes_one_id_after_the_two_of_a_call() {
    let mut machine = processing(Version::V6);
    machine
        .call("S", "h", Bytes::new(), CallOptions::default())
        .unwrap();
    machine.take_output();
    machine
        .send("S", "h", bytes("a"), 0, CallOptions::default())
        .unwrap();
    assert_eq!(
        HEXLOWER.encode(&machine.take_output()),
        "040e00000000000b0a01531201681a01615003"
    );
}

#[test]
fn eager_reads_are_the_bytes_of_the_official_core() {
    let mut machine = started(Version::V6, state(false, &[("a", "1"), ("empty", "")]), &[]);
    assert_eq!(machine.get_state("zz", "").unwrap(), Read::Now(None));
    assert_eq!(
        machine.get_state("empty", "").unwrap(),
        Read::Now(Some(Bytes::new()))
    );
    assert_eq!(
        machine.get_state("a", "").unwrap(),
        Read::Now(Some(bytes("1")))
    );
    let keys = vec!["a".to_owned(), "empty".to_owned()];
    assert_eq!(machine.get_state_keys("").unwrap(), Read::Now(keys));
    assert_eq!(
        HEXLOWER.encode(&machine.take_output()),
        [
            "04070000000000060a027a7a6a00",
            "04070000000000090a05656d7074797200",
            "04070000000000080a016172030a0131",
            "040800000000000c720a0a01610a05656d707479",
        ]
        .concat()
    );
}

#[test]
fn a_lazy_read_is_not_cached() {
    let mut machine = started(Version::V6, state(true, &[]), &[]);
    let Read::Later(handle) = machine.get_state("k", "").unwrap() else {
        unreachable!("the map is partial")
    };
    receive(
        &mut machine,
        Notification::GetLazyState(completion(1, some("1"))),
    );
    assert_eq!(
        wait(&mut machine, handle),
        Progress::Completed(handle, value("1"))
    );
    assert!(matches!(
        machine.get_state("k", "").unwrap(),
        Read::Later(_)
    ));
}

#[test]
fn lazy_keys_arrive_as_text() {
    let mut machine = started(Version::V6, state(true, &[]), &[]);
    let Read::Later(handle) = machine.get_state_keys("").unwrap() else {
        unreachable!("the map is partial")
    };
    let keys = pb::StateKeys {
        keys: vec![bytes("b"), bytes("a")],
    };
    let result = pb::notification::Result::StateKeys(keys);
    receive(
        &mut machine,
        Notification::GetLazyStateKeys(completion(1, result)),
    );
    let keys = Outcome::StateKeys(vec!["b".to_owned(), "a".to_owned()]);
    assert_eq!(
        wait(&mut machine, handle),
        Progress::Completed(handle, keys)
    );
}

#[test]
fn replayed_writes_are_seen_by_later_reads() {
    let recorded: [fn(&mut Machine); 3] = [
        |m| m.set_state("set", bytes("1"), "").unwrap(),
        |m| m.clear_state("cleared", "").unwrap(),
        |m| m.clear_all_state("").unwrap(),
    ];
    for upto in 1..=3 {
        let mut before = started(Version::V6, state(true, &[("cleared", "x")]), &[]);
        recorded[..upto].iter().for_each(|write| write(&mut before));
        let entries = output(&mut before);
        let mut machine = started(Version::V6, state(true, &[("cleared", "x")]), &entries);
        recorded[..upto]
            .iter()
            .for_each(|write| write(&mut machine));
        assert!(!machine.is_output_pending());
        let read = |machine: &mut Machine, key| machine.get_state(key, "").unwrap();
        let is_clear = upto == 3;
        let set = (!is_clear).then(|| bytes("1"));
        assert_eq!(read(&mut machine, "set"), Read::Now(set));
        if upto >= 2 {
            assert_eq!(read(&mut machine, "cleared"), Read::Now(None));
        }
        assert_eq!(
            matches!(read(&mut machine, "never"), Read::Now(None)),
            is_clear
        );
    }
}

#[test]
fn a_missing_feature_ends_the_attempt_with_573() {
    type Attempt = fn(&mut Machine) -> Result<()>;
    let below_six: &[Attempt] = &[
        |m| m.fail(with_metadata(400, "t")),
        |m| m.reject_awakeable(AWAKEABLE, with_metadata(400, "t"), ""),
        |m| m.reject_signal(CHILD, "s", with_metadata(400, "t"), ""),
        |m| m.reject_promise("p", with_metadata(400, "t"), "").map(drop),
        |m| {
            let run = m.run("r").unwrap();
            assert_eq!(wait(m, run), Progress::RunRequired(run));
            m.propose_run_failure(run, with_metadata(400, "t"))
        },
    ];
    let below_seven: &[Attempt] = &[
        |m| m.call("S", "h", Bytes::new(), scoped()).map(drop),
        |m| m.send("S", "h", Bytes::new(), 0, scoped()).map(drop),
        |m| m.attach(workflow(Some("x")), "").map(drop),
        |m| m.get_output(idempotent("ik", Some("x")), "").map(drop),
        |m| m.retry(500, "pause", "", None, true),
    ];
    for (attempts, since) in [(below_six, Version::V6), (below_seven, Version::V7)] {
        for (version, attempt) in Version::ALL
            .iter()
            .flat_map(|v| attempts.iter().map(move |a| (*v, a)))
        {
            let mut machine = processing(version);
            let result = attempt(&mut machine);
            if version >= since {
                result.unwrap();
                continue;
            }
            assert_eq!(result.unwrap_err().kind(), Kind::Unsupported);
            assert_eq!(failure_of(&mut machine).0, 573);
        }
    }
}

#[test]
fn pausing_is_an_error_with_its_behavior_in_version_7() {
    let mut machine = processing(Version::V7);
    machine.retry(500, "p", "", None, true).unwrap();
    assert_eq!(
        HEXLOWER.encode(&machine.take_output()),
        "000200000000000808f4031201704801"
    );
}

fn workflow(scope: Option<&str>) -> Target {
    Target::Workflow(pb::WorkflowTarget {
        workflow_name: "W".to_owned(),
        workflow_key: "k".to_owned(),
        scope: scope.map(str::to_owned),
    })
}

fn idempotent(key: &str, scope: Option<&str>) -> Target {
    Target::Idempotent(pb::IdempotentRequestTarget {
        service_name: "S".to_owned(),
        handler_name: "h".to_owned(),
        idempotency_key: key.to_owned(),
        service_key: None,
        scope: scope.map(str::to_owned),
    })
}

/// Attempts something that must be rejected, and checks that nothing happened: the next command is unaffected.
fn assert_refused(attempt: &dyn Fn(&mut Machine) -> Result<()>, kind: Kind, text: &str) {
    let mut machine = processing(Version::V7);
    let error = attempt(&mut machine).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(text), "{error}");
    assert!(!machine.is_output_pending(), "{error}");
    assert_eq!(machine.error(), None);
    machine.run("r").unwrap();
    assert_eq!(output(&mut machine), [run_command(1, "r")]);
    assert_eq!(machine.last_command().index, 1);
}

#[test]
fn ids_that_do_not_parse_are_refused_before_anything_is_journaled() {
    let legacy = AWAKEABLE.replace("sign_1", "prom_1");
    assert_refused(
        &|m| m.resolve_awakeable(&legacy, Bytes::new(), ""),
        Kind::InvalidId,
        "refusing legacy awakeable id",
    );
    assert_refused(
        &|m| m.reject_awakeable(&legacy, failure(500, "no"), ""),
        Kind::InvalidId,
        "refusing legacy awakeable id",
    );
    for id in ["", "sign_1", "nonsense", CHILD] {
        assert_refused(
            &|m| m.resolve_awakeable(id, Bytes::new(), ""),
            Kind::InvalidId,
            "invalid awakeable id",
        );
    }
    for id in ["", "inv_CHILD", AWAKEABLE] {
        let text = "invalid invocation id";
        assert_refused(&|m| m.cancel_invocation(id, ""), Kind::InvalidId, text);
        assert_refused(
            &|m| m.resolve_signal(id, "s", Bytes::new(), ""),
            Kind::InvalidId,
            text,
        );
        assert_refused(
            &|m| m.reject_signal(id, "s", failure(1, "x"), ""),
            Kind::InvalidId,
            text,
        );
        assert_refused(
            &|m| m.attach(invocation(id), "").map(drop),
            Kind::InvalidId,
            text,
        );
        assert_refused(
            &|m| m.get_output(invocation(id), "").map(drop),
            Kind::InvalidId,
            text,
        );
    }
}

#[test]
fn empty_and_incomplete_options_are_refused() {
    let empty = || Some(String::new());
    let broken = [
        (
            CallOptions {
                idempotency_key: empty(),
                ..scoped()
            },
            "idempotency_key of",
        ),
        (
            CallOptions {
                scope: empty(),
                ..CallOptions::default()
            },
            "scope of",
        ),
        (
            CallOptions {
                limit_key: empty(),
                ..CallOptions::default()
            },
            "limit_key of",
        ),
        (
            CallOptions {
                scope: None,
                ..scoped()
            },
            "call S/h has limit_key \"l\" but no scope",
        ),
    ];
    for (options, text) in broken {
        assert_refused(
            &|m| m.call("S", "h", Bytes::new(), options.clone()).map(drop),
            Kind::Refused,
            text,
        );
        assert_refused(
            &|m| m.send("S", "h", Bytes::new(), 0, options.clone()).map(drop),
            Kind::Refused,
            &text.replace("call", "send"),
        );
    }
    assert_refused(
        &|m| m.attach(idempotent("", None), "").map(drop),
        Kind::Refused,
        "idempotency_key of",
    );
    assert_refused(
        &|m| m.attach(workflow(Some("")), "").map(drop),
        Kind::Refused,
        "scope of",
    );
}

#[test]
fn a_frame_above_what_a_server_takes_is_refused() {
    const LIMIT: usize = 33_816_576;
    let payload = Bytes::from(vec![b'x'; LIMIT]);
    let text = "the peer accepts 33816575";
    assert_refused(
        &|m| m.set_state("k", payload.clone(), ""),
        Kind::Refused,
        text,
    );
    assert_refused(
        &|m| {
            m.call("S", "h", payload.clone(), CallOptions::default())
                .map(drop)
        },
        Kind::Refused,
        text,
    );
    assert_refused(
        &|m| m.succeed(payload.clone()),
        Kind::Refused,
        "cannot send Output message of",
    );

    let mut machine = processing(Version::V6);
    let run = machine.run("r").unwrap();
    wait(&mut machine, run);
    machine.propose_run_value(run, payload).unwrap_err();
    machine.propose_run_value(run, bytes("smaller")).unwrap();
    assert_eq!(output_names(&mut machine), ["Run", "ProposeRunCompletion"]);
}

#[test]
fn only_proposals_of_version_7_ask_for_an_ack() {
    for version in Version::ALL {
        let mut machine = processing(version);
        let run = machine.run("r").unwrap();
        machine.sleep(0, "").unwrap();
        wait(&mut machine, run);
        machine.propose_run_value(run, Bytes::new()).unwrap();
        machine.succeed(Bytes::new()).unwrap();
        let mut decoder = awaken_core::wire::Decoder::default();
        decoder.receive(machine.take_output());
        while let Some(frame) = decoder.take_frame().unwrap() {
            let may_ask = frame.header.code == 0x0005 && version == Version::V7;
            assert_eq!(frame.header.flags.bits(), if may_ask { 0x8000 } else { 0 });
        }
    }
}
