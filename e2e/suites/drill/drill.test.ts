import { availableParallelism } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runDrill } from "../../drill/drill.ts";
import type { EpisodeResult } from "../../drill/episodeRun.ts";
import { episodesFor } from "../../drill/episodes/episodes.ts";
import { profileOf } from "../../drill/judge/prediction.ts";
import { reasons } from "../../drill/report/markdown.ts";
import { episodeReport } from "../../drill/report/results.ts";
import { chooseRuntime } from "../../stack/runtime/choose.ts";

/** The whole drill at the scale of seconds, on shared stacks; each test is one episode of it. */

const FACTOR = 60;
const WHOLE_DRILL_MS = 1_200_000;

const profile = profileOf(FACTOR);
const episodes = episodesFor(profile);
const outcomes = new Map(episodes.map(({ id }) => [id, Promise.withResolvers<EpisodeResult>()]));
const stop = new AbortController();
let drill: Promise<unknown> = Promise.resolve();

beforeAll(async () => {
  const runtime = await chooseRuntime();
  drill = runDrill(
    episodes,
    // Fewer than `npm run drill` uses, because CI machines are shared.
    { runtime, jobs: availableParallelism(), signal: stop.signal },
    { starting: () => {}, phase: () => {}, done: (result) => outcomes.get(result.id)?.resolve(result) },
  );
  // If the drill cannot continue, every waiting test fails.
  drill.catch((error: unknown) => {
    for (const { reject } of outcomes.values()) reject(error);
  });
});

afterAll(async () => {
  stop.abort(new Error("The suite has ended"));
  await drill.catch(() => {});
}, WHOLE_DRILL_MS);

for (const [kind, title] of [
  ["fault", "a real fault fires its alert, reaches its receivers, and nothing else fires"],
  ["baseline", "sends no notification"],
  ["telemetry", "telemetry that is lost in an incident neither ends it nor loses its page"],
] as const) {
  const own = episodes.filter((episode) => episode.kind === kind);
  describe(title, () => {
    test.each(own)(
      "$id: $title",
      async ({ id }) => {
        const result = await outcomes.get(id)?.promise;
        expect(result && reasons(episodeReport(result)).join("\n")).toBe("");
      },
      WHOLE_DRILL_MS,
    );
  });
}
