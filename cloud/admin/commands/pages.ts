import { z } from "zod";
import type { PageWish, Reader } from "../../store/queries/listings/pages.ts";
import type { Reading } from "../command.ts";

/** Page of a list; absent = all rows. */
export const paged = {
  page: z.strictObject({ number: z.int().min(1).optional(), size: z.int().min(1).optional() }).optional(),
};

export const wishOf = (page: PageWish | undefined): PageWish => page ?? { size: Number.MAX_SAFE_INTEGER };

/** Key of the caller's page cursors. */
export const readerOf = ({ context, caller }: Pick<Reading, "context" | "caller">): Reader => ({
  memory: context,
  actor: caller.actor,
  monotonic: () => context.clock.monotonic(),
});

/** Filter by tags; a missing value matches any value. */
export const having = {
  having: z.array(z.strictObject({ key: z.string().max(128), value: z.string().max(128).optional() })).optional(),
};
