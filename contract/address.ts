/**
 * When two e-mail addresses are one. Letter case makes no difference in ASCII, and everything else does: what Unicode calls
 * the same letter (the Kelvin sign and k, one accent in two spellings) is another mailbox, so it is another person.
 */

/** An address in the form in which it is compared. */
export function foldAddress(email: string): string {
  return email.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
