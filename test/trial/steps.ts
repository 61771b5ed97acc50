import { duration } from "../../build/lib/say.ts";

/** Shows what is done, one line a step, each with its time. */
export class Steps {
  readonly #start = performance.now();
  #count = 0;

  /** `describe` makes the line's end from the result: what a person would want to see of it. */
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

  /** ms since the first step. */
  get elapsed(): number {
    return performance.now() - this.#start;
  }
}

export const print = (text = ""): void => void process.stdout.write(`${text}\n`);
