// What several pages want to know of all detectors: their own answers, newest jobs, newest anomalies, put together into
// a state each. Asked for once, shared through the query cache.
import { useMemo } from 'preact/hooks';
import { listAnomalies, listDetectors, listJobs, type Anomaly, type Detector, type Job } from '../api/watch';
import { now } from '../components/bits';
import { kOrder, stateOf, type State } from './detector_state';
import { channelWords, numbersOf } from './channels';
import { number, stamp } from './format';
import { useQuery, type Answer } from './query';

export interface Watched {
  detector: Detector;
  state: State;
  lastAnomaly: Anomaly | null;
  anomalies: number;
}

interface Everything {
  detectors: Detector[];
  jobs: Job[];
  anomalies: Anomaly[];
}

const kPoll = 10_000;

async function everything(signal: AbortSignal): Promise<Everything> {
  const [detectors, jobs, anomalies] = await Promise.all([
    listDetectors(signal),
    listJobs({ limit: 20 }, signal),
    listAnomalies({ limit: 200 }, signal),
  ]);
  return { detectors, jobs: jobs.rows, anomalies: anomalies.rows };
}

/** "212.2 (eu) at 2026-03-01 19:25 UTC, where 126.83 to 158.83 was expected." */
function inWords(row: Anomaly): string {
  const { value, lower, upper } = numbersOf(row);
  const where = row.entity || channelWords(row);
  const band = lower !== null && upper !== null ? `, where ${number(lower)} to ${number(upper)} was expected` : '';
  return `Newest anomaly: ${number(value)}${where ? ` (${where})` : ''} at ${stamp(row.time, { seconds: false })} UTC${band}.`;
}

function putTogether(all: Everything, at: number): Watched[] {
  return all.detectors
    .map((detector) => {
      const anomalies = all.anomalies.filter((row) => row.detector === detector.name);
      const lastAnomaly = anomalies.reduce<Anomaly | null>((newest, row) => (newest === null || row.time > newest.time ? row : newest), null);
      const state = stateOf({
        said: detector.state,
        reason: detector.reason,
        lastEvaluation: detector.lastEvaluation,
        evaluatedUpTo: detector.evaluatedUpTo,
        every: detector.every,
        granularity: detector.granularity,
        lastAnomaly: lastAnomaly?.time ?? null,
        anomaly: lastAnomaly ? inWords(lastAnomaly) : '',
        now: at,
      });
      return { detector, state, lastAnomaly, anomalies: anomalies.length };
    })
    .sort((a, b) => kOrder.indexOf(a.state.name) - kOrder.indexOf(b.state.name) || a.detector.name.localeCompare(b.detector.name));
}

/** Points of one episode lie at most this many buckets apart. */
const kEpisodeBuckets = 4;
const kUnknownBucket = 300_000;

/** How far apart two anomalies of one episode may lie, in ms: a few buckets of their detector. */
export function episodeGap(watched: Watched[] | undefined): (row: Anomaly) => number {
  const widths = new Map((watched ?? []).map((each) => [each.detector.name, each.detector.granularity]));
  return (row) => kEpisodeBuckets * (widths.get(row.detector) ?? kUnknownBucket);
}

export interface Watchlist extends Omit<Answer<Everything>, 'data'> {
  watched: Watched[] | undefined;
  jobs: Job[];
  anomalies: Anomaly[];
}

export function useWatchlist(): Watchlist {
  const answer = useQuery('watchlist', everything, { every: kPoll });
  const minute = Math.floor(now.value / 5000);
  const watched = useMemo(() => answer.data && putTogether(answer.data, now.value), [answer.data, minute]);
  const { data, ...rest } = answer;
  return { ...rest, watched, jobs: data?.jobs ?? [], anomalies: data?.anomalies ?? [] };
}
