import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import { DATASOURCE } from "../model/variables.ts";
import { text, type Vector } from "../query/vector.ts";

const LETTERS = 26;

/** Reference ids of a panel's queries: A to Z, then AA, AB. */
export function refId(index: number): string {
  const letter = String.fromCharCode("A".charCodeAt(0) + (index % LETTERS));
  return index < LETTERS ? letter : `${refId(Math.floor(index / LETTERS) - 1)}${letter}`;
}

/** A Prometheus query against the chosen data source. */
export function query(vector: Vector<string>, id: string): prometheus.DataqueryBuilder {
  return new prometheus.DataqueryBuilder().datasource(DATASOURCE).expr(text(vector)).refId(id);
}
