// What the official TypeScript SDK serves to the embedded runtime; `official.py` is the same in Python.
// PORT is where; HTTP=1 serves HTTP/1.1, in request/response mode; MODULES is a folder with the SDK in node_modules.

import http from "node:http";
import http2 from "node:http2";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

// The SDK is for Node 22; this is all that 20 lacks.
Promise.withResolvers ??= () => {
  const resolvers = {};
  resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers;
};

const require = createRequire(join(process.env.MODULES, "package.json"));
const restate = require("@restatedev/restate-sdk");

const counter = { name: "Counter" };
const mailbox = { name: "Mailbox" };

const steps = restate.service({
  name: "Steps",
  handlers: {
    greet: async (ctx, name) => `Hello ${name}!`,

    // Draws random values in runs and returns them twice: suspension and replay must not change them.
    draw: async (ctx, count) => {
      const drawn = [];
      for (let number = 0; number < count; number++) {
        drawn.push(await ctx.run(`draw ${number}`, () => randomUUID()));
      }
      await ctx.objectClient(mailbox, "drawn").put(drawn);
      await ctx.sleep(20);
      return [drawn, await ctx.objectClient(mailbox, "drawn").take(null)];
    },

    fail: async (ctx, reason) => {
      throw new restate.TerminalError(reason, { errorCode: 418 });
    },

    waitFor: async (ctx, box) => {
      const { id, promise } = ctx.awakeable();
      await ctx.objectClient(mailbox, box).put([id]);
      try {
        return { value: await promise };
      } catch (error) {
        if (error instanceof restate.TerminalError) return { failed: error.message };
        throw error;
      }
    },

    sleep: async (ctx, milliseconds) => {
      await ctx.sleep(milliseconds);
      return "slept";
    },

    // Waits forever, and cleans up when cancelled.
    cleanUp: async (ctx, box) => {
      const { id, promise } = ctx.awakeable();
      await ctx.objectClient(mailbox, box).put([id]);
      try {
        await promise;
      } catch (error) {
        if (error instanceof restate.TerminalError) {
          await ctx.objectClient(mailbox, `${box}-tidied`).put(["yes"]);
        }
        throw error;
      }
    },

    // Waits for a child, which is cancelled along with it.
    parent: async (ctx, box) => {
      await ctx.serviceClient({ name: "Steps" }).cleanUp(box);
    },

    // Waits for runs side by side.
    sideBySide: (ctx, count) => {
      const numbers = [...Array(count).keys()];
      return restate.RestatePromise.all(numbers.map((number) => ctx.run(`run ${number}`, () => number)));
    },

    // Calls, sends, and sends later.
    fan: async (ctx, key) => {
      ctx.objectSendClient(counter, key).add(1);
      ctx.objectSendClient(counter, key, { delay: 50 }).add(10);
      const calls = [1, 2, 3].map((number) => ctx.objectClient(counter, `${key}-${number}`).add(number));
      return await restate.RestatePromise.all(calls);
    },
  },
});

const counters = restate.object({
  name: "Counter",
  handlers: {
    add: async (ctx, amount) => {
      const total = ((await ctx.get("total")) ?? 0) + amount;
      ctx.set("total", total);
      return total;
    },
    reset: async (ctx) => ctx.clearAll(),
    read: restate.handlers.object.shared(async (ctx) => ({
      total: (await ctx.get("total")) ?? 0,
      keys: (await ctx.stateKeys()).sort(),
    })),
  },
});

const mailboxes = restate.object({
  name: "Mailbox",
  handlers: {
    put: async (ctx, letters) => ctx.set("letters", letters),
    take: async (ctx) => (await ctx.get("letters")) ?? [],
  },
});

const approval = restate.workflow({
  name: "Approval",
  handlers: {
    run: async (ctx, subject) => {
      ctx.set("subject", subject);
      return `${subject}: ${await ctx.promise("answer")}`;
    },
    answer: async (ctx, answer) => {
      await ctx.promise("answer").resolve(answer);
    },
    status: async (ctx) => [(await ctx.get("subject")) ?? null, (await ctx.promise("answer").peek()) ?? null],
  },
});

const isHttp1 = process.env.HTTP === "1";
const handler = restate.createEndpointHandler({
  services: [steps, counters, mailboxes, approval],
  bidirectional: !isHttp1,
});
(isHttp1 ? http : http2).createServer(handler).listen(Number(process.env.PORT), "127.0.0.1");
