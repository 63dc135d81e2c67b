import { once } from "node:events";
import { parseArgs } from "node:util";
import { PRODUCTION } from "@mcp-orchestrator/alerts";
import { Load } from "./load.ts";
import { steadyLoad } from "./rates.ts";
import { ServiceApi } from "./serviceApi.ts";

/** Submits a steady load until it is stopped. */

const { values } = parseArgs({ options: { url: { type: "string", default: "http://127.0.0.1:8000" } } });
const counts = { accepted: 0, refused: 0, unanswered: 0 };
const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());

await using api = new ServiceApi(values.url);
await using load = new Load({
  api,
  ledger: {
    note(ids, standing) {
      counts[standing] += ids.length;
    },
  },
  idPrefix: `load-${Date.now()}`,
});
load.run(steadyLoad(PRODUCTION));
console.log(`Submitting to ${values.url}`);
await once(ending.signal, "abort");
console.log(JSON.stringify(counts));
