import type { IntranetState } from "../../../electron/core/model.ts";
import { bridge } from "../../app/bridge.ts";
import { Button } from "../../components/button.tsx";
import { words } from "../../i18n/en.ts";
import "./notice.css";

/** What the administrator has to say. */
export const Notice = ({ state, text }: { state: IntranetState; text: string }) => (
  <section className="notice" aria-label={words.notice(state.displayName)}>
    <p className="small quiet foreign">{words.notice(state.displayName)}</p>
    <p className="notice-text foreign selectable">{text}</p>
    <Button look="quiet" onPress={() => bridge.call("dismissNotice", { intranetId: state.intranetId })}>
      {words.dismiss}
    </Button>
  </section>
);
