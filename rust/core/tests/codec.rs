//! Properties of the codec: for every type of message, every way to cut the input, and arbitrary bytes.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure ends the test"
)]

mod reflect;

use awaken_core::Error;
use awaken_core::wire::message::Message;
use awaken_core::wire::{
    Command, Control, Decoder, Encoder, Flags, Frame, HEADER_LENGTH, Header, Notification,
};
use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

/// Deepest nesting of generated trees.
const DEPTH: usize = 3;

proptest! {
    #[test]
    fn every_message_survives_decoding_and_encoding((code, fields) in any_message(), flags: u16) {
        let flags = Flags::from_bits(flags);
        let bytes = frame(code, flags, &fields.concat());

        let decoded = decode_all([bytes.clone()], usize::MAX).unwrap();

        let [decoded] = decoded.as_slice() else { panic!("one frame gave {decoded:?}") };
        prop_assert_eq!(decoded.header.flags, flags);
        let message = decoded.decode().unwrap();
        prop_assert_eq!(message.code(), code);
        prop_assert_eq!(encode(&message, flags), bytes);
    }

    #[test]
    fn order_of_fields_and_unknown_fields_do_not_matter(
        (code, mut fields) in any_message(),
        unknown in any_unknown_field(),
        position: Index,
    ) {
        let expected = Message::decode(code, fields.concat().into()).unwrap();
        fields.reverse();
        fields.insert(position.index(fields.len() + 1), unknown);

        let decoded = Message::decode(code, fields.concat().into()).unwrap();

        prop_assert_eq!(decoded, expected);
    }

    #[test]
    fn any_cut_of_the_input_gives_equal_output(stream in any_stream(), cuts: Vec<Index>) {
        let whole = decode_all([stream.clone()], 256);

        let cut = decode_all(cut_at(&stream, &cuts), 256);

        prop_assert_eq!(cut, whole);
    }

    #[test]
    fn pulling_late_gives_the_same_as_pulling_after_each_push(stream in any_stream(), cuts: Vec<Index>) {
        let mut late = Decoder::new(256);
        for segment in cut_at(&stream, &cuts) {
            late.receive(segment);
        }

        prop_assert_eq!(drain(&mut late), decode_all([stream], 256));
    }

    #[test]
    fn no_input_panics_or_is_buffered_beyond_the_limit(stream in any_stream(), cuts: Vec<Index>) {
        let mut decoder = Decoder::new(64);
        for segment in cut_at(&stream, &cuts) {
            decoder.receive(segment);
            while let Ok(Some(_)) = decoder.take_message() {}
            prop_assert!(decoder.buffered_len() < HEADER_LENGTH.max(64));
        }
    }
}

#[test]
fn repeated_numbers_are_read_packed_and_unpacked() {
    let packed = [0x0A, 0x02, 0x01, 0x03, 0x12, 0x02, 0x01, 0x11];
    let unpacked = [0x08, 0x01, 0x10, 0x01, 0x08, 0x03, 0x10, 0x11];

    let [packed, unpacked] =
        [packed, unpacked].map(|payload| Message::decode(0x0001, payload.to_vec().into()));

    assert!(packed.is_ok());
    assert_eq!(packed, unpacked);
}

#[test]
fn empty_members_of_a_choice_are_written() {
    for (code, payload) in [
        (0x800C, [0x22, 0x00]), // Sleep notification, void
        (0x0407, [0x6A, 0x00]), // GetEagerState, void
        (0x0401, [0x72, 0x00]), // Output, empty value
        (0x0005, [0x72, 0x00]), // ProposeRunCompletion, empty bytes
    ] {
        let message = Message::decode(code, payload.to_vec().into()).unwrap();

        assert_eq!(
            encode(&message, Flags::NONE),
            frame(code, Flags::NONE, &payload),
            "{code:#06X}"
        );
    }
}

/// A message of any type with any content: its type code, and each field that is present, encoded, ascending.
fn any_message() -> impl Strategy<Value = (u16, Vec<Vec<u8>>)> {
    select(codes()).prop_flat_map(|code| {
        let descriptor = reflect::descriptor(code);
        let fields = message_of(descriptor.clone(), DEPTH).prop_map(move |message| {
            let alone = |(field, value): (FieldDescriptor, &Value)| {
                let mut alone = DynamicMessage::new(descriptor.clone());
                alone.set_field(&field, value.clone());
                alone.encode_to_vec()
            };
            message.fields().map(alone).collect()
        });
        (Just(code), fields)
    })
}

/// Every type code of the message table.
fn codes() -> Vec<u16> {
    let tables = [Control::CODES, Command::CODES, Notification::CODES];
    tables
        .into_iter()
        .flatten()
        .map(|(code, _)| *code)
        .collect()
}

fn message_of(descriptor: MessageDescriptor, depth: usize) -> BoxedStrategy<DynamicMessage> {
    let fields: Vec<_> = descriptor
        .fields()
        .map(|field| {
            proptest::option::of(value_of(&field, depth))
                .prop_map(move |value| (field.clone(), value))
        })
        .collect();
    fields
        .prop_shuffle()
        .prop_map(move |fields| {
            let mut message = DynamicMessage::new(descriptor.clone());
            // Of the members of a oneof the last one stays, and the shuffle gives each its turn.
            for (field, value) in fields {
                if let Some(value) = value {
                    message.set_field(&field, value);
                }
            }
            message
        })
        .boxed()
}

fn value_of(field: &FieldDescriptor, depth: usize) -> BoxedStrategy<Value> {
    let single = match field.kind() {
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Uint32 => any::<u32>().prop_map(Value::U32).boxed(),
        Kind::Uint64 => any::<u64>().prop_map(Value::U64).boxed(),
        Kind::String => ".{0,8}".prop_map(Value::String).boxed(),
        Kind::Bytes => any::<Vec<u8>>()
            .prop_map(|bytes| Value::Bytes(bytes.into()))
            .boxed(),
        Kind::Enum(_) => any::<i32>().prop_map(Value::EnumNumber).boxed(),
        Kind::Message(nested) if depth > 0 => message_of(nested, depth - 1)
            .prop_map(Value::Message)
            .boxed(),
        Kind::Message(nested) => Just(Value::Message(DynamicMessage::new(nested))).boxed(),
        other => panic!("the protocol has no {other:?}"),
    };
    if field.is_list() {
        return proptest::collection::vec(single, 0..4)
            .prop_map(Value::List)
            .boxed();
    }
    single
}

/// A field with a number that no message has, for each wire type.
fn any_unknown_field() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![0xA0, 0x06, 0x2A]),
        Just(vec![0xA1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8]),
        Just(vec![0xA2, 0x06, 0x03, 0xFF, 0x00, 0xFF]),
        Just(vec![0xA5, 0x06, 1, 2, 3, 4]),
    ]
}

/// Valid frames, invalid frames and garbage, one after the other.
fn any_stream() -> impl Strategy<Value = Bytes> {
    let right = any_message().prop_map(|(code, fields)| frame(code, Flags::NONE, &fields.concat()));
    let unknown = (
        0x0415_u16..0xFC00,
        proptest::collection::vec(any::<u8>(), 0..32),
    )
        .prop_map(|(code, payload)| frame(code, Flags::NONE, &payload));
    let wrong = (select(codes()), any::<Vec<u8>>())
        .prop_map(|(code, payload)| frame(code, Flags::NONE, &payload));
    let garbage = any::<Vec<u8>>().prop_map(Bytes::from);
    let piece = prop_oneof![6 => right, 2 => unknown, 1 => wrong, 1 => garbage];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat().into())
}

fn frame(code: u16, flags: Flags, payload: &[u8]) -> Bytes {
    let header = Header {
        code,
        flags,
        length: u32::try_from(payload.len()).unwrap(),
    };
    [&header.to_bytes(), payload].concat().into()
}

fn encode(message: &Message, flags: Flags) -> Bytes {
    let mut encoder = Encoder::default();
    encoder.encode(message, flags).unwrap();
    encoder.take_output()
}

fn cut_at(stream: &Bytes, cuts: &[Index]) -> Vec<Bytes> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|pair| stream.slice(pair[0]..pair[1]))
        .collect()
}

/// Takes frames after each segment, like a machine; returns them, or the first error with their number.
fn decode_all(
    segments: impl IntoIterator<Item = Bytes>,
    limit: usize,
) -> Result<Vec<Frame>, (usize, Error)> {
    let mut decoder = Decoder::new(limit);
    let mut frames = Vec::new();
    for segment in segments {
        decoder.receive(segment);
        frames.extend(drain(&mut decoder).map_err(|(count, error)| (frames.len() + count, error))?);
    }
    Ok(frames)
}

fn drain(decoder: &mut Decoder) -> Result<Vec<Frame>, (usize, Error)> {
    let mut frames = Vec::new();
    loop {
        match decoder.take_frame() {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return Ok(frames),
            Err(error) => return Err((frames.len(), error)),
        }
    }
}
