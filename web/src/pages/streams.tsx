// Stream detectors: how far behind each is, what it saw, what it could not read; and one of them, lane by lane.
import type { JSX } from 'preact';
import { getStream, listStreams, type Lane, type Stream } from '../api/streams';
import { listAnomalies } from '../api/watch';
import { Ago, Card, Facts, PageHead, Stamp } from '../components/bits';
import { DataTable, type ColumnOf } from '../components/data_table';
import { Icon } from '../components/icons';
import { Empty, Failure, Stale, Waiting } from '../components/states';
import { count, plural } from '../lib/format';
import { usePages } from '../lib/pages';
import { useQuery } from '../lib/query';
import { href } from '../lib/router';
import { forStream, forStreams } from '../lib/snippets';
import { outputWords, ruleWords, stateOf, troubleWords, windowWords, type StreamState } from '../lib/stream_words';
import { AnomalyTable } from './anomaly_table';

const kStreamFile = `cat > hot.yaml <<'END'
name: hot-machines
schedule: stream
stream:
  input: {push: readings}        # or {kafka: {brokers: "127.0.0.1:9092", topic: readings}}
  value: Temperature_C
  window: {kind: hopping, size: 5s, step: 1s}
  alert: {when: ">= 90"}
END
wakeful apply -f hot.yaml --tracking-uri $SERVER`;

const linkOf = (stream: Stream): string => `/streams/${encodeURIComponent(stream.name)}`;

const kLooks: Record<StreamState, ['failing' | 'paused' | 'check', string]> = {
  failing: ['failing', 'pill state-failing'],
  behind: ['check', 'pill state-late'],
  running: ['check', 'pill state-healthy'],
  waiting: ['paused', 'pill state-rest'],
};

function State({ stream }: { stream: Stream }): JSX.Element {
  const state = stateOf(stream);
  const [icon, look] = kLooks[state];
  return <span class={look} title={state === 'failing' ? stream.error : undefined}><Icon name={icon} /> {state}</span>;
}

const number = (value: number): JSX.Element => <span class="num">{value > 0 ? count(value) : '–'}</span>;

const kColumns: ColumnOf<Stream>[] = [
  { id: 'state', head: 'State', look: 'w-state', cell: (stream) => <State stream={stream} /> },
  {
    id: 'name',
    head: 'Stream',
    look: 'w-wide',
    cell: (stream) => <span class="two-words"><a class="strong" href={href(linkOf(stream))}>{stream.name}</a> <span class="quiet">{stream.description || windowWords(stream.definition)}</span></span>,
  },
  { id: 'lag', head: 'Lag', align: 'end', cell: (stream) => number(stream.lag) },
  { id: 'moved', head: 'Last batch', cell: (stream) => <Ago at={stream.moved} /> },
  { id: 'latest', head: 'Newest event (UTC)', look: 'w-time', cell: (stream) => <Stamp at={stream.latest} /> },
  { id: 'keys', head: 'Keys', align: 'end', cell: (stream) => number(stream.keys) },
  { id: 'events', head: 'Events', align: 'end', cell: (stream) => number(stream.counts.events) },
  { id: 'alerts', head: 'Alerts', align: 'end', cell: (stream) => number(stream.counts.alerts) },
  { id: 'trouble', head: 'Not used', cell: (stream) => <span class="quiet">{troubleWords(stream.counts)}</span> },
  { id: 'input', head: 'Input', look: 'wide-only', cell: (stream) => <code class="quiet">{stream.input}</code> },
];

export function Streams(): JSX.Element {
  const answer = useQuery('streams', listStreams, { every: 3000 });
  const rows = answer.data;
  return (
    <>
      <PageHead title="Streams" lead="Windows over events as they come; every alert once." code={forStreams()} />
      <Stale error={rows ? answer.error : null} retry={answer.refresh} />
      {!rows ? (
        answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card flush><Waiting rows={6} /></Card>
      ) : rows.length > 0 ? (
        <Card flush><DataTable label="Stream detectors" rows={rows} columns={kColumns} keyOf={(stream) => stream.name} linkOf={linkOf} look="tall" /></Card>
      ) : (
        <Empty title="No stream detector yet" command={kStreamFile}>A stream detector reads a Kafka topic, or what is pushed to this server:</Empty>
      )}
    </>
  );
}

const kLaneColumns: ColumnOf<Lane>[] = [
  { id: 'lane', head: 'Partition', align: 'end', cell: (lane) => <b class="num">{lane.lane}</b> },
  { id: 'owner', head: 'Runner', look: 'w-name', cell: (lane) => lane.owner },
  { id: 'next', head: 'Read up to', align: 'end', cell: (lane) => number(Math.max(lane.next, 0)) },
  { id: 'lag', head: 'Lag', align: 'end', cell: (lane) => number(lane.lag) },
  { id: 'keys', head: 'Keys with windows', align: 'end', cell: (lane) => number(lane.keys) },
  { id: 'events', head: 'Events', align: 'end', cell: (lane) => number(lane.counts.events) },
  { id: 'alerts', head: 'Alerts', align: 'end', cell: (lane) => number(lane.counts.alerts) },
  { id: 'trouble', head: 'Not used', cell: (lane) => <span class="quiet">{troubleWords(lane.counts)}</span> },
  { id: 'moved', head: 'Last batch', cell: (lane) => <Ago at={lane.next < 0 ? null : lane.moved} /> },
];

function Alerts({ stream }: { stream: Stream }): JSX.Element {
  const answer = usePages(`stream-alerts/${stream.name}`, (token, signal) => listAnomalies({ detector: stream.name, token }, signal), { every: 5000, keep: true });
  if (!answer.rows) return answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Waiting rows={6} />;
  if (answer.rows.length === 0) return <p class="quiet pad">No alert yet.</p>;
  return <AnomalyTable rows={answer.rows} withDetector={false} more={answer.more} />;
}

export function StreamPage({ name }: { name: string }): JSX.Element {
  const answer = useQuery(`stream/${name}`, (signal) => getStream(name, signal), { every: 2000 });
  const crumbs = [{ text: 'Streams', to: '/streams' }];
  const stream = answer.data;
  if (!stream) return <><PageHead title={name} crumbs={crumbs} />{answer.error ? <Failure error={answer.error} retry={answer.refresh} /> : <Card><Waiting rows={8} /></Card>}</>;
  const { definition, counts } = stream;
  return (
    <>
      <PageHead title={name} crumbs={crumbs} mark={<State stream={stream} />} lead={<>{stream.description ? `${stream.description} · ` : ''}{plural(counts.events, 'event')}, {plural(counts.alerts, 'alert')}</>} code={forStream(name)} />
      <Stale error={answer.error} retry={answer.refresh} />
      {stateOf(stream) === 'failing' && <p class="reason state-failing"><Icon name="failing" /> {stream.error}</p>}
      <div class="split even">
        <Card title="What it watches">
          <Facts
            rows={[
              ['Input', <code class="wrap">{stream.input}</code>],
              ['Window', windowWords(definition)],
              ['Grace', definition.stream.window.grace ?? '0s'],
              ['Alert', ruleWords(definition)],
              ['Alerts go to', outputWords(definition)],
              ['Refused and late', definition.stream.dead_letters?.kafka ? `topic ${definition.stream.dead_letters.kafka.topic}` : 'counted only'],
            ]}
          />
        </Card>
        <Card title="How far it is">
          <Facts
            rows={[
              ['Lag', <span class="num">{plural(stream.lag, 'event')}</span>],
              ['Last batch', <Ago at={stream.moved} />],
              ['Newest event', <Stamp at={stream.latest} />],
              ['Keys with windows', <span class="num">{count(stream.keys)}</span>],
              ['Without a value', <span class="num">{count(counts.skipped)}</span>],
              ['Not used', troubleWords(counts) || 'nothing'],
            ]}
          />
        </Card>
      </div>
      <Card title="Partitions" flush>
        {stream.lanes.length > 0 ? <DataTable label="Partitions" rows={stream.lanes} columns={kLaneColumns} keyOf={(lane) => String(lane.lane)} /> : <p class="quiet pad">No runner has taken one yet.</p>}
      </Card>
      <Card title="Alerts" flush><Alerts stream={stream} /></Card>
    </>
  );
}
