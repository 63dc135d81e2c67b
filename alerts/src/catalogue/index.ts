import { BUNDLE, type Bundle } from "../bundle/index.ts";
import { CatalogueError } from "../errors.ts";
import { type Alert, type AlertDefinition, resolveAlert } from "./alert.ts";
import { type AlertName, DEFINITIONS } from "./definitions.ts";

export type { AlertName };

/** Alerts that are evaluated together, one after the other. */
export type AlertGroup = { readonly name: string; readonly alerts: readonly Alert<AlertName>[] };

/** Every alert as an installation has it. */
export type Catalogue = { readonly bundle: Bundle; readonly groups: readonly AlertGroup[] };

/** The whole catalogue for an installation. */
export function buildCatalogue(bundle: Bundle): Catalogue {
  const groups = Object.entries(DEFINITIONS).map(([name, definitions]) => ({
    name,
    alerts: definitions.map((definition: AlertDefinition<AlertName>) => resolveAlert(definition, bundle)),
  }));
  return { bundle, groups };
}

/** The catalogue as it is generated: that of `bundle.config.ts`. */
export const CATALOGUE: Catalogue = buildCatalogue(BUNDLE);

export const GROUPS: readonly AlertGroup[] = CATALOGUE.groups;

/** Every alert of the catalogue. */
export const ALERTS: readonly Alert<AlertName>[] = GROUPS.flatMap((group) => group.alerts);

/** Every alert with the threshold that ships, whatever the bundle says: what samples and recordings are about. */
export const SHIPPED_ALERTS: readonly Alert<AlertName>[] = buildCatalogue({ ...BUNDLE, thresholds: {} }).groups.flatMap(
  (group) => group.alerts,
);

/** The alert of a name. */
export function alertNamed(name: AlertName): Alert<AlertName> {
  const found = ALERTS.find((alert) => alert.name === name);
  if (found === undefined) throw new CatalogueError("UNKNOWN_ALERT", name, `There is no alert ${name}`);
  return found;
}
