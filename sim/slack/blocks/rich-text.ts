/** The rich_text block: nothing in it is parsed, so it is the place for what people typed. No length is documented. */
import { bool, byType, type Check, int, list, matching, obj, oneOf, str, typed } from './check.js';

const style = obj(
  {},
  { bold: bool, italic: bool, strike: bool, code: bool, underline: bool, highlight: bool, client_highlight: bool, unlink: bool },
);
const inline = (required: Record<string, Check>, optional: Record<string, Check> = {}) =>
  obj({ type: typed, ...required }, { style, ...optional });

const textElement = inline({ text: str(1, 40_000) });
const link = inline({ url: str(1, 3000) }, { text: str(1, 40_000), unsafe: bool });
const inlineElement = byType({
  text: textElement,
  link,
  user: inline({ user_id: matching(/^[UW][A-Z0-9]+$/, 'a user id') }),
  usergroup: inline({ usergroup_id: matching(/^S[A-Z0-9]+$/, 'a user group id') }),
  channel: inline({ channel_id: matching(/^[CDG][A-Z0-9]+$/, 'a channel id') }),
  team: inline({ team_id: matching(/^T[A-Z0-9]+$/, 'a team id') }),
  emoji: inline({ name: str(1, 100) }, { unicode: str(1, 100), url: str(1, 3000), skin_tone: int(1, 6) }),
  broadcast: inline({ range: oneOf('here', 'channel', 'everyone') }),
  color: inline({ value: str(1, 20) }),
  date: inline({ timestamp: int(0, 4_102_444_800), format: str(1, 1000) }, { url: str(1, 3000), fallback: str(1, 1000) }),
});
const border = int(0, 1);
const section = obj({ type: typed, elements: list(inlineElement, 0, 1000) });

/** The whole block. */
export const richText: Record<string, Check> = {
  elements: list(
    byType({
      rich_text_section: section,
      rich_text_list: obj(
        {
          type: typed,
          style: oneOf('bullet', 'ordered'),
          elements: list(byType({ rich_text_section: section }), 1, 1000),
        },
        { indent: int(0, 8), offset: int(0, 1_000_000), border },
      ),
      rich_text_quote: obj({ type: typed, elements: list(inlineElement, 0, 1000) }, { border }),
      rich_text_preformatted: obj(
        { type: typed, elements: list(byType({ text: textElement, link }), 0, 1000) },
        { border, language: str(1, 50) },
      ),
    }),
    1,
    1000,
  ),
};
