export { promtoolDocument, renderPromtoolTests } from "../render/promtoolTests.ts";
export {
  ALERTMANAGER_RELEASES,
  type AlertmanagerRelease,
  alertmanager,
  amtool,
  PROMETHEUS_RELEASES,
  type PrometheusRelease,
  prometheus,
  promtool,
  ToolMissingError,
} from "./releases.ts";
export { type Outcome, promtoolTest, run, runOn } from "./run.ts";
export { rulesOf, runSamples } from "./testRules.ts";
