/** Texts about signing in through a provider, in English: loaded with the sign-in page and the settings. */
export const oidc = {
  continue: "Continue with {{name}}",
  or: "or",
  newTab: "Opens in a new tab. Come back here when you are signed in.",
  otherAccount: "You have signed in as {{email}}. This page is {{mine}}'s.",
  title: "Sign-in through {{name}}",
  linked: "Linked as {{email}}",
  linkedWithout: "Linked",
  since: "Linked {{date}}, last used {{used}}.",
  notLinked: "Not linked. Link it to sign in without your password.",
  link: "Link",
  unlink: "Unlink",
  lastWayIn: "Set a password before you unlink: nothing else would open this account.",
  onlyWay: "It is the only way to sign in on this server.",
  done: "Your account is linked.",
  firstPassword: "Set a password",
  firstPasswordText: "With it you can sign in without {{name}}, too.",
  setPassword: "Set the password",
  passwordSet: "The password was set.",
  anew: "Sign in anew first: your sign-in is more than 15 minutes old.",
  signInAnew: "Sign in anew",
  problems: {
    off: "This server has no provider to sign in through.",
    cancelled: "You did not finish signing in. Nothing has changed.",
    expired: "That took too long, or was begun in another browser. Please try again.",
    unreachable: "The provider does not answer. Try again in a moment.",
    refused:
      "The provider's answer could not be believed. Try again; if it stays so, tell the administrator.",
    clock: "The clocks of this server and of the provider differ. Tell the administrator.",
    not_allowed: "Your account at the provider is not allowed to use this server. Ask the administrator.",
    no_email: "The provider did not tell your email address, which an account here needs.",
    email_taken:
      "There is an account with your email address already. Sign in to it, then link the provider in the settings.",
    closed: "New accounts on this server are created by its administrator.",
    disabled: "This account is disabled. Ask the administrator.",
    attempts: "Too many attempts. Wait a few minutes, then try again.",
    other_user: "Somebody else was signed in when you came back. Nothing was linked.",
    linked_elsewhere: "This account at the provider belongs to another account here.",
    linked_already: "Your account is linked to another person at the provider. Unlink it first.",
  },
};

export type OidcTexts = typeof oidc;
