"""An approval in the timeline: one row, with who answered and what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from awaken import _core

from tests.unit.inbox.conftest import LEAD

if TYPE_CHECKING:
    from tests.unit.inbox.conftest import Inbox

SECOND = "cfo@example.com"


async def test_approval_is_one_row_with_its_answers(inbox: Inbox) -> None:
    question = await inbox.ask("Pay <b>it</b>?", approvers=[LEAD, SECOND], quorum=2)
    invocation = _core.parse_awakeable_id(question).invocation_id

    asked = (await inbox.get(f"/invocations/{invocation}")).text
    await inbox.post(f"/awakeables/{question}", {"do": "yes", "field.comment": "looks right"})
    await inbox.environment.settle()
    half = (await inbox.get(f"/invocations/{invocation}")).text
    await inbox.post(f"/awakeables/{question}", {"do": "yes"}, SECOND)
    await inbox.environment.settle()
    done = (await inbox.get(f"/invocations/{invocation}")).text
    entry = re.search(r'/entries/(\d+)">Answer 1', done)
    assert entry is not None
    value = (await inbox.get(f"/invocations/{invocation}/entries/{entry[1]}")).text

    assert f"asked {LEAD}, {SECOND}" in asked
    assert f'/awakeables/{question}">Answer' in asked
    assert f"by {LEAD}" in half
    assert "Waits for <b>Pay &lt;b&gt;it&lt;/b&gt;?</b>" in half
    assert f"by {SECOND}" in done
    assert "looks right" in done
    assert "Waits for" not in done
    assert [page.count("kind-approval") for page in (asked, half, done)] == [1, 1, 1]
    assert done.count("is-approved") >= 1
    assert "looks right" in value
    assert "awaken-approval" not in value
