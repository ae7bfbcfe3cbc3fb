"""Writes the tables of `docs/how-to/metrics.md` from the table of instruments; `--check` fails if they are stale.

.venv/bin/python -m scripts.describe_metrics
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaken.metrics.instruments import INSTRUMENTS

if TYPE_CHECKING:
    from awaken.metrics.instrument_kinds import Instrument, Label

PAGE: Final = Path(__file__).parents[1] / "docs" / "how-to" / "metrics.md"
BEGIN: Final = "<!-- Written by scripts/describe_metrics.py from python/awaken/metrics/instruments.py. -->\n"
END: Final = "<!-- End of what is written. -->\n"


def tables() -> str:
    """Return the tables of instruments and of labels as Markdown."""
    rows = ["| Prometheus | OpenTelemetry | kind | what |", "| --- | --- | --- | --- |"]
    rows += [_row(instrument) for instrument in INSTRUMENTS]
    labels: dict[Label, list[Instrument]] = {}
    for instrument in INSTRUMENTS:
        for label in instrument.labels:
            labels.setdefault(label, []).append(instrument)
    values = ["| label | of | values |", "| --- | --- | --- |"]
    values += [_label_row(label, instruments) for label, instruments in labels.items()]
    return "\n".join([*rows, "", "Labels, and what bounds their values:", "", *values, ""])


def page_with(text: str) -> str:
    """Return the page with new tables."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def _row(instrument: Instrument) -> str:
    labels = "".join(f" `{name}`" for name in instrument.label_names)
    name = instrument.prometheus_name
    about = f"{instrument.about}{f'; by{labels}' if labels else ''}"
    return f"| `{name}` | `{instrument.otel_name}` | {instrument.kind.value} | {about} |"


def _label_row(label: Label, instruments: list[Instrument]) -> str:
    names = [f"`{instrument.path}`" for instrument in instruments]
    shown = ", ".join(names) if len(names) < 4 else f"{len(names)} instruments"
    values = ", ".join(f"`{value}`" for value in label.values)
    if values:
        return f"| `{label.name}` | {shown} | {values}: {label.about} |"
    about = label.about
    if label.most is not None:
        about += f"; at most {label.most} for each combination of the labels before it, the rest is `other`"
    return f"| `{label.name}` | {shown} | {about} |"


def main() -> int:
    """Write the page, or compare with it."""
    text = PAGE.read_text(encoding="utf-8")
    written = page_with(text)
    if "--check" not in sys.argv:
        PAGE.write_text(written, encoding="utf-8")
    elif text != written:
        sys.stderr.write(f"{PAGE} is stale; run python -m scripts.describe_metrics\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
