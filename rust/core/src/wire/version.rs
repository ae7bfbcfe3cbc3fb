//! Versions of the invocation protocol: their content types, and the features of each.

use crate::error::{Error, Result};

/// A version of the invocation protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The oldest version in use.
    V5,
    /// Adds failure metadata and an authoritative random seed; what server 1.7.12 speaks by default.
    V6,
    /// Adds scopes, trees of awaited futures, proposal acks and error behaviour.
    V7,
}

impl Version {
    /// Oldest supported version.
    ///
    /// Always advertise it as the minimum: a server with default settings registers an endpoint that speaks only
    /// version 7, and then fails all of its invocations.
    pub const MIN: Self = Self::V5;
    /// Newest supported version.
    pub const MAX: Self = Self::V7;
    /// Every supported version, ascending.
    pub const ALL: [Self; 3] = [Self::V5, Self::V6, Self::V7];

    /// The version with this number.
    ///
    /// # Errors
    /// [`Error::UnsupportedVersion`] for any other number than 5 to 7.
    pub fn from_number(number: u32) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|version| version.number() == number)
            .ok_or(Error::UnsupportedVersion {
                version: number,
                min: Self::MIN.number(),
                max: Self::MAX.number(),
            })
    }

    /// The number of this version.
    pub const fn number(self) -> u32 {
        match self {
            Self::V5 => 5,
            Self::V6 => 6,
            Self::V7 => 7,
        }
    }

    /// The value of the `content-type` header, in both directions.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::V5 => "application/vnd.restate.invocation.v5",
            Self::V6 => "application/vnd.restate.invocation.v6",
            Self::V7 => "application/vnd.restate.invocation.v7",
        }
    }

    /// Whether this version can express `feature`.
    pub fn supports(self, feature: Feature) -> bool {
        self >= feature.since()
    }

    /// Checks that this version has a feature.
    ///
    /// # Errors
    /// [`Error::UnsupportedFeature`] (573) if it does not.
    pub fn require(self, feature: Feature) -> Result<()> {
        if self.supports(feature) {
            return Ok(());
        }
        Err(Error::UnsupportedFeature {
            feature: feature.noun(),
            since: feature.since().number(),
            version: self.number(),
        })
    }
}

/// Something that only some versions can express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// `Start.random_seed` is authoritative; in earlier versions every endpoint derives its own seed.
    RandomSeed,
    /// `Failure.metadata`.
    FailureMetadata,
    /// `scope` of calls and of attach targets.
    Scope,
    /// `limit_key` of calls.
    LimitKey,
    /// `Error.behavior`: pause or fail instead of retry.
    ErrorBehavior,
    /// Suspension carries a tree instead of three flat lists.
    FutureTree,
    /// The `AwaitingOn` hint.
    AwaitingOn,
    /// Proposals carry the ack flag, and the runtime answers them with a short ack instead of the whole notification.
    ProposalAck,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 8] = [
        Self::RandomSeed,
        Self::FailureMetadata,
        Self::Scope,
        Self::LimitKey,
        Self::ErrorBehavior,
        Self::FutureTree,
        Self::AwaitingOn,
        Self::ProposalAck,
    ];

    /// The first version that has it.
    pub const fn since(self) -> Version {
        match self {
            Self::RandomSeed | Self::FailureMetadata => Version::V6,
            Self::Scope
            | Self::LimitKey
            | Self::ErrorBehavior
            | Self::FutureTree
            | Self::AwaitingOn
            | Self::ProposalAck => Version::V7,
        }
    }

    /// The name that errors use for it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::RandomSeed => "a random seed from the runtime",
            Self::FailureMetadata => "failure metadata",
            Self::Scope => "a scope",
            Self::LimitKey => "a limit key",
            Self::ErrorBehavior => "pausing or failing instead of retrying",
            Self::FutureTree => "a tree of awaited futures",
            Self::AwaitingOn => "the hint on what is awaited",
            Self::ProposalAck => "the ack of a run proposal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_name_versions_five_to_seven() {
        for version in Version::ALL {
            assert_eq!(Version::from_number(version.number()), Ok(version));
            assert!(
                version
                    .content_type()
                    .ends_with(&format!(".v{}", version.number()))
            );
        }
    }

    #[test]
    fn versions_outside_the_range_are_unsupported() {
        for number in [0, 4, 8, u32::MAX] {
            assert_eq!(
                Version::from_number(number),
                Err(Error::UnsupportedVersion {
                    version: number,
                    min: 5,
                    max: 7
                })
            );
        }
    }

    #[test]
    fn features_arrive_with_versions_six_and_seven() {
        let lacking = |version: Version| {
            Feature::ALL
                .into_iter()
                .filter(|f| !version.supports(*f))
                .count()
        };

        assert_eq!(
            [
                lacking(Version::V5),
                lacking(Version::V6),
                lacking(Version::V7)
            ],
            [8, 6, 0]
        );
        assert_eq!(Version::V6.require(Feature::FailureMetadata), Ok(()));
        assert_eq!(Version::V6.require(Feature::Scope).unwrap_err().code(), 573);
    }
}
