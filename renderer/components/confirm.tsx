import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import { texts } from "../../common/text/index.ts";
import { Button } from "./button.tsx";
import "./confirm.css";

interface Props {
  /** Label of the button that opens it, which gets the focus back when it closes. */
  label: string;
  title: string;
  text: string;
  /** Label of the button that confirms. */
  yes: string;
  onYes: () => void;
  look?: "plain" | "quiet";
  /** Accessible name of the button, where its label is too short to be understood alone. */
  spoken?: string;
  /** The action is already running. */
  isDisabled?: boolean;
}

/** A confirmation dialog. */
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
