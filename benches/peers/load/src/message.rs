//! Frames of the invocation protocol: just enough protobuf to write and check them.

pub const START: u16 = 0x0000;
pub const SUSPENSION: u16 = 0x0001;
pub const ERROR: u16 = 0x0002;
pub const END: u16 = 0x0003;
pub const PROPOSE_RUN_COMPLETION: u16 = 0x0005;
pub const INPUT: u16 = 0x0400;
pub const OUTPUT: u16 = 0x0401;
pub const RUN: u16 = 0x0411;
pub const RUN_COMPLETION: u16 = 0x8011;
pub const SIGNAL: u16 = 0xFBFF;

pub const HEADER_LENGTH: usize = 8;

/// Appends a frame whose payload `write` appends.
pub fn frame(out: &mut Vec<u8>, code: u16, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(&[0; 6]);
    write(out);
    let length = (out.len() - start - HEADER_LENGTH) as u32;
    out[start + 4..start + 8].copy_from_slice(&length.to_be_bytes());
}

pub fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    varint(out, u64::from(field << 3));
    varint(out, value);
}

pub fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    varint(out, u64::from(field << 3 | 2));
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// A `Value` message.
pub fn value(out: &mut Vec<u8>, field: u32, content: &[u8]) {
    varint(out, u64::from(field << 3 | 2));
    varint(out, (1 + varint_size(content.len()) + content.len()) as u64);
    bytes(out, 1, content);
}

/// How many bytes a number takes.
fn varint_size(value: usize) -> usize {
    (usize::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

pub fn run(out: &mut Vec<u8>, id: u32, name: &str) {
    frame(out, RUN, |out| {
        number(out, 11, u64::from(id));
        bytes(out, 12, name.as_bytes());
    });
}

pub fn run_completion(out: &mut Vec<u8>, id: u32, content: &[u8]) {
    frame(out, RUN_COMPLETION, |out| {
        number(out, 1, u64::from(id));
        value(out, 5, content);
    });
}

pub fn signal(out: &mut Vec<u8>, index: u32, content: &[u8]) {
    frame(out, SIGNAL, |out| {
        number(out, 2, u64::from(index));
        value(out, 5, content);
    });
}

/// One field of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads `payload` field by field; ends with `None` in place of a field that is not valid.
pub fn fields(mut payload: &[u8]) -> impl Iterator<Item = Option<(u32, Field<'_>)>> {
    std::iter::from_fn(move || (!payload.is_empty()).then(|| read_field(&mut payload)))
        .scan(false, |failed, field| {
            (!std::mem::replace(failed, field.is_none())).then_some(field)
        })
}

fn read_field<'a>(payload: &mut &'a [u8]) -> Option<(u32, Field<'a>)> {
    let tag = read_varint(payload)?;
    let content = match tag & 7 {
        0 => Field::Number(read_varint(payload)?),
        2 => {
            let length = usize::try_from(read_varint(payload)?).ok()?;
            let (content, rest) = payload.split_at_checked(length)?;
            *payload = rest;
            Field::Bytes(content)
        }
        _ => return None,
    };
    Some(((tag >> 3) as u32, content))
}

pub fn read_varint(payload: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = payload.split_first()?;
        *payload = rest;
        value |= u64::from(first & 127) << shift;
        if first & 128 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_size_are_read_as_they_were_written() {
        for size in [0, 1, 123, 124, 127, 128, 16_381, 16_384, 2_097_152] {
            let content = vec![7; size];
            let mut out = Vec::new();
            value(&mut out, 14, &content);
            let Some(Some((14, Field::Bytes(wrapped)))) = fields(&out).next() else {
                panic!("no field of a value of {size} bytes");
            };
            assert!(
                fields(wrapped).eq([Some((1, Field::Bytes(&content)))]),
                "{size}"
            );
        }
    }
}
