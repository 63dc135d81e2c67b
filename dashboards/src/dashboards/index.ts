import type { DashboardSpec } from "../model/dashboard.ts";
import { overview } from "./overview.ts";
import { queueDetails } from "./queues.ts";
import { redisUpstreamDetails } from "./redisUpstreams.ts";
import { workerDetails } from "./workers.ts";

/** All dashboards, the overview first. */
export const DASHBOARDS: readonly DashboardSpec[] = [overview, queueDetails, workerDetails, redisUpstreamDetails];
