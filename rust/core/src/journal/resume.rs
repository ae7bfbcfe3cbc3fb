//! Decides whether a suspended invocation can continue.

use std::collections::BTreeMap;

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

/// Whether an invocation that suspended on `future` can continue; see [`Resumption`].
pub fn can_resume<'a>(
    future: &pb::Future,
    unseen: impl IntoIterator<Item = &'a Notification>,
) -> bool {
    let mut resumption = Resumption::new(future.clone());
    for notification in unseen {
        resumption.add(notification);
    }
    resumption.is_ready()
}

/// What a suspended invocation waits for, and what of it has come.
///
/// Only the notifications count that the attempt did *not* receive before it suspended. Those it did receive no longer
/// do: the endpoint empties its queue before it suspends, and the future leaves out what is resolved. A CANCEL that the
/// attempt has seen but still lists, or a named signal that it consumed and awaits once more, must not resume it again
/// and again.
///
/// Its size depends on the future alone, and adding a notification on the depth of two maps: anybody may send any
/// number of signals to an invocation that does not wait for them.
#[derive(Debug)]
pub struct Resumption {
    future: pb::Future,
    known: Known,
}

impl Resumption {
    /// Begins to wait for a future, of which nothing has come.
    pub fn new(future: pb::Future) -> Self {
        let mut known = Known::default();
        known.expect(&future);
        Self { future, known }
    }

    /// Adds a notification, in journal order. Returns whether it may have changed the answer of `is_ready`.
    pub fn add(&mut self, notification: &Notification) -> bool {
        self.known.add(notification)
    }

    /// Whether the invocation can continue.
    pub fn is_ready(&self) -> bool {
        self.known
            .ending(&self.future, &mut BTreeMap::new())
            .is_some()
    }
}

/// What is awaited by id or name; None is what has not come.
#[derive(Debug, Default)]
struct Known {
    completions: BTreeMap<u32, Option<Ending>>,
    signals: BTreeMap<u32, Option<Ending>>,
    named: BTreeMap<String, Named>,
}

/// The signals of one name.
#[derive(Debug, Default)]
struct Named {
    awaited: usize,
    endings: Vec<Ending>,
}

impl Known {
    fn expect(&mut self, future: &pb::Future) {
        for id in &future.waiting_completions {
            self.completions.insert(*id, None);
        }
        for id in &future.waiting_signals {
            self.signals.insert(*id, None);
        }
        for name in &future.waiting_named_signals {
            self.named.entry(name.clone()).or_default().awaited += 1;
        }
        for nested in &future.nested_futures {
            self.expect(nested);
        }
    }

    /// Of several notifications with the same id the first counts; signals with the same name are taken one by one.
    fn add(&mut self, notification: &Notification) -> bool {
        let ending = match notification.outcome {
            Outcome::Failure(_) => Ending::Failed,
            _ => Ending::Succeeded,
        };
        let slot = match &notification.id {
            notification::Id::Completion(id) => self.completions.get_mut(id),
            notification::Id::Signal(id) => self.signals.get_mut(id),
            notification::Id::Named(name) => {
                let Some(named) = self.named.get_mut(name) else {
                    return false;
                };
                let is_awaited = named.endings.len() < named.awaited;
                if is_awaited {
                    named.endings.push(ending);
                }
                return is_awaited;
            }
        };
        match slot {
            Some(slot @ None) => {
                *slot = Some(ending);
                true
            }
            _ => false,
        }
    }

    /// The result of a future; `None` while it is pending. `taken` counts the signals of each name that are used up.
    fn ending<'a>(
        &self,
        future: &'a pb::Future,
        taken: &mut BTreeMap<&'a str, usize>,
    ) -> Option<Ending> {
        let mut endings = Vec::new();
        for id in &future.waiting_completions {
            endings.push(self.completions.get(id).copied().flatten());
        }
        for id in &future.waiting_signals {
            endings.push(self.signals.get(id).copied().flatten());
        }
        for name in &future.waiting_named_signals {
            let used = taken.entry(name).or_default();
            let ending = self
                .named
                .get(name)
                .and_then(|named| named.endings.get(*used))
                .copied();
            *used += usize::from(ending.is_some());
            endings.push(ending);
        }
        for nested in &future.nested_futures {
            endings.push(self.ending(nested, taken));
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

    #[test]
    fn only_what_is_awaited_and_new_can_change_the_answer() {
        let mut resumption = Resumption::new(pb::Future {
            waiting_completions: vec![1, 2],
            waiting_named_signals: vec!["foo".to_owned()],
            combinator_type: CombinatorType::AllCompleted.into(),
            ..pb::Future::default()
        });

        let changes = [
            completed(1),
            completed(1),
            completed(9),
            signal(1),
            named("bar"),
            named("foo"),
            named("foo"),
        ]
        .map(|notification| resumption.add(&notification));

        assert_eq!(changes, [true, false, false, false, false, true, false]);
        assert!(!resumption.is_ready());
        assert!(resumption.add(&completed(2)));
        assert!(resumption.is_ready());
    }
}
