import type { Page, PageWish } from "../../../../store/queries/listings/pages.ts";
import { whole } from "../protocol/parameters.ts";

export const paging = {
  PageNumber: whole({ min: 1, max: 1_000_000 }),
  PageSize: whole({ min: 1, max: 50 }),
};

export const wishOf = (v: { PageNumber: number | undefined; PageSize: number | undefined }): PageWish => ({
  number: v.PageNumber,
  size: v.PageSize,
});

/** Position of a page, in the API's form. */
export const placeOf = ({ number, size, total }: Page<unknown>) => ({
  PageNumber: number,
  PageSize: size,
  TotalCount: total,
});
