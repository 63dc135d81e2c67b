import { BUNDLE, type Bundle } from "@mcp-orchestrator/alerts";
import { type Dashboard, forInstallation } from "../model/installation.ts";
import { overview } from "./overview.ts";
import { queueDetails } from "./queues.ts";
import { redisUpstreamDetails } from "./redisUpstreams.ts";
import { workerDetails } from "./workers.ts";

/** All dashboards of an installation, the overview first. */
export function dashboardsFor(bundle: Pick<Bundle, "scope" | "links">): Dashboard[] {
  return forInstallation([overview, queueDetails, workerDetails, redisUpstreamDetails], bundle);
}

/** The dashboards that are generated: those of `bundle.config.ts`. */
export const DASHBOARDS: readonly Dashboard[] = dashboardsFor(BUNDLE);
