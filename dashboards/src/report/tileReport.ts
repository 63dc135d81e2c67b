import { DASHBOARDS } from "../dashboards/index.ts";
import { panelsOf } from "../model/dashboard.ts";
import type { StatPanel } from "../model/panel.ts";
import { ALL_VALUES } from "../model/variables.ts";
import { interpolate } from "../preview/web/data/interpolate.ts";
import { sampling } from "../preview/web/data/step.ts";
import { display, fieldOf } from "../preview/web/field/fieldConfig.ts";
import { text } from "../query/vector.ts";
import { classicPanel } from "../render/classic.ts";

/** A tile as a reader sees it. */
export type Tile = { readonly key: string; readonly text: string; readonly color: string | undefined };

/** The samples of an instant query. */
export type Instant = (query: string) => Promise<readonly { readonly value: number }[]>;

const RANGE_MS = 15 * 60_000;
/** Points of a tile. */
const POINTS = 100;

/** Every tile of every dashboard at present, with all variables at "All". */
export async function readTiles(instant: Instant, scrapeIntervalMs: number): Promise<Tile[]> {
  const sampled = sampling({ fromMs: 0, toMs: RANGE_MS }, POINTS, scrapeIntervalMs);
  const tiles = new Map<string, Tile>();
  for (const dashboard of DASHBOARDS) {
    const allValues = Object.fromEntries(dashboard.variables.map(({ name }) => [name, ALL_VALUES]));
    for (const panel of panelsOf(dashboard)) {
      if (panel.kind !== "stat" || tiles.has(panel.key)) continue;
      tiles.set(panel.key, tileOf(panel, await instant(interpolate(text(panel.now), {}, allValues, sampled))));
    }
  }
  return [...tiles.values()];
}

function tileOf(panel: StatPanel, samples: Awaited<ReturnType<Instant>>): Tile {
  const classic = classicPanel(panel, { x: 0, y: 0, w: 3, h: 4 }, {});
  return { key: panel.key, ...display(fieldOf(classic), samples[0]?.value ?? Number.NaN) };
}
