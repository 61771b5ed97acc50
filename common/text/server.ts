import { admin } from "./en/admin/index.ts";
import { cloud } from "./en/cloud/index.ts";
import { inLanguage } from "./language.ts";
import { rendering } from "./render.ts";
import type { Messages } from "./types.ts";

/** Renders messages of the cloud instance for administrators, in the language chosen at the start of sagctl. */
export const renderServerWords = rendering(inLanguage({ cloud: cloud as Messages, admin: admin as Messages }));
