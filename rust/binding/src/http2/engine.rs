//! The class of the engine.

use std::collections::HashMap;

use awaken_http2::engine::Event;
use awaken_http2::head::RequestHead;
use awaken_http2::{Limits, ServerEngine};
use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::conversion::error_code;
use super::event::{
    BodyEnded, BodyReceived, ConnectionFailed, PeerLeaving, PingAcknowledged, RequestReceived,
    StreamClosed,
};
use super::invocation::Invocation;
use super::routes::{InvocationRoutes, check_headers, fields};
use super::shared::Shared;
use crate::values::latin1;

/// Most header names that are cached as Python strings: peers repeat a few of them on every request.
const REMEMBERED_NAMES: usize = 64;

/// Server side of one HTTP/2 connection, without I/O and clock.
#[pyclass(module = "awaken._core")]
pub(crate) struct Http2Engine {
    pub(super) shared: Shared<Invocation>,
    names: HashMap<Bytes, Py<PyString>>,
    pub(super) invocations: Option<Invocations>,
}

/// Which requests are invocations, and what stands in for the receiver of one that has none.
pub(super) struct Invocations {
    pub(super) routes: Py<InvocationRoutes>,
    pub(super) no_receiver: Py<PyAny>,
}

#[pymethods]
impl Http2Engine {
    #[new]
    #[pyo3(signature = (
        *,
        streams,
        stream_window,
        connection_window,
        max_frame_size,
        headers_size,
        headers_count,
        decoded_headers_size,
        header_block_size,
        output_size,
        buffer_high,
        buffer_low,
        discard_size,
    ))]
    #[expect(clippy::too_many_arguments, reason = "named limits, all needed")]
    fn new(
        streams: usize,
        stream_window: u32,
        connection_window: u32,
        max_frame_size: u32,
        headers_size: usize,
        headers_count: usize,
        decoded_headers_size: usize,
        header_block_size: usize,
        output_size: usize,
        buffer_high: usize,
        buffer_low: usize,
        discard_size: usize,
    ) -> Self {
        let limits = Limits {
            streams,
            stream_window,
            connection_window,
            max_frame_size,
            headers_size,
            headers_count,
            decoded_headers_size,
            header_block_size,
            output_size,
            buffer_high,
            buffer_low,
            discard_size,
        };
        Self {
            shared: Shared::new(ServerEngine::new(limits)),
            names: HashMap::new(),
            invocations: None,
        }
    }

    /// Read the invocations of these routes into machines, from now on.
    ///
    /// They are among the events as `Invocation`, once for all that was received for them: when their journal is
    /// complete, and then whenever something arrived.
    ///
    /// Args:
    ///     routes: which requests are invocations.
    ///     on_output: called when an invocation has written something, once until the output is taken.
    ///     no_receiver: the receiver of an invocation that has none, or none any more.
    fn serve(
        slf: &Bound<'_, Self>,
        routes: Py<InvocationRoutes>,
        on_output: Py<PyAny>,
        no_receiver: Py<PyAny>,
    ) {
        let replaced = slf.borrow_mut().invocations.replace(Invocations {
            routes,
            no_receiver,
        });
        drop(replaced);
        let shared = slf.borrow().shared.clone();
        shared.set_on_output(on_output);
    }

    /// Whether the socket takes no bytes, so that invocations wait.
    fn set_paused(&self, is_paused: bool) {
        self.shared.lock().is_paused = is_paused;
    }

    /// Return the invocation on a stream, if its response has not ended.
    fn invocation(slf: &Bound<'_, Self>, stream_id: u32) -> Option<Py<Invocation>> {
        Self::live(slf, stream_id).map(Bound::unbind)
    }

    /// Return the invocations that have a receiver and whose response has not ended.
    fn live_invocations(slf: &Bound<'_, Self>) -> Vec<Py<Invocation>> {
        let py = slf.py();
        let shared = slf.borrow().shared.clone();
        let live = &shared.lock().live;
        live.values()
            .filter(|one| one.borrow(py).is_begun())
            .map(|one| one.clone_ref(py))
            .collect()
    }

    /// Forget all invocations: their connection is lost. Returns those that have a receiver.
    fn lose_invocations(slf: &Bound<'_, Self>) -> Vec<Py<Invocation>> {
        let py = slf.py();
        let shared = slf.borrow().shared.clone();
        shared.silence();
        let live = std::mem::take(&mut shared.lock().live);
        live.into_values()
            .filter(|one| {
                let mut one = one.borrow_mut(py);
                one.is_lost = true;
                one.is_begun()
            })
            .collect()
    }

    /// Take the invocations that found the socket paused.
    fn take_waiting(slf: &Bound<'_, Self>) -> Vec<Py<Invocation>> {
        let shared = slf.borrow().shared.clone();
        let waiting = std::mem::take(&mut shared.lock().waiting);
        waiting
            .into_iter()
            .filter_map(|id| Self::live(slf, id).map(Bound::unbind))
            .collect()
    }

    /// Whether an invocation has ended since you asked last.
    fn take_activity(&self) -> bool {
        std::mem::take(&mut self.shared.lock().is_active)
    }

    /// Return the streams of the invocations whose response has not ended.
    fn invocation_streams(&self) -> Vec<u32> {
        self.shared.lock().live.keys().copied().collect()
    }

    /// Take the streams of invocations whose response has ended, and whose request has not.
    fn take_finished(&self) -> Vec<u32> {
        let mut connection = self.shared.lock();
        std::mem::take(&mut connection.finished)
            .into_iter()
            .filter(|id| connection.engine.is_open(*id))
            .collect()
    }

    #[getter]
    fn stream_count(&self) -> usize {
        self.shared.lock().engine.stream_count()
    }

    /// The stream of an incomplete header block; 0 if there is none.
    #[getter]
    fn begun_head(&self) -> u32 {
        self.shared.lock().engine.begun_head()
    }

    #[getter]
    fn has_output(&self) -> bool {
        self.shared.lock().engine.has_output()
    }

    #[getter]
    fn control_frame_count(&self) -> u64 {
        self.shared.lock().engine.control_frame_count()
    }

    #[getter]
    fn reset_count(&self) -> u64 {
        self.shared.lock().engine.reset_count()
    }

    /// Receive bytes from the network. Never raises: errors of the peer become events.
    fn receive<'py>(slf: &Bound<'py, Self>, data: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let py = slf.py();
        let shared = slf.borrow().shared.clone();
        let events = shared.lock().engine.receive(data);
        let list = PyList::empty(py);
        for event in events {
            if let Some(event) = Self::receive_invocation(slf, &shared, event, &list)? {
                list.append(Self::event(slf, event)?)?;
            }
        }
        for event in list.iter() {
            if let Ok(invocation) = event.cast::<Invocation>() {
                invocation.borrow_mut().is_listed = false;
            }
        }
        Ok(list)
    }

    /// Begin the response of a stream; names are lower case.
    #[pyo3(signature = (stream_id, status, headers, *, is_end=false))]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 creates the list for this call"
    )]
    fn send_headers(
        &mut self,
        stream_id: u32,
        status: u16,
        headers: Vec<(String, String)>,
        is_end: bool,
    ) -> PyResult<()> {
        check_headers(&headers)?;
        let fields = fields(&headers);
        self.shared
            .lock()
            .engine
            .send_headers(stream_id, status, fields, is_end);
        Ok(())
    }

    /// Append to the response. Bytes that exceed the peer's window are kept until it grows.
    #[pyo3(signature = (stream_id, data, *, is_end=false))]
    fn send_data(&mut self, stream_id: u32, data: Bytes, is_end: bool) {
        self.shared.lock().engine.send_data(stream_id, data, is_end);
    }

    /// How many bytes of this response wait for the peer's window.
    fn pending_size(&self, stream_id: u32) -> usize {
        self.shared.lock().engine.pending_size(stream_id)
    }

    /// Whether more bytes were pending than the upper limit, and more still are than the lower one.
    fn is_stalled(&self, stream_id: u32) -> bool {
        self.shared.lock().engine.is_stalled(stream_id)
    }

    /// Whether the stream is open in either direction.
    fn is_open(&self, stream_id: u32) -> bool {
        self.shared.lock().engine.is_open(stream_id)
    }

    /// Return the credit of `size` received bytes to the peer.
    fn acknowledge(&mut self, stream_id: u32, size: usize) {
        self.shared.lock().engine.acknowledge(stream_id, size);
    }

    /// End a stream early. This causes no event.
    fn reset(&mut self, stream_id: u32, code: u32) -> PyResult<()> {
        let code = error_code(code)?;
        self.shared.lock().engine.reset(stream_id, code);
        Ok(())
    }

    /// Send a PING. Its acknowledgement shows that the peer has seen everything sent before.
    fn ping(&mut self) {
        self.shared.lock().engine.ping();
    }

    /// Announce the end of the connection. If `is_final`, new streams are refused from now on.
    #[pyo3(signature = (*, is_final, code=0))]
    fn go_away(&mut self, is_final: bool, code: u32) -> PyResult<()> {
        let code = error_code(code)?;
        self.shared.lock().engine.go_away(is_final, code);
        Ok(())
    }

    /// Take bytes for the network. Streams take turns until about `output_size` bytes of bodies are written.
    fn take_output<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.shared.take_output())
    }

    /// Take the ids of streams that stopped being stalled.
    fn take_resumed(&mut self) -> Vec<u32> {
        self.shared.lock().engine.take_resumed()
    }
}

impl Http2Engine {
    fn event(slf: &Bound<'_, Self>, event: Event<RequestHead>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        Ok(match event {
            Event::HeadReceived(stream_id, head) => {
                Py::new(py, Self::request(slf, stream_id, &head)?)?.into_any()
            }
            Event::BodyReceived(stream_id, data) => {
                let data = PyBytes::new(py, &data).unbind();
                Py::new(py, BodyReceived { stream_id, data })?.into_any()
            }
            Event::BodyEnded(stream_id) => Py::new(py, BodyEnded { stream_id })?.into_any(),
            Event::StreamBroken(stream_id, code, _) => {
                let code = code as u32;
                Py::new(py, StreamClosed { stream_id, code })?.into_any()
            }
            Event::StreamClosed(stream_id, code) => {
                Py::new(py, StreamClosed { stream_id, code })?.into_any()
            }
            Event::PingAcknowledged => Py::new(py, PingAcknowledged)?.into_any(),
            Event::PeerLeaving {
                last_stream: last_stream_id,
                code,
                detail,
            } => {
                let leaving = PeerLeaving {
                    last_stream_id,
                    code,
                    detail,
                };
                Py::new(py, leaving)?.into_any()
            }
            Event::ConnectionFailed(reason) => Py::new(py, ConnectionFailed { reason })?.into_any(),
        })
    }

    fn request(
        slf: &Bound<'_, Self>,
        stream_id: u32,
        head: &RequestHead,
    ) -> PyResult<RequestReceived> {
        let py = slf.py();
        let headers = PyDict::new(py);
        for field in &head.fields {
            let name = Self::name(slf, &field.name);
            // If a name is repeated, the first value counts.
            if !headers.contains(&name)? {
                headers.set_item(name, latin1(py, &field.value))?;
            }
        }
        Ok(RequestReceived {
            stream_id,
            method: latin1(py, &head.method).unbind(),
            path: latin1(py, &head.path).unbind(),
            headers: headers.unbind(),
            query: latin1(py, &head.query).unbind(),
        })
    }

    fn name<'py>(slf: &Bound<'py, Self>, name: &Bytes) -> Bound<'py, PyString> {
        let py = slf.py();
        if let Some(known) = slf.borrow().names.get(name) {
            return known.bind(py).clone();
        }
        let made = latin1(py, name);
        let names = &mut slf.borrow_mut().names;
        if names.len() < REMEMBERED_NAMES {
            // The name is copied, since it may be a slice of a larger buffer.
            names.insert(Bytes::copy_from_slice(name), made.clone().unbind());
        }
        made
    }
}
