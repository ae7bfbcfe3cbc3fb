//! One HTTP/1.1 response after the other out of the bytes of a connection.

/// Heads are far smaller; a peer that sends no end of one is not waited for.
const MAX_HEAD: usize = 65_536;

/// A complete response.
#[derive(Debug, PartialEq)]
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
}

/// How the body of the response whose head is complete arrives.
#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    /// How much of the current chunk is missing, with the line end after it; none at the head of a chunk.
    Chunked(Option<usize>),
}

/// Takes bytes in pieces of any size.
#[derive(Default)]
pub struct Responses {
    input: Vec<u8>,
    /// Where the first byte that nobody took is.
    start: usize,
    open: Option<(u16, Framing)>,
    body: Vec<u8>,
}

impl Responses {
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.start == self.input.len() {
            self.input.clear();
            self.start = 0;
        }
        self.input.extend_from_slice(bytes);
    }

    /// Whether bytes are left that belong to no response that was taken.
    pub fn is_empty(&self) -> bool {
        self.start == self.input.len() && self.open.is_none()
    }

    /// Returns the next response when all of it has arrived.
    pub fn take(&mut self) -> Result<Option<Response>, String> {
        if self.open.is_none() {
            self.open = self.read_head()?;
        }
        let Some((status, framing)) = self.open else {
            return Ok(None);
        };
        let is_complete = match framing {
            Framing::Length(size) => self.read_sized(size),
            Framing::Chunked(missing) => self.read_chunks(status, missing)?,
        };
        if !is_complete {
            return Ok(None);
        }
        self.open = None;
        let body = std::mem::take(&mut self.body);
        Ok(Some(Response { status, body }))
    }

    fn read_head(&mut self) -> Result<Option<(u16, Framing)>, String> {
        let rest = &self.input[self.start..];
        let Some(length) = find(rest, b"\r\n\r\n") else {
            return if rest.len() > MAX_HEAD {
                Err(format!("a response has no head within {MAX_HEAD} bytes"))
            } else {
                Ok(None)
            };
        };
        let head = std::str::from_utf8(&rest[..length]).map_err(|error| error.to_string())?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok())
            .ok_or_else(|| format!("the response is not HTTP/1.1: {head:?}"))?;
        let mut framing = None;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                return Err(format!("{line:?} is not a header"));
            };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                let size = value
                    .parse()
                    .map_err(|_| format!("content-length {value:?}"))?;
                framing = Some(Framing::Length(size));
            } else if name.eq_ignore_ascii_case("transfer-encoding") && value == "chunked" {
                framing = Some(Framing::Chunked(None));
            }
        }
        let framing = framing.ok_or_else(|| {
            format!("a response with status {status} has neither content-length nor chunks")
        })?;
        self.start += length + 4;
        Ok(Some((status, framing)))
    }

    fn read_sized(&mut self, size: usize) -> bool {
        let arrived = &self.input[self.start..];
        let part = arrived.len().min(size - self.body.len());
        if self.body.is_empty() {
            self.body.reserve_exact(size);
        }
        self.body.extend_from_slice(&arrived[..part]);
        self.start += part;
        self.body.len() == size
    }

    fn read_chunks(&mut self, status: u16, mut missing: Option<usize>) -> Result<bool, String> {
        loop {
            let arrived = &self.input[self.start..];
            match missing {
                Some(size) => {
                    let part = arrived.len().min(size);
                    // The last two bytes are the line end, which is not part of the body.
                    let content = part.min(size.saturating_sub(2));
                    self.body.extend_from_slice(&arrived[..content]);
                    self.start += part;
                    missing = (part < size).then_some(size - part);
                    self.open = Some((status, Framing::Chunked(missing)));
                    if missing.is_some() {
                        return Ok(false);
                    }
                }
                None => {
                    let Some(length) = find(arrived, b"\r\n") else {
                        return Ok(false);
                    };
                    let line = std::str::from_utf8(&arrived[..length]).unwrap_or("");
                    let digits = line.split(';').next().unwrap_or("").trim();
                    let size = usize::from_str_radix(digits, 16)
                        .map_err(|_| format!("a chunk of the response begins with {line:?}"))?;
                    if size == 0 {
                        // No trailers: an empty line follows.
                        if arrived.len() < length + 4 {
                            return Ok(false);
                        }
                        self.start += length + 4;
                        return Ok(true);
                    }
                    self.start += length + 2;
                    missing = Some(size + 2);
                }
            }
        }
    }
}

/// The index of the first byte of `wanted` in `bytes`.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZED: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n\"hello\"";
    const CHUNKED: &[u8] =
        b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\"he\r\n4\r\nllo\"\r\n0\r\n\r\n";

    fn responses_of(bytes: &[u8], size: usize) -> Result<Vec<Response>, String> {
        let mut responses = Responses::default();
        let mut taken = Vec::new();
        for piece in bytes.chunks(size) {
            responses.receive(piece);
            while let Some(response) = responses.take()? {
                taken.push(response);
            }
        }
        assert!(responses.is_empty());
        Ok(taken)
    }

    #[test]
    fn responses_are_the_same_in_pieces_of_any_size() {
        let bytes = [SIZED, CHUNKED, SIZED].concat();
        let body = b"\"hello\"".to_vec();
        let expected = [200, 202, 200].map(|status| Response {
            status,
            body: body.clone(),
        });
        for size in 1..=bytes.len() {
            assert_eq!(
                responses_of(&bytes, size).as_deref(),
                Ok(&expected[..]),
                "pieces of {size}"
            );
        }
    }

    #[test]
    fn a_response_without_body_is_complete_with_its_head() {
        let bytes = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        let empty = Response {
            status: 202,
            body: Vec::new(),
        };
        assert_eq!(responses_of(bytes, 5), Ok(vec![empty]));
    }

    #[test]
    fn a_response_of_unknown_length_is_an_error() {
        let bytes = b"HTTP/1.1 200 OK\r\n\r\nuntil the end";
        let error = responses_of(bytes, 64).expect_err("no length");
        assert!(
            error.contains("neither content-length nor chunks"),
            "{error}"
        );
    }

    #[test]
    fn a_chunk_without_a_size_is_an_error() {
        let bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnone\r\n";
        let error = responses_of(bytes, 64).expect_err("no size");
        assert!(error.contains("begins with \"none\""), "{error}");
    }

    #[test]
    fn what_is_not_http_is_an_error() {
        let error = responses_of(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 64).expect_err("not HTTP");
        assert!(error.contains("not HTTP/1.1"), "{error}");
    }
}
