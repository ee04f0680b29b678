// What the stories look at, put in through the public HTTP API only: two watched series with an incident in one of
// them, a detector that is never trained, an experiment with runs and files, models with versions, tags and aliases.
const kStart = Date.parse('2026-01-01T00:00:00Z');
const kStep = 300_000;
const kDay = 86_400_000;
export const kTrained = new Date(kStart + 5 * kDay).toISOString();
export const kEnd = new Date(kStart + 8 * kDay).toISOString();
const kIncident = kStart + 7 * kDay + 9 * 3_600_000;

async function call(url, method, path, body, type = 'application/json') {
  const response = await fetch(url + path, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': type } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} -> ${response.status} ${text}`);
  return text && /^[[{]/.test(text) ? JSON.parse(text) : text;
}

/** A number in [-1, 1) for every i, always the same. */
function noise(i) {
  let x = Math.imul(i + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
}

function observations() {
  const rows = [];
  for (let i = 0; i * kStep < 8 * kDay; i += 1) {
    const at = kStart + i * kStep;
    const broken = at >= kIncident && at < kIncident + 40 * 60_000;
    for (const [region, base] of [['eu', 120], ['us', 180]]) {
      const value = base + 25 * Math.sin((i / 288) * 2 * Math.PI) + 4 * noise(i + base) + (broken && region === 'eu' ? 260 : 0);
      rows.push(JSON.stringify({ ts: new Date(at).toISOString(), latency_ms: Number(value.toFixed(3)), region }));
    }
  }
  return rows.join('\n');
}

const detector = (name, description) => ({
  name,
  description,
  deployment_mode: 'prod',
  schedule: 'manual',
  time_spec: { granularity: '5m', start: '5d', end: '0s' },
  metrics: [{ name: 'latency_ms', source: { observations: 'checkout' }, aggregate: 'mean', dimension_groupings: ['region'], fill: 'gap' }],
  algorithms: { ar_ridge: {} },
});

async function watch(url) {
  await call(url, 'POST', '/api/v1/ingest/checkout', observations(), 'application/x-ndjson');
  await call(url, 'PUT', '/api/v1/detectors/checkout-latency', detector('checkout-latency', 'p99 latency of the checkout'));
  await call(url, 'PUT', '/api/v1/detectors/payments-volume', detector('payments-volume', 'waits for its first training'));
  const run = async (kind, until) => {
    const { job } = await call(url, 'POST', '/api/v1/detectors/checkout-latency/run?wait=60', { kind, until });
    if (job.state !== 'succeeded') throw new Error(`${kind} until ${until}: ${JSON.stringify(job)}`);
    return job;
  };
  const training = await run('train', kTrained);
  for (let at = Date.parse(kTrained) + kDay / 2; at <= Date.parse(kEnd); at += kDay / 2) await run('evaluate', new Date(at).toISOString());
  return { job: training.id, training: training.run_id, online: 'checkout-latency__latency_ms__region_online' };
}

/** When one of four sensors that are judged jointly jumps. */
export const kJump = new Date(kStart + 2 * kDay + 9 * 3_600_000).toISOString();

/** Three days of four sensors, the first two to learn from: s3 jumps for four buckets. */
async function sensors(url) {
  const rows = [];
  for (let i = 0; i * kStep < 3 * kDay; i += 1) {
    const ts = kStart + i * kStep;
    const jumps = ts >= Date.parse(kJump) && ts < Date.parse(kJump) + 4 * kStep;
    for (let s = 1; s <= 4; s += 1) {
      const value = 60 + 5 * s + noise(4 * i + s) + (jumps && s === 3 ? 12 : 0);
      rows.push(JSON.stringify({ ts: new Date(ts).toISOString(), sensor: `s${s}`, degrees: value }));
    }
  }
  await call(url, 'POST', '/api/v1/ingest/boiler', rows.join('\n'), 'application/x-ndjson');
  await call(url, 'PUT', '/api/v1/detectors/boiler-room', {
    name: 'boiler-room',
    schedule: 'manual',
    time_spec: { granularity: '5m', start: '2d', end: '0s' },
    metrics: [{ name: 'degrees', source: { observations: 'boiler' }, aggregate: 'mean', dimension_groupings: ['sensor'] }],
    algorithms: { ransyncoders: {} },
  });
  for (const [kind, days] of [['train', 2], ['evaluate', 3]]) {
    const { job } = await call(url, 'POST', '/api/v1/detectors/boiler-room/run?wait=60', { kind, until: new Date(kStart + days * kDay).toISOString() });
    if (job.state !== 'succeeded') throw new Error(`${kind} boiler-room: ${JSON.stringify(job)}`);
  }
}

const kMlflow = '/api/2.0/mlflow';

async function oneRun(url, experiment, i) {
  const start = Date.parse('2026-01-02T10:00:00Z') + i * 600_000;
  const { run } = await call(url, 'POST', `${kMlflow}/runs/create`, {
    experiment_id: experiment, start_time: start, run_name: `forest-${String(i).padStart(2, '0')}`, user_id: 'mira',
    tags: [{ key: 'team', value: i % 2 ? 'growth' : 'ops' }, { key: 'mlflow.source.name', value: 'train.py' }],
  });
  const id = run.info.run_id;
  const steps = i === 0 ? 900 : 3;
  await call(url, 'POST', `${kMlflow}/runs/log-batch`, {
    run_id: id,
    metrics: Array.from({ length: steps }, (_, step) => ({ key: 'val/loss', value: 2 * Math.exp(-step / 200) + 0.02 * noise(step) + i / 50, timestamp: start + step * 1000, step })),
    params: [{ key: 'depth', value: String(3 + (i % 5)) }, { key: 'learning_rate', value: '0.05' }],
  });
  await call(url, 'POST', `${kMlflow}/runs/log-batch`, {
    run_id: id,
    metrics: [{ key: 'rmse', value: 0.9 - i / 40, timestamp: start, step: 0 }, { key: 'rows', value: 120_345, timestamp: start, step: 0 }, ...(i === 3 ? [{ key: 'gain', value: 'NaN', timestamp: start, step: 0 }] : [])],
  });
  await call(url, 'POST', `${kMlflow}/runs/update`, { run_id: id, status: i === 2 ? 'FAILED' : 'FINISHED', end_time: start + 90_000 + i * 1000 });
  return run;
}

async function files(url, run) {
  const root = run.info.artifact_uri.replace(/^mlflow-artifacts:\/*/, '');
  const put = (path, body, type) => call(url, 'PUT', `/api/2.0/mlflow-artifacts/artifacts/${root}/${path}`, body, type);
  await put('confusion.csv', 'actual,predicted,count\nyes,yes,812\nyes,no,91\n', 'text/csv');
  await put('config.json', '{"depth":4,"features":["a","b"]}', 'application/json');
  await put('model/MLmodel', 'flavors:\n  python_function:\n    loader_module: example\n', 'text/plain');
}

async function models(url, run) {
  await call(url, 'POST', `${kMlflow}/registered-models/create`, { name: 'churn', description: 'Who will leave', tags: [{ key: 'team', value: 'growth' }] });
  for (let i = 0; i < 3; i += 1) {
    await call(url, 'POST', `${kMlflow}/model-versions/create`, {
      name: 'churn', source: `${run.info.artifact_uri}/model`, run_id: run.info.run_id, tags: [{ key: 'approved', value: i === 1 ? 'yes' : 'no' }],
    });
  }
  await call(url, 'POST', `${kMlflow}/registered-models/alias`, { name: 'churn', alias: 'champion', version: '2' });
  await call(url, 'POST', '/fit/boiler', { timestamps: [1, 2, 3, 4, 5, 6], values: [20, 21, 19, 22, 20, 34] });
}

/** The day of the installs on which France's number is ten times as high. */
export const kOddDay = 50;
const kTrainedDays = 48;

/** Sixty days of new users in two countries: a batch detector that has learnt, and one that waits for its first interval. */
async function installs(url) {
  const rows = [];
  for (let day = 0; day < 60; day += 1) {
    for (const country of ['de', 'fr']) {
      const users = Math.round(1000 + 80 * noise(2 * day + (country === 'de' ? 0 : 1))) * (day === kOddDay && country === 'fr' ? 10 : 1);
      rows.push(JSON.stringify({ ts: new Date(kStart + day * kDay).toISOString(), country, new_users: users }));
    }
  }
  await call(url, 'POST', '/api/v1/ingest/installs', rows.join('\n'), 'application/x-ndjson');
  const batch = (name) => ({
    name,
    schedule: 'manual',
    time_spec: { granularity: '1d' },
    metrics: [{ name: 'new_users', source: { observations: 'installs' }, aggregate: 'sum', dimension_groupings: ['country'] }],
    features: { encode: ['country'], value: true, scale: 'standard' },
    predict: { output: { connection: 'warehouse', table: 'predictions' }, interval: '1d' },
    algorithms: { isolation_forest: { contamination: 0.02 } },
  });
  await call(url, 'PUT', '/api/v1/detectors/installs', batch('installs'));
  await call(url, 'PUT', '/api/v1/detectors/installs-by-night', batch('installs-by-night'));
  const { job } = await call(url, 'POST', '/api/v1/detectors/installs/run?wait=60', { kind: 'train', until: new Date(kStart + kTrainedDays * kDay).toISOString() });
  if (job.state !== 'succeeded') throw new Error(`train installs: ${JSON.stringify(job)}`);
}

/** Predicts the days from `from` up to, not with, `until`; answers the job. */
export async function predictInstalls(url, from, until) {
  const day = (n) => new Date(kStart + n * kDay).toISOString();
  const { job } = await call(url, 'POST', '/api/v1/detectors/installs/run?wait=60', { kind: 'predict', from: day(from), until: day(until) });
  if (job.state !== 'succeeded') throw new Error(`predict installs: ${JSON.stringify(job)}`);
  return job;
}

/** The tutorial's five readings, and one that is none, pushed to a stream detector. */
async function stream(url) {
  await call(url, 'PUT', '/api/v1/detectors/hot-machines', {
    name: 'hot-machines',
    schedule: 'stream',
    stream: {
      input: { push: 'readings' },
      value: 'Temperature_C',
      window: { kind: 'hopping', size: '5s', step: '1s' },
      alert: { when: '>= 90', round: 2 },
    },
  });
  const readings = [[100_000, 88], [100_600, 90], [101_200, 91], [101_800, 92], [102_400, 93], [103_000, '"hot"']];
  const lines = readings.map(([ts, value]) => `{"key": "2", "ts": ${ts}, "value": {"Temperature_C": ${value}}}`);
  await call(url, 'POST', '/api/v1/events/readings', lines.join('\n'), 'application/x-ndjson');
  for (let waited = 0; ; waited += 100) {
    const { stream: found } = await call(url, 'GET', '/api/v1/streams/hot-machines');
    if (found.counts.alerts === 11) return;
    if (waited > 30_000) throw new Error(`the stream does not move: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What `wakeful models serve` tells every few seconds; it is forgotten after fifteen. */
export const tellServed = (url) =>
  call(url, 'POST', '/api/v1/model-servers', { address: 'http://127.0.0.1:8000', model: 'churn', version: 2, last_minute: 1234, average_ms: 0.41, p95_ms: 0.92 });

/** Fills an empty server. Answers the ids that stories need. */
export async function seed(url) {
  await installs(url);
  await sensors(url);
  const watched = await watch(url);
  await stream(url);
  const { experiment_id: experiment } = await call(url, 'POST', `${kMlflow}/experiments/create`, { name: 'churn-forest' });
  const runs = [];
  for (let i = 0; i < 12; i += 1) runs.push(await oneRun(url, experiment, i));
  await call(url, 'POST', `${kMlflow}/runs/log-inputs`, {
    run_id: runs[0].info.run_id,
    datasets: [{ tags: [{ key: 'mlflow.data.context', value: 'training' }], dataset: { name: 'accounts', digest: '9f3a11b2', source_type: 'local', source: '{}' } }],
  });
  await files(url, runs[0]);
  await models(url, runs[0]);
  return { ...watched, experiment, run: runs[0].info.run_id };
}
