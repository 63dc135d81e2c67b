import { BUNDLE } from "@mcp-orchestrator/alerts";
import { type Dashboard, forInstallation, type Installation } from "../model/installation.ts";
import { alertingDetails } from "./alerting.ts";
import { overview } from "./overview.ts";
import { queueDetails } from "./queues.ts";
import { redisUpstreamDetails } from "./redisUpstreams.ts";
import { workerDetails } from "./workers.ts";

/** All dashboards of an installation, the overview first. */
export function dashboardsFor(installation: Installation): Dashboard[] {
  return forInstallation([overview, queueDetails, workerDetails, redisUpstreamDetails, alertingDetails], installation);
}

/** The dashboards that are generated: those of `bundle.config.ts`. */
export const DASHBOARDS: readonly Dashboard[] = dashboardsFor(BUNDLE);
