//! A body that comes in chunks (RFC 9112, section 7.1).

use bytes::{Bytes, BytesMut};

use crate::head::{Kind, Search};
use crate::input::Input;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// The most digits of a chunk's size: those of the largest number.
const DIGITS: u8 = 16;

/// Reads the chunks of one body.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    state: State,
    /// Bytes that the chunks carried so far beside size, line ends and data.
    extensions_size: usize,
}

#[derive(Debug)]
enum State {
    /// In the digits of a size.
    Size {
        size: u64,
        digits: u8,
    },
    /// After the digits, in what may follow them.
    Extension {
        size: u64,
    },
    /// After the CR of a chunk's first line.
    LineEnd {
        size: u64,
    },
    /// In data, of which so much is left.
    Data {
        left: u64,
    },
    /// After data: its CR or its LF is next.
    DataEnd {
        is_cr_seen: bool,
    },
    Trailers(Search),
    Done,
}

impl Default for State {
    fn default() -> Self {
        Self::Size { size: 0, digits: 0 }
    }
}

impl Chunks {
    /// Whether everything was read.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Reads the data of at most `parts` chunks; consumes as many of the parts.
    pub(crate) fn read(
        &mut self,
        input: &mut Input,
        limits: &Limits,
        parts: &mut usize,
    ) -> Result<Bytes, Refusal> {
        let mut data = Joined::default();
        while *parts > 0 && !input.is_empty() {
            match &mut self.state {
                State::Data { left } => {
                    let size = usize::try_from(*left).unwrap_or(usize::MAX);
                    let piece = input.take(size);
                    *left -= piece.len() as u64;
                    if *left == 0 {
                        self.state = State::DataEnd { is_cr_seen: false };
                    }
                    data.append(piece);
                    *parts -= 1;
                }
                State::Trailers(search) => {
                    if search.find(Kind::Trailers, input, limits)?.is_none() {
                        break;
                    }
                    self.state = State::Done;
                }
                State::Done => break,
                _ => self.read_line(input, limits)?,
            }
        }
        Ok(data.finish())
    }

    /// Reads what is between the data of two chunks, as far as it is there.
    fn read_line(&mut self, input: &mut Input, limits: &Limits) -> Result<(), Refusal> {
        let mut used = 0;
        for &byte in input.bytes() {
            used += 1;
            let next = match &mut self.state {
                State::Size { size, digits } => match (char::from(byte).to_digit(16), byte) {
                    (Some(_), _) if *digits == DIGITS => return Err(refuse_size(input.bytes())),
                    (Some(digit), _) => {
                        *size = *size << 4 | u64::from(digit);
                        *digits += 1;
                        continue;
                    }
                    _ if *digits == 0 => return Err(refuse_size(input.bytes())),
                    (None, b'\r') => State::LineEnd { size: *size },
                    (None, b';' | b' ' | b'\t') => {
                        let size = *size;
                        self.count_extension(limits)?;
                        State::Extension { size }
                    }
                    _ => return Err(refuse_size(input.bytes())),
                },
                State::Extension { size } => match byte {
                    b'\r' => State::LineEnd { size: *size },
                    b'\t' | b' '..=b'~' | 0x80.. => {
                        self.count_extension(limits)?;
                        continue;
                    }
                    _ => return Err(Refusal::bad("illegal chunk header: a control character")),
                },
                State::LineEnd { size } => match (byte, *size) {
                    (b'\n', 0) => State::Trailers(Search::default()),
                    (b'\n', left) => State::Data { left },
                    _ => return Err(Refusal::bad("illegal chunk header: CR without LF")),
                },
                State::DataEnd { is_cr_seen } => match (byte, *is_cr_seen) {
                    (b'\r', false) => {
                        *is_cr_seen = true;
                        continue;
                    }
                    (b'\n', true) => State::default(),
                    _ => return Err(Refusal::bad("malformed chunk footer: no line end")),
                },
                State::Data { .. } | State::Trailers(_) | State::Done => {
                    used -= 1;
                    break;
                }
            };
            self.state = next;
        }
        input.take(used);
        Ok(())
    }

    fn count_extension(&mut self, limits: &Limits) -> Result<(), Refusal> {
        self.extensions_size += 1;
        if self.extensions_size > limits.extensions_size {
            let reason = format!(
                "more than {} bytes of chunk extensions",
                limits.extensions_size
            );
            return Err(Refusal::bad(reason));
        }
        Ok(())
    }
}

fn refuse_size(line: &[u8]) -> Refusal {
    let end = memchr::memchr2(b'\r', b'\n', line).unwrap_or(line.len());
    Refusal::line("chunk header", line.get(..end).unwrap_or_default())
}

/// Pieces of data as one; a single piece is not copied.
#[derive(Default)]
struct Joined {
    first: Bytes,
    all: BytesMut,
}

impl Joined {
    fn append(&mut self, piece: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.reserve(2 * (self.first.len() + piece.len()));
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&piece);
    }

    fn finish(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}
