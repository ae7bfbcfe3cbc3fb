//! The eight bytes in front of every message.

use std::fmt;
use std::ops::BitOr;

/// Length of a frame header in bytes.
pub const HEADER_LENGTH: usize = 8;

/// The flags half-word of a frame header.
///
/// Bits without a meaning here are reserved: sent as 0, ignored on receipt.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u16);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// The sender asks for an ack once this message is stored.
    ///
    /// A runtime honours it on commands and on proposals; an endpoint sets it only on proposals, from version 7 on.
    pub const REQUESTED_ACK: Self = Self(0x8000);

    /// Flags as they were on the wire, reserved bits included.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The half-word for the wire.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether every flag of `other` is set here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Flags({:#06X})", self.0)
    }
}

/// A frame header: type code, flags and payload length, big-endian on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The type of the message that follows.
    pub code: u16,
    /// What the sender asks of the receiver.
    pub flags: Flags,
    /// Length of the payload in bytes; the header is not counted.
    pub length: u32,
}

impl Header {
    /// Reads a header.
    pub const fn from_bytes(bytes: [u8; HEADER_LENGTH]) -> Self {
        let [c0, c1, f0, f1, l0, l1, l2, l3] = bytes;
        Self {
            code: u16::from_be_bytes([c0, c1]),
            flags: Flags::from_bits(u16::from_be_bytes([f0, f1])),
            length: u32::from_be_bytes([l0, l1, l2, l3]),
        }
    }

    /// Writes a header.
    pub const fn to_bytes(self) -> [u8; HEADER_LENGTH] {
        let [c0, c1] = self.code.to_be_bytes();
        let [f0, f1] = self.flags.bits().to_be_bytes();
        let [l0, l1, l2, l3] = self.length.to_be_bytes();
        [c0, c1, f0, f1, l0, l1, l2, l3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_type_flags_length_in_big_endian() {
        let header = Header {
            code: 0x0411,
            flags: Flags::REQUESTED_ACK,
            length: 0x0001_0203,
        };

        let bytes = header.to_bytes();

        assert_eq!(bytes, [0x04, 0x11, 0x80, 0x00, 0x00, 0x01, 0x02, 0x03]);
        assert_eq!(Header::from_bytes(bytes), header);
    }

    #[test]
    fn reserved_flags_do_not_read_as_requested_ack() {
        let reserved = Flags::from_bits(0x7FFF);

        assert!(!reserved.contains(Flags::REQUESTED_ACK));
        assert!((reserved | Flags::REQUESTED_ACK).contains(Flags::REQUESTED_ACK));
    }
}
