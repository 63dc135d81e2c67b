import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ROOT } from "./provision/command.ts";
import { NewAlertError, scaffold } from "./scaffoldAlert.ts";

/** `npm run new:alert NAME`. */

const EXISTING = ["alerts/src/catalogue/definitions.ts", "alerts/src/catalogue/faults.ts", "alerts/src/panels.ts"];

const [name = ""] = process.argv.slice(2);
try {
  const existing = new Map<string, string>();
  for (const file of EXISTING) existing.set(file, await readFile(join(ROOT, file), "utf8"));
  for (const [file, text] of scaffold(name, existing)) {
    await mkdir(dirname(join(ROOT, file)), { recursive: true });
    await writeFile(join(ROOT, file), text);
    process.stdout.write(`${existing.has(file) ? "changed" : "new    "} ${file}\n`);
  }
  process.stdout.write(
    "\nNow `npm run typecheck` names what is missing: replace each FILL_IN, then add the fault's text, the receivers and the\n" +
      "severity that it asks for. `npm run test:unit` asks for the panel and for the episode. CONTRIBUTING.md walks through it.\n",
  );
} catch (error) {
  if (!(error instanceof NewAlertError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
