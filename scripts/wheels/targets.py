"""The platforms that Linux wheels are built for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["TARGETS", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """One platform.

    Args:
        triple: what Rust calls it.
        policy: the platform tag of its wheels without the architecture: the oldest C library that they run on.
    """

    triple: str
    policy: str

    @property
    def architecture(self) -> str:
        """Its processor."""
        return self.triple.partition("-")[0]

    @property
    def tag(self) -> str:
        """The platform tag."""
        return f"{self.policy}_{self.architecture}"


#: Rust needs glibc 2.17 at least; of musl, 1.2 is what has been maintained since 2020.
TARGETS: Final = (
    Target("x86_64-unknown-linux-gnu", "manylinux_2_17"),
    Target("aarch64-unknown-linux-gnu", "manylinux_2_17"),
    Target("x86_64-unknown-linux-musl", "musllinux_1_2"),
    Target("aarch64-unknown-linux-musl", "musllinux_1_2"),
)
