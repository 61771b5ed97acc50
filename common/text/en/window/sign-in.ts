/** The steps of signing in. */
export const signInPage = {
  title: (name: string) => `Sign in to ${name}`,
  server: "Server",
  userName: "User name",
  password: "Password",
  forgotten: "Forgot your password?",
  inFile: "Save my sign-in in a file",
  inFileHint: "This computer has no keychain. Anyone who can read your files can use the sign-in until you sign out.",
  userNameMissing: "Enter your user name.",
  passwordMissing: "Enter your password.",
};

export const forgotten = {
  title: "Forgot your password?",
  intro: "We'll email you a code. Use it here to choose a new password.",
  send: "Send the code",
  sending: "Asking for the code",
};

export const reset = {
  title: "Check your email",
  intro: (userName: string) => `If an account named ${userName} exists, we have emailed it a code.`,
  code: "Code from the email",
  codeHint: (name: string) =>
    `Valid for 15 minutes, on this computer only. No email? Check your spam folder, or ask the administrator of ${name}.`,
  done: "Set password and sign in",
  again: "Send another code",
  codeMissing: "Enter the code from the email.",
};

export const otp = {
  title: "Enter your code",
  intro:
    "Your authenticator app shows six digits for this account. Lost it? Ask your administrator to remove your second factor.",
  field: "Six-digit code",
  fresh:
    "Each code works only once. Wait for your authenticator app to show the next one. Lost it? Ask your administrator.",
  missing: "Enter the six digits your authenticator app shows.",
};

export const setUp = {
  title: "Set up your authenticator",
  intro: (name: string) =>
    `${name} requires a second factor. Scan this with an authenticator app, or type the key. Then enter the six digits it shows.`,
  code: "QR code with the key below, for an authenticator app",
  key: "Key",
};

export const newPassword = {
  title: "Choose a new password",
  intro: "Your administrator requires a new password.",
  field: "New password",
  again: "New password again",
  different: "The two passwords are not the same.",
  rules: "Use 8 to 32 letters, digits or _ @ - . and start with a letter or digit.",
  missing: "Enter a new password.",
  done: "Change password and sign in",
};
