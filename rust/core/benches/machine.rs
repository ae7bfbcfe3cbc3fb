//! Benchmarks of one attempt: a greeting from start to end, and replays of growing journals, whose cost per entry must
//! not grow.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, reason = "a broken bench ends")]

use std::hint::black_box;

use awaken_core::endpoint::{Machine, Options};
use awaken_core::journal::Awaiting;
use awaken_core::wire::generated::{self as pb, notification};
use awaken_core::wire::{Command, Control, Encoder, Flags, Message, Notification, Version};
use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn greet(criterion: &mut Criterion) {
    let journal = journal(0);
    criterion.bench_function("greet", |bencher| {
        bencher.iter(|| {
            let mut machine = Machine::new(Version::V6, Options::default());
            machine.receive(journal.clone());
            black_box(machine.take_input().unwrap());
            machine
                .succeed(Bytes::from_static(b"\"Hello Bob!\""))
                .unwrap();
            machine.take_output()
        });
    });
}

fn replay(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replay");
    group.sample_size(20);
    for runs in [10, 100, 1_000, 10_000, 100_000] {
        let journal = journal(runs);
        group.throughput(Throughput::Elements(u64::from(runs)));
        group.bench_function(BenchmarkId::from_parameter(runs), |bencher| {
            bencher.iter_batched(
                || journal.clone(),
                |journal| {
                    let mut machine = Machine::new(Version::V6, Options::default());
                    machine.receive(journal);
                    machine.take_input().unwrap();
                    for _ in 0..runs {
                        let run = machine.run("step").unwrap();
                        black_box(machine.progress(&Awaiting::Handle(run)).unwrap());
                    }
                    machine.succeed(Bytes::new()).unwrap();
                    machine.take_output()
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Start, Input, and this many runs with their results.
fn journal(runs: u32) -> Bytes {
    let mut encoder = Encoder::default();
    let mut push = |message: Message| encoder.encode(&message, Flags::NONE).unwrap();
    push(Message::Control(Control::Start(pb::Start {
        id: Bytes::from_static(&[7; 24]),
        debug_id: "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q".to_owned(),
        known_entries: 2 * runs + 1,
        partial_state: true,
        ..pb::Start::default()
    })));
    push(Message::Command(Command::Input(pb::InputCommand {
        value: Some(value("\"Bob\"")),
        ..pb::InputCommand::default()
    })));
    for id in 1..=runs {
        push(Message::Command(Command::Run(pb::RunCommand {
            result_completion_id: id,
            name: "step".to_owned(),
        })));
        push(Message::Notification(Notification::Run(pb::Notification {
            id: Some(notification::Id::CompletionId(id)),
            result: Some(notification::Result::Value(value("42"))),
        })));
    }
    encoder.take_output()
}

fn value(content: &'static str) -> pb::Value {
    pb::Value {
        content: Bytes::from_static(content.as_bytes()),
    }
}

criterion_group!(benches, greet, replay);
criterion_main!(benches);
