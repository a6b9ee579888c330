// Everything the console asks of the gateway.

/** What this installation offers: `{sandbox, roles, operations: [{name, query}]}`. */
export async function readConfig() {
  return readJson(await fetch('/console/config'));
}

/** A sandbox token for a role; only the sandbox has this address. */
export async function sandboxToken(role) {
  return (await readJson(await fetch(`/sandbox/token?${new URLSearchParams({ role })}`))).token;
}

/** Ids of the sandbox's players that have a story, for a ready query's variables. */
export async function sandboxPlayers() {
  return (await readJson(await fetch('/sandbox/scenarios'))).map((scenario) => scenario.player);
}

/**
 * A fetcher for GraphiQL. `issue` answers a token or null; it is asked at the first request, and again when the gateway
 * refuses the token. Where it has no other to give, `onRefused` is told.
 */
export function fetcherFor(issue, onRefused) {
  let held; // a promise, so that requests that come together ask for one token

  function token() {
    held ??= issue().catch((error) => {
      held = undefined;
      throw error;
    });
    return held;
  }

  return async (request, { headers = {} } = {}) => {
    const used = await token();
    let response = await post(request, headers, used);
    if (response.status === 401) {
      held = undefined;
      const fresh = await token();
      if (fresh === used) onRefused?.();
      else response = await post(request, headers, fresh);
    }
    return readAnswer(response);
  };
}

function post(request, headers, token) {
  return fetch('/graphql', {
    method: 'POST',
    headers: {
      accept: 'application/json', // GraphQL's errors come with status 200 then: they are answers to show, not failures
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(request),
  });
}

async function readAnswer(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // A proxy in between answered, not the gateway.
    return { errors: [{ message: `HTTP ${response.status}, and the body is not JSON: ${text.slice(0, 200)}` }] };
  }
}

async function readJson(response) {
  if (!response.ok) throw new Error(`${new URL(response.url).pathname} answered HTTP ${response.status}`);
  return response.json();
}
