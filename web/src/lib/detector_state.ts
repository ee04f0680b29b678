// The one word that says how a detector does, and the sentence why. Pure: facts in, word out. Where the server says a
// state itself, that one holds.
import { span } from './format';

export type StateName = 'healthy' | 'anomalous' | 'late' | 'failing' | 'untrained' | 'paused';

export interface Facts {
  /** The server's word, or ''. */
  said: string;
  reason: string;
  enabled: boolean;
  /** Wall-clock time of the last successful evaluation, or null. */
  lastEvaluation: number | null;
  /** Data time it has evaluated up to, or null: no online model yet. */
  evaluatedUpTo: number | null;
  /** Distance of two evaluations; null: manual or irregular. */
  every: number | null;
  /** Width of a bucket; null: unknown. */
  granularity: number | null;
  /** The newest anomaly's data time, or null. */
  lastAnomaly: number | null;
  /** That anomaly in a sentence. */
  anomaly: string;
  /** The newest job that ended, or null. */
  lastJob: { state: string; kind: string; error: string } | null;
  now: number;
}

export interface State {
  name: StateName;
  reason: string;
}

const kWords: Record<string, StateName> = {
  healthy: 'healthy', ok: 'healthy', online: 'healthy', active: 'healthy',
  anomalous: 'anomalous', alerting: 'anomalous',
  late: 'late', stale: 'late', silent: 'late',
  failing: 'failing', failed: 'failing', error: 'failing',
  untrained: 'untrained', warming_up: 'untrained', pending: 'untrained', new: 'untrained',
  paused: 'paused', muted: 'paused', disabled: 'paused',
};

/** Evaluations may be this many intervals behind before a detector counts as late. */
const kLateAfter = 2;
/** An anomaly within this many buckets of the newest evaluated one is still going on. */
const kOpenBuckets = 12;

/** Worst first, as lists are sorted. */
export const kOrder: StateName[] = ['failing', 'anomalous', 'late', 'untrained', 'healthy', 'paused'];

export function stateOf(facts: Facts): State {
  const said = kWords[facts.said];
  if (said && said !== 'healthy') return { name: said, reason: facts.reason };
  if (!facts.enabled) return { name: 'paused', reason: 'Its schedule is switched off.' };
  if (facts.lastJob?.state === 'failed') {
    return { name: 'failing', reason: `The last ${facts.lastJob.kind} job failed: ${facts.lastJob.error || 'no reason given'}` };
  }
  if (facts.evaluatedUpTo === null) return { name: 'untrained', reason: 'No model yet: train it once there is data.' };
  const silent = facts.lastEvaluation === null ? null : facts.now - facts.lastEvaluation;
  if (facts.every !== null && silent !== null && silent > kLateAfter * facts.every + 30_000) {
    return { name: 'late', reason: `Silent for ${span(silent)}; it should evaluate every ${span(facts.every)}.` };
  }
  const open = kOpenBuckets * (facts.granularity ?? facts.every ?? 60_000);
  if (facts.lastAnomaly !== null && facts.evaluatedUpTo - facts.lastAnomaly <= open) {
    return { name: 'anomalous', reason: facts.anomaly || 'Anomalies in the newest observations.' };
  }
  return { name: 'healthy', reason: facts.reason || 'Evaluated, and within its expected band.' };
}
