export { renderPromtoolTests } from "../render/promtoolTests.ts";
export {
  ALERTMANAGER_RELEASES,
  type AlertmanagerRelease,
  alertmanager,
  amtool,
  PROMETHEUS_RELEASES,
  type PrometheusRelease,
  promtool,
  ToolMissingError,
} from "./releases.ts";
export { type Outcome, run } from "./run.ts";
export { rulesOf } from "./testRules.ts";
