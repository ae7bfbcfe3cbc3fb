//! Benchmarks of the codec: a journal of small frames, one large frame, ids.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failure ends the benchmark; the macros write undocumented items"
)]

use std::hint::black_box;

use awaken_core::wire::generated as pb;
use awaken_core::wire::{Command, Decoder, Encoder, Flags, Message, Notification};
use awaken_core::{AwakeableId, InvocationId};
use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Number of frames in the journal of small frames.
const FRAMES: u32 = 1000;
/// Sizes of the payload of the large frame, and of the segments in which it arrives, in bytes.
const LARGE: usize = 1024 * 1024;
const SEGMENT: usize = 16 * 1024;

criterion_group!(benches, small_frames, large_frame, ids);
criterion_main!(benches);

fn small_frames(criterion: &mut Criterion) {
    let messages = journal();
    let stream = encode(&messages);
    let mut group = criterion.benchmark_group("1000 small frames");
    group.throughput(Throughput::Elements(FRAMES.into()));
    group.bench_function("encode", |bencher| {
        bencher.iter(|| encode(black_box(&messages)));
    });
    group.bench_function("decode", |bencher| {
        bencher.iter_batched(|| vec![stream.clone()], decode, BatchSize::SmallInput);
    });
    group.finish();
}

fn large_frame(criterion: &mut Criterion) {
    let value = pb::Value {
        content: Bytes::from(vec![0x5A; LARGE]),
    };
    let command = pb::SetStateCommand {
        key: Bytes::from_static(b"k"),
        value: Some(value),
        ..Default::default()
    };
    let messages = [Command::SetState(command).into()];
    let stream = encode(&messages);
    let segments: Vec<Bytes> = stream.chunks(SEGMENT).map(Bytes::copy_from_slice).collect();
    let mut group = criterion.benchmark_group("one frame of 1 MiB");
    group.throughput(Throughput::Bytes(u64::try_from(LARGE).unwrap()));
    group.bench_function("encode", |bencher| {
        bencher.iter(|| encode(black_box(&messages)));
    });
    group.bench_function("decode from one segment", |bencher| {
        bencher.iter_batched(|| vec![stream.clone()], decode, BatchSize::SmallInput);
    });
    group.bench_function("decode from segments of 16 KiB", |bencher| {
        bencher.iter_batched(|| segments.clone(), decode, BatchSize::SmallInput);
    });
    group.finish();
}

fn ids(criterion: &mut Criterion) {
    let invocation = InvocationId::from_parts(
        0x2969_b684_e643_98c4,
        0x458a_ee3f_e3da_f2b8_0944_4209_f881_7460,
    );
    let awakeable = AwakeableId::new(invocation, AwakeableId::FIRST_INDEX);
    let (invocation_text, awakeable_text) = (invocation.to_string(), awakeable.to_string());
    let mut group = criterion.benchmark_group("ids");
    group.bench_function("write an invocation id", |bencher| {
        bencher.iter(|| black_box(invocation).to_string());
    });
    group.bench_function("read an invocation id", |bencher| {
        bencher.iter(|| black_box(&invocation_text).parse::<InvocationId>().unwrap());
    });
    group.bench_function("write an awakeable id", |bencher| {
        bencher.iter(|| black_box(&awakeable).to_string());
    });
    group.bench_function("read an awakeable id", |bencher| {
        bencher.iter(|| black_box(&awakeable_text).parse::<AwakeableId>().unwrap());
    });
    group.finish();
}

/// Runs and their results, alternating as in a long replay.
fn journal() -> Vec<Message> {
    let run = |id| {
        Command::Run(pb::RunCommand {
            result_completion_id: id,
            name: "step".to_owned(),
        })
    };
    let completion = |id| {
        Notification::Run(pb::Notification {
            id: Some(pb::notification::Id::CompletionId(id)),
            result: Some(pb::notification::Result::Value(pb::Value {
                content: Bytes::from_static(b"42"),
            })),
        })
    };
    (1..=FRAMES / 2)
        .flat_map(|id| [run(id).into(), completion(id).into()])
        .collect()
}

fn encode(messages: &[Message]) -> Bytes {
    let mut encoder = Encoder::default();
    for message in messages {
        encoder.encode(message, Flags::NONE).unwrap();
    }
    encoder.take_output()
}

fn decode(segments: Vec<Bytes>) {
    let mut decoder = Decoder::default();
    for segment in segments {
        decoder.receive(segment);
        while let Some(message) = decoder.take_message().unwrap() {
            black_box(message);
        }
    }
}
