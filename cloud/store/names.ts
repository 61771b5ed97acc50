import { typedName } from "../../common/user-name.ts";

/** User names are ASCII; their case says nothing, nor do blanks around them. */
export function nameKey(userName: string): string {
  return typedName(userName).toLowerCase();
}
