// The one word that says how a detector does, and the sentence why. Pure: facts in, word out. The server tells untrained
// and failing from healthy; whether that is late or anomalous depends on the clock and on what was found.
import { span } from './format';

export type StateName = 'healthy' | 'anomalous' | 'late' | 'failing' | 'untrained';

export interface Facts {
  /** The server's word: untrained, healthy or failing. */
  said: string;
  reason: string;
  /** Wall-clock time of the last successful evaluation, or null. */
  lastEvaluation: number | null;
  /** Data time it has evaluated up to, or null: no online model yet. */
  evaluatedUpTo: number | null;
  /** Distance of two evaluations; null: manual or irregular. */
  every: number | null;
  /** Width of a bucket. */
  granularity: number;
  /** The newest anomaly's data time, or null. */
  lastAnomaly: number | null;
  /** That anomaly in a sentence. */
  anomaly: string;
  now: number;
}

export interface State {
  name: StateName;
  reason: string;
}

/** Evaluations may be this many intervals behind before a detector counts as late. */
const kLateAfter = 2;
/** An anomaly within this many buckets of the newest evaluated one is still going on. */
const kOpenBuckets = 12;

/** Worst first, as lists are sorted. */
export const kOrder: StateName[] = ['failing', 'anomalous', 'late', 'untrained', 'healthy'];

export function stateOf(facts: Facts): State {
  if (facts.said === 'failing') return { name: 'failing', reason: facts.reason };
  if (facts.said === 'untrained') return { name: 'untrained', reason: 'No model yet: train it once there is data.' };
  const silent = facts.lastEvaluation === null ? null : facts.now - facts.lastEvaluation;
  if (facts.every !== null && silent !== null && silent > kLateAfter * facts.every + 30_000) {
    return { name: 'late', reason: `Silent for ${span(silent)}; it should evaluate every ${span(facts.every)}.` };
  }
  const open = kOpenBuckets * facts.granularity;
  if (facts.lastAnomaly !== null && facts.evaluatedUpTo !== null && facts.evaluatedUpTo - facts.lastAnomaly <= open) {
    return { name: 'anomalous', reason: facts.anomaly };
  }
  return { name: 'healthy', reason: facts.lastEvaluation === null ? 'Trained, and waiting for its first evaluation.' : 'Evaluated, and within its expected band.' };
}
