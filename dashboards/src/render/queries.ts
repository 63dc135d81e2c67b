import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import { DATASOURCE } from "../model/variables.ts";
import { text, type Vector } from "../query/vector.ts";

/** Reference ids of a panel's queries: A, B, C. */
export function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

/** A Prometheus query against the chosen data source. */
export function query(vector: Vector<string>, id: string): prometheus.DataqueryBuilder {
  return new prometheus.DataqueryBuilder().datasource(DATASOURCE).expr(text(vector)).refId(id);
}
