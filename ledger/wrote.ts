/** What an insert came to. */
import type { InsertResult } from 'kysely';

/** Whether a row was written: not where one was there already, and `on conflict` left it. */
export function wroteRow({ numInsertedOrUpdatedRows }: InsertResult): boolean {
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}
