//! Awaiting handles that have joined: as a tree of them, at a cost that does not grow with their number.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken test ends"
)]

mod support;

use awaken_core::endpoint::{Machine, Progress};
use awaken_core::journal::{Awaiting, Outcome};
use awaken_core::wire::Version;
use awaken_core::wire::generated::CombinatorType;
use support::*;

/// Awaits what is left of `handles` as a tree, or together.
fn next(machine: &mut Machine, handles: &[u32], is_together: bool) -> Progress {
    if is_together {
        return machine.progress_together().unwrap();
    }
    let leaves = handles.iter().copied().map(Awaiting::Handle).collect();
    let tree = match handles {
        [only] => Awaiting::Handle(*only),
        _ => Awaiting::node(CombinatorType::Unknown, leaves).unwrap(),
    };
    machine.progress(&tree).unwrap()
}

/// Gets the results of sleeps, a run, awakeables and named signals in an order of their own; returns what happened.
fn story(version: Version, is_together: bool) -> (Vec<Progress>, Vec<u8>) {
    let mut machine = processing(version);
    let mut handles: Vec<u32> = (0..4).map(|_| machine.sleep(0, "").unwrap()).collect();
    handles.push(machine.run("one").unwrap());
    handles.extend((0..3).map(|_| machine.awakeable().unwrap().1));
    handles.push(machine.signal("x").unwrap());
    handles.push(machine.signal("x").unwrap());
    let alone = handles.remove(2);
    if is_together {
        for handle in &handles {
            machine.join(*handle).unwrap();
        }
    }
    let mut seen = Vec::new();
    let mut output = Vec::new();
    let arriving = [
        sleep_done(2),
        signal(19, some("nineteen")),
        named("x", some("first")),
        sleep_done(3),
        signal(17, some("seventeen")),
        sleep_done(1),
        named("x", some("second")),
    ];
    for (at, message) in arriving.into_iter().enumerate() {
        receive(&mut machine, message);
        if at == 3 {
            // Another one alone, while those wait: what comes first is kept for them.
            seen.push(machine.progress(&Awaiting::Handle(alone)).unwrap());
        }
        if at % 2 == 1 {
            loop {
                let progress = next(&mut machine, &handles, is_together);
                seen.push(progress.clone());
                match progress {
                    Progress::Completed(handle, _) => handles.retain(|left| *left != handle),
                    Progress::RunRequired(_) => {}
                    _ => break,
                }
            }
        }
        output.extend_from_slice(&machine.take_output());
    }
    let left = handles.pop().unwrap();
    machine.leave(left);
    machine.receive_end();
    seen.push(next(&mut machine, &handles, is_together));
    output.extend_from_slice(&machine.take_output());
    (seen, output)
}

#[test]
fn handles_that_joined_are_awaited_like_a_tree_of_them() {
    for version in [Version::V5, Version::V6, Version::V7] {
        assert_eq!(story(version, true), story(version, false), "{version:?}");
    }
}

#[test]
fn a_handle_that_nobody_knows_cannot_join() {
    let mut machine = processing(Version::V6);
    assert!(machine.join(7).is_err());
}

#[test]
fn a_result_that_was_taken_alone_leaves_the_others() {
    let mut machine = processing(Version::V6);
    let first = machine.sleep(0, "").unwrap();
    let second = machine.sleep(0, "").unwrap();
    machine.join(first).unwrap();
    machine.join(second).unwrap();
    receive(&mut machine, sleep_done(1));
    receive(&mut machine, sleep_done(2));
    assert_eq!(
        machine.progress(&Awaiting::Handle(second)).unwrap(),
        Progress::Completed(second, Outcome::Void)
    );
    assert_eq!(
        machine.progress_together().unwrap(),
        Progress::Completed(first, Outcome::Void)
    );
}

/// Bytes that are sent while this many sleeps end one by one.
fn bytes_told(count: u32) -> usize {
    let mut machine = processing(Version::V7);
    let sleeps: Vec<u32> = (0..count).map(|_| machine.sleep(0, "").unwrap()).collect();
    let _ = machine.take_output();
    for sleep in sleeps {
        machine.join(sleep).unwrap();
    }
    let mut told = 0;
    for id in 1..=count {
        assert_eq!(
            machine.progress_together().unwrap(),
            Progress::InputRequired
        );
        told += machine.take_output().len();
        receive(&mut machine, sleep_done(id));
        assert!(matches!(
            machine.progress_together().unwrap(),
            Progress::Completed(..)
        ));
    }
    told
}

#[test]
fn what_the_runtime_is_told_does_not_grow_with_the_square_of_what_is_awaited() {
    for count in [100, 1_000, 10_000] {
        assert!(bytes_told(count) <= 64 * usize::try_from(count).unwrap());
    }
}
