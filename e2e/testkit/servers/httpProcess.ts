import { request } from "../http.ts";
import { COMPILE_CACHE } from "../process/compileCache.ts";
import type { TestFolder } from "../process/folder.ts";
import { ManagedProcess } from "../process/managedProcess.ts";
import { LOOPBACK } from "./runtime.ts";

export type HttpProcessOptions = {
  /** Name of its log. */
  readonly name: string;
  readonly port: number;
  /** A module that Node runs. */
  readonly script: string;
  readonly nodeOptions?: readonly string[];
  readonly args?: readonly string[];
  /** Its environment besides PATH and the compile cache. The environment of the tests is not inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The path that answers 200 when it serves. */
  readonly readyPath: string;
  readonly startsGently?: boolean;
  readonly onOutput?: (text: string) => void;
};

/** A program of the repository with an HTTP server on loopback, such as the orchestrator; not started yet. */
export class HttpProcess extends ManagedProcess {
  readonly url: string;

  constructor(options: HttpProcessOptions, folder: TestFolder) {
    const { name, port, script, nodeOptions = [], args = [], env = {}, readyPath, startsGently, onOutput } = options;
    const url = `http://${LOOPBACK}:${port}`;
    super(
      {
        ...{ name, host: LOOPBACK, port, cwd: options.cwd ?? folder.data(name) },
        command: process.execPath,
        args: [...nodeOptions, script, ...args],
        env: { PATH: process.env.PATH, ...COMPILE_CACHE, ...env },
        ready: async () => void (await request(`${url}${readyPath}`)),
        ...(startsGently === undefined ? {} : { startsGently }),
        ...(onOutput === undefined ? {} : { onOutput }),
      },
      folder,
    );
    this.url = url;
  }
}
