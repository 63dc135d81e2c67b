import type { AlertmanagerConfig } from "@mcp-orchestrator/alertmanager";
import {
  deliveriesOf,
  OTHER_CASES,
  RECEIVERS_OF,
  type RoutingCase,
  TIMING_OF,
} from "@mcp-orchestrator/alertmanager/proof";
import { ALERTS, labelsOf } from "@mcp-orchestrator/alerts";

const CASES: readonly RoutingCase[] = [
  ...ALERTS.map((alert) => ({
    labels: { alertname: alert.name, ...labelsOf(alert) },
    receivers: RECEIVERS_OF[alert.name],
  })),
  ...OTHER_CASES,
];

/** True if every alert reaches the receivers of the hand-written cases, at the pace that they name. */
export function routesAsTheyMust({ route }: AlertmanagerConfig): boolean {
  return CASES.every(({ labels, receivers }) => {
    const expected = receivers.map((receiver) => ({ receiver, ...TIMING_OF[receiver] }));
    return JSON.stringify(deliveriesOf(route, labels).map(inOrder)) === JSON.stringify(expected.map(inOrder));
  });
}

function inOrder(delivery: object): object {
  return Object.fromEntries(Object.entries(delivery).sort(([a], [b]) => a.localeCompare(b)));
}
