import { describe, expect, test } from 'vitest';
import { faultIn, indexOfByte, plainMessage, tokens } from '../src/lib/filter';

const kinds = (text: string): string =>
  tokens(text)
    .filter((token) => token.kind !== 'space')
    .map((token) => `${token.kind}:${token.text}`)
    .join(' ');

describe('tokens', () => {
  test.each([
    ["tags.online = 'True' and metrics.rmse<0.5", "entity:tags other:. key:online operator:= string:'True' word:and entity:metrics other:. key:rmse operator:< number:0.5"],
    ["name ILIKE '%x%'", "key:name word:ILIKE string:'%x%'"],
    ['params.`a/b` != "q"', 'entity:params other:. key:`a/b` operator:!= string:"q"'],
    ['tags."a b" IS NOT NULL', 'entity:tags other:. key:"a b" word:IS word:NOT word:NULL'],
    ['tags.order = 1e-3', 'entity:tags other:. key:order operator:= number:1e-3'],
    ['params.max > .5', 'entity:params other:. key:max operator:> number:.5'],
    ["tags.mlflow.parentRunId = 'a", "entity:tags other:. key:mlflow.parentRunId operator:= string:'a"],
    ['größe = 1', 'key:größe operator:= number:1'],
  ])('of %s', (text, expected) => {
    expect(kinds(text)).toBe(expected);
  });
  test('hold every character, whatever is typed', () => {
    for (const text of ['', '   ', "'", '`', '((;--', '🙂 = "🙂"', 'a\tb\nc', "a = 'b' OR c"]) {
      expect(tokens(text).map((token) => token.text).join('')).toBe(text);
    }
  });
});

const at = (text: string, message: string): string | null => {
  const fault = faultIn(text, message);
  return fault && text.slice(fault.start, fault.end);
};

describe('faultIn', () => {
  test('points at the token of the position', () => {
    const text = "tags.online = True and name = 'x'";
    expect(at(text, `Parameter value is not quoted (at position 14)\n  ${text}\n                ^`)).toBe('True');
  });
  test('counts bytes as the server does', () => {
    const text = "tags.größe = 'ü' or x";
    const bytes = new TextEncoder().encode("tags.größe = 'ü' ").length;
    expect(at(text, `Invalid clause (at position ${bytes})`)).toBe('or');
    expect(indexOfByte('🙂a', 4)).toBe(2);
  });
  test('takes a position at the end as a missing word', () => {
    expect(faultIn('tags.a =', 'a value is missing (at position 8)')).toEqual({ start: 8, end: 8 });
    expect(faultIn('a', 'beyond (at position 99)')).toEqual({ start: 1, end: 1 });
  });
  test('reads a caret line where no position is named', () => {
    expect(at('name == 3', 'Invalid comparator\n  name == 3\n       ^')).toBe('==');
  });
  test('falls back on what the message quotes', () => {
    expect(at("user_id = 'x'", "Invalid attribute key 'user_id' specified. Valid keys are 'name'")).toBe('user_id');
    expect(at('a = 1', 'Something else')).toBeNull();
  });
});

test('plainMessage leaves the drawing and the number out', () => {
  expect(plainMessage('No such key (at position 3)\n  abc d\n     ^')).toBe('No such key');
  expect(plainMessage('No such key')).toBe('No such key');
});
