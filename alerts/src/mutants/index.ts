export { equivalenceOf } from "./equivalents.ts";
export { type RuleMutant, ruleMutants } from "./rules.ts";
export { survivors, TrialError } from "./trial.ts";
