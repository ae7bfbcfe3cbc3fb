"""`hypercorn.asyncio` is there as it is under the official SDK, and costs nothing before it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Programs that applications are made of; each has a process of its own, whose modules it fills.
PROGRAMS = {
    "after awaken": """
        import awaken, hypercorn, sys
        assert "hypercorn.asyncio" not in sys.modules
        hypercorn.asyncio.serve
    """,
    "before awaken": """
        import hypercorn, awaken, sys
        assert "hypercorn.asyncio" not in sys.modules
        hypercorn.asyncio.serve
    """,
    "between names of awaken": """
        from awaken import Service
        from hypercorn.config import Config
        from awaken import app
        import hypercorn
        assert hypercorn.Config is Config
        hypercorn.asyncio.serve
    """,
    "by another name": """
        import awaken, hypercorn as server
        server.asyncio.serve
    """,
    "as its documentation says": """
        import awaken
        from hypercorn.asyncio import serve
        import hypercorn.asyncio
        assert vars(hypercorn)["asyncio"].serve is serve
    """,
    "as a name of the package": """
        import awaken
        from hypercorn import asyncio
        asyncio.serve
    """,
    "imported by something else already": """
        import hypercorn.asyncio as there, awaken, hypercorn
        assert hypercorn.asyncio is there
    """,
    "other submodules that come with it": """
        import awaken, hypercorn
        hypercorn.utils.wrap_app, hypercorn.typing.Framework, hypercorn.protocol, hypercorn.events
    """,
    "in a thread": """
        import threading, awaken
        def use():
            import hypercorn
            found.append(hypercorn.asyncio.serve)
        found = []
        threads = [threading.Thread(target=use) for _ in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert len(found) == 8
    """,
    "reloaded": """
        import awaken, hypercorn, importlib
        importlib.reload(hypercorn)
        importlib.reload(awaken)
        hypercorn.asyncio.serve
    """,
    "imported anew": """
        import sys, awaken, hypercorn
        for name in [name for name in sys.modules if name.startswith("hypercorn")]: del sys.modules[name]
        import hypercorn
        hypercorn.asyncio.serve
    """,
    "names that are not there": """
        import awaken, hypercorn
        assert not hasattr(hypercorn, "nonsense") and not hasattr(hypercorn, "trio")
        assert "asyncio" not in dir(hypercorn)
        try:
            hypercorn.Confg
        except AttributeError as error:
            assert str(error) == "module 'hypercorn' has no attribute 'Confg'", error
            assert error.name == "Confg" and error.obj is hypercorn
        else:
            raise AssertionError
    """,
    "a release without one of them": """
        import awaken, hypercorn
        from awaken.transports.hosted import hypercorn as ours
        ours._NAMES = frozenset(("asyncio", "gone"))
        assert not hasattr(hypercorn, "gone") and hypercorn.asyncio
    """,
    "its own ways of asking for names": """
        import sys, types
        package = sys.modules["hypercorn"] = types.ModuleType("hypercorn")
        package.__getattr__ = str.upper
        import awaken
        assert package.asyncio == "ASYNCIO"
    """,
    "looked up by tools": """
        import awaken, importlib.util, inspect, pkgutil, pickle, hypercorn
        assert importlib.util.find_spec("hypercorn").loader.get_source("hypercorn")
        assert importlib.util.find_spec("hypercorn.nonsense") is None
        assert inspect.getsource(hypercorn) and pkgutil.get_data("hypercorn", "__init__.py")
        assert pickle.loads(pickle.dumps(hypercorn.Config())).bind == hypercorn.Config().bind
    """,
    "not installed": """
        import sys
        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] == "hypercorn": raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        sys.meta_path.insert(0, Missing())
        import awaken
        try:
            import hypercorn
        except ModuleNotFoundError as error:
            assert error.name == "hypercorn"
        else:
            raise AssertionError
    """,
}


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_submodules_are_found(program: str) -> None:
    lines = "\n".join(line.removeprefix("        ") for line in program.splitlines())

    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", lines], capture_output=True, text=True, timeout=30, check=False
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.slow
def test_nobody_pays_who_does_not_use_hypercorn() -> None:
    program = 'import awaken, sys; print([name for name in sys.modules if name.startswith("hypercorn")])'

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout == "[]\n"
