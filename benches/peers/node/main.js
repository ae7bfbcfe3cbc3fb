// The handlers of ../handlers.py on the official TypeScript SDK, served as its documentation shows.
//
// The load generator knows what each handler has to answer; change all languages together.

import * as http2 from "node:http2";
import * as restate from "@restatedev/restate-sdk";

// The SDK is made for Node 22 and later. This is all that Node 20 lacks.
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};

const binary = { input: restate.serde.binary, output: restate.serde.binary };

async function three(ctx, number) {
  for (const name of ["one", "two", "three"]) {
    const before = number;
    number = await ctx.run(name, async () => before + 1);
  }
  return number;
}

const bench = restate.service({
  name: "Bench",
  handlers: {
    greet: async (ctx, name) => `Hello ${name}!`,
    three,
    // JavaScript runs both kinds of functions on its one thread.
    three_plain: three,
    wait: async (ctx) => {
      const { id, promise } = ctx.awakeable();
      return `${id} ${await promise}`;
    },
    replay: async (ctx, [count, total]) => {
      for (let at = 0; at < count; at++) total += await ctx.run("entry", async () => 1);
      return total;
    },
    run_then_wait: async (ctx, number) => {
      const next = await ctx.run("one", async () => number + 1);
      return `${next} ${await ctx.awakeable().promise}`;
    },
    echo: restate.handlers.handler(binary, async (ctx, value) => value),
  },
});

const handler = restate.createEndpointHandler({ services: [bench], bidirectional: true, logger: () => {} });
http2.createServer(handler).listen(Number(process.argv[2]), "127.0.0.1");
