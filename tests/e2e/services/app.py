"""Every handler of the suite, as one application."""

from __future__ import annotations

import awaken as restate

from tests.e2e.services.awakeables import awaiting, keeper, resolving

app = restate.app([awaiting, resolving, keeper])
