//! Ids of new invocations. Randomness is an argument; an id that callers must be able to find again is a function of
//! its parts.

use sha2::{Digest, Sha256};

use super::invocation::InvocationId;

/// What an invocation calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Service, object or workflow.
    pub service: &'a str,
    /// Key of an object or workflow.
    pub key: Option<&'a str>,
    /// Scope of the call.
    pub scope: Option<&'a str>,
}

impl InvocationId {
    /// A random id. Invocations with the same key share their partition key; others are spread over all partitions.
    pub fn random(target: Target<'_>, randomness: [u8; Self::LENGTH]) -> Self {
        let random = Self::from_bytes(randomness);
        Self::from_parts(
            target.key_hash().unwrap_or_else(|| random.partition_key()),
            random.unique(),
        )
    }

    /// The id of the only run of a workflow key.
    pub fn of_workflow(target: Target<'_>) -> Self {
        let unique = hash(
            "workflow",
            &[target.scope, Some(target.service), target.key],
        );
        Self::from_parts(target.key_hash().unwrap_or_default(), unique)
    }

    /// The id of every call with this idempotency key.
    pub fn of_idempotency_key(target: Target<'_>, handler: &str, idempotency_key: &str) -> Self {
        let parts = [
            target.scope,
            Some(target.service),
            target.key,
            Some(handler),
            Some(idempotency_key),
        ];
        let unique = hash("idempotency", &parts);
        // Without a key nothing else has to be in the same partition, so any function of the parts will do.
        let partition_key = target
            .key_hash()
            .unwrap_or_else(|| upper_half(hash("partition", &parts)));
        Self::from_parts(partition_key, unique)
    }

    /// The seed of the handler's random numbers, the same in every attempt.
    pub fn random_seed(&self) -> u64 {
        siphash(self.as_bytes())
    }
}

impl Target<'_> {
    /// The partition key of a keyed target.
    fn key_hash(self) -> Option<u64> {
        self.key?;
        let hash = hash("key", &[self.scope, Some(self.service), self.key]);
        Some(upper_half(hash))
    }
}

/// The first 16 bytes of a SHA-256. Each part is preceded by its length, so that different lists never hash alike.
fn hash(kind: &str, parts: &[Option<&str>]) -> u128 {
    let mut hasher = Sha256::new();
    for part in std::iter::once(&Some(kind)).chain(parts) {
        match part {
            None => hasher.update([0]),
            Some(text) => {
                hasher.update([1]);
                hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
                hasher.update(text);
            }
        }
    }
    let digest = hasher.finalize();
    let half = digest.first_chunk().copied().unwrap_or_default();
    u128::from_be_bytes(half)
}

fn upper_half(hash: u128) -> u64 {
    u64::try_from(hash >> 64).unwrap_or_default()
}

/// SipHash-1-3 with a zero key over the length (a little-endian u64) and the bytes, as server 1.7.12 computes seeds.
///
/// It is implemented here because the standard library may change its hasher, and seeds have to outlive compilers.
fn siphash(id: &[u8; InvocationId::LENGTH]) -> u64 {
    const LENGTH: u64 = 24;
    let mut v = [
        0x736f_6d65_7073_6575_u64,
        0x646f_7261_6e64_6f6d,
        0x6c79_6765_6e65_7261,
        0x7465_6462_7974_6573,
    ];
    let words = id
        .chunks_exact(8)
        .map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()));
    // 32 bytes are whole words, so the last word only contains their count.
    let last = (LENGTH + 8) << 56;
    for word in std::iter::once(LENGTH).chain(words).chain([last]) {
        v[3] ^= word;
        sip_round(&mut v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for _ in 0..3 {
        sip_round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn sip_round([v0, v1, v2, v3]: &mut [u64; 4]) {
    *v0 = v0.wrapping_add(*v1);
    *v1 = v1.rotate_left(13) ^ *v0;
    *v0 = v0.rotate_left(32);
    *v2 = v2.wrapping_add(*v3);
    *v3 = v3.rotate_left(16) ^ *v2;
    *v0 = v0.wrapping_add(*v3);
    *v3 = v3.rotate_left(21) ^ *v0;
    *v2 = v2.wrapping_add(*v1);
    *v1 = v1.rotate_left(17) ^ *v2;
    *v2 = v2.rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OBJECT: Target<'_> = Target {
        service: "Obj",
        key: Some("k"),
        scope: None,
    };
    const SERVICE: Target<'_> = Target {
        key: None,
        ..OBJECT
    };

    #[test]
    fn seeds_are_those_seen_on_a_server() {
        for (id, seed) in [
            (
                "inv_1hiS7NJ04H3C6TVtDCP1YdcwM2skNJPxCN",
                1_377_581_273_651_997_547,
            ),
            (
                "inv_10T5Thwsbi8d13A9zEaW9yB1huuiL1t3nq",
                11_564_693_638_951_778_999,
            ),
            (
                "inv_10T5Thwsbi8d4WsZOvQGiz9rxPDQAEj77D",
                4_968_855_763_734_319_607,
            ),
            (
                "inv_1dkkPaRrpMjf0DT0xqdJ4mpGwY77gwg1al",
                8_031_498_409_540_913_391,
            ),
        ] {
            let id: InvocationId = id.parse().unwrap();
            assert_eq!(id.random_seed(), seed, "{id}");
        }
    }

    #[test]
    fn ids_of_one_key_share_their_partition() {
        let random = InvocationId::random(OBJECT, [7; 24]);
        let idempotent = InvocationId::of_idempotency_key(OBJECT, "add", "i");
        let workflow = InvocationId::of_workflow(OBJECT);

        assert_eq!(random.partition_key(), idempotent.partition_key());
        assert_eq!(random.partition_key(), workflow.partition_key());
        assert_eq!(random.unique().to_be_bytes(), [7; 16]);
        assert_eq!(InvocationId::random(SERVICE, [7; 24]).as_bytes(), &[7; 24]);
    }

    #[test]
    fn ids_stay_the_same_across_releases() {
        assert_eq!(
            InvocationId::of_workflow(OBJECT).to_string(),
            "inv_1bU22ajzVJff3HZiLyAKjdtnltWOhoWA90"
        );
        assert_eq!(
            InvocationId::of_idempotency_key(SERVICE, "add", "i").to_string(),
            "inv_1db4ctpuuy9j0GIhMFGISDRGvFriQpb7HZ"
        );
    }

    #[test]
    fn every_part_counts() {
        let of = InvocationId::of_idempotency_key;
        let scoped = Target {
            scope: Some("s"),
            ..OBJECT
        };
        let empty_key = Target {
            key: Some(""),
            ..OBJECT
        };
        let mut ids = vec![
            of(OBJECT, "add", "i"),
            of(SERVICE, "add", "i"),
            of(scoped, "add", "i"),
            of(empty_key, "add", "i"),
            of(OBJECT, "addi", ""),
            of(OBJECT, "add", "j"),
            InvocationId::of_workflow(OBJECT),
            InvocationId::of_workflow(scoped),
        ];
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();

        assert_eq!(ids.len(), count);
    }

    proptest! {
        #[test]
        fn the_seed_is_the_standard_hasher_of_today(bytes: [u8; 24]) {
            use std::hash::{DefaultHasher, Hasher};
            let mut hasher = DefaultHasher::new();
            hasher.write(&24_u64.to_le_bytes());
            hasher.write(&bytes);

            prop_assert_eq!(InvocationId::from_bytes(bytes).random_seed(), hasher.finish());
        }
    }
}
