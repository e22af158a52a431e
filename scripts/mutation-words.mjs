/**
 * For `npm run mutation`: what of the sources is left as it is. Words for people are: a test that holds each letter of a
 * sentence finds no fault and hinders a better one. A string without a blank is a name that something goes by, and is changed.
 */
const words = {
  shouldIgnore(path) {
    const plain =
      path.isTemplateLiteral() && path.node.expressions.every(({ type }) => /^(Identifier|MemberExpression)$/.test(type));
    const said = path.isStringLiteral()
      ? path.node.value
      : plain
        ? path.node.quasis.map(({ value }) => value.cooked).join('…')
        : '';
    return /\s/.test(said) ? 'words for people' : undefined;
  },
};
export const strykerPlugins = [{ kind: 'Ignore', name: 'words', value: words }];
