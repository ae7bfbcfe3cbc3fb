//! The tree of futures being awaited, and its wire forms.

use std::sync::Arc;

use crate::wire::{
    MAX_FUTURE_DEPTH,
    generated::{self as pb, CombinatorType},
};

use super::notification::CANCEL_SIGNAL;

/// Deepest tree accepted. Cancellation adds one more node before the tree is sent.
pub const MAX_DEPTH: usize = MAX_FUTURE_DEPTH - 1;

/// A handle, or several of them combined.
#[derive(Clone, Debug)]
pub enum Awaiting {
    /// A pending result of this attempt.
    Handle(u32),
    /// Futures under one combinator.
    Node(Arc<Node>),
}

/// An inner node of the tree.
#[derive(Debug)]
pub struct Node {
    combinator: CombinatorType,
    children: Vec<Awaiting>,
    depth: usize,
}

/// A tree nested deeper than [`MAX_DEPTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "awaited futures nest {depth} levels deep, the limit is {MAX_DEPTH}; await inner futures in a function of their own"
)]
pub struct TooDeep {
    /// Levels of the rejected tree.
    pub depth: usize,
}

/// The name of a handle on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf<'a> {
    /// A completion id.
    Completion(u32),
    /// A signal id.
    Signal(u32),
    /// A signal name.
    Named(&'a str),
}

impl Awaiting {
    /// Combines `children`.
    ///
    /// # Errors
    /// If the tree is nested too deeply: both we and the runtime walk it recursively.
    pub fn node(combinator: CombinatorType, children: Vec<Self>) -> Result<Self, TooDeep> {
        let depth = 1 + children.iter().map(Self::depth).max().unwrap_or(0);
        if depth > MAX_DEPTH {
            return Err(TooDeep { depth });
        }
        Ok(Self::Node(Arc::new(Node {
            combinator,
            children,
            depth,
        })))
    }

    /// Any of these handles, whose relation only the handler knows; one handle is itself.
    pub fn any_of(handles: impl Iterator<Item = u32>) -> Self {
        let mut children: Vec<Self> = handles.map(Self::Handle).collect();
        match children.pop() {
            Some(only) if children.is_empty() => only,
            last => {
                children.extend(last);
                Self::Node(Arc::new(Node {
                    combinator: CombinatorType::Unknown,
                    children,
                    depth: 1,
                }))
            }
        }
    }

    /// Visits every handle, left to right.
    pub fn each_handle(&self, visit: &mut impl FnMut(u32)) {
        match self {
            Self::Handle(handle) => visit(*handle),
            Self::Node(node) => node
                .children
                .iter()
                .for_each(|child| child.each_handle(visit)),
        }
    }

    /// The wire form of the unresolved part; `None` if everything is resolved.
    ///
    /// `leaf_of` returns `None` for a resolved handle. With `or_cancelled` the CANCEL signal is awaited as well.
    pub fn remainder<'a>(
        &self,
        leaf_of: &impl Fn(u32) -> Option<Leaf<'a>>,
        or_cancelled: bool,
    ) -> Option<pb::Future> {
        match self {
            Self::Handle(handle) => {
                let mut future = first_completed();
                push_leaf(&mut future, leaf_of(*handle)?);
                if or_cancelled {
                    future.waiting_signals.push(CANCEL_SIGNAL);
                }
                Some(future)
            }
            Self::Node(node) => {
                let future = node.remainder(leaf_of)?;
                if !or_cancelled {
                    return Some(future);
                }
                let mut outer = first_completed();
                outer.waiting_signals.push(CANCEL_SIGNAL);
                outer.nested_futures.push(future);
                Some(outer)
            }
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Handle(_) => 0,
            Self::Node(node) => node.depth,
        }
    }
}

impl Node {
    fn remainder<'a>(&self, leaf_of: &impl Fn(u32) -> Option<Leaf<'a>>) -> Option<pb::Future> {
        let mut future = pb::Future {
            combinator_type: self.combinator.into(),
            ..pb::Future::default()
        };
        for child in &self.children {
            match child {
                Awaiting::Handle(handle) => {
                    if let Some(leaf) = leaf_of(*handle) {
                        push_leaf(&mut future, leaf);
                    }
                }
                Awaiting::Node(node) => future.nested_futures.extend(node.remainder(leaf_of)),
            }
        }
        (!is_empty(&future)).then_some(future)
    }
}

/// The flat lists of versions 5 and 6: the tree from the top, parents before children.
pub fn flatten(future: &pb::Future) -> pb::Suspension {
    fn collect(future: &pb::Future, into: &mut pb::Suspension) {
        into.waiting_completions
            .extend_from_slice(&future.waiting_completions);
        into.waiting_signals
            .extend_from_slice(&future.waiting_signals);
        into.waiting_named_signals
            .extend_from_slice(&future.waiting_named_signals);
        future
            .nested_futures
            .iter()
            .for_each(|nested| collect(nested, into));
    }
    let mut flat = pb::Suspension::default();
    collect(future, &mut flat);
    flat
}

fn first_completed() -> pb::Future {
    pb::Future {
        combinator_type: CombinatorType::FirstCompleted.into(),
        ..pb::Future::default()
    }
}

fn push_leaf(future: &mut pb::Future, leaf: Leaf<'_>) {
    match leaf {
        Leaf::Completion(id) => future.waiting_completions.push(id),
        Leaf::Signal(id) => future.waiting_signals.push(id),
        Leaf::Named(name) => future.waiting_named_signals.push(name.to_owned()),
    }
}

fn is_empty(future: &pb::Future) -> bool {
    future.waiting_completions.is_empty()
        && future.waiting_signals.is_empty()
        && future.waiting_named_signals.is_empty()
        && future.nested_futures.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Awaiting::Handle;
    use CombinatorType::{AllCompleted, FirstCompleted};

    // Handle 0 awakeable 17, handle 1 sleep, handle 2 named signal, handle 3 call result.
    #[expect(clippy::unnecessary_wraps, reason = "the signature of a lookup")]
    fn leaf_of(handle: u32) -> Option<Leaf<'static>> {
        Some(match handle {
            0 => Leaf::Signal(17),
            1 => Leaf::Completion(1),
            2 => Leaf::Named("foo"),
            _ => Leaf::Completion(3),
        })
    }

    fn tree() -> Awaiting {
        let all = Awaiting::node(AllCompleted, vec![Handle(2), Handle(3)]).unwrap();
        Awaiting::node(FirstCompleted, vec![Handle(0), Handle(1), all]).unwrap()
    }

    #[test]
    fn flat_lists_name_parents_before_children() {
        let flat = flatten(&tree().remainder(&leaf_of, true).unwrap());
        assert_eq!(flat.waiting_completions, [1, 3]);
        assert_eq!(flat.waiting_signals, [1, 17]);
        assert_eq!(flat.waiting_named_signals, ["foo"]);
    }

    #[test]
    fn cancellation_wraps_a_tree_and_joins_a_lone_leaf() {
        let wrapped = tree().remainder(&leaf_of, true).unwrap();
        assert_eq!(wrapped.waiting_signals, [1]);
        assert_eq!(wrapped.nested_futures.len(), 1);
        let lone = Handle(0).remainder(&leaf_of, true).unwrap();
        assert_eq!(lone.waiting_signals, [17, 1]);
        assert!(lone.nested_futures.is_empty());
    }

    #[test]
    fn resolved_leaves_and_emptied_nodes_are_left_out() {
        let only_sleep = |handle| (handle == 1).then_some(Leaf::Completion(1));
        let future = tree().remainder(&only_sleep, false).unwrap();
        assert_eq!(future.waiting_completions, [1]);
        assert!(future.waiting_signals.is_empty());
        assert!(future.nested_futures.is_empty());
        assert_eq!(tree().remainder(&|_| None, true), None);
    }

    #[test]
    fn a_tree_deeper_than_the_runtime_accepts_is_refused() {
        let mut tree = Handle(0);
        for _ in 0..MAX_DEPTH {
            tree = Awaiting::node(FirstCompleted, vec![tree]).unwrap();
        }
        let refused = Awaiting::node(FirstCompleted, vec![tree]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "awaited futures nest {} levels deep, the limit is {MAX_DEPTH}; \
                 await inner futures in a function of their own",
                MAX_DEPTH + 1
            )
        );
    }
}
