//! How the events of invocations reach their machines.

use awaken_core::endpoint::{Machine, Options};
use awaken_http2::engine::Event;
use awaken_http2::head::{PackedHead, RequestHead};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::engine::Http2Engine;
use super::invocation::{Invocation, Opening};
use super::shared::Shared;
use crate::endpoint::EndpointMachine;

impl Http2Engine {
    /// Passes an event of an invocation on to its machine; returns every other one.
    pub(super) fn receive_invocation(
        slf: &Bound<'_, Self>,
        shared: &Shared<Invocation>,
        event: Event<RequestHead>,
        list: &Bound<'_, PyList>,
    ) -> PyResult<Option<Event<RequestHead>>> {
        let py = slf.py();
        match event {
            Event::HeadReceived(id, head) => {
                let opening = match Self::opening(slf, id, head)? {
                    Ok(opening) => opening,
                    Err(head) => return Ok(Some(Event::HeadReceived(id, head))),
                };
                let invocation = Py::new(py, Invocation::new(py, shared.clone(), opening))?;
                shared.lock().live.insert(id, invocation);
                Ok(None)
            }
            Event::BodyReceived(id, data) => {
                let Some(invocation) = Self::live(slf, id) else {
                    return Ok(Some(Event::BodyReceived(id, data)));
                };
                let is_due = invocation.borrow_mut().feed(py, data);
                Self::list(invocation, is_due, list)?;
                Ok(None)
            }
            Event::BodyEnded(id) => {
                let Some(invocation) = Self::live(slf, id) else {
                    let mut connection = shared.lock();
                    let is_finished = connection.finished.remove(&id);
                    connection.is_active |= is_finished;
                    return Ok((!is_finished).then_some(Event::BodyEnded(id)));
                };
                let is_due = invocation.borrow().feed_end(py);
                Self::list(invocation, is_due, list)?;
                Ok(None)
            }
            Event::StreamClosed(id, _) | Event::StreamBroken(id, _, _) => {
                shared.lock().finished.remove(&id);
                let Some(invocation) = shared.lock().live.remove(&id) else {
                    return Ok(Some(event));
                };
                shared.lock().is_active = true;
                let invocation = invocation.into_bound(py);
                let is_due = {
                    let mut invocation = invocation.borrow_mut();
                    invocation.is_lost = true;
                    invocation.is_begun()
                };
                Self::list(invocation, is_due, list)?;
                Ok(None)
            }
            other => Ok(Some(other)),
        }
    }

    fn opening(
        slf: &Bound<'_, Self>,
        stream_id: u32,
        head: RequestHead,
    ) -> PyResult<Result<Opening, RequestHead>> {
        let py = slf.py();
        let this = slf.borrow();
        let Some(invocations) = &this.invocations else {
            return Ok(Err(head));
        };
        let routes = invocations.routes.borrow(py);
        let Some(route) = routes.find(&head) else {
            return Ok(Err(head));
        };
        let machine = Machine::new(route.version, Options::default());
        let (handler, version) = (route.handler.clone_ref(py), route.version.number());
        let response_head = route.response_head.clone();
        let (window, no_receiver) = (routes.window, invocations.no_receiver.clone_ref(py));
        drop(routes);
        drop(this);
        Ok(Ok(Opening {
            stream_id,
            head: PackedHead::new(&head),
            handler,
            version,
            response_head,
            machine: Py::new(py, EndpointMachine(machine))?,
            no_receiver,
            window,
        }))
    }

    pub(super) fn live<'py>(slf: &Bound<'py, Self>, id: u32) -> Option<Bound<'py, Invocation>> {
        let this = slf.borrow();
        let connection = this.shared.lock();
        connection
            .live
            .get(&id)
            .map(|one| one.bind(slf.py()).clone())
    }

    /// Appends an invocation, once.
    fn list(
        invocation: Bound<'_, Invocation>,
        is_due: bool,
        list: &Bound<'_, PyList>,
    ) -> PyResult<()> {
        if is_due && !std::mem::replace(&mut invocation.borrow_mut().is_listed, true) {
            list.append(invocation)?;
        }
        Ok(())
    }
}
