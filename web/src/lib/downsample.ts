// What a chart of `buckets` columns can show of a long series, with no extreme lost, and smoothing that looks at every
// point first. Pure.

type Column = ArrayLike<number | null | undefined>;

/**
 * Rows to draw, ascending: of every bucket of equal time the first, the last, and for each column the row of its
 * least and of its greatest value. `always` rows (anomalies) are kept whatever they hold. All rows when few.
 */
export function pickRows(time: ArrayLike<number>, columns: Column[], buckets: number, always: Iterable<number> = []): number[] {
  const rows = time.length;
  if (rows <= buckets * 4 || buckets < 1) return Array.from({ length: rows }, (_, i) => i);
  const from = time[0]!;
  const width = (time[rows - 1]! - from) / buckets || 1;
  const picked = new Set<number>(always);
  let start = 0;
  while (start < rows) {
    const bucket = Math.min(buckets - 1, Math.floor((time[start]! - from) / width));
    let end = start + 1;
    while (end < rows && Math.min(buckets - 1, Math.floor((time[end]! - from) / width)) === bucket) end += 1;
    picked.add(start);
    picked.add(end - 1);
    for (const column of columns) pickExtremes(column, start, end, picked);
    start = end;
  }
  return [...picked].sort((a, b) => a - b);
}

function pickExtremes(column: Column, start: number, end: number, picked: Set<number>): void {
  let least = -1;
  let greatest = -1;
  for (let i = start; i < end; i += 1) {
    const value = column[i];
    if (value === null || value === undefined || Number.isNaN(value)) continue;
    if (least < 0 || value < column[least]!) least = i;
    if (greatest < 0 || value > column[greatest]!) greatest = i;
  }
  if (least >= 0) picked.add(least);
  if (greatest >= 0) picked.add(greatest);
}

/** The columns at `rows`, in uPlot's form: undefined and NaN become null, which is a gap. */
export function take(column: Column, rows: number[]): (number | null)[] {
  return rows.map((row) => {
    const value = column[row];
    return value === null || value === undefined || Number.isNaN(value) ? null : value;
  });
}

/**
 * Exponential moving average, corrected for its start, so a constant stays that constant. Missing values stay missing
 * and do not weigh. `factor` in [0, 1); 0 changes nothing.
 */
export function smooth(values: Column, factor: number): (number | null)[] {
  const out: (number | null)[] = [];
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (value === null || value === undefined || !Number.isFinite(value)) {
      out.push(null);
      continue;
    }
    sum = sum * factor + (1 - factor) * value;
    weight = weight * factor + (1 - factor);
    out.push(sum / weight);
  }
  return out;
}

/** Runs of neighbouring `true` rows as [first, last]; rows apart by more than `gap` in time do not join. */
export function episodes(time: ArrayLike<number>, flags: ArrayLike<boolean>, gap: number): [number, number][] {
  const out: [number, number][] = [];
  for (let i = 0; i < time.length; i += 1) {
    if (!flags[i]) continue;
    const open = out.at(-1);
    if (open && time[i]! - time[open[1]]! <= gap) open[1] = i;
    else out.push([i, i]);
  }
  return out;
}

/**
 * The columns with an empty row put into every hole in time longer than `gap`, so that a line breaks there. `rows`
 * gives the row each came from, -1 for those put in.
 */
export function breakGaps(time: number[], columns: (number | null)[][], gap: number): { time: number[]; columns: (number | null)[][]; rows: number[] } {
  const rows: number[] = [];
  const out: number[] = [];
  for (let i = 0; i < time.length; i += 1) {
    if (i > 0 && time[i]! - time[i - 1]! > gap) {
      rows.push(-1);
      out.push(time[i - 1]! + gap);
    }
    rows.push(i);
    out.push(time[i]!);
  }
  return { time: out, columns: columns.map((column) => rows.map((row) => (row < 0 ? null : column[row]!))), rows };
}
