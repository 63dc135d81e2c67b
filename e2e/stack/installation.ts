import { BUNDLE, type Bundle, scopeVariable } from "@mcp-orchestrator/alerts";

/** A stack has one of the installations of the bundle: the first. */
export const STACK_BUNDLE: Bundle = {
  ...BUNDLE,
  scope: { ...BUNDLE.scope, installations: BUNDLE.scope.installations.slice(0, 1) },
};

/** Its scope labels. */
export const INSTALLATION: Readonly<Record<string, string>> = STACK_BUNDLE.scope.installations[0] ?? {};

/** The variables of the runbooks that name it. */
export const INSTALLATION_VARIABLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(INSTALLATION).map(([label, value]) => [scopeVariable(label), value]),
);
