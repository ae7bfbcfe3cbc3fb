//! Any bytes in any pieces: no panic, no growth beyond the limit, and the pieces make no difference.
//!
//! The first byte of the input sets the size of the pieces; the rest is the stream.
#![no_main]

use awaken_core::Error;
use awaken_core::wire::{Decoder, Encoder, Flags, HEADER_LENGTH, Message};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const MAX_MESSAGE_SIZE: usize = 4096;

fuzz_target!(|input: &[u8]| {
    let Some((piece_size, stream)) = input.split_first() else {
        return;
    };
    let stream = Bytes::copy_from_slice(stream);

    let whole = decode(
        stream
            .chunks(stream.len().max(1))
            .map(|piece| stream.slice_ref(piece)),
    );
    let pieces = decode(
        stream
            .chunks(usize::from(*piece_size).max(1))
            .map(|piece| stream.slice_ref(piece)),
    );

    assert_eq!(whole, pieces);
    for message in whole.0.iter().filter(|message| message.is_known()) {
        assert_survives_encoding(message);
    }
});

fn decode(pieces: impl Iterator<Item = Bytes>) -> (Vec<Message>, Option<Error>) {
    let mut decoder = Decoder::new(MAX_MESSAGE_SIZE);
    let mut messages = Vec::new();
    for piece in pieces {
        decoder.receive(piece);
        loop {
            match decoder.take_message() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        assert!(decoder.buffered_len() < MAX_MESSAGE_SIZE.max(HEADER_LENGTH));
    }
    (messages, None)
}

fn assert_survives_encoding(message: &Message) {
    let mut encoder = Encoder::default();
    encoder
        .encode(message, Flags::NONE)
        .expect("what was decoded can be sent");
    let mut decoder = Decoder::default();
    decoder.receive(encoder.take_output());
    assert_eq!(decoder.take_message().as_ref(), Ok(&Some(message.clone())));
    assert!(decoder.is_empty());
}
