"""Every handler of the suite, as one application."""

from __future__ import annotations

import awaken as restate

from tests.e2e.services.actions import actions
from tests.e2e.services.approvals import asking
from tests.e2e.services.approving import approving
from tests.e2e.services.awakeables import awaiting, keeper, resolving
from tests.e2e.services.bulk import bulk, store
from tests.e2e.services.callbacks import callbacks
from tests.e2e.services.calls import calling, greeter, tally
from tests.e2e.services.concurrency import concurrency
from tests.e2e.services.console import journey, shipping
from tests.e2e.services.failures import failing, hostile, patient
from tests.e2e.services.meters import counted, meter
from tests.e2e.services.misuses import misused
from tests.e2e.services.notified import notified
from tests.e2e.services.office import office
from tests.e2e.services.payloads import payloads
from tests.e2e.services.purchasing import purchasing
from tests.e2e.services.sizes import hoard, sizes, vow
from tests.e2e.services.state import eager, lazy
from tests.e2e.services.workflows import desk, signing

app = restate.app(
    [
        *(approving, asking, awaiting, callbacks, resolving, keeper),
        *(actions, concurrency, eager, lazy, payloads),
        *(bulk, store),
        *(calling, greeter, tally),
        *(counted, meter),
        *(desk, signing),
        *(hoard, notified, sizes, vow),
        *(journey, shipping),
        *(failing, hostile, misused, patient),
        *(office, purchasing),
    ]
)
