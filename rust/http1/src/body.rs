//! Where a body ends (RFC 9112, section 6.3).

use bytes::Bytes;

use crate::chunks::Chunks;
use crate::input::Input;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// The rest of a body that is being read.
#[derive(Debug)]
pub(crate) enum Body {
    /// So many bytes follow.
    Length(u64),
    Chunked(Box<Chunks>),
    /// Everything until the peer closes belongs to it.
    UntilClose,
}

impl Body {
    /// Whether everything was read.
    pub(crate) fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunks) => chunks.is_done(),
            Self::UntilClose => false,
        }
    }

    /// Reads what is there, but no more than `parts` chunks; consumes as many of the parts.
    pub(crate) fn read(
        &mut self,
        input: &mut Input,
        limits: &Limits,
        parts: &mut usize,
    ) -> Result<Bytes, Refusal> {
        match self {
            Self::Chunked(chunks) => chunks.read(input, limits, parts),
            Self::Length(left) => {
                let data = input.take(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= data.len() as u64;
                *parts = parts.saturating_sub(usize::from(!data.is_empty()));
                Ok(data)
            }
            Self::UntilClose => {
                let data = input.take(usize::MAX);
                *parts = parts.saturating_sub(usize::from(!data.is_empty()));
                Ok(data)
            }
        }
    }
}
