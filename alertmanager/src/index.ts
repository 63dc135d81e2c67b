import { fileURLToPath } from "node:url";

export { ACCOUNT_ENDPOINTS, BUNDLED_ENDPOINTS } from "../endpoints.ts";
export {
  type AlertmanagerConfig,
  alertmanagerConfig,
  alertmanagerFlags,
  type InhibitRule,
  renderAlertmanager,
} from "./config.ts";
export {
  type AlertmanagerEndpoints,
  RECEIVERS,
  type ReceiverName,
  SLACK_CHANNELS,
  type SlackReceiver,
} from "./endpoints.ts";
export { INHIBITIONS, type Inhibition } from "./inhibitions.ts";
export { type Route, routingTree } from "./routes.ts";

/** Folder of the message templates that the configuration's `templates` glob must cover. */
export const TEMPLATES_FOLDER = fileURLToPath(new URL("../templates", import.meta.url));
