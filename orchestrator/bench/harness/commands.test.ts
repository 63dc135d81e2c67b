import { expect, it } from "vitest";
import { parseCommandStats } from "./commands.ts";

it("parses calls by command and subcommand", () => {
  const info =
    "# Commandstats\r\ncmdstat_xadd:calls=12,usec=30,usec_per_call=2.50,rejected_calls=0,failed_calls=0\r\ncmdstat_config|get:calls=1,usec=9\r\n";
  expect([...parseCommandStats(info)]).toEqual([
    ["xadd", 12],
    ["config|get", 1],
  ]);
});
