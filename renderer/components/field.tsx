import { useState } from "react";
import { FieldError, Group, Input, Label, Text, TextField, type TextFieldProps } from "react-aria-components";
import { texts } from "../../common/text/window.ts";
import { Button } from "./button.tsx";
import { Eye } from "./icons.tsx";
import "./field.css";

interface Props extends TextFieldProps {
  label: string;
  hint?: string;
  placeholder?: string;
  error?: string | undefined;
  monospaced?: boolean;
}

/** A labelled text field. */
export const Field = ({ label, hint, placeholder, error, monospaced = false, ...props }: Props) => (
  <TextField {...props} className="field" validationBehavior="aria" isInvalid={error !== undefined}>
    <Label>{label}</Label>
    <Input className={monospaced ? "input monospaced" : "input"} placeholder={placeholder ?? ""} spellCheck="false" />
    {hint && error === undefined ? (
      <Text slot="description" className="hint">
        {hint}
      </Text>
    ) : null}
    <FieldError className="field-error">{error}</FieldError>
  </TextField>
);

/** The same for a password, hidden until the user chooses to show it. */
export const PasswordField = ({ label, hint, error, ...props }: Props) => {
  const [shown, setShown] = useState(false);
  return (
    <TextField
      {...props}
      className="field"
      validationBehavior="aria"
      type={shown ? "text" : "password"}
      isInvalid={error !== undefined}
    >
      <Label>{label}</Label>
      <Group className="input with-button">
        <Input spellCheck="false" />
        <Button
          look="icon"
          aria-label={shown ? texts.window.passwordHide : texts.window.passwordShow}
          onPress={() => setShown(!shown)}
        >
          <Eye off={shown} />
        </Button>
      </Group>
      {hint && error === undefined ? (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      ) : null}
      <FieldError className="field-error">{error}</FieldError>
    </TextField>
  );
};
