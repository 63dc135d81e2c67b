import { statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Small unit tests first, then the suites in their order: the first failure ends a run, and most mutants fail in several
 * files.
 */
function quickestFirst(suites: readonly string[]) {
  const rank = ({ moduleId }: TestSpecification) => suites.findIndex((suite) => moduleId.endsWith(`/${suite}`));
  const size = ({ moduleId }: TestSpecification) => statSync(moduleId).size;
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      return files.toSorted((a, b) => rank(a) - rank(b) || size(a) - size(b));
    }
  };
}

/**
 * The tests that decide about mutants of the service's TypeScript: unit tests, then suites on real servers. The first
 * failure ends a run, so most mutants need no server.
 *
 * @param suites test files on real servers
 */
export function configFor(suites: readonly string[]) {
  return defineConfig({
    test: {
      sequence: { sequencer: quickestFirst(suites) },
      projects: [
        {
          test: {
            name: "unit",
            include: ["orchestrator/src/**/*.test.ts"],
            isolate: false,
            sequence: { groupOrder: 0 },
            testTimeout: 30_000,
          },
        },
        {
          test: {
            name: "servers",
            include: [...suites],
            isolate: false,
            sequence: { groupOrder: 1 },
            testTimeout: 30_000,
            hookTimeout: 30_000,
          },
        },
      ],
    },
  });
}

/** Writes Vitest's configuration with these tests, because Stryker requires a file. */
export async function writeConfig(file: string, suites: readonly string[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const text = `import { configFor } from ${JSON.stringify(import.meta.url)};\nexport default configFor(${JSON.stringify(suites)});\n`;
  await writeFile(file, text);
}
