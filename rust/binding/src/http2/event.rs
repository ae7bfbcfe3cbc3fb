//! What the peer did: one class per event.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

/// The checked head of a request. Names are lower case; of a repeated one the first value counts.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct RequestReceived {
    pub(super) stream_id: u32,
    pub(super) method: Py<PyString>,
    pub(super) path: Py<PyString>,
    pub(super) headers: Py<PyDict>,
    pub(super) query: Py<PyString>,
}

#[pymethods]
impl RequestReceived {
    #[new]
    fn new(
        stream_id: u32,
        method: Py<PyString>,
        path: Py<PyString>,
        headers: Py<PyDict>,
        query: Py<PyString>,
    ) -> Self {
        Self {
            stream_id,
            method,
            path,
            headers,
            query,
        }
    }
}

/// Bytes of a request's body. `acknowledge` returns their credit to the peer.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct BodyReceived {
    pub(super) stream_id: u32,
    pub(super) data: Py<PyBytes>,
}

#[pymethods]
impl BodyReceived {
    #[new]
    fn new(stream_id: u32, data: Py<PyBytes>) -> Self {
        Self { stream_id, data }
    }
}

/// The peer has sent everything on this stream.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct BodyEnded {
    pub(super) stream_id: u32,
}

#[pymethods]
impl BodyEnded {
    #[new]
    fn new(stream_id: u32) -> Self {
        Self { stream_id }
    }
}

/// The stream was reset, by the peer or because the peer broke the protocol. It carries nothing more.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct StreamClosed {
    pub(super) stream_id: u32,
    pub(super) code: u32,
}

#[pymethods]
impl StreamClosed {
    #[new]
    fn new(stream_id: u32, code: u32) -> Self {
        Self { stream_id, code }
    }
}

/// The peer answered a PING, so it has seen everything sent before.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct PingAcknowledged;

#[pymethods]
impl PingAcknowledged {
    #[new]
    fn new() -> Self {
        Self
    }
}

/// The peer will open no more streams on this connection, and process none above `last_stream_id`.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct PeerLeaving {
    pub(super) last_stream_id: u32,
    pub(super) code: u32,
    pub(super) detail: String,
}

#[pymethods]
impl PeerLeaving {
    #[new]
    #[pyo3(signature = (last_stream_id=0, code=0, detail=String::new()))]
    fn new(last_stream_id: u32, code: u32, detail: String) -> Self {
        Self {
            last_stream_id,
            code,
            detail,
        }
    }
}

/// The peer broke the protocol. The output ends with GOAWAY; close the connection after sending it.
#[pyclass(frozen, get_all, module = "awaken._core")]
pub(crate) struct ConnectionFailed {
    pub(super) reason: String,
}

#[pymethods]
impl ConnectionFailed {
    #[new]
    fn new(reason: String) -> Self {
        Self { reason }
    }
}
