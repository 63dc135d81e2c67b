import { signalNamed } from "@mcp-orchestrator/alerts";
import { selector } from "@mcp-orchestrator/alerts/promql";
import type { AlertName } from "../model/catalogue.ts";
import { followedVariables } from "./metrics.ts";
import type { Vector } from "./vector.ts";

/**
 * The recorded series that an alert compares with its threshold, so that a panel shows what fires. It is missing if the
 * rules are not loaded.
 *
 * @param optional labels that a series may lack, which no variable matches
 */
export function signalOf(alert: AlertName, optional: readonly string[] = []): Vector<string> {
  return recordedSeries(signalNamed(alert), optional);
}

/** Another recorded series that an alert reads. @throws RangeError if it does not */
export function inputOf(alert: AlertName, record: string): Vector<string> {
  const signal = signalNamed(alert);
  const input = [signal, ...(signal.inputs ?? [])].find((one) => one.record === record);
  if (input === undefined) throw new RangeError(`${alert} does not read ${record}`);
  return recordedSeries(input);
}

function recordedSeries(
  { record, labels }: { readonly record: string; readonly labels: readonly string[] },
  optional: readonly string[] = [],
): Vector<string> {
  const followed = followedVariables(labels.filter((label) => !optional.includes(label)));
  return { expr: selector(record, followed, { writtenBy: "rules" }), labels };
}
