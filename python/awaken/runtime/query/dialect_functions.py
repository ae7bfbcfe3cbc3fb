"""All functions of the server's dialect that SQLite does not have, or has with another meaning.

None of them is called with NULL, except those that say so: the result is NULL then.
"""

from __future__ import annotations

from awaken.runtime.query import json_functions, text_functions, value_functions
from awaken.runtime.query.function_table import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "Function", "json_functions", "text_functions", "value_functions"]
