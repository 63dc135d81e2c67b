import { finishedTasks } from "../samples/finishedTasks.ts";
import { type Samples, timeline } from "../samples/samples.ts";
import { counter, events } from "../samples/scrapes.ts";

const ml = { type: "ml" };
const codegen = { type: "codegen" };
/** The same of a second type. */
const ofTwoTypes = (series: Readonly<Record<string, string>>) => ({
  ...series,
  ...Object.fromEntries(
    Object.entries(series).map(([name, values]) => [name.replace('type="ml"', 'type="codegen"'), values]),
  ),
});
const lane = (instance: string, name = "express") => `type="ml", lane="${name}", instance="${instance}"`;
/** Tasks that finish with each scrape, by the bound of their bucket, multiplied from a time on. */
const waits = (
  instance: string,
  perScrape: Parameters<typeof finishedTasks>[1],
  phases?: Parameters<typeof finishedTasks>[2],
  name?: string,
) => finishedTasks(lane(instance, name), perScrape, phases, "mcp_task_wait_seconds");
/** Single tasks that waited for 75 to 100 ms (fast) or for 750 ms to 1 s, from the values of a counter. */
const single = (instance: string, speed: "fast" | "slow", tasks: string, name?: string) =>
  Object.fromEntries(
    ["0.075", "0.1", "0.75", "1", "+Inf"].map((le) => [
      `mcp_task_wait_seconds_bucket{${lane(instance, name)}, le="${le}"}`,
      le === "0.075" || (speed === "slow" && Number(le) < 1) ? counter({ "0s": 0 }) : tasks,
    ]),
  );
/** Two batches of fast tasks on two replicas; the service restarts after the second batch. */
const batches = (one: number, other: number) => {
  const batch = (each: number) =>
    counter({ ...{ "0s": 0, "21m": each, "21m15s": 0, "25m30s": each, "25m45s": 0, "27m": "reset", "27m15s": 0 } });
  return { ...single("c:8000", "fast", batch(one)), ...single("d:8000", "fast", batch(other)) };
};
/** Times at this interval. */
const every = (seconds: number) =>
  Array.from({ length: Math.floor(2_600 / seconds) }, (_, index) => `${(index + 1) * seconds}s`);
const slowUntilTwenty = waits("a:8000", { "1": 4 }, { "0s": 0, "2m": 1, "20m": 0 });

export const samples: Samples = {
  threshold: 0.1,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "one slow task in twenty is the threshold and silent, and so are slow ones of the regular lane",
      series: {
        ...waits("a:8000", { "0.1": 19, "0.15": 1 }),
        ...waits("a:8000", { "1": 90 }, { "0s": 1 }, "regular"),
      },
      expect: timeline("20m silent, 40m silent"),
    },
    {
      name: "a little more than that is too many",
      series: waits("a:8000", { "0.1": 178, "0.15": 10 }),
      expect: [{ at: "15m30s", firing: [ml] }],
    },
    {
      name: "pending from the first evaluation with too many slow ones, firing after 15m and not one evaluation earlier, then resolved",
      series: {
        ...waits("a:8000", { "0.1": 3 }),
        ...waits("b:8000", { "0.25": 2 }, { "0s": 0, "10m": 1, "30m": 0 }),
      },
      expect: timeline("10m silent, 10m15s pending, 25m pending, 25m15s firing, 35m firing, 35m30s silent", ml),
      annotated: {
        at: "28m",
        labels: ml,
        annotations: {
          summary: "Clients wait longer than 100 ms for express ml tasks (p95)",
          description:
            "From the request to the result, the 95th percentile of express ml tasks is 237.5ms, above 100 ms for 15m. " +
            "If few tasks finish, it is taken over 15m.",
          runbook_url: "http://localhost:8090/runbooks/ExpressWaitHigh.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=23&var-type=ml",
        },
      },
    },
    {
      name: "one task every four minutes, and each is slow",
      series: ofTwoTypes(single("a:8000", "slow", events(["2m", "6m", "10m", "14m", "18m"]))),
      expect: timeline("1m45s silent, 2m pending, 16m45s pending, 17m firing", ml, codegen),
    },
    {
      name: "one every fourteen minutes, and each is slow, whatever the regular lane does",
      series: {
        ...single("a:8000", "slow", events(["2m", "16m", "30m"])),
        ...waits("a:8000", { "0.1": 9 }, { "0s": 1 }, "regular"),
      },
      expect: timeline("16m45s pending, 17m firing", ml),
    },
    {
      name: "rare tasks of two replicas, of which one is slow",
      series: {
        ...single("a:8000", "fast", events(["2m", "6m", "10m", "14m", "18m"])),
        ...single("b:8000", "slow", events(["4m", "8m", "12m", "16m", "20m"])),
      },
      expect: timeline("3m45s silent, 4m pending, 19m firing", ml),
    },
    {
      name: "one slow task among twelve others in a quarter of an hour is too many",
      series: {
        ...single("a:8000", "fast", events(every(75))),
        ...single("b:8000", "slow", events(["2m", "16m30s", "31m"])),
      },
      expect: [{ at: "20m", firing: [ml] }],
    },
    {
      name: "one among twenty is not",
      series: { ...single("a:8000", "fast", events(every(45))), ...single("b:8000", "slow", events(["20m"])) },
      expect: timeline("19m silent, 22m silent, 30m silent"),
    },
    {
      name: "one slow task alone in an idle system is silent, and rare ones of the regular lane",
      series: {
        ...single("a:8000", "slow", events(["2m"])),
        ...single("a:8000", "slow", events(["4m", "8m", "12m", "16m"]), "regular"),
      },
      expect: timeline("10m pending, 17m silent, 20m silent", ml),
    },
    {
      name: "a restart of one of two idle replicas is not taken for the tasks that the other has counted",
      series: {
        ...single("a:8000", "fast", counter({ "0s": 4, "5m": 0, "30m": "reset", "30m15s": 0 })),
        ...single("b:8000", "slow", events(["3m"])),
      },
      expect: timeline("10m silent, 19m silent, 30m15s silent, 35m silent"),
    },
    {
      name: "ten fast tasks in five minutes say that it is over",
      series: ofTwoTypes({ ...slowUntilTwenty, ...batches(5, 5) }),
      expect: timeline("20m firing, 29m45s silent, 30m30s pending", ml, codegen),
    },
    {
      name: "nine do not: a quarter of an hour decides",
      series: { ...slowUntilTwenty, ...batches(5, 4) },
      expect: timeline("20m firing, 29m firing", ml),
    },
  ],
};
