//! Decides whether a suspended invocation can continue.

use std::collections::{BTreeMap, VecDeque};

use super::notification::{self, Notification, Outcome};
use crate::wire::generated::{self as pb, CombinatorType};

/// The result of an awaited future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Succeeded,
    Failed,
    /// Something under a node of unknown type completed; only the endpoint knows what that means.
    Undetermined,
}

/// Whether an invocation that suspended on `future` can continue.
///
/// `unseen` are the notifications that the attempt did *not* receive before it suspended, in journal order. Those it
/// did receive no longer count: the endpoint empties its queue before it suspends, and `future` leaves out what is
/// resolved. A CANCEL that the attempt has seen but still lists, or a named signal that it consumed and awaits once
/// more, must not resume it again and again.
pub fn can_resume<'a>(
    future: &pb::Future,
    unseen: impl IntoIterator<Item = &'a Notification>,
) -> bool {
    let mut known = Known::default();
    for notification in unseen {
        known.add(notification);
    }
    known.ending(future).is_some()
}

#[derive(Debug, Default)]
struct Known<'a> {
    completions: BTreeMap<u32, Ending>,
    signals: BTreeMap<u32, Ending>,
    named: BTreeMap<&'a str, VecDeque<Ending>>,
}

impl<'a> Known<'a> {
    /// Of several notifications with the same id the first counts; signals with the same name are taken one by one.
    fn add(&mut self, notification: &'a Notification) {
        let ending = match notification.outcome {
            Outcome::Failure(_) => Ending::Failed,
            _ => Ending::Succeeded,
        };
        match &notification.id {
            notification::Id::Completion(id) => {
                self.completions.entry(*id).or_insert(ending);
            }
            notification::Id::Signal(id) => {
                self.signals.entry(*id).or_insert(ending);
            }
            notification::Id::Named(name) => self.named.entry(name).or_default().push_back(ending),
        }
    }

    /// The result of a future; `None` while it is pending.
    fn ending(&mut self, future: &pb::Future) -> Option<Ending> {
        let mut endings = Vec::new();
        for id in &future.waiting_completions {
            endings.push(self.completions.get(id).copied());
        }
        for id in &future.waiting_signals {
            endings.push(self.signals.get(id).copied());
        }
        for name in &future.waiting_named_signals {
            endings.push(
                self.named
                    .get_mut(name.as_str())
                    .and_then(VecDeque::pop_front),
            );
        }
        for nested in &future.nested_futures {
            endings.push(self.ending(nested));
        }
        combine(future.combinator_type(), &endings)
    }
}

fn combine(combinator: CombinatorType, endings: &[Option<Ending>]) -> Option<Ending> {
    let is_any = |ending| endings.contains(&Some(ending));
    let is_all = |ending| endings.iter().all(|one| *one == Some(ending));
    let is_settled = endings.iter().all(Option::is_some);
    match combinator {
        CombinatorType::Unknown => endings
            .iter()
            .any(Option::is_some)
            .then_some(Ending::Undetermined),
        CombinatorType::FirstCompleted => endings.iter().copied().flatten().next(),
        CombinatorType::AllCompleted => is_settled.then_some(Ending::Succeeded),
        CombinatorType::FirstSucceededOrAllFailed if is_any(Ending::Succeeded) => {
            Some(Ending::Succeeded)
        }
        CombinatorType::AllSucceededOrFirstFailed if is_any(Ending::Failed) => Some(Ending::Failed),
        _ if is_any(Ending::Undetermined) => Some(Ending::Undetermined),
        CombinatorType::FirstSucceededOrAllFailed => {
            is_all(Ending::Failed).then_some(Ending::Failed)
        }
        CombinatorType::AllSucceededOrFirstFailed => {
            is_all(Ending::Succeeded).then_some(Ending::Succeeded)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::notification::SIGNAL;

    fn completed(id: u32) -> Notification {
        Notification {
            code: 0x800D,
            id: notification::Id::Completion(id),
            outcome: Outcome::Void,
        }
    }

    fn failed(id: u32) -> Notification {
        Notification {
            outcome: Outcome::Failure(Box::default()),
            ..completed(id)
        }
    }

    fn named(name: &str) -> Notification {
        Notification {
            code: SIGNAL,
            id: notification::Id::Named(name.to_owned()),
            outcome: Outcome::Void,
        }
    }

    fn signal(id: u32) -> Notification {
        Notification {
            code: SIGNAL,
            id: notification::Id::Signal(id),
            outcome: Outcome::Void,
        }
    }

    fn node(combinator: CombinatorType, ids: &[u32]) -> pb::Future {
        pb::Future {
            waiting_completions: ids.to_vec(),
            combinator_type: combinator.into(),
            ..pb::Future::default()
        }
    }

    #[test]
    fn each_combinator_progresses_when_its_rule_says() {
        use CombinatorType::{
            AllCompleted, AllSucceededOrFirstFailed, FirstCompleted, FirstSucceededOrAllFailed,
            Unknown,
        };
        let (none, one, both) = (vec![], vec![completed(1)], vec![completed(1), completed(2)]);
        let (bad, all_bad) = (vec![failed(1)], vec![failed(1), failed(2)]);
        for (combinator, expected) in [
            (Unknown, [false, true, true, true, true]),
            (FirstCompleted, [false, true, true, true, true]),
            (AllCompleted, [false, false, true, false, true]),
            (FirstSucceededOrAllFailed, [false, true, true, false, true]),
            (AllSucceededOrFirstFailed, [false, false, true, true, true]),
        ] {
            let future = node(combinator, &[1, 2]);
            let can =
                [&none, &one, &both, &bad, &all_bad].map(|unseen| can_resume(&future, unseen));

            assert_eq!(can, expected, "{combinator:?}");
        }
    }

    #[test]
    fn what_others_await_wakes_no_one() {
        let future = node(CombinatorType::FirstCompleted, &[3]);
        assert!(!can_resume(
            &future,
            &[completed(1), signal(3), named("3"), signal(1)]
        ));
    }

    #[test]
    fn nodes_nest() {
        let future = pb::Future {
            waiting_signals: vec![1],
            nested_futures: vec![node(CombinatorType::AllCompleted, &[1, 2])],
            combinator_type: CombinatorType::FirstCompleted.into(),
            ..pb::Future::default()
        };
        assert!(!can_resume(&future, &[completed(1)]));
        assert!(can_resume(&future, &[completed(2), completed(1)]));
        assert!(can_resume(&future, &[signal(1)]));
    }

    #[test]
    fn an_undetermined_child_wakes_the_endpoint_under_nodes_that_need_its_outcome() {
        for (combinator, expected) in [
            (CombinatorType::AllCompleted, false),
            (CombinatorType::FirstSucceededOrAllFailed, true),
            (CombinatorType::AllSucceededOrFirstFailed, true),
        ] {
            let future = pb::Future {
                waiting_completions: vec![9],
                nested_futures: vec![node(CombinatorType::Unknown, &[1, 2])],
                combinator_type: combinator.into(),
                ..pb::Future::default()
            };
            assert_eq!(
                can_resume(&future, &[completed(1)]),
                expected,
                "{combinator:?}"
            );
        }
    }

    #[test]
    fn a_named_signal_satisfies_one_of_two_leaves_with_its_name() {
        let future = pb::Future {
            waiting_named_signals: vec!["foo".to_owned(), "foo".to_owned()],
            combinator_type: CombinatorType::AllCompleted.into(),
            ..pb::Future::default()
        };
        assert!(!can_resume(&future, &[named("foo")]));
        assert!(can_resume(&future, &[named("foo"), named("foo")]));
    }
}
