import { h } from "../dom.ts";
import type { VariableModel } from "../model.ts";

/** A menu with the values of a variable; none chosen means all. */
export function variableMenu(
  variable: VariableModel,
  values: readonly string[],
  chosen: readonly string[] | undefined,
  choose: (values: readonly string[] | undefined) => void,
): HTMLElement {
  const all = chosen === undefined || chosen.length === 0;
  const offered = [...new Set([...values, ...(chosen ?? [])])];
  const change = (value: string, on: boolean) => {
    const next = on ? [...(chosen ?? []), value] : (chosen ?? []).filter((other) => other !== value);
    choose(next.length === 0 || next.length === offered.length ? undefined : next);
  };
  return h(
    "details",
    { className: "menu", name: "toolbar", data: { variable: variable.name } },
    h(
      "summary",
      { className: "tool" },
      h("span", { className: "menu-label" }, variable.label ?? variable.name),
      summaryOf(chosen),
    ),
    h(
      "div",
      { className: "menu-body" },
      option("All", all, () => choose(undefined)),
      ...offered.map((value) => option(value, chosen?.includes(value) ?? false, (on) => change(value, on))),
    ),
  );
}

function summaryOf(chosen: readonly string[] | undefined): string {
  if (chosen === undefined || chosen.length === 0) return "All";
  return chosen.length === 1 ? (chosen[0] ?? "") : `${chosen[0]} +${chosen.length - 1}`;
}

function option(text: string, checked: boolean, change: (on: boolean) => void): HTMLElement {
  const box = h("input", { type: "checkbox", checked });
  box.addEventListener("change", () => change(box.checked));
  return h("label", {}, box, text);
}
