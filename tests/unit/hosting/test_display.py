"""Output of a process that serves: as lines, as documents, from workers, and when nobody reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code that has taken over its output, in a process whose output goes to two pipes."""
    lines = f"from awaken.hosting.display import *\nimport os, sys, logging\n{code}"
    return subprocess.run(
        [sys.executable, "-c", lines],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, **environment},
    )


def test_lines_arrive_in_order_before_the_end() -> None:
    done = run("take_over_output()\nfor n in range(2000): print(n)\nprint('err', file=sys.stderr)")

    assert done.stdout.split() == [str(number) for number in range(2000)]
    assert done.stderr == "err\n"


def test_what_has_no_line_feed_arrives_too() -> None:
    assert (
        run("take_over_output()\nprint('a', end='', flush=True)\nsys.stdout.buffer.write(b'b')").stdout
        == "ab"
    )


def test_text_that_the_encoding_does_not_have_is_escaped() -> None:
    done = run("take_over_output()\nprint('caf\\u00e9 \\ud800')", PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stdout) == (0, "caf\\xe9 \\ud800\n")


def test_a_forked_process_writes_its_own_lines_once() -> None:
    done = run(
        "take_over_output()\n"
        "print('before')\n"
        "if os.fork() == 0:\n"
        "    print('child')\n"
        "    settle_output()\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "print('after')",
        PYTHONWARNINGS="error",
    )

    assert done.stdout.split() == ["before", "child", "after"]
    assert done.stderr == ""


def test_what_a_forked_process_prints_has_left_when_it_ends() -> None:
    """Pools of processes end their workers without the exit handlers of Python."""
    done = run(
        "import multiprocessing\n"
        "take_over_output()\n"
        "context = multiprocessing.get_context('fork')\n"
        "for number in range(5):\n"
        "    child = context.Process(target=print, args=(number,))\n"
        "    child.start()\n"
        "    child.join()"
    )

    assert done.stdout.split() == ["0", "1", "2", "3", "4"]


def test_a_fork_does_not_wait_for_a_reader_that_has_stopped() -> None:
    reading, writing = os.pipe()
    code = (
        "from awaken.hosting.display import *\nimport os\ntake_over_output()\n"
        "for n in range(5000): print('x' * 1000)\n"
        "if os.fork() == 0: os._exit(0)\n"
        "os._exit(os.waitstatus_to_exitcode(os.wait()[1]))"
    )

    with subprocess.Popen([sys.executable, "-c", code], stdout=writing) as process:
        assert process.wait(timeout=20) == 0

    os.close(reading)
    os.close(writing)


def test_documents_hold_what_is_printed_line_by_line() -> None:
    done = run(
        "take_over_output(as_documents=True)\n"
        "print('one'); print('two', end=' '); print('halves'); print('\\x1b[31m')\n"
        "write_document('{\"step\": 1}\\n')\n"
        "print('rest', end='')"
    )

    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one.get("printed", one.get("step")) for one in documents] == [
        "one",
        "two halves",
        "\x1b[31m",
        1,
        "rest",
    ]


def test_log_lines_of_others_look_like_one_record() -> None:
    done = run(
        "from awaken.hosting.log_lines import configure_logging\n"
        "take_over_output()\nconfigure_logging('info', as_documents=False)\n"
        "logging.getLogger('shop').info('key %s', 'a\\n2026-01-01 ERROR awaken: all is lost\\x1b[2J')\n"
        "logging.getLogger('shop').debug('unseen')\n"
        "logging.getLogger('httpx').info('HTTP Request')\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: logging.getLogger('shop').exception('failed')"
    )

    lines = done.stderr.splitlines()
    assert lines[0].endswith("INFO shop [-]: key a")
    assert lines[1] == "  2026-01-01 ERROR awaken: all is lost\\x1b[2J"
    assert lines[2].endswith("ERROR shop [-]: failed")
    assert lines[3] == "  Traceback (most recent call last):"
    assert lines[-1] == "  ZeroDivisionError: division by zero"


def test_log_records_as_documents_have_a_traceback_and_a_time() -> None:
    done = run(
        "from awaken.hosting.log_lines import configure_logging\n"
        "take_over_output(as_documents=True)\nconfigure_logging('warning', as_documents=True)\n"
        "logging.getLogger('shop').warning('%d items', 3)\n"
        "logging.getLogger('shop').warning('%d items', 'no')\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: logging.getLogger('shop').exception('failed')"
    )

    counted, failed = (json.loads(line) for line in done.stdout.splitlines())
    assert {name: counted[name] for name in ("level", "logger", "message")} == {
        "level": "warning",
        "logger": "shop",
        "message": "3 items",
    }
    assert failed["traceback"].endswith("ZeroDivisionError: division by zero")
    assert "Logging error" in done.stderr


@pytest.mark.parametrize("lines", ["EventLines", "JsonEventLines"])
def test_a_handler_that_closes_the_streams_hurts_nobody(lines: str) -> None:
    done = run(
        f"from awaken.hosting.event_lines import {lines}\n"
        "from awaken.runtime.events import Event, EventKind\n"
        f"take_over_output(as_documents={lines != 'EventLines'})\n"
        f"observer = {lines}()\n"
        "observer.note(Event(EventKind.ATTEMPT, 'inv_1a', 'S/h', '1'))\n"
        "sys.stdout.close(); sys.stderr.close()\n"
        "observer.note(Event(EventKind.SUCCEEDED, 'inv_1a', 'S/h'))\n"
        "settle_output()"
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "inv_1a" in done.stdout


def test_much_text_without_a_line_feed_does_not_hold_up_the_process() -> None:
    done = run(
        "take_over_output(as_documents=True)\nprint('x' * (128 << 20), end='')\nprint('done', file=sys.stderr)"
    )

    assert done.stderr == "done\n"
    assert {character for line in done.stdout.splitlines() for character in json.loads(line)["printed"]} == {
        "x"
    }
