//! Advice on journals that differ from the handler, based on what this process remembers of earlier attempts.

use std::collections::BTreeMap;
use std::fmt;

/// What to do about a mismatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The code may have changed since the command was recorded.
    Undecided,
    /// The two sides look like readings of a clock or a random source.
    Volatile,
    /// The same code issued both commands.
    SameCode,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const REMEDY: &str = "take those from ctx.time(), ctx.random(), ctx.uuid() or a run";
        match self {
            Self::Undecided => write!(
                f,
                "register the changed handler as a new deployment; if it did not change, it uses a clock, \
                 a random number or other outside data: {REMEDY}"
            ),
            Self::Volatile => write!(
                f,
                "this looks like a clock or a random number, which every attempt reads anew: {REMEDY}"
            ),
            Self::SameCode => write!(
                f,
                "the same code issued both, so it uses a clock, a random number or other outside data: {REMEDY}"
            ),
        }
    }
}

/// What the process remembers of an earlier attempt of the same code on the same invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// How many commands it issued. A recorded command with a lower index was issued by the same code.
    pub commands: u32,
    /// Where in the handler it issued them, as file and line by command index, as far as known.
    pub locations: BTreeMap<u32, String>,
}

/// What is remembered without an earlier attempt.
static NOTHING: Memory = Memory {
    commands: 0,
    locations: BTreeMap::new(),
};

impl Memory {
    /// Nothing: the memory without an earlier attempt.
    pub(super) const NONE: &'static Self = &NOTHING;

    /// What to do about a mismatch at this command index.
    pub(super) fn advise(&self, index: u32, is_volatile: bool) -> Advice {
        if index < self.commands {
            Advice::SameCode
        } else if is_volatile {
            Advice::Volatile
        } else {
            Advice::Undecided
        }
    }

    /// Adds to the description of a recorded command where it was issued, if known.
    pub(super) fn locate(&self, index: u32, recorded: String) -> String {
        match self.locations.get(&index) {
            Some(location) => format!("{recorded} at {location}"),
            None => recorded,
        }
    }
}
