//! A stream whose request goes into an endpoint machine without a detour through Python.

use std::sync::Arc;

use awaken_http2::ErrorCode;
use awaken_http2::head::PackedHead;
use bytes::Bytes;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::routes::{check_headers, fields};
use super::shared::Shared;
use crate::endpoint::EndpointMachine;
use crate::values::latin1;

/// Received bytes up to this size are copied for the machine. A slice would keep everything that was read with it in
/// memory for as long as the machine keeps the message.
const COPIED_SIZE: usize = 4096;

type Pairs = Vec<(String, String)>;

/// An invocation on a stream of HTTP/2, as an exchange whose request goes into its machine by itself.
///
/// What the machine writes leaves through `flush` and `finish`. The other methods are those of
/// `awaken.exchange.Exchange`.
#[pyclass(module = "awaken._core")]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct Invocation {
    shared: Shared<Invocation>,
    #[pyo3(get)]
    stream_id: u32,
    head: PackedHead,
    headers: Option<Py<PyDict>>,
    /// What was registered for the path.
    handler: Py<PyAny>,
    /// The negotiated version of the protocol.
    version: u32,
    response_head: Arc<[u8]>,
    machine: Py<EndpointMachine>,
    #[pyo3(get)]
    receiver: Py<PyAny>,
    no_receiver: Py<PyAny>,
    window: usize,
    /// Bytes of the request whose flow-control credit is not given back.
    unacknowledged: usize,
    /// Whether it has a receiver, or has had one.
    #[pyo3(get)]
    is_begun: bool,
    /// Whether the response has begun.
    #[pyo3(get)]
    is_started: bool,
    /// Whether the response has ended, or the exchange was given up.
    #[pyo3(get)]
    is_ended: bool,
    /// Whether the stream or its connection was lost.
    #[pyo3(get)]
    pub(super) is_lost: bool,
    /// Whether it is among the events of the bytes that are being received.
    pub(super) is_listed: bool,
}

/// What an invocation consists of when its head has arrived.
pub(super) struct Opening {
    pub(super) stream_id: u32,
    pub(super) head: PackedHead,
    pub(super) handler: Py<PyAny>,
    pub(super) version: u32,
    /// Encoded.
    pub(super) response_head: Arc<[u8]>,
    pub(super) machine: Py<EndpointMachine>,
    pub(super) no_receiver: Py<PyAny>,
    pub(super) window: usize,
}

impl Invocation {
    pub(super) fn new(py: Python<'_>, shared: Shared<Invocation>, opening: Opening) -> Self {
        Self {
            shared,
            stream_id: opening.stream_id,
            head: opening.head,
            headers: None,
            handler: opening.handler,
            version: opening.version,
            response_head: opening.response_head,
            machine: opening.machine,
            receiver: opening.no_receiver.clone_ref(py),
            no_receiver: opening.no_receiver,
            window: opening.window,
            unacknowledged: 0,
            is_begun: false,
            is_started: false,
            is_ended: false,
            is_lost: false,
            is_listed: false,
        }
    }

    pub(super) fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Gives the machine bytes of the request. Returns whether its attempt can do something with them.
    pub(super) fn feed(&mut self, py: Python<'_>, data: Bytes) -> bool {
        let size = data.len();
        let data = if size <= COPIED_SIZE {
            Bytes::copy_from_slice(&data)
        } else {
            data
        };
        let mut machine = self.machine.borrow_mut(py);
        machine.0.receive(data);
        self.unacknowledged += size;
        let excess = self
            .unacknowledged
            .saturating_sub(machine.0.unacknowledged_limit(self.window));
        if excess > 0 {
            self.unacknowledged -= excess;
            self.shared
                .lock()
                .engine
                .acknowledge(self.stream_id, excess);
        }
        self.is_begun || machine.0.is_ready() || machine.0.is_closed()
    }

    /// Tells the machine that the request is complete. Returns whether its attempt can do something.
    pub(super) fn feed_end(&self, py: Python<'_>) -> bool {
        let mut machine = self.machine.borrow_mut(py);
        machine.0.receive_end();
        self.is_begun || machine.0.is_ready() || machine.0.is_closed()
    }

    /// Sends the output of the machine, after the head if that is missing.
    fn send(&mut self, py: Python<'_>, is_end: bool) -> Option<Py<Self>> {
        let output = self.machine.borrow_mut(py).0.take_output();
        let mut connection = self.shared.lock();
        if !std::mem::replace(&mut self.is_started, true) {
            connection
                .engine
                .send_encoded(self.stream_id, &self.response_head, false);
        }
        if is_end || !output.is_empty() {
            connection.engine.send_data(self.stream_id, output, is_end);
        }
        if is_end {
            self.is_ended = true;
            connection.is_active = true;
            if connection.engine.is_open(self.stream_id) {
                connection.finished.insert(self.stream_id);
            }
            return connection.live.remove(&self.stream_id);
        }
        None
    }

    /// Forgets the receiver; it and the exchange refer to each other.
    fn release(&mut self, py: Python<'_>) -> Py<PyAny> {
        std::mem::replace(&mut self.receiver, self.no_receiver.clone_ref(py))
    }
}

#[pymethods]
impl Invocation {
    /// What its attempt begins with.
    ///
    /// The machine, the handler, the version of the protocol, and how many bytes of the request are unacknowledged.
    fn opening(&self, py: Python<'_>) -> (Py<EndpointMachine>, Py<PyAny>, u32, usize) {
        (
            self.machine.clone_ref(py),
            self.handler.clone_ref(py),
            self.version,
            self.unacknowledged,
        )
    }

    #[getter]
    fn method<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        latin1(py, self.head.method())
    }

    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        latin1(py, self.head.path())
    }

    /// The headers of the request. Names are lower case; of a repeated one the first value counts.
    #[getter]
    fn headers(slf: &Bound<'_, Self>) -> PyResult<Py<PyDict>> {
        let py = slf.py();
        if let Some(made) = &slf.borrow().headers {
            return Ok(made.clone_ref(py));
        }
        let head = slf.borrow().head.clone(); // what follows may run Python code
        let headers = PyDict::new(py);
        for (name, value) in head.fields() {
            let name = latin1(py, name);
            if !headers.contains(&name)? {
                headers.set_item(name, latin1(py, value))?;
            }
        }
        slf.borrow_mut().headers = Some(headers.clone().unbind());
        Ok(headers.unbind())
    }

    #[getter]
    #[expect(clippy::unused_self, reason = "a property in Python")]
    fn is_bidirectional(&self) -> bool {
        true
    }

    #[setter]
    fn set_receiver(slf: &Bound<'_, Self>, receiver: Py<PyAny>) {
        let replaced = {
            let mut this = slf.borrow_mut();
            this.is_begun = true;
            std::mem::replace(&mut this.receiver, receiver)
        };
        drop(replaced);
    }

    /// Whether the peer reads slower than you write; if so, `resume_writing` of the receiver follows.
    #[getter]
    fn is_write_paused(&self) -> bool {
        if self.is_lost || self.is_ended {
            return false;
        }
        let mut connection = self.shared.lock();
        if connection.is_paused {
            connection.waiting.insert(self.stream_id);
            return true;
        }
        connection.engine.is_stalled(self.stream_id)
    }

    /// Begin a response that is not the machine's.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 creates the list for this call"
    )]
    fn start(slf: &Bound<'_, Self>, status: u16, headers: Pairs) -> PyResult<()> {
        check_headers(&headers)?;
        {
            let mut this = slf.borrow_mut();
            if this.is_lost || this.is_ended {
                return Ok(());
            }
            this.is_started = true;
            let fields = fields(&headers);
            let mut connection = this.shared.lock();
            connection
                .engine
                .send_headers(this.stream_id, status, fields, false);
        }
        Self::note_output(slf)
    }

    /// Append to a response that is not the machine's.
    fn write(slf: &Bound<'_, Self>, data: Bytes) -> PyResult<()> {
        {
            let this = slf.borrow();
            if this.is_lost || this.is_ended {
                return Ok(());
            }
            let mut connection = this.shared.lock();
            connection.engine.send_data(this.stream_id, data, false);
        }
        Self::note_output(slf)
    }

    /// Write what the machine has written.
    fn flush(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        {
            let mut this = slf.borrow_mut();
            if this.is_lost || this.is_ended {
                return Ok(());
            }
            this.send(py, false);
        }
        Self::note_output(slf)
    }

    /// Write what the machine has written, and end the response.
    fn finish(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let released = {
            let mut this = slf.borrow_mut();
            if this.is_lost || this.is_ended {
                return Ok(());
            }
            (this.send(py, true), this.release(py))
        };
        drop(released);
        Self::note_output(slf)
    }

    /// End a response that is not the machine's.
    fn end(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        slf.borrow().machine.borrow_mut(py).0.take_output();
        Self::finish(slf)
    }

    /// Give the exchange up: the peer sees a reset stream.
    fn reset(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let released = {
            let mut this = slf.borrow_mut();
            if this.is_lost || this.is_ended {
                return Ok(());
            }
            this.is_lost = true;
            this.is_ended = true;
            let receiver = this.release(py);
            let mut connection = this.shared.lock();
            connection.engine.reset(this.stream_id, ErrorCode::Internal);
            (connection.live.remove(&this.stream_id), receiver)
        };
        drop(released);
        Self::note_output(slf)
    }

    /// Let the peer send `size` bytes more, because as many were consumed.
    fn acknowledge(slf: &Bound<'_, Self>, size: usize) -> PyResult<()> {
        {
            let mut this = slf.borrow_mut();
            this.unacknowledged = this.unacknowledged.saturating_sub(size);
            let mut connection = this.shared.lock();
            connection.engine.acknowledge(this.stream_id, size);
            if !connection.engine.has_output() {
                return Ok(());
            }
        }
        Self::note_output(slf)
    }

    /// Tell the receiver that the machine has received something, by its `receive_fed`.
    ///
    /// Returns False, and does nothing, if there is none yet, or if the stream is lost.
    fn deliver(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let (receiver, unacknowledged) = {
            let this = slf.borrow();
            if !this.is_begun || this.is_lost {
                return Ok(false);
            }
            (this.receiver.clone_ref(slf.py()), this.unacknowledged)
        };
        receiver.call_method1(
            slf.py(),
            intern!(slf.py(), "receive_fed"),
            (unacknowledged,),
        )?;
        Ok(true)
    }

    /// Note that the stream is gone, and return the receiver, which gets no other call but `disconnect`.
    fn lose(slf: &Bound<'_, Self>) -> Py<PyAny> {
        let py = slf.py();
        let mut this = slf.borrow_mut();
        this.is_lost = true;
        this.release(py)
    }

    fn __repr__(&self) -> String {
        let path = String::from_utf8_lossy(self.head.path());
        format!("<POST {path} on stream {}>", self.stream_id)
    }
}

impl Invocation {
    fn note_output(slf: &Bound<'_, Self>) -> PyResult<()> {
        let shared = slf.borrow().shared.clone();
        shared.note_output(slf.py())
    }
}
