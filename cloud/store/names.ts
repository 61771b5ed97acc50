import { typedName } from "../../common/user-name.ts";

/** Key by which user names are unique. Names are ASCII; case and surrounding blanks do not matter. */
export function nameKey(userName: string): string {
  return typedName(userName).toLowerCase();
}
