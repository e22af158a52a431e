import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, cutEscaped, escapeMrkdwn, oneLine, quiet, sanitise } from '../../cards/text.js';
import { hostile } from './hostile.js';

describe('text of unknown origin', () => {
  it('loses controls, bidi overrides, zero-width characters and half characters, and keeps the rest', () => {
    expect(sanitise('a\u0000b\u001bc\u0085d')).toBe('abc\nd');
    expect(sanitise('safe\u202Egnp.exe\u202C')).toBe('safegnp.exe');
    expect(sanitise('a\u2066b\u2069c\u200Ed\u061Ce')).toBe('abcde');
    expect(sanitise('<!chan\u200Bnel>\uFEFF\u2060\u00AD')).toBe('<!channel>');
    expect(sanitise('x\uD800y\uDC00z 😀')).toBe('xyz 😀');
    expect(sanitise('שלום עולם مرحبا')).toBe('שלום עולם مرحبا');
  });

  it('keeps single line breaks and folds runs of them', () => {
    expect(sanitise('one\r\ntwo\n\n \n\n\nthree\u2028four')).toBe('one\ntwo\n\nthree\nfour');
  });

  it('limits stacked marks', () => {
    expect(sanitise(`z${'\u0301'.repeat(50)}`)).toBe(`z${'\u0301'.repeat(4)}`);
  });

  it('is capped without cutting a character in two', () => {
    expect(cut('😀😀😀', 4)).toBe('😀…');
    expect(cutEscaped('<<<<<<<<<<', 20)).toBe('<<<<…');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1200 }), fc.integer({ min: 2, max: 600 }), (text, max) => {
        const clean = sanitise(text, max);
        expect(clean.length).toBeLessThanOrEqual(max);
        expect(clean).not.toMatch(/\p{Cs}/u);
        expect(escapeMrkdwn(cutEscaped(clean, max)).length).toBeLessThanOrEqual(max);
      }),
    );
  });

  it('sanitising twice changes nothing', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(sanitise(sanitise(text))).toBe(sanitise(text));
      }),
    );
  });

  it('a name is one line and never empty', () => {
    expect(oneLine(' a\n\tb ')).toBe('a b');
    expect(oneLine('\u200B\u202E')).toBe('(no name)');
    fc.assert(
      fc.property(hostile, (text) => {
        expect(oneLine(text)).toMatch(/^[^\n]+$/);
        expect(oneLine(text).length).toBeLessThanOrEqual(80);
      }),
    );
  });

  it('escapes the three characters that Slack decodes, the ampersand first', () => {
    expect(escapeMrkdwn('<&amp;>')).toBe('&lt;&amp;amp;&gt;');
  });

  it('leaves no mention, channel or address alive in the fallback text', () => {
    expect(quiet('@here #general https://evil.example <!channel>')).toBe(
      '@ here # general https: //evil.example &lt;!channel&gt;',
    );
    fc.assert(
      fc.property(hostile, (text) => {
        expect(quiet(sanitise(text))).not.toMatch(/<|>|@\S|#\S|:\/\//);
      }),
    );
  });
});
