"""Tables in a pipe have everything but what says nothing: empty columns, and the rest of a long text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.cli.tables import Column, print_table

if TYPE_CHECKING:
    import pytest


def test_optional_column_without_a_text_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    columns = (Column("Id"), Column("Name", is_optional=True), Column("Key", is_optional=True))

    print_table(columns, [("sign_1", "", ""), ("sign_2", "", "desk")])

    head, _, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["Id", "Key"]
    assert first.split() == ["sign_1"]
    assert second.split() == ["sign_2", "desk"]


def test_column_that_is_not_optional_stays_when_it_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_table((Column("Id"), Column("Handler")), [("sign_1", "")])

    assert capsys.readouterr().out.splitlines()[0].split() == ["Id", "Handler"]


def test_text_beyond_the_limit_of_its_column_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    columns = (Column("Id"), Column("What happened", limit=20))

    print_table(columns, [("inv_1", "x" * 20), ("inv_2", "x" * 21)])

    _, _, first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["inv_1", "x" * 20]
    assert second.split() == ["inv_2", "x" * 19 + "…"]
