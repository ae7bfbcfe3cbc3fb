//! The engine of a server.

use awaken_http1::server::{Event, Request};
use awaken_http1::{Limits, Server};
use bytes::Bytes;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::event::{Http1Body, Http1Refusal, Http1Request};
use super::fields::{Given, pairs, read, share, unsendable};
use crate::values::latin1;

/// Server side of one HTTP/1.1 connection, without I/O and clock.
#[pyclass(module = "awaken._core")]
pub(crate) struct Http1ServerEngine {
    server: Server,
}

#[pymethods]
impl Http1ServerEngine {
    #[new]
    #[pyo3(signature = (*, head_size, headers_count, body_size, discard_size, extensions_size))]
    fn new(
        head_size: usize,
        headers_count: usize,
        body_size: u64,
        discard_size: u64,
        extensions_size: usize,
    ) -> Self {
        let limits = Limits {
            head_size,
            headers_count,
            body_size,
            discard_size,
            extensions_size,
        };
        Self {
            server: Server::new(limits),
        }
    }

    /// Whether the request is complete, or none will ever be.
    #[getter]
    fn is_request_ended(&self) -> bool {
        self.server.is_request_ended()
    }

    /// Whether the head of the response was not written yet.
    #[getter]
    fn is_unanswered(&self) -> bool {
        self.server.is_unanswered()
    }

    /// Whether the response is complete, and nothing may follow it.
    #[getter]
    fn is_over(&self) -> bool {
        self.server.is_over()
    }

    /// Whether a part of the next request's head is there.
    #[getter]
    fn is_head_begun(&self) -> bool {
        self.server.is_head_begun()
    }

    /// Bytes that have arrived and belong to later requests.
    #[getter]
    fn ahead_size(&self) -> usize {
        self.server.ahead_size()
    }

    /// Receive bytes from the network. Never raises: errors of the peer become events.
    fn receive<'py>(
        slf: &Bound<'py, Self>,
        data: &Bound<'py, PyBytes>,
    ) -> PyResult<Bound<'py, PyList>> {
        let bytes: Bytes = data.extract()?;
        let events = slf.borrow_mut().server.receive(bytes);
        convert(slf.py(), events, Some(data))
    }

    /// Begin the next request if this one and its response are complete, and read what is there of it.
    fn advance<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyList>> {
        let events = slf.borrow_mut().server.advance();
        convert(slf.py(), events, None)
    }

    /// Let a peer send the body for which it expects a response of status 100, and return that response.
    fn proceed<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.server.proceed())
    }

    /// Return the head of the response; with a size, so many bytes of body complete the response.
    #[pyo3(signature = (status, headers, size=None, *, is_last=false))]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 creates the list for this call"
    )]
    fn start<'py>(
        &mut self,
        py: Python<'py>,
        status: u16,
        headers: Given,
        size: Option<u64>,
        is_last: bool,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let started = self.server.start(status, pairs(&headers), size, is_last);
        Ok(PyBytes::new(py, &started.map_err(unsendable)?))
    }

    /// Count bytes of the body, and return what precedes them; if it is not empty, a line end follows them.
    fn frame<'py>(&mut self, py: Python<'py>, size: u64) -> PyResult<Bound<'py, PyBytes>> {
        let framed = self.server.frame(size).map_err(unsendable)?;
        Ok(PyBytes::new(py, framed.as_bytes()))
    }

    /// End the response, and return what follows its body.
    fn end<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.server.end().map_err(unsendable)?))
    }
}

fn convert<'py>(
    py: Python<'py>,
    events: Vec<Event>,
    source: Option<&Bound<'py, PyBytes>>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for event in events {
        match event {
            Event::Request(request) => list.append(request_of(py, &request, source)?)?,
            Event::Body { data, is_end } => list.append(Http1Body {
                data: share(py, &data, source).unbind(),
                is_end,
            })?,
            Event::Refused(refusal) => list.append(Http1Refusal {
                status: refusal.status,
                reason: refusal.reason,
            })?,
        }
    }
    Ok(list)
}

fn request_of<'py>(
    py: Python<'py>,
    request: &Request,
    source: Option<&Bound<'py, PyBytes>>,
) -> PyResult<Http1Request> {
    let target = request.target();
    let mut fields = read(py, &request.head);
    if let Some(authority) = target.authority {
        // It counts for more than the header (RFC 9112, section 3.2.2).
        let host = intern!(py, "host");
        for (name, value) in &mut fields {
            if (**name).eq(host)? {
                *value = PyString::new(py, authority);
            }
        }
    }
    let headers = PyDict::new(py);
    for (name, value) in &fields {
        // If a name is repeated, the first value counts.
        if !headers.contains(name)? {
            headers.set_item(name, value)?;
        }
    }
    let header_list = if headers.len() == fields.len() {
        None
    } else {
        Some(PyList::new(py, fields)?.unbind())
    };
    let method = match request.head.method() {
        "GET" => intern!(py, "GET").clone(),
        "POST" => intern!(py, "POST").clone(),
        other => PyString::new(py, other),
    };
    let http_version = if request.minor == 0 {
        intern!(py, "1.0")
    } else {
        intern!(py, "1.1")
    };
    Ok(Http1Request {
        method: method.unbind(),
        path: latin1(py, target.path.as_bytes()).unbind(),
        query: latin1(py, target.query.as_bytes()).unbind(),
        http_version: http_version.clone().unbind(),
        headers: headers.unbind(),
        header_list,
        body: request
            .body
            .as_ref()
            .map(|body| share(py, body, source).unbind()),
        expects_continue: request.expects_continue,
    })
}
