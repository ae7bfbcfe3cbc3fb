"""The mail server, played by a file."""

from pathlib import Path

OUTBOX = Path("outbox.txt")


def send(to: str, text: str) -> None:
    """Send a mail."""
    with OUTBOX.open("a") as outbox:
        print(f"To {to}: {text}", file=outbox)
