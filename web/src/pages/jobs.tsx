// What ran, what runs, what waits; and one job.
import type { JSX } from 'preact';
import { cancelJob, getJob, listJobs, type Job } from '../api/watch';
import { Ago, Card, Choice, Facts, now, Outcome, PageHead, Stamp } from '../components/bits';
import { DataTable, type ColumnOf } from '../components/data_table';
import { Icon } from '../components/icons';
import { Empty, Failure, Stale, Waiting } from '../components/states';
import { say, sayError } from '../components/toast';
import { count, span, stamp } from '../lib/format';
import { outcomeWords } from '../lib/jobs';
import { usePages } from '../lib/pages';
import { useQuery } from '../lib/query';
import { href, query, setQuery } from '../lib/router';
import { forJobs } from '../lib/snippets';

const linkOf = (job: Job): string => `/jobs/${encodeURIComponent(job.id)}`;

function duration(job: Job): string {
  if (job.started === null) return '–';
  return span((job.finished ?? now.value) - job.started);
}

/** "2026-03-01 10:00 → 10:05"; the day once where it is the same. */
function interval(job: Job): string {
  if (job.until === null) return '–';
  const until = stamp(job.until, { seconds: false });
  if (job.from === null) return `up to ${until}`;
  const from = stamp(job.from, { seconds: false });
  return `${from} → ${until.slice(0, 10) === from.slice(0, 10) ? until.slice(11) : until}`;
}

const kColumns: ColumnOf<Job>[] = [
  { id: 'state', head: 'State', look: 'w-state', cell: (job) => <Outcome state={job.state} /> },
  { id: 'kind', head: 'Job', look: 'w-name', cell: (job) => <a class="strong" href={href(linkOf(job))}>{job.kind}</a> },
  { id: 'subject', head: 'Detector', look: 'w-name', cell: (job) => <a href={href(`/detectors/${encodeURIComponent(job.detector)}`)}>{job.detector}</a> },
  { id: 'when', head: 'When', cell: (job) => <Ago at={job.finished ?? job.started ?? job.created} none="–" /> },
  { id: 'took', head: 'Took', align: 'end', cell: (job) => <span class="num">{duration(job)}</span> },
  { id: 'interval', head: 'Interval (UTC)', cell: (job) => <span class="num quiet">{interval(job)}</span> },
  { id: 'attempt', head: 'Attempt', align: 'end', cell: (job) => <span class="num">{job.attempt}<span class="quiet">/{job.attempts}</span></span> },
  { id: 'outcome', head: 'Outcome', look: 'w-rest', cell: (job) => (job.error ? <span class={job.state === 'failed' ? 'alarm-text' : 'quiet'} title={job.error}>{job.error}</span> : <span class="quiet">{outcomeWords(job)}</span>) },
];

const kStates = [
  { value: '', text: 'All' },
  { value: 'running', text: 'Running' },
  { value: 'pending', text: 'Pending' },
  { value: 'failed', text: 'Failed' },
  { value: 'succeeded', text: 'Succeeded' },
];

export function Jobs(): JSX.Element {
  const state = query.value.get('state') ?? '';
  const detector = query.value.get('detector') ?? '';
  const answer = usePages(`jobs/${state}/${detector}`, (token, signal) => listJobs({ state, detector, token }, signal), { every: 5000, keep: true });
  const { rows } = answer;
  return (
    <>
      <PageHead title="Jobs" lead={detector ? <>Of <b>{detector}</b>. <button type="button" class="link" onClick={() => setQuery({ detector: null })}>Show all</button></> : 'Training, evaluation and prediction, newest first.'} code={forJobs()}>
        <Choice label="State" value={state} options={kStates} onChange={(value) => setQuery({ state: value })} />
      </PageHead>
      <Stale error={rows ? answer.error : null} retry={answer.refresh} />
      {!rows ? (
        answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card flush><Waiting rows={14} /></Card>
      ) : rows.length > 0 ? (
        <Card flush><DataTable label="Jobs" rows={rows} columns={kColumns} keyOf={(job) => job.id} linkOf={linkOf} more={answer.more} look="tall" /></Card>
      ) : (
        <Empty title={state ? `No ${state} job` : 'No job yet'} command={`wakeful run ${detector || 'DETECTOR'} --kind train --wait --tracking-uri $SERVER`}>
          {state ? 'Nothing is in this state now.' : 'Jobs come from schedules, or from you:'}
        </Empty>
      )}
    </>
  );
}

/** "late_rows" as a heading. */
const words = (name: string): string => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll('_', ' ');

export function JobPage({ id }: { id: string }): JSX.Element {
  const answer = useQuery(`job/${id}`, (signal) => getJob(id, signal), { every: 2000 });
  const crumbs = [{ text: 'Jobs', to: '/jobs' }];
  const job = answer.data;
  if (!job) return <><PageHead title="Job" crumbs={crumbs} />{answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card><Waiting rows={8} /></Card>}</>;
  const cancel = (): void => {
    cancelJob(id).then(() => { say('Cancelled.', 'good'); answer.refresh(); }, sayError);
  };
  const open = job.state === 'pending' || job.state === 'running';
  return (
    <>
      <PageHead title={`${job.kind} ${job.detector}`} crumbs={crumbs} mark={<Outcome state={job.state} />} lead={<><Ago at={job.finished ?? job.started ?? job.created} /> · took {duration(job)}</>}>
        {open && <button type="button" onClick={cancel}><Icon name="close" /> Cancel</button>}
      </PageHead>
      <Stale error={answer.error} retry={answer.refresh} />
      {job.error && <p class={`reason state-${job.state === 'failed' ? 'failing' : 'rest'}`}><Icon name={job.state === 'failed' ? 'failing' : 'paused'} /> {job.error}</p>}
      <div class="split even">
        <Card title="Job">
          <Facts
            rows={[
              ['Detector', <a href={href(`/detectors/${encodeURIComponent(job.detector)}`)}>{job.detector}</a>],
              ['Interval', interval(job)],
              ['Attempt', `${job.attempt} of ${job.attempts}`],
              ['Created', <Stamp at={job.created} />],
              ['Started', <Stamp at={job.started} />],
              ['Finished', <Stamp at={job.finished} />],
              ['Run', job.run && <a href={href(`/runs/${job.run}`)}><code>{job.run.slice(0, 12)}</code></a>],
              ['Runner', job.owner],
              ['Id', <code class="wrap">{job.id}</code>],
            ]}
          />
        </Card>
        <Card title="Result">
          {job.result !== null ? <Facts rows={Object.entries(job.result).map(([name, value]) => [words(name), typeof value === 'number' ? <span class="num">{count(value)}</span> : <span class="wrap">{String(value)}</span>])} /> : <p class="quiet pad">{open ? 'Not finished yet.' : 'The job left no result.'}</p>}
        </Card>
      </div>
    </>
  );
}
