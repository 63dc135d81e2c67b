import { activeAlerts } from "../query/alertStates.ts";
import { processGauge } from "../query/process.ts";
import { scale, type Vector } from "../query/vector.ts";
import { ALERT_NAMES } from "./catalogue.ts";
import type { Color } from "./panel.ts";

/** Marks on the time axis of all panels. */
export type Annotation = {
  readonly name: string;
  readonly vector: Vector<string>;
  readonly color: Color;
  readonly title: string;
  readonly text: string;
  /** The sample's value is the time of the event, in ms. */
  readonly valueIsTime: boolean;
};

export const ANNOTATIONS: readonly Annotation[] = [
  {
    name: "Alerts",
    vector: activeAlerts(ALERT_NAMES, "firing"),
    color: "red",
    title: "{{alertname}}",
    text: "{{severity}} {{queue}} {{type}} {{lane}}",
    valueIsTime: false,
  },
  {
    name: "Restarts",
    vector: scale(processGauge("process_start_time_seconds"), 1000),
    color: "blue",
    title: "Restart",
    text: "{{instance}} started",
    valueIsTime: true,
  },
];
