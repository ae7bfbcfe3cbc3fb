"""An application whose action blocks its thread for longer than anyone waits."""

import time

import awaken

service = awaken.Service("Blocking")


def block() -> None:
    print("blocked", flush=True)
    time.sleep(3600)


@service.handler()
async def block_for_ever(ctx: awaken.Context) -> None:
    await ctx.run_typed("block", block)


app = awaken.app([service])
