import { isSameExpression } from "@mcp-orchestrator/alerts/promql";

/** Whether two durations are equal in any notation, such as `60s` and `1m`. */
export function isSameDuration(one: string, other: string): boolean {
  if (one === "" || other === "") return one === other;
  return isSameExpression(`x[${one}]`, `x[${other}]`);
}

/** Seconds for people. */
export function inSeconds(seconds: number): string {
  return `${Number(seconds.toPrecision(3))} s`;
}
