import { crc32 } from "node:zlib";
import { PANEL_IDS } from "@mcp-orchestrator/alerts";

/** Ids below are the catalogue's: those panels that alerts link to. */
const FIRST_DERIVED_ID = 1_000;
const DERIVED_IDS = 1_000_000;

/**
 * Number of a panel in its dashboard, the same in every version: a link to a panel outlives changes around it.
 *
 * @param key the panel's key; alerts link to some panels by a number that the catalogue keeps, all others derive it
 *   from the key
 */
export function idOf(key: string): number {
  const linked: Readonly<Record<string, number>> = PANEL_IDS;
  return linked[key] ?? FIRST_DERIVED_ID + (crc32(key) % DERIVED_IDS);
}
