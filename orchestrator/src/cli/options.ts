import { InvalidArgumentError } from "commander";

/** Creates a parser of whole numbers for commander. @param min smallest allowed number */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new InvalidArgumentError(`must be a whole number from ${min}.`);
    }
    return value;
  };
}

/** Checks that a text is JSON. @returns the unchanged text */
export function jsonText(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`must be JSON: ${(error as Error).message}`);
  }
  return text;
}
