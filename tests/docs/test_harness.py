"""A page that does not tell the truth fails, and the report says where and how."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.docs.__main__ import main
from tests.docs.formats import check_command_line
from tests.docs.page import PageError, read_page
from tests.docs.runner import run_page
from tests.docs.shapes import Shapes
from tests.docs.typed import check_types

if TYPE_CHECKING:
    from collections.abc import Callable

INVOCATIONS = ("inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr", "inv_1kPmTe8oVsWk3hf4mkzOvX4nRaFyrd8Qxw")


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], str]:
    """Run a page and return what differs from it."""

    def run(text: str) -> str:
        (tmp_path / "page.md").write_text(text)
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        return "\n".join(run_page(read_page(tmp_path / "page.md"), folder))

    return run


def console(*lines: str) -> str:
    return "\n".join(["```console", *lines, "```", ""])


# What is printed, compared with what is shown.


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("2 passed in 0.31s", "2 passed in 1.02s"),
        (f"invocation {INVOCATIONS[0]} runs", f"invocation {INVOCATIONS[1]} runs"),
        ("invocation inv_1… runs", f"invocation {INVOCATIONS[1]} runs"),
        ("started 2026-07-01T09:30:00.123Z", "started 2027-12-24T18:00:00Z"),
        ("due on Wednesday, 30 December 2026, 14:00 UTC", "due on Friday, 1 January 2027, 09:15 UTC"),
        ("waits for 12 s", "waits for 3 minutes"),
        ("in /home/ada/shop/orders.py", "in /tmp/pytest-of-me/orders.py"),
        ("awaken: process 4711 ended", "awaken: process 99 ended"),
        ("id      state", "id   state"),
        ("───────\nid", "────────────\nid"),
        ("...\nready", "one\ntwo\nready"),
        ("first\n...", "first\nsecond\nthird"),
        ("first\n...\nlast", "first\nlast"),
        ('{"status":200,...}', '{"status":200,"title":"Thank you"}'),
        (
            "link http://127.0.0.1:8080/c/eyJhbGciOiJIUzI1NiIs...",
            "link http://127.0.0.1:8080/c/eyJ0eXAiOi1iaXRjb2lu.x-y",
        ),
    ],
)
def test_shape_is_enough_for_what_varies(shown: str, printed: str) -> None:
    assert Shapes().matches(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("2 passed in 0.31s", "1 passed, 1 failed in 0.31s"),
        ("approved by Ada", "approved by Bob"),
        ("one", "one\ntwo"),
        ("one\ntwo", "one"),
        ("price 300", "price 301"),
        ("/restate/health", "/restate/awakeables"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:9070"),
        ("...\nready", "ready\nno longer"),
        (f"{INVOCATIONS[0]} calls {INVOCATIONS[0]}", f"{INVOCATIONS[0]} calls {INVOCATIONS[1]}"),
        (f"{INVOCATIONS[0]}\n{INVOCATIONS[0]}", f"{INVOCATIONS[0]}\n{INVOCATIONS[1]}"),
        ("sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ", INVOCATIONS[0]),
    ],
)
def test_what_does_not_vary_is_compared(shown: str, printed: str) -> None:
    assert not Shapes().matches(shown, printed)


def test_printed_ids_take_the_place_of_shown_ones() -> None:
    shapes = Shapes()

    assert shapes.matches(f'{{"id":"{INVOCATIONS[0]}"}}', f'{{"id":"{INVOCATIONS[1]}"}}')

    assert shapes.replace(f"attach {INVOCATIONS[0]}") == f"attach {INVOCATIONS[1]}"
    assert not shapes.matches(INVOCATIONS[0], INVOCATIONS[0])


# Commands.


@pytest.mark.slow
def test_commands_share_one_shell(run: Callable[[str], str]) -> None:
    assert (
        run(
            console("$ mkdir shop && cd shop", "$ export NAME=Ada", "$ touch orders.py")
            + console('$ echo "$NAME" \\', "    Lovelace", "Ada Lovelace", "$ ls", "orders.py")
        )
        == ""
    )


@pytest.mark.slow
def test_wrong_output_is_reported_with_its_line(run: Callable[[str], str]) -> None:
    report = run("# Page\n\n" + console("$ echo one", "two"))

    assert "page.md:4: $ echo one" in report
    assert "shown:\n    two\n  printed:\n    one" in report


@pytest.mark.slow
def test_failing_command_is_reported(run: Callable[[str], str]) -> None:
    assert "exited with 3 and printed:\n    oh" in run(console("$ echo oh; (exit 3)"))


def test_failing_command_whose_output_is_left_out_is_reported(run: Callable[[str], str]) -> None:
    assert "broken" in run(console("$ echo broken; false", "..."))
    assert run(console("$ echo whole", "...")) == ""


@pytest.mark.slow
def test_command_in_the_background_ends_with_the_page(run: Callable[[str], str]) -> None:
    page = console("$ python -m http.server 8000 --bind 127.0.0.1", "Serving HTTP on 127.0.0.1 port 8000 ...")
    page += console("$ curl http://127.0.0.1:8000/", "...", "<title>Directory listing for /</title>", "...")
    page += console("...", '127.0.0.1 - - [...] "GET / HTTP/1.1" 200 -')

    assert run(page) == ""


@pytest.mark.slow
def test_interrupted_command_shows_its_end(run: Callable[[str], str]) -> None:
    page = console(
        "$ python -m http.server 8000", "Serving HTTP on ...", "^C", "Keyboard interrupt received, exiting."
    )

    assert run(page) == ""
    assert "^C\n  shown:" in run(page.replace("exiting", "going on"))


@pytest.mark.slow
def test_interrupt_ends_what_was_started_last(run: Callable[[str], str]) -> None:
    serve = "python -m http.server 8000"
    page = console(
        f"$ {serve}", "Serving ...", "$ echo one", "one", "^C", "Keyboard interrupt received, exiting."
    )
    page += console(f"$ {serve}", "Serving ...", "^C", "Keyboard interrupt received, exiting.")
    page += console(f"$ {serve} >again.log &", "$ kill -9 $!", "$ echo two", "two")

    assert run(page) == ""
    assert "no command runs in the background" in run(console("^C"))


@pytest.mark.slow
def test_command_in_the_background_that_fails_is_reported(run: Callable[[str], str]) -> None:
    report = run(console("$ ls nothing &", "$ sleep 1"))

    assert "$ ls nothing\n  exited with 2" in report


@pytest.mark.slow
def test_temporary_files_go_with_the_folder_of_the_page(run: Callable[[str], str], tmp_path: Path) -> None:
    assert run(console("$ mktemp -d")) == ""

    assert [path.parent.name for path in tmp_path.rglob("tmp.*")] == ["temporary"]


@pytest.mark.slow
def test_make_targets_must_exist(run: Callable[[str], str]) -> None:
    report = run(console("$ make demo", "$ make tea"))

    assert report == "page.md:3: the Makefile has no target 'tea'"


# Python.


def test_error_of_a_block_has_the_line_of_the_page(run: Callable[[str], str]) -> None:
    report = run("# Page\n\n```python\nvalue = 1\n```\n\nThen:\n\n```python\nprint(value / 0)\n```\n")

    assert 'File "page.md", line 10' in report
    assert "ZeroDivisionError" in report


def test_blocks_of_a_module_share_names(run: Callable[[str], str]) -> None:
    page = "```python\nvalue = 1\n```\n```python\n>>> value + 1\n2\n```\n<!-- module -->\n```python\nvalue\n```\n"

    report = run(page)

    assert "page.md:10: the Python blocks do not run" in report
    assert "NameError" in report
    assert "page.md:2" not in report


def test_wrong_doctest_is_reported(run: Callable[[str], str]) -> None:
    assert "Expected:\n        3\n    Got:\n        2" in run("```python\n>>> 1 + 1\n3\n```\n")


@pytest.mark.slow
def test_files_are_written_where_they_are_reached(run: Callable[[str], str]) -> None:
    page = '```python title="shop/orders.py"\nprice = 3\n```\n' + console("$ cat shop/orders.py", "price = 3")
    page += '```python title="shop/orders.py"\nprice = 4\n```\n'
    page += "```python\nfrom shop.orders import price\n\nassert price == 4\n```\n"

    assert run(page) == ""


@pytest.mark.slow
def test_page_continues_with_the_files_of_another(tmp_path: Path, run: Callable[[str], str]) -> None:
    (tmp_path / "before.md").write_text(
        console("$ mkdir shop && cd shop") + '```python title="a.py"\nx = 1\n```\n'
    )

    report = run("<!-- continues: before.md -->\n" + console("$ ls", "a.py", "$ basename $PWD", "shop"))

    assert report == ""


@pytest.mark.parametrize(
    ("excerpt", "differs"),
    [
        ("    answer = await decision\n", ""),
        ("answer = await decision\noutcome = 1\n", "differs at 'outcome = 1'"),
    ],
)
def test_excerpt_is_part_of_its_file(run: Callable[[str], str], excerpt: str, differs: str) -> None:
    report = run(f"<!-- excerpt: examples/approval.py -->\n```python\n{excerpt}```\n")

    assert report.endswith(differs)
    assert bool(report) == bool(differs)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_types_are_checked_across_files_of_one_name(tmp_path: Path) -> None:
    user = "```python\nfrom orders import price\n\nname: str = price\n```\n"
    texts = {
        "one.md": '```python title="orders.py"\nprice: int = 3\n```\n' + user,
        "two.md": '```python title="orders.py"\nprice: str = "3"\n```\n' + user,
        "three.md": "```python\nimport awaken\n\nawaken.Servise\n```\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "stage").mkdir()

    errors = check_types([read_page(tmp_path / name) for name in texts], tmp_path / "stage")

    assert sorted(errors) == ["one.md", "three.md"]
    assert "line 7" in errors["one.md"][0]
    assert 'Module has no attribute "Servise"' in errors["three.md"][0]


# What is not run.


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ('json\n{"a": 1,}', "Expecting property name"),
        ("yaml\na: [", "expected the node content"),
        ("toml\na = ", "Invalid value"),
        ("sh\nif true", "syntax error"),
        ("sh\ndocker run x && awaken serve approval:app --bnd 1", "No such option: --bnd"),
        ("sh\nAWAKEN_BIND=0.0.0.0:1 awaken bake", "No such command 'bake'"),
        ("cobol\nADD", "'cobol'"),
    ],
)
def test_malformed_block_is_reported(run: Callable[[str], str], block: str, problem: str) -> None:
    assert problem in run(f"```{block}\n```\n")


@pytest.mark.parametrize(
    "block",
    [
        'json\n{"a": 1}\n{"a": 2}',
        "yaml\na: 1\n---\nb: 2",
        "sh\ndocker run awaken/approval awaken serve approval:app --bind 0.0.0.0:9080 # with a comment",
        "sh\nawaken awakeables list --json-output | jq .",
        "text\nanything",
    ],
)
def test_well_formed_block_passes(run: Callable[[str], str], block: str) -> None:
    assert run(f"```{block}\n```\n") == ""


def test_command_lines_are_read_by_the_real_command() -> None:
    assert check_command_line(["serve", "approval:app", "--workers", "2"]) is None
    assert check_command_line(["serve", "approval:app", "--workers", "none"]) is not None


# Pages that do not follow the rules.


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("```python\nprint()\n", "page.md:1: this block has no end"),
        (
            "<!-- excerpt: a.py -->\n\nText.\n",
            "page.md:3: the comment above must be on the line before a block",
        ),
        ("<!-- copy: -->\n", "page.md:1: write what comes after the colon"),
    ],
)
def test_page_that_cannot_be_read_is_explained(tmp_path: Path, page: str, problem: str) -> None:
    (tmp_path / "page.md").write_text(page)

    with pytest.raises(PageError) as caught:
        read_page(tmp_path / "page.md")

    assert str(caught.value).startswith(problem)


@pytest.mark.slow
def test_ports_of_copied_files_are_replaced(run: Callable[[str], str]) -> None:
    page = "<!-- copy: examples/approval.py -->\n<!-- copy: docs/how-to/client.md to client.md -->\n"

    assert (
        run(page + console("""$ python -c 'print(open("client.md").read().count("80" + "80"))'""", "0")) == ""
    )
    assert run(page + console("$ grep -o -m1 http://127.0.0.1:8080 client.md", "http://127.0.0.1:8080")) == ""


@pytest.mark.slow
def test_nothing_is_typed_after_a_command_that_ends_the_shell(run: Callable[[str], str]) -> None:
    assert run(console("$ exit 3") + console("$ echo one", "two")).startswith("`exit 3` ended the shell")


def test_missing_file_is_explained(run: Callable[[str], str]) -> None:
    assert "no file gone.py" in run("<!-- excerpt: gone.py -->\n```python\nx\n```\n")


@pytest.mark.slow
def test_program_tells_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "true.md").write_text(console("$ echo one", "one"))
    (tmp_path / "false.md").write_text(console("$ echo one", "two"))

    assert main([str(tmp_path / "true.md")]) == 0
    assert main([str(tmp_path / "true.md"), str(tmp_path / "false.md")]) == 1

    assert "false.md:2: $ echo one" in capsys.readouterr().out
