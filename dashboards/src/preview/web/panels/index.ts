import { heatmap } from "./heatmap.ts";
import type { CreateRenderer } from "./renderer.ts";
import { stat } from "./stat.ts";
import { stateTimeline } from "./stateTimeline.ts";
import { table } from "./table.ts";
import { timeSeries } from "./timeSeries.ts";

/** The renderer of each type of panel. */
export const RENDERERS: Readonly<Record<string, CreateRenderer>> = {
  timeseries: timeSeries,
  stat,
  "state-timeline": stateTimeline,
  heatmap,
  table,
};
