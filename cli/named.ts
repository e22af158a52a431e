/** Options that name somebody or something. */
import { InvalidArgumentError } from 'commander';

/** For commander. A script's empty variable is nobody, and must never come to mean everybody. */
export function named(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('It must not be empty.');
}
