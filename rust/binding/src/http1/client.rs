//! The engine of a client.

use awaken_http1::client::Event;
use awaken_http1::{Client, Limits};
use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::event::{Http1Body, Http1Cut, Http1Refusal, Http1Response};
use super::fields::{Given, pairs, read_list, share, unsendable};

/// Client side of one HTTP/1.1 connection, without I/O and clock.
#[pyclass(module = "awaken._core")]
pub(crate) struct Http1ClientEngine {
    client: Client,
    /// What was received last: what is read of it need not be copied if it is all of it.
    source: Option<Py<PyBytes>>,
}

#[pymethods]
impl Http1ClientEngine {
    #[new]
    #[pyo3(signature = (*, head_size, headers_count, extensions_size))]
    fn new(head_size: usize, headers_count: usize, extensions_size: usize) -> Self {
        let limits = Limits {
            head_size,
            headers_count,
            body_size: u64::MAX,
            discard_size: 0,
            extensions_size,
        };
        Self {
            client: Client::new(limits),
            source: None,
        }
    }

    /// Whether no request has begun.
    #[getter]
    fn is_idle(&self) -> bool {
        self.client.is_idle()
    }

    /// Whether the request was begun, and not ended.
    #[getter]
    fn is_sending(&self) -> bool {
        self.client.is_sending()
    }

    /// Whether request and response are complete, and nothing but them has arrived: the next request may begin.
    #[getter]
    fn is_reusable(&self) -> bool {
        self.client.is_reusable()
    }

    /// Begin a request, and return its head; its body is sent in chunks.
    #[pyo3(signature = (method, target, headers, *, has_body))]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 creates the list for this call"
    )]
    fn begin<'py>(
        &mut self,
        py: Python<'py>,
        method: &str,
        target: &str,
        headers: Given,
        has_body: bool,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let begun = self.client.begin(method, target, pairs(&headers), has_body);
        Ok(PyBytes::new(py, &begun.map_err(unsendable)?))
    }

    /// Count bytes of the body, and return what precedes them; a line end follows them.
    fn frame<'py>(&mut self, py: Python<'py>, size: u64) -> PyResult<Bound<'py, PyBytes>> {
        let framed = self.client.frame(size).map_err(unsendable)?;
        Ok(PyBytes::new(py, framed.as_bytes()))
    }

    /// End the request, and return what follows its body.
    fn end<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.client.end().map_err(unsendable)?))
    }

    /// Receive bytes from the network; `read` reads them.
    fn receive(slf: &Bound<'_, Self>, data: &Bound<'_, PyBytes>) -> PyResult<()> {
        let bytes: Bytes = data.extract()?;
        let mut this = slf.borrow_mut();
        this.client.receive(bytes);
        let old = this.source.replace(data.clone().unbind());
        drop(this);
        drop(old);
        Ok(())
    }

    /// Note that the peer sends no more.
    fn receive_end(&mut self) {
        self.client.receive_end();
    }

    /// Read at most so many parts of a response, and return them with how many there were.
    fn read<'py>(slf: &Bound<'py, Self>, most: usize) -> PyResult<(Bound<'py, PyList>, usize)> {
        let py = slf.py();
        let mut this = slf.borrow_mut();
        let (events, count) = this.client.read(most);
        let source = this.source.take();
        drop(this);
        let source = source.map(|source| source.into_bound(py));
        let list = PyList::empty(py);
        for event in events {
            match event {
                Event::Response(head) => list.append(Http1Response {
                    status: head.status(),
                    headers: read_list(py, &head)?.unbind(),
                })?,
                Event::Body(data) => list.append(Http1Body {
                    data: share(py, &data, source.as_ref()).unbind(),
                    is_end: false,
                })?,
                Event::End => list.append(Http1Body {
                    data: PyBytes::new(py, b"").unbind(),
                    is_end: true,
                })?,
                Event::Cut => list.append(Http1Cut)?,
                Event::Failed(refusal) => list.append(Http1Refusal {
                    status: refusal.status,
                    reason: refusal.reason,
                })?,
            }
        }
        Ok((list, count))
    }
}
