//! What callers do, and the answers they accept. The handlers are in `benches/runtimes/app.py`.

use std::sync::Arc;
use std::time::Duration;

use super::response::Response;
use crate::id::InvocationId;
use crate::scenario::FIRST_AWAKEABLE;

/// How long `resume` gives a handler to create its awakeable and to wait.
pub const THINKING: Duration = Duration::from_millis(20);

/// What the embedded runtime says of the first resolution of an awakeable.
const APPLIED: &[u8] = br#"{"outcome":"applied"}"#;

/// One request and its answer, or a pause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Call a handler that does nothing.
    Greet,
    /// Call a handler that returns its input, which is large.
    Echo,
    /// Start a handler that waits on an awakeable.
    Send,
    /// Nothing, for [`THINKING`].
    Pause,
    /// Resolve the awakeable.
    Resolve,
    /// Wait for the end of the handler.
    Attach,
}

impl Step {
    pub fn name(self) -> &'static str {
        match self {
            Self::Greet => "greet",
            Self::Echo => "echo",
            Self::Send => "send",
            Self::Pause => "pause",
            Self::Resolve => "resolve",
            Self::Attach => "attach",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scenario {
    Greet,
    /// Send, resolve, attach, as fast as answers come.
    Cycle,
    /// The same, but the handler already waits when it is resolved.
    Resume,
    /// A large value in and out.
    Echo,
    /// Starts handlers that wait, and leaves them.
    Send,
}

impl Scenario {
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "greet" => Self::Greet,
            "cycle" => Self::Cycle,
            "resume" => Self::Resume,
            "echo" => Self::Echo,
            "send" => Self::Send,
            _ => return None,
        })
    }

    pub fn steps(self) -> &'static [Step] {
        match self {
            Self::Greet => &[Step::Greet],
            Self::Cycle => &[Step::Send, Step::Resolve, Step::Attach],
            Self::Resume => &[Step::Send, Step::Pause, Step::Resolve, Step::Attach],
            Self::Echo => &[Step::Echo],
            Self::Send => &[Step::Send],
        }
    }
}

/// One operation of one caller.
pub struct Operation {
    /// Different for each; it is in the input and, if all is right, in the answer.
    pub number: u64,
    /// What the ingress said it started.
    invocation: Option<InvocationId>,
    /// The input of [`Step::Echo`], and its answer.
    large: Arc<[u8]>,
}

/// A request to write. An empty body is none.
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub content_type: &'static str,
    pub body: Arc<[u8]>,
}

impl Operation {
    pub fn new(number: u64, large: Arc<[u8]>) -> Self {
        Self {
            number,
            invocation: None,
            large,
        }
    }

    /// Returns what to send for a step; none for a pause.
    pub fn request(&self, step: Step) -> Option<Request> {
        let number = self.number;
        let id = || {
            self.invocation
                .expect("steps that name an invocation follow Send")
        };
        let post = |path: String, body: Arc<[u8]>| Request {
            method: "POST",
            path,
            content_type: "application/json",
            body,
        };
        Some(match step {
            Step::Greet => post("/Bench/greet".into(), json(&format!("w{number}"))),
            Step::Echo => Request {
                content_type: "application/octet-stream",
                ..post("/Bench/echo".into(), self.large.clone())
            },
            Step::Send => post("/Bench/wait/send".into(), json(&format!("w{number}"))),
            Step::Pause => return None,
            Step::Resolve => {
                let awakeable = id().awakeable(FIRST_AWAKEABLE);
                let path = format!("/restate/awakeables/{awakeable}/resolve");
                post(path, json(&format!("r{number}")))
            }
            Step::Attach => {
                let text = id().text();
                let text = String::from_utf8_lossy(&text);
                Request {
                    method: "GET",
                    ..post(format!("/restate/invocation/{text}/attach"), Arc::from([]))
                }
            }
        })
    }

    /// Checks the answer to a step.
    pub fn check(&mut self, step: Step, response: &Response) -> Result<(), String> {
        let number = self.number;
        let (status, body) = match step {
            Step::Greet => (200, format!("\"Hello w{number}!\"")),
            Step::Attach => (200, format!("\"w{number}: r{number}\"")),
            // The embedded runtime says what the resolution did; the server accepts it before it knows.
            Step::Resolve if response.body == APPLIED && response.status == 202 => return Ok(()),
            Step::Resolve => (202, String::new()),
            Step::Echo if response.status == 200 && *response.body == *self.large => return Ok(()),
            Step::Echo => (200, "what was sent".into()),
            Step::Send => {
                self.invocation = read_accepted(response);
                match self.invocation {
                    Some(_) => return Ok(()),
                    None => (202, "the id of an accepted invocation".into()),
                }
            }
            Step::Pause => return Ok(()),
        };
        if response.status == status && response.body == body.as_bytes() {
            return Ok(());
        }
        let start = &response.body[..response.body.len().min(400)];
        Err(format!(
            "{} of operation {number} must be answered with {status} and {body}, not {} and {}",
            step.name(),
            response.status,
            String::from_utf8_lossy(start)
        ))
    }
}

fn json(text: &str) -> Arc<[u8]> {
    Arc::from(format!("\"{text}\"").into_bytes())
}

/// Reads the id of an invocation that a 202 says was accepted, and not accepted before.
fn read_accepted(response: &Response) -> Option<InvocationId> {
    let text = std::str::from_utf8(&response.body).ok()?;
    let field = |name: &str| {
        let rest = text.split_once(&format!("\"{name}\""))?.1.trim_start();
        Some(
            rest.strip_prefix(':')?
                .trim_start()
                .strip_prefix('"')?
                .split_once('"')?
                .0,
        )
    };
    let is_accepted = response.status == 202 && field("status") == Some("Accepted");
    is_accepted.then(|| InvocationId::parse(field("invocationId")?.as_bytes()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q";

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            body: body.into(),
        }
    }

    fn started() -> Operation {
        let mut operation = Operation::new(7, Arc::from(*b"large"));
        let body = format!("{{\"invocationId\":\"{ID}\",\"status\":\"Accepted\"}}");
        operation
            .check(Step::Send, &answer(202, &body))
            .expect("accepted");
        operation
    }

    #[test]
    fn a_cycle_resolves_and_attaches_to_what_it_sent() {
        let operation = started();
        let request = operation.request(Step::Resolve).expect("a request");
        assert_eq!(
            (request.method, request.path.as_str(), &*request.body),
            (
                "POST",
                "/restate/awakeables/sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ/resolve",
                &b"\"r7\""[..]
            )
        );
        let request = operation.request(Step::Attach).expect("a request");
        let path = format!("/restate/invocation/{ID}/attach");
        assert_eq!((request.method, request.path), ("GET", path));
        assert!(request.body.is_empty());
    }

    #[test]
    fn answers_that_belong_to_the_operation_are_accepted() {
        let mut operation = started();
        let right = [
            (Step::Greet, answer(200, "\"Hello w7!\"")),
            (Step::Resolve, answer(202, "")),
            (Step::Resolve, answer(202, "{\"outcome\":\"applied\"}")),
            (Step::Attach, answer(200, "\"w7: r7\"")),
            (Step::Echo, answer(200, "large")),
        ];
        for (step, response) in right {
            assert_eq!(operation.check(step, &response), Ok(()), "{step:?}");
        }
    }

    #[test]
    fn all_other_answers_are_errors() {
        let mut operation = started();
        let accepted = format!("{{\"invocationId\":\"{ID}\",\"status\":\"PreviouslyAccepted\"}}");
        let wrong = [
            (Step::Greet, answer(200, "\"Hello w8!\"")),
            (Step::Greet, answer(202, "\"Hello w7!\"")),
            (Step::Resolve, answer(200, "")),
            (
                Step::Resolve,
                answer(202, "{\"outcome\":\"already_resolved\"}"),
            ),
            (Step::Attach, answer(470, "\"w7: r7\"")),
            (Step::Attach, answer(200, "\"w7: r8\"")),
            (Step::Echo, answer(200, "larger")),
            (Step::Echo, answer(500, "large")),
            (Step::Send, answer(202, &accepted)),
            (
                Step::Send,
                answer(
                    202,
                    "{\"invocationId\":\"inv_1short\",\"status\":\"Accepted\"}",
                ),
            ),
            (Step::Send, answer(200, &accepted.replace("Previously", ""))),
        ];
        for (step, response) in wrong {
            let error = operation.check(step, &response).expect_err(step.name());
            assert!(
                error.contains("operation 7 must be answered with"),
                "{error}"
            );
        }
    }

    #[test]
    fn only_a_pause_has_no_request() {
        let operation = started();
        let all = [
            Scenario::Greet,
            Scenario::Cycle,
            Scenario::Resume,
            Scenario::Echo,
            Scenario::Send,
        ];
        for step in all.into_iter().flat_map(Scenario::steps) {
            assert_eq!(
                operation.request(*step).is_none(),
                *step == Step::Pause,
                "{step:?}"
            );
        }
    }
}
