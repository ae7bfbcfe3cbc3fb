// Resolves an awakeable over gRPC from JavaScript, with a client made from the .proto files at run time.
//
//   npm install @grpc/grpc-js @grpc/proto-loader
//   node resolve.mjs 127.0.0.1:9071 sign_1... '{"approved": true, "by": "Ada"}'
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(process.env.MODULES ? `${process.env.MODULES}/` : import.meta.url);
const grpc = require("@grpc/grpc-js");
const protoLoader = require("@grpc/proto-loader");

const [address, id, value] = process.argv.slice(2);
const definition = protoLoader.loadSync("awaken/control/v1/awakeables.proto", {
  // Beside this file in the ZIP of the site, or at the top of the repository.
  includeDirs: ["proto", "../../proto"].map((path) => fileURLToPath(new URL(path, import.meta.url))),
  enums: String,
});
const { Awakeables } = grpc.loadPackageDefinition(definition).awaken.control.v1;
const client = new Awakeables(address, grpc.credentials.createInsecure());
const deadline = Date.now() + 10_000;

client.Resolve({ id, value: Buffer.from(value ?? "") }, { deadline }, (error, response) => {
  client.close();
  if (error) {
    console.error(`${grpc.status[error.code]}: ${error.details}`);
    process.exitCode = 1;
  } else {
    console.log(response.outcome);
  }
});
