import { accessPoints } from "./access-points.ts";
import { hops } from "./hops.ts";
import { server } from "./server.ts";
import { sessions } from "./sessions.ts";
import { signIn } from "./sign-in.ts";
import { storage } from "./storage.ts";

/** What the cloud instance says, by the key that comes with a failure. */
export const cloud = { ...signIn, ...sessions, ...accessPoints, ...server, ...storage, ...hops };
