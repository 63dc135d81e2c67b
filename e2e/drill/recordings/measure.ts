import { keepRecording, recordings } from "./recording.ts";
import { measured } from "./replay.ts";

/** `npm run measure -w e2e`: notes in each recording how long its alert takes under the rules as they are now. */

for (const recording of recordings()) await keepRecording(await measured(recording));
