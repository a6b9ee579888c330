// The console: a slim bar above GraphiQL. The bar says who asks; GraphiQL asks.
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from '@graphiql/plugin-doc-explorer';
import { HISTORY_PLUGIN, HistoryStore } from '@graphiql/plugin-history';
import { GraphiQLProvider } from '@graphiql/react';
import { GraphiQL, GraphiQLInterface } from 'graphiql';
import { useEffect, useState } from 'react';
import { readConfig, sandboxPlayers } from './gateway.js';
import { ReadyQueries, variablesText } from './ready-queries.jsx';
import { useSandboxSession, useTokenSession } from './session.js';

const TABS_KEY = 'graphiql:tabState'; // where GraphiQL keeps its tabs
const PLUGINS = [DOC_EXPLORER_PLUGIN, HISTORY_PLUGIN];

export function Console() {
  const [config, setConfig] = useState();
  const [problem, setProblem] = useState();
  useEffect(() => {
    load().then(setConfig, (error) => setProblem(error.message));
  }, []);
  if (problem) return <Bar><Problem text={`The console cannot start: ${problem}`} /></Bar>;
  if (!config) return <Bar />;
  return config.sandbox ? <SandboxConsole config={config} /> : <TokenConsole config={config} />;
}

async function load() {
  const config = await readConfig();
  const players = config.sandbox ? await sandboxPlayers().catch(() => []) : [];
  return { ...config, known: players.length ? { player: players[0] } : {} };
}

function SandboxConsole({ config }) {
  const { role, setRole, fetcher } = useSandboxSession(config.roles);
  const who = (
    <>
      <span className="badge" title="Made-up players behind simulated vendors">Sandbox</span>
      <label>
        Role
        <select value={role} onChange={(event) => setRole(event.target.value)}>
          {config.roles.map((name) => <option key={name}>{name}</option>)}
        </select>
      </label>
    </>
  );
  return <Workbench config={config} fetcher={fetcher} who={who} />;
}

function TokenConsole({ config }) {
  const { token, problem, claims, signIn, signOut, fetcher } = useTokenSession();
  const who = (
    <>
      <Problem text={problem} />
      {token && !problem
        ? <><Principal claims={claims} /><button type="button" onClick={signOut}>Sign out</button></>
        : <SignIn signIn={signIn} />}
    </>
  );
  return <Workbench config={config} fetcher={fetcher} who={who} />;
}

function Workbench({ config, fetcher, who }) {
  const [initial] = useState(() => initialTab(config));
  return (
    // Queries and variables may name a player, so they live as long as the browser tab, not in localStorage.
    <GraphiQLProvider
      fetcher={fetcher}
      plugins={PLUGINS}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      storage={sessionStorage}
      {...initial}
      inputValueDeprecation
      schemaDescription
    >
      <HistoryStore>
        <DocExplorerStore>
          <Bar>
            <ReadyQueries operations={config.operations} known={config.known} />
            <span className="space" />
            {who}
          </Bar>
          <main>
            <GraphiQLInterface defaultEditorToolsVisibility="variables" showPersistHeadersSettings={false}>
              <GraphiQL.Logo><span /></GraphiQL.Logo>
            </GraphiQLInterface>
          </main>
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}

/** A first visit starts with a ready query; a later one finds its tabs as they were left. */
function initialTab({ operations: [first], known }) {
  if (!first || sessionStorage.getItem(TABS_KEY)) return {};
  return { initialQuery: first.query, initialVariables: variablesText(first.query, known) };
}

function Bar({ children }) {
  return <header className="bar"><h1>Player Graph</h1>{children}</header>;
}

function Problem({ text }) {
  return <span className="problem" role="status">{text}</span>;
}

function Principal({ claims }) {
  const roles = claims?.roles?.join(', ') || 'no role named in the token';
  return <span className="principal">{claims?.sub} <span className="badge">{roles}</span></span>;
}

function SignIn({ signIn }) {
  function submit(event) {
    event.preventDefault();
    signIn(new FormData(event.currentTarget).get('token'));
  }
  return (
    <form onSubmit={submit}>
      <label>
        Access token
        <input name="token" type="password" autoComplete="off" spellCheck="false" placeholder="Paste a token" required />
      </label>
      <button type="submit">Sign in</button>
    </form>
  );
}
