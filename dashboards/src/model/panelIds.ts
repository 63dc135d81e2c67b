import { crc32 } from "node:zlib";
import { PANEL_IDS } from "@mcp-orchestrator/alerts";

/** Ids below are the catalogue's, of panels that alerts link to. */
const FIRST_DERIVED_ID = 1_000;
const DERIVED_IDS = 1_000_000;

/**
 * Number of a panel in its dashboard. It stays the same in every version, so that links to the panel keep working.
 *
 * @param key the panel's key; alerts link to some panels by a number that the catalogue keeps, all others derive it
 *   from the key
 */
export function idOf(key: string): number {
  const linked: Readonly<Record<string, number>> = PANEL_IDS;
  return linked[key] ?? FIRST_DERIVED_ID + (crc32(key) % DERIVED_IDS);
}
