import type { z } from "zod";
import { http, logging, redis, workers } from "./serviceSettings.ts";
import type { Section } from "./setting.ts";
import { delivery, load, tasks, upstreams } from "./taskSettings.ts";

/** The settings by section, in the order of the documentation. */
export const SECTIONS: Readonly<Record<string, Section>> = {
  HTTP: http,
  Redis: redis,
  Workers: workers,
  Tasks: tasks,
  Delivery: delivery,
  "Load protection": load,
  Upstreams: upstreams,
  Logging: logging,
};

export const SETTINGS = { ...http, ...redis, ...workers, ...tasks, ...delivery, ...load, ...upstreams, ...logging };

/** The parsed settings. Secrets are still paths. */
export type SettingValues = { [K in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[K]["schema"]> };
