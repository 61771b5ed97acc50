import { z } from "zod";
import type { PageWish, Reader } from "../../store/queries/listings/pages.ts";
import type { Reading } from "../command.ts";

/** Which page of a list; absent = everything at once. */
export const paged = {
  page: z.strictObject({ number: z.int().min(1).optional(), size: z.int().min(1).optional() }).optional(),
};

export const wishOf = (page: PageWish | undefined): PageWish => page ?? { size: Number.MAX_SAFE_INTEGER };

/** Who turns the pages. */
export const readerOf = ({ context, caller }: Pick<Reading, "context" | "caller">): Reader => ({
  memory: context,
  actor: caller.actor,
  monotonic: () => context.clock.monotonic(),
});

/** Tags to filter by; without a value any value will do. */
export const having = {
  having: z.array(z.strictObject({ key: z.string().max(128), value: z.string().max(128).optional() })).optional(),
};
