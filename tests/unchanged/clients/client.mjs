// Everything that the ingress client for TypeScript does, as one line of JSON for each check.
//
// MODULES is a folder with the package; the only argument is the URL of an ingress. Ids are masked, so that two runtimes
// with the same behavior give the same lines.

import { createRequire } from "node:module";

const load = createRequire(`${process.env.MODULES}/`);
const clients = load("@restatedev/restate-sdk-clients");
const { connect, rpc, serde, HttpCallError, SendOpts, Opts } = clients;

const url = process.argv[2];
const ingress = connect({ url });
const talker = ingress.serviceClient({ name: "Talker" });
const talkerSend = ingress.serviceSendClient({ name: "Talker" });
const counter = (key) => ingress.objectClient({ name: "Counter" }, key);
const holder = (key) => ingress.objectClient({ name: "Holder" }, key);
const signup = (key) => ingress.workflowClient({ name: "Signup" }, key);

// A handler without argument takes no content type either.
const empty = (opts) => rpc.opts({ input: serde.empty, ...opts });

// Each run has keys of its own, of one length.
const own = (name) => `${name}-${process.env.RUN}`;

async function heldBy(key) {
  for (;;) {
    const id = await holder(key).held(empty());
    if (id) return id;
  }
}

const awakeable = async (key, type, complete) => {
  const waiting = holder(key).hold(type);
  await complete(await heldBy(key));
  return await waiting;
};

// What it makes of JSON is JSON, so that a handler without codec can read it.
const base64 = {
  encode: (bytes) => new TextEncoder().encode(JSON.stringify(Buffer.from(bytes).toString("base64"))),
  decode: async (bytes) => new Uint8Array(Buffer.from(JSON.parse(new TextDecoder().decode(bytes)), "base64")),
};
const shouting = {
  contentType: "text/x-shout",
  serialize: (value) => new TextEncoder().encode(value.toUpperCase()),
  deserialize: (bytes) => new TextDecoder().decode(bytes).toLowerCase(),
};

const checks = {
  "call": () => talker.echo({ name: "Ada", list: [1, 2.5, null, true], text: "é ü 漢" }),
  "call without argument": async () => typeof (await talker.nothing(empty())),
  "call of a large value": async () => (await talker.echo("x".repeat(2_000_000))).length,
  "call with options": () => talker.echo(1, rpc.opts({ idempotencyKey: own("call") })),
  "call again with the same key": () => talker.echo(2, Opts.from({ idempotencyKey: own("call") })),
  "call of bytes": async () =>
    Buffer.from(
      await talker.raw(new Uint8Array([1, 2, 255]), rpc.opts({ input: serde.binary, output: serde.binary })),
    ).toString("hex"),
  "call with a serde of its own": () => talker.raw("abc", rpc.opts({ input: shouting, output: shouting })),
  "serde of the connection": () => connect({ url, serde: shouting }).serviceClient({ name: "Talker" }).raw("abc"),
  "codec of the connection": () => connect({ url, journalValueCodec: base64 }).serviceClient({ name: "Talker" }).echo("x"),
  "headers": () =>
    connect({ url, headers: { "x-mine-1": "connection", "x-mine-2": "connection" } })
      .serviceClient({ name: "Talker" })
      .headers(empty({ headers: { "x-mine-2": "call", "x-mine-3": "call" } })),
  "client of a descriptor": () => ingress.client({ _kind: "service", name: "Talker", _handlers: {} }).echo("described"),
  "client of an object's descriptor": () =>
    ingress.client({ _kind: "object", name: "Counter", _handlers: {} }, own("described")).name(empty()),
  "untyped call": async () =>
    Buffer.from(
      await ingress.call({
        service: "Talker",
        handler: "raw",
        parameter: new Uint8Array([9, 8]),
        opts: rpc.opts({ input: serde.binary, output: serde.binary }),
      }),
    ).toString("hex"),
  "untyped send": () => ingress.send({ service: "Counter", handler: "add", key: own("untyped"), parameter: 3 }),

  "failure of a handler": () => talker.fail(418),
  "failure with another code": () => talker.fail(503),
  "missing service": () => ingress.serviceClient({ name: "Nobody" }).echo(1),
  "missing handler": () => talker.nobody(1),
  "object without key": () => ingress.serviceClient({ name: "Counter" }).add(1),
  "service with key": () => ingress.objectClient({ name: "Talker" }, "key").echo(1),
  "argument where none is taken": () => talker.nothing("unexpected"),
  "no argument, and the type of one": () => talker.nothing(),
  "wrong content type": () => talker.echo("abc", rpc.opts({ input: shouting })),
  "limit key without scope": () => talker.echo(1, rpc.opts({ limitKey: "l" })),
  "scope": () => ingress.scope("s").serviceClient({ name: "Talker" }).echo(1),
  "send in a scope": () => ingress.scope("s").serviceSendClient({ name: "Talker" }).echo(1),

  "object": async () => [await counter(own("a")).add(2), await counter(own("a")).add(3), await counter(own("b")).add(1)],
  "key with every kind of character": () => counter(`${own("k")} /?#%&+"é漢`).name(empty()),
  "send": () => talkerSend.echo(1),
  "result of a send without key": async () => ingress.result(await talkerSend.echo(1)),
  "send with key": () => talkerSend.echo("sent", rpc.sendOpts({ idempotencyKey: own("send") })),
  "send again with the same key": () => talkerSend.echo("sent", SendOpts.from({ idempotencyKey: own("send") })),
  "result of a send": async () =>
    ingress.result(await talkerSend.echo({ a: 1 }, rpc.sendOpts({ idempotencyKey: own("result") }))),
  "result of a send that fails": async () =>
    ingress.result(await talkerSend.fail(409, rpc.sendOpts({ idempotencyKey: own("failing") }))),
  "result of another type": async () =>
    Buffer.from(
      await ingress.result(
        await talkerSend.echo("typed", rpc.sendOpts({ idempotencyKey: own("typed") })),
        serde.binary,
      ),
    ).toString(),
  "result of what does not exist": () =>
    ingress.result({ invocationId: "inv_1eIxhU73oUsM6mpFqO0z7eCDyIDvTGRKiP", attachable: true }),
  "result of a malformed id": () => ingress.result({ invocationId: "inv_nonsense", attachable: true }),
  "send to an object": async () => {
    const sent = await ingress
      .objectSendClient({ name: "Counter" }, own("sent"))
      .add(5, rpc.sendOpts({ idempotencyKey: own("object") }));
    return [sent, await ingress.result(sent)];
  },
  "delayed send": async () => {
    const began = Date.now();
    const sent = await talkerSend.echo("late", rpc.sendOpts({ delay: 300, idempotencyKey: own("late") }));
    const accepted = Date.now() - began < 250;
    return [sent.status, accepted, await ingress.result(sent), Date.now() - began >= 300];
  },
  "send delayed by a duration": async () => {
    const began = Date.now();
    const options = rpc.sendOpts({ delay: { milliseconds: 250 }, idempotencyKey: own("later") });
    return [await ingress.result(await talkerSend.echo("late", options)), Date.now() - began >= 250];
  },

  "timeout": () => talker.wait(1, rpc.opts({ timeout: 100 })),
  "abort": async () => {
    const controller = new AbortController();
    const waiting = talker.wait(1, rpc.opts({ signal: controller.signal }));
    setTimeout(() => controller.abort(), 50);
    return await waiting;
  },
  "retries": async () => {
    const attempts = [];
    const flaky = async (address, init) => {
      attempts.push(init.headers["x-restateclient-retry-attempt"]);
      if (attempts.length < 3) throw new TypeError("the network is down");
      return fetch(address, init);
    };
    const retrying = connect({ url, fetch: flaky, retry: { initialInterval: 1, maxAttempts: 5 } });
    const answer = await retrying
      .serviceClient({ name: "Talker" })
      .echo("finally", rpc.opts({ idempotencyKey: own("retry") }));
    return [answer, attempts];
  },

  "awakeable resolved": () => awakeable(own("v"), "json", (id) => ingress.resolveAwakeable(id, { a: [1, "é"] })),
  "awakeable resolved without value": () => awakeable(own("n"), "json", (id) => ingress.resolveAwakeable(id)),
  "awakeable resolved with bytes": () =>
    awakeable(own("r"), "bytes", (id) => ingress.resolveAwakeable(id, new Uint8Array([0, 255]), serde.binary)),
  "awakeable rejected": () => awakeable(own("x"), "json", (id) => ingress.rejectAwakeable(id, "not today")),
  "awakeable with a malformed id": () => ingress.resolveAwakeable("sign_1nonsense", 1),
  "awakeable rejected with a malformed id": () => ingress.rejectAwakeable("nonsense", "why"),

  "workflow": async () => {
    const flow = signup(own("flow"));
    const submitted = await flow.workflowSubmit("Ada");
    const early = await flow.workflowOutput();
    const again = await flow.workflowSubmit("Bob");
    const key = await flow.answer("yes");
    const result = await flow.workflowAttach();
    const late = await flow.workflowOutput();
    return [submitted, early.ready, again.status, again.invocationId === submitted.invocationId, key, result, late];
  },
  "output before it is there": async () => (await signup(own("flow-2")).workflowOutput()).ready,
  "attach to a workflow that was not started": () => signup(own("flow-3")).workflowAttach(),
  "workflow run directly": async () => {
    const flow = signup(own("flow-4"));
    const running = flow.run("Eve");
    await flow.answer("no");
    return await running;
  },
  "workflow with idempotency key": () =>
    signup(own("flow-5")).workflowSubmit("Ada", rpc.sendOpts({ idempotencyKey: "k" })),
  "submission that is delayed": async () => {
    const flow = signup(own("flow-6"));
    const submitted = await flow.workflowSubmit("Zoe", rpc.sendOpts({ delay: 100 }));
    await flow.answer("later");
    return [submitted.status, await ingress.result(submitted)];
  },
};

const mask = (text) =>
  text
    .replaceAll(process.env.RUN, "RUN")
    .replaceAll(/\b(inv|sign|prom)_1[A-Za-z0-9_-]{20,}/g, "$1_ID")
    .replaceAll(url, "URL");

const describe = (error) =>
  error instanceof HttpCallError
    ? { error: "HttpCallError", status: error.status, body: error.responseText, message: error.message }
    : { error: error.name, message: error.message };

for (const [name, check] of Object.entries(checks)) {
  let outcome;
  try {
    outcome = { result: await check() };
  } catch (error) {
    outcome = describe(error);
  }
  console.log(mask(JSON.stringify({ check: name, ...outcome })));
}
process.exit(0);
