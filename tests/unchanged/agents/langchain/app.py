"""The application, under the SDK that `sdk.py` chooses."""

from tests.unchanged.agents.langchain import shapes
from tests.unchanged.agents.langchain.basics import basics
from tests.unchanged.agents.langchain.sdk import restate

app = restate.app(services=[basics, *shapes.SERVICES])
