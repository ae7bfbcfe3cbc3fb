"""The pictures of `docs/concepts`, one function each."""

from __future__ import annotations

from scripts.pictures.drawing import LINE, Drawing

__all__ = ["PICTURES"]


def way_of_a_call() -> Drawing:
    """Who talks to whom, from a caller to a handler and back."""
    drawing = Drawing(
        "A call goes from a caller to the runtime, which stores it and calls the endpoint.", 300
    )
    drawing.box(0, 50, 130, 60, ["a caller", "HTTP or gRPC"])
    drawing.box(0, 200, 130, 60, ["who answers", "person or system"])
    drawing.box(230, 10, 220, 280, kind="frame")
    drawing.text(340, 32, "the runtime", "title", anchor="middle")
    drawing.box(246, 50, 188, 60, ["ingress", "where callers enter"])
    drawing.box(246, 135, 188, 56, ["journals, state, timers", "one file, or a cluster"], kind="kept")
    drawing.box(246, 214, 188, 60, ["invoker", "starts attempts"])
    drawing.box(560, 10, 160, 280, kind="frame")
    drawing.text(640, 32, "the endpoint", "title", anchor="middle")
    drawing.box(574, 50, 132, 60, ["your handlers", "async def"], kind="live")
    drawing.text(640, 140, "your process;", "note", anchor="middle")
    drawing.text(640, 158, "it stores nothing", "note", anchor="middle")
    drawing.box(574, 214, 132, 60, ["awaken", "replays, records"])
    drawing.arrow((130, 72), (246, 72), label="1 call")
    drawing.arrow((246, 90), (130, 90), label="7 result", above=False)
    drawing.arrow((300, 110), (300, 135))
    drawing.text(308, 127, "2 store", "note")
    drawing.arrow((340, 191), (340, 214))
    drawing.text(348, 207, "3 journal", "note")
    drawing.arrow((434, 232), (574, 232), label="4 attempt")
    drawing.arrow((574, 256), (434, 256), label="5 new entries", above=False)
    drawing.arrow((640, 214), (640, 168))
    drawing.arrow((640, 122), (640, 112))
    drawing.arrow((65, 200), (65, 150), (226, 150), (226, 102), (246, 102))
    drawing.text(75, 182, "6 answer", "note")
    return drawing


def life_of_an_invocation() -> Drawing:
    """The states that an invocation goes through."""
    drawing = Drawing("The states of an invocation, from the request to its end.", 330)
    drawing.text(0, 54, "a request", "note")
    drawing.box(100, 24, 120, 50, ["scheduled"])
    drawing.box(290, 24, 120, 50, ["pending"])
    drawing.box(290, 134, 120, 56, ["running"], kind="live")
    drawing.box(600, 134, 120, 56, ["completed"], kind="kept")
    drawing.box(60, 250, 120, 50, ["backing-off"], kind="fault")
    drawing.box(290, 250, 120, 50, ["suspended"], kind="kept")
    drawing.box(520, 250, 120, 50, ["paused"])
    drawing.arrow((64, 49), (100, 49))
    drawing.arrow((220, 49), (290, 49), label="its time")
    drawing.arrow((350, 74), (350, 134))
    drawing.text(360, 108, "the key is free", "note")
    drawing.arrow((30, 62), (30, 162), (290, 162))
    drawing.text(100, 154, "no delay, no busy key", "note")
    drawing.arrow((410, 162), (600, 162), label="returns, or fails for good")
    drawing.arrow((290, 180), (140, 250))
    drawing.text(122, 214, "an error", "note", anchor="middle")
    drawing.arrow((170, 250), (304, 190))
    drawing.text(250, 236, "retry", "note")
    drawing.arrow((335, 190), (335, 250))
    drawing.text(328, 226, "waits", "note", anchor="end")
    drawing.arrow((365, 250), (365, 190))
    drawing.text(373, 226, "answer", "note")
    drawing.arrow((410, 176), (550, 250))
    drawing.text(500, 212, "retries used up", "note")
    drawing.arrow((520, 262), (398, 190))
    drawing.text(462, 248, "resume", "note", anchor="end")
    return drawing


def attempts_of_an_invocation() -> Drawing:
    """One invocation, and the four attempts that it took."""
    drawing = Drawing("One invocation takes three days and four attempts.", 235)
    drawing.text(0, 28, "invocation", "title")
    drawing.box(110, 10, 610, 28, kind="kept")
    drawing.text(415, 29, "one id, one journal, one result", "note", anchor="middle")
    drawing.text(0, 88, "attempts", "title")
    for x, width, kind, number in (
        (110, 90, "fault", 1),
        (240, 110, "fault", 2),
        (366, 90, "live", 3),
        (630, 90, "live", 4),
    ):
        drawing.box(x, 68, width, 32, [str(number)], kind=kind)
    for x, lines in (
        (110, ("raises", "ConnectionError")),
        (240, ("its process", "is killed")),
        (366, ("waits, and is", "suspended")),
        (630, ("replays, goes", "on, returns")),
    ):
        for row, line in enumerate(lines):
            drawing.text(x, 122 + LINE * row, line, "note")
    drawing.text(0, 190, "in between", "title")
    for x1, x2, label in ((200, 240, "0.5 s"), (350, 366, ""), (456, 630, "three days: rows in a file")):
        drawing.line((x1, 174), (x2, 174), kind="line")
        drawing.text((x1 + x2) / 2, 194, label, "note", anchor="middle")
    drawing.text(358, 212, "at once", "note", anchor="middle")
    drawing.line((110, 162), (110, 224))
    return drawing


def code_and_journal() -> Drawing:
    """Lines of a handler, and the entries that they leave in the journal."""
    drawing = Drawing("Lines of a handler beside the entries of its journal.", 330)
    drawing.text(0, 20, "your handler", "title")
    drawing.text(430, 20, "its journal", "title")
    rows = (
        ("async def buy(ctx, item):", "0", "Input", "asked", '"desk"'),
        ("  price = await ctx.run_typed(", "1", "Run", "asked", "look up"),
        ('      "look up", look_up, ...)', "2", "Run", "told", "300"),
        ("  await ctx.sleep(hour)", "3", "Sleep", "asked", "until 10:31"),
        ("", "4", "Sleep", "told", "over"),
        ("  answer = await decision", "5", "Signal 17", "told", '"yes"'),
        ('  return f"{item}: {answer}"', "6", "Output", "asked", '"desk: yes"'),
    )
    for row, (code, index, name, side, value) in enumerate(rows):
        y = 38 + row * 40
        drawing.text(0, y + 20, code, "code")
        drawing.box(320, y, 400, 30, kind="live" if side == "asked" else "kept")
        drawing.text(336, y + 20, index, "note")
        drawing.text(366, y + 20, name, "title")
        drawing.text(470, y + 20, "command" if side == "asked" else "notification", "note")
        drawing.text(590, y + 20, value, "code")
    for row in (0, 1, 2, 3, 5, 6):
        drawing.line((272, 53 + row * 40), (314, 53 + row * 40))
    drawing.text(
        720, 326, "the handler asks with commands; the runtime tells with notifications", "note", anchor="end"
    )
    return drawing


def two_attempts() -> Drawing:
    """The same lines in the first attempt and in the one that replays."""
    drawing = Drawing("The second attempt gets recorded results, and acts only where the journal ends.", 282)
    drawing.text(0, 22, "the handler's lines", "title")
    drawing.text(330, 22, "first attempt", "title")
    drawing.text(540, 22, "second attempt", "title")
    drawing.line((0, 34), (720, 34))
    rows = (
        ("total = 0", "runs", "live", "runs again", "live"),
        ("price = await ctx.run_typed(...)", "calls look_up", "live", "300, recorded", "kept"),
        ("total += price", "runs", "live", "runs again", "live"),
        ("answer = await decision", "waits, suspends", "box", '"yes", recorded', "kept"),
        ('await ctx.run_typed("pay", ...)', "", "", "calls pay", "live"),
        ("return total", "", "", "returns 300", "live"),
    )
    for row, (code, first, first_kind, second, second_kind) in enumerate(rows):
        y = 44 + row * 38
        drawing.text(0, y + 20, code, "code")
        if first:
            drawing.box(330, y, 180, 30, kind=first_kind)
            drawing.text(344, y + 20, first)
        drawing.box(540, y, 180, 30, kind=second_kind)
        drawing.text(554, y + 20, second)
    drawing.line((320, 44 + 38 * 4 - 4), (525, 44 + 38 * 4 - 4), (525, 40))
    drawing.text(330, 44 + 38 * 4 + 20, "not reached", "note")
    return drawing


def what_a_wait_holds() -> Drawing:
    """What exists while a handler runs, waits, and is suspended."""
    drawing = Drawing("While a handler is suspended, its journal is all there is of it.", 250)
    for x, label in ((150, "runs"), (290, "waits, a minute"), (430, "suspended, for days"), (640, "goes on")):
        drawing.text(x, 20, label, "title")
    drawing.line((0, 32), (720, 32))
    drawing.text(0, 66, "handler")
    drawing.text(0, 84, "task, variables", "note")
    drawing.box(150, 48, 260, 40, ["in memory: about 6 KB"], kind="live")
    drawing.box(640, 48, 80, 40, ["rebuilt"], kind="live")
    drawing.text(0, 126, "stream")
    drawing.text(0, 144, "to the runtime", "note")
    drawing.box(150, 108, 260, 40, ["open"], kind="live")
    drawing.box(640, 108, 80, 40, ["open"], kind="live")
    drawing.text(0, 186, "journal")
    drawing.text(0, 204, "on disk", "note")
    drawing.box(150, 168, 570, 40, ["input, result of the run, what is awaited"], kind="kept")
    drawing.text(523, 74, "nothing", "note", anchor="middle")
    drawing.text(523, 134, "nothing", "note", anchor="middle")
    drawing.arrow((640, 240), (640, 212))
    drawing.text(632, 240, "the answer", "note", anchor="end")
    return drawing


def two_deployments() -> Drawing:
    """Which invocation runs on which version of the code."""
    drawing = Drawing("Old invocations stay with the deployment that they began on.", 262)
    drawing.box(0, 10, 380, 242, kind="frame")
    drawing.text(190, 34, "the runtime", "title", anchor="middle")
    rows = (
        ("inv_1aa…", "suspended since Monday", "kept", 74),
        ("inv_1bb…", "running", "kept", 74),
        ("inv_1cc…", "scheduled for tomorrow", "box", 190),
        ("inv_1dd…", "new", "box", 190),
    )
    for row, (name, what, kind, target) in enumerate(rows):
        y = 50 + row * 48
        drawing.box(16, y, 348, 38, kind=kind)
        drawing.text(30, y + 24, name, "code")
        drawing.text(120, y + 24, what, "note")
        drawing.text(352, y + 24, "pinned" if kind == "kept" else "not begun", "note", anchor="end")
        drawing.arrow((364, y + 19), (430, y + 19), (480, target))
    drawing.box(484, 44, 236, 62, ["dp_1…, revision 1", "http://blue:9080"], kind="box")
    drawing.box(484, 160, 236, 62, ["dp_2…, revision 2", "http://green:9080, the latest"], kind="live")
    drawing.text(602, 128, "serve it until its last invocation ends", "note", anchor="middle")
    drawing.text(602, 244, "gets whatever begins", "note", anchor="middle")
    return drawing


#: By file name, without the suffix.
PICTURES = {
    "concept-way": way_of_a_call,
    "concept-invocation": life_of_an_invocation,
    "concept-attempt": attempts_of_an_invocation,
    "concept-journal": code_and_journal,
    "concept-replay": two_attempts,
    "concept-suspension": what_a_wait_holds,
    "concept-deployment": two_deployments,
}
