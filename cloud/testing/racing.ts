import { randomBytes } from "node:crypto";
import { registerAccessPoint } from "../domain/accesspoints/register.ts";
import { administration } from "../domain/administration.ts";
import { dial } from "../domain/sessions/dial.ts";
import { signInOf } from "../domain/signin/refresh.ts";
import { confirmSecondFactor, enrolSecondFactor } from "../domain/signin/second-factor.ts";
import { signIn } from "../domain/signin/sign-in.ts";
import { Secret } from "../security/secret.ts";
import { fromBase32, hotp, stepAt } from "../security/totp.ts";
import { query } from "../store/kysely.ts";
import { commander } from "./commands.ts";
import { startTestDomain } from "./domain.ts";

export const requester = { actor: "test", action: "test", nonce: undefined };
export const oldPassword = new Secret("correct-horse");
export const newPassword = new Secret("another-horse");
const code = "RACE1";
const remote = "192.0.2.1";
export const deviceOf = (name: string) => ({ id: randomBytes(16).toString("hex"), name, platform: "linux" });
export const key = () => new Uint8Array(randomBytes(32));

/** Shared setup of the race tests: a domain, one instance with an access point, and accounts. */
export async function startRacing() {
  const domain = await startTestDomain();
  const { context, clock, mails } = domain;
  const admin = commander(context);
  const instance = await admin<{ id: string }>("instance create", { name: "Racing", cidrs: ["10.90.0.0/16"], code });
  // Every round creates an account, so raise the limit.
  await query(context.store)
    .updateTable("instance")
    .set({ user_count: 1_000_000 })
    .where("id", "=", instance.id)
    .execute();
  const { token } = await admin<{ token: string }>("access-point token create", { uses: 1, lifetimeSeconds: 60 });
  const description = {
    name: "here",
    publicKey: key(),
    endpoints: [],
    mode: "userspace",
    region: "",
    accessLists: true,
    sharedAccessLists: true,
    accessListNames: true,
    bootId: "",
  };
  const { id: accessPointId } = await registerAccessPoint(context, token, description);
  const state = context.accessPoints.get(accessPointId);
  // Offered but not online, so that Dial does not wait for its acknowledgement.
  if (state) state.graceUntil = Number.POSITIVE_INFINITY;
  let accounts = 0;

  /** Creates an account and signs in; optionally with a second factor and a session. */
  async function person(wish: { factor?: boolean; dialled?: boolean } = {}) {
    const user = `person-${++accounts}`;
    const wanted = { instance: instance.id, user, mail: "a@b.test", password: oldPassword.reveal() };
    const { id } = await admin<{ id: string }>("account create", wanted);
    const device = deviceOf("laptop");
    const words = (password = oldPassword, otp = "", deviceId = device.id) => ({
      code,
      userName: user,
      password,
      otp,
      deviceId,
      remote,
    });
    let secret = "";
    const otp = () => hotp(fromBase32(secret), stepAt(clock.now()));
    const enrol = async () => {
      secret = (await enrolSecondFactor(context, words(oldPassword, secret && otp()))).secret.reveal();
    };
    if (wish.factor) {
      await enrol();
      await confirmSecondFactor(context, words(oldPassword, otp()));
      clock.advance(30_000);
    }
    const { tokens, signIn: state } = await signIn(context, words(oldPassword, wish.factor ? otp() : ""), device);
    if (wish.factor) clock.advance(30_000);
    const dialNow = async () =>
      dial(context, await signInOf(context, tokens.accessToken.reveal()), {
        publicKey: key(),
        mode: "proxy",
        accessPoint: "",
      });
    const session = wish.dialled ? await dialNow() : undefined;
    return { id, user, device, words, otp, enrol, tokens, state, dialNow, session };
  }

  /** The state of all credentials, without counters and times that a mere attempt may change. */
  async function dump({ id, user }: { id: string; user: string }): Promise<unknown> {
    const { store } = context;
    const one = <T>(rows: T[]) => JSON.stringify(rows);
    return {
      account: one(
        await query(store)
          .selectFrom("account")
          .select(["password_hash", "must_change", "disabled"])
          .where("id", "=", id)
          .execute(),
      ),
      factor: one(
        await query(store)
          .selectFrom("second_factor")
          .select(["secret", "pending_secret"])
          .where("account_id", "=", id)
          .execute(),
      ),
      signIns: one(
        await query(store)
          .selectFrom("sign_in")
          .select(["id", "token_hash"])
          .where("account_id", "=", id)
          .where("ended_at", "is", null)
          .execute(),
      ),
      sessions: one(
        await query(store)
          .selectFrom("session")
          .select(["id", "public_key"])
          .where("account_id", "=", id)
          .where("ended_at", "is", null)
          .execute(),
      ),
      codes: one(
        await query(store).selectFrom("password_code").select("code_hash").where("user_name", "=", user).execute(),
      ),
      peers: one(
        context.accessPoints
          .list()
          .flatMap(({ ccnId }) => context.peers.peersOf(ccnId))
          .filter((peer) => peer.instanceId === instance.id)
          .map((peer) => [peer.sessionId, [...peer.publicKey]]),
      ),
    };
  }

  /** The latest code for a forgotten password that was mailed to this user. */
  function codeOf(user: string): string {
    const mail = mails.filter(({ text }) => text.reveal().includes(user)).at(-1);
    return /[0-9A-Z]{5}-[0-9A-Z]{5}/.exec(mail?.text.reveal() ?? "")?.[0] ?? "";
  }

  const administrator = () => administration(context, requester);

  const accountRow = (id: string) =>
    query(context.store).selectFrom("account").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

  async function liveSessions({ id }: { id: string }): Promise<number> {
    const rows = await query(context.store)
      .selectFrom("session")
      .select("id")
      .where("account_id", "=", id)
      .where("ended_at", "is", null)
      .execute();
    return rows.length;
  }

  return { domain, instance, person, dump, codeOf, administrator, admin, accountRow, liveSessions };
}
export type Racing = Awaited<ReturnType<typeof startRacing>>;
export type Person = Awaited<ReturnType<Racing["person"]>>;

/** Upper bound on the store accesses of the calls tested here. */
export const most = 40;
