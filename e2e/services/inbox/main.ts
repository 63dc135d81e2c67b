import { parseArgs } from "node:util";
import { startInbox } from "./server.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "8090" }, host: { type: "string", default: "127.0.0.1" } },
});
const inbox = await startInbox({ port: Number(values.port), host: values.host });
console.log(`Notification inbox at ${inbox.url}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void inbox[Symbol.asyncDispose]());
}
