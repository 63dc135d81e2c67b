import { test as base } from "vitest";
import { type Stack, type StackOptions, startStack } from "./stack.ts";

/** vitest's `test` with a stack that ends with the test. The logs of a failed test are kept. */
export const test = base.extend<{ stackWith(options?: Omit<StackOptions, "name">): Promise<Stack> }>({
  stackWith: async ({ task }, use) => {
    await using scope = new AsyncDisposableStack();
    const stacks: Stack[] = [];
    await use(async (options = {}) => {
      const stack = scope.use(await startStack({ name: task.name, ...options }));
      stacks.push(stack);
      return stack;
    });
    if (task.result?.state !== "fail") return;
    for (const stack of stacks) {
      stack.keepLogs();
      console.error(`Logs of the stack: ${stack.logs}`);
    }
  },
});
