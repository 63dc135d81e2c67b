import { activeAlerts, withPanel } from "../query/alertStates.ts";
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
  /** It is named after an alert, with links to its runbook and panel. */
  readonly linksTo?: "alert";
};

export const ANNOTATIONS: readonly Annotation[] = [
  {
    name: "Alerts",
    vector: withPanel(activeAlerts(ALERT_NAMES, "firing"), ALERT_NAMES),
    color: "red",
    title: "{{alertname}}",
    text: "{{severity}} {{type}} {{lane}}",
    valueIsTime: false,
    linksTo: "alert",
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
