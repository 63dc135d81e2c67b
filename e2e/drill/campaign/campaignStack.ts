import { alertNamed, type TimingProfile } from "@mcp-orchestrator/alerts";
import { STACK_BUNDLE } from "../../stack/installation.ts";
import { freePorts } from "../../stack/stack.ts";
import { LinkThread } from "../../testkit/network/linkThread.ts";
import type { Runtime } from "../../testkit/servers/runtime.ts";
import { type DrillStack, startDrillStack } from "../drillStack.ts";

/** A stack of the drill whose connection to Redis can be disturbed. */
export type CampaignStack = DrillStack & { readonly redisLink: LinkThread };

/** Alerts whose threshold is a time that passes, and so is divided like every other duration. */
const THRESHOLDS_OF_AGE = ["OldestTaskTooOld", "RetriesOverdue"] as const;
/**
 * Seconds that several stacks on busy cores keep; the drill has the threshold that ships. It is a bound of the histograms, and half
 * of what hurts a client.
 */
const EXPRESS_SECONDS = 0.25;

/**
 * Timeouts of a task, short as in production: in the drill, tasks are held while a fault lasts. Real time, as short
 * as busy cores allow.
 */
const SETTINGS = {
  UPSTREAM_TIMEOUT_MS: "1500",
  TASK_TIMEOUT_MS: "2500",
  TASK_ABORT_GRACE_MS: "500",
  WORKER_UNRESPONSIVE_MS: "4500",
};

/** Starts a stack. @throws ServerStartError */
export async function startCampaignStack(options: {
  readonly name: string;
  readonly profile: TimingProfile;
  readonly replicas: number;
  readonly runtime: Runtime;
  readonly onWarm: () => void;
}): Promise<CampaignStack> {
  const { profile, replicas } = options;
  await using parts = new AsyncDisposableStack();
  const ports = await freePorts(replicas);
  const redisLink = parts.use(await LinkThread.open(ports.redis));
  const thresholds = THRESHOLDS_OF_AGE.map((name) => [name, alertNamed(name).threshold.value / profile.factor]);
  const drill = parts.use(
    await startDrillStack({
      ...options,
      extra: {
        ports,
        settings: { ...SETTINGS, REDIS_URL: `redis://127.0.0.1:${redisLink.port}` },
        bundle: {
          ...STACK_BUNDLE,
          thresholds: {
            ...STACK_BUNDLE.thresholds,
            ...Object.fromEntries(thresholds),
            ExpressLatencyHigh: EXPRESS_SECONDS,
            ExpressWaitHigh: EXPRESS_SECONDS,
          },
        },
      },
    }),
  );
  const whole = parts.move();
  return { ...drill, redisLink, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}
