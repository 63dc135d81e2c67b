import { h } from "../dom.ts";
import { QUICK_RANGES, rangeLabel, type TimeRange } from "../timeRange.ts";

/** A menu of time ranges, with fields for one of the viewer's own. */
export function timeMenu(range: TimeRange, choose: (range: TimeRange) => void): HTMLElement {
  const from = h("input", { type: "text", value: range.from, ariaLabel: "From" });
  const to = h("input", { type: "text", value: range.to, ariaLabel: "To" });
  const apply = () => choose({ from: from.value.trim(), to: to.value.trim() });
  return h(
    "details",
    { className: "menu menu-right", name: "toolbar", data: { menu: "time" } },
    h("summary", { className: "tool" }, h("span", { className: "menu-icon" }, "◷"), rangeLabel(range)),
    h(
      "div",
      { className: "menu-body" },
      ...QUICK_RANGES.map(({ label, from: start }) =>
        h(
          "button",
          {
            type: "button",
            className: range.from === start && range.to === "now" ? "chosen" : "",
            onclick: () => choose({ from: start, to: "now" }),
          },
          `Last ${label}`,
        ),
      ),
      h(
        "form",
        { className: "menu-form", onsubmit: submit(apply) },
        from,
        to,
        h("button", { type: "submit" }, "Apply"),
      ),
    ),
  );
}

/** A menu of refresh intervals. */
export function refreshMenu(
  refresh: string,
  offered: readonly string[],
  choose: (refresh: string) => void,
): HTMLElement {
  const item = (value: string, text: string) =>
    h("button", { type: "button", className: value === refresh ? "chosen" : "", onclick: () => choose(value) }, text);
  return h(
    "details",
    { className: "menu menu-right", name: "toolbar", data: { menu: "refresh" } },
    h("summary", { className: "tool" }, h("span", { className: "menu-icon" }, "⟳"), refresh === "" ? "Off" : refresh),
    h("div", { className: "menu-body" }, item("", "Off"), ...offered.map((value) => item(value, value))),
  );
}

function submit(apply: () => void): (event: SubmitEvent) => void {
  return (event) => {
    event.preventDefault();
    apply();
  };
}
