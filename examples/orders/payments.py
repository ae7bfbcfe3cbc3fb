"""The payment provider, played by a file. Yours is the client of a real one."""

import json
from decimal import Decimal
from pathlib import Path

LEDGER = Path("ledger.jsonl")
OUTAGE = Path("bank-is-down")
CARD_LIMIT = Decimal(5000)


class CardDeclinedError(Exception):
    """The customer's bank refuses this payment."""


def charge(key: str, customer: str, amount: Decimal) -> str:
    """Charge a customer, once for each key, and return the id of the payment."""
    if amount > CARD_LIMIT:
        raise CardDeclinedError(f"the card of {customer} is not good for {amount}")
    _book({"payment": f"pay-{key}", "customer": customer, "amount": str(amount)})
    return f"pay-{key}"


def refund(key: str) -> None:
    """Give back what was charged with this key, once; nothing if nothing was charged."""
    if any(line["payment"] == f"pay-{key}" for line in _lines()):
        _book({"payment": f"refund-{key}"})


def _book(entry: dict[str, str]) -> None:
    if OUTAGE.exists():
        raise ConnectionError("the bank does not answer")
    if not any(line["payment"] == entry["payment"] for line in _lines()):
        with LEDGER.open("a") as ledger:
            print(json.dumps(entry), file=ledger)


def _lines() -> list[dict[str, str]]:
    return [json.loads(line) for line in LEDGER.read_text().splitlines()] if LEDGER.exists() else []
