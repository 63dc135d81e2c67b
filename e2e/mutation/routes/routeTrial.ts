import type { AlertmanagerConfig } from "@mcp-orchestrator/alertmanager";
import {
  deliveriesOf,
  FOREIGN_CASES,
  RECEIVERS_OF,
  RHYTHM_OF,
  type RoutingCase,
} from "@mcp-orchestrator/alertmanager/proof";
import { ALERTS, labelsOf } from "@mcp-orchestrator/alerts";

const CASES: readonly RoutingCase[] = [
  ...ALERTS.map((alert) => ({
    labels: { alertname: alert.name, ...labelsOf(alert) },
    receivers: RECEIVERS_OF[alert.name],
  })),
  ...FOREIGN_CASES,
];

/** True when every alert reaches the receivers that the hand-written cases name, at the pace that they name. */
export function routesAsTheyMust({ route }: AlertmanagerConfig): boolean {
  return CASES.every(({ labels, receivers }) => {
    const expected = receivers.map((receiver) => ({ receiver, ...RHYTHM_OF[receiver] }));
    return JSON.stringify(deliveriesOf(route, labels).map(inOrder)) === JSON.stringify(expected.map(inOrder));
  });
}

function inOrder(delivery: object): object {
  return Object.fromEntries(Object.entries(delivery).sort(([a], [b]) => a.localeCompare(b)));
}
