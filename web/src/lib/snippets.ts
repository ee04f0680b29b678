// The same question a page asks, as a person would ask it: curl, our command line, Python. "$SERVER" becomes this
// server's address where it is shown. Pure.

export interface Snippets {
  curl: string;
  cli?: string;
  python?: string;
}

/** As one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** As a string of Python: JSON's escapes are Python's. */
export const pythonText = (text: string): string => JSON.stringify(text);

type Params = Record<string, string | undefined>;

/** A GET of `path` with the parameters that have a value. */
export function get(path: string, params: Params = {}): string {
  const given = Object.entries(params).filter(([, value]) => value);
  if (given.length === 0) return `curl $SERVER/${path}`;
  return [`curl -G $SERVER/${path}`, ...given.map(([name, value]) => `--data-urlencode ${shellWord(`${name}=${value}`)}`)].join(' \\\n  ');
}

export function post(path: string, body: unknown): string {
  return `curl $SERVER/${path} \\\n  -H 'content-type: application/json' \\\n  -d ${shellWord(JSON.stringify(body))}`;
}

const kMlflow = 'api/2.0/mlflow';
const kClient = 'from mlflow import MlflowClient\nclient = MlflowClient("$SERVER")\n';

export const forDetectors = (): Snippets => ({
  curl: get('api/v1/detectors'),
  cli: 'wakeful detectors list --json --tracking-uri $SERVER',
  python: `${kClient}for model in client.search_registered_models("tags.online = 'True'"):\n    print(model.tags["detector"], model.latest_versions[0].tags["last_evaluation_ts"])`,
});

export const forDetector = (name: string, model: string): Snippets => ({
  curl: model ? get('api/v1/scores', { model }) : get(`api/v1/detectors/${encodeURIComponent(name)}`),
  cli: `wakeful run ${shellWord(name)} --kind evaluate --wait --tracking-uri $SERVER`,
  python: `import requests\nrequests.post("$SERVER/api/v1/detectors/${encodeURIComponent(name)}/run?wait=60", json={"kind": "evaluate"}).json()`,
});

export const forStreams = (): Snippets => ({ curl: get('api/v1/streams'), cli: 'wakeful apply -f FILE --tracking-uri $SERVER' });

export const forStream = (name: string): Snippets => ({
  curl: get(`api/v1/streams/${encodeURIComponent(name)}`),
  python: `import requests\nrequests.get("$SERVER/api/v1/anomalies", params={"detector": ${pythonText(name)}}).json()["anomalies"]`,
});

export const forAnomalies = (detector: string): Snippets => ({
  curl: get('api/v1/anomalies', { detector }),
  cli: 'wakeful anomalies list --json --tracking-uri $SERVER',
  python: `import requests\nrequests.get("$SERVER/api/v1/anomalies"${detector ? `, params={"detector": ${pythonText(detector)}}` : ''}).json()["anomalies"]`,
});

export const forJobs = (): Snippets => ({ curl: get('api/v1/jobs'), cli: 'wakeful jobs list --json --tracking-uri $SERVER' });

export const forModels = (filter: string): Snippets => ({
  curl: get(`${kMlflow}/registered-models/search`, { filter }),
  cli: 'wakeful models list --json --tracking-uri $SERVER',
  python: `${kClient}client.search_registered_models(${filter ? pythonText(filter) : ''})`,
});

export const forModel = (name: string): Snippets => ({
  curl: get(`${kMlflow}/registered-models/get`, { name }),
  python: `import mlflow\nmlflow.set_tracking_uri("$SERVER")\nmodel = mlflow.pyfunc.load_model(${pythonText(`models:/${name}/latest`)})`,
});

export const forRuns = (experiment: string, filter: string, order: string): Snippets => ({
  curl: post(`${kMlflow}/runs/search`, { experiment_ids: [experiment], ...(filter && { filter }), order_by: [order], max_results: 100 }),
  python: `import mlflow\nmlflow.set_tracking_uri("$SERVER")\nmlflow.search_runs([${pythonText(experiment)}], filter_string=${pythonText(filter)}, order_by=[${pythonText(order)}])`,
});

export const forRun = (id: string): Snippets => ({
  curl: get(`${kMlflow}/runs/get`, { run_id: id }),
  python: `${kClient}client.get_run(${pythonText(id)}).data.metrics`,
});
