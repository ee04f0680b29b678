// The filter language, as far as a text box needs it: tokens for colouring, and where the server's error points.
// The server decides what is right; nothing is refused here.

export type TokenKind = 'entity' | 'key' | 'operator' | 'word' | 'string' | 'number' | 'space' | 'other';

export interface Token {
  kind: TokenKind;
  text: string;
  start: number;
}

const kRules: [TokenKind, RegExp][] = [
  ['space', /\s+/y],
  ['string', /'[^']*'?|"[^"]*"?/y],
  ['operator', /<=|>=|!=|==|<>|[=<>]/y],
  ['number', /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y],
  ['word', /(?:and|like|ilike|in|not|is|null)(?![\w.])/iy],
  ['entity', /(?:metrics?|params?|parameters?|tags?|attributes?|attr|run|datasets?)(?=\.)/y],
  ['key', /`[^`]*`?|[\p{L}\p{N}_][\p{L}\p{N}_.]*/uy],
  ['other', /./suy],
];

/** Every character of `text` in order, in tokens. A string right after "entity." is a key. */
export function tokens(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  while (at < text.length) {
    for (const [kind, rule] of kRules) {
      rule.lastIndex = at;
      const found = rule.exec(text);
      if (!found) continue;
      const afterDot = out.at(-1)?.text === '.' && out.at(-2)?.kind === 'entity';
      const asKey = afterDot && (kind === 'string' || kind === 'number' || kind === 'word');
      out.push({ kind: asKey ? 'key' : kind, text: found[0], start: at });
      at += found[0].length;
      break;
    }
  }
  return out;
}

export interface Fault {
  start: number;
  end: number;
}

/** UTF-16 index of a byte offset: the server counts bytes. */
export function indexOfByte(text: string, offset: number): number {
  let seen = 0;
  let index = 0;
  for (const letter of text) {
    if (seen >= offset) break;
    const point = letter.codePointAt(0)!;
    seen += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    index += letter.length;
  }
  return index;
}

function tokenAt(text: string, index: number): Fault {
  if (index >= text.length) return { start: text.length, end: text.length };
  const token = tokens(text).find((candidate) => index < candidate.start + candidate.text.length)!;
  return { start: Math.min(index, token.start), end: token.start + token.text.length };
}

/**
 * Where an error message points in `text`: the position it names, else its caret line, else the longest piece of the
 * text that it quotes. Null if it points nowhere.
 */
export function faultIn(text: string, message: string): Fault | null {
  const position = /\b(?:position|offset|column)\s+(\d+)/.exec(message);
  if (position) return tokenAt(text, indexOfByte(text, Number(position[1])));
  const lines = message.split('\n');
  const caret = lines.findIndex((line) => /^\s*\^/.test(line));
  if (caret > 0) {
    const shown = lines[caret - 1]!;
    const column = lines[caret]!.indexOf('^');
    const shift = shown.indexOf(text.split('\n')[0]!);
    if (shift >= 0) return tokenAt(text, column - shift);
  }
  const quoted = [...message.matchAll(/'([^']+)'|"([^"]+)"|`([^`]+)`/g)].map((found) => found[1] ?? found[2] ?? found[3]!);
  const best = quoted.filter((piece) => text.includes(piece)).sort((a, b) => b.length - a.length)[0];
  return best ? { start: text.indexOf(best), end: text.indexOf(best) + best.length } : null;
}

/** The message without its caret drawing and position: the box underlines the token itself. */
export function plainMessage(message: string): string {
  const lines = message.split('\n');
  const caret = lines.findIndex((line) => /^\s*\^/.test(line));
  if (caret > 0) lines.splice(caret - 1, 2);
  return lines.join('\n').replace(/\s*\(at position \d+\)/, '').trim() || message;
}
