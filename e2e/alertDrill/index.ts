export { type AlertDrill, type AlertDrillOptions, startAlertDrill } from "./alertDrill.ts";
export { type AlertEpisode, type EpisodeReport, runEpisode, UnexpectedAlertError } from "./episode.ts";
