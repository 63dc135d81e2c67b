/**
 * Lets so many calls of a function run at a time; the others wait their turn.
 *
 * @param call is given a function that passes its turn on before its end
 */
export function limited<A, R>(
  most: number,
  call: (argument: A, passOn: () => void) => Promise<R>,
): (argument: A) => Promise<R> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (argument) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    let passed = false;
    const passOn = () => {
      if (passed) return;
      passed = true;
      // Without ever becoming free in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    };
    try {
      return await call(argument, passOn);
    } finally {
      passOn();
    }
  };
}
