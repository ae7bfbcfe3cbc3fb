//! The requests that the engine reads into machines itself.

use std::collections::HashMap;
use std::sync::Arc;

use awaken_core::wire::Version;
use awaken_http2::head::RequestHead;
use awaken_http2::hpack;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::wire::protocol_version;

type Pairs = Vec<(String, String)>;

/// The invocations that an HTTP/2 engine reads into machines itself.
///
/// They are requests `POST .../invoke/SERVICE/HANDLER` for these handlers, with the content type of a version. Whatever
/// else the endpoint refuses or serves differently is an exchange for its `accept`.
///
/// Args:
///     window: how many bytes of a request may stay unacknowledged.
#[pyclass(module = "awaken._core")]
pub(crate) struct InvocationRoutes {
    handlers: HashMap<Vec<u8>, Py<PyAny>>,
    versions: Vec<Negotiated>,
    pub(super) window: usize,
}

/// A version, and the head of the responses that speak it.
struct Negotiated {
    content_type: &'static str,
    version: Version,
    /// Encoded.
    head: Arc<[u8]>,
}

/// What a request asks for.
pub(super) struct Route<'a> {
    pub(super) handler: &'a Py<PyAny>,
    pub(super) version: Version,
    /// The encoded head of the response.
    pub(super) response_head: &'a Arc<[u8]>,
}

#[pymethods]
impl InvocationRoutes {
    #[new]
    fn new(window: usize) -> Self {
        Self {
            handlers: HashMap::new(),
            versions: Vec::new(),
            window,
        }
    }

    /// Set the headers of responses in a version of the protocol.
    ///
    /// Raises:
    ///     ValueError: the version is unknown, or a header cannot be sent.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 creates the list for this call"
    )]
    fn add_version(&mut self, version: u32, headers: Pairs) -> PyResult<()> {
        let version = protocol_version(version)?;
        check_headers(&headers)?;
        self.versions.push(Negotiated {
            content_type: version.content_type(),
            version,
            head: hpack::encode_head(200, fields(&headers)).into(),
        });
        Ok(())
    }

    /// Add a handler under `SERVICE/HANDLER`; it is any object.
    fn add_handler(slf: &Bound<'_, Self>, target: &str, handler: Py<PyAny>) {
        let replaced = slf.borrow_mut().handlers.insert(target.into(), handler);
        drop(replaced); // it may run Python code, which must not find the routes borrowed
    }

    /// Remove all handlers, so that every request becomes an exchange.
    fn clear(slf: &Bound<'_, Self>) {
        let dropped = std::mem::take(&mut slf.borrow_mut().handlers);
        drop(dropped);
    }
}

impl InvocationRoutes {
    /// The handler and version that a request asks for, if it is an invocation and nothing about it is unusual.
    pub(super) fn find(&self, head: &RequestHead) -> Option<Route<'_>> {
        if &head.method[..] != b"POST" {
            return None;
        }
        let mut content_type = None;
        for field in &head.fields {
            match &field.name[..] {
                // Of a repeated header the first value counts.
                b"content-type" => content_type = content_type.or(Some(&field.value[..])),
                b"origin" => return None,
                _ => {}
            }
        }
        let content_type = content_type?;
        let handler = self.handlers.get(target(&head.path)?)?;
        let negotiated = self
            .versions
            .iter()
            .find(|known| known.content_type.as_bytes() == content_type)?;
        Some(Route {
            handler,
            version: negotiated.version,
            response_head: &negotiated.head,
        })
    }
}

/// Headers as fields.
pub(super) fn fields(headers: &[(String, String)]) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
}

/// `SERVICE/HANDLER` of a path `.../invoke/SERVICE/HANDLER`.
fn target(path: &[u8]) -> Option<&[u8]> {
    let mut segments = path.rsplitn(4, |byte| *byte == b'/');
    let (handler, service) = (segments.next()?, segments.next()?);
    if segments.next()? != b"invoke" {
        return None;
    }
    path.get(path.len() - handler.len() - 1 - service.len()..)
}

/// Checks that headers can be sent.
pub(super) fn check_headers(headers: &[(String, String)]) -> PyResult<()> {
    for (name, value) in headers {
        if !name.is_ascii() || value.bytes().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
            let text = format!("response header {name:?}: {value:?} cannot be sent");
            return Err(PyValueError::new_err(text));
        }
    }
    Ok(())
}
