import { admin } from "./en/admin/index.ts";
import { cloud } from "./en/cloud/index.ts";
import { inLanguage } from "./language.ts";
import { rendering } from "./render.ts";
import type { Messages } from "./types.ts";

/** What the cloud instance says to administrators, in the language that sagctl was started with. */
export const renderServerWords = rendering(inLanguage({ cloud: cloud as Messages, admin: admin as Messages }));
