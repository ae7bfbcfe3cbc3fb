//! Checks commands before they are stored: an invalid command would fail every replay.

use bytes::Bytes;

use crate::identifier::{AwakeableId, InvocationId};
use crate::journal::parts::{Request, Target};
use crate::wire::{
    Command, Feature, Version,
    generated::{self as pb, send_signal_command::SignalId},
};

type Check = Result<(), String>;

/// Checks the fields of a command; the error says what is wrong with it.
pub(super) fn command(version: Version, command: &Command) -> Check {
    match command {
        Command::Input(_)
        | Command::ClearAllState(_)
        | Command::GetLazyStateKeys(_)
        | Command::GetPromise(_)
        | Command::PeekPromise(_)
        | Command::Sleep(_)
        | Command::Run(_) => Ok(()),
        Command::Output(c) => present(c.result.as_ref(), "result"),
        Command::GetLazyState(c) => state_key(&c.key),
        Command::ClearState(c) => state_key(&c.key),
        Command::SetState(c) => {
            state_key(&c.key)?;
            present(c.value.as_ref(), "value")
        }
        Command::GetEagerState(c) => {
            state_key(&c.key)?;
            present(c.result.as_ref(), "result")
        }
        Command::GetEagerStateKeys(c) => {
            present(c.value.as_ref(), "value")?;
            let mut keys = c.value.iter().flat_map(|keys| &keys.keys);
            keys.try_for_each(state_key)
        }
        Command::CompletePromise(c) => present(c.completion.as_ref(), "completion"),
        Command::Call(c) => request(version, &c.into()),
        Command::OneWayCall(c) => request(version, &c.into()),
        Command::SendSignal(c) => {
            invocation_id(&c.target_invocation_id)?;
            present(c.signal_id.as_ref(), "signal id")?;
            if c.signal_id == Some(SignalId::Idx(0)) {
                return Err("signal id 0 does not exist".to_owned());
            }
            present(c.result.as_ref(), "result")
        }
        Command::AttachInvocation(c) => target(version, Target::of_attach(c)),
        Command::GetInvocationOutput(c) => target(version, Target::of_get_output(c)),
        Command::CompleteAwakeable(c) => {
            let id: Result<AwakeableId, _> = c.awakeable_id.parse();
            id.and_then(|id| id.invocation())
                .map_err(|error| error.to_string())?;
            present(c.result.as_ref(), "result")
        }
    }
}

fn present<T>(field: Option<&T>, name: &str) -> Check {
    match field {
        Some(_) => Ok(()),
        None => Err(format!("it carries no {name}")),
    }
}

fn state_key(key: &Bytes) -> Check {
    match std::str::from_utf8(key) {
        Ok(_) => Ok(()),
        Err(_) => Err("its state key is not UTF-8".to_owned()),
    }
}

fn invocation_id(id: &str) -> Check {
    let id: Result<InvocationId, _> = id.parse();
    id.map(|_| ()).map_err(|error| error.to_string())
}

fn filled(text: &str, name: &str) -> Check {
    if text.is_empty() {
        return Err(format!("its {name} is empty"));
    }
    Ok(())
}

fn request(version: Version, request: &Request<'_>) -> Check {
    filled(request.service, "service")?;
    filled(request.handler, "handler")?;
    if let Some(key) = request.idempotency_key {
        filled(key, "idempotency key")?;
    }
    scope(version, request.scope, request.limit_key)
}

fn target(version: Version, target: Option<Target<'_>>) -> Check {
    match target {
        Some(Target::Invocation(id)) => invocation_id(id),
        Some(Target::Workflow(workflow)) => workflow_target(version, workflow),
        Some(Target::Idempotent(request)) => idempotent_target(version, request),
        None => Err("it carries no target".to_owned()),
    }
}

fn scope(version: Version, scope: Option<&str>, limit_key: Option<&str>) -> Check {
    for (feature, text, name) in [
        (Feature::Scope, scope, "scope"),
        (Feature::LimitKey, limit_key, "limit key"),
    ] {
        if let Some(text) = text {
            version
                .require(feature)
                .map_err(|error| error.to_string())?;
            filled(text, name)?;
        }
    }
    if limit_key.is_some() && scope.is_none() {
        return Err("a limit key needs a scope".to_owned());
    }
    Ok(())
}

fn workflow_target(version: Version, target: &pb::WorkflowTarget) -> Check {
    filled(&target.workflow_name, "workflow")?;
    scope(version, target.scope.as_deref(), None)
}

fn idempotent_target(version: Version, target: &pb::IdempotentRequestTarget) -> Check {
    filled(&target.service_name, "service")?;
    filled(&target.handler_name, "handler")?;
    filled(&target.idempotency_key, "idempotency key")?;
    scope(version, target.scope.as_deref(), None)
}
