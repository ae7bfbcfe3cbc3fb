//! The engine of a client. What comes on one stream in a slice of input is one event.

use awaken_http2::engine::Event;
use awaken_http2::hpack::Field;
use awaken_http2::{ClientEngine, Limits};
use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use super::conversion::{error_code, header_bytes};
use super::event::{ConnectionFailed, PeerLeaving, PingAcknowledged};
use super::progress::{Merged, Progress, merge};
use crate::values::latin1;

/// What arrived of one response; what did not is None, empty or False.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct ResponseProgress {
    stream_id: u32,
    status: Option<u16>,
    headers: Option<Py<PyTuple>>,
    data: Py<PyBytes>,
    is_ended: bool,
    reset_code: Option<u32>,
    broken_rule: Option<&'static str>,
}

/// Client side of one HTTP/2 connection, without I/O and clock.
#[pyclass(module = "awaken._core")]
pub(crate) struct Http2ClientEngine {
    engine: ClientEngine,
    /// The headers of the last response, because most responses have the same ones.
    last_headers: Option<(Vec<Field>, Py<PyTuple>)>,
}

#[pymethods]
impl Http2ClientEngine {
    #[new]
    #[pyo3(signature = (
        *,
        stream_window,
        connection_window,
        max_frame_size,
        headers_size,
        headers_count,
        decoded_headers_size,
        header_block_size,
        output_size,
    ))]
    #[expect(clippy::too_many_arguments, reason = "named limits, all needed")]
    fn new(
        stream_window: u32,
        connection_window: u32,
        max_frame_size: u32,
        headers_size: usize,
        headers_count: usize,
        decoded_headers_size: usize,
        header_block_size: usize,
        output_size: usize,
    ) -> Self {
        let limits = Limits {
            streams: 0,
            stream_window,
            connection_window,
            max_frame_size,
            headers_size,
            headers_count,
            decoded_headers_size,
            header_block_size,
            output_size,
            // Exchanges ask for the window before they send, so nobody waits for a stream to resume.
            buffer_high: usize::MAX,
            buffer_low: 0,
            discard_size: 0,
        };
        Self {
            engine: ClientEngine::new(limits),
            last_headers: None,
        }
    }

    #[getter]
    fn stream_count(&self) -> usize {
        self.engine.stream_count()
    }

    /// How many streams the peer allows at once; a very large number if it does not say.
    #[getter]
    fn max_streams(&self) -> u32 {
        self.engine.max_streams()
    }

    /// Whether the peer's first settings have arrived.
    #[getter]
    fn is_ready(&self) -> bool {
        self.engine.is_ready()
    }

    /// Whether the connection has used up its streams.
    #[getter]
    fn is_exhausted(&self) -> bool {
        self.engine.is_exhausted()
    }

    /// Whether a whole frame was received and is not read yet.
    #[getter]
    fn is_behind(&self) -> bool {
        self.engine.is_behind()
    }

    #[getter]
    fn has_output(&self) -> bool {
        self.engine.has_output()
    }

    /// Bytes that are ready to be taken. While nothing is taken, they answer frames of the peer.
    #[getter]
    fn unsent_size(&self) -> usize {
        self.engine.unsent_size()
    }

    #[getter]
    fn control_frame_count(&self) -> u64 {
        self.engine.control_frame_count()
    }

    #[getter]
    fn reset_count(&self) -> u64 {
        self.engine.reset_count()
    }

    /// Receive bytes from the network, and read at most `most` frames. Never raises: errors of the peer become events.
    fn receive<'py>(
        slf: &Bound<'py, Self>,
        data: &[u8],
        most: usize,
    ) -> PyResult<(Bound<'py, PyList>, usize)> {
        let (events, count) = slf.borrow_mut().engine.receive_slice(data, most);
        let list = PyList::empty(slf.py());
        for event in merge(events) {
            list.append(Self::event(slf, event)?)?;
        }
        Ok((list, count))
    }

    /// Begin a request; names are lower case. Return its stream, or None if the connection has used up its streams.
    #[pyo3(signature = (method, scheme, authority, target, headers, *, is_end))]
    fn open(
        slf: &Bound<'_, Self>,
        method: &str,
        scheme: &str,
        authority: &str,
        target: &str,
        headers: &Bound<'_, PyDict>,
        is_end: bool,
    ) -> PyResult<Option<u32>> {
        let fields = headers
            .iter()
            .map(|(name, value)| Ok((name.cast_into()?, value.cast_into()?)))
            .collect::<PyResult<Vec<(Bound<'_, PyString>, Bound<'_, PyString>)>>>()?;
        let mut head = Vec::with_capacity(4 + fields.len());
        for (name, value) in [
            (":method", method),
            (":scheme", scheme),
            (":authority", authority),
            (":path", target),
        ] {
            head.push((header_bytes(name)?, header_bytes(value)?));
        }
        for (name, value) in &fields {
            head.push((
                header_bytes(name.to_str()?)?,
                header_bytes(value.to_str()?)?,
            ));
        }
        let head = head.iter().map(|(name, value)| (&name[..], &value[..]));
        Ok(slf.borrow_mut().engine.open(head, is_end))
    }

    /// Append to the body of a request. Bytes that exceed the peer's window are kept until it grows.
    #[pyo3(signature = (stream_id, data, *, is_end=false))]
    fn send_data(&mut self, stream_id: u32, data: Bytes, is_end: bool) {
        self.engine.send_data(stream_id, data, is_end);
    }

    /// How many bytes of this request wait for the peer's window.
    fn pending_size(&self, stream_id: u32) -> usize {
        self.engine.pending_size(stream_id)
    }

    /// How many bytes of this stream the peer takes beyond those that wait; 0 if it is gone or ended.
    fn window(&self, stream_id: u32) -> usize {
        self.engine.window(stream_id)
    }

    /// Return the credit of `size` received bytes to the peer.
    fn acknowledge(&mut self, stream_id: u32, size: usize) {
        self.engine.acknowledge(stream_id, size);
    }

    /// End a stream early. This causes no event.
    fn reset(&mut self, stream_id: u32, code: u32) -> PyResult<()> {
        self.engine.reset(stream_id, error_code(code)?);
        Ok(())
    }

    /// Send a PING. Its acknowledgement shows that the peer has seen everything sent before.
    fn ping(&mut self) {
        self.engine.ping();
    }

    /// Announce the end of the connection.
    #[pyo3(signature = (*, code=0))]
    fn go_away(&mut self, code: u32) -> PyResult<()> {
        self.engine.go_away(true, error_code(code)?);
        Ok(())
    }

    /// Take bytes for the network. Streams take turns until about `output_size` bytes of bodies are written.
    fn take_output<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.engine.take_output())
    }
}

impl Http2ClientEngine {
    fn event(slf: &Bound<'_, Self>, event: Merged) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        Ok(match event {
            Merged::Progress(progress) => Py::new(py, Self::progress(slf, progress)?)?.into_any(),
            Merged::Other(Event::PeerLeaving {
                last_stream: last_stream_id,
                code,
                detail,
            }) => {
                let leaving = PeerLeaving {
                    last_stream_id,
                    code,
                    detail,
                };
                Py::new(py, leaving)?.into_any()
            }
            Merged::Other(Event::ConnectionFailed(reason)) => {
                Py::new(py, ConnectionFailed { reason })?.into_any()
            }
            Merged::Other(_) => Py::new(py, PingAcknowledged)?.into_any(),
        })
    }

    fn progress(slf: &Bound<'_, Self>, progress: Progress) -> PyResult<ResponseProgress> {
        let py = slf.py();
        let status = progress.head.as_ref().map(|head| head.status);
        let headers = progress.head.map(|head| Self::headers(slf, head.fields));
        Ok(ResponseProgress {
            stream_id: progress.stream,
            status,
            headers: headers.transpose()?,
            data: join(py, &progress.body)?,
            is_ended: progress.is_ended,
            reset_code: progress.reset_code,
            broken_rule: progress.broken_rule,
        })
    }

    fn headers(slf: &Bound<'_, Self>, fields: Vec<Field>) -> PyResult<Py<PyTuple>> {
        let py = slf.py();
        if let Some((last, headers)) = &slf.borrow().last_headers {
            if *last == fields {
                return Ok(headers.clone_ref(py));
            }
        }
        let pairs = fields
            .iter()
            .map(|field| (latin1(py, &field.name), latin1(py, &field.value)));
        let headers = PyTuple::new(py, pairs.collect::<Vec<_>>())?.unbind();
        let last = slf
            .borrow_mut()
            .last_headers
            .replace((fields, headers.clone_ref(py)));
        drop(last); // it may run Python code, so the engine is released before
        Ok(headers)
    }
}

/// Copies the parts of a body into one object.
fn join(py: Python<'_>, parts: &[Bytes]) -> PyResult<Py<PyBytes>> {
    let size = parts.iter().map(Bytes::len).sum();
    let joined = PyBytes::new_with(py, size, |mut rest| {
        for part in parts {
            let (place, tail) = rest.split_at_mut(part.len());
            place.copy_from_slice(part);
            rest = tail;
        }
        Ok(())
    })?;
    Ok(joined.unbind())
}
