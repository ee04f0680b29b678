// One way to ask the server. Addresses are relative to the page's base, a refusal becomes an ApiError that says what
// the server said.

export class ApiError extends Error {
  constructor(
    message: string,
    /** 0: no answer at all. */
    readonly status: number,
    readonly code: string,
    readonly requestId: string,
    readonly field: string,
    readonly request: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

type Value = string | number | boolean | null | undefined;

export interface Ask {
  query?: Record<string, Value | Value[]>;
  body?: unknown;
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export function address(path: string, query: Ask['query'] = {}): string {
  const url = new URL(path.replace(/^\//, ''), document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== '') url.searchParams.append(name, String(one));
    }
  }
  return url.href;
}

async function refusal(response: Response, request: string): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  let body: { error_code?: string; message?: string; request_id?: string; field?: string; detail?: string } = {};
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    // Not ours: a proxy's page, say.
  }
  return new ApiError(
    body.message || body.detail || response.statusText || `The server answered ${response.status}.`,
    response.status,
    body.error_code ?? '',
    body.request_id ?? response.headers.get('x-request-id') ?? '',
    body.field ?? '',
    request,
  );
}

/** The raw answer. Throws ApiError for a status of 400 and more, and when there is no answer. */
export async function fetchAnswer(path: string, { query, body, method, signal, headers }: Ask = {}): Promise<Response> {
  const verb = method ?? (body === undefined ? 'GET' : 'POST');
  const request = `${verb} ${path}`;
  const init: RequestInit = { method: verb, headers: { ...headers } };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    (init.headers as Record<string, string>)['content-type'] = 'application/json';
  }
  let response: Response;
  try {
    response = await fetch(address(path, query), init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('The server does not answer. Is it running, and does this machine reach it?', 0, '', '', '', request);
  }
  if (!response.ok) throw await refusal(response, request);
  return response;
}

/** The answer's JSON. Throws as fetchAnswer does. */
export async function ask<T>(path: string, options: Ask = {}): Promise<T> {
  const response = await fetchAnswer(path, options);
  return (await response.json()) as T;
}
