import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import { texts } from "../../common/text/index.ts";
import { Button } from "./button.tsx";
import "./confirm.css";

interface Props {
  /** Of the button that opens it; that has the focus again when it is closed. */
  label: string;
  title: string;
  text: string;
  /** Label of what is confirmed. */
  yes: string;
  onYes: () => void;
  look?: "plain" | "quiet";
  /** Of the button, where its label does not say enough when it is read aloud. */
  spoken?: string;
  /** It is being done already. */
  isDisabled?: boolean;
}

/** A question over the page. */
export const Confirm = ({ label, title, text, yes, onYes, look = "plain", spoken, isDisabled = false }: Props) => (
  <DialogTrigger>
    <Button look={look} isDisabled={isDisabled} {...(spoken ? { "aria-label": spoken } : {})}>
      {label}
    </Button>
    <ModalOverlay className="overlay" isDismissable>
      <Modal className="modal">
        <Dialog className="dialog" role="alertdialog">
          {({ close }) => (
            <>
              <Heading slot="title" level={2} className="foreign">
                {title}
              </Heading>
              <p className="foreign">{text}</p>
              <div className="dialog-buttons">
                <Button autoFocus onPress={close}>
                  {texts.actions.cancel}
                </Button>
                <Button
                  look="primary"
                  onPress={() => {
                    close();
                    onYes();
                  }}
                >
                  {yes}
                </Button>
              </div>
            </>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  </DialogTrigger>
);
