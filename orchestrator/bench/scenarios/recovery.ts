import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { createKeys } from "../../src/keys.ts";
import { payloadBatches } from "../harness/payload.ts";
import { stop } from "../harness/processes.ts";
import { KEY_PREFIX, ours, startOurs } from "../peers/ours.ts";
import { QUEUE } from "../peers/peer.ts";
import { type Context, comparePeers, type Outcome, type Scenario } from "./scenario.ts";

const PENDING = 10_000;
const LIMIT_MS = 120_000;
const READ = 1_000;

export const recovery: Scenario = {
  name: "recovery",
  about: "10,000 entries pending for a killed worker: time until the next worker has completed all of them",

  async run(context): Promise<Outcome> {
    const pending = context.quick ? 1_000 : PENDING;
    const seconds: number[] = [];
    for (let round = 0; round < context.rounds; round++) {
      context.progress(`recovery of ${pending} pending entries, round ${round + 1} of ${context.rounds}`);
      seconds.push(await once(context, pending));
    }
    return {
      section: {
        title: "Recovery",
        rows: [
          comparePeers(`${pending.toLocaleString("en-US")} pending entries, one worker process`, "s", {
            ours: seconds,
          }),
        ],
        notes: [
          "From the start of the worker process (included) until no entry is pending and all results are stored.",
        ],
      },
      targets: {},
    };
  },
};

async function once(context: Context, pending: number): Promise<number> {
  const { client, url } = context.server;
  const { stream, group } = createKeys(KEY_PREFIX).queue(QUEUE, "regular");
  await client.flushall();
  {
    await using producer = await ours.open(url);
    for (const batch of payloadBatches(pending, READ)) await producer.enqueue(batch);
  }
  await client.xgroup("CREATE", stream, group, "0");
  for (let read = 0; read < pending; read += READ) {
    await client.xreadgroup("GROUP", group, `regular_${QUEUE}_0`, "COUNT", READ, "STREAMS", stream, ">");
  }
  const startedAtMs = performance.now();
  const workers = startOurs({ url, processes: 1, concurrency: 100, keepResults: true }, true);
  try {
    await eventually(
      async () => (await ours.unfinished(client)).count,
      (left) => left === 0,
      LIMIT_MS,
    );
    const elapsed = (performance.now() - startedAtMs) / 1000;
    const recorded = (await ours.recorded(client)).size;
    if (recorded !== pending) throw new Error(`${recorded} of ${pending} tasks have a result`);
    return elapsed;
  } finally {
    await stop(workers);
  }
}
