//! HTTP/2 frames: kinds, flags, and what a client sends first.

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

/// Also the ACK of SETTINGS and PING.
pub const END_STREAM: u8 = 0x1;
pub const ACK: u8 = 0x1;
pub const END_HEADERS: u8 = 0x4;
pub const PADDED: u8 = 0x8;
pub const PRIORITY: u8 = 0x20;

pub const FRAME_HEADER: usize = 9;
/// Preface, SETTINGS and the larger window, byte for byte what server 1.7.12 sends first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \x00\x00\x0c\x04\x00\x00\x00\x00\x00\x00\x04\x00\x20\x00\x00\x00\x05\x00\x00\x40\x00\
    \x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x4f\x00\x01";

/// Cuts the padding off a frame's payload.
pub fn unpad(flags: u8, payload: &[u8]) -> Result<&[u8], String> {
    if flags & PADDED == 0 {
        return Ok(payload);
    }
    let (&padding, rest) = payload
        .split_first()
        .ok_or("padded frame without a length")?;
    let length = rest
        .len()
        .checked_sub(padding.into())
        .ok_or("padding longer than its frame")?;
    Ok(&rest[..length])
}

pub fn read_u32(payload: &[u8], at: usize) -> Result<u32, String> {
    let bytes = payload.get(at..at + 4).ok_or("frame too short")?;
    Ok(u32::from_be_bytes(bytes.try_into().expect("4 bytes")))
}
