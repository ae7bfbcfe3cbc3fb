from __future__ import annotations

import decimal

import pytest
from awaken.runtime.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("32 B", 32),
        ("1 KiB", 1024),
        ("1kib", 1024),
        ("1 KB", 1000),
        ("1k", 1000),
        ("1.5 MiB", 1_572_864),
        ("1.3 B", 1),
        (" 5 MB ", 5_000_000),
        ("2G", 2_000_000_000),
        ("1 TiB", 2**40),
    ],
)
def test_sizes_are_read_as_the_server_reads_them(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "abc", "-1", "1e6", "1,5 MiB", "10_000", "32 bytes", "1 i", "1 iB", "٣", "1" * 100]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


def test_sizes_do_not_depend_on_the_precision_of_decimals() -> None:
    with decimal.localcontext(prec=3):
        assert parse_size("1.5 TiB") == 3 * 2**39
