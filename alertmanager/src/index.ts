import { fileURLToPath } from "node:url";

export {
  type AlertmanagerConfig,
  alertmanagerConfig,
  alertmanagerFlags,
  type InhibitRule,
  renderAlertmanager,
} from "./config.ts";
export {
  type AlertmanagerEndpoints,
  accountEndpoints,
  bundledEndpoints,
  RECEIVERS,
  type ReceiverName,
  SLACK_RECEIVERS,
  type SlackReceiver,
} from "./endpoints.ts";
export { INHIBITIONS } from "./inhibitions.ts";
export { readTemplates, withDefinitions } from "./inlineTemplates.ts";
export type { Route } from "./routes.ts";

/** Folder of the message templates, for the configuration's `templates` glob. */
export const TEMPLATES_FOLDER = fileURLToPath(new URL("../templates", import.meta.url));
