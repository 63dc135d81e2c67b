import { BUNDLE, type Bundle } from "../bundle/index.ts";
import { CatalogueError } from "../errors.ts";
import { SHIPPED_OBJECTIVES } from "../slo/objectives.ts";
import { type Alert, type AlertDefinition, resolveAlert, type Signal, signalFor } from "./alert.ts";
import { ALL_DEFINITIONS, type AlertName, DEFINITIONS } from "./definitions.ts";
import { FAULTS, type FaultId, type FaultSizes, requireReach, sizesFor } from "./faults.ts";
import { replicasMissing } from "./replicasMissing/alert.ts";

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

/** The catalogue without the alerts on objectives, whose windows are too long for a drill of anything else. */
export function withoutObjectives(catalogue: Catalogue): Catalogue {
  const isKept = ({ alerts }: AlertGroup) => alerts.every(({ objective }) => objective === undefined);
  return { ...catalogue, groups: catalogue.groups.filter(isKept) };
}

/** The catalogue as it is generated: that of `bundle.config.ts`. */
export const CATALOGUE: Catalogue = buildCatalogue(BUNDLE);

export const GROUPS: readonly AlertGroup[] = CATALOGUE.groups;

/** Every alert of the catalogue. */
export const ALERTS: readonly Alert<AlertName>[] = GROUPS.flatMap((group) => group.alerts);

/** The catalogue with the thresholds and the objectives that ship, without the bundle's overrides: for samples and recordings. */
export function shippedCatalogue(scope: Bundle["scope"] = BUNDLE.scope): Catalogue {
  return buildCatalogue({
    ...BUNDLE,
    scope,
    thresholds: {},
    slo: { ...BUNDLE.slo, ...SHIPPED_OBJECTIVES },
    expectedReplicas: replicasMissing.threshold.value,
  });
}

/** Every alert of it. */
export const SHIPPED_ALERTS: readonly Alert<AlertName>[] = shippedCatalogue().groups.flatMap((group) => group.alerts);

/** The alert of a name. */
export function alertNamed(name: AlertName): Alert<AlertName> {
  const found = ALERTS.find((alert) => alert.name === name);
  if (found === undefined) throw new CatalogueError("UNKNOWN_ALERT", name, `There is no alert ${name}`);
  return found;
}

/** Sizes of faults, by the thresholds in force. */
export const FAULT_SIZES: FaultSizes = sizesFor((alert) => alertNamed(alert).threshold.value);

/** @throws FaultSizeError if the thresholds in force leave no room for the fault of an alert */
export function requireFault(alert: AlertName, fault: FaultId): void {
  requireReach(alert, alertNamed(alert).threshold.value);
  FAULTS[fault].inject(FAULT_SIZES);
}

/** What a fault does and how it is removed, one line each, with its size by the thresholds in force. */
export function faultText(id: FaultId): { readonly inject: string; readonly remove: string } {
  const { inject, remove } = FAULTS[id];
  return { inject: inject(FAULT_SIZES), remove };
}

/** What an alert watches, before the scope of an installation is applied. */
export function signalNamed(name: AlertName): Signal {
  const definition = ALL_DEFINITIONS.find((one) => one.name === name);
  const signal = definition === undefined ? undefined : signalFor(definition, BUNDLE);
  if (signal === undefined) throw new CatalogueError("NO_SIGNAL", name, `${name} looks at nothing`);
  return signal;
}
