// Anomalous points that belong together: of one series, no further apart than a few buckets. An operator is told of an
// episode once, not of each of its points. Pure.
import type { Anomaly } from '../api/watch';

export interface Episode {
  key: string;
  /** The point with the greatest score: it stands for the rest. */
  peak: Anomaly;
  first: number;
  last: number;
  points: number;
}

const seriesOf = (row: Anomaly): string => `${row.model || row.detector}|${row.entity}|${row.algorithm}`;

/** The episodes of `rows`, the one that ended last first. `gapOf` tells how far apart two points of one may lie, in ms. */
export function groupEpisodes(rows: Anomaly[], gapOf: (row: Anomaly) => number): Episode[] {
  const open = new Map<string, Episode>();
  const done: Episode[] = [];
  for (const row of [...rows].sort((a, b) => a.time - b.time)) {
    const series = seriesOf(row);
    const episode = open.get(series);
    if (episode && row.time - episode.last <= gapOf(row)) {
      episode.last = row.time;
      episode.points += 1;
      if ((row.score ?? 0) > (episode.peak.score ?? 0)) episode.peak = row;
    } else {
      const next = { key: `${series}|${row.time}`, peak: row, first: row.time, last: row.time, points: 1 };
      open.set(series, next);
      done.push(next);
    }
  }
  return done.sort((a, b) => b.last - a.last || a.key.localeCompare(b.key));
}
