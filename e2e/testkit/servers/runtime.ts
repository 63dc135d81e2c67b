import type { TestFolder } from "../process/folder.ts";

/** Everything that tests start stays on this machine. */
export const LOOPBACK = "127.0.0.1";

/** The third-party servers that the kit starts. */
export type Program = "redis" | "prometheus" | "alertmanager";

/** Where a server finds its files and listens, from its own point of view. */
export type Place = {
  readonly configDir: string;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
};

/** What to start, the same for all runtimes. */
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

/** A server, in a container or not, that can be disturbed and restored. */
export type RunningServer = AsyncDisposable & {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Its output, over all its starts. */
  readonly logFile: string;
  /** Stops it and waits until it has ended. */
  stop(): Promise<void>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, on the same port and data, and waits until it serves. */
  start(): Promise<void>;
  /** Freezes it: connections stay open without an answer. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Calls back if it ends unexpectedly. */
  onUnexpectedExit(callback: (how: string) => void): void;
};

/** A third-party server with its configuration and its tools. */
export type RunningProgram = RunningServer & {
  /** Writes a file of its configuration folder, without a reload. */
  write(file: string, content: string): Promise<void>;
  /** Runs one of its tools: `redis-cli`, `promtool`, `amtool`. */
  exec(command: readonly string[]): Promise<ExecResult>;
};

/** How servers are run: as processes of this machine or as containers. */
export type Runtime = {
  readonly name: "docker" | "native";
  /** The name of this machine for the servers. */
  readonly hostAddress: string;
  /** Whether the installed release of a program has a command-line flag. */
  knows(program: Program, flag: string): Promise<boolean>;
  start(spec: ServerSpec, folder: TestFolder): Promise<RunningProgram>;
};

/** How long a server may take to start and to end, on a busy machine. */
export const START_TIMEOUT_MS = 90_000;
export const STOP_TIMEOUT_MS = 10_000;
