// What jobs left, in words; which intervals of a table were written. Pure.
import type { Job } from '../api/watch';
import { plural } from './format';

/** "144 rows, 2 anomalies": what a job left, of what it counted. */
export function outcomeWords(job: Job): string {
  const { rows, anomalies, outliers } = job.result ?? {};
  if (typeof rows !== 'number') return '';
  if (job.kind === 'train') return `${plural(rows, 'row')} learnt`;
  if (job.kind === 'predict') return `${plural(rows, 'row')} written, ${plural(Number(outliers ?? 0), 'outlier')}`;
  return `${plural(rows, 'row')}, ${plural(Number(anomalies ?? 0), 'anomaly', 'anomalies')}`;
}

/** An interval of an output table, as its newest run left it. */
export interface Written {
  from: number;
  until: number;
  rows: number;
  outliers: number;
  versions: string;
  at: number | null;
  run: string;
  job: string;
}

/** Of jobs, newest first: what ran again for the same interval has replaced what was there. The newest interval first. */
export function writtenIntervals(jobs: Job[]): Written[] {
  const found = new Map<string, Written>();
  for (const { kind, state, from, until, result, finished, run, id } of jobs) {
    if (kind !== 'predict' || state !== 'succeeded' || from === null || until === null) continue;
    const key = `${from}/${until}`;
    const before = found.get(key);
    if (before && (before.at ?? 0) >= (finished ?? 0)) continue;
    const { rows, outliers, model_versions } = result ?? {};
    found.set(key, { from, until, rows: Number(rows ?? 0), outliers: Number(outliers ?? 0), versions: String(model_versions ?? ''), at: finished, run, job: id });
  }
  return [...found.values()].sort((a, b) => b.until - a.until || b.from - a.from);
}
