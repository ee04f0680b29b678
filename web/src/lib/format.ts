// Numbers, spans and times as an operator reads them. Pure; `now` is always passed in.

const kSecond = 1000;
const kMinute = 60 * kSecond;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;

// Making a formatter costs a hundred times what using it does: one per number of digits, kept.
const kCounts = new Intl.NumberFormat('en');
const formatters = new Map<number, Intl.NumberFormat>();

function formatter(digits: number): Intl.NumberFormat {
  let made = formatters.get(digits);
  if (!made) formatters.set(digits, (made = new Intl.NumberFormat('en', { maximumSignificantDigits: digits })));
  return made;
}

/** Up to `digits` significant digits, no noise: 0.1234, 12.3k stays 12,345; very large and very small in powers. */
export function number(value: number | null | undefined, digits = 5): string {
  if (value === null || value === undefined) return '–';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(Math.max(0, digits - 2)).replace('-', '−').replace('+', '').replace(/\.?0+e/, 'e');
  return formatter(Math.max(digits, Math.ceil(Math.log10(size + 1)))).format(value).replace('-', '−');
}

export function count(value: number): string {
  return kCounts.format(value);
}

/** An anomaly score: the eye compares lengths, so decimals stay the same for scores of one size. */
export function score(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return number(value);
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : number(value, 4);
}

/** "1 model", "3 models". */
export function plural(value: number, noun: string, many = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : many}`;
}

/** Two units at most: "850 ms", "12 s", "3 min 20 s", "4 h", "2 d 3 h". */
export function span(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  const size = Math.abs(ms);
  if (size < kSecond) return `${Math.round(size)} ms`;
  if (size < 10 * kSecond && size % kSecond !== 0) return `${(size / kSecond).toFixed(1)} s`;
  const units: [number, string][] = [[kDay, 'd'], [kHour, 'h'], [kMinute, 'min'], [kSecond, 's']];
  const first = units.findIndex(([unit]) => size >= unit);
  const [unit, name] = units[first]!;
  const whole = Math.floor(size / unit);
  const next = units[first + 1];
  const rest = next ? Math.floor((size - whole * unit) / next[0]) : 0;
  return rest > 0 && whole < 10 ? `${whole} ${name} ${rest} ${next![1]}` : `${whole} ${name}`;
}

/** "just now", "12 s ago", "in 3 min". One unit: it stands in tables. */
export function ago(time: number, now: number): string {
  const ms = now - time;
  const size = Math.abs(ms);
  if (size < 2 * kSecond) return 'just now';
  const units: [number, string][] = [[365 * kDay, 'y'], [kDay, 'd'], [kHour, 'h'], [kMinute, 'min'], [kSecond, 's']];
  const [unit, name] = units.find(([length]) => size >= length)!;
  const text = `${Math.floor(size / unit)} ${name}`;
  return ms >= 0 ? `${text} ago` : `in ${text}`;
}

/** "2026-03-01 12:00:05" in UTC: times are compared with logs and with other people's screens. */
export function stamp(time: number, { seconds = true } = {}): string {
  if (!Number.isFinite(time)) return '–';
  return new Date(time).toISOString().slice(0, seconds ? 19 : 16).replace('T', ' ');
}

export function bytes(size: number | undefined): string {
  if (size === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** A span written "5m", "30d", "1h30m", "90s", or a number of seconds, in ms; null if it is none. */
export function parseSpan(text: unknown): number | null {
  if (typeof text === 'number') return text * kSecond;
  if (typeof text !== 'string') return null;
  const units: Record<string, number> = { ms: 1, s: kSecond, m: kMinute, min: kMinute, h: kHour, d: kDay, w: 7 * kDay };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|min|[smhdw])/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text.replace(/\s+(?=\d)/g, '')) return null;
  return parts.reduce((sum, part) => sum + Number(part[1]) * units[part[2]!]!, 0);
}

/** A time of the API (RFC 3339, or a number of ms) in ms; null if there is none. */
export function time(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value === '') return null;
  const parsed = /^\d+$/.test(value) ? Number(value) : Date.parse(value);
  return Number.isNaN(parsed) ? null : parsed;
}
