/** Lists of names in sentences: a long one says the first few, and how many more there are. */

/** `a, b and 3 more`: at most so many names, with `between` between them. */
export function few(names: readonly string[], most: number, between = ', '): string {
  const more = names.length - most;
  return `${names.slice(0, most).join(between)}${more > 0 ? ` and ${more} more` : ''}`;
}
