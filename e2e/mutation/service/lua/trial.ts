import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createVitest, type TestSpecification, type Vitest } from "vitest/node";

/** A longer run hangs: a script without an end blocks Redis for every client. */
const TEST_TIMEOUT_MS = 20_000;

/** Runs tests of the service in a copy of it, in which a script can be replaced. */
export class LuaTrial {
  readonly #folder: string;
  readonly #vitest: Vitest;
  readonly #specifications: Promise<readonly TestSpecification[]>;

  /**
   * Makes the copy.
   *
   * @param root folder of the project
   * @param folder the place of the copy; its content is removed
   */
  static async create(root: string, folder: string): Promise<LuaTrial> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, ".cache"), { recursive: true });
    await cp(join(root, "orchestrator"), join(folder, "orchestrator"), { recursive: true, verbatimSymlinks: true });
    for (const name of ["package.json", "tsconfig.json"]) await cp(join(root, name), join(folder, name));
    for (const name of ["node_modules", ".cache/tools"]) await symlink(join(root, name), join(folder, name));
    const vitest = await createVitest("test", {
      root: folder,
      config: false,
      watch: false,
      include: ["orchestrator/test/**/*.test.ts"],
      bail: 1,
      fileParallelism: false,
      // Half of a run is its start, and a thread starts sooner than a process.
      pool: "threads",
      isolate: false,
      testTimeout: TEST_TIMEOUT_MS,
      hookTimeout: TEST_TIMEOUT_MS,
      reporters: [{}],
    });
    return new LuaTrial(folder, vitest);
  }

  private constructor(folder: string, vitest: Vitest) {
    this.#folder = folder;
    this.#vitest = vitest;
    this.#specifications = vitest.globTestSpecifications();
  }

  /** Replaces a script. */
  async replace(script: string, source: string): Promise<void> {
    await writeFile(join(this.#folder, "orchestrator/src/redis/lua", `${script}.lua`), source);
  }

  /** Runs test files in order, up to the first test that fails. @returns its name; undefined if all pass */
  async firstFailure(files: readonly string[]): Promise<string | undefined> {
    for (const file of files) {
      const specifications = (await this.#specifications).filter(({ moduleId }) => moduleId.endsWith(`/${file}`));
      if (specifications.length === 0) throw new RangeError(`There are no tests in ${file}`);
      const { testModules, unhandledErrors } = await this.#vitest.runTestSpecifications(specifications, false);
      // The result has modules of earlier runs too.
      for (const module of testModules.filter(({ moduleId }) => moduleId.endsWith(`/${file}`))) {
        for (const test of module.children.allTests("failed")) return test.fullName;
        if (!module.ok()) return `${file} (${module.errors()[0]?.message ?? "did not run"})`;
      }
      if (unhandledErrors.length > 0) return `${file} (unhandled error)`;
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vitest.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
