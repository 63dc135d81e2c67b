import type { TestFolder } from "../process/folder.ts";

/** Everything that the tests start stays on this machine. */
export const LOOPBACK = "127.0.0.1";

/** The third-party servers that the kit starts. */
export type Program = "redis" | "prometheus" | "alertmanager";

/** Where a server finds its files and listens, as it sees it itself. */
export type Place = {
  readonly configDir: string;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
};

/** What to start, said once for all runtimes. */
export type ServerSpec = {
  readonly program: Program;
  readonly port: number;
  /** Contents of the configuration folder by file name. */
  files(place: Place): Readonly<Record<string, string>>;
  args(place: Place): string[];
  /** Throws until the server serves. */
  ready(): Promise<void>;
  /** Pause between two calls of `ready` where the server starts in milliseconds. */
  readonly intervalMs?: number;
};

export type ExecResult = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** A server process, in a container or not, that can be disturbed and restored. */
export type RunningServer = AsyncDisposable & {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Everything that it printed, over all its starts. */
  readonly logFile: string;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
  /** SIGKILL: it gets no chance to say goodbye. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, on the same port and data, and waits until it serves. */
  start(): Promise<void>;
  /** Freezes it: connections stay open, nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Calls back if it ends unexpectedly. */
  onUnexpectedExit(callback: (how: string) => void): void;
};

/** A third-party server: its configuration can be changed and its own tools run beside it. */
export type RunningProgram = RunningServer & {
  /** Writes a file of its configuration folder; to make the server read it is up to the caller. */
  write(file: string, content: string): Promise<void>;
  /** Runs one of its tools: `redis-cli`, `promtool`, `amtool`. */
  exec(command: readonly string[]): Promise<ExecResult>;
};

/** How servers are run: as processes of this machine or as containers. */
export type Runtime = {
  readonly name: "docker" | "native";
  /** This machine, as the servers reach it. */
  readonly hostAddress: string;
  /** Whether the release of a program that is there knows a flag of its command line. */
  knows(program: Program, flag: string): Promise<boolean>;
  start(spec: ServerSpec, folder: TestFolder): Promise<RunningProgram>;
};

/** How long a server may take to serve, on a machine that is busy with other things, and to end. */
export const START_TIMEOUT_MS = 90_000;
export const STOP_TIMEOUT_MS = 10_000;
