"""Nothing here reports to LangSmith, whatever the environment says; child processes inherit this."""

import os

for switch in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
    os.environ[switch] = "false"
