/**
 * Settings of the campaign's modules that run inside the service's processes. They get them by the environment.
 */
export type ModuleSettings = {
  /** Path of the handlers' log. */
  readonly executionLog: string;
  /** Factor of all times. */
  readonly stretch: number;
  /** Path of the file with the shift of the wall clock in milliseconds. */
  readonly clockFile: string;
};

const NAMES: Readonly<Record<keyof ModuleSettings, string>> = {
  executionLog: "CHAOS_EXECUTION_LOG",
  stretch: "CHAOS_STRETCH",
  clockFile: "CHAOS_CLOCK_FILE",
};

/** The settings as an environment. */
export function environmentOf({ executionLog, stretch, clockFile }: ModuleSettings): Record<string, string> {
  return { [NAMES.executionLog]: executionLog, [NAMES.stretch]: String(stretch), [NAMES.clockFile]: clockFile };
}

/** Reads the settings. @throws if one is missing */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): ModuleSettings {
  const read = (name: keyof ModuleSettings): string => {
    const value = environment[NAMES[name]];
    if (value === undefined) throw new Error(`${NAMES[name]} is not set`);
    return value;
  };
  return { executionLog: read("executionLog"), stretch: Number(read("stretch")), clockFile: read("clockFile") };
}
