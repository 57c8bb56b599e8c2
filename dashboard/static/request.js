// Single requests to the server.

const running = new Map(); // path → AbortController of the request in progress

// getJSON fetches path with params, whose values may be lists. It returns null if signal or a newer request
// to the same path has aborted it.
export function getJSON(path, params, signal) {
  running.get(path)?.abort();
  const aborter = new AbortController();
  running.set(path, aborter);
  return ask(path, params, { signal: AbortSignal.any([signal, aborter.signal]) });
}

// postJSON sends params as the query of a POST request.
export function postJSON(path, params, signal) {
  return ask(path, params, { signal, method: 'POST' });
}

async function ask(path, params, options) {
  try {
    const response = await fetch(withParams(path, params), { ...options, headers: { Accept: 'application/json' } });
    if (!response.ok) throw new Error(await errorText(response));
    return await response.json();
  } catch (err) {
    if (options.signal.aborted) return null;
    if (err instanceof TypeError) throw new Error('Cannot reach the server.', { cause: err });
    throw err;
  }
}

function withParams(path, params) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    for (const each of [value].flat()) {
      if (each !== null && each !== undefined && each !== '') query.append(name, each);
    }
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

async function errorText(response) {
  try {
    const { error } = await response.json();
    if (error) return String(error);
  } catch {
    // A proxy may have answered with something else.
  }
  return `The server answered with status ${response.status}.`;
}
