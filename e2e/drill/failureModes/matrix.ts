import { alertingModes } from "./alerting.ts";
import type { Matrix } from "./cell.ts";
import { outsideModes } from "./outside.ts";
import { redisModes } from "./redis.ts";
import { serviceModes } from "./service.ts";

/** Every component and the ways in which it fails. The page `docs/reference/failure-modes.md` is made of it. */
export const MATRIX: Matrix = { ...redisModes, ...serviceModes, ...alertingModes, ...outsideModes };

/** The faults of the campaign that cells name, each once. */
export const CAMPAIGN_MODES: readonly string[] = [
  ...new Set(
    Object.values(MATRIX)
      .flat()
      .flatMap(({ proofs }) => proofs.flatMap((proof) => ("campaign" in proof ? proof.campaign : []))),
  ),
];
