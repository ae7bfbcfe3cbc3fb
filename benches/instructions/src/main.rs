//! Runs one operation of the core as often as it is told, for a program that counts instructions.
//!
//! Nothing here depends on the time, on random numbers or on addresses, so that two runs take the same instructions.
//! The difference between a longer and a shorter run is what the operation takes; `benches/instructions/__main__.py`
//! starts both.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure ends the run"
)]

mod invocation;
mod requests;

use std::hint::black_box;
use std::process::ExitCode;

/// An operation, prepared: each call does it once.
type Operation = Box<dyn FnMut()>;

/// Prepares an operation: what that takes is not counted.
type Prepare = fn() -> Operation;

const OPERATIONS: [(&str, Prepare); 10] = [
    ("endpoint: a greeting", invocation::greet),
    ("endpoint: a replay of 1,000 runs", invocation::replay),
    ("wire: encode 1,000 frames", invocation::encode_frames),
    ("wire: decode 1,000 frames", invocation::decode_frames),
    (
        "journal: encode a completion",
        invocation::encode_completion,
    ),
    ("invoker: a greeting", invocation::invoke),
    (
        "ids: write and read an awakeable's",
        invocation::write_and_read_id,
    ),
    ("http2: receive 64 requests", requests::receive),
    ("hpack: decode 64 heads", requests::decode_heads),
    ("hpack: encode 64 heads", requests::encode_heads),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (name, count) = (arguments.next(), arguments.next());
    let Some(name) = name else {
        for (name, _) in OPERATIONS {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    };
    let known = OPERATIONS.iter().find(|(known, _)| *known == name);
    let (Some((_, prepare)), Some(count)) = (known, count.and_then(|count| count.parse().ok()))
    else {
        eprintln!(
            "usage: awaken-instructions [OPERATION COUNT]; without arguments it lists the operations"
        );
        return ExitCode::FAILURE;
    };
    let mut operation = prepare();
    for _ in 0..black_box::<u32>(count) {
        operation();
    }
    ExitCode::SUCCESS
}
