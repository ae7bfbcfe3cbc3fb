//! What to do about a journal that differs from the handler, and what this process remembers of writing it.

use std::collections::BTreeMap;
use std::fmt;

/// What to do about a mismatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The code may have changed since.
    Undecided,
    /// The two sides differ as clocks and random sources do.
    Volatile,
    /// The same code issued both sides.
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
    /// How many commands it issued, by which the replay position tells who issued the recorded one.
    pub commands: u32,
    /// Where in the handler it issued them, as file and line, by command index; as far as known.
    pub locations: BTreeMap<u32, String>,
}

impl Memory {
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

    /// The recorded side in words, with the place where it was issued.
    pub(super) fn locate(&self, index: u32, recorded: String) -> String {
        match self.locations.get(&index) {
            Some(place) => format!("{recorded} at {place}"),
            None => recorded,
        }
    }
}
