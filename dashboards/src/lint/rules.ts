import { CONTRACT_RULES } from "./contractRules.ts";
import { LAYOUT_RULES } from "./layoutRules.ts";
import { PANEL_RULES } from "./panelRules.ts";
import type { Rule } from "./rule.ts";
import { TARGET_RULES } from "./targetRules.ts";
import { TEMPLATE_RULES } from "./templateRules.ts";

/** Every rule for generated dashboards. */
export const RULES: readonly Rule[] = [
  ...TEMPLATE_RULES,
  ...PANEL_RULES,
  ...TARGET_RULES,
  ...LAYOUT_RULES,
  ...CONTRACT_RULES,
];
