import type { IntranetView } from "../../../electron/bridge.ts";
import { useStore } from "../../app/store.ts";
import { ColumnPage } from "../../components/page.tsx";
import { Steps } from "./steps.tsx";
import { useSignIn } from "./use-sign-in.ts";

/** Signing in again to a listed intranet. */
export const SignInPage = ({ view }: { view: IntranetView }) => {
  const go = useStore((state) => state.go);
  const { displayName, intranetId, server, userName } = view.state;
  const use = useSignIn({ intranetId });
  return (
    <ColumnPage back={use.back ?? (() => go("main"))} middle>
      <Steps name={displayName} server={server} userName={userName} use={use} />
    </ColumnPage>
  );
};
