"""The application that both SDKs serve."""

from __future__ import annotations

from tests.compat.sdk import restate
from tests.compat.services.calls import calling, counter, greeter
from tests.compat.services.codec import provide
from tests.compat.services.combining import combining
from tests.compat.services.failures import failing, hostile
from tests.compat.services.handover import journey, keeper, lazy_keeper, saga
from tests.compat.services.payloads import payloads, strict
from tests.compat.services.plain_asyncio import plain_asyncio
from tests.compat.services.runs import runs
from tests.compat.services.scopes import scoped
from tests.compat.services.state import eager, lazy
from tests.compat.services.surroundings import surroundings
from tests.compat.services.waits import completing, signing, waiting

services = [
    *(calling, counter, greeter),
    *(combining, failing, hostile),
    *(payloads, plain_asyncio, strict, runs, scoped, surroundings),
    *(eager, lazy),
    *(journey, keeper, lazy_keeper, saga),
    *(completing, signing, waiting),
]
app = restate.app(services)
#: The same application, with values that go through a codec.
sealed = restate.app(services, journal_value_codec=provide)
