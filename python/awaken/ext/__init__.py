"""Libraries of others inside of handlers: agent frameworks, traces, and what orders concurrent work.

Each module needs the extra of its name and is imported only when used:

| module | extra | for |
| --- | --- | --- |
| `awaken.ext.openai` | `openai` | the OpenAI Agents SDK |
| `awaken.ext.pydantic` | `pydantic_ai` | Pydantic AI |
| `awaken.ext.langchain` | `langchain` | LangChain agents |
| `awaken.ext.adk` | `adk` | Google's Agent Development Kit |
| `awaken.ext.tracing` | `tracing` | OpenTelemetry spans of frameworks, not repeated by replays |
| `awaken.ext.turnstile` | | concurrent work in a given order |
"""
