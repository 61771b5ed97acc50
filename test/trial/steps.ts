import { duration } from "../../build/lib/say.ts";

/** Prints each step on one line, with its time. */
export class Steps {
  readonly #start = performance.now();
  #count = 0;

  /** `describe` formats the result for the end of the line. */
  async step<T>(title: string, work: () => Promise<T>, describe: (result: T) => string = () => ""): Promise<T> {
    const number = String(++this.#count).padStart(2);
    const start = performance.now();
    try {
      const result = await work();
      const detail = describe(result);
      print(
        `${number}  ${title.padEnd(56)} ${duration(performance.now() - start).padStart(7)}${detail && `   ${detail}`}`,
      );
      return result;
    } catch (error) {
      print(`${number}  ${title.padEnd(56)}  failed after ${duration(performance.now() - start)}`);
      throw error;
    }
  }

  /** Time since the first step, ms. */
  get elapsed(): number {
    return performance.now() - this.#start;
  }
}

export const print = (text = ""): void => void process.stdout.write(`${text}\n`);
