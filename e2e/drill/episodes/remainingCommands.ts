import { requestJson } from "../../testkit/http.ts";
import { ALWAYS_FIRING } from "../judge/expectation.ts";
import { remainingCommands } from "../runbooks/plan.ts";
import type { EpisodeContext } from "./episode.ts";
import { planOf } from "./faultEpisode.ts";
import { SCENARIOS } from "./scenarios.ts";

/**
 * Runs the runbook commands that no fault uses, in a healthy system: those that only look, and those whose change can
 * be undone.
 */
export async function runRemainingCommands({ drill, runbooks }: EpisodeContext): Promise<void> {
  const rest = remainingCommands(SCENARIOS.map(planOf));
  const looks = rest.filter(({ command }) => !command.changes);
  const { url } = drill.stack.orchestrator;
  const before = await requestJson<{ types: { type: string; wanted: number }[] }>(`${url}/api/v1/workers/status`);
  const instanceOf = () => ({});
  await runbooks.checkHealthy(
    looks.filter(({ alert }) => alert !== ALWAYS_FIRING),
    instanceOf,
  );
  await runbooks.diagnose(
    looks.filter(({ alert }) => alert === ALWAYS_FIRING),
    instanceOf,
  );
  try {
    await runbooks.mitigate(
      rest.filter(({ command }) => command.changes),
      instanceOf,
    );
  } finally {
    for (const { type, wanted } of before.types) {
      await requestJson(`${url}/api/v1/admin/workers/scale`, { json: { type, count: wanted } });
    }
    for (const what of ["rate-limit", "express-bypass"]) {
      await requestJson(`${url}/api/v1/admin/${what}/disable`, { method: "POST" });
    }
  }
}
