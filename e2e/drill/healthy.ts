import type { LoadPlan } from "../services/load/load.ts";
import type { DrillStack } from "./drillStack.ts";
import type { EpisodeContext } from "./episodes/episode.ts";
import { NotYetError, Watch } from "./episodes/watch.ts";

/** How long a stack may take to become healthy, beyond the timing of the rules. */
const PATIENCE_MS = 30_000;

/** Evaluations without any alert after which a stack counts as healthy. */
const SETTLE_EVALUATIONS = 2;

/**
 * Waits until tasks are completed, the Watchdog is delivered, and no alert is active or still to be notified.
 *
 * @param load that is submitted
 * @param submit starts it
 */
export async function untilHealthy(
  { stack, api }: Pick<DrillStack, "stack" | "api">,
  wait: EpisodeContext["wait"],
  load: LoadPlan,
  submit: () => void,
): Promise<void> {
  const { alertmanager, prometheus } = stack.profile;
  const completed = () => api.metric("mcp_tasks_completed_total");
  const before = await completed();
  submit();
  const watch = new Watch(stack, {}, stack.inbox.store.lastSeq);
  const hasLoad = Object.values(load).some((rates) => Object.values(rates).some((rate) => rate > 0));
  // Alertmanager sends what is left of earlier alerts at the group's next interval.
  const settledMs = SETTLE_EVALUATIONS * prometheus.evaluationIntervalMs;
  let healthySinceMs: number | undefined;
  const patienceMs = PATIENCE_MS + 3 * alertmanager.groupIntervalMs + prometheus.resendDelayMs;
  await wait("a healthy system", patienceMs, async () => {
    try {
      await watch.silent();
      await watch.allResolved();
      await watch.delivering();
      if (hasLoad && (await completed()) === before) throw new NotYetError("no task was completed yet");
    } catch (error) {
      healthySinceMs = undefined;
      throw error;
    }
    healthySinceMs ??= Date.now();
    if (Date.now() - healthySinceMs < settledMs) throw new NotYetError("it has not been healthy for long enough");
  });
}
