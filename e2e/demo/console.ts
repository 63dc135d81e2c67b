import { once } from "node:events";
import { emitKeypressEvents } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import { createLogUpdate } from "log-update";
import type { Scenario } from "../drill/episodes/scenario.ts";
import type { Demo, DemoEvent } from "./demo.ts";
import type { Addresses } from "./faults.ts";
import { choiceOf, renderScreen } from "./screen.ts";

const REFRESH_MS = 500;

export type ConsoleOptions = {
  readonly demo: Demo;
  readonly addresses: Addresses;
  /** The events so far; grows. */
  readonly events: readonly DemoEvent[];
  /** Milliseconds within which the page must arrive. */
  readonly withinMs: number;
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** The first fault. */
  readonly first?: Scenario;
  /** Ends the demo. */
  readonly signal: AbortSignal;
};

/** Shows the demo on a terminal and reacts to keys until one quits. */
export async function runConsole(options: ConsoleOptions): Promise<void> {
  const { demo, addresses, events, withinMs, input, output, signal } = options;
  const draw = createLogUpdate(output);
  const quit = new AbortController();
  const ended = AbortSignal.any([signal, quit.signal]);
  let doing = "";
  let problem: string | undefined;

  const perform = (what: string, work: Promise<unknown>, then: string) => {
    doing = what;
    problem = undefined;
    work
      .catch((error: unknown) => {
        if (!ended.aborted) problem = error instanceof Error ? error.message : String(error);
      })
      .finally(() => {
        doing = then;
      });
  };
  const inject = (scenario: Scenario) =>
    perform("waiting for its page", demo.inject(scenario, withinMs), "its page is in the inbox");
  const press = (_: string | undefined, key: { readonly name?: string; readonly ctrl?: boolean }) => {
    const choice = key.ctrl && key.name === "c" ? "quit" : choiceOf(key.name ?? "");
    if (choice === "quit") quit.abort();
    else if (choice === "recover") perform("recovering", demo.recover(), "");
    else if (choice !== undefined && demo.fault === undefined && doing === "") inject(choice);
  };
  const redraw = async () => {
    const alerts = await demo.alerts().catch(() => undefined);
    const { fault, drill } = demo;
    const screen = renderScreen({ addresses, profile: drill.profile, alerts, fault, doing, events });
    draw(problem === undefined ? screen : `${screen}\n\n${problem}`);
  };

  emitKeypressEvents(input);
  input.setRawMode(true);
  input.on("keypress", press);
  const timer = setInterval(() => void redraw(), REFRESH_MS);
  if (options.first !== undefined) inject(options.first);
  try {
    await redraw();
    if (!ended.aborted) await once(ended, "abort");
  } finally {
    clearInterval(timer);
    input.off("keypress", press);
    input.setRawMode(false);
    input.pause();
    draw.done();
  }
}
