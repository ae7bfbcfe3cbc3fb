"""Commands that change something, each scenario on things of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unchanged.command_line.side import Side


def cancel(side: Side) -> None:
    side.start("cancelled", "Greeter/nap", until="suspended")
    side.run("invocations cancel {cancelled} --yes")
    side.until("cancelled", "completed")
    side.run("invocations cancel {cancelled} --yes")
    side.run("invocations describe {cancelled} --time-format iso8601")
    side.run("invocations cancel inv_1e6xzQU4elkR76YyMLEBUy39PnvOdD4mbZ --yes")
    side.run("invocations cancel Nobody --yes --limit 3")


def cancel_by_target(side: Side) -> None:
    side.start("first", "Account/cancel/hold", until="suspended")
    side.start("second", "Account/cancel/deposit", until="pending", argument=1)
    # Otherwise the second may start when the first has ended.
    side.run("invocations cancel Account/cancel/deposit --yes")
    side.run("invocations cancel Account/cancel --yes")
    side.until("first", "completed")
    side.run("invocations list --key cancel --all --time-format iso8601")
    side.start("killed", "Account/cancel/hold", until="suspended")
    side.run("invocations cancel Account/cancel/hold --kill --yes")
    side.until("killed", "completed")
    side.run("invocations describe {killed} --time-format iso8601")


def cancel_many(side: Side) -> None:
    side.start("first", "Account/many/hold", until="suspended")
    side.send("Account/many/hold", times=30)
    side.run("invocations list --key many --limit 5 --oldest-first --time-format iso8601")
    side.run("invocations cancel Account/many --yes --limit 31")
    side.until("first", "completed")


def cancel_with_an_odd_key(side: Side) -> None:
    side.start("quoted", "Account/a b ä/hold", until="suspended")
    side.run("invocations cancel 'Account/a b ä/hold' --yes")
    side.run("invocations cancel {quoted} --yes")
    side.until("quoted", "completed")
    side.run("invocations describe {quoted} --time-format iso8601")


def kill(side: Side) -> None:
    side.start("killed", "Account/kill/hold", until="suspended")
    side.run("invocations kill Account/kill/hold --yes --limit 10")
    side.until("killed", "completed")
    side.run("invocations kill {killed} --yes")
    side.run("invocations describe {killed} --time-format iso8601")
    side.run("invocations kill garbage --yes")


def pause_and_resume(side: Side) -> None:
    side.start("failing", "Account/pause/stumble_over", until="backing-off")
    side.run("invocations pause {failing} --yes")
    side.until("failing", "paused")
    side.run("invocations describe {failing} --time-format iso8601")
    side.run("invocations pause Account/pause/stumble_over --yes --limit 5")
    side.run("invocations resume {failing} --yes")
    side.until("failing", "backing-off")
    side.run("invocations resume {failing} --deployment keep --yes")
    side.run("invocations pause Account/pause --yes")
    side.until("failing", "paused")
    side.run("invocations resume Account/pause --deployment latest --yes --limit 5")
    side.until("failing", "backing-off")
    side.run("invocations resume {failing} --deployment {gone} --yes")
    side.run("invocations kill {failing} --yes")
    side.until("failing", "completed")
    side.run("invocations pause {failing} --yes")
    side.run("invocations resume {failing} --yes")


def move_to_a_deployment_without_the_service(side: Side) -> None:
    side.register("foreign", "annexe")
    side.start("moving", "Greeter/ask", until="suspended")
    side.run("invocations resume {moving} --deployment {foreign} --yes")
    side.run("invocations kill {moving} --yes")


def restart_as_new(side: Side) -> None:
    side.start("finished", "Account/restart/deposit", until="completed", argument=2)
    side.run("invocations restart-as-new {finished} --yes")
    side.start("other", "Account/restart-other/deposit", until="completed", argument=2)
    side.run("invocations restart Account/restart-other/deposit --yes --limit 9")
    side.start("open", "Account/restart/hold", until="suspended")
    side.run("invocations restart-as-new {open} --yes")
    side.run("invocations restart-as-new {signed_up} --yes")
    side.run("invocations restart-as-new Nobody --yes")
    side.run("invocations list --key restart --all --time-format iso8601")
    side.run("invocations kill Account/restart --yes")


def purge(side: Side) -> None:
    side.start("finished", "Account/purge/deposit", until="completed", argument=2)
    side.run("invocations purge {finished} --yes")
    side.run("invocations describe {finished}")
    side.run("invocations purge {finished} --yes")
    side.start("open", "Account/purge/hold", until="suspended")
    side.run("invocations rm Account/purge --yes --limit 5")
    side.run("invocations purge {open} --yes")
    side.start("workflow", "Signup/purge/run", until="suspended", argument="p@example.com")
    side.call("Signup/purge/confirm", "by mail")
    side.until("workflow", "completed")
    side.run("invocations purge Signup/purge/run --yes")
    side.run("state get Signup purge")


def edit_state(side: Side) -> None:
    side.call("Account/edit/write", {"balance": 12, "name": "Eve"})
    side.run("state edit Account edit --yes", editor="s/12/13/")
    _read(side, "edit")
    side.run("state edit Account edit --yes --force", editor="s/Eve/Adam/")
    _read(side, "edit")
    side.run("state edit Account edit --yes --binary", editor='s/"MTM"/"MTQ"/')
    _read(side, "edit")
    side.run("state edit Account edit --yes", editor="s/{/no json/")
    side.run("state edit Account edited-first --yes", editor='s/{}/{"balance": 1}/')
    _read(side, "edited-first")
    side.run("state edit Nobody edit --yes", editor='s/{}/{"a": 1}/')
    side.run("state edit Greeter edit --yes", editor='s/{}/{"a": 1}/')


def patch_state(side: Side) -> None:
    side.call("Account/patch/write", {"balance": 12, "name": "Pat"})
    replace = '[{"op":"replace","path":"/balance","value":77}]'
    side.run(f"state patch Account patch --patch '{replace}' --yes")
    _read(side, "patch")
    side.run("""state patch Account patch --patch '[{"op":"test","path":"/balance","value":78}]' --yes""")
    side.run("""state patch Account patch -p '[{"op":"remove","path":"/name"}]' --force --yes""")
    _read(side, "patch")
    side.run("""state patch Account patch -p '[{"op":"add","path":"/raw","value":"_w"}]' --binary --yes""")
    _read(side, "patch", "--binary")
    side.run("state patch Account patch --patch nonsense --yes")
    side.run(f"state patch Nobody patch --patch '{replace}' --yes")
    side.run("""state patch Greeter patch --patch '[{"op":"add","path":"/a","value":1}]' --yes""")
    side.run("""state patch Signup patch --patch '[{"op":"add","path":"/a","value":{"b":[1]}}]' --yes""")


def clear_state(side: Side) -> None:
    side.call("Account/clear/write", {"balance": 12})
    side.run("state clear Account/clear --yes")
    _read(side, "clear")
    side.run("state clear Account/clear --yes")
    side.call("Account/clear/write", {"balance": 13})
    side.run("state clear Account/clear --force --yes")
    _read(side, "clear")
    side.run("state clear Backstage --yes")
    side.run("state clear Nobody --yes")


def state_of_a_busy_object(side: Side) -> None:
    side.call("Account/busy/write", {"balance": 1})
    side.start("busy", "Account/busy/hold", until="suspended")
    side.run("""state patch Account busy --patch '[{"op":"replace","path":"/balance","value":2}]' --yes""")
    side.run("state get Account busy --plain")
    side.run("invocations kill {busy} --yes")
    side.until("busy", "completed")
    _read(side, "busy")


def configure_service(side: Side) -> None:
    side.run("services config patch Backstage --public true --yes")
    side.run(
        'services config patch Backstage --idempotency-retention 2d --journal-retention "3d 1h"'
        " --inactivity-timeout 5m --abort-timeout PT15M --yes"
    )
    side.run("services config view Backstage")
    side.run("services config edit Backstage --yes", editor="s/^# public = true/public = false/")
    side.run("services config view Backstage")
    side.run("services config edit Backstage --yes", editor="s/^# public = true/public = 5/")
    side.run("services config patch Backstage --yes")
    side.run("services config patch Backstage --workflow-completion-retention 1d --yes")
    side.run("services config patch Signup --workflow-completion-retention 5d --yes")
    side.run("services config view Signup")
    side.run("services config patch Nobody --public true --yes")
    side.run("services config edit Nobody --yes", editor="s/^# public = true/public = false/")


def register(side: Side) -> None:
    side.run("deployments register {annexe} --yes")
    side.run("deployments discover {annexe} --yes")
    side.run("deployments add {annexe} --yes --force")
    side.run("deployments register {annexe}/other --yes --use-http1.1 --extra-header a=b --metadata m=n")
    side.run("services describe Annexe")
    side.run("deployments register {annexe}/changed --yes")
    side.run("deployments register {annexe_changed} --yes")
    side.run("deployments register {annexe_changed} --yes --breaking")
    side.run("services list")


def register_in_vain(side: Side) -> None:
    side.run("deployments register {nothing} --yes")
    side.run("deployments register {old_fashioned} --yes")
    side.run("deployments register {old_fashioned} --use-http1.1 --yes")


def remove_deployments(side: Side) -> None:
    side.run("deployments remove {gone} --yes")
    side.run("deployments remove garbage --yes")
    side.run("deployments remove {newest} --yes")
    side.run("deployments rm {old} --yes --force")
    side.run("deployments describe {old}")


def kafka(side: Side) -> None:
    side.run("kafka-clusters create --yes here bootstrap.servers=127.0.0.1:1")
    side.run("kafka-clusters describe here")
    side.run("kafka-clusters edit here --yes", editor="s/127/128/")
    side.run("kafka-clusters patch here --set client.id=me --unset nothing --yes")
    side.run("subscriptions create --yes kafka://here/orders service://Greeter/greet group.id=us")
    side.run("kafka-clusters delete here --yes --force")
    side.run("kafka-clusters delete here --yes")
    side.run("subscriptions delete sub_1 --yes")


def rules(side: Side) -> None:
    side.run('rules set "*" --concurrency 3 --description busy --yes')
    side.run('rules set "scope/*" --unlimited --disabled --yes')
    side.run('rules disable "*" --yes')
    side.run('rules enable "*" --yes')
    side.run('rules delete "*" --yes')
    side.run("rules delete nothing --yes")


def _read(side: Side, key: str, option: str = "") -> None:
    # A change is accepted before it is made; this call queues behind it.
    side.call(f"Account/{key}/write", {})
    side.run(f"state get Account {key} --plain {option}")


SCENARIOS: Final[list[Callable[[Side], None]]] = [
    cancel,
    cancel_by_target,
    cancel_many,
    cancel_with_an_odd_key,
    kill,
    pause_and_resume,
    move_to_a_deployment_without_the_service,
    restart_as_new,
    purge,
    edit_state,
    patch_state,
    clear_state,
    state_of_a_busy_object,
    configure_service,
    register,
    register_in_vain,
    remove_deployments,
    kafka,
    rules,
]
