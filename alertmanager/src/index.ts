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
export { INHIBITIONS, type Inhibition } from "./inhibitions.ts";
export { readTemplates, withDefinitions } from "./inlineTemplates.ts";
export { type Route, routingTree } from "./routes.ts";

/** Folder of the message templates that the configuration's `templates` glob must cover. */
export const TEMPLATES_FOLDER = fileURLToPath(new URL("../templates", import.meta.url));
