// Who asks: the chosen role or the pasted token, kept for this browser tab and no longer.
import { useCallback, useEffect, useMemo, useState } from 'react';
import { fetcherFor, sandboxToken } from './gateway.js';

const ROLE = 'player-graph.role';
const TOKEN = 'player-graph.token';
const REFUSED = 'The token is refused or has expired. Paste another.';

/** In the sandbox: the chosen role. A new role is a new fetcher, for which GraphiQL reads the schema again. */
export function useSandboxSession(roles) {
  const [role, setRole] = useState(() => remembered(roles));
  useEffect(() => sessionStorage.setItem(ROLE, role), [role]);
  const fetcher = useMemo(() => fetcherFor(() => sandboxToken(role)), [role]);
  return { role, setRole, fetcher };
}

/** Elsewhere: a token that the person brings. `signIn` answers what is wrong with the text, or nothing. */
export function useTokenSession() {
  const [token, setToken] = useState(() => sessionStorage.getItem(TOKEN));
  const [problem, setProblem] = useState();

  const signIn = useCallback((text) => {
    const pasted = text.trim().replace(/^bearer\s+/i, '');
    if (!claimsOf(pasted)) return setProblem('This is not a token.');
    sessionStorage.setItem(TOKEN, pasted);
    setProblem(undefined);
    setToken(pasted);
  }, []);
  const fetcher = useMemo(
    () => fetcherFor(async () => token, () => setProblem(token ? REFUSED : 'Sign in first.')),
    [token],
  );
  return { token, problem, signIn, signOut, fetcher, claims: claimsOf(token) };
}

/** Forgets the token, the queries and the answers on the screen. */
function signOut() {
  sessionStorage.clear();
  location.reload();
}

function remembered(roles) {
  const role = sessionStorage.getItem(ROLE);
  return roles.includes(role) ? role : roles[0];
}

/** A token's claims, unverified: good enough for a label, and the gateway trusts nothing but the signature. */
function claimsOf(token) {
  try {
    const [, payload] = token.split('.');
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
