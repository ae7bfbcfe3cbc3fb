//! One HTTP/2 stream, client side: what it has to send, and how much of it the windows allow.

use std::collections::VecDeque;
use std::time::Instant;

use crate::frame::{DATA, END_STREAM};
use crate::invocation::Invocation;
use crate::message::HEADER_LENGTH;

/// Bytes of the largest DATA frame that any peer takes.
const MAX_DATA: usize = 16_384;

pub struct Stream {
    pub invocation: Invocation,
    pub since: Instant,
    /// Protocol frames that the windows do not allow yet.
    pub pending: VecDeque<u8>,
    /// How much of the protocol frame that `pending` begins with is left; 0 at its start.
    of_frame: usize,
    pub window: i64,
    /// Bytes of the response that the endpoint got no credit back for.
    pub uncredited: u32,
    pub ends_input: bool,
    is_input_ended: bool,
    pub is_answered: bool,
}

impl Stream {
    pub fn new(invocation: Invocation, window: i64) -> Self {
        Self {
            invocation,
            since: Instant::now(),
            pending: VecDeque::new(),
            of_frame: 0,
            window,
            uncredited: 0,
            ends_input: false,
            is_input_ended: false,
            is_answered: false,
        }
    }

    /// Appends what the windows allow to `output`, one DATA frame per protocol frame; false if something is left.
    ///
    /// Protocol frames that are larger than a DATA frame leave in as many as it takes.
    pub fn write(&mut self, id: u32, connection_window: &mut i64, output: &mut Vec<u8>) -> bool {
        let pending = self.pending.make_contiguous();
        let mut written = 0;
        while written < pending.len() {
            if self.of_frame == 0 {
                let length = &pending[written + 4..written + HEADER_LENGTH];
                let length = u32::from_be_bytes(length.try_into().expect("4 bytes"));
                self.of_frame = HEADER_LENGTH + length as usize;
            }
            let window = self.window.min(*connection_window).max(0) as usize;
            // Small frames leave whole; pieces of large ones are as large as the window.
            let size = if self.of_frame > MAX_DATA {
                MAX_DATA.min(window)
            } else {
                self.of_frame
            };
            if size == 0 || size > window {
                break;
            }
            write_data(output, id, 0, &pending[written..written + size]);
            *connection_window -= size as i64;
            self.window -= size as i64;
            self.of_frame -= size;
            written += size;
        }
        self.pending.drain(..written);
        let is_empty = self.pending.is_empty();
        if is_empty && self.ends_input && !self.is_input_ended {
            self.is_input_ended = true;
            write_data(output, id, END_STREAM, b"");
        }
        is_empty
    }
}

fn write_data(output: &mut Vec<u8>, id: u32, flags: u8, payload: &[u8]) {
    output.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    output.extend_from_slice(&[DATA, flags]);
    output.extend_from_slice(&id.to_be_bytes());
    output.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FRAME_HEADER;
    use crate::id::Random;
    use crate::message;
    use crate::scenario::Scenario;

    fn stream(window: i64, sizes: &[usize]) -> Stream {
        let invocation = Invocation::new(Scenario::Greet, 1, Random(1).invocation_id());
        let mut stream = Stream::new(invocation, window);
        for size in sizes {
            let mut frame = Vec::new();
            message::frame(&mut frame, message::INPUT, |out| {
                out.resize(out.len() + size, 7)
            });
            stream.pending.extend(frame);
        }
        stream
    }

    /// The sizes of the DATA frames in `output`.
    fn sizes(mut output: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        while let Some((header, rest)) = output.split_at_checked(FRAME_HEADER) {
            let size = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
            found.push(size);
            output = &rest[size..];
        }
        found
    }

    #[test]
    fn each_protocol_frame_is_a_data_frame_and_then_the_input_ends() {
        let mut stream = stream(100_000, &[0, 10, MAX_DATA - HEADER_LENGTH]);
        stream.ends_input = true;
        let (mut window, mut output) = (100_000, Vec::new());
        assert!(stream.write(1, &mut window, &mut output));
        assert_eq!(sizes(&output), [8, 18, MAX_DATA, 0]);
        assert_eq!(window, 100_000 - 26 - MAX_DATA as i64);
    }

    #[test]
    fn small_frames_wait_for_a_window_in_which_they_fit() {
        let mut stream = stream(20, &[10, 10]);
        let (mut window, mut output) = (1000, Vec::new());
        assert!(!stream.write(1, &mut window, &mut output));
        assert_eq!(sizes(&output), [18]);
        stream.window += 16;
        assert!(stream.write(1, &mut window, &mut output));
        assert_eq!(sizes(&output), [18, 18]);
    }

    #[test]
    fn large_frames_leave_in_pieces_as_the_windows_allow() {
        let mut stream = stream(i64::MAX, &[40_000, 1]);
        let (mut window, mut output) = (20_000, Vec::new());
        assert!(!stream.write(1, &mut window, &mut output));
        assert_eq!(sizes(&output), [MAX_DATA, 20_000 - MAX_DATA]);
        window = 1_000_000;
        assert!(stream.write(1, &mut window, &mut output));
        assert_eq!(
            sizes(&output)[2..],
            [MAX_DATA, 40_008 - 20_000 - MAX_DATA, 9]
        );
    }
}
